"""Drills that the report's tests show: one of each verdict, a campaign, the ways to cut. Made by hand, nothing runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from freehold.drill.contact import Contact
from freehold.drill.interface import Possible
from freehold.drill.matrix import Landlord, Matrix, MatrixRow
from freehold.drill.newcomers import Newcomer
from freehold.drill.proposals import Proposal
from freehold.drill.record import (
    Attributed,
    Drill,
    Fallback,
    FileRead,
    HostRole,
    LocalUse,
    Prediction,
    Probed,
    Run,
    Service,
    Step,
    Verdict,
    WorkingFiles,
)
from freehold.drill.scores import score
from freehold.report.drill_answers import ApplyAnswer, BackendsAnswer, DrillAnswer, MatrixAnswer, ScoreAnswer
from freehold.stack.changes import ColumnChange, RowChange
from freehold.stack.values import Claim

DIGEST: Final = "0123456789abcdef" * 4
COMMAND: Final = ("make", "-C", "shop", "test")
FORGE: Final = HostRole(
    "service", "forge-inc", "forge", "Forge, Inc.", (("provider", ("US",)), ("owner", ("US", "?"))), "host", "strong",
    "catalogue: forge.example, 2026-11-01",
)  # fmt: skip
EDGE: Final = HostRole(
    "delivery", "edge-ltd", None, "Edge Ltd", (("provider", ("IE",)), ("location", ("NL",))), "alias", "medium",
    "leads to edge.example",
)  # fmt: skip
PLACE: Final = HostRole("address", None, None, "Germany", (("location", ("DE",)),), "address", "weak", "countries.csv")


def contact(name: str, port: int = 443, **values: object) -> Contact:
    return replace(Contact(name, "", port, "tcp", 1), **values)  # type: ignore[arg-type]


BASELINE: Final = Run(
    "baseline", "namespace", "2026-11-26T07:00:00Z", 12.3, 0,
    (
        Attributed(contact("git.forge.example", bytes_up=2_100, bytes_down=4_600_000, first_seen=0.4), (FORGE,)),
        Attributed(
            contact("wheels.example", tries=3, bytes_down=136_000, aliases=("edge.example",), first_seen=1.0), (EDGE, PLACE)
        ),
        Attributed(contact("time.example", 123, transport="udp", tries=2, refused=0, first_seen=1.5)),
        Attributed(contact("localhost", 5432, local=True, bytes_down=900, first_seen=2.0)),
    ),
    (Step("fetch", "passed", 0, 0.0, 4.2), Step("test", "passed", 0, 4.2, 8.1)),
    (LocalUse("~/.cache/pip", "pip cache", 3, ("a.whl",)),), 120, 8_000, ("udp",), setup_seconds=0.018,
    stdout_lines=100, stdout_bytes=7_000,
    files=WorkingFiles((FileRead("shop.toml", 0.1),), ("dist/shop-1.whl", "report.xml"), 1, 2, (".git",)),
)  # fmt: skip
CUT: Final = Run(
    "cut", "namespace", "2026-11-26T07:01:00Z", 31.0, 2,
    (
        Attributed(
            contact(
                "git.forge.example", tries=6, refused=6, first_seen=0.5, first_refused=0.5, last_refused=9.0,
                because="provider forge-inc",
            ),
            (FORGE,),
        ),
        Attributed(Contact("", "203.0.113.9", 8443, "tcp", 1, bytes_down=10, first_seen=1.2), (PLACE,)),
    ),
    (Step("fetch", "failed", 2, 0.0, 31.0, "git.forge.example:443", 30.5), Step("test", "skipped")),
    output_lines=30, output_bytes=1_000, setup_seconds=0.021, stdout_lines=0, stdout_bytes=0,
    files=WorkingFiles((FileRead("shop.toml", 0.1),), (), 1, 0, (".git",)),
)  # fmt: skip
RULES: Final = {
    "cutoff": {
        "name": "provider forge-inc", "notice": "0d", "stake": 0.5,
        "rule": [
            {
                "provider": "forge-inc", "via": ["provider", "owner", "location", "origin"], "availability": 0.0, "from": "0d",
                "until": "forever", "cover": "keep",
            }
        ],
    },
    "hosts": ["mirror.example"], "air_gap": False,
}  # fmt: skip
FAILED: Final = Drill(
    COMMAND, "shop", DIGEST, "89abcdef0123456789abcdef0123456789abcdef+", RULES, "Forge, Inc. or mirror.example", "gone",
    "namespace", "1.0", "2026-11-26", BASELINE, CUT,
    Verdict(
        "failed", ("it failed in the step 'fetch' 30.5 s after it first met the cut, at git.forge.example:443: exit status 2",),
        slower=2.52, failed_step="fetch", seconds_to_failure=30.5,
    ),
    Prediction("shop", 0.8, 1.0, up=True, because="'shop' stands because nothing that it rests on is cut", agrees=False),
    valid_until="2027-02-24",
)  # fmt: skip
_PASSED_CUT: Final = replace(
    CUT, exit=0, seconds=14.0,
    steps=(Step("fetch", "passed", 0, 0.0, 6.0, "git.forge.example:443"), Step("test", "passed", 0, 6.0, 8.0)),
    local=(LocalUse("~/wheels", "wheel folder (find-links)", 4, ("shop-1.whl", "cart-2.whl")),),
)  # fmt: skip
SURVIVED: Final = replace(
    FAILED, run=_PASSED_CUT, prediction=Prediction("shop", 0.0, 0.0, up=False, because="'shop' needs 'forge'", agrees=False),
    verdict=Verdict(
        "survived", ("6 tries at git.forge.example were refused",),
        (Fallback("local", "~/wheels", "wheel folder (find-links), 4 files read"), Fallback("host", "wheels.example")), 1.14,
    ),
)  # fmt: skip
DEGRADED: Final = replace(
    SURVIVED, prediction=None, unpredicted="the working folder is no project",
    verdict=Verdict("degraded", ("6.4 times slower: 66 s more than the 12.3 s without the cut",), (), 6.4),
)  # fmt: skip
UNTOUCHED: Final = replace(
    FAILED, run=replace(CUT, exit=0, contacts=(), steps=()), baseline=None,
    prediction=Prediction("shop", 1.0, 1.0, up=True, agrees=True),
    verdict=Verdict("untouched", ("nothing that was cut was tried",)),
)  # fmt: skip
VOID: Final = replace(
    FAILED, cut={"cutoff": None, "hosts": [], "air_gap": True}, said="everything outside this machine",
    prediction=Prediction("shop", 0.0, 1.0, up=None), baseline=replace(BASELINE, exit=None),
    run=replace(CUT, exit=-9, backend="air-gap"), backend="air-gap", revision="",
    verdict=Verdict("void", ("it failed without the cut too: not done after 600 s",)),
)  # fmt: skip
WATCHED: Final = replace(
    FAILED, cut={}, said="", baseline=None, run=BASELINE, prediction=None, verdict=Verdict("void", ("nothing was cut",))
)
SERVED: Final = replace(
    FAILED, command=("./serve",), baseline=None, prediction=None, tags=("service",),
    run=replace(
        CUT, exit=1,
        steps=(
            Step("start", "passed", None, 0.0, 1.1), Step("base", "passed", None, 1.1, 10.0),
            Step("cut", "failed", None, 11.1, 60.0, "git.forge.example:443"), Step("recovery", "passed", None, 71.1, 60.0),
        ),
    ),
    verdict=Verdict(
        "failed", ("the probe failed first 30.2 s after the cut; 29.2 s after it, it had still passed",), (), 1.0, "cut", 30.2
    ),
    service=Service(
        ("curl", "-f", "localhost"), 1.1, 11.1, 71.1, 30.2, 29.2, 4.5,
        (("start", 2, 1), ("base", 10, 10), ("cut", 60, 30), ("recovery", 60, 56)),
        (Probed("start", 1.0, 0.1, 0), Probed("cut", 41.3, 0.1, 22), Probed("recovery", 75.5, 0.1, 0)),
    ),
)  # fmt: skip
DRILLS: Final = {
    "failed": DrillAnswer(
        FAILED, record=".freehold/drills/one.json", repeat=("freehold", "drill", "--provider", "forge-inc", "--", *COMMAND)
    ),
    "survived": DrillAnswer(SURVIVED, "drill show", known="the stack"),
    "degraded": DrillAnswer(DEGRADED), "service": DrillAnswer(SERVED),
    "untouched": DrillAnswer(UNTOUCHED),
    "void": DrillAnswer(VOID),
    "watched": DrillAnswer(
        WATCHED, known="the record known.json",
        new=(Newcomer("edge-ltd", "Edge Ltd", ("wheels.example",)), Newcomer(None, "time.example", ("time.example",))),
    ),
}  # fmt: skip
MATRIX: Final = Matrix(
    COMMAND, "provider", BASELINE,
    (
        MatrixRow(Landlord("forge-inc", "Forge, Inc.", ("git.forge.example",), 2), FAILED, record=".freehold/drills/one.json"),
        MatrixRow(Landlord("edge-ltd", "Edge Ltd", ("wheels.example",)), SURVIVED),
        MatrixRow(Landlord("slow-co", "", (), 1), DEGRADED),
        MatrixRow(Landlord("bank", "Bank", (), 1), UNTOUCHED),
        MatrixRow(Landlord("odd", "<Odd> & Sons", (), 1), VOID),
        MatrixRow(Landlord("late", "Late plc", (), 1), None, "budget"),
        MatrixRow(Landlord("gone", "Gone SA", (), 1), None, "the cut could not be set up"),
    ),
    (Landlord("small", "Small Ltd", (), 1),), ("time.example",), 2, 93.5,
)  # fmt: skip
WAYS: Final = BackendsAnswer(
    (
        Possible("namespace", False, "user namespaces are forbidden here"), Possible("proxy", True, "everywhere"),
        Possible("air-gap", False, "user namespaces are forbidden here"),
    ),
    "proxy",
)  # fmt: skip


SCORE: Final = ScoreAnswer(score((FAILED, SURVIVED, DEGRADED, UNTOUCHED, VOID)), ".freehold/drills", ("x.json is no JSON",))
NEED: Final = Proposal(
    "need:forge", "need", "'shop' needs 'forge': the drill saw git.forge.example", ("git.forge.example:443: 6 tries",), 0.9,
    claims=(Claim("needs", "shop@self > forge", "item", "forge", "drill of 2026-11-26", "2026-11-26", 0.9),),
)  # fmt: skip
COVER: Final = Proposal("cover:shop@self > forge", "cover", "'forge' has no cover", (), 0.7)
_ROWS: Final = (
    RowChange("needs", "shop@self > forge", "added"),
    RowChange("needs", "shop@self > forge", "changed", (ColumnChange("survive", "1d", "0d"),)),
)
PROPOSED: Final = ApplyAnswer(FAILED, ".freehold/drills/one.json", (NEED, COVER), (), _ROWS)
APPLIED: Final = ApplyAnswer(FAILED, ".freehold/drills/one.json", (NEED, COVER), ("need:forge",), _ROWS[:1], "stack.toml")


def drill_answers() -> dict[str, object]:
    """One answer of each form."""
    return {
        "drill": DRILLS["failed"], "drill show": DRILLS["survived"], "drill matrix": MatrixAnswer(MATRIX),
        "drill backends": WAYS, "drill apply": APPLIED, "drill score": SCORE,
    }  # fmt: skip
