// Benefit curves: the chosen row bold with its error band, the others faint, theory over it. `plot` has the x values and their
// label, rows {name, colour, on, points}, the column of the setting (or -1), and theory: `bounds`, a pair, and `dashed`, or null.
const drawCurve = (svg, plot) => {
  const [left, right, top, bottom, height] = [66, 68, 8, 40, 300];
  const width = blank(svg, height);
  const { values, bounds, dashed } = plot;

  // On a logarithmic scale, unless a value is 0: then evenly.
  const steps = values.every((value) => value > 0) ? values.map(Math.log10) : values.map((_, i) => i);
  const x = (column) => left + ((steps[column] - steps[0]) / (steps.at(-1) - steps[0] || 1)) * (width - left - right);

  const rows = plot.rows.map((row) => row.points);
  const reach = [0];
  for (const each of rows.flat()) if (each.mean !== null) reach.push(each.mean - (each.error ?? 0), each.mean + (each.error ?? 0));
  for (const each of [...(bounds ?? []), dashed ?? []].flat()) if (each.mean !== null) reach.push(each.mean);
  const margin = 0.06 * Math.max(0.02, Math.max(...reach) - Math.min(...reach));
  const [low, high] = [Math.min(...reach) - margin, Math.max(...reach) + margin];
  const y = (value) => top + ((high - value) / (high - low)) * (height - top - bottom);

  for (const value of ticks(low, high, 6)) {
    const zero = Math.abs(value) < 1e-12;
    svg.append(
      svgElement("line", { x1: left, x2: width - right, y1: y(value), y2: y(value), class: zero ? "zero" : "grid" }),
      svgElement("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, zero ? "0" : signed(value, high - low < 0.1 ? 3 : 2)),
    );
  }
  values.forEach((value, column) => {
    svg.append(svgElement("text", { x: x(column), y: height - bottom + 18, "text-anchor": "middle" }, value));
  });
  svg.append(
    svgElement("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, plot.label),
    svgElement("text", { x: 12, y: (height - bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(height - bottom) / 2})` }, "benefit (nats)"),
  );

  // A value that does not exist leaves a gap.
  const path = (list, of) => {
    let pen = "M";
    return list.map((each, column) => {
      if (each.mean === null) { pen = "M"; return ""; }
      const part = `${pen}${x(column).toFixed(1)},${y(of(each)).toFixed(1)}`;
      pen = "L";
      return part;
    }).join("");
  };
  const between = (lower, upper, low, high) => {
    const there = values.map((_, i) => i).filter((i) => lower[i].mean !== null && upper[i].mean !== null);
    const edge = [...there.map((i) => [i, high(upper[i])]), ...there.reverse().map((i) => [i, low(lower[i])])];
    return edge.length ? `M${edge.map(([i, value]) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join("L")}Z` : "";
  };
  const mean = (each) => each.mean;

  if (bounds) {
    svg.append(
      svgElement("path", { d: between(...bounds, mean, mean), class: "bounds" }),
      svgElement("path", { d: path(bounds[0], mean) + path(bounds[1], mean), class: "edge" }),
    );
  }
  const labels = [];
  const order = rows.map((_, row) => row).sort((one, other) => plot.rows[one].on - plot.rows[other].on);
  for (const row of order) {
    const { on, colour } = plot.rows[row];
    const group = svgElement("g", { class: `series${on ? " on" : ""}` });
    group.style.setProperty("--own", colour);
    if (on) group.append(svgElement("path", { d: between(rows[row], rows[row], (each) => each.mean - (each.error ?? 0), (each) => each.mean + (each.error ?? 0)), class: "band" }));
    group.append(svgElement("path", { d: path(rows[row], mean), class: on ? "line chosen" : "line" }));
    rows[row].forEach((each, column) => {
      if (!on || each.mean === null) return;
      const here = column === plot.here;
      group.append(svgElement("circle", { cx: x(column), cy: y(each.mean), r: here ? 6 : 3, class: here ? "here" : "dot" }));
    });
    svg.append(group);
    const last = rows[row].at(-1).mean;
    if (last !== null) labels.push({ row, on, y: y(last) });
  }
  if (dashed) svg.append(svgElement("path", { d: path(dashed, mean), class: "dashed" }));

  // Names at the lines' ends, pushed apart where lines meet, and kept inside the plot.
  labels.sort((one, other) => one.y - other.y);
  labels.forEach((label, i) => { if (i) label.y = Math.max(label.y, labels[i - 1].y + 14); });
  const over = labels.length ? labels.at(-1).y - (height - bottom) : 0;
  if (over > 0) labels.reduceRight((limit, label) => { label.y = Math.min(label.y, limit); return label.y - 14; }, height - bottom);
  for (const label of labels) {
    svg.append(svgElement("text", { x: width - right + 10, y: label.y + 4, class: `name${label.on ? " on" : ""}` }, plot.rows[label.row].name));
  }
};
