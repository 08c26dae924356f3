"""Pages of Python package indexes (PEP 503 in HTML, PEP 691 in JSON). Owns reading them, and writing those of a mirror.

Only what a page says of files is taken from it, each under a name that can be one; nothing of it is run or followed.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

from freehold.errors import ProvisionError
from freehold.provision.file_names import is_safe_file
from freehold.provision.needs import Need

__all__ = ["HTML", "JSON", "Link", "project_html", "project_json", "read_page", "root_html", "written_html", "written_json"]

HTML: Final = "text/html"
JSON: Final = "application/vnd.pypi.simple.v1+json"
_MOST_LINKS: Final = 200_000
_MOST_TEXT: Final = 500
_DIGEST: Final = re.compile(r"[0-9a-f]{32,128}")
_ALGORITHMS: Final = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b"})
_SOUND: Final = re.compile(r"(?:https?|file)://[!-~]{0,4000}")
_KEPT: Final = ("requires-python", "yanked", "core-metadata")


@dataclass(frozen=True, slots=True)
class Link:
    """A file as a page states it.

    Parameters
    ----------
    file
        Its name.
    url
        Where it is, whole, without fragment.
    digests
        Stated digests of it, by algorithm.
    facts
        ``requires-python``, ``yanked`` (the reason, or ``true``), ``core-metadata`` (a digest, or ``true``) where stated.
    """

    file: str
    url: str
    digests: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


def read_page(body: bytes, kind: str, url: str) -> tuple[Link, ...]:
    """Read the files of a project's page.

    Parameters
    ----------
    body, kind
        The page and its media type.
    url
        Where it came from: relative addresses start there.

    Raises
    ------
    freehold.errors.ProvisionError
        If it is no such page, or lists more than 200,000 files. A file whose name or address is none is left out.
    """
    found = _of_json(body, url) if "json" in kind else _of_html(body, url)
    links = []
    for link in found:
        if is_safe_file(link.file) and _SOUND.fullmatch(link.url):
            links.append(link)
        if len(links) > _MOST_LINKS:
            raise ProvisionError(f"a page of an index lists more than {_MOST_LINKS:,} files. It was refused.")
    return tuple(links)


def _of_json(body: bytes, url: str) -> Iterable[Link]:
    try:
        page = json.loads(body)
        files = page["files"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise ProvisionError("a page of a Python index is no JSON of PEP 691. It was refused.") from None
    for one in files if isinstance(files, list) else ():
        if not isinstance(one, dict) or not isinstance(one.get("url"), str) or not isinstance(one.get("filename"), str):
            continue
        stated = one.get("hashes")
        metadata = one.get("core-metadata", one.get("dist-info-metadata"))
        facts = {
            "requires-python": one.get("requires-python"), "yanked": one.get("yanked"), "core-metadata": metadata,
        }  # fmt: skip
        made = _link(one["filename"], one["url"], url, stated if isinstance(stated, dict) else {}, facts)
        if made is not None:
            yield made


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[dict[str, str | None]] = []
        self.start: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "base" and self.start is None:
            self.start = dict(attrs).get("href")
        if tag == "a" and len(self.found) <= _MOST_LINKS:
            self.found.append(dict(attrs))


def _of_html(body: bytes, url: str) -> Iterable[Link]:
    reader = _Anchors()
    try:
        reader.feed(body.decode("utf-8", "replace"))
        reader.close()
    except (AssertionError, ValueError, RecursionError):
        raise ProvisionError("a page of a Python index is no HTML of PEP 503. It was refused.") from None
    start = _joined(url, reader.start) or url
    for anchor in reader.found:
        target = anchor.get("href")
        if not target:
            continue
        plain, fragment = urldefrag(target)
        algorithm, _, digest = fragment.partition("=")
        file = unquote(urlsplit(plain).path.rpartition("/")[2]) if _joined(start, plain) else ""
        metadata = anchor.get("data-core-metadata", anchor.get("data-dist-info-metadata"))
        facts = {
            "requires-python": anchor.get("data-requires-python"),
            "yanked": (anchor["data-yanked"] or True) if "data-yanked" in anchor else None, "core-metadata": metadata,
        }  # fmt: skip
        made = _link(file, plain, start, {algorithm: digest}, facts)
        if made is not None:
            yield made


def _joined(start: str, target: str | None) -> str | None:
    try:
        return urljoin(start, target) if target else None
    except ValueError:
        return None


def _link(file: str, target: str, start: str, stated: Mapping[str, Any], facts: Mapping[str, Any]) -> Link | None:
    whole = _joined(start, urldefrag(target)[0])
    if whole is None:
        return None
    digests = tuple(
        (name, value.lower()) for name, value in stated.items()
        if name in _ALGORITHMS and isinstance(value, str) and _DIGEST.fullmatch(value.lower())
    )  # fmt: skip
    return Link(file, whole, digests, tuple(_facts(facts)))


def _facts(facts: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name in _KEPT:
        value = facts.get(name)
        if isinstance(value, dict) and isinstance(value.get("sha256"), str):
            value = "sha256=" + value["sha256"]
        if value is True:
            yield name, "true"
        elif isinstance(value, str) and value and value.isprintable() and value.isascii():
            yield name, value[:_MOST_TEXT]


def written_html(project: str, links: Iterable[Link], address: Callable[[Link], str]) -> bytes:
    """Write a project's page anew in HTML, each file at the address that it is given."""
    lines = [f"<!DOCTYPE html>\n<html><head><title>{html.escape(project)}</title></head><body>"]
    for link in links:
        facts = dict(link.facts)
        attributes = "".join(
            f' data-{name}="{html.escape(facts[name] if facts[name] != "true" or name != "yanked" else "")}"'
            for name in _KEPT if name in facts
        )  # fmt: skip
        fragment = "#{}={}".format(*_best(link)) if link.digests else ""
        target = html.escape(address(link) + fragment)
        lines.append(f'<a href="{target}"{attributes}>{html.escape(link.file)}</a><br>')
    lines.append("</body></html>\n")
    return "\n".join(lines).encode()


def _best(link: Link) -> tuple[str, str]:
    """The digest that an HTML page, which has room for one, states."""
    stated = dict(link.digests)
    return next(((name, stated[name]) for name in ("sha256", "sha512", "sha384") if name in stated), link.digests[0])


def written_json(project: str, links: Iterable[Link], address: Callable[[Link], str]) -> bytes:
    """Write a project's page anew in JSON, each file at the address that it is given."""
    files = []
    for link in links:
        facts = dict(link.facts)
        one: dict[str, Any] = {"filename": link.file, "url": address(link), "hashes": dict(link.digests)}
        if "requires-python" in facts:
            one["requires-python"] = facts["requires-python"]
        if "yanked" in facts:
            one["yanked"] = True if facts["yanked"] == "true" else facts["yanked"]
        if "core-metadata" in facts:
            algorithm, sign, digest = facts["core-metadata"].partition("=")
            one["core-metadata"] = {algorithm: digest} if sign else True
        files.append(one)
    return json.dumps({"meta": {"api-version": "1.0"}, "name": project, "files": files}).encode()


def _links_of(needs: Iterable[Need]) -> tuple[Link, ...]:
    return tuple(
        Link(one.file, "", (("sha256", one.sha256),), tuple(fact for fact in one.facts if fact[0] != "core-metadata"))
        for one in sorted(needs)
    )


def _beside(link: Link) -> str:
    return f"../../wheels/{quote(link.file)}"


def project_html(project: str, needs: Iterable[Need]) -> bytes:
    """Write the page of a mirror's project for any server of files."""
    return written_html(project, _links_of(needs), _beside)


def project_json(project: str, needs: Iterable[Need]) -> bytes:
    """Write the same as JSON of PEP 691."""
    return written_json(project, _links_of(needs), _beside)


def root_html(projects: Iterable[str]) -> bytes:
    """Write the page that lists the projects of a mirror."""
    lines = "".join(f'<a href="{html.escape(one)}/">{html.escape(one)}</a><br>\n' for one in sorted(projects))
    return f"<!DOCTYPE html>\n<html><head><title>projects</title></head><body>\n{lines}</body></html>\n".encode()
