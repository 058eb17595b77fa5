"""Which reader is the rig's: serial number, USB port, name; two that match are an error that lists both."""

from __future__ import annotations

import pytest

from protocols.faults import ConfigurationError, ReaderGone
from rigs.readers.choice import Listed, ReaderChoice, choose

FIRST = Listed("ACS ACR122U [CCID Interface] 00 00", "A-1", "1-2.1")
SECOND = Listed("ACS ACR122U [CCID Interface] 01 00", "A-2", "1-2.2")
SILENT = Listed("Cherry TC 1200 02 00")
ALL = [FIRST, SECOND, SILENT]


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        (ReaderChoice(serial="A-2"), SECOND),
        (ReaderChoice(usb="1-2.1"), FIRST),
        (ReaderChoice(name="Cherry"), SILENT),
        (ReaderChoice(name="[CCID Interface] 01"), SECOND),
        (ReaderChoice(name="ACS*00 00"), FIRST),
        (ReaderChoice(name="ACS * 0? 0?", usb="1-2.2"), SECOND),
        (ReaderChoice(serial="A-1", name="ACS"), FIRST),
    ],
    ids=str,
)
def test_one_that_fits_is_chosen(choice: ReaderChoice, chosen: Listed) -> None:
    assert choose(ALL, choice) is chosen


def test_two_that_fit_are_both_named_with_serial_and_port() -> None:
    with pytest.raises(ConfigurationError) as caught:
        choose(ALL, ReaderChoice(name="ACS"))
    for words in (FIRST.name, "serial A-1", "USB 1-2.1", SECOND.name, "serial A-2", "USB 1-2.2"):
        assert words in str(caught.value)
    assert SILENT.name not in str(caught.value)


def test_like_readers_with_one_serial_number_are_told_apart_by_their_ports() -> None:
    twins = [Listed("R 00 00", "0001", "1-1"), Listed("R 01 00", "0001", "1-2")]
    assert choose(twins, ReaderChoice(serial="0001", usb="1-2")) is twins[1]
    with pytest.raises(ConfigurationError, match=r"2 readers.*'0001'"):
        choose(twins, ReaderChoice(serial="0001"))


@pytest.mark.parametrize(
    "choice",
    [ReaderChoice(serial="A-1", name="Cherry"), ReaderChoice(serial="a-1"), ReaderChoice(usb="1-2"),
     ReaderChoice(name="Interface. 00")],
    ids=str,
)  # fmt: skip
def test_none_that_fits_is_told_with_those_that_are_there(choice: ReaderChoice) -> None:
    """All that is asked must be so, to the letter; a dot in a name is a dot."""
    with pytest.raises(ReaderGone, match=r"Cherry TC 1200 02 00 \(no serial, no USB port"):
        choose(ALL, choice)


def test_no_reader_at_all_is_said() -> None:
    with pytest.raises(ReaderGone, match="PC/SC lists: none"):
        choose([], ReaderChoice(name="ACS"))


def test_anything_fits_where_nothing_is_asked() -> None:
    assert choose([SILENT], ReaderChoice()) is SILENT
    with pytest.raises(ConfigurationError, match="any reader"):
        choose(ALL, ReaderChoice())
