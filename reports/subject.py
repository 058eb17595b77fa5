"""What was tested, and with what: the tables of sections 4 and 5, as rows of a label and a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.fingerprint import AROUND, NOT_STATED, QUIET, Rows, explanation, flat, groups_of

DUT_LABELS = {
    "maker": "Maker", "model": "Model", "serial": "Serial number", "condition": "Condition when received",
    "received": "Received", "operator": "Identified by",
}  # fmt: skip
DEVICE_LABELS = {
    "terminal": "Terminal", "reader": "Card reader", "printer": "Receipt printer", "host": "Issuer host",
    "presenter": "Card presenter", "power": "Power switch", "network": "Network", "machine": "Machine",
}  # fmt: skip
DEVICE_NOTES = {
    "reader": "As the reader and its service answered when the run began.",
    "printer": "As the printer answered them over its own interface when the run began.",
}
ABOVE = "Under test: what it says of itself stands in section 4."
SAY_THEIR_SERIAL = ("reader", "printer")
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
    """The device under test as it was declared. What nobody stated is said to be so."""
    dut = verdicts["dut"]
    rows = [["Kind", "simulated: a program that stands for a device" if dut.get("simulated") else "hardware"]]
    rows += [[label, str(dut.get(key) or NOT_STATED)] for key, label in DUT_LABELS.items()]
    rows += [[f"Version of {name}", str(value)] for name, value in _mapping(dut.get("versions")).items()]
    rows += [[f"SHA-256 of {name}", str(value)] for name, value in _mapping(dut.get("hashes")).items()]
    rows += [["Judged on this rig", ", ".join(_under_test(verdicts)) or NOT_STATED]]
    if verdicts.get("defect"):
        rows += [["Injected defect", f"{verdicts['defect']}: the device was made to fail on purpose"]]
    known = {*DUT_LABELS, "versions", "hashes", "simulated"}
    return rows + [[key.capitalize(), flat(value)] for key, value in dut.items() if key not in known and value]


def dut_tables(verdicts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each component under test said of itself when the run began; its surroundings stand in section 5."""
    told = _mapping(verdicts.get("environment"))
    return [
        _device(name, [group for group in groups_of(name, told[name]) if group["title"] not in AROUND])
        for name in _under_test(verdicts)
        if name in told
    ]


def dut_remarks(verdicts: Mapping[str, Any]) -> list[str]:
    """Is it the device that was declared? Only where one thing is under test is its serial that of the declaration.

    A terminal says its IFD serial (9F1E), which need not be that on its plate.
    """
    names, declared = _under_test(verdicts), str(verdicts["dut"].get("serial") or "")
    if len(names) != 1 or names[0] not in SAY_THEIR_SERIAL or not declared:
        return []
    read = str(_mapping(_mapping(verdicts.get("environment")).get(names[0])).get("serial", ""))
    if read == declared:
        return []
    if read in ("", *QUIET):
        return [
            f"The {names[0]} says no serial number: that it is the one declared, {declared}, rests on the operator."
        ]
    return [f"The {names[0]} says serial number {read}, and {declared} was declared: the two are not the same."]


def _under_test(verdicts: Mapping[str, Any]) -> list[str]:
    return [str(name) for name in verdicts["rig"].get("dut", ())]


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
    under_test = _under_test(verdicts)
    return [_device(name, groups_of(name, environment[name]), above=name in under_test) for name in order]


def _device(name: str, groups: list[dict[str, Any]], *, above: bool = False) -> dict[str, Any]:
    """`above`: what it says of itself stands elsewhere already."""
    shown = [group for group in groups if group["title"] in AROUND] if above else groups
    notes = [ABOVE] if above else [DEVICE_NOTES.get(name, ""), explanation(shown)]
    return {
        "name": DEVICE_LABELS.get(name, name.capitalize()),
        "groups": shown,
        "note": " ".join(note for note in notes if note),
    }


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
