// A figure with two pictures has a switch that shows one or the other.
const figures = () => {
  for (const choice of document.querySelectorAll("[data-pictures]")) {
    const pictures = document.querySelectorAll(`#${CSS.escape(choice.dataset.pictures)} [data-picture]`);
    const show = () => {
      const chosen = choice.querySelector("input:checked").value;
      for (const picture of pictures) picture.hidden = picture.dataset.picture !== chosen;
    };
    choice.addEventListener("change", show);
    show(); // going back in the browser restores the choice
  }
};
