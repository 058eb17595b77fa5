"""A gateway between terminal and host: it takes connections, plain or TLS, and passes what comes on, both ways.

It can be down, be silent, or break when a message has passed. Events of kind `gateway` tell what it sees: `connected`,
`no handshake` with the reason, `passed` for each message of the terminal; and of itself: `shows`, `up`, `down`,
`silent`, `broke`.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any

from protocols.events import Channel, Emit, Event, Json
from protocols.faults import RigFault
from protocols.iso8583 import UNIONPAY, CodecError, FrameReader, compile_spec, unpack_frame
from simulators.network.ends import CHUNK, PlainEnd, TlsEnd

CALL_DEADLINE_S = 5.0
HANDSHAKE_DEADLINE_S = 10.0
MOST_CONNECTIONS = 64
"""More at once come from nobody whom a bench knows: they are hung up on."""
TURNS = 4
"""Of the loop, until a connection that waits has been taken."""
UNREADABLE = "unreadable"


class NetworkGateway:
    """One gateway, on a loopback port of its own that stays the same. All calls are safe from any thread.

    Raises RigFault when it cannot listen, or does not answer.
    """

    def __init__(self, name: str, host: tuple[str, int], emit: Emit) -> None:
        self.name = name
        self._host = host
        self._emit = emit
        self._codec = compile_spec(UNIONPAY)
        self._numbers = itertools.count(1)
        self._tls: ssl.SSLContext | None = None
        self._silent = False
        self._break_after = ""
        self._accepting: asyncio.Task[None] | None = None
        self._passing: set[asyncio.Task[None]] = set()
        self._shaking: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop
        self._stopping: asyncio.Event
        self._started: Future[tuple[str, int]] = Future()
        self._thread = threading.Thread(target=self._run, name=f"gateway-{name}", daemon=True)
        self._thread.start()
        try:
            self.address = self._started.result(CALL_DEADLINE_S)
        except (OSError, TimeoutError):
            raise RigFault(f"the {name} gateway cannot listen on loopback", component="host") from None

    # ── what it is told ───────────────────────────────────────────────────────────────────────────────────────────

    def show(self, what: str, context: ssl.SSLContext | None) -> None:
        """From the next connection on: TLS under this context, or plain. Who is connected is hung up on."""

        async def work() -> None:
            self._tls = context
            await self._hang_up()
            self._tell("shows", what=what)

        self._call(work())

    def down(self) -> None:
        """Refuse connections, hang up on everyone."""
        self._call(self._down("down"))

    def up(self) -> None:
        """Take connections and pass on what comes, as ever."""

        async def work() -> None:
            if self._accepting is None:
                self._listen(self.address)
            elif not self._silent and not self._break_after:
                return
            if self._silent:
                await self._hang_up()
            self._silent, self._break_after = False, ""
            self._tell("up")

        self._call(work())

    def fall_silent(self) -> None:
        """Take connections and say nothing to them, not even in a handshake."""

        async def work() -> None:
            self._silent = True
            await self._hang_up()
            self._tell("silent")

        self._call(work())

    def break_after(self, mti: str) -> None:
        """Go down as soon as a message of this type has passed on to the host: nothing of it comes back any more."""

        async def work() -> None:
            self._break_after = mti

        self._call(work())

    def caught_up(self) -> None:
        """Return when every handshake that was begun is over, and told."""

        async def work() -> None:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            while self._shaking:
                await asyncio.wait(set(self._shaking))

        self._call(work())

    def close(self) -> None:
        """Hang up on everyone and end the thread."""
        if self._thread.is_alive() and self._started.done():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(CALL_DEADLINE_S)

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._started.set_result(self._listen(("127.0.0.1", 0)))
        await self._stopping.wait()
        await self._down("")

    def _listen(self, address: tuple[str, int]) -> tuple[str, int]:
        listener = socket.create_server(address)
        listener.setblocking(False)
        found = listener.getsockname()
        self._accepting = self._loop.create_task(self._accept(listener))
        return str(found[0]), int(found[1])

    async def _accept(self, listener: socket.socket) -> None:
        with listener:
            while True:
                try:
                    taken, _ = await self._loop.sock_accept(listener)
                except OSError:  # it has gone again
                    continue
                if len(self._passing) >= MOST_CONNECTIONS:
                    taken.close()
                    continue
                task = self._loop.create_task(self._one(taken, next(self._numbers)))
                self._passing.add(task)
                task.add_done_callback(self._passing.discard)

    async def _down(self, told: str) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.wait({self._accepting})
            self._accepting = None
        await self._hang_up()
        if told:
            self._tell(told)

    async def _hang_up(self) -> None:
        """On everyone but the connection that this runs for."""
        others = self._passing - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        if not self._thread.is_alive():
            work.close()
            raise RigFault(f"the {self.name} gateway does not run", component="host")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            future.result(CALL_DEADLINE_S)
        except (TimeoutError, CancelledError):
            future.cancel()
            raise RigFault(f"the {self.name} gateway did not answer in time", component="host") from None

    def _tell(self, status: str, **fields: Json) -> None:
        self._emit(Event(Channel.RIG, "gateway", {"gateway": self.name, "status": status, **fields}))

    # ── one connection ────────────────────────────────────────────────────────────────────────────────────────────

    async def _one(self, taken: socket.socket, number: int) -> None:
        """To its end. The host is called first: where nobody is there, nobody is told that he is connected."""
        taken.setblocking(False)
        with taken:
            if self._silent:
                await self._say_nothing(taken)
                return
            try:
                answers, host = await asyncio.open_connection(*self._host)
            except OSError:
                self._tell("host not reached", connection=number)
                return
            try:
                terminal = await self._shake(taken, number)
                if terminal is not None:
                    await self._between(terminal, answers, host, number)
            finally:
                host.close()

    async def _say_nothing(self, taken: socket.socket) -> None:
        with suppress(OSError):
            while await self._loop.sock_recv(taken, CHUNK):
                pass

    async def _shake(self, taken: socket.socket, number: int) -> PlainEnd | None:
        over = self._loop.create_future()
        self._shaking.add(over)
        end = None
        try:
            end = await PlainEnd.take(taken)
            if self._tls is not None:
                end = TlsEnd(end, self._tls)
                async with asyncio.timeout(HANDSHAKE_DEADLINE_S):
                    await end.shake()
            self._tell("connected", connection=number, tls=end.version)
        except OSError as error:
            self._tell("no handshake", connection=number, reason=getattr(error, "reason", None) or _words(error))
            if end is not None:
                end.close()
            return None
        finally:
            self._shaking.discard(over)
            over.set_result(None)
        return end

    async def _between(
        self, terminal: PlainEnd, answers: asyncio.StreamReader, host: asyncio.StreamWriter, number: int
    ) -> None:
        back = self._loop.create_task(_pass_back(answers, terminal))
        try:
            if await self._pass_on(terminal, host, number):
                back.cancel()
                host.close()  # what has passed arrives
                await self._down("broke")
        finally:
            back.cancel()
            terminal.abort()

    async def _pass_on(self, terminal: PlainEnd, host: asyncio.StreamWriter, number: int) -> bool:
        """What the terminal sends, until it hangs up. True when it was to break here."""
        frames: FrameReader | None = FrameReader()
        with suppress(OSError):
            while chunk := await terminal.read():
                types = []
                try:
                    types = [self._passes(frame, number) for frame in frames.feed(chunk)] if frames else []
                except CodecError:
                    frames = None
                    self._tell("passed", connection=number, mti=UNREADABLE, trace="")
                host.write(chunk)
                await host.drain()
                if self._break_after and self._break_after in types:
                    self._break_after = ""
                    return True
        return False

    def _passes(self, raw: bytes, number: int) -> str:
        """Told before it goes: the host's word of it comes later."""
        try:
            message = self._codec.unpack(unpack_frame(raw).body)
        except CodecError:
            self._tell("passed", connection=number, mti=UNREADABLE, trace="")
            return UNREADABLE
        mti = str(message[0])
        self._tell("passed", connection=number, mti=mti, trace=str(message.get(11, "")))
        return mti


async def _pass_back(answers: asyncio.StreamReader, terminal: PlainEnd) -> None:
    """What the host sends; when it hangs up, so does the gateway, and a reset is passed on as an end."""
    try:
        while chunk := await answers.read(CHUNK):
            await terminal.write(chunk)
    except OSError:
        terminal.abort()
    else:
        terminal.close()


def _words(error: OSError) -> str:
    if isinstance(error, ConnectionError):
        return "the terminal left during it"
    return "it took too long" if isinstance(error, TimeoutError) else error.strerror or type(error).__name__
