"""What was spent, over restarts: never taken for nothing, and never more than the configuration has."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from freehold.errors import Unreadable
from freehold.gateway import accounts
from freehold.gateway.accounts import Accounts
from freehold.gateway.answers import Refusal
from freehold.gateway.configuration import Configuration, parse

WALL = datetime(2026, 3, 30, 12, tzinfo=UTC).timestamp()


def configuration(*tenants: str) -> Configuration:
    text = '[[upstream]]\nname = "one"\nurl = "http://127.0.0.1:1"\n'
    for name in tenants:
        text += f'[[tenant]]\nname = "{name}"\nkey_env = "K"\nbudget = {{ spend_per_day = 1.0 }}\n'
    return parse(text, "test.toml")


def opened(path: Path, *tenants: str) -> Accounts:
    return Accounts(configuration(*tenants), path, lambda _whose, _limit: None)


def spend(found: Accounts, tenant: str, cost: float) -> None:
    found.settle(found.hold(0.0, WALL, tenant, "", 0, cost), 0.0, WALL, 0, cost)


def test_what_was_spent_is_spent_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "budgets.json"
    first = opened(path, "alpha")
    spend(first, "alpha", 0.8)
    first.save(WALL)
    with pytest.raises(Refusal):
        spend(opened(path, "alpha"), "alpha", 0.3)


def test_a_limit_names_its_tenant_in_the_sentence_and_by_scope_and_name_in_the_state(tmp_path: Path) -> None:
    found = opened(tmp_path / "budgets.json", "support")
    with pytest.raises(Refusal, match=r"^tenant 'support' has spent its 1 a day$"):
        spend(found, "support", 2.0)
    assert set(found.used(0.0, WALL)) == {"tenant support"}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b"null", b"\xff", b'{"tenant alpha": 5}',
        b'{"tenant alpha": {"days": {"2026-03-30": -1}, "months": {}}}',
        b'{"tenant alpha": {"days": {"2026-03-30": "1"}, "months": {}}}', b'{"tenant alpha": {}}', b"[" * 100_000,
    ],
    ids=range(10),
)  # fmt: skip
def test_a_damaged_file_is_refused_with_its_mend(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "budgets.json"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="move it away to begin anew"):
        opened(path, "alpha")
    assert path.read_bytes() == content


def test_a_file_over_its_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_MOST_BYTES", 100)
    path = tmp_path / "budgets.json"
    path.write_bytes(b"{" + b" " * 100 + b"}")
    with pytest.raises(Unreadable, match=r"larger than 100 bytes.*move it away"):
        opened(path, "alpha")


def test_a_tenant_that_is_no_longer_in_the_configuration_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "budgets.json"
    found = opened(path, "alpha", "beta")
    for name in ("alpha", "beta"):
        spend(found, name, 0.5)
    found.save(WALL)
    assert set(json.loads(path.read_bytes())) == {"tenant alpha", "tenant beta"}
    found.configure(configuration("beta"))
    found.save(WALL)
    assert set(json.loads(path.read_bytes())) == {"tenant beta"}
