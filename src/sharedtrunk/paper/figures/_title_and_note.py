"""Text of every picture: the title with the name of its grid, and a note that says what points and error bars are."""

from typing import TYPE_CHECKING

from sharedtrunk.paper.figures._figure import SIZE_MARKS

if TYPE_CHECKING:
    import xarray

STOPPINGS = {
    "benefit": "oracle stopping (test loss, as in the paper)",
    "benefit_honest": "validation stopping (held-out noisy labels)",
}
"""The stopping rule behind each benefit of a dataset, as a panel's title."""


def marked(title: str, dataset: "xarray.Dataset") -> str:
    """Return a title that names the dataset's grid if it is not the paper's."""
    return title + SIZE_MARKS.get(dataset.attrs.get("size", "standard"), "")


def over_seeds(dataset: "xarray.Dataset", value: str = "benefit") -> str:
    """Return what points and error bars are, and how many lanes have no value."""
    seeds = dataset.sizes["seed"]
    over = f"mean ± standard error over {seeds} seeds" if seeds > 1 else "one seed, no error bars"
    # Every mean over a lane without a value lacks the lane's seed, so the picture says how many such lanes there are.
    missing = int(dataset[value].isnull().sum())
    return over + (f"; {missing} lanes have no value, so the means over them leave out their seeds" if missing else "")
