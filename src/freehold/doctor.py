"""What works here and what does not, each with the line that mends it. Owns the list of things to look at."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

from freehold.errors import FreeholdError
from freehold.settings import find_settings
from freehold.store.cache import cache_file
from freehold.version import __version__
from freehold.words import say

__all__ = ["EXTRAS", "Check", "Diagnosis", "examine"]

EXTRAS: Final[dict[str, tuple[str, ...]]] = {
    "fast": ("numba",),
    "parquet": ("pyarrow",),
    "plan": ("highspy", "ortools"),
    "ray": ("ray",),
    "systemic": ("scipy",),
    "watch": ("aiohttp", "apprise", "cel", "cryptography", "msgspec", "opentelemetry"),
}
"""Optional parts, by name, and the modules that each brings."""

_REQUIRED: Final = (
    "defusedxml", "license-expression", "numpy", "packageurl-python", "publicsuffixlist", "pycountry",
    "python-calamine", "python-sat", "pyyaml", "rich", "shtab",
)  # fmt: skip
_OLD: Final = timedelta(days=548)
_EXPECTED: Final = (0.0, 0.6, 0.0)
"""What the mission of the example in the design is on days 0, 14 and 1095."""
_EXAMPLE: Final = """\
[stack]
home = "DE"
[[provider]]
id = "far"
country = "US"
[[item]]
id = "assistant"
mission = 1.0
  [[item.source]]
  provider = "self"
  needs = ["llm", { item = "telemetry", weight = 0.2, survive = "90d" }]
[[item]]
id = "telemetry"
  [[item.source]]
  provider = "far"
[[item]]
id = "llm"
  [[item.source]]
  provider = "far"
  [[item.source]]
  provider = "self"
  status = "standby"
  capacity = 0.6
  recover = "14d"
  needs = [{ item = "server", survive = "3y" }]
[[item]]
id = "server"
  [[item.source]]
  provider = "far"
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    id
        Its name for programs.
    state
        ``works``; ``absent`` (something optional that is not there); ``broken``.
    found
        What was seen, as a sentence.
    mend
        The line that mends it; empty where nothing has to be.
    """

    id: str
    state: Literal["works", "absent", "broken"]
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was looked at, in order."""

    checks: tuple[Check, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is broken."""
        return all(check.state != "broken" for check in self.checks)


def examine(today: date | None = None, folder: Path | None = None) -> Diagnosis:
    """Look at everything.

    Parameters
    ----------
    today
        By which the age of the catalogue is judged; the present day by default.
    folder
        The working folder.
    """
    looks: tuple[Callable[[], Iterator[Check]], ...] = (
        _python, _libraries, _extras, lambda: _catalogue(today or date.today()), _computes, _cache, _database,
        lambda: _settings(folder), _terminal,
    )  # fmt: skip
    return Diagnosis(tuple(check for look in looks for check in look()))


def _python() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", "works", say("doctor.python", version=version, freehold=__version__))


def _libraries() -> Iterator[Check]:
    missing = []
    for name in _REQUIRED:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        names = ", ".join(missing)
        mend = say("doctor.libraries_mend", names=" ".join(missing))
        yield Check("libraries", "broken", say("doctor.libraries_missing", names=names), mend)
    else:
        yield Check("libraries", "works", say("doctor.libraries", count=len(_REQUIRED)))


def _extras() -> Iterator[Check]:
    for extra, modules in EXTRAS.items():
        lacking = [module for module in modules if importlib.util.find_spec(module) is None]
        what = say(f"doctor.extra_{extra}")
        if lacking:
            yield Check(
                f"extra-{extra}", "absent", say("doctor.extra_absent", what=what), say("doctor.extra_mend", extra=extra)
            )
        else:
            yield Check(f"extra-{extra}", "works", say("doctor.extra", what=what))


def _catalogue(today: date) -> Iterator[Check]:
    from freehold.catalogue.check import check
    from freehold.catalogue.facts import load

    try:
        catalogue = load()
        errors = [finding for finding in check(catalogue) if finding.severity == "error"]
    except FreeholdError as error:
        yield Check("catalogue", "broken", str(error).splitlines()[0], say("doctor.reinstall"))
        return
    if errors or not catalogue.edition:
        first = str(errors[0]) if errors else say("doctor.catalogue_empty")
        yield Check("catalogue", "broken", first, say("doctor.reinstall"))
        return
    found = say("doctor.catalogue", facts=f"{len(catalogue.facts):,}", edition=catalogue.edition)
    if today - date.fromisoformat(catalogue.edition) > _OLD:
        yield Check("catalogue", "absent", say("doctor.catalogue_old", found=found), say("doctor.upgrade"))
    else:
        yield Check("catalogue", "works", found)


def _computes() -> Iterator[Check]:
    """Compute the example of the design with each kernel that is here, and compare with the answer worked by hand."""
    from freehold.measure.cutoff import cutoff
    from freehold.stack.cutoff import Cutoff, Rule
    from freehold.stack.toml_file import loads

    kernels = ["plain", *(["compiled"] if importlib.util.find_spec("numba") else [])]
    for kernel in kernels:
        try:
            answer = cutoff(
                loads(_EXAMPLE, "example"), Cutoff((Rule(foreign=True),)), days=(0, 14, 1095),
                kernel="compiled" if kernel == "compiled" else "plain",
            )  # fmt: skip
            right = all(abs(a - b) < 1e-9 for a, b in zip(answer.mission.low, _EXPECTED, strict=True))
        except (FreeholdError, ImportError, OSError, RuntimeError) as error:
            yield Check(f"kernel-{kernel}", "broken", f"{kernel}: {error}", say("doctor.kernel_mend"))
            continue
        if right:
            yield Check(f"kernel-{kernel}", "works", say("doctor.kernel", kernel=kernel))
        else:
            yield Check(f"kernel-{kernel}", "broken", say("doctor.kernel_wrong", kernel=kernel), say("doctor.kernel_mend"))


def _cache() -> Iterator[Check]:
    folder = cache_file().parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        found = say("doctor.cache_absent", folder=folder, reason=error.strerror or str(error))
        yield Check("cache", "absent", found, say("doctor.cache_mend"))
    else:
        yield Check("cache", "works", say("doctor.cache", folder=folder))


def _database() -> Iterator[Check]:
    yield Check("database", "works", say("doctor.database", version=sqlite3.sqlite_version))


def _settings(folder: Path | None) -> Iterator[Check]:
    try:
        settings = find_settings({}, folder)
    except FreeholdError as error:
        yield Check("settings", "broken", str(error), say("doctor.settings_mend"))
        return
    home = settings.home or settings.default_home
    if home is None:
        yield Check("settings", "absent", say("doctor.no_home"), say("doctor.init"))
    else:
        yield Check("settings", "works", say("doctor.settings", home=home))


def _terminal() -> Iterator[Check]:
    encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
    if encoding in {"utf8", "utf8sig"}:
        colour = say("doctor.no_colour" if os.environ.get("NO_COLOR") else "doctor.colour")
        yield Check("terminal", "works", say("doctor.terminal", colour=colour))
    else:
        found = say("doctor.terminal_encoding", encoding=encoding or say("report.not_known"))
        yield Check("terminal", "absent", found, say("doctor.terminal_mend"))
