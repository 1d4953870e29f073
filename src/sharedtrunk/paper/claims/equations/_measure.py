"""Measuring the claims about equations, in this process or in workers.

Claims are independent of each other, except that those of a bundle share work. Workers measure the longest bundles first.
"""

import functools
from collections.abc import Callable, Mapping, Sequence

from sharedtrunk import sweeps
from sharedtrunk._support.limits import check_processes, check_seed
from sharedtrunk.errors import invalid
from sharedtrunk.paper.claims import Claim, Evidence, Row, judge
from sharedtrunk.paper.claims.equations._equation_claims import CLAIMS


def measure(
    keys: Sequence[str] | None = None,
    *,
    seed: int = 0,
    thorough: bool = False,
    processes: int = 0,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[int, int, Row], None] | None = None,
) -> list[Row]:
    """Measure claims about equations and judge them.

    Parameters
    ----------
    keys
        The claims to measure, all by default.
    seed
        Seed of all random draws.
    thorough
        Whether to take more draws, seeds and cases.
    processes
        How many worker processes measure; 0 measures in this process, which needs JAX's float64 switched on.
    environment
        Environment variables that the workers start with.
    progress
        Called as `progress(done, total, row)` whenever a row is ready.

    Returns
    -------
    list of Row
        In the ledger's order.

    Raises
    ------
    InputError
        For an unknown key, and for a seed or a number of processes out of range.

    Notes
    -----
    An interrupt ends the workers.
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
        for key, evidence, seconds, reason in results:
            rows[key] = Row(CLAIMS[key], evidence, seconds, reason)
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


def measure_bundle(keys: Sequence[str], *, seed: int, thorough: bool) -> list[tuple[str, Evidence | None, float, str]]:
    """Measure some claims in a worker. Returns key, evidence, seconds and the reason for missing evidence of each claim."""
    rows = [judge(CLAIMS[key], seed, thorough) for key in keys]  # a row itself holds functions, which cannot be sent
    return [(row.claim.key, row.evidence, row.seconds, row.reason) for row in rows]


def _chosen(keys: Sequence[str] | None) -> list[Claim]:
    unknown = [key for key in keys or () if key not in CLAIMS]
    if unknown:
        raise invalid("Unknown claim", received=", ".join(unknown), hint=f"Known are {', '.join(CLAIMS)}")
    return [claim for key, claim in CLAIMS.items() if keys is None or key in keys]
