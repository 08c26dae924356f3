"""A provider or an owner that is cut may be named as people name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from freehold.cli import main

STACK = """
[stack]
name = "Shop"
home = "DE"

[[provider]]
id = "acme"
name = "Acme Hosting GmbH"
country = "DE"

[[item]]
id = "hosting"
mission = 1
  [[item.source]]
  provider = "acme"
"""


@pytest.fixture
def stack(tmp_path: Path) -> str:
    path = tmp_path / "shop.toml"
    path.write_text(STACK, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("asked", ["acme", "ACME", "acme hosting gmbh"])
def test_a_provider_of_the_stack_is_found_by_its_id_or_name_in_any_case(
    stack: str, asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cutoff", stack, "--provider", asked]) == 0
    assert "Cut off: provider Acme Hosting GmbH." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "id_"), [("npm", "npm-inc"), ("PyPI", "psf"), ("Python Software Foundation", "psf"), ("Microsoft", "microsoft")]
)
def test_a_provider_of_the_catalogue_is_found_by_its_name_or_its_products(
    stack: str, asked: str, id_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cutoff", stack, "--provider", asked]) == 0
    assert f"Cut off: provider {id_}." in capsys.readouterr().out


def test_words_of_a_name_are_answered_with_whom_they_may_mean(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cutoff", stack, "--provider", "python package index"]) == 2
    assert "Did you mean 'psf'?" in capsys.readouterr().err


def test_a_name_that_nobody_has_leads_to_the_search_of_the_catalogue(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cutoff", stack, "--owner", "zzzzzzzzzzzz"]) == 2
    assert "`freehold catalogue search WORD` lists what there is" in capsys.readouterr().err
