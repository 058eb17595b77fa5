"""GENERATE AC, first and second: the card's own word on a transaction. EMV Book 3, 6.5.5; Book 2, 6.6 and 8.1."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.crypto import xor
from protocols.emv import Apdu, IssuerApplicationData, build, split_dol
from protocols.emv.apdu import CRYPTOGRAMS
from protocols.emv.dates import full_date
from protocols.emv.oda import sign_combined, transaction_data
from protocols.emv.verification import Aip
from simulators.card import issuer, log, proofs, risk
from simulators.card.core import DONE, NOT_SATISFIED, WRONG_P1P2, Answer, Chip, Phase

KIND, COMBINED = 0xC0, 0x10
"""P1: what is asked for, and whether it is to be signed. EMV Book 3, 6.5.5.2, table 11"""
INFORMATION = {kind: bits for bits, kind in CRYPTOGRAMS.items()}
"""Kind to cryptogram information data. EMV Book 3, 6.5.5.4, table 14"""
NEVER_GIVEN = {"9F02": 6, "9F03": 6, "9F1A": 2, "95": 5, "5F2A": 2, "9A": 3, "9C": 1, "9F37": 4}
"""What the cryptogram covers and its lists may not ask for: zeros of this length then. EMV Book 2, 8.1.1"""
_NUMBER = b"dynamic number"


def generate(chip: Chip, command: Apdu) -> Answer:
    """At most two in a transaction. EMV Book 3, 6.5.5 and 9.3"""
    phase = chip.session.phase
    if phase not in (Phase.INITIATED, Phase.REQUESTED):
        return b"", NOT_SATISFIED
    asked = CRYPTOGRAMS.get(command.p1 & KIND)
    if asked is None or command.p1 & ~(KIND | COMBINED) or command.p2:
        return b"", WRONG_P1P2
    combined = bool(command.p1 & COMBINED) and _can_combine(chip)
    round_ = _first if phase is Phase.INITIATED else _second
    return round_(chip, asked, command.data, combined), DONE


def _can_combine(chip: Chip) -> bool:
    return chip.application.card_key is not None and Aip.CDA in Aip.parse(chip.application.aip)


def _first(chip: Chip, asked: str, data: bytes, combined: bool) -> bytes:
    session = chip.session
    values = split_dol(bytes.fromhex(chip.rules.cdol1), data)
    session.first, session.first_data = values, data
    given = session.first_kind = chip.effects.gives or risk.first_word(chip, asked)
    answer = _Word(chip, "first", asked, given, values, combined).answer()
    session.phase = Phase.REQUESTED if given == "ARQC" else Phase.FINISHED
    chip.state.online_incomplete |= given == "ARQC"
    if given == "AAC":
        risk.declined_offline(chip, values.get("95", b""))
    if given == "TC":
        log.keep(chip, session.options | values)
    return answer


def _second(chip: Chip, asked: str, data: bytes, combined: bool) -> bytes:
    session = chip.session
    values = split_dol(bytes.fromhex(chip.rules.cdol2), data)
    session.unable = values.get("8A") in risk.UNABLE_ONLINE
    if not session.issuer:
        issuer.look_at(chip, values.get("91", b""))
    given = chip.effects.gives or risk.last_word(chip, asked)
    answer = _Word(chip, "second", asked, given, values, combined, data).answer()
    session.phase = Phase.FINISHED
    risk.ended_online(chip)
    if given == "TC":
        log.keep(chip, session.options | session.first | values)
    return answer


class _Word:
    """One cryptogram and the answer that carries it."""

    def __init__(
        self, chip: Chip, round_: str, asked: str, given: str, values: Mapping[str, bytes], combined: bool,
        second_data: bytes = b"",
    ) -> None:  # fmt: skip
        self._chip = chip
        self._round, self._asked, self._given = round_, asked, given
        self._values = values
        self._second_data = second_data
        self._signs = combined and given != "AAC"  # EMV Book 2, 6.6.1: an AAC is never signed
        information = chip.effects.information
        self._information = INFORMATION[given] if information is None else information
        session = chip.session
        session.dynamic |= self._signs
        first, second = (given, None) if round_ == "first" else (session.first_kind, given)
        cvr = risk.results(chip, first, second if second in ("TC", "AAC") else None)
        profile = chip.profile
        self._issuer_data = IssuerApplicationData(
            profile.key_index, chip.version.number, cvr.pack(), idd=bytes.fromhex(chip.rules.discretionary_data)
        ).pack()

    def answer(self) -> bytes:
        """Format 2 with a signature inside, or format 1. EMV Book 3, 6.5.5.4"""
        chip = self._chip
        mac = self._cryptogram()
        if self._round == "first":
            chip.session.cryptogram = mac
        self._tell(mac)
        if self._signs:
            return self._signed(mac)
        return build([("80", bytes([self._information]) + chip.atc + mac + self._issuer_data)])

    def _cryptogram(self) -> bytes:
        """EMV Book 2, 8.1; facts/pcsc-emv 4.3."""
        chip, session = self._chip, self._chip.session
        given = {tag: bytes(size) for tag, size in NEVER_GIVEN.items()} | session.options | session.first
        card = {"82": chip.application.aip, "9F36": chip.atc}
        assert session.key is not None
        mac = chip.version.request(session.key, {**given, **self._values, **card}, self._issuer_data)
        return xor(mac, b"\xff" * len(mac)) if chip.effects.wrong_cryptogram else mac

    def _signed(self, mac: bytes) -> bytes:
        """EMV Book 2, 6.6.1: dynamic number, information, cryptogram and the hash of all that was said before."""
        chip, session = self._chip, self._chip.session
        key = chip.application.card_key
        assert key is not None
        head = [("9F27", bytes([self._information])), ("9F36", chip.atc)]
        tail = [("9F10", self._issuer_data)]
        said = transaction_data(
            session.options_data, session.first_data, build([("77", head + tail)]), self._second_data
        )  # fmt: skip
        unpredictable = self._values.get("9F37", b"")
        over = unpredictable + b"\0" if chip.effects.wrong_signature else unpredictable
        signature = sign_combined(key, chip.random(_NUMBER), self._information, mac, said, over)
        session.proof = proofs.combined(
            chip.shown_key or key.public, unpredictable, session.options_data, session.first_data, self._second_data
        )
        return build([("77", [*head, ("9F4B", signature), *tail])])

    def _tell(self, mac: bytes) -> None:
        """As the side that holds the key knows it; of the terminal's data, what the list of this round asks for."""
        chip, values = self._chip, self._values
        date = values.get("9A", b"").hex()
        begins, ends = chip.validity
        said = {
            name: values.get(tag, b"").hex().upper()
            for name, tag in (("tvr", "95"), ("un", "9F37"), ("amount", "9F02"), ("date", "9A"))
        }
        chip.tell(
            "cryptogram", round=self._round, asked=self._asked, type=self._given, cda=self._signs, atc=chip.state.atc,
            cryptogram=mac.hex().upper(), iad=self._issuer_data.hex().upper(), **said,
            expired=_after(date, ends), not_yet_effective=_after(begins, date),
        )  # fmt: skip


def _after(one: str, other: str) -> bool:
    """Whether one date is later than the other; False of what is no date. EMV Book 3, 10.4.3"""
    try:
        return full_date(one) > full_date(other)
    except ValueError:
        return False
