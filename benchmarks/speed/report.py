"""Results as Markdown tables."""

from collections.abc import Callable, Sequence

from . import goals, paths
from .all_cores import THREADS
from .problem import Case
from .whole_figure import ALIKE

_WORDS = paths.WORDS | {THREADS: "module, all threads"}


def tables(results: dict) -> str:
    """All sections that were measured, each with its machine and date."""
    writers: dict[str, Callable[[dict], str]] = {
        "one_core": _one_core,
        "starting": _starting,
        "all_cores": _all_cores,
        "whole_figure": _whole_figure,
    }
    return "\n\n".join(
        f"{_environment(results[name]['environment'])}\n\n{write(results[name])}"
        for name, write in writers.items()
        if name in results
    )


def _environment(known: dict) -> str:
    return (
        f"{known['date']}, {known['processor']}, {known['cores']} cores (load {known['load_at_start']} at the start), "
        f"Python {known['python']}, JAX {known['jax']}, PyTorch {known['torch']}: `{known['command']}`"
    )


def _one_core(section: dict) -> str:
    rows = section["rows"]
    others = [name for name in rows[0]["student_steps_per_second"] if name != paths.OURS]
    head = ["students", "N", "precision", "student-steps/s"]
    head += [f"× {_WORDS[name]}" for name in others] + ["GFLOP/s, of matmul", "share of peak"]
    lines = []
    for row in rows:
        case = _case(row)
        ratios = [_with_goal(row["ratio_of_ours"][name][0], goals.equal_steps(case, name)) for name in others]
        lines.append(
            [
                row["network"],
                row["samples"],
                row["precision"],
                f"{row['student_steps_per_second'][paths.OURS]:,.0f}",
                *ratios,
                f"{row['useful_gflops'][paths.OURS]:.0f} of {row['peak_gflops']:.0f}",
                _with_goal(row["share_of_peak"][paths.OURS], goals.share_of_peak(case), ".0%"),
            ]
        )
    return _table(head, lines)


def _starting(section: dict) -> str:
    head = ["case", "path", "first result, s", "again", "compilation, s", "again", "memory, MiB", "of which libraries"]
    lines = [
        [
            row["case"], _WORDS[row["path"]],
            row["cold"]["first_result_seconds"], row["warm"]["first_result_seconds"],
            row["cold"]["compile_seconds"], row["warm"]["compile_seconds"],
            row["warm"]["peak_mib"], row["warm"]["imported_mib"],
        ]
        for row in section["rows"]
    ]  # fmt: skip
    return _table(head, lines)


def _all_cores(section: dict) -> str:
    rows = section["rows"]
    others = list(rows[0]["ratio_of_ours"])
    head = ["students", "N", "precision", "student-steps/s, machine", "× one core"] + [
        f"× {_WORDS[name]}" for name in others
    ]
    lines = [
        [
            row["network"], row["samples"], row["precision"],
            f"{row['machine_student_steps_per_second'][paths.OURS]:,.0f}",
            _with_goal(row["scaling"][paths.OURS][0], goals.SCALING if row["processes"] == 4 else None, ".2f"),
            *(f"{row['ratio_of_ours'][name][0]:.1f}" for name in others),
        ]
        for row in rows
    ]  # fmt: skip
    return _table(head, lines)


def _whole_figure(section: dict) -> str:
    rows, total = section["rows"], section["whole"]
    ways = list(rows[0]["steps_a_lane"])
    head = ["N", "ours, ms per lane and core", *(f"× {_WORDS[name]}" for name in rows[0]["ratio"])]
    head += [f"steps, {way}" for way in ways] + ["flow's error, nats"]
    wanted = {paths.COMPILED: goals.EQUAL_ACCURACY, paths.MODULE: {}}
    lines = [
        [
            row["samples"], f"{1e3 * row['ours_seconds_a_lane']:.1f}",
            *(
                " / ".join([_with_goal(ratio[ways[0]], wanted[name].get(row["samples"]), ".0f")]
                           + [f"{ratio[way]:.0f}" for way in ways[1:]])
                for name, ratio in row["ratio"].items()
            ),
            *(f"{row['steps_a_lane'][way]:,.0f}" for way in ways), f"{row['flow_error']:.0e}",
        ]
        for row in rows
    ]  # fmt: skip
    said = "measured" if total["ours_measured"] else "extrapolated from the sampled chunks too"
    words = (
        f"Ratios in the order of the steps: {' / '.join(ways)}. Figure A1 at these N on {total['cores']} cores: ours "
        f"{total['ours_seconds']:.0f} s ({said}); the peers', extrapolated from sampled lanes and rates, with perfect "
        "scaling over the cores:"
    )
    text = [
        _table(head, lines),
        words,
        _table(["peer", *ways], [[_WORDS[name], *_against(total, name, ways)] for name in total["ratio"]]),
    ]
    return "\n\n".join(text)


def _against(total: dict, name: str, ways: Sequence[str]) -> list[str]:
    wanted = goals.MODULE_AT_EQUAL_ACCURACY if name == paths.MODULE else None
    seconds, ratio = total["peers_extrapolated_seconds"][name], total["ratio"][name]
    return [
        f"{seconds[way]:,.0f} s, × {_with_goal(ratio[way], wanted if way != ALIKE else None, '.0f')}" for way in ways
    ]


def _case(row: dict) -> Case:
    kind, _, precision = row["case"].split("-")
    return Case(row["samples"], kind.rstrip("0123456789"), int(kind.lstrip("linearu")), precision)


def _with_goal(value: float, wanted: float | None, form: str = ".1f") -> str:
    return f"{value:{form}}" if wanted is None else f"{value:{form}} (wanted {wanted:{form}})"


def _table(head: Sequence[object], lines: Sequence[Sequence[object]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)
