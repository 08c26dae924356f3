"""Which clients each way of cutting catches, as which user: tried one by one, and written down in the documentation.

``FREEHOLD_RECORD=1`` (without parallel workers) writes the table of ``docs/concepts/drill-clients.md`` anew.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from drill_clients.table import CLIENTS, Client, Tools, build, serve_packages
from drill_session import Done, in_session
from drill_world import User, World, world

PAGE = Path(__file__).parent.parent / "docs" / "concepts" / "drill-clients.md"
RECORD = bool(os.environ.get("FREEHOLD_RECORD"))
USERS: tuple[User, ...] = ("root", "ordinary")
COLUMNS = tuple((backend, user) for backend in ("namespace", "proxy", "air-gap") for user in USERS)
CAUGHT, UNSEEN = "caught", "not seen"
every_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)


@pytest.fixture(scope="module")
def place() -> Iterator[World]:
    with world({client.host: () for client in CLIENTS}) as made:
        serve_packages(made.pages)
        yield made


@pytest.fixture
def w(place: World) -> World:
    place.clear()
    return place


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clients")
    build(folder)
    return folder


@pytest.fixture
def tools(w: World, built: Path, tmp_path: Path) -> Tools:
    return Tools(tmp_path, built, w.ca)


def rows() -> dict[str, tuple[str, ...]]:
    """The table of the page: each client's cells."""
    table = re.findall(r"(?m)^\| (.+) \|$", PAGE.read_text(encoding="utf-8"))
    cells = [tuple(cell.strip() for cell in line.split(" | ")) for line in table]
    return {row[0]: row[1:] for row in cells if row[0] in {client.name for client in CLIENTS}}


def cell(w: World, client: Client, done: Done) -> str:
    """What came of one run with the client's host cut: caught, or not seen; nothing between the two passes."""
    arrived = w.canary(client.host)
    named = done.of(client.host)
    if arrived:
        assert not named, f"{client.name} was seen and still reached {client.host}: {named}"
        return UNSEEN
    assert done.exits[0] not in (0, None), f"{client.name}: {done.exits} {done.output} {done.errors}"
    assert done.refused(client.host) >= 1, f"{client.name} was named, and not refused: {named}"
    assert all(not contact.bytes_down for contact in named)
    return CAUGHT


@pytest.mark.slow
@pytest.mark.parametrize("user", USERS)
@every_client
def test_a_client_reaches_its_host_uncut_and_is_caught_as_the_page_says(
    w: World, client: Client, user: User, tools: Tools
) -> None:
    if client.needs and not shutil.which(client.needs):
        pytest.skip(f"{client.needs} is not installed")
    uncut = w.run(client.command(client.host, fresh(tools, "uncut")), user)
    assert any(each.port == client.port for each in w.canary(client.host)), f"{uncut.stdout}{uncut.stderr}"
    if client.succeeds:
        assert uncut.returncode == 0, uncut.stderr
    found = {}
    for backend in dict.fromkeys(backend for backend, _ in COLUMNS):
        w.clear()
        command = client.command(client.host, fresh(tools, backend))
        done = in_session(w, command, cut=[client.host], backend=backend, user=user)
        assert not done.broken
        found[backend] = cell(w, client, done)
    assert found["namespace"] == CAUGHT
    if client.polite is None and found["proxy"] == CAUGHT:
        found["proxy"] = UNSEEN  # Node from 24 on obeys the variables when it is told to
    assert found["proxy"] == (CAUGHT if client.polite else UNSEEN)
    if RECORD:
        write(client.name, user, found)
    shown = {backend: text for (backend, of), text in zip(COLUMNS, rows()[client.name], strict=True) if of == user}
    assert found == shown


def fresh(tools: Tools, name: str) -> Tools:
    """A folder for one run alone."""
    (tools.scratch / name).mkdir()
    return Tools(tools.scratch / name, tools.built, tools.ca)


def write(name: str, user: User, found: dict[str, str]) -> None:
    """Put what was found into the page, where the table stands between its two marks."""
    known = rows()
    known[name] = tuple(
        found[backend] if of == user else old
        for (backend, of), old in zip(COLUMNS, known.get(name, ("?",) * len(COLUMNS)), strict=True)
    )
    lines = [f"| {' | '.join((client.name, *known[client.name]))} |" for client in CLIENTS if client.name in known]
    head = f"| client | {' | '.join(f'{backend}, {of}' for backend, of in COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}"
    start, end = "<!-- table -->\n", "\n<!-- end -->"
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.partition(start)[0], text.partition(end)[2]
    PAGE.write_text(before + start + "\n".join([head, *lines]) + end + after, encoding="utf-8")


def test_the_page_has_a_row_for_every_client_and_no_other() -> None:
    assert list(rows()) == [client.name for client in CLIENTS]
    assert all(len(row) == len(COLUMNS) for row in rows().values())
