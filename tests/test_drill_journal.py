"""Drill records: written once, read back whole, every change named, no secret kept."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.canonical import canonical
from freehold.drill import journal
from freehold.drill.contact import Contact
from freehold.drill.hit_rate import HitRate, hit_rate
from freehold.drill.journal import MOST_BYTES, Record, append, find, read, records, safe, schema
from freehold.drill.record import (
    Attributed,
    Confidence,
    Drill,
    Fallback,
    FileRead,
    HostRole,
    LocalUse,
    Method,
    Prediction,
    Run,
    Step,
    Verdict,
    WorkingFiles,
)  # fmt: skip
from freehold.drill.record_json import as_json, from_json
from freehold.drill.redaction import redact, redact_arguments, secrets_in
from freehold.drill.working_tree import command_digest, revision_of
from freehold.errors import BadRecord, DrillError
from strategies import repeatable

NOW = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)
ROLE = HostRole("service", "acme", "index", "Acme", (("provider", ("US",)), ("owner", ("?",))), "host", "strong", "hosts.csv")
CONTACT = Contact(
    "index.example", "", 443, "tcp", 6, 6, 0, 0, 0, 0.25, 0.25, 5.5, ("edge.example",), ("203.0.113.9",), "provider acme"
)
RUN = Run(
    "cut",
    "namespace",
    "2026-11-21T10:00:00Z",
    8.25,
    1,
    (Attributed(CONTACT, (ROLE,)),),
    (Step("fetch", "failed", 1, 0.0, 8.25, "index.example:443", 8.0), Step("test", "skipped")),
    (LocalUse("~/wheels", "wheel folder (find-links)", 2, ("one.whl",)),),
    12,
    345,
    ("drill.blind_udp",),
    stdout_lines=10,
    stdout_bytes=300,
    files=WorkingFiles(
        (FileRead("vendor/six.py", 1.5), FileRead("tool.py", 0.5, program=True)), ("got/six.py",), 2, 1, (".git",)
    ),
)
DRILL = Drill(
    command=("make", "fetch", "test"),
    folder="project",
    digest="",
    revision="a" * 40 + "+",
    cut={"name": "cut-off", "rule": [{"provider": "acme", "availability": 0.0}], "hosts": []},
    said="provider acme",
    shape="gone",
    backend="namespace",
    version="0.5.0",
    catalogue="2026-11",
    baseline=replace(RUN, kind="baseline", exit=0, contacts=(), steps=()),
    run=RUN,
    verdict=Verdict("failed", ("it failed",), (Fallback("host", "mirror.example", "so"),), 4.5, "fetch", 8.0),
    prediction=Prediction("build", 0.0, 0.5, up=True, because="so", agrees=False),
    valid_until="2026-12-21",
    tags=("nightly",),
)


def stored(folder: Path, drill: Drill = DRILL, **more: Any) -> Record:
    return append(drill, folder, NOW, **more)


# ---------------------------------------------------------------- written once


def test_a_record_is_read_back_as_it_was(tmp_path: Path) -> None:
    record = stored(tmp_path / "a" / "drills")
    assert read(record.path) == record
    assert record.written == "2026-11-21T10:00:00Z"
    assert record.path.name == f"20261121T100000Z-{record.digest[:16]}.json"
    assert record.drill == replace(DRILL, digest=command_digest(DRILL.command, DRILL.revision))


def test_a_record_belongs_to_its_owner_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    record = stored(tmp_path / "drills")
    assert stat.S_IMODE(record.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(record.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in record.path.parent.iterdir()] == [record.path.name]


def test_the_same_drill_at_the_same_second_is_one_record_and_another_never_takes_its_place(tmp_path: Path) -> None:
    record = stored(tmp_path)
    assert stored(tmp_path) == record
    record.path.write_text("mine")
    with pytest.raises(DrillError, match="cannot be written there"):
        stored(tmp_path)
    assert record.path.read_text() == "mine"


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DrillError, match="Give another folder"):
        stored(tmp_path / "file")


def test_what_json_cannot_say_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DrillError, match="nan is no number"):
        stored(tmp_path, replace(DRILL, run=replace(RUN, seconds=float("nan"))))
    assert list(tmp_path.iterdir()) == []


def test_contacts_beyond_the_bound_are_counted_and_the_refused_ones_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST_CONTACTS", 3)
    many = tuple(Attributed(Contact(f"h{number}.example", "", 443, "tcp", tries=number)) for number in range(9))
    record = stored(tmp_path, replace(DRILL, run=replace(RUN, contacts=(*many, *RUN.contacts))))
    kept = read(record.path).drill.run
    assert [one.contact.name for one in kept.contacts] == ["h7.example", "h8.example", "index.example"]
    assert kept.left_out == 7


# ---------------------------------------------------------------- every change is named


def envelope(record: Record) -> Any:
    return json.loads(record.path.read_text())


def test_names_of_files_beyond_the_bound_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MOST_FILES", 2)
    names = tuple(str(number) for number in range(5))
    files = WorkingFiles(tuple(FileRead(name, 1.0) for name in names), names, 5, 5)
    found = read(stored(tmp_path, replace(DRILL, run=replace(RUN, files=files))).path).drill.run.files
    assert found is not None
    assert (found.written, [one.name for one in found.read]) == (("0", "1"), ["0", "1"])
    assert (found.read_count, found.written_count, found.whole) == (5, 5, False)


def test_a_record_of_before_the_working_folder_was_watched_is_still_read(tmp_path: Path) -> None:
    record = stored(tmp_path)
    data = envelope(record)
    for part in ("baseline", "run"):
        for name in ("stdout_lines", "stdout_bytes", "files"):
            del data["parts"][part][part][name]
        data["digests"][part] = hashlib.sha256(canonical(data["parts"][part], MOST_BYTES)).hexdigest()
    head = {name: data[name] for name in ("freehold_drill", "written", "digests")}
    data["digest"] = hashlib.sha256(canonical(head, MOST_BYTES)).hexdigest()
    old = tmp_path / "old.json"
    old.write_bytes(canonical(data, MOST_BYTES))
    run = read(old).drill.run
    assert run == replace(RUN, stdout_lines=-1, stdout_bytes=-1, files=None)


@pytest.mark.parametrize("part", ["command", "cut", "baseline", "run", "verdict", "prediction"])
def test_a_part_that_was_changed_is_named(part: str, tmp_path: Path) -> None:
    record = stored(tmp_path)
    data = envelope(record)
    data["parts"][part]["extra"] = 1
    record.path.write_text(json.dumps(data))
    with pytest.raises(BadRecord, match=f"the part '{part}' was changed"):
        read(record.path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.update(written="2026-11-22T10:00:00Z"), "its digests or its date were changed"),
        (lambda data: data["digests"].update(run="0" * 64), "the part 'run' was changed"),
        (lambda data: data.update(digest="0" * 64), "its digests or its date were changed"),
        (lambda data: data["parts"].pop("verdict"), "the part 'verdict' is missing"),
        (lambda data: data.update(freehold_drill=2), "a newer one wrote it. Update Freehold"),
        (lambda data: data.pop("freehold_drill"), "no drill record"),
        (lambda data: data.update(parts=7), "'parts' is missing"),
        (lambda data: data.pop("written"), "'written' or 'digest' is missing"),
        (lambda data: data.update(more=7), "'more' is not known"),
        (lambda data: data["parts"].update(more={}), "'more' is not known"),
    ],
)
def test_a_change_of_the_envelope_is_found(change: Any, message: str, tmp_path: Path) -> None:
    record = stored(tmp_path)
    data = envelope(record)
    change(data)
    record.path.write_text(json.dumps(data))
    with pytest.raises(BadRecord, match=re.escape(message)):
        read(record.path)


def test_a_record_that_was_only_laid_out_anew_still_holds(tmp_path: Path) -> None:
    record = stored(tmp_path)
    record.path.write_text(json.dumps(envelope(record), indent=4))
    assert read(record.path) == record


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"7", b"\xff\xfe", b"[" * 100_000, b'{"freehold_drill": true}', b'{"freehold_drill": 1e999}', b"null"],
)
def test_what_is_no_record_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(BadRecord):
        read(path)


def test_a_number_that_is_none_is_refused_in_a_part(tmp_path: Path) -> None:
    record = stored(tmp_path)
    record.path.write_text(record.path.read_text().replace('"seconds":8.25', '"seconds":1e999', 1))
    with pytest.raises(BadRecord):
        read(record.path)


def test_a_part_of_the_wrong_form_is_refused_even_if_its_digests_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = as_json(DRILL)
    plain["run"]["seconds"] = "long"
    monkeypatch.setattr(journal, "as_json", lambda _: plain)
    monkeypatch.setattr(journal, "safe", lambda drill, **_: drill)
    record = stored(tmp_path)
    with pytest.raises(BadRecord, match=r"run\.seconds: is not a number"):
        read(record.path)


def test_a_pipe_a_folder_a_missing_file_and_a_huge_one_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(journal.MOST_BYTES + 10)
    for name, message in (("pipe", "is no file"), (".", "cannot be read"), ("none", "cannot be read"), ("huge", "more than")):
        with pytest.raises(BadRecord, match=message):
            read(tmp_path / name)


# ---------------------------------------------------------------- a folder of them


def test_a_folder_gives_the_oldest_first_and_says_which_cannot_be_read(tmp_path: Path) -> None:
    later = append(DRILL, tmp_path, NOW.replace(hour=12))
    first = stored(tmp_path)
    (tmp_path / f"20261121T110000Z-{'0' * 16}.json").write_text("{}")
    (tmp_path / "notes.json").write_text("{}")
    found = list(records(tmp_path))
    assert [found[0], found[2]] == [first, later]
    assert isinstance(found[1], BadRecord)
    assert list(records(tmp_path / "none")) == []


def test_a_record_is_found_by_path_name_digest_or_as_the_last(tmp_path: Path) -> None:
    first, last = stored(tmp_path), append(DRILL, tmp_path, NOW.replace(hour=12))
    assert find("last", tmp_path) == last
    assert find(first.digest[:20], tmp_path) == first
    assert find(first.digest, tmp_path) == first
    assert find("20261121T10", tmp_path) == first
    assert find(str(first.path)) == first
    with pytest.raises(BadRecord, match="is the beginning of 2 records"):
        find("20261121", tmp_path)
    for text in ("zzz", "", "x" * 9_000, first.digest[:20] + "g"):
        with pytest.raises(BadRecord, match="neither a file nor a record"):
            find(text, tmp_path)
    with pytest.raises(BadRecord, match="Drill first"):
        find("last", tmp_path / "none")


def test_the_hit_rate_counts_only_what_could_be_compared() -> None:
    def drill(up: bool | None, agrees: bool | None, name: Any) -> Drill:
        return replace(DRILL, prediction=Prediction("x", 0, 1, up, agrees=agrees), verdict=Verdict(name))

    drills = [
        drill(True, True, "survived"),
        drill(True, False, "failed"),
        drill(False, False, "survived"),
        drill(False, None, "void"),
    ]
    counted = hit_rate([*drills, replace(DRILL, prediction=None)])
    assert counted == HitRate(5, 3, 1, 1, 1, (("failed", 2), ("survived", 2), ("void", 1)))
    assert counted.rate == pytest.approx(1 / 3)
    assert hit_rate([]).rate is None


# ---------------------------------------------------------------- the schema


def test_a_record_fits_the_schema_and_the_schema_is_one(tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(schema())
    data = envelope(stored(tmp_path))
    validator.validate(data)
    data["parts"]["verdict"]["verdict"]["name"] = "glorious"
    assert not validator.is_valid(data)


# ---------------------------------------------------------------- no secret is kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("--token=abc123", "--token=***"),
        ("--api-key=abc", "--api-key=***"),
        ("GITHUB_TOKEN=abc make", "GITHUB_TOKEN=*** make"),
        ("sh -c 'curl --password hunter2 x'", "sh -c 'curl --password *** x'"),
        ("https://me:hunter2@index.example/simple", "https://***@index.example/simple"),
        ("https://hunter2@index.example/simple", "https://***@index.example/simple"),
        ("https://me:p@ss@index.example/a", "https://***@index.example/a"),
        ("git+ssh://git@forge.example/a.git", "git+ssh://***@forge.example/a.git"),
        ("me:hunter2@db.example", "***@db.example"),
        ("git@forge.example:a/b.git", "git@forge.example:a/b.git"),
        ("Authorization: Bearer abc def", "Authorization: ***"),
        ("curl -H 'X-Gitlab-Token: abc' x", "curl -H 'X-Gitlab-Token: ***' x"),
        ("https://a.example/?access_token=abc&x=1", "https://a.example/?access_token=***&x=1"),
        ('{"password": "hunter 2", "x": 1}', '{"password": ***, "x": 1}'),
        ("ghp_0123456789abcdefghij", "***"),
        ("AKIAABCDEFGHIJKLMNOP", "***"),
        ("--author=me", "--author=me"),
        ("pytest -k token tests", "pytest -k token tests"),
        ("api-token:8443", "api-token:8443"),
        ("secret.example:443", "secret.example:443"),
        ("pkg:pypi/requests@2.0", "pkg:pypi/requests@2.0"),
        ("npm install left@1.0 right@2.0", "npm install left@1.0 right@2.0"),
        ("/people/me/x and /people/me", "~/x and ~"),
        ("/people/meow", "/people/meow"),
        ("/srv/people/me", "/srv/people/me"),
        ("-I/people/me", "-I/people/me"),
        ("x=/people/me:/bin", "x=~:/bin"),
    ],
)
def test_a_text_is_kept_without_its_secrets(text: str, kept: str) -> None:
    assert redact(text, "/people/me") == kept


@pytest.mark.parametrize(
    "piece", ["a", ",", "a:", "a.", "token", "-", "://", "a@", "'", "eyJ", "-----BEGIN PRIVATE KEY-----", " --", "="]
)
def test_a_text_made_to_be_slow_is_not(piece: str) -> None:
    assert redact(piece * 20_000)


def test_a_secret_argument_is_known_by_the_one_before_it() -> None:
    assert redact_arguments(["curl", "-u", "me:x1", "--token", "x2", "--password", "--verbose", "-u", "me"]) == (
        "curl", "-u", "***", "--token", "***", "--password", "--verbose", "-u", "me",
    )  # fmt: skip
    assert redact_arguments(["/usr/bin/sshpass", "-p", "x1", "ssh"]) == ("/usr/bin/sshpass", "-p", "***", "ssh")


def test_the_value_of_a_secret_variable_is_hidden_wherever_it_stands() -> None:
    secrets = secrets_in({"NPM_TOKEN": "abcdefgh", "PATH": "/usr/bin:/bin", "SHORT_SECRET": "abc", "TOKEN_FILE": "/run/x.txt"})
    assert secrets == ("abcdefgh",)
    assert redact("x-abcdefgh-y", secrets=secrets) == "x-***-y"


def test_no_secret_reaches_the_file(tmp_path: Path) -> None:
    secret = "s3cr3t-value"
    text = f"curl --password {secret} https://me:{secret}@index.example"
    run = replace(RUN, steps=(Step(text, "failed", 1),), notes=(text,), broken=text)
    drill = replace(
        DRILL,
        command=("sh", "-c", text, "--token", secret, f"KEY={secret}"),
        run=run,
        verdict=replace(DRILL.verdict, failed_step=text, reasons=(text,)),
        tags=(f"x{secret}",),
        cut={"name": text},
    )
    record = stored(tmp_path, drill, environment={"MY_TOKEN": secret, "OTHER_TOKEN": "survived", "LAST_TOKEN": "baseline"})
    assert secret not in record.path.read_text()
    assert read(record.path) == record


def test_what_is_no_utf_8_is_kept_as_far_as_it_can_be(tmp_path: Path) -> None:
    record = stored(tmp_path, replace(DRILL, command=("cat", "a\udcffb", "\ud83d", "x" * 100_000)))
    assert read(record.path).drill.command[1:3] == ("a\ufffdb", "?")


# ---------------------------------------------------------------- the revision


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@y.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_revision_has_a_plus_once_something_changed_that_is_no_record(tmp_path: Path) -> None:
    assert revision_of(tmp_path) == ""
    assert revision_of(tmp_path / "none") == ""
    git(tmp_path, "init", "-q")
    assert revision_of(tmp_path) == ""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a").write_text("1")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    commit = revision_of(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", commit)
    stored(tmp_path / ".freehold" / "drills")
    stored(tmp_path / "inner" / ".freehold" / "drills")
    assert revision_of(tmp_path) == commit
    assert revision_of(tmp_path / "inner") == commit
    (tmp_path / "b").write_text("2")
    assert revision_of(tmp_path / "inner") == commit + "+"


# ---------------------------------------------------------------- laws

words = st.text(st.characters(codec="utf-8", exclude_characters=":=@"), max_size=6).filter(lambda text: text == redact(text))
seconds = st.floats(0, 1e6, allow_nan=False)
counts = st.integers(0, 10**9)
roles = st.builds(
    HostRole,
    words,
    st.none() | words,
    st.none() | words,
    words,
    st.lists(st.tuples(words, st.lists(words, max_size=2).map(tuple)), max_size=2).map(tuple),
    st.sampled_from(get_args(Method)),
    st.sampled_from(get_args(Confidence)),
    words,
)
contacts = st.builds(
    Contact, words, words, st.integers(0, 65535), st.sampled_from(["tcp", "udp", "lookup"]), counts, counts, counts, counts,
    counts, seconds, st.none() | seconds, st.none() | seconds, st.lists(words, max_size=2).map(tuple),
    st.lists(words, max_size=2).map(tuple), words, st.booleans(),
)  # fmt: skip
drilled_runs = st.builds(
    Run,
    st.sampled_from(["baseline", "cut"]),
    words,
    words,
    seconds,
    st.none() | st.integers(-64, 255),
    st.lists(st.builds(Attributed, contacts, st.lists(roles, max_size=1).map(tuple)), max_size=2).map(tuple),
)
drills = st.builds(replace, st.just(DRILL), run=drilled_runs, baseline=st.none() | drilled_runs, said=words)


@repeatable(100)
@given(drills)
def test_any_drill_comes_back_from_json_as_it_was(drill: Drill) -> None:
    assert from_json(Drill, json.loads(json.dumps(as_json(drill))), "x") == drill
    assert safe(safe(drill)) == safe(drill)


@repeatable(60)
@given(data=st.data())
def test_no_change_of_one_value_goes_unseen(data: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("drills")
    record = stored(folder)
    whole = envelope(record)
    place: Any = whole
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key]:
            break
        place = place[key]
    place[key] = data.draw(
        st.sampled_from([None, 0, 1, "x", [], True]).filter(lambda new: json.dumps(new) != json.dumps(place[key]))
    )
    record.path.write_text(json.dumps(whole))
    try:
        again = read(record.path)
    except BadRecord:
        return
    # 1 and 1.0, 0 and 0.0 are the same number of JSON
    assert again == record
