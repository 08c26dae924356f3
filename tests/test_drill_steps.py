"""Steps: how commands are split, that they do the same as before, and what became of each step."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drill_plain import PlainBackend
from freehold.drill.contact import Contact
from freehold.drill.decision import CutAll
from freehold.drill.make_steps import prerequisites
from freehold.drill.markers import Mark, MarkPipe
from freehold.drill.record import Run, Step
from freehold.drill.running import RunPlan, run
from freehold.drill.shapes import GONE
from freehold.drill.shell_steps import split_script
from freehold.drill.steps import Split, steps_from
from strategies import repeatable

PATH = os.environ.get("PATH", os.defpath)
SHELLS = [shell for shell in ("sh", "bash") if shutil.which(shell)]


def ran(folder: Path, *arguments: str, output: Path | None = None, **environment: str) -> Run:
    output = output or folder / "output"
    with output.open("wb") as file:
        planned = RunPlan(
            "cut",
            arguments,
            str(folder),
            {"PATH": PATH, "HOME": str(folder), **environment},
            steps=True,
            watch=False,
            stdout=file.fileno(),
            stderr=file.fileno(),
        )
        return asyncio.run(run(PlainBackend(), CutAll(), GONE, planned))


def told(found: Run) -> list[tuple[str, str, int | None]]:
    return [(step.name, step.outcome, step.exit) for step in found.steps]


def same_alone(folder: Path, *arguments: str, **environment: str) -> tuple[int, bytes]:
    """What the command does without being split."""
    done = subprocess.run(
        arguments,
        cwd=folder,
        env={"PATH": PATH, "HOME": str(folder), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout


# ---------------------------------------------------------------- scripts

BY_COMMENTS = """#!/bin/sh
set -e
X=1
# step: fetch
X=$((X + 1)); mkdir -p inner; cd inner
# step: build
cat <<'END'
# step: not one
END
f() {
  # step: not one either
  echo "in f: $X $(basename "$PWD")"
}
f
# step: test
echo "all: $0 $# $*"
"""

BY_COMMANDS = """\
# a comment
set -u
A='two
lines'
echo "$A" |
  tr a-z A-Z
for i in 1 2; do
  echo $i
done
cat <<END
${A}
END
if false; then echo no
else echo yes
fi
(exit 3)
echo "status $?"
echo one; \\
  echo two
"""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_split_by_its_comments_at_top_level(shell: str, tmp_path: Path) -> None:
    (tmp_path / "build.sh").write_text(BY_COMMENTS)
    status, out = same_alone(tmp_path, shell, "build.sh", "a", "b c")
    found = ran(tmp_path, shell, "build.sh", "a", "b c")
    assert told(found) == [("fetch", "passed", 0), ("build", "passed", 0), ("test", "passed", 0)]
    assert (found.exit, (tmp_path / "output").read_bytes()) == (status, out)
    assert b"all: build.sh 2 a b c" in out


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_without_comments_is_split_by_its_commands(shell: str, tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_text(BY_COMMANDS)
    status, out = same_alone(tmp_path, shell, "x.sh")
    found = ran(tmp_path, shell, "x.sh")
    assert told(found) == [
        ('echo "$A" | …', "passed", 0),
        ("for i in 1 2; do …", "passed", 0),
        ("cat <<END …", "passed", 0),
        ("if false; then echo no …", "passed", 0),
        ("(exit 3)", "failed", 3),
        ('echo "status $?"', "passed", 0),
        ("echo one; \\ …", "passed", 0),
    ]
    assert (found.exit, (tmp_path / "output").read_bytes()) == (status, out)
    assert b"status 3" in out


def test_a_script_too_long_for_an_argument_is_split_too(tmp_path: Path) -> None:
    text = "# step: a\ncat <<'END' >/dev/null\n" + "x" * 130_000 + "\nEND\n# step: b\necho $0 $LINENO $1\n"
    (tmp_path / "x.sh").write_text(text)
    status, out = same_alone(tmp_path, "sh", "x.sh", "y")
    found = ran(tmp_path, "sh", "x.sh", "y")
    assert told(found) == [("a", "passed", 0), ("b", "passed", 0)]
    assert (found.exit, (tmp_path / "output").read_bytes()) == (status, out)


def test_what_precedes_the_first_comment_is_a_step_of_its_own_if_it_does_something(tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_text("set -e\ntrue\n# step: b\ntrue\n")
    assert told(ran(tmp_path, "sh", "x.sh")) == [("before the first step", "passed", 0), ("b", "passed", 0)]


def test_a_script_that_ends_early_skips_the_steps_that_follow(tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_text("set -e\n# step: a\ntrue\n# step: b\n(exit 4)\n# step: c\ntrue\n")
    found = ran(tmp_path, "sh", "x.sh")
    assert told(found) == [("a", "passed", 0), ("b", "failed", 4), ("c", "skipped", None)]
    assert found.exit == 4
    (tmp_path / "y.sh").write_text("# step: a\nexit 0\n# step: b\ntrue\n")
    assert told(ran(tmp_path, "sh", "y.sh")) == [("a", "passed", 0), ("b", "skipped", None)]


def test_a_script_that_is_called_by_its_path_is_known_by_its_first_line(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name, head in (("plain", "#!/bin/sh -e"), ("indirect", "#!/usr/bin/env sh")):
        script = tmp_path / "bin" / name
        script.write_text(f"{head}\n# step: a\nfalse\n# step: b\n$UNSET true\n")
        script.chmod(0o755)
    assert told(ran(tmp_path, "bin/plain")) == [("a", "failed", 1), ("b", "skipped", None)]
    assert told(ran(tmp_path, str(tmp_path / "bin/indirect"))) == [("a", "failed", 1), ("b", "passed", 0)]
    assert ran(tmp_path, "plain", PATH=f"{tmp_path / 'bin'}:{PATH}").steps == ()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_text_is_split_at_its_chain(shell: str, tmp_path: Path) -> None:
    text = "cd / && for i in 1 2; do echo $i; done && (exit 5) && echo 'a && b; c'; echo \"$0 $1\""
    status, out = same_alone(tmp_path, shell, "-c", text, "me", "first")
    found = ran(tmp_path, shell, "-c", text, "me", "first")
    assert told(found) == [
        ("cd /", "passed", 0),
        ("for i in 1 2; do echo $i; done", "passed", 0),
        ("(exit 5)", "failed", 5),
        ("echo 'a && b; c'", "skipped", None),
        ('echo "$0 $1"', "passed", 0),
    ]
    assert (found.exit, (tmp_path / "output").read_bytes()) == (status, out)


@pytest.mark.skipif("bash" not in SHELLS, reason="no bash here")
@pytest.mark.parametrize("options", [[], ["-e"], ["-x"], ["-eu"], ["-eo", "pipefail"], ["--norc"]])
def test_a_split_script_does_what_it_did(options: list[str], tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "x.sh").write_text(
        'here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)\n'
        "trap 'echo end $?' EXIT\n"
        'echo "$here ${BASH_SOURCE[0]} $BASH_SOURCE $0 $LINENO"\n'
        '[[ ${BASH_SOURCE[0]} == "$0" ]] && echo main\n'
        "arr=(1 2 3)\n"
        'echo "${#arr[@]}"\n'
        "case $- in *x*) ;; *) false | true;; esac\n"
        "echo after\n"
        "! true\n"
        'echo "not: $?"\n'
        'while read -r line; do\n  echo "<$line>"\ndone <<X\na\nb\nX\n'
        "exit 6\n"
    )
    status, out = same_alone(tmp_path, "bash", *options, "dir/x.sh")
    found = ran(tmp_path, "bash", *options, "dir/x.sh")
    assert (found.exit, (tmp_path / "output").read_bytes()) == (status, out)
    assert len(found.steps) > 5


def test_what_is_no_script_is_not_split(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\x7fELF\0")
    (tmp_path / "binary").chmod(0o755)
    place = Path(tempfile.mkdtemp(dir=tmp_path))
    for arguments in (
        ["sh"],
        ["sh", "-s"],
        ["sh", "-n", "x"],
        ["sh", "none"],
        ["./binary"],
        ["python3", "x.py"],
        ["bash", "--rcfile", "x"],
    ):
        assert not split_script(arguments, str(tmp_path), {"PATH": PATH}, place, place / "p").names
    found = ran(tmp_path, "true")
    assert found.steps == ()
    assert found.notes[-1].endswith("'::step NAME::' on standard output")


lines = st.sampled_from(
    [
        "echo a",
        "# step: s",
        "",
        "if true; then",
        "fi",
        "cat <<E",
        "E",
        "x='",
        "'",
        "f() {",
        "}",
        "false",
        "echo $? \\",
        "(",
        ")",
        "case a in a) echo 1;;",
        "esac",
        "echo `echo b`",
        "true &&",
        "set -e",
        "done",
        'echo "',
        "# it's",
    ]
)


@repeatable(60)
@given(st.lists(lines, max_size=9))
def test_any_script_sound_or_not_does_what_it_did(script: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "x.sh").write_text("\n".join(script) + "\n")
        place = folder / "place"
        place.mkdir()
        with MarkPipe(place) as pipe:
            split = split_script(["sh", "x.sh"], name, {"PATH": PATH}, place, pipe.path)
            before = same_alone(folder, "sh", "x.sh")
            if not split.names:
                return
            after = same_alone(folder, *split.arguments)
        # what a shell says of a mistake names the file that it read
        assert after[0] == before[0]
        if before[0] != 2:
            assert after[1] == before[1]


# ---------------------------------------------------------------- Makefiles

MAKEFILE = """\
WHERE := $(shell echo parsed >> parsed; pwd)
all: fetch build
fetch: deep source.txt
\t@echo fetch; echo more
\t@echo second line
deep:
\t@echo deep
build: | deep
\t@[ "$$STOP" = build ] && exit 3 || echo build
old.txt: source.txt
\t@echo never
test: build old.txt
\t@$(MAKE) --no-print-directory inner
inner:
\t@echo inner $(SHELL)
.PHONY: all fetch deep build test inner
"""


def makefile(folder: Path, text: str = MAKEFILE) -> None:
    (folder / "Makefile").write_text(text)
    for name in ("source.txt", "old.txt"):
        (folder / name).write_text("")
    os.utime(folder / "source.txt", (1, 1))


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="no make here")


@needs_make
def test_each_goal_of_a_makefile_stands_behind_its_prerequisites(tmp_path: Path) -> None:
    makefile(tmp_path)
    status, out = same_alone(tmp_path, "make", "all", "test")
    found = ran(tmp_path, "make", "all", "test")
    assert [step.name for step in found.steps] == ["fetch", "build", "all", "old.txt", "test"]
    assert {step.outcome for step in found.steps} == {"passed"}
    assert (found.exit, (tmp_path / "output").read_bytes()) == (status, out)


@needs_make
def test_a_makefile_without_a_goal_has_that_of_its_first_rule(tmp_path: Path) -> None:
    makefile(tmp_path)
    assert [step.name for step in ran(tmp_path, "make").steps] == ["fetch", "build", "all"]
    assert [step.name for step in ran(tmp_path, "make", "-C", ".", "-j", "2", "X=1", "build").steps] == ["deep", "build"]
    (tmp_path / "Makefile").rename(tmp_path / "other.mk")
    assert [step.name for step in ran(tmp_path, "make", "-f", "other.mk").steps] == ["fetch", "build", "all"]
    assert ran(tmp_path, "make").steps == ()


@needs_make
def test_the_goal_whose_recipe_failed_is_the_one_that_failed(tmp_path: Path) -> None:
    makefile(tmp_path)
    found = ran(tmp_path, "make", "all", "test", STOP="build")
    assert told(found) == [
        ("fetch", "passed", 0),
        ("build", "failed", 3),
        ("all", "skipped", None),
        ("old.txt", "skipped", None),
        ("test", "skipped", None),
    ]
    assert found.exit == 2


@needs_make
def test_a_makefile_keeps_the_shell_that_it_chose(tmp_path: Path) -> None:
    if "bash" not in SHELLS:
        pytest.skip("no bash here")
    makefile(
        tmp_path, "SHELL := /bin/bash\n.SHELLFLAGS := -euo pipefail -c\n" + MAKEFILE + "\narr:\n\t@a=(1 2); echo $${#a[@]}\n"
    )
    status, out = same_alone(tmp_path, "make", "arr", "test", STOP="")
    found = ran(tmp_path, "make", "arr", "test", STOP="")
    assert (found.exit, (tmp_path / "output").read_bytes()) == (status, out) == (0, out)


@needs_make
def test_a_makefile_is_read_beforehand_in_a_session_that_cuts_everything(tmp_path: Path) -> None:
    makefile(tmp_path)
    backend = PlainBackend()
    planned = RunPlan("cut", ("make", "-s", "all"), str(tmp_path), {"PATH": PATH}, steps=True, watch=False, stdout=2)
    asyncio.run(run(backend, CutAll(), GONE, planned))
    asked = [session.commands[0].arguments for session in backend.sessions]
    assert asked[:2] == [("make", "--version"), ("make", "-s", "all", "-p", "-q")]
    assert all(session.closed for session in backend.sessions)


def test_the_data_base_of_make_is_read() -> None:
    text = """\
# GNU Make 4.3
.DEFAULT_GOAL := all
not: this
# Files
# Not a target:
Makefile:
#  Implicit rule search has been done.

all: a  b | c
#  Phony target

a::
.PHONY: all
x: y := 1
# files hash-table stats:
no: more
"""
    assert prerequisites(text) == ({"all": ("a", "b", "c"), "a": ()}, "all")


# ---------------------------------------------------------------- package scripts

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="no npm here")


@needs_npm
@pytest.mark.slow
def test_a_package_script_is_split_at_its_chain(tmp_path: Path) -> None:
    scripts = {
        "pretest": "echo before",
        "test": "echo one && (exit 4) && echo never",
        "build": 'echo a; echo "$npm_lifecycle_event" && npm run -s other',
        "other": "echo other",
    }
    (tmp_path / "package.json").write_text(json.dumps({"name": "x", "version": "1.0.0", "scripts": scripts}))
    quiet = {"npm_config_update_notifier": "false"}
    found = ran(tmp_path, "npm", "test", **quiet)
    assert told(found) == [
        ("pretest: echo before", "passed", 0),
        ("test: echo one", "passed", 0),
        ("test: (exit 4)", "failed", 4),
        ("test: echo never", "skipped", None),
    ]
    status, out = same_alone(tmp_path, "npm", "run", "-s", "build", "--", "x y", **quiet)
    found = ran(tmp_path, "npm", "run", "-s", "build", "--", "x y", **quiet)
    assert (found.exit, (tmp_path / "output").read_bytes()) == (status, out)
    assert out == b"a\nbuild\nother x y\n"


# ---------------------------------------------------------------- markers on standard output


def test_a_command_names_its_own_steps_on_standard_output(tmp_path: Path) -> None:
    script = tmp_path / "x.py"
    script.write_text(
        "print('::step fetch::')\nprint('a ::step no::')\nprint('  ::step build it::\\r')\n"
        "print('::step fetch::')\nraise SystemExit(3)\n"
    )
    found = ran(tmp_path, "python3", "x.py")
    assert told(found) == [("fetch", "passed", 0), ("build it", "passed", 0), ("fetch (2)", "failed", 3)]


def test_markers_of_its_own_count_more_than_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_text("echo '::step a::'\ntrue\nfalse\n")
    assert told(ran(tmp_path, "sh", "x.sh")) == [("a", "failed", 1)]


# ---------------------------------------------------------------- what became of a step, by hand


def refused(name: str, first: float, last: float | None = None, **more: Any) -> Contact:
    last = first if last is None else last
    return Contact(name, "", 443, "tcp", 1, 1, first_seen=first, first_refused=first, last_refused=last, because="host", **more)


def steps(marks: list[Mark], contacts: list[Contact], status: int | None = 1, **more: Any) -> tuple[Step, ...]:
    split = more.pop("split", Split(("a", "b", "c")))
    settings = {"printed": (), "errors": {}, "started": 100.0, "seconds": 10.0} | more
    return steps_from(split, marks, status=status, contacts=contacts, **settings)


MARKS = [Mark(100.0, 0), Mark(102.0, 1, 0)]


def test_the_first_refusal_within_a_step_counts_from_it_to_the_failure() -> None:
    found = steps(MARKS, [refused("early.example", 1.0), refused("late.example", 5.0), refused("other.example", 4.0)])
    assert found == (
        Step("a", "passed", 0, 0.0, 2.0, "early.example:443"),
        Step("b", "failed", 1, 2.0, 8.0, "other.example:443", 6.0),
        Step("c", "skipped"),
    )


def test_a_host_refused_before_and_again_within_a_step_counts_from_the_last_time() -> None:
    assert steps(MARKS, [refused("x.example", 1.0, 7.0)])[1].refusal_to_failure == 3.0


def test_what_was_not_cut_or_is_on_this_machine_is_no_refusal() -> None:
    local = refused("", 5.0, local=True)
    failed = Contact("x.example", "", 443, "tcp", 1, 0, 1, first_seen=5.0)
    assert steps(MARKS, [local, failed])[1].first_refused == ""


def test_a_step_that_was_ended_for_taking_too_long_failed() -> None:
    assert steps(MARKS, [], status=None)[1] == Step("b", "failed", None, 2.0, 8.0)


def test_a_target_that_make_says_failed_is_the_one_even_if_others_ran_on() -> None:
    split = Split(("a", "b", "c"), step_of={"a": 0, "b": 1, "c": 2, "deep": 1})
    marks = [Mark(100.0, "deep"), Mark(101.0, "a"), Mark(103.0, "c")]
    found = steps(marks, [], status=2, split=split, errors={"a": 7})
    assert [(step.name, step.outcome, step.exit, step.started, step.seconds) for step in found] == [
        ("a", "failed", 7, 1.0, 2.0),
        ("b", "passed", 0, 0.0, 1.0),
        ("c", "passed", 0, 3.0, 7.0),
    ]


def test_steps_that_an_earlier_run_had_are_skipped_after_a_failure() -> None:
    printed = [(101.0, "a")]
    found = steps([], [], split=Split(), printed=printed, known=("a", "b"))
    assert [(step.name, step.outcome) for step in found] == [("a", "failed"), ("b", "skipped")]
    assert len(steps([], [], status=0, split=Split(), printed=printed, known=("a", "b"))) == 1


def test_marks_that_are_none_are_passed_over(tmp_path: Path) -> None:
    times = iter(range(100))
    with MarkPipe(tmp_path, lambda: float(next(times))) as pipe:
        with pipe.path.open("ab", buffering=0) as file:
            file.write(b"step 0 0\nnonsense\nstep x\nstep 1 9\ntarget a b\n\0\xff\n")
            file.write(b"x" * 9_000)
        marks = pipe.close()
    assert [(mark.step, mark.status) for mark in marks] == [(0, 0), (1, 9), ("a b", None)]
    assert not pipe.path.exists()


@repeatable(100)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 80), st.sampled_from([0, 1])), max_size=6),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), max_size=4),
    st.sampled_from([0, 1, None]),
)
def test_steps_say_no_more_than_the_marks(marks: list[Any], times: list[Any], status: int | None) -> None:
    ordered = [Mark(100 + moment / 8, step, code) for step, moment, code in sorted(marks, key=lambda one: one[1])]
    contacts = [refused(f"h{at}.example", min(pair) / 8, max(pair) / 8) for at, pair in enumerate(times)]
    found = steps(ordered, contacts, status=status)
    assert [step.name for step in found] == ["a", "b", "c"]
    for step in found:
        assert (step.outcome == "skipped") == (step.name not in {"abc"[int(mark.step)] for mark in ordered})
        assert 0 <= step.seconds <= 10
        if step.refusal_to_failure is not None:
            assert step.outcome == "failed"
            assert 0 <= step.refusal_to_failure <= 10
            assert step.first_refused
