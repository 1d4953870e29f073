"""Figure 1's point function against a descent written out in NumPy, and its theories against flows integrated in NumPy."""

import functools
import itertools
import os
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import students
from sharedtrunk.errors import InputError
from sharedtrunk.experiments import rank_one_lanes
from sharedtrunk.experiments._rank_one_draw import draw_rank_one
from sharedtrunk.experiments.problems import RankOneProblem
from sharedtrunk.paper.figures import _fig1

PRECISION = os.environ.get("SHAREDTRUNK_TEST_PRECISION", "float64")
SMALL = {
    "features": 12, "samples": 20, "step": 0.01, "steps": 200, "saves": 4, "points": 256,
    "rtol": 1e-5, "time_limit": 4.0, "precision": PRECISION,
}  # fmt: skip


SEEDS = (0, 1)


def lanes(labels="soft"):
    """Two noises and starts of three classes for each seed: two chunks of four lanes that share their compiled programs."""
    return [lane for seed in SEEDS for lane in chunk(seed, labels)]


def chunk(seed, labels="soft"):
    """The lanes of one seed."""
    shared = {"classes": 3, "labels": labels, "s_main": 3.0, "seed": seed}
    return [{**shared, "noise": noise, "start": start} for noise, start in itertools.product((0.0, 1.0), (0.1, 0.5))]


@functools.cache
def measured(labels="soft", **settings):
    each = [rank_one_lanes({**SMALL, **settings}, chunk(seed, labels)) for seed in SEEDS]
    return {name: np.concatenate([values[name] for values in each]) for name in each[0]}


@functools.cache
def drawn_chunk(seed, labels):
    return draw_rank_one(RankOneProblem.parse(SMALL), chunk(seed, labels))


def drawn(lane, labels="soft"):
    """What was drawn for one lane: names as in `RankOneDraw`, in float64."""
    draw = drawn_chunk(SEEDS[lane // 4], labels)
    parts = {name: np.asarray(part, float) for name, part in vars(draw).items()}
    return SimpleNamespace(**{name: part if name == "inputs" else part[lane % 4] for name, part in parts.items()})


def wide_start(draw, hidden=6):
    """Head and trunk of a student of several hidden units with the lane's start."""
    values = jnp.array([draw.first, 0.0, 0.0])
    start = students.aligned_start(jax.random.key(5), jnp.asarray(draw.noisy_weights), values, hidden=(hidden,))
    return np.asarray(start.heads[0], float), np.asarray(start.trunk[0], float)


def descend(draw, steps, step):
    """Vanilla descent of one lane, step by step: the composite weights after every step."""
    head, trunk = wide_start(draw)
    x, y = draw.inputs, draw.probabilities
    seen = [head @ trunk]
    for _ in range(steps):
        z = head @ trunk @ x.T
        P = np.exp(z - z.max(axis=0))
        D = (y - P / P.sum(axis=0)) @ x / len(x)
        head, trunk = head + step * D @ trunk.T, trunk + step * head.T @ D
        seen.append(head @ trunk)
    return np.stack(seen)


@pytest.mark.long
@pytest.mark.parametrize("labels", ["hard", "soft"])
def test_students_are_a_plain_descent_of_any_width_seen_two_ways(labels):
    values = measured(labels=labels)
    for lane, described in enumerate(lanes()):
        draw = drawn(lane, labels)
        W = descend(draw, 200, 0.01)[::50]
        U, s, Vt = np.linalg.svd(draw.noisy_weights)
        np.testing.assert_allclose(values["singular_value"][lane], np.linalg.norm(W, 2, axis=(1, 2)), rtol=2e-4)
        np.testing.assert_allclose(values["projection"][lane], np.einsum("c,tcf,f->t", U[:, 0], W, Vt[0]), rtol=2e-4)
        assert np.linalg.svd(W[-1])[1][1] < 1e-5 * s[0]  # a start of rank one stays of rank one
        assert values["projection"][lane, 0] == pytest.approx(described["start"], rel=1e-5)
    assert not any(values[name].any() for name in values if name.startswith("result"))
    np.testing.assert_array_equal(values["steps"], np.tile([0, 50, 100, 150, 200], (8, 1)))


@pytest.mark.long
def test_equation_3_misses_the_label_moment_outside_the_left_vector():
    values = measured(labels="hard")
    gap = values["projection_population"][:, -1] / values["limit"][:, -1] - 1
    noiseless = np.array([lane["noise"] == 0 for lane in lanes()])
    assert (gap[noiseless] > 0.02).all()
    assert (values["named_classes"][noiseless] == 2).all()  # a clean rank-one teacher names no other
    assert (values["named_classes"][~noiseless] == 3).any()


@pytest.mark.parametrize("labels", ["hard", "soft"])
def test_equation_3_is_integrated_as_printed_and_for_hard_labels_in_its_limit(labels):
    values = measured(labels=labels)
    for lane, described in enumerate(lanes()):
        draw = drawn(lane, labels)
        u = draw.left
        taught = along(u, draw.value)  # by the noisy teacher's softmax, whatever the labels
        np.testing.assert_allclose(values["equation"][lane], equation_3(u, taught, described["start"]), rtol=1e-3)
        if labels == "hard":
            first = equation_3(u, along(u, 1e6), described["start"])
            np.testing.assert_allclose(values["limit"][lane], first, rtol=1e-3)
            assert values["limit"][lane, -1] > 1.02 * values["equation"][lane, -1]
    assert np.isnan(values["limit"]).all() == (labels == "soft")


def along(u, s):
    """û·∇F(sûv̂ᵀ)v̂ = E[ξ û·softmax(s û ξ)], which by Stein's lemma is s û·G(sûv̂ᵀ)û; on a fine grid."""
    xi = np.linspace(-9, 9, 4001)
    z = s * u[:, None] * xi
    P = np.exp(z - z.max(axis=0))
    return (xi * (u @ P) / P.sum(axis=0) * np.exp(-(xi**2) / 2)).sum() * (xi[1] - xi[0]) / (2 * np.pi) ** 0.5


def equation_3(u, taught, s):
    """ds/dt = 2 s (taught − û·∇F(sûv̂ᵀ)v̂) at the five saved steps, by classical Runge–Kutta."""

    def drive(s):
        return 2 * s * (taught - along(u, s))

    seen, h = [s], 0.1
    for _ in range(20):
        k1 = drive(s)
        k2 = drive(s + h / 2 * k1)
        k3 = drive(s + h / 2 * k2)
        s = s + h / 6 * (k1 + 2 * k2 + 2 * k3 + drive(s + h * k3))
        seen.append(s)
    return np.array(seen[::5])


@pytest.mark.parametrize("labels", ["hard", "soft"])
def test_theories_are_flows_integrated_in_one_dimension(labels):
    values = measured(labels=labels)
    for lane, described in enumerate(lanes()):
        draw = drawn(lane, labels)
        u, v, x, y = draw.left, draw.right, draw.inputs, draw.probabilities
        moment = y @ x / len(x)
        seen = {
            "population": rank_one_flow(u, v, described["start"], draw.moments, np.eye(12)),
            "closure": rank_one_flow(u, v, described["start"], moment - moment.mean(axis=0), x.T @ x / len(x)),
        }
        for name, W in seen.items():
            expected = np.einsum("c,tcf,f->t", u, W, v)
            np.testing.assert_allclose(values[f"projection_{name}"][lane], expected, rtol=3e-3)
            norms = np.linalg.norm(W, 2, axis=(1, 2))
            np.testing.assert_allclose(values[f"singular_value_{name}"][lane], norms, rtol=3e-3)


def rank_one_flow(u, v, start, moment, C):
    """dW/dt = (M − ∇F(W)) through two layers, W = a bᵀ, by classical Runge–Kutta; ∇F by Gauss–Hermite nodes."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()

    def drive(ab):
        a, b = ab[: len(u)], ab[len(u) :]
        sigma = np.sqrt(b @ C @ b)
        P = np.exp(sigma * a[:, None] * nodes)
        D = moment - np.outer(P / P.sum(axis=0) @ (weights * nodes), C @ b / sigma)
        return np.concatenate([D @ b, D.T @ a])

    state, seen, h = np.sqrt(start) * np.concatenate([u, v]), [], 0.02
    for step in range(101):
        if step % 25 == 0:
            seen.append(np.outer(state[: len(u)], state[len(u) :]))
        k1 = drive(state)
        k2 = drive(state + h / 2 * k1)
        k3 = drive(state + h / 2 * k2)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + drive(state + h * k3))
    return np.stack(seen)


@pytest.mark.parametrize("labels", ["hard", "soft"])
def test_moments_are_those_of_the_noisy_teachers_labels(labels):
    x = np.random.default_rng(1).normal(size=(50_000, 12))
    for lane in (0, 7):
        draw = drawn(lane, labels)
        z = draw.noisy_weights @ x.T
        y = np.eye(3)[z.argmax(axis=0)].T if labels == "hard" else np.exp(z) / np.exp(z).sum(axis=0)
        each = y[:, None] * x.T[None]
        error = each.std(axis=-1) / len(x) ** 0.5
        assert (np.abs(draw.moments - each.mean(axis=-1)) < 5 * error + 1e-6).all()


def test_the_rest_of_the_chunk_changes_no_lane():
    values, reversed_chunk = measured(), rank_one_lanes(SMALL, chunk(0)[::-1])
    for name in ("projection", "singular_value", "projection_closure", "equation", "validation_excess"):
        np.testing.assert_allclose(reversed_chunk[name][::-1], values[name][:4], rtol=2e-4, atol=1e-6)


def test_validation_excess_is_what_fresh_points_say():
    """With noise the loss falls until the time limit, so the excess is its fall beyond the last step."""
    values = measured()
    x = np.random.default_rng(0).normal(size=(100_000, 12))
    for lane in (6, 7):
        draw = drawn(lane)
        W = descend(draw, 400, 0.01)
        z = np.exp(draw.noisy_weights @ x.T)
        falls = cross_entropy(W[200], x, z / z.sum(axis=0)) - cross_entropy(W[400], x, z / z.sum(axis=0))
        error = falls.std() / len(falls) ** 0.5
        assert abs(values["validation_excess"][lane] - falls.mean()) < 4 * error
        assert np.isnan(values["validation_stop"][lane])


def cross_entropy(W, x, y):
    z = W @ x.T
    return np.log(np.exp(z).sum(axis=0)) - (y * z).sum(axis=0)


def test_a_minimum_of_the_validation_loss_beyond_the_last_step_is_found():
    """Hard labels of twenty points are memorized in the end."""
    values = measured("hard", time_limit=100.0)
    assert (values["validation_stop"] > 200).all()
    assert (values["validation_stop"] < 10_000).all()
    assert (values["validation_excess"] > 0).all()


def test_the_figure_names_what_comes_back():
    figure = _fig1.FIGURE
    (sweep,) = figure.sweeps("fig1", figure.quick_grid, SMALL, figure.functions).values()
    assert {name: value.ndim - 1 for name, value in measured().items()} == {
        name: len(variable.dims) for name, variable in sweep.variables.items()
    }


@pytest.mark.parametrize(
    ("settings", "change", "words"),
    [
        ({}, {"labels": "loud"}, "labels must be 'hard' or 'soft'; got 'loud'"),
        ({}, {"start": 0.0}, "start of a lane must be a finite number above 0"),
        ({}, {"noise": -1.0}, "noise of a lane must be a finite number at least 0"),
        ({}, {"s_main": float("nan")}, "s_main of a lane must be a finite number above 0"),
        ({"width": 3}, {}, "Settings of RankOneProblem must be known; got \\['width'\\]"),
        ({"saves": 3}, {}, "a whole number; got 200 steps, 3 saves"),
        ({"time_limit": 1.0}, {}, "beyond the descent's end"),
        ({"precision": "half"}, {}, "'float32' or 'float64'; got 'half'"),
    ],
)
def test_impossible_settings_and_lanes_are_told(settings, change, words):
    with pytest.raises(InputError, match=words):
        rank_one_lanes({**SMALL, **settings}, [{**lanes()[0], **change}])


@pytest.mark.parametrize("name", ["classes", "seed"])
def test_lanes_that_share_too_little_are_told(name):
    with pytest.raises(InputError, match=f"must share {name}"):
        rank_one_lanes(SMALL, [lanes()[0], {**lanes()[0], name: 4}])


@pytest.mark.slow
@pytest.mark.parametrize("labels", ["hard", "soft"])
def test_rules_of_the_figure_are_fine_enough(labels):
    """20 classes, the figure's own settings: eight times the nodes and a tenth of the tolerance move curves by 0.3 %."""
    each = [
        {"classes": 20, "labels": labels, "s_main": s, "noise": n, "start": first, "seed": 0}
        for s in (1.0, 10.0) for n in (0.0, 1.0) for first in (0.01, 1.0)
    ]  # fmt: skip
    usual, finer = rank_one_lanes({}, each), rank_one_lanes({"points": 8192, "rtol": 1e-5}, each)
    for name in ("equation", "singular_value_population", "singular_value_closure"):
        moved = np.sqrt(np.mean((usual[name] - finer[name]) ** 2, axis=1) / np.mean(finer[name] ** 2, axis=1))
        assert moved.max() < 3e-3
    assert np.abs(usual["validation_excess"] - finer["validation_excess"]).max() < 1e-3
