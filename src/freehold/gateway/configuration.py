"""The gateway's configuration as values. Owns the form of its TOML file, all of which is checked first.

Keys never stand in it: ``key_env`` names a variable, ``key_file`` a file. A configuration that is not sound changes nothing.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta
from yarl import URL

from freehold.errors import BadConfiguration
from freehold.gateway.breaker import BreakerTable
from freehold.gateway.budgets import BudgetTable, Price
from freehold.gateway.jurisdiction import PlaceTable
from freehold.gateway.ramp import CapacityTable, RampTable
from freehold.gateway.retry_budget import RetryBudgetTable
from freehold.gateway.routing import CAPABILITIES, Capability, Rule
from freehold.gateway.tool_policy import ToolPolicyTable
from freehold.stack.toml_text import BadToml, parse_toml
from freehold.watch.settings_file import read_settings_text

__all__ = [
    "DEFAULT_LISTEN",
    "Configuration",
    "GatewayTable",
    "LimitsTable",
    "ModelTable",
    "ServedTable",
    "TenantTable",
    "TimeoutsTable",
    "UpstreamTable",
    "WatchTable",
    "base_of",
    "changed",
    "is_loopback",
    "listen_of",
    "load",
    "parse",
    "simple",
]

DEFAULT_LISTEN: Final = "127.0.0.1:8470"
_MOST_BYTES: Final = 4_000_000

_Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f#]+$")]
_Seconds: TypeAlias = Annotated[float, Meta(gt=0, le=86_400)]
_Count: TypeAlias = Annotated[int, Meta(ge=1, le=10**9)]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class GatewayTable(_Table, frozen=True, kw_only=True):
    """``[gateway]``: the gateway itself.

    Parameters
    ----------
    name
        Names it in events and evidence.
    listen
        Address and port that it serves on.
    key_env, key_file
        Where the key for control is; without either, one is made in the state folder.
    hosts
        Names under which it may be asked beside those of this machine, where there is no tenant: without a key, a page that a
        browser shows must not be able to ask.
    currency
        What costs are counted in.
    pass_through
        Whether paths that are not understood are passed through unread. Left out: only where there is neither a tenant
        nor a policy that they could get round.
    digests
        Whether salted digests of what was asked and answered go into the evidence.
    without_evidence
        What becomes of requests while the evidence log cannot be written: ``refuse`` or ``serve``.
    drain_seconds
        How long streams under way may still last when the gateway ends.
    budget
        Limits of all requests together.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = "main"
    listen: str = DEFAULT_LISTEN
    key_env: str | None = None
    key_file: str | None = None
    hosts: tuple[str, ...] = ()
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] = "EUR"
    pass_through: bool | None = None
    digests: bool = False
    without_evidence: str = "refuse"
    drain_seconds: Annotated[float, Meta(ge=0, le=3_600)] = 30.0
    budget: BudgetTable = BudgetTable()


class TimeoutsTable(_Table, frozen=True, kw_only=True):
    """``[timeouts]``, in seconds.

    Parameters
    ----------
    body
        For a request's body to come in.
    connect
        For a connection to an upstream.
    first_byte
        For the first byte of a stream.
    answer
        For an answer in one piece. Less than the 600 seconds for which the client libraries of OpenAI's interface wait, so
        that theirs is not the first to end.
    warn
        After which it is said of an upstream that nothing has come from it, while requests wait on.
    idle
        Between two pieces of a stream, and for a client to take one. Comments and empty events alone keep a stream going
        for ten times as long.
    stream
        For a whole answer, from its first byte on.
    """

    body: _Seconds = 30.0
    connect: _Seconds = 5.0
    first_byte: _Seconds = 120.0
    answer: _Seconds = 300.0
    warn: _Seconds = 15.0
    idle: _Seconds = 120.0
    stream: _Seconds = 3_600.0


class LimitsTable(_Table, frozen=True, kw_only=True):
    """``[limits]``.

    Parameters
    ----------
    requests
        Under way at once; more are told to come again.
    body_bytes
        Of a request that is read.
    upload_bytes
        Of a request that is passed through.
    answer_bytes
        Of an answer in one piece.
    tokens
        Set aside of a budget for an answer whose request states no limit of its own.
    """

    requests: _Count = 4_096
    body_bytes: _Count = 32_000_000
    upload_bytes: _Count = 1_000_000_000
    answer_bytes: _Count = 64_000_000
    tokens: _Count = 4_096


class WatchTable(_Table, frozen=True, kw_only=True):
    """``[watch]``: the desk that events go to.

    Parameters
    ----------
    url
        Its address, such as ``http://127.0.0.1:8471``.
    key_env, key_file
        Where the key for it is.
    """

    url: str
    key_env: str | None = None
    key_file: str | None = None


class ServedTable(_Table, frozen=True, kw_only=True):
    """``[[upstream.model]]``: a model that an upstream has.

    Parameters
    ----------
    name
        What the upstream calls it; empty: as asked.
    serves
        Patterns of the names under which it may be asked for; none: its own name.
    capabilities
        What it can do; all by default.
    context
        Tokens that it can hold, read and written together.
    price
        What it costs, in the gateway's currency.
    """

    name: Annotated[str, Meta(max_length=200)] = ""
    serves: tuple[_Name, ...] = ()
    capabilities: tuple[Capability, ...] = tuple(sorted(CAPABILITIES))
    context: _Count | None = None
    price: Price | None = None


class UpstreamTable(_Table, frozen=True, kw_only=True):
    """``[[upstream]]``: a provider, or a model server of one's own.

    Parameters
    ----------
    name
        Names it in routes, headers and evidence.
    url
        The address that a client of OpenAI's interface would be pointed at, such as ``http://127.0.0.1:8000/v1``.
    key_env, key_file
        Where its key is.
    client_key
        Whether it gets the key that the client sends, instead of one of the gateway's.
    provider
        Whose it is, as ``gen_ai.provider.name``.
    place
        What it is in the stack, or which countries control it.
    self_held
        Whether the organisation runs it itself.
    connections
        Open at once; 0 for as many as there are requests.
    breaker
        When it is left alone.
    capacity
        What it can carry.
    model
        The models that it has; none: all that it is asked for.
    """

    name: _Name
    url: str
    key_env: str | None = None
    key_file: str | None = None
    client_key: bool = False
    provider: str = ""
    place: PlaceTable = PlaceTable()
    self_held: bool = False
    connections: Annotated[int, Meta(ge=0, le=100_000)] = 0
    breaker: BreakerTable = BreakerTable()
    capacity: CapacityTable | None = None
    model: Annotated[tuple[ServedTable, ...], Meta(max_length=1_000)] = ()


class ModelTable(_Table, frozen=True, kw_only=True):
    """``[[model]]``: limits of a model, whoever asks for it and wherever it is.

    Parameters
    ----------
    name
        The name asked for.
    budget
        Its limits.
    """

    name: _Name
    budget: BudgetTable


class TenantTable(_Table, frozen=True, kw_only=True):
    """``[[tenant]]``: who may ask, by key.

    Parameters
    ----------
    name
        Names it in budgets, stops and evidence.
    key_env, key_file
        Where its key is.
    data_class, purpose
        What its requests are, whatever they say themselves; left out: as they say.
    agents
        The agents that may ask with its key, each by its name; none: whoever it says.
    budget
        Its limits.
    """

    name: _Name
    key_env: str | None = None
    key_file: str | None = None
    data_class: Annotated[str, Meta(max_length=200)] = ""
    purpose: Annotated[str, Meta(max_length=200)] = ""
    agents: Annotated[tuple[_Name, ...], Meta(max_length=1_000)] = ()
    budget: BudgetTable = BudgetTable()


class Configuration(_Table, frozen=True, kw_only=True):
    """All of it, as the file says; keys not yet read, names not yet looked up."""

    gateway: GatewayTable = GatewayTable()
    timeouts: TimeoutsTable = TimeoutsTable()
    limits: LimitsTable = LimitsTable()
    retries: RetryBudgetTable = RetryBudgetTable()
    ramp: RampTable = RampTable()
    tools: ToolPolicyTable = ToolPolicyTable()
    watch: WatchTable | None = None
    data_classes: tuple[_Name, ...] = ()
    purposes: tuple[_Name, ...] = ()
    rule: Annotated[tuple[Rule, ...], Meta(max_length=1_000)] = ()
    upstream: Annotated[tuple[UpstreamTable, ...], Meta(min_length=1, max_length=256)]
    model: Annotated[tuple[ModelTable, ...], Meta(max_length=10_000)] = ()
    tenant: Annotated[tuple[TenantTable, ...], Meta(max_length=10_000)] = ()


def load(path: str | Path) -> Configuration:
    """Read a configuration file.

    Raises
    ------
    freehold.errors.BadConfiguration
        If it cannot be read, or is not sound: file, place and mend.
    """
    return parse(read_settings_text(path, _MOST_BYTES, BadConfiguration), str(path))


def parse(text: str, file: str) -> Configuration:
    """Read a configuration from its text.

    Parameters
    ----------
    text
        TOML.
    file
        Its name, for messages.

    Raises
    ------
    freehold.errors.BadConfiguration
        As :func:`load`.
    """
    try:
        read = msgspec.convert(parse_toml(text), Configuration)
    except BadToml as error:
        raise BadConfiguration(f"{file}: is no TOML: {error}.") from None
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `")
        where = f", at {place.rstrip('`')}" if place else ""
        raise BadConfiguration(f"{file}{where}: {_mended(said)}") from None
    _check(read, file)
    return read


def _mended(said: str) -> str:
    if "unknown field" in said:
        name = said.rpartition("unknown field ")[2].strip("`")
        if name in ("key", "api_key", "token", "secret", "password"):
            return f"'{name}' would hold a key in plain text. Write key_env = \"NAME\" of a variable, or key_file."
        return f"'{name}' is not known there. See `freehold gateway --help` and the guide for what is."
    if "required field" in said:
        return f"'{said.rpartition('required field ')[2].strip('`')}' is missing. Add it."
    return f"{said}."


def _check(read: Configuration, file: str) -> None:
    listen_of(read.gateway.listen, f"{file}, gateway.listen")
    if read.gateway.without_evidence not in ("refuse", "serve"):
        raise BadConfiguration(f'{file}, gateway.without_evidence: write "refuse" or "serve".')
    if read.watch is not None:
        base_of(read.watch.url, f"{file}, watch.url")
    for number, upstream in enumerate(read.upstream):
        place = f"{file}, upstream[{number}] '{upstream.name}'"
        base_of(upstream.url, f"{place}, url")
        if upstream.client_key and (upstream.key_env or upstream.key_file):
            raise BadConfiguration(f"{place}: it has a key of its own and client_key too. Leave one of them out.")
        if upstream.client_key and read.tenant:
            raise BadConfiguration(f"{place}: client_key would give it the keys of tenants. Give it a key_env of its own.")
    for table, names in (
        ("upstream", [one.name for one in read.upstream]), ("model", [one.name for one in read.model]),
        ("tenant", [one.name for one in read.tenant]),
    ):  # fmt: skip
        seen: set[str] = set()
        for name in names:
            if name.casefold() in seen:
                raise BadConfiguration(f"{file}: two [[{table}]] are called '{name}'. Give each its own name.")
            seen.add(name.casefold())


def base_of(url: str, place: str) -> URL:
    """An upstream's address, checked; ``/v1`` where no path is given.

    Raises
    ------
    freehold.errors.BadConfiguration
        If it is none, or holds a key.
    """
    try:
        found = URL(url.strip())
        whole = found.scheme in ("http", "https") and bool(found.host) and bool(found.port)
    except ValueError:
        whole = False
    if not whole:
        raise BadConfiguration(f"{place}: '{url[:200]}' is no address. Write one such as http://127.0.0.1:8000/v1.")
    if found.user or found.password or found.query_string or found.fragment:
        raise BadConfiguration(f"{place}: an address holds no user, key or query. Write key_env for its key.")
    path = found.raw_path.rstrip("/")
    if "//" in path or "/." in path:
        raise BadConfiguration(f"{place}: the path of the address holds '//' or '.'. Write it plainly.")
    return found.with_path(path or "/v1", encoded=True)


def listen_of(text: str, place: str) -> tuple[str, int]:
    """Where it is to listen: a host and a port.

    Raises
    ------
    freehold.errors.BadConfiguration
        If it is no such pair.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise BadConfiguration(f"{place}: '{text[:100]}' is no address and port. Write one such as {DEFAULT_LISTEN}.")
    return host, int(port)


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def simple(upstream: str) -> Configuration:
    """The configuration of one line: one upstream, which gets the client's own key.

    Parameters
    ----------
    upstream
        Its address.

    Raises
    ------
    freehold.errors.BadConfiguration
        If it is none.
    """
    read = Configuration(upstream=(UpstreamTable(name="upstream", url=upstream, client_key=True),))
    _check(read, "--upstream")
    return read


def changed(
    read: Configuration, *, listen: str | None = None, watch: str | None = None, watch_key_env: str | None = None
) -> Configuration:
    """A configuration with what the command line says instead.

    Parameters
    ----------
    read
        The configuration.
    listen
        Where to listen.
    watch
        The desk's address.
    watch_key_env
        The variable that holds the key for it.

    Raises
    ------
    freehold.errors.BadConfiguration
        If one of them makes no sense.
    """
    if listen is not None:
        read = msgspec.structs.replace(read, gateway=msgspec.structs.replace(read.gateway, listen=listen))
    if watch is not None:
        read = msgspec.structs.replace(read, watch=WatchTable(url=watch, key_env=watch_key_env))
    _check(read, "the command line")
    return read
