"""Are the error bars of F, ∇F and G true, and small enough? Default rules against routes that share no code with them.

    python benchmarks/gaussian_coverage.py [--problems 100] [--seed 0] [--points 16384]

The problems are random weights with singular values log-uniform within 1e-3 … 1e3, as many of 3 classes (ranks 1 … 3 in
turn) as of 10 classes (ranks 1 … 10 in turn).

    3 classes    adaptive cubature in polar coordinates, for all three quantities
    10 classes   F by quasi-random points, with a control variate only for weights of norm below 1; ∇F by automatic
                 differentiation of that F, or (for singular values above 3, where points in all of space miss the layers
                 between classes) as G W; G by quasi-random points conditioned on the difference of two logits, one pair of
                 classes at a time

A value is covered where its distance from the reference is at most hypot(bar, reference's bar), the latter the error estimate
of the cubature or a 99 % interval. The table gives how many values are covered, the error bars relative to the value (median,
largest; wanted: 1e-3, for G 1e-2), and in how many problems the reference's bar is the smaller one: in the others the count
says little.
"""

import argparse
import itertools
import os
import time

os.environ.setdefault("JAX_ENABLE_X64", "1")

import jax
import jax.numpy as jnp
import numpy as np
from scipy import integrate, special
from scipy.stats import qmc, t

from sharedtrunk import gaussian

ASKED = {"F": 1e-3, "∇F": 1e-3, "G": 1e-2}
DEFAULTS = {
    "F": gaussian.free_energy_with_error,
    "∇F": gaussian.softmax_moment_with_error,
    "G": gaussian.softmax_covariance_with_error,
}
MODERATE = 3.0
SCRAMBLES = 8


def problem(seed: int, classes: int, rank: int) -> np.ndarray:
    """W (class, 20) of the given rank; its singular values log-uniform in a random part of 1e-3 … 1e3."""
    rng = np.random.default_rng([seed, classes, rank])
    low, high = np.sort(rng.uniform(-3, 3, 2))
    s = 10 ** rng.uniform(low, high, rank)
    U, V = (np.linalg.qr(rng.standard_normal((rows, rank)))[0] for rows in (classes, 20))
    return U * s @ V.T


def directions(W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A and V with J W = A Vᵀ, A (class, direction), V (feature, direction) orthonormal."""
    U, s, Vt = np.linalg.svd(W - W.mean(axis=0), full_matrices=False)
    kept = s > 1e-13 * s[0]
    return U[:, kept] * s[kept], Vt[kept].T


def log_partition(z):
    top = z.max(axis=0)
    return top + np.log(np.exp(z - top).sum(axis=0))


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


# Three classes: adaptive cubature


def by_cubature(W: np.ndarray) -> dict[str, tuple[np.ndarray, float]]:
    """F, ∇F and G of three classes, each with its error, by adaptive cubature over radius and angle."""
    A, V = directions(W)
    size = np.linalg.norm(A)

    def integrand(points):
        u, weight = _plane(points) if A.shape[1] == 2 else _line(points)
        z = A @ u
        P = softmax(z)
        G = -P[:, None] * P[None] + P[:, None] * np.eye(3)[:, :, None]
        # parts that are small for large or small weights are scaled to order one, so that one tolerance fits all
        moment = (P - 1 / 3)[:, None] * u[None]
        parts = [
            log_partition(z)[None],
            (moment * (1 + 1 / size)).reshape(-1, z.shape[1]),
            (G * (1 + size)).reshape(9, -1),
        ]
        return (np.concatenate(parts) * weight).T

    found = [_cubature(integrand, low, high) for low, high in _pieces(A)]
    value, error = (sum(getattr(each, name) for each in found) for name in ("estimate", "error"))
    rank = A.shape[1]
    scales = np.concatenate([[1.0], np.full(3 * rank, 1 / (1 + 1 / size)), np.full(9, 1 / (1 + size))])
    value, error = value * scales, error * scales
    parts = {"F": slice(0, 1), "∇F": slice(1, 1 + 3 * rank), "G": slice(1 + 3 * rank, None)}
    shapes = {"F": (), "∇F": (3, rank), "G": (3, 3)}
    out = {
        name: (value[part].reshape(shapes[name]), float(np.linalg.norm(error[part]))) for name, part in parts.items()
    }
    out["∇F"] = (out["∇F"][0] @ V.T, out["∇F"][1])
    return out


def _cubature(integrand, low, high):
    return integrate.cubature(integrand, low, high, rule="gk21", rtol=1e-8, atol=1e-9, max_subdivisions=4000)


def _plane(points):
    radius, angle = points.T
    weight = radius * np.exp(-(radius**2) / 2) / (2 * np.pi)
    return radius * np.stack([np.cos(angle), np.sin(angle)]), weight


def _line(points):
    return points.T, np.exp(-(points[:, 0] ** 2) / 2) / np.sqrt(2 * np.pi)


def _pieces(A: np.ndarray):
    """Where to integrate: between the rays on which two classes tie; radii in decades, for layers of any width."""
    radii = np.concatenate([[0.0], np.logspace(-4, 0, 5), [9.0]])
    if A.shape[1] == 1:
        ends = np.concatenate([-radii[:0:-1], radii])
        return [([a], [b]) for a, b in itertools.pairwise(ends)]
    differences = np.stack([A[0] - A[1], A[1] - A[2], A[2] - A[0]])
    ties = np.arctan2(differences[:, 0], -differences[:, 1])
    rays = np.sort(np.concatenate([ties, ties + np.pi]) % (2 * np.pi))
    rays = np.append(rays, rays[0] + 2 * np.pi)
    sectors = [(a, b) for a, b in itertools.pairwise(rays) if b - a > 1e-13]
    return [([r, a], [s, b]) for r, s in itertools.pairwise(radii) for a, b in sectors]


# Ten classes: quasi-random points of our own


def uniform(dimension: int, points: int, seed: int) -> np.ndarray:
    """Scrambled Sobol points (scramble, dimension, point), none at 0 or 1."""
    draws = [
        qmc.Sobol(dimension, bits=52, rng=np.random.default_rng([seed, n])).random(points).T for n in range(SCRAMBLES)
    ]
    return np.clip(np.stack(draws), 2.0**-53, 1 - 2.0**-53)


def spread(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Mean over scrambles, and the half-width of its 99 % interval in the Frobenius norm."""
    mean = values.mean(axis=0)
    square = np.sum((values - mean) ** 2) / (len(values) * (len(values) - 1))
    return mean, float(t.ppf(0.995, len(values) - 1) * np.sqrt(square))


def plain(A: np.ndarray, nodes: np.ndarray, small: float):
    """F of logits A u over nodes ±u, in a form that JAX differentiates; A (class, direction), nodes (direction, point).

    With `small` = 1 the exact mean replaces that of the second order in the logits (a control variate); with 0 it does not.
    """
    z = A @ nodes
    both = 0.5 * (jax.scipy.special.logsumexp(z, axis=0) + jax.scipy.special.logsumexp(-z, axis=0))
    return jnp.mean(both - small * jnp.sum(z**2, axis=0) / (2 * len(A))) + small * jnp.sum(A**2) / (2 * len(A))


_value_and_slope = jax.jit(jax.value_and_grad(plain))


def by_differentiation(W: np.ndarray, points: int, seed: int) -> dict[str, tuple[np.ndarray, float]]:
    """F by plain points, and ∇F by automatic differentiation of it."""
    A, V = directions(W)
    # all ranks have one shape, so JAX compiles once
    nodes = special.ndtri(uniform(9, points, seed))
    wide = np.zeros((len(A), 9))
    wide[:, : A.shape[1]] = A
    small = float(np.linalg.norm(A) < 1)
    found = [_value_and_slope(jnp.asarray(wide), jnp.asarray(each), small) for each in nodes]
    F, slope = (np.stack([np.asarray(part) for part in column]) for column in zip(*found, strict=True))
    return {"F": spread(F), "∇F": spread(slope[:, :, : A.shape[1]] @ V.T)}


def by_pairs(W: np.ndarray, points: int, seed: int) -> dict[str, tuple[np.ndarray, float]]:
    """G with its off-diagonal entries E[P_i P_j] conditioned on the difference of the pair's logits; ∇F = G W."""
    A, _ = directions(W)
    K, rank = A.shape
    values = np.zeros((SCRAMBLES, K, K))
    draws = uniform(rank + 1, points, seed)
    noise, first = special.ndtri(draws[:, 1:]), draws[:, 0]
    for i in range(K):
        for j in range(i):
            gap = A[i] - A[j]
            sigma = np.linalg.norm(gap)
            # P_i P_j is concentrated where |difference| is of order one: if that law is narrower, draw the difference from it
            narrow = sigma > 2
            d = special.logit(first) if narrow else sigma * special.ndtri(first)
            density = np.exp(-((d / sigma) ** 2) / 2) / (np.sqrt(2 * np.pi) * sigma)
            weight = density / (special.expit(d) * special.expit(-d)) if narrow else 1.0
            e = gap / sigma
            along = noise - e[:, None] * np.einsum("r,nrp->np", e, noise)[:, None] + e[:, None] * (d / sigma)[:, None]
            P = softmax(np.moveaxis(A @ along, 1, 0))
            values[:, i, j] = values[:, j, i] = -np.mean(P[i] * P[j] * weight, axis=-1)
    values[:, range(K), range(K)] = -values.sum(axis=2)
    return {"∇F": spread(values @ W), "G": spread(values)}


def reference(W: np.ndarray, points: int, seed: int) -> dict[str, tuple[np.ndarray, float]]:
    """Value and error bar of F, ∇F and G by the routes above."""
    if len(W) == 3:
        return by_cubature(W)
    plain_route, pairs = by_differentiation(W, 4 * points, seed), by_pairs(W, points, seed + 1)
    large = np.linalg.norm(W, ord=2) > MODERATE
    return {"F": plain_route["F"], "∇F": (pairs if large else plain_route)["∇F"], "G": pairs["G"]}


def measure(problems: int, classes: int, seed: int = 0, points: int = 16384) -> dict[str, np.ndarray]:
    """For each quantity, one row per problem: rank, distance from the reference, bar, reference's bar, size."""
    rows: dict[str, list] = {name: [] for name in DEFAULTS}
    for n in range(problems):
        rank = 1 + n % classes
        W = problem(seed + n, classes, rank)
        truth = reference(W, points, seed=10_000 + n)
        for name, quantity in DEFAULTS.items():
            value, bar = quantity(jnp.asarray(W))
            exact, reference_bar = truth[name]
            distance = np.linalg.norm(np.asarray(value) - exact)
            rows[name].append((rank, distance, float(bar), reference_bar, np.linalg.norm(exact)))
    return {name: np.array(each) for name, each in rows.items()}


def covered(rows: np.ndarray) -> np.ndarray:
    """Is the reference within the bar, allowing for the reference's own error?"""
    _, distance, bar, reference_bar, _ = rows.T
    return distance <= np.hypot(bar, reference_bar)


def _line_of_table(classes: int, ranks: str, name: str, rows: np.ndarray) -> str:
    _, distance, bar, reference_bar, size = rows.T
    relative, inside = bar / size, covered(rows)
    asked, decided = (relative <= ASKED[name]).sum(), (reference_bar <= bar).sum()
    return (
        f"| {classes} | {ranks} | {name} | {inside.sum()} of {len(rows)} | {np.median(relative):.1e} | "
        f"{relative.max():.1e} | {asked} of {len(rows)} | {(distance / size).max():.1e} | {decided} |"
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--points", type=int, default=16384, help="points of the reference at 10 classes, a power of two"
    )
    options = parser.parse_args()
    begin = time.perf_counter()
    print(
        "| K | rank | quantity | covered | median bar | largest bar | bars as small as asked | largest distance | "
        "reference more exact |\n|---|---|---|---|---|---|---|---|---|"
    )
    for classes, groups in ((3, ((1, 1), (2, 3))), (10, ((1, 3), (4, 7), (8, 10)))):
        found = measure(options.problems, classes, options.seed, options.points)
        for low, high in (*groups, (1, classes)):
            for name, rows in found.items():
                chosen = (rows[:, 0] >= low) & (rows[:, 0] <= high)
                print(_line_of_table(classes, f"{low} … {high}", name, rows[chosen]), flush=True)
    print(f"\nDistances and bars relative to the value's Frobenius norm; {time.perf_counter() - begin:.0f} s.")


if __name__ == "__main__":
    main()
