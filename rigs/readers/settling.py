"""What a failed call means. A torn card and a lost reader look alike at first: the reader's state tells which it was,
once it has settled. design 7; facts/pcsc-emv 1.5
"""

from __future__ import annotations

import time
from collections.abc import Callable

from protocols.faults import CardRemoved, DeviceSilent, ReaderGone, RigFault
from protocols.pcsc.codes import About, Meaning
from rigs.readers.winscard import EMPTY, LOST, PROTOCOL_MISMATCH, counter

SETTLE_S = 1.5
LOST_POWER = (0x8010000C, 0x80100068, 0x80100069)
"""No card, card reset, card removed: whatever was said to it before is forgotten."""

Look = Callable[[int, float], int]
"""The event state once it differs from the one given, or at the end of so many seconds; of 0, now."""


def reader_gone(told: Meaning, during: str) -> ReaderGone:
    """Reader or service is no longer there."""
    return ReaderGone(
        f"reader gone: {told.words} ({during}, {told.code:08X})", advice="plug it in again, or restart pcscd"
    )


def what_happened(told: Meaning, during: str, look: Look, since: int | None = None) -> CardRemoved | RigFault:
    """The fault behind a code. `since` is the movement counter as the card was powered: it may have left and be back.

    pcscd may take a card's power away beneath whoever holds it, without a movement: it tells a card to be there before
    it has noted that it powered it, and then finds one that nobody uses. The next command says PROTO_MISMATCH. The
    card has forgotten all that was said to it, and a new reset would hide that: so it is a fault of the rig, and the
    case is done again. winscard of pcsc-lite, eventhandler.c
    """
    if told.about in (About.READER, About.SERVICE):
        return reader_gone(told, during)
    if told.about is About.SHARING:
        return RigFault("another program holds the card or the reader", advice="end it", component="reader")
    try:
        if _card_left(look, since):
            return CardRemoved(f"the card was removed ({during}, {told.code:08X})")
    except ReaderGone as gone:
        return gone
    if told.code in LOST_POWER:
        return CardRemoved(f"{told.words} ({during}, {told.code:08X})")
    if told.code == PROTOCOL_MISMATCH and during != "connect":
        return RigFault("the PC/SC service took the card's power away", advice="do the case again", component="reader")
    if told.about is About.CALL:
        return RigFault(f"the reader failed: {told.words} ({during}, {told.code:08X})", component="reader")
    return DeviceSilent(f"the card gave no valid answer: {told.words} ({during}, {told.code:08X})", component="card")


def _card_left(look: Look, since: int | None) -> bool:
    """Whether it shows within the settling time that the card moved. Raises ReaderGone when it was the reader."""
    deadline = time.monotonic() + SETTLE_S
    state = 0
    while True:
        left = deadline - time.monotonic()
        if state and left <= 0:
            return False
        state = look(state, left if state else 0.0)
        if state & LOST:
            raise ReaderGone("reader gone", advice="plug it in again")
        if state & EMPTY or (since is not None and counter(state) != since):
            return True
