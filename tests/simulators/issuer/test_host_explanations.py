"""Why: each message that is not answered, refused or finds no request is explained with its nearest miss."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from protocols.iso8583 import Frame, Message, encrypt_pin, pack_frame, pin_block
from protocols.iso8583.mac import mac_of
from protocols.iso8583.pin import PinFormat
from simulators.issuer import AccountView, IssuerHost, NoAnswer, Rule
from tests.simulators.issuer.client import CODEC, RawClient
from tests.simulators.kit import OTHER_PAN, PAN, TERMINAL, Events

Connect = Callable[[], RawClient]


@pytest.fixture
def why(events: Events) -> Callable[[], str]:
    """The newest explanation."""
    return lambda: str(events.wait("explanation")[-1]["text"])


# ── framing ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("garbage", "told"),
    [
        (b"12" + bytes(40), "length prefix 12594 is over 2048: it looks like ASCII digits"),
        (b"0123" + bytes(40), "length prefix 12337 is over 2048: it looks like ASCII digits"),
        (b"\x50\x00" + bytes(40), "length prefix 20480 is over 2048: is the stream out of step, or its first byte"),
    ],
)
def test_a_length_that_cannot_be_one_names_the_likely_framing(
    connect: Connect, why: Callable[[], str], garbage: bytes, told: str
) -> None:
    client = connect()
    client.send(garbage)
    assert client.ended()
    assert told in why()


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (b"\x00\x05" + bytes(5), "TPDU 00 stands where 60 should: is there a TPDU at all?"),
        (b"\x00\x0b\x60" + bytes(10), "bytes are too short for MTI and bitmap: the message is cut short"),
        (b"\x00\x1d\x60" + bytes(10) + b"0100" + bytes(14), "it looks like an MTI in ASCII; this link packs it in BCD"),
    ],
)
def test_a_frame_that_cannot_be_read_names_what_stands_there(
    client: RawClient, why: Callable[[], str], frame: bytes, told: str
) -> None:
    client.send(frame)
    assert client.sign_on()[39] == "00"
    assert told in why()


def test_a_length_that_counts_itself_is_told_when_the_terminal_gives_up(
    client: RawClient, why: Callable[[], str], events: Events
) -> None:
    raw = client.frame(client.preauth())
    size = int.from_bytes(raw[:2], "big")
    client.send((size + 2).to_bytes(2, "big") + raw[2:])
    client.close()
    events.wait("disconnected")
    assert why().endswith(": the length seems to count itself")
    assert events.of("undecodable")[-1]["exchange"] == events.of("explanation")[-1]["exchange"]


def test_one_byte_of_a_length_is_told(client: RawClient, why: Callable[[], str], events: Events) -> None:
    client.send(b"\x00")
    client.close()
    events.wait("disconnected")
    assert "after one byte of a length" in why()


def test_an_answer_sent_to_the_host_is_named(client: RawClient, why: Callable[[], str]) -> None:
    client.send(client.frame(client.preauth(f0="0110")))
    client.sign_on()
    assert "0110 is no request, it is the answer to" in why()


# ── transaction and terminal ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"f25": "99"}, "nearest is pre-authorisation, but F25 is 99 and not 06"),
        ({"f3": "030001"}, "nearest is pre-authorisation, but F3 is 030001 and not 030000"),
        ({"f60": "9900000100050"}, "nearest is pre-authorisation, but F60.1 is 99 and not 10"),
        ({"f0": "0200"}, "nearest is pre-authorisation, but MTI is 0200 and not 0100"),
        ({"f3": None}, "but F3 is missing and not 030000"),
    ],
)
def test_no_transaction_names_the_nearest_row_and_what_differs(
    client: RawClient, why: Callable[[], str], changes: dict[str, str], told: str
) -> None:
    assert client.ask(client.preauth(**changes))[39] == "12"
    assert told in why()


def test_a_form_of_sign_on_that_nobody_knows_is_near_to_one(connect: Connect, why: Callable[[], str]) -> None:
    assert connect().sign_on("009")[39] == "12"
    assert "nearest is sign-on, but F60.3 is 009 and not 003" in why()


def test_a_terminal_or_merchant_that_is_not_enrolled_is_told_with_the_nearest(
    connect: Connect, why: Callable[[], str]
) -> None:
    client = connect()
    client.sign_on(terminal="50089999")
    assert f"terminal 50089999 is not enrolled; nearest {TERMINAL}" in why()
    client.ask(client.management("0820", "301", f42="309310083980000"), seal=False)
    assert "is enrolled under merchant 309310083985008, not 309310083980000" in why()


# ── MAC ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def sealed_by(client: RawClient, make: Callable[[bytes], bytes]) -> bytes:
    """A pre-authorisation with whatever F64 comes of its block."""
    body = CODEC.pack({**client.preauth(), 64: bytes(8)})
    return pack_frame(Frame("6000060000", "613100311003", body[:-8] + make(body[:-8])))


def keys_of(client: RawClient) -> tuple[bytes, bytes]:
    assert client.keys is not None
    return client.keys.mac, client.keys.pin


FRAME = bytes.fromhex("6000060000") + bytes.fromhex("613100311003")
WRONG_SEALS: list[tuple[str, Callable[[bytes, bytes, bytes], bytes], str]] = [
    ("X9.19", lambda mac, pin, mab: mac_of("x9.19", mac).over(mab), "it is right x9.19 under this session's key"),
    ("fold", lambda mac, pin, mab: mac_of("fold-3des", mac).over(mab), "it is right fold-3des under this session's"),
    ("single", lambda mac, pin, mab: mac_of("unionpay-ecb", mac[:8]).over(mab), "with the first 8 bytes of the key"),
    ("PIN key", lambda mac, pin, mab: mac_of("unionpay-ecb", pin).over(mab), "it is right under the PIN key"),
    ("TPDU", lambda mac, pin, mab: mac_of("unionpay-ecb", mac).over(FRAME + mab), "over the bytes from the TPDU on"),
    ("header", lambda mac, pin, mab: mac_of("unionpay-ecb", mac).over(FRAME[5:] + mab), "from the header on"),
    ("length", lambda mac, pin, mab: mac_of("unionpay-ecb", mac).over(
        (len(FRAME + mab) + 8).to_bytes(2, "big") + FRAME + mab), "over the bytes from the length on"),
    ("no MTI", lambda mac, pin, mab: mac_of("unionpay-ecb", mac).over(mab[2:]), "without the MTI"),
    ("bitmap", lambda mac, pin, mab: mac_of("unionpay-ecb", mac).over(
        mab[:9] + bytes([mab[9] & 0xFE]) + mab[10:]), "with F64's bit of the bitmap not set"),
    ("nothing", lambda mac, pin, mab: b"00000000", "nor any other scheme or key of this terminal"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "told"), [pytest.param(make, told, id=name) for name, make, told in WRONG_SEALS])
def test_a_wrong_mac_is_told_with_what_it_would_be_right_for(
    client: RawClient, host: IssuerHost, why: Callable[[], str], make: Callable[[bytes, bytes, bytes], bytes], told: str
) -> None:
    mac, pin = keys_of(client)
    client.send(sealed_by(client, lambda mab: make(mac, pin, mab)))
    assert client.reply()[39] == "A0"
    assert why().startswith("answered A0: the MAC is not unionpay-ecb under this session's key")
    assert told in why()
    assert host.account("credit") == AccountView(1_000_00, 0, 0)


def test_a_missing_mac_is_told(client: RawClient, why: Callable[[], str]) -> None:
    assert client.ask(client.preauth(), seal=False)[39] == "A0"
    assert "F64 is missing" in why()


# ── PIN ───────────────────────────────────────────────────────────────────────────────────────────────────────────


WRONG_BLOCKS: list[tuple[str, Callable[[bytes, bytes], bytes], str]] = [
    ("format", lambda mac, pin: encrypt_pin(pin, "123456", PAN, PinFormat.WITHOUT_PAN),
     "it is one without PAN under this session's PIN key, and F53 says with PAN"),
    ("MAC key", lambda mac, pin: encrypt_pin(mac, "123456", PAN), "it is one with PAN under its MAC key"),
    ("nothing", lambda mac, pin: bytes(8), "nor under any other of this terminal's keys"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "told"), [pytest.param(make, told, id=name) for name, make, told in WRONG_BLOCKS])
def test_a_pin_block_that_cannot_be_read_is_told_with_what_it_would_be(
    client: RawClient, why: Callable[[], str], make: Callable[[bytes, bytes], bytes], told: str
) -> None:
    mac, pin = keys_of(client)
    assert client.ask(client.preauth(f52=make(mac, pin)))[39] == "99"
    assert told in why()


def test_a_pin_block_under_the_key_before_is_told(client: RawClient, why: Callable[[], str]) -> None:
    _, pin = keys_of(client)
    client.sign_on()
    assert client.ask(client.preauth(f52=encrypt_pin(pin, "123456", PAN)))[39] == "99"
    assert "with PAN under the PIN key before" in why()


def test_a_pin_block_in_clear_is_told(client: RawClient, why: Callable[[], str]) -> None:
    assert client.ask(client.preauth(f52=pin_block("123456", PAN)))[39] == "99"
    assert "it is one in clear" in why()


# ── refusals ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refusal_is_told_with_its_reason(client: RawClient, why: Callable[[], str]) -> None:
    client.ask(client.preauth(f4="000099999999"))
    assert why() == "answered 51: 99999999 asked, 100000 available"


def test_a_missing_original_is_told_with_the_nearest_hold(
    client: RawClient, host: IssuerHost, why: Callable[[], str]
) -> None:
    held = client.ask(client.preauth())
    wrong = f"{(int(str(held[38])) + 1) % 1_000_000:06d}"
    assert client.ask(client.follow_up("completion", held, f38=wrong))[39] == "25"
    assert wrong in why()
    assert f"nearest {held[38]}" in why()


def test_another_day_is_told_with_the_day_of_the_hold(
    client: RawClient, host: IssuerHost, why: Callable[[], str]
) -> None:
    held = client.ask(client.preauth())
    other = host.now().date() - timedelta(days=1)
    assert client.ask(client.follow_up("cancel", held, f61=f"000000000000{other:%m%d}"))[39] == "25"
    assert f"{other:%m-%d}" in why()
    assert f"{date.fromisoformat(str(host.now().date())):%m-%d}" in why()


def test_a_card_that_nobody_has_is_told_without_its_number(client: RawClient, why: Callable[[], str]) -> None:
    client.ask(client.preauth(f2=OTHER_PAN))
    assert "no card of this number (16 digits); the nearest card differs in" in why()
    assert OTHER_PAN not in why()


def test_a_silence_that_a_rule_wants_is_told(client: RawClient, host: IssuerHost, why: Callable[[], str]) -> None:
    host.add_rule(Rule(NoAnswer(), times=1))
    client.send(client.frame(client.preauth()))
    client.sign_on()
    assert why() == "not answered: a behaviour rule says 'no answer', the answer is lost"


def test_nothing_is_explained_while_all_goes_well(client: RawClient, events: Events) -> None:
    held: Message = client.ask(client.preauth())
    client.ask(client.follow_up("completion", held))
    assert events.of("explanation") == []
