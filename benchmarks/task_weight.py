"""The best weight α of the auxiliary task in theory, by relatedness r and by the auxiliary task's singular values.

    python benchmarks/task_weight.py [--classes 3] [--a 4]

Both tasks have every label, α of the main task is 1, and every α has its own best weight decay. The table has the benefit
over the main task alone, in nats, with the half-width of its 99 % interval; the last columns are the α of the highest
benefit among those tried, and by how much it beats α = 1 (on the same nodes).
"""

import argparse
import os

os.environ["JAX_ENABLE_X64"] = "1"

import jax
import numpy as np

from sharedtrunk import asymptotics, teachers
from sharedtrunk._support.statistics import half_width

WEIGHTS = (0.1, 0.3, 1.0, 3.0, 10.0)
RELATEDNESS = (0.0, 0.25, 0.5, 0.75, 1.0)
STRENGTHS = (1.0, 3.0, 10.0, 30.0)


def losses(classes: int, a: float, strength: float, relatedness: float) -> tuple[np.ndarray, np.ndarray]:
    """Loss of the main task alone (scramble,) and beside the other at every α (weight, scramble)."""
    pair = teachers.related_pair(
        jax.random.key(0),
        classes=classes,
        features=100,
        singular_values=(10.0, strength),
        relatedness=relatedness,
    )
    fields = asymptotics.fields_of_teachers(pair, noise=1.0)
    single = asymptotics.best_weight_decay(fields.main(), a)
    joint = [asymptotics.best_weight_decay(fields, a, task_weights=(1.0, alpha)) for alpha in WEIGHTS]
    for found in (single, *joint):
        if found.result != 0:
            raise SystemExit(f"r = {relatedness}, s = {strength}: no fixed point, code {found.result}")
    return single.losses[:, 0], np.stack([each.losses[:, 0] for each in joint])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classes", type=int, default=3)
    parser.add_argument("--a", type=float, default=4.0, help="N/N_f")
    options = parser.parse_args()
    print("r", "s_aux", *(f"α = {alpha:g}" for alpha in WEIGHTS), "best α", "over α = 1", sep=" | ")
    for relatedness in RELATEDNESS:
        for strength in STRENGTHS:
            alone, beside = losses(options.classes, options.a, strength, relatedness)
            benefits = alone[None] - beside
            cells = [f"{each.mean():+.4f} ± {half_width(each):.4f}" for each in benefits]
            best = int(benefits.mean(axis=1).argmax())
            gain = benefits[best] - benefits[WEIGHTS.index(1.0)]
            cells += [f"{WEIGHTS[best]:g}", f"{gain.mean():+.4f} ± {half_width(gain):.4f}"]
            print(f"{relatedness:g}", f"{strength:g}", *cells, sep=" | ", flush=True)


if __name__ == "__main__":
    main()
