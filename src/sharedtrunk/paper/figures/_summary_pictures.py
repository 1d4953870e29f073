"""The picture of the summary figures (2 and 3): a large panel for oracle stopping, and small panels beside it for validation
stopping."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.figures._title_and_note import STOPPINGS, marked, over_seeds

if TYPE_CHECKING:
    import matplotlib.figure
    import xarray

    from sharedtrunk.paper import pictures


def draw_summary(
    dataset: "xarray.Dataset", *, stripe: str, title: str, x_label: str, average_over: Iterable[str]
) -> "matplotlib.figure.Figure":
    """Draw the benefit of low- and high-SNR auxiliary tasks along an axis.

    Under oracle stopping the closure's benefit and the bounds are drawn too, averaged the same way, if the dataset has them.

    Parameters
    ----------
    dataset
        The benefits, and what theory predicts.
    stripe
        The axis that has one stripe per value.
    title, x_label
        Text above the picture, and below its axes.
    average_over
        Axes that are averaged over, besides the auxiliary SNRs of a group.
    """
    from sharedtrunk.paper import pictures  # matplotlib, only where a picture is drawn

    average_over = tuple(average_over)

    def averaged(name: str) -> "xarray.DataArray":
        return contrasts.average(contrasts.benefit_by_snr(dataset[name]), average_over)

    def panel(name: str) -> "pictures.Stripes":
        if name != "benefit":
            return pictures.Stripes(averaged(name))
        closure = averaged("benefit_closure") if "benefit_closure" in dataset else None
        sides = ("benefit_lower", "benefit_upper")
        bounds = (averaged(sides[0]), averaged(sides[1])) if all(side in dataset for side in sides) else None
        return pictures.Stripes(averaged(name), closure, bounds)

    return pictures.stripes_figure(
        {words: panel(name) for name, words in STOPPINGS.items()},
        stripe=stripe,
        title=marked(title, dataset),
        x_label=x_label,
        y_label="multitask benefit (nats)",
        note=_note(dataset),
    )


def _note(dataset: "xarray.Dataset") -> str:
    low, high = contrasts.LOW_SNR, contrasts.HIGH_SNR
    groups = (
        f"Left end of a line: low-SNR auxiliary tasks (s_aux ≤ {low:g}); right end: high-SNR ones (s_aux ≥ {high:g})."
    )
    between = [value for value in dataset["s_aux"].values.tolist() if low < value < high]
    left_out = ""
    if between:
        named = ", ".join(f"{value:g}" for value in between)
        share = f"{len(between)} of {dataset.sizes['s_aux']} auxiliary SNRs"
        left_out = f"\ns_aux = {named} is between the groups and not drawn ({share}); Figures A1–A4 show it."
    means = over_seeds(dataset)
    return f"{groups} {means[0].upper()}{means[1:]}.{left_out}"
