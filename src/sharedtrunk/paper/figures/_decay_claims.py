"""The claims of the figure of weight decay: Table 1 at the best decay and for early stopping, both compared, and theory.

None of them is the paper's. They are judged from several sources: λ and the stopping time chosen by the oracle, the same
chosen by the validation loss, and theory, which chooses its own λ.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.claims import NEGATIVE, NO_EFFECT, POSITIVE, Limit, figure_claim
from sharedtrunk.paper.contrasts import NotMeasured
from sharedtrunk.paper.figures._checks import Check, judge
from sharedtrunk.paper.figures._decay_settings import BASE, DECAY, DIM, PANELS, name_of

if TYPE_CHECKING:
    import xarray

SOURCES = {"oracle": "", "honest": "_honest", "theory": "_theory"}
"""The ending of a variable's name, for every source of numbers."""

SIMULATED, ALL = ("oracle", "honest"), tuple(SOURCES)

METHODS = {"": "best decay", "_stopping": "early stopping"}
"""What students do, by the ending of their variables."""

LIMITED, ABUNDANT = 4.0, 16.0
"""The largest N/N_f of limited data, and that of abundant data: 400 and 1,600 points of the standard problem."""

EXCELLENT, RELATIVE = Limit("within", contrasts.APPROXIMATELY), "1 (relative error)"
"""Where losses lie that theory predicts, as in Figure 1, and their unit."""

_WEAK = 0.5
_SYMBOLS = {"classes": "K", "relatedness": "r", "samples_per_feature": "N/N_f"}

Cases = Callable[["xarray.DataArray"], Mapping[str, np.ndarray]]


Labelled = TypeVar("Labelled", "xarray.DataArray", "xarray.Dataset")


class Statement(NamedTuple):
    """A claim of this figure.

    `known` gives the values that the claim is about, from the dataset and the ending of the source. `cases` gives one number
    per seed for every case, `limit` is where these lie if the claim is true, and `sources` are those that judge it.
    """

    key: str
    words: str
    limit: Limit
    known: "Callable[[xarray.Dataset, str], xarray.DataArray]"
    cases: Cases
    sources: tuple[str, ...] = SIMULATED
    unit: str = "nats"

    def checks(self, dataset: "xarray.Dataset") -> list[Check]:
        """Judge the claim from each of its sources."""
        found = []
        for source in self.sources:
            ending = SOURCES[source]
            claim = figure_claim(
                self.key,
                self.words,
                self.limit,
                lambda whole, ending=ending: self.cases(self.known(whole, ending)),
                self.unit,
                source="not in the paper",
            )
            found.append(judge(claim, dataset, source))
        return found


def judge_decay(dataset: "xarray.Dataset") -> list[Check]:
    """The checks of every statement, from each of its sources."""
    return [check for statement in STATEMENTS for check in statement.checks(dataset)]


# Parts of the values and numbers from them


def panel(values: Labelled, axis: str) -> Labelled:
    """The settings that differ along one axis, with this axis in place of `setting`."""
    names = {name_of(axis, value): value for value in PANELS[axis]}
    present = [name for name in np.asarray(values[DIM]).tolist() if name in names]
    part = values.sel({DIM: present}).drop_vars(list(PANELS), errors="ignore").rename({DIM: axis})
    return part.assign_coords({axis: [names[name] for name in present]}).sortby(axis)


def _places(values: "xarray.DataArray", *kept: str) -> "Iterator[tuple[str, xarray.DataArray]]":
    """The values along seed and the `kept` dims, for every combination of the other dims' values, named in words."""
    dims = [str(dim) for dim in values.dims if dim not in ("seed", *kept)]
    for place in itertools.product(*(values[dim].values.tolist() for dim in dims)):
        at = dict(zip(dims, place, strict=True))
        words = [value if isinstance(value, str) else f"{_SYMBOLS[dim]} = {value:g}" for dim, value in at.items()]
        yield ", ".join(words), values.sel(at)


def _every(values: "xarray.DataArray") -> dict[str, np.ndarray]:
    return {words: part.values for words, part in _places(values)}


def _along(values: "xarray.DataArray", axis: str) -> "xarray.DataArray":
    """The panel of an axis with two values or more."""
    along = panel(values, axis)
    if along.sizes[axis] < 2:
        raise NotMeasured(f"needs two values of {axis}")
    return along


def _rise(values: "xarray.DataArray", axis: str) -> "xarray.DataArray":
    """The value at the largest value of an axis minus that at the smallest."""
    along = _along(values, axis)
    return along.isel({axis: -1}, drop=True) - along.isel({axis: 0}, drop=True)


def _each_step(values: "xarray.DataArray", axis: str) -> dict[str, np.ndarray]:
    return {
        f"{words}, {step}": number
        for words, part in _places(_along(values, axis), axis)
        for step, number in contrasts.steps(part, axis).items()
    }


def _at_largest_size(values: "xarray.DataArray") -> dict[str, np.ndarray]:
    return _every(_along(values, "features").isel(features=-1, drop=True))


def _many_features(values: "xarray.DataArray") -> dict[str, np.ndarray]:
    """At 1/N_f = 0, on the straight line through the two largest N_f."""
    import xarray

    sizes = _along(values, "features").isel(features=slice(-2, None))
    small, large = sizes["features"].values.tolist()
    share = xarray.DataArray([-small, large], dims="features", coords={"features": [small, large]}) / (large - small)
    return _every((share * sizes).sum("features", skipna=False))


def _relatedness(values: "xarray.DataArray", low: float, high: float) -> "xarray.DataArray":
    return contrasts.between(values, "relatedness", low, high, closed=True)


def _unrelated(values: "xarray.DataArray") -> "xarray.DataArray":
    return contrasts.at(values, relatedness=0.0)


def _fully_related(values: "xarray.DataArray") -> "xarray.DataArray":
    return contrasts.at(values, relatedness=1.0)


def _few_features(values: "xarray.DataArray") -> "xarray.DataArray":
    """The settings with the base's number of features."""
    return values.sel({DIM: (values["features"] == BASE["features"]).values})


def _data(values: "xarray.DataArray", amount: float) -> "xarray.DataArray":
    return contrasts.at(panel(values, "samples_per_feature"), samples_per_feature=amount).drop_vars(
        "samples_per_feature"
    )


def _weak_step(values: "xarray.DataArray") -> dict[str, np.ndarray]:
    limited = contrasts.between(panel(values, "samples_per_feature"), "samples_per_feature", 0, LIMITED, closed=True)
    return _every(contrasts.at(limited, relatedness=_WEAK) - _unrelated(limited))


# What claims are about


def variable(name: str) -> "Callable[[xarray.Dataset, str], xarray.DataArray]":
    """A variable of the dataset, with the ending of the source."""

    def known(dataset: "xarray.Dataset", ending: str) -> "xarray.DataArray":
        if name + ending not in dataset:
            raise NotMeasured(f"the dataset has no {name}{ending}")
        return dataset[name + ending]

    return known


def _less(first: str, second: str) -> "Callable[[xarray.Dataset, str], xarray.DataArray]":
    """The difference of two variables."""
    return lambda dataset, ending: variable(first)(dataset, ending) - variable(second)(dataset, ending)


def _loss_misses(dataset: "xarray.Dataset", _: str) -> "xarray.DataArray":
    """Both arms' losses at λ = `DECAY`: simulation minus theory of the drawn teachers, relative to theory."""
    import xarray

    arms = ("single", "joint")
    parts = [
        _less(f"loss_{arm}_fixed", f"loss_{arm}_drawn")(dataset, "") / dataset[f"loss_{arm}_drawn"] for arm in arms
    ]
    return xarray.concat(parts, xarray.DataArray(list(arms), dims="arm", name="arm")).transpose("arm", ...)


def _table_1(ending: str) -> "Iterator[Statement]":
    """The rows of Table 1 for students at their best decay, or for those that stop early."""
    said, known = METHODS[ending], variable(f"benefit{ending}")
    sources = SIMULATED if ending else ALL

    def row(key: str, words: str, limit: Limit, cases: Cases, sources: tuple[str, ...] = sources) -> Statement:
        return Statement(f"{key}-{said.replace(' ', '-')}", f"{said}: {words}", limit, known, cases, sources)

    if not ending:
        yield row(
            "a-in-theory",
            "(a) unrelated tasks (r = 0): benefit in each setting, many features",
            NO_EFFECT,
            lambda b: _every(_few_features(_unrelated(b))),
            ("theory",),
        )
    yield row(
        "a-many-features",
        "(a) unrelated tasks (r = 0): benefit at N/N_f = 4, extrapolated to many features from the two largest N_f",
        NO_EFFECT,
        lambda b: _many_features(_unrelated(b)),
        SIMULATED,
    )
    yield row(
        "a-harm-shrinks",
        "(a) unrelated tasks: benefit at the largest N_f minus at the smallest, mean over K",
        POSITIVE,
        lambda b: {"": contrasts.per_seed(_rise(_unrelated(b), "features"))},
        SIMULATED,
    )
    yield row(
        "a-few-features",
        "(a) unrelated tasks: benefit in each setting with N_f = 100",
        NO_EFFECT,
        lambda b: _every(_few_features(_unrelated(b))),
        SIMULATED,
    )
    yield row(
        "related-help",
        "fully related tasks (r = 1): benefit in each setting",
        POSITIVE,
        lambda b: _every(_fully_related(b)),
    )
    yield row(
        "b-grows-with-aux-snr",
        "(b) related tasks (r > 0): benefit at the largest s_aux minus at the smallest, each r",
        POSITIVE,
        lambda b: _every(_rise(_relatedness(b, _WEAK, 1.0), "s_aux")),
    )
    yield row(
        "b-at-each-step",
        "(b) related tasks: benefit at each s_aux minus at the one below, each r > 0",
        POSITIVE,
        lambda b: _each_step(_relatedness(b, _WEAK, 1.0), "s_aux"),
    )
    yield row(
        "weight-of-related-tasks",
        "related tasks: benefit at the largest weight α_aux of the auxiliary task minus at the smallest, each r > 0",
        POSITIVE,
        lambda b: _every(_rise(_relatedness(b, _WEAK, 1.0), "alpha_aux")),
    )
    yield row(
        "weight-at-each-step",
        "related tasks: benefit at each α_aux minus at the one below, each r > 0",
        POSITIVE,
        lambda b: _each_step(_relatedness(b, _WEAK, 1.0), "alpha_aux"),
    )
    yield row(
        "weight-of-unrelated-tasks",
        "unrelated tasks: benefit at the largest α_aux minus at the smallest",
        NO_EFFECT,
        lambda b: _every(_rise(_unrelated(b), "alpha_aux")),
    )
    yield row(
        "c-grows-with-relatedness",
        f"(c) benefit at r = {_WEAK:g} minus at r = 0, each N/N_f ≤ {LIMITED:g}",
        POSITIVE,
        _weak_step,
    )
    yield row(
        "d-small-with-abundant-data",
        f"(d) benefit at N/N_f = {ABUNDANT:g}, each r",
        NO_EFFECT,
        lambda b: _every(_data(b, ABUNDANT)),
    )
    yield row(
        "d-shrinks-with-data",
        f"(d) fully related tasks: benefit at N/N_f = {ABUNDANT:g} minus at {LIMITED:g}",
        NEGATIVE,
        lambda b: _every(_fully_related(_data(b, ABUNDANT) - _data(b, LIMITED))),
    )


_BELOW_1 = "r = 0 and 0.5"

STATEMENTS = (
    *_table_1(""),
    *_table_1("_stopping"),
    Statement(
        "single-loss-below-stopping",
        "main task alone: loss at the best decay minus that of early stopping, each setting, mean over r",
        NEGATIVE,
        _less("loss_single", "loss_single_stopping"),
        lambda d: _every(d.mean("relatedness", skipna=False)),
    ),
    Statement(
        "joint-loss-below-stopping",
        f"both tasks, {_BELOW_1}: loss at the best decay minus that of early stopping, each setting",
        NEGATIVE,
        _less("loss_joint", "loss_joint_stopping"),
        lambda d: _every(_relatedness(d, 0.0, _WEAK)),
    ),
    Statement(
        "joint-loss-below-stopping-related",
        "both tasks, r = 1: loss at the best decay minus that of early stopping, each setting",
        NEGATIVE,
        _less("loss_joint", "loss_joint_stopping"),
        lambda d: _every(_fully_related(d)),
    ),
    Statement(
        "benefit-above-stopping",
        f"{_BELOW_1}: benefit at the best decay minus with early stopping, each setting",
        POSITIVE,
        _less("benefit", "benefit_stopping"),
        lambda d: _every(_relatedness(d, 0.0, _WEAK)),
    ),
    Statement(
        "benefit-above-stopping-on-average",
        f"{_BELOW_1}: benefit at the best decay minus with early stopping, mean over settings and K",
        POSITIVE,
        _less("benefit", "benefit_stopping"),
        lambda d: {
            words: contrasts.per_seed(part) for words, part in _places(_relatedness(d, 0.0, _WEAK), "classes", DIM)
        },
    ),
    Statement(
        "benefit-as-stopping-related",
        "r = 1: benefit at the best decay minus with early stopping, each setting",
        NO_EFFECT,
        _less("benefit", "benefit_stopping"),
        lambda d: _every(_fully_related(d)),
    ),
    Statement(
        "theory-of-losses",
        f"losses of both arms at λ = {DECAY:g}, largest N_f: relative error of the theory of the drawn teachers",
        EXCELLENT,
        _loss_misses,
        _at_largest_size,
        ("theory",),
        RELATIVE,
    ),
    Statement(
        "theory-of-losses-with-many-features",
        f"losses of both arms at λ = {DECAY:g}: the same relative error, extrapolated to many features",
        EXCELLENT,
        _loss_misses,
        _many_features,
        ("theory",),
        RELATIVE,
    ),
    Statement(
        "theory-of-benefits",
        f"benefit at λ = {DECAY:g}, largest N_f: simulation minus the theory of the drawn teachers",
        NO_EFFECT,
        lambda dataset, _: _less("benefit_fixed", "benefit_drawn")(dataset, ""),
        _at_largest_size,
        ("theory",),
    ),
    Statement(
        "theory-of-the-best-decay",
        "benefit at the best decay, largest N_f: simulation minus the theory of many features",
        NO_EFFECT,
        lambda dataset, _: _less("benefit", "benefit_theory")(dataset, ""),
        _at_largest_size,
        ("theory",),
    ),
)
