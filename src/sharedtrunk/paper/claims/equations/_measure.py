"""The first half of the ledger measured: each claim by the readings that it takes.

Claims are independent of each other, so they are measured one by one in worker processes, the longest first.
"""

import functools
import time
from collections.abc import Callable, Mapping, Sequence

from sharedtrunk import sweeps
from sharedtrunk._support.limits import check_processes, check_seed
from sharedtrunk.errors import invalid
from sharedtrunk.paper.claims._claim import Claim
from sharedtrunk.paper.claims._registry import CLAIMS
from sharedtrunk.paper.ledger import Evidence, Row


def measure(
    keys: Sequence[str] | None = None,
    *,
    seed: int = 0,
    thorough: bool = False,
    processes: int = 0,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[int, int, Row], None] | None = None,
) -> list[Row]:
    """Measure claims (all, or those of `keys`) and return their rows in the ledger's order.

    `processes=0` measures here, which needs JAX's float64 switched on; else that many workers do, started with
    `environment`. `progress(done, total, row)` is called as rows come in. Raises `InputError` for an unknown key, and
    for a seed or a number of processes out of range; an interrupt ends the workers.
    """
    chosen = _chosen(keys)
    seed, processes = check_seed(seed), check_processes(processes)
    bundles = _bundles(chosen)
    work = functools.partial(measure_bundle, seed=seed, thorough=thorough)
    if processes == 0:
        found = map(work, bundles)
    else:
        workers = min(processes, len(bundles))
        found = sweeps.run_in_processes(work, bundles, processes=workers, environment=environment or {})
    rows: dict[str, Row] = {}
    for results in found:
        for key, evidence, seconds in results:
            rows[key] = Row(CLAIMS[key], evidence, seconds)
            if progress is not None:
                progress(len(rows), len(chosen), rows[key])
    return [rows[claim.key] for claim in chosen]


def _bundles(claims: Sequence[Claim]) -> list[tuple[str, ...]]:
    """Keys that one worker measures together, the longest work first."""
    bundles: dict[str, list[Claim]] = {}
    for claim in claims:
        bundles.setdefault(claim.bundle or claim.key, []).append(claim)
    ordered = sorted(bundles.values(), key=lambda bundle: -sum(claim.seconds for claim in bundle))
    return [tuple(claim.key for claim in bundle) for bundle in ordered]


def measure_bundle(keys: Sequence[str], *, seed: int, thorough: bool) -> list[tuple[str, Evidence, float]]:
    """The evidence of some claims and what each took, in seconds: what a worker process does."""
    return [_measured(key, seed, thorough) for key in keys]


def _measured(key: str, seed: int, thorough: bool) -> tuple[str, Evidence, float]:
    claim = CLAIMS[key]
    begin = time.perf_counter()
    return key, claim.measure(seed, thorough), time.perf_counter() - begin


def _chosen(keys: Sequence[str] | None) -> list[Claim]:
    unknown = [key for key in keys or () if key not in CLAIMS]
    if unknown:
        raise invalid("Unknown claim", received=", ".join(unknown), hint=f"Known are {', '.join(CLAIMS)}")
    return [claim for key, claim in CLAIMS.items() if keys is None or key in keys]
