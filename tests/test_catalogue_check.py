"""The catalogue's checks: a sound one passes, and every defect is found, placed and given a mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from freehold.catalogue.check import CATALOGUE_TABLES, check, require_sound
from freehold.catalogue.facts import load
from freehold.catalogue.hosts import to_forward
from freehold.catalogue.schema import ID_FORMS
from freehold.errors import CatalogueError
from freehold.stack.schema import TABLES
from small_catalogue import FACTS, REFERENCES, catalogue_of, fact, write_layer

NAME = fact("provider", "new", "name", "New One")


def test_a_sound_catalogue_has_no_findings(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path)
    assert check(catalogue) == ()
    require_sound(catalogue)


BAD_FACTS = {
    "an unknown table": (fact("providr", "x", "name", "X"), "there is no table 'providr'", "Did you mean 'provider'?"),
    "an unknown attribute": (fact("provider", "acme", "contry", "DE"), "no attribute 'contry'", "Did you mean 'country'?"),
    "a missing reference": (
        fact("provider", "acme", "lei", "529900T8BM49AURSDO55", "nowhere"),
        "no reference 'nowhere'",
        "Add the reference",
    ),
    "no reference at all": (
        fact("provider", "acme", "lei", "529900T8BM49AURSDO55", ""),
        "has no reference",
        "Add the reference",
    ),
    "a date that is none": (fact("provider", "acme", "alias", "A", date="last year"), "'last year' is no date", "YYYY-MM-DD"),
    "a date after the reading": (
        fact("provider", "acme", "alias", "A", date="2026-12"),
        "is after the day on which 'page' was read",
        "the day for which",
    ),
    "a country that is none": (fact("provider", "acme", "country", "UK"), "'UK' is no country", "ISO 3166-1"),
    "a country in small letters": (fact("product", "forge", "location", "de"), "'de' is no country", "ISO 3166-1"),
    "a place that is nowhere": (fact("product", "forge", "location", "none"), "'none' is no country", "ISO 3166-1"),
    "an unknown licence": (
        fact("product", "forge", "licence", "Proprietary"),
        "SPDX knows no licence 'Proprietary'",
        "LicenseRef-Proprietary",
    ),
    "a licence misspelt": (
        fact("product", "forge", "licence", "apache-2.0"),
        "not the one right spelling",
        "Write 'Apache-2.0'.",
    ),
    "a repository that is an address": (
        fact("package", "pkg:npm/x", "repository", "https://com.example/x"),
        "is no repository",
        "the host reversed",
    ),
    "a repository at a host that is written forwards": (
        fact("package", "pkg:npm/x", "repository", "github.com/acme/x"),
        "is written forwards",
        "com.github",
    ),
    "a broken licence": (fact("product", "forge", "licence", "MIT OR"), "is no SPDX expression", "joined by"),
    "a dangling owner": (fact("provider", "crowd", "owner", "acme-crop"), "there is no provider 'acme-crop'", "'acme-corp'"),
    "a dangling steward": (
        fact("package", "pkg:pypi/x", "steward", "nobody-at-all"),
        "no provider 'nobody-at-all'",
        "Add a provider",
    ),
    "a dangling product": (
        fact("host", "org.example", "product", "acme-clod"),
        "there is no product 'acme-clod'",
        "'acme-cloud'",
    ),
    "a product that does its own job": (
        fact("product", "forge", "alternative", "forge"),
        "names itself as its alternative",
        "Leave the line out",
    ),
    "a stake in itself": (fact("provider", "crowd", "owner", "crowd:0.9"), "has a stake in itself", "Write 'crowd'"),
    "nobody above, and an owner": (
        fact("provider", "acme", "owner", "acme"),
        "is stated to have nobody above it, and 'acme-corp' to own it",
        "the newer reference",
    ),
    "a circle of owners": (
        fact("provider", "acme-holding", "owner", "acme"),
        "'acme' owns itself through its owners",
        "Break the circle",
    ),
    "stakes over the whole": (fact("provider", "acme", "owner", "crowd:0.2"), "sum to 1.01", "Mend the stakes"),
    "a stake that is none": (fact("provider", "acme", "owner", "crowd:61%"), "no part of a whole", "acme:0.61"),
    "two stakes of one owner": (
        fact("provider", "acme", "owner", "left-fund:0.1"),
        "'0.1' contradicts '0.2'",
        "newer reference",
    ),
    "a contradiction": (
        fact("provider", "acme", "country", "AT"),
        "'AT' contradicts 'DE' at facts-small.csv, line 3",
        "newer reference",
    ),
    "another name": (
        fact("provider", "acme", "name", "Acme Hosting Inc."),
        "contradicts 'Acme Hosting GmbH'",
        "newer reference",
    ),
    "a host written forwards": (
        fact("host", "www.example.com", "provider", "acme"),
        "is written forwards",
        "Write 'com.example.www'",
    ),
    "a host that is none": (
        fact("host", "com.example:80", "provider", "acme"),
        "no host in reverse-domain notation",
        "reversed",
    ),
    "a host under no top": (fact("host", "nosuchtop.example", "provider", "acme"), "no known top-level domain", "Begin with"),
    "a host that anyone may be under": (fact("host", "uk.co", "provider", "acme"), "sold to anyone", "reverse-domain"),
    "a host of nobody": (fact("host", "org.example", "alias", "x"), "neither product nor provider", "Add a line"),
    "a model of nobody": (fact("model", "gpt-9*", "licence", "MIT"), "neither product nor provider", "Add a line"),
    "a pattern of every model": (fact("model", "*", "provider", "acme"), "matches every model", "such as"),
    "a pattern of every package": (fact("package", "pkg:npm/*", "steward", "acme"), "matches every package", "'pkg:npm'"),
    "a package that is none": (fact("package", "npm/x", "steward", "acme"), "is no package URL", "pkg:pypi/torch"),
    "a package with a version": (
        fact("package", "pkg:npm/x@1.0", "steward", "acme"),
        "more than its name",
        "Write 'pkg:npm/x'",
    ),
    "one package twice": (
        fact("package", "pkg:pypi/Acme_Free", "licence", "MIT"),
        "the same package as 'pkg:pypi/acme-free'",
        "one id",
    ),
    "words that are missing": (("provider", "acme", "alias", "A", "page", "", ""), "does not say what", "one short sentence"),
    "words that repeat the title": (
        fact("provider", "acme", "alias", "A", says="legal NOTICE"),
        "only repeats",
        "of this fact",
    ),
    "a fact that stands twice": (FACTS[0], "the same fact stands at facts-small.csv, line 2", "Keep one"),
    "a row without a name": (fact("provider", "new", "country", "DE"), "provider 'new' has no name", "states its name"),
    "an id that is none": (fact("provider", "New_One", "name", "N"), "'New_One' is no id of a provider", "lower-case"),
    "an empty value": (fact("provider", "acme", "alias", ""), "empty alias", "Leave the line out"),
    "a choice that is none": (fact("product", "forge", "kind", "softwear"), "'softwear' is no kind of a product", "'software'"),
    "an identifier that is none": (fact("provider", "acme", "wikidata", "95"), "no wikidata identifier", "Q95"),
    "a blank at the end": (fact("provider", "acme", "alias", "A "), "'A ' begins or ends with a blank", "Leave the blank out"),
    "two bodies of one name": (
        fact("provider", "new", "name", "ACME Corp."),
        "also names the provider 'acme-corp'",
        "Join the two rows",
    ),
    "a registry's host in the words": (
        fact("provider", "acme", "alias", "A", says=f"See files.{to_forward('org.pythonhosted')}."),
        "registry is written forwards",
        "org.pythonhosted",
    ),
    "a registry's host as an id": (
        fact("host", to_forward("org.npmjs.registry"), "provider", "acme"),
        "registry is written forwards",
        "org.npmjs",
    ),
}


@pytest.mark.parametrize("defect", BAD_FACTS)
def test_a_bad_fact_is_found_with_its_place_and_a_mend(tmp_path: Path, defect: str) -> None:
    line, problem, mend = BAD_FACTS[defect]
    findings = [one for one in check(catalogue_of(tmp_path, line)) if problem in one.problem]
    assert len(findings) >= 1, [str(one) for one in check(load(tmp_path))]
    assert any(mend in one.mend for one in findings)
    assert all(one.severity == "error" and one.file == "facts-small.csv" and one.row > 1 for one in findings)


def test_a_top_level_domain_that_sells_names_only_one_step_below_is_known(tmp_path: Path) -> None:
    assert check(catalogue_of(tmp_path, fact("host", "za.co.acme", "provider", "acme"))) == check(catalogue_of(tmp_path))


BAD_REFERENCES = {
    "no title": (("bad", "", "P", "com.example", "/", "", "2026-11-22"), "has no title"),
    "no publisher": (("bad", "T", "", "com.example", "/", "", "2026-11-22"), "has no publisher"),
    "no host": (("bad", "T", "P", "", "/", "", "2026-11-22"), "has no host"),
    "no date of reading": (("bad", "T", "P", "com.example", "/", "2026", ""), "has no read"),
    "a host written forwards": (("bad", "T", "P", "www.example.com", "/", "", "2026-11-22"), "is written forwards"),
    "a host that is none": (
        ("bad", "T", "P", "https://com.example", "/", "", "2026-11-22"),
        "no host in reverse-domain notation",
    ),
    "a path that is none": (("bad", "T", "P", "com.example", "x", "", "2026-11-22"), "does not begin with '/'"),
    "a publication date that is none": (("bad", "T", "P", "com.example", "/", "2026/1", "2026-11-22"), "'2026/1' is no date"),
    "a reading date that is none": (("bad", "T", "P", "com.example", "/", "2026", "today"), "'today' is no date"),
    "published after it was read": (("bad", "T", "P", "com.example", "/", "2026-11-23", "2026-11-22"), "after it was read"),
    "an id that is taken": (
        ("page", "T", "P", "com.example", "/", "", "2026-11-22"),
        "is taken already (references-small.csv, line 2)",
    ),
    "a registry's host in the title": (
        ("bad", to_forward("org.pypi"), "P", "com.example", "/", "", "2026-11-22"),
        "registry is written forwards",
    ),
}


@pytest.mark.parametrize("defect", BAD_REFERENCES)
def test_a_bad_reference_is_found_with_its_place(tmp_path: Path, defect: str) -> None:
    reference, problem = BAD_REFERENCES[defect]
    catalogue = catalogue_of(tmp_path, fact("provider", "crowd", "alias", "C", "bad"), references=[*REFERENCES, reference])
    findings = [one for one in check(catalogue) if problem in one.problem]
    assert [(one.file, one.row, one.severity) for one in findings] == [("references-small.csv", 4, "error")]


def test_what_is_worth_a_look_is_a_note_and_no_error(tmp_path: Path) -> None:
    unused = ("unused", "T", "P", "com.example", "/", "", "2026-11-22")
    notes = {
        "no fact rests on": catalogue_of(_made(tmp_path / "a"), references=[*REFERENCES, unused]),
        "Acme Hosting' contradicts": catalogue_of(_made(tmp_path / "b"), fact("provider", "acme", "name", "Acme Hosting")),
        "its country is not stated": catalogue_of(_made(tmp_path / "c"), NAME, fact("provider", "crowd", "owner", "new")),
        "also names the provider": catalogue_of(_made(tmp_path / "d"), fact("provider", "crowd", "alias", "Acme Corp")),
        "differ in a legal form only": catalogue_of(_made(tmp_path / "f"), fact("provider", "crowd-inc", "name", "Another")),
        "is not the usual spelling": catalogue_of(
            _made(tmp_path / "e"), fact("package", "pkg:pypi/New_One", "steward", "acme")
        ),
    }
    for problem, catalogue in notes.items():
        findings = check(catalogue)
        assert [one.severity for one in findings if problem in one.problem] == ["note"], problem
        assert all(one.severity == "note" for one in findings)
        require_sound(catalogue)


def test_one_fact_with_two_references_is_better_evidence_and_no_finding(tmp_path: Path) -> None:
    assert check(catalogue_of(tmp_path, fact("provider", "acme", "country", "DE", "old"))) == ()


def test_a_licence_of_several_and_a_custom_one_are_sound(tmp_path: Path) -> None:
    more = [
        fact("package", f"pkg:pypi/l{number}", "licence", licence)
        for number, licence in enumerate(
            [
                "(MIT OR Apache-2.0) AND BSD-3-Clause",
                "LicenseRef-Proprietary",
                "GPL-2.0-only WITH Classpath-exception-2.0",
                "Apache-2.0 WITH LLVM-exception",
            ]
        )
    ]
    assert check(catalogue_of(tmp_path, *more)) == ()


def test_all_findings_come_at_once_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    lines = [line for line, _, _ in BAD_FACTS.values()]
    findings = check(catalogue_of(tmp_path, *lines))
    assert len(findings) >= len(BAD_FACTS)
    assert list(findings) == sorted(set(findings))
    with pytest.raises(CatalogueError) as caught:
        require_sound(load(tmp_path))
    assert set(caught.value.findings) == {one for one in findings if one.severity == "error"}


def test_an_empty_catalogue_is_sound(tmp_path: Path) -> None:
    assert check(load(write_layer(tmp_path, (), ()))) == ()


def test_the_schema_speaks_of_attributes_that_stacks_have_and_says_what_all_mean() -> None:
    assert set(ID_FORMS) == set(CATALOGUE_TABLES)
    for table, attributes in CATALOGUE_TABLES.items():
        for name, attribute in attributes.items():
            assert attribute.name == name
            assert attribute.meaning.endswith("."), (table, name)
            if attribute.claim is not None:
                stack_table, column = attribute.claim
                assert column in {one.name for one in TABLES[stack_table]}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
