"""Who may use the desk, and for what: over HTTP, with the real parts behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from desks import Answer, Desk, desk, event, eventually, run_scene
from freehold.errors import UsageError
from freehold.web.people import add_person, remove_person

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OWN = {"Sec-Fetch-Site": "same-origin"}
NOTE = {"act": "note", "incident": "INC-1", "because": "seen"}


async def sign_in(front: Desk, key: str) -> Answer:
    return await front.ask("POST", "/sign-in", f"key={key}".encode(), headers={**FORM, **OWN})


def cookie_of(answer: Answer) -> dict[str, str]:
    assert answer.status == 303, answer.body
    return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}


def test_nobody_sees_more_than_the_page_to_sign_in(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            assert (await front.ask("GET", "/health")).json == {"ok": True}
            page = await front.ask("GET", "/")
            assert page.status == 200
            assert b"Your key" in page.body
            for method, path in (
                ("GET", "/state"), ("GET", "/stream"), ("GET", "/page.js"), ("POST", "/act"), ("POST", "/events"),
                ("POST", "/v1/traces"), ("POST", "/api/v2/alerts"), ("GET", "/api/v2/alerts"), ("POST", "/api/v2/silences"),
                ("POST", "/alertmanager/webhook"), ("POST", "/sign-out"), ("GET", "/nothing-here"),
            ):  # fmt: skip
                for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "freehold_desk=made-up"}):
                    refused = await front.ask(method, path, {} if method == "POST" else None, headers=headers)
                    assert refused.status == 401, path
                    assert "does not know you" in refused.json["error"]
                    assert refused.headers["WWW-Authenticate"] == "Bearer"

    run_scene(scene)


def test_a_program_sends_and_neither_sees_nor_acts(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            sent = await front.ask(
                "POST", "/events", event("1", "freehold.probe", a=1), key=front.intake,
                headers={"Content-Type": "application/cloudevents+json"},
            )  # fmt: skip
            assert sent.status == 202, sent.body
            for method, path in (
                ("GET", "/state"), ("GET", "/"), ("GET", "/stream"), ("POST", "/act"), ("GET", "/api/v2/alerts"),
                ("POST", "/api/v2/silences"),
            ):  # fmt: skip
                refused = await front.ask(method, path, {} if method == "POST" else None, key=front.intake)
                assert refused.status == 403, path
                assert "may send events, and nothing else" in refused.json["error"]
            assert (await sign_in(front, front.intake)).status == 403

    run_scene(scene)


def test_a_person_signs_in_with_a_cookie_that_scripts_cannot_read(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            key = front.person("Ann")
            answer = await sign_in(front, key)
            cookie = cookie_of(answer)
            flags = answer.headers["Set-Cookie"]
            assert "HttpOnly" in flags
            assert "SameSite=Strict" in flags
            assert key not in flags
            assert (await front.ask("GET", "/state", headers=cookie)).json["you"] == {"name": "Ann", "roles": ["commander"]}
            await front.ask("POST", "/sign-out", {}, headers={**cookie, **OWN})
            assert (await front.ask("GET", "/state", headers=cookie)).status == 401

    run_scene(scene)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
        {"Origin": "http://elsewhere.invalid"}, {"Origin": "null"}, {"Origin": ""}, {},
    ],
)  # fmt: skip
def test_another_site_cannot_act_with_the_cookie(tmp_path: Path, headers: dict[str, str]) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            key = front.person("Ann")
            cookie = cookie_of(await sign_in(front, key))
            for path in ("/act", "/sign-out", "/events"):
                refused = await front.ask("POST", path, NOTE, headers={**cookie, **headers})
                assert refused.status == 403, path
                assert "another page" in refused.json["error"]
            assert (await front.ask("POST", "/sign-in", f"key={key}".encode(), headers={**FORM, **headers})).status == 403
            assert (await front.ask("GET", "/state", headers=cookie)).status == 200
            origin = {"Origin": front.url}
            assert (await front.ask("POST", "/sign-out", {}, headers={**cookie, **origin})).status == 200

    run_scene(scene)


def test_a_wrong_method_content_type_or_body_is_refused_in_a_sentence(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            key = front.person("Ann")
            wrong = await front.ask("GET", "/act", key=key)
            assert wrong.status == 405
            assert wrong.headers["Allow"] == "POST"
            as_form = await front.ask("POST", "/act", b"act=note", key=key, headers=FORM)
            assert (as_form.status, as_form.json["error"]) == (400, "an act is sent as application/json.")
            json_form = await front.ask("POST", "/sign-in", {"key": key}, headers=OWN)
            assert json_form.status == 400
            for body in (
                b"", b"{", b"[]", b"null", b"{}", b'{"act": "dance"}', b'{"act": "note", "more": 1}', b"\xff\xfe",
                b'{"act": "settle", "duty": 1e400}', b'{"act": "settle", "duty": 99999999999999999999999}',
                b'{"act": "settle", "duty": -1}', b"[" * 15_000, b'{"act": "note", "because": "\\ud800"}',
                b'{"act": "note", "values": {"a": null}}',
            ):  # fmt: skip
                refused = await front.ask("POST", "/act", body, key=key, headers={"Content-Type": "application/json"})
                assert refused.status == 400, body
                assert "this is no act" in refused.json["error"]
            long = await front.ask("POST", "/act", {**NOTE, "because": "x" * 20_000}, key=key)
            assert (long.status, long.json["error"]) == (400, "an act has at most 16384 bytes.")
            assert (await front.ask("POST", "/act", {**NOTE, "because": "x" * 100_000}, key=key)).status == 413
            nowhere = await front.ask("POST", "/act", NOTE, key=key)
            assert "no incident is called 'INC-1'" in nowhere.json["error"]

    run_scene(scene)


@pytest.mark.parametrize("way", ["taken back", "a new one", "by hand"])
def test_a_key_that_is_taken_back_ends_what_was_opened_with_it_at_once(tmp_path: Path, way: str) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            key = front.person("Ann")
            front.person("Bo")
            cookie = cookie_of(await sign_in(front, key))
            async with front.session.get(front.url + "/stream", headers=cookie) as stream:
                assert (await stream.content.readline()).startswith(b"event: changed")
                if way == "taken back":
                    remove_person(tmp_path, "ann")
                elif way == "a new one":
                    front.person("Ann")
                else:
                    file = tmp_path / "people.toml"
                    text = file.read_text(encoding="utf-8")
                    file.write_text(text.replace('"Ann"', '"Anna"'), encoding="utf-8")
                assert (await front.ask("GET", "/state", headers=cookie)).status == 401
                if way != "by hand":
                    assert (await front.ask("GET", "/state", key=key)).status == 401
                assert front.front is not None
                front.front.live.changed()
                await stream.content.read()  # it comes to an end

    run_scene(scene)


def test_people_that_cannot_be_read_let_nobody_in_until_it_is_mended(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            key = front.person("Ann")
            file = tmp_path / "people.toml"
            good = file.read_bytes()
            file.write_bytes(good + b"\n[[person")
            refused = await front.ask("GET", "/state", key=key)
            assert refused.status == 503
            assert str(tmp_path) not in refused.json["error"]
            assert (await front.ask("POST", "/events", {}, key=front.intake)).status == 503

            async def told() -> bool:
                return not (await front.ask("GET", "/health")).json["ok"]

            await eventually(told)
            file.write_bytes(good)
            assert (await front.ask("GET", "/state", key=key)).status == 200

            async def well() -> bool:
                return bool((await front.ask("GET", "/health")).json["ok"])

            await eventually(well)

    run_scene(scene)


def test_every_answer_has_the_headers_that_keep_others_out(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            for path in ("/", "/health", "/state", "/nothing", "/page.css"):
                headers = (await front.ask("GET", path)).headers
                assert "default-src 'none'" in headers["Content-Security-Policy"]
                assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
                assert headers["X-Content-Type-Options"] == "nosniff"

    run_scene(scene)


def test_a_key_is_shown_once_and_stands_nowhere(tmp_path: Path) -> None:
    key = add_person(tmp_path, "Ann", ["commander", "legal"])
    assert len(key) >= 43
    file = tmp_path / "people.toml"
    assert key not in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="has intake alone"):
        add_person(tmp_path, "Bo", ["intake", "commander"])
    with pytest.raises(UsageError, match="It knows: Ann"):
        remove_person(tmp_path, "Bo")
