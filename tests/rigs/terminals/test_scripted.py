"""The second terminal through its port: names of cards, transactions and damages, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from protocols.money import Money
from protocols.orders import Entry, Order, Result
from protocols.transactions import Transaction
from rigs.ports import OtherTerminal
from rigs.terminals.scripted import ScriptedTerminalDriver
from simulators.issuer import AccountSpec, IssuerHost, NoAnswer, Partial, Rule
from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, TERMINAL, Events, cn_market, credit_profile

T = Transaction
HOLD = Money(100_00)


@dataclass
class Card:
    pan: str = field(default=PAN, repr=False)
    expiry: str = "3012"
    psn: str = "01"
    track2: str = field(default=f"{PAN}D30122010000000000000", repr=False)
    pin: str = field(default="123456", repr=False)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[IssuerHost]:
    host = IssuerHost(market=cn_market(), emit=Events(), directory=tmp_path, time_scale=1000)
    yield host
    host.stop()


@pytest.fixture
def other(host: IssuerHost) -> OtherTerminal:
    address = host.start()
    host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
    profile = credit_profile()
    key = bytes.fromhex(profile.test_master_key)
    host.open_account(AccountSpec("credit-0014", PAN, "01", "3012", profile.pin, key, Money(1_000_00)))
    return ScriptedTerminalDriver(
        address=address, terminal_id=TERMINAL, merchant_id=MERCHANT, master_key=MASTER_KEY, market=cn_market(),
        card_of={"credit-0014": Card()}.__getitem__, response_timeout_s=5.0,
    )  # fmt: skip


def test_a_hold_made_elsewhere_can_be_completed_there(host: IssuerHost, other: OtherTerminal) -> None:
    hold = other.perform(Order(T.PREAUTH, HOLD), "credit-0014")
    assert (hold.result, hold.code, hold.masked_pan) == (Result.APPROVED, "00", "625094******0014")
    assert len(hold.approval) == 6
    original = hold.as_original()
    assert other.perform(Order(T.COMPLETION, HOLD, original, Entry.KEYED), "credit-0014").approved
    account = host.account("credit-0014")
    assert (account.held, account.booked) == (0, 100_00)


def test_a_balance_comes_back_as_money(other: OtherTerminal) -> None:
    assert other.perform(Order(T.BALANCE, Money(0)), "credit-0014").balance == Money(1_000_00)


def test_a_part_is_what_was_approved(host: IssuerHost, other: OtherTerminal) -> None:
    host.add_rule(Rule(Partial(40), T.PREAUTH))
    outcome = other.perform(Order(T.PREAUTH, HOLD), "credit-0014")
    assert (outcome.result, outcome.code, outcome.amount) == (Result.APPROVED, "10", Money(40_00))


def test_a_refusal_has_code_and_words(other: OtherTerminal) -> None:
    outcome = other.send("pre-authorisation", card="credit-0014", amount=Money(5_000_00))
    assert (outcome.result, outcome.code, outcome.message) == (Result.DECLINED, "51", "可用余额不足")


def test_a_field_left_out_a_seal_and_a_trace_are_passed_on(other: OtherTerminal) -> None:
    assert other.send("pre-authorisation", card="credit-0014", amount=HOLD, fields={4: None}).code == "30"
    assert other.send("pre-authorisation", card="credit-0014", amount=HOLD, seal="wrong").code == "A0"
    assert other.send("pre-authorisation", card="credit-0014", amount=HOLD, trace="000321").trace == "000321"


def test_a_reversal_is_sent_like_anything_else(host: IssuerHost, other: OtherTerminal) -> None:
    hold = other.send("pre-authorisation", card="credit-0014", amount=HOLD)
    undone = other.send("pre-authorisation", card="credit-0014", amount=HOLD, trace=hold.trace, reversal=True)
    assert undone.code == "00"
    assert host.account("credit-0014").held == 0


def test_without_an_answer_there_is_no_reply_and_the_trouble_in_words(host: IssuerHost, other: OtherTerminal) -> None:
    host.add_rule(Rule(NoAnswer(), T.ECHO))
    other._twin._timeout_s = 0.2  # type: ignore[attr-defined]
    outcome = other.send("echo")
    assert (outcome.result, outcome.message) == (Result.NO_REPLY, "no answer")


def test_a_message_for_no_card_needs_none(other: OtherTerminal) -> None:
    assert other.send("sign-on").approved


def test_names_that_there_are_not_come_with_the_near_miss(other: OtherTerminal) -> None:
    with pytest.raises(ConfigurationError, match="'pre-authorisation'"):
        other.send("preauthorisation")
    with pytest.raises(ConfigurationError, match="'half frame'"):
        other.send("echo", damage="half a frame")
