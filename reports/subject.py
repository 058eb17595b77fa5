"""What was tested, and with what: the tables of sections 4 and 5, as rows of a label and a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Rows = list[list[str]]

NOT_STATED = "not stated"
DUT_LABELS = {
    "maker": "Maker", "model": "Model", "serial": "Serial number", "condition": "Condition when received",
    "received": "Received", "operator": "Identified by",
}  # fmt: skip
DEVICE_LABELS = {
    "terminal": "Terminal", "reader": "Card reader", "printer": "Receipt printer", "host": "Issuer host",
    "presenter": "Card presenter", "power": "Power switch", "network": "Network",
}  # fmt: skip
DEVICE_NOTES = {
    "reader": "Vendor attributes as the reader answered them through PC/SC when the run began.",
    "printer": "As the printer answered them over its own interface when the run began.",
}
VERSION_LABELS = {
    "holdfast": "Holdfast", "commit": "Commit of Holdfast", "code": "Digest of Holdfast's code",
    "locks": "Digest of the dependency locks",
}  # fmt: skip
EVIDENCE = {
    "simulated": "made by a virtual twin, not by a device",
    "recorded": "played from a recording",
    "hardware": "seen on a real device",
}
STANDS_BEHIND = {
    "terminal": "terminal", "card": "cards", "reader": "reader", "printer": "printer", "host": "host", "ledger": "host",
    "operator": "presenter",
}  # fmt: skip
"""Channel to the part of the rig that feeds it. The other channels are Holdfast's own notes."""


def dut_rows(verdicts: Mapping[str, Any]) -> Rows:
    """Identification of the device under test. What nobody stated is said to be so."""
    dut = verdicts["dut"]
    terminal = _mapping(verdicts.get("environment")).get("terminal")
    rows = [["Kind", "simulated: a program that stands for a device" if dut.get("simulated") else "hardware"]]
    rows += [[label, str(dut.get(key) or NOT_STATED)] for key, label in DUT_LABELS.items()]
    rows += [[f"Version of {name}", str(value)] for name, value in _mapping(dut.get("versions")).items()]
    rows += [[f"SHA-256 of {name}", str(value)] for name, value in _mapping(dut.get("hashes")).items()]
    rows += [[f"{name.capitalize()}, as read", str(value)] for name, value in _mapping(terminal).items()]
    rows += [["Judged on this rig", ", ".join(verdicts["rig"].get("dut", ())) or NOT_STATED]]
    if verdicts.get("defect"):
        rows += [["Injected defect", f"{verdicts['defect']}: the device was made to fail on purpose"]]
    known = {*DUT_LABELS, "versions", "hashes", "simulated"}
    return rows + [[key.capitalize(), _flat(value)] for key, value in dut.items() if key not in known and value]


def bench_rows(verdicts: Mapping[str, Any]) -> Rows:
    """The rig and the market that it was run under."""
    rig, market = verdicts["rig"], verdicts["market"]
    model = _mapping(rig.get("model"))
    scale = float(model.get("time_scale") or 1)
    return [
        ["Rig", f"{rig.get('name', '')}: {rig.get('title', '')}"],
        ["Market", f"{market.get('title', '')} ({market.get('name', '')})"],
        ["Market file, SHA-256", str(market.get("sha256") or NOT_STATED)],
        ["Time scale", _time_scale(scale)],
        ["Terminal's response time-out", _timeout(model.get("response_timeout_s"), scale)],
        ["Seed", str(verdicts.get("seed", NOT_STATED))],
    ]


def _time_scale(scale: float) -> str:
    if scale == 1:
        return "1: the market's durations as they are"
    return f"{scale:g}: the market's durations are divided by it; times in this report are indicative"


def _timeout(seconds: Any, scale: float) -> str:
    if not seconds:
        return "as the market says"
    return f"{float(seconds):g} s, run as {float(seconds) / scale:g} s"


def device_tables(verdicts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A table for each device of the environment, the usual ones first; empty when the bench never came up."""
    environment = _mapping(verdicts.get("environment"))
    order = [
        *(name for name in DEVICE_LABELS if name in environment),
        *(n for n in environment if n not in DEVICE_LABELS),
    ]
    return [
        {
            "name": DEVICE_LABELS.get(name, name.capitalize()),
            "note": DEVICE_NOTES.get(name, ""),
            "rows": list(_leaves(environment[name])),
        }
        for name in order
    ]


def _leaves(value: Any, prefix: str = "") -> Iterator[list[str]]:
    """Rows of a nested value: `a b` for b within a."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{prefix} {key}".strip())
    else:
        yield [prefix or "value", _flat(value) or NOT_STATED]


def channel_rows(verdicts: Mapping[str, Any]) -> list[dict[str, str]]:
    """What each channel's evidence is, and what fed it."""
    model = _mapping(verdicts["rig"].get("model"))
    return [
        {
            "channel": str(channel),
            "evidence": str(kind),
            "meaning": EVIDENCE.get(kind, ""),
            "source": _source(channel, model),
        }
        for channel, kind in _mapping(verdicts["rig"].get("evidence")).items()
    ]


def _source(channel: str, model: Mapping[str, Any]) -> str:
    part = STANDS_BEHIND.get(channel)
    if part is None:
        return "Holdfast's own notes"
    if part == "cards":
        return "test cards: " + ", ".join(_mapping(model.get("cards")))
    return f"{part}: {_mapping(model.get(part)).get('kind', NOT_STATED)}"


def version_rows(verdicts: Mapping[str, Any]) -> Rows:
    """Holdfast first, then what it rests on."""
    versions = _mapping(verdicts.get("versions"))
    order = [
        *(key for key in VERSION_LABELS if key in versions),
        *(key for key in versions if key not in VERSION_LABELS),
    ]
    return [[VERSION_LABELS.get(key, key), str(versions[key])] for key in order]


def source_rows(verdicts: Mapping[str, Any]) -> list[dict[str, str]]:
    """The features that the plan was read from, with their digests."""
    features: Sequence[Any] = verdicts["plan"].get("features") or ()
    return [{"path": str(f.get("path", "")), "sha256": str(f.get("sha256", ""))} for f in features]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_flat(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_flat(item) for item in value)
    return "" if value is None else str(value)
