"""The verdicts of figures as a Markdown table, from the checks that `sharedtrunk reproduce all` wrote.

python docs/verdicts.py results > docs/verdicts.md
"""

import json
import sys
from pathlib import Path

from sharedtrunk.paper.figures import FIGURES

VALIDATION = "honest"
"""What files call validation stopping."""

TRENDS = ("grows-with-relatedness", "related-grows-with-aux-snr", "unrelated-falls-with-aux-snr")
SHORT = {
    "fig1": (
        "equation-2-classes",
        "equation-20-classes",
        "equation-in-its-kindest-setting",
        "closure-nearer-than-equation",
    ),
    "fig2-left": ("grows-with-relatedness", "related-helps", "unrelated-hurts"),
    "fig2-right": ("no-benefit-at-100", "benefit-above-200", "little-effect-at-1600"),
    "fig3-left": ("related-grows-with-aux-data", "unrelated-hurts-more-with-aux-data"),
    "fig3-right": TRENDS,
    "a1": (*TRENDS, "bounds-hold", "closure-predicts-benefit", "closure-unbiased-where-benefit-is-large"),
    "a2": TRENDS,
    "a3": TRENDS,
    "a4": (*TRENDS, "nonlinear-shifts-downwards-from-same-start", "nonlinear-gains-less-from-related-from-same-start"),
    "table1": (
        "a-unrelated-brings-nothing",
        "b-related-grows-with-aux-snr",
        "c-weakly-related-grows",
        "d-small-with-abundant-data",
    ),
    "sensitivity": ("grows-with-relatedness-as-standard", "no-benefit-at-100-as-standard"),
}
"""Figure → the checks that the README shows: of each its first conclusions."""


def number(check):
    if check["number"] is None:
        return check["reason"] or "not measured"
    error = f" ± {check['standard_error']:.4f}" if check["standard_error"] else ""
    case = f" ({check['case']})" if check["case"] else ""
    return f"{check['number']:+.4f}{error}{case}"


def rows(record, only=None):
    """One row for a statement by a way of knowing; validation stopping stands beside the oracle's."""
    checks = [check for check in record["checks"] if not check.get("detail") and (only is None or check["id"] in only)]
    validation = {check["id"]: check for check in checks if check["stopping"] == VALIDATION}
    for check in checks:
        if check["stopping"] == VALIDATION:
            continue
        beside = validation.get(check["id"]) if check["stopping"] == "oracle" else None
        way = f" — {check['stopping']}" if check["stopping"] in ("closure", "population") else ""
        said = f"{beside['verdict']}: {number(beside)}" if beside else ""
        yield f"| {check['statement']}{way} | {check['verdict']} | {number(check)} | {said} |"


def whole(found):
    print(
        "# Verdicts\n\n    sharedtrunk reproduce all sensitivity\n    python docs/verdicts.py results > docs/verdicts.md"
    )
    print(
        "\nEach number is of the case that decides (in parentheses where there are several), mean ± standard error over"
        "\nseeds, in nats unless the statement says otherwise. A statement holds where its 95 % t-interval lies where it"
        "\nsays, and fails where it lies wholly elsewhere, at 95 % for all its cases together. Oracle stopping is the"
        "\npaper's, by test loss; validation stopping by a validation loss stands beside it."
    )
    for record in found.values():
        print(f"\n## {record['paper']}: {record['title']}\n\n| statement | verdict | number | validation stopping |")
        print("|---|---|---|---|", *rows(record), sep="\n")


def short(found):
    print("| figure | statement | verdict | number | validation stopping |", "|---|---|---|---|---|", sep="\n")
    for name, record in found.items():
        for row in rows(record, SHORT[name]):
            print(f"| {record['paper']} {row}")


def main(folder, form):
    paths = {name: folder / f"{name}.json" for name in FIGURES}
    form({name: json.loads(path.read_text()) for name, path in paths.items() if path.is_file()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), short if "--short" in sys.argv else whole)
