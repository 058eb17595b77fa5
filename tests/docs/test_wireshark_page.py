"""The page on Wireshark shows what tshark prints of the capture that lies beside it."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.commands import ROOT
from tests.support.secret_search import find_pans
from tests.support.tshark import run

PAGE = (ROOT / "docs" / "wireshark.md").read_text("utf-8")
CAPTURE = (ROOT / "docs" / "examples" / "completion.pcapng").read_bytes()


def test_the_list_of_packets_is_what_tshark_prints(tmp_path: Path) -> None:
    assert f"```\n{run(CAPTURE, tmp_path).rstrip()}\n```" in PAGE


def test_the_two_messages_are_what_tshark_prints(tmp_path: Path) -> None:
    printed = run(CAPTURE, tmp_path, "-O", "unionpay", "-Y", "frame.number <= 2")
    messages = re.findall(r"^UnionPay direct POS: .*\n(?:    .*\n)*", printed, re.MULTILINE)
    assert len(messages) == 2
    assert "```\n" + "\n".join(messages) + "```" in PAGE


def test_every_filter_of_the_page_is_one(tmp_path: Path) -> None:
    (line,) = re.findall(r"^Filters: (.*)$", PAGE, re.MULTILINE)
    filters = re.findall(r"`([^`]+)`", line)
    assert len(filters) >= 7
    for wanted in filters:
        run(CAPTURE, tmp_path, "-Y", wanted)  # it complains of a name that there is none of


def test_the_example_holds_no_card_number() -> None:
    assert not find_pans(CAPTURE)
