"""The README shows what the program prints: the quoted output is the beginning of the real one."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from freehold.cli import main

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
_BLOCK = re.compile(
    r"<!-- output: freehold (?P<command>[^\n]*?), (?P<lines>\d+) lines -->\n```text\n(?P<output>.*?)```", re.DOTALL
)


def test_the_quoted_output_is_the_real_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    for name in ("HOME", "TRUSTED", "DAYS", "FLOOR"):
        monkeypatch.delenv(f"FREEHOLD_{name}", raising=False)
    text = README.read_text(encoding="utf-8")
    blocks = list(_BLOCK.finditer(text))
    assert len(blocks) == text.count("<!-- output:") > 0
    for block in reversed(blocks):
        assert main(shlex.split(block["command"])) == 0
        real = "".join(line + "\n" for line in capsys.readouterr().out.splitlines()[: int(block["lines"])])
        if os.environ.get("FREEHOLD_RECORD"):
            start, end = block.span("output")
            text = text[:start] + real + text[end:]
        else:
            assert block["output"] == real
    if os.environ.get("FREEHOLD_RECORD"):
        README.write_text(text, encoding="utf-8")


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target
