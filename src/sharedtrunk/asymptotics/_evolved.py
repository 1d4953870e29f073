"""Students at the minimum, as `state_evolution` returns them."""

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float, Int

from sharedtrunk._support.notebook import ShowsItself, SmallTable
from sharedtrunk._support.statistics import half_width
from sharedtrunk._support.words import counted, number
from sharedtrunk.flows.result import Result


class StateEvolution(ShowsItself, eqx.Module):
    """Students at the minimum, for every setting.

    Arrays have an axis of scrambles: the value on all nodes, plus the shift that one scramble's averages alone would cause.
    These shifts have mean zero. Properties are means over this axis, and their errors half-widths of its 99 % intervals.

    Parameters
    ----------
    gram
        Q = W Wᵀ of the stacked composites (class of all tasks, class of all tasks).
    overlap
        W Σ̂ᵀ, the overlap with the noisy teachers (class of all tasks, class of all tasks).
    influence
        V, by which training on a point moves its own logits (class of all tasks, class of all tasks).
    losses
        In nats: generalization loss (clean labels) and validation loss (fresh noisy labels) of the main task, and every
        task's training loss.
    rates
        Of the main task: accuracy on clean labels, and confidence, the mean probability of the named class.
    weight_decay, samples_per_feature
        λ and N/N_f (*setting,).
    iterations, residual
        Iterations on few nodes, and the largest change of a logarithm of the response by the last pass over the exact ones.
    result
        `Result.SUCCESS`; `Result.STEP_LIMIT` where a fixed point was not reached within its iterations (the numbers are those
        of the last one); `Result.DIVERGED`, with NaN, where it left the range of the numbers.
    """

    gram: Float[np.ndarray, "*setting scramble class class"]
    overlap: Float[np.ndarray, "*setting scramble class class"]
    influence: Float[np.ndarray, "*setting scramble class class"]
    losses: Float[np.ndarray, "*setting scramble loss"]
    rates: Float[np.ndarray, "*setting scramble rate"]
    weight_decay: Float[np.ndarray, "*setting"]
    samples_per_feature: Float[np.ndarray, "*setting"]
    iterations: Int[np.ndarray, "*setting"]
    residual: Float[np.ndarray, "*setting"]
    result: Int[np.ndarray, "*setting"]

    @property
    def composite_gram(self) -> Float[np.ndarray, "*setting class class"]:
        """Q = W Wᵀ of the stacked composites."""
        return np.asarray(self.gram.mean(axis=-3))

    @property
    def generalization_loss(self) -> Float[np.ndarray, "*setting"]:
        """Loss of the main task on clean labels, in nats."""
        return np.asarray(self.losses[..., 0].mean(axis=-1))

    @property
    def error(self) -> Float[np.ndarray, "*setting"]:
        """Error of the generalization loss."""
        return np.asarray(half_width(self.losses[..., 0]))

    @property
    def validation_loss(self) -> Float[np.ndarray, "*setting"]:
        """Loss of the main task on fresh noisy labels, in nats."""
        return np.asarray(self.losses[..., 1].mean(axis=-1))

    @property
    def training_loss(self) -> Float[np.ndarray, "*setting task"]:
        """Loss of every task on the points that it was trained on, in nats."""
        return np.asarray(self.losses[..., 2:].mean(axis=-2))

    @property
    def training_error(self) -> Float[np.ndarray, "*setting task"]:
        """Error of the training losses."""
        return np.asarray(half_width(self.losses[..., 2:], axis=-2))

    @property
    def accuracy(self) -> Float[np.ndarray, "*setting"]:
        """Share of points that get their clean label."""
        return np.asarray(self.rates[..., 0].mean(axis=-1))

    @property
    def accuracy_error(self) -> Float[np.ndarray, "*setting"]:
        """Error of the accuracy."""
        return np.asarray(half_width(self.rates[..., 0]))

    @property
    def confidence(self) -> Float[np.ndarray, "*setting"]:
        """Mean probability of the named class; above the accuracy where the student is too sure."""
        return np.asarray(self.rates[..., 1].mean(axis=-1))

    def __getitem__(self, index) -> "StateEvolution":
        return jax.tree.map(lambda leaf: leaf[index], self)

    def _table(self) -> SmallTable:
        headings = ["N/N_f", "λ", "loss (nats)", "± 99 %", "training", "accuracy", "iterations", "result"]
        title = f"Students at the minimum with weight decay, of {counted(self.losses.shape[-1] - 2, 'task')}"
        settings = np.ndindex(self.weight_decay.shape)
        return SmallTable(title, headings, (self[index]._row() for index in settings), self.weight_decay.size)

    def _row(self) -> list[str]:
        """The cells of one setting."""
        values = (self.samples_per_feature, self.weight_decay, self.generalization_loss)
        training = ", ".join(number(loss, ".3g") for loss in self.training_loss)
        rest = [number(self.error, ".2g"), training, number(self.accuracy, ".3g"), f"{self.iterations}"]
        return [*(number(value, ".4g") for value in values), *rest, Result(int(self.result)).words]
