"""Cardholder verification. EMV Book 3, 10.5 and Annex C3; Book 4, 6.3.4."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from protocols.emv.certificates import issue_pin
from protocols.emv.pin import encipher_pin, pin_block_2
from protocols.emv.verification import Capabilities, Tsi, Tvr
from protocols.faults import CardRemoved
from protocols.pinpad import PinEnd
from simulators.terminal.contact.channel import CardUnusable, Channel
from simulators.terminal.contact.pins import PinCancelled, PinTimedOut
from simulators.terminal.contact.state import ChipTransaction
from simulators.terminal.contact.verification import Verified, verify_cardholder
from tests.simulators.terminal.contact.phase import (
    ALL,
    OTHER_TEST_KEY,
    PAN,
    TEST_KEY,
    TEST_PIN,
    Pad,
    People,
    terms,
    transaction,
)
from tests.support.scripted_card import REMOVED, ScriptedCard

TRIES = "80CA9F1700"
VERIFY = "0020008008 241234FFFFFFFFFF"
CHALLENGE = "0084000000"
AMOUNTS = "0000271000004E20"
"""X is 100.00, Y is 200.00."""
F, U = Tvr.CVM_FAILED, Tvr.UNKNOWN_CVM
TRIES_OVER, NO_PAD, BYPASSED = Tvr.PIN_TRIES_EXCEEDED, Tvr.PINPAD_NOT_WORKING, Tvr.PIN_NOT_ENTERED
ONLINE = Tvr.ONLINE_PIN_ENTERED
NOTHING = Tvr(0)


def listed(rules: str, **more: str) -> dict[str, str]:
    return {"8E": AMOUNTS + rules, "9F42": "0156", **more}


def verify(
    made: ChipTransaction, script: list[tuple[str, str]] | None = None, pad: Pad | None = None,
    people: People | None = None, *defects: str, clause: str = "EMV Book 3, 10.5",
) -> Verified:  # fmt: skip
    """With a card that follows the script; all of it must have been asked."""
    with ScriptedCard(clause, script or []) as card:
        channel = Channel(card, lambda pan: None)
        return verify_cardholder(made, channel, pad or Pad(), people or People(), frozenset(defects))


# ── the table: method, condition, outcome ─────────────────────────────────────────────────────────────────────────


class Way(NamedTuple):
    """A method, what happens at it, and what must stand in 9F34 and in TVR byte 3 then."""

    code: str
    happens: str
    result: str
    bits: Tvr
    script: tuple[tuple[str, str], ...] = ()
    pad: tuple[PinEnd, ...] = (PinEnd.ENTERED,)
    works: bool = True
    able: Capabilities = ALL
    document: bool = True


C = Capabilities
RIGHT, WRONG = ((TRIES, "9F1701039000"), (VERIFY, "9000")), ((TRIES, "9F1701019000"), (VERIFY, "63C0"))
NO_TRY, BLOCKED = ((TRIES, "9F1701009000"),), ((TRIES, "6A88"), (VERIFY, "6983"))
WAYS = [
    Way("00", "is to fail", "01", F),
    Way("01", "is right", "02", NOTHING, RIGHT),
    Way("01", "is wrong to the end", "01", F | TRIES_OVER, WRONG),
    Way("01", "has no try left", "01", F | TRIES_OVER, NO_TRY),
    Way("01", "is blocked when it is given", "01", F | TRIES_OVER, BLOCKED),
    Way("01", "cannot be used", "01", F | TRIES_OVER, ((TRIES, "9F1701039000"), (VERIFY, "6984"))),
    Way("01", "is bypassed", "01", F | BYPASSED, ((TRIES, "9F1701039000"),), (PinEnd.BYPASSED,)),
    Way("01", "meets a pad that breaks", "01", F | NO_PAD, ((TRIES, "9F1701039000"),), (PinEnd.BROKEN,)),
    Way("01", "meets a pad that is broken", "01", F | NO_PAD, works=False),
    Way("01", "is not taken, an enciphered one is", "none", F, able=ALL & ~C.PLAIN_PIN),
    Way("01", "is not taken, nor is another", "none", F | NO_PAD, able=ALL & ~(C.PLAIN_PIN | C.ENCIPHERED_PIN)),
    Way("02", "is entered", "00", ONLINE),
    Way("02", "is bypassed", "01", F | BYPASSED, pad=(PinEnd.BYPASSED,)),
    Way("02", "meets a pad that breaks", "01", F | NO_PAD, pad=(PinEnd.BROKEN,)),
    Way("02", "meets a pad that is broken", "01", F | NO_PAD, works=False),
    Way("02", "is not taken", "none", F | NO_PAD, able=ALL & ~C.ONLINE_PIN),
    Way("03", "is right", "00", NOTHING, RIGHT),
    Way("03", "is wrong to the end", "01", F | TRIES_OVER, WRONG),
    Way("03", "is half supported", "none", F, able=ALL & ~C.SIGNATURE),
    Way("04", "has no key", "01", F),
    Way("04", "is not taken, a plain one is", "none", F, able=ALL & ~C.ENCIPHERED_PIN),
    Way("05", "has no key", "01", F),
    Way("1E", "is asked for", "00", NOTHING),
    Way("1E", "is not taken", "none", F, able=ALL & ~C.SIGNATURE),
    Way("1F", "is enough", "02", NOTHING),
    Way("1F", "is not enough here", "none", F, able=ALL & ~C.NO_CVM),
    Way("20", "matches", "02", NOTHING),
    Way("20", "does not match", "01", F, document=False),
    Way("20", "is not looked at", "none", F, able=ALL & ~C.DOCUMENT),
    Way("06", "is unknown", "none", F | U),
    Way("2F", "is another scheme's", "none", F | U),
    Way("3F", "is none", "none", F | U),
]


class When(NamedTuple):
    """A condition, a transaction, and whether it is met. `supported`: only where the terminal can do the method."""

    condition: str
    what: str
    met: bool
    kind: str = "03"
    amount: int = 150_00
    terminal_type: int = 0x22
    currency: str = "0156"
    other: int = 0
    if_supported: bool = False


WHENS = [
    When("00", "always", True),
    When("01", "cash at a counter", False, "01"),
    When("01", "cash, nobody there", True, "01", terminal_type=0x24),
    When("01", "a hold, nobody there", False, terminal_type=0x24),
    When("02", "a hold", True),
    When("02", "cash at a counter", False, "01"),
    When("02", "cash, nobody there", False, "01", terminal_type=0x25),
    When("02", "cashback", False, "09"),
    When("02", "an amount on top", False, other=1),
    When("03", "what it can", True, if_supported=True),
    When("04", "cash at a counter", True, "17"),
    When("04", "cash, nobody there", False, "01", terminal_type=0x26),
    When("04", "a hold", False),
    When("05", "cashback", True, "09"),
    When("05", "an amount on top", True, other=1),
    When("05", "a hold", False),
    When("06", "below X", True, amount=99_99),
    When("06", "X itself", False, amount=100_00),
    When("07", "X itself", False, amount=100_00),
    When("07", "above X", True, amount=100_01),
    When("07", "above X in another currency", False, currency="0840"),
    When("06", "below X in no currency", False, amount=1, currency=""),
    When("08", "below Y", True, amount=199_99),
    When("08", "Y itself", False, amount=200_00),
    When("09", "Y itself", False, amount=200_00),
    When("09", "above Y", True, amount=200_01),
    When("0A", "a condition that nobody knows", False),
    When("80", "another scheme's condition", False),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.code} {way.happens}")
def test_one_rule_by_method_condition_and_outcome(way: Way) -> None:
    for when in WHENS:
        made, verified = by_table(way, when)
        met = when.met and not (when.if_supported and way.result == "none")
        result = way.code + when.condition + way.result if met and way.result != "none" else "3F0001"
        told = made.terminal["9F34"].hex().upper(), made.tvr, made.tsi, verified.pin is not None
        assert told == (result, way.bits if met else F, Tsi.CVM_PERFORMED, met and way.bits == ONLINE), when


def by_table(way: Way, when: When) -> tuple[ChipTransaction, Verified]:
    currency = {"9F42": when.currency} if when.currency else {}
    made = transaction(
        {"8E": AMOUNTS + way.code + when.condition} | currency, of=terms(when.kind, when.amount, other=when.other),
        capabilities=way.able, terminal_type=when.terminal_type,
    )  # fmt: skip
    asked = when.met and not (when.if_supported and way.result == "none")
    pad, people = Pad(*way.pad, works=way.works), People(document=way.document)
    return made, verify(made, list(way.script) if asked else [], pad, people)


def test_the_table_has_every_method_and_every_condition_of_the_book() -> None:
    assert {way.code for way in WAYS} >= {"00", "01", "02", "03", "04", "05", "1E", "1F", "20"}
    assert {when.condition for when in WHENS} >= {f"{code:02X}" for code in range(10)}


# ── one rule after the other ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rules", "ends", "results", "bits"),
    [
        ("4600 0200", [], "020000", U | ONLINE),
        ("0600 0200", [], "3F0001", U | F),
        ("4200 1E00", [PinEnd.BYPASSED], "1E0000", BYPASSED),
        ("0200 1E00", [PinEnd.BYPASSED], "020001", BYPASSED | F),
        ("4200 4600", [PinEnd.BYPASSED], "420001", BYPASSED | F | U),
        ("4200 1E01", [PinEnd.BYPASSED], "420001", BYPASSED | F),
        ("4200 5E00 1F00", [], "420000", ONLINE),
        ("0201 1F00", [], "1F0002", NOTHING),
        ("4000 1F00", [], "1F0002", NOTHING),
        ("0000 1F00", [], "000001", F),
        ("4000", [], "400001", F),
        ("4200 4103 1F03", [PinEnd.BYPASSED], "1F0302", BYPASSED),
        ("4601 1E00", [], "1E0000", NOTHING),
        ("4603 1E00", [], "1E0000", NOTHING),
    ],
    ids=[
        "unknown, then PIN", "unknown, and no more", "bypassed, then signature", "bypassed, and no more",
        "bypassed, then unknown", "bypassed, then a condition that is not met", "the first that goes well is enough",
        "a condition that is not met passes over the rule whatever b7 says", "fail, then none needed", "fail",
        "fail, and no rule after it", "bypassed once is bypassed for every PIN", "unknown under a condition not met",
        "unknown is not supported",
    ],
)  # fmt: skip
def test_rules_in_their_order(rules: str, ends: list[PinEnd], results: str, bits: Tvr) -> None:
    """EMV Book 3, 10.5: b7 of the code says whether the next rule is tried; Book 4, A4: the last one tried is told."""
    made = transaction(listed(rules))
    verify(made, [], Pad(*ends))
    assert made.terminal["9F34"].hex().upper() == results
    assert made.tvr == bits


@pytest.mark.parametrize("card", [{}, {"8E": AMOUNTS}, {"8E": ""}], ids=["absent", "without rules", "empty"])
def test_without_a_list_data_are_missing_and_nothing_is_performed(card: dict[str, str]) -> None:
    """EMV Book 3, 7.5 and 10.5."""
    made = transaction(card)
    assert verify(made).words == "no CVM performed"
    assert made.terminal["9F34"].hex().upper() == "3F0000"
    assert (made.tvr, made.tsi) == (Tvr.DATA_MISSING, Tsi(0))


def test_a_card_that_wants_no_verification_gets_none() -> None:
    """EMV Book 3, 10.5: the AIP says so."""
    made = transaction(listed("0200") | {"82": "6C00"})
    verify(made)
    assert made.terminal["9F34"].hex().upper() == "3F0000"
    assert (made.tvr, made.tsi) == (Tvr(0), Tsi(0))


@pytest.mark.parametrize("value", [AMOUNTS + "02", "00" * 7])
def test_a_list_of_a_wrong_format_ends_the_transaction(value: str) -> None:
    """EMV Book 3, 7.5."""
    with pytest.raises(CardUnusable, match="CVM list") as raised:
        verify(transaction({"8E": value}))
    assert raised.value.fallback


# ── offline PIN ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_pin_is_asked_for_again_with_the_tries_that_are_left() -> None:
    """EMV Book 3, 10.5.1."""
    made, pad = transaction(listed("4100 1E00")), Pad()
    verify(made, [(TRIES, "9F1701039000"), (VERIFY, "63C2"), (VERIFY, "63C1"), (VERIFY, "9000")], pad)
    assert pad.asked == [("plain", 3), ("plain", 2), ("plain", 1)]
    assert made.terminal["9F34"].hex().upper() == "410002"
    assert made.tvr == NOTHING


def test_after_the_last_wrong_pin_the_next_rule_is_tried() -> None:
    """EMV Book 3, 10.5.1."""
    made = transaction(listed("4100 1E00"))
    verify(made, [(TRIES, "9F1701029000"), (VERIFY, "63C1"), (VERIFY, "63C0")])
    assert made.terminal["9F34"].hex().upper() == "1E0000"
    assert made.tvr == TRIES_OVER


def test_a_card_without_tries_is_not_asked_for_a_pin() -> None:
    """EMV Book 4, 6.3.4.1."""
    made, pad = transaction(listed("0100")), Pad()
    verify(made, [(TRIES, "9F1701009000")], pad)
    assert pad.asked == []
    assert made.tvr == TRIES_OVER | F


@pytest.mark.parametrize("answer", ["6A88", "9000", "9F36020001 9000", "9F17020003 9000", "9F1700 9000", "FF 9000"])
def test_a_card_that_does_not_tell_its_tries_is_asked_all_the_same(answer: str) -> None:
    """EMV Book 4, 6.3.4.1."""
    made, pad = transaction(listed("0100")), Pad()
    verify(made, [(TRIES, answer), (VERIFY, "9000")], pad)
    assert pad.asked == [("plain", None)]
    assert made.terminal["9F34"].hex().upper() == "010002"


def test_a_card_that_never_counts_down_is_not_asked_for_ever() -> None:
    made, pad = transaction(listed("0100")), Pad()
    verify(made, [(TRIES, "9F17010F9000"), *[(VERIFY, "63C5")] * 15], pad)
    assert made.terminal["9F34"].hex().upper() == "010001"
    assert made.tvr == F


@pytest.mark.parametrize("status", ["6A80", "6F00", "6300", "9001"])
def test_a_status_that_verify_has_not_ends_the_transaction(status: str) -> None:
    """EMV Book 3, 6.3.5."""
    with pytest.raises(CardUnusable, match=f"VERIFY with {status}"):
        verify(transaction(listed("4100 1E00")), [(TRIES, "9F1701039000"), (VERIFY, status)])


def test_a_bypass_after_a_wrong_pin_is_told() -> None:
    made = transaction(listed("0100"))
    verify(made, [(TRIES, "9F1701039000"), (VERIFY, "63C2")], Pad(PinEnd.ENTERED, PinEnd.BYPASSED))
    assert made.tvr == BYPASSED | F


def test_an_absent_pad_is_not_asked() -> None:
    made, pad = transaction(listed("0200"), pinpad=False), Pad()
    verify(made, [], pad)
    assert pad.asked == []
    assert made.tvr == NO_PAD | F


ISSUED = issue_pin(OTHER_TEST_KEY, TEST_KEY.public, pan=PAN, expires="1230", serial=b"\x00\x00\x01")
ENCIPHERED = encipher_pin(TEST_KEY.public, pin_block_2(TEST_PIN), bytes(range(8)), bytes(63)).hex()


def with_pin_key(code: str, **more: str) -> ChipTransaction:
    made = transaction(listed(code) | {tag: value.hex() for tag, value in ISSUED.items()} | more)
    made.issuer_key = OTHER_TEST_KEY.public
    return made


@pytest.mark.parametrize(("code", "results"), [("0400", "040002"), ("0500", "050000")])
def test_an_enciphered_pin_goes_under_the_cards_own_key(code: str, results: str) -> None:
    """EMV Book 2, 7.1 and 7.2."""
    made, pad = with_pin_key(code), Pad()
    verify(
        made,
        [(TRIES, "9F1701039000"), (CHALLENGE, "0001020304050607 9000"), (f"0020008850 {ENCIPHERED}", "9000")],
        pad,
        clause="EMV Book 2, 7",
    )
    assert pad.asked == [("enciphered", 3)]
    assert made.terminal["9F34"].hex().upper() == results
    assert made.tvr == NOTHING


def test_without_a_key_for_pins_the_key_for_signatures_serves() -> None:
    """EMV Book 2, 7.1."""
    made = transaction(listed("0400"))
    made.issuer_key, made.card_key = OTHER_TEST_KEY.public, TEST_KEY.public
    script = [(TRIES, "9F1701039000"), (CHALLENGE, "0001020304050607 9000"), (f"0020008850 {ENCIPHERED}", "9000")]
    verify(made, script)
    assert made.terminal["9F34"].hex().upper() == "040002"


def test_a_wrong_key_for_pins_fails_and_no_other_serves() -> None:
    """EMV Book 2, 7.1."""
    made = with_pin_key("0400", **{"9F2E": "010001"})
    made.card_key = TEST_KEY.public
    verify(made)
    assert made.terminal["9F34"].hex().upper() == "040001"
    assert made.tvr == F


@pytest.mark.parametrize("answer", ["6D00", "00010203 9000"])
def test_without_a_challenge_the_pin_has_failed(answer: str) -> None:
    """EMV Book 2, 7.2."""
    made = with_pin_key("0400")
    verify(made, [(TRIES, "9F1701039000"), (CHALLENGE, answer)])
    assert made.terminal["9F34"].hex().upper() == "040001"
    assert made.tvr == F


# ── what people do ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("end", "error"), [(PinEnd.CANCELLED, PinCancelled), (PinEnd.TIMED_OUT, PinTimedOut)])
@pytest.mark.parametrize(("rules", "script"), [("4200 1E00", []), ("4100 1E00", [(TRIES, "9F1701039000")])])
def test_cancel_and_time_out_end_it(
    end: PinEnd, error: type[Exception], rules: str, script: list[tuple[str, str]]
) -> None:
    """Cases 17 and 20."""
    with pytest.raises(error):
        verify(transaction(listed(rules)), script, Pad(end))


def test_an_online_pin_is_given_out_in_its_block_alone() -> None:
    verified = verify(transaction(listed("0200")))
    assert verified.pin is not None
    assert verified.pin.block == bytes.fromhex("A1" * 8)
    assert "a1" not in repr(verified).lower()


@pytest.mark.parametrize(
    ("rules", "words"),
    [("1E00", "signature"), ("0200", "enciphered PIN verified online"), ("1F00", "no CVM required"),
     ("2000", "cardholder document"), ("0201", "no CVM performed")],
)  # fmt: skip
def test_what_verified_the_cardholder_is_told_in_the_words_of_the_books(rules: str, words: str) -> None:
    assert verify(transaction(listed(rules))).words == words


def test_the_document_that_is_looked_at_is_the_cards() -> None:
    people = People()
    verify(transaction(listed("2000") | {"9F62": "02", "9F61": b"E12345678".hex()}), [], None, people)
    verify(transaction(listed("2000") | {"9F62": "77"}), [], None, people)
    assert people.documents == [("护照", "E12345678"), ("其他", "")]


def test_a_card_that_leaves_during_its_pin_is_removed() -> None:
    with pytest.raises(CardRemoved):
        verify(transaction(listed("0100")), [(TRIES, "9F1701039000"), (VERIFY, REMOVED)])


# ── seeded defects ────────────────────────────────────────────────────────────────────────────────────────────────


def test_pin_tries_not_looked() -> None:
    made, pad = transaction(listed("0100")), Pad()
    verify(made, [(VERIFY, "6983")], pad, None, "pin-tries-not-looked")
    assert pad.asked == [("plain", None)]
    assert made.tvr == TRIES_OVER | F


def test_bypass_not_told() -> None:
    made = transaction(listed("4200 1E00"))
    verify(made, [], Pad(PinEnd.BYPASSED), None, "bypass-not-told")
    assert made.tvr == NOTHING


def test_cvm_results_wrong() -> None:
    made = transaction(listed("0200"))
    verify(made, [], None, None, "cvm-results-wrong")
    assert made.terminal["9F34"].hex().upper() == "020002"


def test_unknown_cvm_stops() -> None:
    made = transaction(listed("4600 0200"))
    verify(made, [], None, None, "unknown-cvm-stops")
    assert made.tvr == U | F
    made = transaction(listed("4200 1E00"))
    verify(made, [], Pad(PinEnd.BYPASSED), None, "unknown-cvm-stops")
    assert made.terminal["9F34"].hex().upper() == "1E0000"
