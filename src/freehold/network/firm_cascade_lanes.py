"""Eight cascades side by side. Owns the step over all firms in which each number read serves eight shocks.

Each lane adds the same numbers in the same order as a single cascade does, and lanes never meet, so that a shock's answer is
the same to the last bit alone, in whatever lane, beside whatever others.
"""

from __future__ import annotations

from typing import Any

from freehold.network.acceleration import accelerate
from freehold.network.firm_cascade_arrays import LANES

__all__ = ["step_lanes", "weigh_lane"]


@accelerate
def _shortages(links: Any, state: Any, replaceable: bool) -> None:
    """What customers and suppliers feel of each firm's losses."""
    output, down, up, room = links.output, state.down, state.up, state.room
    shortage, lack = state.shortage, state.lack
    for market in range(len(links.market_block) - 1):
        first, last = links.market_block[market], links.market_block[market + 1]
        for lane in range(LANES):
            room[lane] = 1.0
        if replaceable:
            for lane in range(LANES):
                room[lane] = 0.0
            for block in range(first, last):
                for lane in range(LANES):
                    room[LANES + lane] = 0.0
                for firm in range(links.block_start[block], links.block_start[block + 1]):
                    made = output[firm]
                    for lane in range(LANES):
                        room[LANES + lane] += made * down[firm * LANES + lane]
                for lane in range(LANES):
                    room[lane] += room[LANES + lane]
            for lane in range(LANES):
                room[lane] = room[lane] if room[lane] > 1e-10 else 1.0
        for firm in range(links.block_start[first], links.block_start[last]):
            made = output[firm]
            for lane in range(LANES):
                share = made / room[lane] if replaceable else 1.0
                shortage[firm * LANES + lane] = (min(1.0, share)) * (1.0 - down[firm * LANES + lane])
    for place in range(len(up)):
        lack[place] = 1.0 - up[place]


@accelerate
def step_lanes(links: Any, state: Any, replaceable: bool) -> None:
    """Take a step over all firms in every lane."""
    _shortages(links, state, replaceable)
    shortage, lack, room = state.shortage, state.lack, state.room
    decrease, rise = state.decrease, state.rise
    for lane in range(LANES):
        decrease[lane] = 0.0
        rise[lane] = 0.0
    for firm in range(len(links.output)):
        for lane in range(LANES):
            room[lane] = 0.0
            room[2 * LANES + lane] = 0.0
        for place in range(links.sole_start[firm], links.sole_start[firm + 1]):
            other = links.sole[place] * LANES
            for lane in range(LANES):
                short = shortage[other + lane]
                room[lane] = max(room[lane], short)
        for group in range(links.group_start[firm], links.group_start[firm + 1]):
            for lane in range(LANES):
                room[LANES + lane] = 0.0
            for place in range(links.member_start[group], links.member_start[group + 1]):
                other, weight = links.members[place] * LANES, links.member_weight[place]
                for lane in range(LANES):
                    room[LANES + lane] += weight * shortage[other + lane]
            for lane in range(LANES):
                short = room[LANES + lane]
                room[lane] = max(room[lane], short)
        for place in range(links.linear_start[firm], links.linear_start[firm + 1]):
            other, weight = links.linear[place] * LANES, links.linear_weight[place]
            for lane in range(LANES):
                room[2 * LANES + lane] += weight * shortage[other + lane]
        scale = links.scale[firm]
        for lane in range(LANES):
            short = room[2 * LANES + lane]
            short = max(room[lane], short)
            level = 1.0 - short * scale
            cap = state.down_cap[firm * LANES + lane]
            level = min(cap, level)
            level = max(0.0, level)
            fall = state.down[firm * LANES + lane] - level
            state.down[firm * LANES + lane] = level
            decrease[lane] = max(decrease[lane], fall)
            rise[lane] = max(rise[lane], -fall)
    for firm in range(len(links.output)):
        for lane in range(LANES):
            room[lane] = 0.0
        for place in range(links.order_start[firm], links.order_start[firm + 1]):
            other, weight = links.orders[place] * LANES, links.order_weight[place]
            for lane in range(LANES):
                room[lane] += weight * lack[other + lane]
        for lane in range(LANES):
            level = 1.0 - room[lane]
            cap = state.up_cap[firm * LANES + lane]
            level = min(cap, level)
            level = max(0.0, level)
            fall = state.up[firm * LANES + lane] - level
            state.up[firm * LANES + lane] = level
            decrease[lane] = max(decrease[lane], fall)
            rise[lane] = max(rise[lane], -fall)


@accelerate
def weigh_lane(weight: Any, down: Any, up: Any, lane: int, sums: Any) -> None:
    """As :func:`freehold.network.firm_cascade_kernel.weigh`, of one lane."""
    total, below, above = 0.0, 0.0, 0.0
    for firm in range(len(weight)):
        one, other = down[firm * LANES + lane], up[firm * LANES + lane]
        total += weight[firm] * (1.0 - (min(other, one)))
        below += weight[firm] * (1.0 - one)
        above += weight[firm] * (1.0 - other)
    sums[0], sums[1], sums[2] = total, below, above
