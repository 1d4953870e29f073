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


def toy_figures(function="toy_lanes"):
    """The registry's figures of benefits with toys in place of the point functions."""
    import dataclasses

    from sharedtrunk.paper import figures

    return {
        name: dataclasses.replace(
            figure,
            functions={
                role: f"figures_toy:{function if role == 'students' else 'toy_theory'}" for role in figure.functions
            },
        )
        for name, figure in figures.FIGURES.items()
        if "students" in figure.functions
    }


def slow_lanes(settings, lanes):
    import time

    time.sleep(0.15)
    return toy_lanes(settings, lanes)
