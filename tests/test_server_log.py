"""What a server says of its errors: the kind alone, and not for ever."""

from __future__ import annotations

import logging
import sys

from aiohttp.http_exceptions import BadHttpMessage

from freehold.watch.server_log import KindAlone


def record(error: Exception) -> logging.LogRecord:
    try:
        raise error
    except Exception:  # noqa: BLE001
        return logging.LogRecord("freehold.server", logging.ERROR, "", 0, "Error handling %s", ("key",), sys.exc_info())


def test_an_error_of_the_server_is_said_by_its_kind_and_none_of_its_words() -> None:
    found = record(ZeroDivisionError("Authorization: Bearer s3cret"))
    assert KindAlone(lambda: 0.0)(found)
    said = logging.Formatter().format(found)
    assert "ZeroDivisionError" in said
    assert "s3cret" not in said
    assert "key" not in said
    assert "\n" not in said


def test_a_request_that_cannot_be_read_is_not_said() -> None:
    assert not KindAlone(lambda: 0.0)(record(BadHttpMessage("Authorization: Bearer s3cret")))


def test_three_a_minute_are_said() -> None:
    now = 0.0
    alone = KindAlone(lambda: now)
    assert [alone(record(ValueError())) for _ in range(5)] == [True, True, True, False, False]
    now = 60.0
    assert alone(record(ValueError()))
