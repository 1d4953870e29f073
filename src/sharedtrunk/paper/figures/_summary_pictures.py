"""The picture shared by the summary figures (2 and 3): oracle stopping large, honest stopping small beside it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.figures._title_and_note import marked, over_seeds

if TYPE_CHECKING:
    import matplotlib.figure
    import xarray

PANELS = {"benefit": "oracle stopping (test loss, as the paper)", "benefit_honest": "honest stopping (validation loss)"}


def draw_summary(
    dataset: "xarray.Dataset", *, stripe: str, title: str, x_label: str, average_over: Iterable[str]
) -> "matplotlib.figure.Figure":
    """Draw benefit over `stripe`, averaged over `average_over` and within low- and high-SNR auxiliary tasks.

    Beside oracle stopping stand theory's benefit and bounds, averaged alike, where the dataset has them. The title of a
    dataset on another than the paper's grid says so.
    """
    from sharedtrunk.paper import pictures  # matplotlib and xarray, only where a picture is drawn

    average_over = tuple(average_over)

    def averaged(name: str) -> "xarray.DataArray | None":
        if name not in dataset:
            return None
        return contrasts.average(contrasts.benefit_by_snr(dataset[name]), average_over)

    def panel(name: str) -> "pictures.Stripes":
        shown = averaged(name)
        assert shown is not None  # every dataset has both benefits
        if name != "benefit":
            return pictures.Stripes(shown)
        lower, upper = averaged("benefit_lower"), averaged("benefit_upper")
        bounds = None if lower is None or upper is None else (lower, upper)
        return pictures.Stripes(shown, averaged("benefit_closure"), bounds)

    return pictures.stripes_figure(
        {words: panel(name) for name, words in PANELS.items()},
        stripe=stripe,
        title=marked(title, dataset),
        x_label=x_label,
        y_label="multitask benefit (nats)",
        note=_note(dataset),
    )


def _note(dataset: "xarray.Dataset") -> str:
    return (
        f"Each short line: low-SNR auxiliary tasks (s ≤ {contrasts.LOW_SNR:g}) left, "
        f"high-SNR ones (s ≥ {contrasts.HIGH_SNR:g}) right; {over_seeds(dataset)}."
    )
