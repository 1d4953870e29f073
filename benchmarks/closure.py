"""Where theory predicts the simulated multitask benefit: the Gaussian closure and the population flow against students.

    python benchmarks/closure.py [--folder DIR] [--fresh] [--picture FILE] [--quick]

The standard problem on N × s_main × s_aux × relatedness × 5 seeds. The simulation is the figures' own (sweeps of
`standard_lanes`, one process per core); theory is `prediction.predict_grid` on the same draws. Both are kept in the folder
and reused, unless the sources or the grid have changed. Prints markdown tables: numbers are means over seeds with their
standard errors, each computed seed by seed. docs/closure.md holds what it printed.
"""

import argparse
import itertools
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("EQX_ON_ERROR", "nan")  # without host callbacks JAX caches the compiled flows

import numpy as np
import xarray

from sharedtrunk import sweeps
from sharedtrunk._support.cache.fingerprint import fingerprint
from sharedtrunk._support.environment import worker_environment
from sharedtrunk._support.statistics import mean_and_error, t_factor
from sharedtrunk.experiments.problems import StandardProblem
from sharedtrunk.paper.figures._benefit_dataset import benefit_dataset
from sharedtrunk.paper.figures._benefit_sweeps import benefit_sweeps
from sharedtrunk.paper.figures._standard import POINT_FUNCTIONS

AXES = {
    "n_samples": (100, 200, 400, 800, 1600),
    "s_main": (0.1, 0.3, 1.0, 3.0, 10.0),
    "s_aux": (0.1, 1.0, 10.0),
    "relatedness": (0.0, 0.5, 1.0),
    "seed": (0, 1, 2, 3, 4),
}
QUICK = {**AXES, "n_samples": (100, 400), "s_main": (0.3, 3.0), "s_aux": (1.0, 10.0), "seed": (0, 1, 2)}
WAYS = ("closure", "population")
RAN_AWAY = 4


def simulated(folder: Path, axes: dict) -> xarray.Dataset:
    """Benefits of trained students; stored chunks are reused."""
    settings = {**StandardProblem().settings(), "fingerprint": fingerprint()}
    arms = benefit_sweeps(())("closure", axes, settings, POINT_FUNCTIONS)
    store = sweeps.Store(folder / "lanes")
    summary = sweeps.run(list(arms.values()), store, environment=worker_environment())
    print(f"Simulation: {summary.lanes:,} lanes, {summary.computed:,} trained in {summary.seconds:.0f} s.")
    return benefit_dataset({name: sweeps.collect(sweep, store) for name, sweep in arms.items()})


def predicted(folder: Path, axes: dict) -> xarray.Dataset:
    """Benefits of both theories on the same axes."""
    from sharedtrunk import dynamics, prediction  # here: the simulation's workers are started without JAX

    sources = sorted(Path(dynamics.__file__).parent.glob("*.py")) + sorted(
        Path(prediction.__file__).parent.glob("*.py")
    )
    mark = f"{fingerprint()} {hash_of(sources)} {axes}"
    file = folder / "theory.nc"
    if file.exists():
        stored = xarray.load_dataset(file)
        if stored.attrs.get("mark") == mark:
            print(f"Theory: kept from {file}.")
            return stored
    seeds = axes["seed"]
    places = list(itertools.product(*(axes[name] for name in list(axes)[:-1])))
    settings = [prediction.Setting(*place) for place in places]
    prediction.predict_grid(settings, seeds=seeds[:1])  # compiles
    begin, before = time.perf_counter(), time.process_time()
    made = prediction.predict_grid(settings, seeds=seeds)
    seconds, worked = time.perf_counter() - begin, time.process_time() - before
    count = len(places) * len(seeds)
    each = f"{1e3 * seconds / count:.1f} ms each ({1e3 * worked / count:.0f} ms of processor time)"
    print(f"Theory: {count:,} settings and seeds by both flows in {seconds:.0f} s, {each}.")
    data = {}
    for way in WAYS:
        for name in ("benefit", "error", "lower", "upper", "bound_error", "stop_joint", "result"):
            values = np.array([getattr(each.ways[way], name) for each in made], float)
            data[f"{way}_{name}"] = (tuple(axes), values.reshape([len(v) for v in axes.values()]))
    dataset = xarray.Dataset(data, {name: list(values) for name, values in axes.items()}, {"mark": mark})
    dataset.to_netcdf(file, engine="h5netcdf")
    return dataset


def hash_of(files: list[Path]) -> str:
    """A short hash of the contents of files."""
    import hashlib

    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def flat(values: xarray.DataArray) -> np.ndarray:
    """The values as (seed, everything else)."""
    return values.transpose("seed", ...).values.reshape(values.sizes["seed"], -1).astype(float)


def compared(truth: np.ndarray, error: np.ndarray, theory: np.ndarray, theory_error: np.ndarray) -> dict[str, tuple]:
    """Statistics of (seed, setting) arrays, each seed by seed: mean and standard error over seeds."""
    present = np.isfinite(theory)
    columns = {"correlation": [], "sign": [], "mean error": [], "mean |error|": []}
    for t, e, p, pe, here in zip(truth, error, theory, theory_error, present, strict=True):
        miss = p[here] - t[here]
        sure = here & (np.abs(t) > e) & (np.abs(p) > pe)
        columns["correlation"].append(np.corrcoef(t[here], p[here])[0, 1] if here.sum() > 2 else np.nan)
        columns["sign"].append(np.mean(np.sign(t[sure]) == np.sign(p[sure])) if sure.any() else np.nan)
        columns["mean error"].append(miss.mean() if here.any() else np.nan)
        columns["mean |error|"].append(np.abs(miss).mean() if here.any() else np.nan)
    found = {name: tuple(float(x) for x in mean_and_error(column, axis=0)[:2]) for name, column in columns.items()}
    sure = present & (np.abs(truth) > error) & (np.abs(theory) > theory_error)
    found["sure lanes"] = (int(sure.sum()), present.size)
    return found | settled(truth, theory)


def settled(truth: np.ndarray, theory: np.ndarray) -> dict[str, tuple]:
    """Signs of the means over seeds, at the settings whose simulated benefit differs from zero at 95 %."""
    mean, error, count = mean_and_error(truth, axis=0)
    half = np.array([t_factor(int(n)) for n in count]) * error
    prediction = mean_and_error(theory, axis=0)[0]
    sure = (np.abs(mean) > half) & np.isfinite(prediction)
    return {"settled signs": (int((np.sign(mean) == np.sign(prediction))[sure].sum()), int(sure.sum()))}


def table(data: xarray.Dataset, axis: str | None) -> str:
    """A markdown table, one row per value of the axis (None: a single row)."""
    heads = [
        axis or "grid",
        "mean abs. simulated benefit",
        "theory",
        "correlation",
        "sign, lanes",
        "sign, settled settings",
    ]
    heads += ["mean error, nats", "mean abs. error, nats", "lanes lost", "ran away"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for value in [None] if axis is None else data[axis].values.tolist():
        part = data if axis is None else data.sel({axis: [value]})
        truth, error = flat(part["benefit"]), flat(part["benefit_error"])
        size = np.abs(truth).mean()
        for way in WAYS:
            theory, theory_error = flat(part[f"{way}_benefit"]), flat(part[f"{way}_error"])
            found = compared(truth, error, theory, theory_error)
            codes = flat(part[f"{way}_result"])
            right, settings = found["settled signs"]
            sure, lanes = found["sure lanes"]
            cells = [
                "all" if axis is None else f"{value:g}",
                f"{size:.3f}",
                way,
                _pm(found["correlation"], 3),
                f"{_pm(found['sign'], 3)} of {sure}/{lanes}",
                f"{right} of {settings}",
                _pm(found["mean error"], 4, "+"),
                _pm(found["mean |error|"], 4),
                f"{np.isnan(theory).mean():.1%}",
                f"{(codes == RAN_AWAY).mean():.1%}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _pm(pair: tuple[float, float], digits: int, sign: str = "") -> str:
    return f"{pair[0]:{sign}.{digits}f} ± {pair[1]:.{digits}f}"


def worst(data: xarray.Dataset, count: int = 8) -> str:
    """The settings at which the closure's mean over seeds lies farthest from the simulation's."""
    miss = flat(data["closure_benefit"] - data["benefit"])
    mean, error, _ = mean_and_error(miss, axis=0)
    names = [name for name in data["benefit"].dims if name != "seed"]
    places = list(itertools.product(*(data[name].values.tolist() for name in names)))
    truth = mean_and_error(flat(data["benefit"]), axis=0)[0]
    order = np.argsort(-np.nan_to_num(np.abs(mean)))[:count]
    lines = [f"| {' | '.join(names)} | simulated, nats | closure − simulated, nats |", f"|{'---|' * (len(names) + 2)}"]
    for n in order:
        place = " | ".join(f"{value:g}" for value in places[n])
        lines.append(f"| {place} | {truth[n]:+.4f} | {mean[n]:+.4f} ± {error[n]:.4f} |")
    return "\n".join(lines)


def bounds(data: xarray.Dataset) -> str:
    """How wide the bounds at the stopped weights are, and how often they alone tell the sign."""
    words = []
    for way in WAYS:
        lower, upper, benefit = (flat(data[f"{way}_{name}"]) for name in ("lower", "upper", "benefit"))
        known = np.isfinite(benefit)
        width = np.median((upper - lower)[known])
        # The benefit is interpolated between saved times, the bounds are taken at them: `error` covers the difference.
        slack = flat(data[f"{way}_error"]) + flat(data[f"{way}_bound_error"])
        inside = ((lower - slack <= benefit) & (benefit <= upper + slack))[known].mean()
        tell = ((lower > 0) | (upper < 0))[known].mean()
        words.append(
            f"{way}: median width {width:.4f} nats, benefit inside within errors {inside:.2%}, "
            f"sign determined by them {tell:.1%}"
        )
    return "; ".join(words)


def draw(data: xarray.Dataset, file: Path) -> None:
    """Predicted against simulated benefit, one panel per sample count; means over seeds with standard errors."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    counts = data["n_samples"].values.tolist()
    figure, panels = plt.subplots(
        1, len(counts), figsize=(2.5 * len(counts), 3.0), sharex=True, sharey=True, layout="constrained"
    )
    colours = plt.get_cmap("viridis")(np.linspace(0, 0.9, data.sizes["s_main"]))
    for panel, count in zip(np.atleast_1d(panels), counts, strict=True):
        for colour, s_main in zip(colours, data["s_main"].values, strict=True):
            part = data.sel(n_samples=count, s_main=s_main)
            (x, dx, _), (y, dy, _) = (mean_and_error(flat(part[n]), axis=0) for n in ("benefit", "closure_benefit"))
            panel.errorbar(x, y, dy, dx, fmt="o", ms=3, lw=0.8, color=colour, label=f"{s_main:g}")
        panel.axline((0, 0), slope=1, color="0.4", lw=0.8, zorder=0)
        panel.axhline(0, color="0.85", lw=0.6, zorder=0)
        panel.axvline(0, color="0.85", lw=0.6, zorder=0)
        panel.set_title(f"N = {count}", fontsize=10)
    figure.supxlabel("simulated multitask benefit (nats)", fontsize=10)
    np.atleast_1d(panels)[0].set_ylabel("closure's benefit (nats)")
    np.atleast_1d(panels)[0].legend(title="$s_{main}$", fontsize=7, title_fontsize=8, loc="upper left")
    figure.savefig(file, dpi=100)
    print(f"Picture: {file}, {file.stat().st_size / 1024:.0f} KB.")


def main() -> None:
    """Compute what is missing, then print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "sharedtrunk-closure")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    axes = QUICK if options.quick else AXES
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.fresh:
        (options.folder / "theory.nc").unlink(missing_ok=True)
    data = xarray.merge([simulated(options.folder, axes), predicted(options.folder, axes)], join="exact")
    for axis in (None, "n_samples", "s_main", "s_aux", "relatedness"):
        print(f"\n{table(data, axis)}")
    print(f"\nWhere the closure is farthest off:\n\n{worst(data)}")
    print(f"\nBounds (24)-(25) at the stopped weights, {bounds(data)}.")
    if options.picture is not None:
        draw(data, options.picture)


if __name__ == "__main__":
    main()
