"""How the host misbehaves when a rule says so. Design 6."""

from __future__ import annotations

import pytest

from protocols.iso8583 import EcbMac, Message
from protocols.transactions import Transaction
from simulators.issuer import AccountView, Answer, Delay, IssuerHost, LateAnswer, NoAnswer, Rule, WrongMac
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import Events

T = Transaction
OPEN = AccountView(1_000_00, 0, 0)
HELD = AccountView(900_00, 100_00, 0)


def unanswered(client: RawClient, message: Message) -> Message:
    """Send; the next reply must be that of the sign-on after it, for the host answers in order."""
    client.send(client.frame(message))
    assert client.sign_on()[0] == "0810"
    return message


def test_a_code_is_answered_instead_of_deciding_and_books_nothing(client: RawClient, host: IssuerHost) -> None:
    host.add_rule(Rule(Answer("91"), T.PREAUTH))
    assert client.ask(client.preauth())[39] == "91"
    assert host.account("credit") == OPEN
    assert client.ask(client.preauth())[39] == "00"


def test_a_sign_on_can_be_refused(client: RawClient, host: IssuerHost) -> None:
    host.add_rule(Rule(Answer("96"), T.SIGN_ON))
    assert client.sign_on()[39] == "96"
    assert client.sign_on()[39] == "00"


@pytest.mark.parametrize(("decide", "after"), [(True, HELD), (False, OPEN)])
def test_no_answer_comes_whether_it_was_decided_or_lost(
    client: RawClient, host: IssuerHost, events: Events, decide: bool, after: AccountView
) -> None:
    host.add_rule(Rule(NoAnswer(decide=decide), T.PREAUTH))
    unanswered(client, client.preauth())
    assert events.of("suppressed")[-1]["decided"] is decide
    assert host.account("credit") == after


def test_a_wrong_mac_spoils_the_seal_and_nothing_else(client: RawClient, host: IssuerHost) -> None:
    host.add_rule(Rule(WrongMac(), T.PREAUTH))
    assert client.keys is not None
    assert client.ask(client.preauth())[39] == "00"
    assert EcbMac(client.keys.mac).check(client.body) == "wrong"
    assert host.account("credit") == HELD


def test_a_delayed_answer_is_decided_at_once_and_sent_later(
    client: RawClient, host: IssuerHost, events: Events
) -> None:
    host.add_rule(Rule(Delay(200), T.PREAUTH))  # 0.2 s at this host's scale
    client.send(client.frame(client.preauth()))
    events.wait("decision", code="00", trace="000002")
    host.wait_for_delayed()
    times = {e.kind: e.at_ns for e in events.all() if e.fields.get("trace") == "000002"}
    assert times["response"] - times["request"] >= 0.199e9, "counted from its arrival, just before that was told"
    assert times["decision"] < times["response"]
    assert len(events.of("response", transaction="pre-authorisation", rule="delay", sent=True)) == 1
    assert client.reply()[39] == "00"


def test_a_delayed_answer_does_not_hold_up_the_next(client: RawClient, host: IssuerHost) -> None:
    host.add_rule(Rule(Delay(300), T.PREAUTH))
    slow, quick = client.preauth(), client.preauth()
    client.send(client.frame(slow) + client.frame(quick))
    assert [client.reply()[11], client.reply()[11]] == [quick[11], slow[11]]


def test_an_answer_delayed_beyond_its_connection_is_told_as_not_sent(
    client: RawClient, host: IssuerHost, events: Events
) -> None:
    host.add_rule(Rule(Delay(100), T.PREAUTH))
    client.send(client.frame(client.preauth()))
    events.wait("decision", code="00")
    client.close()
    events.wait("disconnected")
    host.wait_for_delayed()
    assert events.of("response", rule="delay")[-1]["sent"] is False


def test_a_late_answer_leaves_just_before_the_answer_to_its_reversal(
    client: RawClient, host: IssuerHost, events: Events
) -> None:
    host.add_rule(Rule(LateAnswer(), T.PREAUTH))
    request = client.preauth()
    client.send(client.frame(request))
    events.wait("held back")
    client.send(client.frame(client.reversal(request)))
    late, reversed_ = client.reply(), client.reply()
    assert [late[0], late[39], reversed_[0], reversed_[39]] == ["0110", "00", "0410", "00"]
    assert events.wait("response", late=True)[-1]["trace"] == request[11]
    assert host.account("credit") == OPEN


def test_a_late_answer_waits_for_its_own_reversal(client: RawClient, host: IssuerHost) -> None:
    host.add_rule(Rule(LateAnswer(), T.PREAUTH))
    late, other = client.preauth(), client.preauth()
    client.send(client.frame(late) + client.frame(other))
    assert client.reply()[11] == other[11]
    assert client.ask(client.reversal(other))[0] == "0410"
    client.send(client.frame(client.reversal(late)))
    assert [client.reply()[0], client.reply()[0]] == ["0110", "0410"]


def test_after_the_rules_are_cleared_no_answer_is_kept_back_any_more(client: RawClient, host: IssuerHost) -> None:
    host.add_rule(Rule(LateAnswer(), T.PREAUTH, times=None))
    request = client.preauth()
    unanswered(client, request)
    host.clear_rules()
    assert client.ask(client.reversal(request))[0] == "0410"
    assert client.ask(client.preauth())[0] == "0110"


def test_a_rule_for_reversals_leaves_requests_alone_and_the_other_way_round(
    client: RawClient, host: IssuerHost
) -> None:
    host.add_rule(Rule(Answer("96"), reversal=True, times=None))
    request = client.preauth()
    assert client.ask(request)[39] == "00"
    assert client.ask(client.reversal(request))[39] == "96"
    assert host.account("credit") == HELD
