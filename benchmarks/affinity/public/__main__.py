"""`python -m benchmarks.affinity.public [--readme]`: a line a question; with --readme also the table in README.md."""

import argparse
from pathlib import Path

import pandas as pd

from .loading import load
from .packages import available
from .question import Question
from .registry import QUESTIONS
from .sanity import signal
from .trials import sizes

README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- table begins -->", "<!-- table ends -->"

HEAD = (
    "question",
    "what",
    "split",
    "kind",
    "rows",
    "features",
    "main task",
    "known",
    "groups",
    "at most",
    "signal, nats",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.affinity.public", description=__doc__)
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    rows = []
    arguments = parser.parse_args()
    for question in QUESTIONS:
        if available(question.table.source):
            rows.append(described(question))
            print("  ".join(rows[-1]), flush=True)
        else:
            print(f"{question.name}  left out: {question.table.source} is not there", flush=True)
    if arguments.readme:
        README.write_text(_with_table(README.read_text(encoding="utf-8"), rows), encoding="utf-8")


def described(question: Question) -> tuple[str, ...]:
    """What `HEAD` says about one question."""
    rows = load(question)
    main = rows.labels[question.main]
    return (
        question.name,
        question.note,
        question.split,
        question.kind,
        str(len(rows.features)),
        str(rows.features.shape[1]),
        "numeric" if question.is_numeric(question.main) else _frequencies(main),
        f"{main.notna().mean():.0%}",
        "" if rows.groups is None else str(len(set(rows.groups))),
        str(max(sizes(question))),
        f"{signal(question):+.3f}",
    )


def _frequencies(labels: pd.Series) -> str:
    shares = labels.value_counts(normalize=True)
    return f"{shares.size} classes: " + " ".join(f"{share:.0%}" for share in shares)


def _with_table(text: str, rows: list[tuple[str, ...]]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return text[: text.index(BEGIN) + len(BEGIN)] + f"\n{table}\n" + text[text.index(END) :]


if __name__ == "__main__":
    main()
