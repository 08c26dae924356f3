"""From the flags of ``freehold drill`` to what is drilled. Owns which of them go together, and what a lone folder predicts."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freehold import work
from freehold.cli.amounts import names_from, seconds_from
from freehold.cli.flags import cutoff_from, settings_from, via_from
from freehold.cli.loading import load
from freehold.cli.speech import progress, tell
from freehold.errors import FreeholdError, UsageError
from freehold.words import say

if TYPE_CHECKING:
    from freehold.drill.drilling import DrillRequest
    from freehold.drill.newcomers import Known
    from freehold.drill.service_record import ServicePlan
    from freehold.report.answers import Context
    from freehold.stack.cutoff import Cutoff
    from freehold.stack.values import Stack

__all__ = ["durations", "known_before", "request_from", "verdicts_from"]

_MOST_REPEATS: Final = 20


def durations(options: argparse.Namespace) -> dict[str, float]:
    """Seconds of every flag that is a duration, by name.

    Raises
    ------
    freehold.errors.UsageError
        If one is none.
    """
    names = ("timeout", "budget", "every", "ready_within", "before", "cut_for", "recover_within")
    return {name: seconds_from(getattr(options, name), "--" + name.replace("_", "-")) for name in names}


def verdicts_from(options: argparse.Namespace) -> frozenset[str]:
    """Verdicts on which the status is 1.

    Raises
    ------
    freehold.errors.UsageError
        If one is none.
    """
    from freehold.drill.record import VERDICTS

    return names_from(options.fail_on, "--fail-on", VERDICTS)


def request_from(options: argparse.Namespace) -> tuple[DrillRequest, Context]:
    """What is drilled, and what stands beside the answer.

    Raises
    ------
    freehold.errors.FreeholdError
        If flags do not go together, or name what is not there.
    """
    from freehold.drill.attribution import bare_stack
    from freehold.drill.cutting import cut_hosts
    from freehold.drill.drilling import DrillRequest
    from freehold.drill.http_shapes import certificate_context
    from freehold.drill.network_tables import load_asn_table, load_country_table
    from freehold.drill.shapes import shape_from

    command = _command(options)
    times = durations(options)
    shape = shape_from(options.shape, options.certificate, options.key)
    certificate_context(shape)
    hosts = cut_hosts(options.host)
    stack, unpredicted, context = _stack(options)
    _see_what_it_stands_for(options, stack)
    settings = settings_from(options)
    bare = bare_stack(
        work.catalogue(), settings.home or settings.default_home, settings.trusted or settings.default_trusted or ()
    )
    cutoff = cutoff_from(options, stack or bare)
    _see_what_is_cut(options, cutoff)
    request = DrillRequest(
        command=command, folder=Path.cwd(), environment=dict(os.environ), catalogue=work.catalogue(), stack=stack or bare,
        unpredicted=unpredicted, item=options.stands_for, cutoff=cutoff, hosts=hosts if hosts.hosts else None,
        air_gap=options.air_gap, via=via_from(options),
        said=_said(options, cutoff, _named(cutoff, stack or bare), sorted(hosts.hosts)),
        stake=options.stake if cutoff is None else cutoff.stake,
        strict=options.strict, shape=shape, backend=options.backend,
        networks=load_asn_table([options.asn_table]) if options.asn_table else None,
        places=load_country_table([options.country_table]) if options.country_table else None,
        steps=options.steps, cold=options.cold, has_baseline=not options.no_baseline, repeat=options.repeat_baseline,
        timeout=times["timeout"], log=Path(options.log) if options.log else None, service=_service(options, command, times),
    )  # fmt: skip
    return request, context


def _command(options: argparse.Namespace) -> tuple[str, ...]:
    """The command after ``--``; a service and its probe stand for it.

    Raises
    ------
    freehold.errors.UsageError
        If there is none.
    """
    if (options.service is None) != (options.probe is None):
        raise UsageError(
            "--service and --probe go together: a command that starts the service, and one that exits 0 while it is well."
        )
    if options.service is not None:
        if options.words:
            raise UsageError("--service takes the place of the command after --. Leave one of them out.")
        return _words(options.service, "--service")
    if not options.words:
        raise UsageError("no command is given. Write it after --, such as: freehold drill --provider github -- make test")
    return tuple(options.words)


def _service(options: argparse.Namespace, command: tuple[str, ...], times: dict[str, float]) -> ServicePlan | None:
    from freehold.drill.service_record import ServicePlan

    if options.service is None:
        return None
    return ServicePlan(
        command, _words(options.probe, "--probe"), str(Path.cwd()), dict(os.environ), interval=times["every"],
        start_deadline=times["ready_within"], base=times["before"], cut=times["cut_for"], recovery=times["recover_within"],
        restarts=options.restarts,
    )  # fmt: skip


def _words(text: str, flag: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"{flag}: '{text}' cannot be split into words ({error}). Close its quotes.") from None
    if not words:
        raise UsageError(f"{flag}: no command is given.")
    return words


def _see_what_is_cut(options: argparse.Namespace, cutoff: Cutoff | None) -> None:
    cut = cutoff is not None or options.host or options.air_gap
    if options.matrix and cut:
        raise UsageError("--matrix cuts one landlord after the other. Leave out what else is cut.")
    if options.service is not None and not cut:
        raise UsageError("a service is watched under a cut. Say what is cut: --provider ID, --host NAME or another flag.")
    if options.matrix and (options.service is not None or options.no_baseline):
        raise UsageError("--matrix goes neither with --service nor with --no-baseline.")
    if not 1 <= options.repeat_baseline <= _MOST_REPEATS:
        raise UsageError(f"--repeat-baseline: {options.repeat_baseline} is not between 1 and {_MOST_REPEATS}.")
    if options.junit and not options.matrix:
        raise UsageError("--junit writes the survival matrix. Add --matrix provider.")
    if not cut and not options.matrix and options.fail_on_new_contact is None:
        raise UsageError(
            "nothing is cut. Say what: --provider ID, --owner ID, --country US, --foreign, --host NAME, --air-gap or "
            "--scenario FILE; or --matrix provider for the largest landlords in turn."
        )


def _see_what_it_stands_for(options: argparse.Namespace, stack: Stack | None) -> None:
    """Find an item that is named now: after the first run it would be too late to say that it is not there."""
    from freehold.drill.prediction import item_meant

    if options.stands_for is None:
        return
    if stack is None:
        raise UsageError(f"--stands-for: there is no stack that '{options.stands_for}' could be an item of. Name the stack.")
    item_meant(stack, options.stands_for)


def _stack(options: argparse.Namespace) -> tuple[Stack | None, str, Context]:
    """The stack that predicts, else why there is none."""
    from freehold.cli.loading import context
    from freehold.report.answers import Context

    given = options.stack is not None
    options.stack = options.stack or settings_from(options).stack or "."
    try:
        loaded, _ = load(options)
    except FreeholdError as error:
        if given:
            raise
        reason = str(error)
        tell("freehold: note: " + say("drill.no_project", reason=reason))
        return None, reason, Context(edition=work.catalogue().edition)
    if not given:
        tell("freehold: note: " + say("drill.predicting_from", folder=options.stack))
    return loaded.stack, "", context(options, loaded, None, 0)


def _named(cutoff: Cutoff | None, stack: Stack) -> Stack:
    """The stack with the providers that rules name and that only the catalogue knows, so that words can name them."""
    asked = [id_ for rule in cutoff.rules for id_ in (rule.provider, rule.owner)] if cutoff is not None else []
    more = [work.catalogue().provider(id_) for id_ in dict.fromkeys(asked) if id_ and id_ not in stack.provider_by_id]
    return replace(stack, providers=(*stack.providers, *(row for row in more if row is not None)))


def _said(options: argparse.Namespace, cutoff: Cutoff | None, stack: Stack, hosts: Iterable[str]) -> str:
    """What is cut, in words; empty for nothing."""
    from freehold.report.sentences import rules_in_words

    parts = [rules_in_words(cutoff, stack)] if cutoff is not None else []
    parts += hosts
    if options.air_gap:
        return say("drill.air_gap")
    return say("cutoff.rule_or").join(parts)


def known_before(options: argparse.Namespace, stack: Stack) -> tuple[Known, str] | None:
    """Who is known already, and from where in words; ``None`` if new contacts are not asked for.

    Raises
    ------
    freehold.errors.FreeholdError
        If what is named is neither a record nor a stack.
    """
    from freehold.drill.journal import read
    from freehold.drill.newcomers import known_from_drill, known_from_stack

    named = options.fail_on_new_contact
    if named is None:
        return None
    if not named:
        return known_from_stack(stack), say("drill.known_stack")
    if Path(named).suffix.lower() == ".json" and Path(named).is_file():
        return known_from_drill(read(named).drill), say("drill.known_record", file=named)
    with progress(f"reading {named} …"):
        loaded = work.load(named, settings_from(options))
    return known_from_stack(loaded.stack), named
