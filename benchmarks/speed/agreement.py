"""The check, before anything is timed, that every path gives the trajectory of the module in a loop."""

import numpy as np

from sharedtrunk.errors import invalid

from .problem import CLASSES, FEATURES, HIDDEN, STEP, Case, Lanes, Train

LANES = 3
OUT_OF_HAND = 0.02
"""A tolerance above this share of the distance travelled would let mistakes pass, and is refused."""


def steps_of(case: Case) -> int:
    """Some tens of steps: fewer where one takes long."""
    return 40 if case.samples <= 400 else 20


def tolerance(lanes: Lanes, final: list[np.ndarray]) -> float:
    """How far two correct implementations may be apart in any weight after `steps_of(case)` steps.

    Every step rounds the weight to which it adds, by at most ε|w|/2. Its gradient is made of sums along the chain sample –
    feature – hidden – class; their roundings have either sign and add up to √terms · ε of the gradient. Both implementations
    round, at worst with the same sign in all steps: 2ε (steps · max|w| / 2 + √terms · max|w − w₀|).
    """
    terms = lanes.case.samples + FEATURES + lanes.case.layers * HIDDEN + CLASSES
    largest = max(float(np.abs(w).max()) for w in final)
    rounding = steps_of(lanes.case) * largest / 2 + terms**0.5 * travelled(lanes, final)
    switch = _one_unit(lanes, final) if _may_switch(lanes) else 0.0
    return 2 * float(np.finfo(lanes.inputs.dtype).eps) * rounding + switch


def travelled(lanes: Lanes, final: list[np.ndarray]) -> float:
    """The largest distance of a weight from its start."""
    start = (*lanes.trunk, *lanes.heads)
    return max(float(np.abs(w - w0[None]).max()) for w, w0 in zip(final, start, strict=True))


def _may_switch(lanes: Lanes) -> bool:
    """Whether rounding may put a ReLU on the other side of zero; in double precision the odds are below 1e-8 per check."""
    return lanes.case.activation == "relu" and lanes.inputs.dtype == np.float32


def _one_unit(lanes: Lanes, final: list[np.ndarray]) -> float:
    """How far a weight moves if one unit of one sample is on the other side of zero: step / n · |x| · |Σ_t head_tᵀ(P − y)|.

    P − y of one sample has length at most √2. Two such switches of the same unit are rare. Double precision has no
    such term, so its check is the sharper one.
    """
    heads = final[-len(lanes.heads) :]
    column = max(float(np.linalg.norm(head, axis=-2).max()) for head in heads)
    return STEP / lanes.case.samples * float(np.abs(lanes.inputs).max()) * len(heads) * 2**0.5 * column


def check(name: str, train: Train, lanes: Lanes, reference: list[np.ndarray]) -> float:
    """Largest difference of a path's weights from the reference's, over the tolerance; above 1 an `InputError` is raised."""
    count = steps_of(lanes.case)
    trained = train(count)
    common = min(LANES, trained[0].shape[0])
    found, reference = ([w[:common] for w in weights] for weights in (trained, reference))
    allowed, distance = tolerance(lanes, reference), travelled(lanes, reference)
    if not allowed < OUT_OF_HAND * distance:
        raise invalid(
            f"The tolerance must be below {OUT_OF_HAND} of the distance that the weights travel",
            received=f"{allowed:.1e} of {distance:.1e} for {lanes.case.name}",
            hint="Check fewer steps",
        )
    worst = max(float(np.abs(a - b).max()) for a, b in zip(found, reference, strict=True))
    if not worst <= allowed:
        raise invalid(
            f"Only a path that gives the module's trajectory is timed: weights within {allowed:.1e} after {count} steps",
            received=f"{worst:.1e} by {name} on {lanes.case.name}",
            hint="Find out which of the two is wrong",
        )
    return worst / allowed
