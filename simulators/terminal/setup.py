"""What the contact kernel is set up with: parameters, with what was downloaded laid over them. facts/unionpay-pos 3.

Parameters of an application come by tags of `protocols/iso8583/subfields/f62_download.py`; a value of another length
than its tag has is left, and what is not of a contact card is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from protocols.emv.verification import Capabilities, Tvr
from protocols.iso8583 import UnpackError
from protocols.iso8583.subfields import CaKey
from protocols.iso8583.subfields.f62_download import Entry, parse_entries
from simulators.terminal.contact.cakeys import CaKeys
from simulators.terminal.contact.configuration import ApplicationRule, Configuration
from simulators.terminal.journal import Journal
from simulators.terminal.parameters import TerminalParameters

CA_KEY, IC_PARAMETERS = "CA key", "IC parameters"
"""Kinds of downloads in the journal."""
AID, PARTIAL_ALLOWED = "9F06", b"\x00"


def _number(value: bytes) -> int:
    return int.from_bytes(value)


def _percent(value: bytes) -> int:
    """Two digits, packed: likely."""
    return int(value.hex()) if value.hex().isdecimal() else 0


_READ: dict[str, tuple[str, tuple[int, ...], Callable[[bytes], object]]] = {
    "DF01": ("partial", (1,), lambda value: value == PARTIAL_ALLOWED),  # EMV Book 1, 12.3.1
    "9F08": ("version", (2,), bytes),
    "9F09": ("version", (2,), bytes),
    "DF11": ("tac_default", (5,), Tvr.parse),
    "DF12": ("tac_online", (5,), Tvr.parse),
    "DF13": ("tac_denial", (5,), Tvr.parse),
    "9F1B": ("floor_limit", (4,), _number),
    "DF15": ("threshold", (4,), _number),
    "DF16": ("max_target_percent", (1,), _percent),
    "DF17": ("target_percent", (1,), _percent),
    "DF14": ("ddol", tuple(range(1, 253)), bytes),
}
"""Tag to the attribute of an `ApplicationRule`, the lengths that its value may have, and how it is read."""


def with_downloads(rules: Iterable[ApplicationRule], entries: Iterable[Entry]) -> tuple[ApplicationRule, ...]:
    """The applications, each with the parameters that came for it; one that came and was not there is added."""
    known = {rule.aid: rule for rule in rules}
    for entry in entries:
        values = dict(entry)
        aid = values.get(AID, b"")
        if 5 <= len(aid) <= 16:  # EMV Book 1, 12.2.1
            known[aid] = replace(known.get(aid, ApplicationRule(aid)), **_read(values))
    return tuple(known.values())


def _read(values: Mapping[str, bytes]) -> dict[str, Any]:
    return {name: read(values[tag]) for tag, (name, sizes, read) in _READ.items() if len(values.get(tag, b"")) in sizes}


def configuration_of(parameters: TerminalParameters, journal: Journal) -> Configuration:
    """As it holds for the next transaction."""
    rules = with_downloads(parameters.applications, _entries(journal, IC_PARAMETERS))
    applications = tuple(replace(rule, **_overrides(parameters)) for rule in rules)
    return Configuration(
        applications=applications, keys=_keys(parameters.ca_keys, journal),
        capabilities=Capabilities.parse(bytes.fromhex(parameters.capabilities)), country=parameters.country,
        serial=parameters.serial, merchant=parameters.merchant_name, merchant_id=parameters.merchant_id,
        terminal_id=parameters.terminal_id, cardholder_choice=parameters.cardholder_choice,
        pinpad=parameters.pinpad, offline_approval=parameters.offline_approval,
        exception_file=parameters.exception_file,
    )  # fmt: skip


def _overrides(parameters: TerminalParameters) -> dict[str, Any]:
    """What a parameter says for all applications at once."""
    codes = {name: getattr(parameters, name) for name in ("tac_denial", "tac_online", "tac_default")}
    changes: dict[str, Any] = {name: Tvr.parse(bytes.fromhex(code)) for name, code in codes.items() if code is not None}
    if parameters.floor_limit is not None:
        changes["floor_limit"] = parameters.floor_limit
    if parameters.random_percent is not None:
        changes |= {"target_percent": parameters.random_percent, "max_target_percent": parameters.random_percent}
    return changes


def _keys(store: CaKeys, journal: Journal) -> CaKeys:
    """With the keys that were downloaded: their check values were looked at when they came, and are once more."""
    for entry in _entries(journal, CA_KEY):
        try:
            store = store.downloaded(CaKey.of(entry))
        except UnpackError:
            continue
    return store


def _entries(journal: Journal, kind: str) -> list[Entry]:
    entries: list[Entry] = []
    for value in journal.downloads(kind).values():
        try:
            entries += parse_entries(value)
        except UnpackError:
            continue
    return entries
