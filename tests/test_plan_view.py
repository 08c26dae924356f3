"""What a plan's page says: the first page in few words, what is missing, and that no name in it acts."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.plan.goal_values import BestAim, Goal, LevelAim, LossAim
from freehold.plan.option_values import Option
from freehold.plan.plan_values import Confidence, Impossible, Leased, PlanAnswer, Step
from freehold.report.answers import Context, context_of
from freehold.report.gantt_lines import gantt_lines
from freehold.report.interface import Document, Gantt, GanttBar, Heading, Look, Paragraph, Table, walk
from freehold.report.plan_words import aim_words, few, money, short
from freehold.report.render import document_of, render
from freehold.report.text import TextFace
from freehold.stack.cutoff import Cutoff, Rule
from plan_answers import NO_PLAN, NOTHING, PLAN, office

EVIL = "<script>alert(1)</script>\"'&\x1b[31m\u202eexe.\u200b\x00\u2028"


def beside() -> Context:
    return context_of(office(), 0)


def page(answer: PlanAnswer, look: Look = Look()) -> str:  # noqa: B008
    return render(answer, "text", beside(), look)


def flat(text: str) -> str:
    return " ".join(text.split())


def first_page(answer: PlanAnswer) -> str:
    """Everything before the first heading, the title too."""
    document = document_of(answer, beside())
    texts = [document.title]
    for block in document.blocks:
        if isinstance(block, Heading):
            break
        assert isinstance(block, Paragraph)
        texts.append(block.text)
    return " ".join(texts)


# The first page


def test_the_first_page_says_what_it_costs_by_when_what_is_leased_what_it_does_not_survive_and_how_sure() -> None:
    said = first_page(PLAN)
    for one in (
        "The plan costs 61,650 EUR in all, for 2 steps: 52,000 EUR once, and 5,000 EUR a year",
        "No plan can cost less than 60,000 EUR. Whether one costs less than this, by 3 % at most, is not settled.",
        "The first step starts on 2027-01-01, the last one is ready on 2028-01-31, and the plan ends on 2028-12-31.",
        "Its largest steps: Run our own mail (50,000 EUR), Stock of disks (11,650 EUR).",
        "With everything foreign cut off, what must be kept running stands at 70 % or more on day 365: reached, with 75 %",
        "Still leased at the end: Storage (Big Cloud).",
        "What it does not survive: with everything foreign cut off, 75 % is left on day 365, at worst.",
        "The cut-off engine has confirmed every aim, on each day asked",
        "In 93 % of 500 sampled futures, in which steps fail or are late, it holds (surely 90 % to 95 %; asked: 90 %).",
        "Should 'Run our own mail' fail, that falls to 3 %.",
    ):
        assert one in said
    places = [said.index(one) for one in ("costs", "plan ends", "Still leased", "does not survive", "confirmed")]
    assert places == sorted(places)


@pytest.mark.parametrize("answer", [PLAN, NO_PLAN, NOTHING])
def test_the_first_page_has_at_most_300_words(answer: PlanAnswer) -> None:
    assert len(first_page(answer).split()) <= 300


def test_the_first_page_has_at_most_300_words_however_much_there_is_to_say() -> None:
    name = "a very long name of a thing that goes on and on " * 20
    options = {f"o{n}": Option(f"o{n}", (), f"{name} {n}") for n in range(200)}
    step = PLAN.steps[0]
    cuts = tuple(Cutoff(tuple(Rule(provider=f"{name}{r}") for r in range(9)), f"{name} {n}") for n in range(40))
    aims = tuple(LevelAim(cut, 0.5, (30.0, 60.0, 365.0)) for cut in cuts)
    check, curve = PLAN.checks[0], PLAN.curves[0]
    large = replace(
        PLAN,
        options=options,
        steps=tuple(replace(step, option=id_) for id_ in options),
        goal=replace(PLAN.goal, aims=aims),
        checks=tuple(replace(check, aim=aim) for aim in aims),
        curves=tuple(replace(curve, cut=cut) for cut in cuts),
        leased=tuple(Leased(f"{name}{n}", (name,) * 9, 0.5, 1.0, name) for n in range(300)),
        stopped="time",
        confidence=Confidence(0.9, 0.8, 9, (("o1", 0.5),)),
    )
    assert len(first_page(large).split()) <= 300
    none = replace(
        large, cost=None, steps=(), impossible=Impossible("options", tuple(range(40)), (0.1,) * 40, (tuple(options),))
    )
    assert len(first_page(none).split()) <= 300


def test_no_plan_says_so_with_the_best_that_can_be_and_what_is_missing() -> None:
    said = first_page(NO_PLAN)
    assert "There is no plan: not even all options together do what is asked." in said
    assert "on day 365: 60 % is the best that can be." in said
    assert "It would become possible if this were held: Storage." in said
    assert "costs" not in said
    shown = flat(page(NO_PLAN))
    assert "a held source of 'Storage'" in shown
    assert "the option A mirror, if its cost once, lead time were known" in shown


def test_a_budget_that_is_too_small_is_told_with_the_least_that_is_enough() -> None:
    poor = replace(NO_PLAN, impossible=Impossible("budget", (), (), limit=61650.5))
    assert "There is no plan within the budget. It would take at least 61,650 EUR." in first_page(poor)
    assert "Why there is no plan" not in page(poor)
    few_ = replace(NO_PLAN, impossible=Impossible("people", (), (), limit=3.0))
    assert "There is no plan with so few people. It would take 3 persons at once." in first_page(few_)
    late = replace(NO_PLAN, impossible=Impossible("time", (), (), limit=400.0))
    assert "There is no plan that is ready in time. It would take at least 400 days." in first_page(late)


def test_people_that_are_too_few_and_steps_that_take_too_long_are_told_with_what_is_needed() -> None:
    def said(reason: str, limit: float | None, lead: float | None = None) -> str:
        limits = replace(NO_PLAN.goal.limits, lead=lead)
        impossible = Impossible(reason, (), (), limit=limit)
        return first_page(replace(NO_PLAN, goal=replace(NO_PLAN.goal, limits=limits), impossible=impossible))

    assert "It would take one person." in said("people", 1.0)
    assert "It would take 1.5 persons at once." in said("people", 1.5)
    assert "Steps that take longer than 30 days are left out." in said("time", None, 30.0)
    assert "left out" not in said("time", 200.0, 30.0)


def test_a_sureness_that_no_plan_has_is_told_with_the_surest() -> None:
    unsure = replace(NO_PLAN, confidence=Confidence(0.99, 0.8, 500, ()), impossible=Impossible("confidence", (), (), limit=0.8))
    assert "No plan was found that holds in 99 % of the futures: the surest that was found does in 80 %." in first_page(unsure)


def test_where_all_that_may_happen_was_counted_the_share_is_a_probability() -> None:
    counted = replace(PLAN, confidence=Confidence(None, 0.9, 0, (), 0.9, 0.9))
    assert "With all that may fail or be late counted, it holds with a probability of 90 %." in first_page(counted)


def test_the_price_of_what_is_lost_meanwhile_is_told_apart() -> None:
    priced = replace(PLAN, cost=70000.0, goal=replace(PLAN.goal, limits=replace(PLAN.goal.limits, penalty=3.0)))
    assert "Of that 8,350 EUR weighs what is lost until then." in first_page(priced)


def test_nothing_to_do_is_no_plan_of_no_steps() -> None:
    said = first_page(NOTHING)
    assert "Nothing has to be done: all that is asked for holds today." in said
    assert "The steps" not in page(NOTHING)


def test_a_search_that_ran_out_of_time_says_so_with_its_gap_and_one_without_a_plan_does_not_say_that_there_is_none() -> None:
    late = first_page(replace(PLAN, stopped="time"))
    assert "The search reached its time limit: this is the best found by then." in late
    assert "by 3 % at most" in late
    open_ = first_page(replace(NO_PLAN, impossible=None, stopped="time"))
    assert "there may be one" in open_
    assert "There is no plan" not in open_
    ended = first_page(replace(NO_PLAN, impossible=None, stopped="interrupted"))
    assert "The search was interrupted before a plan was found; there may be one." in ended
    assert "the best found" not in ended


def test_a_plan_that_is_not_confirmed_is_never_shown_as_one_to_build_on() -> None:
    document = document_of(replace(PLAN, confirmed=False), beside())
    told = [one for one in document.blocks if isinstance(one, Paragraph) and "NOT CONFIRMED" in one.text]
    assert [one.tone for one in told] == ["bad"]


def test_an_aim_that_is_missed_is_told_in_words() -> None:
    missed = replace(PLAN, checks=(replace(PLAN.checks[0], met=False, reached=0.4), *PLAN.checks[1:]))
    assert "MISSED, with 40 % only" in first_page(missed)


def test_the_best_that_can_be_is_told_as_the_level_that_its_curve_shows() -> None:
    # a check of it says how far one thing is from its own best: 0.2 is no level of what must be kept running
    aim = BestAim(PLAN.curves[0].cut, (365.0,))
    best = replace(PLAN, goal=replace(PLAN.goal, aims=(aim,)), checks=(replace(PLAN.checks[2], aim=aim),))
    assert "as high as it can on day 365: reached, with 75 % (0 % today)." in first_page(best)
    assert "on day 365 – 75 % 0 % yes" in flat(page(best, Look(width=200)))
    elsewhere = replace(best, checks=(replace(PLAN.checks[2], aim=replace(aim, days=(400.0,))),))
    assert "as high as it can on day 400: reached. " in first_page(elsewhere)


def test_what_is_left_least_is_told_of_the_exact_day_and_beside_it_what_is_left_in_the_end() -> None:
    dip = replace(PLAN.curves[0], worst=(100.0, 0.1))
    said = first_page(replace(PLAN, curves=(dip, replace(PLAN.curves[1], worst=(0.0, 1.0)))))
    assert "What it does not survive: with everything foreign cut off, 10 % is left on day 100, at worst, and 75 %" in said
    assert "and 75 % on day 365. " in said
    hidden = replace(PLAN.curves[1], worst=(3.0, 0.0))
    assert "0 % is left on day 3, at worst, and 100 % on day 365" in first_page(replace(PLAN, curves=(hidden,)))


def test_what_is_committed_is_told_apart_from_what_is_still_to_be_paid() -> None:
    kept = replace(PLAN.steps[0], committed=True, cost_once=50000.0, start_date="2026-05-01")
    said = first_page(replace(PLAN, steps=(kept, PLAN.steps[1])))
    assert "for 2 steps: 50,000 EUR for what is committed, and for the rest 12,000 EUR once and 0 EUR a year" in said
    assert "The next step starts on 2028-01-01, the last one is ready on 2028-01-31" in said
    both = first_page(replace(PLAN, steps=(kept, replace(PLAN.steps[1], committed=True))))
    assert "for 2 steps, all of them committed." in both
    assert "Every step is begun or done, the last one is ready on 2028-01-31" in both


def test_a_candidate_without_a_cost_or_a_time_is_said_to_have_none() -> None:
    assert "states no time to build it" in first_page(PLAN)
    assert "no cost" not in first_page(PLAN)
    free = office().sources[2]
    assert free.id == "own-mail"
    blank = replace(office(), sources=tuple(
        replace(one, cost_once=None, cost_year=None) if one.id == "own-mail" else one for one in office().sources
    ))  # fmt: skip
    document = document_of(PLAN, context_of(blank, 0))
    told = " ".join(one.text for one in document.blocks if isinstance(one, Paragraph))
    assert "One step is a candidate of the stack, which states no time to build it: it counts as ready at once." in told
    assert "For one step it states no cost either: 0 is taken." in told


def test_what_is_paid_in_all_is_told_and_why_the_plan_s_cost_is_another_sum() -> None:
    shown = flat(page(PLAN))
    assert "In all 60,000 EUR is paid. The plan's cost, 61,650 EUR, is another sum: it counts running costs" in shown
    assert "later costs 3 % less a year" in shown
    same = flat(page(replace(PLAN, cost=60000.0)))
    assert "In all 60,000 EUR is paid." in same
    assert "another sum" not in same


def test_where_nothing_was_asked_no_share_of_futures_is_said_to_hold() -> None:
    most = replace(PLAN, goal=replace(PLAN.goal, aims=(), seek="reliance"), checks=(), confidence=Confidence(None, 1.0, 0, ()))
    said = first_page(most)
    assert "probability of" not in said
    assert "every aim" not in said
    assert "It takes for granted that every step works and is ready in time; with --reliance LEVEL" in said


def test_the_own_country_is_none_that_is_lost() -> None:
    aim = LossAim("country", 1, 0.5, (30.0,))
    assert aim_words(aim, office()).startswith("no loss of one country other than home brings")
    assert aim_words(aim, replace(office(), home=None)).startswith("no loss of one country brings")
    assert "no loss of 2 providers at once" in aim_words(LossAim("provider", 2, 0.5, (30.0,)), office())


def test_no_table_of_wagers_stands_where_there_is_no_plan() -> None:
    unsure = replace(NO_PLAN, impossible=Impossible("confidence", (), ()), confidence=PLAN.confidence)
    assert "What is sure, and what is a wager" not in page(unsure)


def test_a_gain_of_nothing_names_no_day() -> None:
    flat_ = replace(PLAN.curves[1], after=PLAN.curves[1].before)
    assert "nothing on the days shown" in page(replace(PLAN, curves=(flat_,)))


def test_what_is_proven_and_what_is_not_are_told_apart() -> None:
    assert "No plan can cost less: that is proven." in first_page(replace(PLAN, bound=PLAN.cost or 0.0))
    assert "How much less a plan could cost is not known yet." in first_page(replace(PLAN, bound=0.0))
    most = replace(PLAN, goal=replace(PLAN.goal, seek="reliance"))
    assert "No plan within the limits makes more self-reliant: that is proven." in first_page(most)
    assert "is not settled" in first_page(replace(most, stopped="time"))


def test_without_odds_the_page_says_that_success_is_taken_for_granted() -> None:
    assert "takes for granted that every step works" in first_page(replace(PLAN, confidence=None))


def test_a_plan_that_survives_everything_asked_says_so() -> None:
    whole = replace(PLAN, curves=(PLAN.curves[1],))
    assert "Under none of the cut-offs asked about is anything lost within 365 days." in first_page(whole)


# The tables


def test_every_part_of_a_plan_stands_on_its_page_by_name() -> None:
    shown = flat(page(PLAN, Look(width=400)))
    for one in (
        "Run our own mail 2027-01-01 2027-05-01 50,000 EUR", "aims 1, 2 miss without it", "helps together with others",
        "Taking at each turn the step that gains most for its cost would cost 70,000 EUR: 14 % more.",
        "quality of 'Mail' 100 % → 80 %", "MAPI (Run our own mail)", "mail server (Run our own mail)",
        "shared calendars (Run our own mail)", "62,000 EUR 2 more Stock of disks",
        "The last 5 points of self-reliance, up to 75 %, cost 11,650 EUR of 61,650 EUR.",
        "Run our own mail: 70 more points for 50,000 EUR", "budget 40,000 EUR no plan",
        "A mirror cost once, lead time", "Run our own mail no regret 90 % 90 %", "Stock of disks a wager 100 % 20 %",
        "Storage Big Cloud 100 % no way out is known",
    ):  # fmt: skip
        assert one in shown, one
    assert "own-mail" not in shown.replace("storage@big-cloud", "")


def test_the_page_is_the_same_in_every_face_and_csv_holds_the_steps_as_numbers() -> None:
    rows = list(csv.DictReader(io.StringIO(render(PLAN, "csv", beside()))))
    assert [(row["option"], row["start"], row["ready"], row["cost"], row["currency"]) for row in rows] == [
        ("own-mail", "2027-01-01", "2027-05-01", "50000", "EUR"), ("stock", "2028-01-01", "2028-01-31", "11650.5", "EUR"),
    ]  # fmt: skip
    html = render(PLAN, "html", beside())
    assert html.count("<svg") == 4
    assert 'class="building"' in html
    assert ".gantt svg" in html
    assert "Run our own mail: 2027-01-01 to 2027-05-01." in html


def test_a_page_without_a_chart_has_the_style_that_it_had() -> None:
    assert ".gantt" not in render(NOTHING, "html", beside())


def test_a_committed_step_is_told_apart() -> None:
    held = replace(PLAN, steps=(replace(PLAN.steps[0], committed=True), PLAN.steps[1]))
    assert "committed before" in flat(page(held))
    assert next(csv.DictReader(io.StringIO(render(held, "csv", beside()))))["committed"] == "yes"


@pytest.mark.parametrize("form", ["text", "html", "csv", "json"])
def test_hostile_names_do_nothing_in_any_face(form: str) -> None:
    options = {id_: replace(one, name=EVIL + id_, gives_up=(EVIL,)) for id_, one in PLAN.options.items()}
    bad = replace(PLAN, options=options, currency=EVIL, leased=(Leased("storage", (EVIL,), 0.0, 1.0, EVIL),))
    shown = render(bad, form, beside())
    assert not set(shown) & set("\x00\x1b\u202e\u200b\u2028")
    if form == "html":
        assert "<script" not in shown


@given(st.text(max_size=30), st.integers(20, 140))
def test_any_name_fits_any_width(name: str, width: int) -> None:
    bars = (GanttBar(name, 0.0, 10.0), GanttBar("other", 400.0, 9000.0), GanttBar("late", 800.0, 801.0))
    lines = gantt_lines(Gantt(730.0, ((0.0, "2027-01"), (365.0, "2028-01")), bars), width)
    assert len(lines) == 4
    shown = [text for text, _ in lines]
    assert all("█" in text for text in shown[1:])
    document = Document("t", (Gantt(730.0, ((0.0, "2027-01"),), bars),), Table((), ()))
    assert TextFace().render(document, Look(max(width, 40))).endswith("\n")


def test_a_bar_shows_building_then_being_there() -> None:
    lines = gantt_lines(Gantt(120.0, ((0.0, "a"), (60.0, "b")), (GanttBar("x" * 8, 30.0, 60.0), GanttBar("y", 60, 90))), 22)
    assert [text for text, _ in lines] == [
        "          a     b", "xxxxxxxx  ┊  ███──────", "y         ┊     ███───",
    ]  # fmt: skip


def test_what_was_ready_before_the_chart_begins_is_not_being_built() -> None:
    ((_, _), (text, _)) = gantt_lines(Gantt(120.0, ((0.0, "a"),), (GanttBar("x", -30.0, -5.0),)), 40)
    assert "█" not in text
    assert "─" in text
    done = replace(PLAN.steps[0], start=-30.0, ready=-5.0, committed=True)
    assert 'class="building"' not in render(replace(PLAN, steps=(done,)), "html", beside())


def test_the_chart_fits_a_narrow_page_with_its_names_above_their_bars() -> None:
    html = render(PLAN, "html", beside())
    drawing = html[html.index('<svg viewBox="0 0 560') :].split("</svg>")[0]
    for x, width in re.findall(r'<rect class="\w+" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawing):
        assert 0 <= float(x) < float(x) + float(width) <= 560
    names = re.findall(r'class="name" x="(\d+)"[^>]*>([^<]*)<', drawing)
    assert names == [("6", "Run our own mail"), ("6", "Stock of disks")]
    assert ".gantt svg{max-width:44rem;min-width:18rem}" in html


def test_the_chart_ends_on_the_plan_s_last_day() -> None:
    goal = replace(PLAN.goal, limits=replace(PLAN.goal.limits, by="2028-03-01"))
    (chart,) = [one for one in walk(document_of(replace(PLAN, goal=goal), beside()).blocks) if isinstance(one, Gantt)]
    assert chart.days == 425
    # a plan of under three years is marked by quarters: 1 April, 1 July, 1 October, 1 January
    assert [day for day, _ in chart.ticks] == [0, 90, 181, 273, 365]


def test_a_long_name_ends_with_a_whole_word() -> None:
    assert short("one two") == "one two"
    assert short("a b c d e f g h i, j, k l") == "a b c d e f g h i, j…"
    assert short("Boards with FT-2000/4 in stock for years, ordered before the listing") == (
        "Boards with FT-2000/4 in stock for years, ordered before…"
    )
    assert len(short("x" * 80)) == 60


def test_words_of_money_and_of_lists() -> None:
    assert money(1234567.0, "EUR") == "1,234,567 EUR"
    assert money(59.5) == "59.50"
    assert money(0) == "0"
    assert few(["a", "b", "c"], 3) == "a, b, c"
    assert few(["a", "b", "c"], 1) == "a and 2 more"


def test_a_plan_with_a_best_aim_shows_no_level_that_was_asked() -> None:
    aim = BestAim(Cutoff((Rule(country="US"),)), (30.0,))
    best = replace(PLAN, goal=Goal((aim,), PLAN.goal.limits), checks=(replace(PLAN.checks[0], aim=aim),))
    tables = [one for one in walk(document_of(best, beside()).blocks) if isinstance(one, Table)]
    checks = next(one for one in tables if one.columns[0].name == "number")
    assert checks.rows[0].cells[2] is None


def test_days_before_the_plan_and_after_its_end_are_drawn_at_its_edges() -> None:
    early = Step("own-mail", -40.0, 2000.0, "2026-11-22", "2032-06-01", 0.0, 0.0, committed=True)
    shown = page(replace(PLAN, steps=(early,)))
    line = next(one for one in shown.splitlines() if one.startswith("Run our own mail  █"))
    assert set(line.removeprefix("Run our own mail").strip()) == {"█"}
    assert re.search(r"2026-11-22 +2032-06-01", shown)


def test_a_chart_of_very_many_steps_shows_the_first_and_says_so() -> None:
    many = replace(PLAN, steps=tuple(replace(PLAN.steps[0], option="own-mail") for _ in range(218)))
    shown = page(many)
    assert "When the first 60 of 218 steps are built, from 2027-01-01 to 2028-12-31." in shown
    assert len([line for line in shown.splitlines() if line.startswith("Run our own mail  █")]) == 60
