"""Paired trainings of one's own model: the same splits, arms and outcomes as `run_trials`, in this process.

A model of one's own gives the probabilities of classes, or the mean of a number in units of its standard deviation. It has
no stop that validation rows decide, so it is trained on them too.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed

from sharedtrunk.affinity._own_model import Model, known
from sharedtrunk.affinity._splits import TEST, TRAIN, VALIDATION
from sharedtrunk.affinity._trials import Arm, Outcome, Rows
from sharedtrunk.errors import InputError, invalid

SMALLEST = float(np.finfo(np.float64).eps)
"""A probability below this counts as this in the loss, as in scikit-learn's `log_loss`: a row's loss is at most 36 nats."""


def run_own_trials(
    rows: Rows,
    arms: Sequence[Arm],
    roles: Int[np.ndarray, "split sample"],
    ranks: Float[np.ndarray, "judged"],
    model: Model,
    *,
    given: Any = None,
    n_jobs: int | None = None,
    splits: Sequence[int] | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[tuple[Arm, int], Outcome]:
    """Train the model for every arm on every split; outcomes of the main task by (arm, 0), with probabilities.

    `given` are the inputs of all rows as the user has them; without them each split prepares its own. A split whose training
    rows lack a class of the main task, or whose training gives NaN, has no finite loss. Without `splits` all are
    trained; after `stop()` no further one. Raises `InputError` for a model that raises an error and for what are not
    probabilities.
    """
    if not arms:
        return {}
    parallel = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")
    one, wanted = delayed(_split), range(len(roles)) if splits is None else splits

    def asked():
        for split in wanted:
            if stop is not None and stop():
                return
            yield one(rows, arms, roles[split], ranks, model, given, split)

    found: dict[int, list[np.ndarray]] = {}
    results: Any = parallel(asked())
    for split, done in zip(wanted, results, strict=False):  # fewer are done where `stop()` came first
        found[split] = done
        if progress is not None:
            progress(len(arms))
    return {
        (arm, 0): outcome_of(rows, roles, {split: done[index] for split, done in found.items()})
        for index, arm in enumerate(arms)
    }


def trained_rows(role: Int[np.ndarray, "*split sample"]) -> Bool[np.ndarray, "*split sample"]:
    """The rows that one's own model may learn from."""
    return np.isin(role, (TRAIN, VALIDATION))


def loss_of(
    probabilities: Float[np.ndarray, "split judged class"], codes: Int[np.ndarray, "judged"]
) -> Float[np.ndarray, "split judged"]:
    """Loss of every row, in nats; NaN for NaN."""
    own = np.take_along_axis(probabilities, np.maximum(codes, 0)[None, :, None], axis=2)[:, :, 0]
    return -np.log(np.maximum(own, SMALLEST))


def right_of(
    probabilities: Float[np.ndarray, "split judged class"], codes: Int[np.ndarray, "judged"]
) -> Float[np.ndarray, "split judged"]:
    """Whether the likeliest class is the label, 0 or 1; NaN for NaN."""
    known = ~np.isnan(probabilities).any(axis=2)
    return np.where(known, probabilities.argmax(axis=2) == codes[None], np.nan)


def _split(
    rows: Rows, arms: Sequence[Arm], role: np.ndarray, ranks: np.ndarray, model: Model, given: Any, split: int
) -> list[np.ndarray]:
    """Probabilities (judged, class) of the test rows by arm, NaN in other rows."""
    learnt = trained_rows(role)
    inputs = rows.inputs.prepared(learnt) if given is None else given
    tested = np.flatnonzero(role[: rows.judged] == TEST)
    targets = np.zeros(0) if rows.targets is None else rows.targets.of(role)
    found = []
    for arm in arms:
        probabilities = np.full((rows.judged, rows.classes[0]), np.nan)
        labels = _labels(rows, arm, learnt, ranks, targets)
        if tested.size and _learnable(rows, labels[rows.tasks[0]]):
            predicted = _trained(rows, arm, inputs, labels, model, tested, split)
            # A training that gives NaN for some rows has failed for all: what is left would be a choice of rows.
            probabilities[tested] = np.nan if np.isnan(predicted).any() else predicted
        found.append(probabilities)
    return found


def _learnable(rows: Rows, main: np.ndarray) -> bool:
    """Whether the main task's labels that may be learnt from have all classes, or differ if they are numbers."""
    if rows.numeric(0):
        return np.unique(main[~np.isnan(main)]).size > 1
    return np.unique(main[main >= 0]).size == rows.classes[0]


def _labels(rows: Rows, arm: Arm, learnt: np.ndarray, ranks: np.ndarray, targets: np.ndarray) -> dict[str, np.ndarray]:
    """Labels (sample,) of the arm's tasks: codes, −1 where one is missing, held out or withheld; of tasks that are trained on
    numbers the `targets` (task, sample), NaN there. Auxiliary tasks of one class are left out, since they teach nothing and
    most models refuse them."""
    codes = np.where(learnt, rows.codes, -1)
    codes[0, : rows.judged][ranks > arm.share] = -1
    kept = [
        task
        for task, weight in enumerate(arm.weights)
        if task == 0 or (weight > 0 and np.unique(codes[task][codes[task] >= 0]).size > 1)
    ]
    return {
        rows.tasks[task]: np.where(codes[task] >= 0, targets[task], np.nan) if rows.numeric(task) else codes[task]
        for task in kept
    }


def _trained(rows: Rows, arm: Arm, inputs, labels, model: Model, tested: np.ndarray, split: int) -> np.ndarray:
    chosen = np.flatnonzero(np.any([known(each) for each in labels.values()], axis=0))
    weights = dict(zip(rows.tasks, arm.weights, strict=True))
    parts = _safe_indexing(inputs, chosen), {task: each[chosen] for task, each in labels.items()}
    own = None if rows.weights is None or rows.weights.rows is None else rows.weights.rows[chosen]
    try:
        return model.probabilities(*parts, weights, _safe_indexing(inputs, tested), rows.classes[0], own)
    except InputError:
        raise
    except Exception as error:  # a user's model may raise anything
        rule = f"{model.name} trains and predicts on every split"
        received = f"{type(error).__name__} in split {split + 1}: {str(error).strip() or 'no message'}"
        hint = f"It was given {chosen.size} rows with labels of {', '.join(labels)}."
        raise invalid(rule, received=received, hint=hint) from error


def outcome_of(rows: Rows, roles: np.ndarray, found: dict[int, np.ndarray]) -> Outcome:
    """The outcome from the probabilities (judged, class) of every split that is trained, whose step is 0."""
    codes, trained = rows.codes[0, : rows.judged], np.isin(np.arange(len(roles)), list(found))
    absent = np.full((rows.judged, rows.classes[0]), np.nan)
    probabilities = np.stack([found.get(split, absent) for split in range(len(roles))])
    made = (roles[:, : rows.judged] == TEST).any(axis=1) & trained
    step = np.where(trained, 0.0, np.nan)
    nothing = np.full(len(roles), np.nan)
    if rows.targets is not None and rows.numeric(0):
        targets = np.stack([rows.targets.of(role)[0, : rows.judged] for role in roles])
        loss = (targets - probabilities[:, :, 0]) ** 2
        return Outcome(loss, np.full(loss.shape, np.nan), step, nothing, made, probabilities)
    return Outcome(loss_of(probabilities, codes), right_of(probabilities, codes), step, nothing, made, probabilities)
