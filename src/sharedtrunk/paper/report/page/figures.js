// A figure with a companion picture: its switch shows the one or the other.
const figures = () => {
  for (const choice of document.querySelectorAll("[data-pictures]")) {
    const pictures = document.querySelectorAll(`#${CSS.escape(choice.dataset.pictures)} [data-picture]`);
    const show = () => {
      const chosen = choice.querySelector("input:checked").value;
      for (const picture of pictures) picture.hidden = picture.dataset.picture !== chosen;
    };
    choice.addEventListener("change", show);
    show(); // a browser that goes back keeps what was chosen
  }
};
