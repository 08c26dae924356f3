"""What a page of the documentation tells its reader to run: found, run and compared. Knows Markdown's fences and four filters.

Blocks of a page are taken in order, in one folder that holds a copy of the examples:

- a block ``toml NAME`` (or ``csv NAME``, ``text NAME``) is a file that the reader writes;
- a block ``sh`` holds commands whose output nobody quotes; they must succeed;
- a block ``console`` holds commands after ``$`` with their output, as it is; ``$ echo $?`` gives the status of the last;
- a block ``python`` is run, and must not fail.

A command of ``freehold`` may end in ``| head -n N``, ``| tail -n N``, ``| grep -A N TEXT`` or ``| grep TEXT``; others are not
run.
"""

from __future__ import annotations

import io
import re
import runpy
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["Block", "Reader", "blocks_of"]

FENCE = re.compile(r"(?ms)^```(\w+)?(?: ([^\n`]+))?\n(.*?)^```$")
FILES = ("toml", "csv", "text", "json", "ini")
ASIDE = ("python3", "pip", ".venv/bin/pip", "git", "cd")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what stands beside it, its text, and where the text begins in the page."""

    language: str
    note: str
    text: str
    start: int


def blocks_of(page: str) -> Iterator[Block]:
    """Every fenced block of a page, in order."""
    for found in FENCE.finditer(page):
        yield Block(found[1] or "", (found[2] or "").strip(), found[3], found.start(3))


def filtered(lines: list[str], command: str) -> list[str]:
    """What a filter leaves."""
    words = shlex.split(command)
    if words[:2] == ["head", "-n"]:
        return lines[: int(words[2])]
    if words[:2] == ["tail", "-n"]:
        return lines[-int(words[2]) :]
    assert words[0] == "grep", f"the filter '{command}' is not known"
    after = int(words[2]) if words[1] == "-A" else 0
    wanted = words[-1]
    # a quoted command that finds nothing shows the reader nothing
    assert any(wanted in line for line in lines), f"'{command}' finds nothing"
    kept = {number + more for number, line in enumerate(lines) if wanted in line for more in range(after + 1)}
    return [line for number, line in enumerate(lines) if number in kept]


class Reader:
    """Somebody who does what a page says, in a folder of their own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.status, self.piped = folder, 0, False
        monkeypatch.chdir(folder)

    def run(self, command: str) -> str:
        """Run one line; give what it prints."""
        from freehold.cli import main

        if command == "echo $?":
            assert not self.piped, "after a pipe a shell gives the status of the filter"
            return f"{self.status}\n"
        first, *filters = (part.strip() for part in re.split(r"\s\|\s", command))
        self.piped = bool(filters)
        words = shlex.split(first, comments=True)
        assert words[:1] in [[name] for name in ("freehold", *ASIDE)], f"'{command}' is no command of ours"
        if words[0] != "freehold":
            return ""
        out, problems = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(problems):
            try:
                self.status = main(words[1:])
            except SystemExit as stop:
                self.status = int(stop.code or 0)
        assert self.status in (0, 1, 2), f"{command}: {problems.getvalue()}"
        lines = out.getvalue().splitlines()
        for one in filters:
            lines = filtered(lines, one)
        lines += problems.getvalue().splitlines()
        return "".join(line.rstrip() + "\n" for line in lines)

    def read(self, page: str) -> str:
        """Do what a page says; give the page with the output that really came."""
        made, last = [], 0
        for block in blocks_of(page):
            if block.note and block.language in FILES:
                (self.folder / block.note).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / block.note).write_text(block.text, encoding="utf-8")
            elif block.language == "sh":
                for line in block.text.splitlines():
                    if line.strip() and not line.startswith("#"):
                        self.status = 0
                        said = self.run(line.strip())
                        assert self.status == 0, f"{line}: status {self.status}\n{said}"
            elif block.language == "python":
                script = self.folder / "page.py"
                script.write_text(block.text, encoding="utf-8")
                with redirect_stdout(io.StringIO()):
                    runpy.run_path(str(script))
            elif block.language == "console":
                commands = [line[2:] for line in block.text.splitlines() if line.startswith("$ ")]
                text = "".join(f"$ {command}\n{self.run(command)}" for command in commands)
                made.append(page[last : block.start] + text)
                last = block.start + len(block.text)
        return "".join(made) + page[last:]
