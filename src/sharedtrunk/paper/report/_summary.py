"""The summary: does the paper's picture hold? Five sentences that follow from the verdicts and their numbers.

Each phrase names a check and has words for each of its verdicts. For a figure that the folder lacks, the sentence gives
the command that makes it.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sharedtrunk.paper import claims
from sharedtrunk.paper.commands import claims_command, figure_command
from sharedtrunk.paper.figures import FIGURES, PAPER, Check
from sharedtrunk.paper.report._agreement import Agreement, agreement
from sharedtrunk.paper.report._gather import LEDGER, Contents, remake_command
from sharedtrunk.paper.report._numbers import mean_error, plus_minus

ORACLE, VALIDATION = "oracle", "honest"  # "honest" is the old name of validation stopping, which files keep


@dataclass(frozen=True)
class Phrase:
    """A check by its id, and the words for it when it holds, fails, or leaves the matter open."""

    id: str
    holds: str
    fails: str
    open: str


RELATEDNESS = (
    Phrase(
        "grows-with-relatedness",
        "the benefit grows with relatedness",
        "the benefit falls with relatedness",
        "whether the benefit grows with relatedness is open",
    ),
    Phrase(
        "related-helps",
        "a fully related auxiliary task helps",
        "a fully related auxiliary task hurts",
        "whether a fully related auxiliary task helps is open",
    ),
    Phrase(
        "unrelated-hurts",
        "an unrelated one hurts",
        "an unrelated one helps",
        "whether an unrelated one hurts is open",
    ),
)
DATA = (
    Phrase(
        "no-benefit-at-100",
        "at 100 training points even fully related tasks do not help",
        "fully related tasks already help at 100 training points",
        "whether fully related tasks help at 100 training points is open",
    ),
    Phrase(
        "benefit-above-200",
        "above 200 they help",
        "above 200 they hurt",
        "whether they help above 200 is open",
    ),
    Phrase(
        "little-effect-at-1600",
        "at 1,600 little effect is left",
        "at 1,600 an effect is still there",
        "whether an effect is left at 1,600 is open",
    ),
)
CORE = {"fig2-left": RELATEDNESS, "fig2-right": DATA}
"""The paper's picture: the claims of Figure 2, left and right."""

CLOSELY, ROUGHLY = 0.95, 0.7
"""The lower end of a correlation's interval from which theory agrees "closely" or "roughly" with simulation."""


@dataclass(frozen=True)
class Summary:
    """The answer in a few words, and the five sentences."""

    answer: str
    sentences: tuple[str, ...]


def summarize(contents: Contents) -> Summary:
    """Return one sentence per subject: relatedness, amount of data, validation stopping, theory, and the tally."""
    checks = {each.figure.name: each.checks for each in contents.figures if each.figure.name in PAPER}
    sentences = (
        *(_phrases(contents, checks, name, phrases) for name, phrases in CORE.items()),
        _validation(checks),
        _theory(contents, checks),
        _tally(contents, checks),
    )
    return Summary(_answer(checks), sentences)


def as_the_paper(checks: Sequence[Check]) -> list[Check]:
    """Return the checks with oracle stopping, or all checks of a figure without any; checks that are details of others do not
    count."""
    whole = [check for check in checks if not check.detail]
    return [check for check in whole if check.stopping == ORACLE] or whole


def _answer(checks: Mapping[str, tuple[Check, ...]]) -> str:
    """Return the answer that follows from the verdicts on the picture's claims with oracle stopping."""
    found = (_found(checks, name, phrase.id) for name, phrases in CORE.items() for phrase in phrases)
    verdicts = Counter("not measured" if check is None else check.verdict for check in found)
    not_here = verdicts.pop("not measured", 0)
    if not verdicts:
        return "Not measured here."
    if set(verdicts) == {"holds"}:
        return "As far as it is measured here, yes." if not_here else "Yes."
    if verdicts["fails"]:
        return "In part." if verdicts["holds"] else "No."
    return "Where it is decided, yes." if verdicts["holds"] else "Undecided."


def _phrases(
    contents: Contents, checks: Mapping[str, tuple[Check, ...]], figure: str, phrases: tuple[Phrase, ...]
) -> str:
    if figure not in checks:
        again = remake_command(contents.folder, FIGURES[figure], contents.size)
        return f"{FIGURES[figure].paper}, is not in this folder: `{again}`."
    found = [_found(checks, figure, phrase.id) for phrase in phrases]
    parts = [_phrase(phrase, check) for phrase, check in zip(phrases, found, strict=True)]
    return f"{claims.sentence(_joined(parts))[:-1]}{_where(found)}."


def _phrase(phrase: Phrase, check: Check | None) -> str:
    if check is None or check.verdict == "not measured":
        reason = f" (not measured: {check.reason})" if check is not None else " (not measured)"
        return phrase.open + reason
    case = f" at {check.case}" if check.case else ""
    words = {"holds": phrase.holds, "fails": phrase.fails}.get(check.verdict, phrase.open)
    return f"{words} ({plus_minus(check, unit=True)}{case})"


def _where(found: Iterable[Check | None]) -> str:
    """Return the setting in parentheses at the end of the statements, or nothing if the settings differ."""
    settings = {check.statement.rpartition(" (")[2].rstrip(")") for check in found if check is not None}
    return f", at {settings.pop()}" if len(settings) == 1 else ""


def _validation(checks: Mapping[str, tuple[Check, ...]]) -> str:
    pairs = [
        (oracle, validation)
        for of_figure in checks.values()
        for oracle in of_figure
        for validation in of_figure
        if (oracle.stopping, validation.stopping, validation.id) == (ORACLE, VALIDATION, oracle.id)
    ]
    if not pairs:
        return "No claim was judged with validation stopping."
    verdicts = [(oracle.verdict, validation.verdict) for oracle, validation in pairs]
    changes = Counter((before, after) for before, after in verdicts if before != after)
    same = len(pairs) - changes.total()
    words = [
        f"{count} {'goes' if count == 1 else 'go'} from {before} to {after}"
        for (before, after), count in sorted(changes.items())
    ]
    moved = f"; of the others, {_joined(words)}" if words else ""
    share = f"all {len(pairs)}" if same == len(pairs) else f"{same} of {len(pairs)}"
    return (
        f"With validation stopping instead of oracle stopping, {share} claims of the figures keep their verdict{moved}."
    )


def _theory(contents: Contents, checks: Mapping[str, tuple[Check, ...]]) -> str:
    if contents.cube is None:
        return "How well theory agrees with simulation is not measured here, because the cube of Figure A1 is missing."
    figure, dataset = contents.cube
    found = agreement(dataset)
    if found is None:
        again = figure_command("reproduce", [figure.name], contents.folder, contents.size)
        return f"This cube has no theory to compare with simulation; `{again}` adds it."
    bounds = _found(checks, figure.name, "bounds-hold")
    bias = _found(checks, figure.name, "closure-unbiased-where-benefit-is-large")
    return f"{_closure(found)}{_bias(bias)}{_bounds(bounds)}."


def _closure(found: Agreement) -> str:
    correlation = mean_error(found.correlation.mean, found.correlation.standard_error)
    difference = mean_error(found.difference.mean, found.difference.standard_error) + " nats"
    low = found.correlation.low
    manner = "closely" if low >= CLOSELY else "roughly" if low >= ROUGHLY else "poorly"
    if math.isnan(found.correlation.mean):
        return "The Gaussian closure’s benefits, or the simulated ones, vary too little to be compared"
    if math.isnan(low):
        manner = "to an extent that one seed leaves open"
    return (
        f"The Gaussian closure predicts the simulated benefits of Figure A1 {manner}: over {found.settings:,} settings the "
        f"correlation is {correlation}, the mean absolute difference {difference}"
    )


def _bias(check: Check | None) -> str:
    """Say by how much the closure misses the largest benefits, or nothing if it does not miss them."""
    if check is None or check.verdict != "fails":
        return ""
    return f", but where benefits are largest (r = 1, high-SNR aux) it is off by {plus_minus(check, unit=True)}"


def _bounds(check: Check | None) -> str:
    if check is None or check.verdict == "not measured":
        return ""
    if check.verdict == "holds":
        return f"; all {check.cases:,} benefits with bounds lie between (22) and (23)"
    return f"; {check.number:,.0f} of {check.cases:,} benefits lie outside the bounds (22) and (23)"


def _tally(contents: Contents, checks: Mapping[str, tuple[Check, ...]]) -> str:
    verdicts = Counter(check.verdict for of_figure in checks.values() for check in as_the_paper(of_figure))
    rows = Counter(row.verdict for row in contents.ledger.rows)
    no_equations = f" (the rows of equations are not in this folder: `{claims_command(contents.folder / LEDGER)}`)"
    return (
        f"Of the {verdicts.total()} checks of the paper’s figures with oracle stopping, {_counts(verdicts)}; "
        f"of the ledger’s {rows.total()} rows{no_equations if contents.ledger.record is None else ''}, {_counts(rows)}."
    )


def _counts(verdicts: Mapping[str, int]) -> str:
    words = {
        "holds": "hold",
        "holds only if": "hold only under a condition",
        "fails": "fail",
        "undecided": "are undecided",
        "not measured": "are not measured",
    }
    return (
        _joined([f"{verdicts[name]} {words_for}" for name, words_for in words.items() if verdicts.get(name)])
        or "none is measured"
    )


def _found(checks: Mapping[str, tuple[Check, ...]], figure: str, key: str) -> Check | None:
    return next((each for each in checks.get(figure, ()) if each.id == key and each.stopping == ORACLE), None)


def _joined(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)
