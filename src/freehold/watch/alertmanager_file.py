"""``alertmanager.yml``, read and written. Owns what of it is taken over as routes, and why the rest is refused.

Routes, inhibition rules, time intervals and webhooks are taken; of a receiver's other ways (Slack, mail and so on) each is
refused with what to write instead. Matchers of the old form (``match``, ``match_re``) are taken as the new ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from freehold.errors import BadRules
from freehold.watch.matchers import Matcher
from freehold.watch.routes import MOST_BYTES, Route, Routing, routing_from
from freehold.watch.settings_file import read_settings_text

__all__ = ["alertmanager_text", "import_routes", "read_alertmanager"]

_NOTHING: Final = ("", "null", "~", "Null", "NULL")
"""How YAML writes that there is no value."""

_MOST_VALUES: Final = 200_000
_DEPTH: Final = 60
_TOP: Final = ("global", "templates", "route", "inhibit_rules", "receivers", "time_intervals", "mute_time_intervals")
_TRUE: Final = ("true", "yes", "on")
_FALSE: Final = ("false", "no", "off")
_WEBHOOK: Final = ("url", "send_resolved", "max_alerts")


def read_alertmanager(path: Path) -> Routing:
    """Read an ``alertmanager.yml``.

    Raises
    ------
    freehold.errors.BadRules
        If it cannot be read, is not sound, or holds something that is not taken over.
    """
    return import_routes(read_settings_text(path, MOST_BYTES, BadRules), str(path))


def import_routes(text: str, place: str = "alertmanager.yml") -> Routing:
    """Take routes over from the text of an ``alertmanager.yml``.

    Parameters
    ----------
    text
        The file's content.
    place
        The file's name, for messages.

    Raises
    ------
    freehold.errors.BadRules
        If it is not sound, or holds something that is not taken over.
    """
    if len(text) > MOST_BYTES:
        raise BadRules(f"{place} is larger than {MOST_BYTES:,} bytes. Shorten it.")
    try:
        # every scalar is text: 17:00 is a time of the day, not 1,020
        loaded = yaml.load(text, yaml.BaseLoader)  # noqa: S506  it makes texts, lists and dictionaries only
        data = _Plain(place).plain(loaded)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise BadRules(f"{place}{where}: it is no YAML that can be read. Mend it.") from None
    if not isinstance(data, dict):
        raise BadRules(f"{place}: it holds no configuration. Write at least route and receivers.")
    strange = [name for name in data if name not in _TOP]
    if strange:
        raise BadRules(f"{place}: '{strange[0]}' is not taken over. Remove it, or write the rest as routes.toml.")
    found: dict[str, Any] = {"route": _route(data.get("route"), f"{place}: route")}
    found["inhibit_rules"] = [
        _inhibition(one, f"{place}: inhibit_rules[{number}]") for number, one in enumerate(_list(data, "inhibit_rules", place))
    ]
    found["receivers"] = [_receiver(one, place) for one in _list(data, "receivers", place)]
    found["time_intervals"] = [one for name in ("mute_time_intervals", "time_intervals") for one in _list(data, name, place)]
    about = data.get("global") or {}
    if isinstance(about, dict) and "resolve_timeout" in about:
        found["resolve_timeout"] = about["resolve_timeout"]
    return routing_from(found, place, text)


class _Plain:
    """Plain values of limited number: aliases can make few lines into more than the memory holds."""

    def __init__(self, place: str) -> None:
        self._place, self._left = place, _MOST_VALUES

    def plain(self, value: Any, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _DEPTH:
            raise BadRules(f"{self._place}: it holds more than {_MOST_VALUES:,} values, or nests too deeply. Shorten it.")
        if isinstance(value, dict):
            return {str(name): self.plain(one, depth + 1) for name, one in value.items()}
        if isinstance(value, list):
            return [self.plain(one, depth + 1) for one in value]
        return str(value)


def _list(data: Mapping[str, Any], name: str, place: str) -> list[Any]:
    value = data.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise BadRules(f"{place}: {name} is no list of tables. Write a - before each.")
    return value


def _old(table: dict[str, Any], equal: str, regular: str, new: str, place: str) -> None:
    """Write matchers of the old form as those of the new."""
    for name, operator in ((equal, "="), (regular, "=~")):
        for label, value in (_table(table.pop(name, None) or {}, f"{place}.{name}")).items():
            try:
                table.setdefault(new, []).append(str(Matcher(label, operator, str(value))))
            except BadRules as error:
                raise BadRules(f"{place}.{name}: {error}") from None


def _boolean(value: Any, place: str) -> bool:
    if value not in (*_TRUE, *_FALSE):
        raise BadRules(f"{place}: it is neither true nor false. Write one of them.")
    return value in _TRUE


def _table(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRules(f"{place}: it is no table. Write names and values.")
    return dict(value)


def _route(value: Any, place: str) -> dict[str, Any]:
    table = {name: one for name, one in _table(value, place).items() if one not in _NOTHING}
    if "continue" in table:
        table["continue"] = _boolean(table["continue"], f"{place}.continue")
    _old(table, "match", "match_re", "matchers", place)
    below = table.get("routes", [])
    if not isinstance(below, list):
        raise BadRules(f"{place}.routes: it is no list. Write a - before each.")
    table["routes"] = [_route(one, f"{place}.routes[{number}]") for number, one in enumerate(below)]
    return table


def _inhibition(value: Any, place: str) -> dict[str, Any]:
    table = _table(value, place)
    _old(table, "source_match", "source_match_re", "source_matchers", place)
    _old(table, "target_match", "target_match_re", "target_matchers", place)
    return {name: one for name, one in table.items() if one not in _NOTHING}


def _receiver(value: Any, place: str) -> dict[str, Any]:
    table = _table(value, f"{place}: receivers")
    name = str(table.get("name", ""))
    strange = [one for one in table if one not in ("name", "webhook_configs") and table[one]]
    if strange:
        what = strange[0].removesuffix("_configs")
        raise BadRules(
            f"{place}: the receiver '{name}' tells by {strange[0]}, which is not taken over. "
            f"Write it as [[receivers.apprise]] with url_from in routes.toml: apprise knows {what} and a hundred others."
        )
    webhooks = []
    for one in _list(table, "webhook_configs", f"{place}: the receiver '{name}'"):
        unknown = [each for each in one if each not in _WEBHOOK]
        if unknown:
            raise BadRules(f"{place}: the receiver '{name}': '{unknown[0]}' of a webhook is not taken over. Remove it.")
        kept: dict[str, Any] = {"url": one.get("url", "")}
        if "send_resolved" in one:
            kept["send_resolved"] = _boolean(one["send_resolved"], f"{place}: the receiver '{name}': send_resolved")
        most = one.get("max_alerts", "0")
        if most != "0":
            kept["max_alerts"] = int(most) if most.isascii() and most.isdigit() and len(most) < 9 else most
        webhooks.append(kept)
    return {"name": name, "webhook": webhooks}


def alertmanager_text(routing: Routing) -> str:
    """Routes as an ``alertmanager.yml`` would say them, without the receivers' addresses: for tools that ask how it is set."""
    names = dict.fromkeys([*routing.receivers, *(route.receiver for route in routing.route)])
    data = {
        "global": {"resolve_timeout": _duration(routing.resolve_timeout)},
        "route": _route_data(routing.route, root=True),
        "inhibit_rules": [
            {
                "source_matchers": [str(one) for one in rule.source],
                "target_matchers": [str(one) for one in rule.target],
                "equal": list(rule.equal),
            }
            for rule in routing.inhibitions
        ],
        "receivers": [{"name": name} for name in names],
    }
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def _duration(seconds: float) -> str:
    whole = round(seconds * 1_000)
    return f"{whole // 1_000}s" if whole % 1_000 == 0 else f"{whole}ms"


def _route_data(route: Route, *, root: bool = False) -> dict[str, Any]:
    data: dict[str, Any] = {
        "receiver": route.receiver,
        "group_by": ["..."] if route.group_by is None else list(route.group_by),
        "group_wait": _duration(route.group_wait),
        "group_interval": _duration(route.group_interval),
        "repeat_interval": _duration(route.repeat_interval),
    }
    if not root:
        data |= {"matchers": [str(one) for one in route.matchers], "continue": route.continues}
    if route.routes:
        data["routes"] = [_route_data(one) for one in route.routes]
    return data
