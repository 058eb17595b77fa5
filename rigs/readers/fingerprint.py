"""Which reader it was, for the report: what it says of itself, where it is plugged in, what software stood before it.

A thing that is not offered is the text `not offered`, never an empty one. facts/pcsc-emv 5.
"""

from __future__ import annotations

import functools
import importlib.metadata
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from protocols.pcsc import identity
from protocols.pcsc.identity import NOT_OFFERED, decode, usb_place
from protocols.pcsc.part10 import Feature, Part10Error, TlvProperties
from rigs.readers.controls import Control, ask_features

Attribute = Callable[[int], "bytes | None"]
"""One PC/SC attribute as the reader gives it; None where it does not offer it."""

ATTRIBUTES = {
    "friendly name": identity.DEVICE_FRIENDLY_NAME,
    "vendor": identity.VENDOR_NAME,
    "model": identity.VENDOR_IFD_TYPE,
    "firmware": identity.VENDOR_IFD_VERSION,
    "serial": identity.VENDOR_IFD_SERIAL_NO,
    "longest APDU": identity.MAXINPUT,
}
SYSFS = Path("/sys/bus/usb/devices")
CCID_PLIST = Path("/usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Info.plist")
ASK_S = 5.0


def of_reader(attribute: Attribute, control: Control, *, sysfs: Path = SYSFS) -> dict[str, str]:
    """What the reader itself tells, and its USB port."""
    found = {words: decode(tag, attribute(tag) or b"") for words, tag in ATTRIBUTES.items()}
    offered = ask_features(control)
    device = usb_device(attribute(identity.CHANNEL_ID) or b"", sysfs)
    return {
        **found,
        "features": ", ".join(feature.words for feature in offered) or NOT_OFFERED,
        "escape code": f"{offered[Feature.CCID_ESC_COMMAND]:08X}"
        if Feature.CCID_ESC_COMMAND in offered
        else NOT_OFFERED,
        **_properties(control, offered, device),
        "usb path": device.name if device else NOT_OFFERED,
    }


def _properties(control: Control, offered: dict[Feature, int], device: Path | None) -> dict[str, str]:
    code = offered.get(Feature.GET_TLV_PROPERTIES)
    try:
        told = TlvProperties.unpack(control(code, b"") or b"" if code is not None else b"")
    except Part10Error:
        told = TlvProperties()
    sizes, display = (told.shortest_pin, told.longest_pin), (told.lcd_lines, told.lcd_columns)
    return {
        "usb ids": (told.usb_ids or _usb_ids(device)).upper() or NOT_OFFERED,
        "PIN lengths": NOT_OFFERED if None in sizes else f"{sizes[0]}-{sizes[1]}",
        "display": NOT_OFFERED if None in display else f"{display[0]} x {display[1]}",
    }


def usb_device(channel: bytes, sysfs: Path = SYSFS) -> Path | None:
    """The device's directory, named after its port (`1-2.3`), by the bus and address that the driver tells."""
    place = usb_place(channel)
    if place is None:
        return None
    wanted = (str(place.bus), str(place.address))
    for device in sorted(sysfs.glob("*")):
        if (_line(device / "busnum"), _line(device / "devnum")) == wanted:
            return device
    return None


def _usb_ids(device: Path | None) -> str:
    if device is None:
        return ""
    ids = (_line(device / "idVendor"), _line(device / "idProduct"))
    return ":".join(ids) if all(ids) else ""


def _line(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


# ── the software before it ────────────────────────────────────────────────────────────────────────────────────────


@functools.cache
def of_software() -> dict[str, str]:
    """Driver layers of this machine, by their versions."""
    return {
        "driver": "PC/SC",
        "wrapper": f"pyscard {importlib.metadata.version('pyscard')}",
        "library": _asked("dpkg-query", "--show", "--showformat=libpcsclite ${Version}", "libpcsclite1"),
        "service": _asked("pcscd", "--version").rstrip("."),
        "ccid driver": _ccid(),
        "kernel": platform.release(),
    }


def _ccid() -> str:
    match = re.search(r"CFBundleShortVersionString</key>\s*<string>([^<]+)<", _line(CCID_PLIST))
    return f"libccid {match[1]}" if match else NOT_OFFERED


def _asked(program: str, *arguments: str) -> str:
    """The first line of what a program says of itself."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        return NOT_OFFERED
    try:
        done = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=ASK_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return NOT_OFFERED
    return next(iter(done.stdout.splitlines()), "").strip() if done.returncode == 0 else NOT_OFFERED
