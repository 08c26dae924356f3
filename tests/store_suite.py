"""The laws that every store keeps. The test file of a store takes the class, and says how one is opened."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.errors import FreeholdError, StoreError, UnknownId, UsageError
from freehold.stack.changes import ColumnChange, RowChange
from freehold.stack.values import UNKNOWN, Claim, Item, Need, Owner, Provider, Source, Stack
from freehold.store.encoding import content_hash
from freehold.store.interface import WORKSPACE, Authorship, Store
from strategies import repeatable, stacks

__all__ = ["CLINIC", "Hand", "StoreSuite", "full_stacks"]

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


CLINIC = Stack(
    "Clinic", "DE", ("EU",), "2026-01-31",
    items=(Item("assistant", kind="application", mission=1.0), Item("llm", kind="model")),
    providers=(Provider("acme", "Acme", "DE", (Owner("acme-corp", 0.6), Owner("self"))), Provider("acme-corp", country="US")),
    sources=(Source("assistant@self", "assistant", "self"), Source("llm@acme", "llm", "acme", location=("DE", "?"))),
    needs=(Need("assistant@self", "llm", survive=90.0),),
    claims=(Claim("providers", "acme", "country", "DE", "register", "2026-01-01", 0.9),),
)  # fmt: skip

texts = st.text(st.characters(), max_size=12)
numbers: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.just(UNKNOWN), st.just(math.inf), st.integers(0, 10), st.floats(0, 1e15, allow_subnormal=True)
)
lists: st.SearchStrategy[Any] = st.one_of(st.none(), st.just(UNKNOWN), st.lists(texts, max_size=3).map(tuple))


@st.composite
def full_stacks(draw: st.DrawFn) -> Stack:
    """A stack in which any cell may be blank, unknown, endless, or any text there is; rows may stand twice."""
    stack = draw(stacks(most=4))
    old_item, old_source = stack.items[0], stack.sources[0] if stack.sources else Source("s", stack.items[0].id)
    some: Any = st.one_of(st.none(), st.just(UNKNOWN), texts)
    blank = st.one_of(st.none(), texts)
    part = st.one_of(st.none(), st.floats(0, 1))
    owners = st.one_of(st.none(), st.just(UNKNOWN), st.lists(st.builds(Owner, texts, part), max_size=2).map(tuple))
    flag: Any = st.sampled_from([None, True, False, UNKNOWN])
    item = draw(st.builds(Item, texts, blank, some, numbers, flag, lists))
    provider = draw(st.builds(Provider, texts, blank, some, owners, some, blank, blank, numbers))
    source = replace(old_source, id=draw(texts), licence=draw(some), location=draw(lists), recover=draw(numbers))
    need = draw(st.builds(Need, st.just(old_source.id), st.just(old_item.id), blank, part, numbers, numbers, numbers))
    claims = draw(st.lists(st.builds(Claim, texts, texts, texts, texts, texts, blank, part), max_size=3))
    return Stack(
        draw(texts), draw(blank), draw(st.lists(texts, max_size=2).map(tuple)), draw(blank), (*stack.items, item),
        (provider, *stack.providers), (*stack.sources, source), (*stack.needs, need, need), (*claims, *claims),
    )  # fmt: skip


def rows_of(stack: Stack) -> dict[tuple[str, str], list[object]]:
    """Rows by table and id, for tables whose rows have one."""
    found: dict[tuple[str, str], list[object]] = {}
    for table in ("items", "providers", "sources"):
        for value in getattr(stack, table):
            found.setdefault((table, value.id), []).append(value)
    return found


class StoreSuite:
    """The laws. A subclass gives :meth:`fresh`: a way to open one new, empty store as often as is asked."""

    def fresh(self) -> AbstractContextManager[Callable[..., Store]]:
        """Give a function that opens the same store each time; it takes ``clock`` and ``most_bytes``."""
        raise AssertionError("say how a store is opened")

    @repeatable(60)
    @given(stack=full_stacks())
    def test_a_stack_comes_back_exactly_as_it_was_stored(self, stack: Stack) -> None:
        with self.fresh() as opened:
            with opened() as store:
                stored = store.put(WORKSPACE, "one", stack)
            with opened() as store:
                back = store.get(WORKSPACE, "one")
                assert back == stack
                assert content_hash(back) == stored.revision.digest == content_hash(stack)

    def test_a_blank_an_unknown_and_an_endless_number_stay_what_they_are(self) -> None:
        item = Item("a", mission=UNKNOWN, whole=False, tags=())
        source = Source("s", "a", licence="?", provider=UNKNOWN, location=("?",), recover=math.inf, capacity=0.1 + 0.2)
        with self.fresh() as opened, opened() as store:
            store.put(WORKSPACE, "one", Stack(items=(item,), sources=(source,)))
            back = store.get(WORKSPACE, "one")
        assert back.items[0].mission is UNKNOWN
        assert back.items[0].whole is False
        assert back.items[0].tags == ()
        assert back.items[0].kind is None
        assert back.sources[0].licence == "?"
        assert back.sources[0].provider is UNKNOWN
        assert back.sources[0].location == ("?",)
        assert back.sources[0].recover == math.inf
        assert back.sources[0].capacity == 0.30000000000000004

    def test_the_same_content_makes_no_new_revision(self) -> None:
        with self.fresh() as opened, opened() as store:
            first = store.put(WORKSPACE, "one", CLINIC)
            again = store.put(
                WORKSPACE, "one", replace(CLINIC, items=tuple(replace(one) for one in CLINIC.items), path="elsewhere")
            )
            other = store.put(WORKSPACE, "one", replace(CLINIC, home="FR"))
        assert (first.is_new, again.is_new, other.is_new) == (True, False, True)
        assert again.revision == first.revision
        assert [one.revision.number for one in (first, again, other)] == [1, 1, 2]

    @repeatable(25)
    @given(data=st.data())
    def test_any_earlier_state_can_be_had_whatever_was_put_and_undone(self, data: st.DataObject) -> None:
        with self.fresh() as opened, opened() as store:
            states: list[Stack] = []
            for _ in range(data.draw(st.integers(1, 7))):
                if len(states) > 1 and data.draw(st.booleans()):
                    store.undo(WORKSPACE, "one")
                    states.append(states[-2])
                else:
                    stack = data.draw(st.sampled_from(states) if states and data.draw(st.booleans()) else full_stacks())
                    if store.put(WORKSPACE, "one", stack).is_new:
                        states.append(stack)
                    assert states[-1] == stack
            assert [store.get(WORKSPACE, "one", number) for number in range(1, len(states) + 1)] == states
            assert store.get(WORKSPACE, "one") == states[-1]
            assert [change.revision.number for change in store.history(WORKSPACE, "one")] == list(range(1, len(states) + 1))

    def test_undo_gives_the_state_before_and_undo_of_undo_the_one_after(self) -> None:
        changed = replace(CLINIC, home="FR")
        with self.fresh() as opened, opened() as store:
            store.put(WORKSPACE, "one", CLINIC)
            store.put(WORKSPACE, "one", changed)
            back = store.undo(WORKSPACE, "one", Authorship("ann", "too soon"))
            assert (back.number, back.takes_back, back.by, back.note) == (3, 2, "ann", "too soon")
            assert store.get(WORKSPACE, "one") == CLINIC
            again = store.undo(WORKSPACE, "one")
            assert (again.number, again.takes_back) == (4, 3)
            assert store.get(WORKSPACE, "one") == changed
            assert [store.get(WORKSPACE, "one", number) for number in (1, 2, 3)] == [CLINIC, changed, CLINIC]

    def test_a_first_revision_has_nothing_to_undo(self) -> None:
        with self.fresh() as opened, opened() as store:
            store.put(WORKSPACE, "one", CLINIC)
            with pytest.raises(UsageError, match="nothing to undo"):
                store.undo(WORKSPACE, "one")
            assert store.revision(WORKSPACE, "one").number == 1

    def test_the_state_of_a_moment_is_the_last_one_stored_by_then(self) -> None:
        states = [replace(CLINIC, home=home) for home in ("DE", "FR", "NL")]
        clock = Hand()
        with self.fresh() as opened, opened(clock=clock) as store:
            made = []
            for hours, state in enumerate(states):
                clock.now = START + timedelta(hours=hours)
                made.append(store.put(WORKSPACE, "one", state).revision.made_at)
            assert made == ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z", "2026-03-01T14:00:00Z"]
            assert store.get(WORKSPACE, "one", START) == states[0]
            assert store.get(WORKSPACE, "one", START + timedelta(minutes=119)) == states[1]
            assert store.get(WORKSPACE, "one", START + timedelta(days=900)) == states[2]
            with pytest.raises(UsageError, match="the first of 2026-03-01T12:00:00Z"):
                store.get(WORKSPACE, "one", START - timedelta(seconds=1))

    def test_history_says_what_changed_when_and_by_whom(self) -> None:
        after = replace(
            CLINIC,
            home="FR",
            items=(replace(CLINIC.items[1], kind=UNKNOWN), Item("disk")),
            needs=(replace(CLINIC.needs[0], survive=math.inf),),
            claims=(),
        )
        clock = Hand()
        with self.fresh() as opened, opened(clock=clock) as store:
            store.put(WORKSPACE, "one", CLINIC, Authorship("ann"))
            clock.now = START + timedelta(hours=1)
            store.put(WORKSPACE, "one", after, Authorship("bob", "moved"))
            first, second = store.history(WORKSPACE, "one")
            assert store.history(WORKSPACE, "one", 2) == (second,)
            assert store.history(WORKSPACE, "one", 1) == (first,)
        assert first.rows == ()
        assert (first.revision.by, second.revision.by, second.revision.note) == ("ann", "bob", "moved")
        assert second.revision.made_at == "2026-03-01T13:00:00Z"
        assert second.revision.rows == {"items": 2, "providers": 2, "sources": 2, "needs": 1, "claims": 0}
        assert second.rows == (
            RowChange("stack", "Clinic", "changed", (ColumnChange("home", "DE", "FR"),)),
            RowChange("items", "llm", "changed", (ColumnChange("kind", "model", "?"),)),
            RowChange("items", "disk", "added"),
            RowChange("items", "assistant", "removed"),
            RowChange("needs", "assistant@self > llm", "changed", (ColumnChange("survive", "90d", "forever"),)),
            RowChange("claims", "providers acme country", "removed"),
        )

    def test_rows_that_only_stand_in_another_order_are_told_as_that(self) -> None:
        with self.fresh() as opened, opened() as store:
            store.put(WORKSPACE, "one", CLINIC)
            assert store.put(WORKSPACE, "one", replace(CLINIC, items=CLINIC.items[::-1])).is_new
            assert [(change.rows, change.reordered) for change in store.history(WORKSPACE, "one")] == [((), False), ((), True)]

    @repeatable(40)
    @given(before=stacks(most=6), after=stacks(most=6))
    def test_rows_that_came_went_and_changed_are_those_that_did(self, before: Stack, after: Stack) -> None:
        with self.fresh() as opened, opened() as store:
            store.put(WORKSPACE, "one", before)
            store.put(WORKSPACE, "one", after)
            change = store.history(WORKSPACE, "one")[-1]
        old, new = rows_of(before), rows_of(after)
        told = {(row.table, row.id): row.change for row in change.rows if row.table in ("items", "providers", "sources")}
        expected = {key: "added" for key in new if key not in old} | {key: "removed" for key in old if key not in new}
        expected |= {key: "changed" for key in new if key in old and new[key] != old[key]}
        assert told == expected

    def test_a_change_costs_what_it_changes_and_not_the_whole_stack(self) -> None:
        items = tuple(Item(f"item-{number}", name=f"The item with the number {number}") for number in range(5000))
        with self.fresh() as opened, opened() as store:
            store.put(WORKSPACE, "one", Stack("large", items=items))
            store.put(WORKSPACE, "one", Stack("large", items=(*items[:2500], Item("new"), *items[2501:])))
            change = store.history(WORKSPACE, "one", 2)[0]
            assert [(row.id, row.change) for row in change.rows] == [("new", "added"), ("item-2500", "removed")]
            assert self.bytes_of_last_revision() < 20_000

    def bytes_of_last_revision(self) -> int:
        """How much the newest revision added to what was stored."""
        raise AssertionError("say how that is measured")

    def test_workspaces_know_nothing_of_each_other(self) -> None:
        with self.fresh() as opened, opened() as store:
            store.put("a", "one", CLINIC)
            store.put("b", "two", replace(CLINIC, home="FR"))
            store.keep_answer("a", "key", "of a")
            store.record("a", "seen", "x")
            assert (store.stacks("a"), store.stacks("b"), store.stacks("c")) == (("one",), ("two",), ())
            assert store.answer("b", "key") is None
            with pytest.raises(UnknownId):
                store.get("b", "one")
            assert [(event.number, event.kind) for event in store.events("a")] == [(1, "stack.put"), (2, "seen")]
            assert [(event.number, event.kind) for event in store.events("b")] == [(1, "stack.put")]

    def test_events_are_numbered_and_given_from_any_of_them_on(self) -> None:
        with self.fresh() as opened:
            with opened(clock=Hand()) as store:
                made = [store.record(WORKSPACE, "signal", f"host {number}", "ann", f'{{"n":{number}}}') for number in range(5)]
                store.put(WORKSPACE, "one", CLINIC)
                store.put(WORKSPACE, "one", CLINIC)
            with opened() as store:
                told = store.events(WORKSPACE)
                assert told[:5] == tuple(made)
                assert [event.number for event in told] == [1, 2, 3, 4, 5, 6]
                assert told[5].kind == "stack.put"
                assert store.events(WORKSPACE, after=3, most=2) == told[3:5]

    @pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00b", "\ud800", "x" * 201])
    def test_a_name_that_is_none_is_refused(self, name: str) -> None:
        with self.fresh() as opened, opened() as store:
            with pytest.raises(UsageError):
                store.put(WORKSPACE, name, CLINIC)
            assert store.stacks(WORKSPACE) == ()
            assert store.events(WORKSPACE) == ()

    @pytest.mark.parametrize("authorship", [Authorship("a\x1bb"), Authorship("ann", "a\nb"), Authorship("x" * 2001)])
    def test_an_author_or_a_note_that_cannot_be_shown_is_refused(self, authorship: Authorship) -> None:
        with self.fresh() as opened, opened() as store:
            with pytest.raises(UsageError):
                store.put(WORKSPACE, "one", CLINIC, authorship)
            assert store.stacks(WORKSPACE) == ()

    def test_a_number_that_is_none_is_refused(self) -> None:
        with self.fresh() as opened, opened() as store, pytest.raises(StoreError, match="a number that is none"):
            store.put(WORKSPACE, "one", Stack(items=(Item("a", mission=math.nan),)))

    @pytest.mark.parametrize("at", [0, -1, 2, 10**30])
    def test_a_revision_that_is_not_there_is_told(self, at: int) -> None:
        with self.fresh() as opened, opened() as store:
            store.put(WORKSPACE, "one", CLINIC)
            with pytest.raises(UsageError, match="no revision"):
                store.get(WORKSPACE, "one", at)

    def test_a_stack_that_is_not_there_is_told_with_the_nearest(self) -> None:
        with self.fresh() as opened, opened() as store:
            store.put(WORKSPACE, "clinic", CLINIC)
            for ask in (store.get, store.revision, store.history, store.undo):
                with pytest.raises(UnknownId, match="'clinic'"):
                    ask(WORKSPACE, "clinik")

    def test_an_answer_is_kept_and_replaced(self) -> None:
        with self.fresh() as opened:
            with opened() as store:
                assert store.answer(WORKSPACE, "key") is None
                store.keep_answer(WORKSPACE, "key", "first")
                store.keep_answer(WORKSPACE, "key", "second €")
            with opened() as store:
                assert store.answer(WORKSPACE, "key") == "second €"

    def test_answers_used_longest_ago_make_room(self) -> None:
        # digits of a fixed sequence pack to somewhat over 400 bytes a thousand, so that two of three fit
        answers = ["".join(str(pow(3, number, 10**9 + seed)) for number in range(120)) for seed in (7, 9, 21)]
        with self.fresh() as opened, opened(most_bytes=1300) as store:
            store.keep_answer(WORKSPACE, "a", answers[0])
            store.keep_answer(WORKSPACE, "b", answers[1])
            assert store.answer(WORKSPACE, "a") == answers[0]
            store.keep_answer(WORKSPACE, "c", answers[2])
            kept = {key: store.answer(WORKSPACE, key) is not None for key in "abc"}
            assert kept == {"a": True, "b": False, "c": True}

    def test_an_answer_that_is_too_large_by_itself_is_not_kept_and_takes_no_room(self) -> None:
        with self.fresh() as opened, opened(most_bytes=300) as store:
            store.keep_answer(WORKSPACE, "small", "small")
            store.keep_answer(WORKSPACE, "large", "".join(str(pow(3, number, 10**9 + 7)) for number in range(500)))
            assert store.answer(WORKSPACE, "large") is None
            assert store.answer(WORKSPACE, "small") == "small"

    def test_what_fails_leaves_all_as_it_was(self) -> None:
        with self.fresh() as opened, opened() as store:
            store.put(WORKSPACE, "one", CLINIC)
            with pytest.raises(FreeholdError):
                store.put(WORKSPACE, "one", replace(CLINIC, home="FR"), Authorship("a\nb"))
            assert store.revision(WORKSPACE, "one").number == 1
            assert len(store.events(WORKSPACE)) == 1
