"""The evidence log at work, timed from within its own process; and SQLite doing the same durably, an entry at a time."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Final

__all__ = ["commit_with_sqlite", "evidence"]

Told = tuple[dict[str, float], dict[str, int]]
_TASKS: Final = 256
_SQLITE_SECONDS: Final = 10.0
_LOOKED_AT: Final = 5000
_BODY: Final = {
    "freehold.tenant": "bench", "freehold.upstream": "held", "freehold.model": "bench", "freehold.seconds": 0.1234,
    "freehold.cost": 0.000084, "gen_ai.operation.name": "chat", "gen_ai.response.model": "bench",
    "gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 25, "http.response.status_code": 200,
}  # fmt: skip
"""What a gateway says of a request."""


def evidence(scratch: str, count: str) -> Told:
    """Append entries, each awaited until it is on the disk, from many tasks at once; then verify, open again and prove."""
    from freehold.respond.evidence_keys import SigningKey
    from freehold.respond.evidence_log import EvidenceLog
    from freehold.respond.evidence_proof import Prover
    from freehold.respond.evidence_verify import verify

    number, key = int(count), SigningKey.new()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        path = Path(folder) / "evidence.jsonl"

        async def task(log: EvidenceLog, place: int) -> None:
            for step in range(place, number, _TASKS):
                await log.committed(log.append("gateway.request", _BODY, key=f"request-{step}"))

        async def all_of_them() -> None:
            log = EvidenceLog.open(path, key)
            processor, began = time.process_time(), time.perf_counter()
            await asyncio.gather(*(task(log, place) for place in range(_TASKS)))
            figures["5,000 durable entries"] = (time.perf_counter() - began) * _LOOKED_AT / number
            figures["processor an entry"] = (time.process_time() - processor) / number * 1e6
            log.close()

        asyncio.run(all_of_them())
        began = time.perf_counter()
        found = verify(path, key.public)
        figures["verify, an entry"] = (time.perf_counter() - began) / found.entries * 1e6
        began = time.perf_counter()
        EvidenceLog.open(path, key).close()
        figures["open again"] = time.perf_counter() - began
        prover = Prover(path)
        asked = range(1, found.entries - 1, max(1, found.entries // 200))
        began = time.perf_counter()
        for one in asked:
            prover.prove(one)
        figures["a proof among 20,000"] = (time.perf_counter() - began) / len(asked) * 1e3
        assert found.is_sound
        return figures, {"entries": found.entries, "signed roots": found.roots, "proofs": len(asked)}


def commit_with_sqlite(scratch: str, count: str) -> Told:
    """The same bodies into SQLite, WAL with full sync, a commit an entry: no chain, no signature."""
    import json

    done, text = 0, json.dumps(_BODY)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        database = sqlite3.connect(Path(folder) / "log.db", isolation_level=None)
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = full")
        database.execute("create table entry (number integer primary key, body text not null)")
        began = time.perf_counter()
        while done < int(count) and time.perf_counter() - began < _SQLITE_SECONDS:
            database.execute("insert into entry (body) values (?)", (text,))
            done += 1
        seconds = time.perf_counter() - began
        database.close()
    return {"5,000 durable entries": seconds * _LOOKED_AT / done}, {"entries": done}
