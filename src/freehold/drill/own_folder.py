"""A folder of the drill's own, for as long as a run takes. Owns the promise that it is gone afterwards, however that ends.

This process removes it at the end. If it is killed before, so that nothing of it can run, a small process that waits for just
that (its standard input then comes to an end) removes the folder in its place, and ends.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["OwnFolder", "remove_all"]

_PREFIX: Final = "freehold-drill-"
_PATIENCE: Final = 10.0
# what is being killed meanwhile may still write into the folder: so more than once
_GUARD: Final = """
read -r line
tries=0
while [ -e "$1" ] && [ "$tries" -lt 100 ]; do
  find "$1" -type d ! -perm -700 -exec chmod u+rwx {} + ; rm -rf "$1" && exit
  tries=$((tries + 1)); sleep 0.1
done
"""


class OwnFolder:
    """A temporary folder, made when it is entered.

    Attributes
    ----------
    path
        Where it is.
    """

    path: Path

    def __enter__(self) -> OwnFolder:
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._guard: subprocess.Popen[bytes] | None = None
        with suppress(OSError):
            self._guard = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", _GUARD, "sh", str(self.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": os.defpath},
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        remove_all(self.path)
        if self._guard is not None:
            assert self._guard.stdin is not None
            self._guard.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self._guard.wait(_PATIENCE)


def remove_all(place: Path) -> None:
    """Remove a folder and all that is in it; folders that were made read-only (Go's module cache is) are opened first."""
    if place.is_symlink() or not place.is_dir():
        with suppress(OSError):
            place.unlink()
        return
    with suppress(OSError):
        place.chmod(0o700)
    with suppress(OSError):
        for entry in list(os.scandir(place)):
            remove_all(Path(entry.path))
    with suppress(OSError):
        place.rmdir()
