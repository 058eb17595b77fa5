"""Whatever a card answers: the kernel ends in one of its own ways, and TVR, TSI and F55 never lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.emv import Apdu, TlvError, build, find
from protocols.emv.certificates import CaPublicKey, issue_card, issue_issuer
from protocols.emv.dol import split_dol
from protocols.emv.oda import sign_combined, sign_dynamic, transaction_data
from protocols.emv.verification import Tsi, Tvr
from protocols.faults import CardRemoved, DeviceSilent, ForeignCard
from protocols.pinpad import PinEnd
from simulators.terminal.contact import (
    CaKeys,
    CardUnusable,
    Configuration,
    HostAnswer,
    Kernel,
    PinCancelled,
    PinTimedOut,
    Script,
)
from simulators.terminal.contact.configuration import ApplicationRule
from tests.simulators.terminal.contact.phase import (
    AID,
    ALL,
    OK,
    OTHER_TEST_KEY,
    PAN,
    RECORD,
    TEST_KEY,
    Pad,
    People,
    fci,
    terms,
    tlv,
)

OWN_WAYS = (CardUnusable, CardRemoved, ForeignCard, PinCancelled, PinTimedOut)
"""How a transaction may end that is not ended by a cryptogram."""
CA = CaPublicKey.made(AID[:5], 0xF0, OTHER_TEST_KEY.public, "391231")
CERTIFIED: dict[str, str | bytes] = RECORD | {
    **issue_issuer(OTHER_TEST_KEY, CA, TEST_KEY.public, issuer_id="625094", expires="1230", serial=b"\0\0\1"),
    **issue_card(TEST_KEY, OTHER_TEST_KEY.public, pan=PAN, expires="1230", serial=b"\0\0\2", static=b""),
    "9F49": "9F3704", "9F14": "03", "9F23": "05",
}  # fmt: skip
COUNTERS = {"9F36": "0007", "9F13": "0005", "9F17": "03"}
MUTE, GONE = "mute", "gone"
Change = Callable[[bytes], "bytes | str"]


@dataclass
class AnyCard:
    """A right card, but for the answers that `changes` names by their number."""

    aip: str = "1C00"
    rules: str = "4203 1E03 1F00"
    changes: dict[int, Change] = field(default_factory=dict)
    count: int = 0
    asked: list[Apdu] = field(default_factory=list)
    terminal: list[dict[str, bytes]] = field(default_factory=list)
    """The data of each GENERATE AC, by the card's list."""

    def card_present(self) -> bool:
        return True

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        return present

    def power_on(self) -> bytes:
        return bytes.fromhex("3B6800000073C84013009000")

    def power_off(self) -> None:
        """It stays where it is."""

    def transmit(self, command: bytes) -> bytes:
        number, self.count, parsed = self.count, self.count + 1, Apdu.parse(command)
        assert number < 400, "the kernel does not come to an end"
        done = len(self.asked), len(self.terminal)
        self.asked.append(parsed)
        answer = self._right(parsed)
        changed = self.changes[number](answer) if number in self.changes else answer
        if changed[-2:-1] == b"\x6c":  # wrong Le: it has done nothing, and is asked again
            del self.asked[done[0] :], self.terminal[done[1] :]
        if changed == MUTE:
            raise DeviceSilent("the card gave no valid answer to a command", component="card")
        if isinstance(changed, str):
            raise CardRemoved("the card was removed")
        return changed

    def _right(self, command: Apdu) -> bytes:
        match command.ins:
            case 0xA4:
                return fci() + OK if command.data == AID and command.p2 == 0 else bytes.fromhex("6A82")
            case 0xA8:
                return bytes.fromhex(f"8006 {self.aip} 08010100 9000")
            case 0xB2:
                return tlv("70", CERTIFIED | {"8E": "0000271000004E20" + self.rules}) + OK
            case 0xCA:
                tag = f"{command.p1:02X}{command.p2:02X}"
                return build([(tag, bytes.fromhex(COUNTERS[tag]))]) + OK
            case 0x88:
                signature = sign_dynamic(OTHER_TEST_KEY, bytes(8), command.data)
                return build([("80", signature)]) + OK
            case 0x84:
                return bytes(8) + OK
            case 0xAE:
                return self._generated(command)
            case _:
                return OK

    def _generated(self, command: Apdu) -> bytes:
        first = not self.terminal
        dol = bytes.fromhex(str(RECORD["8C" if first else "8D"]))
        try:
            self.terminal.append(split_dol(dol, command.data))
        except TlvError:  # by a list that was changed on the way
            return bytes.fromhex("6700")
        kind, atc, mac = bytes([command.p1 & 0xC0]), b"\0\7", b"\x11" * 8
        if not command.p1 & 0x10:
            return build([("80", kind + atc + mac)]) + OK
        sent = [c.data for c in self.asked if c.ins == 0xAE]
        clear = [("9F27", kind), ("9F36", atc)]
        covered = transaction_data(
            bytes.fromhex("0000000100000156"), sent[0], build([("77", clear)]), b"" if first else sent[-1]
        )
        signature = sign_combined(
            OTHER_TEST_KEY, bytes(8), kind[0], mac, covered, self.terminal[0]["9F37"]
        )  # fmt: skip
        return build([("77", [*clear, ("9F4B", signature)])]) + OK


def flipped(at: int, bit: int) -> Change:
    return lambda answer: (
        answer[: at % len(answer)] + bytes([answer[at % len(answer)] ^ 1 << bit]) + answer[at % len(answer) + 1 :]
    )


def cut(at: int) -> Change:
    return lambda answer: answer[: at % len(answer)]


def replaced(by: bytes) -> Change:
    return lambda answer: by


def status(words: bytes) -> Change:
    return lambda answer: answer[:-2] + words


def added(more: bytes) -> Change:
    return lambda answer: answer[:-2] + more + answer[-2:]


CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(flipped, st.integers(0, 400), st.integers(0, 7)),
    st.builds(cut, st.integers(0, 400)),
    st.builds(replaced, st.binary(max_size=40)),
    st.builds(replaced, st.sampled_from([MUTE, GONE])),  # type: ignore[arg-type]
    st.builds(status, st.binary(min_size=2, max_size=2)),
    st.builds(status, st.sampled_from([bytes.fromhex(s) for s in ("6985", "6283", "63C1", "6983", "6105", "6C04")])),
    st.builds(added, st.binary(max_size=20)),
)
ENDS = st.lists(st.sampled_from([PinEnd.ENTERED, PinEnd.ENTERED, *PinEnd]), max_size=3)
RULES = st.lists(
    st.builds(
        lambda code, next_, condition: bytes([code | next_, condition]),
        st.sampled_from([0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x1E, 0x1F, 0x20, 0x3F]), st.sampled_from([0, 0x40]),
        st.sampled_from([*range(11), 0x80]),
    ),
    max_size=5,
)  # fmt: skip
ANSWERS = st.one_of(
    st.none(),
    st.builds(
        HostAnswer, st.booleans(), st.sampled_from(["00", "51"]), st.one_of(st.none(), st.binary(max_size=20)),
        st.lists(
            st.builds(Script, st.sampled_from(["71", "72"]), st.just(bytes(4)),
                      st.lists(st.binary(max_size=9), max_size=2).map(lambda c: tuple(_commands(c))), st.booleans()),
            max_size=3,
        ).map(tuple),
    ),
)  # fmt: skip


def _commands(tails: list[bytes]) -> list[bytes]:
    """Commands that the card takes for some of its issuer's; one that is too short is sent by nobody."""
    return [b"\x84\x1e\x00\x00" + bytes([len(tail)]) + tail if tail else b"\x84" for tail in tails]


@pytest.mark.parametrize("aip", ["1C00", "3C00", "1D00", "0000"], ids=["no ODA", "DDA", "CDA", "nothing"])
@given(
    changes=st.dictionaries(st.integers(0, 16), CHANGES, max_size=3), rules=RULES, ends=ENDS, answer=ANSWERS,
    online_only=st.booleans(), offline=st.booleans(), floor=st.sampled_from([0, 10**9]), forced=st.booleans(),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_card(
    aip: str, changes: dict[int, Change], rules: list[bytes], ends: list[PinEnd], answer: HostAnswer | None,
    online_only: bool, offline: bool, floor: int, forced: bool,
) -> None:  # fmt: skip
    card = AnyCard(aip, b"".join(rules).hex(), changes)
    pad = Pad(*ends)
    configuration = Configuration(
        applications=(ApplicationRule(AID, floor_limit=floor, tac_online=Tvr(0)),), keys=CaKeys.of([CA]),
        capabilities=ALL, offline_approval=offline,
    )  # fmt: skip
    kernel = Kernel(card, pad, People(), lambda: configuration)
    try:
        kernel.open(terms(forced_online=forced))
        word = kernel.decide(online_only=online_only)
        first_tvr = find(word.chip, "95")
        assert word.kind in ("ARQC", "TC", "AAC")
        assert first_tvr is not None
        _first_word_is_true(card, word.kind, first_tvr, online_only=online_only or not offline)
        _bits_are_true(Tvr.parse(first_tvr), card, pad, forced=forced, floor=floor, pin=word.pin is not None)
        assert (word.code != "") == (word.kind != "ARQC")
        if word.kind == "ARQC":
            _last_word_is_true(card, kernel, answer, kernel.conclude(answer), online_only=online_only)
    except OWN_WAYS:
        return
    finally:
        tvr = bytes.fromhex(kernel.value("95") or "00" * 5)
        assert not int.from_bytes(tvr) & RESERVED


RESERVED = ~int(Tvr(sum(int(bit) for bit in Tvr))) & 0xFF_FF_FF_FF_FF


def _first_word_is_true(card: AnyCard, kind: str, told: bytes, *, online_only: bool) -> None:
    """What F55 says is what the card was given; an approval of the card's own was never asked for. cases.md 152"""
    asked = next(c.p1 & 0xC0 for c in card.asked if c.ins == 0xAE)
    sent = card.terminal[0]["95"]
    assert int.from_bytes(told) & ~int(Tvr.CDA_FAILED) == int.from_bytes(sent) & ~int(Tvr.CDA_FAILED)
    assert not (online_only and (asked == 0x40 or kind == "TC"))


def _bits_are_true(tvr: Tvr, card: AnyCard, pad: Pad, *, forced: bool, floor: int, pin: bool) -> None:
    online = ("online", None) in pad.asked
    assert (Tvr.ONLINE_PIN_ENTERED in tvr) == pin
    assert not pin or online
    assert (Tvr.FORCED_ONLINE in tvr) == forced
    if Tvr.FLOOR_LIMIT_EXCEEDED in tvr:
        assert floor == 0
    both_not = Tvr.ODA_NOT_PERFORMED in tvr and tvr & (Tvr.SDA_FAILED | Tvr.DDA_FAILED | Tvr.CDA_FAILED)
    assert not both_not


def _last_word_is_true(
    card: AnyCard, kernel: Kernel, answer: HostAnswer | None, given: str, *, online_only: bool
) -> None:  # fmt: skip
    """A TC only where it was asked for, and never without the issuer where nobody else may approve."""
    asked = [c.p1 & 0xC0 for c in card.asked if c.ins == 0xAE]
    assert given in ("TC", "AAC")
    assert len(asked) == 2
    assert given == "AAC" or asked[1] == 0x40
    assert (asked[1] == 0x40) <= (answer is not None or not online_only)
    assert answer is None or answer.approved or given == "AAC"
    tsi = Tsi.parse(bytes.fromhex(kernel.value("9B")))
    assert Tsi.CARD_RISK_PERFORMED in tsi
    assert (Tsi.SCRIPTS_PROCESSED in tsi) == bool(kernel.value("DF31"))
    assert (kernel.script_results() is not None) == bool(answer and answer.scripts)
    results = bytes.fromhex(kernel.value("DF31"))
    failed = any(not results[at] & 0x20 for at in range(0, len(results), 5))
    tvr = Tvr.parse(bytes.fromhex(kernel.value("95")))
    assert bool(tvr & (Tvr.SCRIPT_FAILED_BEFORE | Tvr.SCRIPT_FAILED_AFTER)) == failed
    assert len(results) == 5 * len(answer.scripts if answer else ())


@pytest.mark.parametrize(
    ("aip", "tvr", "tsi"),
    [("1C00", "8000040000", "6800"), ("3C00", "0000040000", "E800"), ("1D00", "0000040000", "E800")],
)
def test_the_card_that_answers_rightly_is_right(aip: str, tvr: str, tsi: str) -> None:
    """So that what the others change is a change."""
    card = AnyCard(aip)
    configuration = Configuration(
        applications=(ApplicationRule(AID, floor_limit=10**9),), keys=CaKeys.of([CA]), capabilities=ALL
    )
    kernel = Kernel(card, Pad(), People(), lambda: configuration)
    kernel.open(terms())
    word = kernel.decide()
    assert (word.kind, kernel.value("95"), kernel.value("9B")) == ("ARQC", tvr, tsi)
    assert kernel.conclude(HostAnswer(True, "00", bytes(10))) == "TC"
    assert kernel.value("95") == tvr
