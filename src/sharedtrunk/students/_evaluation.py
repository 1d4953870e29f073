"""The generalization loss of students without composite weights, on fresh inputs that all lanes and times share.

For linear students the loss is computed, not sampled (package `gaussian`). ReLU students are evaluated on inputs that are
drawn once per seed, so that differences between students are paired. The loss comes with its sampling error over the inputs.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float, Int

from sharedtrunk._support.arguments import check_kind_of, floating
from sharedtrunk._support.cache.programs import program
from sharedtrunk._support.statistics import half_width
from sharedtrunk.errors import invalid
from sharedtrunk.students._network import SharedTrunk, logits


class FreshInputs(eqx.Module):
    """Inputs that no student trains on, with clean labels to evaluate it, and with noisy labels to decide when to stop.

    Parameters
    ----------
    inputs, validation_inputs
        Columns (feature, sample), shared by the lanes or with a lane axis.
    clean_labels, validation_labels
        Class indices of the main task (*lane, sample).
    """

    inputs: Float[Array, "*shared feature sample"]
    clean_labels: Int[Array, "*lane sample"]
    validation_inputs: Float[Array, "*shared feature validation"]
    validation_labels: Int[Array, "*lane validation"]


def evaluate(network: SharedTrunk, fresh: FreshInputs) -> dict[str, Float[Array, ""]]:
    """One lane's main-task loss with the half-width of its 99 % interval, validation loss (in nats) and accuracy."""
    z = logits(network, fresh.inputs)[0]
    losses = _cross_entropy(z, fresh.clean_labels)
    hits = (jnp.argmax(z, axis=0) == fresh.clean_labels).astype(losses.dtype)
    validation = _cross_entropy(logits(network, fresh.validation_inputs)[0], fresh.validation_labels)
    return {
        "generalization_loss": jnp.mean(losses),
        "error": half_width(losses),
        "accuracy": jnp.mean(hits),
        "validation_loss": jnp.mean(validation),
    }


def sampled_losses(
    networks: SharedTrunk,
    inputs: Float[Array, "block feature sample"],
    labels: Int[Array, "block lane sample"],
) -> tuple[Float[Array, "lane block"], Float[Array, "lane"]]:
    """Main-task loss E_x [ln Z(z) − z_label] of every student on every block of inputs, and accuracy on all blocks.

    All students see the same inputs, so the spread over blocks of *differences* of their losses is the sampling error of a
    benefit.

    Parameters
    ----------
    networks
        Students with a lane axis.
    inputs
        Blocks of columns (block, feature, sample).
    labels
        Class indices (block, lane, sample).

    Returns
    -------
    losses, accuracy
        Losses (lane, block) in nats and accuracies (lane,).
    """
    check_kind_of(networks, SharedTrunk, "The argument networks", "Use a trajectory's final or networks")
    x, y = floating(inputs, "Inputs"), floating(labels, "Labels")
    if x.ndim != 3 or y.ndim != 3 or (x.shape[0], x.shape[2]) != (y.shape[0], y.shape[2]):
        raise invalid(
            "Inputs (block, feature, sample) and labels (block, lane, sample) must have the same blocks and samples",
            received=f"{x.shape} and {y.shape}",
            hint="Put a single block in a list",
        )
    return _sampled_losses(networks, inputs, labels)


@program
def _sampled_losses(networks, inputs, labels):
    def block(given):
        x, y = given
        z = jax.vmap(lambda network: logits(network, x)[0])(networks)
        hits = (jnp.argmax(z, axis=-2) == y).astype(z.dtype)
        return jnp.mean(jax.vmap(_cross_entropy)(z, y), axis=-1), jnp.mean(hits, axis=-1)

    losses, hits = jax.lax.map(block, (inputs, labels))
    return losses.T, jnp.mean(hits, axis=0)


def _cross_entropy(z: Float[Array, "class sample"], labels: Int[Array, "sample"]) -> Float[Array, "sample"]:
    chosen = jnp.take_along_axis(z, labels[None, :], axis=0)[0]
    return logsumexp(z, axis=0) - chosen
