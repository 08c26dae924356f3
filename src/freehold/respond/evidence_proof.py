"""That one entry stands in a log, shown without the rest of the log. Owns the proof's form, its making and its check.

A proof is a JSON object: ``form``; ``entry``, the entry; ``path``, the hashes that lead from it to the root (RFC 6962);
``root_entry``, the signed root; ``public_key``, the key that it names. Who has the key from elsewhere needs nothing more.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeAlias

from freehold.canonical import canonical, parse
from freehold.errors import EvidenceError
from freehold.respond.evidence_form import ENTRY_DOMAIN, GENESIS, MOST_LINE, ROOT, ROOT_DOMAIN
from freehold.respond.evidence_lines import walk_lines
from freehold.respond.evidence_signatures import is_signed_by
from freehold.respond.merkle import Tree, root_from_path

__all__ = ["Proof", "Prover", "entry_hash", "flaw_of_proof", "is_signed_root"]

Proof: TypeAlias = dict[str, Any]
_FORM: Final = 1
_NEEDED: Final = frozenset({"form", "entry", "path", "root_entry", "public_key"})


def entry_hash(entry: Mapping[str, Any]) -> bytes:
    """The hash of an entry, from its content.

    Raises
    ------
    freehold.errors.EvidenceError
        If it cannot be written as canonical JSON.
    """
    return sha256(ENTRY_DOMAIN + canonical({name: value for name, value in entry.items() if name != "hash"})).digest()


def is_signed_root(entry: Mapping[str, Any], public: bytes) -> bool:
    """Whether an entry is a root that a key signed."""
    try:
        said = {name: value for name, value in entry.items() if name != "hash"}
        said["body"] = {name: value for name, value in entry["body"].items() if name != "signature"}
        signature = bytes.fromhex(entry["body"]["signature"])
        return entry["kind"] == ROOT and is_signed_by(public, ROOT_DOMAIN + canonical(said), signature)
    except (AttributeError, EvidenceError, KeyError, TypeError, ValueError):
        return False


class Prover:
    """A log read once, from which any number of proofs can be made: 72 bytes of memory an entry.

    Parameters
    ----------
    path
        The log.

    Raises
    ------
    freehold.errors.EvidenceError
        If it cannot be read, or has no signed root yet.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._places = array("Q")
        leaves: list[bytes] = []
        self._root_line = b""
        place = 0
        for line in walk_lines(path):
            try:
                entry = parse(line)
                leaves.append(bytes.fromhex(entry["hash"]))  # type: ignore[index]
                if entry["kind"] == ROOT:  # type: ignore[index]
                    self._root_line = line
                if entry["kind"] == GENESIS:  # type: ignore[index]
                    self._public = str(entry["body"]["public_key"])  # type: ignore[index]
            except (KeyError, TypeError, ValueError):
                break
            self._places.append(place)
            place += len(line)
        if not self._root_line:
            raise EvidenceError(
                f"{path}: no signed root is in this log yet. One comes every minute, and when the log is closed."
            )
        self._root: dict[str, Any] = parse(self._root_line)  # type: ignore[assignment]
        self._tree = Tree(leaves)

    def prove(self, number: int) -> Proof:
        """Make the proof of one entry, against the log's last signed root.

        Raises
        ------
        freehold.errors.EvidenceError
            If no signed root covers such an entry, or the log is not sound there.
        """
        size = self._root["body"]["size"]
        if not 1 <= number <= size:
            raise EvidenceError(f"{self._path}: the last signed root is over the entries 1 to {size}. Choose one of these.")
        with self._path.open("rb") as file:
            file.seek(self._places[number - 1])
            entry = parse(file.readline(MOST_LINE))
        path = [one.hex() for one in self._tree.path(number - 1, size)]
        proof = {"form": _FORM, "entry": entry, "path": path, "root_entry": self._root, "public_key": self._public}
        flaw = flaw_of_proof(proof, signatures=False)
        if flaw is not None:
            raise EvidenceError(f"{self._path}: {flaw}. `freehold evidence verify` says where the log is not sound.")
        return proof


def flaw_of_proof(proof: object, public_key: bytes | None = None, *, signatures: bool = True) -> str | None:
    """What is wrong with a proof; ``None`` if it shows that its entry stands in the log.

    Parameters
    ----------
    proof
        As it was read from JSON.
    public_key
        The log's key, from elsewhere; ``None``: the one that the proof names.
    signatures
        Whether to check the signature.
    """
    if not isinstance(proof, dict) or set(proof) != _NEEDED or proof["form"] != _FORM:
        return "it is no proof of an entry"
    entry, root, path = proof["entry"], proof["root_entry"], proof["path"]
    try:
        named = bytes.fromhex(proof["public_key"])
        hashed, size = entry_hash(entry), root["body"]["size"]
        if entry["hash"] != hashed.hex():
            return "the entry was changed: its hash is not that of its content"
        if (
            root_from_path(hashed, entry["number"] - 1, size, [bytes.fromhex(one) for one in path]).hex()
            != root["body"]["root"]
        ):
            return "the path does not lead from the entry to the root"
    except ValueError as error:
        return f"the path does not lead from the entry to the root: {error}"
    except (AttributeError, EvidenceError, KeyError, TypeError):
        return "it is no proof of an entry"
    if public_key is not None and public_key != named:
        return f"it names the key {named.hex()}, and {public_key.hex()} was expected"
    if signatures and not is_signed_root(root, named):
        return "the root's signature is not one by the key"
    return None
