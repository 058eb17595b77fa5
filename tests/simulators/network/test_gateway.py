"""The gateway twin, with a lax client: it shows what it is to show, passes on what comes, and breaks on demand."""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError, RigFault
from protocols.iso8583 import UNIONPAY, Frame, compile_spec, pack_frame
from simulators.network import GOOD, LOOKS, Certificates, NetworkGateway
from tests.simulators.kit import DEADLINE_S, MERCHANT, TERMINAL, Events

NAME = "host.holdfast.test"
REQUEST = pack_frame(
    Frame(
        "6000060000", "613100311003", compile_spec(UNIONPAY).pack({0: "0100", 11: "000042", 41: TERMINAL, 42: MERCHANT})
    )
)
ANSWER = b"whatever the host says"


class Echoing:
    """A host that answers whatever comes with the same words, and keeps it."""

    def __init__(self) -> None:
        self.came = b""
        self.connections = 0
        self.ended = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with taken:
                try:
                    while chunk := taken.recv(4096):
                        self.came += chunk
                        taken.sendall(ANSWER)
                except OSError:
                    pass
            self.ended.release()

    def wait_for_end(self) -> None:
        assert self.ended.acquire(timeout=DEADLINE_S)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(DEADLINE_S)


@pytest.fixture
def host() -> Iterator[Echoing]:
    host = Echoing()
    yield host
    host.close()


@pytest.fixture
def gateway(host: Echoing, events: Events) -> Iterator[NetworkGateway]:
    gateway = NetworkGateway("primary", host.address, events)
    yield gateway
    gateway.close()


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def lax() -> ssl.SSLContext:
    """Takes any certificate, and any version there is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


def connect(gateway: NetworkGateway, context: ssl.SSLContext | None = None) -> socket.socket:
    plain = socket.create_connection(gateway.address, DEADLINE_S)
    return plain if context is None else context.wrap_socket(plain, server_hostname=NAME)


def statuses(events: Events) -> list[str]:
    return [str(e["status"]) for e in events.of("gateway")]


def test_what_comes_is_passed_on_and_told_by_type_and_trace(
    host: Echoing, gateway: NetworkGateway, events: Events
) -> None:
    with connect(gateway) as line:
        line.sendall(REQUEST)
        assert line.recv(100) == ANSWER
    assert host.came == REQUEST
    assert events.of("gateway") == [
        {"gateway": "primary", "status": "connected", "connection": 1, "tls": ""},
        {"gateway": "primary", "status": "passed", "connection": 1, "mti": "0100", "trace": "000042"},
    ]


def test_what_is_no_message_is_passed_on_too(host: Echoing, gateway: NetworkGateway, events: Events) -> None:
    with connect(gateway) as line:
        line.sendall(b"\x00\x00garbage")
        assert line.recv(100) == ANSWER
    assert events.of("gateway", status="passed")[0]["mti"] == "unreadable"


@pytest.mark.parametrize("look", LOOKS)
def test_a_lax_client_connects_whatever_is_shown(
    host: Echoing, gateway: NetworkGateway, certificates: Certificates, events: Events, look: str
) -> None:
    """So that a refusal is the terminal's own, and none of our end."""
    gateway.show(look, certificates.context(look, NAME))
    with connect(gateway, lax()) as line:
        line.sendall(REQUEST)
        assert line.recv(100) == ANSWER
    version = "TLSv1.1" if "1.1" in look else "TLSv1.3"
    assert events.of("gateway", status="connected")[0]["tls"] == version
    assert events.of("gateway", status="shows")[0]["what"] == look


def test_certificates_are_made_once_and_only_when_asked_for(tmp_path: Path, certificates: Certificates) -> None:
    assert [path.name for path in tmp_path.iterdir()] == [certificates.authorities.name]
    assert certificates.context(GOOD, NAME) is certificates.context(GOOD, NAME)
    with pytest.raises(ConfigurationError, match="an expired certificate"):
        certificates.context("a stale certificate", NAME)


def test_a_client_that_refuses_is_told_with_its_own_reason(
    host: Echoing, gateway: NetworkGateway, certificates: Certificates, events: Events
) -> None:
    gateway.show("an expired certificate", certificates.context("an expired certificate", NAME))
    strict = ssl.create_default_context(cafile=str(certificates.authorities))
    with pytest.raises(ssl.SSLCertVerificationError), connect(gateway, strict):
        pass
    gateway.caught_up()
    assert "CERTIFICATE_EXPIRED" in str(events.of("gateway", status="no handshake")[0]["reason"])
    assert host.came == b""


def test_plain_talk_to_a_tls_port_is_no_handshake(
    host: Echoing, gateway: NetworkGateway, certificates: Certificates, events: Events
) -> None:
    gateway.show(GOOD, certificates.context(GOOD, NAME))
    with connect(gateway) as line:
        line.sendall(REQUEST)
        gone(line)
    gateway.caught_up()
    assert statuses(events) == ["shows", "no handshake"]
    assert host.came == b""


def gone(line: socket.socket) -> None:
    """The other side has hung up, in order or by a reset."""
    try:
        while line.recv(100):
            pass
    except ConnectionError:
        pass


def test_down_hangs_up_and_refuses_and_up_is_the_same_port_again(gateway: NetworkGateway, events: Events) -> None:
    with connect(gateway) as line:
        line.sendall(REQUEST)
        assert line.recv(100) == ANSWER
        gateway.down()
        gone(line)
    with pytest.raises(ConnectionRefusedError):
        connect(gateway)
    gateway.up()
    with connect(gateway) as line:
        line.sendall(REQUEST)
        assert line.recv(100) == ANSWER
    assert [s for s in statuses(events) if s in ("down", "up")] == ["down", "up"]


def test_up_of_one_that_is_up_is_nothing(gateway: NetworkGateway, events: Events) -> None:
    gateway.up()
    assert not events.all()


def test_it_breaks_when_a_message_has_passed(host: Echoing, gateway: NetworkGateway, events: Events) -> None:
    gateway.break_after("0100")
    with connect(gateway) as line:
        line.sendall(REQUEST)
        gone(line)
    host.wait_for_end()
    assert host.came == REQUEST
    assert events.wait("gateway", status="broke")
    with pytest.raises(ConnectionRefusedError):
        connect(gateway)


def test_it_breaks_for_no_other_message(host: Echoing, gateway: NetworkGateway) -> None:
    gateway.break_after("0200")
    with connect(gateway) as line:
        line.sendall(REQUEST)
        assert line.recv(100) == ANSWER


def test_a_silent_one_takes_the_connection_and_says_nothing_until_it_is_up_again(
    host: Echoing, gateway: NetworkGateway
) -> None:
    gateway.fall_silent()
    with connect(gateway) as line:
        line.sendall(REQUEST)
        line.settimeout(0.05)
        with pytest.raises(TimeoutError):
            line.recv(100)
        gateway.up()
        line.settimeout(DEADLINE_S)
        gone(line)
    with connect(gateway) as line:
        line.sendall(REQUEST)
        assert line.recv(100) == ANSWER
    assert host.connections == 1


def test_where_no_host_is_nobody_is_connected(events: Events, certificates: Certificates) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()
    gateway = NetworkGateway("primary", nobody, events)
    try:
        gateway.show(GOOD, certificates.context(GOOD, NAME))
        with pytest.raises(OSError), connect(gateway, lax()):
            pass
        assert events.wait("gateway", status="host not reached")
    finally:
        gateway.close()


def test_after_its_end_it_says_so(host: Echoing) -> None:
    gateway = NetworkGateway("second", host.address, lambda event: None)
    threads: Callable[[], list[str]] = lambda: [t.name for t in threading.enumerate()]  # noqa: E731
    assert "gateway-second" in threads()
    gateway.close()
    gateway.close()
    assert "gateway-second" not in threads()
    with pytest.raises(RigFault, match="the second gateway does not run"):
        gateway.down()
