"""The virtual network: laid out as it is told, restored as it was delivered, and nothing made that nobody asked for."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.events import Event
from protocols.faults import ConfigurationError
from rigs.network.virtual import PRIMARY, SECOND, VirtualNetwork
from rigs.ports import Way
from tests.rigs.kit import DEADLINE_S


class Told(list[Event]):
    def __call__(self, event: Event) -> None:
        self.append(event)

    def shown(self) -> list[tuple[Any, Any]]:
        return [(e.fields["gateway"], e.fields["what"]) for e in self if e.fields["status"] == "shows"]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def host() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as host:
        yield host


@pytest.fixture
def network(host: socket.socket, told: Told, tmp_path: Path) -> Iterator[VirtualNetwork]:
    network = VirtualNetwork(host.getsockname(), told, tmp_path)
    yield network
    network.close()


def shakes_hands(way: Way) -> str:
    """The version that was agreed on. Raises ssl.SSLError for a host that cannot show who it is."""
    context = ssl.create_default_context(cafile=str(way.authorities))
    with (
        socket.create_connection((way.address, way.port), DEADLINE_S) as plain,
        context.wrap_socket(plain, server_hostname=way.server_name) as line,
    ):
        return str(line.version())


def test_by_itself_there_is_one_plain_gateway(network: VirtualNetwork, tmp_path: Path) -> None:
    (way,) = network.ways()
    assert (way.gateway, way.authorities) == (PRIMARY, None)
    assert list(tmp_path.iterdir()) == []


def test_an_encrypted_network_shows_what_a_terminal_may_trust(network: VirtualNetwork) -> None:
    network.encrypt()
    network.add_second()
    assert [way.gateway for way in network.ways()] == [PRIMARY, SECOND]
    assert [shakes_hands(way) for way in network.ways()] == ["TLSv1.3", "TLSv1.3"]


def test_each_gateway_has_a_name_of_its_own(network: VirtualNetwork) -> None:
    network.encrypt()
    network.add_second()
    first, second = network.ways()
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shakes_hands(Way(PRIMARY, first.address, first.port, first.authorities, second.server_name))


def test_a_name_that_nobody_knows_is_asked_of_nobody(network: VirtualNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    network.forget_name(PRIMARY)
    (way,) = network.ways()
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(way.address, way.port)
    network.behave()
    assert network.ways()[0].address == "127.0.0.1"


def test_after_a_case_everything_is_as_it_was_delivered(network: VirtualNetwork, told: Told) -> None:
    network.add_second()
    network.encrypt()
    network.show(PRIMARY, "an expired certificate")
    network.take_down(SECOND)
    network.behave()
    assert [shakes_hands(way) for way in network.ways()] == ["TLSv1.3", "TLSv1.3"]
    network.restore()
    (way,) = network.ways()
    assert way.authorities is None
    assert sorted(told.shown()[-2:]) == [(PRIMARY, "no TLS"), (SECOND, "no TLS")]
    before = len(told)
    network.restore()
    assert len(told) == before


def test_a_second_gateway_that_was_plain_once_is_encrypted_when_the_line_is(network: VirtualNetwork) -> None:
    network.add_second()
    network.restore()
    network.encrypt()
    network.add_second()
    assert [shakes_hands(way) for way in network.ways()] == ["TLSv1.3", "TLSv1.3"]


def test_a_rig_may_deliver_it_encrypted_and_with_a_second_gateway(
    host: socket.socket, told: Told, tmp_path: Path
) -> None:
    network = VirtualNetwork(host.getsockname(), told, tmp_path, encrypted=True, second=True)
    try:
        network.remove_second()
        assert len(network.ways()) == 1
        network.restore()
        assert [shakes_hands(way) for way in network.ways()] == ["TLSv1.3", "TLSv1.3"]
    finally:
        network.close()


@pytest.mark.parametrize(
    ("gateway", "what", "near"),
    [(PRIMARY, "an expird certificate", "an expired certificate"), ("third", "no TLS", "primary, second")],
)
def test_what_is_not_there_is_named_with_what_is(network: VirtualNetwork, gateway: str, what: str, near: str) -> None:
    with pytest.raises(ConfigurationError, match=near):
        network.show(gateway, what)
