"""What a device said of itself when the run began, put in order: groups of rows with labels that people read.

A reader's are those of facts/pcsc-emv 5. What a device says beyond what is known here is shown by its own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Rows = list[list[str]]

NOT_STATED, NOT_OFFERED = "not stated", "not offered"
QUIET = (NOT_STATED, NOT_OFFERED, "not found", "unknown")
"""Values that stand for none: they are shown, and dimmed."""
MORE = "More"
AROUND = ("Driver and service",)
"""Groups that tell of what stands around a device: they are of the environment, whatever is under test."""
GROUPS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "reader": {
        "Reader": {
            "vendor": "Maker", "model": "Model", "firmware": "Firmware", "serial": "Serial number",
            "name": "Listed as", "friendly name": "Calls itself", "usb ids": "USB id",
            "usb release": "USB release", "usb serial": "USB serial", "usb path": "USB port",
        },
        "What it offers": {
            "protocols": "Protocols", "longest APDU": "Longest APDU, bytes", "features": "Features",
            "escape code": "Escape code", "PIN lengths": "PIN lengths", "display": "Display",
        },
        "Driver and service": {
            "driver": "Driver", "service": "Service", "library": "Client library", "wrapper": "Wrapper",
            "ccid driver": "USB driver", "kernel": "Kernel", "pid": "Process",
        },
    },
}  # fmt: skip
"""Device, group, key of the device's own words, label."""
EXPLAINED = (
    "Not offered: the reader was asked, and it or its driver has no such value. "
    "Nothing was put in its place, and nothing is concluded from it."
)


def groups_of(device: str, told: Any) -> list[dict[str, Any]]:
    """Groups of a title and rows; the title is empty for what no group is known of. None is empty."""
    words = dict(leaves(told))
    known = GROUPS.get(device, {})
    if not known:
        return [{"title": "", "rows": [[_first_up(key), value] for key, value in words.items()]}] if words else []
    groups = []
    for title, labels in known.items():
        rows = [[label, words.pop(key)] for key, label in labels.items() if key in words]
        groups.append({"title": title, "rows": rows})
    groups.append({"title": MORE, "rows": [[_first_up(key), value] for key, value in words.items()]})
    return [group for group in groups if group["rows"]]


def explanation(groups: list[dict[str, Any]]) -> str:
    """What is to be said below a device that does not offer something; else empty."""
    return EXPLAINED if any(value == NOT_OFFERED for group in groups for _, value in group["rows"]) else ""


def leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Keys and texts of a nested value: `a b` for b within a."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, f"{prefix} {key}".strip())
    else:
        yield prefix or "value", flat(value) or NOT_STATED


def flat(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {flat(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(flat(item) for item in value)
    return "" if value is None else str(value)


def _first_up(words: str) -> str:
    return words[:1].upper() + words[1:]
