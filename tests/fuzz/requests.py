"""Requests of a terminal, right or a little wrong: what a step of a fuzzed sequence sends.

A step is `STEP` bytes. It chooses a kind, a card and up to two changes of fields; the message is sealed after them, so
that what is wrong goes as deep as it can.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from protocols.emv import build, cryptogram, cryptogram_input, derive_udk, session_key
from protocols.iso8583 import (
    F61,
    UNIONPAY,
    BatchEnd,
    BatchRecord,
    BatchRecords,
    ChipUpload,
    LoadQuery,
    Message,
    Settlement,
    SignOnRequest,
    TotalsRow,
    WorkingKeys,
    build_parameters,
    encrypt_pin,
)
from protocols.iso8583.subfields.f62_download import pack_entry
from tests.fuzz import messages
from tests.fuzz.world import CARDS, DISCRETIONARY, profile
from tests.simulators.issuer.client import AIP, ATC, CVR, FOLLOW_UPS, TERMINAL_DATA
from tests.simulators.kit import MERCHANT

FIELDS = UNIONPAY.by_number()
NUMBERS = tuple(FIELDS)
STEP = 12
PIN, WRONG_PIN = "123456", "654321"
AMOUNTS = ("000000010000", "000000000000", "000000000001", "000000011500", "000000011501", "000000100000",
           "000000005000", "000000100001", "000000099999", "999999999999")  # fmt: skip
UNKNOWN_PAN = "6224242900000998"
PANS = (CARDS["credit"], CARDS["debit"], CARDS["credit"], UNKNOWN_PAN)
TAKES_A_PART = "1"
"""F60.6"""
NO_KEYS = WorkingKeys(bytes(range(16)), bytes(range(16, 32)))


@dataclass
class Memory:
    """What a terminal remembers: its keys, and what it asked and was answered."""

    number: str
    keys: list[WorkingKeys] = field(default_factory=list)
    asked: list[Message] = field(default_factory=list)
    approved: list[tuple[Message, Message]] = field(default_factory=list)
    trace: int = 0

    def next_trace(self) -> str:
        self.trace += 1
        return f"{self.trace:06d}"


def message_of(step: bytes, memory: Memory) -> Message:
    """The message of a step, changed as it says."""
    kind = KINDS[step[1] % len(KINDS)]
    message = kind(memory, step)
    for at in (4, 7):
        change(message, step[at], step[at + 1], step[at + 2])
    return message


# ── kinds ─────────────────────────────────────────────────────────────────────────────────────────────────────────

Kind = Callable[[Memory, bytes], Message]


def _pan(step: bytes) -> str:
    return PANS[step[2] >> 2 & 3]


@cache
def chip_of(pan: str) -> bytes:
    """F55 with a right cryptogram."""
    card = profile()
    key = session_key(derive_udk(bytes.fromhex(card.test_master_key), pan, card.psn), ATC)
    values = {**TERMINAL_DATA, "82": AIP, "9F36": ATC}
    values["9F26"] = cryptogram(key, cryptogram_input(values, CVR))
    values["9F10"] = bytes([7, 1, 1]) + CVR + b"\x01"
    return build(list(values.items()))


def _money(memory: Memory, step: bytes, **changes: Any) -> Message:
    """By chip, with a PIN that is wrong in every eighth step; in another eighth it takes a part of the amount."""
    pan, keys = _pan(step), (memory.keys or [NO_KEYS])[-1]
    pin = WRONG_PIN if step[11] % 8 == 7 else PIN
    message: Message = {
        0: "0100", 2: pan, 3: "030000", 4: AMOUNTS[0], 11: memory.next_trace(), 14: "3012", 22: "051", 23: "001",
        25: "06", 26: "12", 41: memory.number, 42: MERCHANT, 49: "156", 52: encrypt_pin(keys.pin, pin, pan),
        53: "2600000000000000", 55: chip_of(pan), 60: "1000000100050",
    }  # fmt: skip
    made = _with(message, changes)
    return {**made, 60: f"{made[60]}{TAKES_A_PART}"} if step[11] % 8 == 5 else made


def _with(message: Message, changes: dict[str, Any]) -> Message:
    merged = message | {int(name[1:]): value for name, value in changes.items()}
    return {number: value for number, value in merged.items() if value is not None}


def preauth(memory: Memory, step: bytes) -> Message:
    return _money(memory, step)


def swiped(memory: Memory, step: bytes) -> Message:
    track = f"{_pan(step)}D30122010{DISCRETIONARY[: 37 - 10 - len(_pan(step))]}"
    stripe: dict[str, str | None] = dict.fromkeys(("f2", "f14", "f23", "f26", "f52", "f53", "f55"))
    return _money(memory, step, **{**stripe, "f22": "022", "f35": track})


def sale(memory: Memory, step: bytes) -> Message:
    return _money(memory, step, f0="0200", f3="000000", f25="00", f60="2200000100050")


def balance(memory: Memory, step: bytes) -> Message:
    return _money(memory, step, f0="0200", f3="310000", f25="00", f4=None, f60="0100000100050")


def offline_sale(memory: Memory, step: bytes) -> Message:
    return _money(memory, step, f0="0220", f3="000000", f25="00", f26=None, f52=None, f53=None, f60="3000000100050")


def follow_up(name: str) -> Kind:
    """About something that was approved, or about nothing when nothing was."""
    mti, f3, f25, f60, named = FOLLOW_UPS[name]

    def make(memory: Memory, step: bytes) -> Message:
        known = memory.approved[-1 - step[11] % len(memory.approved)] if memory.approved else None
        asked, answer = known or ({2: _pan(step), 4: AMOUNTS[0]}, {11: "000001", 13: "0615", 37: "0" * 12, 38: "1" * 6})
        message: Message = {
            0: mti, 2: asked.get(2, _pan(step)), 3: f3, 4: asked.get(4, AMOUNTS[0]), 11: memory.next_trace(),
            14: "3012",
            22: "012", 25: f25, 41: memory.number, 42: MERCHANT, 49: "156", 60: f"{f60}00000100050",
            61: f"000000000000{answer.get(13, '0615')}",
        }  # fmt: skip
        if named == "code":
            message[38] = answer.get(38, "000000")
        if named in ("trace", "reference"):
            message[37] = answer.get(37, "0" * 12)
        if named in ("trace", "booking"):
            message[61] = f"000001{answer.get(11, '000001')}{answer.get(13, '0615')}"
        return message

    return make


_UNDONE = (2, 3, 4, 11, 14, 22, 25, 41, 42, 49, 60)


def reversal(memory: Memory, step: bytes) -> Message:
    """Of one of the last requests that moved money."""
    if not memory.asked:
        return _money(memory, step)
    request = memory.asked[-1 - step[11] % min(len(memory.asked), 4)]
    kept = {n: v for n, v in request.items() if n in _UNDONE}
    message: Message = {**kept, 0: "0400", 39: ("98", "96", "A0", "06")[step[11] % 4]}
    if 61 in request:
        message[61] = f"000001{request.get(11, '000001')}0000"
    return message


def managed(mti: str, form: str, **fields: str | bytes) -> Kind:
    """A message without money."""

    def make(memory: Memory, step: bytes) -> Message:
        message: Message = {0: mti, 11: memory.next_trace(), 41: memory.number, 42: MERCHANT, 60: f"00000001{form}"}
        return {**message, **{int(name[1:]): value for name, value in fields.items()}}

    return make


def script_notice(memory: Memory, step: bytes) -> Message:
    chip = build([("DF31", bytes(5)), ("95", bytes(5)), ("9F36", ATC)])
    notice = _money(memory, step, f0="0620", f3=None, f14=None, f25=None, f26=None, f52=None, f53=None,
                    f60="00000001951", f37="0" * 12, f61=F61("000001", "000001", "0615").pack())  # fmt: skip
    return {**notice, 55: chip}


def public(memory: Memory, step: bytes) -> Message:
    """A message of somebody else's, with this terminal's number."""
    message = messages.CODEC.unpack(messages.BODIES[step[11] % len(messages.BODIES)])
    message.pop(64, None)
    return {**message, 41: memory.number, 42: MERCHANT}


_RECORDS = BatchRecords((BatchRecord("000001", CARDS["credit"], 10000),)).pack()
_TOTALS = Settlement(TotalsRow(10000, 1)).pack()
SIGN_ON = managed("0800", "003", f63="01 ")
KINDS: tuple[Kind, ...] = (
    SIGN_ON, preauth, preauth, preauth, swiped, sale, sale, balance, offline_sale, reversal, reversal, reversal,
    *map(follow_up, FOLLOW_UPS), follow_up("completion"), follow_up("cancel"),
    managed("0800", "001", f63="01 "), managed("0800", "004", f62=SignOnRequest("1234", "HF000001").pack()),
    managed("0820", "002"), managed("0820", "301"), managed("0820", "401", f63="01 "),
    managed("0820", "362", f62=build_parameters({"01": "1", "04": "0"})), managed("0800", "360"),
    managed("0800", "361"),
    managed("0820", "372", f62=LoadQuery(0).pack()), managed("0800", "370", f62=pack_entry(messages.KEY.asked())),
    managed("0800", "371"), managed("0820", "382", f62=LoadQuery(1).pack()),
    managed("0800", "380", f62=pack_entry((("9F06", bytes.fromhex("A000000333010102")),))), managed("0800", "381"),
    managed("0500", "201", f48=_TOTALS, f49="156", f63="01 "),
    managed("0500", "201", f48="0" * 62, f49="156", f63="01 "),
    managed("0320", "201", f48=_RECORDS), managed("0320", "207", f48=BatchEnd(1).pack()),
    managed("0320", "202", f48=BatchEnd(1).pack()),
    managed("0320", "203", f62=ChipUpload("61", "00", "00", 1, "156").pack()),
    managed("0320", "204", f62=ChipUpload("71", "00", "00", 1, "156", "22").pack()), script_notice, public,
)  # fmt: skip

KIND_OF = {
    "reversal": KINDS.index(reversal), "preauth": KINDS.index(preauth),
    **{name: 12 + place for place, name in enumerate(FOLLOW_UPS)},
}  # fmt: skip
"""Where the kinds stand that a seed asks for by name."""

# ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────────

_HOWS, ANOTHER_AMOUNT = 12, 7


def change(message: Message, which: int, how: int, arg: int) -> None:
    """Change one field in place. `how` 0 to 3 changes nothing: most steps are to be right."""
    number = NUMBERS[which % len(NUMBERS)]
    how %= _HOWS
    present = sorted(n for n in message if n) or [11]
    if how == 4:
        message.pop(present[which % len(present)], None)
    elif how == 5:
        message[number] = messages.value(FIELDS[number], random.Random(arg))
    elif how == 6:
        mine = present[which % len(present)]
        message[mine] = messages.value(FIELDS[mine], random.Random(arg))
    elif how == ANOTHER_AMOUNT:
        message[4] = AMOUNTS[arg % len(AMOUNTS)]
    elif how == 8:
        mine = present[which % len(present)]
        message[mine] = _nearly(message[mine], arg)
    elif how == 9:
        message[60] = str(message.get(60, ""))[: arg % 18].ljust(arg // 18 % 18, "0")[:17]
    elif how == 10:
        message[0] = messages.MTIS[arg % len(messages.MTIS)]
    elif how == 11:
        message[number] = _digits_of(number, PANS[arg % len(PANS)])


def _nearly(value: str | bytes, arg: int) -> str | bytes:
    """One unit changed, one less, or one more."""
    if not value or arg % 3 == 2:
        return value + value[-1:]
    if arg % 3 == 1:
        return value[:-1]
    at = arg // 3 % len(value)
    if isinstance(value, bytes):
        return value[:at] + bytes([value[at] ^ 1 << arg % 8]) + value[at + 1 :]
    return value[:at] + str((int(value[at]) + 1) % 10 if value[at] in "0123456789" else 0) + value[at + 1 :]


def _digits_of(number: int, pan: str) -> str | bytes:
    """A card number, or a part of it, where it does not belong."""
    one = FIELDS[number]
    most = one.length.most if one.length.prefix_digits else 0
    if one.encoding.name == "BINARY":
        return (pan.encode() + bytes.fromhex(pan + "0" * (len(pan) % 2)))[: one.length.most].ljust(
            0 if most else one.length.most, b"\x00"
        )
    return pan[:most] if most else pan[: one.length.most].rjust(one.length.most, "0")
