"""Settings of a chunk of lanes, parsed from JSON data."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from sharedtrunk import students
from sharedtrunk._errors import invalid

MAY_BE_ZERO = ("noise", "start_scale")


@dataclasses.dataclass(frozen=True)
class StandardSettings:
    """What all lanes of a sweep have in common (design of the standard problem). `tasks` is 1 for the baseline."""

    tasks: int
    classes: int = 10
    rank: int = 10
    features: int = 100
    hidden: int = 100
    noise: float = 1.0
    alpha: tuple[float, ...] = (1.0, 1.0)
    start_scale: float = 0.3
    hidden_layers: int = 1
    activation: str = "linear"
    training: str = "flow"
    step: float = 0.1
    rtol: float = 1e-4
    time_limit: float = 500.0
    precision: str = "float32"
    coarse_points: int = 1024
    fine_points: int = 4096
    scrambles: int = 24
    validation_fraction: float = 0.25

    def __post_init__(self):
        if len(self.alpha) != 2 or not all(0 <= a < float("inf") for a in self.alpha):
            raise invalid("alpha is two finite weights ≥ 0", received=self.alpha, way_out="The paper has (1, 1)")
        for name in ("noise", "start_scale", "step", "rtol", "time_limit", "validation_fraction"):
            if not 0 <= getattr(self, name) < float("inf") or (getattr(self, name) == 0 and name not in MAY_BE_ZERO):
                raise invalid(
                    f"{name} is finite and positive", received=getattr(self, name), way_out="See the standard problem"
                )
        if self.precision == "float64" and not jax.config.jax_enable_x64:  # pyright: ignore[reportAttributeAccessIssue]
            raise invalid(
                "Lanes in float64 need JAX's float64 switched on",
                received="jax_enable_x64 = False",
                way_out='Set JAX_ENABLE_X64=1, or call jax.config.update("jax_enable_x64", True)',
            )
        if self.tasks not in (1, 2):
            raise invalid("A lane trains 1 or 2 tasks", received=self.tasks, way_out="tasks=1 is the baseline")
        if self.training not in ("flow", "descent"):
            raise invalid("training is flow or descent", received=self.training, way_out="The paper's limit is flow")
        if self.activation != "linear":
            raise invalid(
                "The point function trains linear students, whose losses are computed from composite weights",
                received=self.activation,
                way_out="Train nonlinear students with students.train and FreshInputs",
            )
        if self.precision not in ("float32", "float64"):
            raise invalid(
                "precision is float32 or float64", received=self.precision, way_out="float32 is the default for lanes"
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
                way_out=f"Use {', '.join(sorted(names))}",
            )
        known: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items() if k in names}
        return cls(**known)

    @property
    def dtype(self):
        return jnp.dtype(self.precision)

    @property
    def task_weights(self) -> tuple[float, ...]:
        """α of both tasks; the auxiliary one has none in a baseline."""
        return (self.alpha[0], self.alpha[1] if self.tasks == 2 else 0.0)

    @property
    def method(self) -> students.Flow | students.Descent:
        """How the students are trained."""
        return students.Flow(rtol=self.rtol) if self.training == "flow" else students.Descent(step=self.step)
