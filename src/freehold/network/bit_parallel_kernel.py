"""Failure in many scenarios at once, one bit each. Owns the sweep; plain Python or the same text compiled.

A node has ``words`` words of 64 scenarios. Nodes stand suppliers first, so that what stands in no circle is settled when
it is looked at once; a circle is swept once and then followed from change to change until nothing changes. A need of k of n
adds its members' bits up in planes (bit-sliced: plane p holds bit p of 64 sums) and compares the sums with a constant.
"""

from __future__ import annotations

from typing import Any

from freehold.network.acceleration import accelerate

__all__ = ["count", "inner_users", "lay_out", "lose_sets", "settle", "weigh"]


@accelerate
def lay_out(net: Any, up: Any, slack: Any, order: Any, place: Any, to: Any, fill: int) -> None:
    """Write a network in a new order, without what is down before any loss.

    Parameters
    ----------
    net, up, slack
        The network, the nodes that are up, and with which fallen member each need falls, those left out that are down.
    order, place : (n,)
        Nodes in the new order, and the place of each.
    to
        See :class:`freehold.network.bit_parallel.Layout`.
    fill
        1 to write entries, 0 to write where each node's and need's begin.
    """
    directs, needs, entries = 0, 0, 0
    for at in range(len(order)):
        node = order[at]
        if not fill:
            to.direct_start[at], to.need_start[at] = directs, needs
        first, last = net.need_start[node], net.need_start[node + 1]
        if not up[node]:
            first = last
        for need in range(first, last):
            if net.required[need] <= 0:
                continue
            alone = slack[need] == 1
            if fill and not alone:
                to.slack[needs], to.member_start[needs] = slack[need], entries
            for entry in range(net.member_start[need], net.member_start[need + 1]):
                member = net.members[entry]
                if not up[member]:
                    continue
                if alone:
                    if fill:
                        to.direct[directs] = place[member]
                    directs += 1
                else:
                    if fill:
                        to.members[entries] = place[member]
                    entries += 1
            if not alone:
                needs += 1
    if fill:
        to.member_start[needs] = entries
    else:
        to.direct_start[len(order)], to.need_start[len(order)] = directs, needs
        to.entries[0] = entries


@accelerate
def inner_users(layout: Any, component: Any, user: Any, place: Any, fill: int) -> None:
    """Who rests on whom within a circle: counted into ``place``, or written into ``user`` from ``place`` on."""
    for circle in range(len(layout.circle_first)):
        for node in range(layout.circle_first[circle], layout.circle_last[circle]):
            own = component[node]
            for entry in range(layout.direct_start[node], layout.direct_start[node + 1]):
                member = layout.direct[entry]
                if component[member] == own:
                    if fill:
                        user[place[member]] = node
                    place[member] += 1
            for need in range(layout.need_start[node], layout.need_start[node + 1]):
                layout.owner[need] = node
                for entry in range(layout.member_start[need], layout.member_start[need + 1]):
                    member = layout.members[entry]
                    if component[member] == own:
                        if fill:
                            user[place[member]] = -1 - need
                        place[member] += 1


@accelerate
def lose_sets(
    down: Any, words: int, start: Any, nodes: Any, first: int, last: int, place: Any, live: Any, bit: Any, own: Any
) -> None:
    """Set the bits of what each set loses; ``own`` is filled with how many counted nodes of a set fall by being lost.

    Parameters
    ----------
    live : (n,)
        By place: 0 for what is down anyway, 1 for what is up, 2 for what is up and counts.
    bit : (64,)
        The words with one bit.
    """
    for number in range(first, last):
        scenario = number - first
        word, mask = scenario >> 6, bit[scenario & 63]
        own[number] = 0
        for entry in range(start[number], start[number + 1]):
            node = place[nodes[entry]]
            if live[node] and not down[node * words + word] & mask:
                down[node * words + word] |= mask
                own[number] += live[node] == 2


@accelerate
def _add_need(layout: Any, down: Any, words: int, room: Any, need: int) -> None:
    """Add to ``room.sum`` where a need of several members is no longer met."""
    first, last = layout.member_start[need], layout.member_start[need + 1]
    size, slack = last - first, layout.slack[need]
    if slack > size:
        return
    if slack == size:
        for word in range(words):
            room.all[word] = room.full[0]
        for entry in range(first, last):
            member = layout.members[entry] * words
            for word in range(words):
                room.all[word] &= down[member + word]
        for word in range(words):
            room.sum[word] |= room.all[word]
        return
    planes = 0
    while size >> planes:
        for word in range(words):
            room.plane[planes * words + word] = room.full[1]
        planes += 1
    for entry in range(first, last):
        member = layout.members[entry] * words
        for word in range(words):
            carry = down[member + word]
            at = word
            while carry:
                before = room.plane[at]
                room.plane[at] = before ^ carry
                carry &= before
                at += words
    for word in range(words):
        more, equal = room.full[1], room.full[0]
        for plane in range(planes - 1, -1, -1):
            bits = room.plane[plane * words + word]
            if (slack >> plane) & 1:
                equal &= bits
            else:
                more |= equal & bits
                equal &= bits ^ room.full[0]
        room.sum[word] |= more | equal


@accelerate
def _took(down: Any, words: int, room: Any, node: int) -> bool:
    """Write the sum to a node; whether it fell in any more scenario."""
    own = node * words
    changed = room.full[1]
    for word in range(words):
        changed |= room.sum[word] & (down[own + word] ^ room.full[0])
        down[own + word] |= room.sum[word]
    return bool(changed != 0)


@accelerate
def _evaluate(layout: Any, down: Any, words: int, room: Any, node: int) -> bool:
    """Look at all needs of one node; whether it fell in any more scenario."""
    for word in range(words):
        room.sum[word] = room.full[1]
    for entry in range(layout.direct_start[node], layout.direct_start[node + 1]):
        member = layout.direct[entry] * words
        for word in range(words):
            room.sum[word] |= down[member + word]
    for need in range(layout.need_start[node], layout.need_start[node + 1]):
        _add_need(layout, down, words, room, need)
    return _took(down, words, room, node)


@accelerate
def _settle_circle(layout: Any, down: Any, words: int, room: Any, first: int, last: int, most: int) -> int:
    """Let one circle fall: a sweep, then whatever rests on what changed; how often a node was followed."""
    size, waiting, at, followed = last - first, 0, 0, 0
    for node in range(first, last):
        _evaluate(layout, down, words, room, node)
        for word in range(words):
            if down[node * words + word]:
                room.queued[node] = 1
        if room.queued[node]:
            room.queue[first + waiting] = node
            waiting += 1
    while waiting > 0 and followed <= most:
        node = room.queue[first + at]
        at = (at + 1) % size
        waiting -= 1
        followed += 1
        room.queued[node] = 0
        for place in range(layout.user_start[node], layout.user_start[node + 1]):
            user = layout.user[place]
            if user >= 0:
                for word in range(words):
                    room.sum[word] = down[node * words + word]
            else:
                for word in range(words):
                    room.sum[word] = room.full[1]
                _add_need(layout, down, words, room, -1 - user)
                user = layout.owner[-1 - user]
            if _took(down, words, room, user) and not room.queued[user]:
                room.queued[user] = 1
                room.queue[first + (at + waiting) % size] = user
                waiting += 1
    while waiting > 0:
        room.queued[room.queue[first + at]] = 0
        at = (at + 1) % size
        waiting -= 1
    return followed


@accelerate
def settle(layout: Any, down: Any, words: int, room: Any, most: int) -> bool:
    """Let everything fall that has to.

    Parameters
    ----------
    most
        How often nodes of circles may be followed, 8 scenarios in a row that fall one after the other being as much work
        as 512 that fall together.

    Returns
    -------
    bool
        Whether it came to rest within that.
    """
    circle, node, nodes, followed = 0, 0, len(layout.direct_start) - 1, 0
    while node < nodes:
        if circle < len(layout.circle_first) and layout.circle_first[circle] == node:
            followed += _settle_circle(layout, down, words, room, node, layout.circle_last[circle], most - followed)
            if followed > most:
                return False
            node = layout.circle_last[circle]
            circle += 1
        else:
            _evaluate(layout, down, words, room, node)
            node += 1
    return True


@accelerate
def count(down: Any, words: int, live: Any, plane: Any) -> None:
    """Add up the counted nodes that are down, in planes: one bit of every scenario's sum each.

    Parameters
    ----------
    plane : (32 · words,)
        Zero at first.
    """
    for node in range(len(live)):
        if live[node] == 2:
            for word in range(words):
                carry = down[node * words + word]
                at = word
                while carry:
                    before = plane[at]
                    plane[at] = before ^ carry
                    carry &= before
                    at += words


@accelerate
def weigh(down: Any, words: int, weighed: Any, weight: Any, columns: int, bit: Any, lost: Any, first: int, last: int) -> None:
    """Add up the weights of nodes that are down, by scenario.

    Parameters
    ----------
    weighed : (w,)
        Places of nodes that weigh anything.
    weight : (w · columns,)
        Whole numbers.
    lost : (sets · columns,)
        Filled for sets ``first`` to ``last``.
    """
    for scenario in range(last - first):
        for column in range(columns):
            lost[(first + scenario) * columns + column] = 0
    for at in range(len(weighed)):
        for word in range(words):
            bits = down[weighed[at] * words + word]
            if not bits:
                continue
            for scenario in range(64 * word, min(64 * word + 64, last - first)):
                if bits & bit[scenario & 63]:
                    for column in range(columns):
                        lost[(first + scenario) * columns + column] += weight[at * columns + column]
