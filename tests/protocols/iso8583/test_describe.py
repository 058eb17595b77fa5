"""Messages in words: what may be read, and what never is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocols.emv import build
from protocols.iso8583 import UNIONPAY, Message, describe
from tests.protocols.samples import PAN, PUBLIC, TRACK, messages, pans

SECRET_DIGITS = st.text("0123456789", min_size=14, max_size=19)


def test_each_field_is_named_and_open_values_are_shown() -> None:
    message: Message = {0: "0100", 3: "030000", 4: "000000010000", 41: "12345678", 64: b"E267B6E2"}
    assert describe(message) == {
        "MTI": "0100", "F3 processing code": "030000", "F4 amount": "000000010000", "F41 terminal": "12345678",
        "F64 MAC": "E267B6E2",
    }  # fmt: skip


def test_a_raw_mac_is_shown_in_hex() -> None:
    assert describe({0: "0400", 64: bytes.fromhex("284C79DC9A2E50FC")})["F64 MAC"] == "284C79DC9A2E50FC"


def test_the_pan_shows_its_first_six_and_last_four_digits() -> None:
    assert describe({0: "0100", 2: PAN})["F2 PAN"] == "625094******0014"


def test_secrets_show_their_length_alone() -> None:
    message: Message = {0: "0100", 14: "3012", 35: TRACK, 36: "1" * 50, 48: "0", 52: bytes(8), 62: bytes(40)}
    assert list(describe(message).values())[1:] == [
        "(4 digits, hidden)", f"({len(TRACK)} digits, hidden)", "(50 digits, hidden)", "(1 digits, hidden)",
        "(8 bytes, hidden)", "(40 bytes, hidden)",
    ]  # fmt: skip


def test_chinese_text_is_shown_and_a_card_number_in_it_is_not() -> None:
    assert describe({0: "0110", 63: f"CUP余额 {PAN}"})["F63 private 63"] == "CUP余额 625094••••••0014"


def test_chip_data_comes_tag_by_tag() -> None:
    chip = build([("9F26", bytes(8)), ("5A", bytes.fromhex(PAN)), ("57", bytes(19)), ("DF7F", b"\x01")])
    assert describe({0: "0100", 55: chip}) == {
        "MTI": "0100", "F55 chip data": "46 bytes", "F55.9F26 application cryptogram": "00" * 8,
        "F55.5A PAN": "(8 bytes, hidden)", "F55.57 track 2 equivalent": "(19 bytes, hidden)", "F55.DF7F unknown": "01",
    }  # fmt: skip


def test_a_template_is_told_by_its_size_before_what_it_holds() -> None:
    described = describe({0: "0110", 55: build([("70", [("9F36", b"\x00\x01")])])})
    assert list(described.items())[-2:] == [
        ("F55.70 record template", "5 bytes"), ("F55.9F36 application transaction counter", "0001"),
    ]  # fmt: skip


def test_an_issuers_command_with_a_pin_in_it_is_hidden_and_others_are_told() -> None:
    change, block = bytes.fromhex("8424000204AABBCCDD"), bytes.fromhex("841E000004AABBCCDD")
    described = describe({0: "0110", 55: build([("72", [("86", change), ("86", block)])])})
    assert described["F55.86 issuer script command"] == "8424000204FFFFFFFF"
    assert described["F55.86 issuer script command (2)"] == "841E000004AABBCCDD"


def test_a_tag_that_comes_again_is_counted_not_lost() -> None:
    described = describe({0: "0110", 55: build([("9F36", b"\x00\x01"), ("9F36", b"\x00\x02"), ("9F36", b"\x00\x03")])})
    assert [value for key, value in described.items() if "9F36" in key] == ["0001", "0002", "0003"]


def test_chip_data_that_is_no_tlv_is_told_with_its_problem_alone() -> None:
    described = describe({0: "0100", 55: b"\x5a\x20" + bytes.fromhex(PAN)})
    assert described["F55 error"] == "tag 5A at offset 2 says 32 bytes, 8 are left"
    assert PAN not in str(described)


@given(messages, pans, SECRET_DIGITS, SECRET_DIGITS, st.binary(min_size=8, max_size=8))
def test_no_secret_is_ever_described(message: Message, pan: str, track: str, third: str, block: bytes) -> None:
    key = block * 5
    chip = build([("5A", bytes.fromhex(pan + "F" * (len(pan) % 2))), ("57", block * 2), ("5F24", b"\x30\x12\x31")])
    described = describe(
        {**message, 2: pan, 14: "3012", 35: f"{pan}D{track}", 36: third, 52: block, 55: chip, 59: f"-{pan}-", 62: key}
    )
    assert pan not in str(described)
    assert track not in described["F35 track 2"]
    assert third not in described["F36 track 3"]
    assert "3012" not in described["F14 expiry"] + described["F55.5F24 application expiry"]
    assert block.hex().upper() not in described["F52 PIN block"] + described["F62 private 62"]
    assert described["F55.57 track 2 equivalent"] == "(16 bytes, hidden)"


def test_every_field_of_the_table_can_be_described() -> None:
    for field in UNIONPAY.fields:
        value: str | bytes = b"\x95\x01\x00" if field.encoding.name == "BINARY" else "1"
        assert f"F{field.number} {field.name}" in describe({0: "0100", field.number: value})


def test_the_public_sign_on_reply_hides_its_keys() -> None:
    keys = bytes.fromhex(PUBLIC["signin_resp_ajsgn_key40"]["decoded"]["values"]["62"])
    assert describe({0: "0810", 62: keys})["F62 private 62"] == "(40 bytes, hidden)"
