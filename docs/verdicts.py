"""The verdicts of figures as a Markdown table, from the checks that `sharedtrunk reproduce all` wrote.

python docs/verdicts.py results > docs/verdicts.md
"""

import json
import sys
from pathlib import Path

from sharedtrunk.paper.figures import FIGURES

VALIDATION = ("validation", "honest")
"""Names of validation stopping in the files of checks; older files have the second."""


def number(check):
    if check["number"] is None:
        return check["reason"] or "not measured"
    error = f" ± {check['standard_error']:.4f}" if check["standard_error"] else ""
    case = f" ({check['case']})" if check["case"] else ""
    return f"{check['number']:+.4f}{error}{case}"


def rows(record):
    """One row for a statement and a source (students, closure, population); both stopping rules share the row."""
    checks = [check for check in record["checks"] if not check.get("detail")]
    validation = {check["id"]: check for check in checks if check["stopping"] in VALIDATION}
    for check in checks:
        if check["stopping"] in VALIDATION:
            continue
        beside = validation.get(check["id"]) if check["stopping"] == "oracle" else None
        source = f" — {check['stopping']}" if check["stopping"] in ("closure", "population", "theory") else ""
        second = f"{beside['verdict']}: {number(beside)}" if beside else ""
        yield f"| {check['statement']}{source} | {check['verdict']} | {number(check)} | {second} |"


def write(records):
    print("# Verdicts\n")
    print(
        "    sharedtrunk reproduce all sensitivity weight-decay\n    python docs/verdicts.py results > docs/verdicts.md"
    )
    print(
        "\nEach number is a mean ± standard error over seeds, in nats unless the statement says otherwise, for the case"
        "\nthat decides (in parentheses if there are several). A statement holds if its 95 % t-interval lies in the"
        "\nrange that it claims, and fails if the interval, at 95 % for all cases together, lies outside. The numbers use"
        "\noracle stopping, by test loss as in the paper; the last column uses validation stopping."
    )
    for record in records.values():
        print(f"\n## {record['paper']}: {record['title']}\n\n| statement | verdict | number | validation stopping |")
        print("|---|---|---|---|", *rows(record), sep="\n")


def main(folder):
    paths = {name: folder / f"{name}.json" for name in FIGURES}
    write({name: json.loads(path.read_text()) for name, path in paths.items() if path.is_file()})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
