"""The host's line: framing, segmentation, replies, and what is on disk when an answer arrives."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from protocols.events import Channel
from protocols.faults import HoldfastBug
from protocols.market import Market
from protocols.money import Money
from simulators.issuer import AccountSpec, AccountView, IssuerHost
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, TERMINAL, Events, credit_profile

Connect = Callable[[], RawClient]


# ── segmentation and garbage ──────────────────────────────────────────────────────────────────────────────────────


def test_a_request_that_dribbles_in_byte_by_byte_is_answered_once(client: RawClient, events: Events) -> None:
    for byte in client.frame(client.preauth()):
        client.send(bytes([byte]))
    assert client.reply()[39] == "00"
    assert len(events.of("request", transaction="pre-authorisation")) == 1


def test_two_requests_in_one_segment_are_answered_in_order(client: RawClient) -> None:
    first, second = client.preauth(), client.preauth()
    client.send(client.frame(first) + client.frame(second))
    assert [client.reply()[11], client.reply()[11]] == [first[11], second[11]]


def test_a_request_split_over_the_end_of_another_is_answered_too(client: RawClient) -> None:
    first, second = client.frame(client.preauth()), client.frame(client.preauth())
    client.send(first + second[:50])
    assert client.reply()[39] == "00"
    client.send(second[50:])
    assert client.reply()[39] == "00"


@pytest.mark.parametrize(
    "garbage",
    [b"\xff\xff" + bytes(40), b"GET / HTTP/1.1\r\n\r\n", b"0123" + bytes(40)],
    ids=["length", "HTTP", "ASCII"],
)
def test_a_stream_that_is_no_framing_is_told_and_cut_and_other_connections_live_on(
    connect: Connect, client: RawClient, events: Events, garbage: bytes
) -> None:
    bad = connect()
    bad.send(garbage)
    assert bad.ended()
    assert events.of("undecodable")[-1]["reason"]
    assert client.ask(client.preauth())[39] == "00"


def test_a_request_before_garbage_in_one_segment_is_still_answered(client: RawClient, events: Events) -> None:
    client.send(client.frame(client.preauth()) + b"\xff\xff" + bytes(40))
    assert client.reply()[39] == "00"
    client.send(bytes(1))
    assert client.ended()
    assert events.of("undecodable")


@pytest.mark.parametrize(
    "frame",
    [b"\x00\x00", b"\x00\x05" + bytes(5), b"\x00\x0b\x60" + bytes(10), b"\x00\x1f\x60" + bytes(10) + b"\xff" * 20],
    ids=["empty", "no TPDU", "no message", "no BCD"],
)
def test_a_whole_frame_that_cannot_be_read_is_told_and_the_next_one_is_answered(
    client: RawClient, events: Events, frame: bytes
) -> None:
    client.send(frame)
    assert client.ask(client.preauth())[39] == "00"
    assert len(events.of("undecodable")) == 1


@pytest.mark.parametrize("mti", ["0110", "0210", "0410", "0830"])
def test_a_reply_sent_to_the_host_is_told_and_not_answered(client: RawClient, events: Events, mti: str) -> None:
    client.send(client.frame(client.preauth(f0=mti)))
    assert client.ask(client.preauth())[0] == "0110"
    assert mti in events.of("undecodable")[0]["reason"]


def test_letters_of_another_alphabet_in_a_fixed_field_are_the_terminals_fault_and_not_ours(
    client: RawClient, events: Events
) -> None:
    raw = client.frame(client.preauth())
    client.send(raw.replace(TERMINAL.encode(), "终端编号".encode("gb18030")))
    assert client.ask(client.preauth())[39] == "00"
    assert len(events.of("undecodable")) == 1
    assert not events.of("bug")


# ── replies ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_reply_swaps_the_tpdu_and_echoes_the_header(client: RawClient) -> None:
    """1.3, 1.9."""
    raw = client.frame(client.preauth())
    client.send(raw[:2] + bytes.fromhex("6000061234") + raw[7:])
    assert client.reply()[39] == "00"
    assert client.raw[2:7].hex() == "6012340006"
    assert client.raw[7:13].hex() == "613100311003"


def test_an_approval_carries_what_the_matrix_wants_of_it(client: RawClient) -> None:
    """3.1: F38 and F44 are mandatory when approved."""
    request = client.preauth()
    reply = client.ask(request)
    assert set(reply) >= {0, 2, 3, 4, 11, 12, 13, 14, 15, 25, 32, 37, 38, 39, 41, 42, 44, 49, 55, 60, 64}
    assert {n: reply[n] for n in (2, 3, 4, 11, 25, 41, 42, 49, 60)} == {
        n: request[n] for n in (2, 3, 4, 11, 25, 41, 42, 49, 60)
    }
    assert not {26, 35, 36, 52} & set(reply)


def test_a_decline_carries_no_authorisation_code(client: RawClient) -> None:
    assert 38 not in client.ask(client.preauth(f4="000099999999"))


def test_every_financial_reply_has_a_reference_of_its_own(client: RawClient) -> None:
    """Declines before the decision, repeats and reversals too."""
    request = client.preauth()
    messages = [request, request, client.preauth(f55=None), client.preauth(f52=bytes(8)), client.reversal(request)]
    references = [client.ask(message)[37] for message in messages]
    assert len(set(references)) == len(messages)


def test_the_reference_of_an_approval_is_the_one_in_the_ledger(client: RawClient, tmp_path: Path) -> None:
    reply = client.ask(client.preauth())
    with sqlite3.connect(tmp_path / "ledger.sqlite") as books:
        assert books.execute("SELECT reference FROM journal").fetchall() == [(reply[37],)]
    books.close()


class Midnight:
    """A clock that shows the last microsecond of a year once, and the new year ever after."""

    def __init__(self) -> None:
        self.moments = iter([datetime(2026, 12, 31, 23, 59, 59, 999999)])

    def __call__(self) -> datetime:
        return next(self.moments, datetime(2027, 1, 1))


def test_a_request_over_midnight_has_one_date_in_reply_reference_and_ledger(
    tmp_path: Path, market: Market, events: Events
) -> None:
    profile = credit_profile()
    clock = Midnight()
    host = IssuerHost(market=market, emit=events, directory=tmp_path, clock=clock)
    address = host.start()
    host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
    key = bytes.fromhex(profile.test_master_key)
    host.open_account(AccountSpec("credit", PAN, profile.psn, profile.expiry, profile.pin, key, Money(1_000_00)))
    client = RawClient(address)
    client.sign_on()
    clock.moments = iter([datetime(2026, 12, 31, 23, 59, 59, 999999)])
    reply = client.ask(client.preauth())
    assert (reply[12], reply[13], reply[15], str(reply[37])[:4]) == ("235959", "1231", "1231", "1231")
    assert client.ask(client.follow_up("completion", reply))[39] == "00"
    client.close()
    host.stop()


def test_a_hold_expires_when_the_clock_itself_goes_past_its_last_day(
    tmp_path: Path, market: Market, events: Events
) -> None:
    profile = credit_profile()
    days = [datetime(2026, 1, 1)]
    host = IssuerHost(market=market, emit=events, directory=tmp_path, clock=lambda: days[0])
    client = RawClient(host.start())
    host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
    key = bytes.fromhex(profile.test_master_key)
    host.open_account(AccountSpec("credit", PAN, profile.psn, profile.expiry, profile.pin, key, Money(1_000_00)))
    client.sign_on()
    held = client.ask(client.preauth())
    days[0] = datetime(2026, 2, 1)  # 31 days later
    assert client.ask(client.follow_up("cancel", held))[39] == "25"
    assert events.of("hold")[-1]["state"] == "expired"
    assert host.account("credit") == AccountView(1_000_00, 0, 0)
    client.close()
    host.stop()


def test_a_hold_is_found_again_by_the_date_in_its_reply(client: RawClient, host: IssuerHost) -> None:
    held = client.ask(client.preauth())
    host.move_date(7)
    assert client.ask(client.follow_up("completion", held))[39] == "00"


# ── the whole life over the wire ──────────────────────────────────────────────────────────────────────────────────


def test_hold_completion_void_and_cancel_over_the_wire(client: RawClient, host: IssuerHost) -> None:
    held = client.ask(client.preauth())
    completed = client.ask(client.follow_up("completion", held))
    assert host.account("credit") == AccountView(900_00, 0, 100_00)
    voided = client.ask(client.follow_up("void", completed | {13: held[13]}))
    assert voided[39] == "00"
    assert host.account("credit") == AccountView(900_00, 100_00, 0)
    assert client.ask(client.follow_up("cancel", held))[39] == "00"
    assert host.account("credit") == AccountView(1_000_00, 0, 0)


def test_a_reversal_is_answered_with_0410_and_is_idempotent(client: RawClient, host: IssuerHost) -> None:
    request = client.preauth()
    client.ask(request)
    first, second = client.ask(client.reversal(request)), client.ask(client.reversal(request))
    assert [(first[0], first[39]), (second[0], second[39])] == [("0410", "00"), ("0410", "25")]
    assert host.account("credit") == AccountView(1_000_00, 0, 0)


def test_a_reversal_before_its_original_blocks_it_over_the_wire(client: RawClient, host: IssuerHost) -> None:
    request = client.preauth()
    assert client.ask(client.reversal(request))[39] == "00"
    assert client.ask(request)[39] == "12"
    assert host.account("credit").held == 0


def test_a_repeated_request_is_answered_94(client: RawClient) -> None:
    request = client.preauth()
    assert [client.ask(request)[39], client.ask(request)[39]] == ["00", "94"]


# ── durable before the answer leaves ──────────────────────────────────────────────────────────────────────────────


def test_when_the_answer_arrives_another_process_finds_the_hold_in_the_file(client: RawClient, tmp_path: Path) -> None:
    reply = client.ask(client.preauth())
    books = sqlite3.connect(f"file:{tmp_path / 'ledger.sqlite'}?mode=ro", uri=True)
    assert books.execute("SELECT approval, state FROM journal").fetchall() == [(reply[38], "normal")]
    assert books.execute("SELECT kind, amount FROM posting").fetchall() == [("hold", 100_00)]
    books.close()


def test_the_decision_is_told_before_the_response(client: RawClient, events: Events) -> None:
    client.ask(client.preauth())
    events.wait("response", trace="000002")
    kinds = [e.kind for e in events.all() if e.fields.get("trace") == "000002"]
    assert kinds.index("request") < kinds.index("decision") < kinds.index("posting") < kinds.index("response")


def test_all_events_of_an_exchange_share_its_number(client: RawClient, events: Events) -> None:
    client.ask(client.preauth())
    numbers = {
        e.fields["exchange"] for e in events.all() if e.fields.get("trace") == "000002" and "exchange" in e.fields
    }
    assert len(numbers) == 1


# ── a fault of ours ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fault_of_the_host_itself_is_told_as_a_bug_and_never_answered_falsely(
    client: RawClient, host: IssuerHost, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise HoldfastBug("the books do not balance")

    monkeypatch.setattr(host._financial, "_decide", fail)
    client.send(client.frame(client.preauth()))
    assert client.ended()
    [told] = [e for e in events.all() if e.channel is Channel.RIG]
    assert (told.kind, told.fields["cause"]) == ("bug", "the books do not balance")
    assert host.account("credit") == AccountView(1_000_00, 0, 0)
