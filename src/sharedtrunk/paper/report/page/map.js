// The heat map: benefit over s_aux and relatedness, red where the auxiliary task hurts and blue where it helps.
// The scale is the same at every setting of the sliders, and runs with the square root, so that small effects show.
const share = (value, scale) => Math.sign(value) * Math.sqrt(Math.min(1, Math.abs(value) / scale));

const cellColour = (value, scale) => {
  const part = Math.round(100 * Math.abs(share(value, scale)));
  return `color-mix(in oklab, var(${value < 0 ? "--hurts" : "--helps"}) ${part}%, var(--none))`;
};

const drawMap = (svg, cube, state, choose) => {
  const [left, bottom, rowHeight] = [56, 40, 46];
  const columns = cube.axes.s_aux;
  const rows = cube.axes.relatedness;
  const width = blank(svg, rows.length * rowHeight + bottom);
  const cellWidth = (width - left) / columns.length;
  const top = (row) => (rows.length - 1 - row) * rowHeight; // fully related tasks on top
  rows.forEach((relatedness, row) => {
    svg.append(svgElement("text", { x: left - 8, y: top(row) + rowHeight / 2 + 4, "text-anchor": "end" }, relatedness));
    columns.forEach((_, column) => {
      const at = { ...state.at, s_aux: column, relatedness: row };
      const { mean } = cube.value(state.quantity, at);
      const cell = svgElement("rect", { x: left + column * cellWidth, y: top(row), width: cellWidth, height: rowHeight, class: "cell" });
      cell.style.fill = mean === null ? "none" : cellColour(mean, cube.scale);
      cell.addEventListener("click", () => choose({ s_aux: column, relatedness: row }));
      const strong = mean !== null && Math.abs(share(mean, cube.scale)) > 0.62;
      const place = { x: left + (column + 0.5) * cellWidth, y: top(row) + rowHeight / 2 + 4, "text-anchor": "middle" };
      const words = mean === null ? "–" : signed(mean, 2).replace("0.", ".");
      svg.append(cell, svgElement("text", { ...place, class: `value${strong ? " strong" : ""}` }, words));
    });
  });
  columns.forEach((value, column) => {
    const place = { x: left + (column + 0.5) * cellWidth, y: rows.length * rowHeight + 16, "text-anchor": "middle" };
    svg.append(svgElement("text", place, value));
  });
  const { s_aux: column, relatedness: row } = state.at;
  const mark = { x: left + column * cellWidth + 1, y: top(row) + 1, width: cellWidth - 2, height: rowHeight - 2, rx: 2 };
  svg.append(
    svgElement("rect", { ...mark, class: "chosen" }),
    svgElement("text", { x: left + (width - left) / 2, y: rows.length * rowHeight + 34, "text-anchor": "middle" }, "auxiliary task’s SNR s_aux"),
    svgElement("text", { x: 12, y: (rows.length * rowHeight) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(rows.length * rowHeight) / 2})` }, "relatedness r"),
  );
};

const drawLegend = (svg, cube) => {
  const [left, right, steps] = [56, 0, 61];
  const width = blank(svg, 44);
  const across = (part) => left + ((part + 1) / 2) * (width - left - right);
  const step = (width - left - right) / steps;
  for (let i = 0; i < steps; i += 1) {
    const part = (2 * i) / (steps - 1) - 1;
    const bar = svgElement("rect", { x: left + i * step, y: 0, width: step + 0.5, height: 10 });
    bar.style.fill = cellColour(Math.sign(part) * part * part * cube.scale, cube.scale);
    svg.append(bar);
  }
  for (const part of [-1, -0.5, 0, 0.5, 1]) {
    const value = Math.sign(part) * part * part * cube.scale;
    const anchor = part === 1 ? "end" : part === -1 ? "start" : "middle";
    svg.append(svgElement("text", { x: across(part), y: 24, "text-anchor": anchor }, part ? signed(value, 2) : "0"));
  }
  svg.append(svgElement("text", { x: across(0), y: 40, "text-anchor": "middle" }, "benefit (nats): hurts – helps"));
};
