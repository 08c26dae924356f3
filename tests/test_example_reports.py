"""The reports in docs/reports are what the commands print, in every language.

``FREEHOLD_RECORD=1 pytest -m slow tests/test_example_reports.py`` makes them anew; scripts/report_screenshots.py
makes their pictures.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from freehold.cli import main

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "docs" / "reports"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reports", ROOT / "scripts" / "make_reports.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules["make_reports"] = found
    spec.loader.exec_module(found)
    return found


PAGES = list(script().pages(REPORTS))


@pytest.mark.slow
@pytest.mark.parametrize(("example", "language", "page"), PAGES, ids=[page.stem for _, _, page in PAGES])
def test_a_report_of_an_example_is_as_recorded(
    example: str, language: str, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ortools")
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("HOME", "TRUSTED", "DAYS", "FLOOR", "LANGUAGE", "POLICY"):
        monkeypatch.delenv(f"FREEHOLD_{name}", raising=False)
    made = tmp_path / page.name
    assert main(script().arguments(example, language, made)) == 0
    if os.environ.get("FREEHOLD_RECORD") == "1":
        page.parent.mkdir(exist_ok=True)
        page.write_bytes(made.read_bytes())
    assert made.read_text(encoding="utf-8") == page.read_text(encoding="utf-8"), f"{page} differs: FREEHOLD_RECORD=1 makes it"


def test_a_report_of_an_example_is_small_enough_for_a_mail() -> None:
    for _, _, page in PAGES:
        assert page.stat().st_size <= 3_000_000
