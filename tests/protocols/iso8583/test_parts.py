"""Parts of fields in words: what each message tells of F44 to F63, and what it never shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import (
    F54,
    F63,
    Balance,
    BatchEnd,
    BatchRecord,
    BatchRecords,
    CaKey,
    ChipUpload,
    Load,
    LoadQuery,
    Message,
    Settlement,
    SignOnRequest,
    TotalsRow,
    WorkingKeys,
    build_parameters,
    describe,
)
from protocols.iso8583.subfields.f62_download import pack_entry
from protocols.iso8583.subfields.f62_parameters import switch_bytes
from tests.protocols.samples import PAN, messages, pans

KEY = CaKey(bytes.fromhex("A000000333"), 0xF0, "20301231", bytes(range(1, 145)))


def lines(message: Message, number: int) -> dict[str, str]:
    """The lines of a field's parts, without its own line."""
    return {key: value for key, value in describe(message).items() if key.startswith(f"F{number}.")}


def management(mti: str, form: str, **fields: str | bytes) -> Message:
    return {0: mti, 60: f"00000001{form}", **{int(key[1:]): value for key, value in fields.items()}}


def test_f60_is_told_down_to_its_meaning() -> None:
    assert lines({0: "0100", 60: "10000001000501001"}, 60) == {
        "F60.1 type": "10 pre-authorisation",
        "F60.2 batch": "000001",
        "F60.3 management": "000 financial",
        "F60.4 capability": "5 contact chip",
        "F60.5 chip condition": "0 not used, or the last one was fine",
        "F60.6 partial amounts": "1 partial approval and balance",
        "F60.7 account type": "001",
    }


def test_parts_that_are_not_there_are_not_told() -> None:
    assert list(lines({0: "0800", 60: "00000001003"}, 60)) == ["F60.1 type", "F60.2 batch", "F60.3 management"]
    assert lines({0: "0100", 60: ""}, 60) == {}


def test_a_value_that_nobody_knows_is_told_without_words() -> None:
    assert lines({0: "0100", 60: "99000001777"}, 60) == {
        "F60.1 type": "99", "F60.2 batch": "000001", "F60.3 management": "777",
    }  # fmt: skip


def test_the_line_of_a_field_stays_before_its_parts() -> None:
    described = describe({0: "0100", 60: "10000001000"})
    assert list(described)[:3] == ["MTI", "F60 transaction type, batch, management", "F60.1 type"]
    assert described["F60 transaction type, batch, management"] == "10000001000"


def test_f61_names_the_original() -> None:
    assert lines({0: "0200", 61: "00000100004211250203080000000"}, 61) == {
        "F61.1 original batch": "000001",
        "F61.2 original trace": "000042",
        "F61.3 original date": "1125",
        "F61.4 method of authorisation": "02 small amount",
        "F61.5 authorising institution": "03080000000",
    }


def test_f53_tells_format_algorithm_and_track() -> None:
    assert lines({0: "0100", 53: "2610000000000000"}, 53) == {
        "F53.1 PIN format": "2 with PAN",
        "F53.2 algorithm": "6 double-length triple DES",
        "F53.3 track": "1 enciphered",
    }
    assert lines({0: "0100", 53: "1050000000000000"}, 53) == {
        "F53.error": "F53 / 53.3: 5 tells nothing of the track",
    }  # fmt: skip


def test_balances_are_told_with_their_sign() -> None:
    field = F54((Balance("10", "02", "156", 999999), Balance("10", "01", "156", -100))).pack()
    assert lines({0: "0210", 54: field}, 54) == {
        "F54.1 balance": "account 10, kind 02, 999999 minor units of 156 in credit",
        "F54.2 balance": "account 10, kind 01, 100 minor units of 156 in debit",
    }


@pytest.mark.parametrize(("mti", "flags"), [("0500", ("0", "0")), ("0510", ("1 balanced", "2 unbalanced"))])
def test_settlement_totals_are_told(mti: str, flags: tuple[str, str]) -> None:
    field = Settlement(TotalsRow(115000, 2, 300, 1, flags[0][0]), TotalsRow(flag=flags[1][0])).pack()
    message: Message = {0: mti, 48: field, 60: "00000001201"}
    assert describe(message)["F48 additional data"] == "(62 digits, hidden)"
    told = lines(message, 48)
    assert list(told.items())[:5] == [
        ("F48.1 domestic debit total", "000000115000"), ("F48.2 domestic debit count", "002"),
        ("F48.3 domestic credit total", "000000000300"), ("F48.4 domestic credit count", "001"),
        ("F48.5 domestic flag", flags[0]),
    ]  # fmt: skip
    assert list(told)[5] == "F48.6 foreign debit total"
    assert told["F48.10 foreign flag"] == flags[1]


def test_records_of_a_batch_are_told_with_their_card_masked() -> None:
    batch = BatchRecords((BatchRecord("000123", PAN, 115000), BatchRecord("000124", PAN, 1, "01")))
    message: Message = {0: "0320", 48: batch.pack(), 60: "00000001201"}
    assert lines(message, 48) == {
        "F48.0 records": "2",
        "F48.1 record": "domestic, trace 000123, 625094******0014, 115000 minor units",
        "F48.2 record": "foreign, trace 000124, 625094******0014, 1 minor units",
    }
    assert PAN not in str(describe(message))


@pytest.mark.parametrize("trace", ["", "0", "00012"])
def test_a_record_that_is_shifted_shows_nothing(trace: str) -> None:
    """Its card number then stands, in part, where other things are due."""
    shifted = f"00{trace}{PAN:0>20}".ljust(28, "0") + "000000000001"
    told = lines({0: "0320", 48: "01" + shifted, 60: "00000001201"}, 48)
    assert told["F48.1 record"] == "(hidden: where its card number is due stands none)"


@given(pans, st.integers(0, 39))
def test_a_card_number_anywhere_in_a_record_is_not_shown(pan: str, place: int) -> None:
    digits = ("0" * place + pan).ljust(40, "0")[:40]
    shown = "".join(lines({0: "0320", 48: "01" + digits, 60: "00000001201"}, 48).values())
    assert pan not in shown.replace(" ", "")
    assert pan[6:-4] not in shown or set(pan[6:-4]) == {"0"}


@pytest.mark.parametrize("form", ["202", "207"])
def test_the_end_of_a_batch_tells_its_records(form: str) -> None:
    assert lines(management("0320", form, F48=BatchEnd(12).pack()), 48) == {"F48.1 records in all": "12"}


@pytest.mark.parametrize("mti", ["0100", "0200", "0330"])
def test_f48_of_another_message_stays_hidden(mti: str) -> None:
    assert lines({0: mti, 48: "0", 60: "10000001000"}, 48) == {}


def test_a_field_that_is_not_as_its_message_says_has_a_line_of_its_own() -> None:
    message = management("0500", "201", F48="0" * 61)
    assert lines(message, 48) == {"F48.error": "F48: 61 digits instead of 62"}


def test_institutions_and_texts_of_a_reply_are_told() -> None:
    message: Message = {0: "0110", 44: "03080000   03099988   ", 63: F63("CUP", "成功", "", "谢谢").pack()}
    assert lines(message, 44) == {"F44.1 issuer": "03080000", "F44.2 acquirer": "03099988"}
    assert lines(message, 63) == {
        "F63.1 card company": "CUP UnionPay", "F63.2 issuer text": "成功", "F63.4 acquirer text": "谢谢",
    }  # fmt: skip


def test_the_operator_of_a_request_is_told() -> None:
    assert lines(management("0800", "003", F63="01 "), 63) == {"F63.1 operator": "01"}


def test_a_card_number_across_two_texts_is_hidden_in_both() -> None:
    message: Message = {0: "0110", 63: "CUP" + PAN.rjust(28, "-")}
    assert lines(message, 63) == {
        "F63.1 card company": "CUP UnionPay",
        "F63.2 issuer text": "-" * 12 + "625094••",
        "F63.3 UnionPay text": "••••0014",
    }


def test_a_text_that_is_cut_in_a_character_is_told_by_its_part() -> None:
    message: Message = {0: "0110", 63: "CUP" + "A" * 19 + "余"}
    assert lines(message, 63) == {"F63.error": "F63.2 issuer text: it is no gb18030 text"}


def test_of_working_keys_the_layout_alone_is_told() -> None:
    keys = WorkingKeys(bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48)))
    assert lines(management("0810", "004", F62=keys.wrap(bytes(range(16)))), 62) == {
        "F62.1 PIN key": "(16 bytes and check value, hidden)",
        "F62.2 MAC key": "(16 bytes and check value, hidden)",
        "F62.3 track key": "(16 bytes and check value, hidden)",
    }
    assert lines(management("0810", "001", F62=bytes(24)), 62) == {
        "F62.1 PIN key": "(8 bytes and check value, hidden)",
        "F62.2 MAC key": "(8 bytes and check value, hidden)",
    }


def test_a_set_of_keys_that_is_none_is_told_by_its_length() -> None:
    assert lines(management("0810", "003", F62=bytes(41)), 62) == {"F62.error": "41 bytes are no set of keys"}


def test_a_sign_on_request_tells_licence_and_serial() -> None:
    assert lines(management("0800", "003", F62=SignOnRequest("3120", "00000123").pack()), 62) == {
        "F62.1 licence": "3120", "F62.2 serial number": "00000123",
    }  # fmt: skip


@pytest.mark.parametrize(("mti", "form"), [("0810", "360"), ("0820", "362")])
def test_parameters_are_told_by_name(mti: str, form: str) -> None:
    field = build_parameters(
        {"12": "60", "22": f"店 {PAN}", "26": switch_bytes(["sale", "pre-authorisation"]), "23": "3"}
    )
    assert lines(management(mti, form, F62=field), 62) == {
        "F62.12 reply time-out, seconds": "60",
        "F62.22 merchant name": "店 625094••••••0014",
        "F62.26 transactions allowed": "pre-authorisation, sale",
        "F62.23 reversal sent again": "3",
    }


def test_no_transaction_allowed_is_told() -> None:
    field = build_parameters({"26": bytes(4)})
    assert lines(management("0810", "360", F62=field), 62) == {"F62.26 transactions allowed": "none"}


@pytest.mark.parametrize("form", ["372", "382"])
def test_a_query_is_told(form: str) -> None:
    assert lines(management("0820", form, F62=LoadQuery(7).pack()), 62) == {
        "F62.1 objects that the terminal has": "7",
    }  # fmt: skip


def test_a_list_is_told_object_by_object() -> None:
    other = CaKey(KEY.rid, 0xF1, KEY.expiry, KEY.modulus)
    assert lines(management("0830", "372", F62=Load("2", (KEY.listed(), other.listed())).pack()), 62) == {
        "F62.0 state": "2 more follow",
        "F62.1.9F06 application or RID": "A000000333",
        "F62.1.9F22 CA key index": "F0",
        "F62.1.DF05 CA key expiry": "3230333031323331",
        "F62.2.9F06 application or RID": "A000000333",
        "F62.2.9F22 CA key index": "F1",
        "F62.2.DF05 CA key expiry": "3230333031323331",
    }


def test_a_key_that_is_asked_for_and_loaded_is_told() -> None:
    assert lines(management("0800", "370", F62=pack_entry(KEY.asked())), 62) == {
        "F62.1.9F06 application or RID": "A000000333", "F62.1.9F22 CA key index": "F0",
    }  # fmt: skip
    told = lines(management("0810", "370", F62=Load("1", (KEY.entry(),)).pack()), 62)
    assert told["F62.1.DF02 CA key modulus"] == "(144 bytes)"
    assert told["F62.1.DF03 CA key check value"] == KEY.check_value.hex().upper()


def test_an_unknown_tag_of_a_load_is_told_by_its_length() -> None:
    load = Load("1", ((("9F06", b"\xa0"), ("DF7F", b"\x01\x02")),))
    assert lines(management("0810", "380", F62=load.pack()), 62)["F62.1.DF7F unknown"] == "(2 bytes)"


def test_a_chip_upload_is_told() -> None:
    field = ChipUpload("71", "00", "05", 10000, "156", "22").pack()
    assert lines(management("0320", "206", F62=field), 62) == {
        "F62.1 kind": "71 issuer not authenticated", "F62.2 card class": "00", "F62.3 response code": "05",
        "F62.4 amount": "000000010000", "F62.5 currency": "156", "F62.6 outcome": "22",
    }  # fmt: skip


def test_f62_of_another_message_stays_hidden() -> None:
    assert lines({0: "0410", 60: "10000001000", 62: bytes(40)}, 62) == {}
    assert lines({0: "0810", 62: bytes(40)}, 62) == {}


@given(messages, st.sampled_from(["0320", "0330", "0500", "0510", "0800", "0810", "0820", "0830"]), st.data())
def test_any_message_can_be_described_and_keeps_its_own_lines(message: Message, mti: str, data: st.DataObject) -> None:
    forms = ["001", "003", "004", "201", "203", "207", "360", "362", "370", "372"]
    form = data.draw(st.sampled_from(forms))
    message = {**message, 0: mti, 60: f"00000001{form}"}
    described = describe(message)
    own = [key for key in described if "." not in key.split(" ")[0] and key != "MTI"]
    named = [key.split(" ")[0] for key in own if not key.endswith(" error")]
    assert named == [f"F{number}" for number in sorted(message) if number]


@given(st.sampled_from(["0320", "0500", "0510", "0800", "0810", "0820", "0830"]), st.binary(min_size=16, max_size=16))
def test_no_key_is_shown_whatever_the_message_says_it_is(mti: str, key: bytes) -> None:
    for form in ("001", "003", "004"):
        described = str(describe(management(mti, form, F62=WorkingKeys(key, key, key).wrap(b"M" * 16))))
        assert key.hex().upper() not in described
