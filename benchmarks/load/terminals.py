"""Terminals that sign on to a server and make their requests beforehand: right MAC, PIN and cryptogram, new trace.

A request is packed once; then its card, trace, PIN block, cryptogram and MAC are put where they lie in it.
"""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.plan import Plan
from benchmarks.load.sampling import Answers
from protocols.crypto import BLOCK, TripleDes
from protocols.emv import (
    build,
    cryptogram,
    cryptogram_input,
    derive_udk,
    find,
    response_cryptogram,
    session_key,
)
from protocols.iso8583 import UNIONPAY, Frame, FrameReader, Message, WorkingKeys, compile_spec, mac_of, pack_frame
from protocols.iso8583.pin import pin_block

CODEC = compile_spec(UNIONPAY)
TPDU, HEADER = "6000060000", "613100311003"
FRAME_BYTES = 13
"""Length, TPDU and header before the message."""
BATCH = "000001"
AMOUNT, MARKED_AMOUNT = "000000010000", "000000020000"
"""F4 of ordinary requests, and of those that a behaviour rule picks out."""
DEADLINE_S = 10.0
TERMINAL_DATA = {
    "9F02": bytes.fromhex(AMOUNT), "9F03": bytes(6), "9F1A": bytes.fromhex("0156"), "95": bytes(5),
    "5F2A": bytes.fromhex("0156"), "9A": bytes.fromhex("260615"), "9C": b"\x03", "9F37": bytes.fromhex("01020304"),
    "82": bytes.fromhex("7C00"), "9F27": b"\x80", "9F33": bytes.fromhex("E0F8C8"), "9F34": bytes.fromhex("420300"),
    "9F35": b"\x22", "9F1E": b"00000001", "84": bytes.fromhex("A000000333010102"), "9F09": bytes.fromhex("0030"),
    "9F41": bytes.fromhex("00000001"),
}  # fmt: skip
CVR = bytes.fromhex("03A00000")
_CRYPTOGRAM = bytes.fromhex("9F2608")


class Chips:
    """F55 after F55, each of a card of the plan with a counter of its own; the same sequence for every server."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._dice = random.Random(8583)
        self._keys: dict[int, bytes] = {}
        self._made: list[tuple[int, bytes]] = []

    def __getitem__(self, place: int) -> tuple[int, bytes]:
        """Number of the card, and its F55."""
        while len(self._made) <= place:
            self._made.append(self._make(len(self._made)))
        return self._made[place]

    def _make(self, place: int) -> tuple[int, bytes]:
        number = self._dice.randrange(len(self._plan.cards))
        card = self._plan.cards[number]
        if number not in self._keys:
            self._keys[number] = derive_udk(bytes.fromhex(self._plan.issuer_key), card.pan, card.psn)
        atc = (place % 65_535 + 1).to_bytes(2, "big")
        values = {**TERMINAL_DATA, "9F36": atc, "9F37": place.to_bytes(4, "big")}
        values["9F26"] = cryptogram(session_key(self._keys[number], atc), cryptogram_input(values, CVR))
        values["9F10"] = bytes([7, 1, 1]) + CVR + b"\x01"
        return number, build(list(values.items()))


@dataclass
class _Terminal:
    number: str
    keys: WorkingKeys
    pin: TripleDes
    over: Callable[[bytes], bytes]
    trace: int = 0


class Fleet:
    """All terminals of a plan, signed on to one server. Raises OSError when it is not there."""

    def __init__(self, plan: Plan, chips: Chips, port: int) -> None:
        self.plan, self.port, self._chips, self._next_chip = plan, port, chips, 0
        self._clear_pins = [pin_block(card.pin, card.pan) for card in plan.cards]
        with self._line() as ask:
            self._terminals = [self._sign_on(ask, n) for n in range(len(plan.terminals))]
        self._body, self._places = self._template()

    # ── sign-on ───────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _line(self) -> Iterator[Callable[[bytes], bytes]]:
        """Asks with a body, gets the body of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), DEADLINE_S) as line:

            def ask(body: bytes) -> bytes:
                line.sendall(pack_frame(Frame(TPDU, HEADER, body)))
                reader = FrameReader()
                while chunk := line.recv(4096):
                    frames = reader.feed(chunk)
                    if frames:
                        return frames[0][FRAME_BYTES:]
                raise AssertionError("the server has hung up")

            yield ask

    def _sign_on(self, ask: Callable[[bytes], bytes], place: int) -> _Terminal:
        planned = self.plan.terminals[place]
        message: Message = {
            0: "0800", 11: "000000", 41: planned.number, 42: planned.merchant, 60: f"00{BATCH}003", 63: "01 ",
        }  # fmt: skip
        reply = CODEC.unpack(ask(CODEC.pack(message)))
        wrapped = reply.get(62)
        assert reply[39] == "00", f"the sign-on is refused: {reply[39]!r}"
        assert isinstance(wrapped, bytes)
        keys = WorkingKeys.unwrap(bytes.fromhex(planned.master_key), wrapped)
        return _Terminal(planned.number, keys, TripleDes(keys.pin), mac_of(self.plan.scheme, keys.mac).over)

    # ── requests ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _template(self) -> tuple[bytes, dict[int, int]]:
        """A packed request without its MAC, and where each field that changes lies in it."""
        marks: Message = {2: "6250947012345670", 4: "000000777777", 11: "888888", 41: "WWWWWWWW", 52: b"PINBLOCK"}
        _, chip = self._chips[0]
        message: Message = {
            0: "0100", 3: "030000", 14: "3012", 22: "051", 23: "001", 25: "06", 26: "12",
            42: self.plan.terminals[0].merchant, 49: "156", 53: "2600000000000000", 55: chip, 60: f"10{BATCH}00050",
            64: bytes(BLOCK), **marks,
        }  # fmt: skip
        body = CODEC.pack(message)[:-BLOCK]
        self._chip_bytes = len(chip)
        places = {n: body.index(v if isinstance(v, bytes) else _packed(n, v)) for n, v in {**marks, 55: chip}.items()}
        return body, places

    def body(self, place: int, *, amount: str = AMOUNT, seal: bool = True) -> bytearray:
        """The next pre-authorisation of a terminal, by the next card."""
        terminal = self._terminals[place]
        number, chip = self._chips[self._next_chip]
        self._next_chip += 1
        terminal.trace = terminal.trace % 999_999 + 1
        body = bytearray(self._body)
        for field, value in (
            (2, bytes.fromhex(self.plan.cards[number].pan)),
            (4, bytes.fromhex(amount)),
            (11, bytes.fromhex(f"{terminal.trace:06d}")),
            (41, terminal.number.encode()),
            (52, terminal.pin.encrypt(self._clear_pins[number])),
            (55, chip),
        ):
            at = self._places[field]
            body[at : at + len(value)] = value
        return self.sealed(place, body) if seal else body

    def sealed(self, place: int, body: bytearray) -> bytearray:
        """With the terminal's MAC."""
        return body + self._terminals[place].over(bytes(body))

    def write(self, path: Path, lines: int, each: int, marked_every: int = 0) -> Path:
        """The generator's file: `each` requests for each of so many terminals; every so manieth is marked, class 1."""
        head = bytes.fromhex(TPDU) + bytes.fromhex(HEADER)
        with path.open("wb") as file:
            file.write(b"HFL1" + struct.pack("<I", lines))
            for place in range(lines):
                file.write(struct.pack("<I", each))
                for number in range(each):
                    marked = bool(marked_every) and (place + number) % marked_every == 0
                    body = self.body(place, amount=MARKED_AMOUNT if marked else AMOUNT)
                    file.write(struct.pack(">BH", marked, len(head) + len(body)) + head + body)
        return path

    # ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> Answers:
        """What a right answer looks like, seen in one; and what must be refused is refused.

        Raises AssertionError for a server that does not check MAC, PIN, cryptogram or trace.
        """
        place = len(self._terminals) - 1
        with self._line() as ask:
            good = self.body(place)
            answer = ask(bytes(good))
            reply = CODEC.unpack(answer)
            assert reply[39] == "00", f"a right request is answered {reply[39]!r}"
            self._sound(place, good, answer, reply)
            for code, what, wrong in self._wrong(place, good):
                got = str(CODEC.unpack(ask(bytes(wrong)))[39])
                assert got == code, f"{what} is answered {got} instead of {code}"
        before: Message = {n: value for n, value in reply.items() if n < 39}
        trace_at = FRAME_BYTES + len(CODEC.pack({n: value for n, value in reply.items() if n < 11}))
        return Answers(
            "0110", FRAME_BYTES, FRAME_BYTES + len(CODEC.pack(before)), (FRAME_BYTES + self._places[11], trace_at, 3)
        )

    def _sound(self, place: int, request: bytearray, answer: bytes, reply: Message) -> None:
        """The answer's own MAC and cryptogram are right."""
        assert mac_of(self.plan.scheme, self._terminals[place].keys.mac).check(answer) == "valid", "its MAC is wrong"
        pan = bytes(request[self._places[2] : self._places[2] + 8]).hex()
        card = next(card for card in self.plan.cards if card.pan == pan)
        chip = bytes(request[self._places[55] : self._places[55] + self._chip_bytes])
        card_key = derive_udk(bytes.fromhex(self.plan.issuer_key), card.pan, card.psn)
        key = session_key(card_key, find(chip, "9F36") or b"")
        expected = response_cryptogram(key, find(chip, "9F26") or b"", b"00") + b"00"
        assert find(reply[55], "91") == expected, "the cryptogram of its answer is wrong"  # type: ignore[arg-type]

    def _wrong(self, place: int, good: bytearray) -> Iterator[tuple[str, str, bytearray]]:
        """Code, words and body of what must be refused."""
        yield "94", "the same trace again", good
        tampered = self.body(place)
        tampered[self._places[4] + 5] ^= 0x01
        yield "A0", "an amount changed after the MAC", tampered
        yield "99", "a PIN block of another key", self._spoiled(place, self._places[52])
        yield "59", "a changed cryptogram", self._spoiled(place, self._body.index(_CRYPTOGRAM) + len(_CRYPTOGRAM))
        yield "55", "a wrong PIN", self._with_wrong_pin(place)

    def _spoiled(self, place: int, at: int) -> bytearray:
        """A request with another byte there, under the right MAC."""
        body = self.body(place, seal=False)
        body[at] ^= 0xFF
        return self.sealed(place, body)

    def _with_wrong_pin(self, place: int) -> bytearray:
        number, _ = self._chips[self._next_chip]
        card = self.plan.cards[number]
        body = self.body(place, seal=False)
        other = f"{(int(card.pin) + 1) % 1_000_000:06d}"
        at = self._places[52]
        body[at : at + BLOCK] = self._terminals[place].pin.encrypt(pin_block(other, card.pan))
        return self.sealed(place, body)


def _packed(number: int, value: object) -> bytes:
    """A field's digits or letters as they lie in the message."""
    return str(value).encode() if number == 41 else bytes.fromhex(str(value))
