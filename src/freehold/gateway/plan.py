"""A configuration made ready: keys read, upstreams reached for, names looked up. Owns the swap from one to the next.

A request keeps the plan that it began with to its end. Upstreams that are the same in the next plan are carried over with
their connections and with what their breakers know.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from freehold.errors import BadConfiguration
from freehold.gateway.budgets import Price
from freehold.gateway.configuration import Configuration, TenantTable, UpstreamTable, base_of, is_loopback, listen_of
from freehold.gateway.jurisdiction import Place, places_of
from freehold.gateway.routing import Router, RoutingTable, Target
from freehold.gateway.secrets import PROVIDERS_MEND, Secret, all_different, read_secret
from freehold.gateway.tool_policy import RunawayTable, ToolPolicy, ToolPolicyTable
from freehold.gateway.upstreams import Upstream
from freehold.stack.values import Stack

__all__ = ["Candidate", "Plan", "prepare"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may answer.

    Parameters
    ----------
    upstream
        Who.
    model
        The model's name there.
    price
        What it costs; ``None`` if that is not stated.
    because
        Why it stands where it stands.
    """

    upstream: Upstream
    model: str
    price: Price | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is in force.

    Parameters
    ----------
    configuration
        As it was read.
    upstreams
        By name.
    router
        Who may answer what.
    tools
        Which tool calls may go on.
    declared
        Which tools may be declared that a provider runs by itself; it counts nothing.
    tenants
        By digest of their keys.
    admin
        The key for control.
    watch
        The key for the desk; ``None`` where it needs none.
    pass_through
        Whether what is not understood is passed through.
    """

    configuration: Configuration
    upstreams: Mapping[str, Upstream]
    router: Router
    tools: ToolPolicy
    declared: ToolPolicy
    tenants: Mapping[bytes, TenantTable]
    admin: Secret
    watch: Secret | None
    pass_through: bool


class _Keys:
    """The keys of a configuration as they are read, and all that is wrong with them."""

    def __init__(self, environment: Mapping[str, str], folder: Path | None) -> None:
        self._environment, self._folder = environment, folder
        self._named: list[tuple[str, Secret | None]] = []
        self.problems: list[str] = []

    def read(self, name: str | None, path: str | None, whose: str, *, instead: Secret | None = None) -> Secret | None:
        """One key; ``None`` if there is none, or something is wrong with it."""
        mend = {"mend": PROVIDERS_MEND} if whose.startswith("upstream ") else {}
        try:
            found = read_secret(name, path, whose, environment=self._environment, folder=self._folder, **mend) or instead
        except BadConfiguration as error:
            self.problems.append(str(error))
            return None
        self._named.append((whose, found))
        return found

    def see(self, configuration: Configuration) -> None:
        """See that all is well, or tell everything that is not: whoever mends one key should not have to come again."""
        try:
            all_different(_one_a_provider(self._named, configuration))
        except BadConfiguration as error:
            self.problems.append(str(error))
        if self.problems:
            raise BadConfiguration("\n".join(self.problems))


def prepare(
    configuration: Configuration,
    *,
    admin: Secret | None = None,
    before: Plan | None = None,
    stack: Stack | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Plan:
    """Make a configuration ready; nothing is changed by it.

    Parameters
    ----------
    configuration
        As read.
    admin
        The key for control where the configuration names none.
    before
        The plan in force, whose upstreams are carried over where they are the same.
    stack
        What the places of upstreams are looked up in, and whose home the rules mean.
    folder
        The configuration's folder, where key files are.
    environment
        Where variables are looked up.

    Raises
    ------
    freehold.errors.BadConfiguration
        If a key is missing, weak or used twice, or it would listen beyond this machine without keys.
    """
    table = configuration.gateway

    keys = _Keys(environment, folder)
    own = keys.read(table.key_env, table.key_file, "[gateway]", instead=admin)
    if own is None and table.key_env is None and table.key_file is None:
        keys.problems.append("[gateway]: there is no key for control. Name one in key_env or key_file.")
    watch = None
    if configuration.watch is not None:
        watch = keys.read(configuration.watch.key_env, configuration.watch.key_file, "[watch]")
    tenants: dict[bytes, TenantTable] = {}
    for tenant in configuration.tenant:
        key = keys.read(tenant.key_env, tenant.key_file, f"tenant '{tenant.name}'")
        if key is not None:
            tenants[key.digest] = tenant
        elif tenant.key_env is None and tenant.key_file is None:
            keys.problems.append(f"tenant '{tenant.name}' has no key. Name one in key_env or key_file.")
    upstreams: dict[str, Upstream] = {}
    for one in configuration.upstream:
        key = keys.read(one.key_env, one.key_file, f"upstream '{one.name}'")
        upstreams[one.name] = _upstream(one, key, configuration, before)
    keys.see(configuration)
    assert own is not None
    host, _ = listen_of(table.listen, "gateway.listen")
    if not is_loopback(host) and not tenants:
        raise BadConfiguration(
            f"gateway.listen is {table.listen}, which others than this machine reach, and there is no tenant with a key. "
            "Add a [[tenant]], or listen on 127.0.0.1."
        )
    places = places_of({one.name: one.place for one in configuration.upstream}, stack)
    is_same = before is not None and before.configuration.tools == configuration.tools
    tools = before.tools if before is not None and is_same else ToolPolicy(configuration.tools)
    router = _router(configuration, places, stack)
    declared = ToolPolicy(msgspec.structs.replace(configuration.tools, runaway=RunawayTable()))
    return Plan(configuration, upstreams, router, tools, declared, tenants, own, watch, _passes(configuration))


def _one_a_provider(keys: list[tuple[str, Secret | None]], configuration: Configuration) -> list[tuple[str, Secret | None]]:
    """Two upstreams at the same host are one provider's and may have one key."""
    host = {f"upstream '{one.name}'": base_of(one.url, "url").host for one in configuration.upstream}
    seen: set[tuple[str | None, bytes]] = set()
    kept: list[tuple[str, Secret | None]] = []
    for owner, key in keys:
        if key is not None and owner in host:
            if (host[owner], key.digest) in seen:
                continue
            seen.add((host[owner], key.digest))
        kept.append((owner, key))
    return kept


def _upstream(one: UpstreamTable, key: Secret | None, configuration: Configuration, before: Plan | None) -> Upstream:
    made = Upstream(
        one.name, base_of(one.url, f"upstream '{one.name}'"), key, client_key=one.client_key,
        connect_seconds=configuration.timeouts.connect, most_connections=one.connections, provider=one.provider,
        source_id=one.place.source, breaker=one.breaker, retries=configuration.retries,
    )  # fmt: skip
    old = before.upstreams.get(one.name) if before is not None else None
    return old if old is not None and old.is_like(made) else made


def _router(configuration: Configuration, places: Mapping[str, Place], stack: Stack | None) -> Router:
    table = RoutingTable(
        data_classes=configuration.data_classes, purposes=configuration.purposes, rule=configuration.rule
    )  # fmt: skip
    return Router(table, tuple(_targets(configuration, places)), stack)


def _targets(configuration: Configuration, places: Mapping[str, Place]) -> Iterator[Target]:
    for one in configuration.upstream:
        if not one.model:
            yield Target(one.name, place=places[one.name], self_held=one.self_held)
        for model in one.model:
            yield Target(
                one.name, model.name, model.serves or ((model.name,) if model.name else ()), places[one.name],
                frozenset(model.capabilities), model.context, model.price, one.self_held,
            )  # fmt: skip


def _passes(configuration: Configuration) -> bool:
    if configuration.gateway.pass_through is not None:
        return configuration.gateway.pass_through
    has_policy = configuration.rule or configuration.tools != ToolPolicyTable()
    return not (configuration.tenant or has_policy or any(one.model for one in configuration.upstream))
