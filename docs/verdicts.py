"""The verdicts of figures as a Markdown table, from the checks that `sharedtrunk reproduce all` wrote.

python docs/verdicts.py results > docs/verdicts.md
"""

import json
import sys
from pathlib import Path

from sharedtrunk.figures import FIGURES

HONEST = "honest"


def number(check):
    if check["number"] is None:
        return check["reason"] or "not measured"
    error = f" ± {check['standard_error']:.4f}" if check["standard_error"] else ""
    case = f" ({check['case']})" if check["case"] else ""
    return f"{check['number']:+.4f}{error}{case}"


def rows(record):
    """One row for a statement by a way of knowing; honest stopping stands beside the oracle's."""
    checks = [check for check in record["checks"] if not check.get("detail")]
    honest = {check["id"]: check for check in checks if check["stopping"] == HONEST}
    for check in checks:
        if check["stopping"] == HONEST:
            continue
        beside = honest.get(check["id"]) if check["stopping"] == "oracle" else None
        way = f" — {check['stopping']}" if check["stopping"] in ("closure", "population") else ""
        said = f"{beside['verdict']}: {number(beside)}" if beside else ""
        yield f"| {check['statement']}{way} | {check['verdict']} | {number(check)} | {said} |"


def main(folder):
    records = {name: folder / f"{name}.json" for name in FIGURES}
    found = {name: json.loads(path.read_text()) for name, path in records.items() if path.is_file()}
    print("# Verdicts\n")
    for line in dict.fromkeys(f"    {record['provenance']['command']}" for record in found.values()):
        print(line)
    print(
        "\nEach number is of the case that decides (in parentheses where there are several), mean ± standard error over"
        "\nseeds, in nats unless the statement says otherwise; verdicts are those of its 95 % t-interval. Oracle stopping"
        "\nis the paper's, by test loss; honest stopping by a validation loss stands beside it."
    )
    for record in found.values():
        print(f"\n## {record['paper']}: {record['title']}\n\n| statement | verdict | number | honest stopping |")
        print("|---|---|---|---|", *rows(record), sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
