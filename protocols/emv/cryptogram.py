"""PBOC cryptogram version 01: card key, session key, request and response cryptograms. facts/pcsc-emv 4.3.

The public worked example of the facts holds card and issuer to one definition.
"""

from __future__ import annotations

from collections.abc import Mapping

from protocols.crypto import TripleDes, retail_mac, xor

CRYPTOGRAM_DATA = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F36")
"""What the cryptogram covers, in order; the CVR of the issuer application data ends it."""


def derive_udk(imk: bytes, pan: str, psn: str) -> bytes:
    """The card's own key: the issuer's master key over the right-most 16 digits of PAN and sequence number."""
    digits = bytes.fromhex((pan + psn)[-16:].rjust(16, "0"))
    return TripleDes(imk).encrypt(digits + xor(digits, b"\xff" * 8))


def session_key(udk: bytes, atc: bytes) -> bytes:
    """The key of one transaction: zeros and the counter, then zeros and its complement."""
    return TripleDes(udk).encrypt(bytes(6) + atc + bytes(6) + xor(atc, b"\xff\xff"))


def cryptogram_input(values: Mapping[str, bytes], cvr: bytes) -> bytes:
    """The bytes under a cryptogram, from the terminal's data and the card's. Raises KeyError for a tag not there."""
    return b"".join(values[tag] for tag in CRYPTOGRAM_DATA) + cvr


def cryptogram(key: bytes, data: bytes) -> bytes:
    """ARQC, TC or AAC: 8 bytes, ISO 9797-1 algorithm 3 with padding method 2."""
    return retail_mac(key, data)


def response_cryptogram(key: bytes, request: bytes, response_code: bytes) -> bytes:
    """ARPC, method 1: the request cryptogram crossed with the two characters of the response code."""
    return TripleDes(key).encrypt(xor(request, response_code + bytes(6)))
