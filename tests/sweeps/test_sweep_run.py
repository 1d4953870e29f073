import itertools
import logging
import multiprocessing
import os
import threading

import numpy as np
import pytest
from sweeps_toy import VARIABLES, toy_sweep

import sharedtrunk.sweeps._pool
from sharedtrunk.errors import InputError
from sharedtrunk.sweeps import Store, Summary, SweepError, Variable, collect, plan, run, run_chunk
from sharedtrunk.sweeps._work import Job


@pytest.fixture
def whole(tmp_path, stored_bytes):
    """The toy sweep's files from one uninterrupted run in this process."""
    store = Store(tmp_path / "reference")
    run([toy_sweep()], store, processes=0)
    return stored_bytes(store)


@pytest.fixture
def left_running():
    """The child processes that a test has started and not ended; those of earlier tests in this worker do not count."""
    before = set(multiprocessing.active_children())
    return lambda: set(multiprocessing.active_children()) - before


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_number_of_processes_changes_no_byte(tmp_path, left_running, whole, stored_bytes, processes):
    store = Store(tmp_path / "store")
    summary = run([toy_sweep()], store, processes=processes)
    assert stored_bytes(store) == whole
    assert (summary.lanes, summary.computed, summary.resumed, summary.redone) == (10, 10, 0, ())
    assert not left_running()


def test_order_changes_no_byte(tmp_path, whole, stored_bytes):
    store = Store(tmp_path)
    for chunk in reversed(plan(toy_sweep())):
        run_chunk(Job(chunk, {}, 1.0), str(store.folder))
    assert stored_bytes(store) == whole
    assert run([toy_sweep()], store, processes=0).computed == 0


def test_padding_is_computed_and_discarded(tmp_path):
    store = Store(tmp_path)
    sweep = toy_sweep("sees", variables={"rows": Variable()})  # 5 lanes a group: chunks of 2, 2 and 1
    run([sweep], store, processes=0)
    assert [len(store.read(chunk)["rows"]) for chunk in plan(sweep)] == [2, 2, 1, 2, 2, 1]
    assert (collect(sweep, store).rows == 2).all()


def test_one_of_every_kind_then_largest_work_first_and_resumed_lanes_shown_as_done(tmp_path):
    sweep, store, seen, order = toy_sweep(work="x"), Store(tmp_path), [], []
    for chunk in plan(sweep)[:2]:
        run_chunk(Job(chunk, {}, 1.0), str(store.folder))

    def progress(now):
        seen.append(now)
        order.append({path.name for path in tmp_path.iterdir()})

    summary = run([sweep], store, processes=0, progress=progress)
    assert [now.done for now in seen] == [4, 5, 7, 9, 10]
    assert {now.total for now in seen} == {10}
    assert (seen[0].rate, seen[0].seconds_left, seen[-1].seconds_left) == (0.0, None, 0.0)
    assert all(now.rate > 0 and now.seconds_left is not None for now in seen[1:])
    assert (summary.computed, summary.resumed) == (6, 4)
    # Work of the four that were missing: 5+5, 1+2, 3+4, 5+5 (padding counts); the last is like the first.
    last = plan(sweep)
    expected = [last[i].key + ".shard" for i in (2, 4, 3, 5)]
    assert [(after - before).pop() for before, after in itertools.pairwise(order)] == expected


DAMAGE = {
    "flipped byte": (lambda content: content[:-3] + bytes([content[-3] ^ 4]) + content[-2:], "checksum"),
    "cut short": (lambda content: content[: len(content) // 2], "begin as a shard does|cut short"),
    "empty": (lambda content: b"", "begin as a shard does"),
    "foreign": (lambda content: b"something else\n", "begin as a shard does"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_told_and_made_again(tmp_path, whole, stored_bytes, caplog, kind):
    damage, text = DAMAGE[kind]
    store = Store(tmp_path)
    run([toy_sweep()], store, processes=0)
    path = store.file(plan(toy_sweep())[1])
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=f"5 of 6 in .*({text})"):
        collect(toy_sweep(), store)
    with caplog.at_level(logging.WARNING, "sharedtrunk.sweeps"):
        summary = run([toy_sweep()], store, processes=0)
    assert stored_bytes(store) == whole
    assert (summary.computed, summary.resumed) == (2, 8)
    assert [record.message for record in caplog.records] == list(summary.redone)
    (message,) = summary.redone
    assert path.name in message
    assert "its 2 lanes are computed again" in message


def test_another_chunks_file_under_this_name_is_told_and_made_again(tmp_path, whole, stored_bytes):
    store = Store(tmp_path)
    run([toy_sweep()], store, processes=0)
    first, second = plan(toy_sweep())[:2]
    store.file(first).write_bytes(store.file(second).read_bytes())
    (message,) = run([toy_sweep()], store, processes=0).redone
    assert "it holds another chunk" in message
    assert stored_bytes(store) == whole


def test_overlapping_grids_share_chunks(tmp_path):
    store, small = Store(tmp_path), toy_sweep(name="small", seed=(1,))
    assert run([small, toy_sweep()], store, processes=0).lanes == 10
    assert len(list(tmp_path.iterdir())) == 6
    assert run([small], store, processes=0).resumed == 5
    summary = run([toy_sweep(seed=(1, 2))], store, processes=0)
    assert (summary.resumed, summary.computed) == (5, 5)
    whole = collect(toy_sweep(), store)
    assert collect(small, store).identical(whole.sel(seed=[1]))


def test_sharing_sweeps_may_want_different_variables(tmp_path):
    one = toy_sweep(name="one", variables={"value": VARIABLES["value"]})
    two = toy_sweep(name="two", variables={"curve": VARIABLES["curve"]})
    assert run([one, two], Store(tmp_path), processes=0).computed == 10
    assert set(collect(two, Store(tmp_path)).data_vars) == {"curve"}
    bent = toy_sweep(variables={"curve": Variable(dims=("step",))})
    with pytest.raises(InputError, match="must declare variable 'curve' alike"):
        run([two, bent], Store(tmp_path), processes=0)


def test_a_stored_chunk_without_a_wanted_variable_is_made_again(tmp_path):
    store, sweep = Store(tmp_path), toy_sweep()
    run([sweep], store, processes=0)
    chunk = plan(sweep)[0]
    store.write(chunk, {"value": np.zeros(2)})
    (message,) = run([sweep], store, processes=0).redone
    assert "no 'curve', which the sweep declares" in message
    assert set(store.read(chunk)) == {"value", "curve", "result"}


def test_lanes_that_fail_are_kept_with_their_reason(tmp_path):
    sweep, store = toy_sweep("some_fail"), Store(tmp_path)
    summary = run([sweep], store, processes=0)
    assert summary.failures == {"ran away": 2, "never began": 2}
    assert run([sweep], store, processes=0).failures == summary.failures  # counted when resumed, too
    dataset = collect(sweep, store)
    assert dataset.value.isnull().sum() == 4
    np.testing.assert_array_equal(dataset.result.sel(seed=0), [0, 1, 2, 0, 0])


@pytest.mark.parametrize("processes", [0, 2])
def test_an_exception_names_the_lanes_and_finished_chunks_stay(tmp_path, left_running, processes):
    sweep = toy_sweep("raises_at", settings={"frequency": 0.3, "x": 3}, seed=(0,))
    with pytest.raises(SweepError) as caught:
        run([sweep], Store(tmp_path), processes=processes)
    assert "sweeps_toy:raises_at failed with ZeroDivisionError: toy trouble in two lines" in str(caught.value)
    assert "lanes: seed=0 and (x) in (3) (4)" in str(caught.value)
    assert plan(sweep)[0].key + ".shard" in os.listdir(tmp_path)
    assert all(name.endswith(".shard") for name in os.listdir(tmp_path))
    assert not left_running()


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("rows", r"'value' of shape \(1,\); the first axis is the lane, here 2"),
        ("scalar", r"'value' of shape \(\)"),
        ("axes", r"'curve' of shape \(2,\); its axes are \(lane, time\)"),
        ("objects", "'value' of type object; arrays are of numbers or booleans"),
        ("codes", "'result' of type float64; result codes are whole numbers"),
        ("missing", "no 'curve', which the sweep declares"),
    ],
)
def test_arrays_that_break_a_rule_are_not_stored(tmp_path, rule, text):
    sweep = toy_sweep("wrong", settings={"frequency": 0.3, "rule": rule})
    with pytest.raises(SweepError, match=f"sweeps_toy:wrong returned {text}"):
        run([sweep], Store(tmp_path), processes=0)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("processes", [0, 1])
def test_a_function_that_cannot_be_imported(tmp_path, processes):
    with pytest.raises(InputError, match=r"must be importable.*nowhere.*AttributeError"):
        run([toy_sweep("nowhere")], Store(tmp_path), processes=processes)


def test_a_lost_worker_is_told_and_the_same_call_resumes(tmp_path, left_running):
    sweep = toy_sweep("dies_at", settings={"frequency": 0.3, "x": 5}, seed=(0,))
    with pytest.raises(
        SweepError, match=r"a worker process ended before its work did.*the same command resumes.*--processes"
    ):
        run([sweep], Store(tmp_path), processes=1)
    assert len(os.listdir(tmp_path)) == 2
    assert not left_running()


def test_workers_start_with_the_environment_and_load_no_jax(tmp_path, monkeypatch):
    monkeypatch.setenv("TOY_THREADS", "7")
    variables = {name: Variable() for name in ("threads", "jax", "xarray", "process")}
    sweep, store = toy_sweep("sees", x=tuple(range(40)), variables=variables), Store(tmp_path)
    run([sweep], store, processes=2, environment={"TOY_THREADS": "1", "TOY_OTHER": "a"})
    dataset = collect(sweep, store)
    assert (dataset.threads == 1).all()
    assert not dataset.jax.any()
    assert not dataset.xarray.any()
    assert os.getpid() not in dataset.process
    assert (os.environ["TOY_THREADS"], os.environ.get("TOY_OTHER")) == ("7", None)


def test_fresh_discards_these_sweeps_and_no_others(tmp_path, whole, stored_bytes):
    store, other = Store(tmp_path), toy_sweep(settings={"frequency": 0.5})
    run([toy_sweep(), other], store, processes=0)
    store.write(plan(toy_sweep())[0], {"value": np.zeros(2)})
    summary = run([toy_sweep()], store, processes=0, fresh=True)
    assert (summary.computed, summary.resumed) == (10, 0)
    assert stored_bytes(store).items() >= whole.items()
    assert run([other], store, processes=0).computed == 0


def test_nothing_to_do_starts_no_worker(tmp_path, monkeypatch):
    run([toy_sweep()], Store(tmp_path), processes=0)
    monkeypatch.setattr(multiprocessing, "get_context", None)
    assert isinstance(run([toy_sweep()], Store(tmp_path), processes=4), Summary)


def test_an_error_in_the_callback_ends_the_workers(tmp_path, left_running):
    def progress(now):
        if now.done:
            raise LookupError("the caller's own")

    with pytest.raises(LookupError, match="the caller's own"):
        run([toy_sweep()], Store(tmp_path), processes=2, progress=progress)
    assert not left_running()


def test_two_runs_at_once_in_one_folder(tmp_path, whole, stored_bytes):
    store, errors = Store(tmp_path / "store"), []

    def again():
        try:
            for _ in range(10):
                run([toy_sweep()], store, processes=0, fresh=True)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=again) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    run([toy_sweep()], store, processes=0)
    assert stored_bytes(store) == whole


def test_a_sweep_inside_a_worker_is_refused(tmp_path, monkeypatch):
    # Otherwise a script that names its own function and calls `run` unguarded would start workers without end.
    monkeypatch.setattr(sharedtrunk.sweeps._pool, "_inside_worker", True)
    monkeypatch.setattr(multiprocessing, "get_context", None)
    for processes in (0, 2):
        with pytest.raises(InputError, match="a sweep must not be run inside a worker of a sweep"):
            run([toy_sweep()], Store(tmp_path), processes=processes)


@pytest.mark.parametrize("processes", [0, 2])
def test_a_sweep_inside_a_chunk_function_names_the_rule(tmp_path, processes):
    variables = {"inside": Variable()}
    run([sweep := toy_sweep("nested", variables=variables)], Store(tmp_path), processes=processes)
    assert (collect(sweep, Store(tmp_path)).inside == (processes > 0)).all()


def test_negative_processes(tmp_path):
    with pytest.raises(InputError, match="processes must be a whole number, not negative; got -1"):
        run([toy_sweep()], Store(tmp_path), processes=-1)
