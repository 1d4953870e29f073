"""Every rule of the room, broken once: one line that says the rule, what came, and the way out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics_problems import RULE
from sharedtrunk import dynamics, gaussian, teachers
from sharedtrunk._errors import InputError
from sharedtrunk.dynamics._aligned import check_decomposition, check_reading
from sharedtrunk.dynamics._checks import check_rule, covariance_root

W = np.diag([1.0, 2.0, 3.0])
U = np.linalg.svd(np.eye(3) - 1 / 3)[0][:, :2]
V = np.eye(4)[:, :2]
S = np.ones(2)
X, Y = np.ones((5, 3)), np.array([0, 1, 2, 0, 1])
TIMES = np.array([0.0, 1.0])


def flow():
    return dynamics.population_flow([W], inverse_temperature=1.0, rule=RULE)


def layers(*shapes):
    *trunk, head = [jnp.ones(shape) for shape in shapes]
    return dynamics.Layers(tuple(trunk), (head,))


def judged():
    return dynamics.population_flow([W], inverse_temperature=1.0, judge=0.1 * W, rule=RULE)


def teacher():
    return teachers.random_teacher(jax.random.key(0), classes=3, features=3)


def aligned():
    return dynamics.aligned_flow(U, S, V, rule=RULE)


BAD = {
    "no teacher": (lambda: dynamics.population_flow([]), "at least one task"),
    "features": (lambda: dynamics.population_flow([W, W[:, :2]]), "same features"),
    "not finite": (lambda: dynamics.population_flow([W * np.nan]), "must be finite"),
    "beta": (lambda: dynamics.population_flow([W], inverse_temperature=0.0), "finite and > 0"),
    "alpha": (lambda: dynamics.population_flow([W], task_weights=[-1.0]), "α ≥ 0"),
    "rule": (lambda: check_rule(gaussian.Panels()), "Sobol"),
    "indefinite": (
        lambda: dynamics.population_flow([W], inverse_temperature=1.0, covariance=np.diag([1.0, 1.0, -1.0])),
        "positive definite",
    ),
    "singular": (lambda: dynamics.population_flow([W], covariance=np.diag([1.0, 1.0, 0.0])), "positive definite"),
    "closure covariance": (
        lambda: dynamics.closure_flow([X], [Y], jnp.asarray(W), covariance=np.ones((3, 3))),
        "positive definite",
    ),
    "judge": (lambda: dynamics.population_flow([W], inverse_temperature=1.0, judge=W[:2], rule=RULE), "task 0"),
    "judge value": (lambda: dynamics.population_flow([W], inverse_temperature=1.0, judge=np.nan * W), "finite"),
    "no judge": (lambda: dynamics.solve_until_bracketed(flow(), layers((1, 3, 3))), "with a judge"),
    "time limit": (lambda: dynamics.solve_until_bracketed(judged(), layers((1, 3, 3)), time_limit=0.0), "time limit"),
    "chunk": (lambda: dynamics.solve_until_bracketed(judged(), layers((1, 3, 3)), chunk=0), "at least 1"),
    "value rule": (
        lambda: dynamics.solve_until_bracketed(judged(), layers((1, 3, 3)), value_rule=RULE),
        "4 scrambles",
    ),
    "no lanes": (lambda: dynamics.solve_until_bracketed(judged(), layers((3, 3))), "lane axis"),
    "order": (lambda: dynamics.solve(flow(), layers((3, 3)), TIMES, dynamics.Tolerance(order=4)), "order 3 or 5"),
    "draws": (lambda: dynamics.sampled_closures(jax.random.key(0), [], 5, 2), "one teacher"),
    "one draw": (
        lambda: dynamics.averaged_closure(jax.random.key(0), [teacher()], 5, layers((3, 3)), draws=1),
        "2 draws",
    ),
    "labels traced": (lambda: jax.vmap(lambda w: dynamics.label_moments(w)[0])(jnp.ones((2, 3, 3))), "concrete"),
    "labels value": (lambda: dynamics.label_moments(np.nan * W), "finite"),
    "stacked": (lambda: dynamics.balanced_start([W, W[:, :2]]), "same lanes and features"),
    "stacked none": (lambda: dynamics.balanced_start([]), "one per task"),
    "stacked value": (lambda: dynamics.balanced_start([W + np.inf]), "finite"),
    "narrow": (lambda: dynamics.balanced_start([W], hidden=(2,)), "at least as wide"),
    "alignment": (lambda: dynamics.off_diagonal_share(W, np.eye(3)[:, :2], np.eye(4)[:, :2]), "singular vectors"),
    "asymmetric": (lambda: dynamics.population_flow([W], covariance=np.tri(3)), "symmetric"),
    "covariance size": (lambda: covariance_root(np.eye(2), jnp.asarray(W)), r"\(feature, feature\)"),
    "layers": (lambda: dynamics.solve(flow(), layers((2, 3), (3, 4)), TIMES), "Start and flow must agree"),
    "classes": (lambda: dynamics.solve(flow(), layers((2, 3), (4, 2)), TIMES), "Start and flow must agree"),
    "lanes": (lambda: dynamics.solve(flow(), layers((2, 3), (6, 3, 2)), TIMES), "lane axis"),
    "start": (
        lambda: dynamics.solve(flow(), dynamics.Layers((), (jnp.full((3, 3), jnp.nan),)), TIMES),
        "finite",
    ),
    "times": (lambda: dynamics.solve(flow(), layers((3, 3)), np.array([1.0, 1.0])), "rising"),
    "negative time": (lambda: dynamics.solve(flow(), layers((3, 3)), np.array([-1.0, 1.0])), "rising"),
    "tolerance": (lambda: dynamics.solve(flow(), layers((3, 3)), TIMES, dynamics.Tolerance(rtol=0.0)), "rtol"),
    "closure classes": (lambda: dynamics.closure_flow([X], [Y], jnp.asarray(W), classes=[2]), "judge's classes"),
    "closure empty": (lambda: dynamics.closure_flow([X[:0]], [Y[:0]], jnp.asarray(W)), "at least one"),
    "closure length": (lambda: dynamics.closure_flow([X], [Y[:3]], jnp.asarray(W)), "one label each"),
    "closure label": (lambda: dynamics.closure_flow([X], [Y + 1], jnp.asarray(W)), "class indices"),
    "closure probabilities": (lambda: dynamics.closure_flow([X], [np.ones((3, 5))], jnp.asarray(W)), "sum to 1"),
    "closure inputs": (lambda: dynamics.closure_flow([X * np.inf], [Y], jnp.asarray(W)), "finite"),
    "vectors": (lambda: dynamics.aligned_flow(2 * U, S, V), "orthonormal"),
    "decomposition": (lambda: check_decomposition(U, np.ones(3), V), "decomposition"),
    "negative value": (lambda: dynamics.aligned_flow(U, -S, V), "≥ 0"),
    "reading": (lambda: check_reading("mean"), "three readings"),
    "hard reading": (
        lambda: dynamics.aligned_flow(U, S, V, inverse_temperature=None, reading="trace"),
        "exact reading",
    ),
    "aligned start": (
        lambda: dynamics.solve(aligned(), dynamics.SingularValues((jnp.ones(3),)), TIMES),
        "one singular value per",
    ),
    "rank one": (lambda: dynamics.rank_one_flow(np.ones(3), 1.0, V[:, 0]), "orthonormal"),
    "relatedness": (lambda: dynamics.two_task_flow((U, S, V), (U, S, V), 1.5), r"\[0, 1\]"),
    "ranks": (lambda: dynamics.two_task_flow((U, S, V), (U[:, :1], S[:1], V[:, :1]), 0.5), "same rank"),
    "two-task start": (lambda: dynamics.two_task_start(S, 0 * S, 0.5), "> 0"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name):
    call, message = BAD[name]
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
