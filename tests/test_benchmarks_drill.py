"""The drill's benchmark at a thousandth of its size: every figure is there, and what was to pass has passed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from freehold.drill.namespace import NamespaceBackend

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.drill import connections, flood, relay  # noqa: E402


def needs_namespaces() -> None:
    possible = NamespaceBackend().possible()
    if not possible.ok:
        pytest.skip(possible.reason)


def test_a_small_flood_is_answered_and_counted() -> None:
    found = asyncio.run(flood(300, at_once=50))
    assert 0 < found["most waiting"] <= 50
    assert found["seconds"] > 0
    assert found["memory"] < 50


@pytest.mark.slow
def test_bytes_pass_by_every_way() -> None:
    needs_namespaces()
    figures = asyncio.run(relay(10_000_000, 1))
    assert {"direct", "session", "asyncio streams", "processor"} <= figures.keys()
    assert all(len(values) == 1 and values[0] > 0 for values in figures.values())


def test_connections_are_answered_through_a_session() -> None:
    needs_namespaces()
    assert asyncio.run(connections(20)) > 0
