import json
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import inside, peers  # noqa: E402
from benchmarks.__main__ import main  # noqa: E402
from benchmarks.check_network import levels_by_equation, shortfalls  # noqa: E402
from benchmarks.child import MEMORY, WALL, run_child  # noqa: E402
from benchmarks.gateway_servers import PASS_THROUGH  # noqa: E402
from benchmarks.generate_network import COVERS, CUT_COUNTRY, LAYERS, generate_network  # noqa: E402
from benchmarks.generate_stack import KINDS, generate_stack  # noqa: E402
from benchmarks.interface import FREEHOLD, NotRun, Places, Sample, Workload  # noqa: E402
from benchmarks.interface import Subject as Who  # noqa: E402
from benchmarks.report import render, rewrite  # noqa: E402
from benchmarks.results import measure, read_results, write_results  # noqa: E402
from benchmarks.stewards import Known, count, ranked  # noqa: E402
from benchmarks.stewards import main as count_stewards  # noqa: E402
from benchmarks.workloads import SEED, WORKLOADS  # noqa: E402

from freehold.catalogue.facts import load as load_catalogue  # noqa: E402
from freehold.network.acceleration import has_compiler  # noqa: E402
from freehold.network.solve import running_state, solve, trace  # noqa: E402
from freehold.settings import Settings  # noqa: E402
from freehold.stack.cutoff import Cutoff, Rule  # noqa: E402
from freehold.work import load  # noqa: E402

DAYS = inside.DAYS
HUNDREDTH = (10_000, 50_000)


@pytest.fixture
def places(tmp_path):
    return Places(Path(sys.executable), tmp_path / "scratch", tmp_path / "data", None, tmp_path / "peers")


def named(name):
    return next(workload for workload in WORKLOADS if workload.name == name)


def freehold_once(name, places):
    workload = named(name)
    assert workload.prepare(places) is None
    return workload.subjects[0].once(places)


@pytest.mark.parametrize("name", ["help", "import", "cutoff-1000"])
def test_freehold_does_the_work_and_each_bar_has_its_figure(name, places):
    outcome = freehold_once(name, places)
    assert isinstance(outcome, Sample), outcome
    assert {bar.phase for bar in named(name).bars} <= set(outcome.figures)
    assert outcome.figures["peak memory"] > 1


def test_an_sbom_becomes_a_matched_stack_in_process(tmp_path):
    sbom = tmp_path / "small.cdx.json"
    parts = [{"type": "library", "name": "numpy", "version": "2.0.0", "purl": "pkg:pypi/numpy@2.0.0", "bom-ref": "a"}]
    sbom.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}))
    figures, found = inside.cyclonedx(str(sbom))
    assert figures["in process"] > 0
    assert found["items"] >= 2


def test_a_small_million_runs_and_tells_its_phases_apart():
    figures, found = inside.million(500, 2500, SEED, compiled=False)
    assert {"compile or load kernel", "generate", "build", "run", "cut-off"} <= set(figures)
    assert (found["items"], found["needs"]) == (500, 2500)
    assert 0 < found["stopped on day 0"] <= found["stopped in the end"] < 500


def test_the_rules_look_at_an_hour_of_events_and_fault_at_none():
    figures, found = inside.PIECES["rules"]("2000", str(SEED))
    assert {bar.phase for bar in named("rules").bars} <= set(figures)
    assert found["events"] == 2000 < found["evaluations"]
    assert found["faults"] == 0 < found["alerts"]


def test_a_stack_of_a_thousand_items_is_what_it_says(tmp_path):
    text = generate_stack(1000, SEED)
    assert text == generate_stack(1000, SEED) != generate_stack(1000, SEED + 1)
    items = tomllib.loads(text)["item"]
    assert len(items) == 1000
    assert len(KINDS) >= 8
    sources = [source for item in items for source in item["source"]]
    assert {"share", "capacity", "status", "recover"} <= {key for source in sources for key in source}
    needs_of = {item["id"]: {need["item"] for source in item["source"] for need in source["needs"]} for item in items}
    assert any(item in needs_of[other] for item, needed in needs_of.items() for other in needed)
    (tmp_path / "small.toml").write_text(generate_stack(60, SEED))
    from freehold.measure.cutoff import cutoff

    answer = cutoff(load(tmp_path / "small.toml", Settings()).stack, Cutoff((Rule(foreign=True),)))
    assert 0 <= answer.mission.low[-1] <= answer.mission.high[-1] <= 1


def test_the_generated_network_is_what_it_says():
    made = generate_network(*HUNDREDTH, SEED)
    sizes = np.bincount(made.circle[made.circle >= 0])
    assert (made.items, len(made.need_item)) == HUNDREDTH
    assert sizes.sum() == 300
    assert (sizes.min(), sizes.max()) >= (2, 2)
    assert sizes.max() <= 30
    assert len(COVERS) == len(np.unique(made.need_cover)) == 20
    assert LAYERS >= 12
    in_parts = np.unique(made.source_item[(made.share > 0) & (made.share < 1) & (made.capacity < 1)])
    assert 0.25 < len(in_parts) / made.items < 0.35
    assert np.allclose(np.bincount(made.source_item, weights=made.share), 1)
    assert (made.capacity >= made.share).all()
    user = made.source_item[made.need_source]
    within = made.layer[user] == made.layer[made.need_item]
    assert (made.circle[user[within]] == made.circle[made.need_item[within]]).all()
    one_below = np.unique(user[made.layer[user] == made.layer[made.need_item] + 1])
    assert set(one_below) == set(np.flatnonzero(made.layer > 0))
    built = inside.built_from(made, compiled=False)
    component_sizes = np.diff(built.network.component_start)
    assert sorted(component_sizes[component_sizes > 1]) == sorted(sizes)


@pytest.mark.slow
@pytest.mark.skipif(not has_compiler(), reason="numba is not installed")
def test_a_hundredth_of_the_million_is_the_same_plain_and_compiled():
    made = generate_network(*HUNDREDTH, SEED)
    answers = []
    for compiled in (False, True):
        built = inside.built_from(made, compiled=compiled)
        answers.append(solve(built, [inside.cut_off(made, built)], DAYS))
    np.testing.assert_allclose(answers[0].levels, answers[1].levels, rtol=0, atol=1e-9)
    np.testing.assert_allclose(answers[0].stops, answers[1].stops, rtol=0, atol=1e-6)


def invariants_hold(size):
    made = generate_network(*size, SEED)
    built = inside.built_from(made, compiled=False)
    none = inside.cut_off(made, built, ())
    one = inside.cut_off(made, built)
    more = inside.cut_off(made, built, (CUT_COUNTRY, CUT_COUNTRY + 1))
    answer = solve(built, [none, one, more], DAYS)
    assert (answer.levels[0] == 1).all(), "uncut it stands"
    assert (answer.levels >= 0).all()
    assert (answer.levels <= 1).all()
    assert (answer.levels[2] <= answer.levels[1] + 1e-9).all(), "cutting more never raises"
    under = (answer.levels[1] < 0.5 - 1e-9).any(axis=0)
    assert (answer.stops[1][under] <= DAYS[-1]).all(), "what is under the floor has stopped"

    changes = list(trace(built, one, DAYS[-1], running_state(built)))
    levels, shortfall = shortfalls(made, changes, DAYS)
    np.testing.assert_allclose(levels, answer.levels[1], rtol=0, atol=1e-9)
    for place, day in enumerate(DAYS):
        available = np.where(made.country == CUT_COUNTRY, 0.0, 1.0)
        weight = np.where(made.recover <= day, made.capacity, made.share)
        again = levels_by_equation(made, levels[place], shortfall[place], available, weight)
        np.testing.assert_allclose(again, levels[place], rtol=0, atol=1e-8, err_msg=f"day {day}")

    item_at, source_at = np.random.default_rng(1).permutation(made.items), np.random.default_rng(2).permutation(len(made.share))
    item_number, source_number = np.argsort(item_at), np.argsort(source_at)
    turned = replace(
        made, whole=made.whole[item_at], source_item=item_number[made.source_item][source_at], share=made.share[source_at],
        capacity=made.capacity[source_at], need_source=source_number[made.need_source], need_item=item_number[made.need_item],
        country=made.country[source_at], recover=made.recover[source_at],
    )  # fmt: skip
    other = inside.built_from(turned, compiled=False)
    again = solve(other, [inside.cut_off(turned, other)], DAYS)
    np.testing.assert_allclose(again.levels[0][:, item_number], answer.levels[1], rtol=0, atol=1e-9, err_msg="row order")


def test_a_small_million_obeys_the_equations():
    invariants_hold((1_000, 5_000))


@pytest.mark.slow
def test_a_hundredth_of_the_million_obeys_the_equations():
    invariants_hold(HUNDREDTH)


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda one: one.name)
def test_a_peer_that_is_not_there_is_reported_as_not_run(workload, places):
    for subject in workload.subjects[1:]:
        if subject.name == PASS_THROUGH or subject.name.startswith("sqlite3"):
            continue  # always there
        assert isinstance(subject.once(places), NotRun), subject.name


def test_what_is_not_given_is_reported_as_not_run(places):
    assert isinstance(named("keep").prepare(places), NotRun)
    assert isinstance(named("cyclonedx-2mb").prepare(places), NotRun)


def test_a_child_tells_its_time_its_memory_and_its_status(tmp_path):
    code = "import sys; data = bytearray(60_000_000); sys.exit(3)"
    figures, status = run_child((sys.executable, "-c", code), {}, tmp_path / "child.txt")
    assert (figures[WALL] > 0, figures[MEMORY] > 60, status) == (True, True, 3)


def test_results_become_rows_with_bars_and_ratios(tmp_path, places):
    def peer(_):
        return Sample({"whole process": 6.0}, {"packages": 2})

    mine = Who(FREEHOLD, lambda _: Sample({"whole process": 2.0, "peak memory": 50.0}, {"packages": 2}))
    there = Who("peer", peer, {"whole process": "whole process"})
    absent = Who("absent", lambda _: NotRun("it is not installed"))
    workload = Workload("some", "some work", (mine, there, absent), (*named("help").bars,))
    file = tmp_path / "results.json"
    write_results(measure([workload], places, 3, lambda _: None), file)
    table = render(read_results(file), (workload,))
    assert "| some | freehold | whole process | 2 s | 2 s | 2 s | 3 | ≤ 0.25 s: **missed** |  |" in table
    assert "3 × its whole process" in table
    assert "not run: it is not installed" in table
    page = tmp_path / "page.md"
    page.write_text((ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8"), encoding="utf-8")
    rewrite(page, table)
    rewrite(page, table)
    assert page.read_text(encoding="utf-8").count("3 × its whole process") == 1


def test_the_list_names_every_workload_with_its_bar(capsys):
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    assert all(workload.name in listed and workload.bars for workload in WORKLOADS)


def test_an_unknown_workload_is_bad_usage(tmp_path, capsys):
    assert main(["run", "--scratch", str(tmp_path), "nothing"]) == 2
    assert "nothing" in capsys.readouterr().err


def test_a_peer_without_npm_or_index_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(peers.subprocess, "run", lambda *_, **__: (_ for _ in ()).throw(OSError("not there")))
    assert len(peers.install_peers(tmp_path / "peers")) == 6


def test_a_ranked_list_is_counted_by_who_stands_behind_its_packages(tmp_path):
    facts = (
        "provider,firm,name,Firm,page,,It is named so.",
        "provider,firm,country,DE,page,,Its seat is there.",
        "provider,crowd,name,Crowd,page,,It is named so.",
        "provider,crowd,country,none,page,,It is no legal body.",
        "provider,dark,name,Dark,page,,It is named so.",
        "package,pkg:pypi/held,steward,firm,page,,The firm stands behind it.",
        "package,pkg:pypi/held,licence,MIT,page,,It declares this.",
        "package,pkg:pypi/common,steward,crowd,page,,The crowd stands behind it.",
        "package,pkg:pypi/murky,steward,dark,page,,It stands behind it.",
        "package,pkg:pypi/free,licence,ISC,page,,It declares this.",
    )
    (tmp_path / "facts-a.csv").write_text("\n".join(["table,id,attribute,value,reference,date,says", *facts]) + "\n")
    header = "id,title,publisher,host,path,published,read"
    (tmp_path / "references-a.csv").write_text(f"{header}\npage,Page,Pages,com.example,/,2026,2026\n")
    list_ = tmp_path / "list.json"
    list_.write_text(json.dumps({"rows": [{"project": name} for name in ("Held", "common", "murky", "free", "nobody")]}))
    assert ranked(list_) == ("Held", "common", "murky", "free", "nobody")
    known = count(load_catalogue(tmp_path), ranked(list_))
    assert known == Known(of=5, steward=3, seat=2, no_body=1, licence=2, forge=0, row=4)


def test_the_first_of_a_plain_list_are_counted_with_the_shipped_catalogue(tmp_path, capsys):
    list_ = tmp_path / "list.txt"
    list_.write_text("requests\n\nno-such-package-anywhere\nnumpy\n")
    assert count_stewards([str(list_), "--first", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "of the first 2:"
    assert lines[1].split() == ["1", "(50.0%)", "steward", "known"]


def test_a_sample_is_the_same_for_a_seed_and_sees_every_table() -> None:
    from benchmarks.sample import sample

    from freehold.catalogue.facts import load

    catalogue = load()
    drawn = sample(catalogue, 120, 7)
    assert drawn == sample(load(), 120, 7)
    assert len(drawn) == len({(fact.table, fact.id) for fact in drawn}) == 120
    assert {fact.table for fact in drawn} == {fact.table for fact in catalogue.facts}
    assert drawn != sample(catalogue, 120, 8)
