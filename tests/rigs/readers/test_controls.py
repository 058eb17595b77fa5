"""Commands to the reader itself: which control code carries them. facts/pcsc-emv 5."""

from __future__ import annotations

import pytest

from protocols.faults import RigFault
from protocols.pcsc.part10 import CTL, GET_FEATURE, Feature, PinVerify, pack_features
from rigs.readers import controls
from tests.simulators.kit import Events


class Reader:
    """Takes these control codes, and notes what it was asked."""

    def __init__(self, taken: dict[int, bytes]) -> None:
        self.taken, self.asked = taken, list[int]()

    def __call__(self, code: int, data: bytes, deadline_s: float | None = None) -> bytes | None:
        self.asked.append(code)
        return self.taken.get(code)


def naming(code: int) -> dict[int, bytes]:
    return {GET_FEATURE: pack_features({Feature.CCID_ESC_COMMAND: code})}


@pytest.mark.parametrize(
    ("taken", "asked"),
    [
        ({CTL(3500): b"a"}, [GET_FEATURE, CTL(3500)]),
        ({CTL(1): b"a"}, [GET_FEATURE, CTL(3500), CTL(1)]),
        (naming(CTL(7)) | {CTL(7): b"a", CTL(3500): b"wrong"}, [GET_FEATURE, CTL(7)]),
    ],
    ids=["Windows and acsccid", "libccid", "named"],
)
def test_the_code_is_the_one_that_the_reader_names_or_else_both_are_tried(
    taken: dict[int, bytes], asked: list[int]
) -> None:
    reader = Reader(taken)
    assert controls.escape(reader, b"\xff", Events()) == b"a"
    assert reader.asked == asked


def test_a_named_code_that_is_refused_is_not_followed_by_others() -> None:
    """libccid names it and refuses it, until it is allowed: what to do is said."""
    reader, events = Reader(naming(CTL(1)) | {CTL(3500): b"wrong"}), Events()
    with pytest.raises(RigFault, match="ifdDriverOptions"):
        controls.escape(reader, b"\xff", events)
    assert not events.all()


def test_an_empty_answer_is_one() -> None:
    assert controls.escape(Reader({CTL(3500): b""}), b"\xff", Events()) == b""


def test_a_reader_that_refuses_a_pin_entry_says_so() -> None:
    """It names the feature, and does not take the request."""
    reader = Reader({GET_FEATURE: pack_features({Feature.VERIFY_PIN_DIRECT: CTL(6)})})
    events = Events()
    with pytest.raises(RigFault, match="refused to verify"):
        controls.verify_pin(reader, PinVerify(b"\x00\x20\x00\x80\x00"), events)
    assert [event.kind for event in events.all()] == ["pin-asked"]
