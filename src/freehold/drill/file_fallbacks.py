"""Which files of the working folder served. Owns the comparison of what two runs read and wrote there; pure.

A file stands for what was cut if the run under the cut read it and the one without did not, after the cut was first met. What
the run without the cut had written is no fall-back: without that run it would not have been there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

from freehold.drill.record import Fallback, FileRead, Run
from freehold.words import say

__all__ = ["files_kept", "files_served", "left_by_baseline"]

_COMPILED: Final = re.compile(r"(?:(.*/)|^)__pycache__/([^/]+?)\.[^/]*\.pyc")


def files_served(baseline: Run | None, cut: Run, *, others: int = 0) -> list[Fallback]:
    """Files that served instead of what was cut, those of one folder together, in the order in which they were read.

    Parameters
    ----------
    baseline, cut
        The two runs; without the first, or where not all that it read is listed, nothing can be said.
    others
        How many hosts and places have been found to have served already.
    """
    if baseline is None or baseline.files is None or not baseline.files.whole or cut.files is None:
        return []
    before = {one.name for one in baseline.files.read}
    # a source was read before if what was compiled from it was
    before |= {f"{parts[1] or ''}{parts[2]}.py" for name in before if (parts := _COMPILED.fullmatch(name))}
    written = set(baseline.files.written)
    places = tuple(use.place.removeprefix("./") + "/" for use in cut.local)
    groups: dict[str, list[FileRead]] = defaultdict(list)
    for one in _after(cut):
        if not one.program and one.name not in before | written and not one.name.startswith(places):
            groups[one.name.rpartition("/")[0]].append(one)
    found = [part for folder, files in groups.items() for part in _told(folder, files)]
    sureness = "read" if len(found) + others == 1 and _met(cut) is not None else "perhaps"
    return [
        Fallback("local", what, say(f"drill_verdict.{'file' if count == 1 else 'files'}_{sureness}", files=count))
        for what, count in found
    ]


def _told(folder: str, files: list[FileRead]) -> list[tuple[str, int]]:
    """Several files of a folder as that folder; those of the working folder itself one by one."""
    if folder and len(files) > 1:
        return [(folder, len(files))]
    return [(one.name, 1) for one in files]


def left_by_baseline(baseline: Run | None, cut: Run) -> tuple[str, ...]:
    """Files that the run under the cut read, after it met the cut, and that the one without had made.

    Parameters
    ----------
    baseline, cut
        The two runs.
    """
    if baseline is None or baseline.files is None or cut.files is None:
        return ()
    # what it had read before it wrote it is a state that each run goes on with
    made = set(baseline.files.written) - {one.name for one in baseline.files.read}
    return tuple(one.name for one in _after(cut) if one.name in made)


def files_kept(baseline: Run | None, cut: Run) -> tuple[int, int, tuple[str, ...]] | None:
    """How many files the cut run wrote, or read as the other had left them; how many the other wrote; which are missing.

    Parameters
    ----------
    baseline, cut
        The two runs; ``None`` if they cannot be compared.
    """
    if baseline is None or baseline.files is None or cut.files is None:
        return None
    if not baseline.files.whole or not cut.files.whole:
        return None
    had = set(cut.files.written) | ({one.name for one in cut.files.read} & set(baseline.files.written))
    missing = tuple(name for name in baseline.files.written if name not in had)
    return len(had), len(baseline.files.written), missing


def _after(cut: Run) -> list[FileRead]:
    """What was read after the cut was first met; all of it where that is not known."""
    met = _met(cut)
    return [one for one in (cut.files.read if cut.files is not None else ()) if met is None or one.at >= met]


def _met(cut: Run) -> float | None:
    """When the cut was first felt: the first refusal, else the first try."""
    contacts = [one.contact for one in cut.contacts if one.contact.because and one.contact.tries]
    return min((one.first_seen if one.first_refused is None else one.first_refused for one in contacts), default=None)
