"""One answer for every verb of ``freehold respond``, from a small incident: for tests of their form."""

from __future__ import annotations

from freehold.respond.approval_requests import ApprovalRequests
from freehold.respond.approvals import Need
from freehold.respond.clocks import default_limits
from freehold.respond.incidents import Incidents
from freehold.respond.playbook import digest_of_playbook
from freehold.respond.playbook_library import shipped_playbooks
from freehold.respond.run_journal import RunJournal
from freehold.respond.situation import ListedPlaybook, PlaybookList, Rehearsal, list_of, report_of

__all__ = ["respond_answers"]


def respond_answers() -> dict[str, object]:
    """By the word after ``respond``."""
    store = Incidents.open(":memory:", clock=lambda: 1_000.0)
    try:
        labels = (("alertname", "agent-repeats-itself"), ("agent", "scout"))
        store.take("group", labels, firing=True, at=1.0, low="yellow", high="red", radius={"stops": ["chat"]})
        store.move("INC-1", "declare", "Ana", "seen")
        playbook = shipped_playbooks()["runaway-agent"]
        journal = RunJournal(store)
        run = journal.start(
            "INC-1", playbook.id, "[]", digest_of_playbook(playbook), {"agent": "scout"}, "Ana", "commander", "t"
        )
        journal.begin(run, "main/preserve", "preserve", action="preserve", key="k")
        journal.end(run, "main/preserve", "done", "kept 1 file", {"files": 1})
        requests = ApprovalRequests(store, 600.0)
        requests.ask("INC-1", run.id, "main/stop", "kill", {"scope": "agent"}, Need(1, because="a test"), "approve")
        requests.approve("A-1", "Bo", "now", break_glass=True)
        requests.ask("INC-1", run.id, "main/look", "manual", {"text": "look"}, Need(1), "done")
        requests.ask("INC-1", run.id, "main/run", "command", {"name": "mark"}, Need(1), "doubt")
        store.waive_preserving("INC-1", "Ana", "it burns")
        return {
            "list": list_of(store, 600.0, only_open=False),
            "show": report_of(store, "INC-1", default_limits(), 600.0, proposed={playbook.id: playbook}),
            "run": Rehearsal("INC-1", playbook.id, ("stop: would stop agent scout",)),
            "check": PlaybookList((ListedPlaybook(playbook, "Freehold", digest_of_playbook(playbook), 900.0),)),
        }
    finally:
        store.close()
