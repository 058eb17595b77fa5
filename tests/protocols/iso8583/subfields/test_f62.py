"""F62: sequence number of a sign-on, chip uploads, and parameters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import ChipUpload, PackError, SignOnRequest, UnpackError, build_parameters, parse_parameters
from protocols.iso8583.subfields.f62_parameters import PARAMETERS, SWITCHES, Kind, Parameter, switch_bytes, switches_of
from protocols.transactions import Transaction

letters = st.text("ABCDEF0123456789", min_size=8, max_size=8)


def test_a_sign_on_request_lies_as_the_facts_say() -> None:
    """facts/unionpay-pos 2.6.2: `Sequence No`, two digits of length, licence, serial."""
    assert SignOnRequest("3120", "00000123").pack() == b"Sequence No12" + b"3120" + b"00000123"


@given(st.sampled_from([4, 8]).flatmap(lambda size: st.text("ABC123", min_size=size, max_size=size)), letters)
def test_a_sign_on_request_comes_back(licence: str, serial: str) -> None:
    assert SignOnRequest.parse(SignOnRequest(licence, serial).pack()) == SignOnRequest(licence, serial)


@pytest.mark.parametrize("licence", ["", "123", "12345", "123456789"])
def test_a_licence_of_another_length_is_refused(licence: str) -> None:
    with pytest.raises(PackError, match=f"{len(licence)} characters instead of 4 or 8"):
        SignOnRequest(licence, "00000123").pack()


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"", "does not begin"),
        (b"SEQUENCE NO12312000000123", "does not begin"),
        (b"Sequence No", "it is no number"),
        (b"Sequence NoXX", "it is no number"),
        (b"Sequence No13312000000123", "it says 13 bytes, 12 follow"),
        (b"Sequence No01\xff", "it is no gb18030 text"),
    ],
)
def test_what_is_no_sign_on_request_is_refused(value: bytes, problem: str) -> None:
    with pytest.raises(UnpackError, match=problem):
        SignOnRequest.parse(value)


def test_chip_uploads_lie_as_the_facts_say() -> None:
    """facts/unionpay-pos 2.6.4: 21 bytes, or 23 with an outcome."""
    assert ChipUpload("61", "00", "00", 10000, "156").pack() == b"610000000000010000156"
    assert ChipUpload("71", "01", "05", 1, "156", "22").pack() == b"71010500000000000115622"


@given(st.sampled_from([("61", ""), ("71", "22"), ("71", "10")]), st.integers(0, 10**12 - 1))
def test_a_chip_upload_comes_back(kind_and_outcome: tuple[str, str], amount: int) -> None:
    kind, outcome = kind_and_outcome
    upload = ChipUpload(kind, "00", "00", amount, "156", outcome)
    assert ChipUpload.parse(upload.pack()) == upload


@pytest.mark.parametrize(
    "upload",
    [
        ChipUpload("6", "00", "00", 1, "156"), ChipUpload("61", "00", "0", 1, "156"),
        ChipUpload("61", "00", "00", 1, "CN"), ChipUpload("71", "00", "00", 1, "156", "2"),
    ],
)  # fmt: skip
def test_a_chip_upload_with_a_wrong_part_is_refused(upload: ChipUpload) -> None:
    with pytest.raises(PackError, match="characters instead of"):
        upload.pack()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"62" + b"0" * 19,
        b"61" + b"0" * 18,
        b"61" + b"0" * 20,
        b"61" + b"0" * 21,
        b"71" + b"0" * 19,
        "余".encode("gb18030") * 10,
    ],
)
def test_what_is_no_chip_upload_is_refused(value: bytes) -> None:
    with pytest.raises(UnpackError, match="no chip upload"):
        ChipUpload.parse(value)


DOWNLOAD = {
    "11": "60", "12": "60", "13": "3", "14": "02112345678", "18": "0", "19": "15", "20": "1", "21": "1",
    "22": "测试商户", "23": "3", "25": "1", "26": switch_bytes(["balance", "pre-authorisation", "completion advice"]),
}  # fmt: skip


def test_parameters_lie_one_behind_the_other() -> None:
    """facts/unionpay-pos 2.6.3."""
    assert build_parameters(DOWNLOAD) == (
        b"1160"
        b"1260"
        b"133"
        b"1402112345678   "
        b"180"
        b"1915"
        b"201"
        b"211"
        b"22" + "测试商户".encode("gb18030") + b" " * 32 + b"233"
        b"251"
        b"26\xc0\x20\x00\x00"
    )
    assert parse_parameters(build_parameters(DOWNLOAD)) == DOWNLOAD


def test_a_status_upload_of_a_public_terminal_is_read() -> None:
    """As OPN logon.c, LOGON_Pack62Field, lays it out: five states, the parameters, the connections."""
    phone = b"02112345678   "
    value = b"0110210310410511160126013314" + phone + b"15" + phone + b"16" + phone + b"17" + phone
    value += b"180190020121123324025151000000000000"
    parsed = parse_parameters(value)
    assert [parsed[tag] for tag in ("01", "05", "12", "17", "24", "51")] == [
        "1",
        "1",
        "60",
        "02112345678",
        "0",
        "0" * 12,
    ]
    assert build_parameters(parsed) == value


def values(row: Parameter) -> st.SearchStrategy[str | bytes]:
    if row.kind is Kind.BYTES:
        return st.binary(min_size=row.width, max_size=row.width)
    if row.kind is Kind.DIGITS:
        return st.text("0123456789", min_size=row.width, max_size=row.width)
    return st.text(st.sampled_from("A1余 "), max_size=row.width // 2).map(lambda text: text.rstrip(" "))


@given(st.fixed_dictionaries({}, optional={tag: values(row) for tag, row in PARAMETERS.items()}))
def test_any_parameters_come_back(parameters: dict[str, str | bytes]) -> None:
    assert parse_parameters(build_parameters(parameters)) == parameters


@pytest.mark.parametrize(
    ("value", "path", "problem"),
    [
        (b"126099", ("F62",), "no parameter has the tag '99'"),
        (b"126", ("F62", "12"), "2 bytes are due, 1 are left"),
        (b"12XX", ("F62", "12"), "reply time-out, seconds is no number"),
        (b"1", ("F62",), "no parameter has the tag '1'"),
        (b"14\xff" + b" " * 13, ("F62", "14"), "it is no gb18030 text"),
    ],
)
def test_what_are_no_parameters_is_refused(value: bytes, path: tuple[str, ...], problem: str) -> None:
    with pytest.raises(UnpackError, match=problem) as caught:
        parse_parameters(value)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("tag", "value", "problem"),
    [
        ("99", "1", "no parameter has this tag"),
        ("12", "6", "takes 2 digits in ASCII"),
        ("12", "6X", "takes 2 digits in ASCII"),
        ("12", b"60", "it takes text"),
        ("14", "1" * 15, "15 bytes are more than 14"),
        ("26", "C020", "takes 4 bytes as they are"),
        ("26", bytes(3), "takes 4 bytes as they are"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused(tag: str, value: str | bytes, problem: str) -> None:
    with pytest.raises(PackError, match=problem) as caught:
        build_parameters({tag: value})
    assert caught.value.path == ("F62", tag)


def test_the_switches_are_the_bits_of_the_facts() -> None:
    """facts/unionpay-pos 2.6.3, tag 26."""
    first = ["balance", "pre-authorisation", "cancel", "completion", "completion void", "sale", "sale void", "refund"]
    assert [switch_bytes([name])[0] for name in first] == [0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01]
    second = ["offline sale", "adjustment", "completion advice", "script notice", "e-cash"]
    assert [switch_bytes([name])[1] for name in second] == [0x80, 0x40, 0x20, 0x10, 0x08]
    assert set(SWITCHES) - {"e-cash"} <= {transaction.value for transaction in Transaction}


@given(st.lists(st.sampled_from(sorted(SWITCHES)), unique=True))
def test_switches_come_back(allowed: list[str]) -> None:
    assert sorted(switches_of(switch_bytes(allowed))) == sorted(allowed)


def test_no_bit_is_told_of_bytes_that_are_not_there() -> None:
    assert switches_of(b"") == []
    assert switches_of(b"\x80") == ["balance"]


def test_an_unknown_switch_is_refused() -> None:
    with pytest.raises(PackError, match="no switch is called 'tip'"):
        switch_bytes(["sale", "tip"])
