"""What the gateway writes down. Owns the seam between what happened and the evidence log, from which events are sent too.

The kind of an entry is the type of the event. An entry is written (it survives kill -9) before the last byte of the answer
that it tells of goes out; it is on the disk a moment later, and before the answer where a person acted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from freehold.errors import EvidenceError, FreeholdError, GatewayError, Overloaded
from freehold.gateway.exchange import Exchange
from freehold.gateway.notices import Notices
from freehold.gateway.tool_calls import ToolCall
from freehold.gateway.tool_policy import arguments_digest
from freehold.respond.digests import Salts, digest
from freehold.respond.evidence_log import EvidenceLog
from freehold.watch.event import Json

__all__ = ["KIND", "Records"]

KIND: Final = "freehold.gateway."
"""What the kinds of all entries begin with."""


class _Hash(Protocol):
    def hexdigest(self) -> str: ...


class Records:
    """The gateway's evidence.

    Parameters
    ----------
    log
        Where it is written.
    salts
        Salts for digests of content; ``None`` if none are kept.
    notices
        Where it is said that it cannot be written.
    """

    def __init__(self, log: EvidenceLog, salts: Salts | None, notices: Notices) -> None:
        self.log, self._salts, self._notices = log, salts, notices
        self.trouble = ""

    def put(self, kind: str, body: Mapping[str, Json], *, key: str = "", flush: bool = True) -> int:
        """Write an entry.

        Returns
        -------
        int
            Its number; 0 if it could not be written, and ``trouble`` says why.
        """
        try:
            number = self.log.append(KIND + kind, body, key=key)
            if flush:
                self.log.flush()
        except (EvidenceError, Overloaded) as error:
            self.trouble = str(error)
            self._notices.say("no_evidence", why=self.trouble)
            return 0
        self.trouble = ""
        return number

    async def act(self, kind: str, body: Mapping[str, Json], key: str) -> int:
        """Write an entry of what a person did; it is on the disk when this returns.

        Raises
        ------
        freehold.errors.GatewayError
            If it could not be written.
        """
        try:
            number = self.log.append(KIND + kind, body, key=key)
            await self.log.committed(number)
        except FreeholdError as error:
            raise GatewayError(f"it is done, and could not be written to the evidence: {error}") from None
        return number

    def probe(self) -> None:
        """Try once more what could not be written."""
        if self.trouble:
            try:
                self.log.flush()
            except (EvidenceError, Overloaded) as error:
                self.trouble = str(error)
            else:
                self.trouble = ""

    @property
    def digesting(self) -> bool:
        """Whether digests of content are kept."""
        return self._salts is not None

    def digest(self, what: str, content: _Hash) -> dict[str, Json]:
        """A salted digest over the SHA-256 (in hexadecimal) of a content, and the number of its salt; nothing if none are kept.

        Parameters
        ----------
        what
            ``prompt`` or ``answer``.
        content
            Its SHA-256.
        """
        if self._salts is None:
            return {}
        try:
            number, salt = self._salts.new()
        except EvidenceError as error:
            self._notices.say("no_evidence", why=str(error))
            return {}
        return {f"freehold.{what}.digest": digest(content.hexdigest(), salt), f"freehold.{what}.salt": number}

    def tool_call(self, exchange: Exchange, call: ToolCall, because: str = "") -> None:
        """Write that the model asked for a tool call, or that it was refused.

        The digest of the arguments has no salt: it is there to see that the same call comes again and again.
        """
        body = exchange.attributes()
        body["gen_ai.tool.name"] = call.name[:200]
        body["freehold.tool.arguments_digest"] = arguments_digest(call.arguments)
        if call.id:
            body["gen_ai.tool.call.id"] = call.id
        if because:
            body["freehold.because"] = because[:500]
        self.put("tool.refused" if because else "tool.call", body, flush=False)

    def close(self) -> None:
        """End it: all that was written is on the disk."""
        self.log.close()
        if self._salts is not None:
            self._salts.close()
