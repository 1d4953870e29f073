"""Text files as people have them: from Windows, from Excel, with a decimal comma; and the note on what was found."""

import csv
import gzip
import io

import numpy as np
import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.tables import _streamed, read
from tables_problems import ROWS, columns, csv_text, write_csv

TASKS = ("churned", "segment")


def _given() -> dict[str, list]:
    """A table with characters beyond ASCII in names, categories and classes."""
    given = columns()
    given["höhe"] = given.pop("income")
    given["colour"] = [{"red": "rot", "green": "grün", "blue": "blau – €"}[each] for each in given["colour"]]
    given["churned"] = [{"yes": "ja", "no": "für immer"}[each] for each in given["churned"]]
    return given


def _german(given: dict[str, list]) -> dict[str, list]:
    return given | {"höhe": [str(value).replace(".", ",") for value in given["höhe"]]}


def _write(path, text: str, encoding: str):
    content = text.encode(encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


CASES = {
    "utf-8": ("t.csv", ",", "utf-8", ()),
    "utf-8 with a mark": ("t.csv", ",", "utf-8-sig", ()),
    "windows": ("t.csv", ",", "cp1252", ("Read as cp1252 (Windows), because the file is not UTF-8.",)),
    "compressed windows": ("t.csv.gz", ",", "cp1252", ("Read as cp1252 (Windows), because the file is not UTF-8.",)),
    "excel's unicode text": ("t.txt", "\t", "utf-16", ("Read as UTF-16. Fields are separated by tabs.",)),
    "bars": ("t.txt", "|", "utf-8", ("Fields are separated by '|'.",)),
    "tabs": ("t.tsv", "\t", "utf-8", ()),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("rows", [None, 35])
def test_encodings_and_separators_give_the_same_table(tmp_path, name, rows):
    file, separator, encoding, notes = CASES[name]
    path = _write(tmp_path / file, csv_text(_given(), separator), encoding)
    table = read(path, tasks=TASKS, rows=rows)
    plain = read(write_csv(tmp_path / "plain.csv", _given()), tasks=TASKS, rows=rows)
    np.testing.assert_array_equal(table.features, plain.features)
    assert table.feature_names == plain.feature_names
    assert "höhe" in table.feature_names
    assert table.classes == plain.classes
    assert table.notes == (*notes, *plain.notes)


@pytest.mark.parametrize(("file", "separator"), [("t.csv", ";"), ("t.tsv", "\t"), ("t.txt", "|")])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_decimal_comma(tmp_path, file, separator, encoding):
    table = read(_write(tmp_path / file, csv_text(_german(_given()), separator), encoding), tasks=TASKS)
    np.testing.assert_array_equal(table.features[:, table.feature_names.index("höhe")], _given()["höhe"])
    assert table.notes[0].endswith("Numbers have a decimal comma.")
    assert sum("decimal comma" in note for note in table.notes) == 1


def test_what_is_given_is_not_noted(tmp_path):
    path = _write(tmp_path / "t.csv", csv_text(_german(_given()), ";"), "cp1252")
    found = read(path, tasks=TASKS)
    given = read(path, tasks=TASKS, sep=";", decimal=",", encoding="cp1252")
    np.testing.assert_array_equal(given.features, found.features)
    assert given.notes == found.notes[1:]


def _of(tmp_path, numbers: list[str], others: list[str] | None = None, separator: str = ";", **how):
    """The first feature of a file with these numbers, repeated, and the notes."""
    rows = range(60)
    given = {"a": [numbers[i % len(numbers)] for i in rows], "y": [i % 2 for i in rows]}
    given |= {} if others is None else {"b": [others[i % len(others)] for i in rows]}
    path = write_csv(
        tmp_path / "t.csv", {name: [f'"{cell}"' for cell in cells] for name, cells in given.items()}, separator
    )
    table = read(path, tasks=["y"], **how)
    return table.features[: len(numbers), 0].tolist(), table.notes[0]


@pytest.mark.parametrize(
    ("numbers", "others", "values", "note"),
    [
        (["0,5", "-1,25", "3", ",5", "1,5e-3"], None, [0.5, -1.25, 3, 0.5, 1.5e-3], "a decimal comma."),
        (["1.234,5", "1.000", "7"], None, [1234.5, 1000, 7], "a decimal comma and dots between thousands."),
        (["1.234.567", "12"], None, [1234567, 12], "a decimal comma and dots between thousands."),
        (["1 234,5", "2\u00a0345", "3\u202f456,7"], None, [1234.5, 2345, 3456.7], "a decimal comma."),
        (["1,234", "7"], ["0,5", "1,5"], [1.234, 7], "a decimal comma."),
        (["1,234.5", "1,000", "7"], None, [1234.5, 1000, 7], "a decimal point and commas between thousands."),
        (["1,234,567", "12"], None, [1234567, 12], "a decimal point and commas between thousands."),
    ],
)
def test_numbers_that_prove_their_notation(tmp_path, numbers, others, values, note):
    found, first = _of(tmp_path, numbers, others)
    assert found == values
    assert first == f"Fields are separated by ';'. Numbers have {note}"


@pytest.mark.parametrize("numbers", [["1,234", "2,345"], ["1,234", "12"]])
def test_a_comma_before_three_digits_proves_nothing(tmp_path, numbers):
    with pytest.raises(InputError, match=r"got .*'\d,\d{3}' in column 'a'.*--decimal ,"):
        _of(tmp_path, numbers)
    assert _of(tmp_path, numbers, decimal=",")[0] == [float(each.replace(",", ".")) for each in numbers]
    assert _of(tmp_path, numbers, decimal=".")[0] == [float(each.replace(",", "")) for each in numbers]


def test_a_dot_before_three_digits_is_told_where_other_columns_have_a_decimal_comma(tmp_path):
    with pytest.raises(
        InputError, match=r"one notation; got '1\.234' in column 'a', where numbers have a decimal comma"
    ):
        _of(tmp_path, ["1.234", "2"], ["0,5", "1,5"])
    assert _of(tmp_path, ["1.234", "2"], ["0,5", "1,5"], decimal=",")[0] == [1234, 2]
    with pytest.raises(InputError, match=r"one notation; got '1\.5' in column 'a'"):  # never a thousand
        _of(tmp_path, ["1.5", "2"], ["0,5", "1,5"], decimal=",")
    with pytest.raises(InputError, match=r"one notation; got '1\.5' in column 'a'"):
        _of(tmp_path, ["1.5", "2,5"], decimal=",")


def test_points_win_where_both_marks_are_proven(tmp_path):
    with pytest.raises(InputError, match=r"numbers are written plainly; got '\d,5'"):
        _of(tmp_path, ["0,5", "1,5"], ["0.5", "1.5"])
    with pytest.raises(InputError, match=r"numbers are written plainly; got '\d,5'"):
        _of(tmp_path, ["0,5", "1,5"], ["1,234.5", "7"])


def test_commas_that_are_no_decimals_stay_text(tmp_path):
    assert _of(tmp_path, ["1", "2"], ["a,b", "c,d"])[1] == "Fields are separated by ';'."
    # Where commas separate the fields, a quoted number with a comma may be anything.
    with pytest.raises(InputError, match=r"numbers are written plainly; got '\d,5'"):
        _of(tmp_path, ["0,5", "1,5"], separator=",")


def test_words_among_numbers_with_a_decimal_comma_are_told_as_such(tmp_path):
    with pytest.raises(
        InputError, match="a column of numbers holds no text; got the text 'unknown' in column 'a', row 3"
    ):
        _of(tmp_path, ["0,5", "1,5", "unknown", "2,5"], ["0,5", "1"])


def test_missing_texts_and_labels_with_a_decimal_comma(tmp_path):
    given = {
        "a": ["0,5", "1,5", "2", "-3,5"] * 15,
        "b": ["1", "-9,5", "NA", "0,5"] * 15,
        "half": ["0,5", "1,5", "?"] * 20,
    }
    table = read(write_csv(tmp_path / "t.csv", given, ";"), tasks=["b", "half"], missing=["NA", "?", "7,5"])
    assert table.classes == {"b": (-9.5, 0.5, 1.0), "half": (0.5, 1.5)}
    assert [type(name) for name in table.classes["b"]] == [float] * 3
    table = read(write_csv(tmp_path / "t.csv", given, ";"), tasks=["b", "half"], missing=["NA", "?", "-9,5"])
    assert table.classes["b"] == (0.5, 1.0)


def test_the_first_rows_decide_wherever_the_rest_of_the_file_is(tmp_path, monkeypatch):
    monkeypatch.setattr(_streamed, "PIECE", 50)
    numbers = ["0,5" if i == 40 else str(i % 7) for i in range(300)]
    given = {"a": numbers, "late": [f"{i % 9},5" if i > 100 else str(i % 9) for i in range(300)], "y": [0, 1] * 150}
    path = write_csv(tmp_path / "t.csv", given, ";")
    for rows in (None, 60):
        table = read(path, tasks=["y"], rows=rows)
        assert table.notes[0] == "Fields are separated by ';'. Numbers have a decimal comma."
        assert table.feature_names == ("a", "late")
    with pytest.raises(InputError, match=r"'\d,5' in column 'late'"):
        read(path, tasks=["y"], drop=["a"])  # nothing in the first rows says what "0,5" is
    assert read(path, tasks=["y"], drop=["a"], decimal=",").features[101, 0] == 101 % 9 + 0.5


def test_quoted_line_breaks_in_utf16(tmp_path):
    given = columns()
    given["colour"] = [each.replace("red", "rot;\r\nröter") for each in given["colour"]]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";")
    writer.writerows([list(given), *zip(*given.values(), strict=True)])
    table = read(_write(tmp_path / "t.csv", buffer.getvalue(), "utf-16"), tasks=TASKS)
    assert len(table.features) == ROWS
    text = buffer.getvalue() + "1;2;3\r\n"
    lines = text.replace("\r\n", "\n").count("\n")
    with pytest.raises(InputError, match=f"got 3 fields in line {lines} of"):
        read(_write(tmp_path / "t.csv", text, "utf-16"), tasks=TASKS)


def test_separators_inside_quoted_names_do_not_count(tmp_path):
    text = csv_text(columns(), ";").replace("income", '"income, yearly, net, in EUR, before taxes"')
    assert (
        "income, yearly, net, in EUR, before taxes"
        in read(_write(tmp_path / "t.csv", text, "utf-8"), tasks=TASKS).feature_names
    )


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"])
def test_the_line_with_the_separator_that_excel_understands(tmp_path, first):
    table = read(_write(tmp_path / "t.csv", f"{first}\r\n{csv_text(columns(), ';')}", "utf-8"), tasks=TASKS)
    assert table.classes["churned"] == ("no", "yes")
    text = f"{first}\n{csv_text(columns(), ';')}1;2\n"
    with pytest.raises(InputError, match=f"got 2 fields in line {ROWS + 3} of"):
        read(_write(tmp_path / "t.csv", text, "utf-8"), tasks=TASKS)


def test_a_given_encoding_or_separator_holds(tmp_path):
    path = _write(tmp_path / "t.csv", csv_text(_given(), ":"), "mac-roman")
    assert "höhe" in read(path, tasks=TASKS, sep=":", encoding="mac-roman").feature_names
    path = _write(tmp_path / "t.csv", csv_text(_given()), "utf-16-le")
    assert "höhe" in read(path, tasks=TASKS, encoding="utf-16-le").feature_names
    path = _write(tmp_path / "t.tsv", csv_text(_given(), ";"), "utf-8-sig")
    assert "age" in read(path, tasks=TASKS, sep=";", encoding="utf-8").feature_names
    for tab in ("tab", "\\t", "\t"):
        assert read(_write(tmp_path / "t.csv", csv_text(columns(), "\t"), "utf-8"), tasks=TASKS, sep=tab).classes[
            "segment"
        ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoding": "cp1253x"}, "an encoding is one that Python knows; got 'cp1253x'"),
        ({"encoding": "hex"}, "an encoding is one that Python knows"),
        ({"encoding": "a\0b"}, "an encoding is one that Python knows"),
        ({"encoding": "\udcff"}, "an encoding is one that Python knows"),
        ({"encoding": ""}, "an encoding is one that Python knows"),
        ({"encoding": "ascii"}, "one encoding; got byte 0xc3, which is not ascii"),
        ({"encoding": "utf-16"}, "one encoding; got "),
        ({"encoding": "idna"}, "one encoding; got |rows are fields|a table needs"),
        ({"sep": ";;"}, "a separator is one character .*; got ';;'"),
        ({"sep": ""}, "a separator is one character"),
        ({"sep": '"'}, "a separator is one character"),
        ({"sep": "a"}, "a separator is one character"),
        ({"sep": "\n"}, "a separator is one character"),
        ({"decimal": ";"}, "a decimal mark is a point or a comma; got ';'"),
        ({"decimal": ",", "sep": ","}, "the separator and the decimal mark differ; got ',' for both"),
        ({"decimal": ","}, "the separator and the decimal mark differ; got ',' for both"),
        ({"sheet": "a"}, "--sheet is for Excel's files; got 'a' for 't.csv'. Leave --sheet out."),
    ],
)
def test_wrong_options_are_told_in_one_line(tmp_path, options, message):
    path = _write(tmp_path / "t.csv", csv_text(_given()), "utf-8")
    with pytest.raises(InputError, match=message) as raised:
        read(path, tasks=TASKS, **options)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(("option", "value"), [("sep", ";"), ("decimal", ","), ("encoding", "utf-8")])
def test_options_of_text_files_are_for_text_files(tmp_path, option, value):
    np.savez(tmp_path / "t.npz", a=np.zeros(ROWS))
    with pytest.raises(InputError, match=f"--{option} is for text files"):
        read(tmp_path / "t.npz", tasks=["a"], **{option: value})
