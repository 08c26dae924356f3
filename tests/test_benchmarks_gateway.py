"""The gateway's and the log's benchmarks at a thousandth of their size, and the load generator against what it must count."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.gateway_load import Answer, Told, _Connection, percentile  # noqa: E402
from benchmarks.gateway_servers import (  # noqa: E402  # fmt: skip
    GATEWAYS,
    PASS_THROUGH,
    Server,
    Upstreams,
    closed_port,
    free_port,
    load,
    serving,
    upstream,
)
from benchmarks.gateway_workloads import GATEWAY_WORKLOADS  # noqa: E402
from benchmarks.interface import FREEHOLD, UNITS, NotRun, Places, Sample  # noqa: E402

SCALE = 0.001


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(Path(sys.executable), tmp_path / "scratch", tmp_path / "data", None, tmp_path / "peers", SCALE)


def test_quantiles_are_values_by_the_nearest_rank() -> None:
    values = [float(one) for one in range(1, 101)]
    assert [percentile(values, part) for part in (0.5, 0.95, 0.99, 1.0)] == [50.0, 95.0, 99.0, 100.0]
    assert percentile([7.0], 0.5) == percentile([7.0], 1.0) == 7.0
    assert percentile([], 0.5) != percentile([], 0.5)


PIECES = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6)


@given(PIECES, st.data())
def test_chunks_are_read_alike_however_they_are_cut(pieces: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    connection = _Connection()
    payload, ends = b"", []
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        part, ended = connection._unchunk(wire[start:end])
        payload += part
        ends.append(ended)
    assert payload == b"".join(pieces)
    assert ends[-1] or end == start
    assert not any(ends[:-1]) or not wire[cuts[-1] :]


@given(st.integers(0, 30), st.data())
def test_tokens_are_counted_alike_however_they_are_cut(tokens: int, data: st.DataObject) -> None:
    wire = b'data: {"content":"tok "}\n\n' * tokens + b"data: [DONE]\n\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=12)))
    connection = _Connection()
    connection._stream = True
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        connection._count(wire[start:end])
    assert (connection._answer.tokens, connection._answer.ended) == (tokens, True)


def test_anything_but_every_token_and_the_end_is_a_dropped_stream() -> None:
    told = Told()
    for answer in (
        Answer(200, 0.1, 0.2, 5, ended=True), Answer(200, 0.1, 0.2, 4, ended=True), Answer(200, 0.1, 0.2, 5, ended=False),
        Answer(500, 0.1, 0.2, 0, ended=True), Answer(),
    ):  # fmt: skip
        told.add(answer, tokens=5)
    assert (told.done, told.failed, told.dropped) == (2, 3, 4)


def test_the_upstream_answers_in_one_piece_and_in_streams(places: Places) -> None:
    with upstream(places, tokens=7, rate=500.0) as model:
        whole = load(places, [model.url], {}, count=50, at_once=4)["targets"][0]
        assert (whole["done"], whole["failed"], whole["statuses"]) == (50, 0, {"200": 50})
        streams = load(places, [model.url], {}, count=20, at_once=4, stream=True, tokens=7)["targets"][0]
        assert (streams["done"], streams["dropped"], streams["tokens"]) == (20, 0, 140)
        short = load(places, [model.url], {}, count=5, stream=True, tokens=8)["targets"][0]
        assert short["dropped"] == 5
        both = load(places, [model.url, model.url], {}, count=10)
        assert [one["done"] for one in both["targets"]] == [5, 5]
        assert model.processor() >= 0
        assert model.memory() > 5
    with closed_port() as nowhere:
        url = f"http://127.0.0.1:{nowhere}/v1/chat/completions"
        refused = load(places, [url], {}, count=3, each=True)
    assert (refused["targets"][0]["failed"], len(refused["each"])) == (3, 3)


def test_a_server_that_does_not_start_is_told_with_its_last_words(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules["benchmarks.gateway_servers"]._STARTS, PASS_THROUGH, broken)
    with serving(places, PASS_THROUGH, Upstreams(free_port())) as server:
        assert isinstance(server, NotRun)
        assert "exit status 3" in server.because
        assert "ValueError: no luck" in server.because


def broken(places: Places, port: int, _to: Upstreams) -> Server:
    from benchmarks.gateway_servers import _start

    code = "import sys; print('ValueError: no luck', file=sys.stderr); sys.exit(3)"
    return _start(places, PASS_THROUGH, port, [sys.executable, "-c", code], {}, {})


def run(name: str, who: str, places: Places) -> Sample:
    workload = next(one for one in GATEWAY_WORKLOADS if one.name == name)
    subject = next(one for one in workload.subjects if one.name == who)
    outcome = subject.once(places)
    assert isinstance(outcome, Sample), outcome
    if who == FREEHOLD:
        assert {bar.phase for bar in workload.bars} <= set(outcome.figures)
    seconds = {"5,000 durable entries", "open again"}
    assert set(outcome.figures) - seconds <= set(UNITS), "each figure has its unit"
    return outcome


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gateway-processor", "gateway-streams", "gateway-memory"])
def test_the_pass_through_does_the_work_at_a_thousandth(name: str, places: Places) -> None:
    outcome = run(name, PASS_THROUGH, places)
    assert outcome.figures.get("streams dropped", 0) == 0


def test_the_logs_benchmark_runs_at_a_hundredth(places: Places) -> None:
    outcome = run("evidence", FREEHOLD, replace(places, scale=0.01))
    assert outcome.found["entries"] >= 200
    assert run("evidence", "sqlite3, WAL with full sync, a commit an entry", places).found["entries"] == 20


@pytest.mark.slow
@pytest.mark.parametrize("name", [one.name for one in GATEWAY_WORKLOADS if one.name.startswith("gateway-")])
def test_the_gateway_does_the_work_at_a_thousandth(name: str, places: Places) -> None:
    outcome = run(name, FREEHOLD, places)
    assert outcome.figures.get("streams dropped", 0) == 0


def test_every_workload_has_freehold_first_and_only_gateways_that_can_be_started() -> None:
    for workload in GATEWAY_WORKLOADS:
        assert workload.subjects[0].name == FREEHOLD
        if workload.name.startswith("gateway-"):
            assert {subject.name for subject in workload.subjects} <= set(GATEWAYS)
