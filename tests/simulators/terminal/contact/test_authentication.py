"""Offline data authentication. EMV Book 3, 10.3 and 7.5; Book 2, 5 and 6."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from protocols.emv.certificates import AuthenticationFailed, Reason, recover_issuer
from protocols.emv.rsa import RsaPublic
from protocols.emv.verification import Tsi, Tvr
from simulators.card.authority import house_authority
from simulators.terminal.contact.authentication import authenticate, recover_card_key, recover_issuer_key
from simulators.terminal.contact.cakeys import CaKeys
from simulators.terminal.contact.channel import CardUnusable
from simulators.terminal.contact.configuration import ApplicationRule, Configuration
from simulators.terminal.contact.reading import read_application_data
from simulators.terminal.contact.selection import begin
from simulators.terminal.contact.state import ChipTransaction, Oda
from tests.protocols.emv import published
from tests.simulators.kit import PAN
from tests.simulators.terminal.contact.front import (
    CREDIT,
    PSE_SELECT,
    TERMS,
    UNPREDICTABLE,
    Answers,
    fci,
    read,
    record,
    select,
    tlv,
    transaction,
)
from tests.simulators.terminal.contact.signed import (
    CDA,
    CHALLENGE,
    CODE,
    DDA,
    NUMBER,
    RECORD,
    SDA,
    SignedCard,
    flipped,
    house_keys,
)
from tests.support.scripted_card import MUTE, Exchange, ScriptedCard

NOTHING = Tvr(0)
FAILED = {SDA: Tvr.SDA_SELECTED | Tvr.SDA_FAILED, DDA: Tvr.DDA_FAILED, CDA: Tvr.CDA_FAILED}
RIGHT = {SDA: Tvr.SDA_SELECTED, DDA: NOTHING, CDA: NOTHING}
SIZES = [(0xF0, 1408, 1024), (0xF0, 1152, 1024), (0xF1, 1408, 1152), (0xF1, 1152, 1024)]


def run(
    clause: str, card: SignedCard, exchanges: list[Exchange] | None = None, *, defects: str = "", **how: Any
) -> ChipTransaction:
    """Authenticated; a card that signs at once is asked for DDA where nothing else is said."""
    if exchanges is None:
        exchanges = [(CHALLENGE, card.answer())] if card.aip == DDA else []
    with ScriptedCard(clause, exchanges) as script:
        begun, channel = card.begun(script, **how)
        authenticate(begun, channel, frozenset(filter(None, [defects])))
    return begun


# ── which way ─────────────────────────────────────────────────────────────────────────────────────────────────────

CARD_CAN = {"nothing": "1C00", "SDA": "4000", "DDA": "2000", "CDA": "0100", "SDA, DDA": "6000", "all": "6100"}
CHOICE = [  # what terminal (9F33 byte 3) and card can, and the way that is taken
    ("C8", "nothing", Oda.NONE), ("C8", "SDA", Oda.SDA), ("C8", "DDA", Oda.DDA), ("C8", "CDA", Oda.CDA),
    ("C8", "SDA, DDA", Oda.DDA), ("C8", "all", Oda.CDA), ("C0", "all", Oda.DDA), ("80", "all", Oda.SDA),
    ("88", "SDA, DDA", Oda.SDA), ("48", "SDA", Oda.NONE), ("00", "all", Oda.NONE), ("40", "CDA", Oda.NONE),
    ("08", "SDA, DDA", Oda.NONE), ("20", "all", Oda.NONE),
]  # fmt: skip


@pytest.mark.parametrize(("terminal", "card", "oda"), CHOICE)
def test_the_best_way_that_both_can_is_taken(terminal: str, card: str, oda: Oda) -> None:
    """EMV Book 3, 10.3: CDA before DDA before SDA."""
    signed = SignedCard(CARD_CAN[card])
    exchanges: list[Exchange] = [(CHALLENGE, signed.answer())] if oda is Oda.DDA else []
    begun = run("EMV Book 3, 10.3: the choice", signed, exchanges, capabilities=f"E0F8{terminal}")
    assert begun.oda is oda
    assert begun.tvr == {Oda.NONE: Tvr.ODA_NOT_PERFORMED, Oda.SDA: Tvr.SDA_SELECTED}.get(oda, NOTHING)
    assert begun.tsi == (Tsi.ODA_PERFORMED if oda in (Oda.SDA, Oda.DDA) else Tsi(0))


# ── what goes well ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("index", "issuer", "card"), SIZES)
@pytest.mark.parametrize("aip", [SDA, DDA, CDA])
def test_a_card_that_proves_itself_sets_no_failure(aip: str, index: int, issuer: int, card: int) -> None:
    """Keys that fit their certificates, and keys of which a rest stands beside them: 92, 9F48."""
    begun = run("EMV Book 2, 5 and 6", SignedCard(aip, index, issuer, card))
    assert begun.tvr == RIGHT[aip]
    assert begun.terminal["9F22"] == bytes([index])


def test_sda_gives_the_data_authentication_code() -> None:
    assert run("EMV Book 2, 5.4", SignedCard(SDA)).card["9F45"] == CODE


def test_dda_gives_the_dynamic_number() -> None:
    begun = run("EMV Book 2, 6.5.2", SignedCard(DDA))
    assert begun.card["9F4C"] == NUMBER
    assert "9F4B" in begun.card


def test_cda_gives_the_cards_key_and_waits_for_the_signature() -> None:
    """EMV Book 2, 6.6: TSI is set with it."""
    card = SignedCard(CDA)
    begun = run("EMV Book 2, 6.6", card)
    assert begun.card_key == card.key.public
    assert begun.cda
    assert begun.tsi == Tsi(0)


def test_the_answer_may_be_data_objects() -> None:
    card = SignedCard(DDA)
    signature = card.answer()[:-2]
    answer = bytes.fromhex(tlv(("77", [("DF01", "AA"), ("9F4B", signature[-128:].hex())]))) + b"\x90\x00"
    assert run("EMV Book 3, 6.5.9.4: format 2", card, [(CHALLENGE, answer)]).tvr == NOTHING


def test_a_card_without_a_list_is_asked_by_the_terminals() -> None:
    """EMV Book 2, 6.5.1: default DDOL."""
    card = SignedCard(DDA)
    data = bytes.fromhex(f"260615{UNPREDICTABLE}")
    exchanges: list[Exchange] = [("0088000007 260615 11223344 00", card.answer(data))]
    begun = run("EMV Book 2, 6.5.1", card, exchanges, changed={"9F49": None}, ddol=bytes.fromhex("9A039F3704"))
    assert begun.tvr == NOTHING


def test_a_cards_list_may_ask_for_more_than_the_number() -> None:
    card = SignedCard(DDA)
    data = bytes.fromhex(f"{UNPREDICTABLE}0000000100000156")
    exchanges: list[Exchange] = [("008800000C 11223344 000000010000 0156 00", card.answer(data))]
    begun = run("EMV Book 3, 5.4", card, exchanges, changed={"9F49": bytes.fromhex("9F37049F02065F2A02")})
    assert begun.tvr == NOTHING


def test_a_card_may_sign_its_records_alone() -> None:
    """EMV Book 3, 10.3: 9F4A is optional, and then the AIP is not covered."""
    assert run("EMV Book 3, 10.3", SignedCard(SDA, tag_list=b""), changed={"9F4A": None}).tvr == RIGHT[SDA]


def test_of_files_11_to_30_the_whole_record_is_signed() -> None:
    card = SignedCard(SDA, records=[(1, RECORD), (11, bytes.fromhex("7004DF0101AA"))])
    assert run("EMV Book 3, 10.3", card).tvr == RIGHT[SDA]


# ── what fails ────────────────────────────────────────────────────────────────────────────────────────────────────


def held_against(aip: str, expected: Tvr, card: SignedCard, **how: Any) -> ChipTransaction:
    """TVR and TSI of a card that does not prove itself; it is not asked for a signature where its key is none."""
    begun = run("EMV Book 3, 10.3: failed", card, [], **how)
    assert begun.tvr == expected
    assert begun.tsi == Tsi.ODA_PERFORMED
    assert not begun.cda
    return begun


MISSING = [(aip, tag) for aip in (SDA, DDA, CDA) for tag in ("8F", "90", "9F32")] + [
    (SDA, "93"), (DDA, "9F46"), (DDA, "9F47"), (CDA, "9F46"), (CDA, "9F47"),
]  # fmt: skip


@pytest.mark.parametrize(("aip", "tag"), MISSING)
@pytest.mark.parametrize("value", [None, b""], ids=["absent", "empty"])
def test_what_is_missing_is_told_beside_the_failure(aip: str, tag: str, value: bytes | None) -> None:
    """EMV Book 3, 7.2, tables 29 and 30; 7.5, table 33."""
    held_against(aip, FAILED[aip] | Tvr.DATA_MISSING, SignedCard(aip), changed={tag: value})


@pytest.mark.parametrize(
    ("aip", "tag", "sizes"),
    [(SDA, "92", SIZES[2]), (DDA, "92", SIZES[2]), (CDA, "92", SIZES[3]), (DDA, "9F48", SIZES[1]),
     (CDA, "9F48", SIZES[3])],
)  # fmt: skip
def test_the_rest_of_a_key_that_is_missing_is_told(aip: str, tag: str, sizes: tuple[int, int, int]) -> None:
    """EMV Book 3, 7.5, table 33: where the key is longer than its certificate has room for."""
    card = SignedCard(aip, *sizes)
    assert tag in card.values()
    held_against(aip, FAILED[aip] | Tvr.DATA_MISSING, card, changed={tag: None})


@pytest.mark.parametrize(("aip", "tag"), [(SDA, "92"), (CDA, "92"), (DDA, "9F48")])
def test_a_wrong_rest_of_a_key_is_a_failure_alone(aip: str, tag: str) -> None:
    card = SignedCard(aip, *SIZES[3])
    held_against(aip, FAILED[aip], card, changed={tag: flipped(card.values()[tag], 0)})


@pytest.mark.parametrize(("aip", "tag"), [(SDA, "92"), (DDA, "92"), (DDA, "9F48")])
def test_a_rest_that_nobody_needs_is_not_missing(aip: str, tag: str) -> None:
    """Something else is wrong here: the certificate itself."""
    card = SignedCard(aip, 0xF0, 1408, 1024)
    values = card.values()
    assert tag not in values
    spoiled = "90" if tag == "92" else "9F46"
    held_against(aip, FAILED[aip], card, changed={spoiled: flipped(values[spoiled])})


WRONG: dict[str, tuple[str, Any]] = {
    "a bit of the issuer's certificate": ("90", flipped),
    "a bit of the issuer's exponent": ("9F32", lambda value: b"\x02"),
    "an issuer's certificate cut short": ("90", lambda value: value[:-1]),
    "a CA key that the terminal has not": ("8F", lambda value: b"\xee"),
    "a CA key of two bytes": ("8F", lambda value: value + value),
    "a tag list of more than the AIP": ("9F4A", lambda value: b"\x82\x95"),
    "a tag list of something else": ("9F4A", lambda value: b"\x95"),
    "another interchange profile": ("82", lambda value: bytes([value[0], value[1] ^ 0x01])),
    "another number than the certificate's": ("5A", lambda value: bytes.fromhex("6224242900000113")),
}
OF_CARD: dict[str, tuple[str, Any]] = {
    "a bit of the card's certificate": ("9F46", flipped),
    "a bit of the card's exponent": ("9F47", lambda value: b"\x01"),
    "a card's certificate cut short": ("9F46", lambda value: value[:-1]),
}
OF_STATIC: dict[str, tuple[str, Any]] = {
    "a bit of the static signature": ("93", flipped),
    "a static signature cut short": ("93", lambda value: value[:-1]),
}
ROWS = [
    (aip, name, *damage)
    for aip in (SDA, DDA, CDA)
    for name, damage in {**WRONG, **(OF_STATIC if aip == SDA else OF_CARD)}.items()
]


@pytest.mark.parametrize(("aip", "name", "tag", "spoil"), ROWS, ids=[f"{Aip[:4]}: {row}" for Aip, row, *_ in ROWS])
def test_what_is_wrong_is_a_failure(aip: str, name: str, tag: str, spoil: Any) -> None:
    card = SignedCard(aip)
    held_against(aip, FAILED[aip], card, changed={tag: spoil(card.values()[tag])})


CARDS: dict[str, dict[str, Any]] = {
    "an issuer's certificate that has expired": {"issuer_expires": "0526"},
    "an issuer of other cards": {"issuer_id": "622424"},
    "a certificate by another CA": {"by_another_ca": True},
    "a signature by another issuer": {"by_another_issuer": True},
    "an expired CA key": {"index": 0xF2},
    "a revoked issuer": {"index": 0xF3},
    "a CA key whose check sum is wrong": {"index": 0xF4},
}


@pytest.mark.parametrize("wrong", CARDS.values(), ids=CARDS)
@pytest.mark.parametrize("aip", [SDA, DDA, CDA])
def test_a_card_that_was_made_wrong_fails(aip: str, wrong: dict[str, Any]) -> None:
    held_against(aip, FAILED[aip], SignedCard(aip, **wrong))


@pytest.mark.parametrize("aip", [DDA, CDA])
@pytest.mark.parametrize(
    "wrong", [{"card_expires": "0526"}, {"card_expires": "1326"}, {"number": "6224242900000113"}],
    ids=["expired", "of no month", "of another number"],
)  # fmt: skip
def test_a_cards_certificate_that_is_not_good_fails(aip: str, wrong: dict[str, Any]) -> None:
    held_against(aip, FAILED[aip], SignedCard(aip, **wrong))


@pytest.mark.parametrize("aip", [SDA, DDA, CDA])
def test_the_last_month_of_a_certificate_is_good(aip: str) -> None:
    assert run("EMV Book 2, 5.3, step 9", SignedCard(aip, issuer_expires="0626", card_expires="0626")).tvr == RIGHT[aip]


@pytest.mark.parametrize("aip", [SDA, DDA, CDA])
def test_a_terminal_without_keys_cannot_prove_anything(aip: str) -> None:
    """EMV Book 2, 5.2 and 6.2: failed, and not "not performed"."""
    begun = held_against(aip, FAILED[aip], SignedCard(aip), keys=CaKeys())
    assert "9F22" not in begun.terminal


@pytest.mark.parametrize("aip", [SDA, DDA, CDA])
def test_a_record_that_was_changed_after_it_was_signed_fails(aip: str) -> None:
    card = SignedCard(aip)
    with ScriptedCard("EMV Book 3, 10.3", []) as script:
        begun, channel = card.begun(script)
        begun.signed_records = [(1, flipped(RECORD))]
        authenticate(begun, channel)
    assert begun.tvr == FAILED[aip]


@pytest.mark.parametrize("records", [[], [(1, RECORD), (1, RECORD)], [(1, RECORD), (11, b"\x5f\x24\x00")]],
                         ids=["none", "twice", "no template"])  # fmt: skip
def test_other_records_than_were_signed_fail(records: list[tuple[int, bytes]]) -> None:
    """EMV Book 3, 10.3: a record to be authenticated that is no template 70 counts as a failure."""
    with ScriptedCard("EMV Book 3, 10.3", []) as script:
        begun, channel = SignedCard(SDA).begun(script)
        begun.signed_records = records
        authenticate(begun, channel)
    assert begun.tvr == FAILED[SDA]


# ── the signature of DDA ──────────────────────────────────────────────────────────────────────────────────────────


def other_key() -> Any:
    return house_authority().card_key(1024, 3, 1)


SIGNATURES = {
    "of another card": lambda card: card.answer(key=other_key()),
    "over another number": lambda card: card.answer(bytes.fromhex("11223345")),
    "with a bit that is another": lambda card: flipped(card.answer(), 20),
    "cut short": lambda card: bytes.fromhex(tlv(("80", card.answer()[3:-3].hex()))) + b"\x90\x00",
}


@pytest.mark.parametrize("answer", SIGNATURES.values(), ids=SIGNATURES)
def test_a_signature_that_is_wrong_fails(answer: Any) -> None:
    """EMV Book 2, 6.5.2."""
    card = SignedCard(DDA)
    begun = run("EMV Book 2, 6.5.2", card, [(CHALLENGE, answer(card))])
    assert (begun.tvr, begun.tsi) == (Tvr.DDA_FAILED, Tsi.ODA_PERFORMED)


@pytest.mark.parametrize("ddol", ["9A03", "9F3704DF", "DF0104"], ids=["without the number", "none", "of unknown data"])
def test_a_list_without_the_unpredictable_number_fails(ddol: str) -> None:
    """EMV Book 2, 6.5.1: the card is not even asked."""
    begun = run("EMV Book 2, 6.5.1", SignedCard(DDA), [], changed={"9F49": bytes.fromhex(ddol)})
    assert begun.tvr == Tvr.DDA_FAILED


def test_a_card_and_a_terminal_without_a_list_fail() -> None:
    begun = run("EMV Book 2, 6.5.1", SignedCard(DDA), [], changed={"9F49": None}, ddol=b"")
    assert begun.tvr == Tvr.DDA_FAILED


REFUSALS = {
    "a status": ("6985", "answered INTERNAL AUTHENTICATE with 6985"),
    "a warning": ("6283", "answered INTERNAL AUTHENTICATE with 6283"),
    "nothing": ("9000", "without a signature"),
    "no TLV": ("80059000", "no TLV"),
    "no signature": (tlv(("77", [("9F37", "00")])) + "9000", "without a signature"),
    "an empty signature": (tlv(("80", "")) + "9000", "without a signature"),
    "another template": (tlv(("70", [("9F4B", "AA")])) + "9000", "without a signature"),
    "two objects": (tlv(("80", "AA"), ("80", "BB")) + "9000", "without a signature"),
    "silence": (MUTE, "no answer to INTERNAL AUTHENTICATE"),
}


@pytest.mark.parametrize(("answer", "words"), REFUSALS.values(), ids=REFUSALS)
def test_a_card_that_gives_no_signature_ends_it(answer: str, words: str) -> None:
    """EMV Book 3, 6.5.9.4 and 6.3.5."""
    with ScriptedCard("EMV Book 3, 6.5.9", [(CHALLENGE, answer)]) as script:
        begun, channel = SignedCard(DDA).begun(script)
        with pytest.raises(CardUnusable, match=words) as error:
            authenticate(begun, channel)
    assert error.value.fallback


# ── keys alone ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_can_be_had_without_a_word_in_the_results() -> None:
    """As an enciphered PIN needs them. EMV Book 2, 7.1"""
    card = SignedCard(SDA)
    begun, _ = card.begun(ScriptedCard("EMV Book 2, 7.1", []))
    assert recover_card_key(begun) == card.key.public
    assert (begun.tvr, begun.tsi, begun.oda) == (NOTHING, Tsi(0), Oda.NONE)
    assert begun.issuer_key is not None


def test_a_key_is_recovered_once() -> None:
    begun, _ = SignedCard(SDA).begun(ScriptedCard("EMV Book 2, 6.4", []))
    key = recover_card_key(begun)
    for tag in ("90", "9F46"):
        begun.card[tag] = b""
    assert recover_card_key(begun) is key
    assert recover_issuer_key(begun) is begun.issuer_key


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (SignedCard(index=0xF2), Reason.CA_KEY), (SignedCard(index=0xF3), Reason.REVOKED),
        (SignedCard(issuer_expires="0526"), Reason.EXPIRED), (SignedCard(issuer_id="622424"), Reason.ISSUER),
        (SignedCard(number="6224242900000113"), Reason.PAN), (SignedCard(by_another_ca=True), Reason.TRAILER),
    ],
)  # fmt: skip
def test_why_a_key_cannot_be_had_is_said(card: SignedCard, reason: Reason) -> None:
    begun, _ = card.begun(ScriptedCard("EMV Book 2, 6.4", []))
    with pytest.raises(AuthenticationFailed) as error:
        recover_card_key(begun)
    assert error.value.reason in (reason, Reason.HEADER if reason is Reason.TRAILER else reason)
    assert PAN not in str(error.value)


# ── published cards ───────────────────────────────────────────────────────────────────────────────────────────────


def published_state(ca: Any, now: datetime, unpredictable: str = "00000000", *exchanges: Exchange) -> Any:
    """A transaction of a terminal that has this key, and takes any card: the number stands in the certificate alone."""
    script = ScriptedCard("published card", exchanges)
    able = Configuration().capabilities & ~Configuration().capabilities.CDA
    state, channel = transaction(
        script, Configuration(keys=CaKeys.of([ca]), capabilities=able), replace(TERMS, now=now)
    )
    state.guard = lambda pan: None
    state.terminal |= {"9F06": ca.rid + b"\x10\x10", "9F37": bytes.fromhex(unpredictable)}
    state.rule = ApplicationRule(ca.rid + b"\x10\x10")
    return script, state, channel


def test_the_issuers_key_of_a_published_test_card() -> None:
    """Published by openemv/emv-utils with the scheme's test key 94."""
    _, state, _ = published_state(published.VISA_94, datetime(2021, 1, 1))
    state.card |= {"8F": b"\x94", "90": published.VISA_94_ISSUER, "9F32": b"\x03", "5A": bytes.fromhex("476173")}
    assert recover_issuer_key(state) == RsaPublic(published.VISA_94_ISSUER_KEY, 3)


def test_a_published_card_proves_itself_by_dda() -> None:
    """From its records to INTERNAL AUTHENTICATE; published by lumag/emv-tools. It has expired long ago."""
    ca, values = published.MASTERCARD_05, published.MASTERCARD_05_CARD
    issuer_id = ca.key.recover(values["90"])[2:6].hex().rstrip("f")
    issuer = recover_issuer(ca, values, issuer_id, "140925").key
    number = issuer.recover(values["9F46"])[2:10]
    before, behind = published.MASTERCARD_05_STATIC
    static = before + number + behind
    certificates = [(tag, value.hex()) for tag, value in values.items()]
    exchanges: list[Exchange] = [
        (read(1, 1), f"7081{len(static):02X}{static.hex()}9000"),
        (read(1, 2), record(("8F", "05"), *certificates[:3])),
        (read(2, 2), record(*certificates[3:])),
        ("0088000004 00000000 00", bytes.fromhex(tlv(("80", published.MASTERCARD_05_DYNAMIC.hex()))) + b"\x90\x00"),
    ]
    script, state, channel = published_state(ca, datetime(2014, 9, 25), "00000000", *exchanges)
    with script:
        state.card |= {"82": published.MASTERCARD_05_AIP, "94": bytes.fromhex("0801010110010200")}
        read_application_data(state, channel)
        authenticate(state, channel)
    assert (state.oda, state.tvr, state.tsi) == (Oda.DDA, NOTHING, Tsi.ODA_PERFORMED)


# ── seeded defects ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("aip", [SDA, DDA, CDA])
def test_the_defect_that_ignores_a_failure(aip: str) -> None:
    begun = run("defect", SignedCard(aip, by_another_ca=True), [], defects="oda-failure-ignored")
    assert begun.tvr == RIGHT[aip]
    assert not begun.cda


@pytest.mark.parametrize("aip", [SDA, DDA, CDA])
def test_the_defect_that_uses_an_expired_ca_key(aip: str) -> None:
    assert run("defect", SignedCard(aip, index=0xF2), defects="expired-ca-key-used").tvr == RIGHT[aip]


@pytest.mark.parametrize("aip", [SDA, DDA, CDA])
def test_the_defect_that_takes_a_revoked_certificate(aip: str) -> None:
    assert run("defect", SignedCard(aip, index=0xF3), defects="revoked-certificate-taken").tvr == RIGHT[aip]


# ── the whole front half ──────────────────────────────────────────────────────────────────────────────────────────


def test_from_selection_to_authentication() -> None:
    """EMV Book 1, 12.3.3; Book 3, 10.1 to 10.3: the commands of one card, in their order."""
    card = SignedCard("6000")
    values = card.values()
    first = record(*[(tag, values[tag].hex()) for tag in ("8F", "90", "9F32")])
    second = record(*[(tag, values[tag].hex()) for tag in ("9F46", "9F47", "9F49", "9F4A")])
    third = record(("8C", "9F0206"), ("8D", "8A02"))
    exchanges: list[Exchange] = [
        (PSE_SELECT, "6A82"),
        (select(CREDIT), fci(CREDIT, "CREDIT", ("9F38", "9F7A019F02065F2A02"))),
        (select(CREDIT), fci(CREDIT, "CREDIT", ("9F38", "9F7A019F02065F2A02"))),
        ("80A800000B 8309 00 000000010000 0156 00", tlv(("80", "6000" + "08010101" + "10010300")) + "9000"),
        (read(1, 1), RECORD.hex() + "9000"),
        (read(1, 2), first),
        (read(2, 2), second),
        (read(3, 2), third),
        (CHALLENGE, card.answer()),
    ]
    with ScriptedCard("EMV Book 3, 10.1 to 10.3", exchanges) as script:
        configuration = Configuration((ApplicationRule(bytes.fromhex(CREDIT)),), house_keys())
        begun, channel = transaction(script, configuration)
        begin(begun, channel, Answers())
        read_application_data(begun, channel)
        authenticate(begun, channel)
    assert (begun.oda, begun.tvr, begun.tsi) == (Oda.DDA, NOTHING, Tsi.ODA_PERFORMED)
    assert begun.pdol_data == bytes.fromhex("000000000100000156")
