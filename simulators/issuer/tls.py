"""TLS on the host's port: certificate, key and lowest version to a context, and our end of a TLS line.

asyncio's own end keeps 256 KiB a line to read into. This one reads into the buffer that all lines share, makes its TLS
state when the first byte comes, and knows from the first bytes why a handshake failed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from protocols.faults import ConfigurationError
from simulators.issuer import tlswords
from simulators.issuer.connection import Connection
from simulators.issuer.edge import READ_BYTES, Edge

LOWEST = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
SEEN_BYTES = 4096
"""Of a handshake, kept until it is over: a ClientHello, or what came in its place."""


@dataclass(frozen=True, slots=True)
class ServerTls:
    """PEM files. With `client_ca`, terminals must show a certificate of that CA."""

    certificate: Path
    key: Path
    client_ca: Path | None = None
    lowest: Literal["1.2", "1.3"] = "1.2"

    def context(self) -> ssl.SSLContext:
        """Raises ConfigurationError for files that are missing, no PEM, or no pair."""
        for file in (self.certificate, self.key, self.client_ca):
            if file is not None and not file.is_file():
                raise ConfigurationError(f"there is no {file}", advice="'holdfast tls make' makes test certificates")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = LOWEST[self.lowest]  # stated here, so no policy of the system lowers it
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except ssl.SSLError as error:
            told = f"{self.certificate} and {self.key} are no certificate and its key: {error.reason or 'no PEM'}"
            raise ConfigurationError(told, advice="both are PEM, the key without a password") from None
        if self.client_ca is not None:
            try:
                context.load_verify_locations(self.client_ca)
            except ssl.SSLError as error:
                raise ConfigurationError(f"{self.client_ca} holds no CA: {error.reason or 'no PEM'}") from None
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _no_password() -> str:
    """Asked for when the key has one: never ask a person in the middle of a run."""
    return ""


class TlsEnd(asyncio.BufferedProtocol, asyncio.Transport):
    """Stands between the transport of a socket and a `Connection`, which is made when the handshake is over."""

    __slots__ = ("_answered", "_closing", "_connection", "_context", "_edge", "_factory", "_in", "_object", "_out",
                 "_paused", "_seen", "_transport")  # fmt: skip

    def __init__(self, context: ssl.SSLContext, edge: Edge, factory: Callable[[Edge], Connection]) -> None:
        self._context = context
        self._edge = edge
        self._factory = factory
        self._connection: Connection | None = None
        self._object: ssl.SSLObject | None = None
        self._in: ssl.MemoryBIO
        self._out: ssl.MemoryBIO
        self._seen = b""
        self._transport: asyncio.Transport
        self._closing = self._paused = self._answered = False

    # ── the socket's side ─────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._edge.coming -= 1
        self._edge.handshakes.start(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._edge.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._closing:
            return
        if self._object is None:
            self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
            self._object = self._context.wrap_bio(self._in, self._out, server_side=True)
        data = self._edge.buffer[:nbytes]
        self._in.write(data)
        if self._connection is None:
            self._shake(self._object, bytes(data[: SEEN_BYTES - len(self._seen)]))
        if self._connection is not None:
            self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._connection.connection_lost(exc)
        elif not self._closing:
            self._refused(tlswords.broken_off(self._seen, self._answered))
        self._edge.handshakes.stop(self)
        self._closing = True
        self._object = self._connection = None

    def pause_writing(self) -> None:
        if self._connection is not None:
            self._connection.pause_writing()

    def resume_writing(self) -> None:
        if self._connection is not None:
            self._connection.resume_writing()

    # ── the handshake ─────────────────────────────────────────────────────────────────────────────────────────────

    def _shake(self, tls: ssl.SSLObject, data: bytes) -> None:
        self._seen += data
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError as error:
            self._flush()  # the alert that tells the terminal
            self._refused(tlswords.refusal(error, self._seen, self._context.minimum_version))
            self._transport.close()
            return
        self._flush()
        self._edge.handshakes.stop(self)
        self._seen = b""
        self._connection = self._factory(self._edge)
        self._connection.connection_made(self)

    def too_long(self) -> None:
        self._refused(tlswords.too_long(self._seen, self._edge.limits.handshake_s))
        self._transport.abort()

    def make_way(self) -> None:
        self._refused(f"{self._edge.limits.handshakes} handshakes are under way, and this one has taken longest")
        self._transport.abort()

    def _refused(self, reason: str) -> None:
        self._closing = True
        self._edge.handshakes.stop(self)
        told = {"peer": peer(self._transport.get_extra_info("peername")), "reason": reason}
        self._edge.tally.tell("tls refused", told, f"no TLS line came about: {reason}")

    # ── the connection's side ─────────────────────────────────────────────────────────────────────────────────────

    def _read(self) -> None:
        """What has come, until the connection wants no more for now."""
        while self._object is not None and self._connection is not None and not (self._closing or self._paused):
            try:
                data = self._object.read(READ_BYTES)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLError as error:
                self._broken(error)
                return
            if not data:  # it said good-bye
                self.close()
                return
            self._connection.data_received(data)
        self._flush()

    def _broken(self, error: ssl.SSLError) -> None:
        number = self._connection.number if self._connection is not None else 0
        reason = tlswords.refusal(error, b"", self._context.minimum_version)
        told = {"connection": number, "reason": reason}
        self._edge.tally.tell("tls broken", told, f"the TLS line broke: {reason}")
        self._flush()
        self.close()

    def _flush(self) -> None:
        data = self._out.read()
        if data:
            self._answered = True
            self._transport.write(data)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._object is None or self._closing or not data:
            return
        try:
            self._object.write(data)
        except ssl.SSLError as error:
            self._broken(error)
            return
        self._flush()

    def pause_reading(self) -> None:
        self._paused = True
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._paused:
            self._paused = False
            asyncio.get_running_loop().call_soon(self._resume)

    def _resume(self) -> None:
        """First what is here already."""
        if self._connection is not None and not self._closing:
            self._read()
        if not self._paused:
            self._transport.resume_reading()

    def is_reading(self) -> bool:
        return not self._paused

    def is_closing(self) -> bool:
        return self._closing or self._transport.is_closing()

    def close(self) -> None:
        """Say good-bye, let what was written arrive, and hang up."""
        if self._closing:
            return
        self._closing = True
        if self._object is not None:
            try:
                self._object.unwrap()
            except ssl.SSLError:  # the terminal's good-bye is not waited for
                pass
            self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._closing = True
        self._transport.abort()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._transport.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """`tls`: version, cipher and the client's certificate, as an event tells them; else of the socket."""
        if name != "tls" or self._object is None:
            return self._transport.get_extra_info(name, default)
        cipher, shown = self._object.cipher(), self._object.getpeercert()
        told = {"tls": self._object.version() or "", "cipher": cipher[0] if cipher else ""}
        return {**told, "client": tlswords.subject(shown)} if shown else told


def peer(name: tuple[Any, ...] | None) -> str:
    """Address and port of the other end; empty when it has gone already."""
    return f"{name[0]}:{name[1]}" if name else ""
