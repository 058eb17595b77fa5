"""The reader's measurements and its soak, in small: figures, what the soak would catch, and that it can be replayed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bench_reader import percentile
from benchmarks.load.quiet import Quiet
from benchmarks.readers.cards import answer, atr, command
from benchmarks.readers.leaks import Held, growth
from benchmarks.readers.model import Model
from benchmarks.readers.sessions import KINDS, ending, kind_of, left_in, middle, opening
from benchmarks.readers.steps import Step
from benchmarks.soak_reader import RACES, Deviation, Soak
from benchmarks.table import page, read
from protocols.faults import CardRemoved, ReaderGone
from protocols.pcsc.atr import parse_atr
from rigs.readers.embedded import EmbeddedReader
from simulators.reader import unavailable

ROOT = Path(__file__).parents[2]
SEED = 446
"""27 of the 39 kinds are among its first 60 sessions, five of those that cost a daemon its life."""


def _run(script: str, tmp_path: Path, *options: str) -> tuple[dict[str, Any], str]:
    """The figures of a measurement in a process of its own, and what is on the page of them."""
    kept = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / script), "--json", str(kept), *options],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    return json.loads(kept.read_text()), page(read([kept]))


@pytest.fixture
def daemon() -> None:
    if reason := unavailable():
        pytest.skip(reason)


# ── measured ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("daemon")
def test_round_trips_and_movements_are_measured_against_bare_calls(tmp_path: Path) -> None:
    found, text = _run("bench_reader.py", tmp_path, "--quick")
    ways = {(row["way"], row["size"]): row for row in found["summary"]}
    assert len(ways) == 3 * 5
    assert all(row["p99"]["median"] >= row["p50"]["median"] > 0 for row in ways.values())
    assert ways["bare SCardTransmit", 0]["times_bare"] is None
    assert ways["driver", 250]["times_bare"]["median"] > 0
    assert {"insertion", "removal"} == found["seen_ms"].keys()
    assert "## The card reader" in text
    assert "| a card is inserted until the driver has seen it | 15 |" in text


def test_what_others_disturbed_is_measured_again_and_the_quietest_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    used = iter([0.0, 900.0, 1000.0, 1400.0, 1500.0, 2300.0])
    monkeypatch.setattr(Quiet, "_others", lambda quiet: next(used))
    monkeypatch.setattr("benchmarks.load.quiet.time.monotonic", iter(range(9)).__next__)
    quiet, found = Quiet(1, tries=3), iter("abc")
    assert quiet.measure(lambda: next(found)) == "b"
    assert len(quiet.foreign) == 1


def test_a_quiet_measurement_is_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Quiet, "_others", lambda quiet: 7.0)
    assert Quiet(1, tries=3).measure(lambda: "first") == "first"


@pytest.mark.parametrize(("share", "wanted"), [(0.5, 50), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_a_time_that_was_measured(share: float, wanted: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == wanted


# ── worn out ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("daemon")
def test_sixty_sessions_behind_a_daemon_go_as_foretold(tmp_path: Path) -> None:
    found, text = _run("soak_reader.py", tmp_path, "--sessions", "60", "--seed", str(SEED))
    assert sum(found["kinds"].values()) == 60
    assert {"CardRemoved", "ReaderGone", "answer", "ATR"} <= found["outcomes"].keys()
    assert {row["process"] for row in found["holds"]} == {"this process", "pcscd"}
    assert found["daemons"] > 3
    assert "## The card reader, worn out (pcscd)" in text


def _play(soak: Soak, sessions: int) -> None:
    for number in range(sessions):
        soak.session(number)


def test_sessions_in_process_go_as_foretold(soak: Soak) -> None:
    _play(soak, 150)
    assert len(soak.figures.kinds) > 20


def test_one_session_can_be_played_alone(soak: Soak, capsys: pytest.CaptureFixture[str]) -> None:
    """What the one before would have left in the slot is there."""
    number = next(n for n in range(1, 100) if left_in(SEED, n - 1) >= 0)
    soak.prepare(number)
    soak.session(number)
    assert soak.figures.kinds.total() == 1


@pytest.fixture
def soak() -> Iterator[Soak]:
    soak = Soak(SEED, embedded=True)
    yield soak
    soak.player.close()


# ── what it would catch ───────────────────────────────────────────────────────────────────────────────────────────


def _garbled(reader: EmbeddedReader, raw: bytes, real: Any) -> Any:
    return real(reader, raw)[:-1] + b"\x01"


def _twice(reader: EmbeddedReader, raw: bytes, real: Any) -> Any:
    real(reader, raw)
    return real(reader, raw)


def _mistaken(reader: EmbeddedReader, raw: bytes, real: Any) -> Any:
    try:
        return real(reader, raw)
    except CardRemoved:
        raise ReaderGone("gone") from None


def _untold(reader: EmbeddedReader, raw: bytes, real: Any) -> Any:
    emit, reader._emit = reader._emit, lambda event: None
    try:
        return real(reader, raw)
    finally:
        reader._emit = emit


@pytest.mark.parametrize("fault", [_garbled, _twice, _mistaken, _untold])
def test_a_driver_that_is_wrong_is_caught(soak: Soak, monkeypatch: pytest.MonkeyPatch, fault: Any) -> None:
    real = EmbeddedReader.transmit
    monkeypatch.setattr(EmbeddedReader, "transmit", lambda reader, raw: fault(reader, raw, real))
    with pytest.raises(Deviation):
        _play(soak, 60)
    assert any("session" in line for line in soak.last)


def test_what_grows_is_found_and_what_is_flat_is_not() -> None:
    flat = [Held(n, 1, 40 << 20, 11 + n % 2, 8) for n in range(80)]
    assert growth(flat) == []
    assert growth([Held(n, 1, 40 << 20, 11 + n // 10, 8) for n in range(80)]) == ["descriptors grew from 12 to 18"]
    assert growth([Held(n, 1, (40 << 20) + (n << 17), 11, 8) for n in range(80)])[0].startswith("rss grew")
    assert growth(flat[:8]) == []


# ── what it plays ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("daemon", [True, False])
def test_each_session_leaves_what_the_next_one_reckons_with(daemon: bool) -> None:
    model, kinds = Model(), set()
    for number in range(1500):
        kind = kind_of(SEED, number, daemon=daemon)
        kinds.add(kind)
        for step in opening(SEED, number):
            model.expect(step)
        for step in middle(SEED, number, kind, model.card):
            if step.trap and "race" in step.do:
                model.cut_short(Step(step.trap, step.card), lost=step.trap in ("unplug", "kill"))
            elif step.do not in RACES:
                model.expect(step)
        for step in ending(model, SEED, number):
            model.expect(step)
        assert model.card == left_in(SEED, number)
        assert not model.needs_recovery
    assert kinds == {name for name, kind in KINDS.items() if daemon or not kind.daemon}


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("size", [0, 1, 8, 255, 256, 4000])
def test_a_card_answers_as_many_bytes_as_it_was_asked_for(number: int, size: int) -> None:
    """Up to 255 under T=0, which carries no more."""
    asked = command(number, 7, size)
    assert len(answer(number, 0, asked)) == 2 + (size if number else min(size, 255))
    assert size < 8 or answer(number, 0, asked) != answer(number, 1, asked)


@pytest.mark.parametrize(("number", "protocol"), [(0, 0), (1, 1), (4, 0), (5, 1)])
def test_cards_have_right_answers_to_reset(number: int, protocol: int) -> None:
    told = parse_atr(atr(number))
    assert told.protocols == (protocol,)
    assert told.tck_right
