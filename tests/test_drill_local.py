"""Caches and local sources: where they are found, which of their files were read, and what a cold run gets instead."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from drill_plain import PlainBackend
from freehold.drill import file_watch
from freehold.drill.caches import Cache, caches
from freehold.drill.cold import cold_environment
from freehold.drill.decision import CutAll
from freehold.drill.file_ledger import FileLedger
from freehold.drill.file_watch import FileWatch
from freehold.drill.local_sources import LocalSource, local_sources
from freehold.drill.named_places import named_places, texts_of
from freehold.drill.own_folder import remove_all
from freehold.drill.record import LocalUse, WorkingFiles
from freehold.drill.running import RunPlan, run
from freehold.drill.shapes import GONE

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files are watched on Linux only")


def source(folder: Path, kind: str = "x", shown: str = "x") -> LocalSource:
    return LocalSource(folder, kind, shown)


def found(environment: dict[str, str], folder: Path) -> dict[str, str]:
    return {one.shown: one.kind for one in local_sources(environment, str(folder))}


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# ---------------------------------------------------------------- the table


def test_each_cache_has_a_reference_and_a_day() -> None:
    for row in caches():
        assert row.title, row
        assert row.publisher, row
        assert re.fullmatch(r"https://\S+", row.url), row
        assert date.fromisoformat(row.read) <= date(2027, 12, 31), row
        assert row.cold in ("path", "links", "keep", "watched", "no") or row.cold.startswith("-"), row
        assert row.place or row.tool == "any", row


def row_of(kind: str) -> Cache:
    return next(row for row in caches() if row.kind == kind)


@pytest.mark.parametrize(
    ("kind", "environment", "folder"),
    [
        ("pip cache", {}, "/h/.cache/pip"),
        ("pip cache", {"XDG_CACHE_HOME": "/c"}, "/c/pip"),
        ("pip cache", {"XDG_CACHE_HOME": "/c", "PIP_CACHE_DIR": "/p"}, "/p"),
        ("npm cache", {"npm_config_cache": "/n"}, "/n/_cacache"),
        ("cargo registry", {}, "/h/.cargo/registry"),
        ("Go module cache", {}, "/h/go/pkg/mod"),
        ("Go module cache", {"GOPATH": "/g:/other"}, "/g/pkg/mod"),
        ("Maven local repository", {"MAVEN_OPTS": "-Xmx1g"}, "/h/.m2/repository"),
        ("apt archives", {}, "/var/cache/apt/archives"),
        ("pip cache", {"PIP_CACHE_DIR": "relative"}, None),
    ],
)
def test_a_cache_is_where_the_environment_says(kind: str, environment: dict[str, str], folder: str | None) -> None:
    assert row_of(kind).folder({"HOME": "/h", **environment}) == (None if folder is None else Path(folder))


# ---------------------------------------------------------------- where sources are found


def test_only_what_is_there_is_found_and_the_home_folder_is_not_written_out(tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    write(home / ".cache/pip/x")
    write(home / ".cargo/registry/x")
    write(work / "vendor/x")
    here = {place: kind for place, kind in found({"HOME": str(home)}, work).items() if place[0] in "~."}
    assert here == {"~/.cache/pip": "pip cache", "~/.cargo/registry": "cargo registry", "./vendor": "vendored copies"}


def test_the_wheel_folders_of_pips_settings_are_found(tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    for name in ("user", "venv wheels", "file", "env", "index", "extra"):
        write(tmp_path / name / "x.whl")
    write(
        home / ".config/pip/pip.conf",
        f"[global]\nfind-links =\n    {tmp_path}/user\n    https://index.example/wheels\n[install]\nindex_url = file://{tmp_path}/index\n",
    )
    write(
        work / "venv/pip.conf", f"[download]\nfind-links = file://{tmp_path}/venv%20wheels\nextra-index-url=https://x.example\n"
    )
    write(work / "pip.ini", "[global]\nfind-links = ../file\n")
    write(home / ".pip/pip.conf", "no = section")
    environment = {
        "HOME": str(home),
        "VIRTUAL_ENV": str(work / "venv"),
        "PIP_CONFIG_FILE": str(work / "pip.ini"),
        "PIP_FIND_LINKS": f"{tmp_path}/env",
        "PIP_EXTRA_INDEX_URL": f"file://{tmp_path}/extra /not-an-address",
    }
    shown = {place: kind for place, kind in found(environment, work).items() if str(tmp_path) in place}
    links, index = "wheel folder (find-links)", "package index on this machine"
    assert shown == {
        f"{tmp_path}/user": links,
        f"{tmp_path}/index": index,
        f"{tmp_path}/venv wheels": links,
        f"{tmp_path}/file": links,
        f"{tmp_path}/env": links,
        f"{tmp_path}/extra": index,
    }


def test_the_sources_of_uv_cargo_and_go_are_found(tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    for name in ("uv links", "uv index", "crates", "modules", "named"):
        (tmp_path / name).mkdir()
    write(
        work / "pyproject.toml",
        f'[tool.uv]\nfind-links = ["{tmp_path}/uv links"]\n[[tool.uv.index]]\nurl = "file://{tmp_path}/uv%20index"\n',
    )
    write(
        work / ".cargo/config.toml",
        f'[source.x]\ndirectory = "{tmp_path}/crates"\n[source.y]\nregistry = "https://x.example"\n',
    )
    write(work / "uv.toml", "not = [toml")
    environment = {
        "HOME": str(home),
        "GOPROXY": f"file://{tmp_path}/modules,https://x.example|direct",
        "UV_FIND_LINKS": f"{tmp_path}/named",
    }
    kinds = {Path(place).name: kind for place, kind in found(environment, work).items() if str(tmp_path) in place}
    assert kinds == {
        "uv links": "wheel folder (find-links)",
        "uv index": "package index on this machine",
        "named": "wheel folder (find-links)",
        "crates": "vendored crates",
        "modules": "Go modules on this machine",
    }


def test_settings_that_cannot_be_read_find_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".config/pip/pip.conf").mkdir(parents=True)
    write(home / ".cargo/config.toml", "[" * 5_000)
    write(tmp_path / "pyproject.toml", "[tool]\nuv = 7\n")
    environment = {"HOME": str(home), "PIP_FIND_LINKS": "\0 file://[", "PIP_CONFIG_FILE": "/dev/null"}
    assert not [place for place in found(environment, tmp_path) if place[0] in "~."]


# ---------------------------------------------------------------- which files were read


def test_files_that_were_read_are_counted_and_others_are_not(tmp_path: Path) -> None:
    for name in ("a", "deep/er/b", "unread", "deep/unread"):
        write(tmp_path / "cache" / name)
    with FileWatch([source(tmp_path / "cache", "pip cache", "~/.cache/pip")]) as watch:
        subprocess.run(["cat", "a", "deep/er/b", "a"], cwd=tmp_path / "cache", check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["ls", "-laR", "."], cwd=tmp_path / "cache", check=True, stdout=subprocess.DEVNULL)
        (use,) = watch.uses()
    assert use == LocalUse("~/.cache/pip", "pip cache", 2, ("a", "deep/er/b"))


def test_what_came_during_the_run_does_not_count(tmp_path: Path) -> None:
    write(tmp_path / "old")
    script = (
        "echo x > new; cat new; mkdir -p dir; echo x > dir/in; cat dir/in; echo y > part; mv part whole; cat whole; cat old"
    )
    with FileWatch([source(tmp_path)]) as watch:
        subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        assert [(use.files, use.examples) for use in watch.uses()] == [(1, ("old",))]


def test_a_place_within_another_counts_for_itself(tmp_path: Path) -> None:
    write(tmp_path / "outer/a")
    write(tmp_path / "outer/inner/b")
    with FileWatch([source(tmp_path / "outer", "o", "o"), source(tmp_path / "outer/inner", "i", "i")]) as watch:
        (tmp_path / "outer/inner/b").read_text()
        assert [(use.place, use.examples) for use in watch.uses()] == [("i", ("b",))]


def test_watches_are_bounded_and_that_is_said(tmp_path: Path) -> None:
    for name in ("large", "small"):
        for number in range(9):
            write(tmp_path / name / str(number) / "x")
    with FileWatch([source(tmp_path / "large", "l", "l"), source(tmp_path / "small", "s", "s")], most=6) as watch:
        (tmp_path / "small/0/x").read_text()
        (tmp_path / "large/8/x").read_text()
        assert [use.place for use in watch.uses()] == ["s"]
    assert watch.notes == ["only 6 folders of caches and local sources were watched: what served from others is not seen"]


def test_many_reads_at_once_are_counted_or_it_is_said_that_some_were_lost(tmp_path: Path) -> None:
    for number in range(3_000):
        (tmp_path / str(number)).write_text("x")
    with FileWatch([source(tmp_path)]) as watch:
        for _ in range(4):
            subprocess.run(["sh", "-c", "cat *"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        (use,) = watch.uses()
    assert use.files == 3_000 or watch.notes == ["more files were opened than could be counted"]
    assert len(use.examples) == 5


def test_nothing_is_watched_where_the_kernel_gives_no_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(file_watch, "inotify_init", none)
    with FileWatch([source(tmp_path)]) as watch:
        assert watch.uses() == ()
    assert watch.notes == ["caches and local sources were not watched: Too many open files"]


def test_a_watch_leaves_no_descriptor_behind(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with FileWatch([source(tmp_path)]) as watch:
            watch.uses()
        watch.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_run_names_the_wheel_folder_that_it_read(tmp_path: Path) -> None:
    write(tmp_path / "wheels/one.whl")
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nfind-links = wheels\n")
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(tmp_path / "home")}
    planned = RunPlan("cut", ("sh", "-c", ": < wheels/one.whl"), str(tmp_path), environment)
    ended = asyncio.run(run(PlainBackend(), CutAll(), GONE, planned))
    assert ended.local == (LocalUse("./wheels", "wheel folder (find-links)", 1, ("one.whl",)),)
    unwatched = RunPlan("cut", ("cat", "wheels/one.whl"), str(tmp_path), environment, watch=False, stdout=2)
    assert asyncio.run(run(PlainBackend(), CutAll(), GONE, unwatched)).local == ()


# ---------------------------------------------------------------- what the command names itself


def named(folder: Path, *arguments: str) -> list[str]:
    found = named_places(texts_of(arguments, folder), folder)
    return sorted(str(path.relative_to(folder.parent)).removeprefix(f"{folder.name}/") for path in found)


def test_files_and_folders_that_arguments_name_are_found_also_within_a_shells_text(tmp_path: Path) -> None:
    work = tmp_path / "work"
    for name in ("work/vendor/six.py", "work/house/x.whl", "work/config.ini", "outside/y"):
        write(tmp_path / name)
    assert named(work, "pip", "--find-links=house", "--config", "config.ini", "none", ".") == ["config.ini", "house"]
    assert named(work, "sh", "-c", "get six || cp vendor/six.py 'got/'; cat ../outside/y") == ["outside/y", "vendor/six.py"]
    assert named(work, "cat", "/etc/passwd", "/", str(tmp_path), "..") == []


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("Makefile", "all:\n\tget || cp -r vendor got\n", ("make", "all")),
        ("build.sh", "get || cp -r vendor got\n", ("sh", "build.sh")),
        ("build", "#!/bin/sh\nget || cp -r vendor got\n", ("./build",)),
        ("outer.sh", "exec ./inner.sh\n", ("bash", "outer.sh")),
        ("package.json", '{"scripts": {"test": "get || cp -r vendor got"}}', ("npm", "test")),
        ("requirements.txt", "--find-links vendor\nsix\n", ("pip", "install", "-r", "requirements.txt")),
    ],
)  # fmt: skip
def test_what_a_script_names_is_named_by_the_command(name: str, text: str, command: tuple[str, ...], tmp_path: Path) -> None:
    write(tmp_path / "vendor/six.py")
    write(tmp_path / "inner.sh", "get || cp -r vendor got\n")
    write(tmp_path / name, text)
    assert "vendor" in named(tmp_path, *command)


def test_texts_that_cannot_be_read_name_nothing(tmp_path: Path) -> None:
    write(tmp_path / "package.json", "[" * 100_000)
    (tmp_path / "Makefile").mkdir()
    (tmp_path / "blob.sh").write_bytes(b"\0\xff" * 1_000)
    for command in (("npm", "test"), ("make",), ("sh", "blob.sh"), ("x" * 100_000,), ("\0", "a\0b"), ()):
        assert [one for one in named(tmp_path, *command) if one not in ("blob.sh", "Makefile")] == []


def test_a_folder_that_an_option_of_the_command_names_is_a_source(tmp_path: Path) -> None:
    for name in ("house/x.whl", "short/x.whl", "plain/x", "index/simple/six/index.html", "npm/x"):
        write(tmp_path / name)
    text = (
        "pip install --find-links house x; pip install -f short x; rm -f plain; npm ci --cache=npm; "
        f"pip install -i file://{tmp_path}/index/simple x"
    )
    sources = local_sources({"HOME": str(tmp_path / "home")}, str(tmp_path), texts_of(("sh", "-c", text), tmp_path))
    assert {one.shown: one.kind for one in sources if one.shown[0] in "~."} == {
        "./house": "wheel folder (find-links)",
        "./short": "wheel folder (find-links)",
        "./npm": "cache that the command names",
        "./index/simple": "package index on this machine",
        "./index": "files beside a package index on this machine",
    }


# ---------------------------------------------------------------- the working folder


def watched(folder: Path, script: str, *names: str, sources: tuple[LocalSource, ...] = (), most: int = 1_000) -> WorkingFiles:
    """What a script did in a folder, with places that the command is said to name."""
    ledger = FileLedger(folder, [folder / name for name in names], clock=lambda: 7.0)
    with FileWatch(sources, most, ledger=ledger) as watch:
        subprocess.run(["sh", "-c", script], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        watch.uses()
        return ledger.result(5.0)


def read_in(folder: Path, script: str, *names: str, **more: Any) -> list[tuple[str, bool]]:
    found = watched(folder, script, *names, **more)
    assert all(one.at == 2.0 for one in found.read)
    return [(one.name, one.program) for one in found.read]


def test_files_that_the_run_wrote_or_made_before_are_not_read_ones(tmp_path: Path) -> None:
    work = tmp_path / "work"
    for name in ("old", "changed", "moved"):
        write(work / name)
    script = "echo x > new; cat new; echo y >> changed; cat changed; mv moved there; cat there; ln old link; cat link; cat old"
    assert read_in(work, script) == [("old", False)]


def test_a_program_file_is_told_apart_unless_the_command_names_it(tmp_path: Path) -> None:
    for name in ("tool.py", "lib.so", "lib.so.1", "vendor/six.py", "vendor/__pycache__/six.cpython-311.pyc", "data"):
        write(tmp_path / name)
    script = "cat tool.py lib.so lib.so.1 vendor/six.py vendor/__pycache__/* data"
    assert read_in(tmp_path, script, "vendor") == [
        ("tool.py", True), ("lib.so", True), ("lib.so.1", True), ("vendor/six.py", False),
        ("vendor/__pycache__/six.cpython-311.pyc", True), ("data", False),
    ]  # fmt: skip


def test_histories_installed_trees_and_environments_are_not_watched_and_told(tmp_path: Path) -> None:
    for name in (".git/x", "node_modules/x", "mine/pyvenv.cfg", "mine/lib/x", "src/.tox/x", "src/x"):
        write(tmp_path / name)
    found = watched(
        tmp_path,
        "cat .git/x node_modules/x mine/lib/x src/.tox/x src/x; mkdir -p src/node_modules; echo x > src/node_modules/y",
    )
    assert [one.name for one in found.read] == ["src/x"]
    assert found.left_out == (".git", "mine", "node_modules", "src/.tox")
    assert found.written == ()


def test_what_is_left_of_what_was_written_is_counted_by_name(tmp_path: Path) -> None:
    write(tmp_path / "old")
    script = (
        "echo a > one; echo b >> one; echo x > gone; rm gone; echo x > part; mv part whole; : > empty; echo x > x.tmp; "
        "mkdir -p a/b/c; echo x > a/b/c/deep; mkdir tmp; echo x > tmp/in; mv tmp final; mkdir __pycache__; "
        "echo x > __pycache__/m.pyc; python3 -m venv --without-pip env; echo x >> old"
    )
    found = watched(tmp_path, script)
    assert found.written == ("a/b/c/deep", "final/in", "old", "one", "whole")
    assert (found.written_count, found.whole) == (5, True)


def test_a_file_in_a_source_within_the_working_folder_is_told_of_in_both(tmp_path: Path) -> None:
    write(tmp_path / "house/x.whl")
    found = read_in(tmp_path, "cat house/x.whl", sources=(source(tmp_path / "house"),))
    assert found == [("house/x.whl", False)]


def test_files_outside_that_the_command_names_are_watched(tmp_path: Path) -> None:
    for name in ("work/x", "kept/deep/a", "alone"):
        write(tmp_path / name)
    ledger = FileLedger(tmp_path / "work", [tmp_path / "kept", tmp_path / "alone"], clock=lambda: 0.0)
    with FileWatch((), ledger=ledger) as watch:
        subprocess.run(["cat", "kept/deep/a", "alone"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        watch.uses()
    assert sorted(one.name for one in ledger.result(0.0).read) == [f"{tmp_path}/alone", f"{tmp_path}/kept/deep/a"]


def test_the_watches_of_a_large_working_folder_are_bounded_and_that_is_said(tmp_path: Path) -> None:
    for number in range(9):
        write(tmp_path / str(number) / "x")
    ledger = FileLedger(tmp_path, clock=lambda: 0.0)
    with FileWatch((), 6, ledger=ledger) as watch:
        subprocess.run(["sh", "-c", "cat 0/x 8/x"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
        watch.uses()
    assert [one.name for one in ledger.result(0.0).read] == ["0/x"]
    assert watch.notes == ["only 6 folders were watched: what served from others in the working folder is not seen"]


def test_an_empty_file_served_nothing(tmp_path: Path) -> None:
    write(tmp_path / "empty", "")
    assert read_in(tmp_path, "cat empty") == []


# ---------------------------------------------------------------- cold


def test_a_cold_environment_moves_caches_and_leaves_credentials_and_settings(tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    write(home / ".cargo/credentials.toml", "secret")
    write(home / ".cargo/bin/cargo-x")
    write(home / ".cargo/registry/cache/x.crate")
    write(home / ".gradle/gradle.properties", "p=1")
    write(home / ".gradle/caches/x")
    write(home / ".cache/huggingface/token", "secret")
    write(home / ".cache/pypoetry/virtualenvs/x/bin/python")
    write(work / "node_modules/x")
    cold = cold_environment({"HOME": str(home), "MAVEN_OPTS": "-Xmx1g"}, tmp_path / "cold", str(work))
    for name in (
        "XDG_CACHE_HOME",
        "PIP_CACHE_DIR",
        "UV_CACHE_DIR",
        "npm_config_cache",
        "GOMODCACHE",
        "GOCACHE",
        "YARN_CACHE_FOLDER",
    ):
        folder = Path(cold.variables[name])
        assert folder.is_dir(), name
        assert not list(folder.iterdir()), name
        assert folder.is_relative_to(tmp_path / "cold"), name
    cargo, gradle = Path(cold.variables["CARGO_HOME"]), Path(cold.variables["GRADLE_USER_HOME"])
    assert (cargo / "credentials.toml").read_text() == "secret"
    assert (cargo / "bin/cargo-x").exists()
    assert not (cargo / "registry").exists()
    assert sorted(path.name for path in gradle.iterdir()) == ["gradle.properties"]
    assert cold.variables["MAVEN_OPTS"].startswith("-Xmx1g -Dmaven.repo.local=")
    assert cold.variables["HF_HOME"] == str(home / ".cache/huggingface")
    assert Path(cold.variables["HF_HUB_CACHE"]).is_relative_to(tmp_path / "cold")
    assert cold.variables["POETRY_VIRTUALENVS_PATH"] == str(home / ".cache/pypoetry/virtualenvs")
    assert "node_modules in the working folder" in cold.notes[-1]
    assert not {"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "PIP_CONFIG_FILE"} & set(cold.variables)


def test_a_tool_that_has_no_folder_yet_gets_none(tmp_path: Path) -> None:
    cold = cold_environment({"HOME": str(tmp_path / "none")}, tmp_path / "cold", str(tmp_path))
    assert not {"CARGO_HOME", "GRADLE_USER_HOME", "HF_HOME", "POETRY_VIRTUALENVS_PATH"} & set(cold.variables)


def test_removing_follows_no_link_and_opens_what_is_read_only(tmp_path: Path) -> None:
    kept = write(tmp_path / "kept/file")
    place = tmp_path / "place"
    write(place / "mod/a@v1/file")
    (place / "link").symlink_to(tmp_path / "kept")
    for path in (place / "mod/a@v1/file", place / "mod/a@v1", place / "mod"):
        path.chmod(stat.S_IRUSR | (stat.S_IXUSR if path.is_dir() else 0))
    remove_all(place)
    assert not place.exists()
    assert kept.read_text() == "x"


@pytest.mark.parametrize("tool", ["pip", "npm"])
@pytest.mark.slow
def test_a_tool_takes_the_empty_cache(tool: str, tmp_path: Path) -> None:
    asked = {"pip": [sys.executable, "-m", "pip", "cache", "dir"], "npm": ["npm", "config", "get", "cache"]}[tool]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(tmp_path / "home")}
    cold = cold_environment(environment, tmp_path / "cold", str(tmp_path))
    try:
        done = subprocess.run(
            asked, env={**environment, **cold.variables}, capture_output=True, text=True, check=True, cwd=tmp_path
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"no {tool} here")
    assert Path(done.stdout.strip()).is_relative_to(tmp_path / "cold")
