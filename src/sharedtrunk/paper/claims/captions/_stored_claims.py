"""All claims that stored datasets decide, in the paper's order, and the verb that judges them."""

import os
from collections.abc import Sequence

from sharedtrunk.errors import invalid
from sharedtrunk.paper.ledger import _captions, _data_efficiency, _depth, _ranks, _starts, _table1
from sharedtrunk.paper.ledger._row import Row
from sharedtrunk.paper.ledger._stored import Datasets, StoredClaim, judge_all

STORED: dict[str, StoredClaim] = {
    claim.key: claim
    for claim in (
        *_starts.CLAIMS,
        *_table1.CLAIMS,
        *_captions.CLAIMS,
        *_ranks.CLAIMS,
        *_data_efficiency.CLAIMS,
        *_depth.CLAIMS,
    )
}


def judge_stored(
    folder: str | os.PathLike[str] | Datasets, keys: Sequence[str] | None = None, *, quick: bool = False
) -> list[Row]:
    """Judge claims (all, or those of `keys`) from the datasets stored in `folder`; rows come in the ledger's order.

    `quick` takes the datasets on coarse grids, which lack values that most claims need. A row whose dataset is missing, or
    lacks a value, is "not measured" and says why. Raises `InputError` for an unknown key, for a folder that is none, and for
    a dataset that is damaged or another figure's.
    """
    unknown = [key for key in keys or () if key not in STORED]
    if unknown:
        raise invalid("Unknown claim", received=", ".join(unknown), hint=f"Known are {', '.join(STORED)}")
    datasets = folder if isinstance(folder, Datasets) else Datasets(folder, quick=quick)
    return judge_all([claim for key, claim in STORED.items() if keys is None or key in keys], datasets)
