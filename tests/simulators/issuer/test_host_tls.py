"""TLS on the host's port: real handshakes over real sockets, right ones and every wrong one in words."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protocols.faults import ConfigurationError
from simulators.issuer import IssuerHost
from simulators.issuer.limits import Limits
from simulators.issuer.testca import SPOILED, SPOILED_CLIENTS, make
from simulators.issuer.tls import ServerTls
from simulators.issuer.tlswords import highest_offered, not_tls
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import DEADLINE_S, Events

Hosts = Callable[..., IssuerHost]
ROOT = Path(__file__).parents[3]
TERMINAL = "terminal"


@pytest.fixture(scope="module")
def bench_ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ca")
    make(folder, clients=(TERMINAL,), spoiled=True)
    return folder


def server(folder: Path, name: str = "server", *, mutual: bool = False, **more: Any) -> ServerTls:
    return ServerTls(folder / f"{name}.pem", folder / f"{name}.key", folder / "ca.pem" if mutual else None, **more)


def client_context(folder: Path, certificate: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    if certificate:
        context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}.key")
    return context


def at_most(context: ssl.SSLContext, version: ssl.TLSVersion) -> ssl.SSLContext:
    """As an old terminal, which no policy of the system keeps from it."""
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSVersion"):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version
    return context


class TlsClient(RawClient):
    """A terminal on a TLS line."""

    def __init__(self, host: IssuerHost, context: ssl.SSLContext, name: str = "localhost") -> None:
        super().__init__(host.address)  # type: ignore[attr-defined]
        plain = self.socket
        try:
            self.socket = context.wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise


def not_taken(host: IssuerHost, context: ssl.SSLContext) -> None:
    """In 1.3 the client learns of it only when it reads."""
    with socket.create_connection(host.address, DEADLINE_S) as plain:  # type: ignore[attr-defined]
        refusals = pytest.raises((ssl.SSLError, ConnectionResetError))
        with refusals, context.wrap_socket(plain, server_hostname="localhost") as line:
            line.recv(1)


def refused(events: Events) -> str:
    """Reason of the one refusal, whose explanation says it too."""
    [told] = events.wait("tls refused")
    [said] = events.wait("explanation", exchange=told["exchange"])
    assert told["reason"] in said["text"]
    return str(told["reason"])


# ── what works ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_terminal_pre_authorises_over_tls(
    hosts: Hosts, bench_ca: Path, events: Events, version: ssl.TLSVersion
) -> None:
    host = hosts(tls=server(bench_ca))
    context = client_context(bench_ca)
    context.maximum_version = version
    client = TlsClient(host, context)
    client.sign_on()
    assert client.ask(client.preauth())[39] == "00"
    [told] = events.of("connected")
    assert told["tls"] == version.name.replace("v1_", "v1.")
    assert "client" not in told
    assert told["cipher"]
    client.close()
    events.wait("disconnected", connection=told["connection"])


def test_the_client_certificate_is_told_by_its_subject(hosts: Hosts, bench_ca: Path, events: Events) -> None:
    host = hosts(tls=server(bench_ca, mutual=True))
    client = TlsClient(host, client_context(bench_ca, f"client-{TERMINAL}"))
    client.sign_on()
    [told] = events.of("connected")
    assert told["client"] == f"O=Holdfast TEST, no trust outside a test bench, CN={TERMINAL}"
    client.close()


def test_a_handshake_and_a_message_that_dribble_in_are_taken(hosts: Hosts, bench_ca: Path) -> None:
    host = hosts(tls=server(bench_ca))
    taken, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_context(bench_ca).wrap_bio(taken, sent, server_hostname="localhost")
    with socket.create_connection(host.address, DEADLINE_S) as line:  # type: ignore[attr-defined]
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def until(work: Callable[[], Any]) -> Any:
            while True:
                try:
                    done = work()
                except ssl.SSLWantReadError:
                    done = None
                for byte in sent.read():
                    line.send(bytes([byte]))
                if done is not None:
                    return done
                taken.write(line.recv(4096))

        until(lambda: tls.do_handshake() or True)
        plain = RawClient(host.address)  # type: ignore[attr-defined]
        frame = plain.frame(plain.management("0820", "301"), seal=False)
        plain.close()
        tls.write(frame)
        assert until(lambda: tls.read(100))[13:15] == bytes.fromhex("0830")


def test_many_pipelined_requests_are_answered_over_tls(hosts: Hosts, bench_ca: Path) -> None:
    host = hosts(tls=server(bench_ca), limits=Limits(requests_a_turn=3))
    client = TlsClient(host, client_context(bench_ca))
    requests = [client.management("0820", "301") for _ in range(500)]
    client.send(b"".join(client.frame(r, seal=False) for r in requests))
    assert [client.reply()[11] for _ in requests] == [r[11] for r in requests]
    client.close()


def test_the_host_says_good_bye_when_it_hangs_up(hosts: Hosts, bench_ca: Path) -> None:
    host = hosts(tls=server(bench_ca))
    client = TlsClient(host, client_context(bench_ca))
    client.sign_on()
    host._call(lambda: [c.hang_up() for c in list(host._line.open_connections)])
    assert client.socket.recv(1) == b""  # a ragged end would raise
    client.close()


def test_a_terminal_that_says_good_bye_is_hung_up_on(hosts: Hosts, bench_ca: Path, events: Events) -> None:
    host = hosts(tls=server(bench_ca))
    client = TlsClient(host, client_context(bench_ca))
    client.sign_on()
    assert isinstance(client.socket, ssl.SSLSocket)
    client.socket.unwrap().close()
    events.wait("disconnected")
    assert not events.of("tls broken")


def test_a_connection_reset_by_rule_is_reset_under_tls(hosts: Hosts, bench_ca: Path) -> None:
    host = hosts(tls=server(bench_ca))
    client = TlsClient(host, client_context(bench_ca))
    client.sign_on()
    host._call(lambda: [c.reset() for c in list(host._line.open_connections)])
    with socket.socket(fileno=os.dup(client.socket.fileno())) as below, pytest.raises(ConnectionResetError):
        _ = [0 for _ in iter(lambda: below.recv(4096), b"")]
    client.close()


# ── what does not come about ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_an_older_version_is_refused_by_its_name(
    hosts: Hosts, bench_ca: Path, events: Events, version: ssl.TLSVersion
) -> None:
    host = hosts(tls=server(bench_ca))
    with pytest.raises(ssl.SSLError):
        TlsClient(host, at_most(client_context(bench_ca), version))
    named = {ssl.TLSVersion.TLSv1: "TLS 1.0", ssl.TLSVersion.TLSv1_1: "TLS 1.1"}[version]
    assert refused(events) == f"the terminal offers {named} at most, and this port takes TLS 1.2 at least"


def test_tls_1_2_is_refused_where_1_3_is_the_lowest(hosts: Hosts, bench_ca: Path, events: Events) -> None:
    host = hosts(tls=server(bench_ca, lowest="1.3"))
    context = client_context(bench_ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        TlsClient(host, context)
    assert refused(events) == "the terminal offers TLS 1.2 at most, and this port takes TLS 1.3 at least"


LAX = """
openssl_conf = lax
[lax]
ssl_conf = all
[all]
system_default = each
[each]
MinProtocol = TLSv1
CipherString = DEFAULT:@SECLEVEL=0
"""
OLD_HELLO_TO_A_LAX_SYSTEM = """
import ssl, sys, warnings
from pathlib import Path
from simulators.issuer.tls import ServerTls
warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
def shake(context):
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.set_ciphers("DEFAULT:@SECLEVEL=0")
    client.minimum_version = client.maximum_version = ssl.TLSVersion.TLSv1_1
    to, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(back, to), context.wrap_bio(to, back, server_side=True)]
    for end in ends * 4:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            return error.reason
    return ends[1].version()
lax = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
lax.minimum_version = ssl.TLSVersion.TLSv1
lax.set_ciphers("DEFAULT:@SECLEVEL=0")
lax.load_cert_chain(folder / "server.pem", folder / "server.key")
print(shake(lax), shake(ServerTls(folder / "server.pem", folder / "server.key").context()))
"""


def test_an_older_version_is_refused_even_where_the_system_would_take_it(bench_ca: Path, tmp_path: Path) -> None:
    policy = tmp_path / "openssl.cnf"
    policy.write_text(LAX)
    done = subprocess.run(
        [sys.executable, "-c", OLD_HELLO_TO_A_LAX_SYSTEM, str(bench_ca)], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "OPENSSL_CONF": str(policy), "PYTHONPATH": str(ROOT)}, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["TLSv1.1", "UNSUPPORTED_PROTOCOL"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_client_certificate_is_refused(
    hosts: Hosts, bench_ca: Path, events: Events, version: ssl.TLSVersion
) -> None:
    host = hosts(tls=server(bench_ca, mutual=True))
    context = client_context(bench_ca)
    context.maximum_version = version
    not_taken(host, context)
    assert refused(events) == "no client certificate, and this port demands one"


BAD_CLIENTS = {
    "expired": "certificate has expired", "not-yet-valid": "certificate is not yet valid",
    "other-ca": "unable to get local issuer certificate", "self-signed": "self-signed certificate",
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILED_CLIENTS)
def test_a_spoiled_client_certificate_is_refused_with_its_fault(
    hosts: Hosts, bench_ca: Path, events: Events, what: str
) -> None:
    host = hosts(tls=server(bench_ca, mutual=True))
    not_taken(host, client_context(bench_ca, f"client-{TERMINAL}-{what}"))
    assert refused(events) == f"the client certificate does not stand: {BAD_CLIENTS[what]}"


BAD_SERVERS = {
    "expired": "certificate expired", "not-yet-valid": "bad certificate", "other-ca": "unknown ca",
    "self-signed": "unknown ca",
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_SERVERS)
def test_a_certificate_of_ours_that_the_terminal_does_not_take_is_told_by_its_alert(
    hosts: Hosts, bench_ca: Path, events: Events, what: str
) -> None:
    host = hosts(tls=server(bench_ca, f"server-{what}"))
    with pytest.raises(ssl.SSLCertVerificationError):
        TlsClient(host, client_context(bench_ca))
    assert refused(events).endswith(f"(alert {BAD_SERVERS[what]})")


def test_a_terminal_refuses_the_certificate_of_another_host(hosts: Hosts, bench_ca: Path, events: Events) -> None:
    assert set(SPOILED) == {*BAD_SERVERS, "wrong-host"}
    host = hosts(tls=server(bench_ca, "server-wrong-host"))
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        TlsClient(host, client_context(bench_ca))
    assert "alert" in refused(events)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"\x00\x8a\x60" + bytes(137), "not TLS: it looks like a plain message (length 0x00 0x8A)"),
        (b"GET / HTTP/1.1\r\n\r\n", "not TLS: it looks like HTTP"),
        (b"\xde\xad\xbe\xef\x00\x00", "not TLS: it begins with 0xDE 0xAD"),
        (b"\x00", "not TLS: it begins with 0x00"),
        (b"\x16\x03\x01", "the terminal hung up within its first TLS message, 3 bytes of it came"),
        (b"", "the terminal hung up without a word"),
    ],
)
def test_what_is_no_tls_is_told_by_what_it_looks_like(
    hosts: Hosts, bench_ca: Path, events: Events, sent: bytes, told: str
) -> None:
    host = hosts(tls=server(bench_ca))
    with socket.create_connection(host.address, DEADLINE_S) as line:  # type: ignore[attr-defined]
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        assert refused(events) == told
    assert not events.of("connected")


def test_a_terminal_that_hangs_up_at_our_certificate_is_told(hosts: Hosts, bench_ca: Path, events: Events) -> None:
    host = hosts(tls=server(bench_ca))
    sent = ssl.MemoryBIO()
    tls = client_context(bench_ca).wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    with socket.create_connection(host.address, DEADLINE_S) as line:  # type: ignore[attr-defined]
        line.sendall(sent.read())
        assert line.recv(5)
    assert refused(events).startswith("the terminal hung up when it had our certificate")


def test_a_handshake_that_does_not_end_is_cut_and_others_live_on(hosts: Hosts, bench_ca: Path, events: Events) -> None:
    host = hosts(tls=server(bench_ca), limits=Limits(handshake_s=1.0))
    good = TlsClient(host, client_context(bench_ca))
    good.sign_on()
    with socket.create_connection(host.address, DEADLINE_S) as line:  # type: ignore[attr-defined]
        line.sendall(b"\x16\x03\x01\x02")
        assert line.recv(1) == b""
    assert refused(events) == "4 bytes of a handshake came within 1 s of the connect"
    assert good.ask(good.preauth())[39] == "00"
    good.close()


def test_a_handshake_that_dawdles_makes_way_when_all_places_are_taken(
    hosts: Hosts, bench_ca: Path, events: Events
) -> None:
    host = hosts(tls=server(bench_ca), limits=Limits(handshakes=2))
    mute = [socket.create_connection(host.address, DEADLINE_S) for _ in range(2)]  # type: ignore[attr-defined]
    start = time.monotonic()
    good = TlsClient(host, client_context(bench_ca))
    good.sign_on()
    assert 0.5 < time.monotonic() - start < DEADLINE_S
    assert refused(events) == "2 handshakes are under way, and this one has taken longest"
    for line in (*mute, good):
        line.close()


def test_garbage_on_a_tls_line_is_told_and_the_line_cut(hosts: Hosts, bench_ca: Path, events: Events) -> None:
    host = hosts(tls=server(bench_ca))
    client = TlsClient(host, client_context(bench_ca))
    client.sign_on()
    with socket.socket(fileno=os.dup(client.socket.fileno())) as below:
        below.sendall(bytes(40))
    [told] = events.wait("tls broken")
    assert told["connection"] == 1
    events.wait("disconnected", connection=1)
    client.close()


def test_stopping_ends_a_handshake_under_way(hosts: Hosts, bench_ca: Path) -> None:
    host = hosts(tls=server(bench_ca))
    with socket.create_connection(host.address, DEADLINE_S) as line:  # type: ignore[attr-defined]
        line.sendall(b"\x16\x03\x01")
        host.caught_up()
        host.stop()
        try:
            assert line.recv(1) == b""
        except ConnectionResetError:
            pass


def test_stopping_ends_lines_that_were_just_taken(hosts: Hosts, bench_ca: Path) -> None:
    host = hosts(tls=server(bench_ca))
    lines = []

    def take_and_stop() -> None:
        lines.extend(socket.create_connection(host.address, DEADLINE_S) for _ in range(5))  # type: ignore[attr-defined]
        port = host._line._port
        assert port._socket is not None
        port._take(port._socket)
        host._stopping.set()

    host._call(take_and_stop)
    host.stop()
    for line in lines:
        with line:
            assert line.recv(1) == b""


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("certificate", "key", "told"),
    [
        ("nowhere.pem", "server.key", "there is no "),
        ("server.pem", "client-terminal.key", "KEY_VALUES_MISMATCH"),
        ("server.key", "server.key", "are no certificate and its key"),
    ],
)
def test_files_that_are_no_certificate_and_key_are_a_fault_of_the_configuration(
    bench_ca: Path, certificate: str, key: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        ServerTls(bench_ca / certificate, bench_ca / key).context()


def test_a_client_ca_that_is_none_is_a_fault_of_the_configuration(bench_ca: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no CA"):
        ServerTls(bench_ca / "server.pem", bench_ca / "server.key", bench_ca / "server.key").context()


def test_a_key_with_a_password_is_refused_and_nobody_is_asked(bench_ca: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked.key"
    subprocess.run(
        ["openssl", "pkey", "-in", bench_ca / "server.key", "-aes256", "-passout", "pass:secret", "-out", locked],
        check=True,
    )
    with pytest.raises(ConfigurationError, match="without a password"):
        ServerTls(bench_ca / "server.pem", locked).context()


def test_openssl_itself_takes_the_certificates(bench_ca: Path) -> None:
    for name in ("server", f"client-{TERMINAL}"):
        command = ["openssl", "verify", "-x509_strict", "-CAfile", bench_ca / "ca.pem", bench_ca / f"{name}.pem"]
        assert subprocess.run(command, capture_output=True, check=True).stdout.endswith(b": OK\n")


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def hello(version: ssl.TLSVersion) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = version
    sent = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost").do_handshake()
    return sent.read()


def test_the_highest_version_is_read_from_a_real_hello_however_short_it_is_cut() -> None:
    for version, named in ((ssl.TLSVersion.TLSv1_2, "TLS 1.2"), (ssl.TLSVersion.TLSv1_3, "TLS 1.3")):
        whole = hello(version)
        assert highest_offered(whole) == named
        assert not_tls(whole) == ""
        for end in range(len(whole)):
            assert highest_offered(whole[:end]) in ("", "TLS 1.2", named)
