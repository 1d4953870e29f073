"""One valid call for each public function of the numerical rooms: what tests and the fuzzer of values spoil."""

import dataclasses
import functools
import importlib
import inspect

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import asymptotics, dynamics, gaussian, students, teachers

ROOMS = ("gaussian", "spectra", "teachers", "students", "dynamics", "asymptotics", "benefit")

W = np.array([[1.0, 0.2, -0.4], [0.1, -0.8, 0.3], [-0.7, 0.5, 0.6]])
MOMENT = np.array([[0.2, 0.0, -0.1], [-0.1, -0.2, 0.1], [-0.1, 0.2, 0.0]])
U = np.linalg.svd(np.eye(3) - 1 / 3)[0][:, :2]
V = np.eye(4)[:, :2]
S, G = np.array([1.0, 0.5]), (np.eye(3) - 1 / 3) / 3
X = np.array([[0.5, -1.0, 0.3], [1.0, 0.2, -0.7], [-0.4, 0.9, 1.1], [0.3, 0.3, -1.2], [-1.0, 0.1, 0.4]])
Y = np.array([0, 1, 2, 0, 1])
TIMES = np.array([0.0, 0.5, 1.0])
RULE = gaussian.Sobol(256, 4)
NODES = gaussian.Sobol(64, 1)


def key():
    return jax.random.key(0)


@functools.cache
def teacher():
    return teachers.random_teacher(key(), classes=3, features=3, rank=2)


@functools.cache
def start():
    return students.random_start(key(), features=3, hidden=(4,), classes=(3,))


@functools.cache
def problem():
    return students.make_problem(jnp.asarray(X), [Y], classes=3)


@functools.cache
def trajectory():
    seen = students.train(start(), problem(), TIMES)
    return dataclasses.replace(
        seen, generalization_loss=np.array([1.1, 1.0, 1.05]), validation_loss=np.array([1.1, 1.02, 1.01])
    )


def layers():
    return dynamics.balanced_start([0.1 * W])


@functools.cache
def flow():
    return dynamics.population_flow([W], judge=MOMENT, inverse_temperature=1.0, rule=NODES)


@functools.cache
def aligned():
    return dynamics.aligned_flow(U, S, V, inverse_temperature=1.0, rule=NODES)


@functools.cache
def fields():
    return asymptotics.fields_of_gram(np.eye(3), 0.5 * np.eye(3), np.eye(3), classes=(3,))


def fresh():
    return jnp.asarray(X.T)[None], jnp.asarray(Y)[None, None]


def stacked(network):
    return jax.tree.map(lambda w: w[None], network)


def calls() -> dict[str, dict[str, tuple]]:
    """For each room, positional and named arguments by public function."""
    two = (U, S, V)
    return {
        "gaussian": {
            **{
                name: ((W,), {"covariance": np.eye(3), "rule": RULE})
                for quantity in ("free_energy", "softmax_moment", "softmax_covariance", "participation")
                for name in (quantity, f"{quantity}_with_error")
            },
            **{
                name: ((W,), {"covariance": np.eye(3)})
                for name in ("label_moment", "label_moment_with_error", "label_moments")
            },
            "orthonormal_label_moment": ((W,), {}),
            **{
                name: ((W, MOMENT), {"covariance": np.eye(3), "rule": RULE})
                for name in ("population_loss", "population_loss_with_error", "accuracy", "accuracy_with_error")
            },
            "free_energy_scrambles": ((W,), {"covariance": np.eye(3), "rule": RULE}),
            "softmax_moment_scrambles": ((W,), {"covariance": np.eye(3), "rule": RULE}),
            **{
                f"{name}": ((0.7, 3), {})
                for name in (
                    "random_energy_free_energy",
                    "random_energy_slope",
                    "random_energy_participation",
                    "derrida_free_energy",
                    "derrida_participation",
                )
            },
            "critical_scale": ((3,), {}),
            "expected_maximum": ((3,), {}),
            "hadamard_vectors": ((4,), {}),
            "standard_nodes": ((RULE, 3), {}),
            "anisotropy": ((G,), {}),
            "isotropic_part": ((G,), {}),
            "mean_and_error": ((jnp.asarray([1.0, 1.1, 0.9, 1.0]),), {}),
            "Sobol": ((256, 4, 0), {}),
            "Characters": ((256, 4, 0), {}),
            "Pairs": ((256, 4, 0), {}),
            "Panels": ((4,), {}),
        },
        "spectra": {
            "bulk_edges": ((0.1, 1.0), {}),
            "bulk_density": ((S, 0.1, 1.0), {}),
            "threshold": ((0.1, 1.0), {}),
            **{name: ((S, 0.1, 1.0), {}) for name in ("spiked_value", "spiked_overlaps", "clean_value")},
        },
        "teachers": {
            "class_probabilities": ((teacher(),), {}),
            "clean_label_moment": ((teacher(),), {}),
            "flip_probability": ((teacher(),), {}),
            "relatedness": ((teacher(), teacher()), {}),
            "draw_inputs": ((key(), 5, 3), {"covariance": np.eye(3)}),
            "sample": ((key(), teacher(), 5), {"covariance": np.eye(3)}),
            "hard_labels": ((W, X), {}),
            "soft_labels": ((W, X, 1.0), {}),
            "random_teacher": (
                (key(),),
                {"classes": 3, "features": 4, "rank": 2, "singular_values": S, "noise": 1.0},
            ),
            "related_pair": (
                (key(),),
                {
                    "relatedness": 0.5,
                    "classes": 3,
                    "features": 5,
                    "rank": 2,
                    "singular_values": (1.0, 2.0),
                    "noise": 1.0,
                },
            ),
            "related_teachers": (
                (key(),),
                {
                    "relatedness": (0.5, 0.2 * np.eye(2)),
                    "classes": 3,
                    "features": 5,
                    "rank": 2,
                    "singular_values": (1.0, 2.0, 1.5),
                    "noise": 1.0,
                },
            ),
        },
        "students": {
            "aligned_start": ((key(), jnp.asarray(W), S[:1] * np.ones(3)), {"hidden": (4,)}),
            "aligned_tasks_start": ((key(), [jnp.asarray(W)], 0.1), {"hidden": 5}),
            "random_start": ((key(),), {"features": 3, "hidden": (4,), "classes": (3,), "scale": 0.3}),
            "composites": ((start(),), {}),
            "drive": ((start(), problem()), {}),
            "logits": ((start(), jnp.asarray(X.T)), {}),
            "training_loss": ((start(), problem()), {}),
            "of_lanes": ((problem(), np.array([0])), {}),
            "minimize": ((problem(), np.array([0.3, 0.1])), {"intercept": True, "tolerance": 1e-3}),
            "balanced": (([np.asarray(W)],), {"hidden": (4,)}),
            "sampled_losses": ((stacked(start()), *fresh()), {}),
            "make_problem": ((X, [Y]), {"classes": 3, "task_weights": [1.0]}),
            "train": ((start(), problem(), TIMES), {}),
            "Flow": ((1e-4, 1e-6), {}),
            "Descent": ((0.1,), {}),
        },
        "dynamics": {
            "population_flow": (([W],), {"judge": MOMENT, "inverse_temperature": 1.0, "rule": NODES}),
            "closure_flow": (([X], [Y], MOMENT), {}),
            "aligned_flow": ((U, S, V), {"inverse_temperature": 1.0, "rule": NODES}),
            "aligned_response": ((U, S), {"rule": NODES}),
            "aligned_values": ((aligned(), jnp.asarray(np.ones((3, 4)))), {}),
            "rank_one_flow": ((U[:, 0], 1.0, V[:, 0]), {"inverse_temperature": 1.0}),
            "two_task_flow": ((two, two, 0.5), {"inverse_temperature": 1.0, "rule": NODES}),
            "two_task_start": ((S, S, 0.5), {}),
            "predicted_sign": ((S, S), {}),
            "regression_flow": (([W],), {"task_weights": [1.0]}),
            "regression_growth": ((TIMES, S, 0.1), {}),
            "regression_error": ((TIMES, W, W, 0.1), {}),
            "regression_benefit": ((TIMES, [W], W, 0.1), {}),
            "regression_prediction": ((TIMES, (1.0, 2.0), 0.5, 0.1), {"classes": 3, "features": 9, "noise": 1.0}),
            "hadamard_problem": ((np.ones(3), [np.ones(3), np.ones(3)]), {"inverse_temperature": 1.0}),
            "label_moments": ((W,), {"covariance": np.eye(3)}),
            "off_diagonal_share": ((MOMENT, U, U), {}),
            "balanced_start": (([W],), {"hidden": (3,)}),
            "conserved": ((layers(),), {}),
            "flow_loss": ((flow(), [jnp.asarray(W)]), {}),
            "solve": ((flow(), layers(), TIMES), {}),
            "sampled_closures": ((key(), [teacher()], 5, 2), {}),
            "Tolerance": ((1e-6, 1e-9, 16384), {}),
        },
        "asymptotics": {
            "fields_of_teachers": (([teacher()],), {}),
            "fields_of_gram": ((np.eye(3), 0.5 * np.eye(3), np.eye(3)), {"classes": (3,)}),
            "state_evolution": (
                (np.eye(3), 0.5 * np.eye(3), np.eye(3)),
                {
                    "classes": (3,),
                    "samples_per_feature": 2.0,
                    "weight_decay": 0.1,
                    "quick_points": 0,
                    "inverse_temperature": 1.0,
                    "task_weights": [1.0],
                    "label_shares": [1.0],
                    "rule": RULE,
                },
            ),
            "of_teachers": (([teacher()],), {"samples_per_feature": 2.0, "weight_decay": 0.1, "rule": RULE}),
            "of_fields": ((fields(), 2.0, 0.1), {"rule": RULE}),
            "best_weight_decay": ((fields(), 2.0), {"criterion": "validation", "rule": RULE}),
            "benefit_at_best_decay": ((fields(), 2.0), {"criterion": "oracle", "rule": RULE}),
        },
        "benefit": {
            "aligned_bounds": ((S, 0.5 * S, U, 0.1 * S), {"rule": RULE}),
            "printed_aligned_bounds": ((S, 0.5 * S, U, S, "low"), {"rule": RULE}),
            **{
                name: ((W, 0.5 * W, MOMENT), {"rule": RULE})
                for name in ("benefit_bounds", "benefit_gaps", "printed_bounds")
            },
            "bracketed": ((TIMES, np.array([1.0, 0.5, 0.7])), {}),
            "oracle_stop": ((trajectory(),), {}),
            "validation_stop": ((trajectory(),), {}),
            "multitask_benefit": ((trajectory(), trajectory()), {}),
            "value_at": ((trajectory(), np.asarray(1), MOMENT, W), {"rule": RULE}),
            "with_generalization_loss": ((trajectory(), jnp.asarray(MOMENT)), {"rule": NODES}),
            "with_validation_loss": ((trajectory(), jnp.asarray(X), jnp.asarray(Y)), {}),
        },
    }


ELSEWHERE = {
    "averaged_closure": "a sweep of solve_until_bracketed over sampled_closures",
    "solve_until_bracketed": "minutes; its start and settings are in dynamics/test_dynamics_bad_input",
}
"""Public functions without a call here, and why."""


def public_functions(room: str) -> list[str]:
    """Names of the functions and of the settings with checks of their own that a room exports."""
    module = importlib.import_module(f"sharedtrunk.{room}")
    names = [name for name in vars(module) if not name.startswith("_")]
    return [
        name
        for name in names
        if inspect.isfunction(inspect.unwrap(getattr(module, name))) or _is_setting(getattr(module, name))
    ]


def _is_setting(value: object) -> bool:
    """A dataclass that checks itself, and is not a record of arrays."""
    checks = dataclasses.is_dataclass(value) and "__post_init__" in vars(value)
    return checks and inspect.isclass(value) and not issubclass(value, eqx.Module)


def function(room: str, name: str):
    return getattr(importlib.import_module(f"sharedtrunk.{room}"), name)


def arguments(call: tuple) -> list[tuple]:
    """Where an argument of a call stands: (0, place) or (1, name)."""
    args, kwargs = call
    return [(0, n) for n in range(len(args))] + [(1, name) for name in kwargs]


def spoiled(call: tuple, where: tuple, value: object) -> tuple:
    """The call with another value in one place."""
    args, kwargs = list(call[0]), dict(call[1])
    (args, kwargs)[where[0]][where[1]] = value
    return tuple(args), kwargs


def at(call: tuple, where: tuple):
    return call[where[0]][where[1]]
