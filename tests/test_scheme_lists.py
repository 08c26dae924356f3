"""Lists and stated ratios: what is read of them, and what is refused with file, row, column and mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from freehold.errors import BadAnswers, FreeholdError, ReadError, UsageError
from freehold.schemes.amounts_file import read_amounts
from freehold.schemes.interface import Amount
from freehold.schemes.lists_file import read_lists

LIST = """name,kind,level,valid_until,applicant
Kirin X90,cpu,II,2028-03-13,Shenzhen HiSilicon
Loongson 3C6000,cpu,II,2028-03-13,Loongson
"""

AMOUNT = """
[amount."ratio.place"]
numerator = 22.7
denominator = 143.4
unit = "bn USD"
year = "2020"
basis = "made on the territory, by anybody; no mark-up"
source = "IC Insights, January 2021"
"""


def written(folder: Path, text: str | bytes, name: str = "secure-and-reliable.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_list_is_called_as_its_file_is_and_read_by_name_and_id(tmp_path: Path) -> None:
    found = read_lists([written(tmp_path, LIST), written(tmp_path, "id,threshold\nPKG:x,0.6\n", "thresholds.csv")])
    assert set(found) == {"secure-and-reliable", "thresholds"}
    assert found["secure-and-reliable"]["kirin x90"]["level"] == "II"
    assert found["thresholds"]["pkg:x"]["threshold"] == "0.6"


def test_a_list_may_have_a_mark_of_order_blank_lines_and_guarded_cells(tmp_path: Path) -> None:
    found = read_lists([written(tmp_path, "\ufeffName,Level\n\n'=1+1,I\n")])
    assert found["secure-and-reliable"]["=1+1"]["level"] == "I"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("nam,level\nx,I\n", "Did you mean 'name'?"),
        ("name,name\nx,y\n", "stands twice"),
        ("level\nI\n", "name"),
        ("name,level\n,I\n", "Give the name of the product"),
        ("name,level\nx,I\nX,II\n", "'X' stands twice"),
        ("name,level\nx,I,more\n", "has 3 cells under 2 columns"),
        ("name,valid_until\nx,13.3.2028\n", "Write YYYY, YYYY-MM or YYYY-MM-DD"),
        ("name,valid_until\nx,2028-13\n", "Write YYYY"),
        ("name,threshold\nx,60\n", "Write 0.6 for 60 %"),
        ("name,threshold\nx,nan\n", "no number from 0 to 1"),
        ("name,threshold\nx,inf\n", "no number from 0 to 1"),
        ("name,level\n" + "x" * 600 + ",I\n", "too long"),
        ("name,level\nx\x07y,I\n", "control character"),
        ('name,level\n"x,I\n', "is not CSV"),
    ],
)
def test_what_is_wrong_with_a_list_is_said_with_its_mend(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadAnswers) as error:
        read_lists([path])
    assert said in str(error.value)
    assert path.name in str(error.value)


def test_every_mistake_of_a_list_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadAnswers) as error:
        read_lists([written(tmp_path, "name,threshold,valid_until\na,2,x\nb,0.5,2027\nc,x,\n")])
    assert [(finding.row, finding.column) for finding in error.value.findings] == [
        (2, "valid_until"), (2, "threshold"), (4, "threshold"),
    ]  # fmt: skip


def test_lists_of_one_name_or_another_ending_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(UsageError, match="two lists are called"):
        read_lists([written(tmp_path, LIST), written(other, LIST)])
    with pytest.raises(UsageError, match="a list is a CSV file"):
        read_lists([written(tmp_path, LIST, "list.xlsx")])
    with pytest.raises(ReadError):
        read_lists([tmp_path / "nowhere.csv"])
    with pytest.raises(ReadError, match="UTF-8"):
        read_lists([written(tmp_path, b"name\n\xff\n")])


def test_a_ratio_is_stated_with_all_that_it_rests_on(tmp_path: Path) -> None:
    found = read_amounts([written(tmp_path, '"SOV-1.1" = "b"\n' + AMOUNT, "answers.toml")])
    basis = "made on the territory, by anybody; no mark-up"
    assert found == {"ratio.place": Amount(22.7, 143.4, "bn USD", "2020", basis, "IC Insights, January 2021")}
    assert read_amounts([written(tmp_path, "factor,answer\n", "answers.csv")]) == {}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("denominator = 143.4", "denominator = 0", "is 0"),
        ("denominator = 143.4\n", "", "denominator"),
        ("numerator = 22.7", "numerator = nan", "is no number"),
        ("numerator = 22.7", "numerator = -1", "is no number"),
        ("numerator = 22.7", "numerator = inf", "is no number"),
        ('unit = "bn USD"\n', "", "unit"),
        ('basis = "made on the territory, by anybody; no mark-up"\n', "", "basis"),
        ('year = "2020"', "yeer = '2020'", "Did you mean 'year'?"),
        ('[amount."ratio.place"]', "[amount.ratio.place]", "is not known here"),
        ('[amount."ratio.place"]', '[amount."ratio.plase"]', "Did you mean 'ratio.place'?"),
        ('[amount."ratio.place"]', "[[amount]]", "is not a table"),
        ("numerator = 22.7", "numerator = ", "is not TOML"),
    ],
)
def test_a_ratio_that_leaves_something_out_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = written(tmp_path, AMOUNT.replace(old, new), "answers.toml")
    with pytest.raises(FreeholdError) as error:
        read_amounts([path], ["ratio.place"])
    assert said in str(error.value)
    assert "answers.toml" in str(error.value)


def test_a_ratio_that_two_files_state_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAnswers, match="is stated twice"):
        read_amounts([written(tmp_path, AMOUNT, "a.toml"), written(tmp_path, AMOUNT, "b.toml")])
