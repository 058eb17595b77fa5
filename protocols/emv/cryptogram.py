"""PBOC cryptogram version 01: card key, session key, request and response cryptograms. facts/pcsc-emv 4.3.

The public worked example of the facts holds card and issuer to one definition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from protocols.crypto import RetailChain, TripleDes, fill, retail_mac, xor

CRYPTOGRAM_DATA = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F36")
"""What the cryptogram covers, in order; the CVR of the issuer application data ends it."""
NO_SEQUENCE = "00"
"""What stands for the sequence number of a card that has none. EMV Book 2, Annex A1.4.1"""
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

    def short_response(self, request: bytes, status: bytes) -> bytes:
        """ARPC, method 2: 4 bytes over the request cryptogram, the card status update and proprietary data, if any.

        EMV Book 2, 8.2.2
        """
        return self.cryptogram(request + status)[:4]


class CardKey:
    """A card's own key (UDK) with its cipher alive, for who keeps it from transaction to transaction.

    `diversify` makes of a counter what is enciphered to the key of its transaction. One thread at a time.
    """

    __slots__ = ("_des", "_diversify")

    def __init__(self, udk: bytes, diversify: Callable[[bytes], bytes] | None = None) -> None:
        self._des = TripleDes(udk)
        self._diversify = diversify or diversifier

    @classmethod
    def derived(cls, imk: bytes, pan: str, psn: str) -> CardKey:
        """From the issuer's master key, as `derive_udk` does."""
        return cls(derive_udk(imk, pan, psn))

    def session(self, atc: bytes) -> SessionKey:
        """The key of the transaction with this counter, as `session_key` gives it. Raises ValueError unless the counter
        has two bytes."""
        return SessionKey(self._des.encrypt(self._diversify(atc)))


def derive_udk(imk: bytes, pan: str, psn: str) -> bytes:
    """The card's own key: the issuer's master key over the right-most 16 digits of PAN and sequence number.

    EMV Book 2, Annex A1.4.1, option A; PBOC has it for PANs of every length (facts/pcsc-emv 4.3).
    """
    digits = bytes.fromhex((pan + (psn or NO_SEQUENCE))[-16:].rjust(16, "0"))
    return TripleDes(imk).encrypt(digits + xor(digits, b"\xff" * 8))


def session_key(udk: bytes, atc: bytes) -> bytes:
    """The key of one transaction: zeros and the counter, then zeros and its complement."""
    return TripleDes(udk).encrypt(diversifier(atc))


def diversifier(atc: bytes) -> bytes:
    """PBOC's, of a counter of two bytes. facts/pcsc-emv 4.3"""
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
