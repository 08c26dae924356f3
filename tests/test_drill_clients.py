"""Which clients each way of cutting catches, as which user: tried, and written down in the documentation.

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


def cell(w: World, client: Client, done: Done, place: int) -> str:
    """What came of one client with its host cut: caught, or not seen; nothing between the two passes."""
    arrived, named = w.canary(client.host), done.of(client.host)
    if arrived:
        assert not named, f"{client.name} was seen and still reached {client.host}: {named}"
        return UNSEEN
    said = f"{client.name}: {done.exits[place]} {done.output[place]} {done.errors[place]}"
    assert done.exits[place] not in (0, None), said
    assert done.refused(client.host) >= 1, f"{client.name} was named, and not refused: {named}"
    assert all(not contact.bytes_down for contact in named)
    return CAUGHT


def here() -> list[Client]:
    return [client for client in CLIENTS if not client.needs or shutil.which(client.needs)]


def skip_if_some_are_absent() -> None:
    """What is here has been tried by then; the rest is named."""
    absent = sorted({client.needs for client in CLIENTS} - {client.needs for client in here()})
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}")


@pytest.mark.slow
@pytest.mark.parametrize("user", USERS)
def test_every_client_reaches_its_host_uncut(w: World, user: User, tools: Tools) -> None:
    for client in here():
        uncut = w.run(client.command(client.host, fresh(tools, client.host)), user)
        assert any(each.port == client.port for each in w.canary(client.host)), f"{client.name}: {uncut.stdout}{uncut.stderr}"
        if client.succeeds:
            assert uncut.returncode == 0, f"{client.name}: {uncut.stderr}"
    skip_if_some_are_absent()


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "user"), COLUMNS)
def test_every_client_is_caught_as_the_page_says(w: World, backend: str, user: User, tools: Tools) -> None:
    """All of them in one session, one after the other: each has a host of its own, by which it is told from the others."""
    clients = here()
    commands = [client.command(client.host, fresh(tools, client.host)) for client in clients]
    done = in_session(w, *commands, cut=[client.host for client in clients], backend=backend, user=user)
    assert not done.broken
    found = {client.name: cell(w, client, done, place) for place, client in enumerate(clients)}
    if backend == "proxy":
        for client in clients:
            if client.polite is None:
                found[client.name] = UNSEEN  # Node from 24 on obeys the variables when it is told to
        assert found == {client.name: CAUGHT if client.polite else UNSEEN for client in clients}
    else:
        assert backend != "namespace" or set(found.values()) == {CAUGHT}
    column = COLUMNS.index((backend, user))
    if RECORD:
        write(column, found)
    assert found == {client.name: rows()[client.name][column] for client in clients}
    skip_if_some_are_absent()


def fresh(tools: Tools, name: str) -> Tools:
    """A folder for one run alone."""
    (tools.scratch / name).mkdir()
    return Tools(tools.scratch / name, tools.built, tools.ca)


def write(column: int, found: dict[str, str]) -> None:
    """Put a column into the page, where the table stands between its two marks."""
    known = rows()
    for name, text in found.items():
        cells = known.get(name, ("?",) * len(COLUMNS))
        known[name] = (*cells[:column], text, *cells[column + 1 :])
    lines = [f"| {' | '.join((client.name, *known[client.name]))} |" for client in CLIENTS if client.name in known]
    head = f"| client | {' | '.join(f'{backend}, {of}' for backend, of in COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}"
    start, end = "<!-- table -->\n", "\n<!-- end -->"
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.partition(start)[0], text.partition(end)[2]
    PAGE.write_text(before + start + "\n".join([head, *lines]) + end + after, encoding="utf-8")


def test_the_page_has_a_row_for_every_client_and_no_other() -> None:
    assert list(rows()) == [client.name for client in CLIENTS]
    assert all(len(row) == len(COLUMNS) for row in rows().values())
