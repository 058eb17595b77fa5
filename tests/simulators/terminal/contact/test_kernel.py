"""The contact kernel from the card's power to its last word. EMV Book 3, 10; facts/unionpay-pos 2.2."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1
from typing import Any

import pytest

from protocols.emv import build, find, parse
from protocols.emv.certificates import CaPublicKey, issue_card, issue_issuer
from protocols.emv.tag_lists import REQUEST, REVERSAL, SCRIPT_NOTICE
from protocols.emv.verification import Tvr
from protocols.faults import CardRemoved, ForeignCard, HoldfastBug
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
from tests.simulators.kit import Events
from tests.simulators.terminal.contact.phase import (
    AID,
    OTHER_TEST_KEY,
    PAN,
    RECORD,
    TEST_KEY,
    Pad,
    People,
    opening,
    terms,
)
from tests.support.scripted_card import MUTE, REMOVED, ScriptedCard

ANY_NUMBER = ".." * 4
ARPC = bytes.fromhex("AABBCCDDEEFF00113030")
TERMINAL_DATA = "000000010000 000000000000 0156 {tvr} 0156 260615 03 " + ANY_NUMBER
NO_ODA_PIN = "8000048000"
"""No offline data authentication, online PIN, above the floor limit of nothing."""
FIRST_ARQC = "801380 0240 5D016C91005E7CC2 07010103A0400201 9000"


def first(p1: str = "80", tvr: str = NO_ODA_PIN) -> str:
    return f"80AE{p1}001D {TERMINAL_DATA.format(tvr=tvr)} 00"


def second(p1: str, code: str, tvr: str, arpc: bytes = bytes(10)) -> str:
    return f"80AE{p1}0029 {code.encode().hex()} {arpc.hex()} {TERMINAL_DATA.format(tvr=tvr)} 00"


def last_word(kind: str) -> str:
    return f"8013{kind} 0240 1122334455667788 0701010360000001 9000"


class Shop:
    """A kernel before a scripted card."""

    def __init__(
        self, card: ScriptedCard, *defects: str, pad: Pad | None = None, emit: Events | None = None, **more: Any
    ) -> None:  # fmt: skip
        configuration = Configuration(**{"applications": (ApplicationRule(AID),), **more})
        self.emit, self.pad = emit or Events(), pad or Pad()
        self.kernel = Kernel(
            card, self.pad, People(), lambda: configuration, self.emit, defects=frozenset(defects)
        )  # fmt: skip


def script(*rest: tuple[str, str | bytes], record: Any = None, aip: str = "1C00") -> Sequence[tuple[str, str | bytes]]:
    return [*opening(record, aip), *rest]


# ── open ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_reads_what_the_terminal_needs_of_a_card() -> None:
    with ScriptedCard("EMV Book 3, 10.1 and 10.2", script()) as scripted:
        card = Shop(scripted).kernel.open(terms())
    assert (card.pan, card.psn, card.expiry) == (PAN, "01", "3012")
    assert (card.aid, card.label) == (AID.hex().upper(), "PBOC CREDIT")
    assert card.track2.startswith(PAN)
    assert PAN not in repr(card)
    assert "3012" not in repr(card)


def test_a_card_without_sequence_number_has_none() -> None:
    record = {tag: value for tag, value in RECORD.items() if tag != "5F34"}
    with ScriptedCard("EMV Book 3, Annex A1", script(record=record)) as scripted:
        assert Shop(scripted).kernel.open(terms()).psn == ""


def test_a_card_that_is_not_listed_is_let_go_at_once() -> None:
    record = {"5A": "4761739001010010", "5F24": "301231"}
    with ScriptedCard("design 7", script(record=record)) as scripted:
        kernel = Shop(scripted).kernel
        with pytest.raises(ForeignCard):
            kernel.open(terms())
        assert scripted.let_go
    assert kernel.value("5A") == ""


def test_nothing_is_decided_before_a_card_is_open() -> None:
    kernel = Shop(ScriptedCard("none", [])).kernel
    with pytest.raises(HoldfastBug):
        kernel.decide()
    with pytest.raises(HoldfastBug):
        kernel.conclude(None)
    assert kernel.value("95") == ""
    assert kernel.script_results() is None
    assert kernel.reversal_data() is None


# ── decide and conclude ───────────────────────────────────────────────────────────────────────────────────────────


def test_that_the_default_list_for_a_hash_is_used_is_known_when_action_codes_are_looked_at() -> None:
    """EMV Book 3, 9.2.2 and 10.7: a result is set before it is held against the codes."""
    record = RECORD | {"8C": "98149505"}
    told = f"80AE000019 {sha1(b'').hexdigest()} 8000048080 00"
    with ScriptedCard("EMV Book 3, 9.2.2, 10.7", script((told, last_word("00")), record=record)) as scripted:
        shop = Shop(scripted, applications=(ApplicationRule(AID, tac_denial=Tvr.DEFAULT_TDOL_USED),))
        shop.kernel.open(terms())
        assert shop.kernel.decide().kind == "AAC"


def test_a_whole_preauthorisation() -> None:
    """EMV Book 3, 10: issuer authentication, scripts before and after, and what messages carry of it."""
    before, after = bytes.fromhex("841E000004A1B2C3D4"), bytes.fromhex("8418000004A1B2C3D4")
    answer = HostAnswer(True, "00", ARPC, (Script("71", b"\0\0\0\1", (before,)), Script("72", b"\0\0\0\2", (after,))))
    with ScriptedCard("EMV Book 3, 10", script(
        (first(), FIRST_ARQC), ("008200000A" + ARPC.hex(), "9000"), (before.hex(), "9000"),
        (second("40", "00", NO_ODA_PIN, ARPC), last_word("40")), (after.hex(), "6985"),
    )) as scripted:  # fmt: skip
        shop = Shop(scripted)
        kernel = shop.kernel
        kernel.open(terms())
        word = kernel.decide()
        assert (word.kind, word.code, word.advice) == ("ARQC", "", False)
        assert word.cvm == "enciphered PIN verified online"
        assert word.pin is not None
        assert tuple(node.tag for node in parse(word.chip)) == REQUEST.mandatory
        sent = {tag: (find(word.chip, tag) or b"").hex().upper() for tag in ("9F26", "95", "9F34", "9F36", "9F10")}
        assert sent == {
            "9F26": "5D016C91005E7CC2", "95": NO_ODA_PIN, "9F34": "420300", "9F36": "0240",
            "9F10": "07010103A0400201",
        }  # fmt: skip
        assert kernel.conclude(answer) == "TC"
    assert kernel.value("95") == "8000048010"
    assert kernel.value("9B") == "7C00"
    assert kernel.value("8A") == "3030"
    assert kernel.value("9F26") == "1122334455667788"
    notice = kernel.script_results() or b""
    assert tuple(node.tag for node in parse(notice)) == SCRIPT_NOTICE.mandatory
    assert (find(notice, "DF31") or b"").hex() == "2000000001" + "1100000002"
    assert find(notice, "95") == bytes.fromhex("8000048010")
    reversal = kernel.reversal_data() or b""
    assert tuple(node.tag for node in parse(reversal)) == REVERSAL.mandatory + REVERSAL.optional
    assert shop.emit.of("chip") == [
        {"round": "first", "tvr": NO_ODA_PIN, "tsi": "6800", "cvm_results": "420300", "oda": "none"},
        {"round": "second", "tvr": "8000048010", "tsi": "7C00", "cvm_results": "420300", "oda": "none"},
    ]


def test_the_number_that_was_sent_is_the_one_that_is_told() -> None:
    """chip.cryptogram-sent: F55 holds what the card's cryptogram covers."""
    with ScriptedCard("EMV Book 4, 6.5.6", script((first(), FIRST_ARQC))) as scripted:
        kernel = Shop(scripted).kernel
        kernel.open(terms())
        chip = kernel.decide().chip
        assert find(chip, "9F37") == scripted.sent[-1][-5:-1]


@pytest.mark.parametrize(
    ("answer", "p1", "code", "word"),
    [
        (HostAnswer(False, "51"), "00", "51", "AAC"),
        (None, "00", "Z3", "AAC"),
        (HostAnswer(True, "00"), "40", "00", "TC"),
    ],
)
def test_refused_unable_and_without_a_proof(answer: HostAnswer | None, p1: str, code: str, word: str) -> None:
    """EMV Book 3, 10.11: without scripts nothing is to be told of them."""
    exchanges = script((first(), FIRST_ARQC), (second(p1, code, NO_ODA_PIN), last_word(p1)))
    with ScriptedCard("EMV Book 3, 10.11", exchanges) as scripted:
        kernel = Shop(scripted).kernel
        kernel.open(terms())
        kernel.decide()
        assert kernel.conclude(answer) == word
    assert kernel.script_results() is None
    assert tuple(node.tag for node in parse(kernel.reversal_data() or b"")) == REVERSAL.mandatory


def test_a_card_that_declines_ends_it_offline() -> None:
    """Book 4, A6; cases.md 151. The card's wish for an advice is told."""
    answer = "801309 0240 5D016C91005E7CC2 0701010300000201 9000"
    with ScriptedCard("EMV Book 3, 10.8", script((first(), answer))) as scripted:
        kernel = Shop(scripted).kernel
        kernel.open(terms())
        word = kernel.decide()
    assert (word.kind, word.code, word.advice, word.reason) == ("AAC", "Z1", True, "service not allowed")
    assert kernel.value("8A") == "5A31"


def test_a_denial_asks_for_an_aac() -> None:
    """EMV Book 3, 10.7: not to be used for this service, which the issuer denies."""
    record = RECORD | {"9F07": "0000"}
    with ScriptedCard("EMV Book 3, 10.7", script((first("00", "8010048000"), last_word("00")), record=record)) as card:
        kernel = Shop(card).kernel
        kernel.open(terms())
        word = kernel.decide()
    assert (word.kind, word.code) == ("AAC", "Z1")


NEVER = "00" * 5
WILLING = RECORD | {"9F0D": NEVER, "9F0E": NEVER, "9F0F": NEVER}
"""A card that goes along with everything."""
LAX = ApplicationRule(AID, tac_denial=Tvr(0), tac_online=Tvr(0), tac_default=Tvr(0), floor_limit=10**9)
LAX_TVR = "8000040000"


@pytest.mark.parametrize(("online_only", "p1", "kind", "code"), [(True, "80", "ARQC", ""), (False, "40", "TC", "Y1")])
def test_a_preauthorisation_is_never_approved_by_the_card_alone(
    online_only: bool, p1: str, kind: str, code: str
) -> None:
    """cases.md 152: whatever floor limit and codes say; a sale may be."""
    exchanges = script((first(p1, LAX_TVR), last_word(p1)), record=WILLING)
    with ScriptedCard("EMV Book 3, 10.7", exchanges) as card:
        kernel = Shop(card, applications=(LAX,), offline_approval=True).kernel
        kernel.open(terms())
        word = kernel.decide(online_only=online_only)
    assert (word.kind, word.code) == (kind, code)


def test_a_sale_whose_issuer_cannot_be_asked_is_approved_by_the_default_codes() -> None:
    """EMV Book 4, A6: what decide() was told of the transaction still holds."""
    exchanges = script(
        (first("40", LAX_TVR), FIRST_ARQC), (second("40", "Y3", LAX_TVR), last_word("40")), record=WILLING
    )
    with ScriptedCard("EMV Book 3, 10.7", exchanges) as card:
        kernel = Shop(card, applications=(LAX,), offline_approval=True).kernel
        kernel.open(terms())
        assert kernel.decide(online_only=False).kind == "ARQC"
        assert kernel.conclude(None) == "TC"


@pytest.mark.parametrize(("end", "error"), [(PinEnd.CANCELLED, PinCancelled), (PinEnd.TIMED_OUT, PinTimedOut)])
def test_a_pin_that_is_not_given_ends_it_before_any_cryptogram(end: PinEnd, error: type[Exception]) -> None:
    """Cases 17 and 20."""
    with ScriptedCard("EMV Book 3, 10.5", script()) as card:
        kernel = Shop(card, pad=Pad(end)).kernel
        kernel.open(terms())
        with pytest.raises(error):
            kernel.decide()


def test_every_transaction_begins_anew() -> None:
    """TVR, TSI, numbers and results of the one before are gone."""
    once = script((first(), FIRST_ARQC), (second("40", "00", NO_ODA_PIN), last_word("40")), ("841E0000", "9000"))
    with ScriptedCard("EMV Book 3, 10", [*once, *script((first(), FIRST_ARQC))]) as card:
        kernel = Shop(card).kernel
        kernel.open(terms())
        one = kernel.decide().chip
        kernel.conclude(HostAnswer(True, "00", None, (Script("72", bytes(4), (bytes.fromhex("841E0000"),)),)))
        assert kernel.script_results() is not None
        kernel.open(terms())
        other = kernel.decide().chip
        assert kernel.script_results() is None
    assert find(one, "95") == find(other, "95")
    assert find(one, "9F37") != find(other, "9F37")


def test_of_a_card_that_could_not_be_opened_nothing_of_the_one_before_is_left() -> None:
    fails = [*script()[:3], ("80A8" + ".." * 14, "6F00")]
    with ScriptedCard("EMV Book 3, 10.1", [*script((first(), FIRST_ARQC)), *fails]) as card:
        kernel = Shop(card).kernel
        kernel.open(terms())
        kernel.decide()
        with pytest.raises(CardUnusable):
            kernel.open(terms())
        with pytest.raises(HoldfastBug):
            kernel.conclude(None)
    assert kernel.reversal_data() is None
    assert kernel.value("5A") == ""


# ── technical failures ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_that_fails_while_it_is_read_may_be_swiped_instead() -> None:
    """facts/unionpay-pos 5.13."""
    with ScriptedCard("EMV Book 3, 10.2", [*script()[:-1], ("00B2010C00", "6F00")]) as card:
        with pytest.raises(CardUnusable) as raised:
            Shop(card).kernel.open(terms())
        assert raised.value.fallback


@pytest.mark.parametrize("answer", ["6985", "9000", MUTE])
def test_a_card_that_has_been_asked_for_a_cryptogram_may_not(answer: str) -> None:
    with ScriptedCard("EMV Book 3, 10.8", script((first(), answer))) as card:
        kernel = Shop(card).kernel
        kernel.open(terms())
        with pytest.raises(CardUnusable) as raised:
            kernel.decide()
        assert not raised.value.fallback


@pytest.mark.parametrize(("answer", "error"), [("6985", CardUnusable), (MUTE, CardUnusable), (REMOVED, CardRemoved)])
def test_a_card_that_gives_no_last_word(answer: str, error: type[Exception]) -> None:
    """cases.md 145: nothing is told of a word that was not given."""
    exchanges = script((first(), FIRST_ARQC), (second("40", "00", NO_ODA_PIN), answer))
    with ScriptedCard("EMV Book 3, 10.11", exchanges) as card:
        shop = Shop(card)
        shop.kernel.open(terms())
        shop.kernel.decide()
        with pytest.raises(error) as raised:
            shop.kernel.conclude(HostAnswer(True, "00"))
        assert not getattr(raised.value, "fallback", False)
    assert [event["round"] for event in shop.emit.of("chip")] == ["first"]


# ── combined data authentication ──────────────────────────────────────────────────────────────────────────────────

RID = AID[:5]
CA = CaPublicKey.made(RID, 0xF0, OTHER_TEST_KEY.public, "391231")
CERTIFIED: dict[str, str | bytes] = RECORD | {
    **issue_issuer(OTHER_TEST_KEY, CA, TEST_KEY.public, issuer_id="625094", expires="1230", serial=b"\0\0\1"),
    **issue_card(TEST_KEY, OTHER_TEST_KEY.public, pan=PAN, expires="1230", serial=b"\0\0\2", static=b""),
}
CDA_AIP, CDA_TVR = "1D00", "0000048000"
UNSIGNED = build([("77", [("9F27", b"\x80"), ("9F36", b"\x02\x40"), ("9F4B", bytes(80))])]) + b"\x90\x00"


def test_a_wrong_signature_over_the_first_word_ends_it_at_once() -> None:
    """EMV Book 2, 6.6.2: the card that waits for its issuer is asked for an AAC."""
    told = "0400048000"
    exchanges = script(
        (first("90", CDA_TVR), UNSIGNED), (second("00", "Z1", told), last_word("00")), record=CERTIFIED, aip=CDA_AIP
    )
    with ScriptedCard("EMV Book 2, 6.6.2", exchanges) as card:
        shop = Shop(card, keys=CaKeys.of([CA]))
        shop.kernel.open(terms())
        word = shop.kernel.decide()
    assert (word.kind, word.code) == ("AAC", "Z1")
    assert shop.kernel.value("95") == told
    assert [event["oda"] for event in shop.emit.of("chip")] == ["CDA", "CDA"]


def test_a_wrong_signature_over_an_approval_is_a_decline_and_no_second_word_is_asked_for() -> None:
    """EMV Book 2, 6.6.2."""
    answer = UNSIGNED.replace(b"\x9f\x27\x01\x80", b"\x9f\x27\x01\x40")
    record = CERTIFIED | {tag: WILLING[tag] for tag in ("9F0D", "9F0E", "9F0F")}
    exchanges = script((first("50", "0000040000"), answer), record=record, aip=CDA_AIP)
    with ScriptedCard("EMV Book 2, 6.6.2", exchanges) as card:
        kernel = Shop(card, keys=CaKeys.of([CA]), applications=(LAX,), offline_approval=True).kernel
        kernel.open(terms())
        word = kernel.decide(online_only=False)
    assert (word.kind, word.code) == ("AAC", "Z1")


# ── seeded defects ────────────────────────────────────────────────────────────────────────────────────────────────


def test_unpredictable_number_repeats() -> None:
    once = script((first(), FIRST_ARQC))
    with ScriptedCard("EMV Book 4, 6.5.6", [*once, *once]) as card:
        kernel = Shop(card, "unpredictable-number-repeats").kernel
        numbers = []
        for _ in range(2):
            kernel.open(terms())
            numbers.append(find(kernel.decide().chip, "9F37"))
    assert numbers[0] == numbers[1] != bytes(4)


def test_script_result_not_told() -> None:
    exchanges = script((first(), FIRST_ARQC), (second("40", "00", NO_ODA_PIN), last_word("40")), ("841E0000", "9000"))
    with ScriptedCard("EMV Book 3, 10.10", exchanges) as card:
        kernel = Shop(card, "script-result-not-told").kernel
        kernel.open(terms())
        kernel.decide()
        kernel.conclude(HostAnswer(True, "00", None, (Script("72", bytes(4), (bytes.fromhex("841E0000"),)),)))
    assert kernel.script_results() is None


def test_approved_offline() -> None:
    with ScriptedCard("cases.md 152", script((first("40"), last_word("40")))) as card:
        kernel = Shop(card, "approved-offline").kernel
        kernel.open(terms())
        assert kernel.decide().kind == "TC"
