"""The issuer and the chip over real TCP: cryptogram versions, scripts under the card's keys, and what it saw of a card.

The card's side is computed here by the protocols' own definitions, which published vectors hold to the books.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from protocols.emv import Apdu, build, find, parse
from protocols.emv.iad import CVN_18, Cvr, IssuerApplicationData
from protocols.emv.keys import CardKeys, MasterKeys
from protocols.emv.secure_messaging import opened, pin_of_change
from protocols.emv.versions import COMMON_18, PBOC_01, CryptogramVersion
from protocols.iso8583 import Message, encrypt_pin
from protocols.iso8583.pin import PinFormat, pin_block
from protocols.money import Money
from protocols.transactions import Transaction
from rigs.hosts.manners import action
from rigs.hosts.simulated import account_spec
from simulators.issuer import FieldTest, IssuerHost, Rule
from tests.simulators.issuer.client import AIP, ATC, TERMINAL_DATA, RawClient, chip_data
from tests.simulators.kit import OTHER_PAN, PAN, Events, credit_profile

T = Transaction
PIN = "123456"
CVR = Cvr.of("ARQC") | Cvr.OFFLINE_PIN_PERFORMED


@pytest.fixture
def misbehave(host: IssuerHost) -> Callable[..., None]:
    def do(*manners: str, transaction: Transaction | None = T.PREAUTH, **asked: Any) -> None:
        host.add_rule(Rule(tuple(map(action, manners)), transaction, **asked))

    return do


@pytest.fixture
def common(host: IssuerHost) -> IssuerHost:
    """The same host, and a card of cryptogram version 18."""
    profile = credit_profile(cryptogram_version="18")
    host.open_account(account_spec("common", OTHER_PAN, profile, Money(1_000_00)))
    return host


def card_keys(version: CryptogramVersion, pan: str) -> CardKeys:
    profile = credit_profile()
    keys = (profile.test_master_key, profile.test_mac_key, profile.test_enc_key)
    return version.card_keys(MasterKeys(*map(bytes.fromhex, keys)), pan, profile.psn)


def chip_of(version: CryptogramVersion, pan: str, **changes: bytes) -> bytes:
    """F55 with a right cryptogram of a card of this version."""
    iad = IssuerApplicationData(1, version.number, CVR.pack()).pack()
    values = {**TERMINAL_DATA, "82": AIP, "9F36": ATC, "9F10": iad}
    session = version.session(card_keys(version, pan).ac, ATC)
    values["9F26"] = version.request(session, values, iad)
    return build(list({**values, **{tag.removeprefix("t"): value for tag, value in changes.items()}}.items()))


def common_preauth(client: RawClient, **changes: Any) -> Message:
    assert client.keys is not None
    pin = encrypt_pin(client.keys.pin, PIN, OTHER_PAN)
    return client.preauth(**{"f2": OTHER_PAN, "f52": pin, "f55": chip_of(COMMON_18, OTHER_PAN), **changes})


def chip(reply: Message) -> bytes:
    value = reply[55]
    assert isinstance(value, bytes)
    return value


# ── cryptogram version 18 ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "code", "status"), [({}, "00", "00820000"), ({"f4": "000009999999"}, "51", "00" * 4)]
)
def test_a_card_of_version_18_is_answered_by_method_2_with_its_status(
    common: IssuerHost, client: RawClient, events: Events, changes: dict[str, Any], code: str, status: str
) -> None:
    """EMV Book 2, 8.2.2; Book 3, Annex C10: approved or not stands in the card status update."""
    request = common_preauth(client, **changes)
    reply = client.ask(request)
    proof = find(chip(reply), "91")
    assert (reply[39], events.of("checks")[-1]["cryptogram"]) == (code, "verified")
    assert proof is not None
    assert proof[4:].hex() == status
    session = COMMON_18.session(card_keys(COMMON_18, OTHER_PAN).ac, ATC)
    arqc = find(chip(request), "9F26")
    assert arqc is not None
    assert COMMON_18.check_response(session, arqc, proof)


def test_a_wrong_proof_of_method_2_differs_in_the_arpc_alone(
    common: IssuerHost, client: RawClient, misbehave: Callable[..., None]
) -> None:
    right = find(chip(client.ask(common_preauth(client))), "91")
    misbehave("wrong ARPC")
    wrong = find(chip(client.ask(common_preauth(client))), "91")
    assert right is not None
    assert wrong is not None
    assert (wrong[0] ^ 0xFF, wrong[1:]) == (right[0], right[1:])
    misbehave("no ARPC")
    assert 55 not in client.ask(common_preauth(client))


def test_data_of_another_version_than_the_cards_are_refused_and_the_reason_names_both(
    common: IssuerHost, client: RawClient, events: Events
) -> None:
    assert client.ask(common_preauth(client, f55=chip_of(PBOC_01, OTHER_PAN)))[39] == "59"
    assert "of cryptogram version 01, the card of 12" in events.of("decision")[-1]["reason"]
    assert client.ask(client.preauth(f55=chip_of(COMMON_18, PAN)))[39] == "59"


def test_the_whole_issuer_data_is_under_a_cryptogram_of_version_18(common: IssuerHost, client: RawClient) -> None:
    other = IssuerApplicationData(2, CVN_18, CVR.pack()).pack()
    assert client.ask(common_preauth(client, f55=chip_of(COMMON_18, OTHER_PAN, t9F10=other)))[39] == "59"


# ── scripts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def script_commands(request: Message, reply: Message, version: CryptogramVersion, pan: str) -> list[Apdu | None]:
    """The commands of all scripts as the card has them, its own keys proving each; None for a wrong MAC."""
    arqc = find(chip(request), "9F26")
    assert arqc is not None
    keys = version.script_keys(card_keys(version, pan), ATC, arqc)
    nodes = [node for node in parse(chip(reply)) if node.tag in ("71", "72")]
    return [opened(Apdu.parse(c.value), keys) for node in nodes for c in node.children if c.tag == "86"]


COMMANDS = [
    ("PIN unblock", "PIN CHANGE/UNBLOCK", "84240000"),
    ("application block", "APPLICATION BLOCK", "841E0000"),
    ("application unblock", "APPLICATION UNBLOCK", "84180000"),
    ("card block", "CARD BLOCK", "84160000"),
    ("put data", "PUT DATA", "04DA9F52026300"),
]


@pytest.mark.parametrize("template", ["71", "72"])
@pytest.mark.parametrize(("command", "name", "raw"), COMMANDS)
def test_each_command_is_sealed_under_the_cards_own_key_of_this_transaction(
    client: RawClient, misbehave: Callable[..., None], template: str, command: str, name: str, raw: str
) -> None:
    misbehave(f"script {template} {command}")
    request = client.preauth()
    [bare] = script_commands(request, client.ask(request), PBOC_01, PAN)
    assert bare is not None
    assert (bare.name, bare.pack().hex().upper()) == (name, raw)


def test_a_script_for_a_card_of_version_18_is_under_keys_of_its_cryptogram(
    common: IssuerHost, client: RawClient, misbehave: Callable[..., None]
) -> None:
    misbehave("script 72 application block and PIN change")
    request = common_preauth(client)
    reply = client.ask(request)
    block, change = script_commands(request, reply, COMMON_18, OTHER_PAN)
    assert block is not None
    assert change is not None
    assert block.name == "APPLICATION BLOCK"
    arqc = find(chip(request), "9F26")
    assert arqc is not None
    keys = COMMON_18.script_keys(card_keys(COMMON_18, OTHER_PAN), ATC, arqc)
    assert pin_of_change(keys, change.data) == "654321"
    assert script_commands(request, reply, PBOC_01, OTHER_PAN) == [None, None]


def test_several_commands_go_in_one_script_and_several_scripts_in_one_answer(
    client: RawClient, misbehave: Callable[..., None]
) -> None:
    misbehave("script 72 put data and PIN unblock and put data", "script 71 card block")
    request = client.preauth()
    reply = client.ask(request)
    told = [command.name if command else "" for command in script_commands(request, reply, PBOC_01, PAN)]
    assert told == ["PUT DATA", "PIN CHANGE/UNBLOCK", "PUT DATA", "CARD BLOCK"]
    assert [node.tag for node in parse(chip(reply))] == ["91", "72", "71"]


def test_a_wrong_mac_is_no_command_for_the_card(client: RawClient, misbehave: Callable[..., None]) -> None:
    misbehave("script 71 put data and card block wrong MAC")
    request = client.preauth()
    assert script_commands(request, client.ask(request), PBOC_01, PAN) == [None, None]


def test_a_script_comes_with_a_refusal_too_and_spoils_no_answer(
    client: RawClient, misbehave: Callable[..., None], events: Events
) -> None:
    misbehave("script 72 card block", "code 43")
    request = client.preauth()
    reply = client.ask(request)
    assert reply[39] == "43"
    [bare] = script_commands(request, reply, PBOC_01, PAN)
    assert bare is not None


@pytest.mark.parametrize("changes", [{"f55": chip_data(t9F26=bytes(8))}, {}])
def test_without_a_right_cryptogram_there_is_no_script(
    client: RawClient, misbehave: Callable[..., None], changes: dict[str, Any]
) -> None:
    misbehave("script 71")
    assert 55 not in client.ask(client.preauth(**changes) if changes else client.swiped())


# ── a PIN that a script changes ───────────────────────────────────────────────────────────────────────────────────


def asked_with(client: RawClient, pin: str) -> str:
    assert client.keys is not None
    return str(client.ask(client.preauth(f52=encrypt_pin(client.keys.pin, pin, PAN)))[39])


def changed(client: RawClient, misbehave: Callable[..., None]) -> tuple[Message, Message]:
    """A request that was answered with a PIN change in script 00000001, and the answer."""
    misbehave("script 72 PIN change")
    request = client.preauth()
    return request, client.ask(request)


def notice(client: RawClient, request: Message, reply: Message, results: str) -> Message:
    tags = [("DF31", bytes.fromhex(results)), ("95", bytes(5)), ("9F36", ATC)]
    return client.preauth(
        f0="0620", f3=None, f14=None, f25=None, f26=None, f52=None, f53=None, f22="051", f37=reply[37],
        f55=build(tags), f60="00000001951", f61=f"000001{request[11]}{reply[13]}",
    )  # fmt: skip


def test_the_new_pin_is_the_cards_own_backwards_under_its_own_key(
    client: RawClient, misbehave: Callable[..., None]
) -> None:
    request, reply = changed(client, misbehave)
    [bare] = script_commands(request, reply, PBOC_01, PAN)
    arqc = find(chip(request), "9F26")
    assert bare is not None
    assert arqc is not None
    keys = PBOC_01.script_keys(card_keys(PBOC_01, PAN), ATC, arqc)
    assert pin_of_change(keys, bare.data) == PIN[::-1]


def test_the_issuers_pin_changes_when_the_card_is_told_to_have_taken_it(
    client: RawClient, misbehave: Callable[..., None], events: Events
) -> None:
    request, reply = changed(client, misbehave)
    assert (asked_with(client, PIN), asked_with(client, PIN[::-1])) == ("00", "55")
    assert client.ask(notice(client, request, reply, "2100000001"))[39] == "00"
    assert events.of("PIN changed") == [{"exchange": events.of("request")[-1]["exchange"], "card": "credit"}]
    assert (asked_with(client, PIN[::-1]), asked_with(client, PIN)) == ("00", "55")


@pytest.mark.parametrize(
    ("results", "why"), [("1100000001", "the card refused it"), ("2100000002", "it was another script")]
)
def test_the_issuers_pin_stays_when_the_card_did_not_take_it(
    client: RawClient, misbehave: Callable[..., None], events: Events, results: str, why: str
) -> None:
    request, reply = changed(client, misbehave)
    client.ask(notice(client, request, reply, results))
    assert (asked_with(client, PIN), events.of("PIN changed")) == ("00", [])
    client.ask(notice(client, request, reply, "2100000001"))
    assert (asked_with(client, PIN), events.of("PIN changed")) == ("00", [])  # what was told first counts


def test_a_notice_of_another_transaction_changes_no_pin(
    client: RawClient, misbehave: Callable[..., None], events: Events
) -> None:
    request, reply = changed(client, misbehave)
    other = client.preauth()
    answered = client.ask(other)
    client.ask(notice(client, other, answered, "2100000001"))
    assert (asked_with(client, PIN), events.of("PIN changed")) == ("00", [])
    client.ask(notice(client, request, reply, "2100000001"))
    assert asked_with(client, PIN[::-1]) == "00"


def test_another_script_meanwhile_does_not_make_the_issuer_forget_the_new_pin(
    client: RawClient, misbehave: Callable[..., None]
) -> None:
    request, reply = changed(client, misbehave)
    misbehave("script 72 put data")
    client.ask(client.preauth())
    client.ask(notice(client, request, reply, "2100000001"))
    assert asked_with(client, PIN[::-1]) == "00"


def test_a_reversal_may_tell_of_it_as_well(client: RawClient, misbehave: Callable[..., None], events: Events) -> None:
    """facts/unionpay-pos 2.2: DF31 in a reversal."""
    request, _ = changed(client, misbehave)
    told = build([("95", bytes(5)), ("9F36", ATC), ("DF31", bytes.fromhex("2100000001"))])
    assert client.ask(client.reversal(request, f55=told))[39] == "00"
    assert asked_with(client, PIN[::-1]) == "00"


@pytest.mark.parametrize("told", [None, build([("95", bytes(5)), ("9F36", ATC)])])
def test_a_reversal_that_tells_nothing_leaves_the_pin(
    client: RawClient, misbehave: Callable[..., None], told: bytes | None
) -> None:
    request, _ = changed(client, misbehave)
    assert client.ask(client.reversal(request, f55=told))[39] == "00"
    assert asked_with(client, PIN) == "00"


def test_no_pin_of_a_script_reaches_an_event(client: RawClient, misbehave: Callable[..., None], events: Events) -> None:
    request, reply = changed(client, misbehave)
    client.ask(notice(client, request, reply, "2100000001"))
    told = " ".join(str(e.fields) for e in events.all())
    for secret in (PIN, PIN[::-1], PAN):
        assert secret not in told


# ── what the issuer saw ───────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_request_says_of_card_and_terminal_is_told_in_the_books_words(client: RawClient, events: Events) -> None:
    said = {"t95": bytes.fromhex("0048040000"), "t9F34": bytes.fromhex("420300")}
    client.ask(client.preauth(f55=chip_of(PBOC_01, PAN, **said)))
    told = events.of("checks")[-1]
    assert told["tvr"] == ["expired application", "new card", "online PIN entered"]
    assert told["cvr"] == [
        "ARQC in the first GENERATE AC", "second GENERATE AC not requested", "offline PIN verification performed",
    ]  # fmt: skip
    assert told["cvm"] == "enciphered PIN verified online, if terminal supports the CVM, unknown"
    assert (told["version"], told["read"], told["fallback"]) == ("01", "chip", False)
    assert "chip_card" not in told


@pytest.mark.parametrize(
    ("entry", "condition", "service", "facts"),
    [
        ("022", "0", "101", ("stripe", False, False)),
        ("022", "0", "201", ("stripe", False, True)),
        ("022", "1", "601", ("stripe", False, True)),
        ("022", "2", "201", ("stripe", True, True)),
    ],
)
def test_how_a_stripe_came_to_be_read_is_told(
    client: RawClient, events: Events, entry: str, condition: str, service: str, facts: tuple[str, bool, bool]
) -> None:
    track = f"{PAN}D3012{service}0000000000"
    client.ask(client.swiped(f22=entry, f35=track, f60=f"100000010005{condition}"))
    told = events.of("checks")[-1]
    assert (told["read"], told["fallback"], told["chip_card"]) == facts


@pytest.mark.parametrize(
    ("f22", "read"), [("012", "typed"), ("072", "contactless"), ("002", "unknown"), ("912", "otherwise")]
)
def test_how_a_card_was_read_is_told(client: RawClient, events: Events, f22: str, read: str) -> None:
    client.ask(client.preauth(f22=f22, f52=None, f26=None))
    assert events.of("checks")[-1]["read"] == read


def test_chip_data_that_cannot_be_read_tell_nothing_of_the_card(client: RawClient, events: Events) -> None:
    held = client.ask(client.preauth())
    client.ask(client.follow_up("completion", held, f55=build([("9F10", b"\x07"), ("9F36", ATC)])))
    told = events.of("checks")[-1]
    assert not {"tvr", "cvr", "cvm", "version"} & told.keys()


def test_a_fallback_is_refused_with_45_where_the_market_has_none(
    hosts: Callable[..., IssuerHost], events: Events
) -> None:
    """facts/unionpay-pos 5.13, 5.21"""
    client = RawClient(hosts(entry={"fallback": False}).address)  # type: ignore[attr-defined]
    try:
        client.sign_on()
        codes = [client.ask(client.swiped(f60=f"100000010005{condition}"))[39] for condition in "0122"]
        chip_read = client.ask(client.preauth(f60="1000000100052"))[39]
    finally:
        client.close()
    assert codes == ["00", "00", "45", "45"]
    assert chip_read == "00"
    assert "allows no fallback" in events.of("decision", code="45")[-1]["reason"]


def test_a_fallback_is_taken_where_the_market_has_it_and_a_rule_may_refuse_it(
    client: RawClient, misbehave: Callable[..., None]
) -> None:
    fallback = client.swiped(f60="1000000100052")
    assert client.ask(fallback)[39] == "00"
    misbehave("code 45", fields=(FieldTest("22", like="02*"), FieldTest("60.5", equals="2")), times=None)
    assert client.ask(client.swiped(f60="1000000100052"))[39] == "45"
    assert client.ask(client.swiped())[39] == "00"


# ── a PIN that nobody enciphered ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("form", list(PinFormat))
@pytest.mark.parametrize("digit", ["1", "2"])
def test_a_pin_block_in_clear_is_refused_with_99_and_told_as_such(
    client: RawClient, events: Events, form: PinFormat, digit: str
) -> None:
    """cases 216. It is one of this card, whatever F53 says of its format."""
    clear = pin_block(PIN, PAN, form)
    assert client.ask(client.preauth(f52=clear, f53=f"{digit}600000000000000"))[39] == "99"
    assert events.of("checks")[-1]["pin"] == "clear"
    assert "in clear" in events.of("decision")[-1]["reason"]
    assert PIN not in str([e.fields for e in events.all()])


def test_another_cards_clear_block_is_no_block_at_all(client: RawClient, events: Events) -> None:
    assert client.ask(client.preauth(f52=pin_block(PIN, OTHER_PAN[:-2] + "21")))[39] == "99"
    assert events.of("checks")[-1]["pin"] == "unreadable"
