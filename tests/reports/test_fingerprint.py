"""What a reader said of itself: in groups, with labels, nothing lost, and what it does not offer said to be so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reports.fingerprint import EXPLAINED, GROUPS, QUIET, explanation, groups_of
from reports.html import TEMPLATES as HTML
from reports.pdf import TEMPLATES as TYPST
from reports.subject import dut_remarks
from tests.reports.conftest import Documents, documents_of
from tests.reports.made_run import MadeRun

READER = {
    "driver": "PC/SC", "name": "ACS ACR122U PICC Interface 00 00", "friendly name": "not offered", "vendor": "ACS",
    "model": "ACR122U", "firmware": "2.7.0", "serial": "not offered", "usb ids": "072F:2200", "usb path": "1-3.2",
    "longest APDU": "261", "features": "escape commands", "escape code": "42000DAC", "PIN lengths": "not offered",
    "display": "not offered", "service": "pcsc-lite version 1.9.9", "library": "libpcsclite 1.9.9-2",
    "ccid driver": "libccid 1.5.2", "wrapper": "pyscard 2.3.1", "kernel": "6.1.0-26-amd64", "pid": "4711",
    "antenna": "round",
}  # fmt: skip


def made(path: Path, under_test: str, reader: Any = READER, serial: str = "RR123-456") -> Documents:
    rig = {
        "name": "reader-bench",
        "title": "A reader",
        "dut": [under_test],
        "evidence": {},
        "model": {"time_scale": 1.0},
    }
    dut = {"maker": "ACS", "model": "ACR122U", "serial": serial, "simulated": False}
    told = {"reader": reader, "terminal": {"serial": "SIM00001"}, "machine": {"system": "Linux"}}
    run = MadeRun(path / "run", rig=rig, dut=dut).case("A hold")
    return documents_of(run.finish(end={"environment": told}))


# ── groups ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reader_is_told_in_groups_and_nothing_of_it_is_lost() -> None:
    groups = groups_of("reader", READER)
    assert [group["title"] for group in groups] == ["Reader", "What it offers", "Driver and service", "More"]
    assert [label for label, _ in groups[0]["rows"]][:4] == ["Maker", "Model", "Firmware", "Serial number"]
    assert groups[3]["rows"] == [["Antenna", "round"]]
    assert sorted(value for group in groups for _, value in group["rows"]) == sorted(READER.values())


def test_what_is_not_told_has_no_row_and_no_group() -> None:
    assert groups_of("reader", {"driver": "in process, no PC/SC"}) == [
        {"title": "Driver and service", "rows": [["Driver", "in process, no PC/SC"]]}
    ]
    assert groups_of("reader", {}) == groups_of("printer", {}) == []


def test_another_device_is_told_by_its_own_words() -> None:
    assert groups_of("printer", {"paper": "present", "status": {"cover": "", "drawer": None}}) == [
        {
            "title": "",
            "rows": [["Paper", "present"], ["Status cover", "not stated"], ["Status drawer", "not stated"]],
        }
    ]


def test_what_is_not_offered_is_explained_once_and_only_then() -> None:
    assert explanation(groups_of("reader", READER)) == EXPLAINED
    assert explanation(groups_of("reader", {"serial": "1"})) == ""


def test_labels_of_a_group_differ() -> None:
    for groups in GROUPS.values():
        labels = [label for keys in groups.values() for label in keys.values()]
        assert len(labels) == len(set(labels))


def test_both_documents_dim_the_same_values() -> None:
    macro = (HTML / "macros.html.j2").read_text("utf-8")
    style = (TYPST / "style.typ").read_text("utf-8")
    found = re.search(r"value in \(([^)]*)\)", macro), re.search(r"#let quiet = \(([^)]*)\)", style)
    assert all(found)
    assert [tuple(re.findall(r"""['"]([^'"]+)['"]""", match[1])) for match in found if match] == [QUIET, QUIET]


# ── documents ─────────────────────────────────────────────────────────────────────────────────────────────────────


def section(html: str, name: str) -> str:
    return html[html.index(f'<section id="{name}">') :].partition("</section>")[0]


def test_in_a_run_with_another_device_under_test_the_reader_is_environment(tmp_path: Path) -> None:
    found = made(tmp_path, "terminal")
    around = section(found.html, "environment")
    for group in ("Reader", "What it offers", "Driver and service"):
        assert f"<h4>{group}</h4>" in around
    assert "Terminal. Under test: what it says of itself stands in section 4." in around
    assert '<dt>Serial number</dt><dd class="soft">not offered</dd>' in around
    assert "<dt>Service</dt><dd>pcsc-lite version 1.9.9</dd>" in around
    assert around.count(EXPLAINED) == 1
    assert "ACR122U PICC" not in section(found.html, "device")
    text = " ".join(found.text.split())
    assert "Client library libpcsclite 1.9.9-2" in text
    assert text.count(EXPLAINED[:40]) == 1


def test_a_reader_under_test_is_identified_with_the_device_and_its_software_is_environment(
    tmp_path: Path,
) -> None:
    found = made(tmp_path, "reader")
    device, around = section(found.html, "device"), section(found.html, "environment")
    assert "<h3>Card reader, as read</h3>" in device
    assert "ACS ACR122U PICC Interface 00 00" in device
    assert "pcsc-lite" not in device
    assert "pcsc-lite" in around
    assert "ACS ACR122U PICC Interface" not in around
    assert "Under test: what it says of itself stands in section 4." in around
    assert "Card reader, as read" in found.text


@pytest.mark.parametrize(
    ("under_test", "read", "declared", "told"),
    [
        (["reader"], {"serial": "A1"}, "A1", []),
        (["reader"], {"serial": "A2"}, "A1", ["says serial number A2, and A1 was declared: the two are not the same"]),
        (["reader"], {"serial": "not offered"}, "A1", ["says no serial number: that it is the one declared, A1"]),
        (["reader"], {}, "A1", ["says no serial number"]),
        (["reader"], {"serial": "A2"}, "", []),
        (["terminal"], {"serial": "A2"}, "A1", []),
        (["reader", "printer"], {"serial": "A2"}, "A1", []),
    ],
)
def test_a_serial_number_is_compared_with_the_declared_one(
    under_test: list[str], read: dict[str, str], declared: str, told: list[str]
) -> None:
    verdicts = {"rig": {"dut": under_test}, "dut": {"serial": declared}, "environment": {"reader": read}}
    found = dut_remarks(verdicts)
    assert len(found) == len(told)
    assert all(words in remark for words, remark in zip(told, found, strict=True))


def test_a_reader_that_is_not_the_declared_one_is_a_warning_on_the_page(tmp_path: Path) -> None:
    words = "The reader says serial number B7, and RR123-456 was declared: the two are not the same."
    found = made(tmp_path, "reader", READER | {"serial": "B7"})
    assert f'<p class="warning">{words}</p>' in found.html
    assert words in " ".join(found.text.split())
