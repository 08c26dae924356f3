"""The texts of schemes in further languages: nothing but texts differs, and none is left over."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from freehold.cli import main
from freehold.schemes.scheme_file import scheme, schemes_known
from freehold.schemes.scheme_texts import texts_of_schemes
from freehold.schemes.scheme_values import Scheme
from freehold.words import LANGUAGES, speaking

ROOT = Path(__file__).parent.parent
LANGUAGES_WITH_TEXTS = [code for code in LANGUAGES if texts_of_schemes(code)]


def without_texts(one: Scheme) -> Scheme:
    return replace(
        one,
        title="", version="", status="", doubts=(),
        levels=tuple(replace(level, name="", meaning="", by_objective={}) for level in one.levels),
        objectives=tuple(
            replace(
                objective, title="",
                factors=tuple(
                    replace(
                        factor, title="", ask="", note="",
                        choices=tuple(replace(choice, label="") for choice in factor.choices),
                    )
                    for factor in objective.factors
                ),
            )
            for objective in one.objectives
        ),
    )  # fmt: skip


def test_chinese_is_among_the_languages_that_tell_schemes() -> None:
    assert "zh" in LANGUAGES_WITH_TEXTS


@pytest.mark.parametrize("id_", schemes_known())
@pytest.mark.parametrize("language", LANGUAGES_WITH_TEXTS)
def test_a_language_changes_texts_and_nothing_else(language: str, id_: str) -> None:
    english = scheme(id_)
    with speaking(language):
        told = scheme(id_)
    assert told.title != english.title
    assert without_texts(told) == without_texts(english)
    assert scheme(id_) == english


@pytest.mark.parametrize("language", LANGUAGES_WITH_TEXTS)
def test_every_text_of_a_language_belongs_to_something_that_is_there(language: str) -> None:
    tables = texts_of_schemes(language)
    users = {id_: [id_] for id_ in schemes_known()}
    for id_ in schemes_known():
        users.setdefault(tables.get(id_, {}).get("texts_of", id_), []).append(id_)
    for name, table in tables.items():
        assert set(table) <= {"title", "version", "status", "doubts", "level", "objective", "factor", "texts_of"}, name
        assert name in users, name
        for id_ in users[name]:
            one = scheme(id_)
            factors = {factor.id: factor for objective in one.objectives for factor in objective.factors}
            assert len(table.get("level", one.levels)) == len(one.levels), name
            assert len(table.get("doubts", one.doubts)) == len(one.doubts), name
            assert set(table.get("objective", ())) <= {objective.id for objective in one.objectives}, name
            assert set(table.get("factor", ())) <= set(factors), name
            for factor_id, texts in table.get("factor", {}).items():
                assert set(texts) <= {"title", "ask", "note", "choices"}, factor_id
                assert len(texts.get("choices", factors[factor_id].choices)) == len(factors[factor_id].choices), factor_id


@pytest.mark.parametrize("id_", schemes_known())
def test_what_a_scheme_asks_is_told_wholly_in_chinese(id_: str) -> None:
    with speaking("zh"):
        told = scheme(id_)
    for objective in told.objectives:
        assert not objective.title.isascii()
        for factor in objective.factors:
            assert not factor.title.isascii(), factor.id
            for choice in factor.choices:
                assert not choice.label.isascii() or choice.label.startswith("EAL"), factor.id
            if id_ != "self-sufficiency" and factor.ask:  # those ask for a table of the answers file, by its name
                assert not factor.ask.isascii(), factor.id


def test_a_chinese_page_shows_chinese_factors(capsys: pytest.CaptureFixture[str]) -> None:
    clinic = str(ROOT / "examples" / "clinic")
    assert main(["schemes", "score", clinic, "--scheme", "eu-csf-2026", "--language", "zh"]) == 0
    page = capsys.readouterr().out
    assert "欧盟云主权框架" in page
    assert "加密密钥由谁掌握" in page
    assert "Who holds the keys" not in page


def test_what_a_stack_tells_in_chinese_has_no_english_countries_and_no_gaps(capsys: pytest.CaptureFixture[str]) -> None:
    office = str(ROOT / "examples" / "public-office")
    assert main(["schemes", "score", office, "--scheme", "eu-csf-2026", "--language", "zh", "--format", "json"]) == 0
    answers = json.loads(capsys.readouterr().out)["answers"]
    told = " ".join(answer["told"] for answer in answers)
    assert "中国" in told
    assert "China" not in told
    assert "。 " not in "".join(answer["told"] for answer in answers)
    assert " （" not in told
