"""What a stack tells of itself for schemes: every measure, worked by hand on a small stack."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from freehold.errors import SchemeError
from freehold.schemes.asking import asked_of
from freehold.schemes.interface import Amount, Asked, Measured, Parameter
from freehold.schemes.measuring import MEASURES, check_parameters, measure
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack
from freehold.words import speaking

STACK = """
[stack]
name = "Small"
home = "DE"
trusted = ["EU"]
as_of = "2026-06-01"

[[provider]]
id = "de"
country = "DE"
owner = "de"
[[provider]]
id = "fr"
country = "FR"
owner = "fr"
[[provider]]
id = "us"
name = "Far Corp"
country = "US"
owner = "us"
[[provider]]
id = "daughter"
country = "DE"
owner = "us:1"
[[provider]]
id = "fog"

[[item]]
id = "app"
kind = "application"
mission = 0.75
  [[item.source]]
  provider = "self"
  location = "DE"
  needs = [
    { item = "cloud", role = "host", survive = "10d" },
    { item = "lib", role = "part", survive = "forever", value = 30 },
    { item = "chip", role = "part", survive = "100d", value = 70 },
  ]
[[item]]
id = "desk"
kind = "application"
mission = 0.25
  [[item.source]]
  provider = "fr"
  location = "FR"
  origin = "FR"

[[item]]
id = "app:change"
  [[item.source]]
  provider = "self"
  needs = [{ item = "registry", role = "registry", survive = "40d" }]

[[item]]
id = "cloud"
kind = "cloud"
  [[item.source]]
  id = "cloud-us"
  provider = "daughter"
  location = "DE"
  origin = "DE"
  share = 0.6
  cost_year = 600
  currency = "EUR"
  [[item.source]]
  id = "cloud-fr"
  provider = "fr"
  location = "FR"
  origin = "FR"
  share = 0.4
  cost_year = 400
  currency = "EUR"
[[item]]
id = "lib"
kind = "software"
  [[item.source]]
  provider = "de"
  licence = "MIT"
[[item]]
id = "chip"
kind = "chip"
  [[item.source]]
  provider = "us"
  location = "TW"
[[item]]
id = "registry"
kind = "registry"
  [[item.source]]
  provider = "us"
"""


def asked(stack: Stack | str = STACK, *, strict: bool = False, **more: object) -> Asked:
    return replace(asked_of(loads(stack) if isinstance(stack, str) else stack, strict=strict), **more)  # type: ignore[arg-type]


def told(name: str, stack: Asked | str = STACK, /, **parameters: Parameter) -> Measured:
    found = measure(name, asked(stack) if isinstance(stack, str) else stack, parameters)
    assert found is not None
    return found


def bounds(name: str, stack: Asked | str = STACK, /, **parameters: Parameter) -> tuple[float, float]:
    found = told(name, stack, **parameters)
    return found.low, found.high


# Who is inside: app (self), desk (fr), cloud (0.6 of a daughter of us, 0.4 fr), lib (de), chip (us)


def test_seats_are_those_of_providers_alone() -> None:
    assert bounds("seat-inside") == (0.8, 0.8)  # all but the chip
    found = told("seat-inside")
    assert (found.numerator, found.denominator) == ((4, 4), (5, 5))
    assert (found.facts[0].table, found.facts[0].id, found.facts[0].attribute) == ("providers", "us", "country")
    assert "Items: 4 of 5." in found.told
    assert "Germany, EU" in found.told


def test_owners_reach_through_a_daughter_at_home() -> None:
    assert bounds("owner-inside") == pytest.approx((3.4 / 5, 3.4 / 5))
    assert bounds("control-inside", via=["provider", "owner"]) == pytest.approx((3.4 / 5, 3.4 / 5))
    assert bounds("control-inside", via=["owner"]) == (0.88, 0.88)  # whoever is its own has no owner outside


def test_places_are_where_it_is_made_or_hosted() -> None:
    assert bounds("location-inside") == (0.8, 0.8)
    assert bounds("location-inside", within="home") == pytest.approx((2.6 / 5, 2.6 / 5))  # desk and 0.4 of the cloud in FR


def test_no_law_from_outside_is_sure_only_where_origins_are_stated() -> None:
    # desk and 0.4 of the cloud are sure; app and lib leave the origin blank; chip and the daughter's part are outside
    assert bounds("law-inside") == pytest.approx((1.4 / 5, 3.4 / 5))
    assert told("law-inside").unknowns == 2


def test_what_is_looked_at_is_chosen_by_reach_kind_role_and_tag() -> None:
    assert bounds("seat-inside", reach="mission") == (1.0, 1.0)
    assert bounds("seat-inside", reach="parts") == pytest.approx((2 / 3, 2 / 3))
    assert bounds("seat-inside", reach="change") == (0.0, 0.0)
    assert bounds("seat-inside", reach="all") == pytest.approx((4 / 6, 4 / 6))
    assert bounds("seat-inside", reach="stack") == pytest.approx((4 / 6, 4 / 6))
    assert bounds("owner-inside", kinds=["cloud"]) == pytest.approx((0.4, 0.4))
    assert bounds("seat-inside", roles=["part"]) == (0.5, 0.5)
    assert measure("seat-inside", asked(), {"tags": ["support"]}) is None
    tagged = STACK.replace('id = "lib"\nkind', 'id = "lib"\ntags = ["support"]\nkind')
    assert bounds("seat-inside", tagged, tags=["support"]) == (1.0, 1.0)


def test_things_count_alike_or_by_mission_or_by_cost() -> None:
    assert bounds("seat-inside", within="home", weighted="mission") == (0.75, 0.75)
    found = told("owner-inside", weighted="cost")
    assert (found.low, found.high) == (0.4, 0.4)
    assert (found.numerator, found.denominator, found.unit) == ((400, 400), (1000, 1000), "EUR")
    assert "2 of 6 sources state" in found.told


def test_costs_in_several_currencies_are_not_added_up() -> None:
    mixed = STACK.replace('cost_year = 400\n  currency = "EUR"', 'cost_year = 400\n  currency = "USD"')
    assert measure("owner-inside", asked(mixed), {"weighted": "cost"}) is None


def test_an_unknown_cost_leaves_the_ratio_open_both_ways() -> None:
    open_ = STACK.replace("cost_year = 400", 'cost_year = "?"')
    assert bounds("owner-inside", open_, weighted="cost") == (0.0, 1.0)
    assert told("owner-inside", open_, weighted="cost").numerator == (0.0, math.inf)


def test_unknown_facts_open_the_bounds_and_are_counted() -> None:
    open_ = STACK.replace('provider = "de"\n  licence', 'provider = "fog"\n  licence')
    assert bounds("owner-inside", open_) == pytest.approx((2.4 / 5, 3.4 / 5))
    assert told("owner-inside", open_).unknowns == 1
    assert any("not known" in fact.told for fact in told("owner-inside", open_).facts)


def test_an_unknown_kind_may_or_may_not_belong() -> None:
    open_ = STACK.replace('id = "chip"\nkind = "chip"', 'id = "chip"\nkind = "?"')
    assert bounds("seat-inside", open_, kinds=["software"]) == (0.5, 1.0)


def test_assumptions_count_as_unknown_where_only_known_facts_count() -> None:
    assert bounds("location-inside", asked(strict=True)) == pytest.approx((3 / 5, 4 / 5))  # the lib's place is assumed


def test_a_stack_without_a_home_knows_no_inside() -> None:
    homeless = STACK.replace('home = "DE"\ntrusted = ["EU"]\n', "")
    for name in ("seat-inside", "outside-stakes", "endurance", "content-inside", "component-share", "software-grade"):
        assert measure(name, asked(homeless), {}) is None, name


# When everything outside is cut off: the cloud is at 0.4, bridged for 10 days; the chip for 100; app needs both


def test_levels_fall_when_cover_is_used_up() -> None:
    # the cloud's lack of 0.6 a day uses up 10 days of cover in 10 / 0.6 = 16.67 days
    assert bounds("level-when-cut", day=16) == (1.0, 1.0)
    assert bounds("level-when-cut", day=17) == pytest.approx((0.55, 0.55))  # 0.75 · 0.4 + 0.25
    assert bounds("level-when-cut", day=101) == pytest.approx((0.25, 0.25))
    assert bounds("level-when-cut", day=39, of="change") == (1.0, 1.0)
    assert bounds("level-when-cut", day=41, of="change") == (0.0, 0.0)


def test_the_mission_stops_when_it_is_first_under_the_floor() -> None:
    assert bounds("days-to-stop") == (100.0, 100.0)
    assert bounds("days-to-stop", floor=1.0) == pytest.approx((10 / 0.6, 10 / 0.6))
    assert bounds("days-to-stop", floor=0.2) == (1095.0, 1095.0)
    assert bounds("days-to-stop", horizon=50) == (50.0, 50.0)


def test_endurance_is_half_the_time_or_half_and_half_of_the_least_level() -> None:
    assert bounds("endurance", horizon=1000) == pytest.approx((0.05, 0.05))
    assert bounds("endurance", horizon=50) == pytest.approx((0.5 + 0.55 / 2, 0.5 + 0.55 / 2))
    assert bounds("endurance", horizon=10) == (1.0, 1.0)
    gone = STACK.replace('survive = "10d"', 'survive = "0d"')
    assert bounds("endurance", gone, floor=0.6) == (0.0, 0.0)
    found = told("endurance")
    assert [fact.id for fact in found.facts] == ["cloud-us", "chip@us"]
    assert "day 100 of 1095" in found.told


# Whose value


def test_content_is_that_of_the_analysis() -> None:
    # app: own 1/4; needs by value: cloud (blank: the mean, 50), lib 30, chip 70 of 150
    app = 0.25 + 0.75 * (50 / 150 * 0.4 + 30 / 150)
    assert bounds("content-inside") == pytest.approx((0.75 * app + 0.25,) * 2)
    assert told("content-inside").parts[0].low == pytest.approx(app)
    assert bounds("content-inside", figure="face-value") == pytest.approx((0.75 * (50 / 150 * 0.4 + 30 / 150) + 0.25,) * 2)
    hidden = told("content-inside", figure="hidden-exposure")
    assert hidden.low == pytest.approx(0.75 * (50 / 150 * 0.4 + 30 / 150 - app))


def test_components_are_parts_and_inputs_by_their_value() -> None:
    # app: lib 30 of 100 inside; desk has no component on record
    found = told("component-share")
    assert [(part.id, part.low, part.high) for part in found.parts] == [("app", 0.3, 0.3), ("desk", 0.0, 1.0)]
    assert (found.low, found.high) == pytest.approx((0.225, 0.475))
    assert bounds("component-share", roles=["host"])[0] == pytest.approx(0.75 * 0.4)


def test_a_product_that_another_one_needs_counts_whole_in_it() -> None:
    both = STACK.replace(
        '{ item = "chip", role = "part", survive = "100d", value = 70 }', '{ item = "desk", role = "part", value = 70 }'
    )
    assert {part.id: part.low for part in told("component-share", both).parts} == {"app": 1.0, "desk": 0.0}


def test_components_suffice_where_they_reach_the_threshold_of_the_list() -> None:
    assert bounds("components-suffice") == (1.0, 1.0)
    assert "none binds" in told("components-suffice").told
    just = {"component-share-thresholds": {"app": {"threshold": "0.3"}}}
    more = {"component-share-thresholds": {"app": {"threshold": "0.31"}, "desk": {"threshold": "0.5"}}}
    assert bounds("components-suffice", asked(lists=just)) == (1.0, 1.0)
    assert bounds("components-suffice", asked(lists=more)) == (0.0, 0.25)


# Licences


def test_open_licences_are_those_of_the_catalogue() -> None:
    assert bounds("open-licence", kinds=["software"]) == (1.0, 1.0)
    assert bounds("open-licence") == (0.2, 1.0)
    closed = STACK.replace('licence = "MIT"', 'licence = "LicenseRef-Proprietary"')
    assert bounds("open-licence", closed, kinds=["software"]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("licence", "tags", "provider", "grade"),
    [
        ("GPL-2.0-only", '["copyright-many"]', "us", (4, 4)),
        ("AGPL-3.0-or-later", '["copyright-one"]', "us", (3, 3)),
        ("GPL-3.0-or-later", "[]", "de", (3, 4)),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "[]", "de", (3, 4)),
        ("LGPL-2.1-only", "[]", "de", (3, 3)),
        ("MPL-2.0", '["copyright-many"]', "de", (3, 4)),
        ("Apache-2.0", "[]", "us", (2, 2)),
        ("MIT OR Apache-2.0", "[]", "us", (2, 2)),
        ("GPL-2.0-only AND MIT", '["copyright-many"]', "us", (2, 4)),
        ("LicenseRef-Proprietary", "[]", "de", (1, 1)),
        ("LicenseRef-Proprietary", "[]", "daughter", (0, 0)),
        ("BUSL-1.1", "[]", "us", (0, 0)),
        ("SSPL-1.0", "[]", "fr", (1, 1)),
        ("LicenseRef-Proprietary", "[]", "fog", (0, 1)),
        ("LicenseRef-something", "[]", "de", (0, 4)),
        ("?", "[]", "de", (0, 4)),
    ],
)
def test_grades_follow_licence_holders_and_home(licence: str, tags: str, provider: str, grade: tuple[int, int]) -> None:
    text = STACK.replace('provider = "de"\n  licence = "MIT"', f'provider = "{provider}"\n  licence = "{licence}"')
    text = text.replace('id = "lib"\nkind', f'id = "lib"\ntags = {tags}\nkind')
    found = told("software-grade", text, kinds=["software"])
    assert [(part.id, part.low, part.high) for part in found.parts] == [("lib", *grade)]
    assert (found.low, found.high) == grade
    assert found.unknowns == (grade[0] != grade[1])


@pytest.mark.parametrize(("licence", "grade"), [("GPL-3.0-only", (3, 4)), ("LGPL-3.0-only", (3, 4)), ("MIT", (2, 2))])
def test_tags_that_are_not_known_may_say_who_holds_the_copyright(licence: str, grade: tuple[int, int]) -> None:
    text = STACK.replace('licence = "MIT"', f'licence = "{licence}"\n  tags = "?"')
    found = told("software-grade", text, kinds=["software"])
    assert [(part.low, part.high) for part in found.parts] == [grade]


def test_a_thing_of_unknown_layer_is_no_sure_component() -> None:
    text = STACK.replace('id = "lib"\nkind = "software"', 'id = "lib"\nkind = "?"')
    assert text != STACK
    found = told("software-grade", text, kinds=["software"])
    assert [(part.id, part.sure) for part in found.parts] == [("lib", False)]
    assert found.unknowns == 1


# What is known


def test_facts_that_are_only_assumed_are_not_known() -> None:
    assert bounds("facts-known") == (1.0, 1.0)
    assert bounds("facts-known", facts=["location"]) == (0.8, 0.8)  # the lib's place is assumed
    assert bounds("facts-known", facts=["origin"]) == (0.4, 0.4)
    assert bounds("facts-known", facts=["licence"]) == (0.2, 0.2)
    found = told("facts-known", facts=["location", "licence"], kinds=["software"])
    assert (found.low, found.unknowns) == (0.0, 1)
    assert (found.facts[0].table, found.facts[0].id, found.facts[0].attribute) == ("sources", "lib@de", "location")


# Ratios that are stated, as published by IC Insights


@pytest.mark.parametrize(
    ("numerator", "denominator", "percent"),
    [
        (22.7, 143.4, "15.8 %"),  # 15.9 as published: of figures before rounding
        (8.3, 143.4, "5.8 %"),  # 5.9 as published
        (31.2, 186.5, "16.7 %"),
        (12.3, 186.5, "6.6 %"),
        (12.3, 31.2, "39.4 %"),
        (43.2, 223.0, "19.4 %"),
        (43.2, 577.9, "7.5 %"),
        (58.2, 717.7, "8.1 %"),
        (19.5, 124.6, "15.7 %"),  # 2019
    ],
)
def test_a_stated_ratio_is_its_two_sides_and_says_all_of_its_basis(numerator: float, denominator: float, percent: str) -> None:
    amount = Amount(numerator, denominator, "bn USD", "2021", "made on the territory, no mark-up", "IC Insights")
    found = told("self-sufficiency", asked(amounts={"ratio.place": amount}), name="ratio.place", via=["location"])
    assert found.low == found.high == numerator / denominator
    assert found.numerator == (numerator, numerator)
    assert found.denominator == (denominator, denominator)
    assert found.unit == "bn USD"
    for part in (percent, f"{numerator:g} / {denominator:g} bn USD", "2021", "no mark-up", "IC Insights"):
        assert part in found.told


def test_without_a_stated_ratio_the_stack_tells_its_own_with_its_basis() -> None:
    found = told("self-sufficiency", name="ratio.place", via=["location"], within="home")
    assert (found.low, found.numerator, found.denominator) == (pytest.approx(2.6 / 5), (2.6, 2.6), (5, 5))
    assert "Basis: items, each alike; inside by: location; as of 2026-06-01." in found.told
    assert measure("self-sufficiency", asked(), {"name": "ratio.world"}) is None


# Lists


def test_what_is_on_a_list_counts_until_its_day() -> None:
    rows = {"chip": {"name": "chip", "level": "II", "valid_until": "2026-06-01"}}
    for until, expected in (("2026-06-01", 1), ("2026-05-31", 0), ("2027", 1), ("2025", 0), ("", 1)):
        lists = {"secure-and-reliable": {"chip": {**rows["chip"], "valid_until": until}}}
        found = told("listed", asked(lists=lists), list="secure-and-reliable", kinds=["chip"])
        assert (found.low, found.high) == (expected, expected), until
    lists = {"secure-and-reliable": {"chip": {**rows["chip"], "valid_until": "2026"}}}
    assert bounds("listed", asked(lists=lists), list="secure-and-reliable", kinds=["chip"]) == (0.0, 1.0)


def test_a_list_may_ask_for_levels_and_one_that_is_not_loaded_tells_nothing() -> None:
    lists = {"secure-and-reliable": {"chip": {"level": "I"}}}
    assert bounds("listed", asked(lists=lists), list="secure-and-reliable", kinds=["chip"], levels=["II"]) == (0.0, 0.0)
    assert bounds("listed", asked(lists=lists), list="secure-and-reliable", kinds=["chip"], levels=["I"]) == (1.0, 1.0)
    assert bounds("listed", asked(lists=lists), list="secure-and-reliable") == (0.2, 0.2)
    assert measure("listed", asked(), {"list": "secure-and-reliable"}) is None


def test_a_package_is_on_a_list_without_its_version_and_by_name_in_any_case() -> None:
    text = STACK.replace('"chip", role', '"pkg:pypi/thing@1.0", role').replace(
        'id = "chip"\nkind', 'id = "pkg:pypi/thing@1.0"\nname = "Thing"\nkind'
    )
    for key in ("pkg:pypi/thing", "pkg:pypi/thing@1.0", "thing"):
        assert bounds("listed", asked(text, lists={"L": {key: {"name": key}}}), list="L", kinds=["chip"]) == (1.0, 1.0), key


def test_key_components_are_asked_for_where_they_are_named() -> None:
    assert bounds("listed-inside") == (1.0, 1.0)
    assert "No list 'key-components' is loaded" in told("listed-inside").told
    assert bounds("listed-inside", asked(lists={"key-components": {"nothing": {}}})) == (1.0, 1.0)
    assert bounds("listed-inside", asked(lists={"key-components": {"chip": {}, "lib": {}}})) == (0.5, 0.5)


# Parameters


@pytest.mark.parametrize(
    ("name", "parameters", "mend"),
    [
        ("seat-insid", {}, "Did you mean 'seat-inside'?"),
        ("nothing-like-it", {}, "There are: seat-inside"),
        ("seat-inside", {"weihgted": "cost"}, "Did you mean 'weighted'?"),
        ("seat-inside", {"zzz": "cost"}, "It takes: reach"),
        ("seat-inside", {"weighted": "money"}, "Choose from: items, mission, cost."),
        ("seat-inside", {"weighted": ("items",)}, "Choose from: items, mission, cost."),
        ("seat-inside", {"kinds": ("chips",)}, "'chips' is none of: research"),
        ("seat-inside", {"kinds": 3.0}, "Write a list of texts"),
        ("seat-inside", {"roles": ("x",) * 51}, "Write a list of texts"),
        ("endurance", {"horizon": math.inf}, "Write a number from 1 to 36500."),
        ("endurance", {"horizon": math.nan}, "Write a number from 1 to 36500."),
        ("endurance", {"horizon": True}, "Write a number from 1 to 36500."),
        ("endurance", {"floor": 0.0}, "Write a number from"),
        ("control-inside", {"via": ("seat",)}, "'seat' is none of: provider, owner, location, origin."),
        ("listed", {"list": 3.0}, "Write a text in quotes."),
    ],
)
def test_a_parameter_that_will_not_do_is_refused_with_a_mend(name: str, parameters: dict[str, Parameter], mend: str) -> None:
    for ask in (lambda: measure(name, asked(), parameters), lambda: check_parameters(name, parameters)):
        with pytest.raises(SchemeError) as error:
            ask()
        assert mend in str(error.value)


def test_one_word_stands_for_a_list_of_one() -> None:
    assert bounds("owner-inside", kinds="cloud") == bounds("owner-inside", kinds=("cloud",))


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_tells_a_stack_of_nothing_without_a_fault(name: str) -> None:
    for text in ('[stack]\nhome = "DE"\n', "[stack]\n", '[stack]\nhome = "DE"\n[[item]]\nid = "a"\nmission = "?"\n'):
        found = measure(name, asked(text), {})
        assert found is None or found.low <= found.high


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_speaks_chinese_too(name: str) -> None:
    lists = {"evaluated-products": {"chip": {"level": "I", "valid_until": "2027"}}, "key-components": {"chip": {}}}
    amounts = {"": Amount(1, 2, "USD", "2020", "value", "nobody")}
    english = measure(name, asked(lists=lists, amounts=amounts), {})
    with speaking("zh"):
        chinese = measure(name, asked(lists=lists, amounts=amounts), {})
    assert english is not None
    assert chinese is not None
    assert (chinese.low, chinese.high, chinese.unknowns) == (english.low, english.high, english.unknowns)
    assert chinese.told != english.told
