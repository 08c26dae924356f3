"""Compile every kernel once and keep it on disk, so that parallel test workers find them instead of compiling them each."""

from dataclasses import replace

import numpy as np

from freehold.measure.cutoff import cutoff
from freehold.measure.firm_network import firm_network
from freehold.measure.firm_shocks import single_failures
from freehold.measure.landlord_cuts import landlord_cuts
from freehold.measure.systemic import systemic
from freehold.measure.systemic_batches import batches_of, run_batch, shared_arrays
from freehold.network.and_or import Top, and_or, events_of
from freehold.network.diagram_cuts import diagram_cuts
from freehold.network.losses import losses
from freehold.network.oracle import Oracle
from freehold.network.propagation import sets_of
from freehold.plan.goal_values import Goal, LevelAim, Limits
from freehold.plan.judging import StackJudge
from freehold.plan.option_values import Activate, Option
from freehold.stack.cutoff import Cutoff, Rule
from freehold.stack.values import Item, Need, Source, Stack

stack = Stack(
    home="DE",
    items=(Item("a", mission=1.0), Item("b")),
    sources=(Source("a@self", "a", "self"), Source("b@self", "b", "self")),
    needs=(Need("a@self", "b", survive=1.0), Need("b@self", "a")),
)
cutoff(stack, Cutoff((Rule(item="b"),)), kernel="compiled")
landlord_cuts(stack, kernel="compiled")

# sources that plans would activate, in a circle: when each could first run is asked of a kernel of its own
one, other = (Source(f"{item}@us", item, "us", status="candidate") for item in "ab")
planned = replace(stack, sources=(*stack.sources, one, other), needs=(*stack.needs, Need(one.id, "b"), Need(other.id, "a")))
goal = Goal((LevelAim(Cutoff((Rule(provider="self"),)), 1.0, (1.0,)),), Limits("2026-01-01"))
options = [Option(source.id, (Activate(source.id),), cost_once=1.0, cost_year=0.0, lead=0.0) for source in (one, other)]
StackJudge(planned, goal, options, kernel="compiled").judge(frozenset({0, 1}))

circle = and_or(3, np.array([0, 1, 0]), np.array([1, 1, 2]), np.array([0, 1, 2, 5]), np.array([1, 0, 0, 1, 2]))
losses(circle, sets_of([[2]]), weights=np.ones(3), engine="counters", compiled=True)
losses(circle, sets_of([[2]]), weights=np.ones(3), engine="bits", compiled=True)
top = Top(np.zeros(1, np.int32), np.ones(1), 1.0)
oracle = Oracle(circle, events_of(3, 3, np.arange(3), np.arange(3)), top, True)  # noqa: FBT003
oracle.support([], minimal=True)
oracle.minimal_cut([0, 1])
chain = and_or(3, np.array([0]), np.array([1]), np.array([0, 2]), np.array([1, 2]))
diagram_cuts(chain, events_of(3, 2, np.array([1, 2]), np.array([0, 1])), top, compiled=True)

# in a ring of firms steps near a change, steps over all of them, and lanes of shocks all have their turn
ring = np.arange(200)
firms = firm_network(ring, np.roll(ring, 1), np.ones(200), ring % 2, np.full((2, 2), 2))
for memory in (1 << 30, 400_000):
    for converged in (False, True):
        systemic(firms, single_failures([*range(40)]), converged=converged, kernel="compiled", memory=memory)
systemic(firms, single_failures([0]), kernel="compiled")

# what all batches share is only read, and so are the batches themselves: numba compiles for such arrays apart
shared, (batch,) = shared_arrays(firms), batches_of(single_failures([*range(40)]), 40)
for array in (*shared.values(), *batch.values()):
    array.flags.writeable = False
run_batch(shared, batch)
