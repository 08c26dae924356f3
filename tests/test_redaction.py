"""What is hidden before a page is given away: no host and no path of the organisation is left, and the answer stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from freehold.cli import main
from freehold.stack.inventory import Component, Contact, Evidence, Inventory, Skip
from freehold.stack.redaction import Redaction
from freehold.stack.values import Claim, Item, Need, Source, Stack

FILES = {
    "secret-unit/deploy/compose.yml": "services:\n  db:\n"
    "    image: registry.wagner-intern.de/geheim/db:1\n  web:\n    image: nginx:1\n",
    "secret-unit/app.py": 'URL = "https://api.wagner-intern.de/v1"\nOTHER = "https://api.openai.com/v1"\n',
    "secret-unit/broken.json": "{",
    "Dockerfile": "FROM registry.wagner-intern.de/geheim/web:1\n",
    "secret-unit/go.mod": "module git.wagner-intern.de/geheim/dienst\ngo 1.21\n"
    "require (\n\tgit.wagner-intern.de/team/kern v1.0.0\n\tgithub.com/pkg/errors v0.9.1\n)\n",
    "package.json": '{"name": "shop", "dependencies": {"left": "git+https://git.wagner-intern.de/geheim/left.git"}}',
}


def project(folder: Path) -> Path:
    for name, text in FILES.items():
        path = folder / "geheimes-projekt" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "geheimes-projekt"


@pytest.mark.parametrize("format_", ["text", "json", "html", "csv"])
@pytest.mark.parametrize("verb", ["check", "scan", "show", "assess", "gaps", "cutoff"])
def test_no_answer_holds_a_host_or_a_path(tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, format_: str) -> None:
    cut = ["--foreign"] if verb == "cutoff" else []
    run = [verb, str(project(tmp_path)), "--home", "DE", "--redact", "--format", format_, *cut, "-vv", "--no-cache"]
    full = [] if verb == "scan" else ["--full", "--evidence"]
    assert main([*run, *full]) == 0
    told = "".join(capsys.readouterr())
    for secret in (
        "wagner",
        "intern.de",
        "de.wagner",
        "secret-unit",
        "compose.yml",
        "app.py",
        "Dockerfile",
        str(tmp_path),
        "geheim/left",
    ):
        assert secret not in told, secret


SERVERS = (
    "Server,Hersteller,Kritisch,Standort\nsrv-7.wagner.local,Dell,ja,Narnia\nsrv-7.wagner.local,Dell,ja,\nMail,Dell,ja,DE\n"
)
ZONE = """\
$ORIGIN wagner-intern.de.
@ 3600 IN SOA ns1.hetzner.com. a.wagner-intern.de. 1 7200 900 1209600 86400
@ IN NS ns1.hetzner.com.
@ IN MX 10 aspmx.l.google.com.
"""


@pytest.mark.parametrize("verb", ["check", "show", "cutoff"])
@pytest.mark.parametrize(("name", "text"), [("list.csv", SERVERS), ("list.zone", ZONE)])
def test_a_server_in_a_table_and_the_domain_of_a_zone_are_hosts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    cut = ["--foreign"] if verb == "cutoff" else []
    full = ["--full", "--evidence"]
    assert main([verb, str(tmp_path / name), "--home", "DE", "--redact", *cut, *full, "--no-cache"]) == 0
    told = "".join(capsys.readouterr())
    assert "host-1" in told
    assert all(secret not in told for secret in ("wagner", "list.csv", "list.zone"))


def test_a_thing_that_somebody_else_provides_keeps_its_name() -> None:
    stack = Stack(
        "s", "DE",
        items=(Item("pay.example", "pay.example"), Item("a.firm.de", "a.firm.de"), Item("b", "b at a.firm.de")),
        sources=(Source("pay.example@stripe", "pay.example", "stripe"), Source("a.firm.de@self", "a.firm.de", "self")),
        needs=(Need("a.firm.de@self", "pay.example"),),
    )  # fmt: skip
    hidden = Redaction().stack(stack)
    assert [(item.id, item.name) for item in hidden.items] == [
        ("pay.example", "pay.example"), ("host-1", "host-1"), ("b", "b at host-1"),
    ]  # fmt: skip
    assert hidden.needs == (Need("host-1@self", "pay.example"),)


def test_the_answer_is_the_same_as_without(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for flags in ([], ["--redact"], ["--redact", "paths"]):
        assert main(["assess", str(project(tmp_path)), "--home", "DE", "--format", "json", *flags]) == 0
        told = json.loads(capsys.readouterr().out)
        said.append((told["self_reliance"], told["change"], told["face_value"], told["layers"], told["unknowns"]))
    assert said[0] == said[1] == said[2]


def test_a_go_module_keeps_its_name_behind_a_hidden_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", str(project(tmp_path)), "--home", "DE", "--format", "json", "--redact"]) == 0
    told = json.loads(capsys.readouterr().out)
    named = {one["id"]: one["name"] for one in told["components"] if one["id"].startswith("pkg:golang/")}
    ((hidden, name),) = ((id_, name) for id_, name in named.items() if "/team/" in id_)
    host = hidden.removeprefix("pkg:golang/").partition("/")[0]
    assert host.startswith("host-")
    assert (hidden, name) == (f"pkg:golang/{host}/team/kern@v1.0.0", f"{host}/team/kern")
    assert named["pkg:golang/github.com/pkg/errors@v0.9.1"] == "github.com/pkg/errors"


def test_what_is_called_after_its_folder_is_not_called_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "geheimes-projekt"
    folder.mkdir()
    (folder / "requirements.txt").write_text("openai==1.59.3\n", encoding="utf-8")
    for verb in ("check", "scan", "show"):
        assert main([verb, str(folder), "--home", "DE", "--redact"]) == 0
        told = "".join(capsys.readouterr())
        assert "geheimes" not in told
        assert "path-1" in told


def test_hiding_paths_leaves_hosts_and_hiding_hosts_leaves_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for what, kept, gone in (("paths", "de.wagner-intern", "app.py"), ("hosts", "app.py", "de.wagner-intern")):
        assert main(["scan", str(project(tmp_path)), "--home", "DE", "--format", "json", f"--redact={what}"]) == 0
        told = capsys.readouterr().out
        assert kept in told
        assert gone not in told


def test_what_cannot_be_hidden_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(project(tmp_path)), "--redact", "names"]) == 2
    assert "--redact: 'names' cannot be hidden. Choose from: hosts,paths." in capsys.readouterr().err


def test_errors_do_not_tell_the_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "nirgends"), "--redact", "--log-format", "json"]) == 2
    told = json.loads(capsys.readouterr().err)
    assert told["level"] == "error"
    assert "nirgends" not in told["message"]
    assert "is not there" in told["message"]


def test_equal_stays_equal_and_what_the_catalogue_says_stays() -> None:
    stack = Stack(
        "s", "DE",
        items=(Item("host:de.firm", "de.firm"), Item("pkg:docker/db@1?repository_url=firm.de/x", "db")),
        sources=(Source("host:de.firm@?", "host:de.firm"),
                 Source("pkg:docker/db@1?repository_url=firm.de/x@self", "pkg:docker/db@1?repository_url=firm.de/x")),
        needs=(Need("pkg:docker/db@1?repository_url=firm.de/x@self", "host:de.firm"),),
        claims=(
            Claim("items", "host:de.firm", "id", "host:de.firm", "a/b.py:3"),
            Claim("sources", "host:de.firm@?", "provider", "x", "catalogue: Page (Firm), https://firm.de/a"),
            Claim("items", "host:de.firm", "name", "x", "interview with the owner"),
        ),
        path="/srv/stack.toml",
    )  # fmt: skip
    hidden = Redaction().stack(stack)
    assert [item.id for item in hidden.items] == ["host:host-1", "pkg:docker/db@1?repository_url=host-2"]
    assert hidden.items[0].name == "host-1"
    assert [source.item for source in hidden.sources] == [item.id for item in hidden.items]
    assert hidden.needs[0] == Need(hidden.sources[1].id, "host:host-1")
    assert [claim.source for claim in hidden.claims] == [
        "path-1:3", "catalogue: Page (Firm), https://firm.de/a", "interview with the owner",
    ]  # fmt: skip


def test_an_inventory_keeps_its_shape() -> None:
    inventory = Inventory(
        "n", "r",
        (Component("a", "a", depends=("b",), registry="de.firm", repository="de.firm/x", evidence=(Evidence("f", 2, "p"),)),),
        (Contact("de.firm", "service", evidence=(Evidence("f", 3),)),),
        (Skip("g/h", "syntax", "g/h is broken"), Skip(".", "limit", "more")),
    )  # fmt: skip
    hidden = Redaction().inventory(inventory)
    assert hidden.components[0].registry == hidden.contacts[0].host == "host-1"
    assert hidden.components[0].repository == "host-2"
    assert [str(hidden.components[0].evidence[0]), str(hidden.contacts[0].evidence[0])] == ["path-1:2 p", "path-1:3"]
    assert hidden.skips == (Skip("path-2", "syntax", "path-2 is broken"), Skip(".", "limit", "more"))


@pytest.mark.parametrize("word", ["", ",", "names"])
def test_what_cannot_be_hidden_is_refused_and_nothing_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    assert main(["check", str(project(tmp_path)), "--home", "DE", f"--redact={word}"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Choose from: hosts,paths" in told.err


def test_a_note_on_a_table_does_not_name_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "geheime-liste.csv").write_text("name,vendor\nERP,SAP SE\n", encoding="utf-8")
    assert main(["check", str(tmp_path / "geheime-liste.csv"), "--home", "DE", "--redact"]) == 0
    told = capsys.readouterr()
    assert "what its columns mean" in told.err
    assert "geheime" not in told.out + told.err
