"""Verification finds every change, and says where; it is shown every change there can be to a small log."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.canonical import canonical, parse
from freehold.errors import EvidenceError
from freehold.respond.digests import Salts, digest, is_digest_of
from freehold.respond.evidence_anchor import anchor_line, append_anchor, read_anchors
from freehold.respond.evidence_form import MOST_LINE
from freehold.respond.evidence_keys import SigningKey
from freehold.respond.evidence_log import EvidenceLog
from freehold.respond.evidence_proof import Prover, flaw_of_proof
from freehold.respond.evidence_verify import Anchor, Verification, verify, verify_lines

KEY = SigningKey.new()


@pytest.fixture(scope="module")
def log_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small log with everything in it: entries, keys, a clock that went back, roots, and entries after the last root."""
    path, times = tmp_path_factory.mktemp("log") / "evidence.jsonl", iter([5.0, 6.0, 3.0, 7.5, 8.0, 9.0, 10.0, 11.0])
    log = EvidenceLog.open(path, KEY, clock=lambda: next(times))
    log.append("one", {"n": 1, "text": 'ü \n " €'})
    log.append("two", {"list": [1.5, None, True, {"deep": {}}]}, key="k-2")
    log.seal()
    log.append("three", {}, key="k-3")
    log.seal()
    log.append("four", {"end": "of it"})
    log.flush()
    log._release()
    return path


@pytest.fixture(scope="module")
def lines(log_path: Path) -> list[bytes]:
    return log_path.read_bytes().splitlines(keepends=True)


def judged(lines: Iterable[bytes], **how: Any) -> Verification:
    return verify_lines(lines, "log", how.pop("public_key", KEY.public), **how)


def split(content: bytes) -> list[bytes]:
    """Lines as a reader gets them: ended by line feeds alone."""
    parts = content.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def test_a_sound_log_is_sound_and_says_what_vouches_for_it(log_path: Path) -> None:
    found = verify(log_path, KEY.public)
    assert found.is_sound
    assert (found.entries, found.roots, found.covered, found.after_last_root) == (7, 2, 6, 1)
    assert (found.first, found.last) == ("1970-01-01T00:00:05.000Z", "1970-01-01T00:00:10.000Z")
    assert (found.key_was_given, found.anchors, found.public_key) == (True, None, KEY.public.hex())
    own = verify(log_path)
    assert (own.is_sound, own.key_was_given, own.covered) == (True, False, 6)
    chain = verify(log_path, signatures=False)
    assert (chain.is_sound, chain.signatures_checked, chain.covered) == (True, False, 0)


@pytest.mark.slow
def test_every_byte_changed_in_any_of_many_ways_is_found(lines: list[bytes]) -> None:
    content = b"".join(lines)
    for place, byte in enumerate(content):
        for new in {byte ^ 1, byte ^ 2, byte ^ 0x20, byte ^ 0x80, 0, 10, 0x20, 0x22, 0x30, 0xFF} - {byte}:
            found = judged(split(content[:place] + bytes([new]) + content[place + 1 :]))
            assert found.flaws, f"byte {place} from {byte} to {new}"


def test_a_change_is_found_on_its_line(lines: list[bytes]) -> None:
    for number, line in enumerate(lines, 1):
        for place in range(0, len(line) - 1, 7):
            changed = line[:place] + bytes([line[place] ^ 1]) + line[place + 1 :]
            found = judged([*lines[: number - 1], *split(changed), *lines[number:]])
            assert found.flaws[0].line == number


@pytest.mark.slow
def test_every_byte_missing_or_inserted_is_found(lines: list[bytes]) -> None:
    content = b"".join(lines)
    for place in range(len(content)):
        assert judged(split(content[:place] + content[place + 1 :])).flaws, f"without byte {place}"
        for new in (b" ", b"0", b"\n", b"\0", content[place : place + 1]):
            assert judged(split(content[:place] + new + content[place:])).flaws, f"with {new!r} before byte {place}"
    for more in (b" ", b"\n", b"\0", b"{}", b"{}\n"):
        assert judged(split(content + more)).flaws, f"with {more!r} at the end"


def test_every_line_dropped_swapped_or_twice_is_found_but_the_end_cut_off(lines: list[bytes]) -> None:
    for one in range(len(lines)):
        without = judged([*lines[:one], *lines[one + 1 :]])
        if one < len(lines) - 1:
            assert without.flaws[0].line == one + 1
            assert "missing" in without.flaws[0].problem
        else:
            assert without.is_sound, "only an anchor shows that the end was cut off"
        for at in range(len(lines) + 1):
            twice = judged([*lines[:at], lines[one], *lines[at:]])
            assert twice.flaws, f"line {one + 1} once more before line {at + 1}"
        for other in range(one):
            swapped = list(lines)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            assert judged(swapped).flaws, f"lines {other + 1} and {one + 1} swapped"


def test_the_place_and_the_reason_are_told(lines: list[bytes]) -> None:
    def told(changed: list[bytes], **how: Any) -> list[tuple[int, int | None, str]]:
        return [(flaw.line, flaw.entry, flaw.problem) for flaw in judged(changed, **how).flaws]

    spaced = lines[1].replace(b'"n":1', b'"n": 1')
    assert told([lines[0], spaced, *lines[2:]]) == [(2, 2, "the line is not written in canonical form")]
    twice = lines[1].replace(b'"n":1', b'"n":0,"n":1')
    assert told([lines[0], twice, *lines[2:]])[0][2] == "the line is not written in canonical form"
    changed = lines[1].replace(b'"n":1', b'"n":2')
    first, second = told([lines[0], changed, *lines[2:]])
    assert first == (2, 2, "the entry was changed: its hash is not that of its content")
    assert second[:2] == (4, 4)
    assert "root is over other entries" in second[2]
    assert told([*lines[:1], *lines[3:]])[0] == (2, 4, "entries 2 to 3 are missing before it")
    assert told([*lines[:6], lines[5]])[0] == (7, 6, "entry 6 stands after entry 6: out of order, or there twice")
    assert told([*lines, lines[0][:10]])[0][:2] == (8, None)
    assert "10 bytes without a line feed end the log" in told([*lines, lines[0][:10]])[0][2]
    assert told([]) == [(0, None, "the log is empty")]
    other = SigningKey.new().public
    assert "was expected" in told(lines, public_key=other)[0][2]
    long = told([lines[0], b"x" * MOST_LINE, *lines[1:]])
    assert long[0] == (2, None, "the line is longer than an entry can be")
    many = judged([lines[0], *[b"rubbish\n"] * 250])
    assert (len(many.flaws), many.more_flaws) == (100, 150)


# Forgeries: what someone writes who knows the form and has no key, or another one


def rewritten(entries: Iterable[dict[str, Any]]) -> list[bytes]:
    """Number, chain and hash entries anew, as anyone can."""
    previous, made = "0" * 64, []
    for number, entry in enumerate(entries, 1):
        bare = {name: value for name, value in entry.items() if name != "hash"} | {"number": number, "previous": previous}
        previous = sha256(b"freehold evidence entry 1\n" + canonical(bare)).hexdigest()
        made.append(canonical(bare | {"hash": previous}) + b"\n")
    return made


def test_the_whole_chain_calculated_anew_does_not_get_past_a_signed_root(lines: list[bytes]) -> None:
    entries: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert rewritten(entries) == lines
    for victim in range(1, 6):
        changed = [dict(entry) for entry in entries]
        changed[victim]["key"] = "forged"
        assert judged(rewritten(changed)).flaws, victim
    less = rewritten([*entries[:1], *entries[2:]])
    assert any("not one over all entries" in flaw.problem for flaw in judged(less).flaws)


def test_after_the_last_root_a_forged_chain_shows_only_as_what_the_verdict_says_rests_on_the_chain_alone(
    lines: list[bytes],
) -> None:
    entries = [json.loads(line) for line in lines]
    entries[-1]["body"] = {"end": "another one"}
    found = judged(rewritten(entries))
    assert (found.is_sound, found.after_last_root) == (True, 1)


def test_a_log_written_anew_with_another_key_shows_beside_the_key_or_an_anchor(tmp_path: Path, log_path: Path) -> None:
    forger = SigningKey.new()
    with EvidenceLog.open(tmp_path / "forged.jsonl", forger) as log:
        for _ in range(6):
            log.append("nothing.happened", {})
    assert verify(tmp_path / "forged.jsonl").is_sound
    assert "was expected" in verify(tmp_path / "forged.jsonl", KEY.public).flaws[0].problem
    append_anchor(tmp_path / "anchors", [anchor_line(log_path)])
    found = verify(tmp_path / "forged.jsonl", anchors=read_anchors(tmp_path / "anchors"))
    assert [flaw.line for flaw in found.flaws] == [0]
    assert "no anchor is of this log" in found.flaws[0].problem


def test_a_root_by_another_key_is_found(lines: list[bytes]) -> None:
    entries = [json.loads(line) for line in lines[:4]]
    body = {name: value for name, value in entries[3]["body"].items() if name != "signature"}
    said = {name: value for name, value in entries[3].items() if name != "hash"} | {"body": body}
    message = b"freehold evidence root 1\n" + canonical(said)
    entries[3]["body"] = body | {"signature": SigningKey.new().sign(message).hex()}
    assert [flaw.problem for flaw in judged(rewritten(entries)).flaws] == ["the root's signature is not one by the log's key"]
    entries[3]["body"] = body | {"signature": KEY.sign(message).hex()}
    assert judged(rewritten(entries)).is_sound


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("number", True), ("number", 0), ("number", "2"), ("number", 1.5), ("at", "yesterday"), ("at", 5), ("body", []),
        ("kind", "Upper Case"), ("kind", None), ("key", None), ("key", "k" * 201), ("hash", "ABC"), ("previous", 0),
        ("at", "1970-01-01T00:00:04.000Z"), ("clock", "1999-01-01T00:00:00.000Z"), ("clock", 5), ("kind", "genesis"),
    ],
)  # fmt: skip
def test_an_entry_of_the_wrong_form_is_found_though_its_hash_is_right(lines: list[bytes], member: str, value: Any) -> None:
    entries = [json.loads(line) for line in lines[:2]]
    entries[1][member] = value
    as_given = [lines[0], canonical(entries[1]) + b"\n"]
    made = as_given if member in ("number", "previous", "hash") else rewritten(entries)
    assert judged(made).flaws[0].line == 2


# Anchors


def test_an_anchor_shows_that_the_end_was_cut_off(tmp_path: Path) -> None:
    path, anchors = tmp_path / "evidence.jsonl", tmp_path / "anchors"
    for _ in range(3):
        with EvidenceLog.open(path, KEY) as log:
            log.append("one", {})
        assert append_anchor(anchors, [anchor_line(path)]) == 1
    assert append_anchor(anchors, [anchor_line(path)]) == 0
    held = read_anchors(anchors)
    assert [one.size for one in held] == [2, 4, 6]
    whole = verify(path, anchors=held)
    assert (whole.is_sound, whole.anchors, whole.anchored) == (True, 3, 6)
    lines = path.read_bytes().splitlines(keepends=True)
    for left in range(1, 6):
        cut = judged(lines[:left], anchors=held)
        assert cut.flaws[-1].line == 0
        assert "its end was cut off" in cut.flaws[-1].problem
    assert judged(lines[:6], anchors=held).is_sound, "the root itself is not among the entries that it is over"
    assert judged(lines[:5]).is_sound, "without an anchor nobody can know"
    entries = [json.loads(line) for line in lines[:2]]
    entries[1]["kind"] = "forged"
    found = judged([*rewritten(entries), *lines[2:]], anchors=held)
    assert any("not those that the anchor vouches for" in flaw.problem for flaw in found.flaws)


def test_a_file_that_holds_no_anchors_is_refused(tmp_path: Path, log_path: Path) -> None:
    line = anchor_line(log_path)
    for content in (b"rubbish\n", b"{}\n", line[:-1], line.replace(b'"size":5', b'"size":4'), b"[]\n"):
        (tmp_path / "anchors").write_bytes(content)
        with pytest.raises(EvidenceError, match="anchor"):
            read_anchors(tmp_path / "anchors")
        with pytest.raises(EvidenceError):
            append_anchor(tmp_path / "anchors", [line])
        assert (tmp_path / "anchors").read_bytes() == content
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_anchors(tmp_path / "nowhere")
    unsealed = tmp_path / "unsealed.jsonl"
    unsealed.write_bytes(log_path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(EvidenceError, match="no signed root"):
        anchor_line(unsealed)


def test_anchors_of_other_logs_are_passed_over(lines: list[bytes]) -> None:
    root = json.loads(lines[5])["body"]
    others = [Anchor("0" * 64, 99, "1" * 64), Anchor(root["genesis"], root["size"], root["root"])]
    found = judged(lines, anchors=others)
    assert (found.is_sound, found.anchors, found.anchored) == (True, 1, 5)
    assert not judged(lines, anchors=[Anchor(root["genesis"], root["size"], "1" * 64)]).is_sound


# Proofs of single entries


def test_every_covered_entry_can_be_proved_and_no_other(log_path: Path) -> None:
    prover = Prover(log_path)
    for number in range(1, 6):
        proof = parse(canonical(prover.prove(number)))
        assert flaw_of_proof(proof, KEY.public) is None
    for number in (0, 6, 7, 99):
        with pytest.raises(EvidenceError, match="entries 1 to 5"):
            prover.prove(number)


def test_a_proof_with_anything_changed_does_not_hold(log_path: Path) -> None:
    proof = Prover(log_path).prove(2)
    text = canonical(proof)
    for place in range(len(text)):
        for new in (text[place] ^ 1, text[place] ^ 0x20):
            try:
                changed = parse(text[:place] + bytes([new]) + text[place + 1 :])
            except ValueError:
                continue
            if not isinstance(changed, dict) or canonical(changed) == text:
                continue
            if flaw_of_proof(changed, KEY.public) is None:
                # what nothing rests on: the root entry's own hash, and hexadecimal digits in capitals
                changed["root_entry"]["hash"] = proof["root_entry"]["hash"]
                assert canonical(changed).lower() == text.lower()
    assert flaw_of_proof(proof, SigningKey.new().public) is not None
    for nothing in (None, [], {}, "proof", {**proof, "more": 1}, {**proof, "path": None}, {**proof, "root_entry": []}):
        assert flaw_of_proof(nothing) is not None


def test_a_proof_from_a_log_that_was_changed_is_not_made(tmp_path: Path, lines: list[bytes]) -> None:
    path = tmp_path / "changed.jsonl"
    path.write_bytes(b"".join([lines[0], lines[1].replace(b'"n":1', b'"n":2'), *lines[2:]]))
    with pytest.raises(EvidenceError, match="was changed"):
        Prover(path).prove(2)
    path.write_bytes(b"rubbish\n")
    with pytest.raises(EvidenceError, match="no signed root"):
        Prover(path)


# Salted digests


def test_a_content_can_be_shown_to_belong_and_can_be_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "salts"
    with Salts.open(path) as salts:
        number, salt = salts.new()
        said = digest("a prompt", salt)
        other, _ = salts.new()
        assert (number, other) == (1, 2)
        with pytest.raises(EvidenceError, match="another process"):
            Salts.open(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with Salts.open(path) as salts:
        assert salts.belongs(number, said, "a prompt") is True
        assert salts.belongs(number, said, b"another prompt") is False
        assert salts.new()[0] == 3
        assert salts.forget(number)
        assert not salts.forget(number)
        assert salts.salt(number) is None
        assert salts.belongs(number, said, "a prompt") is None
        assert salts.salt(other) is not None
        assert (salts.salt(0), salts.salt(99)) == (None, None)
    assert salt not in path.read_bytes()
    assert is_digest_of(said, "a prompt", salt)


def test_equal_contents_have_digests_that_tell_nothing(tmp_path: Path) -> None:
    with Salts.open(tmp_path / "salts") as salts:
        assert len({digest("yes", salts.new()[1]) for _ in range(20)}) == 20
    with pytest.raises(ValueError, match="32 bytes"):
        digest("yes", b"short")
    assert digest("\ud800", b"s" * 32).startswith("hmac-sha256:")


def test_a_salt_torn_off_by_a_crash_is_dropped_and_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "salts"
    with Salts.open(path) as salts:
        salts.new()
    whole = path.read_bytes()
    path.write_bytes(whole + b"torn")
    with Salts.open(path) as salts:
        assert salts.new()[0] == 2
    path.write_bytes(whole[:10])
    with Salts.open(path) as salts:
        assert salts.new()[0] == 1
    path.write_bytes(b"something else that somebody wrote here")
    with pytest.raises(EvidenceError, match="no file of salts"):
        Salts.open(path)
    with pytest.raises(EvidenceError, match="cannot be opened"):
        Salts.open(tmp_path)


# Whatever a file holds


@given(st.binary(max_size=300))
def test_rubbish_is_never_sound_and_never_an_accident(content: bytes) -> None:
    assert judged(split(content)).flaws


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_any_member_may_be_anything(lines: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(lines) - 1))
    entry = json.loads(lines[place])
    target = data.draw(st.sampled_from([entry, entry["body"]]))
    target[data.draw(st.sampled_from([*target, "new"]))] = data.draw(JSON)
    line = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    if line != lines[place]:
        assert judged([*lines[:place], line, *lines[place + 1 :]]).flaws
