"""What people are asked to approve, in plain words and whole."""

from __future__ import annotations

from typing import Any

import pytest

from freehold.demo.traffic import Sent, unanswered
from freehold.respond.act_words import act_in_words


@pytest.mark.parametrize(
    ("action", "parameters", "words"),
    [
        ("fail_over", {"model": "assistant", "to": "own", "percent": 100.0}, "send 100 % of assistant to own"),
        ("fail_over", {"model": "assistant", "to": "own"}, "send 100 % of assistant to own"),
        (
            "fail_over", {"model": "assistant", "to": "own", "percent": 12.5, "ramp": True},
            "send 12.5 % of assistant to own, in steps",
        ),
        ("kill", {"scope": "agent", "name": "filing-agent"}, "stop agent filing-agent"),
        ("kill", {"scope": "all", "name": ""}, "stop everything"),
        ("quarantine", {"scope": "tool", "name": "shell"}, "set tool shell apart"),
        (
            "throttle", {"tenant": "wards", "model": None, "requests_per_minute": 10},
            "let tenant wards send at most 10 requests a minute",
        ),
        ("revoke_key", {"tenant": "wards"}, "revoke the key of wards"),
        ("manual", {"text": "Ask the provider."}, "Ask the provider."),
        ("kill", {"scope": "agent", "name": "a", "until": "noon"}, "stop agent a (until noon)"),
        ("roll_back", {"to": "v3"}, "roll back (to v3)"),
        ("fail_over", {"model": "a", "to": "b", "ramp": "odd"}, "send 100 % of a to b (ramp odd)"),
    ],
)  # fmt: skip
def test_an_act_is_told_in_plain_words_with_all_that_it_is_done_with(
    action: str, parameters: dict[str, Any], words: str
) -> None:
    assert act_in_words(action, parameters) == words


def test_questions_without_a_whole_answer_are_told_with_the_reason() -> None:
    stopped = Sent("c", "letters", 0, 1, 403, code="stopped")
    sent = [
        stopped, Sent("c", "wards", 0, 1, 200), stopped, Sent("c", "wards", 0, 1, 200, whole=True),
        Sent("c", "wards", 0, 1, 502, code="no_upstream"), Sent("c", "wards", 0, 1, 0, code="TimeoutError"),
    ]  # fmt: skip
    assert unanswered(sent) == (
        "2 of the tenant 'letters' while it was stopped, 1 of 'wards' broken off in the middle, "
        "1 of 'wards' refused by the gateway (no_upstream), 1 of 'wards' not answered at all"
    )
    assert unanswered(sent[3:4]) == ""
