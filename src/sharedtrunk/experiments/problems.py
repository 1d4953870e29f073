"""Settings of a chunk of lanes, parsed from JSON data."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from sharedtrunk import students
from sharedtrunk.errors import invalid

MAY_BE_ZERO = ("noise",)
WORDS = {
    "training": ("flow", "descent"),
    "activation": ("linear", "relu"),
    "start": ("random", "aligned"),
    "precision": ("float32", "float64"),
}

LATE = 20.0

RELU_START_SCALE = (1.0, 0.3)
"""Of trunk and heads: one rule from which one to four ReLU layers learn, starting near chance.

With 0.3 in all layers, as the linear student has it, a signal shrinks by 0.2 a layer and four layers stay within 0.05 nats
of chance (one and two layers do better so). With He's √2 in the trunk all depths learn, but less: at four layers 0.3 nats
below chance instead of 0.6 (N = 800, s̄_A = s̄_B = 10, r = 1, seeds 0 and 1).
"""

RELU_RTOL = 4e-3
"""Of a ReLU student's flow, per hidden layer: its rtol is this over their number.

Against Tsit5 at 1e-5 the losses at the oracle's stop, means over eight lanes of one, two and four layers, are within 7e-4
nats, less than a quarter of the standard error of a paired difference. At the late honest stops of four layers (s_main = 1),
where the loss already rises steeply, they are 3e-3 below. Lane by lane they scatter by 2e-4 to 1e-3; by as much, for one
layer, at a tenth of this tolerance: the drive jumps where a unit switches."""


@dataclasses.dataclass(frozen=True)
class StandardSettings:
    """What all lanes of a sweep have in common (design of the standard problem). `tasks` is 1 for the baseline.

    `start_scale` is one number for all layers, or one for the trunk's and one for the heads. `fresh_points` inputs, in
    `scrambles` blocks, value a ReLU student, as `scrambles` scrambles of `fine_points` nodes value a linear one.

    ReLU students of any depth start well from `RELU_START_SCALE` and are followed well enough at `RELU_RTOL`, which is
    divided by the number of hidden layers: these are not the defaults, so a sweep says them.
    """

    tasks: int
    classes: int = 10
    rank: int = 10
    features: int = 100
    hidden: int = 100
    noise: float = 1.0
    alpha: tuple[float, ...] = (1.0, 1.0)
    start: str = "random"
    start_scale: float | tuple[float, float] = 0.3
    hidden_layers: int = 1
    activation: str = "linear"
    training: str = "flow"
    step: float = 0.1
    rtol: float = 1e-4
    time_limit: float = 500.0
    precision: str = "float32"
    coarse_points: int = 256
    fine_points: int = 1024
    scrambles: int = 24
    fresh_points: int = 24576
    validation_fraction: float = 0.25

    def __post_init__(self):
        for name, allowed in WORDS.items():
            if getattr(self, name) not in allowed:
                raise invalid(
                    f"{name} is {' or '.join(allowed)}", received=getattr(self, name), hint=f"{allowed[0]} is usual"
                )
        if self.tasks not in (1, 2):
            raise invalid("A lane trains 1 or 2 tasks", received=self.tasks, hint="tasks=1 is the baseline")
        if len(self.alpha) != 2 or not all(0 <= a < float("inf") for a in self.alpha):
            raise invalid("alpha is two finite weights ≥ 0", received=self.alpha, hint="The paper has (1, 1)")
        for name in ("noise", "step", "rtol", "time_limit", "validation_fraction"):
            if not 0 <= getattr(self, name) < float("inf") or (getattr(self, name) == 0 and name not in MAY_BE_ZERO):
                raise invalid(
                    f"{name} is finite and positive", received=getattr(self, name), hint="See the standard problem"
                )
        if self.precision == "float64" and not jax.config.jax_enable_x64:  # pyright: ignore[reportAttributeAccessIssue]
            raise invalid(
                "Lanes in float64 need JAX's float64 switched on",
                received="jax_enable_x64 = False",
                hint='Set JAX_ENABLE_X64=1, or call jax.config.update("jax_enable_x64", True)',
            )
        self._check_start()
        self._check_fresh_points()

    def _check_start(self) -> None:
        scales = self.start_scale if isinstance(self.start_scale, tuple) else (self.start_scale,) * 2
        if len(scales) != 2 or not all(0 < scale < float("inf") for scale in scales):
            raise invalid(
                "start_scale is one finite number above 0, or one for the trunk and one for the heads",
                received=self.start_scale,
                hint="A student that starts at zero never moves; 0.3 is usual",
            )
        alike = self.activation == "linear" and self.hidden_layers == 1 and scales[0] == scales[1]
        if self.start == "aligned" and not (alike and self.hidden >= 2 * self.classes):
            raise invalid(
                "An aligned start is that of a linear student with one hidden layer, at least twice as wide as there are "
                "classes, and one start_scale",
                received=f"{self.activation}, {self.hidden_layers} layers, hidden={self.hidden}, {self.start_scale}",
                hint='Use start="random"',
            )

    def _check_fresh_points(self) -> None:
        if self.activation == "relu" and not (self.scrambles > 1 and self.fresh_points // self.scrambles > 0):
            raise invalid(
                "A ReLU student is valued on at least 2 blocks (scrambles) of fresh points, at least 1 point each",
                received=f"{self.fresh_points} points in {self.scrambles} blocks",
                hint="24 blocks of 1024 points are usual",
            )

    @classmethod
    def parse(cls, settings: Mapping) -> "StandardSettings":
        """Take the known names; `fingerprint` and the like only mark the stored chunks."""
        names = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(settings) - names - {"fingerprint"})
        if unknown:
            raise invalid(
                "Settings of the standard problem must be known",
                received=unknown,
                hint=f"Use {', '.join(sorted(names))}",
            )
        known: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items() if k in names}
        return cls(**known)

    @property
    def dtype(self):
        return jnp.dtype(self.precision)

    @property
    def layer_scales(self) -> tuple[float, ...]:
        """`start_scale` of every trunk layer and of the heads."""
        trunk, heads = self.start_scale if isinstance(self.start_scale, tuple) else (self.start_scale,) * 2
        return (trunk,) * self.hidden_layers + (heads,)

    @property
    def task_weights(self) -> tuple[float, ...]:
        """α of both tasks; the auxiliary one has none in a baseline."""
        return (self.alpha[0], self.alpha[1] if self.tasks == 2 else 0.0)

    def method_from(self, time: float) -> students.Flow | students.Descent:
        """How the students are trained from a time on.

        From `LATE` on it is stability that limits a linear student's step: a method of third order then takes two thirds
        of the evaluations, and with a third of `rtol` the loss is as right.
        """
        if self.training == "flow" and self.activation == "linear" and time >= LATE:
            return students.Flow(rtol=self.rtol / 3, order=3)
        return self.method

    @property
    def method(self) -> students.Flow | students.Descent:
        """How they are trained first. What matters of a ReLU student's weights, all of order 0.1, is absolute errors."""
        if self.training == "descent":
            return students.Descent(step=self.step)
        if self.activation == "relu":
            rtol = self.rtol / self.hidden_layers
            return students.Flow(rtol=rtol, atol=rtol / 10, stabilized=True)
        return students.Flow(rtol=self.rtol)
