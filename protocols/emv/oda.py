"""Offline data authentication: what is signed, and how it is proved. EMV Book 2, 5.4, 6.5 and 6.6; Book 3, 10.3."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha1
from hmac import compare_digest
from typing import NamedTuple

from protocols.emv.certificates import PADDING, SHA_1, AuthenticationFailed, Reason, sealed, unsealed
from protocols.emv.rsa import RsaPrivate, RsaPublic
from protocols.emv.tlv import Tlv, TlvError, parse

STATIC, DYNAMIC = 0x03, 0x05
"""Formats of signed data. EMV Book 2, 5.4, table 6; 6.5.2, table 15"""
RECORD_TEMPLATE, AIP, SIGNED_DYNAMIC = "70", b"\x82", "9F4B"
LAST_OPEN_FILE = 10
"""Of files 1 to 10 the record's template is not signed, what it holds is. EMV Book 3, 10.3"""
SHORTEST_NUMBER, LONGEST_NUMBER = 2, 8
"""Of an ICC dynamic number. EMV Book 2, 6.5.1"""

_SSAD, _SDAD = "signed static application data", "signed dynamic application data"
_FIXED = 1 + 1 + 1 + 20 + 1
"""Header, format, algorithm, hash and trailer."""


class Combined(NamedTuple):
    """What a card signs together with its cryptogram. EMV Book 2, 6.6.1, table 19"""

    number: bytes
    cid: int
    cryptogram: bytes
    transaction_hash: bytes


def static_data(records: Iterable[tuple[int, bytes]], tag_list: bytes | None, aip: bytes) -> bytes:
    """Static data to be authenticated: short file identifier and whole record of each that the AFL marks, in its order,
    then the AIP if tag 9F4A asks for it. EMV Book 3, 10.3. Raises AuthenticationFailed."""
    signed = b"".join(_signed_part(sfi, record) for sfi, record in records)
    if tag_list and tag_list != AIP:  # EMV Book 3, 10.3: the list may hold the tag of the AIP alone
        raise AuthenticationFailed("static data", Reason.TAG_LIST)
    return signed + aip if tag_list else signed


def _signed_part(sfi: int, record: bytes) -> bytes:
    try:
        nodes = parse(record)
    except TlvError:
        nodes = []
    if [node.tag for node in nodes] != [RECORD_TEMPLATE]:
        raise AuthenticationFailed("static data", Reason.RECORD)
    return nodes[0].value if sfi <= LAST_OPEN_FILE else record


def sign_static(issuer_private: RsaPrivate, static: bytes, code: bytes) -> bytes:
    """Tag 93; `code` is the data authentication code of two bytes. EMV Book 2, 5.1, table 3"""
    padding = bytes([PADDING]) * (issuer_private.size - _FIXED - len(code))
    return sealed(STATIC, issuer_private, bytes([SHA_1]) + code + padding, static)


def check_static(issuer_key: RsaPublic, signed: bytes, static: bytes) -> bytes:
    """The data authentication code, 9F45, of tag 93. EMV Book 2, 5.4. Raises AuthenticationFailed."""
    code = _supported(_SSAD, unsealed(_SSAD, STATIC, issuer_key, signed, static))[:2]
    if len(code) < 2:
        raise AuthenticationFailed(_SSAD, Reason.LENGTH)
    return code


def sign_dynamic(card_private: RsaPrivate, number: bytes, ddol_data: bytes) -> bytes:
    """Tag 9F4B in answer to INTERNAL AUTHENTICATE. EMV Book 2, 6.5.1"""
    return _sign(card_private, bytes([len(number)]) + number, ddol_data)


def check_dynamic(card_key: RsaPublic, signed: bytes, ddol_data: bytes) -> bytes:
    """The ICC dynamic number, 9F4C. EMV Book 2, 6.5.2. Raises AuthenticationFailed."""
    return _number(_dynamic(card_key, signed, ddol_data))


def sign_combined(
    card_private: RsaPrivate, number: bytes, cid: int, cryptogram: bytes, transaction: bytes, unpredictable: bytes
) -> bytes:
    """Tag 9F4B in answer to GENERATE AC. EMV Book 2, 6.6.1"""
    dynamic = bytes([len(number)]) + number + bytes([cid]) + cryptogram + _sha1(transaction)
    return _sign(card_private, dynamic, unpredictable)


def recover_combined(card_key: RsaPublic, signed: bytes, unpredictable: bytes) -> Combined:
    """What tag 9F4B says of the cryptogram, its own hash proved. EMV Book 2, 6.6.2, steps 1 to 9.

    Raises AuthenticationFailed.
    """
    dynamic = _dynamic(card_key, signed, unpredictable)
    number = _number(dynamic)
    rest = dynamic[1 + len(number) :]
    if len(rest) < 1 + 8 + 20:
        raise AuthenticationFailed(_SDAD, Reason.LENGTH)
    return Combined(number, rest[0], rest[1:9], rest[9:29])


def check_combined(card_key: RsaPublic, signed: bytes, unpredictable: bytes, cid: int, transaction: bytes) -> Combined:
    """The cryptogram of tag 9F4B, with what the card said in clear held against it. EMV Book 2, 6.6.2.

    `cid` is tag 9F27 of the answer. Raises AuthenticationFailed.
    """
    combined = recover_combined(card_key, signed, unpredictable)
    if combined.cid != cid:  # step 6
        raise AuthenticationFailed(_SDAD, Reason.CRYPTOGRAM_INFORMATION)
    if not compare_digest(_sha1(transaction), combined.transaction_hash):  # steps 10 to 12
        raise AuthenticationFailed(_SDAD, Reason.TRANSACTION)
    return combined


def transaction_data(pdol_data: bytes, cdol1_data: bytes, response_data: bytes, cdol2_data: bytes = b"") -> bytes:
    """What the transaction data hash covers: the values that the card was given by its lists, and the objects of its
    answer (template 77) in their order but the signature. EMV Book 2, 6.6.1. Raises TlvError."""
    return pdol_data + cdol1_data + cdol2_data + _without_signature(response_data)


def _without_signature(response_data: bytes) -> bytes:
    template = parse(response_data)[0]
    at, kept = template.offset, b""
    for node in template.children:
        end = node.offset + len(node.value)
        if node.tag != SIGNED_DYNAMIC:
            kept += _whole(response_data, at, node)
        at = end
    return kept


def _whole(data: bytes, start: int, node: Tlv) -> bytes:
    """Tag, length and value as they lie in the data, without the filling before them."""
    return data[start : node.offset + len(node.value)].lstrip(b"\x00")


def _sign(card_private: RsaPrivate, dynamic: bytes, terminal: bytes) -> bytes:
    padding = bytes([PADDING]) * (card_private.size - _FIXED - 1 - len(dynamic))
    return sealed(DYNAMIC, card_private, bytes([SHA_1, len(dynamic)]) + dynamic + padding, terminal)


def _dynamic(card_key: RsaPublic, signed: bytes, terminal: bytes) -> bytes:
    """The ICC dynamic data. EMV Book 2, 6.5.2, table 15"""
    content = _supported(_SDAD, unsealed(_SDAD, DYNAMIC, card_key, signed, terminal))
    if not content or content[0] >= len(content):
        raise AuthenticationFailed(_SDAD, Reason.LENGTH)
    return content[1 : 1 + content[0]]


def _supported(what: str, content: bytes) -> bytes:
    """What follows the hash algorithm, if that is known."""
    if content[:1] != bytes([SHA_1]):
        raise AuthenticationFailed(what, Reason.ALGORITHM)
    return content[1:]


def _number(dynamic: bytes) -> bytes:
    size = dynamic[0] if dynamic else 0
    if not SHORTEST_NUMBER <= size <= LONGEST_NUMBER or len(dynamic) < 1 + size:  # EMV Book 2, 6.5.1
        raise AuthenticationFailed(_SDAD, Reason.DYNAMIC_NUMBER)
    return dynamic[1 : 1 + size]


def _sha1(data: bytes) -> bytes:
    """EMV Book 2, Annex B3.1"""
    return sha1(data, usedforsecurity=False).digest()
