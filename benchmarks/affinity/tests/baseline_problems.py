"""Small made-up pairs whose answer is known by construction."""

import numpy as np
from benchmarks.affinity.data import PairData


def few_and_many(seed: int = 0, few: int = 40, many: int = 300, features: int = 20) -> PairData:
    """The same two-class linear rule for both tasks; the main task has few labels, the auxiliary task has many."""
    random = np.random.default_rng(seed)
    inputs = random.standard_normal((many, features))
    rule = (inputs @ random.standard_normal(features) > 0).astype(np.int64)
    main = np.full(many, -1)
    known = random.permutation(many)[:few]
    main[known] = rule[known]
    return PairData(inputs, main, rule, (2, 2), hidden=30)


def noisy_main(seed: int = 0, samples: int = 300, features: int = 10, share: float = 0.4) -> PairData:
    """Auxiliary: three classes by a linear rule. Main: the same labels with a share drawn anew at random."""
    random = np.random.default_rng(seed)
    inputs = random.standard_normal((samples, features))
    clean = (inputs @ random.standard_normal((features, 3))).argmax(axis=1)
    noisy = np.where(random.random(samples) < share, random.integers(0, 3, samples), clean)
    return PairData(inputs, noisy, clean, (3, 3), hidden=30)


def sign_of_octant(seed: int = 0, samples: int = 200, features: int = 10) -> PairData:
    """Main: sign of x₀ (2 classes). Auxiliary: the octant of (x₀, x₁, x₂) (8 classes), always with the larger loss."""
    random = np.random.default_rng(seed)
    inputs = random.standard_normal((samples, features))
    bits = (inputs[:, :3] > 0).astype(np.int64)
    return PairData(inputs, bits[:, 0], bits @ np.array([4, 2, 1]), (2, 8), hidden=50)
