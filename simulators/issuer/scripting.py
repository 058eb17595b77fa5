"""Issuer scripts: commands under a card's own keys, sent with an answer; and what the chip says became of them.

EMV Book 3, 10.10; Book 2, 9. A new PIN counts for the issuer once the terminal has told that the card took it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from protocols.emv import Apdu
from protocols.emv.scripts import (
    application_block,
    application_unblock,
    card_block,
    pin_change,
    pin_unblock,
    put_data,
    template,
)
from protocols.emv.secure_messaging import ScriptKeys, seal
from protocols.emv.secure_messaging import pin_change as pin_change_data
from simulators.issuer.formats import RESULT_BYTES
from simulators.issuer.issuerscript import IssuerScript, ScriptCommand
from simulators.issuer.security import CardOnFile, Cryptogram, PinChange

MOST_COMMANDS = 4
"""In one script: EMV Book 3, 10.10 has terminals take 128 bytes in all, and a PIN change has 27."""
PERFORMED = 2
"""First digit of an issuer script result, DF31. EMV Book 4, A5"""
DEFAULT_ACTION = ("9F52", bytes.fromhex("6300"))
"""What PUT DATA writes: the application default action of a card that was personalised in the usual way."""


class Sent(NamedTuple):
    """Scripts as they lie in F55, and the new PIN that one of them brings."""

    chip: bytes
    pin_change: PinChange | None


def next_pin(pin: str) -> str:
    """The PIN that a change gives: the digits backwards, and each one up where that is the same."""
    turned = pin[::-1]
    return turned if turned != pin else "".join(str((int(digit) + 1) % 10) for digit in pin)


_COMMANDS: Mapping[ScriptCommand, Callable[[CardOnFile, ScriptKeys], Apdu]] = {
    "PIN unblock": lambda card, keys: pin_unblock(),
    "PIN change": lambda card, keys: pin_change(pin_change_data(keys, next_pin(card.pin))),
    "application block": lambda card, keys: application_block(),
    "application unblock": lambda card, keys: application_unblock(),
    "card block": lambda card, keys: card_block(),
    "put data": lambda card, keys: put_data(*DEFAULT_ACTION),
}
COMMANDS = tuple(_COMMANDS)


def scripts(
    card: CardOnFile, chip: Cryptogram, wanted: Sequence[IssuerScript], sent_with: tuple[str, str, str, str]
) -> Sent:
    """The scripts that rules ask for, numbered from 1, each command with its MAC of this transaction."""
    keys, out, change = card.script_keys(chip), b"", None
    parts = [(script, part) for script in wanted for part in script.templates]
    for number, (script, part) in enumerate(parts, start=1):
        identifier = number.to_bytes(4, "big")
        out += template(part, identifier, [_sealed(card, keys, one, script.wrong_mac) for one in script.commands])
        if "PIN change" in script.commands:
            change = PinChange(sent_with, identifier, next_pin(card.pin))
    return Sent(out, change)


def _sealed(card: CardOnFile, keys: ScriptKeys, command: ScriptCommand, wrong: bool) -> bytes:
    sealed = seal(_COMMANDS[command](card, keys), keys)
    spoilt = sealed.data[:-1] + bytes([sealed.data[-1] ^ 0xFF])
    return replace(sealed, data=spoilt).pack() if wrong else sealed.pack()


class Result(NamedTuple):
    """What became of one script: 0 not performed, 1 failed, 2 performed."""

    outcome: int
    identifier: bytes


def results(value: bytes) -> Iterator[Result]:
    """Those of DF31, five bytes each."""
    for at in range(0, len(value), RESULT_BYTES):
        octets = value[at : at + RESULT_BYTES]
        yield Result(octets[0] >> 4, octets[1:])


def learn(card: CardOnFile, sent_with: tuple[str, str, str, str], told: bytes) -> bool:
    """Take over the new PIN if the card took it, as the results of that transaction's scripts say; whether it did."""
    change = card.pin_change
    if change is None or change.sent_with != sent_with:
        return False
    card.pin_change = None
    if Result(PERFORMED, change.identifier) not in results(told):
        return False
    card.pin, card.wrong_pins = change.pin, 0
    return True
