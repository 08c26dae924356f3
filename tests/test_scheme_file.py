"""Scheme files: what is read of them, and that every mistake is told with file, line, place and mend."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freehold.errors import BadScheme, FreeholdError, TooLarge, UnknownId, Unreadable
from freehold.schemes.measuring import check_parameters
from freehold.schemes.scheme_file import read_scheme, scheme, schemes_known

HEAD = """\
[scheme]
id = "own"
title = "Our own"
version = "1"
kind = "points"
[[scheme.reference]]
title = "t"
publisher = "p"
url = "https://example.org"
date = 2026-01-31
[[scheme.level]]
level = 0
name = "none"
[[scheme.level]]
level = 1
name = "all"
"""
FACTOR = """\
[[objective]]
id = "O"
title = "o"
weight = 100
[[objective.factor]]
id = "O.1"
title = "f"
choice = [{ label = "no", points = 0, level = 0 }, { label = "yes", points = 1, level = 1 }]
"""
GOOD = HEAD + FACTOR


def read(tmp_path: Path, text: str, name: str = "own.toml") -> object:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_scheme(tmp_path / name, check=check_parameters)


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(BadScheme) as error:
        read(tmp_path, text)
    assert str(tmp_path / "own.toml") in str(error.value)
    return str(error.value)


def test_a_scheme_is_read_as_it_is_written(tmp_path: Path) -> None:
    found = read_scheme(tmp_path / "own.toml") if read(tmp_path, GOOD) else None
    assert found is not None
    assert (found.id, found.kind, found.references[0].date, found.levels[1].name) == ("own", "points", "2026-01-31", "all")
    one = found.objectives[0].factors[0]
    assert [(choice.letter, choice.label, choice.points, choice.level) for choice in one.choices] == [
        ("a", "no", 0, 0), ("b", "yes", 1, 1),
    ]  # fmt: skip
    assert one.from_stack is None


@pytest.mark.parametrize("id_", schemes_known())
def test_every_scheme_that_comes_with_freehold_is_sound_and_says_where_it_is_published(id_: str) -> None:
    found = scheme(id_)
    path = Path(__file__).parent.parent / "src" / "freehold" / "schemes" / "data" / f"{id_}.toml"
    assert read_scheme(path, check=check_parameters) == found
    assert found.id == id_
    assert found.references
    assert found.status
    assert all(one.url.startswith("https://") and len(one.date) == 10 for one in found.references)


def test_both_versions_of_the_eu_framework_share_their_factors() -> None:
    new, old = scheme("eu-csf-2026"), scheme("eu-csf-1.2.1")
    assert [one.factors for one in new.objectives] == [one.factors for one in old.objectives]
    assert [one.weight for one in new.objectives] != [one.weight for one in old.objectives]
    assert all(factor.ask for one in new.objectives for factor in one.factors)


def test_a_scheme_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownId, match="Did you mean 'eu-csf-2026'"):
        scheme("eu-csf-2025")


WRONG = [
    (GOOD.replace('kind = "points"', 'kind = "point"'), "Did you mean 'points'"),
    (GOOD.replace('id = "own"', 'id = "my own"'), "is no id"),
    (GOOD.replace('title = "Our own"\n', ""), "'title': [scheme]: is missing"),
    (GOOD.replace("weight = 100", "weight = 99"), "the weights come to 99"),
    (GOOD.replace("weight = 100", "weight = nan"), "is no number"),
    (GOOD.replace("weight = 100", "weight = -1"), "is no number"),
    (GOOD.replace("weight = 100", "wieght = 100"), "Did you mean 'weight'"),
    (GOOD.replace("points = 1,", ""), "factor O.1, choice b: is missing"),
    (GOOD.replace("points = 1,", "points = inf,"), "is no number"),
    (GOOD.replace("points = 1,", "points = true,"), "is no number"),
    (GOOD.replace("points = 1,", "points = 0,"), "gives no points at all"),
    (GOOD.replace("level = 1 }", "level = 2 }"), "no whole number from 0 to 1"),
    (GOOD.replace(", level = 1 }", " }"), "factor O.1, choice b: is missing"),
    (GOOD.replace("level = 1\nname", "level = 3\nname"), "3 does not follow 0"),
    (GOOD.replace('url = "https://example.org"', 'url = "javascript:x"'), "is no address"),
    (GOOD.replace("date = 2026-01-31", 'date = "soon"'), "is no date"),
    (GOOD[: GOOD.index("[[scheme.reference]]")] + FACTOR, "Say where the scheme is published"),
    (GOOD + FACTOR, "'O' stands twice"),
    (GOOD + FACTOR.replace('"O"', '"P"'), "'O.1' stands twice"),
    (GOOD.replace("[[objective]]", "[objective]").replace("[[objective.factor]]", "[objective.factor]"), "two brackets"),
    (GOOD.replace("label =", "lable ="), "Did you mean 'label'"),
    (GOOD.replace('label = "yes"', 'label = "y\\u202es"'), "control character"),
    (GOOD.replace("level = 1 }", "level = 1, when = [[0, 1]] }"), "stands without from_stack"),
    (GOOD.replace('title = "f"', 'title = "f"\nfrom_stack = { measure = "ower-inside" }'), "Did you mean 'owner-inside'"),
    (GOOD.replace('title = "f"', 'title = "f"\nfrom_stack = { weighted = "x" }'), "from_stack: is missing"),
    (HEAD, "Write at least one [[objective]]"),
    ("", "Begin it with [scheme]"),
    ("x = [", "is not TOML"),
    ("a." * 200 + "b = 1", "nested too deeply"),
    (HEAD + '[scheme.gate]\nP = 1\n' + FACTOR, "is not known here"),
    (HEAD + '[scheme.gate]\nO = 9\n' + FACTOR, "no whole number from 0 to 1"),
    (GOOD + "[weights]\nO = 100\n", "stands beside objectives of this file"),
    (GOOD.replace("[scheme]", '[scheme]\nfactors_of = "../x.toml"'), "is no plain file name"),
    (GOOD.replace("[scheme]", '[scheme]\nfrom_stack_of = "nowhere.toml"'), "is not there"),
    (GOOD.replace("[scheme]", '[scheme]\nfactors_of = "eu-csf-factors.toml"'), "stand here and in factors_of"),
    (GOOD.replace('kind = "points"', 'kind = "grades"') + FACTOR.replace('"O"', '"P"').replace("O.1", "P.1"), "one factor"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_mistake_is_told_with_its_place_and_mend(text: str, said: str, tmp_path: Path) -> None:
    assert said in refused(tmp_path, text)


def test_a_mistake_is_told_with_its_line_and_others_with_it(tmp_path: Path) -> None:
    said = refused(tmp_path, GOOD.replace("points = 1,", "points = -1,").replace('title = "o"', "title = 7"))
    assert "2 errors in the scheme" in said
    assert f"own.toml, line {GOOD[: GOOD.index('O.1')].count(chr(10)) + 1}" in said


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("[[1, 0]]", "ends before it begins"), ("[[nan, 1]]", "is no interval"), ("[0, 1]", "is no interval"),
        ("[[0]]", "is no interval"), ("[[0, 1e300]]", "Use inf for no end"), ('[["a", 1]]', "is no interval"),
        ("3", "is no list"), ("[[true, 1]]", "is no interval"), ("[" + "[0, 1]," * 30 + "]", "at most 20 intervals"),
        ("[[inf, inf]]", "before it begins"),
        (f"[[0, {'9' * 400}]]", "Use inf for no end"),
    ],
)  # fmt: skip
def test_an_interval_that_is_none_is_refused(when: str, said: str, tmp_path: Path) -> None:
    text = GOOD.replace("level = 1 }", f"level = 1, when = {when} }}")
    assert said in refused(tmp_path, text.replace('title = "f"', 'title = "f"\nfrom_stack = { measure = "owner-inside" }'))


def test_an_interval_may_have_no_end(tmp_path: Path) -> None:
    text = GOOD.replace("level = 1 }", "level = 1, when = [[0.5, inf]] }")
    read(tmp_path, text.replace('title = "f"', 'title = "f"\nfrom_stack = { measure = "owner-inside" }'))
    found = read_scheme(tmp_path / "own.toml")
    assert found.objectives[0].factors[0].choices[1].when == ((0.5, math.inf),)


def test_factors_and_what_answers_them_may_stand_in_files_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "f.toml").write_text(FACTOR.replace("weight = 100\n", ""), encoding="utf-8")
    (tmp_path / "m.toml").write_text(
        '["O.1"]\nfrom_stack = { measure = "owner-inside" }\nwhen = { b = [[1, 1]] }\nnote = "as far as owners are known"\n',
        encoding="utf-8",
    )
    text = HEAD.replace("[scheme]", '[scheme]\nfactors_of = "f.toml"\nfrom_stack_of = "m.toml"') + "[weights]\nO = 100\n"
    read(tmp_path, text)
    one = read_scheme(tmp_path / "own.toml").objectives[0].factors[0]
    assert one.from_stack is not None
    assert (one.from_stack.measure, one.choices[1].when, one.note) == ("owner-inside", ((1, 1),), "as far as owners are known")
    for old, new, said in (
        ("O.1", "O.2", "Did you mean 'O.1'"), ("b =", "c =", "is not known here"), ("from_stack", "fromstack", "from_stack"),
        ("owner-inside", "owner-insde", "Did you mean 'owner-inside'"),
    ):  # fmt: skip
        mapped = (tmp_path / "m.toml").read_text(encoding="utf-8")
        (tmp_path / "m.toml").write_text(mapped.replace(old, new), encoding="utf-8")
        with pytest.raises(BadScheme, match=said) as error:
            read_scheme(tmp_path / "own.toml", check=check_parameters)
        assert "m.toml" in str(error.value)
        (tmp_path / "m.toml").write_text(mapped, encoding="utf-8")
    with pytest.raises(BadScheme, match="the weights come to 90"):
        read(tmp_path, text.replace("O = 100", "O = 90"))
    (tmp_path / "f.toml").write_text(FACTOR, encoding="utf-8")
    with pytest.raises(BadScheme, match="does not belong here"):
        read(tmp_path, text)


def test_weights_of_ones_own_over_the_published_factors_are_a_scheme(tmp_path: Path) -> None:
    weights = "".join(f'"SOV-{number}" = 12.5\n' for number in range(1, 9))
    levels = "".join(f'[[scheme.level]]\nlevel = {level}\nname = "{level}"\n' for level in range(5))
    head = HEAD[: HEAD.index("[[scheme.level]]")].replace("[scheme]", '[scheme]\nfactors_of = "eu-csf-factors.toml"')
    read(tmp_path, head + levels + "[weights]\n" + weights)
    found = read_scheme(tmp_path / "own.toml")
    assert sum(len(one.factors) for one in found.objectives) == 48


def test_criteria_without_weights_weigh_as_many_as_they_are(tmp_path: Path) -> None:
    text = GOOD.replace('kind = "points"', 'kind = "criteria"').replace("weight = 100\n", "").replace(", level = 1 }", " }")
    more = FACTOR.replace("weight = 100\n", "").replace('"O"', '"P"')
    more = more.replace("O.1", "P.1") + more[more.index("[[objective.factor]]") :].replace("O.1", "P.2")
    read(tmp_path, text + more)
    found = read_scheme(tmp_path / "own.toml")
    assert [one.weight for one in found.objectives] == pytest.approx([100 / 3, 200 / 3])
    assert found.objectives[0].factors[0].choices[1].level == 1


def test_a_file_that_is_no_scheme_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        read_scheme(tmp_path / "nowhere.toml")
    with pytest.raises(Unreadable):
        read_scheme("a\0b.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * (3 << 20))
    with pytest.raises(TooLarge):
        read_scheme(tmp_path / "big.toml")
    (tmp_path / "latin.toml").write_bytes(b'a = "\xff"')
    with pytest.raises(Unreadable, match="line 1"):
        read_scheme(tmp_path / "latin.toml")
    with pytest.raises(Unreadable):
        read_scheme(tmp_path)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_file_with_anything_in_it_is_read_or_refused(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    lines = GOOD.splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    junk = st.sampled_from(["[]", "{}", "1e999", "-0.0", '""', "nan", "[[[]]]", "1979-05-27", "true", '"\\u0000"', "9" * 400])
    name = lines[place].partition("=")[0].strip() or "x"
    lines[place] = data.draw(st.one_of(st.just(""), st.text(max_size=20), junk.map(lambda value: f"{name} = {value}")))
    path = tmp_path_factory.mktemp("any") / "own.toml"
    path.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
    with suppress(FreeholdError):
        read_scheme(path, check=check_parameters)


def test_what_a_level_means_for_an_objective_stands_in_the_level_and_is_shown() -> None:
    levels = scheme("eu-csf-2026").levels
    assert [len(one.by_objective) for one in levels] == [0, 0, 8, 7, 8]  # the guidance prints two of three for SOV-8
    assert "EAL3" in levels[3].by_objective["SOV-7"]
    assert not any(one.by_objective for one in scheme("eu-csf-1.2.1").levels)


def test_a_level_that_speaks_of_an_objective_that_is_not_there_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace('name = "all"\n', 'name = "all"\nby_objective = { O = "all of it", P = "…" }\n')
    assert "by_objective" in refused(tmp_path, text)
    assert refused(tmp_path, text).count("P") > 0


def test_an_objective_of_weight_zero_stands_beside_others_without_weights_and_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    text = GOOD.replace('kind = "points"', 'kind = "criteria"').replace("weight = 100\n", "")
    assert "criteria" in text
    more = text[text.index("[[objective]]") :].replace('id = "O"', 'id = "P"\nweight = 0').replace('id = "O', 'id = "P')
    path.write_text(text + "\n" + more, encoding="utf-8")
    assert [one.weight for one in read_scheme(path).objectives] == [100, 0]
