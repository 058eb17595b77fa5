"""From the answer as it was decided to bytes: sealed with the right MAC, and changed as a rule says before or after.

The message is changed first, then bytes within it, then it is sealed, and only then its seal, header and length are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from protocols.emv import TlvError, build, find, parse
from protocols.faults import ConfigurationError
from protocols.iso8583 import UNIONPAY, Codec, CodecError, Frame, Message, compile_spec, pack_frame
from protocols.iso8583.field import Encoding, Field
from simulators.issuer.actions import (
    Action,
    Differ,
    DropField,
    LengthPrefix,
    NoMac,
    NonNumeric,
    Overflow,
    ProcessingRequest,
    SetField,
    SpoilChip,
    WrongMac,
    has,
    only,
)

MAC_FIELD, MAC_BYTES, BITMAP_LAST, LENGTH_BYTES = 64, 8, 9, 2
FIELDS = UNIONPAY.by_number()
_CODEC = compile_spec(UNIONPAY)


class Seal(Protocol):
    """A MAC under one key."""

    def over(self, mab: bytes) -> bytes:
        """F64 of a message block."""


def pack_reply(codec: Codec, reply: Message, seal: Seal | None, actions: tuple[Action, ...] = ()) -> bytes:
    """The answer's message, sealed when there is a key to seal it with. Raises CodecError when it cannot be packed."""
    if not actions and seal is not None:
        body = codec.pack({**reply, MAC_FIELD: bytes(MAC_BYTES)})[:-MAC_BYTES]
        return body + seal.over(body)
    message = reply
    for action in actions:
        change = _CHANGES.get(type(action))
        if change is not None:
            message = change(message, action)
    body = codec.pack({**message, MAC_FIELD: bytes(MAC_BYTES)} if seal else message)
    body = _within(codec, body, actions)
    if seal is None:
        return body
    body = body[:-MAC_BYTES] + seal.over(body[:-MAC_BYTES])
    if has(actions, NoMac):
        return body[:BITMAP_LAST] + bytes([body[BITMAP_LAST] & 0xFE]) + body[BITMAP_LAST + 1 : -MAC_BYTES]
    if has(actions, WrongMac):
        return body[:-1] + bytes([body[-1] ^ 0x01])
    return body


def pack_answer(request: Frame, body: bytes, actions: tuple[Action, ...] = ()) -> bytes:
    """The answer's frame: the request's header with the digit that a rule asks for, and the length it asks for."""
    if not actions:
        return pack_frame(request.reply(body))
    wanted = only(actions, ProcessingRequest)
    raw = pack_frame(request.reply(body, str(wanted.digit) if wanted else ""))
    prefix = only(actions, LengthPrefix)
    if prefix is None:
        return raw
    return PREFIXES[prefix.name](len(raw) - LENGTH_BYTES).to_bytes(LENGTH_BYTES, "big") + raw[LENGTH_BYTES:]


PREFIXES: Mapping[str, Callable[[int], int]] = {
    "wrong length prefix": lambda size: size + 64,
    "short length prefix": lambda size: size - 8,
    "zero length prefix": lambda size: 0,
}

# ── changes of the message ────────────────────────────────────────────────────────────────────────────────────────


def field_value(number: int, text: str) -> str | bytes:
    """What a rule file writes, as the codec takes it: hex for a field of bytes. Raises ConfigurationError."""
    try:
        value: str | bytes = bytes.fromhex(text) if _field(number).encoding is Encoding.BINARY else text
        _CODEC.pack({0: "0110", number: value})
    except ValueError:
        raise ConfigurationError(f"F{number} holds bytes", advice="write them in hex") from None
    except CodecError as error:
        raise ConfigurationError(f"a rule cannot set this: {error}") from None
    return value


def usual_value(number: int) -> str:
    """Something that fits a field, for a rule that adds one."""
    field = _field(number)
    size = min(field.length.most, 8) if field.length.prefix_digits else field.length.most
    return {Encoding.BINARY: "00" * size, Encoding.BCD: "1" * size, Encoding.ASCII: "HOLDFAST"[:size].ljust(size, "0")}[
        field.encoding
    ]


def _field(number: int) -> Field:
    if number not in FIELDS:
        raise ConfigurationError(f"there is no F{number}", advice=f"there are {', '.join(map(str, FIELDS))}")
    return FIELDS[number]


def _set(message: Message, action: Action) -> Message:
    assert isinstance(action, SetField)
    return {**message, action.field: field_value(action.field, action.value)}


def _drop(message: Message, action: Action) -> Message:
    assert isinstance(action, DropField)
    return {number: value for number, value in message.items() if number != action.field}


OTHER_MTI = {"0110": "0210", "0210": "0110", "0230": "0210", "0410": "0210", "0810": "0830", "0830": "0810"}
OTHER_CURRENCY = "840"


def _next_digit(value: str) -> str:
    """Its last digit, one up."""
    text = value.rstrip()
    last = str((int(text[-1]) + 1) % 10) if text[-1:].isdigit() else "0"
    return (text[:-1] + last).ljust(len(value))


_DIFFERENT: Mapping[int, Callable[[str], str]] = {
    0: lambda mti: OTHER_MTI.get(mti, "0210"),
    4: lambda amount: f"{(int(amount) + 1) % 10**12:012d}",
    11: lambda trace: f"{int(trace) % 999999 + 1:06d}",
    49: lambda currency: OTHER_CURRENCY if currency != OTHER_CURRENCY else "156",
}


def _differ(message: Message, action: Action) -> Message:
    assert isinstance(action, Differ)
    value = message.get(action.field)
    if not isinstance(value, str):
        return message
    return {**message, action.field: _DIFFERENT.get(action.field, _next_digit)(value)}


def _wrong_arpc(chip: bytes) -> bytes:
    arpc = find(chip, "91") or bytes(10)
    return _without(chip, "91") + build([("91", bytes([arpc[0] ^ 0xFF]) + arpc[1:])])


def _without(chip: bytes, tag: str) -> bytes:
    return build([(node.tag, node.value) for node in parse(chip) if node.tag != tag])


_CHIP_TRICKS: Mapping[str, Callable[[bytes], bytes]] = {
    "malformed chip data": lambda chip: b"\x91\x20" + chip,  # the length says 32, less follows
    "duplicate chip tag": lambda chip: chip + build([("91", find(chip, "91") or bytes(10))]),
    "wrong ARPC": _wrong_arpc,
    "no ARPC": lambda chip: _without(chip, "91"),
}


def _spoil_chip(message: Message, action: Action) -> Message:
    assert isinstance(action, SpoilChip)
    chip = message.get(55, b"")
    assert isinstance(chip, bytes)
    try:
        spoiled = _CHIP_TRICKS[action.name](chip)
    except TlvError:  # another action made it unreadable before
        return message
    return {**message, 55: spoiled} if spoiled else _drop(message, DropField(55))


_CHANGES: Mapping[type, Callable[[Message, Action], Message]] = {
    SetField: _set,
    Differ: _differ,
    DropField: _drop,
    SpoilChip: _spoil_chip,
}

# ── changes of bytes within the message ───────────────────────────────────────────────────────────────────────────


def _within(codec: Codec, body: bytes, actions: tuple[Action, ...]) -> bytes:
    changes = [action for action in actions if isinstance(action, (Overflow, NonNumeric))]
    if not changes:
        return body
    spans = codec.spans(body)
    for action in sorted(changes, key=lambda change: -change.field):  # from the end, so that the spans stay right
        if action.field in spans:
            start, end = spans[action.field]
            body = body[:start] + _BYTES[type(action)](FIELDS[action.field], body[start:end]) + body[end:]
    return body


def _overflow(field: Field, part: bytes) -> bytes:
    """One unit more than the table has, in length and content; a field of fixed length gets the unit alone."""
    prefix, most = field.length.prefix_digits, field.length.most
    if not prefix:
        return part + part[-1:]
    stated = most + 1 if most + 1 < 10**prefix else most
    width = (stated + 1) // 2 if field.encoding is Encoding.BCD else stated
    content = part[prefix // 2 :]
    filler = b" " if field.encoding is Encoding.ASCII else b"\x00"
    return bytes.fromhex(f"{stated:0{prefix}d}") + content.ljust(width, filler)


def _non_numeric(field: Field, part: bytes) -> bytes:
    """The last whole byte has a nibble A in place of a digit."""
    return part[:-1] + bytes([part[-1] & 0x0F | 0xA0])


_BYTES: Mapping[type, Callable[[Field, bytes], bytes]] = {Overflow: _overflow, NonNumeric: _non_numeric}
