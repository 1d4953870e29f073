"""The axis vocabulary: every shape in a signature is written with these words.

`task`, `class`, `feature`, `hidden`, `sample`, `time`, `lane`, and `node` for the points of a quadrature rule.
A leading `*lane` means any number of batch axes. The aliases below are the shapes that recur.
"""

import numpy as np
from jaxtyping import Array, Float, Int, Key

AnyArray = Array | np.ndarray
"""A JAX or NumPy array, for functions that only read values and are neither differentiated nor compiled."""

PRNGKey = Key[Array, ""]
"""A new-style JAX key (`jax.random.key(seed)`)."""

Weights = Float[Array, "*lane class feature"]
"""Composite weights W: the product of a network's layers."""

Moment = Float[Array, "*lane class feature"]
"""A label moment E[onehot(label) xᵀ]."""

Covariance = Float[Array, "feature feature"]
"""Input covariance C."""

Gram = Float[Array, "*lane class class"]
"""Covariance of the logits, Q = W C Wᵀ, or a softmax covariance G."""

Value = Float[Array, "*lane"]
"""One number per lane; losses are in nats."""

Inputs = Float[Array, "*shared sample feature"]
"""Inputs x, one row per sample; shared by the lanes, or with a lane axis."""

Labels = Int[Array, "*lane sample"]
"""Class indices, 0 … K − 1."""

Times = Float[Array, "time"]
"""Training time t = steps × step size."""
