"""Ray: the same suite, on a cluster started for the purpose and on one of two nodes that is reached by its address."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import freehold
from freehold.measure.sweep_outlook import ask_outlook
from freehold.measure.sweep_samples import SAMPLE_WORK, sample_batches
from freehold.measure.uncertain import Event
from freehold.scale.interface import Batch, Pool
from freehold.scale.journal import IN_MEMORY, open_journal
from freehold.scale.packing import pack
from freehold.scale.pools import choose_pool
from freehold.scale.ray_pool import RayPool
from freehold.scale.run import run
from freehold.stack.cutoff import Cutoff
from scale_suite import WorkersSuite, expected, factors, shared

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayPool]:
    with RayPool(workers=2) as pool:
        yield pool


class TestRayPool(WorkersSuite):
    @pytest.fixture
    def pool(self, cluster: RayPool) -> Pool:
        return cluster


def test_it_has_the_workers_asked_for_and_tells_nobody(cluster: RayPool) -> None:
    assert cluster.workers == 2
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_a_journal_filled_on_this_machine_serves_ray(cluster: RayPool) -> None:
    with open_journal(IN_MEMORY) as journal:
        with choose_pool(1) as plain:
            run(plain, "scale_work:sums", shared(), factors(3), version="1", journal=journal)
        finished = run(cluster, "scale_work:sums", shared(), factors(7), version="1", journal=journal)
    assert finished.found == 3
    assert [bytes(pack(one)) for one in finished.results] == expected(7)


def test_a_sweep_gives_the_same_bits_here_and_on_ray(cluster: RayPool) -> None:
    stack = freehold.read(Path(__file__).parent.parent / "examples" / "clinic")
    question = ask_outlook(stack, Cutoff(()), events=[Event("country", "US", 0.3)], samples=600)
    batches = [Batch(number, arrays) for number, arrays in enumerate(sample_batches(600, 50))]
    found = run(cluster, SAMPLE_WORK, question.shared, batches, version="1")
    with choose_pool(1) as plain:
        wanted = run(plain, SAMPLE_WORK, question.shared, batches, version="1")
    assert [bytes(pack(one)) for one in found.results] == [bytes(pack(one)) for one in wanted.results]


def test_a_cluster_of_two_nodes_is_reached_by_its_address_and_left_running(cluster: RayPool) -> None:
    cluster.__exit__()  # this process can be in one cluster at a time, and this test is the last
    import ray
    from ray.cluster_utils import Cluster

    # a driver asks at the machine's own address even where the loopback is meant; it is the loopback where there is no other
    node = {"num_cpus": 1, "node_ip_address": ray.util.get_node_ip_address(), "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args=node)
    try:
        made.add_node(**node)
        made.wait_for_nodes()
        for _ in range(2):
            with choose_pool(ray=made.address) as pool:
                assert pool.workers == 2
                finished = run(pool, "scale_work:sums", shared(), factors(5), version="1")
            assert [bytes(pack(one)) for one in finished.results] == expected(5)
    finally:
        made.shutdown()
