"""UnionPay direct POS for a library that is not ours: pyiso8583 reads whole frames, kept or fresh.

Written from facts/unionpay-pos 1 and 2, not from `protocols/iso8583/unionpay.py`: the two are held against each other.
A kept frame has hidden nibbles as F and hidden text as byte 7F; both are read as they stand.
"""

from __future__ import annotations

from typing import Any

import iso8583

LENGTH, TPDU, HEADER = 2, 5, 6  # 1.1, 1.2, 1.4


def _digits(most: int, **pad: str) -> dict[str, Any]:
    """BCD of fixed length (1.11)."""
    return {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "len_count": "nibbles", "max_len": most, **pad}


def _var_digits(width: int, most: int) -> dict[str, Any]:
    """BCD of variable length, standing left; the length counts digits (1.12, 1.13)."""
    return {**_digits(most, right_pad="0"), "len_type": width}


def _text(most: int) -> dict[str, Any]:
    """ASCII of fixed length (1.15)."""
    return {"data_enc": "ascii", "len_enc": "bcd", "len_type": 0, "max_len": most}


def _var_text(width: int, most: int) -> dict[str, Any]:
    """Text of variable length, maybe Chinese; the length counts bytes (1.13)."""
    return {"data_enc": "gb18030", "len_enc": "bcd", "len_type": width, "max_len": most}


def _binary(most: int, width: int = 0) -> dict[str, Any]:
    """Bytes, shown in hex."""
    return {"data_enc": "b", "len_enc": "bcd", "len_type": width, "max_len": most}


LL, LLL = 1, 2  # bytes of length (1.13)
SPEC: dict[str, dict[str, Any]] = {
    "h": _binary(0), "t": _binary(2), "p": _binary(8), "1": _binary(8),  # 1.10
    "2": _var_digits(LL, 19), "3": _digits(6), "4": _digits(12), "11": _digits(6),
    "12": _digits(6), "13": _digits(4), "14": _digits(4), "15": _digits(4),
    "22": _digits(3, right_pad="0"), "23": _digits(3, left_pad="0"), "25": _digits(2), "26": _digits(2),
    "32": _var_digits(LL, 11), "35": _var_digits(LL, 37), "36": _var_digits(LLL, 104),
    "37": _text(12), "38": _text(6), "39": _text(2), "41": _text(8), "42": _text(15),
    "44": _var_text(LL, 25), "48": _var_digits(LLL, 322), "49": _text(3),
    "52": _binary(8), "53": _digits(16), "54": _var_text(LLL, 40), "55": _binary(255, LLL),
    "57": _var_text(LLL, 999), "58": _binary(100, LLL), "59": _var_text(LLL, 600),
    "60": _var_digits(LLL, 17), "61": _var_digits(LLL, 29), "62": _binary(999, LLL), "63": _var_text(LLL, 163),
    "64": _binary(8),
}  # fmt: skip


def decode_frame(raw: bytes) -> dict[str, str]:
    """Every field of a whole frame by its number, binary ones in hex; `tpdu`, `header`, `t` (MTI) and `p` (bitmap) too.

    Raises ValueError when the length is wrong, and iso8583.DecodeError, a ValueError, when the message is.
    """
    if int.from_bytes(raw[:LENGTH], "big") != len(raw) - LENGTH:
        raise ValueError(f"the length says {raw[:LENGTH].hex()}, {len(raw) - LENGTH} bytes follow")
    start = LENGTH + TPDU
    decoded = _decode(raw[start + HEADER :])
    return {"tpdu": raw[LENGTH:start].hex(), "header": raw[start : start + HEADER].hex(), **decoded}


def _decode(body: bytes) -> dict[str, str]:
    """1.12: the pad nibble may be anything; pyiso8583 wants it told, so it is read from where the decoding stopped."""
    spec = dict(SPEC)
    while True:
        try:
            return dict(iso8583.decode(body, spec)[0])
        except iso8583.DecodeError as error:
            found = error.doc_enc[error.field]["data"].hex()[-1:].upper()
            if "nibbles, expecting" not in error.msg or spec[error.field].get("right_pad", found) == found:
                raise
            spec[error.field] = {**spec[error.field], "right_pad": found}
