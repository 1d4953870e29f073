import numpy as np
import pytest
import xarray
from sweeps_toy import toy_sweep, wave

from sharedtrunk.errors import InputError
from sharedtrunk.sweeps import Store, collect, read_dataset, run, write_dataset


@pytest.fixture
def dataset(tmp_path):
    store = Store(tmp_path / "store")
    run([toy_sweep()], store, processes=0)
    return collect(toy_sweep(), store)


def test_every_lane_is_in_its_place(dataset):
    assert dataset.value.dims == ("x", "seed")
    assert dataset.curve.dims == ("x", "seed", "time")
    assert (dataset.curve.dtype, dataset.result.dtype) == (np.float32, np.int32)
    for x in (1, 2, 3, 4, 5):
        for seed in (0, 1):
            alone = wave({"frequency": 0.3}, [{"x": x, "seed": seed}])
            np.testing.assert_array_equal(dataset.value.sel(x=x, seed=seed), alone["value"][0])
            np.testing.assert_array_equal(dataset.curve.sel(x=x, seed=seed), alone["curve"][0])


def test_coordinates_and_attributes(tmp_path, dataset):
    np.testing.assert_array_equal(dataset.x, [1, 2, 3, 4, 5])
    assert dataset.value.attrs == {"units": "m", "long_name": "a number"}
    assert dataset.result.attrs["flag_meanings"] == "fine ran_away never_began"
    np.testing.assert_array_equal(dataset.result.attrs["flag_values"], [0, 1, 2])
    assert dataset.attrs == {}


def test_values_keep_the_grids_order(tmp_path, dataset):
    shuffled = toy_sweep(x=(3, 5, 1, 2, 4), seed=(1, 0))
    again = collect(shuffled, Store(tmp_path / "store"))
    np.testing.assert_array_equal(again.x, [3, 5, 1, 2, 4])
    np.testing.assert_array_equal(again.value, dataset.value.sel(x=[3, 5, 1, 2, 4], seed=[1, 0]))


def test_missing_chunks_are_named(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(InputError) as caught:
        collect(toy_sweep(), store)
    assert "every chunk of sweep 'toy' must be stored before its dataset is made; got 0 of 6 in" in str(caught.value)
    assert "first gap: it is missing, seed=0 and (x) in (1) (2). Run the sweep 'toy' again" in str(caught.value)


def test_one_shape_and_type_in_all_lanes(tmp_path):
    sweep, store = toy_sweep("ragged"), Store(tmp_path)
    run([sweep], store, processes=0)
    with pytest.raises(InputError, match=r"variable 'curve' must have one type and shape .* got float64 \(1,\) and"):
        collect(sweep, store)


def test_written_twice_the_bytes_are_the_same(tmp_path, dataset, monkeypatch):
    dataset.attrs = {"grid": '{"x":[1]}', "seeds": [0, 1], "version": "0.1"}
    paths = [tmp_path / "deep" / "a.nc", tmp_path / "deep" / "b.nc"]
    write_dataset(dataset, paths[0])
    later = __import__("time").time() + 1e6
    monkeypatch.setattr("time.time", lambda: later)
    write_dataset(dataset, paths[1])
    write_dataset(dataset, paths[0])
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["a.nc", "b.nc"]


def test_read_gives_back_what_was_written(tmp_path, dataset):
    dataset.attrs = {"grid": '{"x":[1]}', "seeds": [0, 1], "empty": ""}
    write_dataset(dataset, tmp_path / "a.nc")
    back = read_dataset(tmp_path / "a.nc")
    xarray.testing.assert_identical(back, dataset)
    for name, variable in dataset.variables.items():
        assert back[name].dtype == variable.dtype
        assert back[name].values.tobytes() == variable.values.tobytes()
    (tmp_path / "a.nc").unlink()
    assert back.value.sum() == dataset.value.sum()  # in memory


def test_string_axes_survive_the_file(tmp_path):
    run([sweep := toy_sweep("names", x=("linear", "relu"))], store := Store(tmp_path / "store"), processes=0)
    write_dataset(collect(sweep, store), tmp_path / "a.nc")
    assert read_dataset(tmp_path / "a.nc").value.sel(x="relu", seed=1) == 4


def test_unreadable_datasets(tmp_path, dataset):
    path = tmp_path / "a.nc"
    with pytest.raises(InputError, match=r"a stored dataset is needed; got no file at .*a\.nc\. Run the command"):
        read_dataset(path)
    write_dataset(dataset, path)
    content = path.read_bytes()
    for damaged in (b"", b"hello", content[: len(content) // 2], content[:-1], b"\0" * 100 + content[100:]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="must be a whole NetCDF file") as caught:
            read_dataset(path)
        assert "\n" not in str(caught.value)


def test_a_changed_byte_is_noticed_wherever_it_is(tmp_path, dataset):
    path = tmp_path / "a.nc"
    write_dataset(dataset, path)
    content = path.read_bytes()
    place = content.find(dataset["value"].values.tobytes())
    assert place > 0
    for changed in (place, place + 3, *range(0, len(content), 101)):
        damaged = bytearray(content)
        damaged[changed] ^= 1
        path.write_bytes(bytes(damaged))
        with pytest.raises(InputError, match="must be a whole NetCDF file, unchanged since"):
            read_dataset(path)


def test_the_mark_of_the_checksum_is_kept_out_of_the_attributes(tmp_path, dataset):
    dataset.attrs = {"note": f"sharedtrunk-sha256:{'a' * 64}"}
    with pytest.raises(InputError, match="mark of the checksum must be in a file exactly once"):
        write_dataset(dataset, tmp_path / "a.nc")
    assert not (tmp_path / "a.nc").exists()


def test_attributes_that_cannot_be_stored(tmp_path, dataset):
    dataset.attrs = {"grid": {"x": 1}}
    with pytest.raises(InputError, match="Store other attributes as JSON text") as caught:
        write_dataset(dataset, tmp_path / "a.nc")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "a.nc").exists()


def test_writing_where_a_file_stands(tmp_path, dataset):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(InputError, match="results go to a folder"):
        write_dataset(dataset, tmp_path / "taken" / "a.nc")
