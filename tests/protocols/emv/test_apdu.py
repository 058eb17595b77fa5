"""Commands and responses: their four cases, and what may be said of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv import Apdu, ApduError, ResponseApdu, build, describe_command, describe_response
from protocols.emv.apdu import COMMANDS, INSTRUCTIONS, meaning
from tests.protocols.samples import PAN

SELECT = bytes.fromhex("00A4040007A000000333010100")
READ = bytes.fromhex("00B2011400")
byte = st.integers(0, 255)
commands = st.builds(Apdu, byte, byte, byte, byte, st.binary(max_size=255), st.none() | st.integers(1, 256))


@given(commands)
def test_what_was_packed_is_parsed(command: Apdu) -> None:
    assert Apdu.parse(command.pack()) == command


@pytest.mark.parametrize(
    ("raw", "command"),
    [
        ("00840000", Apdu(0, 0x84, 0, 0)),
        ("0084000008", Apdu(0, 0x84, 0, 0, le=8)),
        ("0084000000", Apdu(0, 0x84, 0, 0, le=256)),
        ("80A8000002" + "8300", Apdu(0x80, 0xA8, 0, 0, b"\x83\x00")),
        ("80A8000002" + "8300" + "00", Apdu(0x80, 0xA8, 0, 0, b"\x83\x00", 256)),
    ],
)
def test_the_four_cases_of_a_command(raw: str, command: Apdu) -> None:
    assert Apdu.parse(bytes.fromhex(raw)) == command


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", "0 bytes are no command"),
        ("00A404", "3 bytes are no command"),
        ("00A4040007A000", "Lc says 7, 2 bytes follow"),
        ("00A4040001A00000", "Lc says 1, 3 bytes follow"),
        ("00A404000007", "Lc is 0"),
    ],
)
def test_a_command_that_does_not_fit_its_length_is_refused(raw: str, problem: str) -> None:
    with pytest.raises(ApduError, match=problem):
        Apdu.parse(bytes.fromhex(raw))
    assert describe_command(bytes.fromhex(raw))["name"] == "unreadable"


def test_more_data_than_a_short_command_holds_is_refused() -> None:
    with pytest.raises(ApduError, match="256 bytes of data"):
        Apdu(0, 0xA4, 4, 0, bytes(256)).pack()


def test_a_response_is_data_and_status() -> None:
    assert ResponseApdu.parse(bytes.fromhex("82029000")) == ResponseApdu(b"\x82\x02", "9000")
    assert ResponseApdu.parse(b"\x90\x00").ok
    assert not ResponseApdu.parse(b"\x6a\x82").ok


def test_a_response_without_status_is_refused() -> None:
    with pytest.raises(ApduError, match="1 bytes are no response"):
        ResponseApdu.parse(b"\x90")
    assert describe_response(READ, b"\x90")["name"] == "unreadable"


@pytest.mark.parametrize(
    ("sw", "said"),
    [
        ("9000", "done"), ("63C2", "2 tries left"), ("63C0", "0 tries left"), ("6983", "PIN blocked"),
        ("6110", "16 bytes are ready"), ("6100", "256 bytes are ready"), ("6C14", "wrong Le, 20 is right"),
        ("6FFF", ""), ("6987", "MAC missing"), ("6988", "wrong MAC"), ("6581", "memory failure"),
    ],
)  # fmt: skip
def test_status_words_say_what_they_mean(sw: str, said: str) -> None:
    assert meaning(sw) == said


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("00A404000E315041592E5359532E444446303100", {"name": "SELECT", "file": "1PAY.SYS.DDF01", "length": "14"}),
        ("00A4040007A000000333010100", {"name": "SELECT", "file": "A0000003330101"}),
        ("00B2011400", {"name": "READ RECORD", "record": "SFI 2, record 1"}),
        ("80AE800002000000", {"name": "GENERATE AC", "asks": "ARQC"}),
        ("80AE400002000000", {"name": "GENERATE AC", "asks": "TC"}),
        ("80AEC00002000000", {"name": "GENERATE AC", "asks": "?"}),
        ("80FE000000", {"name": "INS FE", "header": "80FE0000"}),
        ("00A4040207A000000333010100", {"name": "SELECT", "file": "A0000003330101", "occurrence": "next"}),
        ("80AE500002000000", {"name": "GENERATE AC", "asks": "TC", "with": "CDA signature"}),
        ("80CA9F1700", {"name": "GET DATA", "tag": "9F17", "of": "PIN try counter"}),
        ("80CA00DF00", {"name": "GET DATA", "tag": "DF"}),
        ("04DA9F790107", {"name": "PUT DATA", "tag": "9F79", "of": "electronic cash balance"}),
        ("04DC021C0107", {"name": "UPDATE RECORD", "record": "SFI 3, record 2"}),
        ("0020008008" + "26123456FFFFFFFF", {"name": "VERIFY", "PIN": "plaintext"}),
        ("0020008802" + "1234", {"name": "VERIFY", "PIN": "enciphered"}),
        ("0020000002" + "1234", {"name": "VERIFY", "PIN": "?"}),
        ("8424000004" + "12345678", {"name": "PIN CHANGE/UNBLOCK", "does": "unblock the PIN"}),
        ("8424000204" + "12345678", {"name": "PIN CHANGE/UNBLOCK", "does": "change the PIN"}),
        ("841E000004" + "12345678", {"name": "APPLICATION BLOCK", "length": "4"}),
        ("8418000004" + "12345678", {"name": "APPLICATION UNBLOCK"}),
        ("8416000004" + "12345678", {"name": "CARD BLOCK"}),
    ],
)
def test_a_command_is_told_in_words(raw: str, told: dict[str, str]) -> None:
    described = describe_command(bytes.fromhex(raw))
    assert {key: described.get(key) for key in told} == told


def test_a_pin_is_not_told() -> None:
    assert "123456" not in str(describe_command(bytes.fromhex("0020008008" + "26123456FFFFFFFF")))


def test_a_record_is_told_object_by_object_without_its_secrets() -> None:
    record = build([("70", [("5A", bytes.fromhex(PAN)), ("5F28", b"\x01\x56"), ("DF7F", b"")])])
    described = describe_response(READ, record + b"\x90\x00")
    assert (described["name"], described["sw"], described["meaning"]) == ("READ RECORD", "9000", "done")
    assert described["tlv"] == [
        {"tag": "70", "name": "record template", "value": "", "depth": 0},
        {"tag": "5A", "name": "PAN", "value": "(8 bytes, hidden)", "depth": 1},
        {"tag": "5F28", "name": "issuer country", "value": "0156", "depth": 1},
        {"tag": "DF7F", "name": "unknown", "value": "", "depth": 1},
    ]
    assert PAN not in str(described)


def test_an_issuers_command_with_a_pin_in_it_is_not_told() -> None:
    change, block = bytes.fromhex("8424000204AABBCCDD"), bytes.fromhex("841E000004AABBCCDD")
    described = describe_response(READ, build([("86", change), ("86", block), ("86", b"")]) + b"\x90\x00")
    assert [row["value"] for row in described["tlv"] if isinstance(row, dict)] == [
        "8424000204FFFFFFFF", "841E000004AABBCCDD", "",
    ]  # fmt: skip


def test_every_instruction_has_one_name() -> None:
    assert {COMMANDS[instruction]: instruction for instruction in COMMANDS} == INSTRUCTIONS


def test_data_that_is_no_tlv_is_told_by_its_length_alone() -> None:
    described = describe_response(READ, b"\x5a\x20" + bytes.fromhex(PAN) + b"\x90\x00")
    assert described["length"] == "10"
    assert PAN not in str(described)


def test_status_words_alone_have_no_data_and_a_missing_command_no_name() -> None:
    assert describe_response(b"", b"\x69\x85") == {"name": "?", "sw": "6985", "meaning": "conditions not satisfied"}
