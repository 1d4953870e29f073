"""Relatedness of two tasks (4), R = V̄_Bᵀ V̄_A: measured from two teachers, and unchanged when all features turn."""

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import dynamics, gaussian, teachers
from sharedtrunk._support.randomness import stream
from sharedtrunk.paper.claims import Claim, Evidence, at_most
from sharedtrunk.paper.claims.equations._random_problems import EXACT, generator, layers, orthonormal

Matrix = np.ndarray
CLASSES, RANK, FEATURES, HIDDEN = 3, 2, 8, 5
PAIRS = 5
DISTINCT, EQUAL = jnp.array([3.0, 1.5]), jnp.array([2.0, 2.0])
TIMES = np.linspace(0.0, 20.0, 41)
RULE = gaussian.Sobol(points=1024, scrambles=1)


def pair(seed: int, relatedness, values) -> tuple[teachers.Teacher, teachers.Teacher]:
    """Two clean teachers, as `related_pair` makes them."""
    return teachers.related_pair(
        stream(jax.random.key(seed), "relatedness"),
        relatedness=jnp.asarray(relatedness),
        classes=CLASSES,
        rank=RANK,
        features=FEATURES,
        singular_values=(values, values),
        noise=0.0,
        dtype=jnp.float64,
    )


def measured(main: teachers.Teacher, auxiliary: teachers.Teacher) -> Matrix:
    """R from the singular value decompositions of two teachers' weights, as (4) defines it."""
    right_main, right_auxiliary = (np.linalg.svd(np.asarray(each.weights))[2][:RANK] for each in (main, auxiliary))
    return right_auxiliary @ right_main.T


def relatedness_error(seed: int, wanted: Matrix, values) -> float:
    """Largest difference between the entries of the measured and the wanted R, up to the free signs of singular vectors."""
    main, auxiliary = pair(seed, wanted, values)
    return float(np.max(np.abs(np.abs(measured(main, auxiliary)) - np.abs(wanted))))


def benefits(seed: int, rotations: list[Matrix]) -> np.ndarray:
    """Population benefits (nats) of a pair with R = I/2, one per rotation of the teachers' and the start's features."""
    main, auxiliary = (np.asarray(teacher.weights) for teacher in pair(seed, 0.5, DISTINCT))
    rng = generator(seed, "relatedness, start")
    first = layers(rng, (FEATURES, HIDDEN), scale=0.5)[0]
    heads = [layers(rng, (HIDDEN, CLASSES), scale=0.5)[0] for _ in range(2)]
    losses = []
    for turn in rotations:
        for weight in (0.0, 1.0):
            # with weight 0 the student trains on A alone: B's head exists but has no effect
            flow = dynamics.population_flow([main @ turn.T, auxiliary @ turn.T], task_weights=[1.0, weight], rule=RULE)
            start = dynamics.Layers((jnp.asarray(first @ turn.T),), tuple(jnp.asarray(head) for head in heads))
            W = dynamics.solve(flow, start, TIMES).composites[0]
            losses.append(np.min(gaussian.population_loss(W, flow.moments[0])))
    single, joint = np.reshape(losses, (len(rotations), 2)).T
    return single - joint


def _eq4(seed: int, thorough: bool) -> Evidence:
    rng = generator(seed, "relatedness, matrices")
    left, right = (orthonormal(rng, RANK, RANK) for _ in range(2))
    matrix = left * np.array([0.9, 0.3]) @ right.T
    rotations = [orthonormal(rng, FEATURES, FEATURES) for _ in range(8 if thorough else 2)]
    benefit = benefits(seed, [np.eye(FEATURES), *rotations])
    error_if_equal = max(relatedness_error(PAIRS * seed + n, 0.5 * np.eye(RANK), EQUAL) for n in range(PAIRS))
    main, auxiliary = pair(seed, 0.5, EQUAL)
    cosines = np.linalg.svd(measured(main, auxiliary), compute_uv=False)
    return Evidence(
        within=(
            at_most("r = 0.5: error of the measured R", relatedness_error(seed, 0.5 * np.eye(RANK), DISTINCT), EXACT),
            at_most(
                "R with cosines 0.9 and 0.3: error of the measured R", relatedness_error(seed, matrix, DISTINCT), EXACT
            ),
            at_most("change of the benefit as all features turn", np.ptp(benefit), 1e-6, error=1e-7, unit="nats"),
        ),
        beyond=(
            at_most(
                f"equal singular values, r = 0.5: error of the measured R, largest of {PAIRS} pairs",
                error_if_equal,
                EXACT,
            ),
        ),
        instead=(
            at_most("equal singular values: error of R's own singular values", np.max(np.abs(cosines - 0.5)), EXACT),
        ),
    )


CLAIMS = (
    Claim(
        key="eq-4",
        source="(4)",
        statement="R = V̄_Bᵀ V̄_A says how related two tasks are; the benefit does not change when all features turn together.",
        hypotheses="Two teachers of given rank; features with C = I.",
        method="Pairs are made with a given R (a number and a matrix), which is then read off their weights by singular "
        "value decomposition; benefits by the population flow with all features rotated.",
        measure=_eq4,
        condition="the singular values of each teacher differ; among equal ones, as on the paper's grids, the singular "
        "vectors and so the entries of R are free",
        truth="With equal singular values only the singular values of R are determined, the cosines between the tasks' "
        "feature spaces.",
        seconds=8.0,
    ),
)
