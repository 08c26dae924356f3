"""What holds for every test."""

from __future__ import annotations

import pytest

from loopback import bring_up


@pytest.fixture(scope="session", autouse=True)
def loopback() -> None:
    """Tests that serve and call themselves find 127.0.0.1 up, in a network namespace of the tests' own too."""
    bring_up()
