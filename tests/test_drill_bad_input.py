"""What a drill is given and cannot use: refused before anything runs, with the mend, and nothing that was found is lost."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from freehold.catalogue.hosts import clean_host
from freehold.cli import main
from freehold.drill.journal import find, records
from freehold.drill.network_tables import load_asn_table
from freehold.drill.output import opened_log
from freehold.drill.shapes import shape_from
from freehold.drill.working_tree import command_digest
from freehold.errors import DrillError, TooLarge, Unreadable, UsageError
from freehold.whole_file import read_bounded


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.mark.parametrize(
    "shape",
    ["http:" + "9" * 5000, "http:٤٥١", "slow:" + "9" * 400 + "s", "slow:" + "9" * 400 + "MB/s", "slow:1." + "0" * 400 + "s"],
)
def test_a_shape_with_a_number_beyond_all_bounds_is_none(shape: str) -> None:
    with pytest.raises(UsageError):
        shape_from(shape)


def test_a_system_with_thousands_of_digits_is_a_bad_row_of_a_table(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"192.0.2.0,192.0.2.255,{'9' * 5000},Example\n2001:db8::,2001:db8::1,64496,Example\n")
    with pytest.raises(Unreadable, match="line 1"):
        load_asn_table([table])


def test_a_table_that_is_a_pipe_is_not_waited_for_and_one_without_an_end_is_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unreadable, match="no range"):
        load_asn_table([tmp_path / "pipe"])
    monkeypatch.setattr("freehold.drill.network_tables.MOST_BYTES", 1000)
    with pytest.raises(TooLarge):
        load_asn_table(["/dev/zero"])


def test_a_file_is_read_to_its_bound_and_one_byte_more(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert [read_bounded(tmp_path / "file", most) for most in (0, 4, 5, 9)] == [b"1", b"12345", b"12345", b"12345"]
    with pytest.raises(OSError, match="No such file"):
        read_bounded(tmp_path / "other", 1)
    with pytest.raises(IsADirectoryError):
        read_bounded(tmp_path, 1)


def test_a_log_that_is_a_pipe_without_a_reader_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DrillError, match="cannot be kept there"):
        opened_log(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with opened_log(tmp_path / "pipe") as log:
        log.write(b"heard")
        assert os.read(reader, 100) == b"heard"
    os.close(reader)


def test_a_command_with_bytes_that_are_no_text_has_a_digest() -> None:
    assert command_digest(["sh", "\udcff"], "") == command_digest(["sh", "\ufffd" * 3], "")
    assert command_digest(["\ud800"], "") != command_digest(["sh"], "")
    assert len(command_digest(["a" * 2_000_000], "")) == 64


@pytest.mark.parametrize("text", ["\udcff", "a.\ud800.example", "ü\udcff.example"])
def test_half_a_character_is_in_no_host(text: str) -> None:
    with pytest.raises(ValueError, match="valid host"):
        clean_host(text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--host a.example --stands-for nothing -- true", "--stands-for: there is no stack"),
        ("--host a.example --shape http:451 --certificate table.csv --key table.csv -- true", "cannot be used"),
        ("--host a.example --shape http:451 --certificate pipe --key pipe -- true", "is no file"),
        ("--host a.example --asn-table pipe -- true", "no range"),
        ("--host a.example --country-table pipe -- true", "no range"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_runs(
    arguments: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("table.csv").write_text("x")
    os.mkfifo("pipe")
    assert main(["drill", *shlex.split(arguments)]) == 2
    assert said in capsys.readouterr().err
    assert not Path(".freehold").exists()


def test_a_file_that_is_no_record_is_no_folder_of_records_either(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("x")
    assert main(["drill", "score", "file"]) == 2
    assert "file is no JSON" in capsys.readouterr().err
    with pytest.raises(DrillError):
        find("last", "file")
    with pytest.raises(DrillError):
        find("last", tmp_path / ("a" * 5000))
    assert list(records("nowhere")) == []


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_closed_streams_are_no_defect_and_nothing_else_is_taken_for_them(closed: tuple[int, ...], tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        f"for one in {closed}: os.close(one)\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'freehold', 'drill', 'score', 'none', '-o', 'answer.json'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "answer.json").read_text().startswith("{")
