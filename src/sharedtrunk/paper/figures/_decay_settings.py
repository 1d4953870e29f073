"""The settings of the figure of weight decay: a base, and settings that differ from it in one thing each.

One thing at a time, because theory takes seconds per setting and a whole cube would take hours.
"""

from collections.abc import Mapping

DIM = "setting"

BASE_NAME = "base"

BASE: Mapping[str, int | float] = {
    "samples_per_feature": 4.0, "s_main": 10.0, "s_aux": 10.0, "alpha_aux": 1.0, "features": 100,
}  # fmt: skip

PANELS: Mapping[str, tuple[int | float, ...]] = {
    "samples_per_feature": (0.5, 1.0, 2.0, 4.0, 8.0, 16.0),
    "s_main": (1.0, 3.0, 10.0, 30.0),
    "s_aux": (1.0, 3.0, 10.0, 30.0),
    "alpha_aux": (0.1, 0.3, 1.0, 3.0, 10.0),
    "features": (100, 200, 400, 800),
}
"""The values of each thing that settings differ in; the base has one of them."""

SYMBOLS = {
    "samples_per_feature": "N/N_f", "s_main": "s_main", "s_aux": "s_aux", "alpha_aux": "α_aux", "features": "N_f",
}  # fmt: skip

DECAY = 2.0**-5
"""λ at which simulated losses are compared with theory, near the best of all settings with N/N_f = 4."""


def name_of(axis: str, value: int | float) -> str:
    """The name of the setting with this value on an axis."""
    return BASE_NAME if value == BASE[axis] else f"{SYMBOLS[axis]} = {value:g}"


SETTINGS: dict[str, Mapping[str, int | float]] = {
    name_of(axis, value): {**BASE, axis: value} for axis, values in PANELS.items() for value in values
}
"""Every setting by name. The base is among the first panel's values."""

GRID = {
    "classes": (3, 10),
    DIM: tuple(SETTINGS),
    "relatedness": (0.0, 0.5, 1.0),
    "seed": (0, 1, 2, 3, 4),
}

QUICK_GRID = {
    "classes": (3,),
    DIM: (BASE_NAME, name_of("s_aux", 1.0), name_of("features", 200)),
    "relatedness": (0.0, 1.0),
    "seed": (0, 1, 2),
}
