"""`python -m benchmarks.tables.log [NAME …]`: tables that nobody prepared go through the real command, and a page says how.

Each table of `cases.CASES` comes out of a package as it is and is written to a file by pandas. `sharedtrunk advise` then runs
on that file in a process of its own, with one repeat, a short budget and the linear student: the question is what happens
to the table on its way in, not the advice. What the command printed about the table is kept in `log.json`, from which
`docs/table/log.md` is written. With names, only these tables run again; `--page` writes the page alone.

Tox21 is left out unless the environment variable SHAREDTRUNK_TOX21 names its file. `timings.md`, if there is one, ends
the page: what large tables take, written by hand.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from benchmarks.affinity.public import packages

from sharedtrunk.errors import InputError

from .cases import CASES, FORMS, Case

HERE = Path(__file__).parent
RECORD, PAGE = HERE / "log.json", HERE.parents[1] / "docs" / "table" / "log.md"
QUICK = "--student linear --budget 0.05"
"""What the command is told beside the case's arguments: three seconds of training are enough to see a table go in."""

LIMIT = 200
"""Seconds after which a command counts as stuck."""

WIDTH = 4000
"""Columns of the terminal, so that each note is on one line."""

ABOUT_TABLE = re.compile(r"^(Leak!|Leak|Note) +(.*\S)\s*$")

HEAD = """# What happens to real tables

Tables as they come out of public packages, written to files by pandas, nothing prepared. Each heading is a table; below it
are the command, whether the table went in, and what the command said about it. `python -m benchmarks.tables.log` runs all of
them and writes this page. The budget is short on purpose: this page is about tables, not about advice. Features, tasks and
splits are chosen as somebody would who sees the table for the first time.
"""


def main() -> None:
    """Run the cases that the command line names, or all, and write the page."""
    parser = argparse.ArgumentParser(description="Real tables through the real command.")
    parser.add_argument("names", nargs="*", help="cases to run; all by default")
    parser.add_argument("--page", action="store_true", help="write the page from the record alone")
    given = parser.parse_args()
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    wanted = [case for case in CASES if not given.names or case.name in given.names]
    for case in [] if given.page else wanted:
        answer = _run(case)
        if answer is None:
            print(f"{case.name}: its package or file is not there", flush=True)
            continue
        record[case.name] = answer
        print(
            f"{case.name}: exit code {answer['code']}, {answer['seconds']} s, {len(answer['said'])} lines", flush=True
        )
        RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(_page(record))


def command(case: Case) -> str:
    """The command as a user types it."""
    repeats = "" if "--time" in case.arguments else " --repeats 1"  # splits by time are not repeated
    return f"sharedtrunk advise {case.file} {case.arguments}{repeats} {QUICK}"


def write(frame: pd.DataFrame, path: Path, form: str) -> None:
    """Write a table in one of the forms of `cases.FORMS`."""
    if form == "parquet":
        frame.to_parquet(path, index=False)
    elif form == "xlsx":
        frame.to_excel(path, index=False)
    elif form == "windows":
        frame.to_csv(
            path, index=False, sep=";", decimal=",", encoding="cp1252", errors="replace", lineterminator="\r\n"
        )
    elif form == "utf16":
        frame.to_csv(path, index=False, sep="\t", encoding="utf-16")
    else:
        frame.to_csv(path, index=False, sep="\t" if form == "tsv" else ",")


def _run(case: Case) -> dict[str, object] | None:
    try:
        frame = packages.read(case.source)
    except InputError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        write(frame, Path(folder) / case.file, case.form)
        words = [sys.executable, "-m", "sharedtrunk", *shlex.split(command(case))[1:]]
        begin = time.perf_counter()
        environment = os.environ | {"COLUMNS": str(WIDTH)}
        try:
            done = subprocess.run(
                words, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
            )
        except subprocess.TimeoutExpired:
            return {"code": None, "seconds": LIMIT, "said": [], "errors": "stuck", "shape": list(frame.shape)}
        seconds = round(time.perf_counter() - begin)
    found = [ABOUT_TABLE.match(line) for line in done.stdout.splitlines()]
    return {
        "code": done.returncode,
        "seconds": seconds,
        "shape": list(frame.shape),
        "said": [[match[1], match[2]] for match in found if match],
        "errors": done.stderr.strip() if done.returncode else "",  # else progress, and paths of this machine
    }


def _page(record: dict[str, dict]) -> str:
    ran = [case for case in CASES if case.name in record]
    went_in = sum(record[case.name]["code"] == 0 for case in ran)
    counts = f"Tables: {len(ran)}. Went in: {went_in}. Refused, with the way out: {len(ran) - went_in}. Two busy cores."
    sections = [_section(case, record[case.name]) for case in ran]
    timings = HERE / "timings.md"
    return "\n".join([HEAD, counts, "", *sections, *([timings.read_text()] if timings.exists() else [])])


def _section(case: Case, answer: dict) -> str:
    rows, columns = answer["shape"]
    shape = f"{rows:,} rows, {columns:,} columns; {FORMS[case.form]}"
    came_from = "the file that `SHAREDTRUNK_TOX21` names" if case.source == "tox21" else f"`{case.source}`"
    lines = [
        f"## {case.name}",
        "",
        f"{case.what} {shape}. From {came_from}.",
        "",
        "```console",
        f"$ {command(case)}",
        "```",
        "",
    ]
    if answer["code"] == 0:
        lines += [f"Goes in ({answer['seconds']} s).", ""]
        lines += [
            f"- {_plain(text) if kind == 'Note' else f'**{kind}** {_plain(text)}'}" for kind, text in answer["said"]
        ]
        lines += [] if answer["said"] else ["- Nothing to say."]
    else:
        lines += [
            f"Refused (exit code {answer['code']}, {answer['seconds']} s):",
            "",
            "```text",
            answer["errors"],
            "```",
        ]
    return "\n".join([*lines, ""])


def _plain(text: str) -> str:
    """A sentence of the command as Markdown that shows the same characters."""
    return re.sub(r"([\\`*_<>\[\]|$])", r"\\\1", text)


if __name__ == "__main__":
    main()
