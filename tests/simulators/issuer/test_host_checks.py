"""What the host checks before it decides, over real TCP: terminal, fields, MAC, card, cryptogram, PIN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from protocols.emv import derive_udk, find, response_cryptogram, session_key
from protocols.iso8583 import encrypt_pin, mac_of
from protocols.market import Market
from simulators.issuer import AccountView, IssuerHost
from tests.simulators.issuer.client import ATC, RawClient, chip_data
from tests.simulators.kit import MASTER_KEY, MERCHANT, OTHER_PAN, PAN, TERMINAL, Events, credit_profile

Connect = Callable[[], RawClient]
UNTOUCHED = AccountView(1_000_00, 0, 0)


# ── sign-on ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("form", "size", "keys"), [("001", 8, 2), ("003", 16, 2), ("004", 16, 3)])
def test_a_sign_on_brings_working_keys_of_the_length_that_its_form_asks(
    connect: Connect, form: str, size: int, keys: int
) -> None:
    """2.6: F60.3 001 is single length, 003 double; each key is followed by its check value, which unwrap compares."""
    client = connect()
    reply = client.sign_on(form)
    assert reply[39] == "00"
    assert len(reply[62]) == keys * (size + 4)
    assert client.keys is not None
    assert len(client.keys.mac) == len(client.keys.pin) == size
    assert client.ask(client.preauth())[39] == "00"


def test_an_unknown_form_of_sign_on_is_no_transaction(connect: Connect) -> None:
    assert connect().sign_on("009")[39] == "12"


def test_after_sign_off_the_terminal_must_sign_on_again(client: RawClient) -> None:
    off = {0: "0820", 11: client.trace(), 41: TERMINAL, 42: MERCHANT, 60: "00000001002"}
    assert client.ask(off, seal=False)[39] == "00"
    assert client.ask(client.preauth())[39] == "77"


def test_an_echo_is_answered_without_keys(connect: Connect) -> None:
    echo = {0: "0820", 41: TERMINAL, 42: MERCHANT, 60: "00000001301"}
    reply = connect().ask(echo, seal=False)
    assert (reply[0], reply[39]) == ("0830", "00")


def test_a_terminal_that_is_not_enrolled_is_answered_97(connect: Connect) -> None:
    assert connect().sign_on(terminal="50089999")[39] == "97"


def test_a_terminal_under_another_merchant_is_answered_97(client: RawClient) -> None:
    assert client.ask(client.preauth(f42="309310083980000"))[39] == "97"


def test_a_request_before_any_sign_on_is_answered_77(connect: Connect) -> None:
    signed_on, other = connect(), connect()
    signed_on.sign_on()
    message = signed_on.preauth()
    off = {0: "0820", 11: "000099", 41: TERMINAL, 42: MERCHANT, 60: "00000001002"}
    signed_on.ask(off, seal=False)
    assert other.ask(message, seal=False)[39] == "77"


# ── MAC ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("flipped", [-1, 40])
def test_a_request_whose_mac_does_not_fit_is_answered_a0_and_books_nothing(
    client: RawClient, host: IssuerHost, events: Events, flipped: int
) -> None:
    raw = bytearray(client.frame(client.preauth()))
    raw[flipped] ^= 1
    client.send(bytes(raw))
    assert client.reply()[39] == "A0"
    assert events.of("checks")[-1]["mac"] == "wrong"
    assert host.account("credit") == UNTOUCHED


def test_a_request_without_a_mac_is_answered_a0(client: RawClient, events: Events) -> None:
    assert client.ask(client.preauth(), seal=False)[39] == "A0"
    assert events.of("checks")[-1]["mac"] == "absent"


def test_every_financial_reply_is_sealed_and_no_management_reply_is(connect: Connect) -> None:
    """1.16."""
    client = connect()
    assert 64 not in client.sign_on()
    assert client.keys is not None
    for message in (client.preauth(), client.preauth(f11="000001", f2=OTHER_PAN)):
        client.ask(message)
        assert mac_of(client.scheme, client.keys.mac).check(client.body) == "valid"


# ── fields ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [4, 11, 22, 49])
def test_a_missing_mandatory_field_is_answered_30_and_named_in_the_event(
    client: RawClient, events: Events, number: int
) -> None:
    assert client.ask(client.preauth(**{f"f{number}": None}))[39] == "30"
    assert events.of("format") == [{"exchange": 2, "field": number, "reason": f"F{number} is missing"}]


@pytest.mark.parametrize(("kind", "number"), [("cancel", 38), ("cancel", 61), ("completion", 38), ("void", 37)])
def test_a_follow_up_must_name_its_original(client: RawClient, events: Events, kind: str, number: int) -> None:
    held = client.ask(client.preauth())
    assert client.ask(client.follow_up(kind, held, **{f"f{number}": None}))[39] == "30"
    assert events.of("format")[-1]["field"] == number


@pytest.mark.parametrize("number", [26, 35, 36, 37, 52, 53])
def test_a_reversal_that_carries_pin_or_track_is_answered_30(client: RawClient, events: Events, number: int) -> None:
    """3.1."""
    values: dict[int, Any] = {26: "12", 35: f"{PAN}D3012", 36: "99", 37: "0" * 12, 52: bytes(8), 53: "2" + "0" * 15}
    request = client.preauth()
    client.ask(request)
    assert client.ask(client.reversal(request, **{f"f{number}": values[number]}))[39] == "30"
    assert f"F{number}" in events.of("decision")[-1]["reason"]


def test_a_reversal_without_its_reason_is_answered_30(client: RawClient) -> None:
    request = client.preauth()
    client.ask(request)
    assert client.ask(client.reversal(request, f39=None))[39] == "30"


def test_the_reversal_of_a_completion_must_carry_field_61_and_that_of_a_hold_needs_none(client: RawClient) -> None:
    """2.5, 3.1."""
    preauth = client.preauth()
    held = client.ask(preauth)
    completion = client.follow_up("completion", held)
    assert client.ask(completion)[39] == "00"
    assert client.ask(client.reversal(completion, f61=None))[39] == "30"
    assert client.ask(client.reversal(completion))[39] == "00"
    assert client.ask(client.reversal(preauth))[39] == "00"


def test_a_request_that_the_matrix_does_not_have_is_answered_12_and_its_fields_are_named(
    client: RawClient, events: Events
) -> None:
    assert client.ask(client.preauth(f25="99"))[39] == "12"
    assert "F25 is 99 and not 06" in events.of("decision")[-1]["reason"]


def test_an_extra_field_is_no_fault(client: RawClient) -> None:
    """3.2: field tests carry extras."""
    assert client.ask(client.preauth(f63="000", f32="03099988"))[39] == "00"


# ── card ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_that_the_issuer_does_not_know_is_answered_14(client: RawClient) -> None:
    assert client.ask(client.preauth(f2=OTHER_PAN))[39] == "14"


def test_the_card_may_be_named_by_track_2_alone(client: RawClient) -> None:
    """Field 2 is absent when a stripe was read. facts 2."""
    assert client.ask(client.preauth(f2=None, f35=f"{PAN}D30122010000"))[39] == "00"


@pytest.mark.parametrize(
    ("status", "code"), [("lost", "41"), ("stolen", "43"), ("expired", "54"), ("restricted", "62")]
)
def test_a_card_that_is_barred_is_answered_with_its_own_code(
    client: RawClient, host: IssuerHost, status: str, code: str
) -> None:
    host.set_status("credit", status)
    assert client.ask(client.preauth())[39] == code
    host.set_status("credit", "open")
    assert client.ask(client.preauth())[39] == "00"


def test_a_card_is_expired_from_the_month_after_its_last(client: RawClient, host: IssuerHost) -> None:
    today = host.now().date()
    host.move_date((today.replace(year=2031, month=1, day=1) - today).days - 1)
    assert client.ask(client.preauth())[39] == "00"
    host.move_date(1)
    assert client.ask(client.preauth())[39] == "54"


def test_a_wrong_cryptogram_is_answered_59(client: RawClient, events: Events) -> None:
    assert client.ask(client.preauth(f55=chip_data(t9F26=bytes(8))))[39] == "59"
    assert events.of("checks")[-1]["cryptogram"] == "wrong"


def test_a_cryptogram_over_other_data_is_answered_59(client: RawClient) -> None:
    assert client.ask(client.preauth(f55=chip_data(t9F02=bytes.fromhex("000000010001"))))[39] == "59"


def test_application_data_too_short_for_a_cryptogram_are_answered_59(client: RawClient) -> None:
    assert client.ask(client.preauth(f55=chip_data(t9F10=b"\x07")))[39] == "59"


@pytest.mark.parametrize(("changes", "code"), [({}, "00"), ({"f4": "000009999999"}, "51")])
def test_the_answer_carries_an_arpc_that_the_card_can_verify(
    client: RawClient, changes: dict[str, Any], code: str
) -> None:
    """Computed here from the issuer's key; the code under it is that of field 39. facts/pcsc-emv 4.3."""
    reply = client.ask(client.preauth(**changes))
    assert reply[39] == code
    profile = credit_profile()
    key = session_key(derive_udk(bytes.fromhex(profile.test_master_key), PAN, profile.psn), ATC)
    request = find(chip_data(), "9F26")
    assert request is not None
    assert find(reply[55], "91") == response_cryptogram(key, request, code.encode()) + code.encode()  # type: ignore[arg-type]


# ── PIN ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_pin_is_answered_55_until_the_tries_are_used_up_and_then_75_for_good(
    client: RawClient, market: Market, events: Events
) -> None:
    assert client.keys is not None
    wrong = encrypt_pin(client.keys.pin, "000000", PAN)
    codes = [client.ask(client.preauth(f52=wrong))[39] for _ in range(market.security.pin_tries + 1)]
    assert codes == ["55", "55", "75", "75"]
    assert client.ask(client.preauth())[39] == "75"
    assert events.of("checks")[-1]["pin"] == "right"


def test_a_right_pin_gives_all_tries_back(client: RawClient) -> None:
    assert client.keys is not None
    wrong = encrypt_pin(client.keys.pin, "000000", PAN)
    blocks = [wrong, wrong, None, wrong, wrong]
    codes = [client.ask(client.preauth(**({"f52": block} if block else {})))[39] for block in blocks]
    assert codes == ["55", "55", "00", "55", "55"]


def test_a_block_that_is_no_pin_under_this_key_is_answered_99(client: RawClient) -> None:
    assert client.ask(client.preauth(f52=bytes(8)))[39] == "99"


def test_an_entry_mode_with_pin_needs_field_52(client: RawClient) -> None:
    """4.6: F22 digit 3."""
    assert client.ask(client.preauth(f52=None))[39] == "30"
    assert client.ask(client.preauth(f52=None, f26=None, f22="052"))[39] == "00"


def test_secrets_never_reach_an_event(client: RawClient, events: Events) -> None:
    client.ask(client.preauth())
    told = " ".join(str(e.fields) for e in events.all())
    assert client.keys is not None
    for secret in (PAN, "123456", client.keys.mac.hex(), client.keys.pin.hex(), MASTER_KEY.hex()):
        assert secret not in told.lower()
