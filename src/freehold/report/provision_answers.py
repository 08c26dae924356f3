"""What pages of mirrors are made from, beside what provisioning itself answers. Owns these values."""

from __future__ import annotations

from dataclasses import dataclass

from freehold.errors import Finding
from freehold.provision.manifest import Manifest

__all__ = ["MirrorVerdict"]


@dataclass(frozen=True)
class MirrorVerdict:
    """Whether a mirror is what its manifest says.

    Parameters
    ----------
    path
        The mirror, as the user named it.
    manifest
        What it says.
    findings
        What is not so.
    """

    path: str
    manifest: Manifest
    findings: tuple[Finding, ...]
