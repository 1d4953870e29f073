"""Reading files: the same table from every format, one line for every bad one, nothing executed, samples uniform."""

import gzip
import pickle
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from sharedtrunk.errors import InputError
from sharedtrunk.tables import _limits, read
from tables_problems import ROWS, columns, csv_text, write_csv

TASKS = ("churned", "segment")


def _one_line(raised) -> str:
    message = str(raised.value)
    assert message.isprintable()
    assert "; got " in message
    assert message.endswith((".", "?"))
    return message


def _write(path, kind, table):
    if kind == "csv":
        return write_csv(path / "t.csv", table)
    if kind == "semicolon":
        return write_csv(path / "t.csv", table, ";")
    if kind == "tsv":
        return write_csv(path / "t.tsv", table, "\t")
    if kind == "marked":  # with a byte-order mark, Windows line ends and blank lines
        (path / "t.csv").write_bytes(b"\xef\xbb\xbf" + csv_text(table).replace("\n", "\r\n\r\n").encode())
        return path / "t.csv"
    if kind == "gzip":
        (path / "t.csv.gz").write_bytes(gzip.compress(csv_text(table).encode()))
        return path / "t.csv.gz"
    if kind == "parquet":
        arrow = pytest.importorskip("pyarrow")
        import pyarrow.parquet

        pyarrow.parquet.write_table(arrow.table(table), path / "t.parquet", row_group_size=7)
        return path / "t.parquet"
    np.savez(path / "t.npz", **{name: np.array(values) for name, values in table.items()})
    return path / "t.npz"


@pytest.mark.parametrize("kind", ["csv", "semicolon", "tsv", "marked", "gzip", "parquet", "npz"])
@pytest.mark.parametrize("rows", [None, 35, ROWS])
def test_every_format_gives_the_same_table(tmp_path, kind, rows):
    given = columns()
    table = read(_write(tmp_path, kind, given), tasks=TASKS, rows=rows, seed=1)
    assert set(table.feature_names) == {"age", "income", "colour"}
    assert table.classes == {"churned": ("no", "yes"), "segment": (0, 1, 2)}
    assert [type(name) for name in table.classes["segment"]] == [int] * 3
    # Whatever rows were kept are rows of the file, in its order, with their own labels.
    place = [given["income"].index(value) for value in table.features[:, table.feature_names.index("income")]]
    assert place == sorted(set(place))
    assert len(place) == (rows or ROWS)
    assert [table.classes["churned"][code] for code in table.labels["churned"]] == [given["churned"][i] for i in place]
    assert [table.classes["segment"][code] for code in table.labels["segment"]] == [given["segment"][i] for i in place]
    codes = table.features[:, table.feature_names.index("colour")].astype(int)
    assert [table.categories["colour"][code] for code in codes] == [given["colour"][i] for i in place]
    assert any("sample of 35 of the file's 40 rows" in note for note in table.notes) == (rows == 35)


def test_missing_labels_and_numbers_written_in_many_ways(tmp_path):
    given = columns()
    given["churned"][:6] = ["", "NA", "NaN", "null", "?", " none "]
    given["segment"] = [f"{value}.0" for value in given["segment"]]
    given["income"] = ["1e3", "-.5", "+2", " 3 ", *given["income"][4:]]
    table = read(write_csv(tmp_path / "t.csv", given), tasks=TASKS, drop=["colour"])
    assert (table.labels["churned"] == -1).tolist() == [True] * 6 + [False] * (ROWS - 6)
    assert table.classes["segment"] == (0, 1, 2)
    assert table.feature_names == ("age", "income")
    np.testing.assert_array_equal(table.features[:4, 1], [1000, -0.5, 2, 3])


def test_class_names_in_files(tmp_path):
    given = columns()
    given["half"] = [0.5, 1.5] * (ROWS // 2)
    given["flag"] = ["True", "false"] * (ROWS // 2)
    given["mixed"] = ["007", "x"] * (ROWS // 2)
    table = read(write_csv(tmp_path / "t.csv", given), tasks=["half", "flag", "mixed"], drop=["colour", "churned"])
    assert table.classes == {"half": (0.5, 1.5), "flag": (False, True), "mixed": ("007", "x")}
    assert type(table.classes["flag"][0]) is bool


def test_a_saved_index_is_left_out(tmp_path):
    given = {"": list(range(ROWS)), **columns()}
    for rows in (None, 30):
        table = read(write_csv(tmp_path / "t.csv", given), tasks=TASKS, drop=["colour"], rows=rows)
        assert table.feature_names == ("age", "income")
        assert any("counts the rows: 'column 1'" in note for note in table.notes)


def test_parquet_types(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, ROWS)
    block = rng.standard_normal((ROWS, 3)).astype(np.float32)
    flags = rng.integers(0, 2, ROWS).astype(bool)
    given = {
        "embedding": arrow.FixedSizeListArray.from_arrays(arrow.array(block.ravel()), 3),
        "lists": arrow.array(block.astype(float).tolist()),
        "flag": arrow.array(flags),
        "count": arrow.array(np.arange(ROWS) % 7, arrow.uint8()),
        "colour": arrow.array(rng.choice(["a", "b"], ROWS)).dictionary_encode(),
        "y": arrow.array([None, *labels[1:].tolist()]),
    }
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(arrow.table(given), path)
    table = read(path, tasks=["y"])
    assert table.feature_names[:3] == ("embedding[0]", "embedding[1]", "embedding[2]")
    np.testing.assert_array_equal(table.features[:, :3], block)
    np.testing.assert_array_equal(table.features[:, 3], flags)
    assert len(table.feature_names) == 6  # lists repeat the embedding, and go with a note
    assert any("copies of another column" in note and "'lists[0]' (of 'embedding[0]')" in note for note in table.notes)
    assert table.labels["y"][0] == -1
    np.testing.assert_array_equal(table.labels["y"][1:], labels[1:])


def test_npz_pair_and_embeddings(tmp_path):
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((ROWS, 2)), rng.integers(0, 2, (ROWS, 2)).astype(float)
    Y[0, 1] = np.nan
    np.savez(tmp_path / "pair.npz", X=X, Y=Y, task_names=["a", "b"], feature_names=["u", "v"])
    table = read(tmp_path / "pair.npz", tasks=["b"])
    assert (table.feature_names, list(table.labels)) == (("u", "v"), ["b"])
    assert table.labels["b"][0] == -1
    np.testing.assert_array_equal(table.features, X)
    np.savez(tmp_path / "plain.npz", X=X, Y=Y[:, 0])
    assert read(tmp_path / "plain.npz", tasks=["task0"]).feature_names == ("x0", "x1")
    np.savez(tmp_path / "block.npz", picture=X, label=Y[:, 0])
    assert read(tmp_path / "block.npz", tasks=["label"]).feature_names == ("picture[0]", "picture[1]")


def _table(**changes):
    return csv_text({**columns(), **changes})


_BAD_TEXTS = {
    "empty": ("", "got an empty file"),
    "blank": ("\n\n \n", "got an empty file"),
    "header only": ("age,churned,segment\n", "a table needs rows; got column names only"),
    "ragged short": ("age,churned,segment\n1,2,3\n4,5\n", "got 2 fields in line 3 .*the header has 3"),
    "ragged long": ("\nage,churned,segment\n1,2,3\n4,5,6,7\n", "got 4 fields in line 4"),
    "open quote": ('age,churned,segment\n1,"2,3\n', "rows are fields between separators"),
    "wrong task": (_table().replace("churned", "Churn"), "got 'churned', which is not one. Did you mean 'Churn'"),
    "named twice": (_table().replace("income", "age"), "different names; got 'age' more than once"),
    "one class": (_table(churned=["yes"] * ROWS), "at least two classes; got 1 class, 'yes', in 'churned'"),
    "few labels": (_table(churned=["yes", "no"] + [""] * (ROWS - 2)), "at least 30 labelled rows; got 2 in 'churned'"),
    "ten rows": (csv_text(columns(10)), "at least 30 labelled rows; got 10 in 'churned'"),
    "identifier": (
        _table(churned=[f"u{i}" for i in range(ROWS)]),
        "got 40 classes in the 40 labelled rows of 'churned'",
    ),
    "word in numbers": (
        _table(age=[*range(20, 56), "unknown", 1, 2, 3]),
        "holds no text; got the text 'unknown' in column 'age', row 37",
    ),
    "infinite": (
        _table(age=["inf", *range(ROWS - 1)]),
        "features are finite, and below 1e.300; got larger numbers or infinities in 'age'",
    ),
    "decimal comma": (
        csv_text({**columns(), "age": [f"1,{i}" for i in range(ROWS)]}, ";"),
        "numbers are written plainly; got '1,",
    ),
    "percent": (_table(age=[f"{i}%" for i in range(ROWS)]), "numbers are written plainly"),
    "underscore": (_table(age=["1_000", *range(ROWS - 1)]), "got the text '1_000' in column 'age', row 1 "),
    "zero bytes": (_table() + "1,2,3,\0,5\n", "a table is text in one encoding; got zero bytes"),
    "nothing varies": (
        _table(age=[1] * ROWS, income=[2] * ROWS, colour=["a"] * ROWS),
        "a table needs features; got 3 feature columns, none of which varies",
    ),
    "only a row counter": (
        "id,churned,segment\n" + "".join(f"{i},{i % 2},{i % 3}\n" for i in range(60)),
        "a table needs features; got only 'id', which counts the rows",
    ),
    "72 classes": (
        csv_text({**columns(300), "churned": [f"c{i % 72}" for i in range(300)]}),
        "more than 20 classes has at least 5 labelled rows per class on average; got 72 classes .*Bin it if it is a meas",
    ),
    "1001 classes": (
        csv_text({**columns(6006), "churned": [f"c{i % 1001}" for i in range(6006)]}),
        "a task has at most 1000 classes; got 1001 classes",
    ),
    "control characters": (_table().replace("churned", "\x1b[2Jx"), r"There are .*'\\x1b\[2Jx'"),
}


@pytest.mark.parametrize("name", _BAD_TEXTS)
def test_bad_csv_is_told_in_one_line(tmp_path, name):
    text, message = _BAD_TEXTS[name]
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    with pytest.raises(InputError, match=message) as raised:
        read(path, tasks=TASKS)
    _one_line(raised)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tasks": []}, "a table needs a task"),
        ({"tasks": ["churned", "churned"]}, "named once; got 'churned' twice"),
        ({"tasks": ["churned"], "drop": ["churned"]}, "a task's column is not dropped"),
        ({"tasks": ["churned"], "drop": ["agee"]}, "got 'agee', which is not one. Did you mean 'age'"),
        ({"tasks": ["churned"], "drop": ["age", "income", "colour", "segment"]}, "a table needs features"),
        ({"tasks": ["churned"], "rows": 10**400}, "a sample has 30 to 1,000,000,000 rows; got"),
        ({"tasks": ["churned"], "rows": 10}, "a sample has 30 to 1,000,000,000 rows; got 10"),
        ({"tasks": ["churned"], "rows": 10**9}, "at most 1 GiB of numbers; got about .*smaller --rows"),
    ],
)
def test_bad_arguments(tmp_path, arguments, message):
    with pytest.raises(InputError, match=message) as raised:
        read(write_csv(tmp_path / "t.csv", columns()), **arguments)
    _one_line(raised)


def test_a_single_task_may_be_given_as_its_name(tmp_path):
    assert list(read(write_csv(tmp_path / "t.csv", columns()), tasks="churned").labels) == ["churned"]


def test_bad_files(tmp_path):
    binary = bytes(range(256)) * 10
    cases = {
        "nothing.csv": (None, "the file must exist"),
        "t.xls": (b"x", "tables are read from"),
        "t.pkl": (pickle.dumps({}), "a pickle is never read"),
        "t.npz.gz": (b"x", "tables are read from"),
        "none": (b"x", "tables are read from"),
        "zero.csv": (b"", "got an empty file"),
        "zero.parquet": (b"", "got an empty file"),
        "mixed.csv": (
            _table(colour=["grün"] * ROWS).encode() + "1,2,grün,3,4".encode("latin-1"),
            "one encoding; got byte 0xfc, which is not UTF-8, after characters that are, .*Save it as CSV in",
        ),
        "neither.csv": (_table().encode() + b"1,2,\x81,3,4", "got byte 0x81, which is neither UTF-8 nor cp1252"),
        "wide.csv": (_table().encode("utf-16-le"), "one encoding; got zero bytes, .*utf-16-le"),
        "half.csv": (_table().encode("utf-16")[:-1], "got byte 0x0a, which is not utf-16"),
        "not.csv.gz": (binary, "a .gz file is gzip data"),
        "cut.csv.gz": (gzip.compress(_table().encode())[:-9], "a .gz file is gzip data"),
        "quote.tsv": (
            b'age\tchurned\tsegment\n1\t2\t"3"x\n',
            "rows are fields between separators; got '.* expected after",
        ),
        "not.npz": (binary, "an .npz file is a NumPy archive"),
    }
    for name, (content, message) in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=message) as raised:
            read(tmp_path / name, tasks=TASKS)
        _one_line(raised)
    with pytest.raises(InputError, match="a table is a file; got a folder"):
        read(tmp_path, tasks=TASKS)


def test_bad_parquet(tmp_path, monkeypatch):
    arrow = pytest.importorskip("pyarrow")
    import datetime

    import pyarrow.parquet

    (tmp_path / "not.parquet").write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    with pytest.raises(InputError, match="Parquet data"):
        read(tmp_path / "not.parquet", tasks=TASKS)
    good = columns()
    cases = [
        ({"segment": [datetime.date(2024, 1, 1)] * ROWS}, "labels are classes; got dates or times in 'segment'"),
        ({"parts": [[1.0] * (i % 2) for i in range(ROWS)]}, "lists in a column have one length; got .* in 'parts'"),
        ({"parts": [["a"]] * ROWS}, "lists of type 'string' in 'parts'"),
        ({"thing": [{"a": 1}] * ROWS}, "values of type 'struct.* in 'thing'"),
        ({"segment": [[1]] * ROWS}, "lists instead of labels in 'segment'"),
    ]
    for change, message in cases:
        pyarrow.parquet.write_table(arrow.table({**good, **change}), tmp_path / "t.parquet")
        with pytest.raises(InputError, match=message) as raised:
            read(tmp_path / "t.parquet", tasks=TASKS)
        _one_line(raised)
    pyarrow.parquet.write_table(arrow.table(good), tmp_path / "t.parquet")
    monkeypatch.setattr(_limits, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match=r"at most .* of numbers; .*--rows N"):
        read(tmp_path / "t.parquet", tasks=TASKS)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"no pyarrow here. Install it: pip install 'sharedtrunk\[parquet\]'"):
        read(tmp_path / "t.parquet", tasks=TASKS)


_HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': (60,), }"


@pytest.mark.parametrize(
    "header",
    [
        _HEADER[:-4],  # unclosed: tokenize.TokenError
        _HEADER.replace("60", "(" * 300),  # nested too deeply for Python's parser
        _HEADER.replace("'<f8'", "'<f8\0'"),
        _HEADER.replace("'<f8'", "[('a', 3)]"),
        _HEADER.replace("'<f8'", "'\N{ESCAPE}[2J'"),
        _HEADER.replace("60", "6\n\t0"),
        _HEADER.replace("60", "-60"),
        _HEADER.replace("60", "True"),
        _HEADER.replace("60", "1" * 400),
        "",
    ],
)
def test_a_damaged_header_of_an_array_is_told_in_one_line(tmp_path, header):
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(480)
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("age.npy", content)
        archive.writestr("churned.npy", content)
    with pytest.raises(InputError) as raised:
        read(tmp_path / "t.npz", tasks=["churned"])
    _one_line(raised)


def test_bad_npz(tmp_path):
    good = {name: np.array(values) for name, values in columns().items()}
    cases = [
        ({}, "an archive without arrays"),
        ({**good, "picture": np.zeros((ROWS, 4, 4))}, "got 3 axes in 'picture'"),
        ({**good, "age": np.zeros(7)}, "same rows; got 7 in 'age' and 40"),
        ({**good, "segment": np.array(["2024-01-01"] * ROWS, "datetime64[D]")}, "labels are classes; got dates"),
        ({**good, "age": np.zeros(ROWS, complex)}, "complex numbers in 'age'"),
        ({**good, "segment": np.zeros((ROWS, 2))}, "a task is an array of one axis"),
        ({"X": np.zeros((ROWS, 2)), "Y": np.zeros(ROWS), "feature_names": ["a"]}, "a name for each of 2 columns"),
        ({"X": np.zeros((ROWS, 2)), "Y": np.zeros(9)}, "same rows; got 9 in 'Y'"),
    ]
    for arrays, message in cases:
        np.savez(tmp_path / "t.npz", **arrays)
        with pytest.raises(InputError, match=message) as raised:
            read(tmp_path / "t.npz", tasks=TASKS)
        _one_line(raised)


class _Bomb:
    """Unpickled, it creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("place", ["age", "churned", "X"])
def test_nothing_in_a_file_is_executed(tmp_path, place):
    mark = tmp_path / "executed"
    pickle.loads(pickle.dumps(_Bomb(mark))).close()
    assert mark.exists()  # the bomb works
    mark.unlink()
    bomb = np.array([_Bomb(mark)] * ROWS, object)
    good = {name: np.array(values) for name, values in columns().items()}
    arrays = {"X": bomb[:, None], "Y": np.zeros(ROWS)} if place == "X" else {**good, place: bomb}
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(InputError, match="arrays hold numbers or texts; got Python objects") as raised:
        read(tmp_path / "t.npz", tasks=TASKS)
    _one_line(raised)
    (tmp_path / "p.npz").write_bytes(pickle.dumps(_Bomb(mark)))
    with pytest.raises(InputError, match="a NumPy archive"):
        read(tmp_path / "p.npz", tasks=TASKS)
    with zipfile.ZipFile(tmp_path / "q.npz", "w") as archive:
        archive.writestr("age", pickle.dumps(_Bomb(mark)))
    with pytest.raises(InputError, match="a NumPy archive"):
        read(tmp_path / "q.npz", tasks=TASKS)
    assert not mark.exists()


def test_a_table_larger_than_memory_is_refused_before_it_is_read(tmp_path):
    path = write_csv(tmp_path / "t.csv", columns(40_000))  # more than what the size is estimated from
    with path.open("r+b") as file:
        file.truncate(100 * 2**30)  # sparse: no bytes on the disk
    started = time.perf_counter()
    with pytest.raises(InputError, match=r"at most 1 GiB of numbers; got about .* GiB. Give --rows N"):
        read(path, tasks=TASKS)
    assert time.perf_counter() - started < 5
    # An archive whose header promises 8 TB, in 200 bytes.
    header = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little")
    header += b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "t.npz", "w") as archive:
        archive.writestr("age.npy", header)
    with pytest.raises(InputError, match="at most 1 GiB of numbers"):
        read(tmp_path / "t.npz", tasks=["age"])


def test_compressed_tables_are_counted_while_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(_limits, "MOST_BYTES", 10**6)
    monkeypatch.setattr(_limits, "LONGEST_LINE", 10**6)
    rows = "1,2,3\n" * 200_000
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(f"churned,segment,age\n{rows}".encode()))
    with pytest.raises(InputError, match=r"of numbers; .*--rows N"):
        read(tmp_path / "t.csv.gz", tasks=TASKS)
    (tmp_path / "line.csv.gz").write_bytes(gzip.compress(b"churned,segment," + b"9" * 10**7))
    with pytest.raises(InputError, match="a line without end"):
        read(tmp_path / "line.csv.gz", tasks=TASKS)


def test_control_characters_in_pyarrows_own_text_are_not_handed_on(tmp_path, monkeypatch):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    def damaged(*_):  # as pyarrow 26 says it of a changed byte in a file's footer
        raise arrow.ArrowInvalid("Couldn't deserialize thrift: don't know what type: \x0e\n")

    monkeypatch.setattr(pyarrow.parquet, "ParquetFile", damaged)
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"don't know what type: \?' in") as raised:
        read(tmp_path / "t.parquet", tasks=["y"])
    _one_line(raised)


def test_a_sample_of_a_long_file_is_uniform_and_cheap(tmp_path):
    total, wanted = 200_000, 1000
    path = tmp_path / "long.csv"
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 10**6, total)
    with path.open("w") as file:
        file.write("place,group,noise,churned\n")
        file.writelines(f"{i * 2},{i * 20 // total},{noise[i]},{noise[i] % 2}\n" for i in range(total))
    started = time.perf_counter()
    tables = [read(path, tasks=["churned"], rows=wanted, seed=seed) for seed in range(2)]
    assert (time.perf_counter() - started) / 2 < 5  # about 0.3 s
    for table in tables:
        place, group = (table.features[:, table.feature_names.index(name)] for name in ("place", "group"))
        assert len(np.unique(place)) == wanted
        assert chisquare(np.bincount(group.astype(int), minlength=20)).pvalue > 1e-4
        assert kstest(place / (2 * total), "uniform").pvalue > 1e-4
    assert not np.array_equal(tables[0].features, tables[1].features)
    again = read(path, tasks=["churned"], rows=wanted, seed=0)
    np.testing.assert_array_equal(again.features, tables[0].features)


def test_every_row_is_as_likely_to_be_kept(tmp_path, monkeypatch):
    # Many samples of a short file, in pieces of a few rows: the place in the file must not matter.
    from sharedtrunk.tables import _streamed

    monkeypatch.setattr(_streamed, "PIECE", 7)
    rows, wanted, trials = 700, 30, 200
    given = columns(rows)
    given["place"] = [2 * i for i in range(rows)]
    path = write_csv(tmp_path / "t.csv", given)
    kept = np.zeros(rows)
    for seed in range(trials):
        table = read(path, tasks=["segment"], drop=["age", "income", "colour", "churned"], rows=wanted, seed=seed)
        place = (table.features[:, 0] / 2).astype(int)
        assert (np.diff(place) > 0).all()
        kept[place] += 1
    assert kept.sum() == trials * wanted
    # Without replacement, counts and mean places vary a little less than independent draws do: by 1 − wanted / rows.
    less = 1 - wanted / rows
    statistic = ((kept - kept.mean()) ** 2).sum() / (kept.mean() * less)
    assert abs(statistic - (rows - 1)) < 5 * np.sqrt(2 * (rows - 1))
    mean_place = kept @ np.arange(rows) / kept.sum()
    assert abs(mean_place - (rows - 1) / 2) < 4 * rows * np.sqrt(less / (12 * kept.sum()))


def test_a_sample_of_a_long_parquet_file_is_uniform(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    total, wanted = 150_000, 2000
    place = np.arange(total)
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(arrow.table({"place": 2 * place, "y": place % 2}), path, row_group_size=40_000)
    table = read(path, tasks=["y"], rows=wanted)
    found = table.features[:, 0] / 2
    assert (np.diff(found) > 0).all()
    assert len(found) == wanted
    np.testing.assert_array_equal(table.labels["y"], found % 2)
    assert kstest(found / total, "uniform").pvalue > 1e-4
    # Nearly all rows: those at the borders of the pieces are among them, once.
    nearly = read(path, tasks=["y"], rows=total - 50).features[:, 0] / 2
    assert (len(nearly), len(np.unique(nearly))) == (total - 50, total - 50)


def test_the_row_of_a_word_is_its_row_in_the_file_also_in_a_sample(tmp_path):
    given = {**columns(300), "age": [i if i % 3 else f"word {i + 1}" for i in range(300)]}
    path = write_csv(tmp_path / "t.csv", given)
    rows = set()
    for seed in range(5):
        with pytest.raises(InputError, match=r"got the text 'word (\d+)' in column 'age', row \1 ") as raised:
            read(path, tasks=TASKS, rows=60, seed=seed)
        rows.add(str(raised.value).split("row ")[1].split()[0])
    assert len(rows) > 1


def test_a_task_remembers_every_text_and_a_feature_with_too_many_is_an_identifier(tmp_path, monkeypatch):
    from sharedtrunk.tables import _text_column

    monkeypatch.setattr(_text_column, "MOST_DISTINCT_TEXTS", 3)
    given = columns(120)
    given["colour"] = [f"c{i % 6}" for i in range(120)]
    given["churned"] = [f"c{i % 5}" for i in range(120)]
    table = read(write_csv(tmp_path / "t.csv", given), tasks=["churned"], drop=["segment"])
    assert table.classes["churned"] == ("c0", "c1", "c2", "c3", "c4")
    assert not any(name.startswith("colour") for name in table.feature_names)
    assert any("different texts): 'colour'" in note for note in table.notes)


def test_dates_with_more_texts_than_are_remembered_are_refused_as_dates(tmp_path, monkeypatch):
    from sharedtrunk.tables import _text_column

    monkeypatch.setattr(_text_column, "MOST_DISTINCT_TEXTS", 3)
    given = columns(120)
    given["colour"] = [f"2024-01-01 00:{i // 60:02}:{i % 60:02}" for i in range(120)]
    with pytest.raises(InputError, match="up to 100,000 different ones; got more in 'colour'"):
        read(write_csv(tmp_path / "t.csv", given), tasks=["churned"], drop=["segment"])


def test_a_sample_holds_little_memory(tmp_path, monkeypatch):
    from sharedtrunk.tables import _streamed

    monkeypatch.setattr(_streamed, "PIECE", 500)
    path = tmp_path / "long.csv"
    row = ",".join(["0.123456"] * 20)
    with path.open("w") as file:
        file.write(",".join(f"c{i}" for i in range(20)) + ",place,y\n")
        file.writelines(f"{row},{i * i},{i % 3}\n" for i in range(8000))
    tracemalloc.start()
    read(path, tasks=["y"], rows=100)
    sampled = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    read(path, tasks=["y"])
    whole = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sampled < whole / 2
