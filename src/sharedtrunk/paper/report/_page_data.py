"""The data of the page's templates, made from a folder's contents: words, rows and addresses without markup."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sharedtrunk._version import __version__
from sharedtrunk.paper import claims
from sharedtrunk.paper.commands import claims_command, figure_command
from sharedtrunk.paper.figures import FIGURES, SIZE_MARKS, VALIDATION, Check
from sharedtrunk.paper.report._decay_explorer import decay_data
from sharedtrunk.paper.report._explorer import controls, explorer_data, why_no_theory
from sharedtrunk.paper.report._gather import CUBES, LEDGER, Contents, StoredFigure, remake_command
from sharedtrunk.paper.report._numbers import interval, plus_minus
from sharedtrunk.paper.report._origins import of_figure, of_ledger
from sharedtrunk.paper.report._stored_checks import VERDICTS
from sharedtrunk.paper.report._summary import ORACLE, as_the_paper, summarize

TITLE = "Does learning task B beside task A help A? The paper’s answer, measured"
MANY = 40
"""A table with more checks than this starts folded."""

PICTURE_LABELS = {"": "oracle stopping", VALIDATION: "validation stopping"}


def page_data(contents: Contents) -> dict[str, Any]:
    """Return the data that the templates name."""
    return {
        "title": TITLE,
        "version": __version__,
        "grid": SIZE_MARKS[contents.size].strip(" ()").capitalize(),
        "summary": summarize(contents),
        "figures": [_figure(contents, stored) for stored in contents.figures],
        "missing": contents.missing,
        **_explorer(contents),
        "decay": None if contents.decay is None else decay_data(contents.decay),
        **_ledger(contents),
    }


def _figure(contents: Contents, stored: StoredFigure) -> dict[str, Any]:
    figure, record = stored.figure, stored.record
    with_oracle = as_the_paper(stored.checks)
    tally = _tally(check.verdict for check in with_oracle)
    remake = remake_command(contents.folder, figure, contents.size)
    return {
        "name": figure.name,
        "paper": figure.paper,
        "title": figure.title,
        "claim": figure.claim,
        "tally": tally,
        "counted": f"of {len(with_oracle)} checks"
        + (" with oracle stopping" if any(check.stopping == ORACLE for check in with_oracle) else ""),
        "pictures": _pictures(stored, tally),
        "redraw": remake,
        "checks": _grouped(stored.checks),
        "folded": len(stored.checks) > MANY,
        "check_count": len(stored.checks),
        "command": str(record["provenance"].get("command", remake)),
        "provenance": of_figure(record),
    }


def _pictures(stored: StoredFigure, tally: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in tally)
    figure = stored.figure
    entries = []
    for ending in figure.pictures:
        if ending not in stored.pictures:
            continue
        picture = stored.pictures[ending]
        stopping = f" ({PICTURE_LABELS[ending]})" if len(figure.pictures) > 1 else ""
        entries.append(
            {
                "key": ending or ORACLE,
                "label": PICTURE_LABELS[ending],
                "uri": picture.uri,
                "width": picture.width,
                "height": picture.height,
                "alt": f"{figure.paper}{stopping}: {figure.title}. Claim: {figure.claim}. "
                f"Checks: {verdicts or 'none'}; their numbers are in the table below.",
            }
        )
    return entries


def _grouped(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """Return the checks grouped by statement, in the order of each statement's first check."""
    groups: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        groups.setdefault((check.id, check.statement), []).append(check)
    return [
        {"statement": claims.sentence(statement), "checks": [_check(check) for check in group]}
        for (_, statement), group in groups.items()
    ]


def _check(check: Check) -> dict[str, str]:
    seeds = f"{check.seeds_left_out} seeds left out" if check.seeds_left_out else ""
    return {
        "stopping": check.source,
        "verdict": check.verdict,
        "criterion": f"{check.criterion}; {check.n_seeds} seeds",
        "number": plus_minus(check),
        "unit": "" if check.unit == "1" else check.unit,
        "interval": interval(check),
        "note": "; ".join(part for part in (check.case, check.reason, seeds) if part),
    }


def _explorer(contents: Contents) -> dict[str, Any]:
    if contents.cube is None:
        make = figure_command("reproduce", [CUBES[0]], contents.folder, contents.size)
        return {"cube": None, "no_cube": f"The explorer needs the dataset of {FIGURES[CUBES[0]].paper}: `{make}`."}
    figure, dataset = contents.cube
    data = explorer_data(dataset)
    make = figure_command("reproduce", [figure.name], contents.folder, contents.size)
    return {
        "cube": data,
        "cube_source": f"cube of {figure.paper}" + SIZE_MARKS[contents.size],
        "controls": controls(data["axes"]),
        "no_theory": why_no_theory(data["values"], make),
    }


def _ledger(contents: Contents) -> dict[str, Any]:
    rows = contents.ledger.rows
    no_ledger = f"The rows of the equations are not in this folder: `{claims_command(contents.folder / LEDGER)}`."
    return {
        "no_ledger": no_ledger if contents.ledger.record is None else "",
        "ledger": [_row(row) for row in rows],
        "ledger_words": claims.tally(rows),
        "ledger_tally": _tally(row.verdict for row in rows),
        "ledger_provenance": of_ledger(contents.ledger.record or {}),
    }


def _row(row: claims.Row) -> dict[str, Any]:
    claim, evidence = row.claim, row.evidence
    groups = {} if evidence is None else {"": evidence.within, "beyond": evidence.beyond, "instead": evidence.instead}
    readings = [
        {"group": group, "outcome": reading.outcome, "words": claims.in_words(reading)}
        for group, each in groups.items()
        for reading in each
    ]
    return {
        "key": claim.key,
        "source": claim.source,
        "verdict": row.verdict,
        "said": claims.statement_lines(row),
        "numbers": claims.number_lines(row),
        "method": claims.sentence(claim.method) if claim.method else "",
        "opens": f"{len(readings)} reading{'' if len(readings) == 1 else 's'}, how measured"
        if readings
        else "how to measure it",
        "readings": readings,
    }


def _tally(verdicts: Iterable[str]) -> list[tuple[str, int]]:
    counts = Counter(verdicts)
    return [(verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict]]
