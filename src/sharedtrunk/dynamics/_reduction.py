"""A flow on fewer features: those in the span of the start and of the flow's `span`, which the weights never leave."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk._support.cache.programs import program
from sharedtrunk.dynamics._flow import AbstractFlow, axes_of
from sharedtrunk.dynamics._layers import Layers, first_weights, map_first


def reduced(flow: AbstractFlow, start: Layers) -> tuple[AbstractFlow, Layers, Float[Array, "feature direction"]]:
    """An equivalent smaller problem of one lane: flow, start, and the basis of its features."""
    basis = jnp.linalg.qr(jnp.concatenate([*first_weights(start), *(flow.span() or ())]).T)[0]
    leaves, structure = jax.tree.flatten(flow)
    # the weights are zero outside the span, so the other arrays' parts outside it do not matter
    among_features = [names[-1:] == ("feature",) for names in axes_of(flow)]
    small = [leaf @ basis if among else leaf for leaf, among in zip(leaves, among_features, strict=True)]
    return jax.tree.unflatten(structure, small), map_first(lambda w: w @ basis, start), basis


def restored(state: Layers, basis: Float[Array, "feature direction"]) -> Layers:
    """A state of the smaller problem, on all features again."""
    return map_first(lambda w: w @ basis.T, state)


def reduced_lanes(flow: AbstractFlow, axes: tuple[int | None, ...], lanes):
    """`reduced` for a batch: flow, axes of its arrays, state, basis (lane, …). If not smaller: all unchanged, and None."""
    span = flow.span()
    if span is None or sum(w.shape[-2] for w in (*first_weights(lanes), *span)) >= span[0].shape[-1]:
        return flow, axes, lanes, None
    small, state, basis = _reduce(flow, axes, lanes)
    return small, (0,) * len(jax.tree.leaves(small)), state, basis


@program
def _reduce(flow: AbstractFlow, axes: tuple[int | None, ...], lanes):
    leaves, structure = jax.tree.flatten(flow)
    return jax.vmap(lambda leaves, start: reduced(jax.tree.unflatten(structure, leaves), start), (list(axes), 0))(
        leaves, lanes
    )
