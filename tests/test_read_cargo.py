"""Rust projects: what a lock pins and from where, and which part each crate plays."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from freehold.read.cargo_locks import cargo_id
from freehold.read.project import ProjectReader
from freehold.stack.inventory import Component, Inventory

INDEX = f"https://github.com/rust-lang/{'.'.join(reversed(['io', 'crates']))}-index"
MANIFEST = """\
[package]
name = "shop"
license = "MIT/Apache-2.0"
repository = "https://codeberg.org/acme/shop"

[dependencies]
serde = "1"
fast = { package = "faster", version = "=2.0.1", optional = true }
own = { path = "own" }
patched = { git = "https://user:secret@codeberg.org/acme/patched.git", rev = "abc" }

[target.'cfg(unix)'.build-dependencies]
cc = "1"

[dev-dependencies]
criterion = "0.5"
serde = "1"
"""
LOCK = f"""\
version = 4

[[package]]
name = "cc"
version = "1.0.1"
source = "registry+{INDEX}"

[[package]]
name = "criterion"
version = "0.5.1"
source = "registry+{INDEX}"
dependencies = ["plotters"]

[[package]]
name = "faster"
version = "2.0.1"
source = "sparse+https://crates.wagner.io/index/"

[[package]]
name = "own"
version = "0.1.0"
dependencies = ["serde 1.0.2"]

[[package]]
name = "patched"
version = "0.3.0"
source = "git+https://codeberg.org/acme/patched.git?rev=abc#abc0123"

[[package]]
name = "plotters"
version = "0.1.0"
source = "registry+{INDEX}"
dependencies = ["serde 0.9.0"]

[[package]]
name = "serde"
version = "0.9.0"
source = "registry+{INDEX}"

[[package]]
name = "serde"
version = "1.0.2"
source = "registry+{INDEX}"
dependencies = ["serde_derive"]

[[package]]
name = "serde_derive"
version = "1.0.2"
source = "registry+{INDEX}"

[[package]]
name = "shop"
version = "0.1.0"
dependencies = ["cc", "criterion", "faster", "own", "patched", "serde 1.0.2"]
"""


def read(folder: Path, files: dict[str, str]) -> Inventory:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return ProjectReader().read(folder)


def by_name(inventory: Inventory) -> dict[str, Component]:
    return {f"{one.name} {one.version}": one for one in inventory.components}


def shop(folder: Path) -> Inventory:
    own = '[package]\nname = "own"\n[dependencies]\nserde = "1"\n'
    return read(folder, {"Cargo.toml": MANIFEST, "Cargo.lock": LOCK, "own/Cargo.toml": own})


def test_a_crate_plays_the_strongest_part_that_anything_gives_it(tmp_path: Path) -> None:
    found = by_name(shop(tmp_path))
    assert {name: (one.scope, one.direct) for name, one in found.items()} == {
        "cc 1.0.1": ("build", True),
        "criterion 0.5.1": ("development", True),
        "faster 2.0.1": ("optional", True),
        "patched 0.3.0": ("run", True),
        "plotters 0.1.0": ("development", False),
        "serde 0.9.0": ("development", False),
        "serde 1.0.2": ("run", True),
        "serde_derive 1.0.2": ("run", False),
    }


def test_a_crate_remembers_where_it_was_really_fetched_from(tmp_path: Path) -> None:
    found = by_name(shop(tmp_path))
    assert {one.registry for name, one in found.items() if name.startswith("serde")} == {"io.crates"}
    assert (found["faster 2.0.1"].registry, found["faster 2.0.1"].id) == (
        "io.wagner.crates", "pkg:cargo/faster@2.0.1?repository_url=crates.wagner.io",
    )  # fmt: skip
    patched = found["patched 0.3.0"]
    assert (patched.registry, patched.repository) == (None, "org.codeberg/acme/patched")
    assert patched.id == "pkg:cargo/patched@0.3.0?vcs_url=git%2Bhttps://codeberg.org/acme/patched%40abc0123"
    assert "secret" not in repr(found)


def test_a_dependency_with_two_versions_leads_to_the_one_that_the_lock_names(tmp_path: Path) -> None:
    found = by_name(shop(tmp_path))
    assert found["plotters 0.1.0"].depends == ("pkg:cargo/serde@0.9.0",)
    assert found["serde 1.0.2"].depends == ("pkg:cargo/serde_derive@1.0.2",)


def test_the_project_says_its_name_licence_forge_and_toolchain(tmp_path: Path) -> None:
    found = shop(tmp_path)
    assert (found.name, found.licence, found.toolchains) == ("shop", "MIT OR Apache-2.0", ("rust",))
    assert [(one.host, str(one.evidence[0])) for one in found.contacts if one.role == "forge"] == [
        ("org.codeberg", "Cargo.toml")
    ]


def test_without_a_lock_the_direct_needs_stand_and_only_an_exact_version_is_one(tmp_path: Path) -> None:
    found = {one.name: one for one in read(tmp_path, {"Cargo.toml": MANIFEST}).components}
    assert {name: (one.version, one.scope) for name, one in found.items()} == {
        "cc": (None, "build"), "criterion": (None, "development"), "faster": ("2.0.1", "optional"), "patched": (None, "run"),
        "serde": (None, "run"),
    }  # fmt: skip


def test_members_inherit_from_their_workspace(tmp_path: Path) -> None:
    top = '[workspace]\nmembers = ["a"]\n[workspace.package]\nlicense = "MIT"\n[workspace.dependencies]\nlog = { package = "log-real", version = "=0.4.1" }\n'  # noqa: E501
    member = '[package]\nname = "a"\nlicense = { workspace = true }\n[dependencies]\nlog = { workspace = true }\n'
    found = read(tmp_path, {"Cargo.toml": top, "a/Cargo.toml": member}).components
    assert [(one.name, one.version, str(one.evidence[0])) for one in found] == [("log-real", "0.4.1", "a/Cargo.toml:5")]


def test_crates_of_fuzzers_and_tests_do_not_run(tmp_path: Path) -> None:
    lock = f'[[package]]\nname = "arbitrary"\nversion = "1.0.0"\nsource = "registry+{INDEX}"\n'
    found = read(tmp_path, {"Cargo.toml": MANIFEST, "Cargo.lock": LOCK, "fuzz/Cargo.lock": lock})
    assert not [one for one in found.components if one.name == "arbitrary"]


def test_mirrors_in_the_configuration_are_registries(tmp_path: Path) -> None:
    told = '[source.crates-io]\nreplace-with = "mirror"\n[source.mirror]\nregistry = "sparse+https://mirror.wagner.cn/index/"\n'
    found = read(tmp_path, {".cargo/config.toml": told, "Cargo.toml": MANIFEST})
    assert [(one.host, one.role, str(one.evidence[0])) for one in found.contacts if one.role == "registry"] == [
        ("cn.wagner.mirror", "registry", ".cargo/config.toml:4")
    ]


def test_odd_and_hostile_files_become_skips_or_nothing(tmp_path: Path) -> None:
    deep = "a = " + "[" * 50_000
    found = read(
        tmp_path,
        {
            "a/Cargo.lock": deep,
            "b/Cargo.lock": "[[package]]\nname = 3\n"
            "[[package]]\nname = 'x'\nversion = '1'\ndependencies = [1, {}]\nsource = 'odd'\n",
            "c/Cargo.toml": "dependencies = 3\n[package]\nname = []\nlicense = {}\n",
            "d/Cargo.lock": "package = 'x'\n",
            "e/Cargo.toml": "\x00",
        },
    )
    assert [one.id for one in found.components] == ["pkg:cargo/x@1"]
    assert {(one.file, one.reason) for one in found.skips} >= {("a/Cargo.lock", "too-deep"), ("e/Cargo.toml", "syntax")}


@given(st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True), st.from_regex(r"\d\.\d\.\d(\+[a-z]{1,3})?", fullmatch=True))
def test_an_id_is_canonical(name: str, version: str) -> None:
    id_ = cargo_id(name, version)
    assert PackageURL.from_string(id_).to_string() == id_
