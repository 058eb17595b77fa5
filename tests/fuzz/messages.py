"""Messages of every kind as seeds, and values that a field may or may not hold, for mutants of them."""

from __future__ import annotations

import random

from protocols.emv import build
from protocols.iso8583 import (
    F44,
    F54,
    F60,
    F61,
    F63,
    UNIONPAY,
    Balance,
    BatchEnd,
    BatchRecord,
    BatchRecords,
    CaKey,
    ChipUpload,
    Load,
    LoadQuery,
    Message,
    Settlement,
    SignOnRequest,
    TotalsRow,
    WorkingKeys,
    build_parameters,
    compile_spec,
    encrypt_track,
    unpack_frame,
)
from protocols.iso8583.field import Encoding, Field
from protocols.iso8583.subfields.f62_download import pack_entry
from protocols.iso8583.subfields.f62_parameters import switch_bytes
from protocols.transactions import TRANSACTIONS
from tests.protocols.samples import OTHER_PAN, PAN, PUBLIC, TRACK, public_frame

CODEC = compile_spec(UNIONPAY)
MANAGEMENT = sorted({form for row in TRANSACTIONS.values() for form in (row.f60_3, *row.also_f60_3)})
"""Values of F60.3."""
MTIS = sorted(
    {row.mti for row in TRANSACTIONS.values()} | {row.reply_mti for row in TRANSACTIONS.values()} | {"0400", "0410"}
)
KEY = CaKey(bytes.fromhex("A000000333"), 0xF0, "20301231", bytes(range(1, 145)))
CHIP = build([
    ("9F26", bytes.fromhex("0102030405060708")), ("9F10", bytes.fromhex("07010103A0000001")), ("9F36", b"\x00\x01"),
    ("95", bytes(5)), ("9A", bytes.fromhex("260615")), ("9F37", b"\x01\x02\x03\x04"), ("82", b"\x7c\x00"),
    ("5A", bytes.fromhex(PAN)), ("57", bytes.fromhex(TRACK + "0" * (len(TRACK) % 2))), ("5F24", b"\x30\x12\x31"),
    ("72", [("9F18", bytes(4)), ("86", bytes.fromhex("8418000004A1B2C3D4"))]), ("91", bytes(10)),
])  # fmt: skip
_MONEY: Message = {
    2: PAN, 3: "030000", 4: "000000010000", 11: "000001", 14: "3012", 22: "051", 23: "001", 25: "06", 26: "12",
    41: "50080001", 42: "309310083985008", 49: "156", 52: bytes.fromhex("0123456789ABCDEF"), 53: "2600000000000000",
    55: CHIP, 60: F60("10", "000001", "000", "5", "0", "1", "001").pack(), 64: b"0A1B2C3D",
}  # fmt: skip
_ANSWERED: Message = {
    12: "120000", 13: "0615", 15: "0615", 32: "03099988", 37: "061500000001", 38: "123456", 39: "00",
    44: F44("03080000", "03099988").pack(), 63: F63("CUP", "余额不足", f"no {PAN}", "", "谢谢").pack(),
}  # fmt: skip


def _managed(mti: str, form: str, **fields: str | bytes) -> Message:
    base: Message = {0: mti, 11: "000001", 41: "50080001", 42: "309310083985008", 60: f"00000001{form}"}
    return base | {int(name[1:]): value for name, value in fields.items()}


def _messages() -> list[Message]:
    records = BatchRecords((BatchRecord("000001", PAN, 10000), BatchRecord("000002", OTHER_PAN, 1, "01")))
    totals = Settlement(TotalsRow(10000, 1, 500, 2, "1")).pack()
    keys = WorkingKeys(bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48)))
    parameters = build_parameters({"12": "60", "20": "1", "26": switch_bytes(("sale", "completion"))})
    asked, whole = pack_entry(KEY.asked()), Load("1", (KEY.entry(),)).pack()
    return [
        {0: "0100", **_MONEY},
        {0: "0110", **_MONEY, **_ANSWERED, 54: F54((Balance("10", "02", "156", 12345),)).pack()},
        {0: "0200", **_MONEY, 35: TRACK, 36: "99" + TRACK, 61: F61("000001", "000001", "0615").pack()},
        {0: "0220", **_MONEY, 48: "0", 57: f"note {OTHER_PAN}", 58: bytes(20), 59: "A" * 255},
        {0: "0400", **{n: v for n, v in _MONEY.items() if n not in (52, 53, 26)}, 39: "98"},
        {0: "0100", **_MONEY, 22: "021", 35: encrypt_track(bytes(range(16)), TRACK), 53: "2610000000000000"},
        {0: "0620", **_MONEY, 60: "00000001951", 61: F61("000001", "000001", "0615", "00", "03080000000").pack()},
        _managed("0800", "003", f62=SignOnRequest("1234", "HF000001").pack(), f63="01 "),
        _managed("0810", "004", f39="00", f62=keys.wrap(bytes(range(16)))),
        _managed("0810", "001", f39="00", f62=WorkingKeys(bytes(8), bytes(range(8))).wrap(bytes(16))),
        _managed("0810", "360", f39="00", f62=parameters),
        _managed("0820", "372", f62=LoadQuery(3).pack()), _managed("0820", "382", f62=LoadQuery(0).pack()),
        _managed("0830", "372", f39="00", f62=Load("2", (KEY.listed(),)).pack()),
        _managed("0800", "370", f62=asked), _managed("0810", "370", f39="00", f62=whole),
        _managed("0500", "201", f48=totals, f49="156", f63="01 "),
        _managed("0510", "201", f39="00", f48=totals, f63="CUP"),
        _managed("0320", "201", f48=records.pack()), _managed("0320", "207", f48=BatchEnd(2).pack()),
        _managed("0320", "203", f62=ChipUpload("61", "00", "00", 100, "156").pack(), f55=CHIP),
        _managed("0320", "204", f62=ChipUpload("71", "00", "00", 100, "156", "22").pack()),
        {0: "0210", 62: bytes(255), 55: build([("9F1F", bytes(3)), ("DF31", bytes(245))])},
    ]  # fmt: skip


BODIES = [*(unpack_frame(public_frame(name)).body for name in PUBLIC), *map(CODEC.pack, _messages())]
"""Public messages, and one of each kind."""

_POOL: dict[int, list[str | bytes]] = {}
for _body in BODIES:
    for _number, _value in CODEC.unpack(_body).items():
        _POOL.setdefault(_number, []).append(_value)

_TEXTS = (PAN, OTHER_PAN, f"{PAN[:4]} {PAN[4:8]} {PAN[8:12]} {PAN[12:]}", "预授权完成", "谢", " ", "\x1bE1", "0", "９")
_SIZES = (0, 1, 2, 7, 8, 12, 13, 16, 19, 37, 40, 62, 82, 99, 100, 104, 127, 128, 163, 254, 255, 256, 322, 600, 999)


def value(field: Field, dice: random.Random) -> str | bytes:
    """One that fits: from the seeds, or made, of a length that something may stumble over."""
    pool = _POOL.get(field.number)
    if pool and dice.random() < 0.4:
        return dice.choice(pool)
    most = field.length.most
    fitting = [size for size in (*_SIZES, most - 1, most) if size <= most]
    size = dice.choice(fitting) if field.length.prefix_digits else most
    if field.encoding is Encoding.BINARY:
        return _tlv(size, dice) if dice.random() < 0.5 and field.length.prefix_digits else dice.randbytes(size)
    if field.encoding is Encoding.BCD:
        return _digits(field, size, dice)
    return _text(field, size, dice)


def _digits(field: Field, size: int, dice: random.Random) -> str:
    if dice.random() < 0.3:
        return (dice.choice((PAN, OTHER_PAN, "99" + PAN)) * 25)[:size]
    return "".join(dice.choices("0123456789D" if field.number in (35, 36) else "0123456789", k=size))


def _text(field: Field, size: int, dice: random.Random) -> str:
    if not field.length.prefix_digits:
        return "".join(dice.choices("0123456789 ABC", k=size))
    text = ""
    while len((text + (piece := dice.choice(_TEXTS))).encode("gb18030")) <= size:
        text += piece
    return text + "0" * (size - len(text.encode("gb18030")))


_TAGS = (
    "9F26",
    "5A",
    "57",
    "5F24",
    "5F20",
    "9F1F",
    "99",
    "72",
    "71",
    "9F06",
    "9F22",
    "DF02",
    "DF31",
    "91",
    "70",
    "9F10",
)


def _tlv(size: int, dice: random.Random) -> bytes:
    out = b""
    while True:
        tag, length = dice.choice(_TAGS), dice.choice((0, 1, 2, 5, 8, 19, 127, 128))
        inner = build([(dice.choice(_TAGS), dice.randbytes(length))])
        more = build([(tag, inner if tag in ("70", "71", "72") else dice.randbytes(length))])
        if len(out) + len(more) > size:
            return out
        out += more
