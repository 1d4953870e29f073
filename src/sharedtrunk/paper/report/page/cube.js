// The cube as it is stored in the page: axes by name, and per quantity flat lists (mean, error, seeds) in their order.
const AXES = ["n_samples", "s_main", "s_aux", "relatedness"];

const readCube = (element) => {
  const cube = JSON.parse(element.textContent);
  const sizes = AXES.map((axis) => cube.axes[axis].length);
  const indexOf = (at) => AXES.reduce((flat, axis, i) => flat * sizes[i] + at[axis], 0);
  const value = (quantity, at) => {
    const stored = cube.values[quantity];
    const i = indexOf(at);
    return stored && { mean: stored.mean[i], error: stored.error[i], seeds: stored.seeds[i] };
  };
  return { ...cube, value, has: (quantity) => quantity in cube.values };
};

// Numbers as text: with a real minus sign, and as many decimals as the error justifies.
const signed = (number, decimals) => {
  const text = Math.abs(number).toFixed(decimals);
  return (number < 0 && Number(text) !== 0 ? "−" : "+") + text;
};
const decimalsOf = (error) => (error > 0 ? Math.min(5, Math.max(2, 1 - Math.floor(Math.log10(error)))) : 3);
const plusMinus = ({ mean, error }) => {
  if (mean === null) return "no value";
  if (error === null) return `${signed(mean, 3)} (one seed, no error)`;
  return `${signed(mean, decimalsOf(error))} ± ${error.toFixed(decimalsOf(error))}`;
};
const plain = (number) => (number === null ? "no value" : signed(number, 3));
