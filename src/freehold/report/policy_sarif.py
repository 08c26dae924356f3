"""What breaks a policy, as SARIF 2.1.0, for code scanning. Owns which verdicts are results, and where they point.

OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 27 March 2020. A rule of the policy is a rule
here, a thing that breaks it a result; results point at the policy's file.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePath
from typing import Any, Final

from freehold.report.clean import clean, escape_json
from freehold.schemes.policy_values import Breach, PolicyAnswer, RuleAnswer
from freehold.version import __version__

__all__ = ["policy_to_sarif"]

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def policy_to_sarif(answer: PolicyAnswer) -> str:
    """Write what breaks a policy as SARIF.

    Parameters
    ----------
    answer
        The verdicts.
    """
    rules = [
        {
            "id": clean(one.rule.name), "shortDescription": {"text": clean(one.rule.why or one.rule.name)},
            "defaultConfiguration": {"level": "error"},
        }
        for one in answer.rules
    ]  # fmt: skip
    path = answer.policy.path
    place = "" if PurePath(path).is_absolute() else PurePath(path).as_posix()
    results = [
        _result(number, one, breach, place)
        for number, one in enumerate(answer.rules)
        if one.verdict in ("broken", "perhaps")
        for breach in one.breaches or (None,)
    ]
    run = {
        "tool": {"driver": {"name": "Freehold", "version": __version__, "rules": rules}},
        "invocations": [{"executionSuccessful": True}], "results": results, "columnKind": "unicodeCodePoints",
    }  # fmt: skip
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return escape_json(json.dumps(log, ensure_ascii=False, indent=2)) + "\n"


def _result(number: int, one: RuleAnswer, breach: Breach | None, place: str) -> dict[str, Any]:
    surely = one.verdict == "broken" if breach is None else breach.surely
    level = "note" if not one.fails else "error" if surely else "warning"
    key = "\0".join((one.rule.name, "" if breach is None else breach.id))
    parts = [one.told] if breach is None else [breach.told or breach.id, *([" > ".join(breach.path)] if breach.path else [])]
    parts.append(one.mend if breach is None else breach.mend or one.mend)
    found: dict[str, Any] = {
        "ruleId": clean(one.rule.name), "ruleIndex": number, "level": level,
        "message": {"text": clean(" ".join(filter(None, parts)))},
        "partialFingerprints": {"policy/v1": hashlib.sha256(key.encode(errors="replace")).hexdigest()},
    }  # fmt: skip
    if place:
        found["locations"] = [
            {"physicalLocation": {"artifactLocation": {"uri": place, "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 1}}}
        ]
    return found
