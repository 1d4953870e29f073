"""Every rule of the package, broken once: one line with the rule, what was received, and a hint."""

import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

from dynamics_problems import RULE
from sharedtrunk import dynamics, gaussian, teachers
from sharedtrunk.dynamics._aligned import check_reading
from sharedtrunk.dynamics._checks import check_rule, covariance_root
from sharedtrunk.dynamics._decomposition import check_decomposition
from sharedtrunk.errors import InputError

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
    return dynamics.aligned_flow(U, S, V, inverse_temperature=1.0, rule=RULE)


def rank_one():
    return dynamics.rank_one_flow(U[:, 0], 1.0, V[:, 0], inverse_temperature=1.0)


def two_tasks(auxiliary, relatedness):
    return dynamics.two_task_flow((U, S, V), auxiliary, relatedness, inverse_temperature=1.0, rule=RULE)


def closure(inputs=(X,), labels=(Y,), judge=W, **options):
    return dynamics.closure_flow(inputs, labels, judge, **options)


def lanes(flow, start, **options):
    return dynamics.solve_until_bracketed(flow, jax.tree.map(lambda w: w[None], start), **options)


def other_precision(start):
    other = jnp.float16 if jax.tree.leaves(start)[0].dtype == jnp.float32 else jnp.float32
    return jax.tree.map(lambda w: w.astype(other), start)


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
    "time limit": (lambda: dynamics.solve_until_bracketed(judged(), layers((1, 3, 3)), time_limit=0.0), "time_limit"),
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
    "times": (lambda: dynamics.solve(flow(), layers((3, 3)), np.array([1.0, 1.0])), "increasing"),
    "negative time": (lambda: dynamics.solve(flow(), layers((3, 3)), np.array([-1.0, 1.0])), "increasing"),
    "tolerance": (lambda: dynamics.solve(flow(), layers((3, 3)), TIMES, dynamics.Tolerance(rtol=0.0)), "rtol"),
    "closure classes": (lambda: dynamics.closure_flow([X], [Y], jnp.asarray(W), classes=[2]), "judge's classes"),
    "closure empty": (lambda: dynamics.closure_flow([X[:0]], [Y[:0]], jnp.asarray(W)), "at least one"),
    "closure length": (lambda: dynamics.closure_flow([X], [Y[:3]], jnp.asarray(W)), "one label each"),
    "closure label": (lambda: dynamics.closure_flow([X], [Y + 1], jnp.asarray(W)), "class indices"),
    "closure probabilities": (lambda: dynamics.closure_flow([X], [np.ones((3, 5))], jnp.asarray(W)), "sum to 1"),
    "closure inputs": (lambda: dynamics.closure_flow([X * np.inf], [Y], jnp.asarray(W)), "finite"),
    "vectors": (lambda: dynamics.aligned_flow(2 * U, S, V, inverse_temperature=1.0), "orthonormal"),
    "decomposition": (lambda: check_decomposition(U, np.ones(3), V), "decomposition"),
    "negative value": (lambda: dynamics.aligned_flow(U, -S, V, inverse_temperature=1.0), "≥ 0"),
    "reading": (lambda: check_reading("mean"), "three readings"),
    "hard reading": (
        lambda: dynamics.aligned_flow(U, S, V, inverse_temperature=None, reading="trace"),
        "exact reading",
    ),
    "aligned start": (
        lambda: dynamics.solve(aligned(), dynamics.SingularValues((jnp.ones(3),)), TIMES),
        "one singular value per",
    ),
    "rank one": (lambda: dynamics.rank_one_flow(np.ones(3), 1.0, V[:, 0], inverse_temperature=1.0), "orthonormal"),
    "relatedness": (lambda: two_tasks((U, S, V), 1.5), r"\[0, 1\]"),
    "ranks": (lambda: two_tasks((U[:, :1], S[:1], V[:, :1]), 0.5), "same rank"),
    "two-task start": (lambda: dynamics.two_task_start(S, 0 * S, 0.5), "> 0"),
    # values of another type
    "beta truth": (lambda: dynamics.population_flow([W], inverse_temperature=True), r"\(β → ∞\)"),
    "beta text": (lambda: dynamics.rank_one_flow(U[:, 0], 1.0, V[:, 0], inverse_temperature="1"), "Give None for hard"),
    "beta array": (lambda: dynamics.aligned_flow(U, S, V, inverse_temperature=S), "one number"),
    "teachers": (lambda: dynamics.population_flow([teacher()]), r"teacher\.noisy_weights"),
    "one teacher": (lambda: dynamics.population_flow(teacher()), r"teacher\.noisy_weights"),
    "one matrix": (lambda: dynamics.population_flow(W), "list with one entry per task"),
    "text for a matrix": (lambda: dynamics.population_flow(["W"]), "real numbers"),
    "average of matrices": (
        lambda: dynamics.averaged_closure(jax.random.key(0), [W], 5, layers((1, 3, 3))),
        "Teacher objects",
    ),
    "average start": (lambda: dynamics.averaged_closure(jax.random.key(0), [teacher()], 5, W), "lane of Layers"),
    "average draws": (lambda: dynamics.sampled_closures(jax.random.key(0), [teacher()], 5, 2.5), "2 draws"),
    "covariance text": (lambda: dynamics.population_flow([W], covariance="eye"), "covariance must be an array"),
    "judge text": (
        lambda: dynamics.population_flow([W], inverse_temperature=1.0, judge="mean", rule=RULE),
        "judge must be an array",
    ),
    "rule text": (lambda: dynamics.population_flow([W], rule="sobol"), r"gaussian\.Sobol"),
    "label rule text": (lambda: dynamics.population_flow([W], label_rule="fast"), r"gaussian\.Pairs"),
    "one weight": (lambda: dynamics.population_flow([W], task_weights=1.0), "a list with a number for each"),
    "weights text": (lambda: dynamics.population_flow([W], task_weights="1"), "a list with a number for each"),
    "one class": (lambda: closure(classes=3), "Classes must be a list"),
    "one width": (lambda: dynamics.balanced_start([W], hidden=5), "Hidden widths must be a list"),
    "composite": (lambda: dynamics.balanced_start(W), "list with one entry per task"),
    "closure judge": (lambda: closure(judge=None), "needs a judge"),
    "closure one task": (lambda: closure(inputs=X), "list with one entry per task"),
    "closure text": (lambda: closure(labels=[np.array(["a", "b", "c", "a", "b"])]), "Labels must be an array"),
    "closure range": (lambda: closure(labels=[Y + 1]), "from 1 to 3. Number the classes from 0"),
    "closure transposed": (lambda: closure(labels=[np.eye(3)[Y]]), "transpose them"),
    "regression teachers": (lambda: dynamics.regression_flow([teacher()]), r"teacher\.noisy_weights"),
    "regression weights": (lambda: dynamics.regression_flow([W], task_weights=1.0), "a list with a number for each"),
    "growth lengths": (lambda: dynamics.regression_growth(TIMES, S, np.ones(3)), "one per singular value"),
    "growth sign": (lambda: dynamics.regression_growth(-np.arange(99.0), S, 1.0), "from -98 to 0"),
    "no benefit": (lambda: dynamics.regression_benefit(TIMES, [], W, 0.1), "at least one noisy teacher"),
    "sign lengths": (lambda: dynamics.predicted_sign(S, np.ones(3)), "same rank"),
    "no decomposition": (lambda: two_tasks(W, 0.5), r"decomposition \(left"),
    "relatedness matrix": (lambda: two_tasks((U, S, V), np.eye(2)), "one number r"),
    "rank-one vectors": (lambda: dynamics.rank_one_flow(U, 1.0, V, inverse_temperature=1.0), r"a vector \(class,\)"),
    "many values": (lambda: dynamics.two_task_start(np.zeros(99), np.zeros(99), 0.5), "from 0 to 0"),
    "Hadamard layers": (
        lambda: dynamics.hadamard_problem(np.ones(3), 1.0, inverse_temperature=1.0),
        "list with a vector",
    ),
    # starts of another type
    "no flow": (lambda: dynamics.solve(W, layers((3, 3)), TIMES), "Only flows"),
    "array for layers": (lambda: dynamics.solve(flow(), W, TIMES), "PopulationFlow starts from Layers"),
    "no layers": (lambda: dynamics.solve(flow(), dynamics.Layers((), ()), TIMES), "starts from Layers"),
    "text in layers": (lambda: dynamics.solve(flow(), dynamics.Layers((), ("W",)), TIMES), "part of a start"),
    "trunk without tuple": (
        lambda: dynamics.solve(flow(), dynamics.Layers(jnp.asarray(W), (jnp.asarray(W),)), TIMES),
        "parts of another type",
    ),
    "layers for values": (lambda: dynamics.solve(aligned(), layers((3, 3)), TIMES), "starts from SingularValues"),
    "no values": (lambda: dynamics.solve(aligned(), dynamics.SingularValues(()), TIMES), "starts from SingularValues"),
    "values without tuple": (
        lambda: dynamics.solve(aligned(), dynamics.SingularValues(jnp.ones(2)), TIMES),
        "starts from SingularValues",
    ),
    "values for two tasks": (lambda: dynamics.solve(two_tasks((U, S, V), 0.5), S, TIMES), "two_task_start"),
    "layers for a number": (
        lambda: dynamics.solve(rank_one(), layers((3, 3)), TIMES),
        "start of a RankOneFlow must be an array",
    ),
    "rank-one sign": (lambda: dynamics.solve(rank_one(), np.array([0.1, -0.1]), TIMES), "must be ≥ 0"),
    "precision": (lambda: dynamics.solve(flow(), other_precision(layers((3, 3))), TIMES), "same precision"),
    "precision of lanes": (lambda: lanes(judged(), other_precision(layers((3, 3)))), "same precision"),
    "one lane": (lambda: dynamics.solve_until_bracketed(judged(), layers((3, 3))), r"start\[None\]"),
    "array for lanes": (lambda: dynamics.solve_until_bracketed(judged(), W), "starts from Layers"),
    # settings of another type
    "times text": (lambda: dynamics.solve(flow(), layers((3, 3)), "0 1"), "Times must be an array"),
    "tolerance number": (lambda: dynamics.solve(flow(), layers((3, 3)), TIMES, 1e-6), r"dynamics\.Tolerance\("),
    "tolerance of lanes": (lambda: lanes(judged(), layers((3, 3)), tolerance=1e-6), r"dynamics\.Tolerance\("),
    "order at once": (lambda: dynamics.Tolerance(order=4), "order 3 or 5"),
    "tolerance text": (lambda: dynamics.Tolerance(rtol="1e-6"), "rtol"),
    "limit text": (lambda: lanes(judged(), layers((3, 3)), time_limit="500"), "time_limit must be a number"),
    "chunk fraction": (lambda: lanes(judged(), layers((3, 3)), chunk=1.5), "at least 1"),
    "value rule text": (
        lambda: lanes(judged(), layers((3, 3)), value_rule="sobol"),
        r"Sobol\(points=4096, scrambles=8\)",
    ),
}


@pytest.mark.parametrize("maker", [dynamics.aligned_flow, dynamics.rank_one_flow, dynamics.two_task_flow])
def test_inverse_temperature_has_no_default(maker):
    """Hard labels here and β = 1 there, unsaid, would be compared with each other."""
    with pytest.raises(TypeError, match="inverse_temperature"):
        maker(U, S, V)


def test_a_number_starts_in_the_flows_precision():
    solved = dynamics.solve(rank_one(), 0.1, TIMES)
    assert solved.final.dtype == jax.tree.leaves(rank_one())[0].dtype
    assert solved.result == 0


@pytest.fixture
def unchecked(monkeypatch):
    """As users run it: the run-time type checks are the test suite's own."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name, unchecked):
    call, message = BAD[name]
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
