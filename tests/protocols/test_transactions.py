"""The transaction matrix: each row names its transaction, and no other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.transactions import (
    FINANCIAL,
    MANAGEMENT,
    REVERSAL_MTI,
    REVERSAL_REPLY_MTI,
    SETTLING,
    TRANSACTIONS,
    Layout,
    Transaction,
    transaction_of,
)

ROWS = list(TRANSACTIONS.items())
REVERSIBLE = [transaction for transaction, layout in ROWS if layout.reversible]

FACTS = {  # facts/unionpay-pos 3: MTI, reply MTI, F3, F25, 60.1, 60.3, reversible, MAC
    Transaction.SIGN_ON: ("0800", "0810", "", "", "00", ("003", "001", "004"), False, False),
    Transaction.SIGN_OFF: ("0820", "0830", "", "", "00", ("002",), False, False),
    Transaction.CASHIER_SIGN_ON: ("0820", "0830", "", "", "00", ("401",), False, False),
    Transaction.ECHO: ("0820", "0830", "", "", "00", ("301",), False, False),
    Transaction.STATUS_UPLOAD: ("0820", "0830", "", "", "00", ("362",), False, False),
    Transaction.PARAMETERS: ("0800", "0810", "", "", "00", ("360",), False, False),
    Transaction.PARAMETERS_END: ("0800", "0810", "", "", "00", ("361",), False, False),
    Transaction.CA_KEY_QUERY: ("0820", "0830", "", "", "00", ("372",), False, False),
    Transaction.CA_KEY_DOWNLOAD: ("0800", "0810", "", "", "00", ("370",), False, False),
    Transaction.CA_KEY_END: ("0800", "0810", "", "", "00", ("371",), False, False),
    Transaction.IC_PARAMETER_QUERY: ("0820", "0830", "", "", "00", ("382",), False, False),
    Transaction.IC_PARAMETER_DOWNLOAD: ("0800", "0810", "", "", "00", ("380",), False, False),
    Transaction.IC_PARAMETER_END: ("0800", "0810", "", "", "00", ("381",), False, False),
    Transaction.BALANCE: ("0200", "0210", "310000", "00", "01", ("000",), False, True),
    Transaction.SALE: ("0200", "0210", "000000", "00", "22", ("000",), True, True),
    Transaction.SALE_VOID: ("0200", "0210", "200000", "00", "23", ("000",), True, True),
    Transaction.REFUND: ("0220", "0230", "200000", "00", "25", ("000",), False, True),
    Transaction.PREAUTH: ("0100", "0110", "030000", "06", "10", ("000",), True, True),
    Transaction.INCREMENT: ("0100", "0110", "030000", "60", "10", ("000",), True, True),
    Transaction.CANCEL: ("0100", "0110", "200000", "06", "11", ("000",), True, True),
    Transaction.COMPLETION: ("0200", "0210", "000000", "06", "20", ("000",), True, True),
    Transaction.ADVICE: ("0220", "0230", "000000", "06", "24", ("000",), False, True),
    Transaction.COMPLETION_VOID: ("0200", "0210", "200000", "06", "21", ("000",), True, True),
    Transaction.OFFLINE_SALE: ("0220", "0230", "000000", "00", "30", ("000",), False, True),
    Transaction.ADJUSTMENT: ("0220", "0230", "000000", "00", "32", ("000",), False, True),
    Transaction.TIP: ("0220", "0230", "000000", "00", "34", ("000",), False, True),
    Transaction.SCRIPT_NOTICE: ("0620", "0630", "", "", "00", ("951",), False, True),
    Transaction.SETTLEMENT: ("0500", "0510", "", "", "00", ("201",), False, False),
    Transaction.BATCH_UPLOAD: ("0320", "0330", "", "", "00", ("201",), False, False),
    Transaction.BATCH_END: ("0320", "0330", "", "", "00", ("207", "202"), False, False),
    Transaction.TC_UPLOAD: ("0320", "0330", "", "", "00", ("203", "205"), False, False),
    Transaction.CHIP_FAILURE_UPLOAD: ("0320", "0330", "", "", "00", ("204", "206"), False, False),
}


def f60(layout: Layout) -> str:
    return layout.f60_1 + "000001" + layout.f60_3


@pytest.mark.parametrize("transaction", Transaction)
def test_a_row_is_that_of_the_facts(transaction: Transaction) -> None:
    row = TRANSACTIONS[transaction]
    management = (row.f60_3, *row.also_f60_3)
    found = (row.mti, row.reply_mti, row.f3, row.f25, row.f60_1, management, row.reversible, row.mac)
    assert found == FACTS[transaction]


@pytest.mark.parametrize(("transaction", "layout"), ROWS)
def test_a_request_and_its_reply_name_their_transaction(transaction: Transaction, layout: Layout) -> None:
    assert transaction_of(layout.mti, layout.f3, layout.f25, f60(layout)) is transaction
    assert transaction_of(layout.reply_mti, layout.f3, layout.f25, f60(layout)) is transaction


@pytest.mark.parametrize(("transaction", "layout"), ROWS)
def test_a_reversal_names_its_original_if_that_can_be_reversed(transaction: Transaction, layout: Layout) -> None:
    expected = transaction if transaction in REVERSIBLE else None
    assert transaction_of(REVERSAL_MTI, layout.f3, layout.f25, f60(layout)) is expected
    assert transaction_of(REVERSAL_REPLY_MTI, layout.f3, layout.f25, f60(layout)) is expected


@pytest.mark.parametrize("form", ["001", "003", "004"])
def test_a_sign_on_for_keys_of_either_length_is_a_sign_on(form: str) -> None:
    assert transaction_of("0800", "", "", "00000001" + form) is Transaction.SIGN_ON


@pytest.mark.parametrize(
    ("mti", "f3", "f25", "f60_"),
    [
        ("0200", "000000", "64", "22000001000"),  # an instalment
        ("0100", "030000", "65", "10000001000"),  # of the reservation family
        ("0220", "000000", "06", "20000001000"),  # an advice with the type of a request
        ("0200", "030000", "06", "10000001000"),  # another MTI
        ("0100", "030000", "06", "11000001000"),  # another type
        ("0800", "", "", "00000001390"),  # a blacklist download
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


def test_a_script_notice_may_carry_the_processing_code_of_its_transaction() -> None:
    """facts/unionpay-pos 3: F3 and the rest are carried by some terminals."""
    assert transaction_of("0620", "030000", "06", "0000000195150") is Transaction.SCRIPT_NOTICE


def test_what_is_stored_and_sent_again_is_never_reversed() -> None:
    """facts/unionpay-pos 5.18."""
    stored = {t for t, layout in ROWS if layout.stored}
    assert stored == {t for t, layout in ROWS if layout.mti == "0220"}
    assert not stored & set(REVERSIBLE)


def test_the_families_of_the_matrix_are_apart() -> None:
    assert not FINANCIAL & MANAGEMENT
    assert not FINANCIAL & SETTLING
    assert set(Transaction) - FINANCIAL - MANAGEMENT - SETTLING == {Transaction.SCRIPT_NOTICE}
