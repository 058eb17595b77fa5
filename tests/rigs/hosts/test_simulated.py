"""The simulated host as scenarios command it: every manner, and the near miss of what it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from protocols.iso8583.subfields import Load, LoadQuery, parse_parameters
from protocols.money import Money
from protocols.pan import derived
from protocols.transactions import Transaction
from rigs.cards.loading import card_path, load_card_profile
from rigs.hosts.manners import MANNERS
from rigs.hosts.simulated import SimulatedHost, account_kind
from simulators.card import CardState, ChipCard
from simulators.card.authority import house_authority
from simulators.card.personal import personalise
from simulators.issuer import (
    AccountView,
    Action,
    Answer,
    Delay,
    Drip,
    DropField,
    IssuerScript,
    NoAnswer,
    NonNumeric,
    Overflow,
    Partial,
    ProcessingRequest,
    SetField,
)
from simulators.issuer.behaviour import Seen
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
    rule = host._issuer.behaviour.take(Seen(transaction, reversal, TERMINAL, True, {}.get, lambda: "none"))
    return rule.action if rule else None


@pytest.mark.parametrize(
    ("manner", "expected"),
    [*MANNERS.items(),
     ("delay 12.5", Delay(12.5)), ("delay 0", Delay(0)), ("delay 1 to 2.5", Delay(1, 2.5)), ("code 51", Answer("51")),
     ("code A0", Answer("A0")), ("partial 60", Partial(60)), ("drip 0.5", Drip(0.5)), ("drop F38", DropField(38)),
     ("add F59", SetField(59, "HOLDFAST", "add F59")), ("add F52", SetField(52, "00" * 8, "add F52")),
     ("add F4", SetField(4, "1" * 12, "add F4")), ("set F63 CUP you", SetField(63, "CUP you")),
     ("script 72 PIN change", IssuerScript(("72",), ("PIN change",))),
     ("script 71 put data and PIN unblock", IssuerScript(("71",), ("put data", "PIN unblock"))),
     ("script 71 wrong MAC", IssuerScript(("71",), wrong_mac=True)),
     ("scripts 71 and 72 card block", IssuerScript(("71", "72"), ("card block",))),
     ("scripts 71 and 72 application block and application unblock wrong MAC",
      IssuerScript(("71", "72"), ("application block", "application unblock"), wrong_mac=True)),
     ("overflow F44", Overflow(44)), ("non-numeric F4", NonNumeric(4)), ("processing request 4", ProcessingRequest(4))],
)  # fmt: skip
def test_a_manner_is_an_action_of_the_issuer(host: SimulatedHost, manner: str, expected: Action) -> None:
    host.misbehave("pre-authorisation", manner)
    assert next_action(host, Transaction.COMPLETION) is None
    assert next_action(host) == expected
    assert next_action(host) is None  # once


def test_any_is_whatever_comes(host: SimulatedHost) -> None:
    host.misbehave("any", "code 96", times=None)
    assert next_action(host, Transaction.ECHO) == Answer("96")
    assert next_action(host, Transaction.SALE, reversal=True) == Answer("96")


def test_a_manner_begins_with_the_match_that_is_named(host: SimulatedHost) -> None:
    host.misbehave("sale", "code 96", times=2, occurrence=3)
    found = [next_action(host, Transaction.SALE) for _ in range(5)]
    assert found == [None, None, Answer("96"), Answer("96"), None]


def test_rules_are_those_of_a_rule_file(host: SimulatedHost, events: Events) -> None:
    host.misbehave_by([{"name": "twice", "when": {"transaction": "sale"}, "do": "code 91", "until": {"times": 2}}])
    assert [next_action(host, Transaction.SALE) for _ in range(3)] == [(Answer("91"),), (Answer("91"),), None]


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
     ("xyzzy", "no answer", "sign-on, sign-off, cashier sign-on"),
     ("cancel", "no anser", "did you mean no answer?"),
     ("cancel", "wrong mac", "did you mean wrong MAC?"),
     ("cancel", "xyzzy", "there are: approve, no answer, request lost"),
     ("cancel", "no answer please", "did you mean no answer?"),
     ("cancel", "delay soon", "write delay and seconds of market time"),
     ("cancel", "delay", "write delay and seconds of market time"),
     ("cancel", "delay -1", "write delay and seconds of market time"),
     ("cancel", "delay inf", "write delay and seconds of market time"),
     ("cancel", "delay nan", "write delay and seconds of market time"),
     ("cancel", "delay 3 to 2", "or delay A to B, seconds of market time"),
     ("cancel", "partial 0", "write partial and a percentage from 1 to 99"),
     ("cancel", "drop F99", "there is no F99"),
     ("cancel", "drip fast", "write drip and seconds of market time"),
     ("cancel", "script 72 pin change", "write script 71 or 72, and up to 4 of PIN unblock, PIN change"),
     ("cancel", "script 73", "write script 71 or 72, and up to 4"),
     ("cancel", "script 71 " + " and ".join(["put data"] * 5), "write script 71 or 72, and up to 4"),
     ("cancel", "script 71 put data wrong mac", "write script 71 or 72, and up to 4"),
     ("cancel", "scripts 71 and 71", "write scripts 71 and 72, and up to 4"),
     ("cancel", "code", "write code and two characters"),
     ("cancel", "code 5", "write code and two characters"),
     ("cancel", "code 510", "write code and two characters"),
     ("cancel", "code é1", "write code and two characters")],
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
    assert host._issuer._financial.cards[PAN].status == "lost"


@pytest.mark.parametrize("kind", ["credit-chip", "cvn-18", "no-psn", "pan-13", "pan-19"])
def test_the_issuer_has_the_very_keys_of_each_card(host: SimulatedHost, kind: str) -> None:
    profile = load_card_profile(card_path(kind))
    pan = next(derived(profile.pan_prefix, length=profile.pan_digits))
    host.know("card", ChipCard(profile, pan, name="card"))
    host.open_account("card", Money(500_00))
    on_file = host._issuer._financial.cards[pan]
    assert on_file.keys == personalise(profile, pan).keys
    assert on_file.version.name == profile.cryptogram_version


def test_a_card_whose_pin_a_script_changed_comes_with_its_new_pin(host: SimulatedHost) -> None:
    state = CardState.model_validate({"pin": "654321"})
    host.know("credit-0014", ChipCard(credit_profile(), PAN, name="credit-0014", state=state))
    host.open_account("credit-0014", Money(500_00))
    assert host._issuer._financial.cards[PAN].pin == "654321"


def test_cards_are_known_for_a_case(host: SimulatedHost) -> None:
    host.know("credit-0014", ChipCard(credit_profile(), PAN, name="credit-0014"))
    host.end_case()
    with pytest.raises(ConfigurationError, match="has issued no card 'credit-0014'"):
        host.open_account("credit-0014", Money(500_00))


def test_the_ca_keys_that_it_is_given_are_those_that_a_terminal_may_load(tmp_path: Path, events: Events) -> None:
    host = SimulatedHost(
        market=cn_market(), emit=events, directory=tmp_path, time_scale=SCALE, ca_keys=house_authority().ca_keys()
    )
    host.enrol(TERMINAL, MERCHANT, MASTER_KEY)
    client = RawClient(host.address)
    try:
        client.sign_on()
        listed = client.ask(client.management("0820", "372", f62=LoadQuery().pack()), seal=False)
    finally:
        client.close()
        host.close()
    entries = Load.parse(listed[62]).entries  # type: ignore[arg-type]
    assert [dict(entry)["9F22"][0] for entry in entries] == [key.index for key in house_authority().ca_keys()]
    assert dict(entries[0])["DF05"] == b"20391231"


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


def test_the_account_of_a_card_is_of_the_kind_of_its_application() -> None:
    assert [account_kind(f"A00000033301010{n}") for n in (1, 2)] == ["debit", "credit"]


def held(host: SimulatedHost) -> tuple[RawClient, str]:
    host.know("credit-0014", ChipCard(credit_profile(), PAN, name="credit-0014"))
    host.open_account("credit-0014", Money(500_00))
    client = RawClient(host.address)
    client.sign_on()
    return client, str(client.ask(client.preauth())[38])


def test_the_issuer_itself_changes_a_hold(host: SimulatedHost, events: Events) -> None:
    client, approval = held(host)
    host.adjust_hold("credit-0014", approval, amount=Money(60_00))
    assert host._issuer.account("credit-0014").held == 60_00
    assert (events.of("hold")[-1]["amount"], events.of("hold")[-1]["approval"]) == (60_00, approval)
    with pytest.raises(ConfigurationError, match="stays as it is"):
        host.adjust_hold("credit-0014", "999998", amount=Money(1))
    with pytest.raises(ConfigurationError, match="no card 'debit'"):
        host.adjust_hold("debit", approval, amount=Money(1))
    client.close()


def test_a_hold_expires_when_days_go_by_unless_its_case_has_ended(host: SimulatedHost, events: Events) -> None:
    client, _ = held(host)
    host.move_date(30)
    assert host._issuer.account("credit-0014").held == 100_00
    host.move_date(1)
    assert host._issuer.account("credit-0014") == AccountView(500_00, 0, 0)
    assert events.of("hold")[-1]["state"] == "expired"
    host.reset_date()
    client.ask(client.preauth())
    host.end_case()
    host.move_date(31)
    assert host._issuer.account("credit-0014").held == 100_00
    client.close()


def test_what_is_offered_is_loaded_until_the_case_ends(host: SimulatedHost) -> None:
    client = RawClient(host.address)

    def timeout() -> str | bytes:
        reply = client.ask(client.management("0800", "360"), seal=False)
        return parse_parameters(reply[62])["12"]  # type: ignore[arg-type]

    host.offer_download({"12": "45"})
    assert timeout() == "45"
    host.end_case()
    assert timeout() == "60"
    client.close()


@pytest.mark.parametrize(("offered", "told"), [({"99": "1"}, "no parameter has the tag '99'"), ({"12": "x"}, "12")])
def test_what_cannot_be_offered_is_named(host: SimulatedHost, offered: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        host.offer_download(offered)
