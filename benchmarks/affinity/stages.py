"""The stored results: the advisor's answer and the baselines' readings by family and user, and the truth by family.

Each is one file, written whole or not at all and read back while the code that made it is unchanged, so an interrupted run
can be continued. Advice that is made anew reuses its trainings, which are kept while the code that trains is unchanged.
"""

import dataclasses
import hashlib
import json
import os
import time
from pathlib import Path

import numpy as np

import sharedtrunk.affinity
from sharedtrunk._support.files import make_folder, write_atomically
from sharedtrunk.affinity._advise import advise
from sharedtrunk.affinity._kept import training_code
from sharedtrunk.tables import standardized

from .data import PairData
from .pairs import Family, user_table
from .trainings import kept_trainings
from .truth import Truth, truths

HERE = Path(__file__).parent
EXPLAINED = (
    "relatedness",
    "relatedness_error",
    "snr_main",
    "snr_auxiliary",
    "rank_main",
    "rank_auxiliary",
    "labels_per_parameter",
    "trunk_share",
    "predicted",
    "predicted_error",
    "predicted_verdict",
)


def advice(folder: Path, family: Family, user: int, *, choose: bool = False) -> dict:
    """The advisor's answer for one user: effects by auxiliary task, reasons, wall and core seconds; sets with `choose`."""
    path = folder / "advice" / f"{family.identity}.u{user}{'.sets' if choose else ''}.json"

    def make() -> dict:
        table = user_table(family, user)
        names = [auxiliary.name for auxiliary in family.auxiliaries]
        begun = time.perf_counter(), time.process_time()
        with kept_trainings(folder / "trainings") as spent:
            found = advise(table, family.main, names, choose=choose, seed=100 * family.world + user)
        return {
            "auxiliaries": {each.name: _effect(each) for each in found.auxiliaries},
            "loss_alone": found.loss_alone.mean,
            # What kept trainings took when they were made belongs to the answer's time.
            "seconds": time.perf_counter() - begun[0] + spent.wall,
            "core_seconds": time.process_time() - begun[1] + spent.core,
            "trainings": found.conditions.trainings,
            "curve": [[point.labels, *_interval(point.benefit), point.measured] for point in found.curve],
            "best_alpha": found.best_alpha,
            "best_set": list(found.best_set.auxiliaries) if found.best_set is not None else None,
        }

    return _kept(path, make, _made_by(_folder(Path(str(sharedtrunk.affinity.__file__)).parent)))


def truth(folder: Path, family: Family, draws: int, *, all_labels: bool = False, sets=None) -> dict[str, Truth]:
    """The truth of a family for all of its users, by auxiliary task or by the `sets` of them that are asked for."""
    asked = "all" if all_labels else "one" if sets is None else "sets"
    path = folder / "truth" / f"{family.identity}.m{family.users}.{asked}.json"

    def make() -> dict:
        found = truths(family, draws, all_labels=all_labels, sets=sets)
        return {name: dataclasses.asdict(value) for name, value in found.items()}

    made_by = _made_by(training_code(), (HERE / "truth.py").read_bytes(), repr((draws, sets)).encode())
    return {
        name: Truth(**(each | {"draws": tuple(each["draws"])})) for name, each in _kept(path, make, made_by).items()
    }


def baselines(folder: Path, family: Family, user: int, seconds: float) -> dict:
    """Every baseline's reading of every auxiliary task of one user; one reading may take `seconds` of one core."""
    path = folder / "baselines" / f"{family.identity}.u{user}.json"
    return _kept(path, lambda: _readings(family, user, seconds), _made_by(_folder(HERE / "baselines")))


def _readings(family: Family, user: int, seconds: float) -> dict:
    import torch  # imported here, because the advisor's stages do not need it

    from .baselines import METHODS
    from .baselines._budget import core_seconds

    torch.set_num_threads(1)
    found: dict = {"seconds_allowed": seconds, "auxiliaries": {}}
    for auxiliary in family.auxiliaries:
        data, readings = pair_data(family, user, auxiliary.name), {}
        for name, method in METHODS.items():
            if not method.ranks:
                continue
            begun = core_seconds()
            reading = method.read(data, user, seconds)
            spent = core_seconds() - begun
            readings[name] = [reading.score, reading.low, reading.high, spent]
        found["auxiliaries"][auxiliary.name] = readings
    return found


def pair_data(family: Family, user: int, auxiliary: str) -> PairData:
    """The user's table, for one auxiliary task, in the form that the baselines take."""
    table = user_table(family, user)
    features, _, _ = standardized(table.features)
    tasks = (family.main, auxiliary)
    main, aux = (np.asarray(table.labels[task], np.int64) for task in tasks)
    classes = tuple(len(table.classes[task]) for task in tasks)
    return PairData(features, main, aux, (classes[0], classes[1]))


def _effect(each) -> dict:
    effect, why = each.effect, each.explanation
    record = {
        "benefit": _interval(effect.benefit),
        "accuracy": _interval(effect.accuracy),
        "p": effect.p_value,
        "p_adjusted": effect.p_adjusted,
        "verdict": effect.verdict,
        "agreement": each.agreement,
    }
    return record | {name: getattr(why, name) for name in EXPLAINED if why is not None}


def _interval(estimate) -> list[float]:
    return [estimate.mean, estimate.standard_error, estimate.low, estimate.high]


def _kept(path: Path, make, made_by: str) -> dict:
    if path.exists():
        stored = json.loads(path.read_text())
        if stored["made_by"] == made_by:
            return stored["record"]
    record = make()
    make_folder(path.parent)
    write_atomically(path, json.dumps({"made_by": made_by, "record": record}, default=_plain).encode())
    return record


def _plain(value):
    """NumPy numbers as Python's."""
    return value.item()


def _made_by(*sources: bytes) -> str:
    """Digest of the sources and of the modules that decide which rows and labels are used."""
    own = [(HERE / name).read_bytes() for name in ("pairs.py", "sources.py", "stages.py")]
    return hashlib.sha256(b"".join([*own, *sources])).hexdigest()[:16]


def _folder(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))
