"""The picture shared by the summary figures: oracle stopping large, honest stopping small beside it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sharedtrunk.figures._figure import QUICK_MARK

if TYPE_CHECKING:
    import matplotlib.figure
    import xarray

PANELS = {"benefit": "oracle stopping (test loss, as the paper)", "benefit_honest": "honest stopping (validation loss)"}


def draw_summary(
    dataset: "xarray.Dataset", *, stripe: str, title: str, x_label: str, average_over: Iterable[str]
) -> "matplotlib.figure.Figure":
    """Draw benefit over `stripe`, averaged over `average_over` and within low- and high-SNR auxiliary tasks.

    The title of a dataset on the coarse grid (attribute `quick` = 1) says so.
    """
    from sharedtrunk import plots  # matplotlib and xarray, only where a picture is drawn

    panels = {
        words: plots.average(plots.benefit_by_snr(dataset[variable]), average_over)
        for variable, words in PANELS.items()
    }
    return plots.stripes_figure(
        panels,
        stripe=stripe,
        title=title + QUICK_MARK * bool(dataset.attrs.get("quick", 0)),
        x_label=x_label,
        y_label="multitask benefit (nats)",
        note=_note(dataset),
    )


def _note(dataset: "xarray.Dataset") -> str:
    from sharedtrunk import plots

    seeds = dataset.sizes["seed"]
    over = f"mean ± standard error over {seeds} seeds" if seeds > 1 else "one seed, no error bars"
    # A lane without a value leaves its seed out of every mean that it belongs to; say so in the picture itself.
    missing = int(dataset["benefit"].isnull().sum())
    left_out = f"; {missing} lanes without a value leave their seed out of a mean" if missing else ""
    return (
        f"Each short line: low-SNR auxiliary tasks (s ≤ {plots.LOW_SNR:g}) left, "
        f"high-SNR ones (s ≥ {plots.HIGH_SNR:g}) right; {over}{left_out}."
    )
