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
