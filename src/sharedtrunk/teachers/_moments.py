"""The clean label moment of a teacher, by closed form where there is one.

A teacher of rank K with equal singular values has independent logits of equal variance, and M = m_K/(K−1) · J Ū V̄ᵀ
exactly, m_K the expected maximum of K standard normals. Every teacher of the standard problem is of this kind.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.concrete import concrete
from sharedtrunk.teachers._teacher import Teacher, check_teacher


def clean_label_moment(teacher: Teacher) -> tuple[Float[Array, "class feature"], Float[Array, ""]]:
    """M(W̄) = E[onehot(argmax W̄x) xᵀ] for x ~ N(0, I), and the estimate of its error (Frobenius norm)."""
    check_teacher(teacher)
    values = concrete(teacher.singular_values)
    classes = teacher.left.shape[0]
    if values is None or values.size < classes or values[0] == 0 or not np.all(values == values[0]):
        return gaussian.label_moment_with_error(teacher.weights)
    dtype = teacher.left.dtype
    left, right = (np.asarray(frame, np.float64) for frame in (teacher.left, teacher.right))
    frame = left @ right.T
    scale = gaussian.expected_maximum(classes) / (classes - 1)
    moment = scale * (frame - np.mean(frame, axis=0, keepdims=True))
    rounding = np.finfo(dtype).eps * np.sqrt(frame.size)
    return jnp.asarray(moment, dtype), jnp.asarray(rounding * np.max(np.abs(moment)), dtype)
