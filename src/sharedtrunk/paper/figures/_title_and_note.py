"""Words that stand in every picture: on which grid, over how many seeds, what is missing."""

from typing import TYPE_CHECKING

from sharedtrunk.paper.figures._figure import SIZE_MARKS

if TYPE_CHECKING:
    import xarray


def marked(title: str, dataset: "xarray.Dataset") -> str:
    """The title, with the grid's name where it is not the paper's."""
    return title + SIZE_MARKS.get(dataset.attrs.get("size", "standard"), "")


def over_seeds(dataset: "xarray.Dataset", value: str = "benefit") -> str:
    """What the points and their errors are means of."""
    seeds = dataset.sizes["seed"]
    over = f"mean ± standard error over {seeds} seeds" if seeds > 1 else "one seed, no error bars"
    # A lane without a value leaves its seed out of every mean that it belongs to; say so in the picture itself.
    missing = int(dataset[value].isnull().sum())
    return over + (f"; {missing} lanes without a value leave their seed out of a mean" if missing else "")
