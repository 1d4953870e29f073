"""How many lanes train side by side: as many as keep a batch's numbers in the caches of one core.

The smallest batch is the most alike and wastes least on its slowest lane; a larger one makes larger matrix products.
Between 6 and 12 lanes of the standard problem both are well, and beyond that the solver's slopes fall out of the cache.
The formula takes the cache from a constant, not from the machine, so that every machine computes the same bytes.
An accelerator takes all lanes of a chunk at once.
"""

import jax

from sharedtrunk.experiments.problems import StandardSettings

CACHE_BYTES = 9 * 2**19
"""What a core has for itself: a mebibyte or two of level 2 and its share of level 3."""

_STATES = {"linear": 8, "relu": 6}
"""Copies of the weights that a step keeps: Tsitouras' start and seven slopes, Chebyshev's starts, slopes and two stages."""


def batch_width(settings: StandardSettings, lanes: int, samples: int) -> int:
    """Lanes of a batch: a divisor of their number, so that no place is left over, or the fewest batches of equal size.

    Where the largest divisor that fits is less than half of what would fit, some places are left over instead. Chunks
    with a common divisor, such as the 35 joint lanes and the 7 baselines of a group, share their compiled programs.
    """
    if jax.default_backend() != "cpu":
        return lanes
    most = max(1, CACHE_BYTES // lane_bytes(settings, samples))
    divisor = max(width for width in range(1, min(most, lanes) + 1) if lanes % width == 0)
    return divisor if 2 * divisor > min(most, lanes) else -(-lanes // -(-lanes // most))


def lane_bytes(settings: StandardSettings, samples: int) -> int:
    """Bytes that one step of one lane goes through: weights and slopes, and what the passes over the samples leave."""
    deep = settings.hidden_layers - 1
    outputs = 2 * settings.classes
    weights = settings.hidden * (settings.features + deep * settings.hidden + outputs)
    units = outputs if settings.activation == "linear" else outputs + settings.hidden_layers * settings.hidden
    return settings.dtype.itemsize * (_STATES[settings.activation] * weights + 2 * units * samples)
