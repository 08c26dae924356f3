"""Laws of the alert core, on drawn streams: it says what a naive reference says, and in the end everybody knows what is so."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from alert_desk import Desk, alert, routes, silence
from freehold.watch.alert import Alert
from freehold.watch.notification import fingerprint

ROUTING = routes(
    """group_by = ["item"]
    [[route.routes]]
    matchers = ['severity="red"']
    receiver = "phone"
    continue = true
    [[route.routes]]
    matchers = ['severity!="blue"']
    receiver = "chat"
    group_by = ["..."]
    group_wait = "0s"
    [[inhibit_rules]]
    source_matchers = ['severity="red"']
    target_matchers = ['severity=~"blue|orange"']
    equal = ["item"]
    """
)
KINDS = [(name, item, severity) for name in "AB" for item in ("gpu", "disk") for severity in ("red", "orange", "blue")]

kinds = st.sampled_from(KINDS)
actions = st.one_of(
    st.tuples(st.just("fire"), st.lists(kinds, min_size=1, max_size=4), st.sampled_from([math.inf, 90.0, 400.0])),
    st.tuples(st.just("end"), st.lists(kinds, min_size=1, max_size=4)),
    st.tuples(
        st.just("silence"),
        st.sampled_from(['alertname="A"', 'item=~"gp.*"', 'severity!="red"']),
        st.sampled_from([30.0, 200.0]),
    ),
    st.tuples(st.just("run"), st.sampled_from([3.0, 15.0, 61.0, 130.0, 700.0])),
)
mishaps = st.one_of(
    st.tuples(st.just("crash")),
    st.tuples(st.just("down"), st.sampled_from([1.0, 100.0, 5_000.0])),
    st.tuples(st.just("jump"), st.sampled_from([-4_000.0, -50.0, 60.0, 100_000.0])),
    st.tuples(st.just("deaf"), st.booleans()),
)


def made(kind: tuple[str, str, str], ends: float = math.inf) -> Alert:
    name, item, severity = kind
    return alert(name, 0.0, ends, item=item, severity=severity)


def fire(desk: Desk, some: list[tuple[str, str, str]], lives: float) -> None:
    desk.put(*(made(kind) for kind in some), resolve_after=lives)


def end(desk: Desk, some: list[tuple[str, str, str]]) -> None:
    desk.put(*(made(kind, ends=desk.wall) for kind in some))


@dataclass
class Naive:
    """What Alertmanager's documentation says, with the differences that ours states, as slowly as it can be said."""

    alerts: dict[str, list[object]] = field(default_factory=dict)
    silences: list[tuple[object, float, float]] = field(default_factory=list)
    groups: dict[object, dict[str, object]] = field(default_factory=dict)

    def put(self, one: Alert, now: float, lives: float) -> None:
        name = fingerprint(one.labels)
        ends = one.ends if one.ends < math.inf else now + lives
        old = self.alerts.get(name)
        if old is None:
            if ends <= now:
                return
            self.alerts[name] = [one, now, ends, lives < math.inf and one.ends == math.inf]
        else:
            _, starts, before, timeout = old
            start = min(one.ends, now)
            if starts < ends < before or starts < start < before:
                start = min(start, starts)
                if before > ends and ((ends <= now and before <= now) or (ends > now and not timeout)):
                    ends = before
            self.alerts[name] = [one, start, ends, lives < math.inf and one.ends == math.inf]
        if ends > now:
            labels = dict(one.labels)
            for route in ROUTING.route.taking(labels):
                shared = tuple(pair for pair in one.labels if route.group_by is None or pair[0] in route.group_by)
                group = self.groups.setdefault(
                    (route.key, shared),
                    {"route": route, "next": now + route.group_wait, "members": set(), "firing": set(), "open": set(),
                     "at": -math.inf, "turned": None, "emptied": None},
                )  # fmt: skip
                if not group["members"] and group["turned"] is not None:
                    group["next"] = max(group["turned"] + route.group_interval, now)
                group["members"].add(name)
                group["emptied"] = None

    def muted(self, name: str, now: float) -> bool:
        labels = dict(self.alerts[name][0].labels)
        if labels["severity"] in ("blue", "orange"):
            for one, _, ends, _ in self.alerts.values():
                source = dict(one.labels)
                if ends > now and source["severity"] == "red" and source["item"] == labels["item"]:
                    return True
        return any(
            all(each.accepts(labels.get(each.name, "")) for each in matchers) and starts <= now < ends
            for matchers, starts, ends in self.silences
        )

    def run(self, now: float, until: float) -> list[tuple[object, ...]]:
        found = []
        while self.groups:
            key = min(self.groups, key=lambda one: self.groups[one]["next"])
            group = self.groups[key]
            at = max(group["next"], now)
            if at > until:
                break
            if not group["members"] and at - group["emptied"] >= 30:
                del self.groups[key]
                continue
            route = group["route"]
            ended = {name for name in group["members"] if self.alerts[name][2] <= at}
            firing = {name for name in group["members"] - ended if not self.muted(name, at)}
            said = ended & group["open"]
            if said or not firing <= group["firing"] or (firing and at - group["at"] >= route.repeat_interval):
                found.append((at, route.receiver, frozenset(firing), frozenset(said)))
                group.update(firing=firing, open=(group["open"] - said) | firing, at=at)
            group["members"] -= ended
            for name in ended:
                if not any(name in one["members"] for one in self.groups.values()):
                    del self.alerts[name]
            group["turned"] = at
            group["next"] = at + route.group_interval
            if not group["members"]:
                group["emptied"] = at if group["emptied"] is None else group["emptied"]
                group["next"] = min(group["next"], group["emptied"] + 30)
        return found


def said(desk: Desk, number: int) -> list[tuple[object, ...]]:
    return sorted(
        (
            one.at, one.receiver, sorted(fingerprint(each.labels) for each in one.firing),
            sorted(fingerprint(each.labels) for each in one.resolved),
        )
        for _, one in desk.told[number:]
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(actions, max_size=25))
def test_the_core_says_what_a_naive_reference_says(stream: list[tuple[object, ...]]) -> None:
    desk, naive = Desk(ROUTING), Naive()
    for step in [*stream, ("run", 2_000.0)]:
        if step[0] == "fire":
            fire(desk, step[1], step[2])
            for kind in step[1]:
                naive.put(made(kind), desk.now, step[2])
        elif step[0] == "end":
            end(desk, step[1])
            for kind in step[1]:
                naive.put(made(kind, ends=desk.now), desk.now, math.inf)
        elif step[0] == "silence":
            one = silence(step[1], desk.now, desk.now + step[2])
            desk.core.silence(one, desk.now)
            naive.silences.append((one.matchers, one.starts, one.ends))
        else:
            before = len(desk.told)
            expected = naive.run(desk.now, desk.now + step[1])
            desk.run(step[1])
            assert said(desk, before) == sorted((at, who, sorted(a), sorted(b)) for at, who, a, b in expected)
    desk.store.close()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(actions, mishaps), max_size=25))
def test_whatever_happens_in_the_end_everybody_knows_what_is_so_and_nothing_is_said_twice(
    stream: list[tuple[object, ...]],
) -> None:
    with TemporaryDirectory() as folder:
        desk = Desk(ROUTING, Path(folder) / "alerts.db")
        for step in stream:
            if step[0] == "fire":
                fire(desk, step[1], step[2])
            elif step[0] == "end":
                end(desk, step[1])
            elif step[0] == "silence":
                desk.core.silence(silence(step[1], desk.wall, desk.wall + step[2]), desk.wall)
            elif step[0] == "run":
                desk.run(step[1])
            elif step[0] in ("crash", "down"):
                desk.core.commit()
                desk.crash()
                desk.now += step[1] if step[0] == "down" else 0.0
                desk.start()
            elif step[0] == "jump":
                desk.skew += step[1]
            else:
                desk.tells = step[1]
        desk.tells = True
        # time enough for all silences and time-outs to end, and for every group to have its turns
        desk.run(1_000)
        firing = {one.fingerprint: one for one in desk.core.statuses(desk.wall)}
        known: dict[tuple[str, str], str] = {}
        for _, one in desk.told:
            assert one.alerts
            known.update({(one.receiver, fingerprint(each.labels)): "fires" for each in one.firing})
            known.update({(one.receiver, fingerprint(each.labels)): "ended" for each in one.resolved})
        assert all(name in firing for (_, name), state in known.items() if state == "fires")
        for name, status in firing.items():
            if not status.inhibited_by:
                assert all(known[receiver, name] == "fires" for receiver in status.receivers)
        # once all is said, nothing more is said before it is time to repeat
        last = len(desk.told)
        desk.run(100)
        assert all(one.alerts and not one.resolved for _, one in desk.told[last:])
        desk.store.close()
