"""A stand-in for the point function: closed-form losses of the paper's shape, no training, no JAX."""

import numpy as np


def toy_lanes(settings, lanes):
    """Benefit (r − 0.4) g(s_aux) h(N) plus seed noise; every returned array has one value per lane."""
    return _columns([_lane(settings, lane) for lane in lanes])


def toy_theory(settings, lanes):
    """Half a hundredth of a nat below the toy's benefits, whatever the theory; `population` knows no number of samples."""
    losses = np.array([_lane(settings, {"n_samples": 10_000, **lane})["loss"] for lane in lanes])
    loss = losses + MISS * (settings["tasks"] == 2)
    return {"loss": loss, "stop": np.full(len(lanes), 4.0), "result": np.zeros(len(lanes), np.int32)}


def failing_lanes(settings, lanes):
    """As `toy_lanes`, but fully related tasks of seed 1 diverge, as do all baselines at s_main = 10 of seed 0."""
    records = [_lane(settings, lane) for lane in lanes]
    for record, lane in zip(records, lanes, strict=True):
        joint = settings["tasks"] == 2 and lane["relatedness"] == 1.0 and lane["seed"] == 1
        single = settings["tasks"] == 1 and lane["s_main"] == 10.0 and lane["seed"] == 0
        if joint or single:
            record.update({name: np.nan * np.asarray(value) for name, value in record.items()}, result=1)
    return _columns(records)


def broken_lanes(settings, lanes):
    raise ZeroDivisionError("the toy broke")


def interrupted_lanes(settings, lanes):
    raise KeyboardInterrupt


MISS = 0.005
ROOM = 0.02
# Of the scrambles: opposite in the two arms, so the benefit's spread is twice as large.
SPREAD = 1e-3 * np.linspace(-1, 1, 8)


def _lane(settings, lane):
    single = 2.3 - 1.2 * lane["s_main"] / (1 + lane["s_main"]) * lane["n_samples"] / (lane["n_samples"] + 300)
    noise = 0.02 * np.random.default_rng([lane["seed"], lane["n_samples"]]).normal()
    loss = single + noise
    if settings["tasks"] == 2:
        strength = lane["s_aux"] / (1 + lane["s_aux"])
        place = [lane["seed"], lane["n_samples"], int(100 * lane["s_main"]), int(100 * lane["s_aux"])]
        quiver = 0.02 * np.random.default_rng(place).normal()
        loss -= (lane["relatedness"] - 0.4) * strength * min(1.0, lane["n_samples"] / 800) * 0.3 + quiver
    return {
        "loss": loss,
        "loss_error": 1e-4,
        "loss_honest": loss + 0.01,
        "loss_honest_error": 2e-4,
        "loss_scrambles": loss + (2 * settings["tasks"] - 3) * SPREAD,
        "loss_honest_scrambles": loss + 0.01 + 2e-4 * np.linspace(-1, 1, 8) ** 3,
        "loss_refinement": 1e-5,
        "loss_honest_refinement": 0.0,
        # D = W_A − W̃ is 1 in one entry, so a slope's entry there is the bound that it gives
        "weights": _entry(settings["tasks"] - 1.0),
        "slope": _entry(single + noise - loss - ROOM if settings["tasks"] == 2 else 1.0),
        "slope_error": 1e-4,
        "label_flips": 0.2,
        "smallest_class": 0.05,
        "largest_class": 0.15,
        "accuracy": 0.5,
        "accuracy_honest": 0.4,
        "stop": 3.0,
        "stop_honest": 2.0,
        "result": 0,
    }


def _entry(value):
    return np.pad([[value]], ((0, 1), (0, 2)))


def _columns(records):
    kinds = {"result": np.int32}
    return {name: np.array([r[name] for r in records], kinds.get(name, np.float32)) for name in records[0]}


def toy_decay(settings, lanes):
    """Students with weight decay: unrelated tasks do a little harm at few features."""
    return _decay_columns(settings, lanes, "weight_decay", 0.5, 0.03)


def toy_stopping(settings, lanes):
    """Students that stop early: their losses are higher, and unrelated tasks do four times the harm."""
    return _decay_columns(settings, lanes, "stop", 2.0, 20.0, above=0.05)


def toy_limit(settings, lanes):
    """The theory of many features: unrelated tasks do nothing."""
    decay = np.full(len(lanes), 0.03)
    losses = {
        f"loss_{arm}": np.array([_decay_loss({**settings, "tasks": tasks}, lane, 0.0) for lane in lanes])
        for arm, tasks in (("single", 1), ("joint", 2))
    }
    others = {"benefit_error": 1e-3 + 0 * decay, "weight_decay_single": decay, "weight_decay_joint": decay}
    return {**losses, **others, "result": np.zeros(len(lanes), np.int8)}


def _decay_loss(settings, lane, harm):
    """A benefit r g(s_aux) h(N/N_f) less the harm of unrelated tasks, which falls with the number of features."""
    amount = lane["n_samples"] / settings["features"]
    loss = 1 / (1 + amount) + 0.01 * np.random.default_rng([lane["seed"], lane["n_samples"]]).normal()
    if settings["tasks"] == 2:
        strength, quiver = lane["s_aux"] / (1 + lane["s_aux"]), 0.02 * np.sin(lane["seed"])
        loss -= lane["relatedness"] * (1 + quiver) * strength * 0.2 * np.exp(-amount / 4)
        loss += harm * (1 - lane["relatedness"]) * (1 + quiver) / settings["features"]
    return loss


def _decay_columns(settings, lanes, chosen, harm, value, above=0.0):
    losses = np.array([_decay_loss(settings, lane, harm) + above for lane in lanes])
    found = {"result": np.zeros(len(lanes), np.int8)}
    for suffix, more in (("", 0.0), ("_honest", 0.001)):
        found |= {
            f"loss{suffix}": losses + more,
            f"loss{suffix}_scrambles": (losses + more)[:, None] + SPREAD * (2 * settings["tasks"] - 3),
            f"loss{suffix}_refinement": np.full(len(lanes), 1e-5),
            f"accuracy{suffix}": np.full(len(lanes), 0.5),
            f"{chosen}{suffix}": np.full(len(lanes), value),
        }
    return found


def toy_figures(function="toy_lanes"):
    """The registry's figures of benefits with toys in place of the point functions."""
    import dataclasses

    from sharedtrunk.paper import figures

    toys = {
        "students": function,
        "decay": "toy_decay",
        "stopping": "toy_stopping",
        "limit": "toy_limit",
        "drawn": "toy_limit",
    }
    return {
        name: dataclasses.replace(
            figure, functions={role: f"figures_toy:{toys.get(role, 'toy_theory')}" for role in figure.functions}
        )
        for name, figure in figures.FIGURES.items()
        if figure.value == "benefit"
    }


def slow_lanes(settings, lanes):
    import time

    time.sleep(0.15)
    return toy_lanes(settings, lanes)
