"""Answers for programs: the envelope, the spelling of numbers, and one function for each verb. Owns that contract.

Numbers are numbers, whole days are integers, and what there is none of is null; an interval never becomes one number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from freehold.report.answers import CheckAnswer, Context
from freehold.report.clean import escape_json
from freehold.report.json_values import bounds as _bounds
from freehold.report.json_values import day as _day
from freehold.report.json_values import days as _days
from freehold.report.json_values import interval as _interval
from freehold.report.json_values import number as _number
from freehold.report.json_values import numbers as _numbers
from freehold.report.json_values import worth as _worth
from freehold.report.respond_json import incident_keys, incident_list_keys, playbook_list_keys, rehearsal_keys
from freehold.report.rules_json import rule_list_keys, rule_replay_keys, rule_tests_keys
from freehold.stack.values import UNKNOWN
from freehold.version import __version__

if TYPE_CHECKING:
    from freehold.catalogue.coverage import Coverage as CatalogueCoverage
    from freehold.catalogue.show import Shown
    from freehold.doctor import Diagnosis
    from freehold.errors import Finding
    from freehold.measure.assess import AssessAnswer, Controller
    from freehold.measure.cutoff import CutoffAnswer
    from freehold.measure.diff import DiffAnswer
    from freehold.measure.gaps import GapsAnswer, LayerGaps, NoneKnown, Option
    from freehold.measure.restart import RestartAnswer
    from freehold.measure.why import Step, WhyAnswer
    from freehold.report.answers import (
        CatalogueFindings,
        EvidenceEntries,
        EvidenceVerdict,
        HistoryAnswer,
        SearchAnswer,
        ShowAnswer,
    )
    from freehold.respond.situation import IncidentList, IncidentReport, PlaybookList, Rehearsal
    from freehold.stack.changes import RowChange
    from freehold.stack.inventory import Inventory
    from freehold.stack.records import Records
    from freehold.stack.values import Claim, Item, Need, Provider, Source
    from freehold.store.interface import Change
    from freehold.watch.replay import ReplayReport
    from freehold.watch.rule_list import RuleList, RuleTestReport

__all__ = [
    "SCHEMA", "assess_json", "check_json", "coverage_json", "cutoff_json", "diff_json", "doctor_json", "dumps",
    "entries_json", "envelope", "findings_json", "gaps_json", "history_json", "import_json", "incident_json",
    "incident_list_json", "inventory_json", "playbook_list_json", "rehearsal_json", "restart_json", "row_changes",
    "rule_list_json", "rule_replay_json", "rule_tests_json", "search_json", "show_json", "stack_json", "verdict_json",
    "why_json",
]  # fmt: skip

SCHEMA: Final = 1
"""Number of the form of JSON answers."""


def dumps(data: Mapping[str, Any]) -> str:
    """Write an answer as JSON text that ends with a line feed and cannot command a terminal.

    Raises
    ------
    ValueError
        If a number is not finite: a defect.
    """
    return escape_json(json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False)) + "\n"


def envelope(verb: str, context: Context) -> dict[str, Any]:
    """Make the part that all answers share."""
    stack = context.stack
    about = None if stack is None else {
        "name": stack.name, "home": stack.home, "trusted": list(stack.trusted), "items": len(stack.items),
        "sources": len(stack.sources), "needs": len(stack.needs),
    }  # fmt: skip
    known = context.coverage
    coverage = None if known is None else {one.name: getattr(known, one.name) for one in fields(known)}
    return {
        "freehold": __version__, "schema": SCHEMA, "verb": verb, "stack": about, "coverage": coverage,
        "unknowns": context.unknowns,
    }  # fmt: skip


def cutoff_json(answer: CutoffAnswer, context: Context) -> dict[str, Any]:
    """``cutoff``: the rules as understood, the mission's level and every item's."""
    return envelope("cutoff", context) | _cutoff(answer)


def _cutoff(answer: CutoffAnswer) -> dict[str, Any]:
    return {
        "cutoff": answer.cutoff.as_data(),
        "days": _days(answer.days),
        "floor": _number(answer.floor),
        "mission_rule": answer.mission_rule,
        "mission": _interval(answer.mission),
        "items": [
            {
                "id": item.id, "kind": item.kind, "low": _numbers(item.low), "high": _numbers(item.high),
                "stops_low": _day(item.stops_low), "stops_high": _day(item.stops_high),
            }
            for item in answer.items
        ],
    }  # fmt: skip


def assess_json(answer: AssessAnswer, context: Context) -> dict[str, Any]:
    """``assess``: self-reliance, content, layers, controllers, what is not known; no policy was asked of."""
    return envelope("assess", context) | _assess(answer) | {"policy": None}


def _assess(answer: AssessAnswer) -> dict[str, Any]:
    days = _days(answer.days)
    change = None if answer.change is None else {"days": days, **_interval(answer.change)}
    controllers = [{"country": one.id, **_controller(one)} for one in answer.controllers]
    landlords = [{"id": one.id, "country": _place(one.country), **_controller(one)} for one in answer.landlords]
    weakest = [
        {
            "id": one.id, "held": one.held, "stops_low": _day(one.stops_low), "stops_high": _day(one.stops_high),
            "low": _number(one.level[0]), "high": _number(one.level[1]), "because": one.because,
        }
        for one in answer.weakest
    ]  # fmt: skip
    learn_first = [_worth(one) for one in answer.learn_first]
    return {
        "days": days,
        "floor": _number(answer.floor),
        "mission_rule": answer.mission_rule,
        "self_reliance": {"days": days, **_interval(answer.self_reliance)},
        "change": change,
        "face_value": _bounds(answer.content.face_value),
        "content": _bounds(answer.content.content),
        "hidden_exposure": _bounds(answer.content.hidden_exposure),
        "layers": [{one.name: getattr(layer, one.name) for one in fields(layer)} for layer in answer.layers],
        "controllers": controllers,
        "landlords": landlords,
        "weakest": weakest,
        "learn_first": learn_first,
        "facts_tried": answer.tried,
    }


def _controller(one: Controller) -> dict[str, Any]:
    change = None if one.change_loss is None else _interval(one.change_loss)
    return {"sources": one.sources, "loss": _interval(one.loss), "change_loss": change}


def check_json(answer: CheckAnswer, context: Context | None = None) -> dict[str, Any]:
    """``check``: as ``assess``, with what was read, what was skipped, and what stops first if the largest landlord goes."""
    inventory = answer.inventory
    return (
        envelope("check", context or answer.context)
        | {
            "inventory": None if inventory is None else _inventory_counts(inventory),
            "skips": [] if inventory is None else _skips(inventory),
            "findings": [_finding(one) for one in answer.findings],
            "edition": answer.edition or None,
        }
        | _assess(answer.assess)
        | {"largest": answer.largest or None, "why": [_step(step) for step in answer.why]}
    )


def why_json(answer: WhyAnswer, context: Context) -> dict[str, Any]:
    """``why``: the steps from the item asked for down to the sources cut, or to what holds it up."""
    return envelope("why", context) | {
        "cutoff": None if context.cutoff is None else context.cutoff.as_data(),
        "item": answer.item,
        "day": _day(answer.day),
        "level": {"low": _number(answer.low), "high": _number(answer.high)},
        "side": answer.side,
        "stands": answer.stands,
        "steps": [_step(step) for step in answer.steps],
    }


def restart_json(answer: RestartAnswer, context: Context) -> dict[str, Any]:
    """``restart``: what starts again from nothing, and the knots that do not."""
    return envelope("restart", context) | {
        "cutoff": None if answer.cutoff is None else answer.cutoff.as_data(),
        "with_stock": answer.with_stock,
        "restartable": list(answer.restartable),
        "knots": [
            {
                "items": list(knot.items), "unlocked_by": list(knot.unlocked_by), "smallest": knot.smallest,
                "at_least": knot.at_least, "after": list(knot.after),
            }
            for knot in answer.knots
        ],
        "blocked": [{"id": one.id, "by": list(one.by)} for one in answer.blocked],
        "lost": list(answer.lost),
        "levels": [
            {"id": id_, "from_nothing": _bounds(level), "running": _bounds(answer.running[id_])}
            for id_, level in answer.levels.items()
        ],
    }  # fmt: skip


def doctor_json(answer: Diagnosis, context: Context) -> dict[str, Any]:
    """``doctor``: everything that was looked at, its state, and the line that mends it."""
    return envelope("doctor", context) | {"sound": answer.sound, "checks": [asdict(check) for check in answer.checks]}


def incident_list_json(answer: IncidentList, context: Context) -> dict[str, Any]:
    """``respond list``: see :mod:`freehold.report.respond_json`."""
    return envelope("respond list", context) | incident_list_keys(answer)


def incident_json(answer: IncidentReport, context: Context) -> dict[str, Any]:
    """``respond show``: see :mod:`freehold.report.respond_json`."""
    return envelope("respond show", context) | incident_keys(answer)


def rehearsal_json(answer: Rehearsal, context: Context) -> dict[str, Any]:
    """``respond run``: see :mod:`freehold.report.respond_json`."""
    return envelope("respond run", context) | rehearsal_keys(answer)


def playbook_list_json(answer: PlaybookList, context: Context) -> dict[str, Any]:
    """``respond check``: see :mod:`freehold.report.respond_json`."""
    return envelope("respond check", context) | playbook_list_keys(answer)


def rule_list_json(answer: RuleList, context: Context) -> dict[str, Any]:
    """``rules list``: see :mod:`freehold.report.rules_json`."""
    return envelope("rules list", context) | rule_list_keys(answer)


def rule_tests_json(answer: RuleTestReport, context: Context) -> dict[str, Any]:
    """``rules test``: see :mod:`freehold.report.rules_json`."""
    return envelope("rules test", context) | rule_tests_keys(answer)


def rule_replay_json(answer: ReplayReport, context: Context) -> dict[str, Any]:
    """``rules replay``: see :mod:`freehold.report.rules_json`."""
    return envelope("rules replay", context) | rule_replay_keys(answer)


def gaps_json(answer: GapsAnswer, context: Context) -> dict[str, Any]:
    """``gaps``: per layer the part held, the best home source, the landlord, and what would close the gap."""
    return envelope("gaps", context) | {"layers": [_layer(layer) for layer in answer.layers]}


def _layer(layer: LayerGaps) -> dict[str, Any]:
    home, landlord = layer.home, layer.landlord
    best = None if home is None else {
        "id": home.id, "item": home.item, "status": _known(home.status), "quality": _bounds(home.quality),
    }  # fmt: skip
    holder = None if landlord is None else {
        "provider": _known(landlord.provider), "country": _place(landlord.country), "via": _known(landlord.via),
        "share": _bounds(landlord.share),
    }  # fmt: skip
    closes = [{"item": one.item, "held": _bounds(one.held), "by": _option(one.by)} for one in layer.closes]
    return {
        "kind": layer.kind, "items": layer.items, "held": _bounds(layer.held), "home": best, "landlord": holder,
        "closes": closes,
    }  # fmt: skip


def _option(option: Option | NoneKnown) -> dict[str, Any]:
    from freehold.measure.gaps import NoneKnown

    if isinstance(option, NoneKnown):
        return {"id": None, "perhaps": list(option.perhaps)}
    return {
        "id": option.id, "provider": _known(option.provider), "status": option.status, "capacity": _bounds(option.capacity),
        "quality": _bounds(option.quality), "recover": {"low": _day(option.recover.low), "high": _day(option.recover.high)},
        "cost_once": _bounds(option.cost_once), "cost_year": _bounds(option.cost_year), "currency": option.currency,
    }  # fmt: skip


def diff_json(answer: DiffAnswer, context: Context) -> dict[str, Any]:
    """``diff``: the two sides, what only one of them has and why, rows that differ, and what it does to the mission."""
    found = answer.inventories
    compared = None if found is None else {
        "both": found.both,
        "renamed": [asdict(one) for one in found.renamed],
        "only_a": [asdict(one) for one in found.only_a],
        "only_b": [asdict(one) for one in found.only_b],
        "fields": [asdict(one) for one in found.fields],
        "hosts_only_a": list(found.hosts_only_a), "hosts_only_b": list(found.hosts_only_b),
    }  # fmt: skip
    return envelope("diff", context) | {
        "a": asdict(answer.a), "b": asdict(answer.b), "same": answer.same, "inventories": compared,
        "rows": row_changes(answer.rows), "days": [_day(day) for day in answer.days],
        "mission_a": _sides(answer.mission_a), "mission_b": _sides(answer.mission_b),
    }  # fmt: skip


def row_changes(rows: Iterable[RowChange]) -> list[dict[str, Any]]:
    """Rows that differ, with the cells before and after."""
    return [
        {"table": row.table, "id": row.id, "change": row.change, "columns": [asdict(cell) for cell in row.columns]}
        for row in rows
    ]


def _sides(levels: Sequence[tuple[float, float]]) -> dict[str, list[float]] | None:
    return None if not levels else {"low": [low for low, _ in levels], "high": [high for _, high in levels]}


def import_json(records: Records, context: Context) -> dict[str, Any]:
    """``import``: what each column means and why, and how many rows name a thing."""
    return envelope("import", context) | {
        "name": records.name, "reader": records.reader, "rows": len(records.records),
        "columns": [asdict(column) for column in records.columns],
        "skips": [{"file": one.file, "reason": one.reason, "detail": one.detail} for one in records.skips],
    }  # fmt: skip


def inventory_json(inventory: Inventory, context: Context) -> dict[str, Any]:
    """``scan``: what was read, where it was seen, and what was skipped."""
    components = [
        {
            "id": one.id, "name": one.name, "version": one.version, "kind": one.kind, "licence": one.licence,
            "supplier": one.supplier, "scope": one.scope, "direct": one.direct, "depends": list(one.depends),
            "registry": one.registry, "repository": one.repository, "evidence": [str(place) for place in one.evidence],
            "manages": [{"sort": sort, "resources": count} for sort, count in one.manages], "regions": list(one.regions),
        }
        for one in inventory.components
    ]  # fmt: skip
    contacts = [
        {
            "host": one.host, "role": one.role, "scope": one.scope, "optional": one.optional,
            "evidence": [str(place) for place in one.evidence],
        }
        for one in inventory.contacts
    ]  # fmt: skip
    return envelope("scan", context) | {
        "inventory": _inventory_counts(inventory),
        "skips": _skips(inventory),
        "components": components,
        "contacts": contacts,
    }


def _inventory_counts(inventory: Inventory) -> dict[str, Any]:
    return {
        "name": inventory.name, "reader": inventory.reader, "components": len(inventory.components),
        "contacts": len(inventory.contacts), "skipped": len(inventory.skips), "joined": inventory.joined,
        "licence": inventory.licence, "languages": list(inventory.languages),
        "toolchains": list(inventory.toolchains),
    }  # fmt: skip


def _skips(inventory: Inventory) -> list[dict[str, Any]]:
    return [{"file": one.file, "reason": one.reason, "detail": one.detail} for one in inventory.skips]


def stack_json(answer: ShowAnswer, context: Context) -> dict[str, Any]:
    """``show``: every item, or one, with sources and their needs; unknown is ``"?"``, blank null, endless ``"forever"``."""
    stack, item = context.stack, answer.item
    if stack is None:
        raise ValueError("a stack is needed to show what is in it")
    shown = stack.items if item is None else (stack.item_by_id[item],)
    items = [
        _row(one)
        | {
            "sources": [
                _row(source) | {"needs": [_row(need) for need in stack.needs_of.get(source.id, ())]}
                for source in stack.sources_of.get(one.id, ())
            ]
        }
        for one in shown
    ]
    users = [] if item is None else [_row(need) for need in stack.needs if need.item == item]
    return envelope("show", context) | {"item": item, "items": items, "needed_by": users}


def _row(row: Item | Source | Need) -> dict[str, Any]:
    return {one.name: _cell(getattr(row, one.name)) for one in fields(row)}


def _cell(value: object) -> object:
    if value is UNKNOWN:
        return "?"
    if isinstance(value, float):
        return "forever" if math.isinf(value) else _day(value)
    return list(value) if isinstance(value, tuple) else value


def show_json(answer: Shown, context: Context) -> dict[str, Any]:
    """``catalogue show``: all that the catalogue says of one id, each fact with its source."""
    facts = [
        {
            "table": one.fact.table, "id": one.fact.id, "attribute": one.fact.attribute, "value": one.fact.value,
            "date": one.fact.date or None, "says": one.fact.says, "reference": one.fact.reference, "url": one.url or None,
            "old": one.old, "since": one.fact.since or None, "until": one.fact.until or None, "holds": one.holds,
            "file": one.fact.file, "row": one.fact.row,
        }
        for one in answer.facts
    ]  # fmt: skip
    owners = [
        {
            "id": one.provider.id, "country": _seat(one.provider), "of": one.of, "stake": one.stake, "depth": one.depth,
            "date": one.date or None, "since": one.since or None,
        }
        for one in answer.owners
    ]  # fmt: skip
    nobody_above = [
        {"id": one.fact.id, "date": one.fact.date or None, "says": one.fact.says, "url": one.url or None} for one in answer.tops
    ]
    provider = answer.provider
    return envelope("catalogue show", context) | {
        "id": answer.id,
        "name": answer.name,
        "tables": list(answer.tables),
        "match": None if answer.match is None else {"rule": answer.match.rule, "confidence": answer.match.confidence},
        "provider": None if provider is None else {"id": provider.id, "name": provider.name, "country": _seat(provider)},
        "owners": owners,
        "nobody_above": nobody_above,
        "products": [product.id for product in answer.products],
        "hosts": list(answer.hosts),
        "packages": list(answer.packages),
        "models": list(answer.models),
        "certificates": list(answer.certificates),
        "facts": facts,
    }


def history_json(answer: HistoryAnswer, context: Context) -> dict[str, Any]:
    """``history``: the revisions of a stored stack, the oldest first, and what changed in each."""
    return envelope("history", context) | {"name": answer.name, "revisions": [_revision(one) for one in answer.changes]}


def _revision(change: Change) -> dict[str, Any]:
    revision = change.revision
    return {
        "number": revision.number, "made_at": revision.made_at, "by": revision.by or None, "note": revision.note or None,
        "takes_back": revision.takes_back, "content": revision.digest, "rows": dict(revision.rows),
        "reordered": change.reordered, "changes": row_changes(change.rows),
    }  # fmt: skip


def search_json(answer: SearchAnswer, context: Context) -> dict[str, Any]:
    """``catalogue search``: rows found, the best first."""
    hits = [{one.name: getattr(hit, one.name) for one in fields(hit)} for hit in answer.hits]
    return envelope("catalogue search", context) | {"text": answer.text, "hits": hits}


def coverage_json(answer: CatalogueCoverage, context: Context) -> dict[str, Any]:
    """``catalogue coverage``: how much of a list is known, and by which rule."""
    return envelope("catalogue coverage", context) | {
        "known": answer.known,
        "of": answer.of,
        "by_rule": dict(answer.by_rule),
        "missing": list(answer.missing),
        "without_provider": list(answer.without_provider),
    }


def findings_json(answer: CatalogueFindings, context: Context) -> dict[str, Any]:
    """``catalogue check``: what is wrong with the catalogue, or worth a look."""
    return envelope("catalogue check", context) | {
        "facts": answer.facts,
        "errors": sum(one.severity == "error" for one in answer.findings),
        "findings": [_finding(one) for one in answer.findings],
    }


def verdict_json(answer: EvidenceVerdict, context: Context) -> dict[str, Any]:
    """``evidence verify``: of each log whether it is sound, what vouches for how much of it, and every flaw with its place."""
    logs = [
        {
            "path": one.path, "sound": one.is_sound, "entries": one.entries, "roots": one.roots, "covered": one.covered,
            "after_last_root": one.after_last_root, "recovered": list(one.recovered), "first": one.first or None,
            "last": one.last or None, "genesis": one.genesis or None, "public_key": one.public_key or None,
            "key_was_given": one.key_was_given, "signatures_checked": one.signatures_checked, "anchors": one.anchors,
            "anchored": one.anchored, "flaws": [asdict(flaw) for flaw in one.flaws], "more_flaws": one.more_flaws,
        }
        for one in answer.logs
    ]  # fmt: skip
    return envelope("evidence verify", context) | {"sound": all(one.is_sound for one in answer.logs), "logs": logs}


def entries_json(answer: EvidenceEntries, context: Context) -> dict[str, Any]:
    """``evidence show``: entries of a log as they stand there."""
    entries = [
        {
            "number": one.number, "at": one.at, "clock": one.clock or None, "kind": one.kind, "key": one.key or None,
            "body": json.loads(one.body),
        }
        for one in answer.entries
    ]  # fmt: skip
    return envelope("evidence show", context) | {
        "path": answer.path, "left_out": answer.left_out, "unread": answer.unread, "entries": entries,
    }  # fmt: skip


def _step(step: Step) -> dict[str, Any]:
    return {
        "item": step.item, "source": step.source, "need": step.need, "day": _day(step.day), "level": _number(step.level),
        "because": step.because, "evidence": [_claim(claim) for claim in step.evidence],
    }  # fmt: skip


def _claim(claim: Claim) -> dict[str, Any]:
    return {one.name: getattr(claim, one.name) for one in fields(claim)}


def _finding(finding: Finding) -> dict[str, Any]:
    return {one.name: getattr(finding, one.name) for one in fields(finding)}


def _seat(provider: Provider) -> str | None:
    return provider.country if isinstance(provider.country, str) else None


def _place(country: str) -> str | None:
    return None if country == "?" else country


def _known(text: str) -> str | None:
    return None if text == "?" else text
