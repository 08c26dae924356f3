"""Makes the extract of a Debian archive that tests stand on: names and relations alone, packed small.

`python -m benchmarks.debian_extract PACKAGES --release "Debian 12.15 main amd64"` writes it to ``tests/data`` and prints
its SHA-256, which the test states. PACKAGES is a ``Packages`` file of that release, plain or packed, as
``apt-helper cat-file`` gives it from apt's lists.

The form: an xz file. A line of JSON (what it was made of, and the sizes), then a line for the name of each package, in order,
then little-endian 16-bit numbers: needs per package; the needs' targets, ascending within a package and as differences;
members per choice; the choices' members, in the same way. A target is a package or, above those, a choice: any of its
members will do. A choice without members is a need that no package of the archive meets.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
from itertools import pairwise
from pathlib import Path

import numpy as np

from freehold.read.debian_archive import archive_stack
from freehold.read.package_index import Archive, parse_packages
from freehold.read.packed_files import read_packed

PLACE = Path(__file__).parent.parent / "tests" / "data" / "debian-12.15-main-amd64.xz"


def deltas(lists: list[list[int]]) -> bytes:
    numbers = [part for one in lists for part in (*one[:1], *(after - before for before, after in pairwise(one)))]
    return np.array(numbers, "<u2").tobytes()


def sizes(lists: list[list[int]]) -> bytes:
    return np.array([len(one) for one in lists], "<u2").tobytes()


def extract(path: Path, release: str) -> bytes:
    data = read_packed(path)
    archive = Archive()
    parse_packages(data, archive)
    stack, _ = archive_stack(archive, release, str(path))
    choices = [item for item in stack.items if item.tags]
    packages = stack.items[: len(stack.items) - len(choices)]
    number = {item.id: at for at, item in enumerate(stack.items)}

    def members(item: str) -> list[int]:
        return sorted(number[need.item] for source in stack.sources_of[item] for need in stack.needs_of[source.id])

    needs = [members(item.id) for item in packages]
    groups = [members(item.id) for item in choices]
    header = {
        "made of": f"the Packages file of {release}", "sha256": hashlib.sha256(data).hexdigest(), "packages": len(needs),
        "needs": sum(map(len, needs)), "choices": len(groups), "members": sum(map(len, groups)),
    }  # fmt: skip
    text = "".join(f"{line}\n" for line in (json.dumps(header), *(str(item.name) for item in packages))).encode("ascii")
    return text + sizes(needs) + deltas(needs) + sizes(groups) + deltas(groups)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--release", default="Debian 12.15 main amd64")
    options = parser.parse_args()
    packed = lzma.compress(extract(options.packages, options.release), preset=9 | lzma.PRESET_EXTREME)
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_bytes(packed)
    print(f"{PLACE.name}: {len(packed):,} bytes, SHA-256 {hashlib.sha256(packed).hexdigest()}")


if __name__ == "__main__":
    main()
