"""One and the same code may be a torn card, a lost reader or a silent card: the state tells. facts/pcsc-emv 1.5."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocols.faults import CardRemoved, DeviceSilent, ReaderGone, RigFault
from protocols.pcsc.codes import meaning, of_transmit
from rigs.readers import settling
from rigs.readers.settling import what_happened
from rigs.readers.winscard import EMPTY, PRESENT, UNAVAILABLE

IN, OUT, GONE, BACK = 5 << 16 | PRESENT, 6 << 16 | EMPTY, UNAVAILABLE, 7 << 16 | PRESENT
NOT_TRANSACTED, REMOVED, RESET, MISMATCH = 0x80100016, 0x80100069, 0x80100068, 0x8010000F


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "SETTLE_S", 0.02)


def looks(*states: int) -> Callable[[int, float], int]:
    """One state after another; the last one stays."""
    coming = list(states)
    return lambda known, wait_s: coming.pop(0) if len(coming) > 1 else coming[0]


@pytest.mark.parametrize("code", [NOT_TRANSACTED, REMOVED, RESET, MISMATCH, 0xFFFFFFFF, 0x8010002F])
@pytest.mark.parametrize(
    ("states", "fault"),
    [((OUT,), CardRemoved), ((IN, OUT), CardRemoved), ((BACK,), CardRemoved), ((IN, BACK), CardRemoved),
     ((GONE,), ReaderGone), ((IN, GONE), ReaderGone)],
    ids=["out", "then out", "back", "then back", "gone", "then gone"],
)  # fmt: skip
def test_the_state_tells(code: int, states: tuple[int, ...], fault: type[Exception]) -> None:
    assert type(what_happened(meaning(code), "transmit", looks(*states), 5)) is fault


@pytest.mark.parametrize(
    ("code", "during", "fault", "component"),
    [
        (NOT_TRANSACTED, "transmit", DeviceSilent, "card"),
        (0xFFFFFFFF, "transmit", DeviceSilent, "card"),
        (0x80100066, "connect", DeviceSilent, "card"),
        (MISMATCH, "connect", DeviceSilent, "card"),
        (MISMATCH, "transmit", RigFault, "reader"),
        (MISMATCH, "reset", RigFault, "reader"),
        (REMOVED, "transmit", CardRemoved, "card"),
        (RESET, "transmit", CardRemoved, "card"),
        (0x80100008, "transmit", RigFault, "reader"),
    ],
)
def test_a_card_that_stayed_is_judged_by_the_code(
    code: int, during: str, fault: type[Exception], component: str
) -> None:
    """A power that the service took away is no silence of the card, and no removal: the case is done again."""
    happened = what_happened(meaning(code), during, looks(IN), 5)
    assert type(happened) is fault
    assert happened.component == component


def test_a_success_without_an_answer_is_settled_too() -> None:
    """facts/pcsc-emv 1.5, row 2: pyscard calls a torn card a success."""
    assert isinstance(what_happened(of_transmit(0, b""), "transmit", looks(IN, OUT), 5), CardRemoved)
    assert isinstance(what_happened(of_transmit(0, b"\x90"), "transmit", looks(IN), 5), DeviceSilent)


@pytest.mark.parametrize("code", [0x80100009, 0x80100017, 0x8010002E, 0x8010001D, 0x8010001E, 0x80100013, 0x80100003])
def test_a_lost_service_needs_no_settling(code: int) -> None:
    def nobody(known: int, wait_s: float) -> int:
        raise AssertionError("there is nobody to ask")

    assert isinstance(what_happened(meaning(code), "transmit", nobody), ReaderGone)
    assert "another program" in str(what_happened(meaning(0x8010000B), "connect", nobody))


def test_a_service_that_is_lost_while_it_is_asked_is_the_answer() -> None:
    def gone(known: int, wait_s: float) -> int:
        raise ReaderGone("service lost")

    assert isinstance(what_happened(meaning(NOT_TRANSACTED), "transmit", gone), ReaderGone)
