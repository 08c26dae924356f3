"""The folder in which a gateway keeps its state. Owns which files are in it, and who may read them.

``stop`` (the kill file), ``admin-key``, ``evidence-gateway.jsonl`` with its signing key, ``salts``, ``control.json``
(routes and throttles set from outside), ``budgets.json``, ``cursor`` (how far events were sent),
``address`` (where it serves now).
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from freehold.errors import BadConfiguration, GatewayError
from freehold.gateway.secrets import Secret, read_secret

__all__ = ["StateFolder", "default_folder"]


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The folder.

    Parameters
    ----------
    path
        Where it is.
    """

    path: Path

    @property
    def stop(self) -> Path:
        """The kill file."""
        return self.path / "stop"

    @property
    def admin_key(self) -> Path:
        """The key for control that was made here."""
        return self.path / "admin-key"

    @property
    def evidence(self) -> Path:
        """The evidence log."""
        return self.path / "evidence-gateway.jsonl"

    @property
    def signing_key(self) -> Path:
        """The key that signs it."""
        return self.path / "evidence-gateway.key"

    @property
    def salts(self) -> Path:
        """Salts of digests of content."""
        return self.path / "evidence-gateway.salts"

    @property
    def control(self) -> Path:
        """Routes and throttles set from outside."""
        return self.path / "control.json"

    @property
    def budgets(self) -> Path:
        """What was spent."""
        return self.path / "budgets.json"

    @property
    def cursor(self) -> Path:
        """How far events were sent."""
        return self.path / "cursor"

    @property
    def address(self) -> Path:
        """Where the gateway serves, for others on this machine."""
        return self.path / "address"

    def make(self) -> None:
        """Make it, for its owner only.

        Raises
        ------
        freehold.errors.GatewayError
            If that is not possible.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise GatewayError(
                f"{self.path}: the state folder cannot be made ({error.strerror}). Name another with --state."
            ) from None

    def made_key(self) -> Secret:
        """The key for control; one is made if there is none.

        Raises
        ------
        freehold.errors.GatewayError
            If it cannot be written.
        freehold.errors.BadConfiguration
            If what is there is no key, or a weak one.
        """
        try:
            descriptor = os.open(self.admin_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
        except FileExistsError:
            pass
        except OSError as error:
            raise GatewayError(f"{self.admin_key}: a key cannot be made there ({error.strerror}).") from None
        found = read_secret(None, str(self.admin_key.absolute()), "the key for control")
        if found is None:
            raise BadConfiguration(f"{self.admin_key} holds no key. Remove it; a new one is made.")
        return found


def default_folder() -> Path:
    """Where the state is kept if nobody says: in the user's folder for state."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111  it never raises
    return Path(base) / "freehold" / "gateway"
