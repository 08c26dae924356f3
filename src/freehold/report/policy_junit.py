"""A policy's verdicts as JUnit XML, for continuous integration. Owns how rules are told as test cases.

The form is that of :mod:`freehold.report.junit`. The policy is a suite, a rule a case: one that fails fails, one that asks
nothing of this stack is skipped.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from freehold.report.clean import clean
from freehold.report.policy_blocks import verdict_words
from freehold.schemes.policy_values import PolicyAnswer

__all__ = ["policy_to_junit"]


def policy_to_junit(answer: PolicyAnswer) -> str:
    """Write a policy's verdicts as JUnit XML.

    Parameters
    ----------
    answer
        The verdicts.
    """
    counts = {
        "tests": len(answer.rules), "failures": len(answer.failing), "errors": 0,
        "skipped": sum(one.verdict == "idle" for one in answer.rules),
    }  # fmt: skip
    numbers = {name: str(count) for name, count in counts.items()}
    name = clean(answer.policy.name or answer.policy.path)
    suites = Element("testsuites", {"name": name, **numbers})
    suite = SubElement(suites, "testsuite", {"name": name, **numbers})
    for one in answer.rules:
        case = SubElement(suite, "testcase", {"name": clean(one.rule.name), "classname": "freehold.policy"})
        lines = [one.told, *(f"{' > '.join(breach.path)}: {breach.told}" for breach in one.breaches), one.mend]
        told = "\n".join(clean(line) for line in lines if line)
        if one.fails:
            SubElement(case, "failure", {"message": clean(one.told), "type": one.verdict}).text = told
        elif one.verdict == "idle":
            SubElement(case, "skipped", {"message": clean(one.told)})
        elif one.verdict != "met":
            SubElement(case, "system-out").text = f"{verdict_words(one)}: {told}"
    indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suites, encoding="unicode")}\n'
