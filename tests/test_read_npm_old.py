"""Old npm locks, and the registries that npm is sent to."""

from __future__ import annotations

import json
from pathlib import Path

from freehold.read.project import ProjectReader
from freehold.stack.inventory import Inventory

V1 = {
    "name": "web",
    "lockfileVersion": 1,
    "dependencies": {
        "left": {
            "version": "1.0.0",
            "resolved": "https://mirror.wagner.cn/left/-/left-1.0.0.tgz",
            "requires": {"right": "^1.0.0"},
        },
        "right": {"version": "1.5.0", "dev": True},
        "top": {
            "version": "2.0.0",
            "requires": {"right": "^2.0.0"},
            "dependencies": {"right": {"version": "2.1.0", "optional": True}},
        },
        "git": {"version": "git+https://github.com/acme/git.git#abc"},
        "alias": {"version": "npm:real@3.0.0"},
        "here": {"version": "file:../here"},
        "odd": 3,
    },
}


def read(folder: Path, files: dict[str, str]) -> Inventory:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return ProjectReader().read(folder)


def test_a_lock_of_version_one_is_read_and_its_manifest_says_what_is_direct(tmp_path: Path) -> None:
    manifest = {"name": "web", "dependencies": {"left": "^1", "git": "acme/git"}, "devDependencies": {"right": "^1"}}
    found = read(tmp_path, {"package-lock.json": json.dumps(V1, indent=2), "package.json": json.dumps(manifest)})
    seen = {one.id: (one.scope, one.direct, one.depends) for one in found.components}
    assert seen == {
        "pkg:npm/left@1.0.0": ("run", True, ("pkg:npm/right@1.5.0",)),
        "pkg:npm/right@1.5.0": ("development", True, ()),
        "pkg:npm/right@2.1.0": ("optional", False, ()),
        "pkg:npm/top@2.0.0": ("run", False, ("pkg:npm/right@2.1.0",)),
        "pkg:npm/git": ("run", True, ()),
        "pkg:npm/real@3.0.0": ("run", False, ()),
    }
    assert {one.id: one.registry for one in found.components}["pkg:npm/left@1.0.0"] == "cn.wagner.mirror"
    assert {one.id: one.repository for one in found.components}["pkg:npm/git"] == "com.github/acme/git"


def test_npm_is_sent_to_registries_and_its_tokens_are_passed_over(tmp_path: Path) -> None:
    told = "registry=https://user:secret@mirror.wagner.cn/npm/\n@acme:registry = https://packages.wagner.cn\n//mirror.wagner.cn/:_authToken=abc\nregistry=\n"
    found = read(tmp_path, {".npmrc": told})
    assert [(one.host, one.role, str(one.evidence[0])) for one in found.contacts] == [
        ("cn.wagner.mirror", "registry", ".npmrc:1"),
        ("cn.wagner.packages", "registry", ".npmrc:2"),
    ]
    assert "secret" not in repr(found)


def test_a_lock_that_nests_for_ever_is_bounded(tmp_path: Path) -> None:
    inner: dict[str, object] = {"version": "1.0.0"}
    for _ in range(300):
        inner = {"version": "1.0.0", "dependencies": {"a": inner}}
    found = read(tmp_path, {"package-lock.json": json.dumps({"dependencies": {"a": inner}})})
    assert [one.id for one in found.components] == ["pkg:npm/a@1.0.0"]
