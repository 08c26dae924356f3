"""Groups of countries: who was in them when, what a stack's day picks, and how unknown ones are refused."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import freehold.stack.groups
from freehold.errors import BadCutoff, BadStack, UsageError
from freehold.measure.cutoff import cutoff
from freehold.settings import find_settings
from freehold.stack.control import Control
from freehold.stack.countries import country_name, expand, is_country, is_region
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.groups import Membership, groups, is_member, members
from freehold.stack.toml_file import loads
from freehold.stack.values import Item, Provider, Source, Stack

FILE = Path(freehold.stack.groups.__file__).parent / "data" / "groups.csv"

SIZES = {
    "AFRICAN-UNION": 55, "ASEAN": 11, "BRICS": 10, "CIS": 9, "COMMONWEALTH": 56, "EAR-A1": 40, "EAR-A5": 37, "EAR-D5": 22,
    "EEA": 30, "EFTA": 4, "EU": 27, "FVEY": 5, "G20": 19, "G7": 7, "GCC": 6, "MERCOSUR": 5, "NATO": 32, "OECD": 38,
    "QUAD": 4, "SCHENGEN": 29, "WASSENAAR": 42,
}  # fmt: skip


def _stack(*seats: str, as_of: str | None = None, trusted: tuple[str, ...] = ()) -> Stack:
    providers = tuple(Provider(f"p-{seat.lower()}", country=seat) for seat in seats)
    items = tuple(Item(f"i-{seat.lower()}", mission=1.0) for seat in seats)
    sources = tuple(Source(f"s-{seat.lower()}", f"i-{seat.lower()}", f"p-{seat.lower()}") for seat in seats)
    return Stack(None, "CH", trusted, as_of, items=items, providers=providers, sources=sources)


def test_every_group_has_as_many_members_today_as_its_references_count() -> None:
    assert {code: len(members(code)) for code in groups()} == SIZES


def test_every_member_is_a_country_and_no_group_has_the_code_of_one() -> None:
    for code, group in groups().items():
        assert not is_country(code), code
        assert all(is_country(one.country) for one in group.memberships), code


def test_every_row_of_the_file_says_who_states_it_and_for_which_day() -> None:
    with FILE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            assert all(row.values()), row
            assert re.fullmatch(r"20[0-9]{2}(-[0-9]{2}){0,2}", row["date"]), row
            assert row["path"].startswith("/"), row
            assert row["host"].partition(".")[0] in {
                "com", "org", "edu", "eu", "int", "no", "it", "in", "ua", "uk", "gov",
            }, row  # fmt: skip


def test_no_country_is_twice_in_a_group_at_once() -> None:
    for code, group in groups().items():
        for day in (None, "1975-06-01", "1990-06-01", "2005-06-01", "2019-06-01", "2021-06-01", "2026-06-01"):
            there = [one.country for one in group.memberships if one.covers(day)]
            assert len(there) == len(set(there)), (code, day)


@pytest.mark.parametrize(
    ("group", "country", "day", "there"),
    [
        ("EU", "HR", "2013-06-30", False),
        ("EU", "HR", "2013-07-01", True),
        ("EU", "GB", "1972-12-31", False),
        ("EU", "GB", "1973-01-01", True),
        ("EU", "GB", "2020-01-31", True),
        ("EU", "GB", "2020-02-01", False),
        ("EU", "PL", "2004-04-30", False),
        ("EU", "PL", "2004-05-01", True),
        ("NATO", "SE", "2024-03-06", False),
        ("NATO", "SE", "2024-03-07", True),
        ("NATO", "FI", "2023-04-03", False),
        ("COMMONWEALTH", "MV", "2016-10-31", True),
        ("COMMONWEALTH", "MV", "2018-01-01", False),
        ("COMMONWEALTH", "MV", "2020-02-01", True),
        ("CIS", "GE", "2008-12-31", True),
        ("CIS", "GE", "2009-01-01", False),
        ("MERCOSUR", "VE", "2014-01-01", True),
        ("MERCOSUR", "VE", "2020-01-01", False),
        ("BRICS", "ID", "2025-01-05", False),
        ("WASSENAAR", "IN", "2017-12-08", True),
    ],
)
def test_membership_begins_and_ends_on_its_days(group: str, country: str, day: str, there: bool) -> None:
    assert is_member(group, country, day) is there


def test_who_left_is_no_member_and_who_has_no_date_always_was() -> None:
    assert not is_member("EU", "GB")
    assert is_member("G7", "JP")
    assert is_member("G7", "JP", "1700")


def test_a_day_known_to_the_month_or_year_counts_as_its_last() -> None:
    assert is_member("EU", "HR", "2013")
    assert is_member("EU", "HR", "2013-07")
    assert not is_member("EU", "HR", "2013-06")
    assert not is_member("EU", "GB", "2020")


@given(st.dates().map(str), st.dates().map(str), st.dates().map(str))
def test_a_membership_covers_exactly_the_days_from_its_first_to_its_last(since: str, until: str, day: str) -> None:
    assert Membership("DE", since, until, "", "", "", "", "").covers(day) == (since <= day <= until)


@pytest.mark.parametrize("code", sorted(SIZES))
def test_each_group_can_be_trusted_and_cut_off(code: str) -> None:
    member, outsider = min(members(code)), min({"AQ", "BV"})
    stack = _stack(member, outsider, trusted=(code,))
    control = Control(stack)
    assert control.inside >= members(code)
    assert [control.foreign(source) for source in stack.sources] == [False, True]
    answer = cutoff(stack, Cutoff((Rule(country=code),)), [0])
    assert [item.low for item in answer.items] == [(0.0,), (1.0,)]


def test_the_day_of_a_stack_picks_the_members() -> None:
    before, after = (_stack("GB", as_of=day, trusted=("EU",)) for day in ("2019-12-31", "2020-02-01"))
    assert Control(before).foreign(before.sources[0]) is False
    assert Control(after).foreign(after.sources[0]) is True
    cut = Cutoff((Rule(country="EU"),))
    assert cutoff(before, cut, [0]).items[0].low == (0.0,)
    assert cutoff(after, cut, [0]).items[0].low == (1.0,)


def test_a_country_stands_for_itself_alone() -> None:
    assert expand(["CN"]) == {"CN"}
    assert expand(["GB", "NATO"], "2020") == members("NATO", "2020")


def test_an_unknown_group_is_refused_everywhere_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(BadCutoff, match=r"'OPEC' is no country or group.*ASEAN.*WASSENAAR"):
        cutoff(_stack("DE"), Cutoff((Rule(country="OPEC"),)), [0])
    with pytest.raises(UsageError, match=r"'OPEC' is neither.*ASEAN.*WASSENAAR"):
        find_settings({"trusted": "EU,OPEC"}, tmp_path)
    with pytest.raises(BadStack, match=r"OPEC.*neither.*ASEAN.*WASSENAAR"):
        loads('[stack]\nhome = "DE"\ntrusted = ["OPEC"]\n', "stack.toml")


def test_a_group_is_no_country() -> None:
    assert is_region("NATO")
    assert not is_country("NATO")


def test_kosovo_has_its_user_assigned_code() -> None:
    assert is_country("XK")
    assert country_name("XK") == "Kosovo"
