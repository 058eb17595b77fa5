"""Real tshark with the dissector, read back: one start for a whole capture. And captures of bytes that were said."""

from __future__ import annotations

import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from holdfast.wireshark_command import dissector
from reports.pcapng import Place, Stream, interface, packet, section

TSHARK = shutil.which("tshark")
PORT = 8583
SECOND = 1_767_225_600  # 2026-01-01
_AS_ROOT = "Running as user"
_HEAD = {"length", "tpdu", "tpdu.to", "tpdu.from", "header", "bitmap", "bit", "transaction", "unread"}
_MATCH = {"time", "request_in", "response_in"}


@dataclass
class Message:
    """One message as the dissector shows it."""

    packet: int
    text: str
    lines: dict[str, str] = field(default_factory=dict)
    """Key and value of each line of a field or of a part of one: `F60.1 type`."""
    values: dict[str, str] = field(default_factory=dict)
    """Of all else by the end of its name: `tpdu`, `time`."""
    notes: list[tuple[str, str]] = field(default_factory=list)
    """Expert notes: kind and text."""

    def told(self, kind: str) -> list[str]:
        return [text for of, text in self.notes if of == kind]


def run(capture: bytes, folder: Path, *options: str) -> str:
    """What tshark prints. It must not complain of anything: no word of Lua, no warning."""
    assert TSHARK is not None, "tshark is missing: setup/bootstrap.sh test"
    script, file = folder / "dissector.lua", folder / "capture.pcapng"
    if not script.exists():
        script.write_text(dissector(), "utf-8")
    file.write_bytes(capture)
    done = subprocess.run(
        [TSHARK, "-n", "-2", "-r", str(file), "-X", f"lua_script:{script}", *options],
        env={"HOME": str(folder), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if line and not line.startswith(_AS_ROOT)]
    assert complaints == []
    assert done.returncode == 0
    assert "Lua Error" not in done.stdout
    return done.stdout


def dissect(capture: bytes, folder: Path, *options: str) -> list[Message]:
    """Every message of a capture, in order."""
    root = ET.fromstring(run(capture, folder, "-T", "pdml", *options))
    found: list[Message] = []
    for number, shown in enumerate(root.iter("packet"), start=1):
        for proto in shown.iter("proto"):
            if proto.get("name") == "unionpay":
                message = Message(number, proto.get("showname", "").removeprefix("UnionPay direct POS: "))
                for item in proto:
                    _take(item, message)
                found.append(message)
    return found


def _take(item: ET.Element, message: Message) -> None:
    name, label, value = item.get("name", ""), item.get("showname", ""), item.get("show", "")
    if name == "_ws.expert":
        kind = next(child.get("name", "") for child in item if child.get("name", "").startswith("unionpay"))
        message.notes.append((kind.removeprefix("unionpay."), label.split("): ", 1)[1]))
        return
    if name.startswith("_ws."):
        return  # Wireshark's own mark of what is malformed
    short = name.removeprefix("unionpay.")
    if short in _HEAD | _MATCH:
        message.values[short] = value
    else:
        ending = f": {value}"  # a long line is cut, its value is not
        message.lines[label.removesuffix(ending) if label.endswith(ending) else label.split(": ", 1)[0]] = value
    for child in item:
        _take(child, message)


# ── captures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def stream(client: int = 1, port: int = PORT) -> Stream:
    """A connection of a client to a host."""
    hardware = bytes.fromhex("020000000001")
    client_end = Place(hardware, IPv4Address("127.0.1.0") + client % 200, 40000 + client)
    return Stream(client_end, Place(hardware, IPv4Address("127.0.0.1"), port), start=1000)


def capture(packets: Iterable[bytes], apart_ns: int = 1_000_000) -> bytes:
    """A file of packets, so many nanoseconds apart."""
    blocks = [section("made by a test", "test"), interface("test", "made by a test")]
    blocks += [packet(SECOND * 10**9 + place * apart_ns, data) for place, data in enumerate(packets)]
    return b"".join(blocks)


def each_alone(frames: Iterable[bytes], *, by_server: bool = False) -> Iterator[bytes]:
    """Packets of frames, each on a connection of its own: none can put another out of step."""
    for number, frame in enumerate(frames):
        one = stream(number)
        yield from one.opened()
        yield from one.said(frame, by_server=by_server)
