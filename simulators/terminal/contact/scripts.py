"""Issuer scripts: found in a reply, sent to the card, and how they fared. EMV Book 3, 10.10; Book 4, A5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from protocols.emv import Tlv, TlvError, parse
from protocols.faults import CardRemoved
from simulators.terminal.contact.channel import CardUnusable

BEFORE, AFTER = "71", "72"
"""Before and after the second GENERATE AC."""
IDENTIFIER, COMMAND = "9F18", "86"
NOT_RUN, FAILED, DONE = 0x00, 0x10, 0x20
LAST_COUNTED = 0x0F
SHORTEST_COMMAND = 4
LONGEST_SCRIPTS = 128
"""Bytes of all scripts of a reply that a terminal must take, their tags and lengths with them. EMV Book 3, 10.10"""


@dataclass(frozen=True, slots=True)
class Script:
    """Commands that the issuer has for the card. `runnable`: it can be read, and is not beyond the length."""

    template: str
    identifier: bytes
    commands: tuple[bytes, ...]
    runnable: bool = True


def scripts_of(objects: Sequence[Tlv]) -> tuple[Script, ...]:
    """The scripts among the outermost objects of a reply's F55, in their order."""
    found, size = [], 0
    for node in objects:
        if node.tag in (BEFORE, AFTER):
            size += 2 + len(node.value)
            found.append(_script(node, fits=size <= LONGEST_SCRIPTS))
    return tuple(found)


def _script(node: Tlv, *, fits: bool) -> Script:
    """Book 3, 10.10: an identifier is optional, and zeros where there is none (Book 4, A5)."""
    try:
        children = parse(node.value)
    except TlvError:
        return Script(node.tag, bytes(4), (), runnable=False)
    identifier = next((child.value for child in children if child.tag == IDENTIFIER), b"")
    commands = tuple(child.value for child in children if child.tag == COMMAND)
    return Script(node.tag, identifier.rjust(4, b"\x00")[-4:], commands, runnable=fits)


def run(script: Script, send: Callable[[bytes], str]) -> bytes:
    """Send the commands until one fails; `send` gives the status words. The issuer script result, 5 bytes (DF31).

    A warning (62xx, 63xx) is no failure (10.10). A card that leaves or falls silent has failed the command.
    """
    if not script.runnable:
        return bytes([NOT_RUN]) + script.identifier
    for number, command in enumerate(script.commands, start=1):
        if not _succeeds(command, send):
            return bytes([FAILED | min(number, LAST_COUNTED)]) + script.identifier
    return bytes([DONE]) + script.identifier


def _succeeds(command: bytes, send: Callable[[bytes], str]) -> bool:
    if len(command) < SHORTEST_COMMAND:
        return False
    try:
        status = send(command)
    except (CardRemoved, CardUnusable):
        return False
    return status == "9000" or status.startswith(("62", "63"))
