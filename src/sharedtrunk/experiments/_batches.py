"""How many lanes train side by side: as many as keep a batch's numbers in the caches of one core.

Lanes of a batch share their steps, so a small batch spends little time waiting for its slowest lane; a large batch makes
large matrix products. Batches of 6 to 12 lanes of the standard problem do well at both. With larger batches the solver's
slopes no longer fit into the cache. The cache's size is a constant, not the machine's, so that every machine computes the
same bytes. An accelerator takes all lanes of a chunk at once.
"""

import jax

from sharedtrunk.experiments.problems import StandardSettings

CACHE_BYTES = 9 * 2**19
"""Cache of one core: a mebibyte or two of level 2 and its share of level 3."""

_STATES = {"linear": 8, "relu": 6}
"""Number of copies of the weights in a step: Tsitouras' start and seven slopes; Chebyshev's starts, slopes and two stages."""


def batch_width(settings: StandardSettings, lanes: int, samples: int) -> int:
    """The number of lanes in a batch: the largest divisor of `lanes` that fits, so that no lane is computed twice.

    If this divisor is at most half of what fits, the lanes are cut into the fewest batches of equal size, and the last is
    filled up. Chunks with a common divisor, such as the 35 joint lanes and the 7 baselines of a group, share compiled
    programs.
    """
    if jax.default_backend() != "cpu":
        return lanes
    most = max(1, CACHE_BYTES // lane_bytes(settings, samples))
    divisor = max(width for width in range(1, min(most, lanes) + 1) if lanes % width == 0)
    return divisor if 2 * divisor > min(most, lanes) else -(-lanes // -(-lanes // most))


def lane_bytes(settings: StandardSettings, samples: int) -> int:
    """Bytes that one step of one lane uses: weights and slopes, and logits (and hidden units) of the samples."""
    deep = settings.hidden_layers - 1
    outputs = max(2, settings.tasks) * settings.classes
    weights = settings.hidden * (settings.features + deep * settings.hidden + outputs)
    units = outputs if settings.activation == "linear" else outputs + settings.hidden_layers * settings.hidden
    return settings.dtype.itemsize * (_STATES[settings.activation] * weights + 2 * units * samples)
