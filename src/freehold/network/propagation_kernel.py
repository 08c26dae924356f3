"""Failure spread by counters: what falls when some nodes are lost. Owns the walk; plain Python or the same text compiled.

Every need has room for so many members to fall and falls with the next. A need without room takes its node with the first
member, and no counter is read for it. Nothing is cleared between two questions: what a question writes carries its
number, and whatever carries a smaller one counts as never written.
"""

from __future__ import annotations

from typing import Any

from freehold.network.acceleration import accelerate

__all__ = ["cascades", "fails", "fall", "fall_many", "group", "minimal_cut", "minimal_support", "support"]

_WIDE = 32


@accelerate
def group(keys: Any, values: Any, place: Any, grouped: Any) -> None:
    """Put values in order of their keys, keeping their order otherwise.

    Parameters
    ----------
    keys, values : (e,)
        Entries with a negative key are left out.
    place : (k,)
        Where each key's values begin; moved to where they end.
    grouped : (e,)
        Filled.
    """
    for entry in range(len(keys)):
        key = keys[entry]
        if key >= 0:
            grouped[place[key]] = values[entry]
            place[key] += 1


@accelerate
def _pull(users: Any, room: Any, question: int, at: int, count: int) -> int:
    """Take down what rests on the node at one place of the queue; how long the queue is then."""
    node = room.queue[at]
    base = question << _WIDE
    for place in range(users.start[node], users.start[node + 1]):
        user = users.user[place]
        if user < 0:
            need = -1 - user
            tally = max(room.tally[need], base) + 1
            room.tally[need] = tally
            if tally - base != users.slack[need]:
                continue
            user = users.owner[need]
        if room.stamp[user] < question:
            room.stamp[user] = question
            room.queue[count] = user
            count += 1
    return count


@accelerate
def fall(users: Any, room: Any, nodes: Any, first: int, last: int, question: int) -> int:
    """Lose ``nodes[first:last]`` and all that falls with them.

    Parameters
    ----------
    users
        See :class:`freehold.network.propagation.Users`.
    room
        See :class:`freehold.network.propagation.Room`; ``queue`` then holds what fell, the lost ones first.
    question
        A number larger than any that this room was asked with before.

    Returns
    -------
    int
        How many nodes fell; ``room.sizes[0]`` says how many of them were lost themselves.
    """
    count = 0
    for place in range(first, last):
        node = nodes[place]
        if room.stamp[node] < question:
            room.stamp[node] = question
            room.queue[count] = node
            count += 1
    room.sizes[0] = count
    at = 0
    while at < count:
        count = _pull(users, room, question, at, count)
        at += 1
    return count


@accelerate
def fall_many(
    users: Any, room: Any, start: Any, nodes: Any, low: int, high: int, step: int, counted: Any, weight: Any, columns: int,
    taken: Any, lost: Any,
) -> None:  # fmt: skip
    """Lose sets ``low``, ``low + step``, … up to ``high``, each from the standing state, and count.

    Parameters
    ----------
    start, nodes
        The sets, in rows.
    counted : (n,)
        Whether a node counts.
    weight : (n · columns,)
        Weights, whole numbers.
    taken : (sets,)
        Filled with the number of counted nodes that fell and were not lost themselves.
    lost : (sets · columns,)
        Filled with the weight of all that fell.
    """
    for number in range(low, high, step):
        count = fall(users, room, nodes, start[number], start[number + 1], number + 1)
        total = 0
        for place in range(room.sizes[0], count):
            total += counted[room.queue[place]]
        taken[number] = total
        for column in range(columns):
            total = 0
            for place in range(count):
                total += weight[room.queue[place] * columns + column]
            lost[number * columns + column] = total


@accelerate
def cascades(users: Any, room: Any, start: Any, nodes: Any, numbers: Any, most: int, sizes: Any) -> int:
    """How large the cascades of some sets are, until ``most`` nodes have fallen in all; how many sets were tried."""
    tried, fallen = 0, 0
    while tried < len(numbers) and fallen <= most:
        number = numbers[tried]
        sizes[tried] = fall(users, room, nodes, start[number], start[number + 1], tried + 1)
        fallen += sizes[tried]
        tried += 1
    return tried


@accelerate
def fails(users: Any, room: Any, top: Any, lost: Any, first: int, last: int, question: int) -> bool:
    """Whether events ``lost[first:last]`` together take the top down; negative numbers are no events.

    Parameters
    ----------
    top
        See :class:`freehold.network.oracle.Judged`.
    """
    count, gone = 0, 0
    for place in range(first, last):
        event = lost[place]
        if event < 0:
            continue
        for at in range(top.event_start[event], top.event_start[event + 1]):
            node = top.event_node[at]
            if room.stamp[node] < question:
                room.stamp[node] = question
                room.queue[count] = node
                count += 1
    at = 0
    weighed = 0
    while True:
        while weighed < count:
            gone += top.weight[room.queue[weighed]]
            weighed += 1
        if gone > top.spare[0]:
            return True
        if at == count:
            return False
        count = _pull(users, room, question, at, count)
        at += 1


@accelerate
def minimal_cut(users: Any, room: Any, top: Any, lost: Any, size: int, question: int) -> int:
    """Drop events from a set that fails as long as it does, first ones first; dropped ones become negative.

    Returns
    -------
    int
        The last question's number.
    """
    for place in range(size):
        event = lost[place]
        lost[place] = -1
        question += 1
        if not fails(users, room, top, lost, 0, size, question):
            lost[place] = event
    return question


@accelerate
def _keep(room: Any, node: int, question: int, kept: int) -> int:
    if room.kept_stamp[node] != question:
        room.kept_stamp[node] = question
        room.kept[kept] = node
        kept += 1
    return kept


@accelerate
def _choose(net: Any, top: Any, room: Any, need: int, question: int, kept: int) -> int:
    """Keep as many members of a need as it requires: those kept already, then the ones that cost least."""
    wanted = net.required[need]
    first, last = net.member_start[need], net.member_start[need + 1]
    for place in range(first, last):
        if room.kept_stamp[net.members[place]] == question:
            wanted -= 1
    while wanted > 0:
        best = -1
        for place in range(first, last):
            node = net.members[place]
            up = room.stamp[node] < question and room.kept_stamp[node] != question
            if up and (best < 0 or top.cost[node] < top.cost[best]):
                best = node
        if best < 0:
            break
        for place in range(first, last):
            if net.members[place] == best:
                wanted -= 1
        kept = _keep(room, best, question, kept)
    return kept


@accelerate
def support(net: Any, room: Any, top: Any, question: int, found: Any) -> int:
    """Events that, kept, hold the top up whatever else is lost; asked right after :func:`fails` said no.

    What is kept is closed: each node in it has its needs met by others in it. So it holds itself, in circles too. Needs that
    leave a choice wait until nothing else is left to do, since by then most of what they may choose is kept already.

    Parameters
    ----------
    net
        The network.
    found : (events,)
        Filled.

    Returns
    -------
    int
        How many events were found.
    """
    kept, waiting, at, chosen, events, up = 0, 0, 0, 0, 0, 0
    for place in range(len(top.node)):
        node = top.node[place]
        if room.stamp[node] < question and up < top.floor[0]:
            up += top.weight[node]
            kept = _keep(room, node, question, kept)
    while True:
        if at < kept:
            node = room.kept[at]
            at += 1
            for place in range(top.start[node], top.start[node + 1]):
                event = top.event[place]
                if room.event_stamp[event] != question:
                    room.event_stamp[event] = question
                    found[events] = event
                    events += 1
            for need in range(net.need_start[node], net.need_start[node + 1]):
                if net.required[need] >= net.member_start[need + 1] - net.member_start[need]:
                    kept = _choose(net, top, room, need, question, kept)
                elif net.required[need] > 0:
                    room.waiting[waiting] = need
                    waiting += 1
        elif chosen < waiting:
            kept = _choose(net, top, room, room.waiting[chosen], question, kept)
            chosen += 1
        else:
            return events


@accelerate
def minimal_support(users: Any, room: Any, top: Any, kept: Any, size: int, rest: Any, question: int) -> int:
    """Drop events from a support as long as it is one, last ones first; dropped ones become negative.

    Parameters
    ----------
    kept : (size,)
        The support.
    rest : (events,)
        All other events, negative at the places of those kept.

    Returns
    -------
    int
        The last question's number.
    """
    for place in range(size - 1, -1, -1):
        event = kept[place]
        rest[event] = event
        question += 1
        if fails(users, room, top, rest, 0, len(rest), question):
            rest[event] = -1
        else:
            kept[place] = -1
    return question
