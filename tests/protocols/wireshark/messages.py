"""Messages whose fields hold fields, each in every form that there is, and the same ones spoiled."""

from __future__ import annotations

from protocols.iso8583 import (
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
    build_parameters,
)
from protocols.iso8583.subfields.f62_download import pack_entry
from protocols.iso8583.subfields.f62_parameters import switch_bytes
from tests.protocols.samples import OTHER_PAN, PAN

KEY = CaKey(bytes.fromhex("A000000333"), 0xF0, "20301231", bytes(range(1, 145)))
RECORDS = BatchRecords(
    (BatchRecord("000001", PAN, 1), BatchRecord("000002", OTHER_PAN, 0, "07"), BatchRecord("000003", "1", 3))
)
PARAMETERS = build_parameters({"12": "60", "14": "010-1234", "22": "示例商户", "26": switch_bytes(["sale", "e-cash"])})


def _management(mti: str, form: str, number: int, value: str | bytes) -> Message:
    return {0: mti, number: value, 60: f"00000001{form}"}


def _reply(number: int, value: str | bytes) -> Message:
    return {0: "0210", number: value}


PARTS: list[Message] = [
    {0: "0100", 60: "10000001000501001"}, {0: "0800", 60: "00000001003"}, {0: "0100", 60: ""}, {0: "0100", 60: "9900"},
    {0: "0200", 61: "00000100004211250203080000000"}, {0: "0200", 61: "0000010000421125"},
    {0: "0200", 53: "2610000000000000"}, {0: "0200", 53: "9900000000000000"},
    _reply(44, "03080000   03099988   "), _reply(44, "示例          03099988"), _reply(44, ""),
    _reply(54, "1002156C0000009999991002156D000000000001"), _reply(54, "1002156D000000000000"),
    _reply(63, "CUP"), _reply(63, "CUP发卡行附言            银联附言"),
    _reply(63, "XXX   " + PAN), {0: "0500", 63: "01 "},
    _reply(55, bytes.fromhex(
        "9F2608A1B2C3D4E5F60718" "7203860142" "72058603842400" "5A086250947000000014" "009F1E0141"
    )),
    _reply(55, bytes.fromhex(
        "721C" "860E8424000109A1A2A3A4A5A6A7A8A9" "860A8424000004A1B2C3D401"  # a PIN change, a PIN unblock
    )),
    _management("0500", "201", 48, Settlement(TotalsRow(100000, 2, 5, 1)).pack()),
    _management("0510", "201", 48, Settlement(TotalsRow(1, 2, 3, 4, "2"), TotalsRow(flag="1")).pack()),
    _management("0320", "201", 48, RECORDS.pack()), _management("0330", "201", 48, RECORDS.pack()),
    _management("0320", "207", 48, BatchEnd(12).pack()), _management("0100", "000", 48, "0"),
    *(_management("0810", form, 62, bytes(range(size)))
      for form, size in (("001", 24), ("003", 40), ("004", 60), ("003", 84))),
    _management("0800", "003", 62, SignOnRequest("1234", "SN00001").pack()),
    _management("0800", "003", 62, SignOnRequest("12345678", "SN000012345").pack()),
    _management("0810", "360", 62, PARAMETERS),
    _management("0820", "362", 62, build_parameters({"01": "1", "51": "0" * 12})),
    _management("0820", "372", 62, LoadQuery(7).pack()),
    _management("0830", "372", 62, Load("2", (KEY.listed(),)).pack()),
    _management("0800", "370", 62, pack_entry(KEY.asked())),
    _management("0810", "370", 62, Load("1", (KEY.entry(),)).pack()),
    _management("0830", "382", 62, Load("0").pack()),
    _management("0320", "203", 62, ChipUpload("61", "00", "00", 100, "156").pack()),
    _management("0320", "204", 62, ChipUpload("71", "01", "00", 100, "156", "22").pack()),
]  # fmt: skip
"""As they should be."""

BROKEN: list[Message] = [
    {0: "0200", 53: "2690000000000000"},
    _reply(54, "1002156X000000999999"), _reply(54, "1002156C00000099999"), _reply(55, bytes.fromhex("9F26")),
    _reply(55, bytes.fromhex("9F2609A1")), _reply(55, bytes.fromhex("9F2685FFFFFF")), _reply(55, bytes.fromhex("7F")),
    _reply(55, bytes.fromhex("700A" + "7008" + "7006" + "7005" + "0102")), _reply(55, b"\x70\x12" * 17),
    _reply(63, "CUP" + "预" * 9 + " 授" * 9),
    _management("0500", "201", 48, "1" * 61), _management("0320", "201", 48, "00"), _management("0320", "201", 48, ""),
    _management("0320", "201", 48, RECORDS.pack()[:-1]), _management("0320", "207", 48, "001"),
    _management("0810", "003", 62, bytes(39)), _management("0800", "003", 62, b"Sequence No05123"),
    _management("0800", "003", 62, b"Sequence Nx05123"), _management("0810", "360", 62, b"99123"),
    _management("0810", "360", 62, PARAMETERS[:-1]), _management("0810", "360", 62, b"12x0"),
    _management("0820", "372", 62, b"2000"), _management("0830", "372", 62, b"9"),
    _management("0810", "370", 62, b"1" + bytes.fromhex("9F220101")), _management("0800", "370", 62, b"\x9f"),
    _management("0320", "203", 62, b"61" + b"0" * 20), _management("0320", "203", 62, b"61" + b"x" * 19),
]  # fmt: skip
"""Each with one field that is not what its message says."""
