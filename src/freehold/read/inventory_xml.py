"""An inventory written as XML. Owns its syntax: from bytes to elements.

A document type is refused, because entities can grow without bound or name other files; no inventory needs one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from freehold.errors import Unreadable

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

__all__ = ["root_of"]


def root_of(path: Path, data: bytes) -> Element:
    """Parse a file.

    Parameters
    ----------
    path
        The file, for messages.
    data
        What it holds.

    Raises
    ------
    freehold.errors.Unreadable
        If it is not XML, or declares a document type or entities.
    """
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Unreadable(
            f"{path} declares a document type or entities, which can grow without bound. Remove its <!DOCTYPE …>."
        ) from error
    except ParseError as error:
        (line, column), said = error.position, str(error).partition(": line")[0]
        raise Unreadable(f"{path}, line {line}, column {column + 1}: not XML ({said}). Mend it there.") from error
    except (ValueError, LookupError) as error:
        raise Unreadable(f"{path}: not XML in an encoding that can be read. Save it as UTF-8.") from error
    return root
