"""F62 of CA key and IC parameter downloads: what there is, which one is asked for, and the one that comes.

The facts name the messages (3: 372, 370, 382, 380) and not what F62 holds. OPN logon.c (LOGON_Online) writes and reads
it as below, and public replies of another host agree with it byte by byte: certain of that code, no more.

A query says how many objects the terminal has got already: `1` and two digits. Its reply begins with a state, and lists
what identifies each object. A download asks for one by that, and its reply carries it whole behind a state of 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from protocols.emv.tlv import TlvError, build, parse
from protocols.iso8583.errors import PackError, UnpackError
from protocols.iso8583.subfields.part import digits_of, number_of

Entry: TypeAlias = "tuple[tuple[str, bytes], ...]"
"""Tags and values of one object."""

STATES = {"0": "there is none", "1": "these are all", "2": "more follow", "3": "these are the last"}
"""A download's reply has 0 or 1 alone."""
TAGS = {
    "9F06": "application or RID", "9F22": "CA key index", "DF05": "CA key expiry", "DF06": "hash algorithm",
    "DF07": "key algorithm", "DF02": "CA key modulus", "DF04": "CA key exponent", "DF03": "CA key check value",
    "DF01": "application selection", "9F08": "application version, card", "9F09": "application version, terminal",
    "DF11": "terminal action code, default", "DF12": "terminal action code, online",
    "DF13": "terminal action code, denial", "9F1B": "floor limit", "DF15": "random selection threshold",
    "DF16": "highest percentage of random selection", "DF17": "percentage of random selection", "DF14": "default DDOL",
    "DF18": "online PIN", "9F7B": "e-cash limit", "DF19": "contactless floor limit",
    "DF20": "contactless transaction limit", "DF21": "contactless CVM limit",
}  # fmt: skip
"""What an object is made of. Names of the parameters: likely."""
FIRST = "9F06"
"""Each object begins with it."""
_PATH = ("F62",)
_SHA1 = b"\x01"
_RSA = b"\x01"


@dataclass(frozen=True, slots=True)
class LoadQuery:
    """A query's F62: how many objects the terminal has got already."""

    have: int = 0

    def pack(self) -> bytes:
        """`100` at first. Raises PackError for more than 99."""
        return b"1" + digits_of(_PATH, self.have, 2).encode("ascii")

    @classmethod
    def parse(cls, value: bytes) -> LoadQuery:
        """Raises UnpackError for what is no query."""
        if len(value) != 3 or value[:1] != b"1":
            raise UnpackError(_PATH, f"{len(value)} bytes are no query", advice="it is 1 and two digits")
        return cls(number_of(_PATH, value[1:].decode("latin-1")))


@dataclass(frozen=True, slots=True)
class Load:
    """F62 of both replies: a state and objects. A list's objects have only what identifies them."""

    state: str
    entries: tuple[Entry, ...] = ()

    def pack(self) -> bytes:
        """Raises PackError for a state that nobody knows, and for an object that does not begin with tag 9F06."""
        if self.state not in STATES:
            raise PackError(_PATH, f"{self.state!r} is no state", advice=f"it is one of {', '.join(STATES)}")
        return self.state.encode("ascii") + b"".join(pack_entry(entry) for entry in self.entries)

    @classmethod
    def parse(cls, value: bytes) -> Load:
        """Raises UnpackError for what is no list and no object."""
        state = value[:1].decode("latin-1")
        if state not in STATES:
            raise UnpackError(_PATH, f"{state!r} is no state", advice=f"it is one of {', '.join(STATES)}")
        return cls(state, parse_entries(value[1:]))


def pack_entry(entry: Entry) -> bytes:
    """One object; as it stands, a download's request. Raises PackError when it does not begin with tag 9F06."""
    if not entry or entry[0][0] != FIRST:
        raise PackError(_PATH, f"an object begins with tag {FIRST}")
    return build(entry)


def parse_entries(data: bytes) -> tuple[Entry, ...]:
    """Objects, each from its tag 9F06 on. Raises UnpackError."""
    try:
        nodes = parse(data)
    except TlvError as error:
        raise UnpackError(_PATH, error.message) from None
    entries: list[list[tuple[str, bytes]]] = []
    for node in nodes:
        if node.tag == FIRST:
            entries.append([])
        if not entries:
            raise UnpackError(_PATH, f"it begins with tag {node.tag}", advice=f"an object begins with {FIRST}")
        entries[-1].append((node.tag, node.value))
    return tuple(tuple(entry) for entry in entries)


@dataclass(frozen=True, slots=True)
class CaKey:
    """A public key of a card scheme: `rid` 5 bytes, `index` one byte, `expiry` YYYYMMDD."""

    rid: bytes
    index: int
    expiry: str
    modulus: bytes
    exponent: bytes = b"\x03"

    @property
    def check_value(self) -> bytes:
        """SHA-1 over RID, index, modulus and exponent: 20 bytes. facts/pcsc-emv 4.4."""
        whole = self.rid + bytes([self.index]) + self.modulus + self.exponent
        return hashlib.sha1(whole, usedforsecurity=False).digest()

    def listed(self) -> Entry:
        """As a query's reply lists it."""
        return (*self.asked(), ("DF05", self.expiry.encode("ascii")))

    def asked(self) -> Entry:
        """As a download's request asks for it."""
        return (FIRST, self.rid), ("9F22", bytes([self.index]))

    def entry(self) -> Entry:
        """As a download's reply carries it."""
        return (
            *self.listed(), ("DF06", _SHA1), ("DF07", _RSA), ("DF02", self.modulus), ("DF04", self.exponent),
            ("DF03", self.check_value),
        )  # fmt: skip

    @classmethod
    def of(cls, entry: Iterable[tuple[str, bytes]]) -> CaKey:
        """The key that a download's reply carries.

        Raises UnpackError when a part is missing, or its check value is not that of the rest.
        """
        values = dict(entry)
        missing = [tag for tag in (FIRST, "9F22", "DF05", "DF02", "DF04", "DF03") if not values.get(tag)]
        if missing:
            raise UnpackError(_PATH, f"the CA key has no {', '.join(missing)}")
        expiry = values["DF05"]
        written = expiry.decode("latin-1") if len(expiry) == 8 else expiry.hex()  # text, or packed by some hosts
        key = cls(values[FIRST], values["9F22"][0], written, values["DF02"], values["DF04"])
        if key.check_value != values["DF03"]:
            raise UnpackError((*_PATH, "DF03"), "it is not the check value of the key")
        return key
