"""One transaction with a card, step by step, whatever it answers: what its faults are seen in."""

from __future__ import annotations

from typing import Any

from protocols.emv import Apdu, ApduError, ResponseApdu, TlvError, fill_dol, flatten, parse
from protocols.emv.scripts import pin_unblock
from protocols.emv.secure_messaging import seal
from rigs.cards.loading import card_path, load_card_profile
from simulators.card import CardFault, ChipCard
from simulators.card.directory import PSE
from tests.simulators.card.desk import AID, ARQC, COMBINED, TC, TERMINAL
from tests.simulators.kit import PAN, Events

NOTHING = ResponseApdu(b"", "none")
PIN = bytes.fromhex("26123456FFFFFFFF")


class Dialogue:
    """What the card said to each step; `NOTHING` where it said nothing."""

    def __init__(self, kind: str, fault: CardFault | None, *, combined: bool = False, online: bool = True) -> None:
        self.events = Events()
        profile = load_card_profile(card_path(kind))
        self.card = ChipCard(profile, PAN, name=kind, emit=self.events, fault=fault)
        self.waited: list[float] = []
        self.card.pause = self.waited.append
        self.statuses: set[str] = set()
        self.profile = self.card.profile
        self.rules = self.profile.applications[0]
        self.atr = self.card.power_on()
        self.combined = COMBINED if combined else 0
        self._walk(online)

    def _walk(self, online: bool) -> None:
        self.pse = self._send(Apdu(0, 0xA4, 4, 0, PSE, 256))
        self.directory = self._send(Apdu(0, 0xB2, 1, 0x0C, le=256))
        aid = bytes.fromhex(self.rules.aid)
        self.name = self._send(Apdu(0, 0xA4, 4, 0, aid, 256))
        self.other = self._send(Apdu(0, 0xA4, 4, 0, aid[:7] + b"\x03", 256)) if aid == AID else NOTHING
        self._send(Apdu(0, 0xA4, 4, 0, aid, 256))
        values = fill_dol(bytes.fromhex(self.rules.pdol), TERMINAL)
        self.options = self._send(Apdu(0x80, 0xA8, 0, 0, b"\x83" + bytes([len(values)]) + values, 256))
        chip = self.card._chip
        self.afl = chip.personal.applications[0].afl if chip.personal.applications else b""
        self.records = [self._send(Apdu(0, 0xB2, n, f << 3 | 4, le=256)) for f in (1, 2, 3) for n in (1, 2, 3)]
        self.counters = {tag: self._get(tag) for tag in ("9F36", "9F13", "9F17")}
        self.signature = self._send(Apdu(0, 0x88, 0, 0, TERMINAL["9F37"], 256))
        self.challenge = self._send(Apdu(0, 0x84, 0, 0, le=256))
        self.pin = self._send(Apdu(0, 0x20, 0, 0x80, PIN)).sw
        self.wrong_pin = self._send(Apdu(0, 0x20, 0, 0x80, bytes(8))).sw
        self.first = self._send(self._generate(ARQC if online else TC, self.rules.cdol1, b""))
        told = self.events.of("cryptogram")
        self.request = bytes.fromhex(told[0]["cryptogram"]) if told else bytes(8)
        keys = chip.version.script_keys(chip.personal.keys, chip.atc, self.request)
        session = chip.card_key.session(chip.atc)
        answer = chip.version.response(session, self.request, b"00")
        self.external = self._send(Apdu(0, 0x82, 0, 0, answer)).sw
        self.script = self._send(seal(pin_unblock(), keys)).sw
        self.last = self._send(self._generate(TC, self.rules.cdol2, answer))

    def _generate(self, kind: int, dol: str, answer: bytes) -> Apdu:
        data = fill_dol(bytes.fromhex(dol), {**TERMINAL, "8A": b"00", "91": answer})
        return Apdu(0x80, 0xAE, kind | self.combined, 0, data, 256)

    def _get(self, tag: str) -> ResponseApdu:
        number = int(tag, 16)
        return self._send(Apdu(0x80, 0xCA, number >> 8, number & 0xFF, le=256))

    def _send(self, command: Apdu) -> ResponseApdu:
        """As a reader of T=0 does: what is to be fetched is fetched."""
        answer = self._once(command)
        if answer.sw[:2] == "6C":
            answer = self._once(
                Apdu(command.cla, command.ins, command.p1, command.p2, command.data, int(answer.sw[2:], 16))
            )
        data = answer.data
        while answer.sw[:2] == "61":
            answer = self._once(Apdu(0, 0xC0, 0, 0, le=int(answer.sw[2:], 16)))
            data += answer.data
        return ResponseApdu(data, answer.sw)

    def _once(self, command: Apdu) -> ResponseApdu:
        raw = self.card.transmit(command.pack())
        try:
            answer = NOTHING if raw is None else ResponseApdu.parse(raw)
        except ApduError:
            answer = NOTHING
        self.statuses.add(answer.sw)
        return answer

    # ── what is seen ──────────────────────────────────────────────────────────────────────────────────────────

    def told(self, kind: str) -> dict[str, Any]:
        """The first event of a kind; empty when there is none."""
        return next(iter(self.events.of(kind)), {})

    @property
    def authentic(self) -> str:
        return str(self.told("personalised")["applications"][0]["authentic"])

    @property
    def data(self) -> dict[str, bytes]:
        """All objects of the records that can be read; the first of each tag."""
        found: dict[str, bytes] = {}
        for record in self.records:
            for tag, value in objects(record):
                found.setdefault(tag, value)
        return found

    @property
    def right(self) -> tuple[bool, bool]:
        """Whether each of the cryptograms is what the issuer computes of what the card says."""
        chip = self.card._chip
        events = self.events.of("cryptogram")
        found = []
        for told in events:
            aip = chip.personal.applications[0].aip
            values = {**TERMINAL, "82": aip, "9F36": told["atc"].to_bytes(2, "big")}
            session = chip.card_key.session(values["9F36"])
            expected = chip.version.request(session, values, bytes.fromhex(told["iad"]))
            found.append(expected.hex().upper() == told["cryptogram"])
        return (*found, True, True)[0], (*found, True, True)[1]


def objects(answer: ResponseApdu) -> list[tuple[str, bytes]]:
    """Every object of an answer; none of one that is no TLV."""
    try:
        return [(node.tag, node.value) for node in flatten(parse(answer.data))]
    except TlvError:
        return []


def tags(answer: ResponseApdu) -> list[str]:
    return [tag for tag, _ in objects(answer)]


def value(answer: ResponseApdu, tag: str) -> bytes | None:
    return dict(objects(answer)).get(tag)


def no_tlv(answer: ResponseApdu) -> bool:
    """Data that are no objects."""
    return answer.sw == "9000" and bool(answer.data) and not objects(answer)


def kind(answer: ResponseApdu) -> str:
    """Of a cryptogram, as its information says."""
    if answer.sw != "9000":
        return ""
    outer = dict(objects(answer))
    information = outer.get("80", b"")[:1] or outer.get("9F27", b"")
    return {0x00: "AAC", 0x40: "TC", 0x80: "ARQC", 0xC0: "none"}[information[0] & 0xC0] if information else ""
