// The explorer of weight decay: what varies, how students end, and the relatedness; the other values are those of the base.
const decayExplorer = () => {
  const stored = document.getElementById("decay-data");
  if (!stored) return;
  const data = JSON.parse(stored.textContent);
  const form = document.getElementById("decay-controls");
  const svg = document.getElementById("decay-curve");
  const slider = document.getElementById("decay-relatedness");
  const checked = (name) => form.querySelector(`[name=${name}]:checked`).value;
  const named = (id, text) => { document.getElementById(id).textContent = text; };
  const cell = (name, text) => Object.assign(document.createElement(name), { textContent: text });

  const series = (quantity, classes, axis, row) => axis.places.map((place) => {
    const { mean, error, seeds } = data.values[quantity];
    const flat = (classes * data.settings + place) * data.relatedness.length + row;
    return { mean: mean[flat], error: error[flat], seeds: seeds[flat] };
  });

  const show = () => {
    const [classes, row, chosen] = [Number(checked("decay-classes")), Number(slider.value), checked("decay-chosen")];
    const axis = data.axes[Number(document.getElementById("decay-axis").value)];
    const kinds = { decay: `benefit${chosen}`, stopping: `benefit_stopping${chosen}` };
    const kind = checked("decay-kind");
    const of = (quantity, r = row) => series(quantity, classes, axis, r);
    drawCurve(svg, {
      values: axis.values, label: `${axis.label} ${axis.symbol}`, here: axis.base,
      rows: data.relatedness.map((r, each) => ({ name: `r = ${r}`, colour: data.colours[each], on: each === row, points: of(kinds[kind], each) })),
      bounds: null, dashed: kind === "decay" ? of("benefit_theory") : null,
    });
    const words = kind === "decay" ? "at the best weight decay" : "with early stopping";
    named("decay-r", data.relatedness[row]);
    named("decay-caption", `Benefit ${words} against ${axis.symbol}, K = ${data.classes[classes]}; the rest is ${axis.others}.`);
    named("decay-key", `Bold: r = ${data.relatedness[row]}, band: ± standard error over seeds; faint: the other values of r.`
      + (kind === "decay" ? " Dashed: the theory of many features." : " The theory is of weight decay, so it is not drawn here."));
    document.querySelector("#decay-numbers thead th").textContent = axis.symbol;
    const columns = [of(kinds.decay), of(kinds.stopping), of("benefit_theory")];
    document.querySelector("#decay-numbers tbody").replaceChildren(...axis.values.map((value, column) => {
      const line = document.createElement("tr");
      line.append(Object.assign(cell("th", value), { scope: "row" }), ...columns.map((each) => cell("td", plusMinus(each[column]))));
      return line;
    }));
  };

  document.getElementById("decay-explorer").hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (entry.contentRect.width === width) return; // only the height changed
    width = entry.contentRect.width;
    show();
  }).observe(svg.parentElement);
};
