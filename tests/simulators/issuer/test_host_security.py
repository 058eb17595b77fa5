"""Keys over the wire: MAC schemes, rotation with the old key in flight, PIN formats, enciphered tracks, test keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocols.crypto import check_value
from protocols.faults import ConfigurationError
from protocols.iso8583 import encrypt_pin
from protocols.iso8583.mac import MAC_SCHEMES, mac_of
from protocols.iso8583.pin import PinFormat
from protocols.iso8583.track import encrypt_track
from protocols.money import Money
from simulators.issuer import AccountSpec, AccountView, IssuerHost
from tests.simulators.issuer.client import TRACK_2, RawClient
from tests.simulators.kit import MASTER_KEY, MERCHANT, OTHER_PAN, PAN, TERMINAL, Events

Connect = Callable[[], RawClient]
Hosts = Callable[..., IssuerHost]
UNTOUCHED = AccountView(1_000_00, 0, 0)


class Seconds:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def client_of(host: IssuerHost, scheme: str = "unionpay-ecb", form: str = "003") -> RawClient:
    client = RawClient(host.address)  # type: ignore[attr-defined]
    client.scheme = scheme
    client.sign_on(form)
    return client


# ── schemes ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scheme", list(MAC_SCHEMES))
def test_the_market_says_which_scheme_seals_requests_and_answers(hosts: Hosts, events: Events, scheme: str) -> None:
    client = client_of(hosts(security={"mac": scheme}), scheme)
    assert client.ask(client.preauth())[39] == "00"
    assert client.keys is not None
    assert mac_of(scheme, client.keys.mac).check(client.body) == "valid"
    assert events.of("checks")[-1] | {"mac": "valid", "scheme": scheme, "key": "current"} == events.of("checks")[-1]
    client.close()


def test_a_key_form_that_the_scheme_cannot_use_is_refused_and_the_old_keys_stay(hosts: Hosts, events: Events) -> None:
    client = client_of(hosts(security={"mac": "x9.19"}), "x9.19")
    refused = client.ask(client.management("0800", "001"), seal=False)
    assert refused[39] == "30"
    assert "001 asks for keys of 8 bytes" in events.of("explanation")[-1]["text"]
    assert client.ask(client.preauth())[39] == "00"
    client.close()


# ── rotation ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_sent_under_the_key_before_is_taken_for_a_while_and_answered_under_it(
    hosts: Hosts, seconds: Seconds, events: Events
) -> None:
    host = hosts(time_scale=10, monotonic=seconds, security={"old_key_s": 5.0})
    client = client_of(host)
    old = client.keys
    assert old is not None
    in_flight, too_late = client.frame(client.preauth()), client.frame(client.preauth())
    client.sign_on()
    client.send(in_flight)
    assert client.reply()[39] == "00"
    assert mac_of(client.scheme, old.mac).check(client.body) == "valid"
    assert (events.of("checks")[-1]["mac"], events.of("checks")[-1]["key"]) == ("valid", "previous")
    assert events.of("checks")[-1]["pin"] == "right"  # its PIN block is under the key before, too
    seconds.now += 0.51  # 5.1 s of the market
    client.send(too_late)
    assert client.reply()[39] == "A0"
    assert "right under the key before, which counts no more" in events.of("explanation")[-1]["text"]
    assert client.ask(client.preauth())[39] == "00"
    client.close()


def test_a_market_without_grace_takes_nothing_under_the_key_before(
    hosts: Hosts, seconds: Seconds, events: Events
) -> None:
    host = hosts(monotonic=seconds, security={"old_key_s": 0.0})
    client = client_of(host)
    old = client.frame(client.preauth())
    client.sign_on()
    seconds.now += 0.001
    client.send(old)
    assert client.reply()[39] == "A0"
    assert host.account("credit") == UNTOUCHED
    client.close()


def test_only_the_last_key_before_counts(hosts: Hosts, seconds: Seconds) -> None:
    client = client_of(hosts(monotonic=seconds))
    oldest = client.frame(client.preauth())
    client.sign_on()
    client.sign_on()
    client.send(oldest)
    assert client.reply()[39] == "A0"
    client.close()


def test_after_sign_off_no_key_counts(client: RawClient) -> None:
    message = client.frame(client.preauth())
    client.sign_on()
    client.ask(client.management("0820", "002"), seal=False)
    client.send(message)
    assert client.reply()[39] == "77"


# ── PIN ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("form", "f53"), [(PinFormat.WITH_PAN, "26"), (PinFormat.WITHOUT_PAN, "16")])
def test_the_pin_lies_as_f53_says(client: RawClient, events: Events, form: PinFormat, f53: str) -> None:
    assert client.keys is not None
    block = encrypt_pin(client.keys.pin, "123456", PAN, form)
    assert client.ask(client.preauth(f52=block, f53=f53.ljust(16, "0")))[39] == "00"
    assert events.of("checks")[-1]["pin"] == "right"


# ── tracks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_enciphered_track_is_read_under_the_track_key(hosts: Hosts, events: Events) -> None:
    """4.7"""
    client = client_of(hosts(), form="004")
    assert client.keys is not None
    track = encrypt_track(client.keys.track, TRACK_2)
    assert track != TRACK_2
    request = client.swiped(f35=track, f53="0010000000000000")
    assert client.ask(request)[39] == "00"
    assert events.of("decision")[-1]["card"] == "credit"
    client.close()


@pytest.mark.parametrize(("form", "told"), [("003", "brought no track key"), ("004", "cannot be deciphered")])
def test_a_track_that_cannot_be_deciphered_is_answered_a7(hosts: Hosts, events: Events, form: str, told: str) -> None:
    client = client_of(hosts(), form=form)
    track = encrypt_track(bytes(range(16)), TRACK_2)
    assert client.ask(client.swiped(f35=track, f53="0010000000000000"))[39] == "A7"
    assert told in events.of("explanation")[-1]["text"]
    client.close()


def test_a_track_that_is_enciphered_and_not_said_to_be_is_answered_a7(hosts: Hosts, events: Events) -> None:
    client = client_of(hosts(), form="004")
    assert client.keys is not None
    assert client.ask(client.swiped(f35=encrypt_track(client.keys.track, TRACK_2)))[39] == "A7"
    assert "F53.3 does not say" in events.of("explanation")[-1]["text"]
    client.close()


# ── test keys ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_that_is_not_marked_as_a_test_key_is_refused(host: IssuerHost) -> None:
    with pytest.raises(ConfigurationError, match="test key"):
        host.enrol_terminal("50080002", MERCHANT, bytes(range(16)), test=False)
    with pytest.raises(ConfigurationError, match="test key"):
        host.open_account(
            AccountSpec("other", OTHER_PAN, "001", "3012", "1234", bytes(range(16)), Money(100), test_key=False)
        )


def test_the_check_value_of_a_master_key_may_be_shown(host: IssuerHost) -> None:
    assert host.key_check_value(TERMINAL) == check_value(MASTER_KEY).hex().upper()
    with pytest.raises(ConfigurationError, match="50089999 is not enrolled"):
        host.key_check_value("50089999")
