"""A page's material with a planted answer: checks, a cube of known benefits, rows of a ledger, a picture."""

import io
import json

import numpy as np
import xarray as xr
from PIL import Image

from sharedtrunk._support.json_files import write_json
from sharedtrunk.paper import claims
from sharedtrunk.paper.figures import Check

GRID = {
    "n_samples": (100, 800),
    "s_main": (1.0, 10.0),
    "s_aux": (0.1, 1.0, 10.0),
    "relatedness": (0.0, 0.5, 1.0),
    "seed": (0, 1, 2),
}


def make_check(id="grows-with-relatedness", verdict="holds", stopping="oracle", **numbers):
    """A check as the figures write it; numbers are 0.25 ± 0.01 nats unless said otherwise."""
    given = {"number": 0.25, "standard_error": 0.01, "low": 0.207, "high": 0.293, "n_seeds": 3, "cases": 1, **numbers}
    stated = {"statement": f"what {id} says (N = 800)", "criterion": "the interval lies above 0", "unit": "nats"}
    return Check(**{"id": id, "verdict": verdict, "stopping": stopping, **stated, **given})


def benefit(n_samples, s_main, s_aux, relatedness, seed):
    """Known at every setting: (r − 0.25) s_aux/10 N/800, and the seeds 0.01 nats apart."""
    return (relatedness - 0.25) * s_aux / 10 * n_samples / 800 + 0.01 * (seed - 1) + 0 * s_main


def make_cube(*, theory=True):
    columns = dict(zip(GRID, np.meshgrid(*GRID.values(), indexing="ij"), strict=True))
    values = {"benefit": benefit(**columns), "benefit_honest": benefit(**columns) / 2}
    if theory:
        # The closure is off by a known 0.02 nats, up and down in turn along relatedness: not by a constant.
        off = 0.02 * np.where(columns["relatedness"] == 0.5, -1, 1)
        values |= {"benefit_closure": values["benefit"] + off}
        values |= {f"benefit_{side}": values["benefit"] + 0.1 * sign for side, sign in (("lower", -1), ("upper", 1))}
    coords = {axis: list(points) for axis, points in GRID.items()}
    return xr.Dataset({name: (list(GRID), numbers) for name, numbers in values.items()}, coords)


DECAY_GRID = {
    "classes": (3, 10),
    "setting": ("base", "s_aux = 1", "N_f = 200"),
    "relatedness": (0.0, 1.0),
    "seed": (0, 1, 2),
}
"""The base has s_aux = 10 and 100 features."""


def decay_benefit(classes, s_aux, features, relatedness, seed):
    """Known at every setting of weight decay, and the seeds 0.01 nats apart."""
    return relatedness * s_aux / classes / 10 - (1 - relatedness) / features + 0.01 * (seed - 1)


def make_decay():
    """The dataset of the figure of weight decay, whose theory is right and whose early stopping gains half as much."""
    dims = list(DECAY_GRID)
    places = {"s_aux": np.array([10.0, 1.0, 10.0]), "features": np.array([100, 100, 200])}
    classes, setting, relatedness, seed = np.meshgrid(*(np.arange(len(v)) for v in DECAY_GRID.values()), indexing="ij")
    known = {"classes": np.array(DECAY_GRID["classes"])[classes], "seed": seed, "relatedness": 1.0 * relatedness}
    values = decay_benefit(**known, **{name: each[setting] for name, each in places.items()})
    names = ("benefit", "benefit_honest", "benefit_theory", "benefit_stopping", "benefit_stopping_honest")
    variables = {name: (dims, values / (2 if "stopping" in name else 1)) for name in names}
    coords = {name: list(each) for name, each in DECAY_GRID.items()}
    return xr.Dataset(variables, coords | {name: ("setting", each) for name, each in places.items()})


def make_png(colour=(200, 30, 30)):
    picture = io.BytesIO()
    Image.new("RGB", (64, 32), colour).save(picture, "PNG")
    return picture.getvalue()


def rewrite(path, **entries):
    """Change entries of a file of checks or a ledger as its writer would, with a checksum that fits."""
    stored = json.loads(path.read_text())
    del stored["checksum"]
    write_json(path, {**stored, **entries}, checksum=True)


def make_rows():
    """One row of every verdict, three of them measured, one with words that would break a careless page."""
    low, high = claims.at_most("K = 2: deviation", 0.01, 0.05, error=0.001), claims.at_most("K = 9", 0.4, 0.05)
    claim = claims.Claim("eq-2", "(2)", "training follows the flow <b>W & V</b>", "small steps", "largest `gap`")
    bound = claims.Claim("eq-3", "(3)", "one equation is enough", "", "gap", condition="K = 2")
    wrong = claims.Claim("eq-24", "(24)", "the benefit is bounded below", "", "difference")
    return [
        claims.Row(claim, claims.Evidence((low,))),
        claims.Row(bound, claims.Evidence((low,), (high,))),
        claims.Row(wrong, claims.Evidence((high,))),
    ]
