"""Each server that is measured does what it claims: it answers right requests, and refuses what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.load.foreign import SIMULATOR_ANSWERS, write_foreign
from benchmarks.load.plan import Plan, make_plan
from benchmarks.load.sampling import sample
from benchmarks.load.terminals import Chips, Fleet
from benchmarks.peers.servers import (
    HOLDFAST,
    LIBRARY,
    LIBRARY_GROUP,
    RECORDING,
    SIMULATOR_HOST,
    Kind,
    running,
)
from protocols.events import discard
from simulators.issuer import IssuerHost
from simulators.issuer.actions import SetField
from simulators.issuer.behaviour import Rule
from tests.benchmarks.conftest import CARDS, TERMINALS
from tests.simulators.kit import cn_market

pytestmark = pytest.mark.usefixtures("generator")


def _or_skip(kind: Kind) -> None:
    if kind.missing():
        pytest.skip(kind.missing())


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [
        (HOLDFAST, "x9.19"), (HOLDFAST, "unionpay-ecb"), (RECORDING, "x9.19"), (HOLDFAST.uvloop(), "x9.19"),
        (LIBRARY, "x9.19"), (LIBRARY_GROUP, "x9.19"), (LIBRARY_GROUP, "unionpay-ecb"),
    ],
    ids=lambda value: value.name if isinstance(value, Kind) else value,
)  # fmt: skip
def test_right_requests_are_approved_and_wrong_ones_refused(kind: Kind, scheme: str, tmp_path: Path) -> None:
    _or_skip(kind)
    plan = make_plan(scheme, TERMINALS, CARDS)
    with running(kind, plan.write(tmp_path / "plan.json"), tmp_path / "host") as server:
        fleet = Fleet(plan, Chips(plan), server.port)
        answers = fleet.check()
        fleet.write(tmp_path / "requests", TERMINALS, 60)
        got = sample(tmp_path / "requests", server.port, server.pid, answers, seconds=5.0, warm_up=0.0)
        assert got.errors == 0, got.first_error
        assert got.all["count"] == 60 * TERMINALS
        if kind.module == HOLDFAST.module:
            assert server.audit() == "sound"


def test_iso8583sim_approves_its_own_dialect(plan_file: Path, tmp_path: Path) -> None:
    _or_skip(SIMULATOR_HOST)
    with running(SIMULATOR_HOST, plan_file, tmp_path / "host") as server:
        write_foreign(tmp_path / "requests", 2, 50)
        got = sample(tmp_path / "requests", server.port, server.pid, SIMULATOR_ANSWERS, seconds=5.0, warm_up=0.0)
        assert got.errors == 0, got.first_error
        assert got.all["count"] == 100


def test_a_host_that_approves_everything_is_not_measured(plan: Plan, chips: Chips, tmp_path: Path) -> None:
    from benchmarks.peers.holdfast_host import enrol

    host = IssuerHost(market=cn_market(security={"mac": plan.scheme}), emit=discard, directory=tmp_path)
    _, port = host.start()
    try:
        enrol(host, plan)
        host.add_rule(Rule(SetField(39, "00"), times=None))
        with pytest.raises(AssertionError, match="the same trace again is answered 00 instead of 94"):
            Fleet(plan, chips, port).check()
    finally:
        host.stop()


def test_a_delayed_answer_is_measured_apart(plan: Plan, chips: Chips, plan_file: Path, tmp_path: Path) -> None:
    with running(HOLDFAST, plan_file, tmp_path / "host", "--delay", "0.05") as server:
        fleet = Fleet(plan, chips, server.port)
        answers = fleet.check()
        fleet.write(tmp_path / "requests", TERMINALS, 8, marked_every=4)
        got = sample(tmp_path / "requests", server.port, server.pid, answers, seconds=5.0, warm_up=0.0)
        assert got.errors == 0, got.first_error
        assert got.classes[1]["count"] == 8
        assert got.classes[0]["count"] == 24
        assert got.classes[1]["min"] >= 50_000
