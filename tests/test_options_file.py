"""What may stand in an options file, and what is refused with file, option, key and mend."""

from __future__ import annotations

import math
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import BadOptions, TooLarge, Unreadable
from freehold.plan.option_conditions import conditions_of
from freehold.plan.option_schema import CHANGES, OPTION_KEYS
from freehold.plan.option_template import template_csv, template_toml
from freehold.plan.option_values import Activate, Cover, MoreCapacity, NewQuality, Reference, Slip, Sooner, Spare
from freehold.plan.options_file import MOST_OPTIONS, read_option_files, read_options
from freehold.stack.toml_file import loads
from freehold.stack.toml_text import quoted
from freehold.stack.values import UNKNOWN, Stack

SHOP = """
[stack]
home = "DE"
trusted = ["EU"]
[[provider]]
id = "far"
country = "US"
[[provider]]
id = "near"
country = "FR"
[[item]]
id = "shop"
mission = 1
  [[item.source]]
  provider = "self"
  needs = ["hosting", { item = "disks", survive = "1y", weight = 0.5 }]
[[item]]
id = "hosting"
  [[item.source]]
  provider = "far"
  capacity = 0.9
  [[item.source]]
  provider = "near"
  status = "candidate"
  recover = "20d"
  quality = 0.8
  capacity = 0.6
  cost_once = 4000
  cost_year = 2400
  currency = "EUR"
  [[item.source]]
  id = "spare-room"
  provider = "self"
  status = "standby"
[[item]]
id = "disks"
  [[item.source]]
  provider = "far"
"""
FREE = 'cost_once = 0\ncost_year = 0\nlead = "0d"\n'
ONE = f'[[option]]\nid = "a"\n{FREE}'
CHANGE = 'activate = ["hosting@near"]\n'
BROUGHT = f'{ONE}[[option.source]]\nitem = "disks"\nid = "x"\nprovider = "near"\n'


@pytest.fixture(scope="module")
def shop() -> Stack:
    return loads(SHOP, "shop.toml")


def written(folder: Path, text: str, name: str = "options.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_all_that_an_option_may_say_is_read(shop: Stack, tmp_path: Path) -> None:
    text = """
[[option]]
id = "all"
name = "All of it"
cost_once = 100
cost_year = 10.5
currency = "EUR"
lead = "2w"
earliest = 2027-03
excludes = ["other"]
success = 0.9
people = 2
learns_with = "rooms"
learning = 0.8
standards_left = ["POSIX"]
forks = ["one"]
gives_up = ["two"]
activate = ["hosting@near", { source = "spare-room", share = 0.5 }]
cover = [{ source = "shop@self", item = "disks", survive = "forever" }]
capacity = [{ source = "hosting@far", capacity = 1 }]
recover = [{ source = "hosting@near", recover = "3d" }]
quality = [{ source = "hosting@near", quality = 0.9 }]
spare = [{ source = "shop@self", item = "disks", weight = 0 }]
slip = [{ days = "30d", odds = 0.3 }, { days = "1y", odds = 0.1 }]
reference = { title = "A page", publisher = "Somebody", url = "https://page.example", date = "2026-11" }

[[option]]
id = "other"
cost_once = "?"
requires = []
activate = ["hosting@near"]
""".replace("2027-03", '"2027-03"')
    one, other = read_options(written(tmp_path, text), shop)
    assert one.changes == (
        Activate("hosting@near"), Activate("spare-room", 0.5), Cover("shop@self", "disks", math.inf),
        MoreCapacity("hosting@far", 1.0), Sooner("hosting@near", 3.0), NewQuality("hosting@near", 0.9),
        Spare("shop@self", "disks", 0.0),
    )  # fmt: skip
    assert (one.cost_once, one.cost_year, one.currency, one.lead, one.earliest) == (100, 10.5, "EUR", 14, "2027-03-01")
    assert (one.excludes, one.success, one.people, one.learns_with, one.learning) == (("other",), 0.9, 2, "rooms", 0.8)
    assert one.slip == (Slip(30, 0.3), Slip(365, 0.1))
    assert one.reference == Reference("A page", "Somebody", "https://page.example", "2026-11")
    assert one.lacking == ()
    assert other.cost_once is UNKNOWN
    assert other.lacking == ("cost_once", "lead")


def test_an_option_that_states_no_cost_has_that_of_the_sources_that_it_activates(shop: Stack, tmp_path: Path) -> None:
    (one,) = read_options(written(tmp_path, '[[option]]\nid = "a"\nlead = 5\n' + CHANGE), shop)
    assert (one.cost_once, one.cost_year, one.currency, one.lead) == (4000, 2400, "EUR", 5)


def test_what_comes_with_an_option_is_joined_to_the_stack_and_works_once_it_is_built(shop: Stack, tmp_path: Path) -> None:
    text = f"""{ONE}
  [[option.provider]]
  id = "maker"
  country = "DE"
  [[option.item]]
  id = "room"
    [[option.item.source]]
    provider = "self"
    share = 0.25
    [[option.item.source]]
    provider = "maker"
  [[option.source]]
  item = "hosting"
  provider = "self"
  needs = ["room", {{ item = "disks", survive = "4y" }}]

[[option]]
id = "b"
{FREE}requires = ["a"]
activate = ["spare-room", "hosting@near"]
  [[option.source]]
  item = "disks"
  provider = "maker"
  status = "candidate"
  needs = ["room"]
"""
    first, second = read_options(written(tmp_path, text), shop)
    assert first.adds is not None
    assert {source.status for source in first.adds.sources} == {"candidate"}
    assert set(first.changes) == {Activate("hosting@self"), Activate("room@self", 0.25), Activate("room@maker", 0.75)}
    assert [need.survive for need in first.adds.needs] == [None, 4 * 365]
    assert second.changes == (Activate("spare-room"), Activate("hosting@near"))


def test_a_stack_says_alone_what_must_be_kept_alive(shop: Stack, tmp_path: Path) -> None:
    text = ONE + CHANGE + '[[option.item]]\nid = "n"\nmission = 1\n[[option.item.source]]\nprovider = "self"\n'
    with pytest.raises(BadOptions, match="the new item 'n' states a mission"):
        read_options(written(tmp_path, text), shop)


REFUSED = {
    "no TOML": ("[[option", "is not TOML"),
    "another table": ("[[options]]\nid = 'a'\n", "Did you mean 'option'"),
    "one bracket": ("[option]\nid = 'a'\n", "is not a list of tables"),
    "no option": ("", "holds no option"),
    "no id": (f"[[option]]\n{FREE}{CHANGE}", "is empty"),
    "an unknown key": (
        ONE + CHANGE + "cost_onse = 1\n",
        "column 'cost_onse': option 'a': is not a key.*Did you mean 'cost_once'",
    ),
    "a negative cost": (
        ONE.replace("cost_once = 0", "cost_once = -1") + CHANGE,
        "line 3, column 'cost_once': option 'a': -1 is neg",
    ),
    "a cost that is no number": (ONE.replace("cost_once = 0", "cost_once = nan") + CHANGE, "is not a finite number"),
    "an endless cost": (ONE.replace("cost_year = 0", "cost_year = inf") + CHANGE, "is not a finite number"),
    "odds over 1": (ONE + CHANGE + "success = 1.5\n", "column 'success': option 'a': 1.5 is over 1"),
    "no success at all": (ONE + CHANGE + "success = 0\n", "it never works"),
    "odds of slips over 1": (ONE + CHANGE + 'slip = [{days = 1, odds = 0.6}, {days = 2, odds = 0.6}]\n', "come to more than 1"),
    "a slip without odds": (ONE + CHANGE + "slip = [{days = 1}]\n", "odds is empty"),
    "a slip for ever": (ONE + CHANGE + 'slip = [{days = "forever", odds = 0.1}]\n', "is forever"),
    "a lead for ever": (ONE.replace('"0d"', '"forever"') + CHANGE, "it is never ready"),
    "no date": (ONE + CHANGE + 'earliest = "soon"\n', "is no date"),
    "no day of the calendar": (ONE + CHANGE + 'earliest = "2027-02-30"\n', "is no day of the calendar"),
    "a doubled id": (ONE + CHANGE + ONE + CHANGE, "stands already in line 1"),
    "an unknown requirement": (ONE + CHANGE + 'requires = ["hosting@nearr"]\n', "Did you mean 'hosting@near'"),
    "an unknown exclusion": (ONE + CHANGE + 'excludes = ["zzz"]\n', "'zzz' is no option"),
    "itself": (ONE + CHANGE + 'requires = ["a"]\n', "names the option itself"),
    "a learning group without a rate": (ONE + CHANGE + 'learns_with = "x"\n', "belong together"),
    "a rate of 0": (ONE + CHANGE + 'learns_with = "x"\nlearning = 0\n', "Write to which part"),
    "an unknown source": (ONE + 'activate = ["hosting@neer"]\n', "Did you mean 'hosting@near'"),
    "an item instead of a source": (ONE + 'activate = ["disks"]\n', "Did you mean 'disks@far'"),
    "a need that is not there": (
        ONE + 'cover = [{source = "hosting@near", item = "disks", survive = 1}]\n',
        "is not needed by",
    ),
    "a need of no item": (
        ONE + 'cover = [{source = "shop@self", item = "diskz", survive = 1}]\n',
        "no item of the stack. It needs: disks",
    ),
    "a share over 1": (ONE + 'activate = [{source = "hosting@near", share = 1.5}]\n', "share 1.5 is over 1"),
    "a share of 0": (ONE + 'activate = [{source = "hosting@near", share = 0}]\n', "takes a share of 0"),
    "what is in use": (ONE + 'activate = ["hosting@far"]\n', "is in use already"),
    "only what stands by already": (ONE + 'activate = ["spare-room"]\n', "it changes nothing: 'spare-room' stands by already"),
    "less capacity": (
        ONE + 'capacity = [{source = "hosting@far", capacity = 0.5}]\n',
        "'hosting@far' has capacity 0.9 already",
    ),
    "less cover": (ONE + 'cover = [{source = "shop@self", item = "disks", survive = "90d"}]\n', "has cover 365d already"),
    "a longer way": (ONE + 'recover = [{source = "hosting@near", recover = "30d"}]\n', "has recover 20d already"),
    "worse quality": (ONE + 'quality = [{source = "hosting@near", quality = 0.1}]\n', "has quality 0.8 already"),
    "more weight": (ONE + 'spare = [{source = "shop@self", item = "disks", weight = 0.9}]\n', "has weight 0.5 already"),
    "nothing": (ONE, "it changes nothing. State one of activate, cover"),
    "a change that is no table": (ONE + "cover = [1]\n", "1 is not understood"),
    "a change that is no list": (ONE + 'activate = "hosting@near"\n', "is not a list"),
    "a strange key in a change": (ONE + 'capacity = [{source = "hosting@far", capasity = 1}]\n', "Did you mean 'capacity'"),
    "a reference without a title": (ONE + CHANGE + 'reference = {url = "https://x.example"}\n', "title is empty"),
    "a strange reference": (ONE + CHANGE + "reference = {page = 1}\n", "is no reference"),
    "an unknown item of a new source": (
        ONE + '[[option.source]]\nitem = "hostin"\nprovider = "near"\n',
        "Did you mean 'hosting'",
    ),
    "an unknown provider": (
        ONE + '[[option.source]]\nitem = "hosting"\nid = "x"\nprovider = "hetzna"\n',
        "Did you mean 'hetzner'",
    ),
    "a source that is there": (ONE + '[[option.source]]\nitem = "hosting"\nprovider = "near"\n', "stands already in the stack"),
    "a new source in use": (
        ONE + '[[option.source]]\nitem = "hosting"\nid = "x"\nprovider = "near"\nstatus = "in-use"\n',
        "cannot be in use",
    ),
    "a share of a new source": (
        ONE + '[[option.source]]\nitem = "hosting"\nid = "x"\nprovider = "near"\nshare = 0.1\n',
        "states a share",
    ),
    "a column that is none": (
        ONE + '[[option.source]]\nitem = "hosting"\nid = "x"\nprovidr = "near"\n',
        "Did you mean 'provider'",
    ),
    "two currencies": (
        ONE.replace("cost_once = 0", 'cost_once = 5\ncurrency = "EUR"') + CHANGE
        + ONE.replace('"a"', '"b"').replace("cost_once = 0", 'cost_once = 5\ncurrency = "USD"') + CHANGE,
        "column 'currency': option 'b': is USD, and EUR in 'a'",
    ),
    "one thing brought twice": (
        "".join(BROUGHT.replace('"a"', f'"{id_}"') for id_ in "ab"),
        "the source 'x' comes with option 'a' too",
    ),
    "control characters": (ONE.replace('"a"', '"a\\u0007"') + CHANGE, "control character"),
    "deep nesting": (ONE + "cover = " + "[" * 2000 + "]" * 2000, "nested too deeply"),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_what_is_refused_says_where_and_the_mend(what: str, shop: Stack, tmp_path: Path) -> None:
    text, said = REFUSED[what]
    path = written(tmp_path, text)
    with pytest.raises(BadOptions, match=f"(?s){said}") as error:
        read_options(path, shop)
    assert str(path) in str(error.value)


def test_options_that_need_what_excludes_each_other_are_refused_through_chains_too(shop: Stack, tmp_path: Path) -> None:
    def option(id_: str, more: str) -> str:
        return f'[[option]]\nid = "{id_}"\n{FREE}{CHANGE}{more}\n'

    text = option("a", 'requires = ["b"]\nexcludes = ["c"]') + option("b", 'requires = ["c"]') + option("c", "")
    with pytest.raises(BadOptions, match="option 'a': it cannot be built: it needs 'a' and 'c', which exclude each other"):
        read_options(written(tmp_path, text), shop)
    text = option("a", 'requires = ["b"]') + option("b", 'requires = ["c"]') + option("c", 'requires = ["b"]')
    with pytest.raises(BadOptions, match="goes round in a circle: b → c → b"):
        read_options(written(tmp_path, text), shop)


def test_all_errors_are_told_at_once(shop: Stack, tmp_path: Path) -> None:
    text = "[[option]]\nid = 'a'\ncost_once = -1\nsuccess = 2\nactivate = ['x']\nrequires = ['y']\npeople = 'x'\n"
    with pytest.raises(BadOptions, match="5 errors in the options") as error:
        read_options(written(tmp_path, text), shop)
    assert [finding.row for finding in error.value.findings] == [3, 4, 5, 6, 7]


def test_an_option_is_not_blamed_for_what_is_wrong_in_one_that_it_requires(shop: Stack, tmp_path: Path) -> None:
    text = ONE + '[[option.source]]\nitem = "disk"\nid = "x"\nprovider = "near"\n'
    text += f'[[option]]\nid = "b"\n{FREE}requires = ["a"]\ncapacity = [{{ source = "x", capacity = 1 }}]\n'
    with pytest.raises(BadOptions, match="1 error in the options"):
        read_options(written(tmp_path, text), shop)


def test_files_may_require_each_other_s_options(shop: Stack, tmp_path: Path) -> None:
    one = written(tmp_path, ONE + CHANGE + 'requires = ["b"]\n', "one.toml")
    two = written(tmp_path, ONE.replace('"a"', '"b"') + CHANGE, "two.toml")
    assert [option.id for option in read_option_files([one, two], shop)] == ["a", "b"]
    with pytest.raises(BadOptions, match="'b' is no option"):
        read_options(one, shop)


TABLE = """\
id,cost_once,cost_year,currency,lead,slip,activate,cover,capacity,recover,quality,spare,requires,source.item,source.provider,\
source.recover,source.needs,reference.title
a,1500,0,EUR,2w,30d 0.3;90d 0.1,hosting@near 0.5; spare-room 0.1,shop@self > disks 4y,hosting@far 1,hosting@near 3d,\
hosting@near 0.9,shop@self > disks 0.2,,,,,,an offer
b,20,,EUR,1d,,,,,,,,a,hosting,near,5d,disks 90d; shop,
"""


def test_a_table_says_the_same(shop: Stack, tmp_path: Path) -> None:
    with pytest.raises(BadOptions, match="'hosting@near' stands already in the stack"):
        read_options(written(tmp_path, TABLE, "options.csv"), shop)
    one, two = read_options(written(tmp_path, TABLE.replace("hosting,near", "hosting,self"), "options.csv"), shop)
    assert one.changes == (
        Activate("hosting@near", 0.5), Activate("spare-room", 0.1), Cover("shop@self", "disks", 1460.0),
        MoreCapacity("hosting@far", 1.0), Sooner("hosting@near", 3.0), NewQuality("hosting@near", 0.9),
        Spare("shop@self", "disks", 0.2),
    )  # fmt: skip
    assert one.slip == (Slip(30, 0.3), Slip(90, 0.1))
    assert (one.reference, two.requires, two.lacking) == (Reference("an offer"), ("a",), ("cost_year",))
    assert two.adds is not None
    assert [(need.item, need.survive) for need in two.adds.needs] == [("disks", 90.0), ("shop", None)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("id,id\n", "stands twice"),
        ("id,leed\n", "Did you mean 'lead'"),
        ("id\na,b\n", "has 2 cells; the header has 1"),
        ('id\n"a', "is not CSV"),
        ("id,cover\na,shop@self disks 4y\n", "Write source > item 90d"),
        ("id,capacity\na,hosting@far > disks 1\n", "Write source 0.8"),
        ("id,slip\na,30d\n", "Write 90d 0.3"),
        ("id\n\n\n", "holds no option"),
    ],
)
def test_a_table_that_is_none_is_refused(text: str, said: str, shop: Stack, tmp_path: Path) -> None:
    with pytest.raises(BadOptions, match=said):
        read_options(written(tmp_path, text, "options.csv"), shop)


def test_what_cannot_be_read_says_so(shop: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        read_options(tmp_path / "none.toml", shop)
    with pytest.raises(Unreadable, match="cannot be read"):
        read_options(tmp_path, shop)
    (tmp_path / "latin.toml").write_bytes(b'[[option]]\nname = "\xe9"\n')
    with pytest.raises(Unreadable, match="line 2: not UTF-8"):
        read_options(tmp_path / "latin.toml", shop)
    with pytest.raises(Unreadable, match="is no path"):
        read_options("a\0b", shop)
    monkeypatch.setattr("freehold.plan.options_file.LARGEST_FILE", 10)
    with pytest.raises(TooLarge, match="over the limit of 10 bytes"):
        read_options(written(tmp_path, ONE + CHANGE), shop)


def test_too_many_options_are_refused_before_they_are_looked_at(shop: Stack, tmp_path: Path) -> None:
    text = "id\n" + "".join(f"o{number}\n" for number in range(MOST_OPTIONS + 1))
    with pytest.raises(TooLarge, match=r"20,001 options, over the limit of 20,000"):
        read_options(written(tmp_path, text, "options.csv"), shop)


def test_thousands_of_wrong_options_are_told_soon(shop: Stack, tmp_path: Path) -> None:
    text = "id,activate,requires\n" + "".join(f"o{number},hosting@nea,zz{number}\n" for number in range(5000))
    with pytest.raises(BadOptions, match="100 errors in the options"):
        read_options(written(tmp_path, text, "options.csv"), shop)


def test_the_template_reads_as_it_is_and_explains_every_key(shop: Stack, tmp_path: Path) -> None:
    (option,) = read_options(written(tmp_path, template_toml()), shop)
    assert option.id == "own-store"
    assert option.lacking == ()
    assert template_csv().startswith("id,name,cost_once,cost_year,currency,lead,")
    with pytest.raises(BadOptions, match="holds no option"):
        read_options(written(tmp_path, template_csv(), "options.csv"), shop)


_KEYS = [
    *(key.name for key in OPTION_KEYS), *CHANGES, "slip", "reference", "item", "provider", "source", "zzz", "needs", "share",
]  # fmt: skip
_SCALARS = st.one_of(
    st.sampled_from(["hosting@near", "shop@self", "disks", "hosting", "self", "?", "", "a", "0.5", "90d", "forever", "é\t"]),
    st.integers(-(10**20), 10**20), st.floats(), st.booleans(), st.dates(),
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4)),
    max_leaves=8,
)


def as_toml(value: object) -> str:
    """A value as TOML writes it, tables within a line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {as_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return quoted(value) if isinstance(value, str) else str(value)


@given(st.lists(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=6), max_size=3), st.booleans())
def test_whatever_a_file_holds_is_read_or_refused(tables: list[dict[str, object]], named: bool) -> None:
    stack = loads(SHOP, "shop.toml")
    options = [({"id": f"o{number}"} if named else {}) | table for number, table in enumerate(tables)]
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), f"option = {as_toml(options)}\n")
        with suppress(BadOptions):
            assert all(option.changes for option in read_option_files([path], stack, lookup=lambda _: None))


_IDS = [f"o{number}" for number in range(6)]
_LINKS = st.dictionaries(st.sampled_from(_IDS), st.sets(st.sampled_from(_IDS), max_size=3), max_size=6)


@given(_LINKS, _LINKS)
def test_an_option_is_refused_exactly_where_no_set_of_options_can_hold_it(
    some: dict[str, set[str]], against: dict[str, set[str]]
) -> None:
    requires = {id_: some.get(id_, set()) - {id_} for id_ in _IDS}
    excludes = {id_: against.get(id_, set()) - {id_} for id_ in _IDS}
    found = conditions_of(requires, excludes)

    def closure(id_: str) -> set[str]:
        seen, waiting = set[str](), [id_]
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += sorted(requires[one])
        return seen

    turning = {id_ for id_ in _IDS if any(id_ in closure(other) for other in requires[id_])}
    clashing = {id_ for id_ in _IDS if any(excludes[one] & closure(id_) for one in closure(id_))}
    assert bool(found.contradictions) == bool(turning or clashing - {id_ for id_ in _IDS if closure(id_) & turning})
    assert {one for contradiction in found.contradictions for one in contradiction.circle} <= turning
    assert all(contradiction.option in clashing for contradiction in found.contradictions if contradiction.pair)
    for id_ in found.order:
        assert found.needed[id_] == closure(id_) - {id_}
        assert all(found.order.index(one) < found.order.index(id_) for one in requires[id_])
