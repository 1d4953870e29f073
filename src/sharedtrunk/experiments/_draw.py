"""The teachers, inputs, labels and start of one chunk: everything that does not depend on how students are trained.

The key of every draw depends only on the seed and the stream's name. So the lanes of a chunk share inputs and start, and
lanes that differ in singular values or relatedness differ in nothing else. Another auxiliary task changes nothing in the
tasks before it.
"""

import dataclasses
import operator

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharedtrunk import students, teachers
from sharedtrunk._support.cache.programs import program
from sharedtrunk._support.randomness import stream
from sharedtrunk.errors import invalid
from sharedtrunk.experiments._lane_values import check_lanes, lane_values
from sharedtrunk.experiments.problems import StandardSettings


class Draw(eqx.Module):
    """The data of a chunk: inputs that its lanes share, and every lane's labels and clean teachers.

    Parameters
    ----------
    inputs
        Training inputs (sample, feature) of the task with most points.
    labels
        For each task the labels (lane, sample) of its points, which are the first of `inputs`.
    validation_inputs, validation_labels
        Held-out inputs and the main task's noisy labels there.
    clean_labels
        The main task's labels without noise (lane, sample).
    clean_weights, moments, moment_error
        The main task's clean weights and clean label moments (lane, class, feature), and the moments' Frobenius error.
    noisy_weights
        Noisy weights of every task's teachers (lane, class, feature), which theory needs.
    start
        The students' start, with a lane axis.
    """

    inputs: Float[Array, "sample feature"]
    labels: tuple[Int[Array, "lane _"], ...]
    validation_inputs: Float[Array, "validation feature"]
    validation_labels: Int[Array, "lane validation"]
    clean_labels: Int[Array, "lane main_sample"]
    clean_weights: Float[Array, "lane class feature"]
    moments: Float[Array, "lane class feature"]
    moment_error: Float[Array, ""]
    noisy_weights: tuple[Float[Array, "lane class feature"], ...]
    start: students.SharedTrunk

    def inputs_of(self, task: int) -> Float[Array, "_ feature"]:
        """The points on which a task has labels."""
        return self.inputs[: self.labels[task].shape[-1]]

    def problem(self, settings: StandardSettings) -> students.Problem:
        """The students' training problem. The main task has no labels on the extra points of the auxiliary task."""
        count = self.inputs.shape[0]
        missing = [count - labels.shape[-1] for labels in self.labels]
        return students.make_problem(
            self.inputs,
            [jnp.pad(labels, ((0, 0), (0, extra))) for labels, extra in zip(self.labels, missing, strict=True)],
            classes=settings.classes,
            masks=[jnp.arange(count) < count - extra if extra else None for extra in missing],
            task_weights=settings.task_weights(len(self.labels)),
        )


def draw_lanes(settings: StandardSettings, lanes: list[dict]) -> Draw:
    """Draw the data of a chunk of lanes that come from a sweep: every lane holds the seed and the number of samples.

    Parameters
    ----------
    settings
        The standard problem and its arm.
    lanes
        Values of every lane by name. Lanes share `seed`, `n_samples` and, if they are joint lanes that have it, `n_aux`.

    Raises
    ------
    InputError
        For lanes that do not share these, and where `draw_chunk` raises it.
    """
    seed, samples = (_common(lanes, name) for name in ("seed", "n_samples"))
    has_n_aux = settings.tasks > 1 and any("n_aux" in lane for lane in lanes)
    return draw_chunk(settings, seed, samples, lanes, auxiliary_samples=_common(lanes, "n_aux") if has_n_aux else None)


def _common(lanes: list[dict], name: str) -> int:
    values = {lane.get(name, "none") for lane in lanes}
    numbers = {float(value) for value in values if isinstance(value, int | float | np.number)}
    if len(values) != 1 or len(numbers) != 1 or not (number := numbers.pop()).is_integer():
        raise invalid(
            f"Lanes of one chunk must share {name}, a whole number",
            received=sorted(values, key=str),
            hint=f"Group the sweep by {name}",
        )
    return int(number)


def draw_chunk(
    settings: StandardSettings, seed: int, samples: int, lanes: list[dict], *, auxiliary_samples: int | None = None
) -> Draw:
    """Draw the data of a chunk of lanes.

    Parameters
    ----------
    settings
        The standard problem and its arm.
    seed, samples
        Seed and number of training points of all lanes.
    lanes
        `s_main` and, for joint lanes, `s_aux` and `relatedness` of every lane. Singular values are one number or a list with
        one per rank, relatedness a number or a matrix as a list of rows. With several auxiliary tasks, or unequal singular
        values of the only one, `s_aux` and `relatedness` are lists with an entry per auxiliary task. Lanes of one chunk have
        values of the same shapes.
    auxiliary_samples
        Points of every auxiliary task, of which the first `samples` are the main task's; `samples` by default.

    Raises
    ------
    InputError
        For a lane's value out of range, values of different shapes, fewer auxiliary than main samples, or float64 where JAX
        has it switched off.
    """
    if settings.precision == "float64" and not jax.config.jax_enable_x64:  # pyright: ignore[reportAttributeAccessIssue]
        raise invalid(
            "Lanes in float64 need JAX's float64 switched on",
            received="jax_enable_x64 = False",
            hint='Set JAX_ENABLE_X64=1, or call jax.config.update("jax_enable_x64", True)',
        )
    auxiliary_samples = samples if auxiliary_samples is None else auxiliary_samples
    if auxiliary_samples < samples:
        raise invalid(
            "The auxiliary task has at least the main task's points: n_aux ≥ n_samples",
            received=f"n_aux={auxiliary_samples}, n_samples={samples}",
            hint="Leave n_aux out for equally many",
        )
    check_lanes(lanes, settings.tasks)
    key = jax.random.key(seed)
    # Random starts do not depend on the number of tasks: one program serves baselines and joint lanes.
    shared = settings if settings.start == "aligned" else dataclasses.replace(settings, tasks=max(2, settings.tasks))
    s_main, s_aux, relatedness = lane_values(lanes, settings.dtype)
    noisy, clean, main, start = _teachers_and_start(shared, key, s_main, s_aux, relatedness)
    held_out = max(1, round(settings.validation_fraction * samples))
    counts = (samples, *(auxiliary_samples for _ in s_aux))
    inputs, labels, held_out_inputs, held_out_labels, clean_labels = _labelled(counts, held_out, key, noisy, clean)
    moments, error = _clean_moments(main, s_main)
    return Draw(inputs, labels, held_out_inputs, held_out_labels, clean_labels, clean, moments, error, noisy, start)


def draw_teachers(settings: StandardSettings, seed: int, lanes: list[dict]) -> list[tuple[teachers.Teacher, ...]]:
    """The teachers of `draw_chunk` without inputs and labels.

    Parameters
    ----------
    settings, seed, lanes
        See `draw_chunk`.

    Returns
    -------
    list of tuple of Teacher
        For every lane the main task's teacher, then those of the auxiliary tasks.

    Raises
    ------
    InputError
        Where `draw_chunk` raises it for a lane's values.
    """
    check_lanes(lanes, settings.tasks)
    drawn = _teachers_of_lanes(settings, jax.random.key(seed), *lane_values(lanes, settings.dtype))
    return [jax.tree.map(operator.itemgetter(lane), drawn) for lane in range(len(lanes))]


@program
def _teachers_of_lanes(settings: StandardSettings, key, s_main, s_aux: tuple, relatedness: tuple):
    return jax.vmap(lambda *values: _teachers(settings, key, *values))(s_main, s_aux, relatedness)


def _clean_moments(main: teachers.Teacher, s_main: np.ndarray) -> tuple[Array, Array]:
    """Clean label moments of every lane and the largest of their errors; `main` has singular values of 1."""
    if s_main.ndim == 1:
        # Equal singular values: the moment depends on the teacher's directions only, so one serves all lanes of a seed.
        moment, error = teachers.clean_label_moment(main)
        return jnp.asarray(np.broadcast_to(np.asarray(moment), (len(s_main), *moment.shape))), error
    distinct, index = np.unique(s_main, axis=0, return_inverse=True)
    each = [dataclasses.replace(main, singular_values=jnp.asarray(values)) for values in distinct]
    moments, errors = zip(*map(teachers.clean_label_moment, each), strict=True)
    return jnp.stack(moments)[index.ravel()], jnp.max(jnp.stack(errors))


@program
def _teachers_and_start(settings: StandardSettings, key, s_main, s_aux: tuple, relatedness: tuple):
    """All tasks' noisy weights, the main task's clean weights and its teacher of singular values 1, and the start.

    None of these depends on the number of samples. Baselines draw all tasks too and ignore the auxiliary ones, so that they
    share this program with the joint lanes.
    """

    def lane(*values):
        found = _teachers(settings, key, *values)
        return tuple(teacher.noisy_weights for teacher in found), found[0].weights

    noisy, clean = jax.vmap(lane)(s_main, s_aux, relatedness)
    one = jnp.ones((), settings.dtype)
    main = _teachers(settings, key, one, (one,), (one,))[0]
    if settings.start == "aligned":
        return noisy, clean, main, jax.vmap(lambda *teachers: _aligned_start(settings, key, teachers))(*noisy)
    start = _random_start(settings, key, len(noisy))
    return noisy, clean, main, jax.tree.map(lambda w: jnp.broadcast_to(w[None], (s_main.shape[0], *w.shape)), start)


@program
def _labelled(counts: tuple[int, ...], held_out: int, key, noisy, clean):
    """Training inputs with every task's labels, held-out inputs with the main task's, and its clean labels."""
    features, dtype = noisy[0].shape[-1], noisy[0].dtype
    inputs = teachers.draw_inputs(key, max(counts), features, dtype=dtype)
    held_out_inputs = teachers.draw_inputs(stream(key, "validation"), held_out, features, dtype=dtype)
    labels = tuple(teachers.hard_labels(weights, inputs[:count]) for weights, count in zip(noisy, counts, strict=True))
    held_out_labels = teachers.hard_labels(noisy[0], held_out_inputs)
    return inputs, labels, held_out_inputs, held_out_labels, teachers.hard_labels(clean, inputs[: counts[0]])


def _teachers(settings: StandardSettings, key, s_main, s_aux: tuple, relatedness: tuple):
    return teachers.related_teachers(
        key,
        relatedness=relatedness,
        classes=settings.classes,
        features=settings.features,
        rank=settings.rank,
        singular_values=(s_main, *s_aux),
        noise=settings.noise,
        dtype=settings.dtype,
    )


def _aligned_start(settings: StandardSettings, key, noisy):
    """A start aligned with the teachers; its singular values are scale², the root mean square of a random start's.

    The baseline's trunk holds its own task's part only. Its other heads belong to tasks of weight 0 and have no effect.
    """
    key, value = stream(key, "student"), settings.layer_scales[0] ** 2
    joint = students.aligned_tasks_start(key, noisy, value, hidden=settings.hidden)
    if settings.tasks > 1:
        return joint
    single = students.aligned_tasks_start(key, noisy[:1], value, hidden=settings.hidden)
    return students.SharedTrunk(single.trunk, (*single.heads, *joint.heads[1:]))


def _random_start(settings: StandardSettings, key, tasks: int):
    return students.random_start(
        stream(key, "student"),
        features=settings.features,
        hidden=(settings.hidden,) * settings.hidden_layers,
        classes=(settings.classes,) * tasks,
        scale=settings.layer_scales,
        activation=settings.activation,  # pyright: ignore[reportArgumentType]
        dtype=settings.dtype,
    )
