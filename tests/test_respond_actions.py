"""Actions one by one, against the real gateway, real files, real processes; and evidence in the real log."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from freehold.demo.stand_in import MODELS, StandIn, stand_in
from freehold.errors import BadPlaybook, RespondError
from freehold.gateway.configuration import parse
from freehold.gateway.switches import parse_stops
from freehold.respond.actions.interface import Action, ActionFailed, Call, parameters_of
from freehold.respond.actions.means import Preserve, load_means, secret_of
from freehold.respond.actions.preserve import is_sound
from freehold.respond.actions.registry import ACTIONS, MANUAL, build_actions
from freehold.respond.actions.stop_file import add_stop, has_stop, remove_stop
from freehold.respond.approvals import Matrix, Row
from freehold.respond.evidence_keys import load_or_make_key
from freehold.respond.evidence_log import EvidenceLog
from freehold.respond.evidence_verify import verify
from freehold.respond.incidents import Incidents
from freehold.respond.playbook_library import shipped_playbooks
from freehold.respond.runner import Runner
from gateways import ADMIN, LONGEST, Gateway, ask, gateway

TEXT = """
[gateway]
key_env = "ADMIN"
[[upstream]]
name = "first"
url = "{first}"
[[upstream]]
name = "second"
url = "{second}"
"""
MODEL = MODELS["openai"][0]
FREE = Row(blue="none", yellow="none", orange="none", red="none")


def call(action: Action, key: str = "k", **parameters: Any) -> Call:
    return Call(parameters_of(action, parameters), key, "INC-1", "R-1 (p), s", "a test")


class Room:
    """A state folder with its actions, and a gateway in front of two stand-ins."""

    def __init__(self, folder: Path, front: Gateway, texts: list[str], configuration: Path) -> None:
        self.folder, self.front, self.texts, self.configuration = folder, front, texts, configuration
        (folder / "key").write_text(ADMIN + "\n")
        (folder / "versions").mkdir()
        (folder / "respond.toml").write_text(
            f'[gateway]\nurl = "{front.url}"\nkey_env = ""\nkey_file = "key"\nstop_file = "{front.state}/stop"\n'
            f'configuration = "{configuration}"\nversions = "versions"\n'
        )
        self.incidents = Incidents.open(folder / "incidents.db")
        self.actions = build_actions(folder, load_means(folder), self.incidents)

    def again(self) -> None:
        """Read the means anew."""
        self.actions = build_actions(self.folder, load_means(self.folder), self.incidents)

    async def by(self) -> str:
        answer = await ask(self.front)
        return answer.headers["x-freehold-upstream"] if answer.status == 200 else str(answer.status)


Story = Callable[[Room, StandIn], Awaitable[None]]


def scene(story: Story, folder: Path, more: str = "") -> None:
    async def main() -> None:
        async with asyncio.timeout(LONGEST), stand_in("openai") as first, stand_in("vllm", models=first.models) as second:
            configuration = folder / "gateway.toml"
            configuration.write_text(TEXT.format(first=first.url, second=second.url) + more)
            (folder / "gateway").mkdir()
            (folder / "desk").mkdir()

            def reread() -> Any:
                return parse(configuration.read_text(), "gateway.toml")

            async with gateway(configuration.read_text(), folder / "gateway", reread=reread) as front:
                room = Room(folder / "desk", front, [], configuration)
                try:
                    await story(room, first)
                finally:
                    room.incidents.close()

    asyncio.run(main())


# ---------------------------------------------------------------- the gateway


def test_every_action_of_the_list_can_be_made_and_only_those() -> None:
    store = Incidents.open(":memory:")
    made = build_actions(Path("nowhere"), load_means(Path("nowhere")), store)
    assert sorted([*made, MANUAL]) == sorted(ACTIONS)
    store.close()


def test_a_fail_over_moves_traffic_can_be_seen_repeated_and_taken_back(tmp_path: Path) -> None:
    async def story(room: Room, _: StandIn) -> None:
        action = room.actions["fail_over"]
        one = call(action, model=MODEL, to="second", percent=100)
        before = await action.before(one)
        assert await action.probe(one, before) is False
        assert await room.by() == "first"
        assert "would send 100 %" in await action.rehearse(one)
        await action.act(one)
        await action.act(one)
        assert (await action.probe(one, before), await room.by()) == (True, "second")
        assert len(room.front.entries("routed")) == 1
        await action.undo(one, before)
        assert (await room.by(), await action.probe(one, before)) == ("first", False)
        back = call(action, "k2", model=MODEL, to="second", percent=0)
        await action.act(back)
        assert await action.probe(back, {}) is True
        with pytest.raises(ActionFailed, match="no upstream 'third'"):
            await action.act(call(action, "k3", model=MODEL, to="third"))

    scene(story, tmp_path)


@pytest.mark.parametrize(("name", "parameters"), [("kill", {"scope": "model", "name": MODEL}), ("kill", {"scope": "all"})])
def test_a_kill_stops_can_be_seen_and_is_released(tmp_path: Path, name: str, parameters: dict[str, str]) -> None:
    async def story(room: Room, _: StandIn) -> None:
        action = room.actions[name]
        one = call(action, **parameters)
        before = await action.before(one)
        assert (before, await room.by()) == ({"stopped": False}, "first")
        await action.act(one)
        await action.act(one)
        assert (await action.probe(one, before), await room.by()) == (True, "403")
        await action.undo(one, before)
        assert await room.by() == "first"
        stopped = await action.before(one)
        await action.act(call(action, "k2", **parameters))
        again = await action.before(one)
        assert (stopped, again) == ({"stopped": False}, {"stopped": True})
        assert "stays so" in (await action.undo(one, again)).text

    scene(story, tmp_path)


@pytest.mark.parametrize(
    ("name", "parameters"), [("quarantine", {"scope": "agent", "name": "scout"}), ("revoke_key", {"tenant": "clinic"})]
)
def test_what_is_set_apart_is_listed_at_the_gateway_until_it_is_let_back(
    tmp_path: Path, name: str, parameters: dict[str, str]
) -> None:
    async def story(room: Room, _: StandIn) -> None:
        action = room.actions[name]
        one = call(action, **parameters)
        before = await action.before(one)
        await action.act(one)
        assert await action.probe(one, before) is True
        await action.undo(one, before)
        assert await action.probe(one, before) is False

    scene(story, tmp_path)


def test_a_throttle_limits_and_gives_back_the_limit_that_was_there(tmp_path: Path) -> None:
    async def story(room: Room, _: StandIn) -> None:
        action = room.actions["throttle"]
        one = call(action, model=MODEL, requests_per_minute=1)
        before = await action.before(one)
        assert before == {"requests_per_minute": None}
        await action.act(one)
        assert await action.probe(one, before) is True
        assert [await room.by() for _ in range(2)] == ["first", "429"]
        tighter = call(action, "k2", model=MODEL, requests_per_minute=0)
        held = await action.before(tighter)
        await action.act(tighter)
        await action.undo(tighter, held)
        assert await action.probe(one, before) is True
        await action.undo(one, before)
        assert await action.probe(one, before) is False
        with pytest.raises(RespondError, match="one of them"):
            await action.precondition(call(action, model="a", tenant="b", requests_per_minute=1))

    scene(story, tmp_path)


def test_a_roll_back_restores_a_version_keeps_what_stood_there_and_can_be_undone(tmp_path: Path) -> None:
    async def story(room: Room, _: StandIn) -> None:
        now = room.configuration.read_text()
        earlier = now.replace('name = "first"', 'name = "earlier"')
        (room.folder / "versions" / "march.toml").write_text(earlier)
        action = room.actions["roll_back"]
        one = call(action, to="march")
        await action.precondition(one)
        before = await action.before(one)
        await action.act(one)
        assert (await room.by(), room.configuration.read_text()) == ("earlier", earlier)
        await action.undo(one, before)
        assert (await room.by(), room.configuration.read_text()) == ("first", now)
        with pytest.raises(RespondError, match="not there"):
            await action.precondition(call(action, to="april"))
        with pytest.raises(BadPlaybook, match=r"\$.to"):
            call(action, to="../gateway")
        (room.folder / "versions" / "bad.toml").write_text("[[upstream]]\n")
        with pytest.raises(ActionFailed, match="refused reload"):
            await action.act(call(action, "k2", to="bad"))
        assert await room.by() == "first"

    scene(story, tmp_path)


def test_without_its_key_or_its_answer_the_gateway_is_stopped_by_the_file(tmp_path: Path) -> None:
    async def story(room: Room, _: StandIn) -> None:
        (room.folder / "key").write_text("wrong")
        action = room.actions["kill"]
        one = call(action, scope="model", name=MODEL)
        outcome = await action.act(one)
        assert outcome.facts == {"by": "file"}
        assert await room.by() == "403"
        assert await action.probe(one, {}) is True
        await action.undo(one, {})
        assert await room.by() == "first"
        with pytest.raises(ActionFailed, match="admin key"):
            await room.actions["fail_over"].act(call(room.actions["fail_over"], model=MODEL, to="second"))

    scene(story, tmp_path)


def test_the_shipped_playbooks_work_at_the_real_gateway(tmp_path: Path) -> None:
    async def story(room: Room, _: StandIn) -> None:
        labels = {"alertname": "upstream-failing", "model": MODEL, "agent": "scout"}
        room.incidents.take("group", labels, firing=True, at=1.0, low="orange", high="orange")
        matrix = Matrix(version=1, need=dict.fromkeys(("fail_over", "kill", "notify", "preserve", "mark"), FREE))

        naps = 0

        async def wait(_seconds: float) -> None:
            nonlocal naps
            naps += 1
            if naps == 60:
                room.incidents.take("group", labels, firing=False, at=2.0)

        runner = Runner(room.incidents, room.actions, shipped_playbooks(), matrix=matrix, sleep=wait)
        incident = room.incidents.get("INC-1")
        assert [one.id for one in runner.proposed(incident)] == ["provider-down"]
        run = runner.start("INC-1", shipped_playbooks()["provider-down"], by="Ana", variables={"to": "second"})
        run = await runner.drive(run.id)
        assert (run.state, run.because) == ("done", "")
        assert [entry["freehold.percent"] for entry in room.front.entries("routed")] == [10.0, 25.0, 50.0, 100.0, 50.0, 0.0]
        run = runner.start("INC-1", shipped_playbooks()["runaway-agent"], by="Ana")
        assert (await runner.drive(run.id)).state == "done"
        assert [str(stop) for stop in parse_stops((room.front.state / "stop").read_text()).listed] == ["agent scout"]

    scene(story, tmp_path)


# ---------------------------------------------------------------- the stop file


def test_the_stop_file_holds_what_the_gateway_reads_and_stands_hostile_names(tmp_path: Path) -> None:
    path = tmp_path / "stop"
    add_stop(path, "model", "chat", "Ana: it\nlies # really")
    add_stop(path, "model", "Chat", "again")
    add_stop(path, "all", "", "")
    stops = parse_stops(path.read_text())
    assert [(stop.scope, stop.name) for stop in stops.listed] == [("model", "chat"), ("all", "")]
    for scope, name in (
        ("model", "a\nall"),
        ("model", "a # b"),
        ("model", '"a"'),
        ("upstream", "x"),
        ("all", "x"),
        ("agent", ""),
    ):
        with pytest.raises(ActionFailed):
            add_stop(path, scope, name, "")
    remove_stop(path, "all", "")
    remove_stop(path, "model", "chat")
    assert not path.exists()
    path.write_text("")
    add_stop(path, "agent", "scout", "")
    assert [str(stop) for stop in parse_stops(path.read_text()).listed] == ["all", "agent scout"]
    path.write_bytes(b"\xff\xfe")
    assert has_stop(path, "all", "") is None
    with pytest.raises(ActionFailed, match="by hand"):
        add_stop(path, "agent", "scout", "")


# ---------------------------------------------------------------- preserving


def local(folder: Path, text: str = "") -> tuple[Incidents, Any]:
    (folder / "respond.toml").write_text(text or '[gateway]\nurl = "http://127.0.0.1:9"\n')
    store = Incidents.open(folder / "incidents.db")
    store.take("group", {"alertname": "x"}, firing=True, at=1.0, low="red", high="red")
    return store, build_actions(folder, load_means(folder), store)


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "round", "nul\0", "inside/../../x"])
def test_a_playbook_preserves_nothing_outside_the_state_folder(tmp_path: Path, path: str) -> None:
    _, actions = local(tmp_path, '[gateway]\nurl = "http://127.0.0.1:9"\n')
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with pytest.raises(ActionFailed, match="lies outside"):
        asyncio.run(actions["preserve"].precondition(call(actions["preserve"], "k", paths=[path])))


def test_what_is_preserved_is_whole_sealed_and_made_once(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("as it was")
    store, actions = local(tmp_path, '[gateway]\nurl = "http://127.0.0.1:9"\n[preserve]\npaths = ["notes"]\n')
    action = actions["preserve"]
    one = call(action)
    first = asyncio.run(action.act(one))
    (tmp_path / "notes").write_text("changed")
    assert asyncio.run(action.act(one)).facts == first.facts
    place = tmp_path / str(first.facts["folder"])
    assert (place / "01-notes").read_text() == "as it was"
    copy = Incidents.open(place / "00-incidents.db", make=False) if os.geteuid() == 0 else None
    if copy is not None:
        assert copy.get("INC-1").state == "warning"
        copy.close()
        (place / "00-incidents.db-wal").unlink(missing_ok=True)
        (place / "00-incidents.db-shm").unlink(missing_ok=True)
    assert asyncio.run(action.probe(one, {})) is True
    assert first.text.startswith("kept 2 files; not the gateway's state")
    store.close()
    place.chmod(0o700)
    (place / "01-notes").chmod(0o600)
    (place / "01-notes").write_text("tampered")
    assert not is_sound(place)
    with pytest.raises(ActionFailed, match="not what its manifest says"):
        asyncio.run(action.act(one))


def test_a_half_made_copy_is_made_anew_and_one_that_is_too_large_is_refused(tmp_path: Path) -> None:
    store, actions = local(tmp_path)
    action = actions["preserve"]
    partial = tmp_path / "preserved" / "INC-1" / ".k.partial"
    partial.mkdir(parents=True)
    (partial / "rubbish").write_text("x")
    asyncio.run(action.act(call(action)))
    place = tmp_path / "preserved" / "INC-1" / "k"
    assert sorted(path.name for path in place.iterdir()) == ["00-incidents.db", "manifest.json"]
    place.chmod(0o700)
    tight = msgspec.structs.replace(load_means(tmp_path), preserve=Preserve(most_bytes=10))
    small = build_actions(tmp_path, tight, store)
    with pytest.raises(ActionFailed, match="over 10 bytes"):
        asyncio.run(small["preserve"].act(call(action, "k2")))
    with pytest.raises(ActionFailed, match="outside the state folder"):
        asyncio.run(action.precondition(call(action, paths=["../secret"])))
    store.close()


# ---------------------------------------------------------------- telling people


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of apprise itself, when it is loaded
def test_a_webhook_gets_the_words_and_the_key_and_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    async def story() -> None:
        got: list[Any] = []

        async def take(request: web.Request) -> web.Response:
            got.append((request.headers.get("idempotency-key"), await request.json()))
            return web.Response(status=500 if request.path == "/bad" else 204)

        app = web.Application()
        app.router.add_post("/{any}", take)
        server = web.AppRunner(app, shutdown_timeout=0.1)
        await server.setup()
        await web.TCPSite(server, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{server.addresses[0][1]}"
        (tmp_path / "address").write_text(f"{url}/good\n")
        receivers = "".join(
            f'[[receiver]]\nname = "{name}"\nkind = "{kind}"\n{how}\n'
            for name, kind, how in (
                ("good", "webhook", 'url_file = "address"'), ("bad", "webhook", f'url = "{url}/bad"'),
                ("file", "file", 'path = "notices"'), ("unset", "webhook", 'url_env = "FREEHOLD_NO_SUCH_VARIABLE"'),
                ("apprise", "apprise", 'url_file = "apprise"'),
            )
        )  # fmt: skip
        (tmp_path / "apprise").write_text(f"json://127.0.0.1:{server.addresses[0][1]}/apprise")
        store, actions = local(tmp_path, receivers)
        action = actions["notify"]
        outcome = await action.act(call(action, text="it is down", to=["good", "bad", "file", "unset"]))
        assert outcome.facts["told"] == ["good", "file"]
        assert outcome.facts["missed"] == ["bad (status 500)", "unset (its address is not set)"]
        assert got[0] == ("k", {"incident": "INC-1", "by": "R-1 (p), s", "text": "it is down", "key": "k"})
        await action.act(call(action, text="it is down", to=["file"]))
        assert len((tmp_path / "notices").read_text().splitlines()) == 1
        assert (await action.act(call(action, "k2", text="by apprise", to=["apprise"]))).facts["told"] == ["apprise"]
        with pytest.raises(ActionFailed, match="nobody could be told"):
            await action.act(call(action, text="x", to=["bad"]))
        with pytest.raises(RespondError, match="'nobody'"):
            await action.precondition(call(action, text="x", to=["nobody"]))
        store.close()
        await server.cleanup()

    asyncio.run(story())


# ---------------------------------------------------------------- commands

COMMANDS = """
[[command]]
name = "echo"
argv = ["{python}", "-c", "import sys, os; print(sys.argv[1:], dict(os.environ))", "{{what}}", "{{count}}"]
probe = ["/bin/false"]
undo = ["/bin/true"]
most_output = 2000
[command.parameters.what]
pattern = "[a-z; $-]+"
[command.parameters.count]
least = 1
most = 9
[[command]]
name = "hangs"
argv = ["{python}", "-c", "import subprocess; subprocess.run(['/bin/sleep', '600'])"]
seconds = 0.3
[[command]]
name = "floods"
argv = ["{python}", "-c", "print('x' * 5000000)"]
most_output = 100
[[command]]
name = "fails"
argv = ["{python}", "-c", "import sys; print('no luck'); sys.exit(3)"]
[[command]]
name = "gone"
argv = ["/nowhere/at/all"]
"""


def test_a_command_is_run_word_by_word_without_a_shell_and_without_our_environment(tmp_path: Path) -> None:
    store, actions = local(tmp_path, COMMANDS.format(python=sys.executable))
    action = actions["command"]
    one = call(action, name="echo", parameters={"what": "a; rm $x", "count": "3"})

    async def story() -> None:
        await action.precondition(one)
        outcome = await action.act(one)
        assert outcome.facts["output"].startswith("['a; rm $x', '3']")  # type: ignore[union-attr]
        assert "FREEHOLD" not in str(outcome.facts["output"])
        assert "HOME" not in str(outcome.facts["output"])
        assert await action.probe(one, {}) is False
        assert "/bin/true" in (await action.undo(one, {})).text
        for parameters, told in (
            ({"what": "-rf", "count": 3}, "begins with a dash"), ({"what": "A", "count": 3}, "does not match"),
            ({"what": "a", "count": 10}, "not between"), ({"what": "a", "count": "ten"}, "no whole number"),
            ({"what": "a"}, "needs the parameter 'count'"), ({"what": "a", "count": 1, "more": 1}, "no parameter 'more'"),
        ):  # fmt: skip
            with pytest.raises(RespondError, match=told):
                await action.precondition(call(action, name="echo", parameters=parameters))
        with pytest.raises(ActionFailed, match=r"not done after 0.3 s"):
            await action.act(call(action, name="hangs"))
        assert (await action.act(call(action, name="floods"))).facts["output"] == "x" * 100
        with pytest.raises(ActionFailed, match="status 3: no luck"):
            await action.act(call(action, name="fails"))
        with pytest.raises(RespondError, match="may not be run"):
            await action.precondition(call(action, name="gone"))
        with pytest.raises(RespondError, match="no command is called 'rm'"):
            await action.precondition(call(action, name="rm"))

    asyncio.run(story())
    store.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[command]]\nname = "a"\nargv = ["ls"]', "no absolute path"),
        ('[[command]]\nname = "a"\nargv = ["/bin/ls", "x{y}"]', "mixes a parameter"),
        ('[[command]]\nname = "a"\nargv = ["/bin/ls", "{y}"]', "no parameter is called 'y'"),
        ('[[command]]\nname = "a"\nargv = []', "argv is empty"),
        ('[[command]]\nname = "a"\nargv = ["/bin/ls"]\n[command.parameters.y]\npattern = "("', "the pattern is none"),
        ('[[command]]\nname = "a"\nargv = ["/bin/ls"]\n[command.parameters.y]\n', "say one of"),
        ('[[command]]\nname = "a"\nargv = ["/bin/ls"]\n' * 2, "two commands have one name"),
        ('[[receiver]]\nname = "a"\nkind = "file"\nurl = "x"', "a file has a path"),
        ('[[receiver]]\nname = "a"\nkind = "apprise"\nurl = "mailto://x"', "holds a secret"),
        ('[[receiver]]\nname = "a"\nkind = "webhook"\nurl = "https://u:p@x"', "holds a secret"),
        ('[gateway]\nkey = "secret"', r"unknown field `key`.*\$.gateway"),
        ("x = ", "respond.toml"),
    ],
)
def test_means_that_are_not_sound_are_refused_with_their_place(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "respond.toml").write_text(text)
    with pytest.raises(RespondError, match=told):
        load_means(tmp_path)


def test_a_secret_comes_from_the_variable_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file\n")
    assert secret_of("KEY", str(tmp_path / "key"), {"KEY": "from the variable"}) == "from the variable"
    assert secret_of("KEY", str(tmp_path / "key"), {}) == "from the file"
    assert secret_of("KEY", "", {}) == ""
    with pytest.raises(RespondError, match="holds a secret"):
        secret_of("", str(tmp_path / "none"), {})


# ---------------------------------------------------------------- evidence


def test_what_happened_is_in_the_evidence_log_once_and_verifies(tmp_path: Path) -> None:
    store, _ = local(tmp_path)
    store.take(
        "big", {"alertname": "y"}, firing=True, at=1.0, low="red", high="red", radius={"x": ["y" * 1_000] * 200, "n": 2**70}
    )
    store.note("INC-1", "Ana", "odd \ud800 \x00 text")
    store.move("INC-1", "false-alarm", "Ana", "a test")
    key = load_or_make_key(tmp_path / "evidence.key")
    for _ in range(2):
        log = EvidenceLog.open(tmp_path / "evidence-desk.jsonl", key)
        while store.drain_outbox(log, most=3):
            pass
        log.close()
    store.close()
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "evidence-desk.jsonl").read_text().splitlines()]
    assert [kind for kind in kinds if kind.startswith("incident.")] == [
        "incident.signal", "incident.warn", "incident.signal", "incident.warn", "incident.note", "incident.false-alarm",
    ]  # fmt: skip
    assert verify(str(tmp_path / "evidence-desk.jsonl")).is_sound
