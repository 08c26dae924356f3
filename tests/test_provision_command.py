"""``freehold provision`` at the command line: exit statuses, the page, and the JSON that programs read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from freehold.cli import main
from freehold.cli.command_after import split
from freehold.drill import backends
from freehold.report.render import render
from freehold.report.schemas import json_schema
from provision_world import PlainBackend, Registry, clean_environment, serving, wheel

SRC = str(Path(__file__).parent.parent / "src")
CLIENT = """\
import os, re, sys, urllib.parse, urllib.request
index = os.environ["PIP_INDEX_URL"]
for name in sys.argv[1:]:
    page = urllib.parse.urljoin(index, name + "/")
    try:
        text = urllib.request.urlopen(page).read().decode()
    except OSError as error:
        sys.exit(f"{name}: {error}")
    link = re.search('href="([^"#]+)', text)[1]
    print(len(urllib.request.urlopen(urllib.parse.urljoin(page, link)).read()))
"""
"""A client of a few lines: it takes the first file of a project's page."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, and an environment with no client but the one above; proofs cut by having no registry left."""
    environment = clean_environment(tmp_path) | {"PATH": str(tmp_path / "nothing")}
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "npm_config_", "APT_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "client.py").write_text(CLIENT)
    monkeypatch.setattr(backends, "choose", lambda _=None: backends.Choice(PlainBackend()))
    return tmp_path


@pytest.fixture
def index(folder: Path) -> Registry:
    assert folder.is_dir()  # the client stands there
    registry = Registry()
    registry.add_python("alpha", {"alpha-1.0-py3-none-any.whl": wheel("alpha", "1.0")})
    registry.add_python("gamma", {"gamma-1.0-py3-none-any.whl": wheel("gamma", "1.0")})
    return registry


def fetch(*names: str) -> list[str]:
    return ["--", sys.executable, "client.py", *names]


def run(*words: str) -> int:
    return main(["provision", *words])


def test_a_command_is_recorded_its_mirror_filled_and_proved(index: Registry, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(index):
        assert (
            run("--into", "m", "--python-index", index.url + "/simple", "--fail-on", "missing,unproved", *fetch("alpha")) == 0
        )
    told = " ".join(capfd.readouterr().out.split())
    assert "The mirror m 1 file" in told
    assert "Proved: with everything outside this machine cut off" in told
    assert "Nothing is known to be missing." in told
    assert run("verify", "m") == 0
    assert "m is what its manifest says" in capfd.readouterr().out


def test_the_answer_for_programs_is_as_its_schema_says_and_alone_on_standard_output(
    index: Registry, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(index):
        assert run("--into", "m", "--python-index", index.url + "/simple", "--format", "json", *fetch("alpha", "gamma")) == 0
    captured = capfd.readouterr()
    data = json.loads(captured.out)
    assert not list(Draft202012Validator(json_schema("provision")).iter_errors(data))
    assert [(one["name"], one["version"], bool(one["stated"])) for one in data["needs"]] == [
        ("alpha", "1.0", True), ("gamma", "1.0", True),
    ]  # fmt: skip
    assert data["proof"]["proved"] is True
    assert (data["proof"]["taken"], data["missing"]) == (2, [])
    assert captured.err.count("\n") >= 2  # the client's own output
    assert run("verify", "m", "--format", "json") == 0
    verdict = json.loads(capfd.readouterr().out)
    assert not list(Draft202012Validator(json_schema("provision verify")).iter_errors(verdict))


def test_what_is_missing_is_listed_with_the_command_that_adds_it_and_fails_if_asked(
    folder: Path, index: Registry, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(index):
        assert run("--into", "m", "--no-proof", "--python-index", index.url + "/simple", *fetch("alpha")) == 0
    assert "Filled, not proved. No proof was asked for" in " ".join(capfd.readouterr().out.split())
    assert run("prove", "m", "--fail-on", "unproved", *fetch("alpha", "gamma")) == 1
    captured = capfd.readouterr()
    told = " ".join(captured.out.split())
    assert "NOT proved: from the mirror alone the command ended with status 1." in told
    assert "gamma the mirror does not have the package Python-urllib" in told
    assert f"freehold provision --into {folder / 'm'} --need python:gamma" in told
    assert "the mirror is not proved" in captured.err
    assert run("prove", "m", "--format", "csv", *fetch("gamma")) == 0
    assert "missing,python,gamma" in capfd.readouterr().out
    assert run("prove", "m", "--format", "html", *fetch("alpha")) == 0
    assert "<html" in capfd.readouterr().out


def test_a_command_that_fails_while_it_is_recorded_leaves_what_it_needed_unknown(
    index: Registry, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(index):
        options = ("--no-proof", "--python-index", index.url + "/simple", "--fail-on", "missing", "--format", "json")
        assert run("--into", "m", *options, *fetch("alpha", "absent")) == 1
    data = json.loads(capfd.readouterr().out)
    assert data["missing"][0]["reason"].startswith("it ended with status 1 while it was recorded")
    assert data["missing"][0]["what"].startswith("/")
    assert [one["file"] for one in data["needs"]] == ["alpha-1.0-py3-none-any.whl"]


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(
    folder: Path, index: Registry, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # processes are listed by ps
    with serving(index):
        options = (
            "--no-proof",
            "--npm-registry",
            index.url,
            "--timeout",
            "4s",
            "--python-index",
            index.url + "/simple",
            "--format",
            "json",
        )
        assert run("--into", "m", *options, "--", "/bin/sh", "-c", "/bin/sleep 600 & echo $! > pid; wait") == 0
    data = json.loads(capfd.readouterr().out)
    assert data["recorded"]["exit"] == -9
    assert data["missing"][0]["reason"].startswith("it ended with status -9")
    started = folder / "pid"
    assert not started.is_file() or not alive(int(started.read_text() or 0))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody is given the orphans of a command")
def test_what_a_recorded_command_left_behind_in_a_session_of_its_own_is_ended(folder: Path, index: Registry) -> None:
    with serving(index):
        options = ("--no-proof", "--npm-registry", index.url, "--python-index", index.url + "/simple", "--timeout", "60s")
        line = "/usr/bin/setsid /bin/sh -c 'echo $$ > pid; exec /bin/sleep 600' & while ! [ -s pid ]; do :; done"
        assert run("--into", "m", *options, "--", "/bin/sh", "-c", line) == 0
    assert not alive(int((folder / "pid").read_text()))


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_mirror_that_was_changed_exits_1_and_is_not_proved(
    folder: Path, index: Registry, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(index):
        assert run("--into", "m", "--no-proof", "--python-index", index.url + "/simple", *fetch("alpha")) == 0
    (folder / "m/python/wheels/alpha-1.0-py3-none-any.whl").write_bytes(b"other")
    assert run("verify", "m") == 1
    assert "m is NOT what its manifest says" in capfd.readouterr().out
    assert run("prove", "m", *fetch("alpha")) == 2
    assert "is not what its manifest says" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--into", "m"), "nothing is named to provision"),
        (("--into", "m", "--timeout", "soon", "--", "true"), "--timeout: 'soon'"),
        (("--into", "m", "--timeout", "0s", "--", "true"), "--timeout: '0s'"),
        (("--into", "m", "--most-bytes", "many", "--", "true"), "--most-bytes: 'many'"),
        (("--into", "m", "--fail-on", "rain", "--", "true"), "--fail-on: 'rain'"),
        (("--into", "m", "--python-index", "index", "--", "true"), "none of http, https or file"),
        (("--into", "client.py", "--", "true"), "is no folder"),
        (("--into", ".", "--", "true"), "holds other things"),
        (("--into", "m", "--need", "rake"), "has no kind"),
        (("--into", "m", "--from", "absent.txt"), "is not there"),
        (("--into", "m", "--", "no-such-program-anywhere"), "cannot be run"),
        (("--into", "m", "--", "nul\0byte"), "cannot be run"),
        (("prove", "m"), "nothing is named to run"),
        (("prove", "m", "--", "true"), "cannot be read"),
        (("verify", "m"), "cannot be read"),
        (("serve", "m"), "cannot be read"),
        (("serve", "m", "--port", "70000"), "is no port"),
    ],
)
def test_what_makes_no_sense_exits_2_with_a_message(
    folder: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert run(*words) == 2
    captured = capfd.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert not (folder / "m").exists()


def test_the_command_is_what_stands_after_the_first_two_dashes() -> None:
    assert split(["provision", "--into", "m", "--", "pip", "--", "verify"]) == (
        ["provision", "fill", "--into", "m"], ("pip", "--", "verify"),
    )  # fmt: skip
    assert split(["provision", "verify", "m"]) == (["provision", "verify", "m"], None)
    assert split(["provision", "prove", "m", "--", "verify"]) == (["provision", "prove", "m"], ("verify",))
    assert split(["check", "--", "."]) == (["check", "--", "."], None)


def test_a_proof_without_a_way_to_cut_says_why_there_is_none(
    index: Registry, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from freehold.errors import NotPossible

    def none(_: str | None = None) -> object:
        raise NotPossible("no namespaces are here")

    monkeypatch.setattr(backends, "choose", none)
    with serving(index):
        assert run("--into", "m", "--python-index", index.url + "/simple", *fetch("alpha")) == 0
    assert "no namespaces are here" in capfd.readouterr().out
    assert run("prove", "m", *fetch("alpha")) == 2


def test_a_mirror_is_served_until_it_is_interrupted(index: Registry) -> None:
    with serving(index):
        assert run("--into", "m", "--no-proof", "--python-index", index.url + "/simple", *fetch("alpha")) == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "freehold", "provision", "serve", "m"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "PYTHONPATH": SRC},
    )  # fmt: skip
    assert process.stdout is not None
    lines = [process.stdout.readline(), process.stdout.readline()]
    address = lines[0].strip().removeprefix("export PIP_INDEX_URL=")
    assert lines[1].strip() == f"export UV_DEFAULT_INDEX={address}"
    client = [sys.executable, "client.py", "alpha"]
    served = subprocess.run(client, env={**os.environ, "PIP_INDEX_URL": address}, capture_output=True, check=False)
    missed = subprocess.run(
        [*client[:2], "beta"], env={**os.environ, "PIP_INDEX_URL": address}, capture_output=True, check=False
    )
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert (served.returncode, missed.returncode, process.returncode) == (0, 1, 0)
    assert "asked for and not there: beta" in told


def test_no_answer_is_without_a_view() -> None:
    from freehold.provision.manifest import Manifest
    from freehold.provision.provisioning import Provisioned

    empty = Provisioned(Path("m"), Manifest("2026-01-01T00:00:00Z", "0"), ())
    for name in ("text", "json", "csv", "html"):
        assert render(empty, name)
