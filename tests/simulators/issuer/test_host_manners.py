"""Every manner of the host as a client sees it on the socket, and what the host tells of it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from protocols.emv import find, parse
from protocols.iso8583 import Message, UnpackError
from protocols.iso8583.mac import mac_of
from protocols.transactions import Transaction
from rigs.hosts.manners import MANNERS, MEASURED, action
from simulators.issuer import AccountView, FieldTest, IssuerHost, Rule
from tests.simulators.issuer.client import CODEC, RawClient
from tests.simulators.kit import DEADLINE_S, PAN, TERMINAL, Events

T = Transaction
Connect = Callable[[], RawClient]
OPEN, HELD = AccountView(1_000_00, 0, 0), AccountView(900_00, 100_00, 0)


@pytest.fixture
def misbehave(host: IssuerHost) -> Callable[..., None]:
    def do(*manners: str, transaction: Transaction | None = T.PREAUTH, **asked: Any) -> None:
        host.add_rule(Rule(tuple(map(action, manners)), transaction, **asked))

    return do


def sealed(client: RawClient) -> bool:
    assert client.keys is not None
    return mac_of(client.scheme, client.keys.mac).check(client.body) == "valid"


def raw_answer(client: RawClient, message: Message, count: int) -> bytes:
    """So many bytes of whatever comes back."""
    client.send(client.frame(message))
    data = b""
    while len(data) < count:
        data += client.socket.recv(count - len(data))
    return data


def rules_told(events: Events) -> list[str]:
    return [e["action"] for e in events.of("rule")]


# ── decisions ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_code_books_nothing_and_its_reversal_is_that_of_a_refused_request(
    client: RawClient, host: IssuerHost, misbehave: Callable[..., None]
) -> None:
    misbehave("code 91")
    request = client.preauth()
    reply = client.ask(request)
    assert (reply[39], 38 in reply, host.account("credit")) == ("91", False, OPEN)
    assert client.ask(client.reversal(request))[39] == host.market.reversal.declined_code


@pytest.mark.parametrize("code", ["11", "A2"])
def test_a_code_of_success_stands_in_place_of_00_and_is_booked(
    client: RawClient, host: IssuerHost, misbehave: Callable[..., None], code: str
) -> None:
    misbehave(f"code {code}", times=2)
    reply = client.ask(client.preauth())
    assert (reply[39], len(str(reply[38])), host.account("credit")) == (code, 6, HELD)
    assert client.ask(client.preauth(f4="000099999999"))[39] == "51"


def test_a_stand_in_approves_what_the_books_do_not_know(
    client: RawClient, host: IssuerHost, misbehave: Callable[..., None]
) -> None:
    misbehave("approve")
    reply = client.ask(client.preauth(f4="000099999999"))
    assert (reply[39], reply[38], host.account("credit")) == ("00", "999999", OPEN)


def test_a_part_is_approved_with_10_and_held_and_reversed_by_the_amount_of_the_request(
    client: RawClient, host: IssuerHost, misbehave: Callable[..., None]
) -> None:
    misbehave("partial 60")
    request = client.preauth()
    reply = client.ask(request)
    assert (reply[39], reply[4]) == ("10", "000000006000")
    assert host.account("credit") == AccountView(940_00, 60_00, 0)
    assert client.ask(client.reversal(request))[39] == "00"
    assert host.account("credit") == OPEN


# ── messages ──────────────────────────────────────────────────────────────────────────────────────────────────────

DIFFERENT = [
    ("wrong trace", 11), ("wrong terminal", 41), ("wrong merchant", 42), ("wrong amount", 4), ("wrong currency", 49),
    ("wrong reference", 37), ("wrong type", 0),
]  # fmt: skip
MATCHED = (0, 4, 11, 41, 42)


@pytest.mark.parametrize(("manner", "number"), DIFFERENT)
def test_one_field_differs_and_the_seal_is_right(
    client: RawClient, host: IssuerHost, events: Events, misbehave: Callable[..., None], manner: str, number: int
) -> None:
    request, other = client.preauth(), client.preauth()
    misbehave(manner)
    reply = client.ask(request)
    assert sealed(client)
    right = client.ask(other)
    echo = {n: request[n] for n in (4, 11, 41, 42, 49)} | {0: "0110"}
    assert [n for n, value in echo.items() if reply[n] != value] == ([number] if number in echo else [])
    if number == 37:
        assert reply[37] == right[37]  # the next one's, one too early
    told = events.of("response", trace=request[11])[0]
    assert (told["rule"], told["spoiled"]) == (manner, ["MTI" if number == 0 else f"F{number}"])
    explained = [e["text"] for e in events.of("explanation")]
    assert bool(explained) is (number in MATCHED)
    if explained:
        assert "finds no request for it" in explained[0]
    assert host.account("credit") == AccountView(800_00, 200_00, 0)


def test_a_field_is_dropped_added_or_set(client: RawClient, misbehave: Callable[..., None]) -> None:
    misbehave("drop F38", "add F59", "set F63 CUPhello")
    reply = client.ask(client.preauth())
    assert 38 not in reply
    assert (reply[59], reply[63]) == ("HOLDFAST", "CUPhello")
    assert sealed(client)


@pytest.mark.parametrize(
    ("manner", "told"),
    [
        ("overflow F44", "its length 26 is over 25"),
        ("overflow F37", "F38|F39|F44|left"),
        ("non-numeric F4", "nibble that is no digit"),
    ],
)
def test_a_field_that_no_table_has_cannot_be_read(
    client: RawClient, misbehave: Callable[..., None], manner: str, told: str
) -> None:
    misbehave(manner)
    client.send(client.frame(client.preauth()))
    with pytest.raises(UnpackError, match=told):
        client.reply()
    assert sealed(client)
    assert client.ask(client.preauth())[39] == "00"


def test_chip_data_are_malformed(client: RawClient, misbehave: Callable[..., None]) -> None:
    misbehave("malformed chip data")
    reply = client.ask(client.preauth())
    with pytest.raises(Exception, match="tag 91"):
        parse(reply[55])  # type: ignore[arg-type]


def test_a_chip_tag_comes_twice(client: RawClient, misbehave: Callable[..., None]) -> None:
    misbehave("duplicate chip tag")
    assert [node.tag for node in parse(client.ask(client.preauth())[55])] == ["91", "91"]  # type: ignore[arg-type]


def test_the_arpc_is_wrong_or_missing(client: RawClient, misbehave: Callable[..., None]) -> None:
    first = client.preauth()
    misbehave("wrong ARPC")
    wrong = find(client.ask(first)[55], "91")  # type: ignore[arg-type]
    right = find(client.ask(client.preauth())[55], "91")  # type: ignore[arg-type]
    assert wrong is not None
    assert right is not None
    assert (wrong[0] ^ 0xFF, wrong[1:]) == (right[0], right[1:])  # the same cryptogram was answered
    misbehave("no ARPC")
    assert 55 not in client.ask(client.preauth())


@pytest.mark.parametrize(
    ("manner", "templates"),
    [
        ("script 71", ["71"]),
        ("script 72", ["72"]),
        ("scripts 71 and 72", ["71", "72"]),
        ("script 72 put data and PIN unblock", ["72"]),
        ("scripts 71 and 72 application block", ["71", "72"]),
        ("script 71 wrong MAC", ["71"]),
    ],
)
def test_an_issuer_script_comes_with_the_answer(
    client: RawClient, misbehave: Callable[..., None], events: Events, manner: str, templates: list[str]
) -> None:
    misbehave(manner)
    [arpc, *scripts] = parse(client.ask(client.preauth())[55])  # type: ignore[arg-type]
    assert (arpc.tag, [script.tag for script in scripts]) == ("91", templates)
    for number, script in enumerate(scripts, start=1):
        [identifier, *commands] = script.children
        assert (identifier.tag, identifier.value) == ("9F18", number.to_bytes(4, "big"))
        assert {node.tag for node in commands} == {"86"}
    assert rules_told(events) == [manner]
    assert events.wait("response", trace="000002")[0]["spoiled"] == []


# ── bytes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_mac_is_wrong_or_missing(client: RawClient, misbehave: Callable[..., None]) -> None:
    misbehave("wrong MAC")
    client.ask(client.preauth())
    assert client.body[9] & 1
    assert not sealed(client)
    misbehave("no MAC")
    assert 64 not in client.ask(client.preauth())


@pytest.mark.parametrize(
    ("manner", "off"), [("wrong length prefix", 64), ("short length prefix", -8), ("zero length prefix", None)]
)
def test_the_length_is_not_that_of_the_frame(
    client: RawClient, misbehave: Callable[..., None], manner: str, off: int | None
) -> None:
    size = len(client.ask(client.preauth()) and client.raw)
    misbehave(manner)
    raw = raw_answer(client, client.preauth(), size)
    stated = int.from_bytes(raw[:2], "big")
    assert stated == (0 if off is None else size - 2 + off)
    assert CODEC.unpack(raw[13:])[39] == "00"


def test_the_header_asks_the_terminal_for_something(client: RawClient, misbehave: Callable[..., None]) -> None:
    """1.8: the low nibble of the header's third byte."""
    misbehave("processing request 4", transaction=T.ECHO)
    client.ask(client.management("0820", "301"), seal=False)
    assert client.raw[7:13].hex() == "613104311003"


# ── the way out ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_delay_between_two_bounds_is_drawn_and_kept(
    client: RawClient, host: IssuerHost, events: Events, misbehave: Callable[..., None]
) -> None:
    misbehave("delay 50 to 100")  # 0.05 s to 0.1 s at this host's scale
    client.ask(client.preauth())
    events.wait("response", trace="000002")
    times = {e.kind: e.at_ns for e in events.all() if e.fields.get("trace") == "000002"}
    assert times["response"] - times["decision"] >= 0.05e9


def test_a_code_and_a_delay_go_together(client: RawClient, events: Events, misbehave: Callable[..., None]) -> None:
    misbehave("code 51", "delay 60")
    assert client.ask(client.preauth())[39] == "51"
    assert events.wait("response", trace="000002")[0]["rule"] == "code + delay"


def test_a_late_answer_comes_behind_that_to_its_reversal(
    client: RawClient, host: IssuerHost, events: Events, misbehave: Callable[..., None]
) -> None:
    misbehave("late answer after the reversal")
    request = client.preauth()
    client.send(client.frame(request))
    events.wait("held back")
    client.send(client.frame(client.reversal(request)))
    assert [client.reply()[0], client.reply()[0]] == ["0410", "0110"]
    assert host.account("credit") == OPEN


def test_a_late_answer_comes_within_the_next_transaction(
    client: RawClient, events: Events, misbehave: Callable[..., None]
) -> None:
    misbehave("late answer during the next transaction")
    late, after = client.preauth(), client.preauth()
    client.send(client.frame(late))
    events.wait("held back")
    assert client.ask(client.reversal(late))[0] == "0410"  # its own reversal is no next transaction
    client.send(client.frame(after))
    assert [client.reply()[11], client.reply()[11]] == [late[11], after[11]]


def test_a_late_answer_finds_its_terminal_on_a_new_connection(
    client: RawClient, connect: Connect, events: Events, misbehave: Callable[..., None]
) -> None:
    misbehave("late answer")
    request = client.preauth()
    client.send(client.frame(request))
    events.wait("held back")
    client.close()
    events.wait("disconnected")
    anew = connect()
    anew.keys = client.keys
    anew.send(anew.frame(client.reversal(request)))
    assert [anew.reply()[0], anew.reply()[0]] == ["0110", "0410"]


def test_the_answer_comes_twice(client: RawClient, events: Events, misbehave: Callable[..., None]) -> None:
    misbehave("duplicate")
    request = client.preauth()
    first, second = client.ask(request), client.reply()
    assert first == second
    following = client.preauth()
    assert client.ask(following)[11] == following[11]  # and not a third time
    assert len(events.wait("response", count=2, trace=request[11])) == 2
    assert [told["spoiled"] for told in events.wait("response", count=2, trace=request[11])] == [["twice"], ["twice"]]


@pytest.mark.parametrize("manner", ["split", "drip 1"])
def test_the_answer_comes_byte_by_byte_and_the_next_one_behind_it(
    client: RawClient, host: IssuerHost, misbehave: Callable[..., None], manner: str
) -> None:
    misbehave(manner)
    first, second = client.preauth(), client.preauth()
    client.send(client.frame(first) + client.frame(second))
    assert [client.reply()[11], client.reply()[11]] == [first[11], second[11]]
    host.wait_for_delayed()


def test_an_answer_that_drips_may_find_nobody(
    client: RawClient, host: IssuerHost, events: Events, misbehave: Callable[..., None]
) -> None:
    misbehave("drip 20")
    client.send(client.frame(client.preauth()))
    events.wait("decision", code="00")
    client.close()
    host.wait_for_delayed()
    assert events.of("response", spoiled=["drip"])[-1]["sent"] is False
    assert "had hung up" in events.of("explanation")[-1]["text"]


def test_two_answers_come_in_one_segment_and_the_second_is_to_nobody(
    client: RawClient, events: Events, misbehave: Callable[..., None]
) -> None:
    misbehave("two in one segment")
    request = client.preauth()
    right, unrelated = client.ask(request), client.reply()
    assert (right[11], unrelated[11]) == (request[11], f"{int(request[11]) + 500_000}")
    assert sealed(client)
    events.wait("response beside")
    assert len(events.of("response", trace=request[11])) == 1


def test_a_reset_comes_in_place_of_an_answer_that_is_booked(
    client: RawClient, host: IssuerHost, events: Events, misbehave: Callable[..., None]
) -> None:
    misbehave("reset")
    client.send(client.frame(client.preauth()))
    with pytest.raises(ConnectionResetError):
        client.socket.recv(1)
    assert host.account("credit") == HELD
    assert events.of("suppressed")[-1]["rule"] == "reset"
    assert "the connection is reset" in events.of("explanation")[-1]["text"]


def test_a_half_open_connection_says_nothing_more_and_a_new_one_works(
    client: RawClient, connect: Connect, host: IssuerHost, events: Events, misbehave: Callable[..., None]
) -> None:
    misbehave("half-open")
    client.send(client.frame(client.preauth()))
    events.wait("suppressed", rule="half-open")
    client.send(client.frame(client.preauth()))
    anew = connect()
    anew.sign_on()
    anew._traces = iter(range(500, 600))  # type: ignore[assignment]
    assert anew.ask(anew.preauth())[39] == "00"
    client.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        client.socket.recv(1)
    assert host.account("credit") == AccountView(800_00, 200_00, 0)  # the second one was not heard


# ── connects ──────────────────────────────────────────────────────────────────────────────────────────────────────


def connects(host: IssuerHost) -> bool:
    try:
        socket.create_connection(host.address, DEADLINE_S).close()  # type: ignore[attr-defined]
    except ConnectionRefusedError:
        return False
    return True


def test_connects_are_refused_at_once_and_taken_again_on_the_same_port(
    client: RawClient, connect: Connect, host: IssuerHost, events: Events, misbehave: Callable[..., None]
) -> None:
    misbehave("refuse connects", transaction=None, reversal=None)
    assert not connects(host)
    assert client.ended()
    assert rules_told(events) == ["refuse connects"]
    host.clear_rules()
    assert connects(host)
    assert connect().sign_on()[39] == "00"


def test_connects_are_refused_from_an_answer_on(
    client: RawClient, host: IssuerHost, misbehave: Callable[..., None]
) -> None:
    misbehave("refuse connects")
    assert connects(host)
    assert client.ask(client.preauth())[39] == "00"
    assert client.ended()
    assert not connects(host)


def test_connects_are_taken_again_when_the_rule_is_over(
    client: RawClient, host: IssuerHost, misbehave: Callable[..., None]
) -> None:
    misbehave("refuse connects", transaction=None, reversal=None, seconds=100.0)  # 0.1 s at this host's scale
    assert not connects(host)
    deadline = time.monotonic() + DEADLINE_S
    while not connects(host):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_host_that_refuses_connects_can_be_stopped(
    client: RawClient, host: IssuerHost, misbehave: Callable[..., None]
) -> None:
    misbehave("refuse connects", transaction=None, reversal=None, seconds=60_000_000.0)
    host.stop()
    assert client.ended()


# ── events, state, fields ─────────────────────────────────────────────────────────────────────────────────────────


def test_each_use_of_a_rule_is_told_with_its_name(client: RawClient, events: Events, host: IssuerHost) -> None:
    host.add_rule(Rule(action("code 51"), T.PREAUTH, name="no money today"))
    request = client.preauth()
    client.ask(request)
    client.ask(client.preauth())
    [told] = events.of("rule")
    assert told == {
        "exchange": 2, "rule": "no money today", "action": "code", "transaction": "pre-authorisation",
        "trace": request[11],
    }  # fmt: skip


@pytest.mark.parametrize(("state", "codes"), [("open", ["91", "00"]), ("completed", ["00", "91"])])
def test_a_rule_asks_for_the_state_of_the_hold_concerned(
    client: RawClient, misbehave: Callable[..., None], state: str, codes: list[str]
) -> None:
    held = client.ask(client.preauth())
    if state == "completed":
        completion = client.ask(client.follow_up("completion", held))
        misbehave("code 91", transaction=T.COMPLETION_VOID, hold=("completed",))
        assert client.ask(client.follow_up("void", completion))[39] == "91"
        return
    misbehave("code 91", transaction=T.CANCEL, hold=(state,))
    assert [client.ask(client.follow_up("cancel", held))[39] for _ in codes] == codes


def test_a_rule_looks_at_clear_values_and_tells_none(
    client: RawClient, events: Events, host: IssuerHost, misbehave: Callable[..., None]
) -> None:
    tests = (
        FieldTest("2", equals=PAN), FieldTest("MTI", equals="0100"), FieldTest("60.2", equals="000001"),
        FieldTest("55.9F36", equals="0001"), FieldTest("35", exists=False), FieldTest("52", like="?" * 16),
    )  # fmt: skip
    misbehave("code 51", fields=tests, terminal=TERMINAL[:4] + "*", signed_on=True, times=None)
    assert client.ask(client.preauth())[39] == "51"
    assert client.ask(client.preauth(f23="002", f55=client.preauth()[55], f60="1000000200050"))[39] == "00"
    assert PAN not in str([e.fields for e in events.all()])


def test_every_manner_is_tried_on_this_socket_or_in_the_tests_of_behaviour() -> None:
    """A manner that nobody tries may do nothing."""
    elsewhere = {"no answer", "request lost"}
    with open(__file__, encoding="utf-8") as source:
        text = source.read()
    assert [m for m in MANNERS if f'"{m}"' not in text and m not in elsewhere and not m.startswith("script")] == []
    words = [measured.written.split(" ")[0].strip(",") for measured in MEASURED]
    assert [word for word in words if f'"{word} ' not in text] == []
