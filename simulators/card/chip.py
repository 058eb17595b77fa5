"""A PBOC contact card: selection, records, PIN, both GENERATE ACs. EMV Book 3; facts/pcsc-emv 4.2."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from protocols.crypto import xor
from protocols.emv import (
    Apdu,
    ApduError,
    IssuerApplicationData,
    TlvError,
    build,
    cryptogram,
    cryptogram_input,
    derive_udk,
    response_cryptogram,
    session_key,
    split_dol,
)
from protocols.emv.apdu import CRYPTOGRAMS
from protocols.emv.iad import CVN_01
from protocols.events import Channel, Emit, Event, Json, discard
from simulators.card.files import PSE, application_fci, pse_fci, records, track2
from simulators.card.profile import CardProfile

ATR = bytes.fromhex("3B6800000073C84013009000")
DONE, WRONG_LENGTH, NOT_SATISFIED, BLOCKED = "9000", "6700", "6985", "6983"
NOT_FOUND, NO_RECORD, WRONG_P1P2, NO_DATA, NO_INS, NO_CLASS = "6A82", "6A83", "6A86", "6A88", "6D00", "6E00"
CVR_SECOND = {"TC": 0x40, "AAC": 0x00}


@dataclass
class CardFaults:
    """How a card misbehaves: instructions that it never answers, and cryptograms that it gets wrong."""

    mute: set[int] = field(default_factory=set)
    wrong_cryptogram: bool = False


class ChipCard:
    """One card with its own PAN, counter and PIN tries. `on_command` sees each command before it is carried out.

    `witness` is told what the card itself took and gave, so that a reader can be held to it: `gave` for a command that
    it answered and `took` for one that it did not, with both in one, and how many of the bytes it took.
    """

    atr = ATR

    def __init__(
        self, profile: CardProfile, pan: str, *, name: str = "", emit: Emit = discard, witness: Emit | None = None
    ) -> None:
        self.profile = profile
        self.pan = pan
        self.name = name or profile.name
        self.faults = CardFaults()
        self.on_command: Callable[[Apdu], None] | None = None
        self._emit = emit
        self._witness = witness
        self._udk = derive_udk(bytes.fromhex(profile.test_master_key), pan, profile.psn)
        self._atc = 0
        self._tries = profile.pin_tries
        self._records = records(profile, pan)
        self._reset()

    @property
    def psn(self) -> str:
        return self.profile.psn

    @property
    def expiry(self) -> str:
        return self.profile.expiry

    @property
    def track2(self) -> str:
        """What a swipe of its stripe reads."""
        return track2(self.profile, self.pan)

    def power_on(self) -> bytes:
        """Cold reset: the ATR, and nothing is selected any more. A card without one is mute."""
        self._reset()
        if self._witness is not None:
            self._witness(Event(Channel.CARD, "powered", {"card": self.name, "atr": self.atr.hex().upper()}))
        return self.atr

    def _reset(self) -> None:
        self._selected = ""
        self._initiated = False
        self._pin_verified = False
        self._request: bytes | None = None
        self._finished = False

    def transmit(self, raw: bytes) -> bytes | None:
        """One command to its answer; None is a card that says nothing."""
        if self._witness is None:
            return self._carried_out(raw)
        began = time.monotonic_ns()
        answer = self._carried_out(raw)
        own: dict[str, Json] = {"card": self.name, "took": len(raw), "own_ns": time.monotonic_ns() - began}
        kind = "took" if answer is None else "gave"
        self._witness(Event(Channel.CARD, kind, own, raw=raw + (answer or b"")))
        return answer

    def _carried_out(self, raw: bytes) -> bytes | None:
        try:
            command = Apdu.parse(raw)
        except ApduError:
            return bytes.fromhex(WRONG_LENGTH)
        if self.on_command is not None:
            self.on_command(command)
        if command.ins in self.faults.mute:
            return None
        handler = _HANDLERS.get(command.ins)
        if handler is None:
            return bytes.fromhex(NO_INS)
        if command.cla not in (0x00, 0x80):
            return bytes.fromhex(NO_CLASS)
        try:
            data, sw = handler(self, command)
        except TlvError:
            data, sw = b"", WRONG_LENGTH
        return data + bytes.fromhex(sw)

    # ── commands ──────────────────────────────────────────────────────────────────────────────────────────────

    def _select(self, command: Apdu) -> tuple[bytes, str]:
        """EMV Book 1, 11.3: by name, first or only occurrence, partial names allowed."""
        if command.p1 != 0x04:
            return b"", WRONG_P1P2
        self._reset()
        if command.data == PSE:
            self._selected = "PSE"
            return pse_fci(self.profile), DONE
        aid = bytes.fromhex(self.profile.aid)
        if 5 <= len(command.data) <= len(aid) and aid.startswith(command.data):
            self._selected = "application"
            return application_fci(self.profile), DONE
        return b"", NOT_FOUND

    def _read(self, command: Apdu) -> tuple[bytes, str]:
        """EMV Book 3, 6.5.11."""
        sfi = command.p2 >> 3
        allowed = sfi == 1 if self._selected == "PSE" else self._initiated
        if not allowed:
            return b"", NOT_SATISFIED
        record = self._records.get((self._selected, sfi, command.p1))
        return (record, DONE) if record else (b"", NO_RECORD)

    def _options(self, command: Apdu) -> tuple[bytes, str]:
        """EMV Book 3, 6.5.8: the counter rises here and nowhere else."""
        if self._selected != "application" or self._initiated:
            return b"", NOT_SATISFIED
        if command.data[:1] != b"\x83" or len(command.data) < 2 or command.data[1] != len(command.data) - 2:
            return b"", WRONG_LENGTH
        split_dol(bytes.fromhex(self.profile.pdol), command.data[2:])
        if self._atc == 0xFFFF:
            return b"", NOT_SATISFIED
        self._atc += 1
        self._initiated = True
        locator = bytes.fromhex("080101001001020118010200")
        return build([("80", bytes.fromhex(self.profile.aip) + locator)]), DONE

    def _verify(self, command: Apdu) -> tuple[bytes, str]:
        """EMV Book 3, 6.5.12: plaintext PIN block of format 2."""
        if self._selected != "application":
            return b"", NOT_SATISFIED
        if command.p2 != 0x80:
            return b"", WRONG_P1P2
        if self._tries == 0:
            return b"", BLOCKED
        if len(command.data) != 8:
            return b"", WRONG_LENGTH
        pin = self.profile.pin
        right = bytes.fromhex(f"2{len(pin):X}{pin}".ljust(16, "F"))
        if hmac.compare_digest(right, command.data):
            self._tries, self._pin_verified = self.profile.pin_tries, True
            return b"", DONE
        self._tries -= 1
        return b"", f"63C{self._tries:X}"

    def _data(self, command: Apdu) -> tuple[bytes, str]:
        """EMV Book 3, 6.5.7."""
        tag = f"{command.p1:02X}{command.p2:02X}"
        values = {"9F36": self._atc.to_bytes(2, "big"), "9F17": bytes([self._tries]), "9F13": bytes(2)}
        return (build([(tag, values[tag])]), DONE) if tag in values else (b"", NO_DATA)

    def _generate(self, command: Apdu) -> tuple[bytes, str]:
        """EMV Book 3, 6.5.5: at most two in a transaction."""
        if not self._initiated or self._finished:
            return b"", NOT_SATISFIED
        asked = CRYPTOGRAMS.get(command.p1 & 0xC0)
        if asked is None:
            return b"", WRONG_P1P2
        return self._first(asked, command.data) if self._request is None else self._second(asked, command.data)

    def _first(self, asked: str, data: bytes) -> tuple[bytes, str]:
        """A pre-authorisation goes online: a TC asked for in the first round is answered with an ARQC."""
        values = split_dol(bytes.fromhex(self.profile.cdol1), data)
        given = "ARQC" if asked in ("TC", "ARQC") else "AAC"
        self._terminal = values
        answer, mac = self._answer(given, bytes([0x03, 0xA0 if given == "ARQC" else 0x00, 0x00, 0x00]), values, "first")
        if given == "ARQC":
            self._request = mac
        else:
            self._finished = True
        return answer, DONE

    def _second(self, asked: str, data: bytes) -> tuple[bytes, str]:
        """A TC only for the terminal that asks for it with the issuer's right answer."""
        assert self._request is not None
        values = split_dol(bytes.fromhex(self.profile.cdol2), data)
        code, given_arpc = values.get("8A", b""), values.get("91", b"")[:8]
        key = session_key(self._udk, self._atc.to_bytes(2, "big"))
        authentic = len(code) == 2 and hmac.compare_digest(
            given_arpc, response_cryptogram(key, self._request, values.get("91", bytes(10))[8:10])
        )
        given = "TC" if asked == "TC" and authentic else "AAC"
        results = 0x20 | CVR_SECOND[given]
        answer, _ = self._answer(given, bytes([0x03, results, 0x00 if authentic else 0x10, 0x00]), values, "second")
        self._finished = True
        return answer, DONE

    def _answer(self, kind: str, cvr: bytes, values: dict[str, bytes], round_: str) -> tuple[bytes, bytes]:
        atc = self._atc.to_bytes(2, "big")
        card = {"82": bytes.fromhex(self.profile.aip), "9F36": atc}
        mac = cryptogram(session_key(self._udk, atc), cryptogram_input({**self._terminal, **values, **card}, cvr))
        if self.faults.wrong_cryptogram:
            mac = xor(mac, b"\xff" * 8)
        information = {"AAC": 0x00, "TC": 0x40, "ARQC": 0x80}[kind]
        issuer = IssuerApplicationData(self.profile.key_index, CVN_01, cvr).pack()
        self._emit(
            Event(Channel.CARD, "cryptogram", {"card": self.name, "type": kind, "atc": self._atc, "round": round_})
        )
        return build([("80", bytes([information]) + atc + mac + issuer)]), mac

    def _challenge(self, command: Apdu) -> tuple[bytes, str]:
        """EMV Book 3, 6.5.6. Derived from the counter: a twin repeats itself exactly."""
        seed = self._atc.to_bytes(2, "big") * 4
        return cryptogram(self._udk, seed), DONE


_Handler = Callable[[ChipCard, Apdu], "tuple[bytes, str]"]
_HANDLERS: dict[int, _Handler] = {
    0xA4: ChipCard._select,
    0xB2: ChipCard._read,
    0xA8: ChipCard._options,
    0x20: ChipCard._verify,
    0xCA: ChipCard._data,
    0xAE: ChipCard._generate,
    0x84: ChipCard._challenge,
}
