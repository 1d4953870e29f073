"""The evaluation of the advisor in one command; see the README beside this file.

    python -m benchmarks.affinity [--quick] [--processes N] [--out DIR] [--judge-only]

Everything computed is kept in DIR (one file per family and user), so that an interrupted run resumes and a changed interval
rule needs no training; `--judge-only` computes nothing new. The summary goes to `results.json` beside this file (in DIR with
--quick), from which `report` makes tables and pictures.
"""

import argparse
import concurrent.futures
import multiprocessing
import os
import sys
import time
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Parse, run the stages, write the summary, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few small families of every kind, two minutes")
    parser.add_argument(
        "--processes", type=int, default=len(os.sched_getaffinity(0)), help="worker processes for the baselines"
    )
    parser.add_argument(
        "--out", type=Path, help="where everything computed is kept (default: build/affinity or build/affinity-quick)"
    )
    parser.add_argument("--judge-only", action="store_true", help="tables and pictures from the stored summary")
    options = parser.parse_args()
    folder = options.out or Path("build/affinity-quick" if options.quick else "build/affinity")
    summary = folder / "results.json" if options.quick else HERE / "results.json"
    from . import report

    if not options.judge_only:
        from . import results
        from .plan import full, quick

        results.write(summary, compute(folder, quick() if options.quick else full(), options.processes))
    text = report.tables(summary)
    print(text)
    report.pictures(summary, folder if options.quick else HERE.parent.parent / "docs")
    if not options.quick:
        report.insert(HERE / "README.md", text)


def compute(folder: Path, plan, processes: int) -> dict:
    """Run all stages and return the summary of what they found."""
    import jax

    from . import results

    # Compiled programs are the same in every run, so a resumed run need not compile them again.
    jax.config.update("jax_compilation_cache_dir", str((folder / "programs").absolute()))
    watch, records = _Watch(), {}
    records["families"] = _advised(folder, plan.families, watch, "families")
    records["nulls"] = _advised(folder, plan.nulls, watch, "nulls")
    records["curves"] = _advised(folder, plan.curves, watch, "curves", choose=True)
    records["choices"] = _advised(folder, plan.chosen, watch, "sets", choose=True, users=1)
    records["null_choices"] = _advised(folder, plan.chosen_nulls, watch, "sets of nulls", choose=True)
    _add_truths(folder, plan, records, watch)
    _add_baselines(folder, plan, records["families"], watch, processes)
    records["seconds"] = watch.spent
    return results.summary(records)


def _advised(
    folder: Path, families, watch: "_Watch", name: str, *, choose: bool = False, users: int | None = None
) -> list[dict]:
    from . import stages

    found = []
    asked = [(family, user) for family in families for user in range(users or family.users)]
    with watch.stage(f"advice on {name}", len(asked)) as tick:
        for family, user in asked:
            found.append({"family": family, "user": user, "advice": stages.advice(folder, family, user, choose=choose)})
            tick()
    return found


def _add_truths(folder: Path, plan, records: dict, watch: "_Watch") -> None:
    """Add the truth to every record: for curves at twice the labels, for choices of the recommended set and of all tasks."""
    from . import stages
    from .plan import doubled

    # Also with all labels, of which the advisor's students train on nine tenths: what does the difference cost?
    asked = [("families", family, {}) for family in plan.families]
    asked += [("whole", family, {"all_labels": True}) for family in plan.whole]
    asked += [("curves", family, {}) for family in map(doubled, plan.curves)]
    asked += [("choices", each["family"], {"sets": _sets(each)}) for each in records["choices"]]
    kept: dict = {}
    with watch.stage("truth", len(asked)) as tick:
        for purpose, family, how in asked:
            kept[purpose, family] = stages.truth(folder, family, plan.draws, **how)
            tick()
    for record in records["families"]:
        record["truth"] = kept["families", record["family"]]
        record["truth_all_labels"] = kept.get(("whole", record["family"]))
    for record in records["curves"]:
        record["truth"] = kept["curves", doubled(record["family"])]
    for record in records["choices"]:
        record["truth"] = kept["families", record["family"]] | kept["choices", record["family"]]


def _sets(record: dict) -> list[tuple[str, ...]]:
    """The recommended set, if it has several tasks, and the set of all auxiliary tasks."""
    recommended = record["advice"]["best_set"]
    every = tuple(auxiliary.name for auxiliary in record["family"].auxiliaries)
    return [*([tuple(recommended)] if recommended and len(recommended) > 1 else []), every]


def _add_baselines(folder: Path, plan, records: list[dict], watch: "_Watch", processes: int) -> None:
    """The baselines on the first user of compared families, in the core seconds that the advisor takes per auxiliary task."""
    from . import stages

    allowed = _allowance(records, plan.seconds)
    first = [record for record in records if record["user"] == 0 and record["family"] in plan.compared]
    context = multiprocessing.get_context("spawn")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # the workers start with it
    with (
        watch.stage("baselines", len(first)) as tick,
        concurrent.futures.ProcessPoolExecutor(processes, mp_context=context) as pool,
    ):
        asked = {
            pool.submit(stages.baselines, folder, record["family"], 0, allowed[_size(record)]): record
            for record in first
        }
        for done in concurrent.futures.as_completed(asked):
            asked[done]["baselines"] = done.result()
            tick()


def _allowance(records: list[dict], most: float) -> dict:
    """The advisor's core seconds per auxiliary task, by table and size: the median, to leave out compiling, up to `most`."""
    import numpy as np

    spent = defaultdict(list)
    for record in records:
        spent[_size(record)].append(record["advice"]["core_seconds"] / len(record["family"].auxiliaries))
    return {size: min(float(np.median(values)), most) for size, values in spent.items()}


def _size(record: dict) -> tuple:
    family = record["family"]
    return family.table, family.labels, family.new


class _Watch:
    """Progress on stderr and wall seconds by stage."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def stage(self, name: str, total: int) -> "_Stage":
        return _Stage(self, name, total)


class _Stage:
    def __init__(self, watch: _Watch, name: str, total: int) -> None:
        self.watch, self.name, self.total, self.done = watch, name, total, 0

    def __enter__(self):
        self.begun = time.perf_counter()
        return self.tick

    def tick(self) -> None:
        self.done += 1
        seconds = time.perf_counter() - self.begun
        print(f"\r{self.name}: {self.done}/{self.total}, {seconds:.0f} s", end="", file=sys.stderr, flush=True)

    def __exit__(self, *_) -> None:
        self.watch.spent[self.name] = time.perf_counter() - self.begun
        print(file=sys.stderr)
