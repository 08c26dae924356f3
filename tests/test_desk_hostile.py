"""What senders, browsers and strangers can do wrong at the desk: refused with a reason, while the desk goes on."""

from __future__ import annotations

import asyncio
import gzip
import json
import stat
from pathlib import Path

import pytest

from desks import Desk, DeskProcess, desk, event, run_scene
from freehold.cli import main
from freehold.errors import FreeholdError

CLOUDEVENT = {"Content-Type": "application/cloudevents+json"}
KIND = "application/x-www-form-urlencoded"
FORM = {"Content-Type": KIND, "Sec-Fetch-Site": "same-origin"}
EVENT = json.dumps(event("1", "org.example.note", note="a test")).encode()


def test_a_body_that_is_not_encoded_as_it_says_is_refused_and_one_that_is_is_taken(tmp_path: Path) -> None:
    whole = gzip.compress(EVENT)
    sent = (
        (b"junk", "gzip", 400), (whole[:-9], "gzip", 400), (b"junk", "br", 415), (whole, "gzip, gzip", 415),
        (gzip.compress(b" " * 20_000_000), "gzip", 413), (whole, "gzip", 202),
    )  # fmt: skip

    async def scene() -> None:
        async with desk(tmp_path) as room:
            for body, encoding, status in sent:
                headers = {**CLOUDEVENT, "Content-Encoding": encoding}
                told = await room.ask("POST", "/events", body, key=room.intake, headers=headers)
                assert told.status == status, (encoding, told.body)

    run_scene(scene)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"key=%ff%fe", {**FORM, "Content-Type": KIND + "; charset=nope"}, 400),
        (b"key=" + b"x" * 5_000, FORM, 400),
        (b"key=wrong", FORM, 403),
        (b"key=wrong", {**FORM, "Sec-Fetch-Site": "cross-site"}, 403),
        (b"key=wrong", {"Content-Type": KIND, "Origin": "http://caf\u00e9"}, 403),
        (b"key=wrong", {"Content-Type": KIND, "Origin": "null"}, 403),
    ],
)
def test_an_odd_form_lets_nobody_in(tmp_path: Path, body: bytes, headers: dict[str, str], status: int) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as room:
            assert (await room.ask("POST", "/sign-in", body, headers=headers)).status == status

    run_scene(scene)


def test_a_cookie_alone_changes_nothing_for_another_page(tmp_path: Path) -> None:
    async def signed_in(room: Desk) -> str:
        key = room.person("Ana")
        answer = await room.ask("POST", "/sign-in", f"key={key}".encode(), headers=FORM)
        return answer.headers["Set-Cookie"].partition(";")[0]

    async def scene() -> None:
        async with desk(tmp_path) as room:
            cookie = {"Cookie": await signed_in(room), "Content-Type": "application/json"}
            act = {"act": "note", "incident": "INC-1", "because": "x"}
            foreign = {"Origin": "http://evil.example"}
            for more in (foreign, {"Authorization": "Basic eDp5"}, {}):
                assert (await room.ask("POST", "/act", act, headers={**cookie, **more})).status == 403
            assert (await room.ask("DELETE", "/api/v2/silence/x", headers={**cookie, **foreign})).status == 403
            assert (await room.ask("POST", "/act", act, headers={**cookie, "Origin": room.url})).status not in (401, 403)

    run_scene(scene)


def test_a_request_that_cannot_be_read_is_answered_and_written_nowhere(tmp_path: Path) -> None:
    async def scene() -> None:
        process = DeskProcess(tmp_path)
        url = await process.start()
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer a-planted-key\x00\r\n\r\n")
        assert b" 400 " in await reader.read()
        writer.close()
        await process.kill()
        assert not [line for line in process.said if "a-planted-key" in line or "Traceback" in line]

    run_scene(scene)


def test_only_its_owner_reads_what_the_desk_keeps(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    public = {"evidence.key.pub", "driving.lock", "driving.lock-journal", "respond.toml"}

    async def scene() -> None:
        async with desk(folder) as room:
            assert (await room.ask("POST", "/events", EVENT, key=room.intake, headers=CLOUDEVENT)).status == 202
            for path in folder.iterdir():
                assert path.name in public or stat.S_IMODE(path.stat().st_mode) == 0o600, path.name

    run_scene(scene)


@pytest.mark.parametrize(
    "name",
    ["journal.db", "alerts.db", "incidents.db", "rules.db", "people.toml", "evidence-desk.jsonl", "rules.toml", "routes.toml"],
)
@pytest.mark.parametrize("kind", ["junk", "folder"])
def test_a_file_of_another_kind_is_named_and_left_as_it_is(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    junk = b"\xff\xfe junk " * 100
    if kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(junk)

    async def scene() -> None:
        async with desk(tmp_path):
            pass

    with pytest.raises(FreeholdError, match=name.replace(".", r"\.")):
        run_scene(scene)
    assert path.is_dir() or path.read_bytes() == junk


@pytest.mark.parametrize("place", ["127.0.0.1", "127.0.0.1:\u00b2", "127.0.0.1:\u0663", "127.0.0.1:99999", "127.0.0.1:-1", ":"])
def test_a_place_to_listen_that_is_none_is_refused_in_a_sentence(
    tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", "--state", str(tmp_path), "--listen", place]) == 2
    assert "HOST:PORT" in capsys.readouterr().err
