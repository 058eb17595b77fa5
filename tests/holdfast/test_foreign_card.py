"""What is made of a foreign card where a case is told: nobody's fault, no second word of it, nothing held of it."""

from __future__ import annotations

import traceback
from typing import Any, cast

from holdfast.attempt import blame
from holdfast.cli import STATUS
from holdfast.status import Exit
from protocols.events import Channel
from protocols.faults import FOREIGN_CARD, ForeignCard, HoldfastError, RigFault
from rigs.case import Case
from tests.support.foreign import FOREIGN


class Told:
    """A case that keeps what is recorded of it."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []

    def emit(self, channel: Channel, kind: str, **fields: Any) -> int:
        self.events.append((channel.value, kind, fields))
        return len(self.events)

    def fault(self, cause: str, component: str, advice: str) -> None:
        self.emit(Channel.RIG, "fault", cause=cause)

    def bug(self, cause: str, where: str) -> None:
        self.emit(Channel.RIG, "bug", cause=cause)


def read() -> None:
    answer = FOREIGN
    if answer:
        raise ForeignCard


def caught() -> ForeignCard:
    try:
        read()
    except ForeignCard as error:
        return error
    raise AssertionError("nothing was raised")


def test_the_step_is_broken_and_the_guard_alone_tells_the_fault() -> None:
    case = Told()
    blame(cast(Case, case), caught())
    ((channel, kind, fields),) = case.events
    assert (channel, kind, fields["status"]) == ("step", "end", "broken")
    assert FOREIGN_CARD in fields["message"]


def test_the_frames_behind_it_are_emptied() -> None:
    error = caught()
    held = [frame.f_locals for frame, _ in traceback.walk_tb(error.__traceback__)]
    assert any("answer" in names for names in held)
    blame(cast(Case, Told()), error)
    assert not any(
        FOREIGN in names.values() for names in (f.f_locals for f, _ in traceback.walk_tb(error.__traceback__))
    )


def test_it_is_no_fault_of_the_rig_and_ends_a_command_as_incomplete() -> None:
    error: HoldfastError = ForeignCard()
    assert not isinstance(error, RigFault)
    assert next(status for kind, status in STATUS if isinstance(error, kind)) is Exit.INCOMPLETE
    assert not any(character.isdigit() for character in str(error) + repr(error))
