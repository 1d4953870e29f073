"""The summary of an evaluation as tables in Markdown; see `drawing` for the pictures."""

from pathlib import Path

import numpy as np

from sharedtrunk._support.files import write_atomically
from sharedtrunk.affinity._verdicts import VERDICTS

from . import drawing, results
from .metrics import (
    HELPS,
    HURTS,
    TRUE_CLASSES,
    answered,
    auc,
    by_clusters,
    clopper_pearson,
    coverage,
    expected_coverage,
    pairs_within,
    ranks_within,
    regret,
    share_of,
    true_class,
)
from .readings import Trials, answers, askings, chosen, mains, null_reference, on

BEGIN, END = "<!-- tables begin -->", "<!-- tables end -->"
"""Where `insert` writes in the README."""


def tables(path: Path) -> str:
    """All tables, one after the other."""
    found = results.read(path)
    trials = chosen(found["trials"], found["trials"]["counts"] > 0)
    compared = chosen(trials, trials["compared"] > 0)
    parts = [
        ("What was asked", asked(trials)),
        ("Do real questions help?", real_questions(trials)),
        ("Calibration of the 95 % intervals", calibration(trials) + "\n\n" + shares(found["pool_shares"])),
        ("False verdicts on shuffled labels", nulls(found["nulls"])),
        ("Verdicts by true class", verdicts(trials)),
        ("Twice the labels: the curve's extension", curve(found["curves"])),
        ("Ranking and decisions", ranking(compared) + "\n\n" + regrets(compared)),
        ("Is the recommended set the right one?", choices(found["choices"], found["null_choices"])),
        ("Does theory see the sign?", agreement(trials) + "\n\n" + signs(compared)),
        ("Dials", dials(trials)),
        ("Nine tenths of the labels, and all of them", shortfall(trials)),
        ("Tables too small to count", illustration(found["trials"])),
        ("Run time", times(found)),
    ]
    return "\n\n".join(f"### {title}\n\n{table}" for title, table in parts)


def pictures(path: Path, folder: Path) -> None:
    """Write `affinity-evaluation.png` and `affinity-theory.png` to the folder."""
    found = results.read(path)
    trials = chosen(found["trials"], found["trials"]["counts"] > 0)
    drawing.write(trials, folder)


def insert(readme: Path, text: str) -> None:
    """Put the tables between the two marks of the README. Raises `ValueError` where a mark is missing."""
    written = readme.read_text()
    before, after = written.index(BEGIN) + len(BEGIN), written.index(END)
    write_atomically(readme, f"{written[:before]}\n{text}\n{written[after:]}".encode())


def asked(trials: Trials) -> str:
    """Trials, directed pairs and true classes by table and size."""
    classes = true_class(trials["truth"], trials["truth_error"])
    pairs = np.array(
        [
            f"{tasks} {kind} {place}"
            for tasks, kind, place in zip(
                mains(trials) + " " + trials["aux"], trials["kind"], trials["rows"], strict=True
            )
        ]
    )
    rows = []
    for name, mine in _settings(trials):
        counted = [str((classes[mine] == each).sum()) for each in TRUE_CLASSES]
        rows.append([name, str(mine.sum()), str(np.unique(pairs[mine]).size), *counted])
    return _table(["table, main labels", "trials", "directed pairs", *(f"truth {each}" for each in TRUE_CLASSES)], rows)


def real_questions(trials: Trials) -> str:
    """How many questions that are not controls have a true benefit, by what is asked and which rows carry its labels."""
    classes = true_class(trials["truth"], trials["truth_error"])
    rows = []
    for kind, what in (("different", "different question"), ("part", "part of one label")):
        for place, is_new in (("the user's rows", trials["new"] == 0), ("new rows too", trials["new"] > 0)):
            of_place = (trials["kind"] == kind) & is_new
            for table in np.unique(trials["table"][of_place]):
                mine = of_place & (trials["table"] == table)
                counted = [str((classes[mine] == each).sum()) for each in TRUE_CLASSES]
                span = f"{trials['truth'][mine].min():+.3f} … {trials['truth'][mine].max():+.3f}"
                rows.append([f"{what}, {place}, {table}", str(mine.sum()), *counted, span])
    different = trials["kind"] == "different"
    helped = (classes[different] == HELPS).sum()
    sentence = f"Of {different.sum()} trials that ask a different question, {helped} are clearly helped by it."
    heads = ["question", "trials", *(f"truth {each}" for each in TRUE_CLASSES), "range of the truth, nats"]
    return _table(heads, rows) + "\n\n" + sentence


def shares(found: dict[str, float]) -> str:
    """κ of every table."""
    values = ", ".join(f"{table} {share:.2f}" for table, share in found.items())
    return f"Share κ of the bound on the variance that draws from one pool have in common (`truth.py`), by table: {values}."


def calibration(trials: Trials) -> str:
    """Share of intervals that cover the truth, for all and for sharp truths, beside the share for perfect intervals."""
    rows, clusters = [], mains(trials)
    columns = [trials[name] for name in ("mean", "low", "high", "truth")]
    plain, present = coverage(*columns)
    with_error, _ = coverage(*columns, trials["truth_error"])
    expected = expected_coverage(*(trials[name] for name in ("low", "high", "error", "truth_error")))
    sharp = trials["truth_error"] < trials["error"] / 2
    for name, mine in _settings(trials):
        mine = mine & present
        cells = []
        for hits, those in ((plain, mine), (plain, mine & sharp), (with_error, mine)):
            cells.append(_interval(*by_clusters(on(np.mean, hits[those]), clusters[those]), percent=True))
        perfect, sharply = (_mean(expected[those]) for those in (mine, mine & sharp))
        errors = [f"{np.median(trials[part][mine]):.3f}" for part in ("error", "truth_error")]
        row = [name, str(mine.sum()), cells[0], perfect, str((mine & sharp).sum()), cells[1], sharply, cells[2]]
        rows.append(row + errors)
    heads = [
        "table, main labels",
        "intervals",
        "cover",
        "perfect ones would",
        "sharp truths",
        "cover",
        "perfect ones would",
        "cover, truth's error added",
        "median error, nats",
        "median error of the truth",
    ]
    return _table(heads, rows)


def nulls(found: Trials) -> str:
    """Share of shuffled auxiliary tasks that get each verdict, and share of threes in which at least one of them does."""
    rows = []
    for name, label in (("null", "alone"), ("nulls", "in threes, each")):
        mine = chosen(found, found["family"] == name)
        for table in ("all", *np.unique(mine["table"])):
            part = mine if table == "all" else chosen(mine, mine["table"] == table)
            rows.append(
                [
                    f"{label}, {table}",
                    str(part["verdict"].size),
                    *(_rate(part["verdict"] == verdict) for verdict in VERDICTS),
                ]
            )
    threes = chosen(found, found["family"] == "nulls")
    families = askings(threes)
    any_of = [
        np.array([(threes["verdict"][families == each] == verdict).any() for each in np.unique(families)])
        for verdict in VERDICTS
    ]
    rows.append(["any of a family of three", str(any_of[0].size), *(_rate(part) for part in any_of)])
    return _table(["shuffled labels", "trials", *VERDICTS], rows)


def verdicts(trials: Trials) -> str:
    """How often each verdict is given by true class."""
    classes = true_class(trials["truth"], trials["truth_error"])
    rows = [
        [
            f"truth {each}",
            str((classes == each).sum()),
            *(str(((classes == each) & (trials["verdict"] == verdict)).sum()) for verdict in VERDICTS),
        ]
        for each in TRUE_CLASSES
    ]
    return _table(["", "trials", *(f"advisor: {verdict}" for verdict in VERDICTS)], rows)


def curve(found: Trials) -> str:
    """Coverage of the extension to twice the labels, and its root mean square error."""
    ahead = chosen(found, found["measured"] == 0)
    rows = []
    for main in ("all", *np.unique(ahead["main"])):
        part = ahead if main == "all" else chosen(ahead, ahead["main"] == main)
        covers, present = coverage(*(part[name] for name in ("mean", "low", "high", "truth", "truth_error")))
        off = part["mean"] - part["truth"]
        values = [f"{part['mean'].mean():+.3f}", f"{part['truth'].mean():+.3f}", f"{np.sqrt(np.mean(off**2)):.3f}"]
        rows.append([main, str(present.sum()), f"{covers.sum()} of {present.sum()}", *values])
    return _table(["main task", "curves", "cover", "mean estimate, nats", "mean truth", "root mean square error"], rows)


def ranking(trials: Trials) -> str:
    """Every method on the same trials: rank correlation and AUC, within families and pooled, by the rows with B's labels."""
    if not trials["truth"].size:
        return "No baselines were read."
    helps = true_class(trials["truth"], trials["truth_error"]) == HELPS
    same, new = trials["new"] == 0, trials["new"] > 0
    everywhere = np.ones(helps.size, bool)
    rows = []
    for name, answer in answers(trials).items():
        score = answered(answer.score)
        cells = [_rank_correlation(score, trials, place) for place in (same, new)]
        cells += [_area_within(score, helps, trials, everywhere)]
        cells += [_area(score, helps, trials, place) for place in (same, new, everywhere)]
        seconds = f"{answer.seconds:.2g}" if np.isfinite(answer.seconds) else "in the advisor's"
        rows.append([name, *cells, seconds, str(int((~np.isfinite(answer.score)).sum()))])
    count = {name: f"{helps[place].sum()} of {place.sum()}" for name, place in (("same", same), ("new", new))}
    heads = [
        "method",
        "rank correlation within families, labels on the user's rows",
        "the same, on new rows too",
        "AUC for helps within families",
        f"AUC, labels on the user's rows ({count['same']} help)",
        f"AUC, on new rows too ({count['new']})",
        f"AUC, pooled ({helps.sum()} of {helps.size})",
        "core seconds a pair",
        "no answer",
    ]
    return _table(heads, rows)


def _rank_correlation(score: np.ndarray, trials: Trials, place: np.ndarray) -> str:
    here = chosen(trials, place)
    found, first = ranks_within(score[place], here["truth"], askings(here))
    return _interval(*by_clusters(on(np.mean, found), mains(here)[first]))


def _area_within(score: np.ndarray, helps: np.ndarray, trials: Trials, place: np.ndarray) -> str:
    here = chosen(trials, place)
    won, pairs, first = pairs_within(score[place], helps[place], askings(here))
    return _interval(*by_clusters(on(share_of, won, pairs), mains(here)[first]))


def _area(score: np.ndarray, helps: np.ndarray, trials: Trials, place: np.ndarray) -> str:
    return _interval(*by_clusters(on(auc, score[place], helps[place]), mains(trials)[place]))


def choices(found: Trials, null: Trials) -> str:
    """How often sets of shuffled labels are recommended, and what following the recommendation gives on real families."""
    rows = []
    for name, label in (("null", "one"), ("nulls", "three")):
        hits = null["recommended"][null["family"] == name] != ""
        rows.append([f"{label} shuffled", str(hits.size), _rate(hits)])
    first = _table(["auxiliary tasks", "trials", "a set is recommended"], rows)
    if not found["single_truth"].size:
        return first
    clusters, nothing = mains(found), np.zeros(found["single_truth"].size)
    oracle = np.maximum(found["single_truth"], 0)
    gains = {
        "the recommended set, else alone": found["recommended_truth"],
        "alone": nothing,
        "all together": found["all_truth"],
        "oracle: the truly best single one, else alone": oracle,
    }
    second = [
        [
            name,
            _interval(*by_clusters(on(np.mean, gain), clusters), digits=3),
            _interval(*by_clusters(on(np.mean, oracle - gain), clusters), digits=3),
        ]
        for name, gain in gains.items()
    ]
    count = (found["recommended"] != "").sum()
    heads = [f"{nothing.size} families, a set recommended in {count}", "true benefit, nats", "regret, nats"]
    note = "Regret is against that oracle, which knows the truth of single tasks only: a set can do better (below 0)."
    return "\n\n".join([first, _table(heads, second), note])


def regrets(trials: Trials) -> str:
    """Nats lost against the oracle by every rule of every method."""
    if not trials["truth"].size:
        return "No baselines were read."
    clusters, truth = mains(trials), trials["truth"]
    nobody = np.zeros(truth.size, bool)
    rules = {"never": nobody, "always": ~nobody, "oracle": truth > 0}
    for name, answer in answers(trials).items():
        rules |= {f"{name}, {rule}": use for rule, use in answer.decisions.items()}
    rows = [
        [
            rule,
            _interval(*by_clusters(on(regret, use, truth), clusters), digits=4),
            f"{np.mean(use):.0%}",
            f"{_lost(use, truth):.4f}",
        ]
        for rule, use in rules.items()
    ]
    return _table(["rule", "regret, nats a trial", "uses B", "harm taken on, nats a trial"], rows)


def _lost(use: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean(np.where(use, np.maximum(-truth, 0), 0)))


def signs(trials: Trials) -> str:
    """AUC of every score for the sign of the truth, where the truth has a clear one."""
    if not trials["truth"].size:
        return "No baselines were read."
    classes = true_class(trials["truth"], trials["truth_error"])
    clear = chosen(trials, (classes == HELPS) | (classes == HURTS))
    positive, clusters = clear["truth"] > 0, mains(clear)
    rows = []
    for name, answer in answers(clear).items():
        area = by_clusters(on(auc, answered(answer.score), positive), clusters)
        rows.append([name, _interval(*area), str((~np.isfinite(answer.score)).sum())])
    head = f"AUC for the sign ({positive.sum()} help, {(~positive).sum()} hurt)"
    return _table(["score", head, "no answer"], rows)


def agreement(trials: Trials) -> str:
    """How often theory predicts the sign of the true benefit, and of its excess over that of shuffled labels (last row)."""
    reference, its_error = null_reference(trials)
    beyond, error = trials["truth"] - reference, np.hypot(trials["truth_error"], its_error)
    others = np.isfinite(beyond) & (trials["kind"] != "null")
    sure = np.isin(trials["predicted_verdict"], (HELPS, HURTS))
    asked = {
        "true benefit": (np.ones(sure.size, bool), trials["truth"], trials["truth_error"]),
        "true benefit, where theory is sure": (sure, trials["truth"], trials["truth_error"]),
        "true benefit less that of shuffled labels at the same table, size and place": (others, beyond, error),
    }
    rows = [[name, *_signs_agree(trials, *each)] for name, each in asked.items()]
    return _table(["sign of the", "clear and predicted", "above 0", "predicted sign is right", "commoner sign"], rows)


def _signs_agree(trials: Trials, rows: np.ndarray, truth: np.ndarray, error: np.ndarray) -> list[str]:
    """Rows with a clear truth and a prediction: count, positive ones, hits of the prediction and of one fixed sign."""
    mine = rows & np.isin(true_class(truth, error), (HELPS, HURTS)) & np.isfinite(trials["predicted"])
    if not mine.any():
        return ["0", "0", "none", "none"]
    positive, clusters = truth[mine] > 0, mains(trials)[mine]
    hits = (trials["predicted"][mine] > 0) == positive
    commoner = positive == (positive.mean() >= 0.5)
    rates = [_interval(*by_clusters(on(np.mean, part), clusters), percent=True) for part in (hits, commoner)]
    return [str(mine.sum()), str(positive.sum()), *rates]


def dials(trials: Trials) -> str:
    """Means by angle and by label noise."""
    rows = []
    for kind, unit in (("rotated", "°"), ("noisy", "")):
        mine = chosen(trials, trials["kind"] == kind)
        for main, labels in sorted({*zip(mine["main"], mine["labels"], strict=True)}):
            for dial in np.unique(mine["dial"]):
                part = chosen(mine, (mine["main"] == main) & (mine["labels"] == labels) & (mine["dial"] == dial))
                if not part["truth"].size:
                    continue
                means = [part[name].mean() for name in ("truth", "mean")]
                theory = [_nanmean(part[name]) for name in ("predicted", "relatedness", "snr_auxiliary")]
                rows.append(
                    [
                        f"{main}, {labels:.0f} labels, {kind} {dial:g}{unit}",
                        *(f"{value:+.3f}" for value in means),
                        *theory,
                    ]
                )
    return _table(["dial", "truth, nats", "advisor", "theory, share of variance", "relatedness", "SNR of B"], rows)


def shortfall(trials: Trials) -> str:
    """The truth at all labels against the truth at nine tenths, which is what the advisor's students see."""
    both = chosen(trials, np.isfinite(trials["truth_all_labels"]))
    off = both["truth_all_labels"] - both["truth"]
    error = np.median(both["truth_error"]) if off.size else np.nan
    value = _interval(*by_clusters(on(np.mean, off), mains(both)), digits=4) if off.size else "none"
    return (
        f"Truth at all labels minus truth at nine tenths, {off.size} trials: mean {value} nats; "
        f"the truth's own median error is {error:.3f}."
    )


def illustration(trials: Trials) -> str:
    """The advisor's answers where too few rows remain for a truth that counts."""
    rows = []
    for place in np.flatnonzero(trials["counts"] == 0):
        table, main, auxiliary, verdict = (trials[name][place] for name in ("table", "main", "aux", "verdict"))
        said, low, high = (f"{trials[name][place]:+.3f}" for name in ("mean", "low", "high"))
        true, error = (f"{trials[name][place]:.3f}" for name in ("truth", "truth_error"))
        rows.append([f"{table}: {main} ← {auxiliary}", f"{said} ({low} … {high})", verdict, f"{true} ± {error}"])
    return _table(["question", "advisor, nats", "verdict", "rest of the table"], rows)


def times(found: dict) -> str:
    """Seconds by stage and by answer."""
    rows = [[name, f"{seconds:.0f}"] for name, seconds in found["seconds"].items()]
    seconds, core = (np.median(found["trials"][name]) for name in ("seconds", "core_seconds"))
    rows.append(["an advisor's answer for one auxiliary task, median", f"{seconds:.1f} ({core:.1f} core seconds)"])
    return _table([f"stage ({found['cores']} cores)", "wall seconds"], rows)


def _settings(trials: Trials):
    """(name, mask) of all trials, of every table, and of every table and size."""
    yield "all", np.ones(trials["table"].size, bool)
    for table in np.unique(trials["table"]):
        of_table = trials["table"] == table
        yield f"**{table}**", of_table
        for labels in np.unique(trials["labels"][of_table]):
            yield f"{table}, {labels:.0f}", of_table & (trials["labels"] == labels)


def _mean(values: np.ndarray) -> str:
    return f"{values.mean():.1%}" if values.size else "none"


def _nanmean(values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    return f"{known.mean():.2f}" if known.size else "none"


def _rate(hits: np.ndarray) -> str:
    if not hits.size:
        return "none"
    low, high = clopper_pearson(int(hits.sum()), hits.size)
    return f"{hits.mean():.1%} ({low:.1%} … {high:.1%})"


def _interval(value: float, low: float, high: float, *, digits: int = 2, percent: bool = False) -> str:
    if not np.isfinite(value):
        return "none"
    if percent:
        return f"{value:.1%} ({low:.1%} … {high:.1%})"
    return f"{value:.{digits}f} ({low:.{digits}f} … {high:.{digits}f})"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
