"""Answers to reset: published ones first, then any that the coding allows, then faults by the byte."""

from __future__ import annotations

from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pcsc.atr import CARDS, STANDARDS, AtrError, Tck, contactless_atr, parse_atr, storage_atr

MIFARE_1K = "3B8F8001804F0CA000000306030001000000006A"
BANK_CARD = "3B6800000073C84013009000"


def with_tck(text: str) -> bytes:
    body = bytes.fromhex(text)
    return body + bytes([reduce(xor, body[1:])])


@pytest.mark.parametrize(
    ("text", "storage"),
    [
        (MIFARE_1K, "Mifare Classic 1K, ISO 14443 A, part 3"),
        ("3B8F8001804F0CA0000003060300020000000069", "Mifare Classic 4K, ISO 14443 A, part 3"),
        ("3B8F8001804F0CA0000003060300030000000068", "Mifare Ultralight, ISO 14443 A, part 3"),
        ("3B8F8001804F0CA000000306030026000000004D", "Mifare Mini, ISO 14443 A, part 3"),
        ("3B8F8001804F0CA00000030611003B0000000042", "FeliCa, JIS X 6319-4"),
    ],
)
def test_storage_cards_by_their_published_atr(text: str, storage: str) -> None:
    atr = parse_atr(bytes.fromhex(text))
    assert atr.storage == storage
    assert atr.tck is Tck.RIGHT
    assert atr.protocols == (0, 1)
    assert atr.contactless


def test_a_bank_card_with_t0_alone_has_no_check_byte() -> None:
    atr = parse_atr(bytes.fromhex(BANK_CARD))
    assert atr.historical.hex().upper() == "0073C84013009000"
    assert (atr.protocols, atr.first, atr.specific) == ((0,), 0, False)
    assert atr.tck is Tck.ABSENT
    assert atr.tck_right
    assert not atr.inverse
    assert not atr.contactless
    assert atr.describe() == "T=0"


def test_an_electronic_identity_card_that_speaks_t1() -> None:
    """ISO 7816-3, 8.2.3: TD1 names T=1, TA3 is its block size, TB3 its waiting times."""
    atr = parse_atr(with_tck("3B F8 13 00 00 81 31 FE 45 4A434F5076323431"))
    assert atr.raw.hex().upper() == "3BF81300008131FE454A434F5076323431B7"  # a published JCOP 2.4.1 card
    assert (atr.protocols, atr.first) == ((1,), 1)
    assert atr.fi_di == 0x13
    assert atr.historical == b"JCOPv241"
    assert atr.tck is Tck.RIGHT


def test_a_simulation_of_the_inverse_convention() -> None:
    atr = parse_atr(bytes.fromhex("3F6525000000009000"))
    assert atr.inverse
    assert not atr.contactless


def test_a_card_with_nothing_to_say_speaks_t0() -> None:
    atr = parse_atr(bytes.fromhex("3B00"))
    assert (atr.protocols, atr.historical, atr.fi_di) == ((0,), b"", 0x11)


def test_ta2_names_the_one_protocol_that_is_spoken() -> None:
    atr = parse_atr(with_tck("3B 90 95 91 81 31 FE 45"))
    assert atr.specific
    assert atr.first == 1
    assert atr.describe() == "T=1 (no other)"


def test_t15_is_no_protocol_and_makes_a_check_byte_needed() -> None:
    atr = parse_atr(with_tck("3B 80 80 1F 03"))
    assert atr.protocols == (0,)
    assert atr.tck is Tck.RIGHT


def test_a_wrong_check_byte_is_told_not_refused() -> None:
    atr = parse_atr(bytes.fromhex(MIFARE_1K)[:-1] + b"\x00")
    assert atr.tck is Tck.WRONG
    assert not atr.tck_right
    assert atr.describe() == "T=0, T=1, Mifare Classic 1K, ISO 14443 A, part 3, wrong check byte"


def test_the_atr_of_a_storage_card_is_the_published_one() -> None:
    assert storage_atr(0x0001).hex().upper() == MIFARE_1K


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("standard", STANDARDS)
def test_every_storage_card_is_read_back_by_name(card: int, standard: int) -> None:
    atr = parse_atr(storage_atr(card, standard))
    assert atr.storage == ", ".join(part for part in (CARDS[card], STANDARDS[standard]) if part)


def test_a_storage_card_that_nobody_knows_is_shown_by_number() -> None:
    assert parse_atr(storage_atr(0xFF28, 0x7E)).storage == "storage card FF28, standard 7E"


def test_a_contactless_card_with_a_chip_has_its_own_historical_bytes() -> None:
    atr = parse_atr(contactless_atr(bytes.fromhex("0073C84013009000")))
    assert atr.raw.hex().upper() == "3B8880010073C84013009000" + "71"
    assert atr.contactless
    assert atr.storage == ""


@given(st.binary(max_size=15))
def test_any_contactless_atr_is_read_back(historical: bytes) -> None:
    atr = parse_atr(contactless_atr(historical))
    assert atr.historical == historical
    assert atr.tck is Tck.RIGHT


INTERFACE = st.fixed_dictionaries({}, optional=dict.fromkeys("ABC", st.integers(0, 255)))


@given(
    inverse=st.booleans(),
    groups=st.lists(st.tuples(INTERFACE, st.integers(0, 15)), max_size=4),
    last=INTERFACE,
    historical=st.binary(max_size=15),
)
def test_any_atr_that_the_coding_allows_is_read(
    inverse: bool, groups: list[tuple[dict[str, int], int]], last: dict[str, int], historical: bytes
) -> None:
    """Built from the front, as a card does; each TD says what follows it and with which protocol."""
    sent = b""
    bits = {"A": 0x10, "B": 0x20, "C": 0x40}
    all_groups = [*groups, (last, None)]
    heads = [sum(bits[k] for k in group) | (0x80 if protocol is not None else 0) for group, protocol in all_groups]
    low = [len(historical), *(protocol for _, protocol in groups)]
    for (group, _), head, half in zip(all_groups, heads, low, strict=True):
        sent += bytes([head | half]) + bytes(group[k] for k in "ABC" if k in group)
    sent += historical
    if any(protocol for _, protocol in groups):
        sent += bytes([reduce(xor, sent)])
    raw = bytes([0x3F if inverse else 0x3B]) + sent
    if len(raw) > 33:
        with pytest.raises(AtrError, match="33 is the most"):
            parse_atr(raw)
        return
    atr = parse_atr(raw)
    assert atr.historical == historical
    assert atr.inverse == inverse
    assert atr.tck_right
    assert set(atr.protocols) == ({p for _, p in groups} - {15} or {0})
    assert atr.specific == (len(all_groups) > 1 and "A" in all_groups[1][0])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "ATR, byte 1: TS is announced, and the ATR ends"),
        ("3B", "ATR, byte 2: T0 is announced, and the ATR ends"),
        ("3C00", "ATR, byte 1: TS is 3C, neither 3B nor 3F"),
        ("3B10", "ATR, byte 3: TA1 is announced, and the ATR ends"),
        ("3BF0000000", "ATR, byte 6: TD1 is announced, and the ATR ends"),
        ("3B8080", "ATR, byte 4: TD2 is announced, and the ATR ends"),
        ("3B0512", "ATR, byte 2: T0 says 5 historical bytes, 1 are left"),
        ("3B0000", "ATR, byte 3: nothing follows the historical bytes, and there are 1 bytes"),
        (MIFARE_1K[:-2], "ATR, byte 20: TCK follows the historical bytes, and there are 0 bytes"),
        (MIFARE_1K + "00", "ATR, byte 20: TCK follows the historical bytes, and there are 2 bytes"),
        ("3B" + "00" * 33, "the ATR has 34 bytes, 33 is the most"),
    ],
)
def test_faults_name_the_byte(text: str, says: str) -> None:
    with pytest.raises(AtrError) as caught:
        parse_atr(bytes.fromhex(text))
    assert str(caught.value) == says
    assert caught.value.component == "card"


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        assert parse_atr(raw).raw == raw
    except AtrError:
        pass


def test_more_than_15_historical_bytes_are_refused() -> None:
    with pytest.raises(AtrError, match="16 historical bytes"):
        contactless_atr(bytes(16))
