// The explorer: four sliders, two choices, and the plots and numbers that they control.
const explorer = () => {
  const stored = document.getElementById("cube");
  if (!stored) return;
  const cube = readCube(stored);
  const [map, legend, curve] = ["map", "legend", "curve"].map((id) => document.getElementById(id));
  const sliders = Object.fromEntries(AXES.map((axis) => [axis, document.getElementById(`at-${axis}`)]));
  const overlay = document.getElementById("theory");
  const form = document.querySelector(".controls");
  const named = (id, text) => { document.getElementById(id).textContent = text; };

  const read = () => {
    const at = Object.fromEntries(AXES.map((axis) => [axis, Number(sliders[axis].value)]));
    const quantity = form.querySelector("[name=stopping]:checked").value;
    // Theory predicts the students at their smallest generalization loss, not those of validation stopping.
    return { at, quantity, theory: overlay.checked && !overlay.disabled && quantity === "benefit" };
  };
  const chosen = (state, axis) => cube.axes[axis][state.at[axis]];
  const stopping = (state) => (state.quantity === "benefit" ? "oracle stopping" : "validation stopping");
  const bounds = (at) => `${plain(cube.value("benefit_lower", at).mean)} … ${plain(cube.value("benefit_upper", at).mean)}`;

  const sayReading = (state) => {
    const here = cube.value(state.quantity, state.at);
    const strong = document.createElement("strong");
    strong.textContent = `${plusMinus(here)}${here.mean === null ? "" : " nats"}`;
    const parts = [` at N = ${chosen(state, "n_samples")}, s_main = ${chosen(state, "s_main")}, s_aux = ${chosen(state, "s_aux")}, `
      + `r = ${chosen(state, "relatedness")} (mean ± standard error over ${here.seeds} seed${here.seeds === 1 ? "" : "s"}, ${stopping(state)}).`];
    if (state.theory && cube.has("benefit_closure")) parts.push(` Closure: ${plusMinus(cube.value("benefit_closure", state.at))}.`);
    if (state.theory && cube.has("benefit_lower") && cube.has("benefit_upper")) parts.push(` Bounds: ${bounds(state.at)}.`);
    document.getElementById("reading").replaceChildren("Benefit ", strong, parts.join(""));
  };
  const sayTable = (state) => {
    const cell = (name, text) => Object.assign(document.createElement(name), { textContent: text });
    document.querySelector("#numbers tbody").replaceChildren(...cube.axes.s_aux.map((value, column) => {
      const at = { ...state.at, s_aux: column };
      const here = cube.value(state.quantity, at);
      const row = document.createElement("tr");
      row.append(
        Object.assign(cell("th", value), { scope: "row" }), cell("td", plusMinus(here)), cell("td", here.seeds),
        cell("td", state.theory && cube.has("benefit_closure") ? plusMinus(cube.value("benefit_closure", at)) : "–"),
        cell("td", state.theory && cube.has("benefit_lower") && cube.has("benefit_upper") ? bounds(at) : "–"),
      );
      return row;
    }));
  };
  const sayKey = (state) => {
    const key = [`Bold: r = ${chosen(state, "relatedness")}, band: ± standard error; faint: the other values of r.`];
    if (state.theory && cube.has("benefit_closure")) key.push("Dashed: Gaussian closure on the same draws.");
    if (state.theory && cube.has("benefit_lower")) key.push("Grey: between the bounds (22) and (23).");
    if (state.quantity !== "benefit" && overlay.checked) key.push("The theory is of oracle stopping, so it is not drawn here.");
    named("key", key.join(" "));
  };

  const plotOf = (state) => {
    const series = (quantity, row) => cube.axes.s_aux.map((_, column) => cube.value(quantity, { ...state.at, s_aux: column, relatedness: row }));
    const here = (...names) => (state.theory && names.every(cube.has) ? names.map((name) => series(name, state.at.relatedness)) : null);
    return {
      values: cube.axes.s_aux, label: "auxiliary task’s SNR s_aux", here: state.at.s_aux,
      rows: cube.axes.relatedness.map((r, row) => ({
        name: `r = ${r}`, colour: cube.colours[row], on: row === state.at.relatedness, points: series(state.quantity, row),
      })),
      bounds: here("benefit_lower", "benefit_upper"), dashed: here("benefit_closure")?.[0] ?? null,
    };
  };

  const show = () => {
    const state = read();
    for (const axis of AXES) {
      named(`value-${axis}`, chosen(state, axis));
      sliders[axis].setAttribute("aria-valuetext", String(chosen(state, axis)));
    }
    const where = `N = ${chosen(state, "n_samples")}, s_main = ${chosen(state, "s_main")}, ${stopping(state)}`;
    named("map-caption", `Benefit in nats over s_aux and relatedness at ${where}; the frame marks the chosen setting.`);
    named("curve-caption", `Benefit against s_aux at ${where}.`);
    sayReading(state);
    sayTable(state);
    sayKey(state);
    drawMap(map, cube, state, (places) => {
      for (const [axis, place] of Object.entries(places)) sliders[axis].value = place;
      show();
    });
    drawCurve(curve, plotOf(state));
  };

  document.querySelector(".explorer").hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (entry.contentRect.width === width) return; // only the height changed
    width = entry.contentRect.width;
    drawLegend(legend, cube);
    show();
  }).observe(document.querySelector(".plots"));
};
