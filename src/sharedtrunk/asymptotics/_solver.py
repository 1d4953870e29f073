"""The fixed points of one model, each of which begins where the last ones lead."""

import functools
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import check_inverse_temperature, check_kind_of, described, on_host, whole_number
from sharedtrunk._support.concrete import all_finite
from sharedtrunk.asymptotics._evolved import StateEvolution
from sharedtrunk.asymptotics._fields import TaskFields, check_fields
from sharedtrunk.asymptotics._fixed_point import (
    FixedPoint,
    Problem,
    Start,
    about,
    fixed_point,
    untrained,
    untrained_averages,
)
from sharedtrunk.asymptotics._iteration import Model, Setting, iterates_on
from sharedtrunk.asymptotics._losses import judge_of, losses_of
from sharedtrunk.asymptotics._nodes import exact_nodes, few_of, labels_of, quick_normals
from sharedtrunk.asymptotics._response import Averages, stacked_frame
from sharedtrunk.errors import invalid
from sharedtrunk.flows.result import Result

RULE = gaussian.Sobol(points=1024, scrambles=8)
"""Points that are solved to the end. The error bar is how far each scramble's averages alone would move the fixed point."""

QUICK_POINTS = 32_768
"""Further pseudorandom points of every scramble, which take a few steps only."""

MOST_ITERATIONS = 1000
"""Most fixed points take 10 to 50 iterations, the hardest of the figure of weight decay several hundred."""

LEAST_SAMPLES = 1e-3
"""The least N/N_f that is tried; below about 0.1 the iteration often does not converge."""

_NEAR_LARGEST = 1.2
"""The largest λ of a trunk with weights is known to better than this factor from the exact nodes alone."""

_FARTHEST = 1.5
"""Largest extrapolation in ln λ, in units of the distance between the last two settings."""

_ROUGHER = 5
"""Factor of the tolerance where the numbers are for a search."""

_TOLERANCE = {np.dtype(np.float64): 1e-4, np.dtype(np.float32): 1e-3}
"""Residual in logarithms of the response; twice as much counts as solved."""


class Solver:
    """The fixed points of one model, with nodes and moments that are prepared once.

    The parameters are those of `state_evolution`.
    """

    def __init__(
        self,
        fields: TaskFields,
        *,
        layers: int = 2,
        inverse_temperature: float | None = None,
        task_weights: Sequence[float] | None = None,
        label_shares: Sequence[float] | None = None,
        rule: gaussian.Sobol = RULE,
        quick_points: int = QUICK_POINTS,
        most_iterations: int = MOST_ITERATIONS,
    ) -> None:
        check_fields(fields)
        whole_number(layers, "Layers", least=1, hint="2 is a head on a trunk")
        whole_number(most_iterations, "Iterations", least=1, hint="Leave them out")
        whole_number(quick_points, "Quick points", least=0, hint="0 leaves them out")
        check_kind_of(rule, gaussian.Sobol, "The rule", "Leave it out")
        if rule.scrambles < 4:
            raise invalid("The rule must have at least 4 scrambles", received=repr(rule), hint="Leave it out")
        if inverse_temperature is not None:
            check_inverse_temperature(inverse_temperature, "None means hard labels")
        self.fields, self.layers, self.most_iterations = fields, layers, most_iterations
        alphas = _per_task(task_weights, len(fields.classes), "Task weights", np.inf)
        shares = _per_task(label_shares, len(fields.classes), "Label shares", 1.0)
        self.labelled = max(shares)  # points without any label do not count
        labels = labels_of(fields, inverse_temperature, alphas, tuple(share / self.labelled for share in shares))
        exact = exact_nodes(fields, labels, rule)
        self.model = Model(fields.classes, layers, rule.scrambles)
        few = few_of(exact, rule.scrambles)
        self.problem = Problem(
            exact, few, labels, quick_normals(labels, quick_points, rule.seed) if quick_points else None
        )
        self.judge = judge_of(fields, inverse_temperature)
        self.tolerance = _TOLERANCE[np.dtype(exact.z.dtype)]
        self._ends: list[tuple[float, float, Start]] = []
        self._untrained = untrained(self.problem, self.model)

    @functools.cached_property
    def _at_zero(self) -> Averages:
        return untrained_averages(self.problem, self.model)

    @functools.cached_property
    def _roughly_at_zero(self) -> Averages:
        return untrained_averages(self.problem._replace(quick=None), self.model)

    def largest_decay(self, samples_per_feature: float) -> float:
        """The λ beyond which a trunk has no weights: by how much the data pull at W = 0."""
        return self._pull(self._at_zero, samples_per_feature)

    def _pull(self, at_zero: Averages, samples_per_feature: float) -> float:
        pull, scatter = np.asarray(at_zero.pull), np.asarray(at_zero.scatter)
        square = pull @ pull.T + scatter / (self.labelled * samples_per_feature)
        return math.sqrt(np.linalg.eigvalsh(square)[-1])

    def _is_untrained(self, samples_per_feature: float, weight_decay: float) -> bool:
        """Whether a trunk has no weights; quick nodes are asked only near the largest λ."""
        if self.layers == 1:
            return False
        largest = self._pull(self._roughly_at_zero, samples_per_feature)
        if 1 / _NEAR_LARGEST < weight_decay / largest < _NEAR_LARGEST:
            largest = self.largest_decay(samples_per_feature)
        return largest <= weight_decay

    def at(self, samples_per_feature: float, weight_decay: float, *, rough: bool = False) -> StateEvolution:
        """The students at one a and λ; `rough` ones have larger residuals, and neither quick nodes nor errors."""
        if self._is_untrained(samples_per_feature, weight_decay):
            return self._students(samples_per_feature, weight_decay, self._untrained)
        setting = Setting(jnp.asarray(samples_per_feature * self.labelled), jnp.asarray(weight_decay))
        problem = self.problem._replace(quick=None) if rough else self.problem
        tolerance = self.tolerance * (_ROUGHER if rough else 1)
        start = self._start(samples_per_feature, weight_decay)
        end, point = fixed_point(problem, setting, self.model, self.most_iterations, tolerance, start, spread=not rough)
        students = self._students(samples_per_feature, weight_decay, point, 2 * tolerance)
        if students.result == Result.SUCCESS and iterates_on(self.problem.few, end.iterate):
            self._ends = [*self._ends[-1:], (samples_per_feature, weight_decay, end)]
        else:
            self._ends = []
        return students

    def _start(self, samples_per_feature: float, weight_decay: float) -> Start | None:
        """The last fixed point, moved on along the line from the one before where only ln λ changed, and not by much."""
        if not self._ends:
            return None
        (*_, one_decay, one), (samples, decay, last) = self._ends[0], self._ends[-1]
        if samples_per_feature == samples == self._ends[0][0] and decay != one_decay:
            share = math.log(weight_decay / decay) / math.log(decay / one_decay)
            if abs(share) <= _FARTHEST:
                return last.beyond(one, share)
        return last

    def _students(
        self, samples_per_feature: float, weight_decay: float, point: FixedPoint, most: float = 0.0
    ) -> StateEvolution:
        finite = all_finite((point.order, point.blocks))
        both = jax.tree.map(lambda mean, blocks: jnp.concatenate([mean[None], blocks]), point.order, point.blocks)
        both = both if finite else jax.tree.map(jnp.zeros_like, both)
        judged = losses_of(self.judge, both, self.fields.classes)
        of_main = np.stack([judged.generalization_loss, judged.validation_loss], axis=-1)
        losses = np.concatenate([about(of_main[0], of_main[1:]), np.asarray(point.block_losses)], axis=-1)
        rates = np.stack([_with_own_nodes(np.asarray(part)) for part in (judged.accuracy, judged.confidence)], axis=-1)
        solved = point.residual <= most
        absent = 0.0 if finite else np.nan
        frame, noisy = stacked_frame(self.fields.classes), np.asarray(self.fields.noisy)
        overlap, gram, influence = (np.asarray(part) for part in point.blocks)
        return StateEvolution(
            gram=frame @ gram @ frame.T + absent,
            overlap=frame @ overlap @ noisy.T + absent,
            influence=frame @ influence @ frame.T + absent,
            losses=losses + absent,
            rates=rates + absent,
            weight_decay=np.asarray(weight_decay),
            samples_per_feature=np.asarray(samples_per_feature),
            iterations=np.asarray(point.iterations),
            residual=np.asarray(point.residual),
            result=np.asarray(Result.DIVERGED if not finite else Result.SUCCESS if solved else Result.STEP_LIMIT, int),
        )


def _with_own_nodes(values: np.ndarray) -> np.ndarray:
    """Every block's value, from (student, scramble) of all blocks together and of each.

    The scrambles are those of nodes with an error of their own. Each block gets one of them, scaled so that the spread of the
    blocks shows that error, however many there are.
    """
    together, blocks = values[0], values[1:].mean(axis=1)
    own = np.resize(together - together.mean(), blocks.shape) * (len(blocks) / len(together)) ** 0.5
    return about(together.mean(), blocks + own)


def checked_decay(values) -> np.ndarray:
    """λ on the host. Raises `InputError` unless it is finite and > 0."""
    return _above(0.0, values, "The weight decay", "0.05")


def checked_samples(values) -> np.ndarray:
    """N/N_f on the host. Raises `InputError` unless it is finite and not so small that no fixed point is reached."""
    return _above(LEAST_SAMPLES, values, "N/N_f", "4.0")


def _above(least: float, values, name: str, example: str) -> np.ndarray:
    values = on_host(values, name)
    known = np.asarray(jnp.asarray(values))  # in the precision of the solver
    if values.size == 0 or not (np.isfinite(known) & (known > least)).all():
        rule = f"{name} must be finite and > {least:g} in {known.dtype}"
        raise invalid(rule, received=described(values), hint=f"Give such as {example}")
    return values


def _per_task(values, tasks: int, name: str, most: float) -> tuple[float, ...]:
    if values is None:
        return (1.0,) * tasks
    values = on_host(values, name)
    if values.shape != (tasks,) or not ((values > 0) & (values <= most) & np.isfinite(values)).all():
        limit = f"in (0, {most:g}]" if np.isfinite(most) else "> 0"
        raise invalid(
            f"{name} are finite numbers {limit}, one per task", received=described(values), hint="Leave them out"
        )
    return tuple(float(value) for value in values)
