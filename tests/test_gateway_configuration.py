"""Configurations and keys: checked whole before anything is loaded, with the place and the mend."""

from __future__ import annotations

import secrets as random_keys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from freehold.errors import BadConfiguration
from freehold.gateway.configuration import base_of, is_loopback, listen_of, load, parse, simple
from freehold.gateway.paths import address_at
from freehold.gateway.plan import Plan, prepare
from freehold.gateway.routing import Question
from freehold.gateway.secrets import Secret, weakness
from freehold.gateway.tool_policy import Call
from gateways import ADMIN, KEYS

ONE = '[[upstream]]\nname = "one"\nurl = "http://127.0.0.1:9"\n'


def plan(text: str, before: Plan | None = None, folder: Path | None = None) -> Plan:
    return prepare(parse(text, "gateway.toml"), admin=Secret(ADMIN), environment=KEYS, before=before, folder=folder)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'upstream' is missing"),
        ("[[upstream]]\n", r"at \$\.upstream\[0\]: 'name' is missing"),
        (ONE + "[strange]\n", "'strange' is not known"),
        (ONE + "strange = 1\n", r"at \$\.upstream\[0\]: 'strange' is not known"),
        (ONE + 'key = "sk-abc"\n', "would hold a key in plain text"),
        (ONE + "connections = -1\n", r"\$\.upstream\[0\]\.connections"),
        (ONE + ONE, "two \\[\\[upstream\\]\\] are called 'one'"),
        (ONE + 'client_key = true\nkey_env = "PROVIDER"\n', "a key of its own and client_key"),
        (ONE + 'client_key = true\n[[tenant]]\nname = "a"\nkey_env = "ALPHA"\n', "would give it the keys of tenants"),
        (ONE.replace("http://127.0.0.1:9", "http://user:pass@127.0.0.1:9"), "no user, key or query"),
        (ONE.replace("http://127.0.0.1:9", "http://127.0.0.1:9/v1?key=x"), "no user, key or query"),
        (ONE.replace("http://127.0.0.1:9", "ftp://127.0.0.1:9"), "is no address"),
        (ONE.replace("http://127.0.0.1:9", "http://127.0.0.1:99999"), "is no address"),
        ('[gateway]\nlisten = "8470"\n' + ONE, "is no address and port"),
        ('[gateway]\nname = "Not A Name"\n' + ONE, r"\$\.gateway\.name"),
        ('[gateway]\nwithout_evidence = "maybe"\n' + ONE, "refuse"),
        ("[timeouts]\nidle = 0\n" + ONE, r"\$\.timeouts\.idle"),
        ("[timeouts]\nidle = inf\n" + ONE, r"\$\.timeouts\.idle"),
        ("[ramp]\nsteps = [50, 10]\n" + ONE, "steps must rise"),
        ('[[rule]]\nprefer = ["two"]\n' + ONE, "no upstream 'two'"),
    ],
)
def test_what_is_not_sound_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(BadConfiguration, match=says):
        plan(text)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "large.toml").write_bytes(b"#" * 5_000_000)
    for name, says in (("none.toml", "No such file"), ("bytes.toml", "not UTF-8"), ("large.toml", "larger than")):
        with pytest.raises(BadConfiguration, match=says):
            load(tmp_path / name)


def test_listening_beyond_this_machine_needs_tenants_with_keys() -> None:
    text = '[gateway]\nlisten = "0.0.0.0:8470"\n' + ONE
    with pytest.raises(BadConfiguration, match="others than this machine reach"):
        plan(text)
    assert plan(text + '[[tenant]]\nname = "a"\nkey_env = "ALPHA"\n').tenants


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", "2130706433"])
def test_everything_else_is_not(host: str) -> None:
    assert not is_loopback(host)


def test_an_address_to_listen_on_may_be_of_version_6() -> None:
    assert listen_of("[::1]:8470", "x") == ("::1", 8470)


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    "key",
    [
        "", "short", "a" * 40, "abababababababababababab", "password-password-password", "sk-1234567890abcdefghijklmnop",
        "sk-test-api-key-changeme-please-changeme", "0123456789abcdefghijklmnop", "aaaabbbbccccddddeeeeffffgggg",
        "your-openai-api-key-goes-here", "qwerty qwerty qwerty 12",
        "пароль-который-длинный-очень", "11112222333344445555666677",
    ],
)  # fmt: skip
def test_a_key_that_can_be_guessed_is_weak(key: str) -> None:
    assert weakness(key)


@given(st.integers(16, 48))
def test_a_key_made_by_chance_is_not(size: int) -> None:
    for key in (random_keys.token_urlsafe(size), random_keys.token_hex(size), f"sk-proj-{random_keys.token_urlsafe(size)}"):
        assert weakness(key) is None


def test_a_weak_or_missing_key_is_refused_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KEYS, "WEAK", "hunter2hunter2")
    for name, says in (("WEAK", "too weak"), ("NONE", "is not set")):
        with pytest.raises(BadConfiguration, match=says) as raised:
            plan(ONE + f'key_env = "{name}"\n')
        assert "hunter2" not in str(raised.value)


def test_all_keys_that_are_wrong_are_told_at_once_each_with_its_own_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KEYS, "WEAK", "hunter2hunter2")
    text = (
        '[gateway]\nkey_env = "NONE"\n' + ONE + 'key_env = "WEAK"\n[[tenant]]\nname = "a"\nkey_env = "WEAK"\n'
        '[[tenant]]\nname = "b"\n[[tenant]]\nname = "c"\nkey_env = "ALPHA"\n[[tenant]]\nname = "d"\nkey_env = "ALPHA"\n'
    )
    with pytest.raises(BadConfiguration) as raised:
        plan(text)
    admin, first, second, upstream, same = str(raised.value).splitlines()
    assert admin.startswith("[gateway]: the variable NONE is not set")
    assert first.startswith("tenant 'a': the key in the variable WEAK is too weak")
    assert "Make one with: python3" in first
    assert second.startswith("tenant 'b' has no key")
    assert upstream.startswith("upstream 'one': the key in the variable WEAK is too weak")
    assert upstream.endswith("Use the key that the provider gave; for a server of your own, give it a longer one.")
    assert same.startswith("tenant 'd' and tenant 'c' have the same key")


def test_one_key_for_two_is_refused() -> None:
    tenants = '[[tenant]]\nname = "a"\nkey_env = "ALPHA"\n[[tenant]]\nname = "b"\nkey_env = "ALPHA"\n'
    with pytest.raises(BadConfiguration, match="tenant 'b' and tenant 'a' have the same key"):
        plan(ONE + tenants)
    with pytest.raises(BadConfiguration, match="have the same key"):
        plan(ONE + 'key_env = "ADMIN"\n')


def test_two_upstreams_of_one_provider_may_share_its_key() -> None:
    two = ONE.replace('"one"', '"two"').replace(":9", ":10") + 'key_env = "PROVIDER"\n'
    assert len(plan(ONE + 'key_env = "PROVIDER"\n' + two).upstreams) == 2
    with pytest.raises(BadConfiguration, match="have the same key"):
        plan(ONE + 'key_env = "PROVIDER"\n' + two.replace("127.0.0.1", "127.0.0.2"))


def test_a_key_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEYS["PROVIDER"] + "\n")
    key = plan(ONE + 'key_file = "key"\n', folder=tmp_path).upstreams["one"].key
    assert key is not None
    assert key.matches(KEYS["PROVIDER"])
    assert KEYS["PROVIDER"] not in repr(key)
    for content in (b"", b"two\nlines\n", b"\xff", b"a" * 5_000):
        (tmp_path / "key").write_bytes(content)
        with pytest.raises(BadConfiguration):
            plan(ONE + 'key_file = "key"\n', folder=tmp_path)


# ---------------------------------------------------------------- what is made of it


def test_an_upstream_that_is_the_same_is_carried_over_and_another_is_not() -> None:
    first = plan(ONE)
    assert plan(ONE, before=first).upstreams["one"] is first.upstreams["one"]
    for more in ("connections = 5\n", 'key_env = "PROVIDER"\n', "[upstream.breaker]\nfailures = 9\n"):
        assert plan(ONE + more, before=first).upstreams["one"] is not first.upstreams["one"]


def test_what_is_not_understood_is_passed_only_where_it_gets_round_nothing() -> None:
    assert prepare(simple("http://127.0.0.1:9"), admin=Secret(ADMIN)).pass_through
    assert plan(ONE).pass_through
    for more in ('[[rule]]\nname = "x"\n', "[[tools.rule]]\nallow = false\n", '[[tenant]]\nname = "a"\nkey_env = "ALPHA"\n'):
        assert not plan(ONE + more).pass_through
        assert plan("[gateway]\npass_through = true\n" + ONE + more).pass_through


@pytest.mark.parametrize(
    ("url", "target", "found"),
    [
        ("http://h:1", "/v1/chat/completions", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1/", "/v1/models?a=b", "http://h:1/v1/models?a=b"),
        ("http://h:1/v1", "/api/chat", "http://h:1/api/chat"),
        ("https://h/api/v1", "/v1/chat/completions", "https://h/api/v1/chat/completions"),
        ("https://h/api/v1", "/health", "https://h/api/health"),
        ("https://h/v1beta/openai", "/v1/chat/completions", "https://h/v1beta/openai/chat/completions"),
        ("https://h/v1beta/openai", "/health", None),
    ],
)
def test_a_path_lies_under_its_upstreams_own_or_nowhere(url: str, target: str, found: str | None) -> None:
    address = address_at(base_of(url, "x"), target)
    assert (str(address) if address is not None else None) == found


def test_an_address_is_kept_as_it_is_written() -> None:
    address = address_at(URL("http://h:1/v1"), "/v1/files/a%20b?c=%7B")
    assert str(address) == "http://h:1/v1/files/a%20b?c=%7B"


def test_the_configuration_of_the_guide_is_sound_and_does_what_the_guide_says() -> None:
    page = (Path(__file__).parent.parent / "docs" / "guides" / "gateway.md").read_text(encoding="utf-8")
    text = page.partition("```toml gateway.toml\n")[2].partition("```")[0]
    names = dict(zip(("GATEWAY_KEY", "PROVIDER_KEY", "SUPPORT_KEY", "WEBSITE_KEY"), KEYS.values(), strict=False))
    made = prepare(parse(text, "gateway.toml"), environment=names)

    def upstreams(data_class: str) -> list[str]:
        decision = made.router.decide(Question("assistant", data_class=data_class, needs=frozenset({"chat"})))
        return [choice.target.upstream for choice in decision.choices]

    assert upstreams("public") == ["provider", "own"]
    assert upstreams("personal") == ["own"]
    assert made.tools.check(0.0, Call("look_up_order", '{"order": "A-1"}')) is None
    assert made.tools.check(0.0, Call("look_up_order", '{"order": "A-1", "more": 1}')) is not None
    assert made.tools.check(0.0, Call("delete_order", "{}")) is not None
