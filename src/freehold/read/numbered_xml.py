"""An XML document as plain values that know their line. Owns the syntax, and the limits of what is read of it.

A document type is refused, because entities can grow without bound or name other files. Prefixes of namespaces are
dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml.common import DefusedXmlException
from defusedxml.sax import parseString

from freehold.errors import TooLarge, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["DEEPEST", "NumberedElement", "parse_numbered"]

DEEPEST: Final = 200
"""Elements within each other that are read."""
_MOST_TEXT: Final = 10_000


@dataclass(slots=True, eq=False)
class NumberedElement:
    """One element.

    Parameters
    ----------
    tag
        Its name.
    line
        Where its start tag begins, counted from 1.
    attributes
        As written.
    children
        Elements within it, in order.
    text
        What stands in it before its first child and between its children, at most so much that a label fits.
    """

    tag: str
    line: int
    attributes: Mapping[str, str]
    children: list[NumberedElement] = field(default_factory=list)
    text: str = ""

    def each(self, *tags: str) -> Iterator[NumberedElement]:
        """Children of some names."""
        return (child for child in self.children if child.tag in tags)


class _Growing(ContentHandler):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.root: NumberedElement | None = None
        self._open: list[NumberedElement] = []
        self._locator: Any = None

    def setDocumentLocator(self, locator: Any) -> None:  # noqa: N802  (the standard library's name)
        self._locator = locator

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        line: int = self._locator.getLineNumber()
        if len(self._open) == DEEPEST:
            raise TooLarge(
                f"{self._path}, line {line}: more than {DEEPEST} elements stand within each other. Give the inner formulas "
                "names of their own."
            )
        element = NumberedElement(name.rpartition(":")[2], line, dict(attrs))
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802
        self._open.pop()

    def characters(self, content: str) -> None:
        element = self._open[-1] if self._open else None
        if element is not None and (element.text or content.strip()) and len(element.text) < _MOST_TEXT:
            element.text += content


def parse_numbered(path: Path, data: bytes) -> NumberedElement:
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
    freehold.errors.TooLarge
        If elements stand deeper within each other than :data:`DEEPEST`.
    """
    growing = _Growing(path)
    try:
        parseString(data, growing, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Unreadable(
            f"{path} declares a document type or entities, which can grow without bound. Remove its <!DOCTYPE …>."
        ) from error
    except SAXParseException as error:
        place = f"line {error.getLineNumber()}, column {(error.getColumnNumber() or 0) + 1}"
        raise Unreadable(f"{path}, {place}: not XML ({error.getMessage()}). Mend it there.") from error
    except (ValueError, LookupError) as error:
        raise Unreadable(f"{path}: not XML in an encoding that can be read. Save it as UTF-8.") from error
    assert growing.root is not None
    return growing.root
