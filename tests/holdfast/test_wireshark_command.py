"""`holdfast wireshark`: a dissector that tshark takes, and captures of a real run that it can read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.iso8583 import UNIONPAY, Frame, compile_spec, pack_frame
from tests.support.commands import ROOT, holdfast
from tests.support.secret_search import find_pans
from tests.support.tshark import Message, capture, dissect, each_alone

CASE = "features/timeouts/no_answer.feature::No answer to a pre-authorisation"
REPLY: dict[int, str | bytes] = {0: "0110", 11: "000123", 39: "51", 41: "50080001"}
FRAME = pack_frame(Frame("6000060000", "613100311003", compile_spec(UNIONPAY).pack(REPLY)))


def on_the_line(run: Path) -> Iterator[dict[str, Any]]:
    """Host events of which bytes were said."""
    for path in (*run.glob("workers/*.jsonl"), *run.glob("cases/*/*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            if record["ch"] == "host" and "raw" in record and record["f"].get("sent", True):
                yield record


@pytest.fixture(scope="module")
def run(default_run: Path) -> Path:
    return (default_run / "latest").resolve()


@pytest.fixture(scope="module")
def shown(run: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    """The run's own capture as tshark shows it."""
    return dissect((run / "host.pcapng").read_bytes(), tmp_path_factory.mktemp("shown"))


def test_every_message_of_a_run_is_in_its_capture_as_its_timeline_tells_it(run: Path, shown: list[Message]) -> None:
    told = [record["f"]["message"] for record in on_the_line(run) if "message" in record["f"]]
    of_timeline = Counter((m["MTI"], m.get("F11 trace"), m.get("F39 response code"), m["TPDU"]) for m in told)
    found = [m for m in shown if not m.told("malformed")]
    of_capture = Counter(
        (m.lines["MTI"], m.lines.get("F11 trace"), m.lines.get("F39 response code"), m.values["tpdu"]) for m in found
    )
    assert len(told) > 1000
    assert of_capture == of_timeline
    keys = {frozenset(message) for message in told}
    assert all(any(m.lines.keys() <= known for known in keys) for m in found)


def test_what_the_host_could_not_read_is_malformed_in_the_capture_too(run: Path, shown: list[Message]) -> None:
    undecoded = [record for record in on_the_line(run) if "undecoded" in record["f"]]
    assert undecoded
    assert any(m.told("malformed") for m in shown)


def test_every_reply_names_its_request(shown: list[Message]) -> None:
    by_packet = {m.packet: m for m in shown}
    replies = [m for m in shown if not m.told("malformed") and m.lines["MTI"][2] in "13579"]
    matched = [m for m in replies if "request_in" in m.values]
    assert len(matched) > 0.98 * len(replies)
    for reply in matched:
        request = by_packet[int(reply.values["request_in"])]
        assert request.lines["F11 trace"] == reply.lines["F11 trace"]
        assert request.values["transaction"] == reply.values["transaction"]
        assert int(request.lines["MTI"]) + 10 == int(reply.lines["MTI"])
        assert "response_in" in request.values


def test_no_card_number_stands_in_the_capture_or_in_what_tshark_prints(run: Path, shown: list[Message]) -> None:
    assert not find_pans((run / "host.pcapng").read_bytes())
    text = json.dumps([[m.text, m.lines, m.values, m.notes] for m in shown])
    assert not find_pans(text.encode())
    assert "******" in text


def test_a_case_alone_comes_by_its_id(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "case.pcapng"
    done = holdfast("wireshark", "pcap", run, "--case", CASE, "-o", file)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = dissect(file.read_bytes(), tmp_path)
    assert [m.lines["MTI"] for m in found] == ["0100", "0400", "0410"]
    assert [m.values["transaction"] for m in found] == ["pre-authorisation", *["reversal of pre-authorisation"] * 2]
    again = subprocess.run(
        [sys.executable, "-m", "holdfast", "wireshark", "pcap", str(run), "--case", CASE],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    assert again.stdout == file.read_bytes()


def test_a_case_that_is_not_there_is_named_with_what_is_near(run: Path, tmp_path: Path) -> None:
    done = holdfast("wireshark", "pcap", run, "--case", CASE[:-2], "-o", tmp_path / "case.pcapng")
    assert done.returncode == 4
    assert f"did you mean {CASE}" in done.stderr.replace("\n", " ")


def test_the_dissector_can_put_response_codes_into_words(tmp_path: Path) -> None:
    done = holdfast("wireshark", "dissector", "--market", "unionpay-cn", "-o", tmp_path / "dissector.lua")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (reply,) = dissect(capture(each_alone([FRAME], by_server=True)), tmp_path)
    assert "→ 51 " in reply.text
    assert "declined" not in reply.text


@pytest.mark.parametrize(
    "arguments",
    [("dissector", "--market", "nowhere"), ("dissector", "-o", "/nowhere/at/all.lua"), ("pcap", "/nowhere")],
)
def test_what_cannot_be_done_is_one_line_and_status_4(arguments: tuple[str, ...]) -> None:
    done = holdfast("wireshark", *arguments)
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
