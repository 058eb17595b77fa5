"""The contact kernel: selection, data, restrictions, cardholder verification, both GENERATE ACs. EMV Book 3."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from protocols.cardlist import only_test_cards
from protocols.emv import Apdu, ResponseApdu, Tlv, TlvError, build, fill_dol, flatten, parse
from protocols.emv.tag_lists import REQUEST, SCRIPT_NOTICE
from protocols.faults import CardRemoved, DeviceSilent, ForeignCard, HoldfastError
from protocols.money import Money
from protocols.pcsc.atr import AtrError, parse_atr
from simulators.terminal.devices import CardReader
from simulators.terminal.scripts import AFTER, BEFORE, FAILED, Script, run

PSE = b"1PAY.SYS.DDF01"
KNOWN_AIDS = tuple(f"A0000003330101{last}" for last in ("02", "01", "03"))  # facts/pcsc-emv 4.2
RESETS, BOUNCES_S = 3, 0.3
"""Of a card that is being put in: attempts, and how long its contacts may stay open between two of them."""
AC_TYPES = {"AAC": 0x00, "TC": 0x40, "ARQC": 0x80}
NO_ODA, ONLINE_PIN_ENTERED = (0, 0x80), (2, 0x04)  # EMV Book 3, Annex C5: TVR byte and bit
SCRIPT_FAILED = {BEFORE: (4, 0x20), AFTER: (4, 0x10)}
CVM_ONLINE_PIN, CVM_SIGNATURE, CVM_NONE = 0x02, 0x1E, 0x1F  # EMV Book 3, Annex C3
CVM_MEANS = {CVM_ONLINE_PIN: "online PIN", CVM_SIGNATURE: "signature", CVM_NONE: "none"}


class CardUnusable(HoldfastError):
    """The chip cannot be used for this: no application, a missing record, a refusal."""

    component = "card"


@dataclass(frozen=True, slots=True)
class CardData:
    """What the terminal read. Card data never goes to an event or an error."""

    pan: str = field(repr=False)
    psn: str
    expiry: str
    track2: str = field(repr=False)
    aid: str
    label: str
    cvm: str
    cvm_code: int


@dataclass
class Terms:
    """What the terminal brings to a transaction. `kind` is tag 9C.

    facts/unionpay-pos 2.2, a guess there: it is the first two digits of F3.
    """

    kind: str
    amount: Money
    trace: str
    country: str
    serial: str
    merchant: str
    now: datetime


class Kernel:
    """One chip transaction at a time over one reader. Raises CardRemoved and RigFault as the reader does.

    `only` raises ForeignCard for a PAN that must not be read on.
    """

    def __init__(self, reader: CardReader, only: Callable[[str], None] = only_test_cards) -> None:
        self._reader = reader
        self._only = only
        self._values: dict[str, bytes] = {}
        self._tvr = bytearray(5)

    def read(self, amount: Money) -> CardData:
        """Power on, select, start and read. The PAN of a card that is not listed stops all at once."""
        self._tvr = bytearray(5)
        self._values = {
            "9F02": bytes.fromhex(f"{amount.minor:012d}"),
            "5F2A": bytes.fromhex(amount.currency.numeric.rjust(4, "0")),
        }
        self._power_on()
        self._select()
        self._start()
        code = self._verification()
        tags = self._values
        label = tags.get("9F12") or tags.get("50", b"")
        return CardData(
            pan=_digits(tags["5A"]), psn=_digits(tags.get("5F34", b"\x00")), expiry=_digits(tags["5F24"])[:4],
            track2=_digits(tags.get("57", b"")), aid=tags["84"].hex().upper(), label=label.decode("gb18030", "replace"),
            cvm=CVM_MEANS[code], cvm_code=code,
        )  # fmt: skip

    def _power_on(self) -> None:
        """Cold reset. A card whose contacts bounce as it goes in gets another one; one that is mute, or whose answer is
        none, is not used. EMV Book 1, 8; ISO 7816-3, 8.2.5; cases.md 146"""
        try:
            atr = parse_atr(self._answer_to_reset())
        except AtrError as error:
            raise CardUnusable(f"the card's answer to reset is none: {error.message}") from None
        if not atr.tck_right:
            raise CardUnusable("the card's answer to reset has a wrong check byte")

    def _answer_to_reset(self) -> bytes:
        for _ in range(RESETS - 1):
            try:
                return self._reset()
            except CardRemoved:
                if not self._reader.wait_for_card(True, BOUNCES_S):
                    raise
        return self._reset()

    def _reset(self) -> bytes:
        try:
            return self._reader.power_on()
        except DeviceSilent as silent:
            if silent.component != "card":
                raise
            raise CardUnusable("the card is mute") from None

    # ── selection and reading ─────────────────────────────────────────────────────────────────────────────────

    def _select(self) -> None:
        """EMV Book 1, 12.3: by the card's directory, else by the terminal's list."""
        for aid in self._directory() or [bytes.fromhex(aid) for aid in KNOWN_AIDS]:
            answer = self._send(Apdu(0x00, 0xA4, 0x04, 0x00, aid, 256))
            if answer.ok:
                self._learn(answer.data)
                return
        raise CardUnusable("the card has no application that this terminal knows")

    def _directory(self) -> list[bytes]:
        if not self._send(Apdu(0x00, 0xA4, 0x04, 0x00, PSE, 256)).ok:
            return []
        found: list[tuple[int, bytes]] = []
        for number in range(1, 11):
            answer = self._send(Apdu(0x00, 0xB2, number, 0x0C, le=256))
            if not answer.ok:
                break
            for entry in (node for node in flatten(_objects(answer.data)) if node.tag == "61"):
                inner = {child.tag: child.value for child in entry.children}
                if "4F" in inner:
                    found.append(((inner.get("87") or b"\x0f")[0] & 0x0F, inner["4F"]))
        return [aid for _, aid in sorted(found, key=lambda pair: pair[0])]

    def _start(self) -> None:
        """EMV Book 3, 10.1 and 10.2: processing options, then every record that the locator names."""
        pdol = self._fill(self._values.get("9F38", b""))
        answer = self._need(Apdu(0x80, 0xA8, 0x00, 0x00, b"\x83" + bytes([len(pdol)]) + pdol, 256))
        options = _template(answer.data)
        if options.tag == "80":
            self._values |= {"82": options.value[:2], "94": options.value[2:]}
        else:
            self._learn(answer.data)
        locator = self._values.get("94", b"")
        if not locator or len(locator) % 4:  # EMV Book 3, 10.2
            raise CardUnusable("the card gave no application file locator")
        for start in range(0, len(locator), 4):
            file, first, last, _ = locator[start : start + 4]
            for number in range(first, last + 1):
                self._learn(self._need(Apdu(0x00, 0xB2, number, (file & 0xF8) | 0x04, le=256)).data)
                self._guard()
        for tag in ("5A", "5F24", "84", "8C", "8D"):
            if tag not in self._values:
                raise CardUnusable(f"the card gave no {tag}")

    def _guard(self) -> None:
        """Only test cards: design 7. The reader's driver has looked already, where there is one that does."""
        try:
            for tag in ("5A", "57"):
                if tag in self._values:
                    self._only(_digits(self._values[tag]).partition("D")[0])
        except ForeignCard:
            self._values.clear()
            self._reader.power_off()
            raise

    def _verification(self) -> int:
        """EMV Book 3, 10.5: the first method of the card's list that this terminal can do."""
        rules = self._values.get("8E", b"")[8:]
        for start in range(0, len(rules) - 1, 2):
            code = rules[start] & 0x3F
            if code in CVM_MEANS:
                self._values["9F34"] = bytes([rules[start], rules[start + 1], 0x00 if code == CVM_ONLINE_PIN else 0x02])
                return code
        self._values["9F34"] = bytes.fromhex("3F0001")
        return CVM_NONE

    # ── cryptograms ───────────────────────────────────────────────────────────────────────────────────────────

    def first_cryptogram(self, terms: Terms, *, pin_entered: bool) -> bytes | None:
        """GENERATE AC for an ARQC; returns F55, or None when the card declined offline."""
        for byte, bit in (NO_ODA, *([ONLINE_PIN_ENTERED] if pin_entered else [])):
            self._tvr[byte] |= bit
        self._values |= _terminal_data(terms) | {"95": bytes(self._tvr)}
        if self._generate("ARQC", "8C") != "ARQC":
            return None
        return self._objects_of((*REQUEST.mandatory, *REQUEST.optional))

    def second_cryptogram(
        self, asked: str, code: str, authentication: bytes | None, scripts: Sequence[Script] = ()
    ) -> str:
        """GENERATE AC with what the issuer answered, its scripts around it; returns what the card gave: TC or AAC."""
        self._values["8A"] = code.encode("ascii")
        self._values["91"] = authentication or b""
        self._run(scripts, BEFORE)
        given = self._generate(asked, "8D")
        with suppress(CardRemoved):  # the card has given its word already
            self._run(scripts, AFTER)
        return given

    def _run(self, scripts: Sequence[Script], template: str) -> None:
        for script in scripts:
            if script.template == template:
                result = run(script, lambda command: ResponseApdu.parse(self._reader.transmit(command)).sw)
                self._values["DF31"] = self._values.get("DF31", b"") + result
                if result[0] & FAILED:
                    byte, bit = SCRIPT_FAILED[template]
                    self._tvr[byte] |= bit
                    self._values["95"] = bytes(self._tvr)

    def script_results(self) -> bytes | None:
        """F55 of a script notice, or None when no script was run."""
        tags = (*SCRIPT_NOTICE.mandatory, *SCRIPT_NOTICE.optional)
        return self._objects_of(tags) if self._values.get("DF31") else None

    def _objects_of(self, tags: Sequence[str]) -> bytes:
        return build([(tag, self._values[tag]) for tag in tags if tag in self._values])

    def _generate(self, asked: str, dol: str) -> str:
        data = self._fill(self._values[dol])
        answer = self._need(Apdu(0x80, 0xAE, AC_TYPES[asked], 0x00, data, 256))
        template = _template(answer.data)
        if template.tag == "80":
            value = template.value
            self._values |= {"9F27": value[:1], "9F36": value[1:3], "9F26": value[3:11], "9F10": value[11:]}
        else:
            self._learn(answer.data)
        information = self._values.get("9F27", b"") or b"\xff"
        for name, bits in AC_TYPES.items():
            if bits == information[0] & 0xC0:
                return name
        raise CardUnusable("the card gave no cryptogram")

    def _fill(self, dol: bytes) -> bytes:
        try:
            return fill_dol(dol, self._values)
        except TlvError as error:
            raise CardUnusable(f"the card's data object list is none: {error}") from None

    def value(self, tag: str) -> str:
        """A value for the slip, in hex."""
        return self._values.get(tag, b"").hex().upper()

    # ── the wire ──────────────────────────────────────────────────────────────────────────────────────────────

    def _send(self, command: Apdu) -> ResponseApdu:
        return ResponseApdu.parse(self._reader.transmit(command.pack()))

    def _need(self, command: Apdu) -> ResponseApdu:
        answer = self._send(command)
        if not answer.ok:
            raise CardUnusable(f"the card answered {command.name} with {answer.sw}")
        return answer

    def _learn(self, data: bytes) -> None:
        for node in flatten(_objects(data)):
            if not node.children:
                self._values[node.tag] = node.value


def _objects(data: bytes) -> list[Tlv]:
    try:
        return parse(data)
    except TlvError as error:
        raise CardUnusable(f"the card's answer is no TLV: {error}") from None


def _template(data: bytes) -> Tlv:
    """The one object that an answer holds."""
    objects = _objects(data)
    if not objects:
        raise CardUnusable("the card's answer is empty")
    return objects[0]


def _digits(value: bytes) -> str:
    return value.hex().upper().rstrip("F")


def _terminal_data(terms: Terms) -> dict[str, bytes]:
    """facts/unionpay-pos 2.2."""
    return {
        "9F02": bytes.fromhex(f"{terms.amount.minor:012d}"),
        "9F03": bytes(6),
        "9F1A": bytes.fromhex(terms.country.rjust(4, "0")),
        "5F2A": bytes.fromhex(terms.amount.currency.numeric.rjust(4, "0")),
        "9A": bytes.fromhex(f"{terms.now:%y%m%d}"),
        "9C": bytes.fromhex(terms.kind),
        "9F21": bytes.fromhex(f"{terms.now:%H%M%S}"),
        "9F33": bytes.fromhex("E0F8C8"),
        "9F35": bytes.fromhex("22"),
        "9F37": secrets.token_bytes(4),
        "9F1E": terms.serial.encode("ascii")[:8].ljust(8),
        "9F09": bytes.fromhex("0030"),
        "9F41": bytes.fromhex(terms.trace.rjust(8, "0")),
        "9F4E": terms.merchant.encode("gb18030"),
    }
