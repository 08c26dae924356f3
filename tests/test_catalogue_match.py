"""The one matcher: every rule, what never matches, and the laws that hold for all hosts and packages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freehold.catalogue.facts import Catalogue, load
from freehold.catalogue.match import RULES, Matcher
from freehold.catalogue.names import normal_name, split_legal_form
from freehold.catalogue.patterns import Patterns
from freehold.catalogue.purls import forge_purl, normal_purl, stated_repository
from freehold.catalogue.values import Reference
from small_catalogue import FACTS, REFERENCES, catalogue_of, fact, write_layer
from strategies import repeatable


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    return Matcher(load(write_layer(tmp_path_factory.mktemp("catalogue"))))


# Hosts


def test_a_hosts_own_row_wins(matcher: Matcher) -> None:
    match = matcher.match_host("com.acme.api")
    assert match is not None
    assert (match.id, match.rule, match.confidence) == ("com.acme.api", "exact", 1.0)
    assert (match.product, match.provider) == ("acme-cloud", "acme")
    assert match.rows == (("host", "com.acme.api"), ("product", "acme-cloud"))


def test_the_longest_known_domain_above_a_host_wins(matcher: Matcher) -> None:
    match = matcher.match_host("com.acme.api.v2.eu")
    assert match is not None
    assert (match.id, match.rule, match.confidence) == ("com.acme.api", "parent domain", 0.9)


@pytest.mark.parametrize(("host", "row"), [("com.acme.www", "com.acme"), ("uk.co.acme.shop", "uk.co.acme")])
def test_a_registrable_domain_covers_all_hosts_under_it(matcher: Matcher, host: str, row: str) -> None:
    match = matcher.match_host(host)
    assert match is not None
    assert (match.id, match.rule, match.confidence) == (row, "registrable domain", 0.9)


def test_a_row_below_the_registrable_domain_covers_the_customers_hosted_there(matcher: Matcher) -> None:
    match = matcher.match_host("io.github.somebody")
    assert match is not None
    assert (match.id, match.rule, match.provider) == ("io.github", "parent domain", "acme-corp")


@pytest.mark.parametrize(
    "host",
    ["com.acmes", "com.acme-api", "com", "com.notacme", "org.acme", "com.ac", "uk.co", "uk.co.other", "", "a b", "localhost"],
)
def test_a_host_is_matched_only_at_the_border_of_a_label(matcher: Matcher, host: str) -> None:
    assert matcher.match_host(host) is None


@pytest.mark.parametrize("address", ["10.0.0.1", "http://[::1]:80/", "1.1.1.1.", "127.1"])
def test_an_address_is_never_matched_by_name(tmp_path: Path, address: str) -> None:
    catalogue = catalogue_of(tmp_path, fact("host", "10.0.0.1", "provider", "acme"), fact("host", "1.0", "provider", "acme"))
    assert Matcher(catalogue).match_host(address) is None


@pytest.mark.parametrize("host", ["api.acme.com", "https://user:word@API.Acme.com:443/x", "com.acme.api", "COM.ACME.API."])
def test_a_host_may_stand_in_either_order(matcher: Matcher, host: str) -> None:
    match = matcher.match_host(host)
    assert match is not None
    assert match.id == "com.acme.api"


def test_where_both_ends_are_top_level_domains_the_known_reading_counts_and_can_be_given(tmp_path: Path) -> None:
    matcher = Matcher(
        catalogue_of(tmp_path, fact("host", "dev.maker", "provider", "acme"), fact("host", "ai.maker", "provider", "crowd"))
    )
    assert _id(matcher.match_host("ai.maker.dev")) == "ai.maker"
    assert _id(matcher.match_host("ai.maker.dev", "forward")) == "dev.maker"
    assert _id(matcher.match_host("ai.other.maker.dev")) == "dev.maker"
    assert matcher.match_host("com.acme.api", "forward") is None


@given(
    st.sampled_from(["com.acme.api.x", "com.acme", "www.acme.com", "io.github.a", "org.none", "shop.acme.co.uk"]),
    st.integers(0, 65535),
    st.data(),
)
@settings(settings.get_profile("repeatable"), max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_hosts_match_never_depends_on_case_port_or_trailing_dot(
    matcher: Matcher, host: str, port: int, data: st.DataObject
) -> None:
    changed = "".join(letter.upper() if data.draw(st.booleans()) else letter for letter in host)
    assert matcher.match_host(f"{changed}:{port}") == matcher.match_host(host)
    assert matcher.match_host(f"https://me:word@{changed}.:{port}/path") == matcher.match_host(host)


ASKED = (
    "com.acme.api.x",
    "com.acme",
    "io.github.a",
    "org.none",
    "pkg:pypi/acme-sdk-core",
    "pkg:pypi/other",
    "pkg:npm/%40acme/x",
    "pkg:cargo/x",
)


@given(st.lists(st.from_regex(r"zz[a-z]{1,6}", fullmatch=True), min_size=1, max_size=5, unique=True))
@repeatable(40)
def test_adding_an_unrelated_row_changes_no_match(labels: list[str]) -> None:
    base = _catalogue()
    more = [
        line
        for label in labels
        for line in (
            fact("host", f"com.{label}", "provider", "crowd"),
            fact("host", f"com.{label}.acme", "provider", "crowd"),
            fact("package", f"pkg:pypi/{label}-*", "steward", "crowd"),
            fact("package", f"pkg:npm/@{label}/*", "steward", "crowd"),
            fact("provider", label, "name", label.title()),
        )
    ]
    lines = base.lines + tuple((*line, "more", number, "", "") for number, line in enumerate(more))
    before, after = Matcher(base), Matcher(Catalogue(base.references, lines))
    for asked in ASKED:
        assert before.match_host(asked) == after.match_host(asked)
        assert before.match_purl(asked) == after.match_purl(asked)
    assert before.match_name("Acme Corp") == after.match_name("Acme Corp")
    assert before.match_model("acme-4-mini") == after.match_model("acme-4-mini")


# Packages


def test_a_packages_own_row_wins_over_every_family(matcher: Matcher) -> None:
    match = matcher.match_purl("pkg:pypi/acme-free@1.2?arch=x#sub")
    assert match is not None
    assert (match.rule, match.confidence, match.steward, match.provider) == ("exact", 1.0, "crowd", "crowd")
    assert (match.licence, match.forge, match.registry) == ("MIT", "forge", "the-index")
    assert match.rows == (("package", "pkg:pypi/acme-free"),)


def test_the_longest_family_wins(matcher: Matcher) -> None:
    assert _steward(matcher, "pkg:pypi/acme-sdk-core") == ("acme-corp", "family", 0.8)
    assert _steward(matcher, "pkg:pypi/acme-other") == ("acme", "family", 0.8)


def test_a_package_whose_row_names_nobody_takes_the_steward_from_its_family_as_surely_as_that(tmp_path: Path) -> None:
    matcher = Matcher(catalogue_of(tmp_path, fact("package", "pkg:pypi/acme-sdk-quiet", "licence", "MIT")))
    match = matcher.match_purl("pkg:pypi/acme-sdk-quiet@3")
    assert match is not None
    assert (match.id, match.rule, match.confidence) == ("pkg:pypi/acme-sdk-quiet", "family", 0.8)
    assert (match.steward, match.provider, match.licence, match.registry) == ("acme-corp", "acme-corp", "MIT", "the-index")
    assert match.rows == (("package", "pkg:pypi/acme-sdk-quiet"), ("package", "pkg:pypi/acme-sdk-*"))


def test_a_package_whose_repository_is_known_has_its_forge_and_its_organisation(tmp_path: Path) -> None:
    more = (
        fact("host", "com.github", "product", "forge"),
        fact("package", "pkg:npm/widget", "repository", "com.github/acme/widgets"),
        fact("package", "pkg:npm/gadget", "repository", "com.github/somebody/gadget"),
        fact("package", "pkg:npm/elsewhere", "repository", "com.example.code/acme/elsewhere"),
        fact("package", "pkg:npm/@acme/odd", "repository", "com.github/acme/odd"),
        fact("package", "pkg:golang/acme.example/*", "repository", "com.github/acme/*"),
        fact("package", "pkg:golang/acme.example/tool", "licence", "MIT"),
    )
    matcher = Matcher(catalogue_of(tmp_path, *more))
    widget = matcher.match_purl("pkg:npm/widget@2")
    assert widget is not None
    assert (widget.id, widget.rule, widget.confidence) == ("pkg:npm/widget", "forge organisation", 0.8)
    assert (widget.steward, widget.provider, widget.forge) == ("acme", "acme", "forge")
    assert widget.rows == (("package", "pkg:npm/widget"), ("package", "pkg:github/acme/*"))
    assert [(one.attribute, one.value) for one in matcher.claims_for(widget, "source")] == [("provider", "acme")]
    gadget, elsewhere = matcher.match_purl("pkg:npm/gadget"), matcher.match_purl("pkg:npm/elsewhere")
    assert gadget is not None
    assert elsewhere is not None
    assert (gadget.rule, gadget.steward, gadget.forge) == ("exact", None, "forge")
    assert (elsewhere.rule, elsewhere.steward, elsewhere.forge) == ("exact", None, None)
    for purl, licence in (("pkg:golang/acme.example/tool@v1", "MIT"), ("pkg:golang/acme.example/other", None)):
        tool = matcher.match_purl(purl)
        assert tool is not None
        assert (tool.rule, tool.steward, tool.forge, tool.licence) == ("forge organisation", "acme", "forge", licence)
    odd = matcher.match_purl("pkg:npm/@acme/odd")
    assert odd is not None
    assert (odd.rule, odd.provider, odd.forge) == ("family", "acme", "forge")


def test_a_name_that_states_its_repository_tells_the_forge_even_where_nothing_else_is_known(tmp_path: Path) -> None:
    more = (
        fact("host", "com.github", "product", "forge"),
        fact("package", "pkg:golang", "registry", "the-index"),
        fact("package", "pkg:githubactions", "registry", "forge"),
    )
    matcher = Matcher(catalogue_of(tmp_path, *more))
    answers = {
        "pkg:golang/github.com/nobody/tool@v1": ("type", None, "forge", "the-index"),
        "pkg:golang/github.com/acme/tool/v2": ("forge organisation", "acme", "forge", "the-index"),
        "pkg:golang/example.org/tool": ("type", None, None, "the-index"),
        "pkg:githubactions/nobody/act@v4": ("type", None, "forge", "forge"),
        "pkg:githubactions/acme/act#sub": ("forge organisation", "acme", "forge", "forge"),
    }
    for purl, expected in answers.items():
        match = matcher.match_purl(purl)
        assert match is not None
        assert (match.rule, match.provider, match.forge, match.registry) == expected


def test_the_claims_of_a_match_are_the_facts_that_it_rests_on_and_no_others(tmp_path: Path) -> None:
    quiet = fact("package", "pkg:pypi/acme-sdk-quiet", "licence", "MIT")
    family = fact("package", "pkg:pypi/acme-sdk-*", "licence", "Apache-2.0")
    matcher = Matcher(catalogue_of(tmp_path, quiet, family))
    claimed = {
        "pkg:pypi/acme-free": [("provider", "crowd"), ("licence", "MIT")],
        "pkg:pypi/acme-sdk-quiet": [("licence", "MIT"), ("provider", "acme-corp")],
        "pkg:pypi/acme-sdk-other": [("provider", "acme-corp"), ("licence", "Apache-2.0")],
        "pkg:npm/@acme/client": [("provider", "acme")],
    }
    for purl, expected in claimed.items():
        match = matcher.match_purl(purl)
        assert match is not None
        claims = matcher.claims_for(match, "source")
        assert [(claim.attribute, claim.value) for claim in claims] == expected
        assert {(claim.table, claim.id) for claim in claims} == {("sources", "source")}
    host = matcher.match_host("com.acme.api")
    assert host is not None
    assert [claim.value for claim in matcher.claims_for(host, "source")] == ["acme", "DE", "FI"]


def test_a_package_known_by_its_type_alone_has_a_registry_and_nobody_who_can_say_no(matcher: Matcher) -> None:
    match = matcher.match_purl("pkg:pypi/unheard-of")
    assert match is not None
    assert (match.id, match.rule, match.registry) == ("pkg:pypi", "type", "the-index")
    assert (match.provider, match.steward, match.product, match.rows) == (None, None, None, ())
    assert matcher.claims_for(match, "source") == ()
    assert match.confidence < RULES["family"]


@pytest.mark.parametrize(
    "purl", ["pkg:pypi/Acme_SDK.Core", "pkg:PyPI/acme--sdk__core@2", "PKG:pypi/acme.sdk-core?x=y", "pkg:pypi/acme%2Dsdk-core"]
)
def test_python_names_are_normalised(matcher: Matcher, purl: str) -> None:
    assert _steward(matcher, purl)[0] == "acme-corp"


@pytest.mark.parametrize("purl", ["pkg:npm/%40acme/client@1.0.0", "pkg:npm/@acme/client", "pkg:npm/@Acme/Client@1"])
def test_a_scope_is_a_family_however_it_is_written(matcher: Matcher, purl: str) -> None:
    match = matcher.match_purl(purl)
    assert match is not None
    assert (match.rule, match.product, match.provider) == ("family", "acme-cloud", "acme")


def test_a_scope_is_matched_whole(matcher: Matcher) -> None:
    assert matcher.match_purl("pkg:npm/%40acmes/client") is None
    assert matcher.match_purl("pkg:npm/acme") is None


@pytest.mark.parametrize("text", ["", "pkg:", "pypi/x", "pkg:pypi x/y", "pkg:cargo/acme-free", "pkg:/x"])
def test_what_is_no_known_package_is_none(matcher: Matcher, text: str) -> None:
    assert matcher.match_purl(text) is None


def test_a_repository_is_matched_by_the_forge_organisation(matcher: Matcher) -> None:
    assert _steward(matcher, "pkg:github/Acme/Tools@v1")[:2] == ("acme", "family")
    match = matcher.match_repository("com.github/acme/tools.git")
    assert match is not None
    assert match.steward == "acme"
    by_host = matcher.match_repository("com.acme.git/some/where")
    assert by_host is not None
    assert (by_host.table, by_host.id) == ("host", "com.acme")


def test_a_go_module_is_matched_by_the_forge_organisation_that_its_name_states(matcher: Matcher) -> None:
    assert _steward(matcher, "pkg:golang/github.com/acme/tools@v1") == ("acme", "forge organisation", 0.8)
    assert matcher.match_purl("pkg:golang/github.com/other/tools") is None
    assert matcher.match_purl("pkg:golang/acme.com/tools") is None


def test_a_model_on_a_hub_is_matched_as_a_model_and_has_the_hub_as_registry(tmp_path: Path) -> None:
    matcher = Matcher(catalogue_of(tmp_path, fact("package", "pkg:huggingface", "registry", "the-index")))
    match = matcher.match_purl("pkg:huggingface/Anyone/Acme-Open-7b@abc")
    assert match is not None
    assert (match.table, match.id, match.provider, match.registry) == ("model", "*/acme-open-?b", "acme", "the-index")
    other = matcher.match_purl("pkg:huggingface/anyone/other")
    assert other is not None
    assert (other.rule, other.registry) == ("type", "the-index")


# Models


@pytest.mark.parametrize(
    ("text", "row", "rule"),
    [
        ("acme-4", "acme-4*", "pattern"),
        ("ACME-4-Turbo", "acme-4*", "pattern"),
        ("acme-4-mini-1", "acme-4-mini*", "pattern"),
        ("acme-4-mini-2", "acme-4-mini-2", "exact"),
        ("hub/acme-open-7b", "*/acme-open-?b", "pattern"),
    ],
)
def test_the_most_specific_pattern_of_a_model_wins(matcher: Matcher, text: str, row: str, rule: str) -> None:
    match = matcher.match_model(text)
    assert match is not None
    assert (match.id, match.rule) == (row, rule)


@pytest.mark.parametrize("text", ["", "acme-3", "my-acme-4", "acme-open-7b", "hub/acme-open-70b"])
def test_a_model_that_no_pattern_covers_is_none(matcher: Matcher, text: str) -> None:
    assert matcher.match_model(text) is None


@given(st.text("ab*?[]", max_size=6), st.lists(st.text("ab*?[]", min_size=1, max_size=6), max_size=6, unique=True))
@repeatable(300)
def test_the_quick_search_of_patterns_finds_what_trying_each_one_finds(text: str, patterns: list[str]) -> None:
    found = Patterns.of((pattern, pattern) for pattern in patterns).find(text)
    matching = [pattern for pattern in patterns if _matches(pattern, text)]
    if not matching:
        assert found is None
    elif text in matching and "*" not in text and "?" not in text:
        assert found == (text, True)
    else:
        assert found is not None
        assert _literal(found[0]) == max(map(_literal, matching))
        assert found[0] in matching


# Names


@pytest.mark.parametrize(
    ("text", "id_", "rule"),
    [
        ("acme", "acme", "id"),
        ("Acme Hosting GmbH", "acme", "name"),
        ("ACME  hosting, gmbh", "acme", "name"),
        ("acme cumulus", "acme", "alias"),
        ("Acme Hosting", "acme", "name without legal form"),
        ("Acme Corporation", "acme-corp", "name without legal form"),
        ("Crowd", "crowd", "id"),
        ("the Left Fund", "left-fund", "id"),
        ("Left Fund Ltd.", "left-fund", "name without legal form"),
        ("Acme public cloud", "acme-cloud", "name"),
    ],
)
def test_a_name_is_matched_whatever_its_case_punctuation_or_missing_legal_form(
    matcher: Matcher, text: str, id_: str, rule: str
) -> None:
    match = matcher.match_name(text)
    assert match is not None
    assert (match.id, match.rule, match.confidence) == (id_, rule, RULES[rule])


@pytest.mark.parametrize(
    "text", ["Acme Hosting Inc.", "Acme Hostin", "Acme", "Hosting", "GmbH", "", "Acme Hosting GmbH Berlin", "Acme Corp GmbH"]
)
def test_a_name_is_never_matched_by_likeness_or_with_another_legal_form(matcher: Matcher, text: str) -> None:
    match = matcher.match_name(text)
    assert match is None or (text, match.id) == ("Acme", "acme")


def test_a_name_that_two_rows_have_is_none(tmp_path: Path) -> None:
    matcher = Matcher(catalogue_of(tmp_path, fact("provider", "crowd", "alias", "Acme Cumulus")))
    assert matcher.match_name("Acme Cumulus") is None
    assert matcher.match_name("Acme Cumulus", "product") is None


def test_a_name_may_be_asked_of_one_table(tmp_path: Path) -> None:
    matcher = Matcher(
        catalogue_of(tmp_path, fact("product", "acme", "name", "Acme"), fact("product", "acme", "provider", "acme-corp"))
    )
    provider, product = matcher.match_name("acme"), matcher.match_name("acme", "product")
    assert provider is not None
    assert product is not None
    assert (provider.table, provider.provider, provider.product) == ("provider", "acme", None)
    assert (product.table, product.provider, product.product) == ("product", "acme-corp", "acme")


def test_a_package_name_alone_matches_if_all_its_packages_have_one_steward(tmp_path: Path) -> None:
    match = Matcher(catalogue_of(tmp_path)).match_package_name("acme-free")
    assert match is not None
    assert (match.steward, match.rule) == ("crowd", "package name")
    other = fact("package", "pkg:npm/acme-free", "steward", "acme")
    assert Matcher(catalogue_of(tmp_path, other)).match_package_name("acme-free") is None


@pytest.mark.parametrize(
    ("name", "bare", "form"),
    [
        ("Amazon.com, Inc.", "amazon com", "inc"),
        ("Huawei Technologies Co., Ltd.", "huawei technologies", "co ltd"),
        ("S.A.", "s a", ""),
        ("Dassault Systèmes S.A.", "dassault systèmes", "sa"),
        ("Ltd", "ltd", ""),
        ("The Linux Foundation", "linux foundation", ""),
        ("AT&T Inc", "at and t", "inc"),
    ],
)
def test_a_legal_form_is_split_off(name: str, bare: str, form: str) -> None:
    assert split_legal_form(normal_name(name)) == (bare, form)


@given(st.text(max_size=30))
@repeatable(200)
def test_a_normal_name_is_normal(text: str) -> None:
    once = normal_name(text)
    if not once.startswith("the "):
        assert normal_name(once) == once


@given(st.sampled_from(["pypi", "npm", "golang", "maven"]), st.text("aB-_.@/%", min_size=1, max_size=10))
@repeatable(300)
def test_a_normal_package_url_is_normal(type_: str, name: str) -> None:
    once = normal_purl(f"pkg:{type_}/x{name}")
    if once is not None and "%" not in once and "@" not in once:
        assert normal_purl(once) == once


@pytest.mark.parametrize(
    ("purl", "repository"),
    [
        ("pkg:golang/github.com/acme/tool", "com.github/acme/tool"),
        ("pkg:github/acme/tool", "com.github/acme/tool"),
        ("pkg:gitlab/acme/*", "com.gitlab/acme/*"),
        ("pkg:githubactions/acme/act", "com.github/acme/act"),
        ("pkg:golang/example.org/tool", None),
        ("pkg:golang/github.com", None),
        ("pkg:npm/github.com", None),
        ("pkg:github", None),
    ],
)
def test_only_some_names_state_a_repository(purl: str, repository: str | None) -> None:
    assert stated_repository(purl) == repository


def test_a_path_on_a_forge_is_a_package_url_only_with_an_owner() -> None:
    assert forge_purl("com.github/Psf/requests.git") == "pkg:github/psf/requests"
    assert forge_purl("com.github/psf") == "pkg:github/psf"
    assert forge_purl("com.github") is None
    assert forge_purl("org.example/psf/requests") is None


def _id(match: object) -> object:
    return getattr(match, "id", None)


def _steward(matcher: Matcher, purl: str) -> tuple[str | None, str, float]:
    match = matcher.match_purl(purl)
    assert match is not None
    return match.steward, match.rule, match.confidence


def _catalogue() -> Catalogue:
    lines = tuple((*one, "small", row, "", "") for row, one in enumerate(FACTS))
    return Catalogue(tuple(Reference(*one) for one in REFERENCES), lines)


def _matches(pattern: str, text: str) -> bool:
    """Match by plain recursion."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_matches(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in (text[0], "?") and _matches(pattern[1:], text[1:])


def _literal(pattern: str) -> int:
    return sum(letter not in "*?" for letter in pattern)
