"""Advice in words: the rows of its table, its sentences, and the names of sets. Callers print them."""

from collections.abc import Sequence

import numpy as np

from sharedtrunk._support.limits import NUMBER_METRICS
from sharedtrunk._support.statistics import Estimate
from sharedtrunk._support.words import NOTHING, counted, number
from sharedtrunk.affinity._records import AdviceRecord, AuxiliaryAdvice, Conditions, CurvePoint, Effect, MatrixRecord
from sharedtrunk.affinity._selection import likely, primary

_ACTIVATIONS = {"relu": "ReLU"}

_UNITS = {
    "log_loss": "nats",
    "roc_auc": "ROC AUC",
    "brier": "Brier score",
    "mean_squared_error": "of the variance",
    "mean_absolute_error": "standard deviations",
}
"""Units of benefits by metric; other metrics are called by their names."""

COLUMNS = ("auxiliary\nlabels", "benefit\n(nats)", "accuracy\n(points)", "verdict", "r\nSNR", "theory")
EXPECTED = "expected\n+ / −"
"""Heading of the column that stands in place of the accuracy where there are outlooks: of log losses."""

VERDICT = COLUMNS.index("verdict")
MEASURED = (
    "Benefit: held-out loss of training alone minus that of training beside the auxiliary task, with 95 % intervals; "
    "verdicts are corrected for the number of tasks or sets that were tried."
)
THEORY = (
    "Theory: relatedness r and SNR of the auxiliary task, and the predicted benefit as a share of the main task's linearly "
    "explainable variance."
)
OUTLOOK = (
    "Expected: the benefit given this measurement and the benefits on many public tables, and the chances that it is above "
    "(+) and below (−) what is negligible."
)
CAPTIONS = (f"{MEASURED} {OUTLOOK}", THEORY)
_SHORT_AGREEMENT = {"cannot be compared": "unsettled"}


def unit(conditions: Conditions) -> str:
    """The unit of a benefit."""
    return _UNITS.get(conditions.metric, conditions.metric.replace("_", " "))


def columns(conditions: Conditions) -> tuple[str, ...]:
    """Headings of the table's columns, with the unit of the benefit."""
    named = tuple(heading.replace("nats", unit(conditions)) for heading in COLUMNS)
    if conditions.metric == "mean_squared_error":  # numbers have no accuracy
        return tuple(
            {"benefit": "benefit\n(variance)", "accuracy": "Gaussian\n(nats)"}.get(each.split("\n")[0], each)
            for each in named
        )
    if conditions.metric == "log_loss":
        return tuple(EXPECTED if each.startswith("accuracy") else each for each in named)
    return named


def conditions_are_numeric(conditions: Conditions) -> bool:
    """Whether the main task is a number."""
    return conditions.metric in NUMBER_METRICS


def captions(conditions: Conditions) -> tuple[str, ...]:
    """What was measured, and what the theory's columns are."""
    if conditions.metric == "log_loss":
        return CAPTIONS
    if conditions.metric == "mean_squared_error":
        better = "by how much the squared error of held-out rows, as a share of the variance, is lower beside the task"
        nats = "Gaussian: half the logarithm of the errors' ratio."
        return (f"Benefit: {better}, {MEASURED[MEASURED.index('with 95 %') :]} {nats}", THEORY)
    better = f"by how much the {unit(conditions)} of held-out rows is better beside the auxiliary task than alone"
    return (f"Benefit: {better}, {MEASURED[MEASURED.index('with 95 %') :]}", THEORY)


def title(advice: AdviceRecord) -> str:
    """Main task, its labels, table and student, in one line."""
    conditions = advice.conditions
    labels = counted(conditions.labels, "label")
    return f"Training beside {advice.main}: {labels}, {table_words(conditions)}, {student(conditions)}"


def table_words(conditions: Conditions) -> str:
    """The table's size."""
    return f"{counted(conditions.rows, 'row')} of {counted(conditions.features, 'feature')}"


def student(conditions: Conditions) -> str:
    """The student in a few words: `ReLU student of 100 hidden units`, or the user's own model."""
    if conditions.model:
        return conditions.model
    if is_linear(conditions):
        return "linear student with weight decay"
    layers = "-".join(str(width) for width in conditions.hidden)
    return f"{_ACTIVATIONS.get(conditions.activation, conditions.activation)} student of {layers} hidden units"


def leading_rows(advice: AdviceRecord, most: int) -> tuple[AuxiliaryAdvice, ...]:
    """The auxiliary tasks that matter, best first: recommended ones, then those with the largest |benefit| / error."""
    best = () if advice.best_set is None else advice.best_set.auxiliaries

    def weight(each: AuxiliaryAdvice) -> tuple[bool, float]:
        return each.name in best, certainty(each.effect)

    chosen = {each.name for each in sorted(advice.auxiliaries, key=weight, reverse=True)[:most]}
    return tuple(each for each in advice.auxiliaries if each.name in chosen)


def certainty(effect: Effect) -> float:
    """|benefit| in standard errors; 0 where the error is unknown."""
    found = effect.benefit
    return abs(found.mean) / found.standard_error if found.standard_error > 0 else 0.0


def rows(advice: AdviceRecord) -> list[tuple[str, ...]]:
    """One row of two lines per auxiliary task, best first, in the order of `COLUMNS`."""
    return [_row(each, bool(advice.unfinished)) for each in advice.auxiliaries]


def _row(each: AuxiliaryAdvice, unfinished: bool) -> tuple[str, ...]:
    why = each.explanation
    effect = each.effect
    second = interval(effect.accuracy, 1) if effect.nats is None else interval(effect.nats, 3)
    if effect.outlook is not None:
        second = f"{effect.outlook.expected:+z.3f}\n{effect.outlook.helps:.0%} / {effect.outlook.harms:.0%}"
    measured = (interval(each.effect.benefit, 3), second, each.effect.verdict)
    named = f"{each.name}\n{each.labels:,}"
    if unfinished:  # otherwise all effects rest on the same splits
        named += f"\n{counted(each.effect.benefit.n, 'split')}"
    if why is None:
        return (named, *measured, NOTHING, NOTHING)
    signal = f"{number(why.relatedness, 'z.2f')}\n{number(why.snr_auxiliary, 'z.1f')}"
    agreement = _SHORT_AGREEMENT.get(each.agreement, each.agreement)
    return (named, *measured, signal, f"{number(why.predicted, '+z.3f')}\n{agreement}")


def sentences(advice: AdviceRecord) -> list[tuple[str, str]]:
    """The conclusions, as (keyword, sentence): set, weight, curve, theory, and why verdicts are unknown."""
    found = [("So far", sentence) for sentence in advice.unfinished]
    found += [("Behind", sentence) for sentence in _behind(advice)]
    if np.isfinite(advice.loss_alone.mean):
        found.append(("Alone", _alone(advice)))
    if advice.sets and any(effect.outlook is not None for effect in advice.sets):
        found += [("Advice", _decision(advice)), *(("Ways", sentence) for sentence in _ways(advice))]
    elif advice.alphas:
        found.append(("Best set", _set(advice)))
    if len(advice.alphas) > 1:
        found.append(("Weight", _weight(advice)))
    if advice.best_set is not None:
        found.append(("Train", classifier(advice)))
    if advice.curve:
        found.append(("Labels", _curve(advice)))
    why = [each.explanation for each in advice.auxiliaries if each.explanation is not None]
    found += [("Theory", each.about_main) for each in why[:1]]  # the main task is the same in all of them
    found += [("Theory", each.about_auxiliary) for each in why]
    found += [("Unknown", f"{each.name}: {each.effect.reason}.") for each in advice.auxiliaries if each.effect.reason]
    return [(keyword, text if text.endswith(".") else f"{text}.") for keyword, text in found]


def classifier(advice: AdviceRecord) -> str:
    """The recommended student in Python; it stops on the main task, as the students of the advice did."""
    conditions, best = advice.conditions, advice.best_set
    assert best is not None  # the caller has checked it
    if is_linear(conditions):
        weights = "" if best.alpha == 1 else f", task_weights={[1.0, *[best.alpha] * len(best.auxiliaries)]}"
        order = ", ".join((advice.main, *best.auxiliaries))
        return f"LinearTaskClassifier({best.way!r}{weights}) of sharedtrunk.affinity, on the columns {order} of labels"
    if conditions.model and conditions.model != "SharedTrunkClassifier":
        return f"{conditions.model} on {advice.main}, with {set_name(best.auxiliaries)} beside it"
    if conditions_are_numeric(conditions):
        return f"a trunk of {conditions.hidden} units that {set_name((advice.main, *best.auxiliaries))} share"
    weights = {advice.main: 1.0} | dict.fromkeys(best.auxiliaries, advice.best_alpha)
    layers = f"hidden={conditions.hidden}, activation={conditions.activation!r}, "
    layers = "your settings, " if conditions.model else layers
    settings = f"{layers}task_weights={weights}, stop_on={advice.main!r}"
    return f"SharedTrunkClassifier({settings}) of sharedtrunk.affinity, on these columns of labels"


def measured_on(conditions: Conditions) -> str:
    """Number of trainings, their time, the student and the seed."""
    folds, repeats = counted(conditions.folds, "fold"), counted(conditions.repeats, "repeat")
    trainings = counted(conditions.trainings, "training")
    trainings += f" ({conditions.kept:,} kept from before)" if conditions.kept else ""
    how = conditions.splits or f"{folds}, {repeats}"
    on = f"{conditions.folds * conditions.repeats} splits ({how}) in {conditions.seconds:.1f} s"
    return f"{trainings} on {on}; {student(conditions)}; seed {conditions.seed}."


def matrix_conditions(matrix: MatrixRecord) -> Conditions:
    """Conditions of the first task; others differ in their numbers of labels and classes only."""
    return matrix.conditions[matrix.tasks[0]]


def matrix_title(matrix: MatrixRecord) -> str:
    """How many tasks, and the table, in one line."""
    conditions = matrix_conditions(matrix)
    return f"Affinity of {counted(len(matrix.tasks), 'task')}: {table_words(conditions)}, {student(conditions)}"


def matrix_unit(matrix: MatrixRecord) -> str:
    """The unit of the benefits, or the units of tasks of several kinds."""
    units = dict.fromkeys(unit(conditions) for conditions in matrix.conditions.values())
    return " or ".join(each.replace("of the", "shares of the") for each in units)


def matrix_caption(matrix: MatrixRecord) -> str:
    """What rows, columns and cells are."""
    measured = matrix_unit(matrix)
    return f"Row: main task; column: auxiliary task beside it; cell: benefit of the row's task in {measured}."


def matrix_rows(matrix: MatrixRecord) -> list[tuple[str, list[tuple[str, str] | None]]]:
    """A row per main task: its name, and for every auxiliary task (benefit, verdict); None on the diagonal."""
    return [(main, [_cell(matrix.effects.get((main, other))) for other in matrix.tasks]) for main in matrix.tasks]


def _cell(effect: Effect | None) -> tuple[str, str] | None:
    return None if effect is None else (number(effect.benefit.mean, "+z.2f"), effect.verdict)


def grouping(matrix: MatrixRecord) -> str:
    """The suggested groups in words."""
    together = [" + ".join(group) for group in matrix.groups if len(group) > 1]
    alone = [group[0] for group in matrix.groups if len(group) == 1]
    parts = [f"train together: {'; '.join(together)}"] if together else []
    parts += [f"alone: {', '.join(alone)}"] if alone else []
    return f"{'; '.join(parts)}."


def set_name(names: Sequence[str]) -> str:
    """The names joined: `parity + loop`."""
    return " + ".join(names)


def interval(found: Estimate, digits: int) -> str:
    """Mean, and its interval on a second line."""
    if not np.isfinite(found.low):
        return number(found.mean, f"+z.{digits}f")
    return f"{found.mean:+z.{digits}f}\n[{found.low:+z.{digits}f}, {found.high:+z.{digits}f}]"


def with_error(value: float, error: float, form: str) -> str:
    """`0.62 ± 0.08`; `0.62` without an error, `–` without a value."""
    known = np.isfinite(value) and np.isfinite(error)
    return f"{number(value, form)} ± {number(error, form)}" if known else number(value, form)


def studied_set(advice: AdviceRecord) -> tuple[str, ...]:
    """The set whose weight and curve were measured: the best set or, without one, the set with the highest benefit."""
    return advice.alphas[0].auxiliaries if advice.alphas else ()


def _alone(advice: AdviceRecord) -> str:
    loss, accuracy = advice.loss_alone, advice.accuracy_alone
    found = f"{advice.main} alone has a held-out loss of {loss.mean:.3f} nats and {accuracy.mean:.1f} % accuracy"
    if conditions_are_numeric(advice.conditions):
        found = f"{advice.main} alone has a held-out squared error of {loss.mean:.3f} of the variance"
        found += f"; the mean of the rows learnt from has {advice.loss_of_frequencies:.3f}"
    elif np.isfinite(advice.loss_of_frequencies):
        found += (
            f"; the class frequencies have {advice.loss_of_frequencies:.3f} nats, and always saying the commonest class "
            f"gets {advice.accuracy_of_commonest:.1f} %"
        )
    if advice.loss_of_regression is not None and np.isfinite(advice.loss_of_regression.mean):
        name = "RidgeCV" if conditions_are_numeric(advice.conditions) else "LogisticRegressionCV"
        found += f"; {name} has {advice.loss_of_regression.mean:.3f}"
    metric, line = unit(advice.conditions), advice.conditions.negligible
    if advice.score_alone is not None:
        without = number(advice.score_of_frequencies, ".3f")
        what = "mean" if conditions_are_numeric(advice.conditions) else "class frequencies"
        metric_name = advice.conditions.metric.replace("_", " ") if what == "mean" else metric
        found += f". Its {metric_name} is {number(advice.score_alone.mean, '.3f')}, that of the {what} {without}"
    return f"{found}. Benefits within ± {line:.2g} {metric} make no difference"


def is_linear(conditions: Conditions) -> bool:
    """Whether the student is the linear one with weight decay, which has no layers of its own."""
    return not conditions.model and not conditions.hidden


_BY_WAY = {
    "beside": "beside it on one trunk",
    "feature": "as a feature: its predicted log odds",
    "average": "in the average of students alone, beside it and with it as a feature",
}


def _decision(advice: AdviceRecord) -> str:
    """The recommendation, with what is expected of it."""
    best = advice.best_set
    if best is None or best.outlook is None:
        leading = max((each for each in primary(advice.sets) if each.outlook is not None), key=likely)
        return (
            f"train {advice.main} alone: no use of other labels is expected to help. The best is expected to bring "
            f"{_outlook(leading, advice.conditions)}"
        )
    outlook, line = best.outlook, advice.conditions.negligible
    use, bring = (
        f"{set_name(best.auxiliaries)} {_BY_WAY[best.way]}",
        f"expected to bring {_outlook(best, advice.conditions)}",
    )
    if outlook.expected < line:
        return f"it hardly matters. Best is to use {use}: {bring}. That is negligible: collect no labels for it"
    return f"use {use}: {bring}"


def _outlook(effect: Effect, conditions: Conditions) -> str:
    outlook, line = effect.outlook, conditions.negligible
    assert outlook is not None  # the callers have checked it
    return (
        f"{outlook.expected:+z.3f} nats, with 95 % probability {outlook.low:+z.3f} to {outlook.high:+z.3f}; it helps by more "
        f"than {line:.2g} with a chance of {outlook.helps:.0%}, and harms by more with {outlook.harms:.0%}"
    )


def _ways(advice: AdviceRecord) -> list[str]:
    """The expected benefits of the auxiliary tasks in every way, where there are several."""
    return [
        f"{each.name}: "
        + ", ".join(
            f"{way.way} {number(way.outlook.expected, '+z.3f')}" for way in each.ways if way.outlook is not None
        )
        + " nats expected"
        for each in advice.auxiliaries
        if len(each.ways) > 1
    ]


def _behind(advice: AdviceRecord) -> list[str]:
    """A sentence where the student alone is surely behind class frequencies or a plain regression."""
    found, behind = [], advice.behind_regression
    numeric = conditions_are_numeric(advice.conditions)
    if advice.loss_alone.low > advice.loss_of_frequencies:
        what = "the mean" if numeric else "the class frequencies"
        found.append(f"alone, {student(advice.conditions)} is worse than {what}: its numbers say little")
    if behind is not None and behind.low > 0:
        name = "RidgeCV" if numeric else "LogisticRegressionCV"
        found.append(
            f"alone, {student(advice.conditions)} is {behind.mean:.3f} [{behind.low:+.3f}, {behind.high:+.3f}] behind "
            f"{name} of scikit-learn: use that first"
        )
    return found


def _set(advice: AdviceRecord) -> str:
    if advice.best_set is None:
        return f'none: no set has the verdict "helps" for {advice.main}{_leading(advice)}'
    best = advice.best_set
    tried = counted(len(advice.sets), "set")
    chosen = f"the smallest near the best of {tried}; because it was selected, its number is likely a little too high"
    return f"{set_name(best.auxiliaries)}: {_benefit(best.benefit, advice.conditions)}, {best.verdict} ({chosen})"


def _leading(advice: AdviceRecord) -> str:
    """The set of the highest benefit, where none is recommended."""
    names = studied_set(advice)
    found = [effect for effect in advice.sets if effect.auxiliaries == names]
    benefit = _benefit(found[0].benefit, advice.conditions) if found else ""
    return f"; the highest benefit is that of {set_name(names)}: {benefit}" if found else ""


def _weight(advice: AdviceRecord) -> str:
    tried = ", ".join(f"{effect.alpha:g}: {number(effect.benefit.mean, '+z.3f')}" for effect in advice.alphas)
    condition = "" if advice.best_set is not None else ", if it were taken"
    numbers = f"{unit(advice.conditions)} by α: {tried}"
    return f"α = {advice.best_alpha:g} for {set_name(studied_set(advice))}{condition} ({numbers})"


def _curve(advice: AdviceRecord) -> str:
    conditions = advice.conditions
    points = "; ".join(_point(point, conditions) for point in advice.curve)
    return (
        f"benefit of {set_name(studied_set(advice))} by number of main labels (yours: {conditions.labels:,}): {points}"
    )


def _point(point: CurvePoint, conditions: Conditions) -> str:
    extended = "" if point.measured else ", if the trend in ln N continues"
    return f"{point.labels:,}: {_benefit(point.benefit, conditions)}{extended}"


def _benefit(found: Estimate, conditions: Conditions) -> str:
    mean = f"{number(found.mean, '+z.3f')} {unit(conditions)}"
    return f"{mean} [{found.low:+z.3f}, {found.high:+z.3f}]" if np.isfinite(found.low) else mean
