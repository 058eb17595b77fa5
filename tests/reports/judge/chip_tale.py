"""Timelines of a chip transaction, told as stories: what terminal and card say to each other, and what becomes of it.

    tale = ChipTale().opened().pin_entered().first().sent().reply().second("TC").outcome("approved")

`card` and `terminal` are values by tag that differ from those of a good card and a good terminal; None takes one away.
A tale of nothing but defaults is one that no rule has anything to say against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

from protocols.emv import build, fill_dol
from protocols.emv.verification import Tvr
from protocols.iso8583 import describe
from tests.reports.judge.builder import PAN, Tale

NAME = "credit-0014"
AID, LABEL = "A000000333010102", "PBOC CREDIT"
ONLINE_PIN, SIGNATURE, NO_CVM = "4203", "5E03", "1F03"
CDOL1 = "9F02069F03069F1A0295055F2A029A039C019F37049F2103"
CDOL2 = "8A02910A" + CDOL1
CARD = {
    "82": "7800", "57": f"{PAN}D3012201000000000F", "5A": PAN, "5F24": "301231", "5F25": "200101", "5F34": "01",
    "5F28": "0156", "9F07": "FF00", "9F08": "0030", "9F42": "0156", "8C": CDOL1, "8D": CDOL2,
    "8E": "0000000000000000" + ONLINE_PIN + SIGNATURE + NO_CVM, "9F0D": "D86004A800", "9F0E": "0010880000",
    "9F0F": "D86804F800", "8F": "F0", "90": "90" * 16, "9F32": "03", "9F46": "46" * 16, "9F47": "03", "9F49": "9F3704",
    "93": "93" * 16,
}  # fmt: skip
TERMINAL = {
    "9F02": "000000100000", "9F03": "000000000000", "9F1A": "0156", "5F2A": "0156", "9A": "261125", "9C": "03",
    "9F37": "1E78EEBC", "9F33": "E0F8C8", "9F35": "22", "9F1E": "3030303030303031", "9F09": "0030", "9F41": "00000077",
    "9F21": "081657", "95": "0000048000", "9F34": "420300",
}  # fmt: skip
REQUEST_TAGS = (
    "9F37", "95", "9A", "9C", "9F02", "5F2A", "9F1A", "9F03", "9F33", "9F34", "9F35", "9F1E", "9F09", "9F41",
)  # fmt: skip
TYPES = {"AAC": 0x00, "TC": 0x40, "ARQC": 0x80}
CRYPTOGRAM, LAST_CRYPTOGRAM = "5D016C91005E7CC2", "AA016C91005E7C11"
ISSUER_DATA, LAST_DATA = "07010103A0000001", "0701010360000001"
AUTHENTICATION = "21415243527CE78F3030"
SETTING: dict[str, Any] = {
    "ca_keys": ["F0", "F1"], "expired_ca_keys": ["F2"], "revoked": [], "pinpad": True, "pin_bypass": True,
    "cardholder_choice": True, "floor_limit": 0, "random_percent": 0, "fallback": True, "key_entry": False,
    "chip_attempts": 3, "exception_file": False,
}  # fmt: skip
DONE = "9000"


def given(values: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, bytes]:
    merged = {**values, **changes}
    return {tag: bytes.fromhex(value) for tag, value in merged.items() if value is not None}


class ChipTale(Tale):
    """One terminal, and one card at a time."""

    def __init__(
        self, *, card: Mapping[str, str | None] | None = None, terminal: Mapping[str, str | None] | None = None,
        setting: Mapping[str, Any] | None = None, at: str = "", **more: Any,
    ) -> None:  # fmt: skip
        """`at` is the number of the terminal. An empty `setting` is one that nobody tells."""
        super().__init__(terminal=at, **more)
        self.card = given(CARD, card or {})
        self.at_terminal = given(TERMINAL, terminal or {})
        self.setting = None if setting is not None and not setting else {**SETTING, **(setting or {})}
        self.counter = 0
        self.name = NAME
        self._given = (CRYPTOGRAM, ISSUER_DATA)

    # ── the rig and the card's own word ───────────────────────────────────────────────────────────────────────────

    def configured(self, **changes: Any) -> Self:
        if self.setting is not None:
            told = {"capabilities": self.at_terminal.get("9F33", b"").hex().upper() or None}
            self.tell("rig", "configuration", **{**told, **self.setting, **changes})
        return self

    def personalised(self, *, authentic: str = "right", wrong: Iterable[str] = (), **more: Any) -> Self:
        application = {"aid": AID, "label": LABEL, "oda": "DDA", "ca_index": "F0", "authentic": authentic, **more}
        self.tell("card", "personalised", card=self.name, applications=[application], data_wrong=list(wrong))
        return self

    # ── APDUs ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def apdu(self, command: str, answer: str = "", sw: str = DONE, *, called: str = "", **facts: Any) -> Self:
        """A command with its answer; an empty status is none. `facts` become an event of the card between both."""
        raw = bytes.fromhex(command)
        self.tell("card", "command", raw=raw, called=called or f"command {command[:4]}")
        for kind, fields in facts.items():
            self.tell("card", kind.replace("_", " "), called=f"fact {kind}", card=self.name, **fields)
        if sw:
            self.tell("card", "response", raw=bytes.fromhex(answer + sw), called=f"answer {command[:4]}")
        return self

    def powered(self) -> Self:
        self.tell("card", "atr", atr="3B6800000073C84013009000")
        return self

    def selects(self, aid: str = AID, label: str = LABEL, sw: str = DONE, **more: str) -> Self:
        inner = [("50", label.encode()), *((tag, bytes.fromhex(value)) for tag, value in more.items())]
        fci = build([("6F", [("84", bytes.fromhex(aid)), ("A5", inner)])]).hex().upper()
        data = bytes.fromhex(aid)
        told = {"aid": aid, "sw": sw}
        return self.apdu(f"00A40400{len(data):02X}{aid}00", fci if sw in (DONE, "6283") else "", sw, selected=told)

    def options(self, sw: str = DONE, pdol: str = "") -> Self:
        answer = build([("80", self.card["82"] + bytes.fromhex("08010100"))]).hex().upper() if sw == DONE else ""
        data = bytes.fromhex(pdol)
        self.counter += sw == DONE
        return self.apdu(f"80A80000{len(data) + 2:02X}83{len(data):02X}{pdol}00", answer, sw)

    def reads(self) -> Self:
        """One record with all that the card has."""
        hidden = {tag: value for tag, value in self.card.items() if tag != "82"}
        masked = {**hidden, "5A": bytes.fromhex("625094FFFFFF0014")} if "5A" in hidden else hidden
        record = build([("70", list(masked.items()))]).hex().upper()
        return self.apdu("00B2010C00", record, listed={"entry": "62509470xxxxxxxx"})

    def gets(self, tag: str, value: str, sw: str = DONE) -> Self:
        answer = build([(tag, bytes.fromhex(value))]).hex().upper() if sw == DONE else ""
        return self.apdu(f"80CA{tag.rjust(4, '0')}00", answer, sw)

    def signs(self, *, right: bool = True, sw: str = DONE) -> Self:
        """INTERNAL AUTHENTICATE."""
        told = {"signed": {"what": "DDA", "right": right}} if sw == DONE else {}
        return self.apdu("00880000041E78EEBC00", "8004DEADBEEF" if sw == DONE else "", sw, **told)

    def verifies(self, sw: str = DONE, form: str = "plain") -> Self:
        p2 = {"plain": "80", "enciphered": "88"}[form]
        result = {"result": "right" if sw == DONE else "wrong", "form": form, "tries_left": 0}
        return self.apdu(f"002000{p2}08FFFFFFFFFFFFFFFF", "", sw, pin=result)

    def generates(
        self, asked: str, answered: str, dol: str, *, cryptogram: str, issuer: str, round_: str, sw: str = DONE,
        cda: bool = False, counter: int | None = None, expired: bool = False, early: bool = False, fact: bool = True,
        values: Mapping[str, bytes] | None = None, signed_wrongly: bool = False,
    ) -> Self:  # fmt: skip
        """One GENERATE AC with its answer in format 1, or signed in format 2."""
        data = fill_dol(self.card.get(dol, b""), {**self.at_terminal, **(values or {})})
        atc = self.counter if counter is None else counter
        row = bytes([TYPES[answered]]) + atc.to_bytes(2) + bytes.fromhex(cryptogram + issuer)
        signed = [("9F27", row[:1]), ("9F36", row[1:3]), ("9F4B", b"\x4b" * 16), ("9F10", row[11:])]
        answer = build([("77", signed)] if cda else [("80", row)]).hex().upper()
        told = {
            "round": round_, "asked": asked, "type": answered, "cda": cda, "atc": atc, "cryptogram": cryptogram,
            "date": self.at_terminal.get("9A", b"").hex(), "expired": expired, "not_yet_effective": early,
        }  # fmt: skip
        facts: dict[str, Any] = {"cryptogram": told} if fact and sw == DONE else {}
        if cda:
            facts["signed"] = {"what": "CDA", "right": not signed_wrongly}
        p1 = TYPES[asked] | (0x10 if cda else 0)
        command = f"80AE{p1:02X}00{len(data):02X}{data.hex().upper()}00"
        return self.apdu(command, answer if sw == DONE else "", sw, called=f"{round_} generate", **facts)

    # ── stretches ─────────────────────────────────────────────────────────────────────────────────────────────────

    def opened(self, *, signed: bool = True, **card: Any) -> Self:
        """From the order to the last record, and the card's signature."""
        self.order()
        self.configured().personalised(**card).powered().selects().options().reads()
        return self.signs() if signed else self

    def pin_entered(self, end: str = "entered", form: str = "online") -> Self:
        self.tell("operator", "pin", form=form, end=end, digits=6, cancelled=end == "cancelled")
        return self

    def first(self, answered: str = "ARQC", asked: str = "ARQC", *, tvr: Tvr | None = None, **more: Any) -> Self:
        """The first GENERATE AC; `tvr` is what the terminal says in place of what is right."""
        if tvr is not None:
            self.at_terminal["95"] = tvr.pack()
        self._given = (more.pop("cryptogram", CRYPTOGRAM), more.pop("issuer", ISSUER_DATA))
        cryptogram, issuer = self._given
        return self.generates(asked, answered, "8C", cryptogram=cryptogram, issuer=issuer, round_="first", **more)

    def sent(self, *, chip: Mapping[str, str | None] | None = None, pin: bool = True, **more: Any) -> Self:
        """The request, with F55 as it should be but for what is changed in `chip`."""
        without = () if pin else (52, 26)
        changed = {"22": "051" if pin else "052"}
        change = {int(n): v for n, v in changed.items()} | dict(more.pop("change", {}))
        self.request(change=change, without=(*without, *more.pop("without", ())), **more)
        values = {tag: self.at_terminal[tag].hex().upper() for tag in REQUEST_TAGS if tag in self.at_terminal}
        values |= {
            "9F26": self._given[0], "9F27": "80", "9F10": self._given[1], "9F36": f"{self.counter:04X}",
            "82": self.card["82"].hex().upper(), "84": AID,
        }  # fmt: skip
        self._told({**values, **(chip or {})})
        return self

    def _told(self, chip: Mapping[str, str | None]) -> None:
        """Put chip data into the message that was told last."""
        self._message |= {f"F55.{tag} x": value for tag, value in chip.items() if value is not None}

    def checked(self, pin: str = "right") -> Self:
        self.tell("host", "checks", **self._asked, mac="valid", pin=pin, cryptogram="verified")
        return self

    def answered(
        self, code: str = "00", *, authentication: str = AUTHENTICATION, scripts: Sequence[bytes] = (), **more: Any
    ) -> Self:
        """The host's answer with its chip data as the recorder describes them."""
        chip = build([("91", bytes.fromhex(authentication))]) if authentication else b""
        chip += b"".join(scripts)
        self.reply(code, **more)
        if chip:
            record, told = self.records[-1], describe({0: "0110", 55: chip})
            message = {**record.fields["message"], **{key: text for key, text in told.items() if key != "MTI"}}
            self.records[-1] = replace(record, fields={**record.fields, "message": message})
        return self

    def authenticates(self, data: str = AUTHENTICATION, sw: str = DONE) -> Self:
        """EXTERNAL AUTHENTICATE."""
        return self.apdu(f"00820000{len(data) // 2:02X}{data}", "", sw)

    def runs(self, script: bytes, sw: str = DONE) -> Self:
        """A command of a script."""
        return self.apdu(script.hex().upper(), "", sw, script={"command": "x", "sw": sw, "mac": "right"})

    def second(self, asked: str = "TC", answered: str = "", *, code: str = "00", **more: Any) -> Self:
        """The second GENERATE AC."""
        values = {"8A": code.encode(), "91": bytes.fromhex(AUTHENTICATION), **more.pop("values", {})}
        cryptogram, issuer = more.pop("cryptogram", LAST_CRYPTOGRAM), more.pop("issuer", LAST_DATA)
        return self.generates(
            asked, answered or asked, "8D", cryptogram=cryptogram, issuer=issuer, round_="second", values=values, **more
        )

    def good(self) -> Self:
        """A hold by chip and online PIN, approved."""
        self.opened().pin_entered().first().sent().checked().answered().second()
        self.outcome("approved")
        return self


UNBLOCK = bytes.fromhex("8424000004DEADBEEF")
"""A command of a script."""


def scripted(*, results: str = "20000000011000000002") -> ChipTale:
    """One command before, one after that fails; the host is told `results`."""
    scripts = [build([(t, [("9F18", n), ("86", UNBLOCK)])]) for t, n in (("71", b"\0\0\0\1"), ("72", b"\0\0\0\2"))]
    tale = ChipTale().opened().pin_entered().first().sent().answered(scripts=scripts).runs(UNBLOCK).second()
    tale.runs(UNBLOCK, sw="6985")
    if results:
        tale.request("script notice", mti="0620", trace="000078", change={61: "0000010000771125", 55: "9 bytes"})
        tale._told({"9F36": "0001", "9F26": LAST_CRYPTOGRAM, "9F10": LAST_DATA, "DF31": results})
    return tale


def asked(**more: object) -> ChipTale:
    """A hold on its way to the host."""
    return ChipTale(**more).opened().pin_entered().first().sent()  # type: ignore[arg-type]


def at_last(tale: ChipTale, bits: Tvr) -> ChipTale:
    """The second round, with these results told."""
    tale.at_terminal["95"] = bits.pack()
    return tale.second()
