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
_SHOWN = 40
_BLOCK = re.compile(r"<!-- output: freehold (?P<command>[^\n]*) -->\n```text\n(?P<output>.*?)```", re.DOTALL)


def test_the_quoted_output_is_the_real_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    for name in ("HOME", "TRUSTED", "DAYS", "FLOOR"):
        monkeypatch.delenv(f"FREEHOLD_{name}", raising=False)
    text = README.read_text(encoding="utf-8")
    block = _BLOCK.search(text)
    assert block is not None
    assert main(shlex.split(block["command"])) == 0
    real = "".join(line + "\n" for line in capsys.readouterr().out.splitlines()[:_SHOWN])
    if os.environ.get("FREEHOLD_RECORD"):
        start, end = block.span("output")
        README.write_text(text[:start] + real + text[end:], encoding="utf-8")
    else:
        assert block["output"] == real


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target
