"""One cascade through a network of firms. Owns the step: over all firms, or over those that a change can reach.

A step takes every level of the step before at once (Jacobi), as the reference does. Both ways of taking it add the same
numbers in the same order, so that they give the same levels to the last bit; which one is taken is a matter of speed alone.
"""

from __future__ import annotations

from typing import Any

from freehold.network.acceleration import accelerate

__all__ = ["chain", "run", "sum_block", "sum_blocks", "sweep_up", "weigh"]


@accelerate
def _down_level(links: Any, shortage: Any, firm: int) -> float:
    """Give the level that a firm's inputs allow."""
    worst = 0.0
    for place in range(links.sole_start[firm], links.sole_start[firm + 1]):
        short = shortage[links.sole[place]]
        worst = short if short > worst else worst  # noqa: FURB136 - a branch that compiles to one instruction
    for group in range(links.group_start[firm], links.group_start[firm + 1]):
        short = 0.0
        for place in range(links.member_start[group], links.member_start[group + 1]):
            short += links.member_weight[place] * shortage[links.members[place]]
        worst = short if short > worst else worst  # noqa: FURB136
    linear = 0.0
    for place in range(links.linear_start[firm], links.linear_start[firm + 1]):
        linear += links.linear_weight[place] * shortage[links.linear[place]]
    worst = linear if linear > worst else worst  # noqa: FURB136
    level: float = 1.0 - worst * links.scale[firm]
    return level


@accelerate
def _up_level(links: Any, lack: Any, firm: int) -> float:
    """Give the level that a firm's orders ask for."""
    short = 0.0
    for place in range(links.order_start[firm], links.order_start[firm + 1]):
        short += links.order_weight[place] * lack[links.orders[place]]
    return 1.0 - short


@accelerate
def sum_block(links: Any, down: Any, block: int) -> float:
    """Give the output left in a block."""
    total = 0.0
    for firm in range(links.block_start[block], links.block_start[block + 1]):
        total += links.output[firm] * down[firm]
    return total


@accelerate
def sum_blocks(links: Any, down: Any, sums: Any) -> None:
    """Put the output left in every block into ``sums``."""
    for block in range(len(sums)):
        sums[block] = sum_block(links, down, block)


@accelerate
def _left_of(links: Any, block_sum: Any, market: int) -> float:
    """Give the output left in a market, as the reference divides by it."""
    left = 0.0
    for block in range(links.market_block[market], links.market_block[market + 1]):
        left += block_sum[block]
    return left if left > 1e-10 else 1.0


@accelerate
def _short_of(output: float, left: float, level: float) -> float:
    """Give what customers feel of a firm's loss that the rest of its market does not replace."""
    share = output / left
    return (min(1.0, share)) * (1.0 - level)


@accelerate
def chain(links: Any, state: Any, firm: int) -> None:
    """Put a firm into the chain of the short ones of its market."""
    market = links.market_of[firm]
    state.is_short[firm] = 1
    state.next_short[firm] = state.first_short[market]
    state.first_short[market] = firm


@accelerate
def _settle(links: Any, state: Any, firm: int, level: float, old: float, down: int) -> None:
    """Note a change of level, and put a firm that has become short among the short ones."""
    counts, figures = state.counts, state.figures
    if old - level > figures[0]:
        figures[0] = old - level
    if level - old > figures[1]:
        figures[1] = level - old
    if down:
        state.changed_down[counts[0]] = firm
        counts[0] += 1
        if not state.is_short[firm]:
            chain(links, state, firm)
    else:
        state.changed_up[counts[1]] = firm
        counts[1] += 1


@accelerate
def _step_all(links: Any, state: Any, replaceable: bool) -> None:
    """Take a step over all firms."""
    counts, figures = state.counts, state.figures
    output, down, up = links.output, state.down, state.up
    shortage, lack = state.shortage, state.lack
    for market in range(len(links.market_block) - 1):
        first, last = links.market_block[market], links.market_block[market + 1]
        if replaceable:
            for block in range(first, last):
                state.block_sum[block] = sum_block(links, down, block)
            left = _left_of(links, state.block_sum, market)
            for firm in range(links.block_start[first], links.block_start[last]):
                shortage[firm] = _short_of(output[firm], left, down[firm])
        else:
            for firm in range(links.block_start[first], links.block_start[last]):
                shortage[firm] = 1.0 - down[firm]
    firms = len(output)
    for firm in range(firms):
        lack[firm] = 1.0 - up[firm]
    most, least, changed = 0.0, 0.0, 0
    for firm in range(firms):
        level = _down_level(links, shortage, firm)
        cap = state.down_cap[firm]
        level = min(cap, level)
        level = max(0.0, level)
        fall = down[firm] - level
        down[firm] = level
        most = fall if fall > most else most  # noqa: FURB136
        least = fall if fall < least else least  # noqa: FURB136
        state.changed_down[changed] = firm
        changed += fall != 0.0
    counts[0], changed = changed, 0
    for firm in range(firms):
        level = _up_level(links, lack, firm)
        cap = state.up_cap[firm]
        level = min(cap, level)
        level = max(0.0, level)
        fall = up[firm] - level
        up[firm] = level
        most = fall if fall > most else most  # noqa: FURB136
        least = fall if fall < least else least  # noqa: FURB136
        state.changed_up[changed] = firm
        changed += fall != 0.0
    counts[1] = changed
    figures[0], figures[1] = most, -least
    counts[4] = 1


@accelerate
def _mark_users(links: Any, state: Any, firm: int, marked: int, cost: int) -> tuple[int, int]:
    """Mark whom a firm's shortage may touch; give the marked, and what looking at them costs."""
    now = state.counts[3]
    for place in range(links.user_start[firm], links.user_start[firm + 1]):
        user = links.users[place]
        if state.seen_down[user] != now:
            state.seen_down[user] = now
            state.marked_down[marked] = user
            marked += 1
            cost += 4 + links.sole_start[user + 1] - links.sole_start[user]
            cost += links.linear_start[user + 1] - links.linear_start[user]
            first, last = links.group_start[user], links.group_start[user + 1]
            cost += links.member_start[last] - links.member_start[first]
    return marked, cost


@accelerate
def _renew_short(links: Any, state: Any) -> None:
    """Make the chains of short firms anew, after steps over all firms."""
    for market in range(len(state.first_short)):
        state.first_short[market] = -1
    for firm in range(len(state.down)):
        state.is_short[firm] = 0
        if state.down[firm] < 1.0:
            chain(links, state, firm)
    for place in range(state.counts[0]):
        firm = state.changed_down[place]
        if not state.is_short[firm]:
            chain(links, state, firm)
    state.counts[4] = 0


@accelerate
def _step_near(links: Any, state: Any, replaceable: bool, most_cost: float) -> int:
    """Take a step over the firms that the last step's changes can reach; give its cost, or -1 if that is over the most."""
    counts, figures = state.counts, state.figures
    if counts[4] and replaceable:
        _renew_short(links, state)
    counts[3] += 1
    now, marked, cost = counts[3], 0, 0
    if replaceable:
        for place in range(counts[0]):
            firm = state.changed_down[place]
            block = links.block_of[firm]
            if state.seen_block[block] != now:
                state.seen_block[block] = now
                state.block_sum[block] = sum_block(links, state.down, block)
                cost += (links.block_start[block + 1] - links.block_start[block]) // 4
        for place in range(counts[0]):
            market = links.market_of[state.changed_down[place]]
            if state.seen_market[market] == now:
                continue
            state.seen_market[market] = now
            left = _left_of(links, state.block_sum, market)
            cost += links.market_block[market + 1] - links.market_block[market]
            firm = state.first_short[market]
            while firm >= 0:
                cost += 1
                short = _short_of(links.output[firm], left, state.down[firm])
                if short != state.shortage[firm]:
                    state.shortage[firm] = short
                    marked, cost = _mark_users(links, state, firm, marked, cost)
                if cost > most_cost:
                    return -1
                firm = state.next_short[firm]
    else:
        for place in range(counts[0]):
            firm = state.changed_down[place]
            state.shortage[firm] = 1.0 - state.down[firm]
            marked, cost = _mark_users(links, state, firm, marked, cost)
            if cost > most_cost:
                return -1
    marked_up = 0
    for place in range(counts[1]):
        firm = state.changed_up[place]
        state.lack[firm] = 1.0 - state.up[firm]
        for spot in range(links.source_start[firm], links.source_start[firm + 1]):
            source = links.sources[spot]
            if state.seen_up[source] != now:
                state.seen_up[source] = now
                state.marked_up[marked_up] = source
                marked_up += 1
                cost += 4 + links.order_start[source + 1] - links.order_start[source]
        if cost > most_cost:
            return -1
    counts[0] = counts[1] = 0
    figures[0] = figures[1] = 0.0
    for place in range(marked):
        firm = state.marked_down[place]
        level = _down_level(links, state.shortage, firm)
        cap = state.down_cap[firm]
        level = min(cap, level)
        level = max(0.0, level)
        old = state.down[firm]
        if level != old:
            state.down[firm] = level
            _settle(links, state, firm, level, old, 1)
    for place in range(marked_up):
        firm = state.marked_up[place]
        level = _up_level(links, state.lack, firm)
        cap = state.up_cap[firm]
        level = min(cap, level)
        level = max(0.0, level)
        old = state.up[firm]
        if level != old:
            state.up[firm] = level
            _settle(links, state, firm, level, old, 0)
    return cost


@accelerate
def sweep_up(links: Any, up: Any, cap: Any, lack: Any) -> None:
    """Renew all levels up, there and back, each from the newest ones."""
    firms = len(up)
    for firm in range(firms):
        lack[firm] = 1.0 - up[firm]
    for turn in range(2 * firms):
        firm = turn if turn < firms else 2 * firms - 1 - turn
        level = _up_level(links, lack, firm)
        level = min(cap[firm], level)
        level = max(0.0, level)
        up[firm] = level
        lack[firm] = 1.0 - level


@accelerate
def weigh(weight: Any, down: Any, up: Any, sums: Any) -> None:
    """Put the weighted losses into ``sums``: of the smaller level, of that down, of that up."""
    total, below, above = 0.0, 0.0, 0.0
    for firm in range(len(weight)):
        one, other = down[firm], up[firm]
        total += weight[firm] * (1.0 - (min(other, one)))
        below += weight[firm] * (1.0 - one)
        above += weight[firm] * (1.0 - other)
    sums[0], sums[1], sums[2] = total, below, above


@accelerate
def run(
    links: Any,
    state: Any,
    weight: Any,
    sums: Any,
    replaceable: bool,
    rule: int,
    eps: float,
    most_steps: int,
    near: float,
    alone: bool,
    budget: int,
) -> int:
    """Take steps until the rule of stopping is met (0), the limit of steps (1) or the budget of operations (2).

    Rule 0: no level falls by more than eps; 1: the sum of losses grows by at most a factor 1 + eps; 2: no level changes by
    more than eps.

    ``near`` is the part of all firms and links up to which a step looks only at what a change can reach; 0 never does. Where a
    step would need more, it goes over all firms, or is left to lanes (3) unless the cascade is to run ``alone``.
    """
    counts, figures = state.counts, state.figures
    everything = 10 * len(links.output) + len(links.orders) + len(links.sole) + len(links.members) + len(links.linear)
    spent = 0
    while counts[5] < most_steps:
        cost = -1
        if near > 0.0:
            cost = _step_near(links, state, replaceable, near * everything)
        if cost < 0 and not alone:
            return 3
        if cost < 0:
            _step_all(links, state, replaceable)
            cost = everything
        counts[5] += 1
        spent += cost + 1
        if rule == 1:
            weigh(weight, state.down, state.up, sums)
            spent += len(weight)
            figures[2], figures[3] = figures[3], sums[0]
            going = figures[3] > 0.0 if figures[2] == 0.0 else figures[3] / figures[2] > 1.0 + eps
        else:
            going = figures[0] > eps or (rule == 2 and figures[1] > eps)
        if not going:
            return 0
        if spent > budget:
            return 2
    return 1
