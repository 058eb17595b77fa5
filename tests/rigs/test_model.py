"""The rig file: what ships loads, what is wrong is refused, and keys stay where they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from protocols.faults import ConfigurationError
from rigs.cards.loading import load_card_profile
from rigs.marketfile import load_market
from rigs.model import Component, PcscReaderOnBench, load_dut, load_rig
from rigs.readers.choice import ReaderChoice
from tests.rigs.kit import RIGS, VIRTUAL_BENCH, rig_file

PCSC = {"kind": "pcsc", "name": "ACS ACR39U"}
SERIAL = {"kind": "escpos-serial", "port": "/dev/ttyUSB0"}


@pytest.mark.parametrize("path", sorted(p for p in RIGS.glob("*.yaml") if not p.name.startswith("dut-")), ids=str)
def test_every_shipped_rig_loads_with_all_that_it_names(path: Path) -> None:
    rig = load_rig(path)
    assert load_market(rig.market).name == rig.market
    assert load_dut(path, rig).maker
    for card in rig.cards.values():
        assert load_card_profile(path.parent / card).name


def test_the_virtual_bench_says_that_its_dut_is_simulated() -> None:
    rig = load_rig(VIRTUAL_BENCH)
    assert rig.dut == (Component.TERMINAL,)
    assert load_dut(VIRTUAL_BENCH, rig).simulated


@pytest.mark.parametrize(
    ("change", "place"),
    [({"dut": ["termnial"]}, "dut.0: Input should be 'terminal', 'reader' or 'printer'"),
     ({"dut": []}, "dut: Tuple should have at least 1 item"),
     ({"name": "My Rig"}, "name: "),
     ({"time_scale": 0.5}, "time_scale: "),
     ({"time_scale": True}, "time_scale: Input should be a valid number"),
     ({"time_scale": float("inf")}, "time_scale: Input should be a finite number"),
     ({"response_timeout_s": True}, "response_timeout_s: Input should be a valid number"),
     ({"response_timeout_s": float("nan")}, "response_timeout_s: "),
     ({"cards": []}, "cards: "),
     ({"terminal": {"terminal_id": 50080001}}, "terminal.terminal_id: Input should be a valid string"),
     ({"terminal": {"columns": 12}}, "terminal.columns: "),
     ({"terminal": {"test_master_key": "44"}}, "terminal.test_master_key: "),
     ({"printer": {"kind": "escpos-usb"}}, "printer: Input tag 'escpos-usb'"),
     ({"printer": {"kind": "escpos-serial"}}, "printer.escpos-serial.port: Field required"),
     ({"host": {"kind": "simulated", "tls": "yes"}}, "host.tls: Input should be a valid boolean"),
     ({"host": {"kind": "simulated", "second_gatway": True}}, "host.second_gatway: unknown key"),
     ({"reader": {"kind": "pcsc", "name": ""}}, "reader.pcsc: say serial, usb or name"),
     ({"reader": {"kind": "pcsc"}}, "reader.pcsc: say serial, usb or name"),
     ({"reader": {"kind": "pcsc", "usb": "bus 1"}}, "reader.pcsc.usb: String should match pattern"),
     ({"reader": {"kind": "pcsc", "seriel": "1"}}, "reader.pcsc.seriel: unknown key (did you mean serial"),
     ({"reader": {"kind": "virtual", "profile": ""}}, "reader.virtual.profile: "),
     ({"reader": {"kind": "virtual", "profil": "dual"}}, "reader.virtual.profil: unknown key (did you mean profile?)"),
     ({"market": None, "marktet": "x"}, "marktet: unknown key (did you mean market?)")],
    ids=str,
)  # fmt: skip
def test_a_wrong_value_is_refused_with_its_place(tmp_path: Path, change: dict[str, Any], place: str) -> None:
    added = {key: value for key, value in change.items() if key == "marktet"}
    path = rig_file(tmp_path, **{key: value for key, value in change.items() if key not in added})
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{key}: {value}\n" for key, value in added.items())
    with pytest.raises(ConfigurationError) as raised:
        load_rig(path)
    assert place in str(raised.value)


def test_a_wrong_key_is_not_told_by_the_complaint_about_it(tmp_path: Path) -> None:
    path = rig_file(tmp_path, terminal={"test_master_key": "0123456789ABCDEFFEDCBA98765432"})
    with pytest.raises(ConfigurationError) as raised:
        load_rig(path)
    assert "0123456789ABCDEF" not in str(raised.value)


def test_an_all_virtual_rig_shares_nothing() -> None:
    assert load_rig(VIRTUAL_BENCH).shared == []


@pytest.mark.parametrize(
    ("change", "shared"),
    [({"reader": PCSC}, ["rig virtual-bench", "reader ACS ACR39U"]),
     ({"printer": SERIAL}, ["rig virtual-bench", "port /dev/ttyUSB0"]),
     ({"reader": PCSC, "printer": SERIAL}, ["rig virtual-bench", "reader ACS ACR39U", "port /dev/ttyUSB0"])],
    ids=["reader", "printer", "both"],
)  # fmt: skip
def test_a_rig_shares_itself_and_its_real_devices(tmp_path: Path, change: dict[str, Any], shared: list[str]) -> None:
    assert load_rig(rig_file(tmp_path, **change)).shared == shared


def test_a_reader_on_the_bench_is_chosen_by_all_that_is_said(tmp_path: Path) -> None:
    said = {"kind": "pcsc", "serial": "0012-34", "usb": "1-2.3", "name": "ACS*"}
    reader = load_rig(rig_file(tmp_path, reader=said)).reader
    assert isinstance(reader, PcscReaderOnBench)
    assert reader.choice == ReaderChoice(serial="0012-34", usb="1-2.3", name="ACS*")


@pytest.mark.parametrize("known", [{"serial": "S1"}, {"usb": "1-2"}, {"name": "A"}])
def test_two_rigs_of_one_reader_fight_over_what_both_call_it(tmp_path: Path, known: dict[str, str]) -> None:
    assert load_rig(rig_file(tmp_path, reader={"kind": "pcsc", **known})).shared[1:] == [
        f"reader {next(iter(known.values()))}"
    ]


def test_a_virtual_reader_is_the_plain_one_unless_the_rig_says_more(tmp_path: Path) -> None:
    assert load_rig(rig_file(tmp_path, reader={"kind": "virtual"})).reader.profile == "plain"  # type: ignore[union-attr]
    dual = load_rig(rig_file(tmp_path, reader={"kind": "virtual", "profile": "dual"})).reader
    assert dual.profile == "dual"  # type: ignore[union-attr]


def test_the_master_key_never_leaves_by_what_a_run_writes_down(tmp_path: Path) -> None:
    from holdfast.run import start_run

    key = "0123456789ABCDEFFEDCBA9876543210"
    path = rig_file(tmp_path, terminal={"test_master_key": key})
    settings = start_run(rig=path, market="", out=tmp_path / "runs", defects=[], seed=0, features=[], title="t")
    written = (Path(settings.folder) / "run.json").read_text("utf-8")
    assert key not in written
    assert "test_master_key" not in written
    assert json.loads(written)["rig"]["model"]["terminal"]["terminal_id"] == "50080001"


def test_the_master_key_never_leaves_by_a_repr() -> None:
    rig = load_rig(VIRTUAL_BENCH)
    assert rig.terminal.test_master_key == "44" * 16
    for shown in (repr(rig), str(rig), repr(rig.terminal), f"{rig.terminal}"):
        assert "44" * 8 not in shown


def test_the_record_of_the_dut_lies_beside_the_rig(tmp_path: Path) -> None:
    path = rig_file(tmp_path, dut_file="dut.yaml")
    with pytest.raises(ConfigurationError, match=r"there is no file .*dut\.yaml"):
        load_dut(path, load_rig(path))
    (tmp_path / "dut.yaml").write_text("maker: M\nmodel: m\nserial: '1'\noperator: o\n", "utf-8")
    assert load_dut(path, load_rig(path)).maker == "M"
