"""Each message of the matrix asked over real TCP: its answer as the row of presence wants it, and read by pyiso8583.

On both databases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protocols.emv import build
from protocols.iso8583 import Message, UnpackError
from protocols.iso8583.mac import mac_of
from protocols.iso8583.subfields import (
    F54,
    BatchEnd,
    BatchRecord,
    BatchRecords,
    CaKey,
    ChipUpload,
    Load,
    LoadQuery,
    Settlement,
    SignOnRequest,
    TotalsRow,
    build_parameters,
    parse_parameters,
)
from protocols.iso8583.subfields.f62_download import pack_entry
from protocols.iso8583.subfields.f62_parameters import switches_of
from protocols.presence import breaches, presence
from protocols.transactions import TRANSACTIONS, Transaction
from simulators.issuer import IssuerHost
from simulators.issuer.management import APPLICATIONS
from tests.simulators.issuer.client import GIVEN_KEYS, RawClient
from tests.simulators.kit import PAN, Events
from tests.support.independent import decode_frame

T = Transaction
CA_KEYS = [CaKey(key.rid, key.index, "20301231", key.key.modulus, key.key.exponent_bytes) for key in GIVEN_KEYS]
Connect = Callable[[], RawClient]
SCRIPT_NOTICE_TAGS = [
    ("DF31", bytes.fromhex("2000000001")),
    ("95", bytes(5)),
    ("9F36", b"\x00\x01"),
    ("9F26", bytes(8)),
]


@pytest.fixture
def host_books(books: Path | str) -> Path | str:
    return books


def held(client: RawClient) -> Message:
    return client.ask(client.preauth())


def sold(client: RawClient) -> Message:
    return client.ask(client.sale())


def completed(client: RawClient) -> Message:
    return client.ask(client.follow_up("completion", held(client)))


def script_notice(client: RawClient) -> Message:
    original = held(client)
    return client.preauth(
        f0="0620", f3=None, f14=None, f25=None, f26=None, f52=None, f53=None, f22="051", f37=original[37],
        f55=build(SCRIPT_NOTICE_TAGS), f60="00000001951", f61=f"000001{original[11]}{original[13]}",
    )  # fmt: skip


MESSAGES: dict[Transaction, Callable[[RawClient], Message]] = {
    T.SIGN_ON: lambda c: c.management("0800", "003", f62=SignOnRequest("0001", "12345678").pack()),
    T.SIGN_OFF: lambda c: c.management("0820", "002"),
    T.CASHIER_SIGN_ON: lambda c: c.management("0820", "401", f63="01 "),
    T.ECHO: lambda c: c.management("0820", "301", f11=None),
    T.STATUS_UPLOAD: lambda c: c.management("0820", "362", f62=build_parameters({"01": "1", "04": "0"})),
    T.PARAMETERS: lambda c: c.management("0800", "360"),
    T.PARAMETERS_END: lambda c: c.management("0800", "361"),
    T.CA_KEY_QUERY: lambda c: c.management("0820", "372", f62=LoadQuery().pack()),
    T.CA_KEY_DOWNLOAD: lambda c: c.management("0800", "370", f62=pack_entry(CA_KEYS[0].asked())),
    T.CA_KEY_END: lambda c: c.management("0800", "371"),
    T.IC_PARAMETER_QUERY: lambda c: c.management("0820", "382"),
    T.IC_PARAMETER_DOWNLOAD: lambda c: c.management("0800", "380", f62=pack_entry(APPLICATIONS[0][:1])),
    T.IC_PARAMETER_END: lambda c: c.management("0800", "381"),
    T.BALANCE: lambda c: c.balance(),
    T.SALE: lambda c: c.sale(),
    T.SALE_VOID: lambda c: c.follow_up("sale void", sold(c)),
    T.REFUND: lambda c: c.follow_up("refund", sold(c)),
    T.PREAUTH: lambda c: c.preauth(),
    T.INCREMENT: lambda c: c.follow_up("increment", held(c)),
    T.CANCEL: lambda c: c.follow_up("cancel", held(c)),
    T.COMPLETION: lambda c: c.follow_up("completion", held(c)),
    T.ADVICE: lambda c: c.follow_up("advice", held(c)),
    T.COMPLETION_VOID: lambda c: c.follow_up("void", completed(c)),
    T.OFFLINE_SALE: lambda c: c.preauth(
        f0="0220", f3="000000", f25="00", f26=None, f52=None, f53=None, f22="012", f55=None, f60="3000000100050"
    ),
    T.ADJUSTMENT: lambda c: c.follow_up("adjustment", sold(c)),
    T.TIP: lambda c: c.follow_up("tip", sold(c)),
    T.SCRIPT_NOTICE: script_notice,
    T.SETTLEMENT: lambda c: c.settlement(TotalsRow().pack()),
    T.BATCH_UPLOAD: lambda c: c.management(
        "0320", "201", f48=BatchRecords((BatchRecord(str(sold(c)[11]), PAN, 100_00),)).pack()
    ),
    T.BATCH_END: lambda c: c.management("0320", "207", f48=BatchEnd(0).pack()),
    T.TC_UPLOAD: lambda c: c.management("0320", "203", f62=ChipUpload("61", "00", "00", 100_00, "156").pack()),
    T.CHIP_FAILURE_UPLOAD: lambda c: c.management(
        "0320", "204", f62=ChipUpload("71", "00", "00", 100_00, "156", "22").pack()
    ),
}


def as_presence(message: Message) -> dict[int, str]:
    return {number: value if isinstance(value, str) else "bytes" for number, value in message.items() if number}


@pytest.mark.parametrize("transaction", list(Transaction))
def test_every_message_of_the_matrix_is_approved_and_its_answer_is_whole(
    client: RawClient, events: Events, transaction: Transaction
) -> None:
    """Mandatory fields by the row; sealed if the matrix says so; every byte read by a library that is not ours."""
    request = MESSAGES[transaction](client)
    keys = client.keys
    reply = client.ask(request, seal=TRANSACTIONS[transaction].mac)
    assert (reply[0], reply[39]) == (TRANSACTIONS[transaction].reply_mti, "00")
    assert breaches(as_presence(reply), presence(transaction, "reply")) == []
    assert {n: reply[n] for n in (3, 4, 11, 25, 41, 42, 49, 60) if n in reply and n in request} == {
        n: request[n] for n in (3, 4, 11, 25, 41, 42, 49, 60) if n in reply and n in request
    }
    assert (64 in reply) is TRANSACTIONS[transaction].mac
    if 64 in reply:
        assert keys is not None
        assert mac_of(client.scheme, keys.mac).check(client.body) == "valid"
    decoded = decode_frame(client.raw)
    assert decoded["t"] == reply[0]
    assert {int(n) for n in decoded if n.isdigit()} - {1} == set(reply) - {0}
    assert not events.of("bug")


@pytest.mark.parametrize("transaction", [t for t in Transaction if TRANSACTIONS[t].reversible])
def test_every_reversible_message_is_reversed_and_its_answer_is_whole(
    client: RawClient, host: IssuerHost, events: Events, transaction: Transaction
) -> None:
    request = MESSAGES[transaction](client)
    before = host.account("credit")
    assert client.ask(request)[39] == "00"
    changes: dict[str, Any] = {} if transaction not in (T.INCREMENT, T.SALE, T.PREAUTH) else {"f61": None}
    reply = client.ask(client.reversal(request, **changes))
    assert (reply[0], reply[39]) == ("0410", "00")
    assert breaches(as_presence(reply), presence(transaction, "reply", reversal=True)) == []
    assert decode_frame(client.raw)["t"] == "0410"
    assert host.account("credit") == before
    assert not events.of("bug")


# ── what the answers say ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_balance_is_what_is_available_with_holds_taken_off(client: RawClient) -> None:
    client.ask(client.preauth())
    [balance] = F54.parse(str(client.ask(client.balance())[54])).balances
    assert (balance.amount, balance.currency) == (900_00, "156")


def test_a_stripe_pre_authorisation_names_the_card_in_its_answer(client: RawClient) -> None:
    """facts/unionpay-pos 2: F2 is absent in the request and there in the reply."""
    reply = client.ask(client.swiped())
    assert (reply[39], reply[2]) == ("00", PAN)
    assert 35 not in reply


def test_parameters_are_those_of_the_market_until_others_are_offered(client: RawClient, host: IssuerHost) -> None:
    """2.6.3"""

    def download() -> dict[str, str | bytes]:
        return parse_parameters(client.ask(MESSAGES[T.PARAMETERS](client), seal=False)[62])  # type: ignore[arg-type]

    own = download()
    assert (own["12"], own["23"]) == ("60", "3")
    assert "completion advice" in switches_of(own["26"])  # type: ignore[arg-type]
    host.offer_download({"12": "30", "22": "银联测试", "26": "F8000000"})
    offered = download()
    assert (offered["12"], offered["22"], offered["23"]) == ("30", "银联测试", "3")
    assert switches_of(offered["26"])[:1] == ["balance"]  # type: ignore[arg-type]
    host.offer_download({})
    assert download() == own


def test_ca_keys_are_listed_and_then_loaded_one_by_one(client: RawClient) -> None:
    listed = Load.parse(client.ask(MESSAGES[T.CA_KEY_QUERY](client), seal=False)[62])  # type: ignore[arg-type]
    assert listed == Load("1", tuple(key.listed() for key in CA_KEYS))
    for entry in listed.entries:
        asked = client.management("0800", "370", f62=pack_entry(entry[:2]))
        loaded = Load.parse(client.ask(asked, seal=False)[62])  # type: ignore[arg-type]
        assert CaKey.of(loaded.entries[0]) in CA_KEYS
    rest = client.ask(client.management("0820", "372", f62=LoadQuery(len(CA_KEYS)).pack()), seal=False)
    assert Load.parse(rest[62]) == Load("0")  # type: ignore[arg-type]


def test_a_ca_key_comes_with_the_check_sum_that_goes_with_it_right_or_not(
    hosts: Callable[..., IssuerHost],
) -> None:
    """EMV Book 2, 11.2.2: whether it is right is for the terminal to see."""
    wrong = replace(GIVEN_KEYS[0], digest=bytes(20))
    client = RawClient(hosts(ca_keys=[wrong]).address)  # type: ignore[attr-defined]
    try:
        client.sign_on()
        asked = client.management("0800", "370", f62=pack_entry(CA_KEYS[0].asked()))
        [entry] = Load.parse(client.ask(asked, seal=False)[62]).entries  # type: ignore[arg-type]
    finally:
        client.close()
    assert dict(entry) == {**dict(CA_KEYS[0].entry()), "DF03": bytes(20)}
    with pytest.raises(UnpackError, match="check value"):
        CaKey.of(entry)


def test_a_host_without_ca_keys_lists_none(hosts: Callable[..., IssuerHost]) -> None:
    client = RawClient(hosts(ca_keys=()).address)  # type: ignore[attr-defined]
    try:
        client.sign_on()
        listed = client.ask(MESSAGES[T.CA_KEY_QUERY](client), seal=False)
        asked = client.ask(MESSAGES[T.CA_KEY_DOWNLOAD](client), seal=False)
    finally:
        client.close()
    assert Load.parse(listed[62]) == Load("0")  # type: ignore[arg-type]
    assert asked[39] == "25"


def test_a_key_that_is_not_there_is_told_with_the_nearest(client: RawClient, events: Events) -> None:
    asked = client.management("0800", "370", f62=build([("9F06", bytes.fromhex("A000000333")), ("9F22", b"\x82")]))
    assert client.ask(asked, seal=False)[39] == "25"
    assert "nearest A000000333 8" in events.of("explanation")[-1]["text"]


def test_ic_parameters_are_listed_and_then_loaded_one_by_one(client: RawClient) -> None:
    listed = Load.parse(client.ask(MESSAGES[T.IC_PARAMETER_QUERY](client), seal=False)[62])  # type: ignore[arg-type]
    assert [dict(entry)["9F06"] for entry in listed.entries] == [dict(entry)["9F06"] for entry in APPLICATIONS]
    loaded = Load.parse(client.ask(MESSAGES[T.IC_PARAMETER_DOWNLOAD](client), seal=False)[62])  # type: ignore[arg-type]
    assert loaded.entries == APPLICATIONS[:1]


# ── the end of a batch ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("claimed", "flag"), [(TotalsRow(100_00, 1, 0, 0), "1"), (TotalsRow(100_01, 1, 0, 0), "2"), (TotalsRow(), "2")]
)
def test_totals_are_held_against_the_books_and_flagged(
    client: RawClient, events: Events, claimed: TotalsRow, flag: str
) -> None:
    """2.3: digits 31 and 62 of the reply."""
    sold(client)
    held(client)  # counts nothing: 3.3
    reply = client.ask(client.settlement(claimed.pack()), seal=False)
    both = Settlement.parse(str(reply[48]))
    assert (reply[39], both.domestic.flag, both.foreign.flag) == ("00", flag, "1")
    told = events.of("settlement")[-1]
    assert (told["flag"], told["debit_total"], told["debit_count"]) == (flag, 100_00, 1)
    assert (told["claimed_debit_total"], told["claimed_debit_count"]) == (claimed.debit, claimed.debit_count)
    explained = events.of("explanation")
    assert (explained == []) is (flag == "1")


def test_totals_of_foreign_cards_are_flagged_apart(client: RawClient) -> None:
    request = client.settlement(TotalsRow().pack(), f48=TotalsRow().pack() + TotalsRow(1, 1).pack())
    both = Settlement.parse(str(client.ask(request, seal=False)[48]))
    assert (both.domestic.flag, both.foreign.flag) == ("1", "2")


def test_a_batch_that_was_closed_before_is_flagged_3(client: RawClient, events: Events) -> None:
    sold(client)
    assert client.ask(MESSAGES[T.BATCH_END](client), seal=False)[39] == "00"
    assert events.of("batch") == [{"terminal": "50080001", "batch": "000001", "state": "closed", "currency": "CNY"}]
    reply = client.ask(client.settlement(TotalsRow(100_00, 1).pack()), seal=False)
    assert Settlement.parse(str(reply[48])).domestic.flag == "3"
    assert "closed before" in events.of("explanation")[-1]["text"]


def test_each_record_of_an_upload_is_matched_or_told_with_its_trace(client: RawClient, events: Events) -> None:
    trace = str(sold(client)[11])
    records = (BatchRecord(trace, PAN, 100_00), BatchRecord("000777", PAN, 100_00), BatchRecord(trace, PAN, 100_01))
    request = client.management("0320", "201", f48=BatchRecords(records).pack())
    assert client.ask(request, seal=False)[39] == "00"
    assert [(e["trace"], e["matched"], e["card"]) for e in events.of("upload")] == [
        (trace, True, "credit"), ("000777", False, "credit"), (trace, False, "credit"),
    ]  # fmt: skip
    text = events.of("explanation")[-1]["text"]
    assert "record 000777: trace 000777 unknown" in text
    assert PAN not in text


def test_a_chip_upload_is_taken_down(client: RawClient, events: Events) -> None:
    client.ask(MESSAGES[T.CHIP_FAILURE_UPLOAD](client), seal=False)
    assert events.of("chip failure upload")[-1]["amount"] == str(100_00)


# ── script notice ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_script_notice_is_matched_to_its_transaction_and_its_results_are_read(
    client: RawClient, events: Events
) -> None:
    assert client.ask(script_notice(client))[39] == "00"
    [told] = events.of("script notice")
    assert (told["matched"], told["results"]) == (True, ["00000001 performed"])


@pytest.mark.parametrize(
    ("f61", "told"),
    [("0000010009990615", "no transaction has trace 000999 of batch 000001"),
     ("0000010000020101", "trace 000002 of batch 000001 is of ")],
)  # fmt: skip
def test_a_script_notice_without_its_transaction_is_answered_25(
    client: RawClient, events: Events, f61: str, told: str
) -> None:
    request = script_notice(client) | {61: f61}
    assert client.ask(request)[39] == "25"
    assert told in events.of("explanation")[-1]["text"]
    assert events.of("script notice")[-1]["matched"] is False


# ── faults of a request ───────────────────────────────────────────────────────────────────────────────────────────

GARBLED: list[tuple[str, Callable[[RawClient], Message], int, str]] = [
    ("F60 short", lambda c: c.preauth(f60="100001"), 60, "F60.2 batch has 4 digits of 6"),
    ("F60 cut", lambda c: c.preauth(f60="100000010"), 60, "F60.3 network management is cut short"),
    ("F61 short", lambda c: c.follow_up("cancel", held(c), f61="00000000"), 61, "F61 has 8 digits"),
    ("F61 no day", lambda c: c.follow_up("cancel", held(c), f61="0000000000001350"), 61, "F61.3 date 1350 is no day"),
    ("F61 undated", lambda c: c.follow_up("completion", held(c), f61="000000000000"), 61, "F61.3 date of the original"),
    ("F53 format", lambda c: c.preauth(f53="9600000000000000"), 53, "F53.1 PIN format 9"),
    ("F53 no PIN", lambda c: c.preauth(f53="0600000000000000"), 53, "F53.1 says that there is no PIN"),
    ("F53 SM4", lambda c: c.preauth(f53="2300000000000000"), 53, "F53.2 algorithm 3"),
    ("F53 track", lambda c: c.preauth(f53="2690000000000000"), 53, "F53.3 track encryption 9"),
    ("F55 no TLV", lambda c: c.preauth(f55=b"\x9f"), 55, "F55: the tag at offset 0 has no end"),
    ("F55 empty", lambda c: c.preauth(f55=b""), 55, "F55.9F26 is missing"),
    ("F55 twice", lambda c: c.preauth(f55=c.preauth()[55] + build([("9A", bytes(3))])), 55, "F55.9A comes twice"),
    ("F55 size", lambda c: c.preauth(f55=build([("9F36", b"\x01")])), 55, "F55.9F36 has 1 bytes instead of 2"),
    ("DF31", lambda c: script_notice(c) | {55: build([("DF31", b"\x20")])}, 55, "F55.DF31 has 1 bytes"),
]
UNSEALED: list[tuple[str, Callable[[RawClient], Message], int, str]] = [
    ("F48 totals", lambda c: c.settlement("0" * 30), 48, "F48: 61 digits instead of 62"),
    ("F48 long", lambda c: c.settlement("0" * 32), 48, "F48: 63 digits instead of 62"),
    ("F48 count", lambda c: c.management("0320", "201", f48="09" + "0" * 320), 48, "F48: it says 9 records (1 to 8"),
    ("F48 none", lambda c: c.management("0320", "201", f48="00"), 48, "F48: it says 0 records"),
    (
        "F48 length",
        lambda c: c.management("0320", "201", f48="01" + "0" * 39),
        48,
        "F48: it says 1 records, 39 digits follow",
    ),
    ("F48 end", lambda c: c.management("0320", "207", f48="001"), 48, "F48: 3 digits instead of 4"),
    ("F62 kind", lambda c: c.management("0320", "203", f62=b"99" + b"0" * 19), 62, "F62: 21 bytes are no chip upload"),
    ("F62 size", lambda c: c.management("0320", "203", f62=b"61" + b"0" * 20), 62, "F62: 22 bytes are no chip upload"),
    ("F62 TLV", lambda c: c.management("0800", "370", f62=b"\x9f"), 62, "F62: the tag at offset 0"),
    ("F62 tag", lambda c: c.management("0800", "370", f62=build([("9F06", b"1")])), 62, "F62.9F22 is missing"),
    ("F62 licence", lambda c: c.management("0800", "003", f62=b"Serial"), 62, "Sequence No"),
    ("F62 status", lambda c: c.management("0820", "362", f62=b"991"), 62, "no parameter has the tag"),
    ("F62 query", lambda c: c.management("0820", "372", f62=b"9"), 62, "are no query"),
    ("F63 operator", lambda c: c.settlement(TotalsRow().pack(), f63="0123"), 63, "F63.1 operator has 4 characters"),
    ("F63 missing", lambda c: c.management("0820", "401"), 63, "F63 is missing"),
]


@pytest.mark.parametrize(("make", "number", "told", "seal"), [
    pytest.param(make, number, told, seal, id=name)
    for rows, seal in ((GARBLED, True), (UNSEALED, False)) for name, make, number, told in rows
])  # fmt: skip
def test_a_part_that_is_wrong_is_answered_30_and_named(
    client: RawClient, host: IssuerHost, events: Events, make: Callable[[RawClient], Message], number: int, told: str,
    seal: bool,
) -> None:  # fmt: skip
    request = make(client)
    before = host.account("credit")
    assert client.ask(request, seal=seal)[39] == "30"
    assert told in events.of("format", field=number)[0]["reason"]
    assert told in events.of("explanation")[-1]["text"]
    assert host.account("credit") == before
    assert not events.of("bug")
