"""What each message carries. facts/unionpay-pos 2.3-2.7, 3, 3.1, 5.19."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.iso8583 import UNIONPAY, Message, compile_spec, decrypt_pin, encrypt_pin
from protocols.iso8583.pin import PinFormat
from protocols.iso8583.subfields import F53, BatchRecords, Settlement
from protocols.iso8583.track import decrypt_track
from protocols.money import Money
from protocols.orders import Entry, Order, Original
from protocols.pinpad import TerminalKeys
from protocols.presence import breaches, presence
from protocols.totals import Totals
from protocols.transactions import TRANSACTIONS, Transaction, transaction_of
from simulators.terminal.batchbook import Booked
from simulators.terminal.contact import CardData
from simulators.terminal.entry import WITH_CHIP
from simulators.terminal.journal import Armed
from simulators.terminal.messages import Builder
from simulators.terminal.presented import Presented
from simulators.terminal.secrecy import Hidden, hide
from simulators.terminal.terminal import TAKEN
from tests.simulators.kit import PAN, cn_market
from tests.simulators.terminal.shop import PARAMETERS

T = Transaction
CARD = CardData(PAN, "3012", "01", f"{PAN}D3012201", "A000000333010102", "PBOC CREDIT")
ORIGINAL = Original("A00001", "0615", Money(100_00), "000041", "000009", "061500000041")
BUILDER = Builder(PARAMETERS, "156", "000010")
ORDERS = tuple(t for t in Transaction if t in TAKEN)
REVERSIBLE = tuple(t for t in ORDERS if TRANSACTIONS[t].reversible)
STORED = (T.ADVICE, T.REFUND)
PIN_KEY, TRACK_KEY = bytes.fromhex("11" * 16), bytes.fromhex("22" * 16)
KEYS = TerminalKeys(bytes.fromhex("33" * 16), TRACK_KEY, len(PIN_KEY))
CODEC = compile_spec(UNIONPAY)


def request(transaction: Transaction, pin: str | None = "123456", entry: Entry = Entry.CHIP) -> Message:
    original = None if transaction in WITH_CHIP else ORIGINAL
    chip = b"\x9f\x26\x08" + bytes(8) if transaction in WITH_CHIP else None
    track = CARD.track2 if chip else ""
    hidden = Hidden() if transaction in STORED else hide(KEYS, cn_market().security, block_of(pin), track)
    order = Order(transaction, Money(100_00), original, entry)
    return BUILDER.request(order, "000042", Presented(CARD, entry), hidden, chip)


def block_of(pin: str | None, form: PinFormat = PinFormat.WITH_PAN) -> bytes | None:
    return None if pin is None else encrypt_pin(PIN_KEY, pin, PAN, form)


def carried(message: Message) -> dict[int, str]:
    return {n: value if isinstance(value, str) else value.hex() for n, value in message.items() if n}


def reversal(transaction: Transaction, approval: str = "", reason: str = "98") -> Message:
    kept = BUILDER.kept(transaction, request(transaction))
    return BUILDER.reversal(Armed("000042", transaction.value, kept, reason, approval, 0), "000042")


# ── requests ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("pin", [None, "123456"])
@pytest.mark.parametrize("transaction", ORDERS)
def test_a_request_breaks_no_rule_of_presence(transaction: Transaction, pin: str | None) -> None:
    message = request(transaction, pin)
    assert breaches(carried(message), presence(transaction, "request"), unsealed=(64,)) == []
    assert CODEC.unpack(CODEC.pack(message)) == message


@pytest.mark.parametrize("transaction", ORDERS)
def test_a_request_has_what_its_row_of_the_matrix_says(transaction: Transaction) -> None:
    message, row = request(transaction), TRANSACTIONS[transaction]
    assert (message[0], message[3], message[25]) == (row.mti, row.f3, row.f25)
    assert message[60] == f"{row.f60_1}00001000050"
    assert transaction_of(*(str(message[n]) for n in (0, 3, 25, 60))) is transaction


@pytest.mark.parametrize("transaction", [t for t in ORDERS if t not in STORED])
def test_pin_fields_come_together_or_not_at_all(transaction: Transaction) -> None:
    """4.6: F22 digit 3 says which."""
    with_pin, without = request(transaction), request(transaction, None)
    assert (with_pin[22], with_pin[26], with_pin[53]) == ("051", "12", "2600000000000000")
    assert without[22] == "052"
    assert not {26, 52, 53} & set(without)


def test_chip_and_track_go_with_what_the_chip_decides_alone() -> None:
    """2.2: simple flow."""
    for transaction in ORDERS:
        assert ({35, 55} <= set(request(transaction))) == (transaction in WITH_CHIP)


@pytest.mark.parametrize(("pin", "mode"), [("123456", "011"), (None, "012")])
def test_a_typed_number_has_no_sequence_number_and_says_so_in_f22(pin: str | None, mode: str) -> None:
    """2: F22; 2.1: no F53 without a PIN."""
    message = request(T.COMPLETION, pin, Entry.KEYED)
    assert (message[22], message[2], message[14]) == (mode, PAN, "3012")
    assert 23 not in message
    assert (53 in message) == (pin is not None)


@pytest.mark.parametrize(("psn", "f23"), [("01", "001"), ("00", "000"), ("", None)])
def test_the_sequence_number_of_a_chip_is_sent_where_it_has_one(psn: str, f23: str | None) -> None:
    """2: F23; tag 5F34 is optional (EMV Book 3, 7.2)."""
    card = Presented(replace(CARD, psn=psn), Entry.CHIP)
    message = BUILDER.request(Order(T.PREAUTH, Money(1)), "000042", card, Hidden(), b"\x9f")
    assert message.get(23) == f23
    assert breaches(carried(message), presence(T.PREAUTH, "request"), unsealed=(64,)) == []


def test_a_balance_enquiry_has_no_amount() -> None:
    assert 4 not in request(T.BALANCE)


@pytest.mark.parametrize(("transaction", "said"), [(T.PREAUTH, "1"), (T.SALE, "1"), (T.CANCEL, ""), (T.BALANCE, "")])
def test_a_terminal_that_takes_a_part_says_so_where_there_can_be_one(transaction: Transaction, said: str) -> None:
    """5.15: F60.6."""
    builder = replace(BUILDER, parameters=replace(PARAMETERS, partial_approvals=True))
    original = None if transaction in WITH_CHIP else ORIGINAL
    message = builder.request(Order(transaction, Money(1), original), "000042", Presented(CARD, Entry.CHIP), Hidden())
    assert str(message[60])[13:] == said


@pytest.mark.parametrize(
    ("transaction", "f61", "named"),
    [
        (T.PREAUTH, None, {}),
        (T.SALE, None, {}),
        (T.INCREMENT, "0000000000000615", {38: "A00001"}),
        (T.CANCEL, "0000000000000615", {38: "A00001"}),
        (T.COMPLETION, "0000000000000615", {38: "A00001"}),
        (T.ADVICE, "0000000000000615", {38: "A00001"}),
        (T.COMPLETION_VOID, "0000090000410615", {38: "A00001", 37: "061500000041"}),
        (T.SALE_VOID, "000009000041", {38: "A00001", 37: "061500000041"}),
        (T.REFUND, "0000000000000615", {37: "061500000041"}),
    ],
)
def test_a_request_names_its_original(transaction: T, f61: str | None, named: Message) -> None:
    """2.5."""
    message = request(transaction)
    assert message.get(61) == f61
    assert {n: message[n] for n in (37, 38) if n in message} == named


# ── under keys ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("pin_format", "digit"), [("with PAN", "2"), ("without PAN", "1")])
def test_the_pin_block_is_of_the_markets_format(pin_format: str, digit: str) -> None:
    rule = cn_market(security={"pin_format": pin_format}).security
    hidden = hide(KEYS, rule, block_of("123456", PinFormat(rule.pin_format)))
    assert decrypt_pin(PIN_KEY, hidden.pin_block or b"", PAN, PinFormat(rule.pin_format)) == "123456"
    assert F53.parse(hidden.control) == F53(digit, "6")


@pytest.mark.parametrize(("pin", "control"), [("123456", "2610000000000000"), (None, "0610000000000000")])
def test_a_track_is_enciphered_where_the_market_wants_it_and_f53_says_so(pin: str | None, control: str) -> None:
    """4.7."""
    hidden = hide(KEYS, cn_market(security={"track_encryption": True}).security, block_of(pin), CARD.track2)
    assert hidden.control == control
    assert hidden.track2 != CARD.track2
    assert decrypt_track(TRACK_KEY, hidden.track2) == CARD.track2


def test_what_is_hidden_has_no_repr() -> None:
    shown = repr(hide(KEYS, cn_market().security, block_of("123456"), CARD.track2))
    assert CARD.track2 not in shown
    assert "pin_block" not in shown


# ── reversals ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("transaction", REVERSIBLE)
def test_a_reversal_breaks_no_rule_of_presence(transaction: Transaction) -> None:
    """3.1: 26, 35, 36, 37, 52, 53 are not in it."""
    message = reversal(transaction, "A00001")
    assert breaches(carried(message), presence(transaction, "request", reversal=True), unsealed=(64,)) == []
    assert CODEC.unpack(CODEC.pack(message)) == message
    assert transaction_of(*(str(message[n]) for n in (0, 3, 25, 60))) is transaction


@pytest.mark.parametrize("transaction", REVERSIBLE)
def test_a_reversal_carries_its_originals_data(transaction: T) -> None:
    original, message = request(transaction), reversal(transaction)
    assert (message[0], message[39]) == ("0400", "98")
    for number in (2, 3, 4, 11, 14, 22, 25, 41, 42, 49, 60):
        assert message[number] == original[number]


def test_the_reversal_of_a_completion_drops_the_sequence_number_too() -> None:
    """3.1, OPN."""
    assert [t for t in REVERSIBLE if 23 not in reversal(t)] == [T.COMPLETION]


@pytest.mark.parametrize(
    ("transaction", "f61"),
    [
        (T.PREAUTH, None),
        (T.SALE, None),
        (T.INCREMENT, None),
        (T.CANCEL, "0000100000420000"),
        (T.COMPLETION, "0000100000420000"),
        (T.COMPLETION_VOID, "0000090000420000"),
        (T.SALE_VOID, "000009000042"),
    ],
)
def test_field_61_of_a_reversal_names_batch_and_trace_as_2_5_has_it(transaction: T, f61: str | None) -> None:
    """Own batch and own trace; a void's keeps the original batch; hold, increment and sale have none."""
    assert reversal(transaction).get(61) == f61


@pytest.mark.parametrize("reason", ["98", "96", "A0", "06"])
def test_a_reversal_carries_the_approval_if_one_was_seen(reason: str) -> None:
    assert reversal(T.PREAUTH, "A00001", reason)[38] == "A00001"
    assert reversal(T.PREAUTH, "A00001", reason)[39] == reason
    assert 38 not in reversal(T.PREAUTH, "", reason)


def test_the_reversal_of_an_increment_does_not_carry_the_approval_of_its_hold() -> None:
    assert 38 in request(T.INCREMENT)
    assert 38 not in reversal(T.INCREMENT)


# ── management, notices, settlement ───────────────────────────────────────────────────────────────────────────────

MANAGED = tuple(t for t in Transaction if TRANSACTIONS[t].mti[:2] == "08" and t is not T.CASHIER_SIGN_ON)


@pytest.mark.parametrize("transaction", MANAGED)
def test_management_has_its_four_fields_and_no_more(transaction: Transaction) -> None:
    message = BUILDER.management(transaction, "000042")
    wanted = {62} if transaction in (T.CA_KEY_DOWNLOAD, T.IC_PARAMETER_DOWNLOAD) else set()
    missing = {b.field for b in breaches(carried(message), presence(transaction, "request"))}
    assert missing == wanted
    assert transaction_of(str(message[0]), "", "", str(message[60])) is transaction


def test_a_sign_on_names_batch_form_and_operator() -> None:
    """2.4, 2.7."""
    message = BUILDER.sign_on("000042", "003")
    assert (message[0], message[11], message[60], message[63]) == ("0800", "000042", "00000010003", "01 ")
    assert not {3, 4, 25, 64} & set(message)


def test_a_settlement_carries_totals_of_domestic_cards() -> None:
    """2.3."""
    message = BUILDER.settlement("000042", Totals(300_00, 2, 100_00, 1))
    assert breaches(carried(message), presence(T.SETTLEMENT, "request")) == []
    assert message[48] == "000000030000" + "002" + "000000010000" + "001" + "0" + "0" * 31
    assert Settlement.parse(str(message[48])).domestic.debit_count == 2


def test_an_upload_lists_traces_cards_and_amounts() -> None:
    booked = Booked("000041", "sale", PAN, "625094******0014", 30_00)
    message = BUILDER.batch_upload("000042", [booked, replace(booked, trace="000043")])
    assert breaches(carried(message), presence(T.BATCH_UPLOAD, "request")) == []
    records = BatchRecords.parse(str(message[48])).records
    assert [(r.trace, r.pan, r.amount) for r in records] == [("000041", PAN, 30_00), ("000043", PAN, 30_00)]


@pytest.mark.parametrize(("balanced", "code"), [(True, "207"), (False, "202")])
def test_the_end_of_a_batch_says_how_it_came_out(balanced: bool, code: str) -> None:
    message = BUILDER.batch_end("000042", 12, balanced=balanced)
    assert breaches(carried(message), presence(T.BATCH_END, "request")) == []
    assert (message[48], str(message[60])[8:]) == ("0012", code)


def test_a_script_notice_names_the_transaction_whose_script_ran() -> None:
    """2.5, 3.1"""
    asked = request(T.PREAUTH)
    message = BUILDER.script_notice("000043", asked, {37: "061500000042", 13: "0615"}, b"\xdf\x31\x01\x20")
    assert breaches(carried(message), presence(T.SCRIPT_NOTICE, "request"), unsealed=(64,)) == []
    assert (message[11], message[61]) == ("000043", "0000100000420615")
