"""Answers files: three spellings, and every mistake told with row and mend; the form that is filled in."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.errors import BadAnswers, FreeholdError, TooLarge, Unreadable, UsageError
from freehold.schemes.answers_file import answers_of, read_answers
from freehold.schemes.answers_form import answers_form
from freehold.schemes.interface import Asked, Measured
from freehold.schemes.scheme_file import scheme
from freehold.schemes.scheme_values import FromStack
from freehold.schemes.scoring import score
from freehold.stack.toml_text import parse_toml
from freehold.stack.values import Stack
from test_scheme_scoring import SMALL

EU = scheme("eu-csf-2026")


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", '"SOV-1.1" = "b"\n"SOV-3.4" = "E"\n"SOV-8.1" = ""\n'),
        ("a.json", '{"SOV-1.1": "b", "SOV-3.4": "e", "SOV-8.1": ""}'),
        ("a.csv", 'Factor,Answer,Note\nSOV-1.1,b,\n\nSOV-3.4, e ,"asked, by mail"\nSOV-8.1,,\n'),
        ("a.CSV", "\ufefffactor;answer\n".replace(";", ",") + "SOV-1.1,b\r\nSOV-3.4,e\r\n"),
    ],
)
def test_the_three_spellings_say_the_same(name: str, text: str, tmp_path: Path) -> None:
    assert read_answers([write(tmp_path, name, text)], [EU]) == {"SOV-1.1": "b", "SOV-3.4": "e"}


WRONG = [
    (
        "a.toml",
        '\n"SOV-1.l" = "b"',
        "line 2, column 'SOV-1.l': is no factor of the schemes that are scored. Did you mean 'SOV-1.",
    ),
    ("a.toml", 'SOV-1.1 = "b"', "Put a factor's id in quotes"),
    ("a.toml", '"SOV-1.1" = "e"', "'e' is no choice of it. Choices: a, b, c, d"),
    ("a.toml", '"SOV-1.1" = "Most control sits within the region"', "Did you mean 'c'"),
    ("a.toml", '"SOV-1.1" = "2"', "Did you mean 'b'"),
    ("a.toml", '"SOV-1.1" = 2', "2 is no letter"),
    ("a.toml", '"SOV-1.1" = ["a"]', "is no letter"),
    ("a.toml", '"SOV-1.1" = "a"\n"SOV-1.1" = "b"', "line 2: is not TOML"),
    ("a.toml", "x = [", "is not TOML"),
    ("a.json", '{"SOV-1.1": "a", "SOV-1.1": "b"}', "is answered twice"),
    ("a.json", '["a"]', "not an object"),
    ("a.json", '{"SOV-1.1": NaN}', "is no letter"),
    ("a.json", "{\n", "line 2"),
    ("a.json", "[" * 100_000, "JSON"),
    ("a.json", '{"SOV-1.1": ' + "9" * 5000 + "}", "JSON"),
    ("a.csv", "factor,answer\nSOV-1.1,a\nSOV-1.1,a\n", "line 3, column 'SOV-1.1': is answered twice: see"),
    ("a.csv", "factor,anwser\n", "Did you mean 'answer'"),
    ("a.csv", "factor,answer,answer\n", "stands twice"),
    ("a.csv", "factor\nSOV-1.1\n", "'answer': is missing"),
    ("a.csv", "factor,answer\nSOV-1.1,a,b\n", "has 3 cells"),
    ("a.csv", 'factor,answer\n"SOV-1.1,a\n', "is not CSV"),
    ("a.csv", "", "is empty"),
    ("a.csv", "factor,answer\n=SOV-1.1,a\n", "Did you mean 'SOV-1.1'"),
]


@pytest.mark.parametrize(("name", "text", "said"), WRONG)
def test_a_mistake_is_told_with_file_row_and_mend(name: str, text: str, said: str, tmp_path: Path) -> None:
    path = write(tmp_path, name, text)
    with pytest.raises(BadAnswers) as error:
        read_answers([path], [EU])
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_the_same_factor_in_two_files_is_refused_and_both_are_named(tmp_path: Path) -> None:
    one, other = write(tmp_path, "a.toml", '"SOV-1.1" = "b"'), write(tmp_path, "b.json", '{"SOV-1.1": "b"}')
    with pytest.raises(BadAnswers, match=r"b\.json.*see .*a\.toml, line 1"):
        read_answers([one, other], [EU])
    more = write(tmp_path, "c.csv", "factor,answer\nSOV-1.2,a\n")
    assert read_answers([one, more], [EU]) == {"SOV-1.1": "b", "SOV-1.2": "a"}


def test_many_mistakes_are_told_at_once_and_not_endlessly(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "factor,answer\n" + "".join(f"x{number},a\n" for number in range(500)))
    with pytest.raises(BadAnswers) as error:
        read_answers([path], [EU])
    assert len(error.value.findings) == 50


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.toml, \.json, \.csv"):
        read_answers([write(tmp_path, "a.txt", "")], [EU])
    with pytest.raises(Unreadable):
        read_answers([tmp_path / "nowhere.toml"], [EU])
    with pytest.raises(Unreadable, match="line 2"):
        read_answers([write(tmp_path, "a.toml", b'"SOV-1.1" = "a"\n\xff')], [EU])
    with pytest.raises(TooLarge):
        read_answers([write(tmp_path, "b.json", b" " * (3 << 20))], [EU])
    with pytest.raises(TooLarge):
        read_answers([write(tmp_path, "c.csv", "factor,answer\n" + "x,a\n" * 30_000)], [EU])


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60), form=st.sampled_from(["toml", "json", "csv"]))
def test_anything_at_all_is_read_or_refused(text: str, form: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / f"any.{form}"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(FreeholdError):
        read_answers([path], [EU])


def test_a_scheme_takes_its_own_answers_of_many() -> None:
    assert answers_of(EU, {"SOV-1.1": "a", "A.1": "b"}) == {"SOV-1.1": "a"}


def test_a_form_that_nobody_filled_in_answers_nothing_and_shows_every_choice(tmp_path: Path) -> None:
    form = answers_form(EU)
    assert set(parse_toml(form)) == {factor.id for one in EU.objectives for factor in one.factors}
    assert read_answers([write(tmp_path, "form.toml", form)], [EU]) == {}
    for one in EU.objectives:
        for factor in one.factors:
            assert factor.ask in form
            assert all(choice.label in form for choice in factor.choices)
    filled = form.replace('"SOV-1.1" = ""', '"SOV-1.1" = "c"')
    assert read_answers([write(tmp_path, "filled.toml", filled)], [EU]) == {"SOV-1.1": "c"}


def test_what_a_stack_tells_stands_in_the_form_as_a_comment_and_cannot_end_it(tmp_path: Path) -> None:
    evil = 'it is\n"A.1" = "a" \x1b[31m \u202e \\'
    told = score(SMALL, Asked(Stack()), measures={"part": lambda _asked, _parameters: Measured(1, 1, evil)})
    assert isinstance(SMALL.objectives[1].factors[0].from_stack, FromStack)
    form = answers_form(SMALL, told)
    assert "# the stack says b: it is\\u000a" in form
    assert "\x1b" not in form
    assert "\u202e" not in form
    assert read_answers([write(tmp_path, "form.toml", form)], [SMALL]) == {}
