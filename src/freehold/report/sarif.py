"""Drills as SARIF 2.1.0, for code scanning. Owns which losses are told as results, and where they point.

OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 27 March 2020. One rule a kind of finding; one
result a landlord without whom the command fails or gets worse, and one a new landlord. They point at the file that the
command comes from, if that is known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from freehold.drill.matrix import Matrix, MatrixRow
from freehold.drill.newcomers import Newcomer
from freehold.drill.record import Drill
from freehold.report.clean import clean, escape_json
from freehold.report.drill_words import in_words
from freehold.report.view_drill_matrix import not_run_words
from freehold.version import __version__
from freehold.words import listed, say

__all__ = ["drill_to_sarif", "to_sarif"]

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULES: Final = {"drill-failed": "error", "drill-degraded": "warning", "drill-void": "note", "new-landlord": "error"}
"""Rules by id, with the level of their results."""


def to_sarif(matrix: Matrix, place: str = "") -> str:
    """Write a campaign as SARIF.

    Parameters
    ----------
    matrix
        The campaign.
    place
        File that its results point at, relative to the root of the repository; empty for none.
    """
    results = [_result(row, matrix, place) for row in matrix.rows if row.drill is not None]
    done = all(row.drill is not None for row in matrix.rows)
    notes = [_note(row) for row in matrix.rows if row.drill is None]
    return _log([one for one in results if one is not None], done=done, notes=notes)


def drill_to_sarif(drill: Drill, new: Sequence[Newcomer] = (), place: str = "") -> str:
    """Write one drill, and the landlords that are new in it, as SARIF; see :func:`to_sarif`."""
    found = [] if not drill.said else [_loss(drill, drill.said, (drill.said,), place)]
    for one in new:
        landlord = one.name if one.provider is not None else say("drill.nobody_known")
        text = say("drill.new_threshold", landlord=landlord, hosts=listed(one.hosts))
        found.append(_of_rule("new-landlord", text, (*drill.command, one.provider or one.name), place))
    return _log([one for one in found if one is not None], done=not drill.run.interrupted, notes=[])


def _result(row: MatrixRow, matrix: Matrix, place: str) -> dict[str, Any] | None:
    assert row.drill is not None
    found = _loss(row.drill, row.landlord.name or row.landlord.id, (matrix.by, row.landlord.id), place)
    if found is not None:
        found["properties"]["landlord"] = row.landlord.id
    return found


def _loss(drill: Drill, landlord: str, key: Sequence[str], place: str) -> dict[str, Any] | None:
    verdict = drill.verdict
    rule = f"drill-{verdict.name}"
    if rule not in _RULES:
        return None
    command = in_words(drill.command)
    reasons = say("report.separator").join(verdict.reasons) or say(f"drill.verdict_{verdict.name}")
    if verdict.name == "failed":
        text = f"'{command}' {say('drill_matrix.junit_failure', landlord=landlord, reason=reasons)}"
    else:
        text = f"'{command}' / {landlord}: {say(f'drill.word_{verdict.name}')}. {reasons}"
    found = _of_rule(rule, text, (*drill.command, *key), place)
    found["properties"] = {"verdict": verdict.name, "step": verdict.failed_step}
    return found


def _of_rule(rule: str, text: str, key: Sequence[str], place: str) -> dict[str, Any]:
    digest = hashlib.sha256("\0".join((rule, *key)).encode(errors="replace")).hexdigest()
    found: dict[str, Any] = {
        "ruleId": rule, "ruleIndex": list(_RULES).index(rule), "level": _RULES[rule], "message": {"text": clean(text)},
        "partialFingerprints": {"drill/v1": digest},
    }  # fmt: skip
    if place:
        found["locations"] = [
            {"physicalLocation": {"artifactLocation": {"uri": place, "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 1}}}
        ]
    return found


def _note(row: MatrixRow) -> dict[str, Any]:
    text = f"{row.landlord.name or row.landlord.id}: {not_run_words(row)}"
    return {"level": "warning", "message": {"text": clean(text)}}


def _log(results: list[dict[str, Any]], *, done: bool, notes: list[dict[str, Any]]) -> str:
    rules = [
        {
            "id": rule, "shortDescription": {"text": say(f"drill_matrix.rule_{rule.replace('-', '_')}")},
            "defaultConfiguration": {"level": level},
        }
        for rule, level in _RULES.items()
    ]  # fmt: skip
    invocation: dict[str, Any] = {"executionSuccessful": done}
    if notes:
        invocation["toolExecutionNotifications"] = notes
    run = {
        "tool": {"driver": {"name": "Freehold", "version": __version__, "rules": rules}},
        "invocations": [invocation], "results": results, "columnKind": "unicodeCodePoints",
    }  # fmt: skip
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return escape_json(json.dumps(log, ensure_ascii=False, indent=2)) + "\n"
