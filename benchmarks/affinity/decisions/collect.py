"""Draws of all public questions, kept as they finish: `python -m benchmarks.affinity.decisions.collect`.

One JSON line for each draw. Draws come in rounds over all questions, so that what is there at any time is balanced.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.affinity.decisions.draws import as_draw, measured
from benchmarks.affinity.public import QUESTIONS, Question, available, draw, sizes

from sharedtrunk.errors import InputError

FOLDER = Path("build/affinity/decisions")


class Case(NamedTuple):
    """One draw: a question, the number of main labels, whether B has labels on more rows, and the seed."""

    question: Question
    size: int
    more_rows: bool
    seed: int

    @property
    def key(self) -> tuple[str, int, bool, int]:
        return self.question.name, self.size, self.more_rows, self.seed


ROUNDS = ((100, False), (100, True), (200, False), (200, True), (50, False), (50, True), (500, False))
"""Sizes in the order in which they are drawn, and whether B has labels on more rows. The first two seeds of 2,000 labels come
last."""


def cases(seeds: int) -> Iterator[Case]:
    """All draws, round by round."""
    for seed in range(seeds):
        for size, more in (*ROUNDS, *([(2000, False)] if seed < 1 else [])):
            for question in QUESTIONS:
                if available(question.table.source) and size in sizes(question, more_rows=more):
                    yield Case(question, size, more, seed)


def read(folder: Path = FOLDER) -> list[dict]:
    """All draws that are kept."""
    return [json.loads(line) for path in sorted(folder.glob("draws*.jsonl")) for line in path.read_text().splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.affinity.decisions.collect", description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--share", default="0/1", help="this process's share of the questions: 0/2 and 1/2 of two")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    place, count = (int(part) for part in arguments.share.split("/"))
    arguments.out.mkdir(parents=True, exist_ok=True)
    done = {tuple(each["case"]) for each in read(arguments.out)}
    end = time.monotonic() + 60 * arguments.minutes
    tables = sorted({question.table.name for question in QUESTIONS})
    with (arguments.out / f"draws-{place}-of-{count}.jsonl").open("a") as file:
        for case in cases(arguments.seeds):
            if time.monotonic() > end:
                break
            if tables.index(case.question.table.name) % count == place and case.key not in done:
                print(json.dumps(_line(case)), file=file, flush=True)


def _line(case: Case) -> dict:
    started = time.process_time()
    try:
        trial = draw(case.question, case.size, case.seed, more_rows=case.more_rows)
        records = measured(as_draw(case.question, trial), case.seed)
    except InputError as error:
        return {"case": case.key, "refused": str(error)}
    return {
        "case": case.key,
        "table": case.question.table.name,
        "split": case.question.split,
        "tasks": case.question.tasks,
        "seconds": time.process_time() - started,
        "records": records,
    }


if __name__ == "__main__":
    main()
