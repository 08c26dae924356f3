"""Which registries clients are configured for: asked of themselves, each client's own, secrets apart."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from freehold.provision.client_environment import for_mirror, for_recording, settings_for
from freehold.provision.configured import Configured, configured
from freehold.provision.registry import registry_from
from provision_world import clean_environment

PIP = (sys.executable, "-m", "pip")
needs_pip = pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="no pip is here")


@needs_pip
def test_pip_and_uv_are_each_led_to_their_own_indexes(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    settings = tmp_path / "pip.conf"
    settings.write_text(
        f"[global]\nindex-url = https://me:pw-17@one.example/simple/\nextra-index-url = https://two.example/simple\n"
        f"find-links = {wheels}\nretries = 2\nproxy = http://me:pw-18@proxy.example:3128\n"
    )
    (tmp_path / "uv.toml").write_text(
        '[[index]]\nurl = "https://three.example/simple"\ndefault = true\n[[index]]\nname = "x"\nurl = "https://two.example/simple"\n'
    )
    environment = clean_environment(tmp_path) | {"PIP_CONFIG_FILE": str(settings)}
    found = configured(environment, tmp_path, PIP)
    named = [one.base for one in found.registries if one.ecosystem == "python"]
    assert named == [
        "https://one.example/simple",
        "https://two.example/simple",
        wheels.as_uri(),
        "https://three.example/simple",
    ]
    assert found.registries[0].authorization
    assert found.proxy == "http://me:pw-18@proxy.example:3128"
    assert ("PIP_RETRIES", "2") in found.settings
    told = repr(found)
    assert "pw-17" not in told
    assert "pw-18" not in told
    made = for_recording(environment, found, "http://127.0.0.1:9", tmp_path)
    assert made["PIP_INDEX_URL"] == "http://127.0.0.1:9/python/0/"
    assert made["PIP_EXTRA_INDEX_URL"] == "http://127.0.0.1:9/python/1/"
    assert made["PIP_FIND_LINKS"] == "http://127.0.0.1:9/python/2/"
    assert made["UV_DEFAULT_INDEX"] == "http://127.0.0.1:9/python/3/"
    assert made["UV_INDEX"] == "http://127.0.0.1:9/python/1/"
    assert made["PIP_RETRIES"] == "2"
    assert made["PIP_CONFIG_FILE"] == os.devnull
    assert "pw-1" not in repr(made)


@needs_pip
def test_the_index_that_is_built_into_pip_is_found_where_nothing_is_configured(tmp_path: Path) -> None:
    found = configured(clean_environment(tmp_path), tmp_path, PIP)
    (only,) = [one for one in found.registries if one.ecosystem == "python"]
    assert only.base.startswith("https://")
    assert found.of_pip == found.of_uv == (0,)


@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm is here")
def test_npm_is_led_by_scope_and_its_tokens_stay_with_their_registry(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(
        "registry=https://one.example/npm/\n@s:registry=https://two.example/\n//two.example/:_authToken=${TOKEN}\n//one.example/npm/:_auth=abc\n"
        "//elsewhere.example/:_authToken=never\n"
    )
    (tmp_path / "package.json").write_text("{}")
    found = configured(clean_environment(tmp_path) | {"TOKEN": "t-99"}, tmp_path)
    first, second = [one for one in found.registries if one.ecosystem == "npm"]
    assert (first.base, first.scope, first.authorization) == ("https://one.example/npm", "", "Basic abc")
    assert (second.base, second.scope, second.authorization) == ("https://two.example", "@s", "Bearer t-99")
    assert "t-99" not in repr(found)
    made = for_recording({}, found, "http://127.0.0.1:9", tmp_path)
    numbers = [number for number, one in enumerate(found.registries) if one.ecosystem == "npm"]
    assert made["npm_config_registry"] == f"http://127.0.0.1:9/npm/{numbers[0]}/"
    assert made["npm_config_@s:registry"] == f"http://127.0.0.1:9/npm/{numbers[1]}/"


@pytest.mark.skipif(shutil.which("apt-config") is None, reason="no apt is here")
def test_apt_is_led_by_its_own_settings_with_ours_after_them(tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    (tmp_path / "sources.list").write_text(
        "deb [arch=amd64] http://one.example/debian stable main\n# deb http://no.example/ x\ndeb cdrom:[x]/ y\n"
    )
    (parts / "two.sources").write_text(
        "Types: deb\nURIs: http://two.example/debian https://three.example/debian\nSuites: stable\n"
    )
    (parts / "ignored.txt").write_text("deb http://no.example/ x\n")
    settings = tmp_path / "apt.conf"
    settings.write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\nDir::Etc::sourceparts "{parts}";\nAcquire::http::Proxy "http://old.example";\n'
    )
    environment = clean_environment(tmp_path) | {"APT_CONFIG": str(settings)}
    found = configured(environment, tmp_path)
    assert [one.base for one in found.registries if one.ecosystem == "debian"] == [
        "http://one.example/debian", "http://two.example/debian", "https://three.example/debian",
    ]  # fmt: skip
    made = for_recording(environment, found, "http://127.0.0.1:9", tmp_path)
    written = Path(made["APT_CONFIG"]).read_text()
    assert "old.example" not in written
    assert 'Acquire::http::Proxy "http://127.0.0.1:9";' in written
    mirrored = for_mirror(environment, found, "http://127.0.0.1:8", tmp_path, ("debian",))
    assert (tmp_path / "mirror.list").read_text() == "deb [trusted=yes] http://127.0.0.1:8/debian/ ./\n"
    assert 'Acquire::http::Proxy "DIRECT";' in Path(mirrored["APT_CONFIG"]).read_text()


def test_a_mirror_is_reached_through_no_proxy_and_loopback_past_one(tmp_path: Path) -> None:
    environment = {"https_proxy": "http://proxy.example:3128", "NO_PROXY": "a.example", "PIP_INDEX_URL": "https://x.example"}
    settings = Configured((registry_from("python", "https://one.example/simple"),), of_pip=(0,))
    recorded = for_recording(environment, settings, "http://127.0.0.1:9", tmp_path)
    assert recorded["https_proxy"] == "http://proxy.example:3128"
    assert recorded["no_proxy"] == recorded["NO_PROXY"] == "a.example,127.0.0.1,localhost"
    mirrored = for_mirror(environment, settings, "http://127.0.0.1:8", tmp_path, ("python",))
    assert not [name for name in mirrored if "proxy" in name.lower()]
    assert mirrored["PIP_INDEX_URL"] == mirrored["UV_DEFAULT_INDEX"] == "http://127.0.0.1:8/python/simple/"
    assert "PIP_EXTRA_INDEX_URL" not in mirrored


def test_a_shell_is_told_what_a_mirror_holds() -> None:
    url = "http://127.0.0.1:8"
    assert settings_for(url, ("npm",)) == (
        "export npm_config_registry=http://127.0.0.1:8/npm/", "export npm_config_replace_registry_host=always",
    )  # fmt: skip
    assert settings_for(url, ("debian",))[0].endswith("deb [trusted=yes] http://127.0.0.1:8/debian/ ./")
