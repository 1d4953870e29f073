import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from figures_toy import MISS, ROOM, SPREAD
from scipy import stats

from sharedtrunk import sweeps
from sharedtrunk.errors import InputError
from sharedtrunk.paper import figures
from sharedtrunk.paper.figures import _reproduce
from sharedtrunk.paper.report._stored_checks import read_record

DRIVER = Path(__file__).with_name("figures_driver.py")
DIMS = ("n_samples", "s_main", "s_aux", "relatedness", "seed")
# The half-width of the 99 % interval of eight paired scrambles, and two refinements.
NUMERICAL_ERROR = stats.t.ppf(0.995, 7) * np.std(2 * SPREAD, ddof=1) / 8**0.5 + 2e-5


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Both quick figures, made once."""
    import figures_toy

    out = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        for name, figure in figures_toy.toy_figures().items():
            patch.setitem(figures.FIGURES, name, figure)
        patch.setattr(_reproduce, "fingerprint", lambda: "toy")
        reproduction = figures.reproduce(["fig2-left", "fig2-right"], out, quick=True, processes=2)
    return out, reproduction


def arrays(path):
    dataset = sweeps.read_dataset(path)
    return {name: (array.dims, array.values.tobytes()) for name, array in dataset.variables.items()}


def test_files_and_dataset_are_as_promised(made):
    out, _ = made
    assert sorted(path.name for path in out.iterdir()) == [
        ".sharedtrunk",
        *(f"{name}-quick.{kind}" for name in ("fig2-left", "fig2-right") for kind in ("json", "nc", "pdf", "png")),
    ]
    dataset = sweeps.read_dataset(out / "fig2-left-quick.nc")
    promised = {"benefit", "benefit_honest", "loss_single", "loss_joint", "accuracy_single", "accuracy_joint"}
    promised |= {"stop_single", "stop_joint", "result", "benefit_error", "loss_honest_joint", "stop_honest_single"}
    promised |= {"benefit_lower", "benefit_upper", "bounds_error", "benefit_closure", "result_closure"}
    assert promised <= set(dataset.data_vars)
    for name in ("benefit", "benefit_honest", "result", "loss_joint"):
        assert dataset[name].dims == DIMS
    assert dataset["loss_single"].dims == ("n_samples", "s_main", "seed")
    assert all(array.attrs["units"] and array.attrs["long_name"] for array in dataset.data_vars.values())
    attributes = dataset.attrs
    assert attributes["units"] == "nats"
    assert json.loads(attributes["grid"]) == {
        axis: list(values) for axis, values in figures.get("fig2-left").quick_grid.items()
    }
    assert json.loads(attributes["settings"])["classes"] == 10
    assert json.loads(attributes["seeds"]) == [0, 1, 2]
    assert json.loads(attributes["versions"])["numpy"] == np.__version__
    assert attributes["command"] == f"sharedtrunk reproduce fig2-left fig2-right --out {out} --quick"
    assert {"title", "figure", "claim", "python", "created"} <= set(attributes)
    assert attributes["quick"] == 1
    assert attributes["title"].endswith(" (quick grid)")
    assert "matplotlib" in json.loads(attributes["versions"])
    assert all(array.attrs["units"] and array.attrs["long_name"] for array in dataset.coords.values())


def test_benefit_is_the_paired_difference_of_losses(made):
    dataset = sweeps.read_dataset(made[0] / "fig2-right-quick.nc")
    difference = dataset["loss_single"].astype(float) - dataset["loss_joint"].astype(float)
    np.testing.assert_array_equal(dataset["benefit"], difference.transpose(*DIMS))
    honest = dataset["loss_honest_single"].astype(float) - dataset["loss_honest_joint"].astype(float)
    np.testing.assert_array_equal(dataset["benefit_honest"], honest.transpose(*DIMS))
    np.testing.assert_allclose(dataset["benefit_error"], NUMERICAL_ERROR, rtol=1e-2)
    # The baseline of a seed is one number for all its joint lanes, so seed noise in both cancels.
    assert float(dataset["benefit"].sel(relatedness=1.0, s_aux=10.0).std()) < 0.2


def test_bounds_and_theory_stand_beside_the_benefit(made):
    dataset = sweeps.read_dataset(made[0] / "fig2-right-quick.nc")
    np.testing.assert_allclose(dataset["benefit"] - dataset["benefit_lower"], ROOM, atol=1e-6)
    np.testing.assert_allclose(dataset["benefit_upper"], 1.0)
    np.testing.assert_allclose(dataset["bounds_error"], 1e-4 + 2e-5, rtol=1e-3)
    np.testing.assert_allclose(dataset["benefit"] - dataset["benefit_closure"], MISS, atol=1e-6)
    checks = {check.id: check for check in made[1].outcomes[1].checks if check.stopping == "oracle"}
    assert (checks["bounds-hold"].verdict, checks["bounds-hold"].number) == ("holds", 0.0)
    close = checks["closure-predicts-benefit"]
    half = float(abs(dataset["benefit"]).mean()) / 2
    assert (close.verdict, close.number) == ("holds", pytest.approx(MISS - half, abs=1e-6))
    bias = checks["closure-unbiased-where-benefit-is-large"]
    assert (bias.verdict, bias.number, bias.cases) == ("holds", pytest.approx(-MISS, abs=1e-6), 3)


def test_a_lane_beyond_a_bound_breaks_the_check(made):
    dataset = sweeps.read_dataset(made[0] / "fig2-right-quick.nc")
    figure = figures.get("fig2-right")
    lane = dict.fromkeys(dataset["benefit"].dims, 0)
    dataset["benefit_upper"][lane] = float(dataset["benefit"][lane]) - 0.01
    check = next(check for check in figure.judge(dataset) if check.id == "bounds-hold")
    assert (check.verdict, check.number) == ("fails", 1.0)
    far = dataset.assign(benefit_closure=dataset["benefit"] + 0.5)
    assert next(check for check in figure.judge(far) if check.id == "closure-predicts-benefit").verdict == "fails"


@pytest.mark.long
def test_choices_stand_side_by_side_and_nonlinear_ones_have_no_theory(tmp_path, toy_registry):
    (outcome,) = figures.reproduce(["a4"], tmp_path, quick=True, processes=1).outcomes
    dataset = sweeps.read_dataset(outcome.files["nc"])
    assert dataset["student"].values.tolist() == list(figures.get("a4").quick_grid["student"])
    assert dataset["benefit"].dims[0] == "student"
    known = dataset["benefit_closure"].notnull().any([dim for dim in dataset["benefit"].dims if dim != "student"])
    assert known.values.tolist() == [True, True, False]
    assert "result_closure" not in dataset
    assert {"png", "pdf", "png-honest", "pdf-honest", "nc", "json"} == set(outcome.files)
    assert all(path.is_file() for path in outcome.files.values())


def test_the_checks_are_read_back_until_one_byte_is_changed(made, tmp_path):
    out, done = made
    figure, path = figures.get("fig2-left"), tmp_path / "fig2-left-quick.json"
    whole = (out / path.name).read_bytes()
    path.write_bytes(whole)
    _, checks = read_record(path, figure, "sharedtrunk redraw")
    assert [check.record() for check in checks] == [check.record() for check in done.outcomes[0].checks]
    path.write_bytes(whole.replace(b"holds", b"hoLds", 1))
    with pytest.raises(InputError, match=r"its checksum does not match.*Make it again: sharedtrunk redraw"):
        read_record(path, figure, "sharedtrunk redraw")


def test_json_holds_the_checks_and_the_provenance(made):
    out, reproduction = made
    text = (out / "fig2-left-quick.json").read_text()
    record = json.loads(text)
    assert text == json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    assert record["checks"] == [check.record() for check in reproduction.outcomes[0].checks]
    assert {check["verdict"] for check in record["checks"]} <= {"holds", "fails", "undecided", "not measured"}
    assert record["provenance"]["seeds"] == [0, 1, 2]
    assert record["lanes"] == {
        "total": 81,
        "without_value": 0,
        "failures": {},
        "largest_error": NUMERICAL_ERROR,
    } | {"largest_error": pytest.approx(NUMERICAL_ERROR, rel=1e-2)}


@pytest.mark.long
def test_resuming_trains_nothing_and_changes_no_byte(made, toy_registry):
    out, _ = made
    before = arrays(out / "fig2-left-quick.nc")
    again = figures.reproduce(["fig2-left"], out, quick=True, processes=1)
    assert (again.summary.computed, again.summary.resumed) == (0, 180)
    assert arrays(out / "fig2-left-quick.nc") == before


def test_redraw_gives_the_same_files(made, toy_registry):
    out, _ = made
    kinds = ("png", "pdf", "json", "nc")
    before = {kind: (out / f"fig2-right-quick.{kind}").read_bytes() for kind in kinds}
    for kind in kinds[:3]:
        (out / f"fig2-right-quick.{kind}").unlink()
    (outcome,) = figures.redraw(["fig2-right"], out, quick=True)
    assert {kind: path.read_bytes() for kind, path in outcome.files.items()} == before


@pytest.mark.long
def test_fresh_trains_again_and_other_settings_share_nothing(tmp_path, toy_registry, blank_pictures):
    def computed(**options):
        made = figures.reproduce(["fig2-left"], tmp_path, quick=True, processes=1, seeds=1, **options)
        return made.summary.computed

    assert computed() == 60
    assert computed() == 0
    assert computed(fresh=True) == 60
    assert computed(training="descent") == 60
    assert json.loads(sweeps.read_dataset(tmp_path / "fig2-left-quick.nc").attrs["settings"])["training"] == "descent"


@pytest.mark.long
def test_other_code_shares_nothing(tmp_path, toy_registry, blank_pictures, monkeypatch):
    figures.reproduce(["fig2-left"], tmp_path, quick=True, processes=1, seeds=1)
    monkeypatch.setattr(_reproduce, "fingerprint", lambda: "another")
    assert figures.reproduce(["fig2-left"], tmp_path, quick=True, processes=1, seeds=1).summary.computed == 60


@pytest.mark.long
def test_diverged_lanes_are_counted_by_reason_and_drawn_around(tmp_path, toy_registry):
    toy_registry("failing_lanes")
    made = figures.reproduce(["fig2-left"], tmp_path, quick=True, processes=1)
    dataset = sweeps.read_dataset(tmp_path / "fig2-left-quick.nc")
    lost = dataset["benefit"].isnull()
    # Fully related tasks of seed 1 (9 lanes), and every lane whose baseline is that of s_main = 10, seed 0 (9 lanes).
    assert int(lost.sum()) == 18
    np.testing.assert_array_equal(dataset["result"] != 0, lost)
    (lanes,) = (outcome.lanes for outcome in made.outcomes)
    assert (lanes.total, lanes.without_value) == (81, 18)
    assert lanes.failures == {"diverged: the weights stopped being finite numbers": 18}
    assert made.summary.failures == {"diverged: the weights stopped being finite numbers": 10}
    helps = next(check for check in made.outcomes[0].checks if check.id == "related-helps")
    assert (helps.n_seeds, helps.seeds_left_out, helps.verdict) == (1, 2, "undecided")


def test_lanes_of_a_theory_that_ended_otherwise_are_counted_by_its_name(made):
    dataset = sweeps.read_dataset(made[0] / "fig2-left-quick.nc")
    dataset["result_closure"][:, 0, 0, 0] = 3
    lanes = figures._outcome.count_lanes(dataset, "benefit")
    words = "the minimum of the generalization or the validation loss was not bracketed by the time limit"
    assert lanes.failures == {f"closure: {words}": 3}


def test_what_went_wrong_is_said_in_one_line(tmp_path, toy_registry):
    def refuse(match, *names, **options):
        with pytest.raises(InputError, match=match) as caught:
            figures.reproduce(names or ["fig2-left"], options.pop("out", tmp_path), quick=True, **options)
        assert "\n" not in str(caught.value)

    refuse("a figure is one of", "fig3")
    refuse("seeds must be a whole number, at least 1; got 0", seeds=0)
    refuse("training must be 'flow' or 'descent'", training="momentum")
    refuse("not negative; got -1", processes=-1, out=tmp_path / "never")
    refuse("training must be", training="momentum", out=tmp_path / "never")
    assert not (tmp_path / "never").exists()
    refuse(r"got 'FIG2-LEFT'\. Did you mean fig2-left\?$", "FIG2-LEFT")
    for names in ([], "fig2-left"):
        with pytest.raises(InputError, match="figures are a list of at least one name"):
            figures.reproduce(names, tmp_path)
        with pytest.raises(InputError, match="figures are a list of at least one name"):
            figures.redraw(names, tmp_path)
    (tmp_path / "file").write_text("")
    refuse("results go to a folder", out=tmp_path / "file" / "below")
    refuse("results go to a folder", out=tmp_path / "file")
    with pytest.raises(
        InputError, match=r"needs its stored dataset; got no file .*Make it first: sharedtrunk reproduce"
    ):
        figures.redraw(["fig2-left"], tmp_path)
    (tmp_path / "fig2-left.nc").write_bytes(b"not a dataset")
    with pytest.raises(InputError, match="whole NetCDF file"):
        figures.redraw(["fig2-left"], tmp_path)
    little = xr.Dataset({"benefit": ("seed", [1.0])}, attrs={"figure": "fig2-left", "quick": 0})
    sweeps.write_dataset(little, tmp_path / "fig2-left.nc")
    with pytest.raises(InputError, match="without n_samples, relatedness, result, s_aux, s_main"):
        figures.redraw(["fig2-left"], tmp_path)


def test_options_of_a_wrong_type_are_refused_by_name(tmp_path):
    # In a process of its own, where no type checker of the tests stands before the library's own words.
    code = (
        "from sharedtrunk.paper import figures\n"
        "for options in ({'seeds': '3'}, {'seeds': 1.0}, {'seeds': True}, {'processes': 1.5}, {'processes': '2'}):\n"
        "    try: figures.reproduce(['fig2-left'], 'never', **options)\n"
        "    except ValueError as error: print(type(error).__name__, error)\n"
        "from sharedtrunk import sweeps\n"
        "try: sweeps.run([], sweeps.Store('never'), processes=1.5)\n"
        "except ValueError as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    seeds, processes = (
        "seeds must be a whole number, at least 1",
        "processes must be a whole number, not negative",
    )
    expected = [f"{seeds}; got '3'", f"{seeds}; got 1.0", f"{seeds}; got True"]
    expected += [f"{processes}; got 1.5", f"{processes}; got '2'", f"{processes}; got 1.5"]
    for line, start in zip(done.stdout.splitlines(), expected, strict=True):
        assert line.startswith(f"InputError {start}.")
    assert not (tmp_path / "never").exists()


def test_a_dataset_of_another_figure_or_grid_is_refused(made, tmp_path, toy_registry):
    out, _ = made
    (tmp_path / "fig2-left.nc").write_bytes((out / "fig2-left-quick.nc").read_bytes())
    with pytest.raises(
        InputError, match=r"hold the dataset of fig2-left; got the dataset of fig2-left on the quick grid"
    ):
        figures.redraw(["fig2-left"], tmp_path)
    (tmp_path / "fig2-left-quick.nc").write_bytes((out / "fig2-right-quick.nc").read_bytes())
    with pytest.raises(
        InputError, match=r"fig2-left on the quick grid; got the dataset of fig2-right on the quick grid"
    ):
        figures.redraw(["fig2-left"], tmp_path, quick=True)
    assert not list(tmp_path.glob("*.png"))


def test_the_picture_says_that_its_grid_is_quick(made):
    dataset = sweeps.read_dataset(made[0] / "fig2-left-quick.nc")
    figure = figures.get("fig2-left")
    assert figure.draw(dataset).get_suptitle().endswith(" (quick grid)")
    assert not figure.draw(dataset.assign_attrs(size="standard")).get_suptitle().endswith(" (quick grid)")


def test_a_folder_in_the_place_of_a_file_is_found_before_training(tmp_path, toy_registry):
    toy_registry("broken_lanes")
    (tmp_path / "fig2-left-quick.png").mkdir()
    with pytest.raises(InputError, match=r"results are written to a file; got a folder, .*quick\.png"):
        figures.reproduce(["fig2-left"], tmp_path, quick=True, processes=1)


def test_training_without_jax_is_refused_before_a_folder_is_made(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(InputError, match=r"training needs JAX .* without jax\. .*redraw works without it") as caught:
        figures.reproduce(["fig2-left"], tmp_path / "never", quick=True)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "never").exists()


def test_a_full_disk_while_pictures_are_written(made, toy_registry, monkeypatch):
    out, _ = made
    before = (out / "fig2-left-quick.png").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="needs space on the disk"):
        figures.redraw(["fig2-left"], out, quick=True)
    assert (out / "fig2-left-quick.png").read_bytes() == before


@pytest.mark.long
def test_training_here_needs_float64(tmp_path, toy_registry, blank_pictures, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    monkeypatch.delenv("JAX_ENABLE_X64", raising=False)
    with pytest.raises(InputError, match="processes=0 trains in this process"):
        figures.reproduce(["fig2-left"], tmp_path, quick=True, processes=0)
    monkeypatch.setenv("JAX_ENABLE_X64", "1")
    assert figures.reproduce(["fig2-left"], tmp_path, quick=True, processes=0, seeds=1).summary.computed == 60


@pytest.mark.long
@pytest.mark.parametrize(
    ("blow", "to_group"),
    [(signal.SIGINT, False), (signal.SIGTERM, False), (signal.SIGTERM, True), (signal.SIGKILL, False)],
)
def test_a_real_run_interrupted_and_continued_ends_with_the_same_bytes(blow, to_group, made, tmp_path):
    def command(*more):
        words = [sys.executable, str(DRIVER), "slow_lanes", "reproduce", "fig2-left", "--quick", "--processes", "2"]
        return [*words, "--out", str(tmp_path), *more]

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = subprocess.Popen(command(), text=True, start_new_session=True, **pipes)
    deadline = time.monotonic() + 60
    while len(list((tmp_path / ".sharedtrunk").glob("*.shard"))) < 2:
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(blow)
    if to_group:  # as `timeout` does
        os.killpg(running.pid, blow)
    _, complaint = running.communicate(timeout=60)
    stored = len(list((tmp_path / ".sharedtrunk").glob("*.shard")))
    assert 2 <= stored < 18
    if blow != signal.SIGKILL:
        assert running.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[blow]
        lines = "sharedtrunk: Interrupted: finished lanes are stored, and the same command continues.\n"
        assert complaint == lines
    else:
        assert running.returncode == -signal.SIGKILL
    subprocess.run(command(), check=True, capture_output=True, timeout=60)
    # The uninterrupted run had another function's name, but the same numbers.
    assert arrays(tmp_path / "fig2-left-quick.nc") == arrays(made[0] / "fig2-left-quick.nc")
