"""What the lanes of a figure have in common, as checked data without JAX.

`StandardProblem` is the problem of all figures but the first: teachers, students, training and quadrature, with our choice
where the paper gives no value. `StandardSettings` adds the arm that is trained. `RankOneProblem` is the problem of Figure 1.
Figures write them as JSON data into their sweeps and datasets, and the worker that trains a chunk parses the data again.
The values of a single lane, such as its seed and its singular values, are not part of them.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from sharedtrunk._support.limits import check_choice, check_number
from sharedtrunk.errors import invalid

Settings = TypeVar("Settings", bound="_Problem")

RELU_START_SCALE = (1.0, 0.3)
"""Start scales of trunk and heads with which ReLU students of one to four hidden layers start near chance and learn.

With 0.3 in all layers, the scale of linear students, a signal shrinks by a factor of 0.2 per layer, and four layers stay
within 0.05 nats of chance, although one and two layers learn better. With He's √2 in the trunk all depths learn, but less:
four layers end 0.3 nats below chance instead of 0.6 (N = 800, s̄_A = s̄_B = 10, r = 1, seeds 0 and 1).
"""

RELU_RTOL = 4e-3
"""`rtol` of a ReLU student's flow; the flow divides it by the number of hidden layers.

At the oracle's stop the losses are within 7e-4 nats of those by Tsit5 at 1e-5 (means over eight lanes of one, two and four
layers), less than a quarter of the standard error of a paired difference. At the late validation stops of four layers
(s_main = 1), where the loss rises steeply, they are 3e-3 nats too low. Single lanes differ by 2e-4 to 1e-3 nats. With one
layer a tenth of this tolerance does not reduce that difference, because the drive jumps where a unit switches.
"""


class _Problem:
    """A frozen dataclass of settings that goes to JSON data and back."""

    def settings(self) -> dict[str, object]:
        """The settings as JSON data: tuples become lists."""
        data = dataclasses.asdict(self)  # pyright: ignore[reportArgumentType]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in data.items()}

    @classmethod
    def parse(cls: type[Settings], settings: Mapping) -> Settings:
        """The settings from JSON data. `fingerprint` is skipped: it only tells stored chunks apart.

        Raises `InputError` for an unknown name or a value out of range.
        """
        names = {field.name for field in dataclasses.fields(cls)}  # pyright: ignore[reportArgumentType]
        unknown = sorted(set(settings) - names - {"fingerprint"})
        if unknown:
            hint = f"Use {', '.join(sorted(names))}"
            raise invalid(f"Settings of {cls.__name__} must be known", received=unknown, hint=hint)
        known: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items() if k in names}
        return cls(**known)


@dataclasses.dataclass(frozen=True)
class StandardProblem(_Problem):
    """Teachers, students, training and quadrature of the standard problem.

    Parameters
    ----------
    classes, rank, features, hidden
        Classes K, rank of the teachers, features N_f, and hidden units per layer.
    noise
        Noise scale σ̂ of the teachers; 0 leaves them clean.
    alpha
        Weights α of the main task and of each auxiliary one in the training loss (1).
    start, start_scale
        "random" (every layer N(0, start_scale²/fan_in)) or "aligned" with the teachers; the scale is one number for all
        layers, or one for the trunk and one for the heads. ReLU students need `RELU_START_SCALE`.
    hidden_layers, activation
        Depth of the trunk, "linear" or "relu".
    training, step, rtol
        "flow" with tolerance `rtol` (`RELU_RTOL` for ReLU students), or "descent" with step size `step`.
    time_limit
        Time (steps × step size) at which a lane ends if its minima are not bracketed before.
    precision
        "float32" or "float64".
    coarse_points
        Nodes of the rule that finds the minimum of the generalization loss.
    fine_points, scrambles
        Nodes and scrambles of the rule for the loss of a linear student at its stop.
    fresh_points
        Fresh inputs for the loss of a ReLU student at its stop, in `scrambles` blocks.
    validation_fraction
        Validation points over training points.

    Raises
    ------
    InputError
        For a value out of its range.
    """

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
        check_choice("training", self.training, ("flow", "descent"))
        check_choice("activation", self.activation, ("linear", "relu"))
        check_choice("start", self.start, ("random", "aligned"))
        check_choice("precision", self.precision, ("float32", "float64"))
        if len(self.alpha) != 2 or not all(0 <= a < float("inf") for a in self.alpha):
            raise invalid("alpha must be two finite weights ≥ 0", received=self.alpha, hint="The paper has (1, 1)")
        for name in ("noise", "step", "rtol", "time_limit", "validation_fraction"):
            hint = "See the defaults of StandardProblem"
            check_number(name, getattr(self, name), hint=hint, zero=name == "noise")
        self._check_start()
        if self.activation == "relu" and not (self.scrambles > 1 and self.fresh_points // self.scrambles > 0):
            raise invalid(
                "A ReLU student is evaluated on at least 2 blocks (scrambles) of at least 1 fresh point each",
                received=f"{self.fresh_points} points in {self.scrambles} blocks",
                hint="24 blocks of 1024 points are usual",
            )

    def _check_start(self) -> None:
        scales = self.start_scale if isinstance(self.start_scale, tuple) else (self.start_scale,) * 2
        if len(scales) != 2 or not all(0 < scale < float("inf") for scale in scales):
            raise invalid(
                "start_scale must be one finite number above 0, or one for the trunk and one for the heads",
                received=self.start_scale,
                hint="A student that starts at zero never moves; 0.3 is usual",
            )
        shallow = self.activation == "linear" and self.hidden_layers == 1 and scales[0] == scales[1]
        if self.start == "aligned" and not (shallow and self.hidden >= 2 * self.classes):
            raise invalid(
                "An aligned start needs a linear student with one hidden layer, at least twice as wide as there are "
                "classes, and one start_scale",
                received=f"{self.activation}, {self.hidden_layers} layers, hidden={self.hidden}, {self.start_scale}",
                hint='Use start="random"',
            )

    @property
    def dtype(self) -> np.dtype:
        """`precision` as a dtype."""
        return np.dtype(self.precision)

    @property
    def layer_scales(self) -> tuple[float, ...]:
        """`start_scale` of every trunk layer and of the heads."""
        trunk, heads = self.start_scale if isinstance(self.start_scale, tuple) else (self.start_scale,) * 2
        return (trunk,) * self.hidden_layers + (heads,)


@dataclasses.dataclass(frozen=True)
class StandardSettings(StandardProblem):
    """The standard problem and the arm of it that is trained.

    Parameters
    ----------
    tasks
        Number of tasks that the student trains on: 1 for baselines, 2 or more for joint lanes. All others: see
        `StandardProblem`.
    """

    tasks: int = dataclasses.field(kw_only=True)

    def __post_init__(self):
        super().__post_init__()
        if not isinstance(self.tasks, int | np.integer) or self.tasks < 1:
            raise invalid("A lane trains 1 task or more", received=self.tasks, hint="tasks=1 is the baseline")

    def task_weights(self, drawn: int) -> tuple[float, ...]:
        """α of the `drawn` tasks. A baseline is a joint lane whose auxiliary tasks have weight 0."""
        return (self.alpha[0], *(self.alpha[1] if task < self.tasks else 0.0 for task in range(1, drawn)))


@dataclasses.dataclass(frozen=True)
class RankOneProblem(_Problem):
    """What all lanes of Figure 1 share. The students' width does not matter: from a start of rank one all units move as one.

    Parameters
    ----------
    features, samples
        Features N_f and training points N.
    step, steps, saves
        Step size and number of steps of the descent, saved `saves` times after the start.
    rtol, points
        Tolerance of the theories, and nodes of their quadrature: curves are within 0.2 % of those with eight times as many.
    time_limit
        Time up to which the minimum of the validation loss is sought.
    precision
        "float32" or "float64".

    Raises
    ------
    InputError
        For a value out of its range.
    """

    features: int = 100
    samples: int = 100
    step: float = 1e-3
    steps: int = 5000
    saves: int = 50
    rtol: float = 1e-4
    points: int = 1024
    time_limit: float = 100.0
    precision: str = "float32"

    def __post_init__(self):
        for name in ("step", "rtol", "time_limit"):
            check_number(name, getattr(self, name), hint="The paper has step 1e-3")
        if self.time_limit <= self.step * self.steps:
            raise invalid(
                "time_limit must lie beyond the descent's end, steps · step",
                received=f"{self.time_limit} with {self.steps} steps of {self.step}",
                hint="The paper has step 1e-3 and 5000 steps",
            )
        if self.saves < 1 or self.steps % self.saves:
            raise invalid(
                "The descent is saved every steps/saves steps, which must be a whole number",
                received=f"{self.steps} steps, {self.saves} saves",
                hint="Use 5000 steps and 50 saves",
            )
        check_choice("precision", self.precision, ("float32", "float64"))

    @property
    def counts(self) -> np.ndarray:
        """The step counts at which the descent is saved, from 0 to its end."""
        return np.linspace(0, self.steps, self.saves + 1).round().astype(np.int32)
