"""The text of the dissector: values as Lua writes them, and a reader for each of the codec's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from holdfast.wireshark_command import ROOT, dissector
from protocols.iso8583 import UNIONPAY
from protocols.iso8583.parts import READERS_48, READERS_62
from protocols.transactions import TRANSACTIONS
from protocols.wireshark import SCRIPTS, tables
from protocols.wireshark.charset import BEYOND, charset, number_of
from protocols.wireshark.dissector import literal

LUA = ROOT / "protocols" / "wireshark" / "lua"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"), (False, "false"), (12, "12"), ("a", '"a"'), ('a"\\b', '"a\\"\\\\b"'), ("预\n", '"预\\010"'),
        ([], "{}"), ([1, "x"], '{ 1, "x" }'), ({"a": 1, 2: [True]}, '{ ["a"] = 1, [2] = { true } }'),
    ],
)  # fmt: skip
def test_a_value_is_written_as_lua(value: Any, written: str) -> None:
    assert literal(value) == written


@pytest.mark.parametrize("value", [None, b"bytes", 1.5])
def test_what_has_no_form_in_lua_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no form in Lua"):
        literal(value)


def test_every_field_and_every_transaction_is_in_the_tables() -> None:
    data = tables({})
    assert set(data["fields"]) == {field.number for field in UNIONPAY.fields}
    assert [row["name"] for row in data["matrix"]] == [str(transaction) for transaction in TRANSACTIONS]


def test_every_reader_of_the_codec_has_one_in_lua() -> None:
    script = (LUA / "parts.lua").read_text("utf-8")
    known = set(re.findall(r'^(?:function parts\.(?=\w)|parts\["|of_content\(")(\w+)', script, re.MULTILINE))
    wanted = {reader.__name__.strip("_") for reader in (*READERS_48.values(), *READERS_62.values())}
    assert wanted - known == set()


def test_every_script_is_part_of_the_dissector() -> None:
    assert {path.name for path in LUA.glob("*.lua")} == set(SCRIPTS)


def test_the_same_tables_give_the_same_text() -> None:
    assert dissector() == dissector()
    assert "持卡人" in dissector("unionpay-cn")
    assert "持卡人" not in dissector()


def test_the_tables_of_the_charset_are_those_of_its_codec() -> None:
    made = charset()
    assert made["two"][0xB0][0x21 + 0x3F] == "啊"  # B0A1
    assert number_of("\U00010000".encode("gb18030")) == BEYOND
    assert number_of("\U0010ffff".encode("gb18030")) == BEYOND + 0xFFFFF
    first, last, character = next(run for run in made["four"] if run[0] <= number_of("㐀".encode("gb18030")) <= run[1])
    assert chr(character + number_of("㐀".encode("gb18030")) - first) == "㐀"
    assert last < BEYOND
