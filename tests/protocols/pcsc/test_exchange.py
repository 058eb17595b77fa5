"""T=0 and its chains, held against a card that speaks T=0 by the letter. ISO 7816-3, 12.2; EMV Book 1, annex A."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pcsc.exchange import (
    LONGEST,
    MOST_PIECES,
    CommandError,
    ExchangeError,
    Parts,
    channel_class,
    take_apart,
    whole_answer,
)

HEADER = "00A40400"
Script = list[tuple[str, str]]


class Scripted:
    """A card that takes exactly these commands, in this order, and gives these answers."""

    def __init__(self, *script: tuple[str, str]) -> None:
        self.script = [(bytes.fromhex(command), bytes.fromhex(answer)) for command, answer in script]
        self.taken = 0

    def __call__(self, tpdu: bytes) -> bytes:
        expected, answer = self.script[self.taken]
        assert tpdu.hex().upper() == expected.hex().upper(), f"command {self.taken + 1}"
        self.taken += 1
        return answer


def exchanged(command: str, *script: tuple[str, str], t0: bool = True) -> str:
    card = Scripted(*script)
    answer = whole_answer(bytes.fromhex(command), card, t0=t0)
    assert card.taken == len(script)
    return answer.hex().upper()


# ── the cases one by one ──────────────────────────────────────────────────────────────────────────────────────────


def test_case_1_gets_a_zero_length() -> None:
    assert exchanged("00440000", ("0044000000", "9000")) == "9000"


def test_case_2_goes_as_it_is() -> None:
    assert exchanged("00B2010C00", ("00B2010C00", "7000" + "9000")) == "70009000"


def test_case_2_with_a_wrong_length_is_asked_again_once_with_the_right_one() -> None:
    assert exchanged("00B2010C00", ("00B2010C00", "6C02"), ("00B2010C02", "70009000")) == "70009000"


def test_a_card_that_says_wrong_length_twice_is_believed_the_second_time() -> None:
    assert exchanged("00B2010C00", ("00B2010C00", "6C02"), ("00B2010C02", "6C03")) == "6C03"


def test_case_2_that_asked_for_less_keeps_what_it_asked_for() -> None:
    """12.2.3, case 2S.3: the body is cut to the first Le bytes."""
    assert exchanged("00B0000002", ("00B0000002", "6C04"), ("00B0000004", "010203049000")) == "01029000"


def test_case_2_of_6700_is_the_answer() -> None:
    assert exchanged("00B0000002", ("00B0000002", "6700")) == "6700"


def test_case_3_goes_as_it_is_and_a_promise_of_data_is_not_asked_for() -> None:
    assert exchanged("0020008002AABB", ("0020008002AABB", "6110")) == "6110"


def test_case_3_warning_is_the_answer() -> None:
    assert exchanged("0020008002AABB", ("0020008002AABB", "63C2")) == "63C2"


def test_case_4_goes_without_le_and_its_data_are_fetched() -> None:
    assert exchanged(f"{HEADER}02325000", (f"{HEADER}023250", "6103"), ("00C0000003", "6F01AA9000")) == "6F01AA9000"


def test_case_4_fetches_no_more_than_it_asked_for() -> None:
    """12.2.5, case 4S.3: P3 is the least of Ne and what is ready."""
    assert exchanged(f"{HEADER}02325002", (f"{HEADER}023250", "6103"), ("00C0000002", "6F01" + "6101")) == "6F016101"


def test_case_4_that_is_refused_is_the_answer() -> None:
    assert exchanged(f"{HEADER}02325000", (f"{HEADER}023250", "6A82")) == "6A82"


def test_case_4_that_is_done_without_data_is_done() -> None:
    assert exchanged(f"{HEADER}02325000", (f"{HEADER}023250", "9000")) == "9000"


def test_get_response_with_a_wrong_length_is_asked_again() -> None:
    assert exchanged(
        f"{HEADER}02325000", (f"{HEADER}023250", "6100"), ("00C0000000", "6C02"), ("00C0000002", "6F009000")
    ) == "6F009000"  # fmt: skip


def test_data_in_several_pieces() -> None:
    first, second = "AA" * 256, "BB" * 16
    assert exchanged(
        f"{HEADER}02325000", (f"{HEADER}023250", "6100"), ("00C0000000", first + "6110"),
        ("00C0000010", second + "9000"),
    ) == first + second + "9000"  # fmt: skip


def test_data_after_a_warning_are_fetched_and_the_warning_stays() -> None:
    """EMV Book 1, annex A: 62xx on a case 4 command."""
    assert exchanged(
        f"{HEADER}02325000", (f"{HEADER}023250", "6283"), ("00C0000000", "6C02"), ("00C0000002", "6F009000")
    ) == "6F006283"  # fmt: skip


@pytest.mark.parametrize("refusal", ["6985", "6D00", "6F00"])
def test_a_warning_without_data_is_the_answer(refusal: str) -> None:
    assert exchanged(f"{HEADER}02325000", (f"{HEADER}023250", "6300"), ("00C0000000", refusal)) == "6300"


def test_a_warning_beside_data_is_the_answer() -> None:
    """A card that is no T=0 card by the letter gives them at once: nothing is left to fetch."""
    assert exchanged(f"{HEADER}02325000", (f"{HEADER}023250", "6F006283")) == "6F006283"


def test_a_warning_at_the_end_of_a_chain_counts() -> None:
    assert exchanged(f"{HEADER}02325000", (f"{HEADER}023250", "6102"), ("00C0000002", "6F006283")) == "6F006283"


def test_data_of_a_chain_after_a_warning_come_in_pieces() -> None:
    assert exchanged(
        f"{HEADER}02325000", (f"{HEADER}023250", "6283"), ("00C0000000", "AA6101"), ("00C0000001", "BB9000")
    ) == "AABB6283"  # fmt: skip


def test_case_2_with_more_to_come() -> None:
    assert exchanged("00CB3FFF00", ("00CB3FFF00", "AA6102"), ("00C0000002", "BBCC9000")) == "AABBCC9000"


# ── logical channels ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cla", "channel"),
    [
        (0x00, 0x00), (0x03, 0x03), (0x0C, 0x00), (0x13, 0x03), (0x40, 0x40), (0x4F, 0x4F), (0x6A, 0x4A),
        (0x80, 0x00), (0x84, 0x00), (0x82, 0x02), (0xC5, 0x45), (0xE5, 0x45),
    ],
)  # fmt: skip
def test_the_class_keeps_the_channel_and_nothing_else(cla: int, channel: int) -> None:
    assert channel_class(cla) == channel


def test_get_response_goes_on_the_channel_of_its_command() -> None:
    assert exchanged("81AE800001AA00", ("81AE800001AA", "6101"), ("01C0000001", "779000")) == "779000"


# ── extended lengths ──────────────────────────────────────────────────────────────────────────────────────────────


def test_extended_case_2_that_fits_is_sent_short() -> None:
    assert exchanged("00B00000" + "000005", ("00B0000005", "01020304059000")) == "01020304059000"
    assert exchanged("00B00000" + "000100", ("00B0000000", "01029000")) == "01029000"


def test_extended_case_2_that_does_not_fit_asks_for_256_and_goes_on() -> None:
    assert exchanged(
        "00B00000" + "000102", ("00B0000000", "AA" * 256 + "6110"), ("00C0000002", "BBBB" + "610E")
    ) == "AA" * 256 + "BBBB" + "610E"  # fmt: skip


def test_extended_case_3_that_fits_is_sent_short() -> None:
    assert exchanged("00D60000" + "000002" + "AABB", ("00D6000002AABB", "9000")) == "9000"


def test_extended_case_4_that_fits_is_sent_short() -> None:
    assert exchanged(
        "00D60000" + "000002" + "AABB" + "0000", ("00D6000002AABB", "6101"), ("00C0000001", "CC9000")
    ) == "CC9000"  # fmt: skip


def test_extended_case_3_that_does_not_fit_goes_in_envelopes() -> None:
    command = "00D60000" + "00012C" + "AB" * 300
    assert exchanged(
        command, ("00C20000FF" + command[:510], "9000"), (f"00C20000{307 - 255:02X}" + command[510:], "9000")
    ) == "9000"  # fmt: skip


def test_extended_case_4_that_does_not_fit_goes_in_envelopes_and_its_data_are_fetched() -> None:
    command = "01D60000" + "00012C" + "AB" * 300 + "0000"
    assert exchanged(
        command, ("01C20000FF" + command[:510], "9000"), (f"01C20000{309 - 255:02X}" + command[510:], "6102"),
        ("01C0000002", "CCDD9000"),
    ) == "CCDD9000"  # fmt: skip


def test_a_card_that_knows_no_envelope_has_answered() -> None:
    command = "00D60000" + "00012C" + "AB" * 300
    assert exchanged(command, ("00C20000FF" + command[:510], "6D00")) == "6D00"


# ── T=1 and the reader's own commands ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("answer", ["6103", "6C05", "6283", "AABB9000"])
def test_t1_passes_through(answer: str) -> None:
    assert exchanged(f"{HEADER}02325000", (f"{HEADER}02325000", answer), t0=False) == answer


@pytest.mark.parametrize("command", ["00", "00A4040005", "00A4040000"])
def test_t1_passes_bytes_through_that_are_no_command(command: str) -> None:
    assert exchanged(command, (command, "6700"), t0=False) == "6700"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("FFCA000000", "010203049000"),
        ("FFCA000000", "6C04"),
        ("FF000000", "9000"),
        ("FF86000005010004600000", "6105"),
    ],
    ids=["UID", "wrong length", "four bytes", "case 4"],
)
def test_a_command_to_the_reader_goes_as_it_is_and_so_does_its_answer(command: str, answer: str) -> None:
    """PC/SC part 3, 3.2.2: class FF reaches no card, whatever protocol the card speaks."""
    assert exchanged(command, (command, answer)) == answer


# ── a card without end, a card without status words ───────────────────────────────────────────────────────────────


def test_a_card_that_promises_for_ever_and_gives_nothing_is_an_error_at_once() -> None:
    with pytest.raises(ExchangeError, match=r"promises more data without end: 0 bytes after 1 GET RESPONSE") as caught:
        exchanged(f"{HEADER}02325000", (f"{HEADER}023250", "6103"), ("00C0000003", "6103"))
    assert caught.value.component == "card"
    assert caught.value.advice


def test_a_card_that_gives_a_byte_at_a_time_for_ever_is_an_error() -> None:
    sent = []

    def send(tpdu: bytes) -> bytes:
        sent.append(tpdu)
        return b"\xaa\x61\x01"

    with pytest.raises(ExchangeError, match="without end"):
        whole_answer(bytes.fromhex("00B0000000"), send, t0=True)
    assert len(sent) == MOST_PIECES + 1


def test_a_card_that_gives_256_for_ever_stops_at_the_longest_answer() -> None:
    answer = whole_answer(bytes.fromhex("00B0000000"), lambda _: bytes(256) + b"\x61\x00", t0=True)
    assert len(answer) == LONGEST + 2
    assert answer[-2:] == b"\x61\x00"


@pytest.mark.parametrize("answer", ["", "90"])
@pytest.mark.parametrize("command", ["00440000", "00B0000000", "0020008002AABB", "00D60000" + "00012C" + "AB" * 300])
def test_an_answer_without_status_words_is_an_error(command: str, answer: str) -> None:
    with pytest.raises(ExchangeError, match=rf"has {len(answer) // 2} bytes and no status words"):
        whole_answer(bytes.fromhex(command), lambda _: bytes.fromhex(answer), t0=True)


def test_what_the_way_to_the_card_raises_goes_through() -> None:
    def torn(_: bytes) -> bytes:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        whole_answer(bytes.fromhex("00B0000000"), torn, t0=True)


# ── taking a command apart ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "parts", "case"),
    [
        ("00440000", Parts(bytes.fromhex("00440000"), b"", 0), 1),
        ("00B0000010", Parts(bytes.fromhex("00B00000"), b"", 16), 2),
        ("00B0000000", Parts(bytes.fromhex("00B00000"), b"", 256, chained=True), 2),
        ("0020008002AABB", Parts(bytes.fromhex("00200080"), b"\xaa\xbb", 0), 3),
        ("0020008002AABB10", Parts(bytes.fromhex("00200080"), b"\xaa\xbb", 16), 4),
        ("0020008002AABB00", Parts(bytes.fromhex("00200080"), b"\xaa\xbb", 256, chained=True), 4),
        ("00B00000000010", Parts(bytes.fromhex("00B00000"), b"", 16), 2),
        ("00B00000000000", Parts(bytes.fromhex("00B00000"), b"", 65536), 2),
        ("00200080000002AABB", Parts(bytes.fromhex("00200080"), b"\xaa\xbb", 0), 3),
        ("00200080000002AABB0010", Parts(bytes.fromhex("00200080"), b"\xaa\xbb", 16), 4),
        ("00200080000002AABB0000", Parts(bytes.fromhex("00200080"), b"\xaa\xbb", 65536), 4),
    ],
)
def test_the_seven_forms_of_a_command(text: str, parts: Parts, case: int) -> None:
    taken = take_apart(bytes.fromhex(text))
    assert taken == parts
    assert taken.case == case


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a command has 4 bytes at least, this one 0"),
        ("00A404", "a command has 4 bytes at least, this one 3"),
        ("00A4040005AA", "command, byte 5: Lc says 5, 1 bytes follow"),
        ("00A4040001AA0000", "command, byte 5: Lc says 1, 3 bytes follow"),
        ("00A404000001", "command, byte 5: a length of three bytes begins, and 2 are there"),
        ("00A40400000000AA", "command, byte 6: Lc is 0, and data follow"),
        ("00A40400000002AA", "command, byte 7: Lc says 2, 1 bytes follow"),
        ("00A40400000001AA00", "command, byte 7: Lc says 1, 2 bytes follow"),
        ("00A40400000001AA000000", "command, byte 7: Lc says 1, 4 bytes follow"),
    ],
)
def test_bytes_that_t0_cannot_carry_name_the_byte(text: str, says: str) -> None:
    with pytest.raises(CommandError) as caught:
        whole_answer(bytes.fromhex(text), lambda _: b"\x90\x00", t0=True)
    assert str(caught.value) == says


# ── any command, any card that keeps the rules ────────────────────────────────────────────────────────────────────


class T0Card:
    """A card that knows T=0 alone: it refuses whatever is no C-TPDU, and gives its answer in pieces as it likes."""

    def __init__(self, answers: Callable[[bytes], bytes], pieces: list[int], strict: bool) -> None:
        self.answers, self.pieces, self.strict = answers, pieces, strict
        self.ready = b""
        self.enveloped = b""
        self.commands: list[bytes] = []

    def __call__(self, tpdu: bytes) -> bytes:
        assert len(tpdu) >= 5
        assert len(tpdu) in (5, 5 + tpdu[4])
        header, p3, data = tpdu[:4], tpdu[4], tpdu[5:]
        if header[1] == 0xC0:
            return self._give(p3 or 256)
        if header[1] == 0xC2:
            self.enveloped += data
            parts = take_apart(self.enveloped) if self._complete() else None
            return self._run(parts.header + parts.data, True, 0) if parts else b"\x90\x00"
        return self._run(header + data, bool(data), p3 or 256)

    def _complete(self) -> bool:
        try:
            take_apart(self.enveloped)
        except CommandError:
            return False
        return len(self.enveloped) > 7

    def _run(self, command: bytes, sent: bool, wanted: int) -> bytes:
        self.commands.append(command)
        self.ready = self.answers(command)
        if not self.ready:
            return b"\x90\x00"
        return self._promise() if sent else self._give(wanted)

    def _promise(self) -> bytes:
        return bytes([0x61, min(len(self.ready), 256) % 256])

    def _give(self, wanted: int) -> bytes:
        size = min(self.pieces.pop() if self.pieces else 256, len(self.ready))
        if self.strict and wanted > len(self.ready):
            return bytes([0x6C, len(self.ready)])
        size = min(size, wanted)
        given, self.ready = self.ready[:size], self.ready[size:]
        return given + (self._promise() if self.ready else b"\x90\x00")


def packed(header: bytes, data: bytes, ne: int, extended: bool) -> bytes:
    lc = (b"\0" + len(data).to_bytes(2) if extended else bytes([len(data)])) if data else b""
    le = (b"" if data else b"\0") * extended + (ne % 65536).to_bytes(2) if extended else bytes([ne % 256])
    return header + lc + data + (le if ne else b"")


@given(
    ins=st.sampled_from([0xA4, 0xB0, 0xB2, 0xCA, 0xD6, 0xAE]),
    data=st.one_of(st.binary(max_size=255), st.integers(256, 1200).map(lambda size: (bytes(range(256)) * 5)[:size])),
    answer=st.integers(0, 2000).map(lambda size: (bytes(range(256)) * 8)[:size]),
    all_of_it=st.booleans(),
    pieces=st.lists(st.integers(1, 256), max_size=8),
    strict=st.booleans(),
)
def test_any_command_brings_its_whole_answer(
    ins: int, data: bytes, answer: bytes, all_of_it: bool, pieces: list[int], strict: bool
) -> None:
    header = bytes([0x00, ins, 0x01, 0x02])
    card = T0Card(lambda _: answer if all_of_it else b"", pieces, strict)
    command = packed(header, data, 65536 if all_of_it else 0, extended=True)
    given_back = whole_answer(command, card, t0=True)
    assert set(card.commands) == {header + data}
    assert given_back == (answer if all_of_it else b"") + b"\x90\x00"
