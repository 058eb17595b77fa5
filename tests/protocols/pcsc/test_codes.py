"""Result codes of PC/SC: the table is pcsc-lite's, and what is no result is never read as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.pcsc.codes import MEANINGS, About, meaning, of_transmit


@pytest.mark.parametrize(
    ("code", "name", "about"),
    [  # facts/pcsc-emv 1.5
        (0x8010000C, "SCARD_E_NO_SMARTCARD", About.CARD),
        (0x80100016, "SCARD_E_NOT_TRANSACTED", About.CARD),
        (0x80100066, "SCARD_W_UNRESPONSIVE_CARD", About.CARD),
        (0x80100068, "SCARD_W_RESET_CARD", About.CARD),
        (0x80100069, "SCARD_W_REMOVED_CARD", About.CARD),
        (0x80100009, "SCARD_E_UNKNOWN_READER", About.READER),
        (0x80100017, "SCARD_E_READER_UNAVAILABLE", About.READER),
        (0x8010002E, "SCARD_E_NO_READERS_AVAILABLE", About.READER),
        (0x80100003, "SCARD_E_INVALID_HANDLE", About.SERVICE),
        (0x80100013, "SCARD_F_COMM_ERROR", About.SERVICE),
        (0x8010001D, "SCARD_E_NO_SERVICE", About.SERVICE),
        (0x8010001E, "SCARD_E_SERVICE_STOPPED", About.SERVICE),
        (0x8010000B, "SCARD_E_SHARING_VIOLATION", About.SHARING),
        (0x8010000A, "SCARD_E_TIMEOUT", About.TIMEOUT),
        (0x8010000F, "SCARD_E_PROTO_MISMATCH", About.PROTOCOL),
        (0x8010001F, "SCARD_E_UNSUPPORTED_FEATURE", About.CALL),
        (0x00000000, "SCARD_S_SUCCESS", About.OK),
    ],
)
def test_the_codes_that_a_bench_meets(code: int, name: str, about: About) -> None:
    told = meaning(code)
    assert (told.code, told.name, told.about) == (code, name, about)


def test_every_code_has_the_name_that_the_library_gives_it() -> None:
    scard = pytest.importorskip("smartcard.scard")
    library: dict[int, set[str]] = {}
    for name in dir(scard):
        if name.startswith(("SCARD_S_", "SCARD_F_", "SCARD_E_", "SCARD_W_")):
            library.setdefault(getattr(scard, name) & 0xFFFFFFFF, set()).add(name)
    assert set(library) - set(MEANINGS) <= {0x80100018}  # SCARD_P_SHUTDOWN by another name
    for code, told in MEANINGS.items():
        if code in library:
            assert told.name in library[code], f"{code:08X}"


@given(st.sampled_from(sorted(MEANINGS)))
def test_a_signed_code_says_the_same(code: int) -> None:
    assert meaning(code - 2**32) == meaning(code) == MEANINGS[code]


@pytest.mark.parametrize("code", [0xFFFFFFFF, -1])
def test_a_lost_code_is_unknown(code: int) -> None:
    assert meaning(code).about is About.UNKNOWN
    assert meaning(code).words == "the result was lost on the way"


def test_a_code_that_nobody_knows_is_unknown_and_shown() -> None:
    assert meaning(0x80109999).about is About.UNKNOWN
    assert str(meaning(0x80109999)) == "unknown PC/SC result (80109999)"


@pytest.mark.parametrize("answer", [b"", b"\x90"])
def test_a_success_without_status_words_is_unknown(answer: bytes) -> None:
    assert of_transmit(0, answer).about is About.UNKNOWN  # facts/pcsc-emv 1.5: a card that dropped out


def test_a_success_with_status_words_is_one_and_a_failure_stays_what_it_is() -> None:
    assert of_transmit(0, b"\x90\x00").about is About.OK
    assert of_transmit(0x80100069, b"").about is About.CARD
