"""What every pool must do: one suite, run over this process, over several, and over Ray."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from freehold.errors import ScaleError
from freehold.scale.interface import Arrays, Batch, Pool
from freehold.scale.packing import bytes_in, pack, text_in

__all__ = ["PoolSuite", "WorkersSuite", "expected", "factors", "shared"]


def shared() -> Arrays:
    """A table whose sums depend on the order of summing, and a name."""
    table = np.random.Generator(np.random.Philox(key=7)).standard_normal((40, 333)) * 1e3
    return {"table": table, "name": bytes_in("Größe".encode()), "empty": np.zeros((0, 3))}


def factors(count: int) -> Iterator[Batch]:
    """Batches of two factors each."""
    return (Batch(number, {"factors": np.array([number, number + 0.1])}) for number in range(count))


def expected(count: int) -> list[bytes]:
    """Results worked out here, packed."""
    from scale_work import sums

    return [bytes(pack(sums(shared(), batch.arrays))) for batch in factors(count)]


class PoolSuite:
    """Inherited by one class a pool, which has a fixture ``pool`` that gives an open one."""

    def test_results_are_bit_for_bit_those_of_a_plain_loop(self, pool: Pool) -> None:
        pool.share(shared())
        found = {done.number: done.arrays for done in pool.map("scale_work:sums", factors(9))}
        assert [bytes(pack(found[number])) for number in range(9)] == expected(9)
        assert text_in(found[0]["who"]) == "Größe"

    def test_no_batches_give_no_results(self, pool: Pool) -> None:
        pool.share(shared())
        assert list(pool.map("scale_work:sums", iter(()))) == []

    def test_batches_are_drawn_only_a_few_ahead(self, pool: Pool) -> None:
        drawn = []

        def endless() -> Iterator[Batch]:
            for batch in factors(10**9):
                drawn.append(batch.number)
                yield batch

        pool.share(shared())
        results = pool.map("scale_work:sums", endless())
        for _ in range(3):
            next(results)
        results.close()  # type: ignore[attr-defined]
        assert len(drawn) <= 3 + 2 * pool.workers + 2

    def test_what_is_shared_can_be_replaced(self, pool: Pool) -> None:
        pool.share({"table": np.zeros((1, 1)), "name": bytes_in(b"old")})
        pool.share(shared())
        (done,) = pool.map("scale_work:sums", factors(1))
        assert bytes(pack(done.arrays)) == expected(1)[0]

    def test_an_error_of_the_work_names_the_batch_and_says_why(self, pool: Pool) -> None:
        pool.share(shared())
        with pytest.raises(ScaleError, match=r"batch 3 could not be worked out: three is refused\. Take another\."):
            list(pool.map("scale_work:refuses", factors(5)))

    def test_a_defect_of_the_work_names_the_batch_and_where(self, pool: Pool) -> None:
        pool.share(shared())
        with pytest.raises(ScaleError, match=r"batch 3 could not be worked out: ZeroDivisionError: three") as caught:
            list(pool.map("scale_work:raises", factors(5)))
        assert "in raises" in "".join(caught.value.__notes__)

    def test_after_an_error_the_pool_still_works(self, pool: Pool) -> None:
        pool.share(shared())
        with pytest.raises(ScaleError):
            list(pool.map("scale_work:refuses", factors(5)))
        assert len(list(pool.map("scale_work:sums", factors(4)))) == 4

    @pytest.mark.parametrize("work", ["writes", "writes_a_batch"])
    def test_neither_what_is_shared_nor_a_batch_can_be_changed(self, pool: Pool, work: str) -> None:
        pool.share(shared())
        with pytest.raises(ScaleError, match="read-only"):
            list(pool.map(f"scale_work:{work}", factors(1)))

    def test_objects_do_not_travel(self, pool: Pool) -> None:
        with pytest.raises(ScaleError, match="does not travel"):
            pool.share({"one": np.array([object()])})
        with pytest.raises(ScaleError, match="batch 0 could not be worked out: 'one' is of the type object"):
            list(pool.map("scale_work:objects", factors(1)))

    @pytest.mark.parametrize(
        "work", ["scale_work:nothing", "no_such_module:work", "scale_work", ":work", "scale_work:__name__"]
    )
    def test_work_that_is_not_there_is_refused(self, pool: Pool, work: str) -> None:
        with pytest.raises(ScaleError, match="names no work"):
            list(pool.map(work, factors(1)))

    def test_a_cancelled_pool_ends_its_work(self, pool: Pool) -> None:
        pool.share(shared())
        found = []
        for done in pool.map("scale_work:sums", factors(10**9)):
            found.append(done.number)
            if len(found) == 3:
                pool.cancel()
        assert 3 <= len(found) <= 3 + pool.workers


class WorkersSuite(PoolSuite):
    """What a pool must do besides whose workers are processes of their own, and so can be lost."""

    def test_a_worker_that_is_killed_is_told_with_its_batch_and_what_was_finished_is_there(self, pool: Pool) -> None:
        pool.share(shared())
        found = []
        with pytest.raises(ScaleError, match=r"batch 3 could not be worked out: its worker was"):
            found.extend(pool.map("scale_work:dies", factors(50)))
        assert len(list(pool.map("scale_work:sums", factors(4)))) == 4
