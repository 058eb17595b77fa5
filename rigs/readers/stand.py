"""The reader where it stands on the bench: what people do to it and its cards, and what it says when it is asked.

What is done on purpose is told as RIG `handled`, so that nobody takes it for a fault of the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from protocols.events import Channel, Emit, Event
from protocols.faults import ConfigurationError, RigFault
from simulators.reader import SlotKind

if TYPE_CHECKING:
    from rigs.build import Field, ReaderOnBench

SEES_S = 5.0
"""Longest wait for a reader to see that its card has gone; a reader on this bench takes a millisecond."""
CHANGING = frozenset({"driver", "wrapper", "library", "service", "ccid driver", "kernel", "name", "pid"})
"""Of a reader's attributes: software about it, and the name by which it is listed just now."""


def identity_of(attributes: Mapping[str, str]) -> dict[str, str]:
    """What a reader says of itself that must never change."""
    return {key: value for key, value in attributes.items() if key not in CHANGING}


class ReaderStand:
    """A reader with its presenter, and its field where it has one.

    `driver` drives the slot that the terminal uses. `under_test`: it is asked at every case's end who it is.
    """

    def __init__(self, parts: ReaderOnBench, emit: Emit, *, under_test: bool) -> None:
        self.driver = parts.driver
        self._presenter = parts.presenter
        self._field = parts.field
        self._defects = parts.defects
        self._emit = emit
        self._under_test = under_test
        self._identity: dict[str, str] = {}
        self._slot = {} if parts.field is None else {"slot": SlotKind.CONTACT.value}

    def is_known_as(self, attributes: Mapping[str, str]) -> None:
        """What it said of itself when the bench came up."""
        self._identity = identity_of(attributes)

    def arm(self) -> None:
        """Its seeded defects, if it has any, are there for the next case."""
        self._defects.arm()

    @property
    def at_field(self) -> Field:
        """Its contactless slot. Raises ConfigurationError when it has none."""
        if self._field is None:
            raise ConfigurationError(
                "the rig's reader has no contactless slot beside its first one",
                advice="give the reader of the rig file a profile that has",
            )
        return self._field

    # ── cards ─────────────────────────────────────────────────────────────────────────────────────────────────

    def take_card_out(self) -> None:
        """The card leaves the reader, and the reader has seen it: the next card is no change of this one.

        Raises RigFault when the reader sees a card all the same.
        """
        with suppress(RigFault):  # a reader that is lost says nothing
            self._looked(self.driver.wait_for_card(True, 0.0))
        self._presenter.remove()
        gone = self.driver.wait_for_card(False, SEES_S)
        self._looked(not gone)
        if not gone:
            raise RigFault("the reader still sees a card", advice="what lies in it?", component="reader")

    def clear_field(self) -> None:
        """No card is in the field, where there is one."""
        if self._field is not None:
            self._field.driver.power_off()
            self._field.presenter.remove()

    def _looked(self, present: bool) -> None:
        self._tell("looked", present=present)

    # ── the plug ──────────────────────────────────────────────────────────────────────────────────────────────

    def unplug(self) -> None:
        """On purpose."""
        self._handled("unplugged")
        self._presenter.unplug()

    def plug_in(self) -> None:
        """It is there again, and says who it is."""
        self._bring_back()
        self._ask_who_it_is()

    def restore(self) -> None:
        """Whatever became of it, it works again."""
        if not self.driver.healthy():
            self._bring_back()

    def look(self) -> None:
        """Where it is under test: is it still the one that it was?"""
        if self._under_test:
            self._ask_who_it_is()

    def _bring_back(self) -> None:
        self._handled("restarted")
        self.driver.recover()
        if self._field is not None:
            self._field.driver.recover()
        self._handled("in use again")

    def _ask_who_it_is(self) -> None:
        self._tell("identity", **{"was": self._identity, "is": identity_of(self.driver.attributes())})

    def _handled(self, what: str) -> None:
        self._emit(Event(Channel.RIG, "handled", {"device": "reader", "what": what}))

    def _tell(self, kind: str, **fields: Any) -> None:
        self._emit(Event(Channel.READER, kind, {**fields, **self._slot}))
