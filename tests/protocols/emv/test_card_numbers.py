"""What an answer shows of a card number: in objects that hold one, in shapes elsewhere, whole or cut off."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocols.cardlist import CardList
from protocols.emv import build
from protocols.emv.card_numbers import numbers_shown
from protocols.pan import TEST_RANGES, derived, looks_like_a_pan
from tests.support.foreign import FOREIGN, TRACK_2

READ_RECORD, SELECT = bytes.fromhex("00B2011400"), bytes.fromhex("00A4040000")
OPTIONS, GENERATE = bytes.fromhex("80A8000002830000"), bytes.fromhex("80AE800000")
CHALLENGE, AUTHENTICATE = bytes.fromhex("0084000000"), bytes.fromhex("00880000040102030400")
UID, STORAGE = bytes.fromhex("FFCA000000"), bytes.fromhex("FFB0000410")
DONE = b"\x90\x00"
LISTED = "6250947000000014"
PACKED = bytes.fromhex(LISTED)
TRACK = bytes.fromhex(f"{LISTED}D3012201000000000F")
house = CardList()


def shown(data: bytes, command: bytes = READ_RECORD, words: bytes = DONE) -> set[str]:
    return {reading for number in numbers_shown(command, data + words) for reading in number.readings}


def is_foreign(data: bytes, command: bytes = READ_RECORD) -> bool:
    """As the guard weighs it: a number with no reading that the list has."""
    return any(
        not any(house.may_begin_with(r) if number.cut else house.entry_of(r) for r in number.readings)
        for number in numbers_shown(command, data + DONE)
    )


def in_record(*objects: tuple[str, bytes], template: str = "70") -> bytes:
    return build([(template, list(objects))])


HOLDERS = {
    "PAN": in_record(("5A", bytes.fromhex(FOREIGN))),
    "PAN, padded": in_record(("5A", bytes.fromhex(FOREIGN) + b"\xff\xff")),
    "track 2": in_record(("57", bytes.fromhex(TRACK_2))),
    "track 2 of the mag-stripe mode": in_record(("9F6B", bytes.fromhex(TRACK_2))),
    "track 1": in_record(("56", f"B{FOREIGN}^TEST/CARD^3011201".encode())),
    "track 1 with its sentinel": in_record(("56", f"%B{FOREIGN}^TEST/CARD^3011201".encode())),
    "PAN alone, no template": build([("5A", bytes.fromhex(FOREIGN))]),
    "PAN in an answer of format 2": in_record(("5A", bytes.fromhex(FOREIGN)), template="77"),
    "PAN deep in an FCI": build([("6F", [("A5", [("BF0C", [("5A", bytes.fromhex(FOREIGN))])])])]),
}  # fmt: skip


@pytest.mark.parametrize("holder", HOLDERS)
def test_the_number_is_read_from_every_object_that_holds_one(holder: str) -> None:
    assert shown(HOLDERS[holder]) == {FOREIGN}
    assert is_foreign(HOLDERS[holder])


@pytest.mark.parametrize("command", [READ_RECORD, SELECT, OPTIONS, GENERATE, AUTHENTICATE, b"", b"\x00"], ids=bytes.hex)
def test_it_is_read_whatever_the_command(command: bytes) -> None:
    assert is_foreign(HOLDERS["PAN"], command)


@pytest.mark.parametrize("words", ["6283", "6300", "9000", "6A83"])
def test_it_is_read_whatever_the_status_words(words: str) -> None:
    assert shown(HOLDERS["PAN"], words=bytes.fromhex(words)) == {FOREIGN}


SHAPES = {
    "the stripe's second track in an object of one's own": in_record(("DF01", bytes.fromhex(TRACK_2))),
    "a number that fills an object of one's own": in_record(("DF01", bytes.fromhex(FOREIGN))),
    "the label": in_record(("50", f"card {FOREIGN}".encode())),
    "the holder's name": in_record(("5F20", FOREIGN.encode())),
    "objects inside an object that is no template": in_record(("DF02", build([("5A", bytes.fromhex(FOREIGN))]))),
    "object 80 of a record": build([("80", bytes.fromhex(TRACK_2))]),
}


@pytest.mark.parametrize("where", SHAPES)
def test_a_number_where_none_belongs_is_seen_by_its_shape(where: str) -> None:
    assert is_foreign(SHAPES[where])


BROKEN = {
    "the template is longer than it says": b"\x70\x20" + build([("5A", bytes.fromhex(FOREIGN)), ("5F24", b"\x30")]),
    "the template is cut within the PAN": HOLDERS["PAN"][:9],
    "the template is cut within track 2": HOLDERS["track 2"][:9],
    "the tag before it has no end": b"\x70\x13\x9f\xff" + build([("5A", bytes.fromhex(FOREIGN))]) + b"\x01",
    "track 2 without its tag": b"\x70\x99" + bytes.fromhex(TRACK_2),
    "track 2 half a byte on": b"\x70\x99" + bytes.fromhex("1" + TRACK_2[:-1]),
    "track 2 of no check digit": b"\x70\x99" + bytes.fromhex(f"{FOREIGN[:-1]}0D3012F"),
    "track 2 of twelve digits": b"\x70\xff" + bytes.fromhex(f"{FOREIGN[:12]}D3012201"),
    "track 2 in text": f"\x70\x99;{FOREIGN}=3011201?".encode("latin-1"),
    "track 2 in text, of no check digit": f"\x70\x99;{FOREIGN[:-1]}0=3011201?".encode("latin-1"),
    "track 1 in text": f"\x70\x99%B{FOREIGN[:4]} {FOREIGN[4:10]} {FOREIGN[10:]}^X^".encode("latin-1"),
    "the number in text": f"\x70\x99 {FOREIGN} ".encode("latin-1"),
    "the number alone": b"\x70\x99\xfe" + bytes.fromhex(FOREIGN) + b"\xfe\xff",
    "nothing but the number": bytes.fromhex(FOREIGN),
    "a length of four bytes": b"\x70\x84\x00\x00\x00\x0a" + build([("5A", bytes.fromhex(FOREIGN))]),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_record_that_cannot_be_read_shows_its_number_all_the_same(how: str) -> None:
    assert is_foreign(BROKEN[how])


STRICT = {
    "PAN of no digits": in_record(("5A", bytes.fromhex("6250947A00000014"))),
    "PAN of a wrong check digit": in_record(("5A", bytes.fromhex("6250947000000015"))),
    "PAN of another length": in_record(("5A", PACKED + b"\x01\xff")),
    "track 2 without a separator": in_record(("57", TRACK.replace(b"\xd3", b"\x13"))),
    "track 1 that is none": in_record(("56", b"no number")),
    "issuer of another range": build([("6F", [("A5", [("BF0C", [("42", bytes.fromhex("625095"))])])])]),
    "issuer of another range, eight digits": build([("6F", [("9F0C", bytes.fromhex("62509471"))])]),
}


@pytest.mark.parametrize("what", STRICT)
def test_what_a_tag_for_numbers_holds_is_on_the_list_or_foreign(what: str) -> None:
    assert is_foreign(STRICT[what])


OURS = {
    "PAN": in_record(("5A", PACKED), ("5F24", b"\x30\x12\x31")),
    "PAN, padded": in_record(("5A", PACKED + b"\xff\xff")),
    "track 2": in_record(("57", TRACK), ("5F20", b"TEST CARD/HOLDFAST"), ("9F1F", b"0" * 8)),
    "track 1": in_record(("56", f"B{LISTED}^TEST/CARD^3012201".encode())),
    "issuer": build([("6F", [("A5", [("BF0C", [("42", bytes.fromhex("625094"))])])])]),
    "an empty PAN": in_record(("5A", b"")),
    "a PAN of padding alone": in_record(("5A", b"\xff" * 8)),
    "longer than it says": b"\x70\x30" + build([("5A", PACKED), ("57", TRACK)]),
    "cut in the PAN": in_record(("5A", PACKED))[:8],
    "cut in track 2": in_record(("57", TRACK))[:14],
    "half a byte on": b"\x70\x99" + bytes.fromhex("1" + TRACK.hex()[:-1]),
    "text": f"\x70\x99;{LISTED}=3012201?".encode("latin-1"),
}  # fmt: skip


@pytest.mark.parametrize("what", OURS)
def test_a_listed_card_is_none_however_its_record_looks(what: str) -> None:
    assert not is_foreign(OURS[what])


def test_a_listed_number_beside_a_foreign_one_does_not_cover_it() -> None:
    assert is_foreign(in_record(("5A", PACKED), ("57", bytes.fromhex(TRACK_2))))
    assert is_foreign(b"\x70\x99" + TRACK + bytes.fromhex(TRACK_2))


DATE = next(
    text for number in count(20260101) if looks_like_a_pan((text := str(number).encode()).hex())
)  # eight characters, whose bytes look like sixteen packed digits
BARE = bytes.fromhex(TRACK_2)[:19]
NO_CARD_DATA = {
    "options of format 1": (OPTIONS, build([("80", b"\x7c\x00" + bytes.fromhex("080101001001020118010200"))])),
    "a cryptogram of format 1": (GENERATE, build([("80", b"\x80\x02\x40" + BARE)])),
    "a signature of format 1": (AUTHENTICATE, build([("80", BARE)])),
    "a cryptogram": (GENERATE, in_record(("9F26", bytes.fromhex(FOREIGN)), template="77")),
    "a certificate": (READ_RECORD, in_record(("90", BARE))),
    "an identity number": (READ_RECORD, in_record(("9F61", FOREIGN.encode()))),
    "discretionary data": (READ_RECORD, in_record(("9F1F", FOREIGN.encode()))),
    "a random number": (CHALLENGE, bytes.fromhex("5A06A1B2C3D4E5F6")),
    "a UID": (UID, bytes.fromhex(next(derived(FOREIGN[:8], 77, 14)))),
    "a date in text": (READ_RECORD, in_record(("DF02", DATE))),
    "a date in text that is no TLV": (READ_RECORD, b"\x70\x99\xff" + DATE + b"\xff"),
    "no data": (READ_RECORD, b""),
}  # fmt: skip


@pytest.mark.parametrize("what", NO_CARD_DATA)
def test_what_is_random_or_digits_of_another_kind_is_no_number(what: str) -> None:
    command, data = NO_CARD_DATA[what]
    assert shown(data, command) == set()


BROKEN_AT_RANDOM = {
    "a cryptogram of format 1": (GENERATE, b"\x80\x25" + b"\x80\x02\x40" + BARE),
    "a signature of format 1": (AUTHENTICATE, b"\x80\x81" + BARE),
    "options of format 1": (OPTIONS, b"\x80\x20" + bytes.fromhex(TRACK_2)),
    "a cryptogram of format 2": (GENERATE, b"\x77\x70\x9f\x27\x01\x80\x9f\x26\x11" + bytes.fromhex(TRACK_2)),
    "a cryptogram behind filling": (GENERATE, b"\x77\x70\x00\x9f\x26\x11" + bytes.fromhex(TRACK_2)),
    "a signature that is cut": (GENERATE, b"\x77\x70\x9f\x4b\x81\x80" + BARE),
    "a certificate of a record that is cut": (READ_RECORD, b"\x70\x81\xb3\x90\x81\xb0" + BARE),
    "the directory of a card": (READ_RECORD, b"\x70\x70\x61\x2e\x4f\x11" + bytes.fromhex(TRACK_2) + b"\x50\x0a"),
    "the name of an application": (SELECT, b"\x6f\x70\x84\x11" + bytes.fromhex(TRACK_2) + b"\x50\x0a"),
    "a list within the name's template": (SELECT, b"\x6f\x70\x84\x00\xa5\x60\x9f\x38\x11" + bytes.fromhex(TRACK_2)),
    "a certificate before what is cut": (READ_RECORD, b"\x70\x70\x9f\x46\x11" + bytes.fromhex(TRACK_2) + b"\x9f\x47"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN_AT_RANDOM)
def test_random_values_of_a_broken_answer_are_no_number_by_chance(what: str) -> None:
    command, data = BROKEN_AT_RANDOM[what]
    assert shown(data, command) == set()


STILL_A_NUMBER = {
    "behind its tag among bare values": (GENERATE, b"\x80\x25\x80" + build([("5A", bytes.fromhex(FOREIGN))])),
    "behind its tag in a cryptogram": (
        GENERATE, b"\x77\x70\x9f\x26\x0b" + build([("5A", bytes.fromhex(FOREIGN))]) + b"\x01",
    ),
    "behind the cryptogram": (GENERATE, b"\x77\x70\x9f\x26\x01\x00\xdf\x01\x11" + bytes.fromhex(TRACK_2)),
    "behind the certificate": (READ_RECORD, b"\x70\x70\x90\x01\x00" + bytes.fromhex(TRACK_2)),
    "bare, in an answer to another command": (READ_RECORD, b"\x80\x25\xff" + bytes.fromhex(FOREIGN)),
    "in another template": (GENERATE, b"\x61\x70\x9f\x26\x11" + bytes.fromhex(TRACK_2)),
}  # fmt: skip


@pytest.mark.parametrize("where", STILL_A_NUMBER)
def test_a_number_of_a_broken_answer_is_seen_where_it_is_none_by_chance(where: str) -> None:
    command, data = STILL_A_NUMBER[where]
    assert is_foreign(data, command)


def test_a_storage_card_is_looked_through_as_it_stands() -> None:
    assert shown(bytes.fromhex("0102030405060708090A0B0C0D0E0F10"), STORAGE) == set()
    assert is_foreign(b"\xff\xff" + bytes.fromhex(FOREIGN) + b"\xff" * 6, STORAGE)
    assert is_foreign(bytes.fromhex(TRACK_2), STORAGE)


def test_a_challenge_that_is_longer_than_one_is_looked_through() -> None:
    assert is_foreign(HOLDERS["PAN"], CHALLENGE)


def test_the_readers_own_answers_other_than_the_uid_are_looked_through() -> None:
    assert is_foreign(HOLDERS["PAN"], bytes.fromhex("FF00000000"))


@pytest.mark.parametrize("answer", [b"", b"\x90", b"\x90\x00"], ids=bytes.hex)
def test_an_answer_without_data_shows_nothing(answer: bytes) -> None:
    assert list(numbers_shown(READ_RECORD, answer)) == []


def test_long_answers_are_looked_through_in_time_that_grows_as_they_do() -> None:
    """Nothing but digits, as long as an extended answer can be: one that tries every beginning would take minutes."""
    assert not is_foreign(b"\x70\x99" + bytes(65_534))
    assert not is_foreign(b"\x70\x99" + b"1" * 65_534)


def test_what_was_shown_is_not_in_its_repr() -> None:
    assert FOREIGN not in repr(list(numbers_shown(READ_RECORD, HOLDERS["PAN"] + DONE)))


@given(st.binary(max_size=300), st.sampled_from([READ_RECORD, SELECT, STORAGE, CHALLENGE]))
def test_any_bytes_can_be_looked_through(data: bytes, command: bytes) -> None:
    for number in numbers_shown(command, data):
        assert number.readings


@given(
    st.sampled_from(TEST_RANGES), st.integers(1, 9_999_999), st.integers(0, 40), st.sampled_from(["5A", "57"])
)  # fmt: skip
@example(TEST_RANGES[0], 1, 9, "5A")
def test_a_listed_record_cut_anywhere_is_no_foreign_one(prefix: str, number: int, cut: int, tag: str) -> None:
    """A reader that loses the end of an answer is a faulty reader, and no foreign card."""
    pan = next(derived(prefix, number))
    value = bytes.fromhex(pan if tag == "5A" else f"{pan}D3012201000000000F")
    assert not is_foreign(in_record((tag, value), ("5F24", b"\x30\x12\x31"))[:cut])


@given(st.integers(6, 8), st.sampled_from(["5A", "57"]))
def test_a_foreign_record_cut_in_its_number_is_foreign(cut: int, tag: str) -> None:
    value = bytes.fromhex(FOREIGN if tag == "5A" else TRACK_2)
    assert is_foreign(in_record((tag, value))[: 4 + cut])
