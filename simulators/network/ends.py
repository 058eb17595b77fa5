"""The gateway's end of a terminal's line, plain or TLS.

asyncio's own TLS closes a line whose handshake fails without the alert that says why; a host of the field sends it, and
a terminal may go by it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl

CHUNK = 16_384


class PlainEnd:
    """Bytes in and out. Every call may raise OSError."""

    version = ""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def take(cls, taken: socket.socket) -> PlainEnd:
        """Of a connection that was just taken."""
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(CHUNK)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, taken)
        return cls(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    async def read(self) -> bytes:
        """What comes next; empty when the terminal has hung up."""
        return await self._reader.read(CHUNK)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        """Hang up when all is sent."""
        self._writer.close()

    def abort(self) -> None:
        """Hang up at once."""
        self._writer.transport.abort()


class TlsEnd(PlainEnd):
    """A plain end, and TLS on it. `shake` comes first."""

    def __init__(self, plain: PlainEnd, context: ssl.SSLContext) -> None:
        super().__init__(plain._reader, plain._writer)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)

    async def shake(self) -> None:
        """The handshake. Raises OSError; the terminal has been told then."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._more()
            except ssl.SSLError:
                await self._flush()  # the alert
                self.close()
                raise
            else:
                await self._flush()
                self.version = str(self._tls.version() or "")
                return

    async def read(self) -> bytes:
        while True:
            try:
                return self._tls.read(CHUNK)
            except ssl.SSLWantReadError:
                data = await super().read()
                if not data:
                    return b""
                self._in.write(data)
            except ssl.SSLZeroReturnError:
                return b""

    async def write(self, data: bytes) -> None:
        self._tls.write(data)
        await self._flush()

    async def _more(self) -> None:
        data = await super().read()
        if not data:
            raise ConnectionAbortedError
        self._in.write(data)

    async def _flush(self) -> None:
        if data := self._out.read():
            await super().write(data)
