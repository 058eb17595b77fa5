"""The transaction matrix: each row names its transaction, and no other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.transactions import REVERSAL_MTI, REVERSAL_REPLY_MTI, TRANSACTIONS, Layout, Transaction, transaction_of

ROWS = list(TRANSACTIONS.items())
REVERSIBLE = [transaction for transaction, layout in ROWS if layout.reversible]

FACTS = {  # facts/unionpay-pos 3: MTI, reply MTI, F3, F25, 60.1, reversible, MAC
    Transaction.PREAUTH: ("0100", "0110", "030000", "06", "10", True, True),
    Transaction.CANCEL: ("0100", "0110", "200000", "06", "11", True, True),
    Transaction.COMPLETION: ("0200", "0210", "000000", "06", "20", True, True),
    Transaction.COMPLETION_VOID: ("0200", "0210", "200000", "06", "21", True, True),
    Transaction.SIGN_ON: ("0800", "0810", "", "", "00", False, False),
    Transaction.SIGN_OFF: ("0820", "0830", "", "", "00", False, False),
    Transaction.ECHO: ("0820", "0830", "", "", "00", False, False),
}


def f60(layout: Layout) -> str:
    return layout.f60_1 + "000001" + layout.f60_3


@pytest.mark.parametrize("transaction", Transaction)
def test_a_row_is_that_of_the_facts(transaction: Transaction) -> None:
    row = TRANSACTIONS[transaction]
    assert (row.mti, row.reply_mti, row.f3, row.f25, row.f60_1, row.reversible, row.mac) == FACTS[transaction]


@pytest.mark.parametrize(("transaction", "layout"), ROWS)
def test_a_request_and_its_reply_name_their_transaction(transaction: Transaction, layout: Layout) -> None:
    assert transaction_of(layout.mti, layout.f3, layout.f25, f60(layout)) is transaction
    assert transaction_of(layout.reply_mti, layout.f3, layout.f25, f60(layout)) is transaction


@pytest.mark.parametrize(("transaction", "layout"), ROWS)
def test_a_reversal_names_its_original_if_that_can_be_reversed(transaction: Transaction, layout: Layout) -> None:
    expected = transaction if transaction in REVERSIBLE else None
    assert transaction_of(REVERSAL_MTI, layout.f3, layout.f25, f60(layout)) is expected
    assert transaction_of(REVERSAL_REPLY_MTI, layout.f3, layout.f25, f60(layout)) is expected


@pytest.mark.parametrize("form", ["001", "003"])
def test_a_sign_on_for_keys_of_either_length_is_a_sign_on(form: str) -> None:
    assert transaction_of("0800", "", "", "00000001" + form) is Transaction.SIGN_ON


@pytest.mark.parametrize(
    ("mti", "f3", "f25", "f60_"),
    [
        ("0200", "000000", "00", "22000001000"),  # a sale
        ("0100", "030000", "60", "10000001000"),  # an incremental pre-authorisation
        ("0220", "000000", "06", "24000001000"),  # a completion advice
        ("0200", "030000", "06", "10000001000"),  # another MTI
        ("0100", "030000", "06", "11000001000"),  # another type
        ("0800", "", "", "00000001360"),  # a parameter download
        ("0820", "", "", ""),
        ("", "", "", ""),
        ("01", "030000", "06", "10000001000"),
        ("01A0", "030000", "06", "10000001000"),
        ("０１００", "030000", "06", "10000001000"),
    ],
)
def test_what_the_matrix_does_not_hold_is_none(mti: str, f3: str, f25: str, f60_: str) -> None:
    assert transaction_of(mti, f3, f25, f60_) is None


@given(st.text(max_size=5), st.text(max_size=6), st.text(max_size=2), st.text(max_size=12))
def test_any_values_can_be_asked_about(mti: str, f3: str, f25: str, f60_: str) -> None:
    assert transaction_of(mti, f3, f25, f60_) in {None, *Transaction}
