"""The sentence that says why a rule matches a source, and the claims behind it. Owns nothing but that wording."""

from __future__ import annotations

from freehold.measure.case import Case
from freehold.stack.countries import country_name, expand
from freehold.stack.cutoff import Rule
from freehold.stack.values import UNKNOWN, Claim
from freehold.words import language_locale, say

__all__ = ["evidence_of", "reason_for"]


def _named(case: Case, provider: str) -> str:
    row = case.stack.provider_by_id.get(provider)
    return row.name if row is not None and row.name else provider


def reason_for(case: Case, rule: Rule, supply: int) -> str:
    """Say in a clause why a rule matches (or perhaps matches) a supply."""
    source = case.supplies[supply].filled.source
    provider = None if source is None else source.provider
    if source is None or provider is None or provider is UNKNOWN:
        if rule.provider or rule.owner or rule.country or rule.foreign:
            return say("reason.unknown_provider")
    elif rule.country or rule.foreign:
        return _by_country(case, rule, supply, provider)
    elif rule.owner:
        name = _named(case, provider)
        return (
            say("reason.owner", provider=name, owner=_named(case, rule.owner))
            if provider != rule.owner
            else say("reason.provider", provider=name)
        )
    elif rule.provider:
        return say("reason.provider", provider=_named(case, provider))
    for name, value in (
        ("item", rule.item), ("source", rule.source), ("kind", rule.kind), ("licence", rule.licence), ("tag", rule.tag),
    ):  # fmt: skip
        if value is not None:
            return say(f"reason.{name}", **{name: value})
    return say("reason.unknown")


def _by_country(case: Case, rule: Rule, supply: int, provider: str) -> str:
    source = case.supplies[supply].filled.source
    control = case.control
    wanted = expand([rule.country], case.stack.as_of) if rule.country else None

    def hits(countries: frozenset[str]) -> list[str]:
        return sorted(c for c in countries if c != "?" and (c in wanted if wanted else c not in control.inside))

    name = _named(case, provider)
    for way in rule.via:
        found = hits(control.countries(source, way))
        if not found:
            continue
        country = country_name(found[0], language_locale())
        if way == "owner":
            owner = next(one for one in control.owners(provider) if control.seat(one) == found[0])
            return say("reason.owner_seat", provider=name, owner=_named(case, owner), country=country)
        return say(f"reason.{'seat' if way == 'provider' else way}", provider=name, country=country)
    for way in rule.via:
        if "?" in control.countries(source, way):
            key = {"provider": "unknown_country", "owner": "unknown_owner", "location": "unknown_location"}.get(way, "unknown")
            return say(f"reason.{key}", provider=name)
    return say("reason.unknown")


def evidence_of(case: Case, supply: int) -> tuple[Claim, ...]:
    """Claims about a source, its provider and the chain of its owners."""
    source = case.supplies[supply].filled.source
    if source is None:
        return ()
    claims = case.stack.claims_of
    found = list(claims.get(("sources", source.id), ()))
    provider = source.provider
    if isinstance(provider, str):
        for one in (provider, *case.control.owners(provider)):
            found += claims.get(("providers", one), ())
    return tuple(dict.fromkeys(found))
