"""An assessment with the policy it was held against, as a page. Owns where the policy stands in it."""

from __future__ import annotations

from dataclasses import replace

from freehold.report.answers import Context, PolicedAssessment
from freehold.report.evidence import Notes
from freehold.report.interface import Document, Heading
from freehold.report.policy_blocks import policy_blocks, policy_table
from freehold.report.view_assess import assess_document
from freehold.words import say

__all__ = ["policed_document"]


def policed_document(answer: PolicedAssessment, context: Context) -> Document:
    """Show an assessment, the policy's verdicts before all else.

    Parameters
    ----------
    answer
        What was measured, and what the policy came to.
    context
        What stands beside it, with the stack.
    """
    notes = Notes(context.stack, context.reference_date)
    blocks = policy_blocks(answer.policy, context.stack, notes)
    whole = assess_document(answer.assess, context, notes)
    return replace(
        whole,
        blocks=(*blocks, Heading(say("policies.assessment")), *whole.blocks),
        main=policy_table(answer.policy),
        evidence=notes.evidence,
    )
