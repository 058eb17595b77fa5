"""The simulated host as scenarios command it: every manner, and the near miss of what it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from protocols.money import Money
from protocols.transactions import Transaction
from rigs.hosts.simulated import MANNERS, MEASURED, SimulatedHost
from simulators.card import ChipCard
from simulators.issuer import Action, Answer, Delay, LateAnswer, NoAnswer, WrongMac
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, TERMINAL, Events, cn_market, credit_profile

SCALE = 20


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def host(tmp_path: Path, events: Events) -> Iterator[SimulatedHost]:
    host = SimulatedHost(market=cn_market(), emit=events, directory=tmp_path, time_scale=SCALE)
    host.enrol(TERMINAL, MERCHANT, MASTER_KEY)
    yield host
    host.close()


def next_action(host: SimulatedHost, transaction: Transaction = Transaction.PREAUTH, reversal: bool = False) -> object:
    return host._issuer.behaviour.take(transaction, reversal)


@pytest.mark.parametrize(
    ("manner", "action"),
    [("no answer", NoAnswer()), ("request lost", NoAnswer(decide=False)), ("wrong MAC", WrongMac()),
     ("late answer", LateAnswer()), ("delay 12.5", Delay(12.5)), ("delay 0", Delay(0)), ("code 51", Answer("51")),
     ("code A0", Answer("A0"))],
)  # fmt: skip
def test_a_manner_is_an_action_of_the_issuer(host: SimulatedHost, manner: str, action: Action) -> None:
    host.misbehave("pre-authorisation", manner)
    assert next_action(host, Transaction.COMPLETION) is None
    assert next_action(host) == action
    assert next_action(host) is None  # once


def test_every_manner_is_tried_above() -> None:
    assert set(MANNERS) | set(MEASURED) == {"no answer", "request lost", "wrong MAC", "late answer", "delay", "code"}


@pytest.mark.parametrize("transaction", list(Transaction))
def test_every_transaction_can_be_named(host: SimulatedHost, transaction: Transaction) -> None:
    host.misbehave(transaction.value, "no answer", times=2)
    assert [next_action(host, transaction) for _ in range(3)] == [NoAnswer(), NoAnswer(), None]


def test_reversal_is_the_reversal_of_any_and_of_no_request(host: SimulatedHost) -> None:
    host.misbehave("reversal", "no answer", times=None)
    assert next_action(host) is None
    for transaction in (Transaction.PREAUTH, Transaction.COMPLETION, Transaction.PREAUTH):
        assert next_action(host, transaction, reversal=True) == NoAnswer()


@pytest.mark.parametrize(
    ("transaction", "manner", "told"),
    [("pre-authorization", "no answer", "did you mean pre-authorisation?"),
     ("reversals", "no answer", "did you mean reversal?"),
     ("xyzzy", "no answer", "sign-on, sign-off, echo"),
     ("cancel", "no anser", "did you mean no answer?"),
     ("cancel", "wrong mac", "did you mean wrong MAC?"),
     ("cancel", "xyzzy", "there are: no answer, request lost, wrong MAC, late answer, delay, code"),
     ("cancel", "no answer please", "did you mean no answer?"),
     ("cancel", "delay soon", "write `delay` and seconds of market time"),
     ("cancel", "delay", "write `delay` and seconds of market time"),
     ("cancel", "delay -1", "write `delay` and seconds of market time"),
     ("cancel", "delay inf", "write `delay` and seconds of market time"),
     ("cancel", "delay nan", "write `delay` and seconds of market time"),
     ("cancel", "code", "write `code` and two characters"),
     ("cancel", "code 5", "write `code` and two characters"),
     ("cancel", "code 510", "write `code` and two characters"),
     ("cancel", "code é1", "write `code` and two characters")],
)  # fmt: skip
def test_what_the_host_does_not_know_is_told_with_the_near_miss(
    host: SimulatedHost, transaction: str, manner: str, told: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        host.misbehave(transaction, manner)
    assert told in str(raised.value)
    assert next_action(host, Transaction.CANCEL) is None


def test_a_host_that_behaves_again_has_no_rules(host: SimulatedHost) -> None:
    host.misbehave("cancel", "no answer", times=None)
    host.behave()
    assert next_action(host, Transaction.CANCEL) is None


def test_an_account_is_opened_for_a_card_that_the_bench_issued(host: SimulatedHost, events: Events) -> None:
    host.know("credit-0014", ChipCard(credit_profile(), PAN, name="credit-0014"))
    host.open_account("credit-0014", Money(500_00))
    assert host._issuer.account("credit-0014").available == 500_00
    host.set_status("credit-0014", "lost")
    assert host._issuer._exchanges.cards[PAN].status == "lost"


def test_no_account_is_opened_for_a_card_that_nobody_issued(host: SimulatedHost) -> None:
    with pytest.raises(ConfigurationError, match="has issued no card 'credit-0014'"):
        host.open_account("credit-0014", Money(500_00))


def test_days_that_went_by_are_taken_back(host: SimulatedHost, events: Events) -> None:
    today = host._issuer.now().date()
    host.move_date(30)
    host.move_date(1)
    assert host._issuer.now().date() == today + timedelta(31)
    host.reset_date()
    assert host._issuer.now().date() == today
    told = len(events.all())
    host.reset_date()
    assert len(events.all()) == told  # nothing to take back, nothing to tell


def test_it_says_what_it_is(host: SimulatedHost) -> None:
    assert host.identity() == {
        "kind": "simulated issuer host", "market": "unionpay-cn", "listens on": "loopback",
    }  # fmt: skip
    assert host.address[0] == "127.0.0.1"


def test_an_answer_that_is_delayed_has_left_when_all_are_said_to_be_sent(host: SimulatedHost, events: Events) -> None:
    host.misbehave("sign-on", "delay 2")
    client = RawClient(host.address)
    try:
        client.sign_on()
        host.all_answers_sent()
        assert events.of("response", rule="delay")
    finally:
        client.close()
