"""The page that maps equations and figures to functions, claims and verdicts, from ledgers that `sharedtrunk claims` wrote.

python docs/equations.py ledger.json > docs/equations.md

Several ledgers, of some claims each, are put together. Verdicts of figures are counted in `docs/verdicts.md`.
"""

import re
import sys
from pathlib import Path

from sharedtrunk.paper.claims import Row, number_lines, read_json, tally
from sharedtrunk.paper.claims.equations import CLAIMS
from sharedtrunk.paper.figures import FIGURES

FUNCTIONS = {
    1: ("students.training_loss",),
    2: ("dynamics.population_flow", "students.train"),
    3: ("dynamics.rank_one_flow",),
    4: ("teachers.relatedness", "teachers.related_pair"),
    5: ("benefit.aligned_bounds", "benefit.printed_aligned_bounds"),
    6: ("students.drive",),
    7: ("students.drive",),
    8: ("students.train", "dynamics.population_flow", "dynamics.closure_flow"),
    9: ("dynamics.conserved", "dynamics.balanced_start"),
    10: ("students.drive",),
    11: ("students.minimize",),
    12: ("gaussian.softmax_moment",),
    13: ("gaussian.softmax_covariance",),
    14: ("gaussian.softmax_moment",),
    15: ("gaussian.random_energy_slope",),
    16: ("gaussian.isotropic_part", "gaussian.anisotropy"),
    17: ("dynamics.aligned_response",),
    18: ("dynamics.aligned_flow", "dynamics.hadamard_problem", "dynamics.off_diagonal_share"),
    19: ("gaussian.population_loss",),
    20: ("benefit.benefit_gaps",),
    21: ("benefit.benefit_gaps",),
    22: ("benefit.benefit_bounds",),
    23: ("benefit.benefit_bounds",),
    24: ("benefit.benefit_bounds", "benefit.printed_bounds"),
    25: ("benefit.benefit_bounds", "benefit.printed_bounds"),
    26: ("dynamics.two_task_flow",),
    27: ("dynamics.two_task_start", "dynamics.two_task_flow"),
    28: ("dynamics.predicted_sign",),
    29: ("benefit.aligned_bounds",),
    30: ("benefit.aligned_bounds", "benefit.printed_aligned_bounds"),
    31: ("benefit.multitask_benefit",),
    32: ("spectra.spiked_overlaps",),
    33: ("benefit.aligned_bounds",),
    34: ("prediction.predict",),
    35: ("prediction.predict",),
    36: ("prediction.predict",),
    37: ("dynamics.population_flow", "dynamics.solve_until_bracketed"),
}
"""Equation → the functions that compute it, the first one first."""


WORDS = {"holds": "hold", "fails": "fail"}
"""Verdicts of several statements, in words."""


def links(names):
    """The functions as links into the API."""
    return ", ".join(f"{{func}}`~sharedtrunk.{name}`" for name in names)


def cell(text):
    """A text that may stand in a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def row_of(row, first):
    """One line of a table: what it is, the claim, the verdict with the condition."""
    return f"| {first} | {cell(row.claim.statement)} | {cell(row.words)} |"


def numbers_of(row):
    """The numbers that decide, as a paragraph with the claim's source in front."""
    return f"{row.claim.source}\n: " + "\n  ".join(f"{line.rstrip('.')}." for line in number_lines(row)) + "\n"


def figures(verdicts):
    """One line for every figure, with the number of its statements by verdict."""
    for part in re.split(r"^## ", verdicts, flags=re.MULTILINE)[1:]:
        title, counts = part.partition("\n")[0], {}
        for verdict in re.findall(r"^\| .*? \| (holds|fails|undecided|not measured) \|", part, flags=re.MULTILINE):
            counts[verdict] = counts.get(verdict, 0) + 1
        figure = next((figure for figure in FIGURES.values() if title == f"{figure.paper}: {figure.title}"), None)
        if figure is None:
            continue
        told = ", ".join(f"{count} {WORDS.get(verdict, verdict)}" for verdict, count in counts.items())
        yield f"| {figure.paper} | `sharedtrunk reproduce {figure.name}` | {cell(figure.claim)} | {told} |"


def write(rows, verdicts):
    """Print the page."""
    print("# Equations and figures\n")
    print("    sharedtrunk claims --json ledger.json\n    python docs/equations.py ledger.json > docs/equations.md\n")
    print(
        "Every equation of the paper with the function that computes it, what it claims in our words, and the verdict; the"
    )
    print("numbers that decide are below. Verdicts follow from the numbers; [reproduction](reproduction.md) says how.")
    print(f"\n{tally(list(rows.values()))}\n\n## Equations\n")
    print("| equation | claim | verdict |\n|---|---|---|")
    print(f"| (1) {links(FUNCTIONS[1])} | The training loss is the mean cross-entropy of the labels. | a definition |")
    for number, names in FUNCTIONS.items():
        if (row := rows.get(f"eq-{number}")) is not None:
            print(row_of(row, f"({number}) {links(names)}"))
    print("\n## Table 1 and observations\n")
    print("| source | claim | verdict |\n|---|---|---|")
    for key, row in rows.items():
        if key.startswith(("table", "observation")):
            print(row_of(row, row.claim.source))
    print("\n## Errata\n\nWhat is true instead, measured. [The errata](errata.md) tell each in words.\n")
    print("| source | what is true | verdict |\n|---|---|---|")
    for key, row in rows.items():
        if key.startswith("erratum"):
            print(row_of(row, row.claim.source))
    print("\n## The numbers that decide\n\nEach with its error and the limit that the claim sets.\n")
    print(*(numbers_of(row) for row in rows.values() if row.evidence is not None), sep="\n")
    print("\n## Figures\n\nThe statements of each figure by verdict; each is in [verdicts](verdicts.md).\n")
    print("| figure | command | claim | statements |\n|---|---|---|---|", *figures(verdicts), sep="\n")


def main(paths):
    """Read the ledgers and the verdicts of figures."""
    found = {row.claim.key: row for path in paths for row in read_json(Path(path))}
    missing = {
        key: Row(claim, None, reason=f"run `sharedtrunk claims {key}`")
        for key, claim in CLAIMS.items()
        if key not in found
    }
    write({key: found.get(key) or missing[key] for key in CLAIMS}, (Path(__file__).parent / "verdicts.md").read_text())


if __name__ == "__main__":
    main(sys.argv[1:])
