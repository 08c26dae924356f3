"""What is proposed for a stack, what is missing to judge it, and which items nothing is known for."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from freehold import work
from freehold.cli import main
from freehold.errors import BadOptions
from freehold.plan.option_schema import CHANGES, NEW_THINGS, OPTION_KEYS
from freehold.plan.option_values import Activate, Option
from freehold.plan.proposals import candidate_options, catalogue_options, options_of, proposals
from freehold.stack.control import Control
from freehold.stack.toml_file import loads
from freehold.stack.values import UNKNOWN, Stack
from small_catalogue import write_layer
from test_options_file import SHOP, written

ROOT = Path(__file__).parent.parent
EXAMPLES = ("clinic", "public-office", "training", "value-chain")
FREE = 'cost_once = 1\ncost_year = 0\ncurrency = "EUR"\nlead = "0d"\n'


@pytest.fixture(scope="module")
def shop() -> Stack:
    return loads(SHOP, "shop.toml")


def example(name: str) -> Stack:
    return work.load(ROOT / "examples" / name, use_cache=False).stack


def by_id(options: tuple[Option, ...]) -> dict[str, Option]:
    return {option.id: option for option in options}


def test_every_candidate_is_an_option_by_itself_and_nothing_else_is(shop: Stack) -> None:
    (one,) = candidate_options(shop)
    assert (one.id, one.changes, one.origin) == ("hosting@near", (Activate("hosting@near"),), "stack")
    assert (one.cost_once, one.cost_year, one.currency, one.lead, one.lacking) == (4000, 2400, "EUR", 0, ())


def test_a_candidate_is_called_after_who_stands_in_for_what() -> None:
    names = {one.id: one.name for one in candidate_options(example("clinic"))}
    assert names["own-certificates"] == "Certificates of the clinic's addresses: your own"
    assert names["language-model@mistral"] == "Large language model for the assistant: Mistral AI"
    shop = loads(SHOP, "shop.toml")
    again = replace(shop.source_by_id["hosting@near"], id="again")
    assert [one.name for one in candidate_options(replace(shop, sources=(*shop.sources, again)))] == [None, None]


def test_a_blank_cost_of_a_candidate_is_none_and_an_unknown_one_stays_unknown() -> None:
    text = SHOP.replace("cost_once = 4000\n", "").replace("cost_year = 2400", 'cost_year = "?"')
    (one,) = candidate_options(loads(text, "shop.toml"))
    assert (one.cost_once, one.cost_year, one.lacking) == (0, UNKNOWN, ("cost_year",))


def test_what_a_file_s_option_activates_is_proposed_by_nothing_else(shop: Stack, tmp_path: Path) -> None:
    text = f'[[option]]\nid = "mine"\n{FREE}activate = ["hosting@near"]\n'
    assert [option.id for option in options_of(shop)] == ["hosting@near"]
    assert [option.id for option in options_of(shop, [written(tmp_path, text)])] == ["mine"]
    assert [option.id for option in options_of(shop, [written(tmp_path, text.replace("mine", "hosting@near"))])] == [
        "hosting@near"
    ]


def test_who_requires_a_candidate_requires_what_stands_in_its_place(shop: Stack, tmp_path: Path) -> None:
    first = f'[[option]]\nid = "a"\n{FREE}requires = ["hosting@near"]\nactivate = [{{ source = "spare-room", share = 0.5 }}]\n'
    second = f'[[option]]\nid = "b"\n{FREE}activate = ["hosting@near"]\n'
    assert by_id(options_of(shop, [written(tmp_path, first)]))["a"].requires == ("hosting@near",)
    assert by_id(options_of(shop, [written(tmp_path, first + second)]))["a"].requires == ("b",)
    both = written(tmp_path, first + second + second.replace('"b"', '"c"'))
    with pytest.raises(BadOptions, match=r"several options activate 'hosting@near'. Name one of them: b, c"):
        options_of(shop, [both])
    excluding = first.replace("requires", "excludes") + second + second.replace('"b"', '"c"')
    assert by_id(options_of(shop, [written(tmp_path, excluding)]))["a"].excludes == ("b", "c")


def test_an_option_does_not_take_the_id_of_a_candidate_that_it_leaves_alone(shop: Stack, tmp_path: Path) -> None:
    text = f'[[option]]\nid = "hosting@near"\n{FREE}activate = [{{ source = "spare-room", share = 0.5 }}]\n'
    with pytest.raises(BadOptions, match="is the id of a candidate source that it does not activate"):
        options_of(shop, [written(tmp_path, text)])


def test_an_option_is_foreign_as_surely_as_what_it_brings(tmp_path: Path) -> None:
    stack = loads(SHOP + '[[item]]\nid = "chips"\n[[item.source]]\nprovider = "far"\n', "shop.toml")
    new = f'[[option]]\nid = "{{0}}"\n{FREE}[[option.source]]\nid = "{{0}}"\nitem = "disks"\nprovider = "{{1}}"\n'
    text = new.format("home", "self") + 'needs = ["chips"]\n' + new.format("abroad", "far") + new.format("somebody", "?")
    text += f'[[option]]\nid = "stock"\n{FREE}cover = [{{ source = "shop@self", item = "disks", survive = "4y" }}]\n'
    answer = proposals(stack, options_of(stack, [written(tmp_path, text)]))
    said = {one.option.id: (one.foreign, one.rests_on, one.lacking) for one in answer.proposals}
    assert said["home"] == (False, ("chips",), ())
    assert said["abroad"] == (True, (), ())
    assert said["somebody"] == (None, (), ("provider",))
    assert said["stock"] == (False, (), ())


def test_an_item_that_is_not_held_has_options_or_something_that_stands_by_or_nothing(shop: Stack) -> None:
    answer = proposals(shop, options_of(shop))
    said = {one.item: (one.options, one.standby) for one in answer.open}
    assert said["hosting"] == (("hosting@near",), ("spare-room",))
    assert [one.item for one in answer.unanswered] == ["disks"]


def test_what_requires_an_option_that_cannot_be_judged_cannot_be_either(shop: Stack, tmp_path: Path) -> None:
    text = f'[[option]]\nid = "a"\n{FREE}requires = ["b"]\nactivate = ["hosting@near"]\n'
    text += '[[option]]\nid = "b"\nactivate = ["hosting@near"]\n'
    first, second = proposals(shop, options_of(shop, [written(tmp_path, text)])).proposals
    assert (first.judged, first.waits_for) == (False, ("b",))
    assert (second.judged, second.lacking) == (False, ("lead",))


def test_costs_in_several_currencies_are_told(shop: Stack, tmp_path: Path) -> None:
    text = f'[[option]]\nid = "a"\n{FREE}cover = [{{ source = "shop@self", item = "disks", survive = "4y" }}]\n'
    options = options_of(shop, [written(tmp_path, text.replace("EUR", "USD"))])
    assert proposals(shop, options).currencies == ("EUR", "USD")


def test_the_catalogue_proposes_its_alternatives_as_leads_with_what_states_them() -> None:
    stack = example("training")
    found = by_id(catalogue_options(stack, work.catalogue()))
    forge = found["code-forge@codeberg-ev"]
    assert forge.lacking == ("cost_once", "cost_year", "lead")
    assert forge.adds is not None
    assert forge.adds.sources[0].item == "code-forge"
    assert forge.reference is not None
    assert "alternative" in forge.reference.title
    merged = Stack(stack.name, stack.home, stack.trusted, stack.as_of, providers=(*stack.providers, *forge.adds.providers))
    assert Control(merged).foreign(forge.adds.sources[0]) is False
    assert "euv-lithography@nikon" not in found  # other tools of the same maker are none of this
    have = {(source.item, source.provider) for source in stack.sources}
    assert not have & {(one.adds.sources[0].item, one.adds.sources[0].provider) for one in found.values() if one.adds}


def test_what_a_project_uses_is_tied_by_claim_by_host_and_by_name_and_never_by_likeness() -> None:
    text = """
[stack]
home = "DE"
[[item]]
id = "pkg:docker/library/mysql@8"
[[item]]
id = "pkg:npm/mysql@2"
[[item]]
id = "pkg:github/hashicorp/terraform"
  [[item.source]]
  provider = "ibm"
[[item]]
id = "docker-engine"
  [[item.source]]
  provider = "openai"
[[item]]
id = "builds"
  [[item.source]]
  provider = "github-inc"
[[claim]]
table = "sources"
id = "builds@github-inc"
attribute = "provider"
value = "github-inc"
source = "catalogue match by exact: host com.github"
"""
    catalogue = work.catalogue()
    found = catalogue_options(loads(text, "project.toml", lookup=catalogue.provider), catalogue)
    assert [option.id for option in found] == ["pkg:github/hashicorp/terraform@cncf", "builds@codeberg-ev", "builds@oschina"]


def test_a_small_catalogue_without_alternatives_proposes_none(tmp_path: Path) -> None:
    from freehold.catalogue.facts import load

    assert catalogue_options(loads(SHOP, "shop.toml"), load(write_layer(tmp_path))) == ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_options_of_an_example_can_be_judged_and_say_what_is_fact_and_what_is_assumed(name: str) -> None:
    stack = example(name)
    options = options_of(stack, [ROOT / "examples" / name / "options.toml"])
    own = [option for option in options if option.origin == "file"]
    assert len(own) >= 10
    for option in own:
        assert option.lacking == ()
        assert option.reference is not None
        assert re.match(
            r"fact: .+; assumption of this example: .+|fact: .+|assumption of this example: .+", option.reference.title
        )
        assert ("fact: " not in option.reference.title) or option.reference.url or "catalogue" in option.reference.title
        if option.reference.url:
            assert option.reference.publisher
    assert not [option.id for option in options if option.origin == "stack"], "candidates without a price would be free"
    answer = proposals(stack, options)
    assert len(answer.currencies) == 1
    foreign = {one.foreign for one in answer.proposals}
    assert {True, False} <= foreign, "a real choice: cheap and foreign, dear and held"
    assert any(one.option.requires for one in answer.proposals)
    assert any(one.option.success < 1 for one in answer.proposals)


def test_the_guide_explains_every_key() -> None:
    page = (ROOT / "docs" / "guides" / "write-options.md").read_text(encoding="utf-8")
    for key in OPTION_KEYS:
        assert f"| `{key.name}` | {key.meaning}" in page, key.name
    for name, keys in CHANGES.items():
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` | ") and "{ source =" in line]
        assert all(f"{key.name} = " in line for key in keys), name
    assert all(f"[[option.{name}]]" in page for name in NEW_THINGS)


def test_the_template_of_a_stack_reads_and_holds_what_waits_for_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, SHOP, "shop.toml")
    template = tmp_path / "options.toml"
    assert main(["options", str(path), "--template", "-o", str(template)]) == 0
    text = template.read_text(encoding="utf-8")
    assert '# cover = [{ source = "shop@self", item = "disks", survive = … }]' in text
    assert main(["options", str(path), "--options", str(template), "--no-catalogue"]) == 0
    assert "own-store" in capsys.readouterr().out
    assert main(["options", "--template", "csv"]) == 0
    assert capsys.readouterr().out.startswith("id,name,")


def test_without_a_stack_or_a_template_it_says_what_can_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["options"]) == 2
    assert "freehold options --template" in capsys.readouterr().err


def test_a_wrong_file_of_options_ends_with_2_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, SHOP, "shop.toml")
    wrong = written(tmp_path, '[[option]]\nid = "a"\ncost_once = -1\nactivate = ["hosting@near"]\n')
    assert main(["options", str(path), "--options", str(wrong)]) == 2
    said = capsys.readouterr().err
    assert f"{wrong}, line 3, column 'cost_once': option 'a': -1 is negative. Write 0 or more" in said


def test_what_plans_are_solved_with_is_not_loaded_to_list_options(tmp_path: Path) -> None:
    asked = ["options", str(written(tmp_path, SHOP, "shop.toml"))]
    script = (
        f"import sys; from freehold.cli import main; assert main({asked!r}) == 0; "
        "assert not {'highspy', 'ortools', 'scipy', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


@pytest.mark.slow
def test_twenty_thousand_options_in_a_chain_are_read_or_refused(shop: Stack, tmp_path: Path) -> None:
    rows = ["id,cost_once,cost_year,currency,lead,activate,requires"]
    rows += [f"o{number},1,0,EUR,1d,hosting@near,{f'o{number - 1}' if number % 50 else ''}" for number in range(20_000)]
    assert len(options_of(shop, [written(tmp_path, "\n".join(rows), "options.csv")])) == 20_000
    rows[1:] = [f"o{number},1,0,EUR,1d,hosting@near,{f'o{number - 1}' if number else ''}" for number in range(20_000)]
    with pytest.raises(BadOptions, match="require too many others"):
        options_of(shop, [written(tmp_path, "\n".join(rows), "options.csv")])
