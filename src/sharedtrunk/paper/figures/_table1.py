"""Table 1: the paper's key takeaways, each row as measured statements, by simulation and by theory.

Claim: (a) unrelated tasks bring nothing, (b) the benefit of related ones grows with their SNR, (c) with limited data the
benefit grows with relatedness from the start, (d) with abundant data it is small.

    sharedtrunk reproduce table1             four minutes on 4 cores; half a minute beside a1, whose lanes it shares

Expected: unrelated tasks cost a few hundredths of a nat at finite N and less at infinite N; (b) and (c) hold on average,
not in each setting; with abundant data fully related clean tasks still bring a tenth of a nat, by theory too.

The rows, and what their words are taken to mean, are in `sharedtrunk.paper.claims.captions._table1`. The closure follows the
drawn samples, the population flow infinite data. With the cleanest main tasks (s_main = 100) the population flow is still
improving at the time limit, t = 500, and with s_main = 10 its minimum is often too late to be bracketed by then. The paper's
own explanations of the rows, (28) and (34)–(37), are judged in the ledger.
"""

from typing import TYPE_CHECKING

from sharedtrunk.flows.result import Result
from sharedtrunk.paper.claims.captions import ABUNDANT, LIMITED, SOURCES, TABLE_1, THEORY, Statement
from sharedtrunk.paper.figures._benefit_dataset import benefit_dataset
from sharedtrunk.paper.figures._benefit_sweeps import benefit_sweeps
from sharedtrunk.paper.figures._checks import Check, judge
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._standard import QUICK_CUBE, STANDARD_CUBE
from sharedtrunk.paper.figures._title_and_note import marked

if TYPE_CHECKING:
    import matplotlib.figure
    import xarray

TITLE = "The paper's key takeaways, row by row"

STYLES = {
    "oracle": {"marker": "o", "color": "black"},
    "validation": {"marker": "o", "color": "black", "markerfacecolor": "white"},
    "closure": {"marker": "D", "color": "#7b3294"},
    "population": {"marker": "s", "color": "#7b3294", "markerfacecolor": "white"},
}
"""The marker of every source of benefits: circles are simulated, the others calculated."""


def judge_table(dataset: "xarray.Dataset") -> list[Check]:
    """Every statement of every row, for each source of benefits that the dataset holds."""
    return [check for row in TABLE_1.values() for statement in row for check in _by_source(statement, dataset)]


def draw_table(dataset: "xarray.Dataset") -> "matplotlib.figure.Figure":
    """Draw each number with its interval, and where its row says that it lies."""
    from sharedtrunk.paper import pictures  # matplotlib, only where a picture is drawn

    def number(check: Check) -> "pictures.Number":
        where = check.reason if check.verdict == "not measured" else check.case
        return pictures.Number(check.source, check.number, check.low, check.high, check.verdict, where)

    def drawn(statement: Statement) -> "pictures.Statement":
        words = statement.claim.statement.split(") ", 1)[1]  # the letter is in the heading
        assert statement.claim.limit is not None  # every claim of a figure has one
        marks = [number(check) for check in _by_source(statement, dataset)]
        return pictures.Statement(words, statement.claim.limit.region, marks)

    return pictures.forest_figure(
        {heading: [drawn(statement) for statement in row] for heading, row in TABLE_1.items()},
        STYLES,
        title=marked(f"Table 1: {TITLE[0].lower()}{TITLE[1:]}", dataset),
        x_label="multitask benefit, or difference of benefits (nats)",
        note=_note(dataset),
    )


def _by_source(statement: Statement, dataset: "xarray.Dataset") -> list[Check]:
    known = [source for source in statement.sources if source not in THEORY or SOURCES[source] in dataset]
    return [judge(statement.claim, dataset[SOURCES[source]], source) for source in known]


def _note(dataset: "xarray.Dataset") -> str:
    return (
        f"Mean and 95 % t-interval over {dataset.sizes['seed']} seeds; shaded: where the row says that the number lies. "
        "A statement about each setting is drawn at its weakest setting, which is named; it fails only at 95 % for all "
        "settings together.\n"
        "Simulation: oracle stopping (test loss, as in the paper) and validation stopping (noisy held-out labels). "
        "Theory: the "
        f"Gaussian closure of the same samples, and the population flow (N → ∞){_open_ended(dataset)}.\n"
        "The paper's explanations of the rows, (28) and (34)–(37), are judged in the ledger: sharedtrunk claims."
    )


def _open_ended(dataset: "xarray.Dataset") -> str:
    if "result_population" not in dataset:
        return ""
    beyond = int((dataset["result_population"] == Result.NOT_BRACKETED).sum())
    total = dataset["result_population"].size
    return f", {beyond:,} of whose {total:,} lanes have no bracketed minimum by the time limit" if beyond else ""


FIGURE = Figure(
    name="table1",
    title=TITLE,
    claim="unrelated tasks bring nothing; benefit grows with aux SNR and relatedness; it is small with abundant data",
    paper="Table 1",
    minutes=4.0,
    grid=STANDARD_CUBE,
    # one number of points that is limited and one that is abundant; r = 0.25 in place of 0.5: row (c) is about it
    quick_grid={**QUICK_CUBE, "n_samples": (LIMITED, ABUNDANT), "relatedness": (0.0, 0.25, 1.0)},
    sweeps=benefit_sweeps(("closure", "population")),
    dataset=benefit_dataset,
    draw=draw_table,
    judge=judge_table,
)
