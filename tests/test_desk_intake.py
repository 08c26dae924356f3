"""What others send to a desk: CloudEvents by a gateway's key, alerts as Prometheus posts them and as amtool does."""

from __future__ import annotations

import asyncio
import gzip
import shutil
from pathlib import Path

import pytest

from desks import alert, desk, event, eventually, run_scene

AMTOOL = shutil.which("amtool")
ONE = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def test_what_a_gateway_sends_becomes_one_warning_though_it_is_sent_twice(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            front.person("Ann")
            opened = event("b-1", "freehold.gateway.breaker.opened", **{"freehold.upstream": "rented"})
            for _ in range(2):
                sent = await front.ask("POST", "/events", [opened, opened], key=front.intake, headers=BATCH)
                assert sent.status == 202, sent.body
            (one,) = await front.warned("Ann")
            assert "rented" in one["title"]
            closed = event("b-2", "freehold.gateway.breaker.closed", **{"freehold.upstream": "rented"})
            assert (await front.ask("POST", "/events", closed, key=front.intake, headers=ONE)).status == 202

            async def over() -> bool:
                return (await front.incidents("Ann"))[0]["says"].endswith("its alerts are over.")

            await eventually(over)
            assert len(await front.incidents("Ann")) == 1

    run_scene(scene)


def test_what_is_no_event_is_refused_and_the_next_one_is_taken(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            front.person("Ann")
            for body, headers in (
                (b"{", ONE), (b"[]", ONE), (b"null", ONE), (b"\xff", ONE), (b"[" * 100_000, ONE), (b"{}", BATCH),
                (b"not gzip", {**ONE, "Content-Encoding": "gzip"}), (b"{}", {"Content-Type": "text/html"}),
                (gzip.compress(b" " * 200_000_000), {**ONE, "Content-Encoding": "gzip"}),
            ):  # fmt: skip
                refused = await front.ask("POST", "/events", body, key=front.intake, headers=headers)
                assert 400 <= refused.status < 500, body[:20]
                assert refused.json["error"]
            opened = event("b-1", "freehold.gateway.breaker.opened", **{"freehold.upstream": "rented"})
            assert (await front.ask("POST", "/events", opened, key=front.intake, headers=ONE)).status == 202
            assert len(await front.warned("Ann")) == 1

    run_scene(scene)


def test_alerts_as_prometheus_posts_them_become_incidents(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path) as front:
            key = front.person("Ann")
            body = [
                {
                    **alert("ModelDown", "vLLM does not answer", instance="gpu-1", item="model"),
                    "startsAt": "2026-11-26T00:00:00.000Z", "generatorURL": "http://prometheus.invalid/graph",
                }
            ]  # fmt: skip
            sent = await front.ask("POST", "/api/v2/alerts", body, key=front.intake, headers={"User-Agent": "Prometheus/3.0.0"})
            assert sent.status == 200, sent.body
            (one,) = await front.warned("Ann")
            assert one["title"] == "INC-1: vLLM does not answer"
            assert (await front.ask("GET", "/api/v2/alerts", key=front.intake)).status == 403
            (seen,) = (await front.ask("GET", "/api/v2/alerts", key=key)).json
            assert seen["labels"]["alertname"] == "ModelDown"
            bad = await front.ask("POST", "/api/v2/alerts", [{"labels": {}}], key=front.intake)
            assert bad.status == 400

    run_scene(scene)


@pytest.mark.skipif(not AMTOOL, reason="needs amtool: apt-get install prometheus-alertmanager")
def test_amtool_adds_sees_and_silences_alerts_with_a_persons_key(tmp_path: Path) -> None:
    async def amtool(url: str, *words: str) -> str:
        config = tmp_path / "http.yml"
        process = await asyncio.create_subprocess_exec(
            str(AMTOOL), f"--alertmanager.url={url}", f"--http.config.file={config}", *words,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, wrong = await process.communicate()
        assert process.returncode == 0, wrong.decode()
        return out.decode()

    async def scene() -> None:
        async with desk(tmp_path / "desk") as front:
            key = front.person("Ann")
            (tmp_path / "http.yml").write_text(f"authorization:\n  type: Bearer\n  credentials: {key}\n", encoding="ascii")
            await amtool(front.url, "alert", "add", "NodeDown", "instance=one", "--annotation=summary=The node is down")
            (one,) = await front.warned("Ann")
            assert one["title"] == "INC-1: The node is down"
            assert "NodeDown" in await amtool(front.url, "alert", "query")
            silence = (
                await amtool(
                    front.url, "silence", "add", "alertname=NodeDown", "--comment=known", "--author=Ann", "--duration=1h"
                )
            ).strip()
            assert silence in await amtool(front.url, "silence", "query")
            assert "NodeDown" not in await amtool(front.url, "alert", "query")
            await amtool(front.url, "silence", "expire", silence)
            assert "NodeDown" in await amtool(front.url, "alert", "query")
        evidence = (tmp_path / "desk" / "evidence-desk.jsonl").read_text(encoding="utf-8")
        assert '"by":"Ann"' in evidence
        assert "known" in evidence

    run_scene(scene)
