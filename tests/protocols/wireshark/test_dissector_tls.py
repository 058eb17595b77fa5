"""Messages within TLS: told as TLS without the keys, and read with them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from protocols.iso8583 import UNIONPAY, Frame, Message, compile_spec, describe, pack_frame
from tests.support.tshark import capture, dissect, run, stream

CODEC = compile_spec(UNIONPAY)
REQUEST: Message = {0: "0820", 11: "000123", 41: "50080001", 60: "00000001301"}
REPLY: Message = {**REQUEST, 0: "0830", 39: "00"}


def frame_of(message: Message) -> bytes:
    return pack_frame(Frame("6000060000", "613100311003", CODEC.pack(message)))


def certificate(folder: Path) -> Path:
    """One for a host that nobody checks."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "host")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    path = folder / "host.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


class End:
    """One end of a TLS connection, its bytes in memory."""

    def __init__(self, context: ssl.SSLContext, *, server: bool) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_side=server)

    def take(self, data: bytes) -> None:
        self._in.write(data)

    def shake(self) -> bytes:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self._out.read()

    def say(self, data: bytes) -> bytes:
        self.tls.write(data)
        return self._out.read()


def enciphered(folder: Path, port: int) -> tuple[bytes, Path]:
    """A capture of a request and its reply within TLS, and the file of its keys."""
    keys = folder / "keys.txt"
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(certificate(folder))
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.keylog_filename = str(keys)
    terminal, host, line = End(client, server=False), End(server, server=True), stream(port=port)
    packets = line.opened()
    for _ in range(3):
        hello = terminal.shake()
        host.take(hello)
        packets += line.said(hello, by_server=False) if hello else []
        answer = host.shake()
        terminal.take(answer)
        packets += line.said(answer, by_server=True) if answer else []
    packets += line.said(terminal.say(frame_of(REQUEST)), by_server=False)
    packets += line.said(host.say(frame_of(REPLY)), by_server=True)
    return capture(packets), keys


def test_without_the_keys_it_is_tls_and_not_malformed(tmp_path: Path) -> None:
    made, _ = enciphered(tmp_path, 8583)
    assert dissect(made, tmp_path) == []
    assert "Client Hello" in run(made, tmp_path)


def test_with_the_keys_messages_are_read_on_any_port(tmp_path: Path) -> None:
    for port in (8583, 9999):
        made, keys = enciphered(tmp_path, port)
        request, reply = dissect(made, tmp_path, "-o", f"tls.keylog_file:{keys}")
        assert request.lines == describe(REQUEST)
        assert reply.lines == describe(REPLY)
        assert reply.values["request_in"] == str(request.packet)
