"""Excel workbooks: the same table as from a text file, the limits of size, and one line for every bad file."""

import datetime
import io
import zipfile

import numpy as np
import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.tables import _excel, _limits, _streamed, read
from sharedtrunk.tables._column import Column
from sharedtrunk.tables._missing import USUAL
from tables_problems import ROWS, columns, write_csv

openpyxl = pytest.importorskip("openpyxl")

TASKS = ("churned", "segment")


def write_excel(path, table, *, sheet="Visits", before=()):
    """A workbook with this table in one of its sheets; `before`: sheets in front of it."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name in before:
        workbook.create_sheet(name)["B2"] = "notes"
    lines = workbook.create_sheet(sheet)
    for row in [list(table), *zip(*table.values(), strict=True)]:
        lines.append(row)
    workbook.save(path)
    return path


@pytest.mark.parametrize("rows", [None, 35])
@pytest.mark.parametrize("ending", ["xlsx", "xlsm"])
def test_a_workbook_gives_the_table_of_the_text_file(tmp_path, rows, ending, monkeypatch):
    monkeypatch.setattr(_streamed, "PIECE", 7)
    given = columns()
    table = read(write_excel(tmp_path / f"t.{ending}", given), tasks=TASKS, rows=rows, seed=3)
    plain = read(write_csv(tmp_path / "t.csv", given), tasks=TASKS, rows=rows, seed=3)
    np.testing.assert_array_equal(table.features, plain.features)
    assert (table.feature_names, table.classes, table.notes) == (plain.feature_names, plain.classes, plain.notes)
    assert [type(name) for name in table.classes["segment"]] == [int] * 3
    for task in TASKS:
        np.testing.assert_array_equal(table.labels[task], plain.labels[task])


def test_gaps_errors_and_numbers_written_as_text(tmp_path):
    given = columns()
    given["churned"][:5] = [None, "", "#N/A", "#DIV/0!", "  "]
    given["segment"][:2] = [None, "#VALUE!"]
    given["age"] = [str(value) if i % 3 else value for i, value in enumerate(given["age"])]
    given["flag"] = [i % 2 == 0 for i in range(ROWS)]
    given["code"] = ["01", "1", 1, "x"] * (ROWS // 4)
    table = read(write_excel(tmp_path / "t.xlsx", given), tasks=[*TASKS, "code"], drop=["colour"])
    assert table.feature_names == ("age", "income", "flag")
    np.testing.assert_array_equal(table.features[:, 0], columns()["age"])
    np.testing.assert_array_equal(table.features[:, 2], given["flag"])
    assert (table.labels["churned"][:5] == -1).all()
    assert (table.labels["segment"][:2] == -1).all()
    # A number and the same number as text are one class; a text that is spelled otherwise is another.
    assert table.classes["code"] == ("01", "1", "x")
    assert any("'churned': 1 cell '#DIV/0!' and 1 cell '#N/A'" in note or "#DIV/0!" in note for note in table.notes)


def test_dates_stay_dates(tmp_path, monkeypatch):
    seen = {}

    def column(name, values, texts):
        seen[name] = values.tolist()
        return Column(name, np.arange(len(values)) ** 2 % 17, np.zeros(len(values), bool))

    monkeypatch.setattr(_excel, "column", column)
    days = [datetime.datetime(2024, 1, 1 + i % 28, i % 5) for i in range(ROWS)]
    given = {"when": days, "gaps": [None, *days[1:]], "y": ["a", "b"] * (ROWS // 2)}
    read(write_excel(tmp_path / "t.xlsx", given), tasks=["y"])
    assert seen["when"] == days
    assert seen["gaps"] == given["gaps"]


def test_cells_of_a_column_without_texts_are_not_read_as_text():
    cells = _excel.CellColumn("a", label=False, missing=USUAL)
    cells.add([1, 2.5, None])
    cells.add([True, -3])
    assert cells.finish().values.tolist() == [1.0, 2.5, 0.0, 1.0, -3.0]


def test_sheets(tmp_path):
    path = write_excel(tmp_path / "t.xlsx", columns(), before=["Read me"])
    assert "age" in read(path, tasks=TASKS, sheet="Visits").feature_names
    with pytest.raises(
        InputError, match=r"a sheet is one of the file's; got 'Visit', which is not one. Did you mean 'Visits'\?"
    ):
        read(path, tasks=TASKS, sheet="Visit")
    with pytest.raises(InputError, match="tasks are columns of the table; got 'churned', which is not one"):
        read(path, tasks=TASKS)  # the first sheet


def test_blank_rows_and_columns_around_the_table_do_not_count(tmp_path):
    workbook = openpyxl.Workbook()
    given = {"": range(ROWS), **columns()}
    lines = [list(given), *zip(*given.values(), strict=True)]
    for row, line in enumerate(lines):
        for place, cell in enumerate(line):
            workbook.active.cell(3 + 2 * row, 1 + place, cell or None if isinstance(cell, str) else cell)
    workbook.active["J9"] = " "
    workbook.save(tmp_path / "t.xlsx")
    table = read(tmp_path / "t.xlsx", tasks=TASKS, drop=["colour"])
    assert table.feature_names == ("age", "income")
    assert any("counts the rows: 'column 1'" in note for note in table.notes)
    workbook.active["J9"] = "a remark"
    workbook.save(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match="every cell has a column name above it; got a cell in column 10 of row 9 of"):
        read(tmp_path / "t.xlsx", tasks=TASKS)


def test_repeated_names_and_empty_sheets_are_told(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.save(tmp_path / "empty.xlsx")
    with pytest.raises(InputError, match="a header and rows; got the empty sheet 'Sheet', in"):
        read(tmp_path / "empty.xlsx", tasks=TASKS)
    workbook.active.append(["a", "a", "y"])
    workbook.save(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match="columns have different names; got 'a' more than once"):
        read(tmp_path / "t.xlsx", tasks=["y"])
    workbook.active["B1"] = "b"
    workbook.save(tmp_path / "t.xlsx")
    with pytest.raises(InputError, match="a table needs rows; got column names only"):
        read(tmp_path / "t.xlsx", tasks=["y"])


def test_limits_of_size_hold_while_a_sheet_is_read(tmp_path, monkeypatch):
    path = write_excel(tmp_path / "t.xlsx", columns(400))
    monkeypatch.setattr(_limits, "MOST_BYTES", 8 * 3 * 400)
    monkeypatch.setattr(_streamed, "PIECE", 50)
    monkeypatch.setattr(_excel, "_SHEETS", "")  # the few bytes of styles are more than this limit
    with pytest.raises(InputError, match=r"of numbers; got .*--rows N"):
        read(path, tasks=TASKS)
    assert len(read(path, tasks=TASKS, rows=60).features) == 60
    with pytest.raises(InputError, match=r"of numbers; got .*smaller --rows N"):
        read(path, tasks=TASKS, rows=300)


def test_an_archive_of_endless_texts_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(_limits, "MOST_BYTES", 2**22)
    path = write_excel(tmp_path / "t.xlsx", columns())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/more.xml", bytes(2**22))
    assert path.stat().st_size < 2**15
    with pytest.raises(InputError, match=r"a table holds at most .* of numbers; got .* save the table as CSV"):
        read(path, tasks=TASKS)


def test_a_row_far_below_the_last_does_not_count_to_it(tmp_path):
    source = write_excel(tmp_path / "s.xlsx", columns())
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(tmp_path / "t.xlsx", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(f'r="{ROWS + 1}"'.encode(), b'r="999999999999"', 1))
    assert len(read(tmp_path / "t.xlsx", tasks=TASKS).features) == ROWS - 1


def test_bad_workbooks_are_told_in_one_line(tmp_path):
    whole = write_excel(tmp_path / "t.xlsx", columns()).read_bytes()
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("a.txt", "a")
    for content in (b"PK\x03\x04", b"age,churned", whole[: len(whole) // 2], whole[:-30], other.getvalue()):
        (tmp_path / "bad.xlsx").write_bytes(content)
        with pytest.raises(InputError, match=r"an \.xlsx file is an Excel workbook; got") as raised:
            read(tmp_path / "bad.xlsx", tasks=TASKS)
        assert str(raised.value).isprintable()


def test_without_openpyxl_the_way_out_is_told(tmp_path, monkeypatch):
    path = write_excel(tmp_path / "t.xlsx", columns())
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"no openpyxl here. Install it: pip install 'sharedtrunk\[excel\]'"):
        read(path, tasks=TASKS)


@pytest.mark.parametrize(("option", "value"), [("sep", ";"), ("decimal", ","), ("encoding", "utf-8")])
def test_options_of_text_files_are_refused(tmp_path, option, value):
    with pytest.raises(InputError, match=f"--{option} is for text files"):
        read(write_excel(tmp_path / "t.xlsx", columns()), tasks=TASKS, **{option: value})
