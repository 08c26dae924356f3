"""The JSON Schema of every verb's answer. Owns the contract's form as data that tests and programs can check against.

Every object names all its keys and allows no others, so that a key that is lost, misspelt or new is seen.
"""

from __future__ import annotations

from typing import Any, Final

from freehold.errors import UsageError
from freehold.report.drill_evidence_json import EVIDENCE_SCHEMAS
from freehold.report.drill_json import DRILL_SCHEMAS
from freehold.report.json import SCHEMA
from freehold.report.json_chokepoints import CHOKEPOINTS_SCHEMAS
from freehold.report.json_firms import FIRMS_SCHEMAS
from freehold.report.json_options import OPTIONS_SCHEMAS
from freehold.report.json_packs import BRIEF_TAKEN, PACKS_SCHEMAS
from freehold.report.json_partners import PARTNERS_SCHEMAS
from freehold.report.json_plan import PLAN_KEYS, PLAN_SCHEMAS
from freehold.report.json_plan_work import PLAN_WORK_SCHEMAS
from freehold.report.json_policy import POLICY_SCHEMA
from freehold.report.json_schemes import SCHEMES_SCHEMAS
from freehold.report.json_sweep import SWEEP_SCHEMAS
from freehold.report.json_systemic import SYSTEMIC_SCHEMAS
from freehold.report.json_whole import DRILL_RECORD, WHOLE_KEYS
from freehold.report.provision_json import PROVISION_SCHEMAS
from freehold.report.respond_json import RESPOND_SCHEMAS
from freehold.report.rules_json import RULES_SCHEMAS
from freehold.report.schema_forms import AMOUNT as _DAY
from freehold.report.schema_forms import BOUNDS as _BOUNDS
from freehold.report.schema_forms import COUNT as _COUNT
from freehold.report.schema_forms import CUTOFF as _CUTOFF
from freehold.report.schema_forms import DIGEST as _DIGEST
from freehold.report.schema_forms import FLAG as _FLAG
from freehold.report.schema_forms import LEVEL as _LEVEL
from freehold.report.schema_forms import LEVELS as _LEVELS
from freehold.report.schema_forms import NAME as _NAME
from freehold.report.schema_forms import TEXT as _TEXT
from freehold.report.schema_forms import Schema as _Schema
from freehold.report.schema_forms import list_of as _list
from freehold.report.schema_forms import object_of as _object
from freehold.report.schema_forms import or_null as _or_null
from freehold.stack.cutoff import WAYS

__all__ = ["VERBS", "json_schema"]

_SIGNED: Final[_Schema] = {"type": "number", "minimum": -1, "maximum": 1}
_MONEY: Final[_Schema] = {"type": ["number", "null"], "minimum": 0}
_PLACE: Final[_Schema] = {"type": "string", "pattern": "^([A-Z]{2}|none)$"}
_NAMES: Final = _list(_NAME)
_TEXTS: Final = _list(_TEXT)
_DAYS: Final = _list(_DAY, minItems=1)
_CURVE: Final = _object({"days": _DAYS, "low": _list(_LEVEL, minItems=1), "high": _list(_LEVEL, minItems=1)})

_STACK: Final = _object(
    {
        "name": _TEXT, "home": _or_null({"type": "string", "pattern": "^[A-Z]{2}$"}), "trusted": _NAMES, "items": _COUNT,
        "sources": _COUNT, "needs": _COUNT,
    }
)  # fmt: skip
_COVERAGE: Final = _object({"provider": _LEVEL, "country": _LEVEL, "owner": _LEVEL, "licence": _LEVEL})


_CLAIM: Final = _object(
    {
        "table": _NAME, "id": _NAME, "attribute": _NAME, "value": _TEXT, "source": _NAME, "date": _or_null(_TEXT),
        "confidence": _or_null(_LEVEL),
    }
)  # fmt: skip
_STEP: Final = _object(
    {
        "item": _NAME, "source": _or_null(_NAME), "need": _or_null(_NAME), "day": _DAY, "level": _LEVEL, "because": _NAME,
        "evidence": _list(_CLAIM),
    }
)  # fmt: skip
_FINDING: Final = _object(
    {
        "file": _TEXT, "row": _COUNT, "column": _TEXT, "problem": _NAME, "mend": _TEXT, "severity": {"enum": ["error", "note"]},
    }
)  # fmt: skip

_CUTOFF_KEYS: Final[dict[str, _Schema]] = {
    "cutoff": _CUTOFF,
    "days": _DAYS,
    "floor": _LEVEL,
    "mission_rule": _NAME,
    "mission": _LEVELS,
    "items": _list(
        _object(
            {
                "id": _NAME, "kind": _or_null(_NAME), "low": _list(_LEVEL, minItems=1), "high": _list(_LEVEL, minItems=1),
                "stops_low": _or_null(_DAY), "stops_high": _or_null(_DAY),
            }
        )
    ),
}  # fmt: skip

_LOSS: Final[dict[str, _Schema]] = {"sources": _COUNT, "loss": _LEVELS, "change_loss": _or_null(_LEVELS)}

_ASSESS_KEYS: Final[dict[str, _Schema]] = {
    "days": _DAYS,
    "floor": _LEVEL,
    "mission_rule": _NAME,
    "self_reliance": _CURVE,
    "change": _or_null(_CURVE),
    "face_value": _BOUNDS,
    "content": _BOUNDS,
    "hidden_exposure": _object({"low": _SIGNED, "high": _SIGNED}),
    "layers": _list(
        _object({"kind": _NAME, "items": _COUNT, "held": _COUNT, "foreign": _COUNT, "mixed": _COUNT, "unknown": _COUNT})
    ),
    "controllers": _list(_object({"country": _PLACE} | _LOSS)),
    "landlords": _list(_object({"id": _NAME, "country": _or_null(_PLACE)} | _LOSS)),
    "weakest": _list(
        _object(
            {
                "id": _NAME, "held": _FLAG, "stops_low": _or_null(_DAY), "stops_high": _or_null(_DAY), "low": _LEVEL,
                "high": _LEVEL, "because": _TEXT,
            }
        )
    ),
    "learn_first": _list(
        _object(
            {
                "table": {"enum": ["items", "providers", "sources", "needs"]}, "id": _NAME, "attribute": _NAME,
                "sources": _COUNT, "narrows": {"type": "number", "minimum": 0, "maximum": 2}, "raises_low": _LEVEL,
                "lowers_high": _LEVEL,
            }
        )
    ),
    "facts_tried": _COUNT,
}  # fmt: skip

_INVENTORY: Final = _object(
    {
        "name": _TEXT, "reader": _NAME, "components": _COUNT, "contacts": _COUNT, "skipped": _COUNT, "joined": _COUNT,
        "licence": _or_null(_TEXT), "languages": _NAMES, "toolchains": _NAMES,
    }
)  # fmt: skip
_READ_KEYS: Final[dict[str, _Schema]] = {
    "inventory": _INVENTORY,
    "skips": _list(_object({"file": _TEXT, "reason": _NAME, "detail": _TEXT})),
}

_OPTION: Final = _object(
    {
        "id": _NAME, "provider": _or_null(_NAME), "status": {"enum": ["standby", "candidate"]}, "capacity": _BOUNDS,
        "quality": _BOUNDS, "recover": _object({"low": _DAY, "high": _or_null(_DAY)}),
        "cost_once": _object({"low": _MONEY, "high": _MONEY}), "cost_year": _object({"low": _MONEY, "high": _MONEY}),
        "currency": _or_null(_NAME),
    }
)  # fmt: skip
_GAP: Final = _object(
    {
        "kind": _NAME,
        "items": {"type": "integer", "minimum": 1},
        "held": _BOUNDS,
        "home": _or_null(_object({"id": _NAME, "item": _NAME, "status": _or_null(_NAME), "quality": _BOUNDS})),
        "landlord": _or_null(
            _object(
                {
                    "provider": _or_null(_NAME), "country": _or_null(_PLACE), "via": _or_null({"enum": list(WAYS)}),
                    "share": _BOUNDS,
                }
            )
        ),
        "closes": _list(
            _object(
                {
                    "item": _NAME, "held": _BOUNDS,
                    "by": {"anyOf": [_OPTION, _object({"id": {"type": "null"}, "perhaps": _NAMES})]},
                }
            )
        ),
    }
)  # fmt: skip

_CELL: Final[_Schema] = {"type": ["string", "number", "boolean", "null"]}
_NEED: Final = _object(
    {"source": _NAME, "item": _NAME, "role": _CELL, "weight": _CELL, "enough": _CELL, "survive": _CELL, "value": _CELL}
)
_LABELS: Final[_Schema] = {"anyOf": [_TEXTS, {"const": "?"}, {"type": "null"}]}
_SOURCE: Final = _object(
    {
        "id": _NAME, "item": _NAME, "provider": _or_null(_NAME), "location": _LABELS, "origin": _LABELS, "licence": _CELL,
        "status": _CELL, "share": _CELL, "capacity": _CELL, "recover": _CELL, "quality": _CELL, "own_value": _CELL,
        "cost_once": _CELL, "cost_year": _CELL, "currency": _CELL, "tags": _LABELS, "needs": _list(_NEED),
    }
)  # fmt: skip
_ITEM: Final = _object(
    {
        "id": _NAME, "name": _CELL, "kind": _CELL, "mission": _CELL, "whole": _CELL, "tags": _LABELS, "sources": _list(_SOURCE),
    }
)  # fmt: skip

_COMPONENT: Final = _object(
    {
        "id": _NAME, "name": _TEXT, "version": _or_null(_TEXT), "kind": _or_null(_NAME), "licence": _or_null(_TEXT),
        "supplier": _or_null(_TEXT), "scope": _NAME, "direct": _FLAG, "depends": _NAMES, "registry": _or_null(_NAME),
        "repository": _or_null(_NAME), "evidence": _TEXTS,
        "manages": _list(_object({"sort": _NAME, "resources": _COUNT})), "regions": _NAMES,
    }
)  # fmt: skip
_CONTACT: Final = _object({"host": _NAME, "role": _NAME, "scope": _NAME, "optional": _FLAG, "evidence": _TEXTS})

_FACT: Final = _object(
    {
        "table": _NAME, "id": _NAME, "attribute": _NAME, "value": _TEXT, "date": _or_null(_NAME), "says": _TEXT,
        "reference": _NAME, "url": _or_null({"type": "string", "pattern": "^https://"}), "old": _FLAG, "file": _TEXT,
        "row": _COUNT, "since": _or_null(_NAME), "until": _or_null(_NAME), "holds": _FLAG,
    }
)  # fmt: skip

_SIDE: Final = _object({"name": _TEXT, "reader": _NAME, "rows": _COUNT, "distinct": _COUNT, "edges": _COUNT, "hosts": _COUNT})
_MISSING: Final = _object({"id": _NAME, "scope": _NAME, "reason": _NAME, "other": _TEXT})
_COMPARED: Final = _object(
    {
        "both": _COUNT, "renamed": _list(_object({"a": _NAME, "b": _NAME, "reason": _NAME})), "only_a": _list(_MISSING),
        "only_b": _list(_MISSING), "fields": _list(_object({"field": _NAME, "a": _COUNT, "b": _COUNT, "differ": _COUNT})),
        "hosts_only_a": _NAMES, "hosts_only_b": _NAMES,
    }
)  # fmt: skip
_ROW_CHANGE: Final = _object(
    {
        "table": _NAME, "id": _TEXT, "change": {"enum": ["added", "removed", "changed"]},
        "columns": _list(_object({"column": _NAME, "before": _or_null(_TEXT), "after": _or_null(_TEXT)})),
    }
)  # fmt: skip
_REVISION: Final = _object(
    {
        "number": {"type": "integer", "minimum": 1}, "made_at": {"type": "string", "format": "date-time"},
        "by": _or_null(_NAME), "note": _or_null(_NAME), "takes_back": _or_null({"type": "integer", "minimum": 1}),
        "content": _DIGEST,
        "rows": _object(dict.fromkeys(("items", "providers", "sources", "needs", "claims"), _COUNT)), "reordered": _FLAG,
        "changes": _list(_ROW_CHANGE),
    }
)  # fmt: skip

_DAY_RANGE: Final = _object({"low": _or_null(_DAY), "high": _or_null(_DAY)})
_AMOUNTS: Final = _object({"low": _DAY, "high": _or_null(_DAY)})
_LEVEL_NAME: Final[_Schema] = {"enum": ["none", "blue", "yellow", "orange", "red"]}
_REACH_KEYS: Final[dict[str, _Schema]] = {
    "cutoff": _or_null(_CUTOFF),
    "place_known": _FLAG,
    "ties": _list(
        _object(
            {
                "label": _NAME, "value": _NAME, "by": _NAME, "confidence": _LEVEL,
                "selectors": {"type": "object", "additionalProperties": _NAME},
            }
        )
    ),
    "untied": _list(_object({"label": _TEXT, "value": _TEXT, "because": _NAME, "nearest": _NAMES})),
    "days": _DAYS,
    "floor": _LEVEL,
    "mission_rule": _NAME,
    "before": _BOUNDS,
    "mission": _LEVELS,
    "first_stop": _DAY_RANGE,
    "mission_stop": _DAY_RANGE,
    "stops": _list(
        _object(
            {
                "id": _NAME, "name": _NAME, "kind": _or_null(_NAME), "tags": _TEXTS, "stops_low": _or_null(_DAY),
                "stops_high": _or_null(_DAY), "serves": _NAMES, "served": _COUNT,
            }
        )
    ),
    "down_before": _NAMES,
    "lowered": _NAMES,
    "takes_over": _list(
        _object({"source": _NAME, "item": _NAME, "day": _DAY_RANGE, "capacity": _BOUNDS, "rests_on": _NAMES})
    ),
    "lost": _AMOUNTS,
    "acts": _list(
        _object(
            {
                "act": {"enum": ["activate", "hasten", "restore"]}, "item": _NAME, "source": _NAME, "ready": _DAY_RANGE,
                "saved": _AMOUNTS, "saved_on": _list(_object({"day": _DAY, "low": _LEVEL, "high": _LEVEL})),
            }
        )
    ),
    "acts_considered": _COUNT,
    "acts_tried": _COUNT,
    "acts_exact": _FLAG,
    "learn_first": _ASSESS_KEYS["learn_first"],
    "facts": _list(
        _object({"id": _NAME, "low": _DAY, "high": _or_null(_DAY), "source": _TEXT, "confidence": _LEVEL})
    ),
    "levels": _list(
        _object(
            {
                "criteria": _NAME, "version": _NAME, "low": _LEVEL_NAME, "high": _LEVEL_NAME, "confirmed": _FLAG,
                "missing": _NAMES, "assumed": _NAMES,
                "question": _or_null(
                    _object(
                        {
                            "fact": _NAME, "text": _NAME,
                            "outcomes": _list(_object({"low": _LEVEL_NAME, "high": _LEVEL_NAME}), minItems=1),
                        }
                    )
                ),
            }
        ),
        minItems=1,
    ),
}  # fmt: skip

_VERB_KEYS: Final[dict[str, dict[str, _Schema]]] = {
    "check": {
        "inventory": _or_null(_INVENTORY), "skips": _READ_KEYS["skips"], "findings": _list(_FINDING),
        "edition": _or_null(_NAME), **_ASSESS_KEYS, "largest": _or_null(_NAME), "why": _list(_STEP),
    },
    "scan": {**_READ_KEYS, "components": _list(_COMPONENT), "contacts": _list(_CONTACT)},
    "show": {"item": _or_null(_NAME), "items": _list(_ITEM), "needed_by": _list(_NEED)},
    "history": {"name": _NAME, "revisions": _list(_REVISION, minItems=1)},
    "assess": {**_ASSESS_KEYS, "policy": _or_null(POLICY_SCHEMA)},
    "report": {
        **{name: form for name, form in _ASSESS_KEYS.items() if name != "facts_tried"}, **WHOLE_KEYS, "gaps": _list(_GAP),
        "chokepoints": _or_null(_object(CHOKEPOINTS_SCHEMAS["chokepoints"])), "plan": _or_null(_object(PLAN_KEYS)),
        "schemes": _list(SCHEMES_SCHEMAS["schemes score"]["schemes"]["items"]), "policy": _or_null(POLICY_SCHEMA),
        "drills": _or_null(_object({"score": _object(EVIDENCE_SCHEMAS["drill score"]), "records": _list(DRILL_RECORD)})),
    },
    **PACKS_SCHEMAS,
    "report brief": {**{name: _ASSESS_KEYS[name] for name in BRIEF_TAKEN}, **PACKS_SCHEMAS["report brief"]},
    "diff": {
        "a": _SIDE, "b": _SIDE, "same": _FLAG, "inventories": _or_null(_COMPARED), "rows": _list(_ROW_CHANGE),
        "days": _list(_DAY), "mission_a": _or_null(_LEVELS), "mission_b": _or_null(_LEVELS),
    },
    "doctor": {
        "sound": _FLAG,
        "checks": _list(
            _object({"id": _NAME, "state": {"enum": ["works", "absent", "broken"]}, "found": _NAME, "mend": _TEXT})
        ),
    },
    "gaps": {"layers": _list(_GAP)},
    "import": {
        "name": _TEXT, "reader": _NAME, "rows": _COUNT, "skips": _READ_KEYS["skips"],
        "columns": _list(
            _object({"column": _TEXT, "meaning": _NAME, "because": _NAME, "filled": _COUNT, "example": _TEXT})
        ),
    },
    "cutoff": _CUTOFF_KEYS,
    "why": {
        "cutoff": _or_null(_CUTOFF), "item": _NAME, "day": _DAY, "level": _BOUNDS, "side": {"enum": ["low", "high"]},
        "stands": _FLAG, "steps": _list(_STEP),
    },
    **CHOKEPOINTS_SCHEMAS,
    "reach": _REACH_KEYS,
    "restart": {
        "cutoff": _or_null(_CUTOFF), "with_stock": _FLAG, "restartable": _NAMES,
        "knots": _list(
            _object(
                {"items": _list(_NAME, minItems=1), "unlocked_by": _list(_NAME, minItems=1), "smallest": _FLAG,
                 "at_least": _COUNT, "after": _list(_COUNT)}
            )
        ),
        "blocked": _list(_object({"id": _NAME, "by": _list(_COUNT, minItems=1)})),
        "lost": _NAMES,
        "levels": _list(_object({"id": _NAME, "from_nothing": _BOUNDS, "running": _BOUNDS})),
    },
    "evidence verify": {
        "sound": _FLAG,
        "logs": _list(
            _object(
                {"path": _NAME, "sound": _FLAG, "entries": _COUNT, "roots": _COUNT, "covered": _COUNT,
                 "after_last_root": _COUNT, "recovered": _list(_COUNT), "first": _or_null(_NAME), "last": _or_null(_NAME),
                 "genesis": _or_null(_DIGEST), "public_key": _or_null(_DIGEST), "key_was_given": _FLAG,
                 "signatures_checked": _FLAG, "anchors": _or_null(_COUNT), "anchored": _COUNT,
                 "flaws": _list(_object({"line": _COUNT, "entry": _or_null(_COUNT), "problem": _NAME})), "more_flaws": _COUNT}
            ),
            minItems=1,
        ),
    },
    "evidence show": {
        "path": _NAME, "left_out": _COUNT, "unread": _COUNT,
        "entries": _list(
            _object(
                {"number": _COUNT, "at": _NAME, "clock": _or_null(_NAME), "kind": _NAME, "key": _or_null(_NAME),
                 "body": {"type": "object"}}
            )
        ),
    },
    "catalogue show": {
        "id": _NAME, "name": _TEXT, "tables": _list(_NAME, minItems=1),
        "match": _or_null(_object({"rule": _NAME, "confidence": _LEVEL})),
        "provider": _or_null(_object({"id": _NAME, "name": _or_null(_TEXT), "country": _or_null(_PLACE)})),
        "owners": _list(
            _object(
                {"id": _NAME, "country": _or_null(_PLACE), "of": _NAME, "stake": _or_null(_LEVEL),
                 "depth": {"type": "integer", "minimum": 1}, "date": _or_null(_NAME), "since": _or_null(_NAME)}
            )
        ),
        "nobody_above": _list(
            _object({"id": _NAME, "date": _or_null(_NAME), "says": _TEXT, "url": _or_null({"type": "string"})})
        ),
        "products": _NAMES, "hosts": _NAMES, "packages": _NAMES, "models": _NAMES, "certificates": _NAMES,
        "facts": _list(_FACT, minItems=1),
    },
    "catalogue search": {
        "text": _TEXT,
        "hits": _list(
            _object({"table": _NAME, "id": _NAME, "name": _TEXT, "column": _NAME, "text": _TEXT, "score": {"type": "integer"}})
        ),
    },
    "catalogue coverage": {
        "known": _COUNT, "of": _COUNT, "by_rule": {"type": "object", "additionalProperties": _COUNT}, "missing": _TEXTS,
        "without_provider": _TEXTS,
    },
    "catalogue check": {"facts": _COUNT, "errors": _COUNT, "findings": _list(_FINDING)},
    **RULES_SCHEMAS, **RESPOND_SCHEMAS, **DRILL_SCHEMAS, **EVIDENCE_SCHEMAS, **PROVISION_SCHEMAS,
    **SYSTEMIC_SCHEMAS,
    **FIRMS_SCHEMAS,
    **PARTNERS_SCHEMAS, **SWEEP_SCHEMAS, **PLAN_SCHEMAS, **PLAN_WORK_SCHEMAS,
    **OPTIONS_SCHEMAS, **SCHEMES_SCHEMAS,
}  # fmt: skip

VERBS: Final = tuple(_VERB_KEYS)
"""Verbs that answer in JSON."""

_OF_CATALOGUE: Final = frozenset(verb for verb in VERBS if verb.startswith("catalogue "))
_WITHOUT_ANSWER: Final = frozenset(
    {
        "scan",
        "show",
        "history",
        "evidence verify",
        "evidence show",
        *RULES_SCHEMAS,
        *RESPOND_SCHEMAS,
        *DRILL_SCHEMAS,
        *EVIDENCE_SCHEMAS,
        *PROVISION_SCHEMAS,
        *SYSTEMIC_SCHEMAS,
        *FIRMS_SCHEMAS,
        "schemes list",
        "schemes show",
    }
)


def json_schema(verb: str) -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of a verb's answer.

    Parameters
    ----------
    verb
        One of :data:`VERBS`.

    Raises
    ------
    freehold.errors.UsageError
        If it answers nothing in JSON.
    """
    if verb not in _VERB_KEYS:
        raise UsageError(f"'{verb}' has no JSON answer. Choose from: {', '.join(VERBS)}.")
    loose = verb in _OF_CATALOGUE or verb in _WITHOUT_ANSWER or verb == "doctor"
    shared: dict[str, _Schema] = {
        "freehold": _NAME,
        "schema": {"const": SCHEMA},
        "verb": {"const": verb},
        "stack": _or_null(_STACK) if loose else _STACK,
        "coverage": _or_null(_COVERAGE) if loose else _COVERAGE,
        "unknowns": _or_null(_COUNT) if loose or verb == "gaps" else _COUNT,
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Answer of freehold {verb}"}
    return head | _object(shared | _VERB_KEYS[verb])
