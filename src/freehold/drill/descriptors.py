"""How many files can be open in this process. Owns how that is raised while sessions are open, and kept from what they start.

The limit is the process's own, and so is what is known of it here: what it was before the first session, and how many there
are. A program that is started meanwhile would get the raised one, and a command would see another than it sees uncut.
"""

from __future__ import annotations

import contextlib

__all__ = ["DescriptorLimit"]


class DescriptorLimit:
    """The limit, raised while somebody holds it.

    Attributes
    ----------
    most
        Files that can be open while it is held: as many as the hard limit allows, if it can be raised.
    """

    _holders = 0
    _found = (0, 0)

    def __init__(self) -> None:
        import resource  # not there on every machine on which this module can be read

        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        if not DescriptorLimit._holders:
            DescriptorLimit._found = limits
        DescriptorLimit._holders += 1
        self._held = True
        _set(limits[1], limits[1])
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.most = 1 << 20 if soft == resource.RLIM_INFINITY else soft

    def let_go(self) -> None:
        """Put it back, if nobody else holds it; a second time does nothing."""
        if self._held:
            self._held = False
            DescriptorLimit._holders -= 1
            if not DescriptorLimit._holders:
                _set(*DescriptorLimit._found)

    @staticmethod
    def spare(process: int) -> None:
        """Give a program that was just started the limit that there was before anybody held it."""
        if DescriptorLimit._holders:
            import resource

            with contextlib.suppress(OSError, ValueError, AttributeError):  # only Linux can do it for another process
                resource.prlimit(process, resource.RLIMIT_NOFILE, DescriptorLimit._found)


def _set(soft: int, hard: int) -> None:
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
