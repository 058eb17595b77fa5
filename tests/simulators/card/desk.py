"""A card on a table: what a terminal says to it, and what its issuer would compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.emv import Apdu, ResponseApdu, fill_dol, find, parse
from protocols.emv.keys import CardKeys, MasterKeys
from protocols.emv.scripts import pin_change
from protocols.emv.secure_messaging import ScriptKeys, seal
from protocols.emv.secure_messaging import pin_change as new_pin
from protocols.emv.versions import NAMED, CryptogramVersion
from simulators.card import CardFault, CardProfile, CardState, ChipCard
from tests.simulators.kit import PAN, Events, credit_profile

AID = bytes.fromhex("A000000333010102")
TERMINAL: Mapping[str, bytes] = {
    tag: bytes.fromhex(value)
    for tag, value in {
        "9F02": "000000010000", "9F03": "000000000000", "9F1A": "0156", "95": "0000000000", "5F2A": "0156",
        "9A": "261129", "9C": "03", "9F37": "01020304", "9F21": "101112", "9F4E": "54" * 20, "9F7A": "00",
    }.items()
}  # fmt: skip
AAC, TC, ARQC, COMBINED = 0x00, 0x40, 0x80, 0x10


def no_oda(**changes: Any) -> CardProfile:
    """The usual card without signatures: nothing of RSA in it."""
    return credit_profile(oda="none", **changes)


def fault(*commands: tuple[str, Any], **more: Any) -> CardFault:
    """At these commands, always."""
    rows = [{"at": at, "do": do} for at, do in commands]
    return CardFault.model_validate({"says": "a test", "clause": "none", "commands": rows, **more})


class Desk:
    """One card and everything that is told of it."""

    def __init__(
        self, profile: CardProfile | None = None, *, pan: str = PAN, fault: CardFault | None = None,
        state: CardState | None = None,
    ) -> None:  # fmt: skip
        self.events = Events()
        self.card = ChipCard(
            profile or no_oda(), pan, name="credit", emit=self.events, fault=fault, state=state
        )  # fmt: skip
        self.profile = self.card.profile
        self.pan = pan
        self.card.power_on()

    # ── what a terminal says ──────────────────────────────────────────────────────────────────────────────────

    def send(self, command: Apdu) -> ResponseApdu:
        answer = self.card.transmit(command.pack())
        assert answer is not None, f"no answer to {command.name}"
        return ResponseApdu.parse(answer)

    def select(self, name: bytes = AID, p2: int = 0) -> ResponseApdu:
        return self.send(Apdu(0, 0xA4, 4, p2, name, 256))

    def read(self, file: int, record: int) -> ResponseApdu:
        return self.send(Apdu(0, 0xB2, record, file << 3 | 4, le=256))

    def options(self) -> ResponseApdu:
        values = fill_dol(bytes.fromhex(self.rules.pdol), TERMINAL)
        return self.send(Apdu(0x80, 0xA8, 0, 0, b"\x83" + bytes([len(values)]) + values, 256))

    def initiate(self) -> ResponseApdu:
        self.select(bytes.fromhex(self.rules.aid))
        return self.options()

    def get(self, tag: str) -> ResponseApdu:
        number = int(tag, 16)
        return self.send(Apdu(0x80, 0xCA, number >> 8, number & 0xFF, le=256))

    def value(self, tag: str) -> int:
        """A counter of the card."""
        return int.from_bytes(find(self.get(tag).data, tag) or b"", "big")

    def verify(self, block: str, p2: int = 0x80) -> str:
        return self.send(Apdu(0, 0x20, 0, p2, bytes.fromhex(block))).sw

    def first(self, kind: int = ARQC, **values: bytes) -> ResponseApdu:
        """The first GENERATE AC, filled by CDOL1."""
        data = fill_dol(bytes.fromhex(self.rules.cdol1), {**TERMINAL, **_tags(values)})
        return self.send(Apdu(0x80, 0xAE, kind, 0, data, 256))

    def second(self, kind: int = TC, authentication: bytes = b"", code: bytes = b"00", **values: bytes) -> ResponseApdu:
        """The second one, filled by CDOL2."""
        given = {**TERMINAL, "8A": code, "91": authentication, **_tags(values)}
        return self.send(Apdu(0x80, 0xAE, kind, 0, fill_dol(bytes.fromhex(self.rules.cdol2), given), 256))

    def external(self, authentication: bytes) -> str:
        return self.send(Apdu(0, 0x82, 0, 0, authentication)).sw

    def approved(self, code: bytes = b"00") -> ResponseApdu:
        """A whole transaction that the issuer approves."""
        self.initiate()
        return self.second(TC, self.answer(Word(self.first()), code), code)

    # ── what its issuer computes ──────────────────────────────────────────────────────────────────────────────

    @property
    def rules(self) -> Any:
        return self.profile.applications[0]

    @property
    def version(self) -> CryptogramVersion:
        return NAMED[self.profile.cryptogram_version]

    @property
    def keys(self) -> CardKeys:
        p = self.profile
        masters = MasterKeys(*map(bytes.fromhex, (p.test_master_key, p.test_mac_key, p.test_enc_key)))
        return self.version.card_keys(masters, self.pan, p.psn)

    def expected(self, word: Word, **values: bytes) -> bytes:
        """The cryptogram that belongs to these data."""
        aip = self.card._chip.application.aip
        given = {**TERMINAL, **_tags(values), "82": aip, "9F36": word.atc}
        return self.version.request(self.version.session(self.keys.ac, word.atc), given, word.issuer_data)

    def answer(self, word: Word, code: bytes = b"00", csu: Any = None) -> bytes:
        """Tag 91 for its request."""
        session = self.version.session(self.keys.ac, word.atc)
        more = () if csu is None else (csu,)
        return self.version.response(session, word.cryptogram, code, *more)

    def script_keys(self, word: Word) -> ScriptKeys:
        return self.version.script_keys(self.keys, word.atc, word.cryptogram)

    def script(self, command: Apdu, word: Word) -> str:
        """A command with its right MAC."""
        return self.send(seal(command, self.script_keys(word))).sw

    def change_pin(self, pin: str, word: Word, current: str = "") -> str:
        keys = self.script_keys(word)
        return self.script(pin_change(new_pin(keys, pin, current), with_current=bool(current)), word)


class Word:
    """An answer to GENERATE AC, of either format."""

    def __init__(self, answer: ResponseApdu) -> None:
        assert answer.sw == "9000", answer.sw
        [template] = parse(answer.data)
        self.signature = find(answer.data, "9F4B")
        if template.tag == "80":
            value = template.value
            self.information, self.atc, self.cryptogram = value[0], value[1:3], value[3:11]
            self.issuer_data = value[11:]
        else:
            parts = {node.tag: node.value for node in template.children}
            self.information, self.atc = parts["9F27"][0], parts["9F36"]
            self.cryptogram, self.issuer_data = parts.get("9F26", b""), parts["9F10"]

    @property
    def kind(self) -> str:
        return {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}.get(self.information & 0xC0, "?")

    @property
    def results(self) -> str:
        """Card verification results, hex."""
        return self.issuer_data[3:7].hex().upper()


def _tags(values: Mapping[str, bytes]) -> dict[str, bytes]:
    """`t95=...` is tag 95."""
    return {name.removeprefix("t"): value for name, value in values.items()}
