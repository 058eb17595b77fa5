"""What each message carries. facts/unionpay-pos 2.4, 2.5, 3, 3.1, 5.19."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.iso8583 import Message
from protocols.money import Money
from protocols.orders import Order, Original
from protocols.transactions import TRANSACTIONS, Transaction
from simulators.issuer.exchange import MANDATORY
from simulators.terminal.journal import Armed
from simulators.terminal.kernel import CardData
from simulators.terminal.messages import Builder
from tests.simulators.kit import PAN
from tests.simulators.terminal.shop import PARAMETERS

T = Transaction
CARD = CardData(PAN, "01", "3012", f"{PAN}D3012201", "A000000333010102", "PBOC CREDIT", "online PIN", 2)
ORIGINAL = Original("A00001", "0615", Money(100_00), "000041", "000009", "061500000041")
BUILDER = Builder(replace(PARAMETERS, batch="000010"), "156")
FINANCIAL = (T.PREAUTH, T.CANCEL, T.COMPLETION, T.COMPLETION_VOID)


def request(transaction: T, pin: bytes | None = bytes(8)) -> Message:
    original = None if transaction is T.PREAUTH else ORIGINAL
    chip = b"\x9f\x26\x08" + bytes(8) if transaction is T.PREAUTH else None
    return BUILDER.request(Order(transaction, Money(100_00), original), "000042", CARD, pin, chip)


def reversal(transaction: T, approval: str = "", reason: str = "98") -> Message:
    kept = BUILDER.kept(request(transaction))
    return BUILDER.reversal(Armed("000042", transaction.value, kept, reason, approval, 0), "000042")


@pytest.mark.parametrize("transaction", FINANCIAL)
def test_a_request_has_what_its_row_of_the_matrix_says(transaction: T) -> None:
    message, row = request(transaction), TRANSACTIONS[transaction]
    assert (message[0], message[3], message[25]) == (row.mti, row.f3, row.f25)
    assert message[60] == f"{row.f60_1}00001000050"
    assert set(MANDATORY[transaction]) - {64} <= set(message)
    assert (message[4], message[11], message[49]) == ("000000010000", "000042", "156")


@pytest.mark.parametrize("transaction", FINANCIAL)
def test_pin_fields_come_together_or_not_at_all(transaction: T) -> None:
    """4.6: F22 digit 3 says which."""
    with_pin, without = request(transaction), request(transaction, None)
    assert (with_pin[22], with_pin[26], with_pin[53]) == ("051", "12", "2600000000000000")
    assert without[22] == "052"
    assert not {26, 52, 53} & set(without)


def test_chip_and_track_go_with_a_pre_authorisation_alone() -> None:
    """2.2: simple flow."""
    assert {35, 55} <= set(request(T.PREAUTH))
    for transaction in FINANCIAL[1:]:
        assert not {35, 36, 55} & set(request(transaction))


@pytest.mark.parametrize(
    ("transaction", "f61", "named"),
    [
        (T.PREAUTH, None, {}),
        (T.CANCEL, "0000000000000615", {38: "A00001"}),
        (T.COMPLETION, "0000000000000615", {38: "A00001"}),
        (T.COMPLETION_VOID, "0000090000410615", {38: "A00001", 37: "061500000041"}),
    ],
)
def test_a_request_names_its_original(transaction: T, f61: str | None, named: Message) -> None:
    """2.5."""
    message = request(transaction)
    assert message.get(61) == f61
    assert {n: message[n] for n in (37, 38) if n in message} == named


@pytest.mark.parametrize("transaction", FINANCIAL)
def test_a_reversal_carries_its_originals_data(transaction: T) -> None:
    original, message = request(transaction), reversal(transaction)
    assert (message[0], message[39]) == ("0400", "98")
    for number in (2, 3, 4, 11, 14, 22, 25, 41, 42, 49, 60):
        assert message[number] == original[number]


@pytest.mark.parametrize("transaction", FINANCIAL)
def test_a_reversal_carries_no_pin_no_track_and_no_reference(transaction: T) -> None:
    """3.1: 26, 35, 36, 37, 52, 53."""
    assert not {26, 35, 36, 37, 52, 53, 55} & set(reversal(transaction))


def test_the_reversal_of_a_completion_drops_the_sequence_number_too() -> None:
    """3.1, OPN."""
    assert 23 not in reversal(T.COMPLETION)
    assert all(23 in reversal(transaction) for transaction in FINANCIAL if transaction is not T.COMPLETION)


@pytest.mark.parametrize(
    ("transaction", "f61"),
    [
        (T.PREAUTH, None),
        (T.CANCEL, "0000100000420000"),
        (T.COMPLETION, "0000100000420000"),
        (T.COMPLETION_VOID, "0000090000420000"),
    ],
)
def test_field_61_of_a_reversal_names_batch_and_trace_as_2_5_has_it(transaction: T, f61: str | None) -> None:
    """Own batch and own trace; that of a void keeps the original batch; that of a hold has none."""
    assert reversal(transaction).get(61) == f61


@pytest.mark.parametrize("reason", ["98", "96", "A0", "06"])
def test_a_reversal_carries_the_approval_if_one_was_seen(reason: str) -> None:
    assert reversal(T.PREAUTH, "A00001", reason)[38] == "A00001"
    assert reversal(T.PREAUTH, "A00001", reason)[39] == reason
    assert 38 not in reversal(T.PREAUTH, "", reason)


def test_a_sign_on_names_batch_form_and_operator() -> None:
    """2.4, 2.7."""
    message = BUILDER.sign_on("000042", "003")
    assert (message[0], message[11], message[60], message[63]) == ("0800", "000042", "00000010003", "01 ")
    assert not {3, 4, 25, 64} & set(message)
