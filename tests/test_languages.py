"""Languages: every sentence is there in each, nothing English is left on a Chinese page, and a further one is one file."""

from __future__ import annotations

import ast
import json
import re
import threading
from contextvars import copy_context
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold import words
from freehold.cli import main
from freehold.errors import UsageError
from freehold.language_file import known_language, language_names, placeholders
from freehold.reference.commands_page import commands
from freehold.report.interface import Look
from freehold.report.line_breaks import cells
from freehold.report.render import render
from freehold.settings import find_language, find_settings
from freehold.stack.toml_text import parse_toml
from freehold.words import LANGUAGES, language_spoken, language_tag, learn, listed, percent, quoted, say, speaking, texts_of
from test_report_stacks import answers, errors_in

ROOT = Path(__file__).parent.parent
EXAMPLES = ("clinic", "public-office", "training", "value-chain")
PAGES = ("check", "cutoff", "assess", "gaps", "chokepoints", "plan")
LATIN = re.compile(r"[A-Za-z]+(?:['’\-][A-Za-z]+)*")
RUN = re.compile(rf"{LATIN.pattern}(?:[ ,]+{LATIN.pattern}){{3,}}")
EVIDENCE = re.compile(r'(?s)<section class="evidence".*?</section>|<h2[^>]*>证据</h2>.*\Z')


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings and no cache but those of a test."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("FREEHOLD_LANGUAGE", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(words, "_LEARNT", {})


def shown(capsys: pytest.CaptureFixture[str], *arguments: str, status: int | None = 0) -> str:
    """What a command prints."""
    found = main(arguments)
    told = capsys.readouterr()
    assert status is None or found == status, told.err
    return told.out


# The catalogues.


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_sentence_with_the_same_places(language: str) -> None:
    english, texts = texts_of("en"), texts_of(language)
    assert sorted(english.keys() - texts.keys()) == []
    assert sorted(texts.keys() - english.keys()) == []
    wrong = {
        key: text
        for key, text in texts.items()
        if placeholders(text) is None or placeholders(text) != placeholders(english[key])
    }
    assert wrong == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_its_tables_in_the_order_of_the_english_ones_and_says_its_name(language: str) -> None:
    texts = texts_of(language)
    assert texts["language.name"]
    assert re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", texts["language.tag"])
    assert texts["language.spaced"] in ("yes", "no")


def test_chinese_is_written_with_its_own_punctuation() -> None:
    wrong = re.compile(r"[\u4e00-\u9fff][,;:?!](?!\d)|[\u4e00-\u9fff]\.(?![a-z0-9*{])|'\{|[\u4e00-\u9fff] *\((?![%A-Z])")
    found = {key: text for key, text in texts_of("zh").items() if wrong.search(text)}
    assert found == {}


# Choosing.


def test_english_is_spoken_unless_another_language_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.setenv(variable, "zh_CN.UTF-8")
    assert find_language(None) == "en"


def test_the_flag_comes_before_the_variable_before_the_folder_before_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "settings" / "freehold"
    own.mkdir(parents=True)
    (own / "config.toml").write_text('language = "zh"\n', encoding="utf-8")
    assert find_language(None) == "zh"
    (tmp_path / "freehold.toml").write_text('language = "en"\n', encoding="utf-8")
    assert find_language(None) == "en"
    monkeypatch.setenv("FREEHOLD_LANGUAGE", "zh")
    assert find_language(None) == find_settings({}).language == "zh"
    assert find_language("en") == "en"


def test_a_file_of_settings_that_is_broken_is_told_of_by_who_needs_it(tmp_path: Path) -> None:
    (tmp_path / "freehold.toml").write_text("language = [", encoding="utf-8")
    assert find_language(None) == "en"
    with pytest.raises(UsageError, match="cannot be read"):
        find_settings({})


@pytest.mark.parametrize("value", ["xx", "", "../zh", "zh\0", "ZH", 3, None, ["zh"]])
def test_a_language_that_is_not_there_is_said_so_with_those_that_are(value: object) -> None:
    with pytest.raises(UsageError, match=r"en \(English\), zh \(中文（简体）\).*docs/guides/languages\.md"):
        known_language(value, "--language")


def test_every_command_and_every_action_takes_a_language() -> None:
    without = [name for name, parser in commands() if "--language" not in parser.format_help()]
    assert without == []


def test_the_language_of_a_command_ends_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "自持什么" in shown(capsys, "check", str(ROOT / "examples/clinic"), "--language", "zh")
    assert language_spoken() == "en"
    assert "What you hold" in shown(capsys, "check", str(ROOT / "examples/clinic"))


def test_a_page_kept_in_one_language_is_not_given_in_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "requirements.txt").write_text("requests==2.32.0\n", encoding="utf-8")
    first = shown(capsys, "check", "project", "--home", "DE")
    assert "自持什么" in shown(capsys, "check", "project", "--home", "DE", "--language", "zh")
    assert shown(capsys, "check", "project", "--home", "DE") == first


def test_a_page_kept_is_made_anew_when_the_file_of_its_language_has_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "requirements.txt").write_text("requests==2.32.0\n", encoding="utf-8")
    for said in ("Ce que vous tenez", "Ce qui est tenu"):
        (tmp_path / "fr.toml").write_text(f'[check]\nheading_hold = "{said}"\n', encoding="utf-8")
        assert said in shown(capsys, "check", "project", "--home", "FR", "--language", "fr.toml")


def test_keys_of_json_are_the_same_in_every_language(capsys: pytest.CaptureFixture[str]) -> None:
    def form(value: object) -> object:
        if isinstance(value, dict):
            return {key: form(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [form(inner) for inner in value]
        return "" if isinstance(value, str) else value

    arguments = ("cutoff", str(ROOT / "examples/clinic"), "--foreign", "--format", "json")
    english, chinese = (json.loads(shown(capsys, *arguments, "--language", language)) for language in ("en", "zh"))
    assert form(english) == form(chinese)
    assert english != chinese


def test_names_of_csv_columns_are_the_same_in_every_language(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("cutoff", str(ROOT / "examples/clinic"), "--foreign", "--format", "csv")
    assert shown(capsys, *arguments).splitlines()[0] == shown(capsys, *arguments, "--language", "zh").splitlines()[0]


def test_a_page_says_its_language_as_a_tag(capsys: pytest.CaptureFixture[str]) -> None:
    for language, tag in (("en", "en"), ("zh", "zh-Hans")):
        page = shown(capsys, "gaps", str(ROOT / "examples/clinic"), "--format", "html", "--language", language)
        assert f'<html lang="{tag}">' in page


def test_init_writes_the_language_that_was_asked_for(tmp_path: Path) -> None:
    assert main(["init", "--home", "CN", "--yes", "--language", "zh"]) == 0
    assert parse_toml((tmp_path / "freehold.toml").read_text(encoding="utf-8"))["language"] == "zh"
    assert find_language(None) == "zh"


# Speaking.


def test_a_thread_speaks_english_unless_it_is_started_in_the_context() -> None:
    found: list[str] = []
    with speaking("zh"):
        for target in (language_spoken, copy_context().run):
            arguments = () if target is language_spoken else (language_spoken,)
            thread = threading.Thread(target=lambda target=target, arguments=arguments: found.append(target(*arguments)))
            thread.start()
            thread.join()
    assert found == ["en", "zh"]


def test_the_search_for_a_plan_tells_its_progress_in_the_language_from_any_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    import rich.console

    from freehold.cli.plan_progress import plan_progress

    told: list[str] = []

    class Status:
        def __enter__(self) -> Status:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, text: str) -> None:
            told.append(text)

    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(rich.console.Console, "status", lambda *_: Status())
    with speaking("zh"), plan_progress("EUR") as show:
        thread = threading.Thread(target=show, args=(120.0, 90.0))
        thread.start()
        thread.join()
    assert told == ["最好 120 EUR，下界 90 EUR，差距 25 %"]


def test_what_is_joined_is_joined_as_the_language_does() -> None:
    assert (listed(["a", "b"]), quoted("a"), percent(0.001)) == ("a, b", "'a'", "under 1 %")
    with speaking("zh"):
        assert (listed(["甲", "乙"]), quoted("甲"), percent(0.001)) == ("甲、乙", "“甲”", "不足 1 %")
        assert words.sentences(["甲。", "乙。"]) == "甲。乙。"
        assert words.interval(0.4, 0.6) == "40–60 %"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Cisco", "本国为 Cisco；受信：x。"),
        ("德国", "本国为德国；受信：x。"),
        ("+1", "本国为 +1；受信：x。"),
        ("e.V.", "本国为 e.V.；受信：x。"),
        ("“a”", "本国为“a”；受信：x。"),
        ("", "本国为；受信：x。"),
    ],
)
def test_a_blank_parts_chinese_from_a_latin_value_and_from_nothing_else(value: str, said: str) -> None:
    with speaking("zh"):
        assert say("report.home", home=value, trusted="x") == said


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20))
def test_a_value_is_said_as_it_is(value: str) -> None:
    with speaking("zh"):
        said = say("report.home", home=value, trusted="x")
    assert said.replace("本国为 ", "本国为", 1) in (f"本国为{value}；受信：x。", f"本国为{value.removeprefix(' ')}；受信：x。")


def test_countries_are_called_as_the_language_calls_them(capsys: pytest.CaptureFixture[str]) -> None:
    page = shown(capsys, "gaps", str(ROOT / "examples/clinic"), "--language", "zh")
    assert "本国为德国" in page
    assert "（美国）" in page
    assert "United States" not in page


# Pages.


def names_in(example: str) -> set[str]:
    """Every Latin word of a name or an id of an example and of the catalogue's providers."""
    from freehold import work
    from freehold.plan.options_file import read_options

    stack = work.load(ROOT / "examples" / example, use_cache=False).stack
    named = [text for row in (*stack.items, *stack.providers) for text in (row.id, row.name or "")]
    named += [source.id for source in stack.sources] + [stack.name, "freehold"]
    options = read_options(ROOT / "examples" / example / "options.toml", stack)
    named += [text for one in options for text in (one.id, one.name or "", *one.standards_left, *one.forks, *one.gives_up)]
    catalogue = work.catalogue()
    products = [catalogue.product(id_) for id_ in catalogue.ids("product")]
    named += [row.name or row.id for row in (*catalogue.providers(), *products) if row is not None]
    return {word for text in named for word in LATIN.findall(text)}


def command_for(verb: str, example: str) -> list[str]:
    path = str(ROOT / "examples" / example)
    return [verb, path, *(["--foreign"] if verb in ("cutoff", "plan") else []), "--language", "zh"]


@pytest.mark.parametrize(
    "example",
    [name if name == "public-office" else pytest.param(name, marks=pytest.mark.slow) for name in EXAMPLES],
)
def test_nothing_english_is_left_on_a_chinese_page(
    example: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = names_in(example)
    monkeypatch.setattr("freehold.report.text.PLAIN_WIDTH", 80)
    for verb in PAGES:
        page = shown(capsys, *command_for(verb, example))
        # a command to be copied is never broken
        assert [line for line in page.splitlines() if cells(line) > 80 and not line.startswith("  freehold ")] == []
        html = shown(capsys, *command_for(verb, example), "--format", "html")
        body = re.sub(r"(?s)<style>.*?</style>|<script.*?</script>", "", EVIDENCE.sub("", html))
        told = unescape(re.sub(r"<[^>]+>", " \n", body))
        # names are folded where a column is narrow: of a page in columns a few strange words are parts of names
        for face, most in ((page, 2), (told, 0)):
            left = [run[0] for run in RUN.finditer(face) if len(set(LATIN.findall(run[0])) - known) > most]
            assert left == [], f"{verb} {example}"


# A further language.


def added(tmp_path: Path, text: str, code: str = "tlh") -> None:
    folder = tmp_path / "settings" / "freehold" / "languages"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{code}.toml").write_text(text, encoding="utf-8")


def test_a_further_language_is_one_file_and_the_rest_is_english(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added(tmp_path, '[language]\ntag = "tlh-Latn"\n[check]\nheading_hold = "Daq"\nstrange = "x"\n')
    assert language_names() == {"en": "English", "tlh": "tlh", "zh": "中文（简体）"}
    page = shown(capsys, "check", str(ROOT / "examples/clinic"), "--language", "tlh")
    english = shown(capsys, "check", str(ROOT / "examples/clinic"))
    assert page == english.replace("What you hold\n", "Daq\n")
    with speaking("tlh"):
        assert language_tag() == "tlh-Latn"


def test_the_file_of_a_language_can_be_named_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fr.toml").write_text('[check]\nheading_hold = "Ce que vous tenez"\n', encoding="utf-8")
    page = shown(capsys, "check", str(ROOT / "examples/clinic"), "--language", "fr.toml", "--format", "html")
    assert '<html lang="fr">' in page
    assert "Ce que vous tenez" in page


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("none.toml", "is not called by"),
        ("no.toml", "cannot be read"),
        ("a\0/no.toml", "cannot be read"),
        ("..toml", "not called by"),
    ],
)
def test_the_file_of_a_language_that_is_not_there_is_said_so(path: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        known_language(path, "--language")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[check", "cannot be read"),
        ("check = 3", "'check' is no table"),
        ("[check]\nheading_hold = 3", "'check.heading_hold' is no text"),
        ('[check]\ntitle = "{nam}"', r"'check.title' has to name in braces what the English text names: \{name\}"),
        ('[check]\ntitle = "{name.__class__}"', "has to name in braces"),
        ('[check]\ntitle = "{name:>99999999}"', "has to name in braces"),
        ('[check]\ntitle = "{name!r}"', "has to name in braces"),
        ('[check]\ntitle = "{name"', "has to name in braces"),
        ('[check]\nheading_hold = "{0}"', "names: nothing"),
        ("a" + ".b" * 200 + " = 1", "cannot be read"),
        ("#" * 4_000_001, "is larger than"),
        ('[check]\nheading_hold = "\\u001b[31mred"', "'check.heading_hold' holds a control character"),
        ('[check]\nheading_hold = "\\u202etxt.exe"', "holds a control character"),
        (f'[check]\nheading_hold = "{"x" * 4001}"', "is 4,001 characters long"),
        ('[language]\ntag = "\\"><script>"', "'language.tag' is not a tag of BCP 47"),
        ('[language]\nlocale = "../../x"', "'language.locale' is not a locale"),
        ('[language]\nspaced = "perhaps"', "'language.spaced' is not yes or no"),
    ],
)
def test_a_further_language_that_cannot_be_used_is_refused_with_the_place(
    tmp_path: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    added(tmp_path, text)
    with pytest.raises(UsageError, match=said):
        known_language("tlh", "--language")
    assert main(["gaps", str(ROOT / "examples/clinic"), "--language", "tlh"]) == 2
    assert "tlh.toml" in capsys.readouterr().err


def test_a_language_that_comes_with_freehold_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    added(tmp_path, '[check]\nheading_hold = "x"\n', "zh")
    assert known_language("zh", "--language") == "zh"
    learn("zh", {"check.heading_hold": "x"})
    with speaking("zh"):
        assert say("check.heading_hold") == "自持什么"


def test_to_speak_a_language_that_nobody_knows_is_a_defect() -> None:
    with pytest.raises(KeyError), speaking("xx"):
        pass


# What programs read.


@pytest.mark.parametrize("verb", sorted(answers()))
def test_an_answer_in_chinese_has_the_form_of_its_schema_and_fits_the_page(verb: str) -> None:
    with speaking("zh"):
        answer, context = answers()[verb]
        data = json.loads(render(answer, "json", context))
        assert errors_in(verb, data) == []
        page = render(answer, "text", context, Look(80, full=True, evidence=True))
        # a command to be copied is never broken
        assert [line for line in page.splitlines() if cells(line) > 80 and not line.startswith("  freehold ")] == []
        assert '<html lang="zh-Hans">' in render(answer, "html", context)
        assert render(answer, "csv", context)


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_and_flags_are_named_as_they_are(language: str) -> None:
    command = re.compile(r"(?<![\w-])--[a-z][a-z-]*|freehold [a-z]+|[A-Z]+_[A-Z_]+|docs/[\w/.]+|pip install [^；。;.]*")
    english, texts = texts_of("en"), texts_of(language)
    different = {key for key, text in texts.items() if set(command.findall(text)) != set(command.findall(english[key]))}
    assert different == set()
    glued = re.compile(r"freehold [ -z{}]*\{\w+\}[\u4e00-\u9fff]")
    assert {key for key, text in texts.items() if glued.search(text)} == set()


# What is said is said anew each time.

SAYING = frozenset(["say", "percent", "interval", "days", "listed", "quoted", "sentence", "sentences", "remark"])
SOURCES = sorted((ROOT / "src/freehold").rglob("*.py"))


def said_in(node: ast.AST) -> list[int]:
    """Lines on which something is said in a part of a module."""
    calls = [one for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)]
    return [one.lineno for one in calls if isinstance(one.func, ast.Name) and one.func.id in SAYING]


def speaks(module: ast.Module) -> bool:
    return any(isinstance(one, ast.ImportFrom) and one.module == "freehold.words" for one in ast.walk(module))


def at_import(node: ast.AST) -> list[int]:
    """Lines on which something is said while a module is imported: outside of every function."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return []
    own = [node.lineno] if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING else []
    return own + [line for child in ast.iter_child_nodes(node) for line in at_import(child)]


def is_cached(function: ast.FunctionDef) -> bool:
    return any("cache" in ast.unparse(one) and "property" not in ast.unparse(one) for one in function.decorator_list)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT / "src/freehold").as_posix())
def test_nothing_that_was_said_is_kept_beyond_an_answer(path: Path) -> None:
    module = ast.parse(path.read_text(encoding="utf-8"))
    if speaks(module):
        assert at_import(module) == []
        cached = [one for one in ast.walk(module) if isinstance(one, ast.FunctionDef) and is_cached(one)]
        assert {one.name: lines for one in cached if (lines := said_in(one))} == {}
