"""All claims that stored datasets decide, in the paper's order, and the function that judges them."""

import os
from collections.abc import Sequence

from sharedtrunk.errors import invalid
from sharedtrunk.paper.claims import Claim, Row, judge
from sharedtrunk.paper.claims.captions import (
    _auxiliary_data,
    _deeper_students,
    _figure2,
    _figure_a1,
    _ranks,
    _start,
    _table1,
)
from sharedtrunk.paper.claims.captions._datasets import Datasets

STORED: dict[str, Claim] = {
    claim.key: claim
    for claim in (
        *_start.CLAIMS,
        *_table1.CLAIMS,
        *_figure2.CLAIMS,
        *_figure_a1.CLAIMS,
        *_ranks.CLAIMS,
        *_auxiliary_data.CLAIMS,
        *_deeper_students.CLAIMS,
    )
}


def judge_stored(
    folder: str | os.PathLike[str] | Datasets, keys: Sequence[str] | None = None, *, quick: bool = False
) -> list[Row]:
    """Judge claims from the datasets stored in a folder.

    Parameters
    ----------
    folder
        The folder, or its datasets.
    keys
        The claims to judge, all by default.
    quick
        Whether to use the datasets on coarse grids, which lack values that most claims need.

    Returns
    -------
    list of Row
        In the ledger's order. If a dataset is missing or lacks a value, the row is "not measured" and says why.

    Raises
    ------
    InputError
        For an unknown key, for a folder that does not exist, and for a dataset that is damaged or belongs to another figure.
    """
    unknown = [key for key in keys or () if key not in STORED]
    if unknown:
        raise invalid("Unknown claim", received=", ".join(unknown), hint=f"Known are {', '.join(STORED)}")
    datasets = folder if isinstance(folder, Datasets) else Datasets(folder, quick=quick)
    return [judge(claim, datasets) for key, claim in STORED.items() if keys is None or key in keys]
