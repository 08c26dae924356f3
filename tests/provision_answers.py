"""Mirrors that the report's tests show: one proved, one that lacks something, one that was changed. Made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from freehold.drill.contact import Contact
from freehold.drill.record import Attributed, Run, Verdict
from freehold.errors import Finding
from freehold.provision.errands import Errand
from freehold.provision.manifest import Held, Manifest
from freehold.provision.needs import Asked, Missing, Need, Received, Recording
from freehold.provision.proof import Proof
from freehold.provision.provisioning import Provisioned
from freehold.provision.recorded_run import Recorded
from freehold.report.provision_answers import MirrorVerdict

FOLDER: Final = Path("mirror")
WHEEL: Final = Need(
    "python", "shop", "1.0", "shop-1.0-py3-none-any.whl", "0a" * 32, 12_300, (f"sha256:{'0a' * 32}",),
    "https://index.example/simple", "pip/24.0", (("requires-python", ">=3.9"),),
)  # fmt: skip
TARBALL: Final = Need(
    "npm", "@s/cart", "2.1.0", "cart-2.1.0.tgz", "0b" * 32, 4_500_000, (), "https://npm.example", "npm/10.2.0"
)
LACKING: Final = Missing(
    "python", "till", "", "the mirror does not have the package", "pip/24.0",
    "freehold provision --into mirror --need python:till",
)  # fmt: skip
STOPPED: Final = Missing("", "make wheels", "", "it ended with status 2 while it was recorded")
MANIFEST: Final = Manifest(
    "2026-11-26T07:00:00Z", "1.0", (("make", "wheels"),), ("https://index.example/simple", "https://npm.example"),
    ("index.example", "npm.example"), {"npm": "10.2.0", "pip": "24.0"}, (WHEEL, TARBALL),
    (
        Held("npm/@s/cart/-/cart-2.1.0.tgz", TARBALL.sha256, TARBALL.size),
        Held("python/wheels/shop-1.0-py3-none-any.whl", WHEEL.sha256, WHEEL.size),
    ),
    (LACKING,),
)  # fmt: skip
_RUN: Final = Run(
    "baseline", "recording", "2026-11-26T07:00:00Z", 8.5, 2,
    (Attributed(Contact("index.example", "", 0, "tcp", tries=1)), Attributed(Contact("npm.example", "", 0, "tcp", tries=1))),
    cold=True,
)  # fmt: skip
RECORDED: Final = Recorded(
    Recording(
        (Received(WHEEL, "files/shop"), Received(TARBALL, "files/cart")),
        (Asked("python", "shop", 200, "pip/24.0"), Asked("python", "till", 404), Asked("npm", "@s/cart", 200, "npm/10.2.0")),
        ("till-1.0.tar.gz: its SHA-256 is not the stated one. It was refused.",), ("index.example", "npm.example"),
    ),
    _RUN, ((Errand(("make", "wheels"), Path("shop")), 2),),
)  # fmt: skip
LACKED: Final = Proof(
    Verdict("failed", ("it failed 0.4 s after it first met the cut, at index.example:443: exit status 2",)),
    replace(
        _RUN, kind="cut", backend="namespace", seconds=1.9, blind_spots=("udp",),
        contacts=(
            Attributed(Contact("index.example", "", 443, "tcp", tries=2, refused=2, because="host index.example")),
            Attributed(Contact("time.example", "", 123, "udp", tries=1)),
            Attributed(Contact("localhost", "127.0.0.1", 8080, "tcp", tries=3, local=True)),
        ),
    ),
    ("index.example", "npm.example"), (LACKING,), 1, (TARBALL,),
)  # fmt: skip
PROVED: Final = Proof(
    Verdict("survived", ("2 tries at index.example were refused",)), replace(LACKED.run, exit=0, contacts=()), (), (), 2, ()
)
MIRRORS: Final = {
    "lacking": Provisioned(
        FOLDER, MANIFEST, (("make", "wheels"),), RECORDED, (WHEEL, TARBALL), LACKED, "", (LACKING, STOPPED)
    ),
    "proved": Provisioned(FOLDER, replace(MANIFEST, missing=()), (("make", "wheels"),), None, (), PROVED),
    "not proved": Provisioned(
        FOLDER, MANIFEST, (("make", "wheels"),), replace(RECORDED, run=replace(_RUN, exit=None)), (WHEEL,), None,
        "no proof was asked for", (LACKING,),
    ),
}  # fmt: skip
CHANGED: Final = MirrorVerdict(
    "mirror", MANIFEST,
    (Finding(MANIFEST.files[0].path, 0, "sha256", "the file is not the one recorded", "Fetch it again."),),
)  # fmt: skip
SOUND: Final = MirrorVerdict("mirror", replace(MANIFEST, needs=(), files=(), missing=()), ())


def provision_answers() -> dict[str, object]:
    """One answer of each form."""
    return {"provision": MIRRORS["lacking"], "provision verify": CHANGED}
