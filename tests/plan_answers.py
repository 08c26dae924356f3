"""Plans that the report's tests show, made by hand: a whole one, one that there is none of, one that needs nothing."""

from __future__ import annotations

from dataclasses import replace

from freehold.measure.assess import foreign_cutoff
from freehold.measure.mission import Interval
from freehold.measure.why import why
from freehold.plan.earlier_plan import EarlierPlan, EarlierStep
from freehold.plan.follow import Followed, changes_between
from freehold.plan.goal_values import BestAim, Goal, LevelAim, Limits, LossAim, ShareAim
from freehold.plan.option_values import Activate, Cover, MoreCapacity, NewQuality, Option, Reference, Sooner, Spare
from freehold.plan.plan_values import (
    Alternative,
    Check,
    Confidence,
    Curve,
    FrontierPoint,
    Impossible,
    Leased,
    PlanAnswer,
    Price,
    Sensitivity,
    Step,
    Year,
)
from freehold.plan.step_reason import Kept, Missed, StepReason
from freehold.plan.work_state import StepState
from freehold.report.answers import Context, context_of
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.toml_file import loads
from freehold.stack.values import Stack

__all__ = ["DAYS", "NOTHING", "NO_PLAN", "OFFICE", "PLAN", "office"]

OFFICE = """
[stack]
name = "Town office"
home = "DE"
trusted = ["EU"]
as_of = "2026-11-22"

[[provider]]
id = "big-cloud"
name = "Big Cloud"
country = "US"
[[provider]]
id = "house"
name = "Municipal Computing"
country = "DE"

[[item]]
id = "case-files"
name = "Case files"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["mail", "storage"]
[[item]]
id = "mail"
name = "Mail"
  [[item.source]]
  provider = "big-cloud"
  [[item.source]]
  id = "own-mail"
  provider = "house"
  status = "candidate"
  cost_once = 40000
  cost_year = 5000
  currency = "EUR"
[[item]]
id = "storage"
name = "Storage"
  [[item.source]]
  id = "storage@big-cloud"
  provider = "big-cloud"
"""

DAYS = (0.0, 30.0, 365.0)
_FOREIGN = foreign_cutoff()
_US = Cutoff((Rule(country="US"),), "US stop")
_LIMITS = Limits("2027-01-01", years=2, budget=150000.0, budget_years=(90000.0, 60000.0), discount=0.03)
_AIMS = (
    LevelAim(_FOREIGN, 0.7, (365.0,)),
    LevelAim(_US, 0.9, (0.0, 30.0), target="mail", throughout=True),
    BestAim(_US, (30.0,)),
    ShareAim("face_value", 0.5, item="mail"),
    LossAim("provider", 2, 0.5, (30.0,)),
)
_OPTIONS = {
    "own-mail": Option(
        "own-mail", (Activate("own-mail"), Sooner("own-mail", 3.0)), "Run our own mail", cost_once=40000.0, cost_year=5000.0,
        currency="EUR", lead=120.0, standards_left=("MAPI",), forks=("mail server",), gives_up=("shared calendars",),
        success=0.9, reference=Reference("Tender 12", "Town"), origin="stack",
    ),
    "stock": Option(
        "stock", (Cover("case-files@self", "storage", 400.0), Spare("case-files@self", "mail", 0.2)), "Stock of disks",
        cost_once=12000.0, cost_year=0.0, currency="EUR", lead=30.0, requires=("own-mail",),
    ),
    "more": Option(
        "more", (MoreCapacity("own-mail", 0.8), NewQuality("own-mail", 0.9)), cost_once=1.0, cost_year=0.0, currency="EUR",
        lead=1.0,
    ),
}  # fmt: skip


def office() -> Stack:
    """The stack that the plans are of."""
    return loads(OFFICE, "office.toml")


def _plan() -> PlanAnswer:
    steps = (
        Step("own-mail", 0.0, 120.0, "2027-01-01", "2027-05-01", 40000.0, 50000.0, breaks=(0, 1)),
        Step("stock", 365.0, 395.0, "2028-01-01", "2028-01-31", 12000.0, 11650.5, breaks=()),
    )
    checks = tuple(
        Check(aim, True, reached, before)
        for aim, reached, before in zip(_AIMS, (0.75, 0.9, 0.8, 0.6, 0.5), (0.0, 0.1, 0.2, 0.0, 0.0), strict=True)
    )
    return PlanAnswer(
        goal=Goal(_AIMS, _LIMITS, reliance_days=DAYS),
        options=_OPTIONS,
        unjudged=(Option("mirror", (Activate("own-mail"),), "A mirror", cost_once=None, cost_year=1.0, lead=None),),
        steps=steps,
        cost=61650.5,
        bound=60000.0,
        currency="EUR",
        greedy=70000.0,
        years=(
            Year(1, "2028-01-01", 43000.0, ("own-mail",), 0.4, 0.5),
            Year(2, "2028-12-31", 17000.0, ("own-mail", "stock"), 0.75, 0.8),
        ),
        curves=(
            Curve(_FOREIGN, DAYS, Interval((0.0, 0.0, 0.0), (0.1, 0.0, 0.0)), Interval((1.0, 0.9, 0.75), (1.0, 1.0, 0.8))),
            Curve(_US, DAYS, Interval((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), Interval((1.0, 1.0, 1.0), (1.0, 1.0, 1.0))),
        ),
        checks=checks,
        leased=(Leased("storage", ("big-cloud",), 1.0, 1.0, "no way out is known"),),
        price=Price(
            52000.0, 5000.0, 395.0, (("mail", 1.0, 0.8),), (("own-mail", "MAPI"),), (("own-mail", "mail server"),),
            (("own-mail", "shared calendars"),),
        ),
        confirmed=True,
        impossible=None,
        stopped=None,
        planned=office(),
        alternatives=(Alternative(("more", "own-mail"), 62000.0, 2),),
        always=("own-mail",),
        confidence=Confidence(0.9, 0.93, 500, (("own-mail", 0.9), ("stock", 0.2)), 0.905, 0.95),
        frontier=(
            FrontierPoint(0.0, 0.0, 0.0, (), "own-mail", ("own-mail",), 0.7, 50000.0),
            FrontierPoint(50000.0, 50000.0, 0.7, ("own-mail",), "stock", ("stock",), 0.05, 11650.5),
            FrontierPoint(61650.5, 60000.0, 0.75, ("own-mail", "stock"), None),
        ),
        sensitivity=(Sensitivity("budget", "40,000 EUR", None, 0.0), Sensitivity("by", "2029-12-31", 60000.0, 0.75)),
    )  # fmt: skip


PLAN = _plan()
"""A plan of two steps with everything that can be said of one."""

NO_PLAN = replace(
    PLAN, steps=(), cost=None, bound=0.0, greedy=None, years=(), checks=(), leased=(), price=None, confirmed=False,
    impossible=Impossible("options", (0,), (0.6,), (("storage",), ("mirror",))), alternatives=(), always=None,
    confidence=None, frontier=(), sensitivity=(),
)  # fmt: skip
"""There is none, with the best that can be."""

NOTHING = replace(
    PLAN, steps=(), cost=0.0, bound=0.0, greedy=0.0, years=(Year(1, "2028-01-01", 0.0, (), 0.75, 0.8),), leased=(),
    price=Price(0.0, 0.0, 0.0, (), (), (), ()), alternatives=(), always=None, confidence=None, frontier=(), sensitivity=(),
    unjudged=(),
)  # fmt: skip
"""All holds already."""


def plan_answers() -> dict[str, tuple[object, Context]]:
    """One answer for each verb, with what stands beside it."""
    stack = office()
    chain = why(stack, "mail", _FOREIGN, 30.0).steps
    missed, kept = Missed(0, 0.75, 0.2, 0.0, "mail", chain), Kept(_US, "own-mail", "mail", 30.0, chain)
    reason = StepReason(
        _OPTIONS["own-mail"], True, "needed", PLAN, (missed,), (), (kept,), None, None, 0.75, 0.2,
    )  # fmt: skip
    old = (
        EarlierStep("own-mail", "Mail", "2027-01-01", "2027-04-01", 5.0),
        EarlierStep("gone", "", "2027-01-01", "2027-01-02", 1),
    )
    earlier = EarlierPlan("plan.json", 70000.0, "EUR", {one.option: one for one in old})
    state = (StepState("own-mail", "late", 0.0, 120.0, 50000.0), StepState("gone", "dropped"))
    followed = Followed(PLAN, state, ("more",), earlier, changes_between(earlier, PLAN))
    beside = context_of(stack, 0, edition="2026-11-22", cutoff=_FOREIGN)
    return {"plan": (PLAN, beside), "plan why": (reason, beside), "plan follow": (followed, beside)}
