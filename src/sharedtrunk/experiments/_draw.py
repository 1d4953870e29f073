"""The teachers, inputs, labels and start of one chunk: everything that does not depend on how it is trained.

Every draw has a key made of the seed and the stream's name, so the lanes of a chunk share inputs and start, and lanes
that differ in singular values or relatedness differ in nothing else.
"""

import dataclasses
import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharedtrunk import students, teachers
from sharedtrunk._errors import invalid
from sharedtrunk._randomness import stream
from sharedtrunk.experiments._settings import StandardSettings


class Draw(eqx.Module):
    """Inputs shared by the lanes of a chunk, labels lane by lane, and what judges: the clean moment and weights.

    `noisy_weights[t]` are task t's teachers, of which theory needs more than the labels.
    """

    inputs: Float[Array, "sample feature"]
    labels: tuple[Int[Array, "lane sample"], ...]
    validation_inputs: Float[Array, "validation feature"]
    validation_labels: Int[Array, "lane validation"]
    clean_labels: Int[Array, "lane sample"]
    clean_weights: Float[Array, "lane class feature"]
    moments: Float[Array, "lane class feature"]
    moment_error: Float[Array, ""]
    noisy_weights: tuple[Float[Array, "lane class feature"], ...]
    start: students.SharedTrunk


def draw_chunk(settings: StandardSettings, seed: int, samples: int, lanes: list[dict]) -> Draw:
    """Draw the chunk's data; lanes share `seed` and `samples`."""
    columns = [
        np.asarray([lane.get(name, 0.0) for lane in lanes], settings.dtype)
        for name in ("s_main", "s_aux", "relatedness")
    ]
    _check_lanes(lanes, settings.tasks)
    key = jax.random.key(seed)
    noisy, clean, main, start = _teachers_and_start(dataclasses.replace(settings, tasks=2), key, *columns)
    held_out = max(1, round(settings.validation_fraction * samples))
    inputs, labels, held_out_inputs, held_out_labels, clean_labels = _labelled(samples, held_out, key, noisy, clean)
    # The moment depends on the teacher's directions only, so one serves all lanes of a seed.
    moment, error = teachers.clean_label_moment(main)
    moments = jnp.asarray(np.broadcast_to(np.asarray(moment), clean.shape))
    return Draw(inputs, labels, held_out_inputs, held_out_labels, clean_labels, clean, moments, error, noisy, start)


def _check_lanes(lanes: list[dict], tasks: int) -> None:
    """Check the values here, on the host: the teachers are drawn under jit, where values cannot be seen."""
    rules = {
        "n_samples": ("whole and at least 1", lambda v: v == int(v) >= 1),
        "seed": ("whole and at least 0", lambda v: v == int(v) >= 0),
        "s_main": ("finite and above 0", lambda v: 0 < v < float("inf")),
    }
    if tasks == 2:
        rules |= {
            "s_aux": ("finite and at least 0", lambda v: 0 <= v < float("inf")),
            "relatedness": ("between −1 and 1", lambda v: -1 <= v <= 1),
        }
    for lane in lanes:
        for name, (rule, holds) in rules.items():
            if name not in lane or not np.isfinite(lane[name]) or not holds(lane[name]):
                raise invalid(
                    f"{name} of a lane must be {rule}", received=lane.get(name, "none"), way_out="Mend the sweep's grid"
                )


@functools.partial(jax.jit, static_argnums=0)
def _teachers_and_start(settings: StandardSettings, key, s_main, s_aux, relatedness):
    """Both tasks' noisy weights, the main task's clean ones and its unit teacher, and the start; no sample count here.

    Baselines draw both tasks too and leave one aside: they then share this program with the joint lanes.
    """

    def lane(*values):
        main, auxiliary = _pair(settings, key, *values)
        return (main.noisy_weights, auxiliary.noisy_weights), main.weights

    noisy, clean = jax.vmap(lane)(s_main, s_aux, relatedness)
    one = jnp.ones((), settings.dtype)
    main, _ = _pair(settings, key, one, one, one)
    start = _start(settings, key)
    return noisy, clean, main, jax.tree.map(lambda w: jnp.broadcast_to(w[None], (s_main.shape[0], *w.shape)), start)


@functools.partial(jax.jit, static_argnums=(0, 1))
def _labelled(samples: int, held_out: int, key, noisy, clean):
    """Training inputs with every task's labels, held-out inputs with the main task's, and its clean labels."""
    features, dtype = noisy[0].shape[-1], noisy[0].dtype
    inputs = teachers.draw_inputs(key, samples, features, dtype=dtype)
    held_out_inputs = teachers.draw_inputs(stream(key, "validation"), held_out, features, dtype=dtype)
    labels = tuple(teachers.hard_labels(weights, inputs) for weights in noisy)
    held_out_labels = teachers.hard_labels(noisy[0], held_out_inputs)
    return inputs, labels, held_out_inputs, held_out_labels, teachers.hard_labels(clean, inputs)


def _pair(settings: StandardSettings, key, s_main, s_aux, relatedness):
    return teachers.related_pair(
        key,
        relatedness=relatedness,
        classes=settings.classes,
        features=settings.features,
        rank=settings.rank,
        singular_values=(s_main, s_aux),
        noise=settings.noise,
        dtype=settings.dtype,
    )


def _start(settings: StandardSettings, key):
    return students.random_start(
        stream(key, "student"),
        features=settings.features,
        hidden=(settings.hidden,) * settings.hidden_layers,
        classes=(settings.classes,) * 2,
        scale=settings.start_scale,
        activation=settings.activation,  # pyright: ignore[reportArgumentType]
        dtype=settings.dtype,
    )
