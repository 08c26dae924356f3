"""The front door of the room: an answer and a format in, text out. Owns which view and which face serve what.

Views and faces are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, cast

from freehold.errors import UsageError
from freehold.report.answers import Context
from freehold.report.formats import FORMATS
from freehold.report.interface import Document, Face, Look

__all__ = ["FORMATS", "document_of", "face", "render", "to_json"]

_FACES: Final = {
    "text": ("freehold.report.text", "TextFace"),
    "csv": ("freehold.report.csv", "CsvFace"),
    "html": ("freehold.report.html", "HtmlFace"),
    "markdown": ("freehold.report.markdown", "MarkdownFace"),
    "svg": ("freehold.report.svg", "SvgFace"),
}

_SERVED: Final = {
    "freehold.report.whole_answer.WholeReport": ("view_whole.whole_document", "json_whole.whole_json"),
    "freehold.report.firms_answer.FirmsReport": ("view_firms.firms_document", "json_firms.firms_json"),
    "freehold.report.answers.CheckAnswer": ("view_check.check_document", "check_json"),
    "freehold.measure.assess.AssessAnswer": ("view_assess.assess_document", "assess_json"),
    "freehold.report.answers.PolicedAssessment": ("view_policy.policed_document", "json_policy.policed_json"),
    "freehold.measure.cutoff.CutoffAnswer": ("view_cutoff.cutoff_document", "cutoff_json"),
    "freehold.measure.why.WhyAnswer": ("view_why.why_document", "why_json"),
    "freehold.measure.restart.RestartAnswer": ("view_restart.restart_document", "restart_json"),
    "freehold.measure.diff.DiffAnswer": ("view_diff.diff_document", "diff_json"),
    "freehold.doctor.Diagnosis": ("view_doctor.doctor_document", "doctor_json"),
    "freehold.measure.gaps.GapsAnswer": ("view_gaps.gaps_document", "gaps_json"),
    "freehold.measure.partners.PartnersAnswer": ("view_partners.partners_document", "json_partners.partners_json"),
    "freehold.plan.plan_values.PlanAnswer": ("view_plan.plan_document", "json_plan.plan_json"),
    "freehold.plan.step_reason.StepReason": ("view_plan_why.reason_document", "json_plan_work.reason_json"),
    "freehold.plan.follow.Followed": ("view_plan_follow.followed_document", "json_plan_work.followed_json"),
    "freehold.plan.proposals.OptionsAnswer": ("view_options.options_document", "json_options.options_json"),
    "freehold.measure.sweep.SweepAnswer": ("view_sweep.sweep_document", "json_sweep.sweep_json"),
    "freehold.measure.sweep_outlook.OutlookAnswer": ("view_sweep.samples_document", "json_sweep.samples_json"),
    "freehold.stack.records.Records": ("view_records.records_document", "import_json"),
    "freehold.stack.inventory.Inventory": ("view_inventory.inventory_document", "inventory_json"),
    "freehold.report.answers.ReachAnswer": ("view_reach.reach_document", "json_reach.reach_json"),
    "freehold.report.answers.ExplainedChokepoints": (
        "view_chokepoints.chokepoints_document",
        "json_chokepoints.chokepoints_json",
    ),
    "freehold.report.answers.ShowAnswer": ("view_show.show_document", "stack_json"),
    "freehold.report.answers.HistoryAnswer": ("view_history.history_document", "history_json"),
    "freehold.catalogue.show.Shown": ("view_catalogue.shown_document", "show_json"),
    "freehold.report.answers.SearchAnswer": ("view_catalogue.search_document", "search_json"),
    "freehold.catalogue.coverage.Coverage": ("view_catalogue.coverage_document", "coverage_json"),
    "freehold.report.answers.EvidenceVerdict": ("view_proof.verdict_document", "verdict_json"),
    "freehold.report.answers.EvidenceEntries": ("view_proof.entries_document", "entries_json"),
    "freehold.watch.rule_list.RuleList": ("view_rules.list_document", "rule_list_json"),
    "freehold.watch.rule_list.RuleTestReport": ("view_rules.tests_document", "rule_tests_json"),
    "freehold.watch.replay.ReplayReport": ("view_rules.replay_document", "rule_replay_json"),
    "freehold.respond.situation.IncidentList": ("view_respond.list_document", "incident_list_json"),
    "freehold.respond.situation.IncidentReport": ("view_respond.incident_document", "incident_json"),
    "freehold.respond.situation.Rehearsal": ("view_respond.rehearsal_document", "rehearsal_json"),
    "freehold.respond.situation.PlaybookList": ("view_respond.playbooks_document", "playbook_list_json"),
    "freehold.report.drill_answers.DrillAnswer": ("view_drill.drill_document", "drill_json.drill_json"),
    "freehold.report.drill_answers.MatrixAnswer": ("view_drill_matrix.matrix_document", "drill_json.matrix_json"),
    "freehold.report.drill_answers.BackendsAnswer": ("view_drill.backends_document", "drill_json.backends_json"),
    "freehold.provision.provisioning.Provisioned": ("view_provision.provision_document", "provision_json.provision_json"),
    "freehold.report.provision_answers.MirrorVerdict": ("view_provision.verify_document", "provision_json.verify_json"),
    "freehold.report.drill_answers.ApplyAnswer": ("view_drill_evidence.apply_document", "drill_evidence_json.apply_json"),
    "freehold.report.drill_answers.ScoreAnswer": ("view_drill_evidence.score_document", "drill_evidence_json.score_json"),
    "freehold.report.scheme_answers.ScoresAnswer": ("view_schemes.scores_document", "json_schemes.scores_json"),
    "freehold.report.scheme_answers.SchemesKnown": ("view_schemes.known_document", "json_schemes.known_json"),
    "freehold.report.scheme_answers.SchemeShown": ("view_schemes.shown_document", "json_schemes.shown_json"),
    "freehold.report.brief.BriefAnswer": ("brief.brief_document", "json_packs.brief_json"),
    "freehold.report.packs_answers.ExitsAnswer": ("view_packs.exits_document", "json_packs.exits_json"),
    "freehold.report.packs_answers.PackWritten": ("view_packs.pack_document", "json_packs.pack_json"),
    "freehold.report.systemic_answers.CascadeAnswer": ("view_systemic.cascade_document", "json_systemic.cascade_json"),
    "freehold.report.systemic_answers.TableAnswer": ("view_systemic.table_document", "json_systemic.table_json"),
    "freehold.report.systemic_answers.PlantsAnswer": ("view_systemic.plants_document", "json_systemic.plants_json"),
    "freehold.report.answers.CatalogueFindings": ("view_catalogue.findings_document", "findings_json"),
}
"""By the answer's type: its view, and its function in :mod:`freehold.report.json` or in the module named."""


def face(name: str) -> Face:
    """Give a face by its name.

    Raises
    ------
    freehold.errors.UsageError
        If there is none of that name.
    """
    if name not in _FACES:
        raise UsageError(f"'{name}' is no format of a page. Choose from: {', '.join(FORMATS)}.")
    module, made = _FACES[name]
    return cast("Face", getattr(import_module(module), made)())


def _served(answer: object) -> tuple[str, str]:
    kind = type(answer)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name not in _SERVED:
        raise TypeError(f"no view shows a {name}")
    return _SERVED[name]


def document_of(answer: object, context: Context | None = None) -> Document:
    """Turn any answer into a document.

    Parameters
    ----------
    answer
        An answer of :mod:`freehold.measure`, :mod:`freehold.catalogue` or :mod:`freehold.report.answers`, or an inventory.
    context
        What stands beside it; a :class:`~freehold.report.answers.CheckAnswer` brings its own.
    """
    module, _, name = _served(answer)[0].partition(".")
    view = getattr(import_module(f"freehold.report.{module}"), name)
    return cast("Document", view(answer, _beside(answer, context)))


def to_json(answer: object, context: Context | None = None) -> dict[str, Any]:
    """Turn any answer into the data of its JSON form, envelope and all; see :func:`document_of`."""
    module, _, name = _served(answer)[1].rpartition(".")
    made = getattr(import_module(f"freehold.report.{module or 'json'}"), name)
    return cast("dict[str, Any]", made(answer, _beside(answer, context)))


def _beside(answer: object, context: Context | None) -> Context:
    if context is not None:
        return context
    own = getattr(answer, "context", None)
    return own if isinstance(own, Context) else Context()


def render(answer: object, format_: str = "text", context: Context | None = None, look: Look = Look()) -> str:  # noqa: B008
    """Show any answer.

    Parameters
    ----------
    answer
        Any answer.
    format_
        ``text``, ``json``, ``csv``, ``html``, ``markdown`` or ``svg``.
    context
        What stands beside it; a report and a first page bring their own.
    look
        How much room and what means a terminal has; :func:`freehold.report.text.look_for` finds out.

    Raises
    ------
    freehold.errors.UsageError
        If the format is none of these.
    """
    if format_ == "json":
        from freehold.report.json import dumps

        return dumps(to_json(answer, context))
    shown = face(format_)
    return shown.render(document_of(answer, context), look)
