"""What a user may do with auxiliary tasks: each policy chooses one use of them, or none, from what is known of a draw.

A policy is a function from the comparisons of one draw to the place of the chosen one; None is to train alone. None of them
sees what comes true.
"""

from collections.abc import Callable, Mapping

import numpy as np
from benchmarks.affinity.decisions.comparisons import Comparisons

from sharedtrunk.affinity._outlook import Prior
from sharedtrunk.affinity._ways import AVERAGE

Policy = Callable[[Comparisons], int | None]


def never(_: Comparisons) -> int | None:
    """Train alone."""
    return None


def always(way: str) -> Policy:
    """Use all auxiliary tasks in one way."""
    return lambda found: int(np.flatnonzero(all_tasks(found) & (found.way == way))[0])


def cross_validation(way: str | None = None, *, margin: float = 0.0) -> Policy:
    """The use of the highest estimate, if it is above `margin` standard errors; of one way, all auxiliary tasks together."""

    def policy(found: Comparisons) -> int | None:
        places = np.arange(len(found.way)) if way is None else np.flatnonzero(all_tasks(found) & (found.way == way))
        best = int(places[np.argmax(found.estimate[places])])
        error = np.nan_to_num(found.error[best])
        return best if found.estimate[best] > margin * error else None

    return policy


def expected(prior: Prior, way: str | None = AVERAGE) -> Policy:
    """This advice: the set of the highest expected benefit of the average, if that is above 0. None: of any way."""

    def policy(found: Comparisons) -> int | None:
        places = [place for place, each in enumerate(found.way) if way in (None, each)]
        values = [
            prior.posterior(float(found.estimate[place]), float(found.error[place]), found.situation[place]).expected
            for place in places
        ]
        best = int(np.argmax(values))
        return places[best] if values[best] > 0 else None

    return policy


def all_tasks(found: Comparisons) -> np.ndarray:
    """Which comparisons use all auxiliary tasks of the draw."""
    sizes = np.array([len(names) for names in found.set])
    return sizes == sizes.max()


def usual(prior: Prior) -> Mapping[str, Policy]:
    """All policies that are compared, by name."""
    return {
        "never": never,
        "always beside": always("beside"),
        "always as a feature": always("feature"),
        "always the average": always("average"),
        "cross-validation, beside": cross_validation("beside"),
        "cross-validation, average": cross_validation("average"),
        "cross-validation, best of all": cross_validation(),
        "cross-validation, beside, above − ½ standard error": cross_validation("beside", margin=-0.5),
        "cross-validation, best of all, above 1 standard error": cross_validation(margin=1.0),
        "expected benefit, best of all ways": expected(prior, None),
        "this advice": expected(prior),
    }
