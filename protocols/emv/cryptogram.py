"""PBOC cryptogram version 01: card key, session key, request and response cryptograms. facts/pcsc-emv 4.3.

The public worked example of the facts holds card and issuer to one definition.
"""

from __future__ import annotations

from collections.abc import Mapping

from protocols.crypto import RetailChain, TripleDes, fill, retail_mac, xor

CRYPTOGRAM_DATA = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F36")
"""What the cryptogram covers, in order; the CVR of the issuer application data ends it."""
_SIX = bytes(6)


class SessionKey:
    """The key of one transaction with its ciphers alive: two contexts for request and response cryptogram together.

    Raises ValueError unless the key has 16 bytes. One thread at a time.
    """

    __slots__ = ("_chain",)

    def __init__(self, key: bytes) -> None:
        self._chain = RetailChain(key)

    def cryptogram(self, data: bytes) -> bytes:
        """ARQC, TC or AAC: 8 bytes, ISO 9797-1 algorithm 3 with padding method 2."""
        return self._chain.last(fill(data + b"\x80"))

    def response(self, request: bytes, response_code: bytes) -> bytes:
        """ARPC, method 1: the request cryptogram crossed with the two characters of the response code."""
        return self._chain.triple.encrypt(xor(request, response_code + _SIX))


class CardKey:
    """A card's own key (UDK) with its cipher alive, for who keeps it from transaction to transaction.

    One thread at a time.
    """

    __slots__ = ("_des",)

    def __init__(self, udk: bytes) -> None:
        self._des = TripleDes(udk)

    @classmethod
    def derived(cls, imk: bytes, pan: str, psn: str) -> CardKey:
        """From the issuer's master key, as `derive_udk` does."""
        return cls(derive_udk(imk, pan, psn))

    def session(self, atc: bytes) -> SessionKey:
        """The key of the transaction with this counter, as `session_key` gives it. Raises ValueError unless the counter
        has two bytes."""
        return SessionKey(self._des.encrypt(_diversifier(atc)))


def derive_udk(imk: bytes, pan: str, psn: str) -> bytes:
    """The card's own key: the issuer's master key over the right-most 16 digits of PAN and sequence number."""
    digits = bytes.fromhex((pan + psn)[-16:].rjust(16, "0"))
    return TripleDes(imk).encrypt(digits + xor(digits, b"\xff" * 8))


def session_key(udk: bytes, atc: bytes) -> bytes:
    """The key of one transaction: zeros and the counter, then zeros and its complement."""
    return TripleDes(udk).encrypt(_diversifier(atc))


def _diversifier(atc: bytes) -> bytes:
    return b"%b%b%b%b" % (_SIX, atc, _SIX, xor(atc, b"\xff\xff"))


def cryptogram_input(values: Mapping[str, bytes], cvr: bytes) -> bytes:
    """The bytes under a cryptogram, from the terminal's data and the card's. Raises KeyError for a tag not there."""
    return b"".join([values[tag] for tag in CRYPTOGRAM_DATA]) + cvr


def cryptogram(key: bytes, data: bytes) -> bytes:
    """ARQC, TC or AAC: 8 bytes, ISO 9797-1 algorithm 3 with padding method 2."""
    return retail_mac(key, data)


def response_cryptogram(key: bytes, request: bytes, response_code: bytes) -> bytes:
    """ARPC, method 1: the request cryptogram crossed with the two characters of the response code."""
    return TripleDes(key).encrypt(xor(request, response_code + _SIX))
