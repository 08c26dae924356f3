"""The policy that ``freehold assess`` holds a stack against. Owns its flags, where it is looked for, the exit status."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold.errors import UsageError

if TYPE_CHECKING:
    from freehold.schemes.policy_values import Policy, PolicyAnswer
    from freehold.settings import Settings
    from freehold.work import Loaded

__all__ = ["add_arguments", "asked_policy", "judged", "status"]

_NAME: Final = "policy.toml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    group = parser.add_argument_group("policy")
    group.add_argument(
        "--policy", metavar="FILE",
        help="hold the stack against this policy; --fail-on policy alone takes policy.toml beside the stack, else in the "
        "working folder, else the one that freehold.toml names",
    )  # fmt: skip
    group.add_argument("--fail-on", choices=("policy",), help="exit 1 if the policy is not met")
    group.add_argument("--junit", metavar="FILE", help="write the policy's verdicts there as JUnit XML")
    group.add_argument("--sarif", metavar="FILE", help="write what breaks the policy there as SARIF 2.1.0")


def asked_policy(options: argparse.Namespace, settings: Settings) -> Policy | None:
    """The policy that is asked for, read; ``None`` if none is.

    Raises
    ------
    freehold.errors.UsageError
        If one is asked for, and there is none.
    freehold.errors.FreeholdError
        If it cannot be read or understood.
    """
    from freehold.schemes.policy_file import read_policy

    if options.policy is not None:
        return read_policy(options.policy)
    asks = next((flag for flag, value in _uses(options) if value), None)
    if asks is None:
        return None
    stack = Path(options.stack)
    beside = (stack if stack.is_dir() else stack.parent) / _NAME
    for path in dict.fromkeys((beside, Path(_NAME))):
        if path.is_file():
            return read_policy(path)
    if settings.policy is not None:
        return read_policy(settings.policy)
    raise UsageError(
        f"{asks} needs a policy, and there is none: not {beside}, not {_NAME} here, and no policy in freehold.toml. "
        "Name one with --policy FILE."
    )


def _uses(options: argparse.Namespace) -> tuple[tuple[str, object], ...]:
    return ("--fail-on policy", options.fail_on), ("--junit", options.junit), ("--sarif", options.sarif)


def judged(options: argparse.Namespace, policy: Policy, loaded: Loaded) -> PolicyAnswer:
    """Hold the stack against the policy, and write the files for continuous integration that are asked for.

    Raises
    ------
    freehold.errors.FreeholdError
        If a rule names what is not there, or a file cannot be written.
    """
    from dataclasses import replace

    from freehold import work
    from freehold.cli.flags import redaction_from
    from freehold.cli.output import write
    from freehold.schemes.policy_check import check_policy

    answer = check_policy(policy, loaded.stack, strict=options.strict, kernel=options.kernel, catalogue=work.catalogue())
    if options.redact is not None:
        answer = replace(answer, policy=replace(policy, path=redaction_from(options).path(policy.path)))
    if options.junit:
        from freehold.report.policy_junit import policy_to_junit

        write(options.junit, policy_to_junit(answer))
    if options.sarif:
        from freehold.report.policy_sarif import policy_to_sarif

        write(options.sarif, policy_to_sarif(answer))
    return answer


def status(options: argparse.Namespace, answer: PolicyAnswer) -> int:
    """Exit status: 1 if the policy was to be met, and is not; said on standard error."""
    from freehold.cli.speech import tell
    from freehold.report.policy_blocks import failing_names
    from freehold.words import say

    if options.fail_on != "policy" or not answer.failing:
        return 0
    tell("freehold: " + say("policies.threshold", names=failing_names(answer)))
    return 1
