"""Drills whose logs are labelled by a reader who does not see the verdicts. Owns the drills, and how often both agree.

``python -m benchmarks.labelled_drills run FOLDER`` drills each command of :data:`DRILLS` for real (the package registries
must be reachable) and leaves ``NAME/log.txt``, what the command wrote and how it ended, for the reader, and
``NAME/record.json``. ``… compare FOLDER`` holds the labels in ``labelled-drills.toml`` against the verdicts.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
LABELS = Path(__file__).parent / "labelled-drills.toml"
BARE_PIP = "env PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_NO_INDEX= "
FRESH = "rm -rf got && "
DOWNLOAD = f"{BARE_PIP}$PYTHON -m pip download -q --no-deps --no-cache-dir "
PIP = f"{DOWNLOAD}-d got "
HOUSE = f"{DOWNLOAD}-d house six==1.16.0"
NPM = "npm install --silent --no-audit --no-fund --cache ./cache "
USED = " && node -e \"require('is-number')\""
REGISTRY = ("--owner", "psf")
FORGE = ("--owner", "github-inc")
FOREIGN = ("--foreign", "--home", "DE", "--trusted", "EU")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One drill of the series: its command is given to a shell, in a folder with these files."""

    name: str
    flags: tuple[str, ...]
    command: str
    prepare: str = ""
    files: dict[str, str] = field(default_factory=dict)
    checkout: bool = False


def forward(host: str) -> str:
    return ".".join(reversed(host.split(".")))


_TESTS = "FREEHOLD_ENVIRONMENT=$FOLDER/environment scripts/test tests/test_house.py -k machine"
DRILLS = (
    Labelled("pip-registry", REGISTRY, f"{FRESH}{PIP}six==1.16.0"),
    Labelled("pip-forge", FORGE, f"{FRESH}{PIP}six==1.16.0"),
    Labelled("pip-foreign", FOREIGN, f"{FRESH}{PIP}six==1.16.0"),
    Labelled("pip-air-gap", ("--air-gap",), f"{FRESH}{PIP}six==1.16.0"),
    Labelled("pip-wheel-house", REGISTRY, f"{FRESH}{PIP}--find-links house six", HOUSE),
    Labelled("pip-no-index", REGISTRY, f"{FRESH}{PIP}--no-index --find-links house six", HOUSE),
    Labelled("pip-file-host", ("--host", "org.pythonhosted.files"), f"{FRESH}{PIP}six==1.16.0"),
    Labelled("pip-silent", (*REGISTRY, "--shape", "silent"), f"{FRESH}{PIP}--timeout 3 --retries 1 six==1.16.0"),
    Labelled("pip-slow", (*REGISTRY, "--shape", "slow:3s"), f"{FRESH}{PIP}six==1.16.0"),
    Labelled("pip-no-such-version", REGISTRY, f"{FRESH}{PIP}six==99.0"),
    Labelled(
        "pip-else-vendored", REGISTRY, f"{FRESH}mkdir got; {PIP}--retries 0 six==1.16.0 || cp vendor/six.py got/",
        files={"vendor/six.py": "# the copy that is kept here\n"},
    ),
    Labelled(
        "pip-optional", REGISTRY,
        f"{FRESH}{PIP}--retries 0 six==1.16.0 && echo 'six is there' && echo 'extension built' || true; echo done",
    ),
    Labelled(
        "npm-registry", FORGE, f"rm -rf node_modules cache && {NPM}--fetch-retries 0 is-number@7.0.0{USED}",
        "npm init -y >/dev/null",
    ),
    Labelled(
        "npm-offline-cache", FORGE, f"rm -rf node_modules && {NPM}--prefer-offline --fetch-retries 0{USED}",
        f"npm init -y >/dev/null && {NPM}is-number@7.0.0",
    ),
    Labelled(
        "other-host-serves", REGISTRY,
        "curl -sSf -o page $INDEX || curl -sSf -o page $NODE_REGISTRY; test -s page && echo 'a page is there'",
    ),
    Labelled(
        "compile", FOREIGN, "cc -O2 -o program program.c && ./program",
        files={"program.c": "#include <stdio.h>\nint main(void) { puts(\"42\"); return 0; }\n"},
    ),
    Labelled("tests-warm-registry", REGISTRY, _TESTS, _TESTS, checkout=True),
    Labelled("tests-registry", REGISTRY, f"rm -rf $FOLDER/environment && {_TESTS}", checkout=True),
    Labelled("tests-forge", FORGE, f"rm -rf $FOLDER/environment && {_TESTS}", checkout=True),
    Labelled("tests-foreign", FOREIGN, f"rm -rf $FOLDER/environment && {_TESTS}", checkout=True),
)  # fmt: skip


def run_one(drill: Labelled, folder: Path) -> None:
    """Drill one command, and leave its log and its record."""
    work = folder / drill.name / "work"
    shutil.rmtree(folder / drill.name, ignore_errors=True)
    work.mkdir(parents=True)
    if drill.checkout:
        subprocess.run(["git", "clone", "-q", str(ROOT), str(work / "checkout")], check=True)
    for name, text in drill.files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    place = work / "checkout" if drill.checkout else work
    environment = os.environ | {
        "PYTHON": sys.executable,
        "FOLDER": str(work),
        "INDEX": f"https://{forward('org.pypi')}/simple/six/",
        "NODE_REGISTRY": f"https://{forward('org.npmjs.registry')}/is-number",
        "PYTHONPATH": "",
    }
    if drill.prepare:
        subprocess.run(["sh", "-c", drill.prepare], cwd=place, env=environment, check=True, stdout=subprocess.DEVNULL)
    log, record = folder / drill.name / "output.txt", folder / drill.name / "record.json"
    flags = [forward(flag) if flag.startswith("org.") else flag for flag in drill.flags]
    command = [
        *(sys.executable, "-m", "freehold", "drill", *flags, "--timeout", "10m", "--log", str(log), "--record", str(record)),
        *("--records", str(folder / "records"), "--format", "json", "-o", str(folder / drill.name / "answer.json")),
        *("--", "sh", "-c", drill.command),
    ]
    environment["PYTHONPATH"] = str(ROOT / "src")
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{drill.name}: exit {done.returncode}: {done.stderr[-2000:]}")
        return
    (folder / drill.name / "log.txt").write_text(
        _log(drill, log, json.loads((folder / drill.name / "answer.json").read_text()))
    )
    shutil.rmtree(work)


def _log(drill: Labelled, log: Path, answer: dict[str, object]) -> str:
    """What the reader sees: the command, how each run ended, what it wrote; nothing of what Freehold makes of it."""
    lines = [f"$ {drill.command}", f"cut: {' '.join(drill.flags)}"]
    for key in ("baseline", "cut"):
        run = answer[key]
        assert isinstance(run, dict)
        lines.append(
            f"{'nothing cut' if key == 'baseline' else 'with the cut'}: exit {run['exit']} after {run['seconds']:.1f} s"
        )
    return "\n".join([*lines, "-- what both runs wrote, one after the other --", log.read_text(errors="replace")])


def compare(folder: Path) -> int:
    """Print the labels beside the verdicts; 1 if fewer than nine in ten agree."""
    labels = tomllib.loads(LABELS.read_text())["label"]
    agreed = 0
    labelled = [drill for drill in DRILLS if drill.name in labels]
    for drill in labelled:
        verdict = json.loads((folder / drill.name / "answer.json").read_text())["verdict"]
        label = labels[drill.name]["verdict"]
        agreed += verdict == label
        print(f"| {drill.name} | {label} | {verdict} | {'' if verdict == label else labels[drill.name]['because']} |")
    print(f"{agreed} of {len(labelled)} agree")
    return 0 if agreed >= 0.9 * len(labelled) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labelled_drills", description=__doc__)
    parser.add_argument("action", choices=("run", "compare"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", action="append", help="a drill's name; repeatable")
    options = parser.parse_args(arguments)
    if options.action == "compare":
        return compare(options.folder)
    for drill in DRILLS:
        if not options.only or drill.name in options.only:
            print(drill.name, flush=True)
            run_one(drill, options.folder.resolve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
