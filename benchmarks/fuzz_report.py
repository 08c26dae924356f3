"""What a report and a score read beside the stack, to be fuzzed: seeds, and how each file reaches its reader. Owns both.

A run goes on to the faces: a file that is read must come out of every one of them, and may command none.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.fuzz_seeds import stack as _stack_seed

if TYPE_CHECKING:
    from freehold.stack.values import Stack

__all__ = [
    "answers_csv", "answers_json", "answers_toml", "languages", "lists", "manifests", "policies", "read_answers_file",
    "read_language_file", "read_list", "read_manifest", "read_policy_file", "read_scheme_file", "schemes",
]  # fmt: skip

_ROOT: Final = Path(__file__).resolve().parents[1]
_FACES: Final = ("text", "html", "markdown", "csv")
_SMALL: Final = (
    '[scheme]\nid = "small"\ntitle = "Small"\nversion = "1"\nkind = "{kind}"\n[[scheme.reference]]\ntitle = "T"\n'
    'publisher = "P"\nurl = "https://www.lakeside-software.net/t"\ndate = "2026-01-01"\n{levels}[[objective]]\nid = "A"\n'
    'title = "Owner"\nweight = 100\n  [[objective.factor]]\n  id = "A.1"\n  title = "Whose"\n'
    '  from_stack = {{ measure = "owner-inside", weighted = "mission" }}\n    [[objective.factor.choice]]\n    label = "none"\n'
    "    points = 0\n    level = 0\n    when = [[0.0, 0.5]]\n    [[objective.factor.choice]]\n"
    '    label = "all"\n    points = 10\n    level = 1\n    when = [[0.5, 1.0]]\n'
)
_LEVELS: Final = "".join(
    f'[[scheme.level]]\nlevel = {level}\nname = "L{level}"\nmeaning = "level {level}"\n' for level in (0, 1)
)


@cache
def _stack() -> Stack:
    from freehold.stack.toml_file import loads

    return loads(next(iter(_stack_seed())), "stack.toml")


def _shown(answer: object, faces: Iterable[str] = _FACES) -> None:
    from freehold.report.answers import context_of
    from freehold.report.clean import clean
    from freehold.report.render import render

    for face in faces:
        for line in render(answer, face, context_of(_stack(), 1)).split("\n"):
            assert clean(line) == line, f"the face {face} lets a character through that commands or deceives"


def schemes() -> Iterable[str]:
    """Files of schemes: every kind, made and published ones."""
    for kind in ("points", "criteria"):
        yield _SMALL.format(kind=kind, levels=_LEVELS)
    for path in sorted((_ROOT / "src" / "freehold" / "schemes" / "data").glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        if text.lstrip().startswith("[scheme]") and len(text) < 8_000:
            yield text


def read_scheme_file(path: Path) -> None:
    """Read a scheme, show it, write its form, and score by it."""
    from freehold.report.scheme_answers import SchemeShown, ScoresAnswer
    from freehold.schemes.answers_file import read_answers
    from freehold.schemes.answers_form import answers_form
    from freehold.schemes.asking import asked_of, score_schemes
    from freehold.schemes.scheme_file import read_scheme

    scheme = read_scheme(path)
    _shown(SchemeShown(scheme), ("html", "markdown"))
    scores = score_schemes(asked_of(_stack()), [scheme], {})
    _shown(ScoresAnswer(tuple(scores)), ("text", "csv"))
    if scheme.kind == "grades":
        return
    form = path.parent / "form.toml"
    form.write_text(answers_form(scheme, scores[0]), encoding="utf-8")
    assert read_answers([form], [scheme]) == {}, "an empty form answers something"


def answers_toml() -> Iterable[str]:
    """Answers and amounts."""
    yield '"SOV-1.1" = "b"\n"SOV-2.1" = ""\n'
    yield (
        '"SOV-1.2" = "a"\n[amount."ratio.place"]\nnumerator = 22.7\ndenominator = 143.4\nunit = "bn USD"\nyear = "2020"\n'
        'basis = "made on the territory"\nsource = "a study"\n'
    )
    yield from (f'# {number}\n"SOV-{number}.1" = "c"\n' for number in range(1, 6))


def answers_json() -> Iterable[str]:
    """Answers as one object."""
    yield from (json.dumps({f"SOV-{number}.1": "b", "SOV-8.1": ""}, indent=number) for number in range(1, 8))


def answers_csv() -> Iterable[str]:
    """Answers as a table."""
    yield from (f'factor,answer,note\nSOV-{number}.1,b,"why, {number}"\n\'SOV-8.1,,\n' for number in range(1, 8))


def read_answers_file(path: Path) -> None:
    """Read answers and amounts, and score with them."""
    from freehold.report.scheme_answers import ScoresAnswer
    from freehold.schemes.amounts_file import read_amounts
    from freehold.schemes.answers_file import read_answers
    from freehold.schemes.asking import asked_of, score_schemes
    from freehold.schemes.scheme_file import scheme

    asked = [scheme("eu-csf-2026")]
    answers, amounts = read_answers([path], asked), read_amounts([path])
    _shown(ScoresAnswer(tuple(score_schemes(asked_of(_stack(), amounts=amounts), asked, answers))), ("csv",))


def lists() -> Iterable[str]:
    """Lists of products."""
    yield "name,kind,level,valid_until,applicant,threshold,source\nAcme,model,2,2027-01-31,Acme GmbH,0.6,a gazette\n"
    yield "id\nllm\nlog\n"
    yield from (f'name,id\n"a, {number}",llm\n' for number in range(5))


def read_list(path: Path) -> None:
    """Read a list of products."""
    from freehold.schemes.lists_file import read_lists

    read_lists([path])


def policies() -> Iterable[str]:
    """Policies of one rule and of several."""
    head = '[policy]\nname = "Own <rules>"\n'
    rules = (
        'name = "kept"\nwhy = "needed | now"\nmeasure = "level"\nat_least = 0.5\nday = "90d"\ncut = { country = "US" }\n',
        'name = "held"\nmeasure = "held"\nof = "kind:model"\nat_least = 0.3\n',
        'name = "path"\npath_of = "chat"\nforbid = { foreign = "surely", kind = ["model", "service"] }\n',
        'name = "known"\nmeasure = "unknowns"\nat_most = 3\nunknown = "pass"\n',
    )
    yield from (f"{head}\n[[policy.rule]]\n{rule}" for rule in rules)


def read_policy_file(path: Path) -> None:
    """Read a policy, hold a stack against it, and write what CI systems read."""
    from xml.etree import ElementTree as ET

    from freehold.measure.assess import assess
    from freehold.report.answers import PolicedAssessment
    from freehold.report.policy_junit import policy_to_junit
    from freehold.report.policy_sarif import policy_to_sarif
    from freehold.schemes.policy_check import check_policy
    from freehold.schemes.policy_file import read_policy

    answer = check_policy(read_policy(path), _stack())
    _shown(PolicedAssessment(assess(_stack()), answer))
    ET.fromstring(policy_to_junit(answer))
    json.loads(policy_to_sarif(answer))


def languages() -> Iterable[str]:
    """Files of a language: some tables of the English one, and all of it."""
    text = (_ROOT / "src" / "freehold" / "languages" / "en.toml").read_text(encoding="utf-8")
    tables = text.split("\n[")
    yield from (f"[{table}\n" for table in tables[1:9])


def read_language_file(path: Path) -> None:
    """Read a language; what it says must be of the form that every face relies on."""
    from freehold.language_file import read_language
    from freehold.words import texts_of

    english = texts_of("en")
    for key, text in read_language(path, english).items():
        assert key in english
        assert len(text) <= 4000, "a text without end"
        assert not any(ord(sign) < 32 for sign in text), f"{key} commands"


def manifests() -> Iterable[str]:
    """Lists of the files of a folder that is written again."""
    digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
    for names in (["a.csv"], ["a.csv", "b.csv"], ["index.html"]):
        rows = [{"name": name, "sha256": digest, "bytes": 3} for name in names]
        yield json.dumps({"made_by": "Freehold", "freehold": "1", "pack": "c3a", "files": rows})


def read_manifest(path: Path) -> None:
    """Write into a folder that a manifest speaks of: what somebody else wrote there stays."""
    from freehold.errors import FreeholdError
    from freehold.reporting_folder import write_files

    folder = path.parent / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    (folder / "manifest.json").write_bytes(path.read_bytes())
    try:
        write_files(folder, {"a.csv": "foo"}, {"pack": "c3a"})
    except FreeholdError:
        assert (folder / "manifest.json").read_bytes() == path.read_bytes()
        raise
    finally:
        assert (folder / "mine.txt").read_text(encoding="utf-8") == "mine", "what somebody else wrote is gone"
        assert not list(path.parent.glob(".freehold-*")), "a folder for the way was left"
