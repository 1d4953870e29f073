"""The Gram matrix of a trunk for a given response of the data."""

import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk.asymptotics._trunk import Response, order_parameters

ROWS, DECAY = 6, 0.1


def response(pulls, spread: float) -> tuple[Response, np.ndarray]:
    """Curvatures that differ by `spread`, and targets whose singular values are λ times `pulls`."""
    rng = np.random.default_rng(0)
    bases = [np.linalg.qr(rng.standard_normal((ROWS, ROWS)))[0] for _ in range(3)]
    curvature = bases[0] @ np.diag(np.geomspace(0.1, 0.1 * spread, ROWS)) @ bases[0].T
    targets = bases[1] @ np.diag(DECAY * np.asarray(pulls)) @ bases[2]
    return Response(jnp.asarray(curvature), jnp.asarray(targets), jnp.zeros((ROWS, ROWS))), targets


@pytest.mark.parametrize("spread", [1.5, 10.0, 300.0])
@pytest.mark.parametrize("pulls", [(5, 4, 3, 2, 1.01, 1.001), (5, 3, 1.001, 0.999, 0.5, 0), (1.01,) * ROWS])
def test_two_layers_minimize_the_nuclear_norm_also_where_directions_are_about_to_vanish(pulls, spread):
    seen, targets = response(pulls, spread)
    precision = float(jnp.finfo(seen.curvature.dtype).eps)
    found, change = order_parameters(seen, jnp.eye(ROWS), jnp.asarray(1.0), jnp.asarray(DECAY), 2, 1e3 * precision)
    assert change <= 1e3 * precision
    close = 30 * precision**0.5
    W = np.asarray(found.overlap)  # with targets as the pull, the overlap is W itself
    left, sizes, right = np.linalg.svd(W)
    np.testing.assert_allclose(found.gram, W @ W.T, atol=close * sizes[0] ** 2)
    slope = targets - np.asarray(seen.curvature) @ W  # λ times a subgradient of the nuclear norm at W
    rank = (sizes > close * sizes[0]).sum()
    inner = left[:, :rank].T @ slope @ right[:rank].T
    np.testing.assert_allclose(inner, DECAY * np.eye(rank), atol=close)
    assert np.linalg.norm(slope, 2) <= DECAY * (1 + close)


@pytest.mark.parametrize("spread", [1.5, 10.0, 300.0])
@pytest.mark.parametrize("tolerance", [1e-3, 1e-5])
def test_what_is_said_to_be_left_bounds_the_error(spread, tolerance):
    seen, _ = response((5, 4, 3, 2, 1.01, 0.9), spread)
    a, decay, precision = jnp.asarray(1.0), jnp.asarray(DECAY), float(jnp.finfo(seen.curvature.dtype).eps)
    tolerance = max(tolerance, 10 * spread * precision)  # rounding in Q moves the minimum by as much
    exact, _ = order_parameters(seen, jnp.eye(ROWS), a, decay, 2, 10 * spread * precision)
    for start in (jnp.eye(ROWS), 1.01 * exact.gram):
        found, left = order_parameters(seen, start, a, decay, 2, tolerance)
        assert left <= tolerance
        error = jnp.max(jnp.abs(found.gram - exact.gram)) / jnp.max(exact.gram)
        assert error <= tolerance
