"""Issuer scripts: found in a reply, sent to the card, and how they fared. EMV Book 3, 10.10; Book 4, A5."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocols.emv import Tlv, TlvError, parse

BEFORE, AFTER = "71", "72"
"""Before and after the second GENERATE AC."""
IDENTIFIER, COMMAND = "9F18", "86"
FAILED, DONE = 0x10, 0x20
LAST_COUNTED = 0x0F
SHORTEST_COMMAND = 4


@dataclass(frozen=True, slots=True)
class Script:
    """Commands that the issuer has for the card."""

    template: str
    identifier: bytes
    commands: tuple[bytes, ...]


def scripts_of(chip: bytes | None) -> list[Script]:
    """The scripts of F55 in their order; none when it is no TLV."""
    try:
        nodes = parse(chip or b"")
    except TlvError:
        return []
    return [_script(node) for node in nodes if node.tag in (BEFORE, AFTER)]


def _script(node: Tlv) -> Script:
    identifier = next((child.value for child in node.children if child.tag == IDENTIFIER), b"")
    commands = tuple(child.value for child in node.children if child.tag == COMMAND)
    return Script(node.tag, identifier.rjust(4, b"\x00")[-4:], commands)


def run(script: Script, send: Callable[[bytes], str]) -> bytes:
    """Send the commands until one fails; `send` gives the status words. The issuer script result, 5 bytes (DF31).

    A warning (62xx, 63xx) is no failure. EMV Book 3, 10.10.
    """
    for number, command in enumerate(script.commands, start=1):
        status = send(command) if len(command) >= SHORTEST_COMMAND else ""
        if not (status == "9000" or status.startswith(("62", "63"))):
            return bytes([FAILED | min(number, LAST_COUNTED)]) + script.identifier
    return bytes([DONE]) + script.identifier
