"""Go projects: what a ``go.mod`` names, what is replaced, and when ``go.sum`` has to tell."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from freehold.read.go_modules import go_id
from freehold.read.project import ProjectReader
from freehold.stack.inventory import Component, Inventory

MODERN = """\
module github.com/acme/shop/v2 // the shop

go 1.22.3

toolchain go1.23.0

require github.com/Direct/One v1.2.3
require (
\tgolang.org/x/net v0.1.0
\tgopkg.in/yaml.v3 v3.0.1 // indirect
\t"example.org/quoted" v1.0.0
\tgithub.com/old/gone v1.0.0
\tgithub.com/fork/me v1.0.0 // comes with indirect needs
\thonnef.co/go/tools v0.4.0 // indirect
)
exclude github.com/bad/one v0.0.1
retract [v1.0.0, v1.1.0]
replace github.com/old/gone => ./local
replace (
\tgithub.com/fork/me v1.0.0 => github.com/acme/fork v1.0.9
)
tool honnef.co/go/tools/cmd/staticcheck
"""


def read(folder: Path, files: dict[str, str]) -> Inventory:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return ProjectReader().read(folder)


def by_id(inventory: Inventory) -> dict[str, Component]:
    return {one.id: one for one in inventory.components}


def test_a_modern_module_names_all_that_it_is_built_from(tmp_path: Path) -> None:
    found = by_id(read(tmp_path, {"go.mod": MODERN, "go.sum": "github.com/other v1.0.0 h1:x=\n"}))
    assert {id_: (one.direct, one.scope) for id_, one in found.items()} == {
        "pkg:golang/stdlib@1.22.3": (True, "run"),
        "pkg:golang/github.com/direct/one@v1.2.3": (True, "run"),
        "pkg:golang/golang.org/x/net@v0.1.0": (True, "run"),
        "pkg:golang/gopkg.in/yaml.v3@v3.0.1": (False, "run"),
        "pkg:golang/example.org/quoted@v1.0.0": (True, "run"),
        "pkg:golang/github.com/acme/fork@v1.0.9": (False, "run"),
        "pkg:golang/honnef.co/go/tools@v0.4.0": (False, "development"),
    }


def test_a_module_tells_its_name_its_forge_its_lines_and_what_builds_it(tmp_path: Path) -> None:
    found = read(tmp_path, {"go.mod": MODERN})
    assert (found.name, found.toolchains) == ("shop", ("golang",))
    assert [(one.host, one.role) for one in found.contacts] == [("com.github", "forge")]
    one = by_id(found)["pkg:golang/github.com/direct/one@v1.2.3"]
    assert (str(one.evidence[0]), one.repository, one.name) == ("go.mod:7", "com.github/Direct/One", "github.com/Direct/One")


def test_an_old_module_takes_the_rest_from_its_sums_the_newest_of_each(tmp_path: Path) -> None:
    sums = (
        "github.com/a/b v1.9.0 h1:x=\ngithub.com/a/b v1.10.0 h1:x=\ngithub.com/a/b v1.10.0-rc.1 h1:x=\n"
        "github.com/a/b v1.11.0/go.mod h1:x=\ngithub.com/c/d v0.1.0/go.mod h1:x=\ngithub.com/e/f v1.0.0 h1:x=\nodd line\n"
    )
    found = by_id(read(tmp_path, {"go.mod": "module m\ngo 1.16\nrequire github.com/e/f v1.1.0\n", "go.sum": sums}))
    assert set(found) == {
        "pkg:golang/stdlib@1.16", "pkg:golang/github.com/e/f@v1.1.0", "pkg:golang/github.com/a/b@v1.10.0",
    }  # fmt: skip
    assert str(found["pkg:golang/github.com/a/b@v1.10.0"].evidence[0]) == "go.sum:2"


def test_modules_of_the_same_folder_are_not_outside_things(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "go.mod": "module example.org/a\ngo 1.20\nrequire example.org/a/b v1.0.0\n",
            "b/go.mod": "module example.org/a/b\ngo 1.20\n",
        },
    )
    assert [one.id for one in found.components] == ["pkg:golang/stdlib@1.20"]


def test_odd_and_hostile_files_do_no_harm(tmp_path: Path) -> None:
    wide = "module m\ngo 1.99\nrequire (\n" + "".join(f"\thost.example.org/{n} v1.0.{n}\n" for n in range(20_000)) + ")\n"
    wide += "".join(f"tool host.example.org/{n}/cmd/{'x/' * 50}\n" for n in range(20_000))
    found = read(
        tmp_path,
        {
            "a/go.mod": "nonsense here\nrequire x\nrequire (\n y v1\n)\n)\nmodule\ngo\nreplace => \nreplace a =>\n",
            "b/go.mod": wide,
            "c/go.mod": "\ufeffmodule m\r\ngo 1.21\r\nrequire github.com/a/b v1.0.0\r\n",
            "d/go.mod": "go " + "9" * 10_000 + "\n",
        },
    )
    assert len(found.components) >= 20_002
    assert "pkg:golang/github.com/a/b@v1.0.0" in by_id(found)
    assert ("a/go.mod", "syntax") in {(one.file, one.reason) for one in found.skips}


@given(st.lists(st.from_regex(r"[A-Za-z][\w.~-]{0,8}", fullmatch=True), min_size=1, max_size=4))
def test_an_id_is_canonical(parts: list[str]) -> None:
    id_ = go_id("/".join(parts), "v1.0.0+incompatible")
    assert PackageURL.from_string(id_).to_string() == id_
