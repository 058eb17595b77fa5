"""The scripted terminal against a real issuer host. cases.md 122, 128, 129, 133."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from protocols.iso8583 import unpack_frame
from protocols.money import Money
from protocols.orders import Order, Original
from protocols.presence import breaches, presence
from protocols.transactions import TRANSACTIONS, Transaction
from simulators.issuer import AccountSpec, Answer, IssuerHost, NoAnswer, Reset, Rule, SetField
from simulators.terminal.damage import DAMAGES
from simulators.terminal.scripted import ScriptedTerminal, changed
from simulators.terminal.usual import Stripe
from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, TERMINAL, Events, cn_market, credit_profile

T = Transaction
STRIPE = Stripe(PAN, "3012", f"{PAN}D30122010000000000000", "123456")
SIGNED = Stripe(PAN, "3012", f"{PAN}D30122010000000000000")
TYPED = Stripe(PAN, "3012")
ORIGINAL = Original("A00001", "1120", Money(10_00), "000041", "000001", "112000000041")
HOLD = Money(100_00)


@pytest.fixture
def host(tmp_path: Path, events: Events) -> Iterator[IssuerHost]:
    host = IssuerHost(market=cn_market(), emit=events, directory=tmp_path)
    host.start()
    host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
    profile = credit_profile()
    key = bytes.fromhex(profile.test_master_key)
    host.open_account(AccountSpec("credit", PAN, profile.psn, profile.expiry, profile.pin, key, Money(1_000_00)))
    yield host
    host.stop()


def terminal_at(address: tuple[str, int], **more: object) -> ScriptedTerminal:
    return ScriptedTerminal(
        address=address, terminal_id=TERMINAL, merchant_id=MERCHANT, master_key=MASTER_KEY, market=cn_market(),
        **{"response_timeout_s": 10.0, **more},  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def terminal(host: IssuerHost) -> ScriptedTerminal:
    return terminal_at(host._line._port._wanted)


# ── usual messages ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("stripe", [STRIPE, SIGNED, TYPED], ids=["PIN", "signature", "typed"])
@pytest.mark.parametrize("transaction", Transaction)
def test_the_usual_message_breaks_no_rule_of_presence(transaction: Transaction, stripe: Stripe) -> None:
    message = terminal_at(("127.0.0.1", 1)).usual(Order(transaction, HOLD, ORIGINAL), "000042", stripe)
    carried = {n: value if isinstance(value, str) else value.hex() for n, value in message.items() if n}
    assert breaches(carried, presence(transaction, "request"), unsealed=(64,)) == []


@pytest.mark.parametrize("transaction", [t for t, layout in TRANSACTIONS.items() if layout.reversible])
def test_and_neither_does_its_reversal(transaction: Transaction) -> None:
    order = Order(transaction, HOLD, ORIGINAL)
    message = terminal_at(("127.0.0.1", 1)).usual(order, "000042", STRIPE, reversal=True)
    carried = {n: value if isinstance(value, str) else value.hex() for n, value in message.items() if n}
    assert breaches(carried, presence(transaction, "request", reversal=True), unsealed=(64,)) == []
    assert (message[0], message[2], message[11]) == ("0400", PAN, "000042")


def test_a_hold_by_stripe_and_pin_is_a_hold(host: IssuerHost, terminal: ScriptedTerminal, events: Events) -> None:
    answer = terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD)
    assert (answer.code, answer.seal, answer.trouble) == ("00", "valid", "")
    assert host.account("credit").held == 100_00
    [told] = events.of("request", mti="0100")
    assert [e["mti"] for e in events.of("request")] == ["0800", "0100"]
    assert told["trace"] == answer.trace


@pytest.mark.parametrize(("stripe", "mode"), [(STRIPE, "021"), (SIGNED, "022"), (TYPED, "012")])
def test_f22_says_how_the_card_was_read(terminal: ScriptedTerminal, stripe: Stripe, mode: str) -> None:
    terminal.sign_on()
    message = terminal.usual(Order(T.PREAUTH, HOLD), "000042", stripe)
    assert message[22] == mode
    assert (2 in message, 35 in message) == (not stripe.track2, bool(stripe.track2))
    assert (52 in message) == (mode == "021")


def test_reversals_undo_what_the_same_terminal_asked(host: IssuerHost, terminal: ScriptedTerminal) -> None:
    hold = terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD)
    assert terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD, trace=hold.trace, reversal=True).code == "00"
    assert host.account("credit").held == 0


def test_the_same_trace_twice_is_a_duplicate(host: IssuerHost, terminal: ScriptedTerminal) -> None:
    """cases.md 110"""
    terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD, trace="000777")
    assert terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD, trace="000777").code == "94"
    assert host.account("credit").held == 100_00


# ── other fields ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_fields_are_put_in_place_and_taken_out(terminal: ScriptedTerminal) -> None:
    assert terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD, fields={4: None}).code == "30"
    answer = terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD, fields={11: "000555", 59: "0001"})
    assert (answer.trace, answer.code) == ("000555", "00")


def test_text_for_a_field_of_bytes_is_hex() -> None:
    assert changed({0: "0100"}, {55: "9F2600"}) == {0: "0100", 55: bytes.fromhex("9F2600")}
    assert changed({0: "0100", 4: "1"}, {4: None, 0: "0200"}) == {0: "0200"}
    with pytest.raises(ConfigurationError, match="hex"):
        changed({}, {55: "no"})
    with pytest.raises(ConfigurationError, match="F7"):
        changed({}, {7: "1"})


# ── seals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("seal", "mac"), [("wrong", "wrong"), ("none", "absent"), ("right", "valid")])
def test_seals_are_what_they_say(terminal: ScriptedTerminal, events: Events, seal: str, mac: str) -> None:
    """cases.md 122"""
    answer = terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD, seal=seal)
    assert (answer.code == "00") == (seal == "right")
    assert events.of("checks")[-1]["mac"] == mac


def test_an_old_key_is_the_one_before_the_last_sign_on(terminal: ScriptedTerminal, events: Events) -> None:
    """cases.md 133: it signs on as often as it takes to have one."""
    answer = terminal.send(T.PREAUTH, stripe=SIGNED, amount=HOLD, seal="old key")
    assert [e["mti"] for e in events.of("request")] == ["0800", "0800", "0100"]
    assert answer.code == "00"  # the market still takes it for a while


def test_management_is_sent_plain(terminal: ScriptedTerminal) -> None:
    answer = terminal.send(T.ECHO)
    assert answer.code == "00"
    assert 64 not in (answer.message or {})


# ── damage ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [name for name in DAMAGES if name not in ("twice",)])
def test_a_damaged_frame_gets_no_approval_and_the_host_goes_on(host: IssuerHost, name: str) -> None:
    """cases.md 128, 129"""
    terminal = terminal_at(host._line._port._wanted, response_timeout_s=0.3)
    terminal.sign_on()
    answer = terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD, damage=name)
    assert answer.code != "00"
    assert host.account("credit").held == 0
    patient = terminal_at(host._line._port._wanted)
    assert patient.send(T.PREAUTH, stripe=STRIPE, amount=HOLD, trace="000900").code == "00"


def test_a_frame_sent_twice_is_held_once(host: IssuerHost, terminal: ScriptedTerminal) -> None:
    """cases.md 110"""
    terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD, damage="twice")
    assert host.account("credit").held == 100_00


FRAME = bytes.fromhex("0014" + "6000060000" + "613100311003" + "0800" + "0020000000000000"[:12] + "01")


def test_every_damage_changes_the_frame() -> None:
    assert all(damage(FRAME) != FRAME for damage in DAMAGES.values())


@pytest.mark.parametrize(
    ("what", "match"),
    [({"damage": "ASCII lenght"}, "ASCII length"), ({"damage": "??"}, "there are"), ({"seal": "red"}, "old key")],
)
def test_what_there_is_not_is_named_with_what_there_is(
    terminal: ScriptedTerminal, what: dict[str, str], match: str
) -> None:
    with pytest.raises(ConfigurationError, match=match):
        terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD, **what)  # type: ignore[arg-type]


# ── the answer ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_silence_is_told_as_such(host: IssuerHost) -> None:
    host.add_rule(Rule(NoAnswer(), T.ECHO))
    answer = terminal_at(host._line._port._wanted, response_timeout_s=0.2).send(T.ECHO)
    assert (answer.message, answer.trouble) == (None, "no answer")


def test_a_line_that_breaks_is_told_as_such(host: IssuerHost, terminal: ScriptedTerminal) -> None:
    host.add_rule(Rule(Reset(), T.ECHO))
    assert "the line broke" in terminal.send(T.ECHO).trouble


def test_nobody_there_is_told_as_such(host: IssuerHost, terminal: ScriptedTerminal) -> None:
    host.stop()
    assert "ConnectionRefusedError" in terminal.send(T.ECHO).trouble


def test_nothing_of_an_answer_is_checked(host: IssuerHost, terminal: ScriptedTerminal) -> None:
    host.add_rule(Rule(SetField(11, "999999"), T.ECHO))
    answer = terminal.send(T.ECHO)
    assert (answer.code, (answer.message or {})[11]) == ("00", "999999")
    assert unpack_frame(answer.raw).tpdu == "6000000006"


def test_a_terminal_that_cannot_sign_on_says_why(host: IssuerHost, terminal: ScriptedTerminal) -> None:
    host.add_rule(Rule(Answer("97"), T.SIGN_ON, times=None))
    with pytest.raises(ConfigurationError, match="97"):
        terminal.send(T.PREAUTH, stripe=STRIPE, amount=HOLD)


def test_what_it_sends_is_told_without_secrets(host: IssuerHost) -> None:
    told = Events()
    terminal_at(host._line._port._wanted, emit=told).send(T.PREAUTH, stripe=STRIPE, amount=HOLD)
    assert told.of("scripted")[-1]["code"] == "00"
    assert PAN not in str(told.all())
    assert PAN not in repr(STRIPE)
    assert "123456" not in repr(STRIPE)
