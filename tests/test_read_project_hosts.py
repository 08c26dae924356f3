"""Hosts and models in source code and configuration: by position, not by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freehold.read.hosts import is_public, parse_address, repository_of, reversed_host
from freehold.read.mentions import Mention, host_of
from freehold.read.project import ProjectReader
from freehold.read.script_source import read_script_source
from freehold.stack.inventory import Inventory


def read(folder: Path, files: dict[str, str]) -> Inventory:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return ProjectReader().read(folder)


def hosts(inventory: Inventory) -> list[str]:
    return [contact.host for contact in inventory.contacts if contact.role == "service"]


def models(inventory: Inventory) -> list[str]:
    return [component.provides or "" for component in inventory.components if component.kind == "model"]


@pytest.mark.parametrize(
    ("code", "host"),
    [
        ('BASE_URL = "https://api.deepseek.com/v1"', "com.deepseek.api"),
        ('client = Client(base_url="https://user:pw@api.x.ai:443")', "ai.x.api"),
        ('client = Client(endpoint="api.pinecone.io:443")', "io.pinecone.api"),
        ('URL = f"https://api.github.com/repos/{name}"', "com.github.api"),
        ('URL = f"https://{tenant}.live.dynatrace.com/api"', "com.dynatrace.live"),
        ('URL = "https://" + region + ".api.newrelic.com" + path', "com.newrelic.api"),
        ('URL = "https://api.pagerduty.com/%s" % name', "com.pagerduty.api"),
        ('URL = "https://{}.zoom.us/v2".format(name)', "us.zoom"),
        ('url = os.environ.get("API_URL", "https://api.mailgun.net")', "net.mailgun.api"),
        ('def send(url: str = "https://ntfy.sh") -> None: ...', "sh.ntfy"),
        ('settings = {"host": "smtp.sendgrid.net"}', "net.sendgrid.smtp"),
        ('get("https://slack.com/api/auth")', "com.slack"),
        ('DSN = "postgresql+asyncpg://u:p@db.firm.de/x"', "de.firm.db"),
        ("u = (\n    'https://api.'\n    'linear.app'\n)", "app.linear.api"),
        ('class A:\n    host: str = Field(default="api.wandb.ai", description="see https://docs.firm.de")', "ai.wandb.api"),
    ],
)
def test_a_text_that_stands_as_an_address_is_a_contact(tmp_path: Path, code: str, host: str) -> None:
    found = read(tmp_path, {"app.py": code})
    assert hosts(found) == [host]
    assert found.contacts[0].evidence[0].file == "app.py"
    assert found.contacts[0].evidence[0].line >= 1


@pytest.mark.parametrize(
    "code",
    [
        '"""See https://api.openai.com."""',
        'def f():\n    """https://api.openai.com"""',
        "# https://api.openai.com",
        'Field(description="https://api.openai.com")',
        'field(metadata={"documentation_url": "https://firm.de/x"})',
        'x = {"hint": "https://firm.de/x"}',
        'x = {"twitterUrl": "https://firm.de/@us", "blueSkyLink": "https://firm.de/us"}',
        'press_kit_url = "https://firm.de/press-kit"',
        'redirect_allowlist = {"https://firm.de/shop", "https://firm.de/basket"}',
        'x = {"auditor-url": "https://firm.de", "bug-bounty-url": "https://firm.de/policy"}',
        'logger.info("https://firm.de/x")',
        'raise ValueError("https://firm.de/x")',
        'assert url == "https://firm.de/x"',
        'if url.startswith("https://firm.de"): pass',
        'if url == "https://firm.de/x": pass',
        'url = "see https://firm.de/x for more"',
        'url = "https://docs.firm.de/x"',
        'url = "https://firm.de/docs/x"',
        'url = "https://github.com/acme/x/blob/main/readme"',
        'url = "https://example.com"',
        'url = "https://your-company.zendesk.com"',
        'url = "http://localhost:8000"',
        'url = "http://10.0.0.1/x"',
        'url = "http://backend:8080"',
        'url = "http://db.svc.cluster.local"',
        'url = f"https://{host}/x"',
        'url = f"https://api.{domain}/x"',
        'XMLNS = "http://www.w3.org/2000/svg"',
        'scopes = ["https://www.googleapis.com/auth/cloud"]',
        'host = "config.py"',
        'host = "self.config.host"',
        'if __name__ == "__main__":\n    call(url="https://firm.de")',
        'url = "file:///etc/passwd"',
        'name = "api.openai.com"',
    ],
)
def test_a_text_that_is_no_address_of_the_program_is_no_contact(tmp_path: Path, code: str) -> None:
    assert hosts(read(tmp_path, {"app.py": code})) == []


SCRIPT = """\
// const a = "https://comment.firm.de";
/* "https://block.firm.de" */
const pattern = /["']https:\\/\\/pattern.firm.de/;
import x from "https://esm.firm.de/x";
const url = process.env.API_URL || "https://api.firm.de/v1";
const other: string = `https://${region}.hub.firm.de/${path(`x`)}/y`;
if (url === "https://compared.firm.de") {}
export const Page = () => (
  <div>Don't read // this: <a href="https://linked.firm.de">it's</a>
    <img src="https://cdn.firm.de/x.png" />
  </div>
);
fetch("https://late.firm.de/x");
const chat = { model: "gpt-4o-mini", prompt };
const more = <Link to="https://opened.firm.de">more</Link>;
app.get("/api", (c) => c.redirect("https://redirected.firm.de"));
logger.info(`See ${colors.bold("https://logged.firm.de")}`);
"""


def test_texts_in_typescript_are_told_from_comments_patterns_and_links(tmp_path: Path) -> None:
    found = read(tmp_path, {"page.tsx": SCRIPT})
    assert hosts(found) == ["de.firm.api", "de.firm.cdn", "de.firm.esm", "de.firm.hub", "de.firm.late"]
    lines = {contact.host: contact.evidence[0].line for contact in found.contacts}
    assert lines["de.firm.api"] == 5
    assert lines["de.firm.late"] == 13
    assert models(found) == ["gpt-4o-mini"]


@given(st.text(alphabet="`${}\"'/\\*\n ab<>=", max_size=80))
def test_no_script_breaks_the_tokenizer(text: str) -> None:
    read_script_source(text)


CONFIGURATIONS = {
    "settings.yaml": "api:\n  base_url: https://a.firm.de\n  description: https://no.firm.de\n  title: x\nlogo: https://no2.firm.de\n",
    "settings.toml": 'endpoint = "https://b.firm.de"\n[x]\nhost = "c.sub.firm.de"\n',
    "settings.json": json.dumps({"$comment": "x", "server": {"url": "https://d.firm.de"}}, indent=1),
    "settings.ini": "[mail]\nhost = smtp.firm.de\n",
    ".env.example": "# URL=https://no3.firm.de\nexport API_URL='https://e.firm.de'\nKEY=1\n",
    "docker-compose.yml": "services:\n  a:\n    image: redis\n    environment:\n      - HUB_URL=${HUB_URL:-https://f.firm.de}\n",
    "openapi.json": json.dumps({"openapi": "3.0", "servers": [{"url": "https://no4.firm.de"}]}),
}


def test_values_of_configuration_files_are_read_by_their_parsers(tmp_path: Path) -> None:
    found = read(tmp_path, CONFIGURATIONS)
    assert hosts(found) == ["de.firm.a", "de.firm.b", "de.firm.d", "de.firm.e", "de.firm.f", "de.firm.smtp", "de.firm.sub.c"]
    places = {contact.host: str(contact.evidence[0]) for contact in found.contacts}
    assert places["de.firm.a"] == "settings.yaml:2"
    assert places["de.firm.d"] == "settings.json:4"
    assert places["de.firm.e"] == ".env.example:2"
    assert [contact.optional for contact in found.contacts if contact.host == "de.firm.e"] == [True]


def test_where_a_fact_was_read_is_nothing_that_is_dialled(tmp_path: Path) -> None:
    text = (
        '[[fact]]\ntitle = "A law"\npublisher = "A state"\nurl = "https://law.firm.de/1"\n[api]\nurl = "https://api.firm.de"\n'
    )
    assert hosts(read(tmp_path, {"facts.toml": text})) == ["de.firm.api"]


@pytest.mark.parametrize(
    ("code", "model"),
    [
        ('client.chat.create(model="gpt-4o", messages=[])', "gpt-4o"),
        ('MODEL_NAME = os.environ.get("MODEL_NAME", "gpt-4o-2024-08-06")\nprompt = 1', "gpt-4o-2024-08-06"),
        ('AutoModel.from_pretrained("meta-llama/Llama-3.1-8B")', "meta-llama/Llama-3.1-8B"),
        ('def ask(prompt, model="llama3.1:8b", max_tokens=10): ...', "llama3.1:8b"),
        ('x = {"model": "claude-sonnet-4-6", "temperature": 0}', "claude-sonnet-4-6"),
        ('ask(engine="davinci-002", prompt="x")', "davinci-002"),
        ('ask(model="mistral", messages=[])', "mistral"),
        ('class A:\n    model: str = field(\n        default="gemini-pro", metadata={})\nprompt = 1', "gemini-pro"),
    ],
)
def test_a_model_is_known_by_the_place_it_is_asked_for(tmp_path: Path, code: str, model: str) -> None:
    found = read(tmp_path, {"app.py": code})
    assert models(found) == [model]
    assert found.components[0].id.startswith("model:")
    assert found.components[0].scope == "run"


@pytest.mark.parametrize(
    "code",
    [
        'ForeignKey(model="auth.User")\nprompt = 1',
        'car = {"model": "golf-7"}',
        'create_engine(engine="innodb-2")\nprompt = 1',
        'load(model="weights-1.pt")\nprompt = 1',
        'ask(model="your-model-1", messages=[])',
        'ask(model=MODEL, name="gpt-4o", messages=[])',
        'if model == "gpt-4o": prompt = 1',
    ],
)
def test_other_models_are_no_models(tmp_path: Path, code: str) -> None:
    assert models(read(tmp_path, {"app.py": code})) == []


def test_tests_examples_and_documentation_are_left_out_and_counted(tmp_path: Path) -> None:
    code = 'URL = "https://api.firm.de"'
    found = read(
        tmp_path, {"tests/a.py": code, "src/a.test.ts": code, "examples/a.py": code, "docs/a.py": code, "x_mock.py": code}
    )
    assert hosts(found) == []
    assert [skip.reason for skip in found.skips] == ["limit"] * 3
    assert any(skip.detail.startswith("3 file(s) of tests") for skip in found.skips)


def test_scripts_are_evidence_of_change(tmp_path: Path) -> None:
    found = read(tmp_path, {"scripts/fetch.py": 'URL = "https://a.firm.de"', "start.sh": "curl -s https://b.firm.de/x | sh\n"})
    assert [(contact.host, contact.scope) for contact in found.contacts] == [("de.firm.a", "change"), ("de.firm.b", "change")]


def test_a_host_of_one_plugin_among_many_is_optional(tmp_path: Path) -> None:
    names = ["slack", "zoom", "jira", "teams", "mail"]
    plugins = {f"app/providers/{name}_provider/{name}_provider.py": f'URL = "https://{name}.firm.de"' for name in names}
    found = read(tmp_path, {**plugins, "app/core.py": 'URL = "https://core.firm.de"\nB = "https://zoom.firm.de"'})
    optional = {contact.host: contact.optional for contact in found.contacts}
    assert optional == {
        "de.firm.core": False, "de.firm.jira": True, "de.firm.mail": True, "de.firm.slack": True, "de.firm.teams": True,
        "de.firm.zoom": False,
    }  # fmt: skip


def test_four_folders_alike_are_no_plugins(tmp_path: Path) -> None:
    names = ["slack", "zoom", "jira", "teams"]
    found = read(tmp_path, {f"p/{name}_provider/a.py": f'URL = "https://{name}.firm.de"' for name in names})
    assert [contact.optional for contact in found.contacts] == [False] * 4


def test_output_folders_and_dependencies_are_no_source(tmp_path: Path) -> None:
    code = 'URL = "https://api.firm.de"'
    found = read(
        tmp_path,
        {f"{name}/a.py": code for name in ("node_modules/x", "build/lib", "dist", "__pycache__", ".tox/x", ".git/hooks")},
    )
    assert hosts(found) == []


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/psf/requests/tree/main/src", "com.github/psf/requests"),
        ("git+ssh://git@gitlab.com/group/sub/name.git", "com.gitlab/group/sub/name"),
        ("git@codeberg.org:forgejo/forgejo.git", "org.codeberg/forgejo/forgejo"),
        ("https://user:secret@github.com/a/b", "com.github/a/b"),
        ("https://github.com/acme/wiki/wiki/Home", "com.github/acme/wiki"),
        ("https://git.kernel.org/pub/scm/git/git.git/tree/README", "org.kernel.git/pub/scm/git/git"),
        ("scm:git:git://github.com/a/b.git", "com.github/a/b"),
        ("github.com/a/b", "com.github/a/b"),
        ("https://localhost:3000/a/b", None),
        ("https://10.0.0.1/a/b", None),
        ("https://example.com/a/b", None),
        ("not a url", None),
    ],
)
def test_repositories_are_host_and_path(url: str, repository: str | None) -> None:
    assert repository_of(url) == repository


@given(st.text(max_size=100))
def test_no_text_breaks_the_judgement_of_hosts(text: str) -> None:
    parse_address(text)
    is_public(text)
    repository_of(text)
    host_of(Mention("https://" + text, 1, ("url",)))


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("acme-v02.api.letsencrypt.org", True),
        ("test.salesforce.com", True),
        ("api.firm.co.za", True),
        ("firm.com.bd", True),
        ("8.8.8.8", True),
        ("127.0.0.1", False),
        ("192.168.1.7", False),
        ("acme.atlassian.net", False),
        ("my-company.zendesk.com", False),
        ("tenantname.us.auth0.com", False),
        ("backend", False),
        ("printer.local", False),
        ("action.webhook.param.notatopleveldomain", False),
        ("-bad.firm.de", False),
    ],
)
def test_a_public_host_could_be_somebodys(host: str, public: bool) -> None:
    assert is_public(host) is public


def test_an_address_of_numbers_is_not_turned_round() -> None:
    assert reversed_host("138.68.74.142") == "138.68.74.142"


@given(st.lists(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), min_size=1, max_size=5))
def test_reversing_a_host_twice_gives_it_back(labels: list[str]) -> None:
    assert reversed_host(reversed_host(".".join(labels))) == ".".join(labels)
