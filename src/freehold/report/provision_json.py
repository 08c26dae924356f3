"""Mirrors for programs: what was needed, what is missing, what the proof has shown. Owns these forms, and their schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freehold.drill.record import VERDICTS
from freehold.report.json import envelope
from freehold.report.schema_forms import COUNT, DIGEST, FLAG, NAME, TEXT, Schema, list_of, or_null
from freehold.report.schema_forms import keys_of as _object

if TYPE_CHECKING:
    from freehold.drill.contact import Contact
    from freehold.provision.needs import Missing, Need
    from freehold.provision.proof import Proof
    from freehold.provision.provisioning import Provisioned
    from freehold.report.answers import Context
    from freehold.report.provision_answers import MirrorVerdict

__all__ = ["PROVISION_SCHEMAS", "provision_json", "verify_json"]


def provision_json(answer: Provisioned, context: Context) -> dict[str, Any]:
    """``provision``: the mirror, the recorded run, what it fetched, the proof, and what is missing."""
    manifest, recorded = answer.manifest, answer.recorded
    return envelope("provision", context) | {
        "mirror": str(answer.folder), "made": manifest.made, "holds": list(manifest.holds), "files": len(manifest.needs),
        "bytes": manifest.size, "commands": [list(one) for one in answer.commands],
        "recorded": None if recorded is None else {
            "exit": recorded.run.exit, "seconds": recorded.run.seconds, "hosts": list(recorded.recording.hosts),
            "problems": list(recorded.recording.problems),
            "asked": [
                {"ecosystem": one.ecosystem, "what": one.what, "status": one.status, "by": one.by or None}
                for one in recorded.recording.asked
            ],
        },
        "needs": [_need(one) for one in answer.expected],
        "proof": None if answer.proof is None else _proof(answer.proof),
        "unproved": answer.unproved or None, "missing": [_missing(one) for one in answer.missing],
    }  # fmt: skip


def verify_json(answer: MirrorVerdict, context: Context) -> dict[str, Any]:
    """``provision verify``: whether a mirror is what its manifest says, and every file that is not."""
    manifest = answer.manifest
    return envelope("provision verify", context) | {
        "mirror": answer.path, "sound": not answer.findings, "made": manifest.made, "holds": list(manifest.holds),
        "files": len(manifest.needs), "bytes": manifest.size,
        "findings": [{"file": one.file, "problem": one.problem, "mend": one.mend} for one in answer.findings],
        "missing": [_missing(one) for one in manifest.missing],
    }  # fmt: skip


def _need(need: Need) -> dict[str, Any]:
    return {
        "ecosystem": need.ecosystem, "name": need.name, "version": need.version, "file": need.file, "sha256": need.sha256,
        "bytes": need.size, "stated": list(need.stated), "source": need.source, "by": need.by or None,
    }  # fmt: skip


def _missing(missing: Missing) -> dict[str, Any]:
    return {
        "ecosystem": missing.ecosystem or None, "what": missing.what or None, "file": missing.file or None,
        "reason": missing.reason, "by": missing.by or None, "add": missing.add or None,
    }  # fmt: skip


def _proof(proof: Proof) -> dict[str, Any]:
    run = proof.run
    return {
        "proved": proof.proved, "verdict": proof.verdict.name, "reasons": list(proof.verdict.reasons), "backend": run.backend,
        "blind_spots": list(run.blind_spots), "cut": list(proof.cut), "air_gap": not proof.cut, "exit": run.exit,
        "seconds": run.seconds, "taken": proof.taken, "untaken": [one.file for one in proof.untaken],
        "bypassed": [_contact(one) for one in proof.bypassed], "outside": [_contact(one) for one in proof.outside],
    }  # fmt: skip


def _contact(contact: Contact) -> dict[str, Any]:
    return {"host": contact.host, "port": contact.port, "tries": contact.tries, "refused": contact.refused}


_SECONDS: Final[Schema] = {"type": "number", "minimum": 0}
_TEXTS: Final = list_of(TEXT)
_NEED: Final = _object(
    ecosystem=NAME, name=NAME, version=TEXT, file=NAME, sha256=DIGEST, bytes=COUNT, stated=_TEXTS, source=TEXT, by=or_null(NAME)
)
_MISSING: Final = _object(
    ecosystem=or_null(NAME), what=or_null(NAME), file=or_null(NAME), reason=NAME, by=or_null(NAME), add=or_null(NAME)
)
_CONTACTS: Final = list_of(_object(host=NAME, port=COUNT, tries=COUNT, refused=COUNT))
_MIRROR: Final[dict[str, Schema]] = {"mirror": NAME, "made": NAME, "holds": _TEXTS, "files": COUNT, "bytes": COUNT}
_EXIT: Final = or_null({"type": "integer"})

PROVISION_SCHEMAS: Final[dict[str, dict[str, Schema]]] = {
    "provision": {
        **_MIRROR, "commands": list_of(_TEXTS),
        "recorded": or_null(
            _object(
                exit=_EXIT, seconds=_SECONDS, hosts=_TEXTS, problems=_TEXTS,
                asked=list_of(_object(ecosystem=NAME, what=NAME, status=COUNT, by=or_null(NAME))),
            )
        ),
        "needs": list_of(_NEED),
        "proof": or_null(
            _object(
                proved=FLAG, verdict={"enum": list(VERDICTS)}, reasons=_TEXTS, backend=NAME, blind_spots=_TEXTS, cut=_TEXTS,
                air_gap=FLAG, exit=_EXIT, seconds=_SECONDS, taken=COUNT, untaken=_TEXTS, bypassed=_CONTACTS, outside=_CONTACTS,
            )
        ),
        "unproved": or_null(NAME), "missing": list_of(_MISSING),
    },
    "provision verify": {
        **_MIRROR, "sound": FLAG, "findings": list_of(_object(file=NAME, problem=NAME, mend=NAME)),
        "missing": list_of(_MISSING),
    },
}  # fmt: skip
"""By verb: the keys of its answer."""
