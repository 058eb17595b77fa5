"""What tests of one phase stand on: a transaction that has got so far, and a pad and people that do as told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from protocols.emv import build, parse
from protocols.emv.rsa import RsaPrivate, RsaPublic
from protocols.emv.verification import Capabilities
from protocols.money import Money
from protocols.pinpad import PinEnd, PinEntry
from simulators.pinpad.offline import verify_enciphered, verify_plain
from simulators.terminal.contact.configuration import ApplicationRule, Configuration
from simulators.terminal.contact.state import ChipTransaction, Terms

AID = bytes.fromhex("A000000333010102")
PAN = "6250947000000014"
TEST_PIN = "1234"
OK = b"\x90\x00"
UNPREDICTABLE = bytes.fromhex("1E78EEBC")
ALL = Capabilities.parse(bytes.fromhex("E0F9C8"))
"""Every method of verification, the document with them."""
TEST_KEY = RsaPrivate.of_primes(
    0xC5EFC8EE69B74EDD9A0B405BB018CDCBFB6E22575236E3DE8FE7B872DBB3A5FB0987B3E8A0F880D7,
    0xDD092007DBC2B695A7478C8EFFF54B8F98C9863D47C0367E36444485E1076111CDECD296F65A66DB,
    3,
)
OTHER_TEST_KEY = RsaPrivate.of_primes(
    0xE42A14F39B39C1A795E8CDB9657E7B0DB1136F34219F38D71BF79DFEAA395581C1883D8A2608D8DD,
    0xE9E3A94B04391C5D3756C50F9F1D40971B2821E7B147B18D52730E2A70FE1F34A955FDBEFDA06CA3,
    3,
)
"""Made for these tests: 640 bits, so that they are fast."""


def terms(kind: str = "03", amount: int = 100_00, **more: Any) -> Terms:
    return Terms(kind, Money(amount), "000042", datetime(2026, 6, 15, 9, 30, 5), **more)


def transaction(
    card: dict[str, str] | None = None, *, of: Terms | None = None, rule: ApplicationRule | None = None, **more: Any
) -> ChipTransaction:  # fmt: skip
    """With the card's data in hex; `more` is of the configuration. Its card can do all that an AIP names."""
    configuration = Configuration(**{"capabilities": ALL, **more})
    made = ChipTransaction(of or terms(), configuration, lambda pan: None, lambda size: UNPREDICTABLE)
    given = {"82": "7D00", "5A": PAN, "84": AID.hex(), **(card or {})}
    made.card.update({tag: bytes.fromhex(value) for tag, value in given.items()})
    made.rule = rule or ApplicationRule(AID)
    made.terminal |= {"9F06": AID, "9F09": made.rule.version}
    return made


class Pad:
    """Each entry ends as the next of `ends`, the last of them stays. `asked` is what it was asked for, and with how
    many tries left."""

    def __init__(self, *ends: PinEnd, works: bool = True) -> None:
        self.asked: list[tuple[str, int | None]] = []
        self._ends = list(ends) or [PinEnd.ENTERED]
        self._works = works

    def works(self) -> bool:
        return self._works

    def online_pin(self, pan: str) -> PinEntry:
        self.asked.append(("online", None))
        return self._entry(lambda: PinEntry(PinEnd.ENTERED, block=bytes.fromhex("A1" * 8), digits=6))

    def offline_pin(self, send: Callable[[bytes], bytes], key: RsaPublic | None, tries_left: int | None) -> PinEntry:
        self.asked.append(("enciphered" if key else "plain", tries_left))

        def verified() -> PinEntry:
            status = verify_enciphered(TEST_PIN, key, send, bytes) if key else verify_plain(TEST_PIN, send)
            return PinEntry(PinEnd.ENTERED, status=status, digits=4)

        return self._entry(verified)

    def _entry(self, entered: Callable[[], PinEntry]) -> PinEntry:
        end = self._ends.pop(0) if len(self._ends) > 1 else self._ends[0]
        return entered() if end is PinEnd.ENTERED else PinEntry(end)


class People:
    """Takes the application at `choice`, confirms, and shows a document that matches or not."""

    def __init__(self, *, choice: int | None = 0, confirms: bool = True, document: bool = True) -> None:
        self.documents: list[tuple[str, str]] = []
        self._choice, self._confirms, self._document = choice, confirms, document

    def choose(self, labels: Sequence[str]) -> int | None:
        return self._choice

    def confirm(self, label: str) -> bool:
        return self._confirms

    def document_matches(self, kind: str, number: str) -> bool:
        self.documents.append((kind, number))
        return self._document


# ── a whole card ──────────────────────────────────────────────────────────────────────────────────────────────────

CARD_LISTS = {
    "8C": "9F02069F03069F1A0295055F2A029A039C019F3704",
    "8D": "8A02910A9F02069F03069F1A0295055F2A029A039C019F3704",
}
RECORD = {
    "57": f"{PAN}D3012201000000000F", "5A": PAN, "5F24": "301231", "5F34": "01", "5F28": "0156", "9F42": "0156",
    "9F07": "FF80", "9F08": "0030", "8E": "0000000000000000 4203 1E03 1F00", "9F0D": "D84000A800",
    "9F0E": "0010000000", "9F0F": "D84004F800", **CARD_LISTS,
}  # fmt: skip
"""What the card of these tests has in its one record."""


def tlv(template: str, values: Mapping[str, str | bytes]) -> bytes:
    return build(
        [(template, [(tag, bytes.fromhex(v) if isinstance(v, str) else v) for tag, v in values.items()])]
    )  # fmt: skip


def fci(aid: bytes = AID, **more: str) -> bytes:
    described = tlv("A5", {"50": b"PBOC CREDIT".hex(), "9F38": "9F02065F2A02", **more})
    return build([("6F", [("84", aid), ("A5", parse(described)[0].value)])])


def opening(
    record: Mapping[str, str | bytes] | None = None, aip: str = "1C00"
) -> list[tuple[str, str | bytes]]:  # fmt: skip
    """A card without directory, and with the one application that its terminal knows, as far as its record."""
    return [
        ("00A404000E 315041592E5359532E4444463031 00", "6A82"),
        ("00A4040008 A000000333010102 00", fci() + OK),
        ("00A4040008 A000000333010102 00", fci() + OK),
        ("80A800000A 8308 000000010000 0156 00", f"8006 {aip} 08010100 9000"),
        ("00B2010C00", tlv("70", RECORD if record is None else record) + OK),
    ]
