"""The files of a folder of stack tables, whatever form they have. Owns which are opened, and that they are written together.

A link that leads out of the folder is not followed. All tables are on the disk before the first of those stored is replaced.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from freehold.errors import TooLarge, Unreadable
from freehold.stack.schema import TABLES

__all__ = ["LARGEST_TABLE", "SETTINGS_FILE", "TABLE_NAMES", "checked_table", "table_form", "write_tables"]

SETTINGS_FILE: Final = "stack.toml"
TABLE_NAMES: Final = tuple(table for table in TABLES if table != "stack")
LARGEST_TABLE: Final = 256 * 1024 * 1024
"""Bytes: the largest file of one table."""


def table_form(folder: Path) -> Literal["csv", "parquet"] | None:
    """Which form the tables in a folder have; ``None`` if it holds no stack."""
    try:
        if (folder / "items.parquet").is_file():
            return "parquet"
        return "csv" if (folder / SETTINGS_FILE).is_file() or (folder / "items.csv").is_file() else None
    except OSError:  # a folder that may not be entered
        return None


def checked_table(path: Path) -> Path | None:
    """Give the path of a table if it may be read; ``None`` if it is not there.

    Raises
    ------
    freehold.errors.ReadError
        If it is there and may not be read: a link out of the folder, no file, too large.
    """
    try:
        if not path.is_file():
            if path.exists():
                raise Unreadable(f"{path} is not a regular file. Replace it by a table.")
            return None
        if path.is_symlink() and not path.resolve().is_relative_to(path.parent.resolve()):
            raise Unreadable(f"{path} is a link that leads out of the folder. Put the file itself there.")
        size = path.stat().st_size
        if size > LARGEST_TABLE:
            raise TooLarge(f"{path} has {size:,} bytes, over the limit of {LARGEST_TABLE:,}. Split the stack.")
        return path
    except OSError as error:
        raise Unreadable(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error


def write_tables(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files of a folder.

    Parameters
    ----------
    folder
        Made if it is not there; files of these names in it are replaced.
    contents
        By file name.

    Raises
    ------
    OSError
        If they cannot be written; what stood there is as it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {name: folder / f"{name}.part" for name in contents}
    try:
        for name, part in made.items():
            with part.open("wb") as file:
                file.write(contents[name])
                file.flush()
                os.fsync(file.fileno())
        for name, part in made.items():
            part.replace(folder / name)
    finally:
        for part in made.values():
            part.unlink(missing_ok=True)
