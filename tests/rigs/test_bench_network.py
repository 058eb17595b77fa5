"""A bench behind gateways: as its rig delivers it, as a case changes it, and as it is afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.money import Money
from protocols.orders import Order, Result
from protocols.transactions import Transaction
from rigs.bench import Bench
from tests.rigs.kit import card_in, case_on, lines_of, plan_of, to_itself

HOLD = Order(Transaction.PREAUTH, Money(1000_00))


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    to_itself(monkeypatch, tmp_path)
    benches: list[Bench] = []

    def make(**host: Any) -> Bench:
        benches.append(Bench(plan_of(tmp_path, host={"kind": "simulated", **host})).open())
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()


def gateway_events(bench: Bench, status: str) -> list[dict[str, Any]]:
    records = lines_of(bench.plan.folder / "workers" / "main.jsonl")
    return [r["f"] for r in records if (r["ch"], r["kind"], r["f"].get("status")) == ("rig", "gateway", status)]


def test_a_rig_without_gateways_has_no_network_until_it_is_spoken_of(opened: Any) -> None:
    bench = opened()
    assert "network" not in vars(bench)
    bench.caught_up()
    assert bench.close_case() == []
    assert "network" not in vars(bench)


def test_a_rig_may_have_its_terminal_come_by_tls_alone(opened: Any) -> None:
    bench = opened(tls=True, second_gateway=True)
    assert [(e["gateway"], e["tls"]) for e in gateway_events(bench, "connected")] == [("primary", "TLSv1.3")]
    assert {e["mti"] for e in gateway_events(bench, "passed")} == {"0800"}
    assert bench.environment["host"]["line"] == "TLS, by two gateways"


def test_a_rig_may_have_two_plain_gateways(opened: Any) -> None:
    bench = opened(second_gateway=True)
    assert [(e["gateway"], e["tls"]) for e in gateway_events(bench, "connected")] == [("primary", "")]
    assert bench.environment["host"]["line"] == "plain, by two gateways"


def test_what_a_case_changes_in_the_network_the_next_does_not_see(opened: Any) -> None:
    bench = opened()
    case = case_on(bench)
    card_in(bench, case)
    bench.network.encrypt()
    bench.network.show("primary", "an expired certificate")
    bench.terminal.use_ways(bench.network.ways())
    assert bench.terminal.perform(HOLD).result is Result.NO_REPLY
    assert bench.close_case() == []
    case.close()
    assert [(way.gateway, way.authorities) for way in bench.network.ways()] == [("primary", None)]
    case = case_on(bench, "the next")
    card_in(bench, case)
    assert bench.terminal.perform(HOLD).approved
    assert [r for r in case.records if r["kind"] == "gateway" and r["f"]["status"] == "passed"] == []
    assert bench.close_case() == []
    case.close()


def test_a_reversal_is_drained_by_the_way_that_the_case_left(opened: Any) -> None:
    """Both gateways are gone: what is armed leaves when they are back, before the case is over."""
    bench = opened()
    case = case_on(bench)
    card_in(bench, case)
    bench.network.add_second()
    bench.terminal.use_ways(bench.network.ways())
    bench.host.misbehave("pre-authorisation", "no answer")
    bench.network.take_down("second")
    bench.network.break_after("primary", "0100")
    assert bench.terminal.perform(HOLD).result is Result.NO_REPLY
    assert not [r for r in case.records if r["kind"] == "request" and r["f"]["reversal"]]
    assert bench.close_case() == []
    assert len([r for r in case.records if r["kind"] == "request" and r["f"]["reversal"]]) == 1
    case.close()


def test_gateways_end_with_the_bench(opened: Any) -> None:
    bench = opened(second_gateway=True)
    assert len([t for t in threading.enumerate() if t.name.startswith("gateway-")]) == 2
    bench.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("gateway-")]
