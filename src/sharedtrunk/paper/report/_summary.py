"""The summary: does the paper's picture hold, in five sentences that follow from the verdicts and their numbers.

Every phrase has a wording for each verdict; which one stands on the page is decided by the check that it names. What a
folder does not hold is said, with the command that makes it.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sharedtrunk.paper import claims
from sharedtrunk.paper.figures import FIGURES, PAPER, Check
from sharedtrunk.paper.report._agreement import Agreement, agreement
from sharedtrunk.paper.report._gather import Material, command, ledger_command, make_again
from sharedtrunk.paper.report._numbers import mean_error, plus_minus

ORACLE, HONEST = "oracle", "honest"


@dataclass(frozen=True)
class Phrase:
    """A check by its id, and what it comes to when it holds, fails, or leaves the matter open."""

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
"""The paper's picture: what Figure 2 shows, left and right."""

# The lower end of the interval of a correlation that still earns the word.
CLOSELY, ROUGHLY = 0.95, 0.7


@dataclass(frozen=True)
class Summary:
    """The answer in a word or two, and the five sentences."""

    answer: str
    sentences: tuple[str, ...]


def summarize(material: Material) -> Summary:
    """Relatedness, amount of data, honest stopping, theory, tally: one sentence each."""
    checks = {shown.figure.name: shown.checks for shown in material.shown if shown.figure.name in PAPER}
    sentences = (
        *(_phrases(material, checks, name, phrases) for name, phrases in CORE.items()),
        _honest(checks),
        _theory(material, checks),
        _tally(material, checks),
    )
    return Summary(_answer(checks), sentences)


def as_the_paper(checks: Sequence[Check]) -> list[Check]:
    """The checks with oracle stopping, all where the figure knows no stopping; without those that are details of others."""
    whole = [check for check in checks if not check.detail]
    return [check for check in whole if check.stopping == ORACLE] or whole


def _answer(checks: Mapping[str, tuple[Check, ...]]) -> str:
    """From the verdicts of the picture's own claims, as the paper stops its students."""
    found = (_found(checks, name, phrase.id) for name, phrases in CORE.items() for phrase in phrases)
    verdicts = Counter("not measured" if check is None else check.verdict for check in found)
    lacking = verdicts.pop("not measured", 0)
    if not verdicts:
        return "Not measured here."
    if set(verdicts) == {"holds"}:
        return "As far as it is measured here, yes." if lacking else "Yes."
    if verdicts["fails"]:
        return "In part." if verdicts["holds"] else "No."
    return "Where it is decided, yes." if verdicts["holds"] else "Undecided."


def _phrases(
    material: Material, checks: Mapping[str, tuple[Check, ...]], figure: str, phrases: tuple[Phrase, ...]
) -> str:
    if figure not in checks:
        again = make_again(material.folder, FIGURES[figure], material.size)
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
    """The setting that all the statements name in parentheses at their end; nothing where they differ."""
    settings = {check.statement.rpartition(" (")[2].rstrip(")") for check in found if check is not None}
    return f", at {settings.pop()}" if len(settings) == 1 else ""


def _honest(checks: Mapping[str, tuple[Check, ...]]) -> str:
    pairs = [
        (oracle, honest)
        for of_figure in checks.values()
        for oracle in of_figure
        for honest in of_figure
        if (oracle.stopping, honest.stopping, honest.id) == (ORACLE, HONEST, oracle.id)
    ]
    if not pairs:
        return "No claim was judged with honest stopping."
    changes = Counter((oracle.verdict, honest.verdict) for oracle, honest in pairs if oracle.verdict != honest.verdict)
    kept = len(pairs) - changes.total()
    words = [
        f"{count} {'goes' if count == 1 else 'go'} from {before} to {after}"
        for (before, after), count in sorted(changes.items())
    ]
    moved = f"; of the others, {_joined(words)}" if words else ""
    kept_words = f"all {len(pairs)}" if kept == len(pairs) else f"{kept} of {len(pairs)}"
    return (
        f"Stopped on validation points instead of the test loss, {kept_words} claims of the figures keep their verdict"
        f"{moved}."
    )


def _theory(material: Material, checks: Mapping[str, tuple[Check, ...]]) -> str:
    if material.cube is None:
        return "How theory agrees with simulation is not measured here, for the cube of Figure A1 is missing."
    figure, dataset = material.cube
    found = agreement(dataset)
    if found is None:
        again = command("reproduce", figure.name, material.folder, material.size)
        return f"How theory agrees with simulation is not stored in this cube; `{again}` adds it."
    bounds = _found(checks, figure.name, "bounds-hold")
    bias = _found(checks, figure.name, "closure-unbiased-where-benefit-is-large")
    return f"{_closure(found)}{_bias(bias)}{_bounds(bounds)}."


def _closure(found: Agreement) -> str:
    correlation = mean_error(found.correlation.mean, found.correlation.standard_error)
    difference = mean_error(found.difference.mean, found.difference.standard_error) + " nats"
    low = found.correlation.low
    manner = "closely" if low >= CLOSELY else "roughly" if low >= ROUGHLY else "poorly"
    if math.isnan(found.correlation.mean):
        return "The Gaussian closure’s benefits vary too little to be compared with the simulated ones"
    if math.isnan(low):
        manner = "to an extent that one seed leaves open"
    return (
        f"The Gaussian closure predicts the simulated benefits of Figure A1 {manner}: over {found.settings:,} settings the "
        f"correlation is {correlation}, the mean absolute difference {difference}"
    )


def _bias(check: Check | None) -> str:
    """What the closure misses where benefits are largest; nothing where it misses nothing."""
    if check is None or check.verdict != "fails":
        return ""
    return f", but where benefits are largest (r = 1, high-SNR aux) it is off by {plus_minus(check, unit=True)}"


def _bounds(check: Check | None) -> str:
    if check is None or check.verdict == "not measured":
        return ""
    if check.verdict == "holds":
        return f"; all {check.cases:,} benefits with bounds lie between (22) and (23)"
    return f"; {check.number:,.0f} of {check.cases:,} benefits lie outside the bounds (22) and (23)"


def _tally(material: Material, checks: Mapping[str, tuple[Check, ...]]) -> str:
    verdicts = Counter(check.verdict for of_figure in checks.values() for check in as_the_paper(of_figure))
    rows = Counter(row.verdict for row in material.ledger.rows)
    lacking = f" (that of the equations is not here: `{ledger_command(material.folder)}`)"
    return (
        f"Of the {verdicts.total()} checks of the paper’s figures, stopped as it does, {_counts(verdicts)}; "
        f"of the ledger’s {rows.total()} rows{lacking if material.ledger.record is None else ''}, {_counts(rows)}."
    )


def _counts(verdicts: Mapping[str, int]) -> str:
    words = {
        "holds": "hold",
        "holds only if": "hold only under a condition",
        "fails": "fail",
        "undecided": "are undecided",
        "not measured": "are not measured",
    }
    return _joined([f"{verdicts[name]} {said}" for name, said in words.items() if verdicts.get(name)]) or "none is left"


def _found(checks: Mapping[str, tuple[Check, ...]], figure: str, key: str) -> Check | None:
    return next((each for each in checks.get(figure, ()) if each.id == key and each.stopping == ORACLE), None)


def _joined(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)
