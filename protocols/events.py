"""The event: what all evidence is made of, and the `Emit` that carries it to the recorder.

A device, a twin or a step builds an `Event` at the edge where it saw a thing happen and hands it to the
`emit` it was given. It puts raw bytes in as they were: the recorder masks whole frames and whole printed
lines before anything is written. Facts that judging needs of a secret (MAC valid, PIN right, cryptogram
verified) are put into `fields` by the side that holds the secret; secrets themselves never are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, Union

Json: TypeAlias = Union[str, int, float, bool, Sequence["Json"], Mapping[str, "Json"], None]


class Channel(StrEnum):
    """Where on the bench a thing was seen."""

    CASE = "case"
    STEP = "step"
    CRITERION = "criterion"
    HOST = "host"
    LEDGER = "ledger"
    TERMINAL = "terminal"
    CARD = "card"
    READER = "reader"
    PRINTER = "printer"
    OPERATOR = "operator"
    RIG = "rig"


class Direction(StrEnum):
    """As seen by the terminal: `OUT` leaves it, `IN` reaches it; `NONE` is no traffic."""

    NONE = ""
    OUT = "out"
    IN = "in"


@dataclass(slots=True)
class Event:
    """One thing that happened, never changed once it is made. `at_ns` is `time.monotonic_ns()` at the edge where it was
    seen. Not frozen: a host makes half a dozen of them for each request, and that would cost it three times as much.
    """

    channel: Channel
    kind: str
    fields: Mapping[str, Json] = field(default_factory=dict)
    direction: Direction = Direction.NONE
    raw: bytes | None = None
    at_ns: int = field(default_factory=time.monotonic_ns)


Emit = Callable[[Event], object]
"""Takes an event to the recorder. What it returns is of no concern to who emits."""


def discard(event: Event) -> None:
    """An `Emit` for a twin used alone, whose events nobody records."""
