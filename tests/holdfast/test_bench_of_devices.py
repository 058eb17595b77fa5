"""`rig discover` and `rig check` on devices of other processes: a reader behind a pcscd that is not the bench's own, a
printer on a tty. One process talks to one daemon, so all of it happens in processes beside the test."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.events import discard
from rigs.model import EscposSerialOnBench, PcscReaderOnBench, load_rig
from simulators.printer import VirtualPrinter
from simulators.reader import unavailable
from tests.rigs.kit import other_process, said
from tests.support.commands import holdfast

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=f"no pcscd: {unavailable()}")

TWO_READERS = """
import os, sys
from pathlib import Path
from protocols.events import discard
from simulators.reader import PcscService, ReaderModel, ReaderProfile
folder = Path(sys.argv[1])
profile = ReaderProfile(vendor="Twin", model="Nameless", serial="")
models = [ReaderModel(folder / f"{n}.sock", discard, profile) for n in (0, 1)]
for model in models:
    model.faults.hide_serial = True
service = PcscService(folder, *models)
service.start()
print(service.socket, flush=True)
sys.stdin.readline()
service.stop()
for model in models:
    model.close()
"""


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    twin = VirtualPrinter(discard)
    yield twin
    twin.close()


def beside_a_card(reader: str, *arguments: str | Path) -> Any:
    """A `holdfast` command that finds the reader of another one, with a card in it."""
    return holdfast(
        "card", "--quiet", "--reader", reader, "--run", "--", sys.executable, "-m", "holdfast", *arguments
    )  # fmt: skip


def devices_of(text: str) -> dict[str, dict[str, Any]]:
    return {row["device"]: row for row in json.loads(text)["devices"]}


def test_what_is_found_is_checked_and_passes(tmp_path: Path, printer: VirtualPrinter) -> None:
    path = tmp_path / "found.yaml"
    done = beside_a_card("pinpad-like", "rig", "discover", "-o", path)
    assert done.returncode == 0, done.stderr
    assert "Holdfast Pinpad Reader 00 00" in done.stderr
    reader = load_rig(path).reader
    assert isinstance(reader, PcscReaderOnBench)
    assert (reader.serial, reader.name) == ("HF-PP-0001", "")

    text = path.read_text("utf-8").replace(
        "printer:\n", f"printer:\n  port: {printer.path}\n", 1
    )  # fmt: skip
    path.write_text(text.replace("\n  kind: virtual\n", "\n  kind: escpos-serial\n", 1), "utf-8")
    assert isinstance(load_rig(path).printer, EscposSerialOnBench)
    done = beside_a_card("pinpad-like", "rig", "check", path, "--json")
    found = devices_of(done.stdout)
    assert {name: row["result"] for name, row in found.items()} == dict.fromkeys(
        ("host", "printer", "reader", "card", "terminal"), "PASS"
    ), found
    assert done.returncode == 0
    assert found["reader"]["evidence"] == found["card"]["evidence"] == found["printer"]["evidence"] == "hardware"
    assert found["reader"]["facts"]["firmware"] == "1.2.16"
    assert found["card"]["facts"]["card number"] == "625094******0014"


def test_a_contactless_card_is_tried_by_its_own_directory(tmp_path: Path) -> None:
    path = tmp_path / "found.yaml"
    assert beside_a_card("acr122u-like", "rig", "discover", "-o", path).returncode == 0
    card = devices_of(beside_a_card("acr122u-like", "rig", "check", path, "--json").stdout)["card"]
    assert card["result"] == "PASS", card
    assert card["facts"]["directory"].startswith("2PAY.SYS.DDF01: ")


def test_without_the_service_the_same_rig_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "found.yaml"
    assert beside_a_card("plain", "rig", "discover", "-o", path).returncode == 0
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(tmp_path / "nobody"))
    done = holdfast("rig", "check", path, "--json")
    found = devices_of(done.stdout)
    assert done.returncode == 2
    assert found["reader"]["result"] == "FAIL"
    assert "the PC/SC service is not running" in found["reader"]["trouble"]
    assert found["reader"]["next"]
    assert found["card"]["result"] == found["terminal"]["result"] == "SKIP"
    assert found["host"]["result"] == found["printer"]["result"] == "PASS"


def test_two_like_readers_that_say_nothing_are_listed_and_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "found.yaml"
    with other_process(TWO_READERS, tmp_path) as process:
        monkeypatch.setenv("PCSCLITE_CSOCK_NAME", said(process))
        done = holdfast("rig", "discover", "-o", path)
        assert done.returncode == 0, done.stderr
        text = path.read_text("utf-8")
        done = holdfast("rig", "check", path, "--json")
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        process.wait()
    comments = " ".join(line.strip(" #") for line in text.splitlines() if line.strip().startswith("#"))
    assert "2 readers are alike, and have neither serial number nor a USB port that is told" in comments
    assert text.count("no serial number") == 2
    found = devices_of(done.stdout)
    assert found["reader"]["result"] == "PASS"
    assert found["reader"]["facts"]["name"] in text
    assert found["card"]["result"] == "SKIP"
    assert found["card"]["trouble"] == "no card is in the reader"
    assert "--wait 30" in found["card"]["next"]
