"""Plain values as the TOML of a playbook. Owns the order and the look of the file; reading it back gives the same values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from freehold.stack.toml_text import quoted

__all__ = ["playbook_toml"]

_BARE: Final = re.compile(r"^[A-Za-z0-9_-]+$")


def playbook_toml(values: Mapping[str, Any]) -> str:
    """Write a playbook.

    Parameters
    ----------
    values
        Its attributes; ``variables`` by name, ``step`` as a list. What is ``None`` is left out, as TOML has none.
    """
    lines = [f"{name} = {_value(value)}" for name, value in values.items() if name not in ("variables", "step")]
    for name, variable in values.get("variables", {}).items():
        lines += ["", f"[variables.{_key(name)}]"]
        lines += [f"{key} = {_value(value)}" for key, value in variable.items() if value is not None]
    for step in values["step"]:
        lines += ["", "[[step]]"]
        first = [key for key in ("id", "type", "name") if key in step]
        rest = [key for key in step if key not in first]
        lines += [f"{_key(key)} = {_value(step[key])}" for key in (*first, *rest) if step[key] is not None]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _BARE.match(name) else quoted(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "0.0"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(k))} = {_value(v)}" for k, v in value.items() if v is not None) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value if one is not None) + "]"
    return str(value)
