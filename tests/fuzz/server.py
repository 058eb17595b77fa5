"""Target `server`: a sequence of requests from two terminals to a real host, and what it answers, tells and books.

An input is a byte that chooses the market, and steps of twelve bytes: a request (`requests`), the same bytes again,
noise, another line, or the bench's own doing. What is held against the host, beside `world`: an answer to each
request that can be read, in order, that can be read itself; under a right MAC when the request had one; and that a good
terminal is served when all is over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from protocols.faults import ConfigurationError
from protocols.iso8583 import (
    Frame,
    KeyCheckError,
    Message,
    PackError,
    WorkingKeys,
    mac_of,
    pack_frame,
    unpack_frame,
)
from protocols.money import Money
from protocols.transactions import TRANSACTIONS, transaction_of
from tests.fuzz.calls import CODEC, Line
from tests.fuzz.harness import Target
from tests.fuzz.requests import SIGN_ON, STEP, Memory, message_of, preauth
from tests.fuzz.sequences import LONGEST, mutate, seeds, steps
from tests.fuzz.server_plants import PLANTS
from tests.fuzz.world import CARDS, DISCRETIONARY, GOOD_PAN, GOOD_TERMINAL, MARKETS, TERMINALS, World, market_of
from tests.simulators.kit import MASTER_KEY, MERCHANT

HEADER = Frame("6000060000", "613100311003", b"")
STATUSES = ("open", "lost", "restricted", "open")


class Sequence:
    """One input played to one host."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.memories = [Memory(number) for number in TERMINALS]
        self.lines: dict[tuple[int, int], Line] = {}
        self.sent: list[bytes] = []
        self.secrets = {*CARDS.values(), *(pan.encode().hex().upper() for pan in CARDS.values()), DISCRETIONARY[:11]}

    def play(self, step: bytes) -> None:
        """One step."""
        OPS[step[0] % len(OPS)](self, step)

    def close(self) -> None:
        for line in self.lines.values():
            line.close(reset=True)

    # ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def request(self, step: bytes) -> None:
        memory = self.memories[step[2] & 1]
        message = message_of(step, memory)
        block = message.get(52)
        if isinstance(block, bytes) and not block.isascii():  # else it may be a number that stands elsewhere by right
            self.secrets.add(block.hex().upper())
        try:
            raw = pack_frame(Frame(HEADER.tpdu, HEADER.header, self._sealed(step, message, memory)))
        except PackError:
            return
        self._send(step, raw)

    def _sealed(self, step: bytes, message: Message, memory: Memory) -> bytes:
        """With the MAC that the step asks for: mostly the right one, where one belongs."""
        row = transaction_of(str(message[0]), *(str(message.get(n, "")) for n in (3, 25, 60)))
        manner = step[3] % 16
        if (row is not None and not TRANSACTIONS[row].mac and manner != 15) or manner == 14 or not memory.keys:
            return CODEC.pack(message)
        keys = memory.keys[-2:][0] if manner == 13 else memory.keys[-1]
        if manner == 12:
            keys = next((m.keys[-1] for m in self.memories if m is not memory and m.keys), keys)
        body = mac_of(self.world.host.market.security.mac, keys.mac).seal(CODEC, message)
        return body[:-1] + bytes([body[-1] ^ 1]) if manner == 11 else body

    def again(self, step: bytes) -> None:
        """An earlier frame, byte for byte, maybe from another terminal's line."""
        if self.sent:
            self._send(step, self.sent[-1 - step[11] % len(self.sent)])

    def spoiled(self, step: bytes) -> None:
        """An earlier frame with a byte changed, one more, or one less."""
        raw = self.sent[-1 - step[11] % len(self.sent)] if self.sent else bytes(step)
        at = int.from_bytes(step[4:6], "big") % len(raw)
        changed = (
            raw[:at] + bytes([step[6]]) + raw[at + 1 :],
            raw[:at] + raw[at + 1 :],
            raw[:at] + step[6:9] + raw[at:],
        )
        body = changed[step[7] % 3]
        if step[8] % 4:  # the length is put right again
            body = (len(body) - 2).to_bytes(2, "big") + body[2:]
        self._send(step, body)

    def hang_up(self, step: bytes) -> None:
        """Maybe within a frame."""
        key = (step[2] & 1, step[2] >> 4 & 1)
        line = self.lines.pop(key, None)
        if line is not None:
            if step[3] % 2 and self.sent:
                line.send(self.sent[-1][: 1 + step[4] % len(self.sent[-1])])
            line.close(reset=bool(step[5] % 2))
            self.world.host.caught_up()

    def bench(self, step: bytes) -> None:
        """Something that the bench does to the host without a message."""
        host, card = self.world.host, ("credit", "debit")[step[2] & 1]
        how = step[3] % 6
        if how == 0:
            host.move_date(step[4] % 40 - 5)
        elif how == 1:
            host.set_status(card, STATUSES[step[4] % len(STATUSES)])
        elif how == 2:
            approved = [answer for memory in self.memories for _, answer in memory.approved]
            approval = str(approved[-1 - step[4] % len(approved)].get(38, "")) if approved else "000000"
            with contextlib.suppress(ConfigurationError):
                host.adjust_hold(card, approval, amount=Money(step[5] * 100), days=step[6] % 9)
        elif how == 3:
            host.offer_download({"12": "60"} if step[4] % 2 else {})
        elif how == 4:
            host.clear_rules()
        else:
            host.retire_accounts()

    # ── the line ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _send(self, step: bytes, raw: bytes) -> None:
        """At once, in segments, or with what comes next: byte 10 says."""
        self.sent.append(raw)
        key = (step[2] & 1, step[2] >> 4 & 1)
        line = self.lines.get(key)
        if line is None:
            line = self.lines[key] = Line(self.world.address)
        line.put(raw)
        manner = step[10]
        if manner % 4 != 3:
            self._flush(key, line, cuts=manner >> 6, at=manner)

    def _flush(self, key: tuple[int, int], line: Line, *, cuts: int = 0, at: int = 0) -> None:
        data, line.waiting = line.waiting, b""
        for cut in range(cuts):
            place = (at * (cut + 3)) % (len(data) + 1)
            line.send(data[:place])
            data = data[place:]
            self.world.host.caught_up()
        line.send(data)
        self.take(key, line)

    def flush_all(self) -> None:
        for key, line in list(self.lines.items()):
            self._flush(key, line)

    def take(self, key: tuple[int, int], line: Line) -> None:
        """All that is due by now."""
        due, bodies = line.due, line.bodies
        answers = line.answers()
        line.due, line.bodies = [], []
        assert len(answers) <= len(due), "more answers than requests"
        for request, body, raw in zip(due, bodies, answers, strict=False):
            self._answered(request, body, unpack_frame(raw).body)
        if line.broken:
            line.close(reset=False)
            del self.lines[key]

    # ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _answered(self, request: Message, asked: bytes, body: bytes) -> None:
        answer = CODEC.unpack(body)
        assert answer[0] == f"{int(str(request[0])) + 10:04d}", f"{request[0]} is answered by {answer[0]}"
        for number in (11, 41, 42):
            assert answer.get(number) == request.get(number), f"F{number} of the answer is another"
        code = answer.get(39)
        assert isinstance(code, str), "the answer has no code"
        memory = next((m for m in self.memories if m.number == request.get(41)), None)
        if memory is None or request.get(42) != MERCHANT:
            assert code in ("97", "12"), f"an unknown terminal is answered {code}"
            return
        self._sealed_right(request, asked, body, memory, code)
        self._remember(request, answer, memory, code)

    def _sealed_right(self, request: Message, asked: bytes, body: bytes, memory: Memory, code: str) -> None:
        row = transaction_of(str(request[0]), *(str(request.get(n, "")) for n in (3, 25, 60)))
        macs = [mac_of(self.world.host.market.security.mac, keys.mac) for keys in memory.keys[-2:]]
        sealed = {mac.check(body) for mac in macs}
        if row is None or not TRANSACTIONS[row].mac or not macs:
            assert sealed <= {"absent", "valid"} or "valid" in sealed, f"a wrong MAC under {code}"
            return
        assert "valid" in sealed, f"the answer {code} to {row} has no right MAC: {sealed}"
        authentic = "valid" in {mac.check(asked) for mac in macs}
        assert authentic or code in ("A0", "30"), f"{row} without a right MAC is answered {code}"

    def _remember(self, request: Message, answer: Message, memory: Memory, code: str) -> None:
        if request[0] == "0800" and code == "00" and isinstance(answer.get(62), bytes):
            with contextlib.suppress(KeyCheckError):
                keys = WorkingKeys.unwrap(MASTER_KEY, answer[62])  # type: ignore[arg-type]
                memory.keys.append(keys)
                self.secrets |= {key.hex().upper() for key in (keys.pin, keys.mac, keys.track) if key}
                self.secrets.add(answer[62][:8].hex().upper())  # type: ignore[union-attr]
        if str(request.get(60, ""))[8:11] == "002" and request[0] == "0820" and code == "00":
            memory.keys.clear()
        if request[0] in ("0100", "0200", "0220"):
            memory.asked.append(request)
            if code == "00" and 3 in request:
                memory.approved.append((request, answer))


OPS: tuple[Callable[[Sequence, bytes], None], ...] = (
    *[Sequence.request] * 10, Sequence.again, Sequence.again, Sequence.spoiled, Sequence.hang_up, Sequence.bench,
    Sequence.request,
)  # fmt: skip


def run(data: bytes) -> None:
    """Raises AssertionError, or whatever should not have been raised."""
    world = World(market_of(MARKETS[max(0, (data or b"\x00")[0] % 8 - 4)]))
    sequence = Sequence(world)
    try:
        for step in steps(data):
            sequence.play(step)
        sequence.flush_all()
        _good_terminal(world)
        world.check(sequence.secrets)
    except AssertionError:
        world.no_bugs()  # what it tells of itself says more than that it has hung up
        raise
    finally:
        sequence.close()
        world.close()


def _good_terminal(world: World) -> None:
    """Nothing that others did keeps a good terminal from its hold."""
    sequence = Sequence(world)
    memory = Memory(GOOD_TERMINAL)
    sequence.memories.append(memory)
    line = Line(world.address)
    try:
        for make in (SIGN_ON, preauth):
            message = make(memory, bytes(STEP))
            if make is preauth:
                message = _typed(message)
            body = sequence._sealed(bytes(STEP), message, memory)
            line.put(pack_frame(Frame(HEADER.tpdu, HEADER.header, body)))
            data, line.waiting = line.waiting, b""
            line.send(data)
            due, bodies = line.due, line.bodies
            answer = CODEC.unpack(unpack_frame(line.answers()[0]).body)
            assert answer[39] == "00", f"a good terminal is answered {answer[39]}"
            line.due, line.bodies = [], []
            sequence._answered(due[0], bodies[0], CODEC.pack(answer))
    finally:
        line.close(reset=True)


def _typed(message: Message) -> Message:
    """The same with the good card, by its number."""
    kept = {n: v for n, v in message.items() if n not in (23, 26, 52, 53, 55)}
    return {**kept, 2: GOOD_PAN, 22: "012"}


TARGET = Target(
    name="server", run=run, mutate=mutate, seeds=seeds, plants=PLANTS, longest=LONGEST, share=0.8, unit=STEP, head=1
)
