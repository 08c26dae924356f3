"""Drills for programs: one drill, a campaign, the ways to cut. Owns that part of the contract, and its schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from freehold.drill.matrix import LANDLORDS, OutcomeName, rows_of
from freehold.drill.record import VERDICTS, Confidence, Method
from freehold.report.json import envelope
from freehold.report.schema_forms import COUNT as _COUNT
from freehold.report.schema_forms import DIGEST as _DIGEST
from freehold.report.schema_forms import FLAG as _FLAG
from freehold.report.schema_forms import LEVEL as _LEVEL
from freehold.report.schema_forms import NAME as _NAME
from freehold.report.schema_forms import TEXT as _TEXT
from freehold.report.schema_forms import Schema as _Schema
from freehold.report.schema_forms import keys_of as _object
from freehold.report.schema_forms import list_of as _list
from freehold.report.schema_forms import or_null as _or_null

if TYPE_CHECKING:
    from freehold.drill.matrix import Landlord, MatrixRow, Outcome
    from freehold.drill.newcomers import Newcomer
    from freehold.drill.record import Attributed, HostRole, Prediction, Run, Service, Step
    from freehold.report.answers import Context
    from freehold.report.drill_answers import BackendsAnswer, DrillAnswer, MatrixAnswer

__all__ = ["DRILL_SCHEMAS", "backends_json", "drill_json", "matrix_json"]


def drill_json(answer: DrillAnswer, context: Context) -> dict[str, Any]:
    """``drill``, ``drill show``: one drill, with every contact of both runs."""
    drill = answer.drill
    verdict = drill.verdict
    return envelope(answer.verb, context) | {
        "verdict": verdict.name, "reasons": list(verdict.reasons),
        "fallbacks": [{"kind": one.kind, "what": one.what, "detail": one.detail} for one in verdict.fallbacks],
        "slower": verdict.slower, "failed_step": verdict.failed_step or None,
        "seconds_to_failure": verdict.seconds_to_failure, "command": list(drill.command), "folder": drill.folder,
        "digest": drill.digest, "revision": drill.revision or None, "what": _cut(drill.cut), "said": drill.said,
        "shape": drill.shape, "backend": drill.backend, "version": drill.version, "catalogue": drill.catalogue,
        "baseline": None if drill.baseline is None else _run(drill.baseline), "cut": _run(drill.run),
        "contacts": [
            _contact(one, run.kind) for run in (drill.baseline, drill.run) if run is not None for one in run.contacts
        ],
        "predicted": None if drill.prediction is None else _prediction(drill.prediction),
        "unpredicted": drill.unpredicted or None, "valid_until": drill.valid_until or None, "tags": list(drill.tags),
        "service": None if drill.service is None else _service(drill.service),
        "known": answer.known or None, "new": [_newcomer(one) for one in answer.new], "record": answer.record or None,
        "repeat": list(answer.repeat),
    }  # fmt: skip


def matrix_json(answer: MatrixAnswer, context: Context) -> dict[str, Any]:
    """``drill --matrix``: the survival matrix, and of every landlord what its drill proved."""
    matrix = answer.matrix
    parts = [{"step": name or None, "outcomes": [_outcome(one) for one in outcomes]} for name, outcomes in rows_of(matrix)]
    return envelope("drill matrix", context) | {
        "command": list(matrix.command), "by": matrix.by, "baseline": _run(matrix.baseline),
        "contacts": [_contact(one, "baseline") for one in matrix.baseline.contacts],
        "landlords": [_row(row) for row in matrix.rows], "survival": parts,
        "left_out": [_landlord(one) for one in matrix.left_out], "unattributed": list(matrix.unattributed),
        "jobs": matrix.jobs, "seconds": matrix.seconds,
    }  # fmt: skip


def backends_json(answer: BackendsAnswer, context: Context) -> dict[str, Any]:
    """``drill backends``: which ways to cut work here, and why not the others."""
    ways = [{"backend": one.backend, "works": one.ok, "reason": one.reason} for one in answer.possible]
    return envelope("drill backends", context) | {"chosen": answer.chosen or None, "backends": ways}


def _cut(cut: dict[str, Any]) -> dict[str, Any]:
    """What was cut, every key there; one that a later version wrote is left out."""
    cutoff = cut.get("cutoff")
    return {
        "cutoff": cutoff if isinstance(cutoff, dict) else None, "hosts": list(cut.get("hosts", ())),
        "air_gap": bool(cut.get("air_gap", False)),
    }  # fmt: skip


def _run(run: Run) -> dict[str, Any]:
    return {
        "exit": run.exit, "seconds": run.seconds, "backend": run.backend, "started": run.started,
        "steps": [_step(one) for one in run.steps],
        "local": [
            {"place": one.place, "kind": one.kind, "files": one.files, "examples": list(one.examples)} for one in run.local
        ],
        "output_lines": _counted(run.output_lines), "output_bytes": _counted(run.output_bytes),
        "stdout_lines": _counted(run.stdout_lines), "stdout_bytes": _counted(run.stdout_bytes), "files": _files(run),
        "blind_spots": list(run.blind_spots), "broken": run.broken or None, "cold": run.cold,
        "setup_seconds": run.setup_seconds, "interrupted": run.interrupted, "left_out": run.left_out, "notes": list(run.notes),
    }  # fmt: skip


def _files(run: Run) -> dict[str, Any] | None:
    files = run.files
    if files is None:
        return None
    return {
        "read": files.read_count, "written": files.written_count, "examples": list(files.written[:_MOST_EXAMPLES]),
        "left_out": list(files.left_out),
    }  # fmt: skip


def _counted(number: int) -> int | None:
    return number if number >= 0 else None


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name, "outcome": step.outcome, "exit": step.exit, "started": step.started, "seconds": step.seconds,
        "first_refused": step.first_refused or None, "refusal_to_failure": step.refusal_to_failure,
    }  # fmt: skip


def _contact(one: Attributed, run: str) -> dict[str, Any]:
    contact = one.contact
    return {
        "run": run, "name": contact.name or None, "address": contact.address or None, "port": contact.port,
        "transport": contact.transport, "tries": contact.tries, "refused": contact.refused, "failed": contact.failed,
        "bytes_up": contact.bytes_up, "bytes_down": contact.bytes_down, "first_seen": contact.first_seen,
        "first_refused": contact.first_refused, "last_refused": contact.last_refused, "aliases": list(contact.aliases),
        "addresses": list(contact.addresses), "because": contact.because or None, "local": contact.local,
        "provider": one.provider, "roles": [_role(role) for role in one.roles],
    }  # fmt: skip


def _role(role: HostRole) -> dict[str, Any]:
    return {
        "role": role.role, "provider": role.provider, "product": role.product, "name": role.name,
        "countries": {way: list(codes) for way, codes in role.countries}, "method": role.method,
        "confidence": role.confidence, "evidence": role.evidence or None,
    }  # fmt: skip


def _prediction(one: Prediction) -> dict[str, Any]:
    return {
        "item": one.item, "low": one.low, "high": one.high, "up": one.up, "because": one.because, "agrees": one.agrees,
    }  # fmt: skip


def _service(one: Service) -> dict[str, Any]:
    return {
        "probe": list(one.probe), "ready": one.ready, "cut_at": one.cut_at, "restored_at": one.restored_at,
        "survive": one.survive, "survive_at_least": one.survive_at_least, "recover": one.recover,
        "phases": [{"phase": phase, "probes": whole, "passed": passed} for phase, whole, passed in one.probes],
        "turns": [{"phase": turn.phase, "at": turn.at, "seconds": turn.seconds, "exit": turn.exit} for turn in one.turns],
    }  # fmt: skip


def _newcomer(one: Newcomer) -> dict[str, Any]:
    return {"provider": one.provider, "name": one.name, "hosts": list(one.hosts)}


def _outcome(one: Outcome) -> dict[str, Any]:
    return {"outcome": one.name, "first_refused": one.first_refused or None, "seconds_to_failure": one.seconds}


def _landlord(one: Landlord) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "hosts": list(one.hosts), "in_stack": one.in_stack}


def _row(row: MatrixRow) -> dict[str, Any]:
    drill = row.drill
    return _landlord(row.landlord) | {
        "verdict": None if drill is None else drill.verdict.name,
        "reasons": [] if drill is None else list(drill.verdict.reasons),
        "not_run": row.reason or None, "record": row.record or None,
        "cut": None if drill is None else _run(drill.run),
        "predicted": None if drill is None or drill.prediction is None else _prediction(drill.prediction),
    }  # fmt: skip


_MOST_EXAMPLES: Final = 20
_SECONDS: Final[_Schema] = {"type": "number", "minimum": 0}
_KINDS: Final[_Schema] = {"enum": ["baseline", "cut"]}
_TEXTS: Final = _list(_TEXT)
_VERDICT: Final[_Schema] = {"enum": list(VERDICTS)}
_STEP: Final = _object(
    name=_NAME, outcome={"enum": ["passed", "failed", "skipped"]}, exit=_or_null({"type": "integer"}), started=_SECONDS,
    seconds=_SECONDS, first_refused=_or_null(_NAME), refusal_to_failure=_or_null(_SECONDS),
)  # fmt: skip
_RUN: Final = _object(
    exit=_or_null({"type": "integer"}), seconds=_SECONDS, backend=_NAME, started=_TEXT, steps=_list(_STEP),
    local=_list(_object(place=_NAME, kind=_TEXT, files=_COUNT, examples=_TEXTS)), output_lines=_or_null(_COUNT),
    output_bytes=_or_null(_COUNT), stdout_lines=_or_null(_COUNT), stdout_bytes=_or_null(_COUNT),
    files=_or_null(_object(read=_COUNT, written=_COUNT, examples=_TEXTS, left_out=_TEXTS)), blind_spots=_TEXTS,
    broken=_or_null(_NAME), cold=_FLAG, setup_seconds=_SECONDS, interrupted=_FLAG, left_out=_COUNT, notes=_TEXTS,
)  # fmt: skip
_ROLE: Final = _object(
    role=_NAME, provider=_or_null(_NAME), product=_or_null(_NAME), name=_TEXT,
    countries={"type": "object", "additionalProperties": _TEXTS}, method={"enum": list(get_args(Method))},
    confidence={"enum": list(get_args(Confidence))}, evidence=_or_null(_TEXT),
)  # fmt: skip
_CONTACT: Final = _object(
    run=_KINDS, name=_or_null(_NAME), address=_or_null(_NAME), port=_COUNT, transport={"enum": ["tcp", "udp", "lookup"]},
    tries=_COUNT, refused=_COUNT, failed=_COUNT, bytes_up=_COUNT, bytes_down=_COUNT, first_seen=_SECONDS,
    first_refused=_or_null(_SECONDS), last_refused=_or_null(_SECONDS), aliases=_TEXTS, addresses=_TEXTS,
    because=_or_null(_TEXT), local=_FLAG, provider=_or_null(_NAME), roles=_list(_ROLE),
)  # fmt: skip
_PREDICTION: Final = _object(item=_NAME, low=_LEVEL, high=_LEVEL, up=_or_null(_FLAG), because=_TEXT, agrees=_or_null(_FLAG))
_CUT: Final = _object(cutoff={"type": ["object", "null"]}, hosts=_TEXTS, air_gap=_FLAG)
_PHASE: Final[_Schema] = {"enum": ["start", "base", "cut", "recovery"]}
_SERVICE: Final = _object(
    probe=_list(_TEXT, minItems=1), ready=_or_null(_SECONDS), cut_at=_or_null(_SECONDS), restored_at=_or_null(_SECONDS),
    survive=_or_null(_SECONDS), survive_at_least=_SECONDS, recover=_or_null(_SECONDS),
    phases=_list(_object(phase=_PHASE, probes=_COUNT, passed=_COUNT)),
    turns=_list(_object(phase=_PHASE, at=_SECONDS, seconds=_SECONDS, exit=_or_null({"type": "integer"}))),
)  # fmt: skip
_DRILL: Final[dict[str, _Schema]] = {
    "verdict": _VERDICT, "reasons": _TEXTS,
    "fallbacks": _list(_object(kind={"enum": ["host", "local"]}, what=_NAME, detail=_TEXT)), "slower": _or_null(_SECONDS),
    "failed_step": _or_null(_NAME), "seconds_to_failure": _or_null(_SECONDS), "command": _list(_TEXT, minItems=1),
    "folder": _TEXT, "digest": _DIGEST, "revision": _or_null(_NAME), "what": _CUT, "said": _TEXT, "shape": _NAME,
    "backend": _NAME, "version": _NAME, "catalogue": _TEXT, "baseline": _or_null(_RUN), "cut": _RUN,
    "contacts": _list(_CONTACT), "predicted": _or_null(_PREDICTION), "unpredicted": _or_null(_TEXT),
    "valid_until": _or_null(_NAME), "tags": _TEXTS, "service": _or_null(_SERVICE), "known": _or_null(_NAME),
    "new": _list(_object(provider=_or_null(_NAME), name=_TEXT, hosts=_list(_NAME, minItems=1))), "record": _or_null(_NAME),
    "repeat": _TEXTS,
}  # fmt: skip
_LANDLORD: Final[dict[str, _Schema]] = {"id": _NAME, "name": _TEXT, "hosts": _TEXTS, "in_stack": _COUNT}
_OUTCOME: Final = _object(
    outcome={"enum": list(get_args(OutcomeName))}, first_refused=_or_null(_NAME), seconds_to_failure=_or_null(_SECONDS)
)

DRILL_SCHEMAS: Final[dict[str, dict[str, _Schema]]] = {
    "drill": _DRILL,
    "drill show": _DRILL,
    "drill matrix": {
        "command": _list(_TEXT, minItems=1), "by": {"enum": list(LANDLORDS)}, "baseline": _RUN, "contacts": _list(_CONTACT),
        "landlords": _list(
            _object(
                **_LANDLORD, verdict={"enum": [*VERDICTS, None]}, reasons=_TEXTS, not_run=_or_null(_NAME),
                record=_or_null(_NAME), cut=_or_null(_RUN), predicted=_or_null(_PREDICTION),
            )
        ),
        "survival": _list(_object(step=_or_null(_NAME), outcomes=_list(_OUTCOME)), minItems=1),
        "left_out": _list(_object(**_LANDLORD)), "unattributed": _TEXTS, "jobs": {"type": "integer", "minimum": 1},
        "seconds": _SECONDS,
    },
    "drill backends": {
        "chosen": _or_null(_NAME), "backends": _list(_object(backend=_NAME, works=_FLAG, reason=_TEXT)),
    },
}  # fmt: skip
"""By verb: the keys of its answer."""
