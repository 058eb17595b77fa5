"""Nothing that a run leaves holds a card number, a key or a track, in whatever form. The search proves itself first."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from protocols.pan import derived, mask_pan
from rigs.cards.loading import load_card_profile
from rigs.model import load_rig
from tests.support.commands import ROOT
from tests.support.secret_search import find_key, find_pans, layers

PAN = "6250947000000014"
KEY = "0123456789ABCDEFFEDCBA9876543210"
PLANTED: dict[str, Callable[[str], bytes]] = {
    "ascii": lambda pan: f"card {pan}.".encode(),
    "ascii, in groups": lambda pan: f"{pan[:4]} {pan[4:8]} {pan[8:12]} {pan[12:]}".encode(),
    "bcd": lambda pan: b"\x10" + bytes.fromhex(pan) + b"\x00",
    "bcd, half a byte on": lambda pan: bytes.fromhex("1" + pan + "0"),
    "hex": lambda pan: b"raw " + ("10" + pan + "00").encode(),
    "hex of ascii": lambda pan: b"raw " + f"<{pan}>".encode().hex().upper().encode(),
    "utf-16-le": lambda pan: f"card {pan}".encode("utf-16-le"),
    "utf-16-be": lambda pan: b"\x00" + f"card {pan}".encode("utf-16-be"),
    **{
        f"base64, phase {phase}": lambda pan, phase=phase: base64.b64encode(b"z" * phase + pan.encode() + b"tail")
        for phase in range(3)
    },
    "base64 of bcd": lambda pan: base64.b64encode(b"12345" + bytes.fromhex(pan) + b"123456789"),
}  # fmt: skip


@pytest.mark.parametrize("form", PLANTED)
def test_a_planted_card_number_is_found(form: str) -> None:
    assert find_pans(b"before " + PLANTED[form](PAN) + b" after"), form


@pytest.mark.parametrize("length", [13, 19])
@pytest.mark.parametrize("form", ["ascii", "bcd", "bcd, half a byte on", "hex", "utf-16-le", "base64, phase 1"])
def test_so_is_one_of_another_length(form: str, length: int) -> None:
    pan = next(derived("62509470", 4711, length))
    packs = dict.fromkeys(("bcd", "bcd, half a byte on"), pan + "F" * (length % 2))
    assert find_pans(b"before " + PLANTED[form](packs.get(form, pan)) + b" after"), form


def test_a_planted_card_number_is_found_inside_a_pdf_stream(tmp_path: Path) -> None:
    path = tmp_path / "planted.pdf"
    packed = zlib.compress(f"BT ({PAN}) Tj ET".encode())
    path.write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Filter /FlateDecode >>\nstream\n" + packed + b"\nendstream\nendobj\n")
    assert not find_pans(path.read_bytes())
    assert any(find_pans(layer) for layer in layers(path))


@pytest.mark.parametrize("text", [mask_pan(PAN), "625094••••••0014", PAN[:-1] + "5"])
def test_a_masked_card_number_is_not_found(text: str) -> None:
    assert not find_pans(text.encode())


@pytest.mark.parametrize("plant", [bytes.fromhex, str.encode, lambda key: base64.b64encode(bytes.fromhex(key))])
def test_a_planted_key_is_found(plant: Callable[[str], bytes]) -> None:
    assert find_key(b"before " + plant(KEY) + b" after", KEY)


def test_no_file_of_the_run_holds_a_card_number_or_a_key(default_run: Path) -> None:
    rig_path = ROOT / "rigs" / "virtual-bench.yaml"
    rig = load_rig(rig_path)
    keys = {rig.terminal.test_master_key} | {
        load_card_profile(rig_path.parent / card).test_master_key for card in rig.cards.values()
    }
    looked = 0
    for path in sorted((default_run / "latest").resolve().rglob("*")):
        if not path.is_file():
            continue
        for layer in layers(path):
            looked += 1
            assert not find_pans(layer), path.name
            for key in keys:
                assert not find_key(layer, key), path.name
    assert looked > 100


def test_no_pin_track_or_expiry_stands_in_a_timeline(default_run: Path) -> None:
    """Values of fields, word by word: PINs of the cards, and what the recorder hides of messages and card data."""
    seen = 0
    for path in (default_run / "latest").resolve().glob("cases/*/*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            for value in _strings(record["f"]):
                assert value not in ("123456", "246810"), f"{path.name} event {record['n']}"
            message = record["f"].get("message", {})
            for field in ("F14 expiry", "F35 track 2", "F52 PIN block", "F62 private 62"):
                if field in message:
                    seen += 1
                    assert "hidden" in message[field], f"{path.name} event {record['n']}"
    assert seen > 100


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [s for item in value.values() for s in _strings(item)]
    if isinstance(value, list):
        return [s for item in value for s in _strings(item)]
    return []


def test_nothing_private_is_left_when_the_run_is_over(default_run: Path) -> None:
    """Journals and ledgers, which hold card numbers, go with the bench."""
    assert not list((default_run / "latest").resolve().rglob("*.sqlite*"))
