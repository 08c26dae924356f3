"""Real clients: a command is recorded, a mirror filled, and the command run again when the registries are gone."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from freehold.drill.backends import choose
from freehold.errors import DrillError, NotPossible, ProvisionError
from freehold.provision.errands import errands_of_needs
from freehold.provision.manifest import verify_mirror
from freehold.provision.needs import Need
from freehold.provision.provisioning import Provisioned, Request, prove_mirror, provision
from provision_world import BACKEND, PlainBackend, Registry, clean_environment, deb, npm_package, sdist, serving, wheel

NOW = 1_780_000_000.0
PIP = (sys.executable, "-m", "pip") if importlib.util.find_spec("pip") else (shutil.which("pip") or "pip",)
needs_pip = pytest.mark.skipif(len(PIP) == 1 and shutil.which("pip") is None, reason="no pip is here")
needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="no npm is here")
needs_apt = pytest.mark.skipif(
    shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None, reason="no apt is here"
)  # fmt: skip
QUIET = os.open(os.devnull, os.O_WRONLY)


def install(tmp_path: Path, *what: str) -> tuple[str, ...]:
    """A command that begins from nothing each time: what is in a target folder already, pip fetches again."""
    return (*PIP, "install", "--quiet", "--no-warn-conflicts", "--upgrade", "--target", str(tmp_path / "site"), *what)


def done(tmp_path: Path, **asked: object) -> Provisioned:
    """Record and fill while the registry serves; prove when it is gone."""
    environment = clean_environment(tmp_path)
    request = Request(tmp_path / "mirror", **asked)  # type: ignore[arg-type]
    return provision(request, None, environment, tmp_path, now=NOW, stdout=QUIET)


def proved(tmp_path: Path, *command: str) -> Provisioned:
    environment = clean_environment(tmp_path)
    return prove_mirror(Request(tmp_path / "mirror", command), PlainBackend(), environment, tmp_path, stdout=QUIET)


@needs_pip
@pytest.mark.slow
@pytest.mark.parametrize("place", ["simple", "json"])
def test_a_package_with_a_dependency_and_one_that_must_be_built_are_held_whole(tmp_path: Path, place: str) -> None:
    command = install(tmp_path, "alpha")
    with serving(Registry()) as registry:
        registry.add_python("alpha", {"alpha-1.0-py3-none-any.whl": wheel("alpha", "1.0", requires=("beta",))})
        registry.add_python("beta", {"beta-2.0.tar.gz": sdist()})
        registry.add_python("tinybuild", {"tinybuild-1.0-py3-none-any.whl": wheel("tinybuild", "1.0", code=BACKEND)})
        made = done(tmp_path, command=command, python=(f"{registry.url}/{place}",))
    assert made.recorded is not None
    assert made.recorded.run.exit == 0
    assert made.missing == ()
    assert {(one.name, one.version) for one in made.expected} == {("alpha", "1.0"), ("beta", "2.0"), ("tinybuild", "1.0")}
    assert verify_mirror(tmp_path / "mirror")[1] == ()
    shutil.rmtree(tmp_path / "site")
    again = proved(tmp_path, *command)
    assert again.proof is not None
    assert (again.proof.run.exit, again.proof.taken, again.proof.missing) == (0, 3, ())
    assert (tmp_path / "site" / "beta.py").is_file()
    assert again.proof.proved


@needs_pip
@pytest.mark.slow
def test_what_a_mirror_lacks_is_named_with_who_asked_and_what_adds_it(tmp_path: Path) -> None:
    with serving(Registry()) as registry:
        registry.add_python("alpha", {"alpha-1.0-py3-none-any.whl": wheel("alpha", "1.0")})
        registry.add_python("gamma", {"gamma-1.0-py3-none-any.whl": wheel("gamma", "1.0")})
        done(tmp_path, command=install(tmp_path, "alpha"), python=(f"{registry.url}/simple",))
    lacking = proved(tmp_path, *install(tmp_path, "alpha", "gamma"))
    assert lacking.proof is not None
    assert not lacking.proof.proved
    (missing,) = [one for one in lacking.proof.missing if one.what == "gamma"]
    assert missing.by.startswith("pip/")
    assert missing.add == f"freehold provision --into {tmp_path / 'mirror'} --need python:gamma"
    other = proved(tmp_path, *install(tmp_path, "alpha==2.0"))
    assert other.proof is not None
    assert "the mirror has 1.0" in other.proof.missing[0].reason


@needs_pip
@pytest.mark.slow
def test_a_wrong_digest_is_an_error_and_the_file_is_not_held(tmp_path: Path) -> None:
    with serving(Registry()) as registry:
        file = "alpha-1.0-py3-none-any.whl"
        registry.add_python("alpha", {file: wheel("alpha", "1.0")}, stated={file: "1" * 64})
        made = done(tmp_path, command=install(tmp_path, "--retries", "0", "alpha"), python=(f"{registry.url}/simple",))
    assert made.recorded is not None
    assert made.recorded.run.exit != 0
    assert made.manifest.needs == ()
    assert any("1" * 64 in one.reason for one in made.missing)
    assert any("ended with status" in one.reason for one in made.missing)


@needs_pip
@pytest.mark.slow
def test_what_is_in_place_already_proves_nothing(tmp_path: Path) -> None:
    command = (*PIP, "install", "--quiet", "--target", str(tmp_path / "site"), "alpha")
    once = ("sh", "-c", f"test -e {tmp_path}/site/alpha.py || exec " + " ".join(command))
    with serving(Registry()) as registry:
        registry.add_python("alpha", {"alpha-1.0-py3-none-any.whl": wheel("alpha", "1.0")})
        environment = clean_environment(tmp_path)
        request = Request(tmp_path / "mirror", once, python=(f"{registry.url}/simple",))
        made = provision(request, PlainBackend(), environment, tmp_path, now=NOW, stdout=QUIET)
    assert made.proof is not None
    assert made.proof.run.exit == 0
    assert [one.file for one in made.proof.untaken] == ["alpha-1.0-py3-none-any.whl"]
    assert not made.proof.proved


@needs_pip
@pytest.mark.slow
def test_secrets_reach_the_registry_and_nothing_that_is_kept(tmp_path: Path) -> None:
    with serving(Registry(secret="Basic bWU6czNjcmV0LTQy")) as registry:
        registry.add_python("alpha", {"alpha-1.0-py3-none-any.whl": wheel("alpha", "1.0")})
        index = f"http://me:s3cret-42@127.0.0.1:{registry.port}/simple"
        environment = clean_environment(tmp_path) | {"PIP_INDEX_URL": index}
        command = ("sh", "-c", 'shift; exec "$@"', "sh", index, *install(tmp_path, "alpha"))
        made = provision(Request(tmp_path / "mirror", command), None, environment, tmp_path, now=NOW)
    assert made.recorded is not None
    assert made.recorded.run.exit == 0
    assert len(made.expected) == 1
    kept = b"".join(path.read_bytes() for path in (tmp_path / "mirror").rglob("*") if path.is_file())
    told = kept + repr(made).encode()
    assert b"s3cret-42" not in told
    assert b"czNjcmV0LTQy" not in told


@needs_pip
@pytest.mark.slow
def test_a_requirements_file_and_packages_by_name_fill_a_mirror_and_another_mirror_fills_one(tmp_path: Path) -> None:
    body = wheel("alpha", "1.0")
    (tmp_path / "requirements.txt").write_text(f"alpha==1.0 --hash=sha256:{hashlib.sha256(body).hexdigest()}\n")
    with serving(Registry()) as registry:
        registry.add_python("alpha", {"alpha-1.0-py3-none-any.whl": body})
        registry.add_python("gamma", {"gamma-1.0-cp39-abi3-manylinux_2_28_riscv64.whl": wheel("gamma", "1.0")})
        index = (f"{registry.url}/simple",)
        made = done(tmp_path, files=(Path("requirements.txt"),), python=index)
        assert [one.file for one in made.manifest.needs] == ["alpha-1.0-py3-none-any.whl"]
        assert made.missing == ()
        # a file for a machine of another kind: pip is asked for that very one
        other = tmp_path / "other"
        other.mkdir()
        wanted = done(other, needs=("python:gamma==1.0",), python=index)
        assert wanted.missing
        need = Need("python", "gamma", "1.0", "gamma-1.0-cp39-abi3-manylinux_2_28_riscv64.whl", "0" * 64, 1)
        (errand,) = errands_of_needs([need], clean_environment(tmp_path), tmp_path)
        assert done(other, command=errand.arguments, python=index).manifest.needs[0].file == need.file
        second = tmp_path / "second"
        second.mkdir()
        copied = done(second, files=(tmp_path / "mirror",), python=index)
        assert [one.sha256 for one in copied.manifest.needs] == [one.sha256 for one in made.manifest.needs]
        assert copied.missing == ()


@needs_npm
@pytest.mark.slow
def test_an_npm_install_is_held_whole_and_its_lock_file_names_no_loopback(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "app", "version": "1.0.0"}')
    command = ("npm", "install", "--silent", "--no-audit", "--no-fund", "@s/top")
    with serving(Registry()) as registry:
        registry.add_npm("@s/top", {"1.0.0": npm_package("@s/top", "1.0.0", {"pad": "^1.0.0"})})
        registry.add_npm("pad", {"1.0.0": npm_package("pad", "1.0.0"), "1.2.0": npm_package("pad", "1.2.0")})
        made = done(tmp_path, command=command, npm=(f"{registry.url}/npm",))
    assert made.recorded is not None
    assert made.recorded.run.exit == 0
    assert {(one.name, one.version) for one in made.expected} == {("@s/top", "1.0.0"), ("pad", "1.2.0")}
    assert all(one.stated for one in made.expected)
    lock = (tmp_path / "package-lock.json").read_text()
    assert "127.0.0.1" not in lock
    for name in ("node_modules", "package-lock.json"):
        path = tmp_path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    again = proved(tmp_path, *command)
    assert again.proof is not None
    assert (again.proof.run.exit, again.proof.missing, again.proof.taken) == (0, (), 2)
    assert (tmp_path / "node_modules" / "pad" / "index.js").read_text() == "module.exports = '1.2.0'\n"


@needs_npm
@pytest.mark.slow
def test_a_lock_file_of_npm_fills_a_mirror_wherever_its_addresses_lead(tmp_path: Path) -> None:
    body = npm_package("pad", "1.0.0")
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()
    packages = {
        "": {"name": "app", "version": "1.0.0", "dependencies": {"pad": "1.0.0"}},
        "node_modules/pad": {
            "version": "1.0.0", "resolved": "https://registry.elsewhere.example/pad/-/pad-1.0.0.tgz", "integrity": integrity,
        },
    }  # fmt: skip
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text(json.dumps(packages[""]))
    lock = {"name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    (project / "package-lock.json").write_text(json.dumps(lock))
    with serving(Registry()) as registry:
        registry.add_npm("pad", {"1.0.0": body})
        made = done(tmp_path, files=(project / "package-lock.json",), npm=(f"{registry.url}/npm",))
        assert made.missing == ()
        assert [(one.name, one.file) for one in made.manifest.needs] == [("pad", "pad-1.0.0.tgz")]
    assert sorted(one.name for one in project.iterdir()) == ["package-lock.json", "package.json"]
    again = proved(project.parent, "sh", "-c", f"cd {project} && npm ci --silent --no-audit && rm -r node_modules")
    assert again.proof is not None
    assert again.proof.proved


@needs_apt
@pytest.mark.slow
def test_a_debian_package_is_held_with_a_repository_that_apt_takes(tmp_path: Path) -> None:
    body = deb(tmp_path, "tiny", "1.0")
    digest = hashlib.sha256(body).hexdigest()
    control = "Package: tiny\nVersion: 1.0\nArchitecture: all\nMaintainer: T <t@example.test>\nDescription: a test\n more\n"
    apt = tmp_path / "apt"
    for place in ("lists/partial", "archives/partial", "parts"):
        (apt / place).mkdir(parents=True)
    (apt / "status").write_text("")
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    with serving(Registry()) as registry:
        listed = f"{control}Filename: ./tiny_1.0_all.deb\nSize: {len(body)}\nSHA256: {digest}\n"
        registry.pages["/debian/Packages"] = ("text/plain", listed.encode())
        registry.pages["/debian/tiny_1.0_all.deb"] = ("application/octet-stream", body)
        (apt / "sources.list").write_text(f"deb [trusted=yes] {registry.url}/debian/ ./\n")
        settings = [
            f'Dir::Etc::sourcelist "{apt}/sources.list";', f'Dir::Etc::sourceparts "{apt}/parts";',
            f'Dir::State::lists "{apt}/lists/";',
            f'Dir::State::status "{apt}/status";', 'Dir::Cache::pkgcache "";', 'Dir::Cache::srcpkgcache "";',
            'APT::Sandbox::User "root";', 'Dir::Etc::main "/dev/null";', f'Dir::Etc::parts "{apt}/parts";',
            f'Dir::Cache::archives "{apt}/archives/";',
        ]  # fmt: skip
        (apt / "apt.conf").write_text("\n".join(settings) + "\n")
        environment = clean_environment(tmp_path) | {"APT_CONFIG": str(apt / "apt.conf")}
        command = ("sh", "-c", f"cd {fetched} && apt-get -qq update && apt-get -qq download tiny")
        made = provision(Request(tmp_path / "mirror", command), None, environment, tmp_path, now=NOW, stdout=QUIET)
    assert made.recorded is not None
    assert made.recorded.run.exit == 0
    (need,) = made.expected
    assert (need.name, need.version, need.file, need.sha256, need.stated) == (
        "tiny", "1.0", "tiny_1.0_all.deb", digest, (f"sha256:{digest}",),
    )  # fmt: skip
    assert any(one.what.endswith("/Packages") for one in made.recorded.recording.asked)
    (fetched / "tiny_1.0_all.deb").unlink()
    download = ("sh", "-c", f"cd {fetched} && apt-get -qq download tiny")
    again = prove_mirror(Request(tmp_path / "mirror", download), PlainBackend(), environment, tmp_path, stdout=QUIET)
    assert again.proof is not None
    assert (again.proof.run.exit, again.proof.taken) == (0, 1)
    assert (fetched / "tiny_1.0_all.deb").read_bytes() == body


@needs_pip
@pytest.mark.slow
def test_the_proof_holds_under_a_real_cut_and_tells_who_went_past_the_mirror(tmp_path: Path) -> None:
    try:
        backend = choose("namespace").backend
    except NotPossible as error:
        pytest.skip(str(error))
    command = install(tmp_path, "alpha")
    with serving(Registry()) as registry:
        registry.add_python("alpha", {"alpha-1.0-py3-none-any.whl": wheel("alpha", "1.0")})
        # The registry has a name that only a proxy knows; under the cut no proxy is left.
        environment = clean_environment(tmp_path) | {"http_proxy": registry.url}
        asked = {"python": ("http://index.example/simple",)}
        request = Request(tmp_path / "mirror", command, **asked)  # type: ignore[arg-type]
        made = provision(request, backend, environment, tmp_path, now=NOW, stdout=QUIET)
        assert made.manifest.hosts == ("index.example",)
        assert made.proof is not None
        assert made.proof.proved, made.proof
        assert (made.proof.verdict.name, made.proof.cut, made.proof.bypassed) == ("survived", ("index.example",), ())
        before = len(registry.seen)
        past = (*command, "--retries", "0", "--trusted-host", "index.example", "--index-url", "http://index.example/simple")
        failed = prove_mirror(
            Request(tmp_path / "mirror", past, **asked), backend, environment, tmp_path, stdout=QUIET,  # type: ignore[arg-type]
        )  # fmt: skip
        assert failed.proof is not None
        assert not failed.proof.proved
        assert failed.proof.verdict.name == "failed"
        assert {one.name for one in failed.proof.bypassed} == {"index.example"}
        assert len(registry.seen) == before


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DrillError, match="cannot be run"):
        done(tmp_path, command=("no-such-program",), python=("http://index.example",), npm=("http://index.example",))


@pytest.mark.parametrize(
    "need",
    ["six", "python:", "python:../x", "npm:..", "debian:UPPER", "python:six==1 0", "npm:a@;rm", "ruby:rake", "python:-r"],
)
def test_a_package_that_is_none_is_refused(tmp_path: Path, need: str) -> None:
    with pytest.raises(ProvisionError):
        done(tmp_path, needs=(need,), python=("http://index.example",), npm=("http://index.example",))


@pytest.mark.parametrize("name", ["absent.txt", "poetry.lock", "package-lock.json"])
def test_a_lock_file_that_cannot_be_used_is_refused(tmp_path: Path, name: str) -> None:
    if name != "absent.txt":
        (tmp_path / name).write_text("{}")
    with pytest.raises(ProvisionError):
        done(tmp_path, files=(Path(name),), python=("http://index.example",), npm=("http://index.example",))
