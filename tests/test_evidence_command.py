"""``freehold evidence``: exit statuses, the words, and what works without the extra."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from freehold.cli import main
from freehold.report.schemas import json_schema
from freehold.respond.evidence_keys import SigningKey, make_key
from freehold.respond.evidence_log import EvidenceLog

SRC = str(Path(__file__).parent.parent / "src")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two logs and the key of the first."""
    monkeypatch.chdir(tmp_path)
    key = make_key("key")
    with EvidenceLog.open("evidence-desk.jsonl", key, clock=lambda: 1_800_000_000.0) as log:
        log.append("incident.declared", {"incident": "I-1", "level": "red"}, key="I-1/declared")
        log.append("incident.closed", {"incident": "I-1"})
    with EvidenceLog.open("evidence-gateway.jsonl", SigningKey.new()) as log:
        log.append("breaker.opened", {"upstream": "a"})
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], status: int, *words: str) -> str:
    assert main(["evidence", *words]) == status
    told = capsys.readouterr()
    return " ".join((told.out + told.err).split())


def test_a_sound_log_exits_0_and_one_that_was_changed_exits_1_with_the_place(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, 0, "verify", "evidence-desk.jsonl", "--key", "key.pub")
    assert "evidence-desk.jsonl is sound" in told
    assert "4 entries and 1 signed root" in told
    assert "with the key that was given" in told
    assert "the key that the log itself names" in said(capsys, 0, "verify", "evidence-desk.jsonl")
    log = folder / "evidence-desk.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"level":"red"', b'"level":"Red"'))
    told = said(capsys, 1, "verify", "evidence-desk.jsonl")
    assert "is NOT what was written" in told
    assert "2 2 the entry was changed" in told
    assert said(capsys, 1, "verify", "evidence-desk.jsonl", "--no-signatures")
    assert "no file holds" not in told


def test_a_log_under_way_says_when_its_next_root_is_signed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with EvidenceLog.open("evidence-new.jsonl", SigningKey.new()) as log:
        log.append("breaker.opened", {"upstream": "a"})
        log.flush()
        told = said(capsys, 0, "verify", "evidence-new.jsonl")
    assert "0 signed roots" in told
    assert "signs the next root over them after 1,000 entries or a minute, whichever comes first, and when it ends" in told
    assert "next root" not in said(capsys, 0, "verify", "evidence-new.jsonl")
    defaults = inspect.signature(EvidenceLog.open).parameters
    assert (defaults["root_every"].default, defaults["root_seconds"].default) == (1000, 60.0)
    assert folder.is_dir()


def test_a_folder_means_every_log_in_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, 0, "verify", ".")
    assert "All 2 logs are sound" in told
    assert told.index("evidence-desk.jsonl") < told.index("evidence-gateway.jsonl")
    told = said(capsys, 1, "verify", ".", "--key", "key.pub")
    assert "1 of 2 logs are NOT what was written" in told
    (folder / "empty").mkdir()
    assert "no evidence*.jsonl is in this folder" in said(capsys, 2, "verify", "empty")


def test_answers_for_programs_have_the_form_that_their_schemas_state(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("verify", "."), ("show", "evidence-desk.jsonl")):
        assert main(["evidence", *words, "--format", "json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert not list(Draft202012Validator(json_schema(f"evidence {words[0]}")).iter_errors(answer))
    assert [one["kind"] for one in answer["entries"]] == ["genesis", "incident.declared", "incident.closed", "root"]
    assert answer["entries"][1]["body"] == {"incident": "I-1", "level": "red"}
    (folder / "evidence-desk.jsonl").write_bytes(b"rubbish\n")
    assert main(["evidence", "verify", "evidence-desk.jsonl", "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert not list(Draft202012Validator(json_schema("evidence verify")).iter_errors(answer))
    assert main(["evidence", "verify", ".", "--format", "csv"]) == 1
    assert "evidence-desk.jsonl,no,0,0,1," in capsys.readouterr().out


def test_entries_are_shown_as_a_time_line_from_where_and_of_which_kind_is_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, 0, "show", "evidence-desk.jsonl")
    assert "2 2027-01-15 08:00:00.000 incident.declared incident I-1, level red" in told
    assert "the log begins, form 1" in told
    assert "signed root over 3 entries (close)" in told
    told = said(capsys, 0, "show", "evidence-desk.jsonl", "--since", "3", "--kind", "incident.closed", "--kind", "root")
    assert "incident.closed" in told
    assert "incident.declared" not in told
    assert "3 more that match stand before these" in said(capsys, 0, "show", "evidence-desk.jsonl", "--most", "1")
    with (folder / "evidence-desk.jsonl").open("ab") as file:
        file.write(b'{"number":5,"kind":"x","at":"","key":"","body":"\\u001b[31m"}\n[]\n' + b"[" * 10_000)
    told = said(capsys, 0, "show", "evidence-desk.jsonl")
    assert "2 lines are no entries" in told
    assert "\x1b" not in told


def test_an_anchor_kept_elsewhere_shows_that_the_end_was_cut_off(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "2 anchors appended" in said(capsys, 0, "anchor", ".", "-o", "kept")
    assert "0 anchors appended" in said(capsys, 0, "anchor", ".", "-o", "kept")
    assert "The anchors vouch for the first 3 entries" in said(capsys, 0, "verify", ".", "--anchor", "kept")
    log = folder / "evidence-desk.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:2]))
    assert "is sound" in said(capsys, 0, "verify", "evidence-desk.jsonl")
    assert "its end was cut off" in said(capsys, 1, "verify", "evidence-desk.jsonl", "--anchor", "kept")
    assert json.loads(said(capsys, 0, "anchor", "evidence-gateway.jsonl"))["root_entry"]["kind"] == "root"


def test_a_proof_holds_away_from_its_log_and_not_when_it_was_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "entry 2 of evidence-desk.jsonl is in the tree of 3" in said(
        capsys, 0, "prove", "evidence-desk.jsonl", "2", "-o", "proof.json"
    )
    (folder / "evidence-desk.jsonl").unlink()
    assert "The proof holds: entry 2" in said(capsys, 0, "prove", "--check", "proof.json", "--key", "key.pub")
    proof = folder / "proof.json"
    proof.write_bytes(proof.read_bytes().replace(b"red", b"Red"))
    assert "does NOT hold: the entry was changed" in said(capsys, 1, "prove", "--check", "proof.json")
    proof.write_bytes(b"rubbish")
    assert "this is no proof" in said(capsys, 2, "prove", "--check", "proof.json")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("verify", "nowhere.jsonl"), "cannot be read"), (("show", "nowhere.jsonl"), "cannot be read"),
        (("show", "evidence-desk.jsonl", "--most", "0"), "from 1 on"), (("anchor", "key.pub"), "no signed root"),
        (("prove",), "NUMBER"), (("prove", "evidence-desk.jsonl"), "NUMBER"),
        (("prove", "evidence-desk.jsonl", "99"), "entries 1 to 3"),
        (("prove", "evidence-desk.jsonl", "1", "--key", "k"), "--check"),
        (("prove", "evidence-desk.jsonl", "1", "--check", "p"), "Leave LOG"),
        (("verify", ".", "--key", "nowhere"), "cannot be read"), (("verify", ".", "--key", "key"), "this is a private key"),
        (("verify", ".", "--key", "evidence-gateway.jsonl"), "no public key"),
        (("verify", ".", "--anchor", "key.pub"), "no anchor"), (("verify", ".", "--anchor", "nowhere"), "cannot be read"),
        (("verify", ".", "--no-signatures", "--key", "key.pub"), "Leave one of them out"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("folder")
def test_bad_usage_exits_2_with_the_mend(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told in said(capsys, 2, *words)


WITHOUT = """
import sys
sys.modules["cryptography"] = None
from freehold.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.usefixtures("folder")
def test_without_the_extra_the_chain_can_be_followed_and_signatures_are_asked_for_in_one_sentence() -> None:
    def run(*words: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT, "evidence", *words], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": SRC},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    status, _, error = run("verify", ".")
    assert status == 2
    assert "freehold[watch]" in error
    assert error.count("\n") == 1
    status, out, _ = run("verify", ".", "--no-signatures")
    assert (status, "Signatures were not checked" in " ".join(out.split())) == (0, True)
    assert run("show", "evidence-desk.jsonl")[0] == run("anchor", ".")[0] == run("prove", "evidence-desk.jsonl", "2")[0] == 0
    assert run("prove", "--check", "nowhere")[0] == 2
