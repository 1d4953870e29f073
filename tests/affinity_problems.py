"""Advices and matrices made by hand: every verdict, missing numbers, awkward names, 1 to 12 tasks."""

import math

import numpy as np

from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity import Advice, AffinityMatrix
from sharedtrunk.affinity._explanation import Explanation
from sharedtrunk.affinity._records import AuxiliaryAdvice, Conditions, CurvePoint, Effect
from sharedtrunk.affinity._verdicts import VERDICTS

NAMES = (
    "parity", "loop", "a_very_long_column_name_that_goes_on_and_on_for_more_than_one_line", "half", "prime", "third",
    "price in $ and not in $", "region", "<b>bold</b> [red]", "returned", "segment", "x",
)  # fmt: skip

NOWHERE = Estimate(math.nan, math.nan, math.nan, math.nan, 0, 30)


def around(mean, error=0.02, n=30):
    return Estimate(mean, error, mean - 2.05 * error, mean + 2.05 * error, n, 0)


def effect(*names, mean=0.1, verdict="helps", alpha=1.0, reason="", benefit=None):
    found = around(mean) if benefit is None else benefit
    return Effect(names, alpha, found, around(20 * mean, 0.8), 0.004, 0.012, verdict, reason)


def explanation(main, auxiliary, *, rank=3, predicted=0.12):
    return Explanation(
        main=main,
        auxiliary=auxiliary,
        relatedness=0.62,
        relatedness_error=0.08,
        low=0.46,
        high=0.78,
        angles=np.array([12.0, 41.5, 80.0]),
        snr_main=1.4,
        snr_auxiliary=3.1,
        rank_main=rank,
        rank_auxiliary=2,
        labels_main=200,
        labels_auxiliary=1797,
        labels_per_parameter=0.9,
        trunk_share=20.0,
        predicted=predicted,
        predicted_error=0.03,
        predicted_verdict="helps" if rank else "cannot tell yet",
    )


def conditions(labels=200, **changed):
    usual = {
        "rows": 1797,
        "features": 64,
        "classes": 10,
        "labels": labels,
        "trained_on": round(0.7 * labels),
        "stopped_by": round(0.2 * labels),
    }
    usual |= {"hidden": (100,), "activation": "relu", "folds": 10, "repeats": 3, "negligible": 0.01, "seed": 0}
    return Conditions(**(usual | {"trainings": 540, "seconds": 12.3} | changed))


def auxiliary(place, name, main="digit"):
    verdict = VERDICTS[place % len(VERDICTS)]
    mean = {"helps": 0.2, "no difference": 0.001, "cannot tell yet": 0.03, "hurts": -0.15}[verdict] - 0.01 * place
    reason = "the interval reaches from -0.010 to +0.070 nats" if verdict == "cannot tell yet" else ""
    why = explanation(main, name)
    return AuxiliaryAdvice(name, 1797, effect(name, mean=mean, verdict=verdict, reason=reason), why, "agrees")


def advice(count=3, *, main="digit", helps=True, notes=("Column 'id' counts the rows and was left out.",)):
    singles = [auxiliary(place, name, main) for place, name in enumerate(NAMES[:count])]
    names = [each.name for each in singles]
    several = [effect(*names[:size], mean=0.2 + 0.01 * size) for size in range(2, count + 1)]
    tried = [each.effect for each in singles] + several
    best = (several or tried)[0] if helps else None
    studied = (best or tried[0]).auxiliaries
    alphas = [(0.1, 0.05), (0.3, 0.12), (1.0, 0.22), (3.0, 0.24), (10.0, 0.11)]
    curve = [(50, 0.4, True), (100, 0.33, True), (200, 0.22, True), (400, 0.14, False)]
    return Advice(
        main=main,
        loss_alone=around(0.61),
        accuracy_alone=around(83.2),
        auxiliaries=tuple(singles),
        sets=tuple(tried),
        best_set=best,
        alphas=tuple(effect(*studied, mean=mean, alpha=alpha) for alpha, mean in alphas),
        best_alpha=1.0,
        curve=tuple(CurvePoint(labels, around(mean, 0.03), measured) for labels, mean, measured in curve),
        conditions=conditions(),
        notes=notes,
    )


def unknown_advice():
    """Nothing was measured but that nothing can be told: no numbers, no explanation, no curve."""
    lost = effect("loop", verdict="cannot tell yet", benefit=NOWHERE, reason="30 of 30 trainings gave no finite loss")
    single = AuxiliaryAdvice("loop", 31, lost, None, "cannot be compared")
    return Advice(
        "digit", NOWHERE, NOWHERE, (single,), (lost,), None, (), 1.0, (), conditions(31, trainings=60), ()
    )  # fmt: skip


def matrix(count=4):
    tasks = NAMES[:count]
    effects = {}
    for row, main in enumerate(tasks):
        for column, other in enumerate(tasks):
            if main != other:
                mean = 0.3 * math.sin(2.0 * row + 3.0 * column)
                verdict = "helps" if mean > 0.1 else "hurts" if mean < -0.1 else VERDICTS[1 + (row + column) % 2]
                effects[main, other] = effect(other, mean=mean, verdict=verdict)
    groups = ((tasks[0], tasks[-1]), *((name,) for name in tasks[1:-1]))
    return AffinityMatrix(
        tasks,
        {name: around(0.5) for name in tasks},
        effects,
        groups,
        {name: conditions(trainings=60, seconds=1.5) for name in tasks},
        ("A note.",),
    )
