"""The peers: how each is installed in a folder of its own, and the command that does the same work. Owns their versions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.child import inside, whole_process
from benchmarks.interface import NotRun, Outcome, Places, Sample

__all__ = ["CDXGEN", "LITELLM", "PORTKEY", "borderlint", "cdxgen", "cyclonedx_library", "cyclonedx_py", "install_peers", "syft"]

CDXGEN: Final = "@cyclonedx/cdxgen@12.8.4"
LITELLM: Final = "litellm[proxy]==1.106.2"
# With the web server of its day: under newer ones, which its own package allows, it cannot stream (status 500).
PORTKEY: Final = ("@portkey-ai/gateway@1.15.2", "@hono/node-server@1.13.8", "@hono/node-ws@1.2.0")
_REQUIREMENTS: Final = Path(__file__).with_name("peers.txt")


def install_peers(folder: Path) -> list[str]:
    """Install the peers, each package manager by itself.

    Parameters
    ----------
    folder
        Gets ``python/`` and ``litellm/`` (virtual environments), ``node/`` and ``portkey/``.

    Returns
    -------
    list of str
        What could not be installed, and why; empty if all is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    npm = ("npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix")
    steps: tuple[tuple[str, Sequence[str | Path]], ...] = (
        ("environment", (sys.executable, "-m", "venv", folder / "python")),
        ("Python peers", (folder / "python/bin/pip", "install", "--quiet", "-r", _REQUIREMENTS)),
        ("cdxgen", (*npm, folder / "node", CDXGEN)),
        ("Portkey", (*npm, folder / "portkey", *PORTKEY)),
        ("LiteLLM's environment", (sys.executable, "-m", "venv", folder / "litellm")),
        ("LiteLLM", (folder / "litellm/bin/pip", "install", "--quiet", LITELLM)),
    )
    failed = []
    for name, command in steps:
        try:
            subprocess.run(list(map(str, command)), check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            failed.append(f"{name}: {error}")
    return failed


def _peer(
    places: Places, program: str, arguments: Sequence[str | Path], name: str, found: Callable[[Path], int], kind: str
) -> Outcome:
    command = places.peers / program
    if not command.exists():
        return NotRun(f"{command.name} is not installed (python -m benchmarks peers)")
    outcome = whole_process(places, (command, *arguments), name, statuses=(0, 1))
    if isinstance(outcome, NotRun):
        return outcome
    try:
        return Sample(outcome.figures, {kind: found(places.scratch / "output" / name)})
    except (OSError, ValueError, LookupError) as error:
        return NotRun(f"{command.name} gave no answer that can be read: {error}")


def _components(file: Path) -> int:
    parts = json.loads(file.read_bytes())["components"]
    return sum(part.get("purl", "").startswith("pkg:pypi/") for part in parts)


def cyclonedx_py(places: Places, environment: Path) -> Outcome:
    """Read an environment with cyclonedx-bom."""
    python = environment / "bin" / "python"
    arguments = ("environment", "--output-format", "JSON", python)
    return _peer(places, "python/bin/cyclonedx-py", arguments, "cyclonedx-py.json", _components, "packages")


def cdxgen(places: Places, environment: Path) -> Outcome:
    """Read an environment with cdxgen, which writes to a file."""
    output = places.scratch / "output" / "cdxgen-bom.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    arguments = ("-t", "python", "--no-install-deps", "-o", output, environment)
    return _peer(
        places, "node/node_modules/.bin/cdxgen", arguments, "cdxgen.txt", lambda _: _components(output), "packages"
    )  # fmt: skip


def syft(places: Places, environment: Path) -> Outcome:
    """Read an environment with syft."""
    arguments = ("scan", f"dir:{environment}", "-q", "-o", "cyclonedx-json")
    return _peer(places, "python/bin/syft", arguments, "syft.json", _components, "packages")


def borderlint(places: Places, folder: Path) -> Outcome:
    """Read a project with borderlint, which looks for AI endpoints only."""
    return _peer(places, "python/bin/borderlint", ("scan", folder), "borderlint.txt", _findings, "findings")


def _findings(file: Path) -> int:
    return sum(line.startswith("        ") and ":" in line for line in file.read_text(encoding="utf-8").splitlines())


def cyclonedx_library(places: Places, file: Path) -> Outcome:
    """Parse a file with cyclonedx-python-lib, in its own process."""
    python = places.peers / "python/bin/python"
    if not python.exists():
        return NotRun("cyclonedx-python-lib is not installed (python -m benchmarks peers)")
    return inside(places, python, "parse-with-library", file)
