"""A generated stack with names, purls and evidence as an inventory has them. Owns what a realistic large stack is.

The network is that of :mod:`benchmarks.generate_stack`: layers, shares, covers, standbys, circles, owners abroad.
Ids of items are package URLs or paths of ordinary length, every item and provider has a name, and claims say where the seat
of each provider and the licence of every third source were read.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Final

from benchmarks.generate_stack import generate_stack
from freehold.stack.toml_file import loads
from freehold.stack.values import Claim, Stack

__all__ = ["realistic_stack"]

_WORDS: Final = (
    "access", "archive", "batch", "billing", "bridge", "cache", "cluster", "config", "control", "core", "crypto", "data",
    "edge", "event", "field", "file", "gateway", "graph", "grid", "health", "image", "index", "kernel", "ledger", "log", "mail",
    "message", "metric", "monitor", "network", "object", "order", "packet", "parser", "patient", "payment", "policy", "power",
    "query", "queue", "record", "registry", "report", "router", "schema", "search", "secure", "sensor", "signal", "state",
    "storage", "stream", "table", "task", "ticket", "token", "trace", "transport", "vector", "video", "water", "web", "worker",
)  # fmt: skip
_SUFFIXES: Final = ("GmbH", "Inc.", "Ltd", "B.V.", "Corporation", "S.A.", "Foundation", "AG")
_LICENCES: Final = ("Apache-2.0", "MIT", "BSD-3-Clause", "LGPL-2.1-only", "MPL-2.0", "LicenseRef-proprietary")
_ECOSYSTEMS: Final = ("npm", "pypi", "maven", "golang", "deb/debian", "oci", "cargo")


def _item_id(choose: random.Random, number: int, kind: object) -> str:
    one, two = choose.sample(_WORDS, 2)
    version = f"{choose.randrange(1, 20)}.{choose.randrange(30)}.{choose.randrange(12)}"
    if kind in ("framework", "platform", "os", "model"):
        return f"pkg:{choose.choice(_ECOSYSTEMS)}/{one}-{two}-{number}@{version}"
    return f"{kind}/{one}-{two}-{number}"


def realistic_stack(items: int, seed: int) -> Stack:
    """Generate a stack.

    Parameters
    ----------
    items
        How many; see :func:`benchmarks.generate_stack.generate_stack`.
    seed
        The same seed gives the same stack.
    """
    plain, choose = loads(generate_stack(items, seed), "generated.toml"), random.Random(seed)
    new_id = {item.id: _item_id(choose, number, item.kind) for number, item in enumerate(plain.items)}
    source_id = {source.id: source.id.replace(source.item, new_id[source.item]) for source in plain.sources}
    named = [
        replace(item, id=new_id[item.id], name=" ".join(choose.sample(_WORDS, 3)).capitalize(), tags=(choose.choice(_WORDS),))
        for item in plain.items
    ]
    providers = [
        replace(one, name=f"{' '.join(choose.sample(_WORDS, 2)).title()} {choose.choice(_SUFFIXES)}") for one in plain.providers
    ]
    sources = [
        replace(source, id=source_id[source.id], item=new_id[source.item], licence=choose.choice(_LICENCES))
        for source in plain.sources
    ]
    needs = [replace(need, source=source_id[need.source], item=new_id[need.item]) for need in plain.needs]
    claims = [
        Claim("providers", one.id, "country", one.country, f"https://register.example/{one.id}/extract", "2026-03-14", 0.9)
        for one in providers
        if isinstance(one.country, str) and one.country != "none"
    ]
    claims += [
        Claim("sources", one.id, "licence", str(one.licence), f"https://packages.example/{one.item}/LICENSE", "2026-05-02", 0.8)
        for one in sources[::3]
    ]
    return replace(
        plain, name="Generated, realistic", items=tuple(named), providers=tuple(providers), sources=tuple(sources),
        needs=tuple(needs), claims=tuple(claims),
    )  # fmt: skip
