"""Pools of Ray, in a process of their own: Ray leaves warnings and threads behind, and is given a home that is thrown away."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from freehold.errors import ScaleError
from freehold.scale.ray_pool import RayPool

HERE = Path(__file__).parent


@pytest.mark.slow
def test_ray_gives_the_same_answers_bit_for_bit_on_one_node_and_on_two(tmp_path: Path) -> None:
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    if find_spec("opentelemetry") is not None and find_spec("opentelemetry.metrics") is None:
        pytest.skip("opentelemetry-proto stands without opentelemetry-api, beside which Ray does not start")
    path = os.pathsep.join([str(HERE), *filter(None, sys.path)])
    words = ["-q", "-m", "slow", "-W", "ignore", "-p", "no:cacheprovider", "scale_ray_cases.py"]
    with TemporaryDirectory(prefix="freehold-") as short:  # the names of Ray's sockets must not get long
        surroundings = {**os.environ, "PYTHONPATH": path, "HOME": str(tmp_path), "RAY_TMPDIR": short}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words], cwd=HERE, env=surroundings, capture_output=True, text=True, timeout=300
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert done.stdout.startswith("." * 20)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:1", r"no cluster of Ray is at 127\.0\.0\.1:1 \(.*refused\)\. Start one"),
        ("nonsense", "'nonsense' is no address of a cluster of Ray"), ("ray://a:1", "is no address"),
        ("a:99999", "is no address"), ("", "is no address"),
    ],
)  # fmt: skip
def test_an_address_without_a_cluster_is_told_at_once(address: str, told: str) -> None:
    with pytest.raises(ScaleError, match=told):
        RayPool(address).__enter__()


def test_a_missing_ray_is_told_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ScaleError, match=r"pip install 'freehold\[ray\]'"):
        RayPool().__enter__()
