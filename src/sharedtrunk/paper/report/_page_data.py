"""From what a folder holds to what the page's templates name: words, rows and addresses, no markup."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sharedtrunk._version import __version__
from sharedtrunk.paper import claims
from sharedtrunk.paper.figures import FIGURES, SIZE_MARKS, VALIDATION, Check
from sharedtrunk.paper.report._explorer import controls, explorer_data, why_no_theory
from sharedtrunk.paper.report._gather import CUBES, Material, Shown, command, ledger_command, make_again
from sharedtrunk.paper.report._numbers import interval, plus_minus
from sharedtrunk.paper.report._origins import of_figure, of_ledger
from sharedtrunk.paper.report._stored_checks import VERDICTS
from sharedtrunk.paper.report._summary import ORACLE, as_the_paper, summarize

TITLE = "Does learning task B beside task A help A? The paper’s answer, measured"
MANY = 40
"""A table of more checks than these is folded."""

PICTURE_LABELS = {"": "oracle stopping", VALIDATION: "validation stopping"}


def view(material: Material) -> dict[str, Any]:
    """All that the templates name."""
    return {
        "title": TITLE,
        "version": __version__,
        "grid": SIZE_MARKS[material.size].strip(" ()").capitalize(),
        "summary": summarize(material),
        "figures": [_figure(material, shown) for shown in material.shown],
        "missing": material.gaps,
        **_explorer(material),
        **_ledger(material),
    }


def _figure(material: Material, shown: Shown) -> dict[str, Any]:
    figure, record = shown.figure, shown.record
    as_it_does = as_the_paper(shown.checks)
    tally = _tally(check.verdict for check in as_it_does)
    again = make_again(material.folder, figure, material.size)
    return {
        "name": figure.name,
        "paper": figure.paper,
        "title": figure.title,
        "claim": figure.claim,
        "tally": tally,
        "counted": f"of {len(as_it_does)} checks"
        + (" with oracle stopping" if any(check.stopping == ORACLE for check in as_it_does) else ""),
        "pictures": _pictures(shown, tally),
        "redraw": again,
        "checks": _grouped(shown.checks),
        "folded": len(shown.checks) > MANY,
        "check_count": len(shown.checks),
        "command": str(record["provenance"].get("command", again)),
        "provenance": of_figure(record),
    }


def _pictures(shown: Shown, tally: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in tally)
    figure = shown.figure
    made = []
    for ending in figure.pictures:
        if ending not in shown.pictures:
            continue
        picture = shown.pictures[ending]
        stopping = f" ({PICTURE_LABELS[ending]})" if len(figure.pictures) > 1 else ""
        made.append(
            {
                "key": ending or ORACLE,
                "label": PICTURE_LABELS[ending],
                "uri": picture.uri,
                "width": picture.width,
                "height": picture.height,
                "alt": f"{figure.paper}{stopping}: {figure.title}. Claim: {figure.claim}. "
                f"Checks: {verdicts or 'none'}; their numbers stand in the table below.",
            }
        )
    return made


def _grouped(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """Checks of one statement together, in the order of their first."""
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
        "stopping": check.stopping,
        "verdict": check.verdict,
        "criterion": f"{check.criterion}; {check.n_seeds} seeds",
        "number": plus_minus(check),
        "unit": "" if check.unit == "1" else check.unit,
        "interval": interval(check),
        "note": "; ".join(part for part in (check.case, check.reason, seeds) if part),
    }


def _explorer(material: Material) -> dict[str, Any]:
    if material.cube is None:
        make = command("reproduce", CUBES[0], material.folder, material.size)
        return {"cube": None, "no_cube": f"The explorer needs the dataset of {FIGURES[CUBES[0]].paper}: `{make}`."}
    figure, dataset = material.cube
    data = explorer_data(dataset)
    make = command("reproduce", figure.name, material.folder, material.size)
    return {
        "cube": data,
        "cube_source": f"cube of {figure.paper}" + SIZE_MARKS[material.size],
        "controls": controls(data["axes"]),
        "no_theory": why_no_theory(data["values"], make),
    }


def _ledger(material: Material) -> dict[str, Any]:
    rows = material.ledger.rows
    lacking = f"The rows of the equations are not in this folder: `{ledger_command(material.folder)}`."
    return {
        "no_ledger": lacking if material.ledger.record is None else "",
        "ledger": [_row(row) for row in rows],
        "ledger_words": claims.tally(rows),
        "ledger_tally": _tally(row.verdict for row in rows),
        "ledger_provenance": of_ledger(material.ledger.record or {}),
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
        else "how to be measured",
        "readings": readings,
    }


def _tally(verdicts: Iterable[str]) -> list[tuple[str, int]]:
    counts = Counter(verdicts)
    return [(verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict]]
