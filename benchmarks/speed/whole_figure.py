"""The whole of Figure A1 at equal accuracy: the library's measured chunks against what descent would take, extrapolated.

A sample of the grid spans it: s_main and s_aux in SINGULAR_VALUES, r in RELATEDNESS, one seed; values between are
interpolated linearly, which fixes the weights. Our time is that of whole chunks, as the figure runs them: all s_aux and r of
one s_main. For every sampled lane `equal_accuracy` finds the steps that descent needs. A peer's time is that of those steps,
at a rate measured beside our chunks, plus that of its evaluations. An evaluation costs a peer what our own formula costs:
curves at our own times, 0.25 apart (4 % above t = 20), and two fine values per lane. A test set would not do: for a loss of
standard deviation 1, it would need a hundred million points for an error of 1e-4 nats.

The comparison favours the peers: every lane has its own largest step, which nobody knows beforehand; all lanes of a batch
are equally long; compilation is left out; scaling over the cores is perfect. A baseline counts as a joint lane on both sides.
"""

import dataclasses
import os
import sys
from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import benefit, experiments, gaussian, students

from . import equal_accuracy, one_core, paths, problem, timing
from .equal_accuracy import BOTH, CURVE, ORACLE, SPACING, Needs
from .problem import Case

SINGULAR_VALUES, SINGULAR_WEIGHTS = (0.01, 0.3, 3.0, 100.0), (1.5, 2.0, 2.0, 1.5)
"""Every other value of the grid's seven. Each weight is 1 plus a half for every left-out neighbour."""

RELATEDNESS, RELATEDNESS_WEIGHTS = (0.0, 0.5, 1.0), (1.5, 2.0, 1.5)
LANES_A_SAMPLE_COUNT = (7 * 7 * 5 + 7) * 5
"""Joint lanes and baselines of Figure A1 at one N, five seeds."""

PEERS = (paths.MODULE, paths.COMPILED)
ALIKE = "whole curve, one step a chunk"
CURVE_TIMES = 41
BLOCK_SECONDS = 0.5


def measure(samples: Sequence[int], main_values: Sequence[float], rounds: int) -> list[dict]:
    """One row for every N: seconds per lane on one core, ours and each peer's, and the parts of the peers' seconds."""
    rows = []
    for count in samples:
        rows.append(_measure_samples(count, main_values, rounds))
        print(f"N = {count}: {rows[-1]['ratio']}", file=sys.stderr, flush=True)
    return rows


def chunk(samples: int, s_main: float) -> list[dict]:
    """The sampled lanes of one s_main."""
    return [
        {"seed": 0, "n_samples": samples, "s_main": s_main, "s_aux": s_aux, "relatedness": r}
        for s_aux in SINGULAR_VALUES
        for r in RELATEDNESS
    ]


def whole_chunk(samples: int, s_main: float) -> list[dict]:
    """All lanes of one s_main that the figure trains side by side."""
    return [
        {"seed": 0, "n_samples": samples, "s_main": s_main, "s_aux": s_aux, "relatedness": r}
        for s_aux in problem.SINGULAR_VALUES
        for r in problem.RELATEDNESS
    ]


def lane_weights() -> np.ndarray:
    """Weights of the lanes of a chunk, with sum 1."""
    weights = np.outer(SINGULAR_WEIGHTS, RELATEDNESS_WEIGHTS).ravel()
    return weights / weights.sum()


def chunk_weights(main_values: Sequence[float]) -> np.ndarray:
    """Weights of the chunks, with sum 1."""
    weights = np.asarray([SINGULAR_WEIGHTS[SINGULAR_VALUES.index(value)] for value in main_values])
    return weights / weights.sum()


def _measure_samples(samples: int, main_values: Sequence[float], rounds: int) -> dict:
    settings = experiments.StandardSettings(tasks=2)
    chunks = [chunk(samples, s_main) for s_main in main_values]
    needs = [equal_accuracy.needs(settings, lanes) for lanes in chunks]
    case = Case(samples)
    trains, _ = one_core.ready(case, PEERS)
    steps = {name: timing.steps_for(train, BLOCK_SECONDS) for name, train in trains.items()}
    evaluate, evaluations, value, valued = _evaluations(settings, chunks[-1])
    data = dataclasses.asdict(settings)
    whole = [whole_chunk(samples, s_main) for s_main in main_values]
    ours = [partial(experiments.standard_lanes, data, lanes) for lanes in whole]
    for block in ours:
        block()
    blocks = [*ours, *(partial(train, steps[name]) for name, train in trains.items()), evaluate, value]
    seconds = timing.interleaved(blocks, rounds)
    prices = _Prices(
        {name: seconds[len(ours) + i] / (steps[name] * paths.lane_count(name, case)) for i, name in enumerate(PEERS)},
        seconds[-2] / evaluations,
        seconds[-1] / valued,
    )
    lane_seconds = chunk_weights(main_values) @ seconds[: len(ours)] / len(whole[0])
    return _row(samples, main_values, needs, prices, lane_seconds)


@dataclasses.dataclass(frozen=True)
class _Prices:
    """Seconds in every round: a student-step by peer, an evaluation of both curves at one time, a lane's fine values."""

    step: dict[str, np.ndarray]
    evaluation: np.ndarray
    value: np.ndarray


def _evaluations(settings: experiments.StandardSettings, lanes: list[dict]):
    """Blocks that evaluate a chunk's curves and value its stopped students, each with its number of evaluations or lanes."""
    draw = experiments.draw_lanes(settings, lanes)
    times = SPACING * np.arange(CURVE_TIMES)
    curve = students.train(draw.start, draw.problem(settings), jnp.asarray(times), students.Descent(step=SPACING / 2))
    coarse = gaussian.Sobol(points=settings.coarse_points, scrambles=1)
    fine = gaussian.Sobol(points=settings.fine_points, scrambles=settings.scrambles)

    def evaluate():
        judged = benefit.with_generalization_loss(curve, draw.moments, rule=coarse)
        judged = benefit.with_validation_loss(judged, draw.validation_inputs, draw.validation_labels)
        return jax.block_until_ready(judged)

    judged = evaluate()

    def value() -> None:
        stops = (
            (benefit.oracle_stop(judged), judged.generalization_loss),
            (benefit.validation_stop(judged), judged.validation_loss),
        )
        for stop, decides in stops:
            benefit.value_at(judged, stop, draw.moments, draw.clean_weights, rule=fine, curve=decides)

    value()
    return evaluate, times.size * len(lanes), value, len(lanes)


def _row(samples: int, main_values, needs: Sequence[Needs], prices: _Prices, ours: np.ndarray) -> dict:
    def mean(per_lane) -> float:
        return float(chunk_weights(main_values) @ [lane_weights() @ per_lane(need) for need in needs])

    saved = mean(lambda need: need.saved)
    steps = {reach: mean(lambda need, reach=reach: need.steps(reach)) for reach in (CURVE, BOTH, ORACLE)}
    steps[ALIKE] = mean(lambda need: need.steps_alike(CURVE))
    judged = saved * prices.evaluation + prices.value
    peers = {name: {way: count * price + judged for way, count in steps.items()} for name, price in prices.step.items()}
    return {
        "samples": samples,
        "sampled_lanes": len(needs) * lane_weights().size,
        "end": mean(lambda need: need.end),
        "saved_times": saved,
        "steps_a_lane": steps,
        "order_of_descent": float(np.median(np.concatenate([need.order[CURVE] for need in needs]))),
        "flow_error": max(float(need.flow_error[CURVE].max()) for need in needs),
        "evaluation_seconds_a_lane": float(np.median(judged)),
        "ours_seconds_a_lane": float(np.median(ours)),
        "seconds_a_lane": {
            name: {way: float(np.median(seconds)) for way, seconds in ways.items()} for name, ways in peers.items()
        },
        "ratio": {
            name: {way: round(timing.paired_ratio(seconds, ours)[0], 1) for way, seconds in ways.items()}
            for name, ways in peers.items()
        },
    }


def whole(rows: Sequence[dict], ours_seconds: float | None) -> dict:
    """All N together: seconds on all cores, the peers' extrapolated with perfect scaling; ours measured where given."""
    cores = len(os.sched_getaffinity(0))

    def total(lane_seconds) -> float:
        return sum(LANES_A_SAMPLE_COUNT * lane_seconds(row) for row in rows) / cores

    extrapolated = total(lambda row: row["ours_seconds_a_lane"])
    ours = extrapolated if ours_seconds is None else ours_seconds
    peers = {
        name: {way: total(lambda row, name=name, way=way: row["seconds_a_lane"][name][way]) for way in ways}
        for name, ways in rows[0]["seconds_a_lane"].items()
    }
    return {
        "samples": [row["samples"] for row in rows],
        "cores": cores,
        "ours_seconds": ours,
        "ours_measured": ours_seconds is not None,
        "ours_extrapolated_seconds": extrapolated,
        "peers_extrapolated_seconds": peers,
        "ratio": {name: {way: round(s / ours, 1) for way, s in ways.items()} for name, ways in peers.items()},
    }
