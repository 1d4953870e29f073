// The ledger: shows the rows that contain every searched word and have the chosen verdict, in the chosen order.
const ledger = () => {
  const table = document.getElementById("rows");
  if (!table) return;
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const buttons = [...document.querySelectorAll(".filters button")];
  const heads = [...table.querySelectorAll("[data-sort]")];
  const rows = [...table.tBodies[0].rows].map((row) => ({ row, words: row.textContent.toLowerCase() }));

  const filter = () => {
    const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdict = buttons.find((button) => button.getAttribute("aria-pressed") === "true").dataset.verdict;
    let count = 0;
    for (const { row, words } of rows) {
      const fits = (!verdict || row.dataset.verdict === verdict) && asked.every((word) => words.includes(word));
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${rows.length} rows`;
  };
  const sort = (head) => {
    const column = head.closest("th");
    const falling = column.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.closest("th").removeAttribute("aria-sort");
    column.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const place = ({ row }) => Number(row.dataset.place);
    const ordered = [...rows].sort((one, other) =>
      head.dataset.sort === "verdict"
        ? one.row.dataset.verdict.localeCompare(other.row.dataset.verdict) || place(one) - place(other)
        : place(one) - place(other),
    );
    table.tBodies[0].append(...(falling ? ordered.reverse() : ordered).map(({ row }) => row));
  };

  search.addEventListener("input", filter);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      filter();
    });
  }
  for (const head of heads) head.addEventListener("click", () => sort(head));
  document.querySelector(".filters").hidden = false;
  filter();
};
