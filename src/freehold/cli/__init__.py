"""The command line: a thin face over :mod:`freehold.work`. Owns arguments, exit statuses and what goes to which stream."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        Instead of the process's own.

    Returns
    -------
    int
        0 done; 1 done, and a threshold asked for is not met; 2 bad input or usage; 3 a defect; 130 interrupted.
    """
    try:
        return _main(arguments)
    except KeyboardInterrupt:
        # before it was known what to do: nothing is there yet to speak with
        sys.stderr.write("freehold: interrupted\n")
        return 130


def _main(arguments: Sequence[str] | None) -> int:
    # One short run makes many small values and few circles of them: looking for those less often saves a fifth of the time.
    gc.set_threshold(200_000, 20, 20)
    from freehold.cli.command_after import split
    from freehold.cli.parser import build_parser
    from freehold.cli.speech import Speech, speaking

    _open_streams()
    given = sys.argv[1:] if arguments is None else arguments
    own, words = split(given)
    options = build_parser().parse_args(own)
    if words is not None or own[:1] in (["drill"], ["provision"]):
        options.words, options.given = words, ("freehold", *given)
    named = [path for name in ("stack", "other") if (path := getattr(options, name, None))]
    redact = getattr(options, "redact", None) or ""
    hidden = named if "paths" in redact else []
    with speaking(Speech(options.verbose, options.log_format, hidden, ("path", "file", "detail", "host") if redact else ())):
        return _run(options)


def _open_streams() -> None:
    """See that the three standard streams are there: else what is opened next would be taken for one of them."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # the lowest number that is free, which is this one
            os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)  # noqa: FBT003
        if getattr(sys, name) is None:
            mode, errors = ("r", "strict") if number == 0 else ("w", "backslashreplace")
            setattr(sys, name, open(number, mode, encoding="utf-8", errors=errors, closefd=False))  # noqa: SIM115


def _run(options: argparse.Namespace) -> int:
    from freehold import words
    from freehold.cli.speech import tell
    from freehold.errors import FreeholdError

    try:
        from freehold.cli.commands import COMMANDS
        from freehold.settings import find_language

        with words.speaking(find_language(getattr(options, "language", None))):
            return COMMANDS[options.command](options)
    except FreeholdError as error:
        tell(f"freehold: {error}", "error")
        return 2
    except KeyboardInterrupt:
        tell("freehold: interrupted", "error")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        tell(f"freehold: {place}{error.strerror or error}. Check the path, its permissions and the space left.", "error")
        if error.errno == errno.ENOSPC:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 2
    except Exception as error:
        if _is_interruption(error):
            tell("freehold: interrupted", "error")
            return 130
        if os.environ.get("FREEHOLD_DEBUG"):
            raise
        name = type(error).__name__
        message = "this is a defect of Freehold. FREEHOLD_DEBUG=1 shows where; please report it with the input."
        tell(f"freehold: {name}: {error}; {message}", "error")
        return 3


def _is_interruption(error: BaseException | None) -> bool:
    """Whether an error stands for a Ctrl-C: what is loaded at that moment, above all in C, makes another error of it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False
