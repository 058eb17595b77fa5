"""Is a request put together as it must be: its fields by the row of presence, and the parts of F48, F53, F55, F60-F63.

facts/unionpay-pos 2.1-2.7, 3.1. What a sentence says here ends "F60.2 ...": it names the part and what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from protocols.emv import TlvError, parse
from protocols.iso8583 import UnpackError
from protocols.iso8583.subfields import BatchEnd, BatchRecords, ChipUpload, Settlement
from protocols.presence import breaches, presence
from protocols.transactions import MANAGEMENT, SETTLING, Transaction
from simulators.issuer.exchange import Exchange

Fault = tuple[int, str]
"""Field number, and a reason that names the field."""

MAC_FIELD = 64
T = Transaction
_Value = TypeVar("_Value", str, bytes)


def faults(exchange: Exchange) -> list[Fault]:
    """Every breach of presence, and else every part that is wrong. F64 is left to who checks the MAC."""
    assert exchange.transaction is not None
    row = presence(exchange.transaction, "request", reversal=exchange.reversal)
    broken = breaches(exchange.message, row, unsealed=(MAC_FIELD,))
    if broken:
        return [(breach.field, str(breach)) for breach in broken]
    return [
        (number, f"F{number}{reason}")
        for number, check in _PARTS.items()
        if number in exchange.message
        for reason in check(exchange)
    ]


# ── F60, F61 ──────────────────────────────────────────────────────────────────────────────────────────────────────

_F60_ENDS = {9: "3 network management", 10: "3 network management", 15: "7 account type", 16: "7 account type"}
_WHOLE_F61 = (12, 16, 18, 29)
_DATED = frozenset({T.CANCEL, T.COMPLETION, T.ADVICE, T.INCREMENT, T.REFUND})
"""facts/unionpay-pos 2.5: they find their original by its day."""


def _f60(exchange: Exchange) -> Iterable[str]:
    """facts/unionpay-pos 2.4: parse by the length that is there."""
    size = len(exchange.text(60))
    if size < 8:
        yield f".2 batch has {max(size - 2, 0)} digits of 6"
    elif size in _F60_ENDS:
        yield f".{_F60_ENDS[size]} is cut short: {size} digits in all"
    elif exchange.transaction in MANAGEMENT | SETTLING and size < 11:
        yield ".3 network management is missing"


def _f61(exchange: Exchange) -> Iterable[str]:
    """facts/unionpay-pos 2.5"""
    size, date = len(exchange.text(61)), exchange.f61.date
    if size not in _WHOLE_F61:
        yield f" has {size} digits: its parts end at {', '.join(map(str, _WHOLE_F61))}"
    elif date and date != "0000" and not _is_day(date):
        yield f".3 date {date} is no day"
    elif exchange.transaction in _DATED and not exchange.reversal and date in ("", "0000"):
        yield ".3 date of the original is missing"


def _is_day(mmdd: str) -> bool:
    return 1 <= int(mmdd[:2]) <= 12 and 1 <= int(mmdd[2:]) <= 31


# ── F48 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_F48: Mapping[Transaction, Callable[[str], object]] = {
    T.SETTLEMENT: Settlement.parse, T.BATCH_UPLOAD: BatchRecords.parse, T.BATCH_END: BatchEnd.parse,
}  # fmt: skip
"""facts/unionpay-pos 2.3. In a financial request F48 is a placeholder that says nothing."""


def _f48(exchange: Exchange) -> Iterable[str]:
    read = _F48.get(exchange.transaction) if exchange.transaction else None
    return _read(read, exchange.text(48)) if read else ()


def _read(read: Callable[[_Value], object], value: _Value) -> Iterable[str]:
    """What a reader of the sub-fields has against a value."""
    try:
        read(value)
    except UnpackError as error:
        yield f": {str(error).partition(': ')[2]}"


# ── F53 ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _f53(exchange: Exchange) -> Iterable[str]:
    """facts/unionpay-pos 2.1"""
    digits = exchange.text(53)
    form, algorithm, track = digits[0], digits[1], digits[2]
    if form not in "012":
        yield f".1 PIN format {form} is none of 0 1 2"
    elif form == "0" and 52 in exchange.message:
        yield ".1 says that there is no PIN, F52 holds one"
    if algorithm not in "06":
        yield f".2 algorithm {algorithm} is none of 0 6: this host knows DES alone"
    if track not in "01":
        yield f".3 track encryption {track} is none of 0 1"


# ── F55 ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_ASKED = ("9F26", "9F10", "9F37", "9F36", "95", "9A", "9C", "9F02", "5F2A", "82", "9F1A", "9F03")
"""facts/unionpay-pos 2.2: what the cryptogram cannot be checked without."""
_SIZES = {
    "9F26": 8, "9F27": 1, "9F37": 4, "9F36": 2, "95": 5, "9A": 3, "9C": 1, "9F02": 6, "5F2A": 2, "82": 2, "9F1A": 2,
    "9F03": 6, "9F33": 3, "9F34": 3, "9F35": 1,
}  # fmt: skip
SCRIPT_RESULT, RESULT_BYTES = "DF31", 5
_WANTED: Mapping[Transaction, tuple[str, ...]] = {
    T.PREAUTH: _ASKED, T.SALE: _ASKED, T.BALANCE: _ASKED, T.SCRIPT_NOTICE: (SCRIPT_RESULT, "95", "9F36"),
}  # fmt: skip


def _f55(exchange: Exchange) -> Iterable[str]:
    try:
        chip = exchange.chip
    except TlvError as error:
        return [f": {error}"]
    wanted = () if exchange.reversal or exchange.transaction is None else _WANTED.get(exchange.transaction, ())
    tags = {tag for tag, _ in chip}
    return [*_tags(chip), *(f".{tag} is missing" for tag in wanted if tag not in tags)]


def _tags(chip: list[tuple[str, bytes]]) -> Iterable[str]:
    seen: set[str] = set()
    for tag, value in chip:
        if tag in seen:
            yield f".{tag} comes twice"
        seen.add(tag)
        found = len(value)
        if found != _SIZES.get(tag, found):
            yield f".{tag} has {found} bytes instead of {_SIZES[tag]}"
        if tag == SCRIPT_RESULT and (not value or found % RESULT_BYTES):
            yield f".{tag} has {found} bytes: each script's result has {RESULT_BYTES}"


# ── F62, F63 ──────────────────────────────────────────────────────────────────────────────────────────────────────

_KEY_NAMES, _AID = ("9F06", "9F22"), ("9F06",)
_LOADS = {T.CA_KEY_DOWNLOAD: _KEY_NAMES, T.IC_PARAMETER_DOWNLOAD: _AID}


def _f62(exchange: Exchange) -> Iterable[str]:
    """facts/unionpay-pos 2.6; the TLV of the downloads is a guess from common practice."""
    data = exchange.octets(62) or b""
    transaction = exchange.transaction
    if transaction in (T.TC_UPLOAD, T.CHIP_FAILURE_UPLOAD):
        yield from _read(ChipUpload.parse, data)
    elif transaction in _LOADS:
        try:
            tags = {node.tag for node in parse(data)}
        except TlvError as error:
            yield f": {error}"
            return
        yield from (f".{tag} is missing" for tag in _LOADS[transaction] if tag not in tags)


_OPERATED = frozenset({T.CASHIER_SIGN_ON, T.SETTLEMENT})


def _f63(exchange: Exchange) -> Iterable[str]:
    """facts/unionpay-pos 2.7: three characters, filled with spaces."""
    operator = exchange.text(63)
    if exchange.transaction in _OPERATED and not (len(operator) == 3 and operator.strip().isalnum()):
        yield f".1 operator has {len(operator)} characters: it is two digits and a space"


_PARTS: Mapping[int, Callable[[Exchange], Iterable[str]]] = {
    48: _f48, 53: _f53, 55: _f55, 60: _f60, 61: _f61, 62: _f62, 63: _f63,
}  # fmt: skip
