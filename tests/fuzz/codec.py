"""Target `codec`: a message body, from its MTI on, read, packed, described and masked.

What is held against it: pyiso8583 under a field table written apart from ours; the table gone through field by field;
the message packed again, also with one value that may not fit; where each field lies; and that what is shown of a
message stays the same whatever its secrets are.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator

from protocols.emv import TlvError, flatten, parse
from protocols.emv.tags import TAGS
from protocols.iso8583 import (
    UNIONPAY,
    Frame,
    Message,
    PackError,
    UnpackError,
    compile_spec,
    describe,
    mask_frame,
    pack_frame,
)
from protocols.iso8583.field import Encoding, Field, Mask
from protocols.iso8583.stepwise import Stepwise
from protocols.masking import Masked
from tests.fuzz import messages, sight
from tests.fuzz.codec_plants import PLANTS
from tests.fuzz.harness import Target, changed_bytes
from tests.support.independent import decode_frame

CODEC = compile_spec(UNIONPAY)
STEPWISE = Stepwise(UNIONPAY)
"""The same table without the code that is made from it."""
FIELDS = UNIONPAY.by_number()
HEAD = 13
"""Bytes of length, TPDU and header."""
BITMAP_END = 10
LONGEST = 2048 - 11
TRACKS = (35, 36)
_DIGITS, _HEX = frozenset("0123456789"), frozenset("0123456789ABCDEF")


def run(body: bytes) -> None:
    """Raises AssertionError, or whatever should not have been raised."""
    raw = pack_frame(Frame("6000060000", "603100311003", body[:LONGEST]))
    body = body[:LONGEST]
    masked = mask_frame(raw)
    assert len(masked.raw) == len(raw), "a masked frame has another length"
    other = _other(raw)
    try:
        message = CODEC.unpack(body)
    except UnpackError:
        _refused(body, raw, masked, other)
        return
    assert other is None or other == _as_text(message, body), f"pyiso8583 reads {other}"
    assert other is not None or _pad_of_23(message, body) != "0", "pyiso8583 refuses what we take"
    spans = CODEC.spans(body)
    _lies(message, body, spans)
    assert (message, spans) == STEPWISE.read(body), "field by field it is another message"
    _packs_again(message, body, spans)
    _packs_alike(_misfit(message, body))
    _hides(message, raw, masked, spans)


def _refused(body: bytes, raw: bytes, masked: Masked, other: dict[str, str] | None) -> None:
    """`spans` says no too, nothing behind the bitmap is shown, and the other library has a reason as well."""
    try:
        CODEC.spans(body)
    except UnpackError:
        pass
    else:
        raise AssertionError("spans takes what unpack refuses")
    assert set(masked.raw[HEAD + BITMAP_END :]) <= {0xFF}, "an unreadable message is shown"
    assert other is None or not _fits(other), f"refused, but pyiso8583 reads {other}"


# ── the other library ─────────────────────────────────────────────────────────────────────────────────────────────


def _other(raw: bytes) -> dict[str, str] | None:
    try:
        return decode_frame(raw)
    except (ValueError, KeyError):  # it knows no field of this number
        return None


def _as_text(message: Message, body: bytes) -> dict[str, str]:
    fields = {str(n): v.hex().upper() if isinstance(v, bytes) else v for n, v in message.items() if n}
    head = {"tpdu": "6000060000", "header": "603100311003", "p": body[2:BITMAP_END].hex().upper()}
    return {**head, "t": str(message[0]), **fields}


def _fits(other: dict[str, str]) -> bool:
    """pyiso8583 takes any MTI and any nibble: is there one that our table does not have?"""
    if other["t"][0] != "0" or not _DIGITS.issuperset(other["t"]):
        return False
    for key, value in other.items():
        field = FIELDS.get(int(key)) if key.isdigit() else None
        if field is not None and field.encoding is Encoding.BCD:
            allowed = _HEX if field.number in TRACKS else _DIGITS
            if not allowed.issuperset(value):
                return False
    return True


def _pad_of_23(message: Message, body: bytes) -> str:
    """The one pad on the left, which pyiso8583 compares (facts/unionpay-pos 1.11, 1.12): 0 when there is none."""
    if 23 not in message:
        return "0"
    start, _ = CODEC.spans(body)[23]
    return body[start : start + 1].hex()[0]


# ── where it lies, and back again ─────────────────────────────────────────────────────────────────────────────────


def _lies(message: Message, body: bytes, spans: dict[int, tuple[int, int]]) -> None:
    assert list(spans) == sorted(n for n in message if n), "fields and spans differ"
    at = BITMAP_END
    for number, (start, end) in spans.items():
        assert start == at <= end, f"F{number} lies at {start}, the field before it ends at {at}"
        at = end
    assert at == len(body), "bytes behind the last field"


def _packs_again(message: Message, body: bytes, spans: dict[int, tuple[int, int]]) -> None:
    """The same bytes, but for pad nibbles."""
    packed = CODEC.pack(message)
    assert CODEC.unpack(packed) == message, "packed again it is another message"
    assert CODEC.spans(packed) == spans, "packed again it lies elsewhere"
    ours, theirs = bytearray(packed), bytearray(body)
    for number, (start, end) in spans.items():
        field, value = FIELDS[number], message[number]
        if field.encoding is Encoding.BCD and len(value) % 2:
            at, keep = (start, 0x0F) if number == 23 else (end - 1, 0xF0)
            ours[at] &= keep
            theirs[at] &= keep
    assert ours == theirs, "packed again it has other bytes"


def _misfit(message: Message, body: bytes) -> Message:
    """One value changed, so that it may fit no more: which and how is drawn from the bytes."""
    drawn = zlib.crc32(body)
    number = sorted(message)[drawn % len(message)]
    return {**message, number: _MISFITS[drawn // 64 % len(_MISFITS)](message[number])}  # type: ignore[dict-item]


_MISFITS: tuple[Callable[[str | bytes], object], ...] = (
    lambda value: value[:-1], lambda value: value + value[:1], lambda value: value * 2, lambda value: value[:0],
    lambda value: value.decode("latin-1") if isinstance(value, bytes) else value.encode(), lambda value: None,
    lambda value: value.replace("D", "=") if isinstance(value, str) else bytearray(value), lambda value: len(value),
    lambda value: value[:-1] + "Ａ" if isinstance(value, str) else value, lambda value: f"{value!s} ",
    lambda value: value[:-1] + "１" if isinstance(value, str) else value, lambda value: value[1:],
    lambda value: value.lower(), lambda value: value[:-1] + "\ud800" if isinstance(value, str) else value,
)  # fmt: skip


def _packs_alike(message: Message) -> None:
    """To the same bytes as field by field, or with the same error."""
    results: list[object] = []
    for pack in (CODEC.pack, STEPWISE.pack):
        try:
            results.append(pack(message))
        except PackError as error:
            results.append((error.path, error.message))
    assert results[0] == results[1], f"packed {results[0]!r:.80}, field by field {results[1]!r:.80}"


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────────


def _hides(message: Message, raw: bytes, masked: Masked, spans: dict[int, tuple[int, int]]) -> None:
    shown = describe(message)
    assert all(type(key) is str and type(value) is str for key, value in shown.items()), "not all is text"
    twin = other_secrets(message)
    if twin == message:
        return
    body = CODEC.pack(twin)
    assert describe(twin) == shown, "what is described depends on a secret"
    kept = mask_frame(pack_frame(Frame("6000060000", "603100311003", body)))
    ours, theirs = bytearray(masked.raw), bytearray(kept.raw)
    for number, (_, end) in spans.items():
        if FIELDS[number].encoding is Encoding.BCD:  # pads may differ, and are no secret
            for data in (ours, theirs):
                data[HEAD + end - 1] |= 0x0F if number != 23 else 0
                data[HEAD + end - 2] |= 0xF0 if number == 23 else 0
    assert ours == theirs, "what is kept of the frame depends on a secret"
    sight.no_card_in_text(masked.raw[HEAD:], [spans[n] for n in spans if FIELDS[n].mask is Mask.TEXT])


def other_secrets(message: Message) -> Message:
    """The same message with other secrets of the same size: what is shown of both must be the same."""
    changed = dict(message)
    for number, change in _SECRETS.items():
        if number in message:
            changed[number] = change(message, message[number])
    return changed


def _other_pan(message: Message, value: str | bytes) -> str | bytes:
    assert isinstance(value, str)
    if len(value) < 13:
        return _turned(value)
    return value[:6] + _turned(value[6:-4]) + value[-4:]


def _turned(value: str) -> str:
    return "".join(str(9 - int(digit)) for digit in value)


def _other_digits(message: Message, value: str | bytes) -> str | bytes:
    assert isinstance(value, str)
    return "".join(f"{15 - int(digit, 16):X}" for digit in value)


def _other_expiry(message: Message, value: str | bytes) -> str | bytes:
    assert isinstance(value, str)
    return _turned(value)


def _other_bytes(message: Message, value: str | bytes) -> str | bytes:
    assert isinstance(value, bytes)
    return bytes(byte ^ 0xFF for byte in value)


def _other_keys(message: Message, value: str | bytes) -> str | bytes:
    """F62 holds keys in the reply of a sign-on alone; what else it holds is told in part."""
    keys = message[0] == "0810" and str(message.get(60, ""))[8:11] in ("001", "003", "004")
    return _other_bytes(message, value) if keys else value


def _other_card_data(message: Message, value: str | bytes) -> str | bytes:
    """Each hidden tag with another value; of a PAN that is long enough the middle alone."""
    assert isinstance(value, bytes)
    try:
        nodes = list(flatten(parse(value)))
    except TlvError:
        return value
    nibbles = list(value.hex().upper())
    for node in nodes:
        if node.tag in TAGS and TAGS[node.tag].hidden and not node.children:
            for at in _hidden_nibbles(node.tag, node.value):
                place = 2 * node.offset + at
                nibbles[place] = f"{int(nibbles[place], 16) ^ 1:X}" if nibbles[place] not in "EF" else nibbles[place]
    return bytes.fromhex("".join(nibbles))


def _hidden_nibbles(tag: str, value: bytes) -> range:
    digits = len(value.hex().upper().rstrip("F"))
    if tag != "5A":
        return range(2 * len(value))
    return range(6, digits - 4) if digits >= 13 else range(digits)


_SECRETS = {
    2: _other_pan, 14: _other_expiry, 35: _other_digits, 36: _other_digits, 52: _other_bytes, 55: _other_card_data,
    62: _other_keys,
}  # fmt: skip

# ── mutants ───────────────────────────────────────────────────────────────────────────────────────────────────────


def mutate(data: bytes, dice: random.Random) -> bytes:
    """Change a field and pack the message again; what cannot be read is read as far as its bitmap."""
    try:
        message = messages.CODEC.unpack(data)
    except UnpackError:
        return changed_bytes(data, dice) if dice.random() < 0.5 else dice.choice(messages.BODIES)
    for _ in range(dice.randint(1, 3)):
        number = dice.choice(list(FIELDS))
        how = dice.randrange(8)
        if how == 0:
            message.pop(number, None)
        elif how == 1:
            message[0] = dice.choice(messages.MTIS)
        elif how == 2:
            message[60] = "00000001" + dice.choice(messages.MANAGEMENT) if dice.random() < 0.8 else "10000001000501001"
        else:
            message[number] = messages.value(FIELDS[number], dice)
    packed = messages.CODEC.pack(message)
    return _short_of_a_digit(packed, message, dice) if dice.random() < 0.3 else packed


def _short_of_a_digit(packed: bytes, message: Message, dice: random.Random) -> bytes:
    """One nibble that is no digit, or one length that is one off, in a message that is right but for it."""
    number, (start, end) = dice.choice(list(messages.CODEC.spans(packed).items()) or [(0, (0, 2))])
    field: Field | None = FIELDS.get(number)
    out = bytearray(packed)
    if field is not None and field.length.prefix_digits and dice.random() < 0.5:
        last = start + field.length.prefix_digits // 2 - 1
        out[last] = (out[last] + dice.choice((1, 255))) % 256
    else:
        at = dice.randrange(start, max(end, start + 1))
        if at < len(out):
            out[at] = out[at] & 0x0F | dice.choice(range(0xA0, 0x100, 0x10))
    return bytes(out)


def words() -> Iterator[bytes]:
    """Lengths and tags that a message is made of."""
    yield from (bytes.fromhex(mti) for mti in messages.MTIS)
    yield from (bytes.fromhex(f"{size:04d}") for size in (0, 11, 13, 17, 29, 40, 62, 163, 254, 255, 256, 322, 999))


TARGET = Target(
    name="codec", run=run, mutate=mutate, seeds=lambda: list(messages.BODIES), plants=PLANTS, longest=LONGEST,
    words=tuple(words()), share=0.6,
)  # fmt: skip
