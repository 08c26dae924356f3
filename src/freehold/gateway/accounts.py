"""What tenants, models and the whole gateway may ask for and have spent. Owns the budgets over reloads and restarts.

What was spent by day and month is kept in ``STATE/budgets.json``, written anew when it has changed; what cannot be read
there is never taken for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import msgspec

from freehold.errors import Unreadable
from freehold.gateway.answers import Refusal
from freehold.gateway.budgets import Budget, BudgetTable, Over, Reservation, reserve_all
from freehold.gateway.configuration import Configuration
from freehold.whole_file import write_whole

__all__ = ["Accounts", "Holding"]

Holding: TypeAlias = tuple[tuple[Budget, Reservation], ...]
"""What is set aside for one request, and where."""

_MOST_BYTES: Final = 32_000_000
"""More than the most tenants and models with the longest names can take: 20,001 rows of less than 1,200 bytes."""
_NO_LIMITS: Final = BudgetTable()
_GATEWAY: Final = ("gateway", "")


_Spent: TypeAlias = dict[str, Annotated[float, msgspec.Meta(ge=0)]]


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    days: _Spent
    months: _Spent


_ROWS: Final = msgspec.json.Decoder(dict[str, _Row])


class Accounts:
    """All budgets.

    Parameters
    ----------
    configuration
        Their limits.
    path
        Where it is kept what was spent.
    near
        Told whose budget comes near which of its limits.

    Raises
    ------
    freehold.errors.Unreadable
        If what was spent is there and cannot be read.
    """

    def __init__(self, configuration: Configuration, path: Path, near: Callable[[str, str], None]) -> None:
        self._path, self._near = path, near
        self._budgets: dict[tuple[str, str], Budget] = {}
        self._tables: dict[tuple[str, str], BudgetTable] = {}
        self._throttles: dict[tuple[str, str], int] = {}
        self._kept = _read(path)
        self._last = b""
        self.configure(configuration)

    def configure(self, configuration: Configuration) -> None:
        """Go on with the limits of another configuration; what was spent stays spent."""
        self._tables = {("tenant", one.name): one.budget for one in configuration.tenant}
        self._tables |= {("model", one.name): one.budget for one in configuration.model}
        self._tables[_GATEWAY] = configuration.gateway.budget
        for whose in {*self._tables, *self._budgets}:
            self._set(whose)

    def throttle(self, scope: str, name: str, requests_per_minute: int | None) -> None:
        """Let a tenant or a model ask less often than its budget says; ``None`` takes that back."""
        whose = (scope, name)
        if requests_per_minute is None:
            self._throttles.pop(whose, None)
        else:
            self._throttles[whose] = requests_per_minute
        self._set(whose)

    @property
    def throttles(self) -> Mapping[tuple[str, str], int]:
        """What is throttled, by scope and name, to how many requests a minute."""
        return self._throttles

    def _set(self, whose: tuple[str, str]) -> None:
        table = self._tables.get(whose, _NO_LIMITS)
        most = self._throttles.get(whose)
        if most is not None:
            stated = table.requests_per_minute
            table = msgspec.structs.replace(table, requests_per_minute=most if stated is None else min(most, stated))
        budget = self._budgets.get(whose)
        if budget is not None:
            budget.change(table)
        elif table != _NO_LIMITS:
            scope, name = whose
            budget = self._budgets[whose] = Budget(table, f"{scope} '{name}'" if name else f"the {scope}")
            kept = self._kept.get(f"{scope} {name}")
            if kept is not None:
                budget.restore({"days": kept.days, "months": kept.months})

    def hold(self, now: float, wall: float, tenant: str, model: str, tokens: int, cost: float) -> Holding:
        """Set aside what a request may take.

        Raises
        ------
        freehold.gateway.answers.Refusal
            If a limit would be overrun.
        """
        found = self._budgets
        if not found:
            return ()
        budgets = [
            budget for whose in (("tenant", tenant), ("model", model), _GATEWAY) if (budget := found.get(whose)) is not None
        ]
        held = reserve_all(budgets, now, wall, tokens, cost)
        if len(held) == 2 and isinstance(held[1], Over):
            over = held[1]
            headers = {} if over.retry_after is None else {"Retry-After": str(over.retry_after)}
            raise Refusal(429, "budget_spent", over.because, headers, {"limit": over.limit})
        pairs: Holding = tuple(zip(budgets, held, strict=True))
        for budget, reservation in pairs:
            for limit in reservation.near:
                self._near(budget.name, limit)
        return pairs

    def settle(self, held: Holding, now: float, wall: float, tokens: int, cost: float) -> None:
        """Say what a request took."""
        for budget, reservation in held:
            budget.settle(reservation, now, wall, tokens, cost)

    def used(self, now: float, wall: float) -> dict[str, dict[str, tuple[float, float]]]:
        """What is used of each limit, and where it stands, by whose it is."""
        return {
            f"{scope} {name}".rstrip(): {str(limit): pair for limit, pair in budget.used(now, wall).items()}
            for (scope, name), budget in self._budgets.items()
        }

    def save(self, wall: float) -> None:
        """Write down what was spent, if that has changed.

        Raises
        ------
        freehold.errors.Unreadable
            If it cannot be written.
        """
        kept = {
            f"{scope} {name}": budget.state(wall)
            for (scope, name), budget in self._budgets.items()
            if (scope, name) in self._tables
            and (budget.table.spend_per_day is not None or budget.table.spend_per_month is not None)
        }
        text = msgspec.json.encode(kept)
        if kept and text != self._last:
            write_whole(self._path, text.decode())
            self._last = text


def _read(path: Path) -> Mapping[str, _Row]:
    mend = "Mend it, or move it away to begin anew: what was spent is then forgotten."
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise Unreadable(f"{path} is larger than {_MOST_BYTES:,} bytes. {mend}")
        return _ROWS.decode(content)
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Unreadable(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}). {mend}") from None
