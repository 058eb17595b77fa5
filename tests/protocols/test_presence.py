"""Presence: the table says of every message what it carries, in both directions. facts/unionpay-pos 3.1, 3.2, 5.19."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import UNIONPAY
from protocols.presence import (
    REPLIES,
    REQUESTS,
    REVERSAL_REPLY,
    REVERSALS,
    Presence,
    Side,
    Wanted,
    breaches,
    presence,
    ruled_out,
)
from protocols.transactions import FINANCIAL, TRANSACTIONS, Transaction

ROWS: list[tuple[str, Presence]] = [
    *((f"{t} request", row) for t, row in REQUESTS.items()),
    *((f"{t} reply", row) for t, row in REPLIES.items()),
    *((f"reversal of {t}", row) for t, row in REVERSALS.items()),
    ("reply to a reversal", REVERSAL_REPLY),
]
OF_OLD = {  # facts/unionpay-pos 3.2: bitmaps that a host of 2002 demands of a request; "must include"
    Transaction.BALANCE: "2020048000C08011", Transaction.SALE: "3020048000C08011",
    Transaction.PREAUTH: "3020048000C08011", Transaction.CANCEL: "3020048004C08019",
    Transaction.COMPLETION: "3020048004C08019", Transaction.COMPLETION_VOID: "3020048008C08019",
    Transaction.SALE_VOID: "3020048008C08019", Transaction.REFUND: "3020048008C0801B",
    Transaction.SIGN_ON: "0020000000C00012", Transaction.SIGN_OFF: "0020000000C00010",
    Transaction.SETTLEMENT: "0020000000C18012", Transaction.BATCH_UPLOAD: "0020000000C10010",
    Transaction.ECHO: "0000000000C00010",
}  # fmt: skip
NOT_OF_TODAY = {Transaction.SIGN_ON: {63}, Transaction.REFUND: {63}}
"""F63 (operator) is optional in 3.1, which is newer."""


def fields_of(bitmap: str) -> set[int]:
    bits = int(bitmap, 16)
    return {number for number in range(1, 65) if bits >> (64 - number) & 1}


def whole(row: Presence, **given: str) -> dict[int, str]:
    """A message that keeps the row: what is mandatory, and what its values then demand."""
    carried = dict.fromkeys(row.mandatory, "00") | {int(name.removeprefix("f")): value for name, value in given.items()}
    for _ in row.conditional:
        for breach in breaches(carried, row):
            carried[breach.field] = "00"
    return carried


def test_every_message_of_the_matrix_has_its_rows() -> None:
    assert set(REQUESTS) == set(REPLIES) == set(Transaction)
    assert set(REVERSALS) == {t for t, layout in TRANSACTIONS.items() if layout.reversible}


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_a_row_names_fields_of_the_table_once(name: str, row: Presence) -> None:
    known = {field.number for field in UNIONPAY.fields}
    wanted = {n for rule in row.conditional for n in (*rule.fields, rule.when)}
    assert known >= {*row.mandatory, *row.optional, *row.forbidden, *wanted}
    assert len(set(row.mandatory)) == len(row.mandatory)
    assert not set(row.mandatory) & {*row.optional, *row.forbidden}
    assert not set(row.optional) & set(row.forbidden)


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_what_is_mandatory_is_missed_and_what_is_there_is_not(name: str, row: Presence) -> None:
    kept = whole(row)
    assert breaches(kept, row) == []
    for number in row.mandatory:
        lacking = {n: value for n, value in kept.items() if n != number}
        assert number in [breach.field for breach in breaches(lacking, row)]


@pytest.mark.parametrize("transaction", sorted(OF_OLD))
def test_a_request_includes_what_an_old_host_demands(transaction: Transaction) -> None:
    row = REQUESTS[transaction]
    assert fields_of(OF_OLD[transaction]) - NOT_OF_TODAY.get(transaction, set()) <= set(row.mandatory)


@pytest.mark.parametrize("transaction", sorted(t for t, layout in TRANSACTIONS.items() if layout.mac))
def test_what_is_sealed_demands_its_seal(transaction: Transaction) -> None:
    """facts/unionpay-pos 1.16: and nothing else does."""
    assert 64 in REQUESTS[transaction].mandatory
    assert 64 in REPLIES[transaction].mandatory


@pytest.mark.parametrize("transaction", sorted(t for t, layout in TRANSACTIONS.items() if not layout.mac))
def test_what_is_not_sealed_does_not(transaction: Transaction) -> None:
    assert 64 not in REQUESTS[transaction].mandatory
    assert 64 not in REPLIES[transaction].mandatory


@pytest.mark.parametrize("transaction", sorted(REVERSALS))
def test_a_reversal_carries_no_pin_no_track_and_no_reference(transaction: Transaction) -> None:
    row = REVERSALS[transaction]
    for number in (26, 35, 36, 37, 52, 53):
        assert [str(b) for b in breaches({**whole(row), number: "0"}, row)] == [f"F{number} must not be there"]


@pytest.mark.parametrize(("transaction", "named"), [
    (Transaction.PREAUTH, False), (Transaction.INCREMENT, False), (Transaction.SALE, False), (Transaction.CANCEL, True),
    (Transaction.COMPLETION, True), (Transaction.COMPLETION_VOID, True), (Transaction.SALE_VOID, True),
])  # fmt: skip
def test_a_reversal_names_its_original_where_the_facts_say_so(transaction: Transaction, named: bool) -> None:
    """facts/unionpay-pos 2.5."""
    assert (61 in REVERSALS[transaction].mandatory) == named


@pytest.mark.parametrize(("entry", "there", "said"), [
    ("021", {35, 26, 52, 53}, []),
    ("022", {36}, []),
    ("021", {35}, ["F52 is missing: F22 says that a PIN was typed"]),
    ("022", {2}, ["F35 or F36 is missing: F22 says that a stripe was read"]),
    ("012", {35}, ["F2 is missing: F22 says that the number was typed"]),
    ("052", {2, 23, 55}, []),
    ("052", {2, 55}, []),  # of a card without a sequence number
    ("052", {35}, ["F55 is missing: F22 says that a chip was read"]),
    ("072", set(), [
        "F2 or F35 or F36 is missing: a card is named by its number or by a track",
        "F55 is missing: F22 says that a chip was read",
    ]),
    ("051", {2, 23, 55, 52}, [
        "F26 is missing: a PIN block comes with both", "F53 is missing: a PIN block comes with both",
    ]),
    ("052", {2, 23, 55, 26}, ["F52 is missing: it says how long the PIN of F52 may be"]),
])  # fmt: skip
def test_the_entry_mode_of_a_hold_says_what_must_be_there(entry: str, there: set[int], said: list[str]) -> None:
    row = REQUESTS[Transaction.PREAUTH]
    carried = dict.fromkeys(row.mandatory, "00") | dict.fromkeys(there, "00") | {22: entry}
    assert [str(breach) for breach in breaches(carried, row)] == said


@pytest.mark.parametrize(("entry", "there", "said"), [
    ("022", {35}, []),
    ("021", {2, 35, 52}, ["F2 must not be there: F22 says that a stripe was read"]),
    ("022", {35, 23, 55}, [
        "F23 must not be there: F22 says that a stripe was read",
        "F55 must not be there: F22 says that a stripe was read",
    ]),
    ("012", {2}, []),
    ("012", {2, 35}, ["F35 must not be there: F22 says that the number was typed"]),
    ("051", {2, 23, 35, 55}, []),
])  # fmt: skip
def test_the_entry_mode_rules_out_what_it_leaves_nothing_to_say_of(
    entry: str, there: set[int], said: list[str]
) -> None:
    """facts/unionpay-pos 2; a host takes it all the same (3.2, note)."""
    carried = dict.fromkeys(there, "00") | {22: entry}
    assert [str(breach) for breach in ruled_out(carried)] == said


def test_without_an_entry_mode_nothing_is_ruled_out() -> None:
    assert ruled_out({2: "1", 35: "1", 55: "1"}) == []


def test_an_approval_carries_its_code_and_its_banks_and_a_refusal_need_not() -> None:
    row = presence(Transaction.PREAUTH, "reply")
    bare = dict.fromkeys(row.mandatory, "00")
    assert [b.field for b in breaches(bare | {39: "00"}, row)] == [38, 44]
    assert breaches(bare | {39: "51"}, row) == []


def test_a_field_that_is_made_later_is_not_missed() -> None:
    row = REQUESTS[Transaction.SALE]
    unsealed = {n: value for n, value in whole(row).items() if n != 64}
    assert [b.field for b in breaches(unsealed, row)] == [64]
    assert breaches(unsealed, row, unsealed=(64,)) == []


def test_the_row_is_chosen_by_side_and_reversal() -> None:
    assert presence(Transaction.CANCEL, "request") is REQUESTS[Transaction.CANCEL]
    assert presence(Transaction.CANCEL, "request", reversal=True) is REVERSALS[Transaction.CANCEL]
    assert presence(Transaction.CANCEL, "reply") is REPLIES[Transaction.CANCEL]
    assert presence(Transaction.CANCEL, "reply", reversal=True) is REVERSAL_REPLY
    with pytest.raises(KeyError):
        presence(Transaction.BALANCE, "request", reversal=True)


@given(st.sampled_from(sorted(FINANCIAL)), st.sampled_from(["request", "reply"]), st.sets(st.integers(2, 63)))
def test_an_extra_that_no_row_names_is_tolerated(transaction: Transaction, side: Side, extras: set[int]) -> None:
    row = presence(transaction, side)
    kept = whole(row)
    named = {n for rule in row.conditional for n in (rule.when, *rule.fields)}
    free = extras - set(row.forbidden) - named
    assert breaches(kept | dict.fromkeys(free, "1"), row) == []


def test_a_rule_without_its_field_asks_for_nothing() -> None:
    row = Presence((), (Wanted((26,), 52), Wanted((35, 36), 22, ("02",), one_of=True)))
    assert breaches({22: "052"}, row) == []


def by_the_book(carried: dict[int, str], row: Presence, unsealed: tuple[int, ...]) -> dict[int, str]:
    """The row read rule by rule, as its docstrings say; the first reason of a field counts."""
    found = {n: "is missing" for n in row.mandatory if n not in carried and n not in unsealed}
    found |= {n: "must not be there" for n in row.forbidden if n in carried}
    for rule in row.conditional:
        asked = rule.when in carried and any(
            carried[rule.when][rule.at : rule.at + len(start)] == start for start in rule.starts or ("",)
        )
        absent = [n for n in rule.fields if n not in carried]
        if not asked or (rule.one_of and len(absent) < len(rule.fields)):
            continue
        rest = " or ".join(f"F{n}" for n in rule.fields[1:])
        for number in absent[:1] if rule.one_of else absent:
            found.setdefault(number, f"or {rest} is missing: {rule.because}" if rule.one_of else
                             f"is missing: {rule.because}")  # fmt: skip
    return found


field_numbers = st.sampled_from(sorted({n for _, row in ROWS for n in (*row.mandatory, *row.optional, *row.forbidden)}))
carried_values = st.sampled_from(["", "0", "00", "51", "012", "021", "022", "051", "052", "071", "911"])


@given(
    st.sampled_from([row for _, row in ROWS]), st.sets(field_numbers, max_size=6),
    st.dictionaries(field_numbers, carried_values, max_size=8), st.sampled_from([(), (64,), (64, 38)]),
)  # fmt: skip
def test_breaches_are_those_of_the_rules_read_one_by_one(
    row: Presence, lacking: set[int], more: dict[int, str], unsealed: tuple[int, ...]
) -> None:
    carried = {n: v for n, v in (whole(row) | more).items() if n not in lacking}
    expected = by_the_book(carried, row, unsealed)
    found = breaches(carried, row, unsealed=unsealed)
    assert [breach.field for breach in found] == sorted(expected)
    assert {breach.field: breach.reason for breach in found} == expected
