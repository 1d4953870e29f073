"""Figure 1 from its pieces: a rank-one teacher, an aligned start, and s(t) = ûᵀW(t)v̂ four ways.

Equation (3) as printed, the population flow, the Gaussian closure of the drawn sample, and the students themselves,
trained by descent with step 1e-3 on 100 points. Where û is (1, −1)/√2, (3) is the population flow. What 100 points do
to the students beyond that is not in (3); the closure sees it.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import dynamics, gaussian, students, teachers

RULE = gaussian.Sobol(points=1024, scrambles=1)
TIMES = np.linspace(0, 5, 11)
STEP, POINTS = 1e-3, 100
TOLERANCE = dynamics.Tolerance(rtol=1e-5, atol=1e-7)


def noisy_teacher(seed, classes, features, signal, noise):
    """s̄ û v̂ᵀ with a random centred û, and the quenched noise of the standard problem."""
    rng = np.random.default_rng([seed, classes])
    u, v = rng.normal(size=classes), rng.normal(size=features)
    u = u - u.mean()
    clean = signal * np.outer(u / np.linalg.norm(u), v / np.linalg.norm(v))
    return clean + noise * rng.normal(size=clean.shape) / features**0.5


def curves(classes, signal, noise, starts, betas, seeds, features, hidden):
    """s(t), (lane, time), four ways; lanes run over betas, starts and seeds. `beta` None: hard labels."""
    lanes = [(beta, start, seed) for beta in betas for start in starts for seed in range(seeds)]
    weights, vectors, inputs, labels, networks, equations = [], [], [], [], [], []
    for beta, start, seed in lanes:
        W = jnp.asarray(noisy_teacher(seed, classes, features, signal, noise))
        U, s, Vt = np.linalg.svd(W, full_matrices=False)
        x = teachers.draw_inputs(jax.random.key(seed), POINTS, features)
        hard = jax.nn.one_hot(teachers.hard_labels(W, x), classes, axis=0, dtype=W.dtype)
        first = jnp.zeros(min(W.shape), W.dtype).at[0].set(start)
        weights.append(W)
        vectors.append((U[:, 0], Vt[0]))
        inputs.append(x)
        labels.append(hard if beta is None else teachers.soft_labels(W, x, beta))
        networks.append(students.aligned_start(jax.random.key(seed), W, first, hidden=(hidden,)))
        equations.append(dynamics.rank_one_flow(U[:, 0], s[0], Vt[0], inverse_temperature=beta))
    inputs, labels = jnp.stack(inputs), jnp.stack(labels)
    network, equation = (jax.tree.map(lambda *parts: jnp.stack(parts), *each) for each in (networks, equations))
    layers = dynamics.Layers(network.trunk, network.heads)
    left, right = (np.stack(part) for part in zip(*vectors, strict=True))

    def along(trajectory):
        assert not np.any(trajectory.result)
        return np.einsum("lc,ltcf,lf->lt", left, np.asarray(trajectory.composites[0]), right)

    moments = jnp.stack([moment(W, beta) for W, (beta, *_) in zip(weights, lanes, strict=True)])
    population = dynamics.PopulationFlow((moments,), jnp.ones(1, moments.dtype), None, RULE)
    closure = dynamics.closure_flow([inputs], [labels], jnp.zeros((classes, features)), rule=RULE)
    problem = students.make_problem(inputs, [labels], classes=classes)
    first = jnp.asarray([start for _, start, _ in lanes])
    return {
        "lanes": lanes,
        "(3)": along(dynamics.solve(equation, first, TIMES, TOLERANCE)),
        "population": along(dynamics.solve(population, layers, TIMES, TOLERANCE)),
        "closure": along(dynamics.solve(closure, layers, TIMES, TOLERANCE, stop=False)),
        "students": along(students.train(network, problem, jnp.asarray(TIMES), students.Descent(step=STEP))),
    }


def moment(weights, beta):
    if beta is not None:
        return gaussian.softmax_moment(beta * weights, rule=RULE)
    return dynamics.label_moments(weights, rule=dynamics.FAST_LABELS)[0]


def distance(seen, name, lanes):
    """Root mean square over time of the seeds' mean curve's distance from the students'."""
    difference = (seen[name] - seen["students"])[lanes].mean(axis=0)
    return np.sqrt(np.mean(difference[1:] ** 2))


@pytest.mark.long
def test_two_classes():
    """K = 2, without noise: (3) is the population flow; at β = 1 the closure is nearer to the students than (3)."""
    seen = curves(2, 3.0, 0.0, starts=(0.1,), betas=(1.0, None), seeds=4, features=20, hidden=5)
    np.testing.assert_allclose(seen["(3)"], seen["population"], atol=2e-3)
    assert seen["(3)"][:, -1].min() > 1
    soft = [beta is not None for beta, *_ in seen["lanes"]]
    assert distance(seen, "closure", soft) < 0.5 * distance(seen, "(3)", soft)
    # descent with a small step is the flow: what the closure misses at first order in W vanishes at the start
    np.testing.assert_allclose(seen["closure"][:, 1], seen["students"][:, 1], atol=5e-3)
