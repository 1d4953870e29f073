"""The minimum between saved times: the parabola through a curve's lowest point and its neighbours."""

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk._support.axes import AnyArray


def vertex_below(
    times: Float[AnyArray, "time"], curve: Float[AnyArray, "*lane time"], index: Int[np.ndarray, "*lane"]
) -> np.ndarray:
    """How far below curve[index] the vertex of the parabola through it and its neighbours lies; 0 at either end."""
    inner = np.clip(index, 1, times.shape[0] - 2)
    t0, t1, t2 = (np.asarray(times)[inner + shift] for shift in (-1, 0, 1))
    y0, y1, y2 = (
        np.take_along_axis(np.asarray(curve), (inner + shift)[..., None], axis=-1)[..., 0] for shift in (-1, 0, 1)
    )
    left, right = (y1 - y0) / (t1 - t0), (y2 - y1) / (t2 - t1)
    curvature = (right - left) / (t2 - t0)
    slope = left + curvature * (t1 - t0)
    convex = (curvature > 0) & (index == inner)
    return np.where(convex, slope * slope / (4 * np.where(convex, curvature, 1)), 0)
