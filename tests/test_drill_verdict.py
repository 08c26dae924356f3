"""Verdicts: worked by hand on one pip install under five cuts, and the laws on random pairs of runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.drill.contact import Contact
from freehold.drill.decision import CutHosts
from freehold.drill.record import VERDICTS, Attributed, Fallback, FileRead, HostRole, LocalUse, Run, Step, WorkingFiles
from freehold.drill.verdict import Thresholds, judge, selectors_of
from strategies import repeatable

API, FILES = "index.example", "files.example"
CUT_API, CUT_FILES = CutHosts(frozenset({API})), CutHosts(frozenset({FILES}))
WHEELS = "~/wheels"


def seen(name: str, port: int = 443, **more: Any) -> Attributed:
    return Attributed(Contact(name, more.pop("address", ""), port, more.pop("transport", "tcp"), **({"tries": 1} | more)))


def refused(name: str, count: int, first: float = 0.5, **more: Any) -> Attributed:
    settings = {"tries": count, "refused": count, "first_seen": first, "first_refused": first, "because": f"host {name}"}
    return seen(name, **(settings | more))


def run(kind: Any = "cut", seconds: float = 2.0, exit_status: int | None = 0, *contacts: Attributed, **more: Any) -> Run:
    return Run(kind, "namespace", "2026-11-21T10:00:00Z", seconds, exit_status, contacts, **more)


BASELINE = run("baseline", 2.1, 0, seen(API, bytes_down=46_000), seen(FILES, bytes_down=136_000))


# ---------------------------------------------------------------- one pip install, by hand


def test_a_file_host_refused_six_times_fails_the_install_after_the_first_refusal() -> None:
    verdict = judge(BASELINE, run("cut", 9.2, 1, seen(API, bytes_down=46_000), refused(FILES, 6, 1.2)), cutting=CUT_FILES)
    assert verdict.name == "failed"
    assert verdict.seconds_to_failure == pytest.approx(8.0)
    assert verdict.slower == pytest.approx(9.2 / 2.1)
    assert verdict.reasons == (
        "it failed 8.0 s after it first met the cut, at files.example:443: exit status 1",
        "6 tries at files.example were refused",
    )


def test_an_index_refused_six_times_is_survived_by_the_folder_of_wheels_although_it_was_four_times_slower() -> None:
    local = (LocalUse(WHEELS, "wheel folder (find-links)", 2, ("one.whl",)),)
    verdict = judge(BASELINE, run("cut", 8.3, 0, refused(API, 6), local=local), cutting=CUT_API)
    assert verdict.name == "survived"
    assert verdict.fallbacks == (
        Fallback("local", WHEELS, "wheel folder (find-links), 2 files read under the cut only"),
    )  # fmt: skip
    assert verdict.reasons == (
        "6 tries at index.example were refused",
        "what served instead: ~/wheels (wheel folder (find-links), 2 files read under the cut only)",
        "4.0 times slower, but only 6.2 s more: under the 10.0 s from which it counts as degraded",
    )


def test_the_same_install_is_degraded_where_six_seconds_more_matter() -> None:
    cut = run("cut", 8.3, 0, refused(API, 6))
    verdict = judge(BASELINE, cut, cutting=CUT_API, thresholds=Thresholds(slower_seconds=5))
    assert verdict.name == "degraded"
    assert verdict.reasons[0] == "4.0 times slower: 6.2 s more than the 2.1 s without the cut"
    assert "fallback not identified" in verdict.reasons


def test_names_that_are_never_answered_fail_after_more_than_a_minute() -> None:
    asked = refused(API, 12, 0.3, port=0, transport="lookup")
    verdict = judge(BASELINE, run("cut", 79.0, 1, asked), cutting=CUT_API, shape="silent")
    assert (verdict.name, verdict.seconds_to_failure) == ("failed", pytest.approx(78.7))


def test_a_cut_that_nothing_tried_in_either_run_is_untouched() -> None:
    cut = replace(BASELINE, kind="cut")
    verdict = judge(BASELINE, cut, cutting=CutHosts(frozenset({"other.example"})))
    assert (verdict.name, verdict.reasons) == ("untouched", ("nothing that was cut was tried",))


# ---------------------------------------------------------------- untouched is not "not tried this time"


def test_a_host_that_only_the_baseline_contacted_is_survived_by_the_cache_that_the_baseline_filled() -> None:
    use = LocalUse("~/.cache/pip", "pip cache", 4)
    verdict = judge(BASELINE, run("cut", 1.0, 0, local=(use,)), cutting=CUT_API)
    assert verdict.name == "survived"
    assert verdict.fallbacks[0].what == "~/.cache/pip"
    assert verdict.reasons[0] == "index.example was contacted without the cut, and not tried under it"
    assert verdict.reasons[-1].endswith("drill again with --cold to know")


def test_a_place_that_both_runs_read_is_named_only_where_nothing_else_differs() -> None:
    use = LocalUse("~/.cache/pip", "pip cache", 4)
    warm = replace(BASELINE, local=(use,))
    alone = judge(warm, run("cut", 2.0, 0, refused(API, 1), local=(use,)), cutting=CUT_API)
    assert alone.fallbacks == (Fallback("local", "~/.cache/pip", "pip cache, 4 files read, as without the cut"),)
    mirror = seen("mirror.example", bytes_down=99, first_seen=1.0)
    other = judge(warm, run("cut", 2.0, 0, refused(API, 1), mirror, local=(use,)), cutting=CUT_API)
    assert [one.what for one in other.fallbacks] == ["mirror.example"]


# ---------------------------------------------------------------- what served instead


def test_a_host_seen_under_the_cut_only_is_the_fallback_and_one_seen_before_the_refusal_is_not() -> None:
    late, early = (
        seen("mirror.example", bytes_down=5_000, first_seen=3.0),
        seen("ads.example", bytes_down=5_000, first_seen=0.1),
    )
    verdict = judge(BASELINE, run("cut", 3.0, 0, refused(API, 1), early, late), cutting=CUT_API)
    assert verdict.fallbacks == (Fallback("host", "mirror.example", "contacted under the cut only, 5000 bytes"),)


def test_a_host_that_brought_twice_as_much_is_a_fallback() -> None:
    verdict = judge(BASELINE, run("cut", 3.0, 0, refused(API, 1), seen(FILES, bytes_down=272_000)), cutting=CUT_API)
    assert verdict.fallbacks == (Fallback("host", FILES, "272000 bytes instead of 136000"),)
    little = judge(BASELINE, run("cut", 3.0, 0, refused(API, 1), seen(FILES, bytes_down=271_999)), cutting=CUT_API)
    assert little.fallbacks == ()


def test_a_server_on_the_own_machine_can_be_the_fallback() -> None:
    local = Attributed(Contact("", "127.0.0.1", 3141, "tcp", tries=1, bytes_down=10, first_seen=2.0, local=True))
    verdict = judge(BASELINE, run("cut", 3.0, 0, refused(API, 1), local), cutting=CUT_API)
    assert verdict.fallbacks[0].what == "127.0.0.1:3141"


# ---------------------------------------------------------------- files of the working folder


def files(*read: str | tuple[str, float] | FileRead, written: tuple[str, ...] = (), **more: Any) -> WorkingFiles:
    """What a run did in its folder; a name alone was read after a second, which is after the refusal of :func:`refused`."""
    listed = tuple(
        one if isinstance(one, FileRead) else FileRead(one, 1.0) if isinstance(one, str) else FileRead(*one) for one in read
    )
    return WorkingFiles(listed, written, len(listed), len(written), **more)


def served(before: WorkingFiles | None, under: WorkingFiles | None, **more: Any) -> list[tuple[str, str]]:
    """What is said to have served in two runs that did this in their folder."""
    cut = run("cut", 2.0, 0, *more.pop("contacts", (refused(API, 1),)), files=under, **more)
    verdict = judge(replace(BASELINE, files=before), cut, cutting=CUT_API)
    return [(one.what, one.detail) for one in verdict.fallbacks]


def test_a_file_that_only_the_cut_run_read_after_the_refusal_served_instead() -> None:
    assert served(files("build.sh"), files("build.sh", "copies/six.py")) == [
        ("copies/six.py", "a file read under the cut only")
    ]


def test_several_files_of_one_folder_are_that_folder() -> None:
    under = files("build.sh", "copies/a", "copies/b")
    assert served(files("build.sh"), under) == [("copies", "2 files read under the cut only")]


def test_what_both_runs_read_alike_or_was_read_before_the_refusal_is_no_fallback() -> None:
    assert served(files("a", "b"), files("a", "b")) == []
    assert served(files(), files(("early", 0.4))) == []
    assert served(files(), files(("late", 0.5))) == [("late", "a file read under the cut only")]


def test_several_candidates_are_perhaps_ones() -> None:
    assert served(files(), files("x/a", "x/b", "c")) == [
        ("x", "perhaps: 2 files read under the cut only"), ("c", "perhaps: a file read under the cut only"),
    ]  # fmt: skip
    mirror = seen("mirror.example", bytes_down=99, first_seen=1.0)
    both = served(files(), files("c"), contacts=(refused(API, 1), mirror))
    assert [what for what, _ in both] == ["mirror.example", "c"]
    assert both[1][1].startswith("perhaps")


def test_a_file_read_where_the_cut_was_not_met_is_a_perhaps_one() -> None:
    assert served(files(), files("kept"), contacts=()) == [("kept", "perhaps: a file read under the cut only")]


def test_files_of_programs_and_sources_that_were_read_compiled_are_no_fallback() -> None:
    tool, helper = FileRead("lib/tool.py", 1.0, program=True), FileRead("tests/helper.py", 1.0)
    compiled = FileRead("tests/__pycache__/helper.cpython-311.pyc", 0.1, program=True)
    assert served(files(), files(tool)) == []
    assert served(files(compiled), files(helper)) == []
    assert served(files(), files(helper)) == [("tests/helper.py", "a file read under the cut only")]


def test_a_file_of_a_place_that_is_watched_is_told_of_once() -> None:
    use = LocalUse("./house", "wheel folder (find-links)", 1, ("six.whl",))
    assert served(files(), files("house/six.whl"), local=(use,)) == [
        ("./house", "wheel folder (find-links), 1 files read under the cut only")
    ]


def test_nothing_is_said_of_files_where_not_all_were_seen_or_no_run_is_there_to_compare() -> None:
    assert served(files(complete=False), files("a")) == []
    assert served(replace(files("b"), read_count=2), files("a")) == []
    assert served(None, files("a")) == []
    assert served(files(), None) == []
    assert judge(None, run("cut", 2.0, 0, refused(API, 1), files=files("a"))).fallbacks == ()


def test_what_the_run_without_the_cut_had_written_is_advised_to_be_removed() -> None:
    baseline = replace(BASELINE, files=files(written=("got/six.whl",)))
    verdict = judge(baseline, run("cut", 2.0, 0, refused(API, 1), files=files("got/six.whl")), cutting=CUT_API)
    assert (verdict.name, verdict.fallbacks) == ("survived", ())
    assert verdict.reasons == (
        "one try at index.example was refused",
        "the cut run read got/six.whl, which the run without the cut had written: start the command by removing it",
    )
    many = tuple(f"got/{number}" for number in range(6))
    verdict = judge(
        replace(BASELINE, files=files(written=many)), run("cut", 2.0, 0, refused(API, 1), files=files(*many)), cutting=CUT_API
    )
    assert verdict.reasons[1] == (
        "the cut run read 6 files that the run without the cut had written, got/0, got/1, got/2, got/3 and 2 more: "
        "start the command by removing them"
    )


def test_a_state_that_each_run_goes_on_with_is_not_advised_to_be_removed() -> None:
    baseline = replace(BASELINE, files=files("state.db", written=("state.db",)))
    cut = run("cut", 2.0, 0, refused(API, 1), files=files("state.db", written=("state.db",)))
    assert judge(baseline, cut, cutting=CUT_API).reasons == ("one try at index.example was refused", "fallback not identified")


# ---------------------------------------------------------------- degraded


def test_late_needs_both_the_factor_and_the_seconds() -> None:
    def name(before: float, after: float) -> str:
        return judge(replace(BASELINE, seconds=before), run("cut", after, 0, refused(API, 1)), cutting=CUT_API).name

    assert name(1.0, 11.0) == "degraded"
    assert name(1.0, 10.9) == "survived"
    assert name(20.0, 30.0) == "degraded"
    assert name(21.0, 31.0) == "survived"


def test_a_step_that_no_longer_passes_is_less_even_if_the_command_passes() -> None:
    baseline = replace(BASELINE, steps=(Step("fetch", "passed", 0), Step("build", "passed", 0)))
    cut = run("cut", 2.0, 0, refused(API, 1), steps=(Step("fetch", "failed", 1), Step("build", "passed", 0)))
    verdict = judge(baseline, cut, cutting=CUT_API)
    assert verdict.name == "degraded"
    assert verdict.reasons[0] == "with less: 1 steps that passed without the cut did not, 'fetch' first"


def test_half_of_the_output_is_less_and_a_little_less_is_not() -> None:
    def name(lines: tuple[int, int], size: tuple[int, int]) -> str:
        baseline = replace(BASELINE, output_lines=lines[0], output_bytes=size[0])
        cut = run("cut", 2.0, 0, refused(API, 1), output_lines=lines[1], output_bytes=size[1])
        return judge(baseline, cut, cutting=CUT_API).name

    assert name((20, 10), (20, 20)) == "degraded"
    assert name((19, 10), (20, 20)) == "survived"
    assert name((10, 1), (100, 20)) == "survived"
    assert name((1, 1), (9_000, 20)) == "degraded"
    assert name((-1, 0), (-1, 0)) == "survived"


def test_less_on_standard_output_is_less_however_much_goes_to_standard_error() -> None:
    baseline = replace(BASELINE, output_lines=30, output_bytes=900, stdout_lines=20, stdout_bytes=600)
    cut = run("cut", 2.0, 0, refused(API, 1), output_lines=60, output_bytes=9_000, stdout_lines=10, stdout_bytes=590)
    verdict = judge(baseline, cut, cutting=CUT_API)
    assert (verdict.name, verdict.reasons[0]) == ("degraded", "with less: 10 lines of standard output instead of 20")
    assert judge(baseline, replace(cut, stdout_lines=11), cutting=CUT_API).name == "survived"
    # the other way round: fewer errors are no loss
    quiet = replace(cut, output_lines=11, output_bytes=100, stdout_lines=20, stdout_bytes=600)
    assert judge(replace(baseline, output_lines=90), quiet, cutting=CUT_API).name == "survived"
    # where one of the two was not counted apart, both streams together are compared
    together = replace(cut, stdout_lines=-1, stdout_bytes=-1, output_lines=15)
    assert judge(baseline, together, cutting=CUT_API).reasons[0] == "with less: 15 lines of output instead of 30"


@pytest.mark.parametrize(
    ("whole", "left", "name"),
    [(0, 0, "survived"), (1, 0, "degraded"), (1, 1, "survived"), (2, 1, "survived"), (3, 1, "degraded"), (4, 2, "degraded"),
     (4, 3, "survived"), (4, 9, "survived"), (9, 5, "survived"), (9, 4, "degraded")],
)  # fmt: skip
def test_fewer_files_are_less_where_half_of_them_and_two_are_missing_or_all(whole: int, left: int, name: str) -> None:
    names = tuple(f"out/{number}" for number in range(9))
    baseline = replace(BASELINE, files=files(written=names[:whole]))
    cut = run("cut", 2.0, 0, refused(API, 1), files=files(written=names[:left]))
    assert judge(baseline, cut, cutting=CUT_API).name == name


def test_the_files_that_are_missing_are_named() -> None:
    cut = run("cut", 2.0, 0, refused(API, 1), files=files())
    verdict = judge(replace(BASELINE, files=files(written=("six.whl",))), cut, cutting=CUT_API)
    assert verdict.reasons[0] == "with less: 0 files written in the working folder instead of 1; missing: six.whl"


def test_a_file_that_was_left_and_read_again_is_not_missing() -> None:
    cut = run("cut", 2.0, 0, refused(API, 1), files=files(FileRead("six.py", 1.0, program=True)))
    assert judge(replace(BASELINE, files=files(written=("six.py",))), cut, cutting=CUT_API).name == "survived"


def test_a_run_that_tried_nothing_may_have_found_its_work_done() -> None:
    cut = run("cut", 2.0, 0, files=files())
    verdict = judge(replace(BASELINE, files=files(written=("six.whl",))), cut, cutting=CUT_API)
    assert (verdict.name, verdict.reasons[0]) == (
        "survived", "index.example was contacted without the cut, and not tried under it"
    )  # fmt: skip


def test_files_that_were_not_all_seen_are_not_compared() -> None:
    cut = run("cut", 2.0, 0, refused(API, 1), files=files(complete=False))
    assert judge(replace(BASELINE, files=files(written=("six.whl",))), cut, cutting=CUT_API).name == "survived"


def test_a_fallback_known_to_be_partial_is_less() -> None:
    cut = run("cut", 2.0, 0, refused(API, 1), local=(LocalUse(WHEELS, "wheel folder (find-links)", 2),))
    assert judge(BASELINE, cut, cutting=CUT_API, partial=[WHEELS]).name == "degraded"


# ---------------------------------------------------------------- failed


def test_the_step_with_the_refusal_is_the_one_that_failed() -> None:
    steps = (
        Step("lint", "failed", 1, 0.0, 0.5),
        Step("fetch", "failed", 1, 0.5, 3.0, f"{API}:443", 2.5),
        Step("test", "skipped"),
    )
    baseline = replace(BASELINE, steps=(Step("lint", "failed", 1), Step("fetch", "passed", 0), Step("test", "passed", 0)))
    verdict = judge(baseline, run("cut", 3.5, 1, refused(API, 1, 1.0), steps=steps), cutting=CUT_API)
    assert (verdict.name, verdict.failed_step, verdict.seconds_to_failure) == ("failed", "fetch", 2.5)
    assert (
        verdict.reasons[0]
        == "it failed in the step 'fetch' 2.5 s after it first met the cut, at index.example:443: exit status 1"
    )


def test_a_step_that_fails_after_a_refusal_in_another_is_counted_from_that_refusal() -> None:
    steps = (Step("fetch", "passed", 0, 0.0, 1.0, f"{API}:443"), Step("build", "failed", 2, 1.0, 4.0))
    verdict = judge(BASELINE, run("cut", 5.0, 2, refused(API, 1, 0.5), steps=steps), cutting=CUT_API)
    assert (verdict.failed_step, verdict.seconds_to_failure) == ("build", 4.5)
    assert "nothing was refused within that step; the refusal came before it" in verdict.reasons


def test_a_command_that_was_ended_for_taking_too_long_under_the_cut_failed() -> None:
    verdict = judge(BASELINE, run("cut", 300.0, None, refused(API, 1, 1.0)), cutting=CUT_API, shape="silent")
    assert verdict.name == "failed"
    assert verdict.reasons[0].endswith("not done after 300 s")


def test_a_slow_host_is_felt_from_its_first_try_since_nothing_is_refused() -> None:
    slow = seen(API, tries=3, first_seen=1.0, bytes_down=500, because="host index.example")
    verdict = judge(BASELINE, run("cut", 61.0, 1, slow), cutting=CUT_API, shape="slow:2s")
    assert (verdict.name, verdict.seconds_to_failure) == ("failed", 60.0)
    assert "3 tries at index.example met the cut" in verdict.reasons


# ---------------------------------------------------------------- void


@pytest.mark.parametrize(
    ("baseline", "cut", "reason"),
    [
        (BASELINE, run("cut", 1, 1, refused(API, 1), broken="the resolver ended"), "the cut did not hold: the resolver ended"),
        (
            BASELINE,
            run("cut", 1, 0, refused(API, 2, bytes_down=7)),
            "the cut did not hold: 7 bytes came from index.example, which is cut",
        ),
        (
            BASELINE,
            run("cut", 1, 0, seen(API, bytes_down=9)),
            "the cut did not hold: 9 bytes came from index.example, which is cut",
        ),
        (replace(BASELINE, exit=3), run("cut", 1, 1, refused(API, 1)), "it failed without the cut too: exit status 3"),
        (
            replace(BASELINE, exit=None, seconds=60),
            run("cut", 1, 0),
            "it failed without the cut too: not done after 60.0 s",
        ),
        (replace(BASELINE, interrupted=True, exit=-2), run("cut", 1, 0), "it was interrupted"),
        (BASELINE, run("cut", 1, -2, refused(API, 1), interrupted=True), "it was interrupted"),
        (
            BASELINE,
            run("cut", 1, -9, seen(FILES, bytes_down=1)),
            "it failed (ended by signal 9), but tried nothing that was cut: the cut does not explain it",
        ),
    ],
)  # fmt: skip
def test_nothing_is_proved(baseline: Run, cut: Run, reason: str) -> None:
    verdict = judge(baseline, cut, cutting=CUT_API)
    assert (verdict.name, verdict.reasons) == ("void", (reason,))


ADDRESS = Contact("", "203.0.113.9", 443, "tcp", tries=1, bytes_down=100)
KNOWN = HostRole("network", "acme", None, "Acme", (("provider", ("US",)),), "asn", "weak")
PLACED = HostRole("address", None, None, "", (("location", ("US",)),), "address", "weak")


@pytest.mark.parametrize(
    ("roles", "selectors", "name"),
    [
        ((), ["provider"], "void"),
        ((), ["country"], "void"),
        ((), ["host"], "survived"),
        ((KNOWN,), ["provider"], "survived"),
        ((PLACED,), ["country"], "survived"),
        ((PLACED,), ["provider"], "void"),
    ],
)
def test_traffic_to_an_address_that_is_nobodys_makes_a_cut_by_hand_unsafe(
    roles: tuple[HostRole, ...], selectors: list[str], name: str
) -> None:
    cut = run("cut", 1, 0, refused(API, 1), Attributed(ADDRESS, roles))
    assert judge(BASELINE, cut, cutting=CUT_API, selectors=selectors).name == name


def test_an_unnamed_address_does_not_save_a_run_that_failed_on_a_refusal() -> None:
    cut = run("cut", 1, 1, refused(API, 1), Attributed(ADDRESS))
    assert judge(BASELINE, cut, cutting=CUT_API, selectors=["provider"]).name == "failed"


def test_blocked_datagrams_matter_only_where_they_might_have_served() -> None:
    clock = Attributed(Contact("", "203.0.113.7", 123, "udp", tries=1, refused=1))
    failed = run("cut", 1, 1, refused(API, 1), clock)
    assert judge(BASELINE, failed, cutting=CUT_API).name == "void"
    assert judge(replace(BASELINE, contacts=(*BASELINE.contacts, clock)), failed, cutting=CUT_API).name == "failed"
    assert judge(BASELINE, replace(failed, exit=0), cutting=CUT_API).name == "survived"
    quic = seen(API, transport="udp", refused=1)
    assert judge(BASELINE, run("cut", 1, 1, refused(API, 1), quic), cutting=CUT_API).name == "failed"


def test_a_server_on_the_own_machine_is_never_a_leak() -> None:
    local = seen("", address="127.0.0.1", bytes_down=5, local=True)
    assert judge(BASELINE, run("cut", 1, 0, local), cutting=CutHosts(frozenset({"127.0.0.1"}))).name == "untouched"


# ---------------------------------------------------------------- a total cut that keeps no record

BLIND = ("drill_backend.blind_unseen",)


def test_a_total_cut_without_a_record_is_judged_by_what_the_baseline_contacted() -> None:
    cut = replace(run(), backend="air-gap", blind_spots=BLIND)
    assert judge(BASELINE, cut).name == "survived"
    assert judge(replace(BASELINE, contacts=()), cut).name == "untouched"
    assert judge(replace(BASELINE, contacts=(), blind_spots=BLIND), cut).name == "survived"
    failed = judge(BASELINE, replace(cut, exit=1))
    assert (failed.name, failed.seconds_to_failure) == ("failed", None)


def test_an_air_gap_that_sees_is_judged_like_any_cut() -> None:
    assert judge(BASELINE, replace(run(), backend="air-gap")).name == "untouched"
    assert judge(BASELINE, replace(run(exit_status=1), backend="air-gap")).name == "void"


def test_a_backend_that_only_polite_programs_obey_says_so_where_it_matters() -> None:
    polite = replace(run(), backend="proxy", blind_spots=("drill_service.blind_no_manners",))
    said = "programs that do not look at proxy variables may have reached it unseen"
    assert judge(BASELINE, polite).reasons == ("nothing that was cut was tried", said)
    assert judge(BASELINE, replace(polite, contacts=(refused(API, 1),)), cutting=CUT_API).reasons[-1] == said


def test_without_a_baseline_it_is_said_that_nothing_was_compared() -> None:
    passed, failed = judge(None, run("cut", 9, 0, refused(API, 1))), judge(None, run("cut", 9, 1, refused(API, 1)))
    assert (passed.name, passed.slower, failed.name) == ("survived", None, "failed")
    assert passed.reasons[-1].startswith("there was no run without the cut")
    assert failed.reasons[-1].startswith("there was no run without the cut")


def test_the_selectors_of_a_cut_are_read_from_its_record() -> None:
    rule = {"provider": "acme", "via": ["owner"], "availability": 0, "from": "0d", "until": "forever", "cover": "keep"}
    assert selectors_of({"name": "x", "rule": [rule, {"country": "US"}]}) == {"provider", "country"}
    assert selectors_of({"hosts": ["a.example"], "air_gap": True}) == {"host", "air_gap"}
    assert selectors_of({"rule": 7}) == frozenset()


# ---------------------------------------------------------------- laws

NAMES = [API, FILES, "mirror.example"]


@st.composite
def contacts(draw: st.DrawFn, cut: bool) -> Attributed:
    name = draw(st.sampled_from(NAMES))
    tries = draw(st.integers(1, 5))
    moment = draw(st.integers(0, 40)) / 8
    if cut and name == API:
        return refused(name, tries, moment)
    return seen(name, tries=tries, bytes_down=draw(st.integers(0, 5)) * 1_000, first_seen=moment)


@st.composite
def runs(draw: st.DrawFn, kind: str) -> Run:
    found = draw(st.lists(contacts(kind == "cut"), max_size=3, unique_by=lambda one: one.contact.host))
    status = draw(st.sampled_from([0, 0, 1, None]))
    return run(
        kind,
        draw(st.integers(1, 400)) / 8,
        status,
        *found,
        output_lines=draw(st.integers(-1, 40)),
        broken=draw(st.sampled_from(["", "", "", "gone"])),
        stdout_lines=draw(st.integers(-1, 40)),
        files=draw(st.none() | folders()),
    )


@st.composite
def folders(draw: st.DrawFn) -> WorkingFiles:
    names = ["a", "b", "x/c", "x/d"]
    read = draw(st.lists(st.sampled_from(names), unique=True))
    written = tuple(sorted(draw(st.sets(st.sampled_from(names)))))
    return files(*((name, draw(st.integers(0, 40)) / 8) for name in read), written=written)


pairs = st.tuples(st.none() | runs("baseline"), runs("cut"))


@repeatable(200)
@given(pairs)
def test_a_verdict_says_no_more_than_the_runs(pair: tuple[Run | None, Run]) -> None:
    baseline, cut = pair
    verdict = judge(baseline, cut, cutting=CUT_API)
    tried = any(one.contact.because for one in cut.contacts)
    assert verdict.name in VERDICTS
    assert verdict.reasons
    assert (verdict.name == "failed") <= (not cut.passed and tried)
    assert (verdict.name in {"survived", "degraded", "untouched"}) <= cut.passed
    assert (verdict.name == "untouched") <= (not tried)
    if cut.broken or (baseline is not None and not baseline.passed):
        assert verdict.name == "void"
    if verdict.seconds_to_failure is not None:
        assert 0 <= verdict.seconds_to_failure <= cut.seconds


@repeatable(200)
@given(pairs, st.integers(1, 9))
def test_more_refusals_never_make_a_verdict_milder(pair: tuple[Run | None, Run], more: int) -> None:
    baseline, cut = pair
    before = judge(baseline, cut, cutting=CUT_API).name
    others = tuple(one for one in cut.contacts if one.contact.name != API)
    harder = replace(cut, contacts=(refused(API, 5 + more, 0.0), *others))
    after = judge(baseline, harder, cutting=CUT_API).name
    allowed = {
        "untouched": {"survived", "degraded"},
        "survived": {"survived", "degraded"},
        "degraded": {"survived", "degraded"},
        "failed": {"failed"},
        "void": {"void", "failed"},
    }
    assert after in allowed[before]


@repeatable(200)
@given(pairs, st.integers(0, 400))
def test_a_run_that_takes_longer_is_never_judged_faster(pair: tuple[Run | None, Run], eighths: int) -> None:
    baseline, cut = pair
    names = [judge(baseline, one, cutting=CUT_API).name for one in (cut, replace(cut, seconds=cut.seconds + eighths / 8))]
    assert names[0] == names[1] or names == ["survived", "degraded"]


@repeatable(200)
@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_contacts_does_not_matter(pair: tuple[Run | None, Run], random: Any) -> None:
    baseline, cut = pair
    shuffled = list(cut.contacts)
    random.shuffle(shuffled)
    one, two = (judge(baseline, replace(cut, contacts=tuple(some)), cutting=CUT_API) for some in (cut.contacts, shuffled))
    assert (one.name, one.seconds_to_failure, set(one.fallbacks)) == (two.name, two.seconds_to_failure, set(two.fallbacks))
