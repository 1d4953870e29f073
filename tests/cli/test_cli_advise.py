import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from rich.console import Console
from rich.text import Text
from typer.testing import CliRunner

import affinity_problems as problems
from sharedtrunk import affinity, cli
from sharedtrunk.cli import _advice_tables, _table_source
from sharedtrunk.cli._advise import widths
from sharedtrunk.errors import InputError


def call(*words):
    return CliRunner().invoke(cli.app, ["advise", *(str(word) for word in words)])


def command(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "sharedtrunk", "advise", *words], capture_output=True, text=True, **options
    )


@pytest.fixture
def visits(tmp_path):
    """A file with two features and three tasks, one of them a copy of the main one."""
    rng = np.random.default_rng(0)
    lines = ["age,spend,churned,region,copy"]
    for _ in range(80):
        churned = rng.integers(2)
        lines.append(f"{rng.normal():.4f},{rng.normal():.4f},{churned},{'NSEW'[rng.integers(4)]},{'ny'[churned]}")
    file = tmp_path / "visits.csv"
    file.write_text("\n".join(lines))
    return file


@pytest.fixture
def asked(monkeypatch):
    """The advisor replaced by an advice made by hand; what it was asked is noted."""
    calls = []

    def advise(table, main, auxiliaries, **how):
        calls.append((table, main, tuple(auxiliaries), how))
        how["progress"](1, 2)
        leak = "Task 'copy' has the labels of 'churned', maybe renamed, in all 80 rows that have both: it is the same task."
        return problems.advice(2, main=main, notes=("A note.", leak))

    def affinity_matrix(table, tasks, **how):
        calls.append((table, tuple(tasks), how))
        return problems.matrix(len(tasks))

    monkeypatch.setattr(affinity, "advise", advise)
    monkeypatch.setattr(affinity, "affinity_matrix", affinity_matrix)
    return calls


def said(done):
    assert done.exit_code == 0, done.output
    return " ".join(done.stdout.split())


def test_the_words_reach_the_advisor(visits, asked):
    done = call(
        visits, "--main", "churned", "--aux", "region", "--drop", "age,copy", "--hidden", "30,20", "--activation", "linear",
        "--repeats", 2, "--negligible", 0.05, "--seed", 7,
    )  # fmt: skip
    told = said(done)
    ((table, main, auxiliaries, how),) = asked
    assert (main, auxiliaries) == ("churned", ("region",))
    assert table.feature_names == ("spend",)
    assert (how["student"].hidden, how["student"].activation) == ((30, 20), "linear")
    assert (how["repeats"], how["negligible"], how["seed"]) == (2, 0.05, 7)
    for words in (
        "▲ helps",
        "+0.200",
        "Best set parity + loop",
        "α = 1",
        "Labels",
        "Theory",
        "Note A note.",
        "540 trainings",
    ):
        assert words in told


def test_the_advisors_own_choices_hold_where_nothing_is_said(visits, asked):
    call(visits, "--main", "churned", "--aux", "region,copy")
    (_, _, auxiliaries, how) = asked[0]
    assert auxiliaries == ("region", "copy")
    assert set(how) == {"student", "seed", "progress", "stop"}


def test_columns_by_pattern_and_a_file_from_windows(visits, asked):
    text = visits.read_text().replace("spend", "größe").replace(",", ";").replace(".", ",")
    visits.write_bytes(text.encode("cp1252"))
    words = [visits, "--main", "churned", "--aux", "region", "--features", "gr*,age"]
    told = said(call(*words))
    assert "Note Read as cp1252 (Windows), because the file is not UTF-8." in told
    assert "Numbers have a decimal comma." in told
    assert "Left out, because not named among the features: 1 column ('copy')." in told
    told = said(call(*words, "--drop", "a*", "--sep", ";", "--decimal", ",", "--encoding", "cp1252"))
    assert "cp1252" not in told
    assert [table.feature_names for table, *_ in asked] == [("age", "größe"), ("größe",)]
    np.testing.assert_array_equal(asked[0][0].features[:, 1:], asked[1][0].features)


def test_a_sheet_of_a_workbook(visits, asked):
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    sheet = workbook.create_sheet("Visits")
    for line in visits.read_text().splitlines():
        sheet.append([float(cell) if "." in cell else cell for cell in line.split(",")])
    workbook.save(visits.with_suffix(".xlsx"))
    said(
        call(visits.with_suffix(".xlsx"), "--main", "churned", "--aux", "region", "--drop", "copy", "--sheet", "Visits")
    )
    assert asked[0][0].feature_names == ("age", "spend")


def test_groups_and_times_reach_the_advisor_and_are_no_features(visits, asked, tmp_path):
    lines = visits.read_text(encoding="utf-8").splitlines()
    days = [f"2024-{1 + i % 12:02d}-01" for i in range(len(lines) - 1)]
    whose = ["person,day", *(f"p{i // 6},{day}" for i, day in enumerate(days))]
    file = tmp_path / "whose.csv"
    file.write_text("\n".join(f"{line},{more}" for line, more in zip(lines, whose, strict=True)), encoding="utf-8")
    words = (file, "--main", "churned", "--aux", "region", "--drop", "copy")
    told = said(call(*words, "--groups", "person", "--time", "day"))
    table = asked[0][0]
    assert np.unique(table.groups).size == -(-len(days) // 6)
    assert np.unique(table.times).size == 12
    assert not any(name.startswith(("person", "day")) for name in table.feature_names)
    assert "Note 'person' says which rows belong together, so it is not a feature." in told
    told = said(call(*words, "--drop", "day"))
    assert "Leak Feature 'person' has" in told
    assert "--groups 'person', groups= in Python" in told
    done = call(*words, "--groups", "persn")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "Did you mean 'person'" in done.stderr


@pytest.fixture
def severities(tmp_path):
    """A file whose main task has the classes None, Mild and Severe."""
    names = ["None"] * 91 + ["Mild"] * 75 + ["Severe"] * 74
    lines = [f"{i * 37 % 240},{name},{i % 2}" for i, name in enumerate(names)]
    file = tmp_path / "severities.csv"
    file.write_text("\n".join(["dose,severity,käufe", *lines]), encoding="utf-8")
    return file


def test_texts_taken_for_missing_are_told_before_anything_is_trained(severities, asked):
    told = said(call(severities, "--main", "severity", "--aux", "käufe"))
    note = "Note 'severity': 91 cells 'None' were taken for missing; if that is a class, name the texts that do mean"
    assert note in told
    assert told.index(note) < told.index("Best set")
    for words in (("--missing", ""), ("--missing", "NA", "--missing", "-")):
        assert "taken for missing" not in said(call(severities, "--main", "severity", "--aux", "käufe", *words))
    assert [table.classes["severity"] for table, *_ in asked] == [("Mild", "Severe"), *[("Mild", "None", "Severe")] * 2]
    assert [(table.labels["severity"] >= 0).sum() for table, *_ in asked] == [149, 240, 240]


def test_texts_taken_for_missing_stand_in_the_json_of_a_real_advice(severities, tmp_path):
    words = ["--main", "severity", "--aux", "käufe", "--repeats", "1", "--hidden", "4"]
    done = call(severities, *words, "--json", tmp_path / "a.json")
    assert done.exit_code == 0, done.output
    notes = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["notes"]
    assert sum(note.startswith("'severity': 91 cells 'None' were taken for missing") for note in notes) == 1
    assert " ".join(done.stdout.split()).count("taken for missing") == 1


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}, {"LC_ALL": "POSIX"}])
def test_words_are_utf8_whatever_the_locale_is(severities, locale):
    environment = {**os.environ, **locale, "PYTHONCOERCECLOCALE": "0"}
    words = [b"--main", "käufe".encode(), b"--aux", b"severity,nowhere", b"--drop", "käufer".encode()]
    done = command(str(severities), *words, env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert "got 'nowhere', which is not one" in done.stderr
    done = command(str(severities), *words[:3], b"severity", *words[4:], env=environment)
    assert "got 'käufer', which is not one" in done.stderr or "got 'k?ufer', which is not one" in done.stderr


def test_words_that_are_no_utf8_stay_as_they_are():
    assert _table_source.as_utf8("k\udce4ufe") == "k\udce4ufe"
    assert _table_source.as_utf8("k\udcc3\udca4ufe") == "käufe"
    assert _table_source.as_utf8("käufe") == "käufe"


def test_a_leak_is_told_first_and_once(visits, asked):
    told = said(call(visits, "--main", "churned", "--aux", "copy"))
    assert told.startswith("Leak! Task 'copy' has the labels of 'churned'")
    assert told.count("maybe renamed") == 1
    assert "Leak! The numbers below measure the leak." in told
    assert "measure the leak" not in said(call(visits, "--main", "churned", "--aux", "region", "--drop", "copy"))


def test_all_gives_the_matrix_and_groups(visits, asked):
    told = said(call(visits, "--all", "--aux", "churned,region,copy"))
    ((_, tasks, _),) = asked
    assert tasks == ("churned", "region", "copy")
    assert "Groups train together" in told
    assert "▲ helps, = no difference, ? cannot tell yet, ▼ hurts." in told


def test_a_bundled_table_has_tasks_of_its_own(asked):
    said(call("--dataset", "iris"))
    said(call("--dataset", "iris", "--main", "sepal_width"))
    said(call("--dataset", "iris", "--aux", "sepal_length", "--labels", 60))
    assert [(main, auxiliaries) for _, main, auxiliaries, _ in asked] == [
        ("species", ("sepal_width", "sepal_length")),
        ("sepal_width", ("species", "sepal_length")),
        ("species", ("sepal_length",)),
    ]
    assert (asked[2][0].labels["species"] >= 0).sum() == 60


def test_files_are_written_where_asked(visits, asked, tmp_path):
    files = {name: tmp_path / "new" / f"advice.{name}" for name in ("json", "csv", "png")}
    done = call(
        visits, "--main", "churned", "--aux", "region", "--json", files["json"], "--csv", files["csv"],
        "--picture", files["png"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    for path in files.values():
        assert str(path) in done.stdout.replace("\n", "")
    assert json.loads(files["json"].read_text())["main"] == "churned"
    assert files["csv"].read_text().startswith("auxiliary,labels,benefit,")
    assert files["png"].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "other"),
    [
        (("--csv", "{file}"), "the table"),
        (("--json", "{folder}/link.csv"), "the table"),
        (("--csv", "{folder}/hard.csv"), "the table"),
        (("--json", "{folder}/new/a", "--csv", "{folder}/new/../new/a"), "--json"),
        (("--csv", "{folder}/a.png", "--picture", "{folder}/a.png"), "--csv"),
    ],
)
def test_nothing_is_written_over_the_table_or_another_output(visits, asked, options, other):
    (visits.parent / "link.csv").symlink_to(visits)
    os.link(visits, visits.parent / "hard.csv")
    before = visits.read_bytes(), sorted(visits.parent.iterdir())
    options = [word.format(file=visits, folder=visits.parent) for word in options]
    done = call(visits, "--main", "churned", "--aux", "not-even-read", *options)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"every output needs a file of its own; got the same file for {options[-2]} and {other}" in done.stderr
    assert (visits.read_bytes(), sorted(visits.parent.iterdir())) == before
    assert not asked


def test_a_table_that_is_not_there_is_not_written_either(tmp_path, asked):
    done = call(tmp_path / "gone.csv", "--main", "a", "--aux", "b", "--csv", tmp_path / "gone.csv")
    assert done.exit_code == 2
    assert "the same file for --csv and the table" in done.stderr


def test_bad_input_makes_no_folders(visits, asked):
    folder = visits.parent / "new"
    assert call(visits, "--main", "churned", "--aux", "regoin", "--json", folder / "a.json").exit_code == 2
    assert not folder.exists()


BAD = [
    ((), "got neither. Name a file"),
    (("{file}", "--dataset", "iris"), "got both"),
    (("{file}", "--aux", "region"), "advise needs a main task"),
    (("{file}", "--main", "churned"), "advise needs auxiliary tasks"),
    (("{file}", "--all", "--main", "churned"), "--all needs two tasks or more; got only churned"),
    (("{file}", "--all"), "--all needs two tasks or more; got none. Name their columns: --aux A,B."),
    (("{file}", "--main", "churned", "--aux", "regoin"), "Did you mean 'region'?"),
    (("{file}", "--main", "churned", "--aux", "churned"), "each task is named once"),
    (("{file}", "--main", "churned", "--aux", "region", "--labels", "50"), "--labels is for the bundled tables"),
    (("{file}.gone", "--main", "churned", "--aux", "region"), "the file must exist"),
    (("{file}", "--main", "churned", "--aux", "region", "--picture", "a.svg"), "a picture is a .png or .pdf file"),
    (("{file}", "--main", "churned", "--aux", "region", "--json", "/proc/nowhere/a.json"), "/proc/nowhere"),
    (("{file}", "--main", "churned", "--aux", "region", "--hidden", "10,x"), "hidden units are whole numbers"),
    (("{file}", "--main", "churned", "--aux", "region", "--activation", "tanh"), "one of relu, linear; got 'tanh'"),
    (("{file}", "--main", "churned", "--aux", "region", "--rows", "5"), "a sample has 30 to 1,000,000,000 rows"),
    (("--dataset", "irris"), "Did you mean 'iris'?"),
    (("--dataset", "iris", "--main", "petal"), "a task must be one of those that iris has"),
    (("--dataset", "iris", "--rows", "100"), "--rows is for files"),
    (("--dataset", "iris", "--drop", "x"), "--drop is for files"),
    (("--dataset", "iris", "--missing", "x"), "--missing is for files"),
    (("--dataset", "iris", "--features", "x"), "--features is for files"),
    (("--dataset", "iris", "--decimal", ","), "--decimal is for files"),
    (("{file}", "--main", "churned", "--aux", "region", "--sep", ";;"), "a separator is one character"),
    (("{file}", "--main", "churned", "--aux", "region", "--encoding", "cp9"), "an encoding is one that Python knows"),
    (("{file}", "--main", "churned", "--aux", "region", "--sheet", "a"), "--sheet is for Excel's files"),
    (("{file}", "--main", "churned", "--aux", "region", "--features", "spent*"), "Did you mean 'spend'?"),
    (("--dataset", "iris", "--groups", "x"), "--groups is for files"),
    (("--dataset", "iris", "--time", "x"), "--time is for files"),
    (
        ("{file}", "--main", "churned", "--aux", "region", "--time", "copy", "--repeats", "1"),
        "repeats are of random folds, and --time splits by time; got --repeats 1 with --time",
    ),
    (
        ("{file}", "--main", "churned", "--aux", "region", "--groups", "churned"),
        "groups, time and weights are neither tasks nor",
    ),
    (
        ("{file}", "--main", "churned", "--aux", "region", "--time", "copy"),
        "a time is a number or a date; got values such",
    ),
    (("--dataset", "iris", "--labels", "50", "--all"), "got --labels with --all"),
]


@pytest.mark.parametrize(("words", "says"), BAD, ids=[says for _, says in BAD])
def test_bad_input_is_one_line_and_code_2(visits, asked, words, says):
    done = call(*(word.format(file=visits) for word in words))
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert done.stderr.startswith("sharedtrunk: ")
    assert done.stderr.count("\n") == 1
    assert not asked


def test_bad_input_is_answered_without_jax(visits):
    words = ["advise", str(visits), "--main", "churned", "--aux", "nowhere"]
    code = (
        f"import sys; sys.modules['jax'] = None; sys.argv = ['', *{words!r}]; from sharedtrunk.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "'nowhere', which is not one" in done.stderr


def test_wrong_numbers_are_one_line(visits):
    done = command(str(visits), "--main", "churned", "--aux", "region", "--repeats", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Invalid value for '--repeats'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_interrupt_during_the_trainings_does_not_wait_for_them(visits):
    words = ["advise", str(visits), "--main", "churned", "--aux", "copy"]
    code = (
        "import os, signal, sys, threading, time\n"
        "from sharedtrunk import affinity\n"
        "def advise(*args, **how):\n"
        "    threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    assert how['stop']()\n"  # the first Ctrl-C asks for the advice so far, the second does not wait for it
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(60)\n"
        "affinity.advise = advise\n"
        f"sys.argv = ['', *{words!r}]\n"
        "from sharedtrunk.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert done.returncode == 130
    assert done.stderr == ("sharedtrunk: Interrupted: finished trainings are kept, and the same command goes on.\n")
    assert done.stdout.startswith("Leak!")  # what was said before stays said


@pytest.mark.long
def test_an_interrupt_prints_the_advice_so_far_and_the_same_command_goes_on(visits, tmp_path):
    """Stopped in the middle: what is measured is printed; resumed: the numbers of a command that was never stopped."""
    words = [str(visits), "--main", "churned", "--aux", "region,copy", "--hidden", "4", "--repeats", "12"]
    keep = ["--keep", str(tmp_path / "kept")]
    process = subprocess.Popen(
        [sys.executable, "-m", "sharedtrunk", "advise", *words, *keep, "--json", str(tmp_path / "part.json")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until = time.monotonic() + 300
    while len(list(tmp_path.glob("kept/*.training"))) < 100 and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    told, complaint = process.communicate(timeout=120)
    assert process.returncode == 130, complaint
    assert complaint == (
        "sharedtrunk: Interrupted: this is the advice so far; finished trainings are kept, and the same command goes on.\n"
    )
    assert "So far" in told
    part = json.loads((tmp_path / "part.json").read_text())
    assert all(5 <= each["effect"]["benefit"]["n"] < 120 for each in part["auxiliaries"])
    assert all(each["effect"]["benefit"]["low"] is not None for each in part["auxiliaries"])
    results = []
    for more in (keep, ["--keep", str(tmp_path / "anew")]):
        done = command(*words, *more, "--json", str(tmp_path / "whole.json"))
        assert done.returncode == 0, done.stderr
        results.append(json.loads((tmp_path / "whole.json").read_text()))
    resumed, anew = results
    assert resumed["conditions"]["kept"] >= 90
    assert anew["conditions"]["kept"] == 0
    assert anew["conditions"]["trainings"] == resumed["conditions"]["trainings"]
    for name in ("auxiliaries", "sets", "alphas", "curve", "loss_alone"):
        assert resumed[name] == anew[name]


def test_ten_rows_are_shown_and_the_rest_is_told(visits, monkeypatch):
    names = [f"task{j:02d}" for j in range(19)]
    monkeypatch.setattr(problems, "NAMES", tuple(names))
    notes = tuple(f"Note number {j} is here." for j in range(20))
    monkeypatch.setattr(affinity, "advise", lambda *_, **how: problems.advice(19, notes=notes))
    short = call(visits, "--main", "churned", "--aux", "region")
    told = said(short)
    assert sum(f"{name} " in short.stdout for name in names) == 10
    assert "9 more auxiliary tasks, with smaller effects beside their errors: --all-rows shows them" in told
    assert "And 12 more notes: --all-rows shows them, --json has them." in told
    long = call(visits, "--main", "churned", "--aux", "region", "--all-rows")
    assert all(f"{name} " in long.stdout for name in names)
    assert "more notes" not in long.stdout
    assert long.stdout.count("\n") > 1.5 * short.stdout.count("\n")


def test_a_budget_and_a_folder_reach_the_advisor(visits, asked, tmp_path):
    said(call(visits, "--main", "churned", "--aux", "region", "--budget", 3, "--keep", tmp_path / "kept"))
    assert (asked[0][-1]["budget"], asked[0][-1]["keep"]) == (3.0, str(tmp_path / "kept"))
    done = call(visits, "--main", "churned", "--aux", "region", "--budget", 0)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "a budget is a positive number of minutes" in done.stderr


def test_a_long_plan_is_told_once(monkeypatch):
    now = iter(range(0, 1000, 2))
    monkeypatch.setattr(_advice_tables.time, "perf_counter", lambda: next(now))
    console = Console(file=io.StringIO(), width=120)
    with _advice_tables.trainings_bar(console) as progress:
        for done in range(0, 40, 4):
            progress(done, 1000)
    assert console.file.getvalue().count("1,000 trainings") == 1
    assert "Ctrl-C prints the advice so far" in console.file.getvalue()


def test_an_interrupt_elsewhere_is_one_line(visits, monkeypatch):
    def interrupted(*args, **how):
        raise KeyboardInterrupt

    monkeypatch.setattr(affinity, "advise", interrupted)
    done = call(visits, "--main", "churned", "--aux", "region")
    assert done.exit_code == 130
    assert done.stderr == "sharedtrunk: Interrupted: no advice was stored.\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (["a,b", "c"], ("a", "b", "c")),
        (["a, b ,"], ("a", "b")),
        (['"income, yearly",region'], ("income, yearly", "region")),
        (None, ()),
    ],
)
def test_column_names_of_the_command(texts, names):
    assert _table_source.column_names(texts) == names


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "x" * 200_000])
def test_column_names_that_cannot_be_told_apart_are_refused(text):
    with pytest.raises(InputError, match=r"column names are separated by commas; got '.*in double quotes"):
        _table_source.column_names([text])


@pytest.mark.parametrize(("text", "units"), [("100", (100,)), ("64, 32", (64, 32))])
def test_hidden_units_of_the_command(text, units):
    assert widths(text) == units


@pytest.mark.parametrize("text", ["", "0", "10,", "-3", "1e3", "²"])
def test_strange_hidden_units_are_refused(text):
    with pytest.raises(InputError, match="hidden units are whole numbers"):
        widths(text)


def shown(*renderables, width=80):
    console = Console(file=io.StringIO(), force_terminal=True, width=width)
    for renderable in renderables:
        console.print(renderable)
    return console.file.getvalue()


def test_names_from_a_file_neither_style_the_terminal_nor_steer_it():
    row = ("[red]x[/red]\x1b[2J\n12", "+0.1", "+1.0", "helps", "0.5", "agrees")
    columns = ("a", "b", "c", "d", "e", "f")
    told = shown(_advice_tables.advice_table("[b]t[/b]", ("c", "d"), columns, [row], verdict=3, width=80))
    assert "[red]x[/red]?[2J" in told
    assert "\x1b[2J" not in told
    assert "[b]t[/b]" in told
    console = Console(file=io.StringIO(), width=80)
    _advice_tables.sentences(console, [("Note", "a\rb [dim]c[/dim]")])
    assert "a?b [dim]c[/dim]" in console.file.getvalue()


@pytest.mark.parametrize("width", [60, 77, 78, 80, 140])
def test_the_table_fits_the_terminal_and_breaks_no_word(width):
    from sharedtrunk.affinity import _wording as wording

    made = problems.advice(12)
    words = (wording.title(made), wording.CAPTIONS, wording.COLUMNS, wording.rows(made))
    table = _advice_tables.advice_table(*words, verdict=wording.VERDICT, width=width)
    plain = [Text.from_ansi(line).plain for line in shown(table, width=width).splitlines()]
    assert sum("[+0.159, +0.241]" in line for line in plain) == 1  # on one line
    assert max(len(line.rstrip()) for line in plain) <= width
    told = " ".join(plain).split()
    verdicts = [each.effect.verdict for each in made.auxiliaries]
    for word, verdict in {"helps": "helps", "difference": "no difference", "cannot": "cannot tell yet"}.items():
        assert told.count(word) == verdicts.count(verdict) > 0
    assert {"auxiliary", "(points)", "verdict"} <= set(told)
    assert ("SNR" in told) == (width >= 78)
    assert "…" not in "".join(plain)


def test_a_matrix_without_room_shows_signs_alone():
    from sharedtrunk.affinity import _wording as wording

    rows = wording.matrix_rows(problems.matrix(12))
    wide, narrow = (shown(_advice_tables.matrix_table("t", "c", rows, width=width), width=width) for width in (150, 80))
    assert "+0.12" in wide
    assert "+0.12" not in narrow
    assert "Numbers: --csv FILE." in " ".join(narrow.split())
    helping = sum(effect.verdict == "helps" for effect in problems.matrix(12).effects.values())
    assert narrow.count("▲") == wide.count("▲") == helping + 1  # one in the legend


def test_the_bar_opens_at_the_first_training_and_counts_down():
    def told(*calls):
        console = Console(file=io.StringIO(), force_terminal=True, width=100)
        with _advice_tables.trainings_bar(console) as progress:
            for done, total in calls:
                progress(done, total)
        return console.file.getvalue()

    assert told() == ""
    assert "30 of 60 trainings" in told((30, 60))
    assert "s left" in told((30, 60))
    assert "s left" not in told((0, 60))


def test_help_says_how_to_ask_and_loads_nothing_slow():
    assert all(word in call("--help").stdout for word in ("--main", "--aux", "--dataset", "--all", "--picture"))


@pytest.mark.slow
def test_an_advice_from_a_bundled_table(tmp_path):
    words = ["--dataset", "iris", "--aux", "sepal_width", "--repeats", "1", "--hidden", "8"]
    # Wide enough that no verdict is wrapped.
    done = command(*words, "--json", str(tmp_path / "a.json"), env={**os.environ, "COLUMNS": "150"})
    assert done.returncode == 0, done.stderr
    made = json.loads((tmp_path / "a.json").read_text())
    (auxiliary,) = made["auxiliaries"]
    assert auxiliary["effect"]["verdict"] in done.stdout
    assert made["conditions"]["repeats"] == 1


@pytest.mark.long
def test_a_table_as_it_comes_goes_in_with_one_command(tmp_path):
    """Gaps, dates, a sentinel, a category with a gap, an identifier and an empty column: nothing needs to be prepared."""
    rng = np.random.default_rng(0)
    lines = ["id,joined,term,colour,empty,age,churned,region"]
    for row in range(90):
        age = "" if row % 9 == 0 else f"{rng.normal(40, 10):.1f}"
        term = "999999.4" if row % 30 == 0 else f"{rng.uniform(0, 100):.1f}"
        joined = f"{rng.integers(1, 29)}/{rng.integers(1, 13)}/2020"
        colour = ("red", "blue", "NA")[rng.integers(3)]
        lines.append(f"user {row},{joined},{term},{colour},,{age},{rng.integers(2)},{'NS'[rng.integers(2)]}")
    file = tmp_path / "raw.csv"
    file.write_text("\n".join(lines))
    told = said(call(file, "--main", "churned", "--aux", "region", "--hidden", 4, "--repeats", 1))
    for words in (
        "Gaps, filled with the median of the training rows and marked by an indicator: 'age'.",
        "Dates, turned into numbers of days, and into month, weekday and hour where these vary: 'joined'.",
        "a gap is a level of its own: 'colour'.",
        "999999.4 in 'term' (3 rows)",
        "Left out as identifiers, because their texts rarely repeat: 'id'.",
        "Left out, because empty: 'empty'.",
        "Measured",
    ):
        assert words in told
