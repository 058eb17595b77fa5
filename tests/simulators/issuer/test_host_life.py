"""Starting, being asked from other threads, and stopping with whatever is going on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError, RigFault
from protocols.market import Market
from protocols.transactions import Transaction
from simulators.issuer import Delay, IssuerHost, Rule
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import MASTER_KEY, MERCHANT, Events

Connect = Callable[[], RawClient]


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "issuer-host"]


def test_stop_hangs_up_on_everyone_and_ends_the_thread(host: IssuerHost, connect: Connect) -> None:
    clients = [connect() for _ in range(5)]
    for client in clients:
        client.sign_on()
    host.stop()
    assert all(client.ended() for client in clients)
    assert not threads()


def test_stop_does_not_wait_for_delayed_answers(client: RawClient, host: IssuerHost, events: Events) -> None:
    host.add_rule(Rule(Delay(60_000_000), Transaction.PREAUTH, times=None))
    for _ in range(3):
        client.send(client.frame(client.preauth()))
    events.wait("decision", count=3, code="00")
    began = time.monotonic()
    host.stop()
    assert time.monotonic() - began < 3
    assert not threads()
    assert client.ended()


def test_stop_in_the_middle_of_a_request_loses_nobody(host: IssuerHost, connect: Connect) -> None:
    client = connect()
    client.sign_on()
    client.send(client.frame(client.preauth())[:60])
    host.stop()
    assert client.ended()


def test_stop_while_terminals_are_just_connecting_leaves_no_socket_open(host: IssuerHost) -> None:
    """An unclosed one would fail this test by its warning."""
    ends = []
    for _ in range(20):
        ends.append(socket.create_connection(host.address, 5))  # type: ignore[attr-defined]
    host.stop()
    for end in ends:
        end.close()
    assert not threads()


def test_stop_twice_is_once(host: IssuerHost) -> None:
    host.stop()
    host.stop()


def test_a_host_that_was_never_started_can_be_stopped(tmp_path: Path, market: Market, events: Events) -> None:
    IssuerHost(market=market, emit=events, directory=tmp_path).stop()


def test_a_taken_port_is_a_rig_fault_and_leaves_nothing_running(tmp_path: Path, market: Market, events: Events) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        host = IssuerHost(market=market, emit=events, directory=tmp_path, port=port)
        with pytest.raises(RigFault, match=str(port)):
            host.start()
    assert not threads()


def test_a_host_that_does_not_run_says_so_at_once(host: IssuerHost) -> None:
    host.stop()
    with pytest.raises(RigFault, match="does not run"):
        host.account("credit")


def test_an_answer_that_hangs_is_a_rig_fault(
    client: RawClient, host: IssuerHost, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.issuer.host.DELAY_DEADLINE_S", 0.05)
    host.add_rule(Rule(Delay(60_000_000), Transaction.PREAUTH))
    client.send(client.frame(client.preauth()))
    events.wait("decision", transaction="pre-authorisation")
    with pytest.raises(RigFault, match="in time"):
        host.wait_for_delayed()


def test_waiting_for_delayed_answers_returns_at_once_when_there_are_none(host: IssuerHost) -> None:
    host.wait_for_delayed()


def test_the_host_can_be_asked_from_many_threads(host: IssuerHost) -> None:
    seen: list[int] = []

    def work(number: int) -> None:
        host.enrol_terminal(f"{number:08d}", MERCHANT, MASTER_KEY)
        seen.append(host.account("credit").available)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert seen == [1_000_00] * 16


@pytest.mark.parametrize(("card", "status", "named"), [("debit", "lost", "debit"), ("credit", "mislaid", "mislaid")])
def test_an_unknown_card_or_status_is_named(host: IssuerHost, card: str, status: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        host.set_status(card, status)


def test_the_date_can_be_moved_and_moved_back(host: IssuerHost, events: Events) -> None:
    today = host.now().date()
    host.move_date(31)
    host.move_date(-31)
    assert [e["date"] for e in events.of("date")][-1] == today.isoformat()


def test_many_terminals_at_once_each_get_their_own_answers(host: IssuerHost, connect: Connect) -> None:
    first = connect()
    first.sign_on()
    clients = [first] + [connect() for _ in range(7)]
    for place, client in enumerate(clients):
        client.keys = first.keys
        client._traces = iter(range(1000 * (place + 1), 1000 * (place + 1) + 100))  # type: ignore[assignment]
    sent = [[client.preauth(f4="000000000100") for _ in range(5)] for client in clients]
    for messages, client in zip(sent, clients, strict=True):
        client.send(b"".join(client.frame(m) for m in messages))
    for messages, client in zip(sent, clients, strict=True):
        assert [client.reply()[11] for _ in messages] == [m[11] for m in messages]
    assert host.account("credit").held == 40 * 100
