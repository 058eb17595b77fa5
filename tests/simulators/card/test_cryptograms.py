"""Both GENERATE ACs. EMV Book 3, 6.5.5 and 9; Book 2, 8.1; facts/pcsc-emv 4.3."""

from __future__ import annotations

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from pydantic import ValidationError

from protocols.emv import Apdu, parse
from protocols.emv.csu import Csu
from simulators.card import CardState
from tests.simulators.card.desk import AAC, ARQC, TC, TERMINAL, Desk, Word, no_oda
from tests.simulators.kit import OTHER_PAN, PAN, credit_profile


def used() -> CardState:
    """A card that was online before: nothing is said of being new."""
    return CardState(atc=4, last_online_atc=4)


# ── an independent computation: nothing of protocols/ but the TLV ─────────────────────────────────────────────────


def des3(key: bytes, data: bytes) -> bytes:
    encryptor = Cipher(TripleDES(key + key[:8] if len(key) == 16 else key * 3), ECB()).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def session(atc: bytes) -> bytes:
    digits = bytes.fromhex((PAN + "01")[-16:])
    udk = des3(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), digits + bytes(b ^ 0xFF for b in digits))
    return des3(udk, bytes(6) + atc + bytes(6) + bytes(b ^ 0xFF for b in atc))


def mac(key: bytes, data: bytes) -> bytes:
    """Algorithm 3: single DES in CBC, the last block under the whole key."""
    padded = data + b"\x80" + bytes(-(len(data) + 1) % 8)
    encryptor = Cipher(TripleDES(key[:8] * 3), CBC(bytes(8))).encryptor()
    state = encryptor.update(padded)[-16:-8]
    return des3(key, bytes(a ^ b for a, b in zip(state, padded[-8:], strict=True)))


def covered(results: str, atc: bytes, aip: str) -> bytes:
    """9F02 9F03 9F1A 95 5F2A 9A 9C 9F37, then 82, 9F36 and the results."""
    given = b"".join(TERMINAL[tag] for tag in ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37"))
    return given + bytes.fromhex(aip) + atc + bytes.fromhex(results)


def arpc(atc: bytes, request: bytes, code: bytes) -> bytes:
    return des3(session(atc), bytes(a ^ b for a, b in zip(request, code + bytes(6), strict=True)))


@pytest.mark.parametrize(("asked", "given", "results"), [(ARQC, 0x80, "03A01000"), (TC, 0x80, "03A01000"),
                                                         (AAC, 0x00, "03801000")])  # fmt: skip
def test_the_first_cryptogram_is_right_by_an_independent_computation(asked: int, given: int, results: str) -> None:
    desk = Desk()
    desk.initiate()
    [template] = parse(desk.first(asked).data)
    value, atc = template.value, b"\x00\x01"
    aip = desk.card._chip.application.aip.hex()
    assert (template.tag, value[0], value[1:3]) == ("80", given, atc)
    assert value[3:11] == mac(session(atc), covered(results, atc, aip))
    assert value[11:] == bytes.fromhex("070101" + results + "01")


@pytest.mark.parametrize("code", [b"00", b"05"])
def test_the_second_cryptogram_is_a_tc_for_the_right_arpc(code: bytes) -> None:
    desk = Desk()
    desk.initiate()
    word, atc = Word(desk.first()), b"\x00\x01"
    last = Word(desk.second(TC, arpc(atc, word.cryptogram, code) + code, code))
    aip = desk.card._chip.application.aip.hex()
    assert (last.kind, last.results) == ("TC", "03601000")
    assert last.cryptogram == mac(session(atc), covered("03601000", atc, aip))


def test_the_public_worked_example_of_pboc_comes_out_of_the_card() -> None:
    """facts/pcsc-emv 4.3: ARQC, and the ARPC that its issuer gives."""
    profile = credit_profile(
        test_master_key="F0C34A8124CEE0A91A0B034AA97D6EAC", oda="cda", aip="7D00", pdol="",
        default_action="0000",
    )  # fmt: skip
    state = CardState(atc=0x023F, last_online_atc=0x0230, pin_tries=0)
    desk = Desk(profile, pan="6228000100001", state=state)
    desk.initiate()
    assert desk.send(Apdu(0, 0x88, 0, 0, b"\x01\x02\x03\x04", 256)).sw == "9000"
    word = Word(
        desk.first(
            t9F02=bytes.fromhex("000000000001"), t95=bytes.fromhex("0080046000"), t9A=bytes.fromhex("140701"),
            t9C=b"\x00", t9F37=bytes.fromhex("1E78EEBC"),
        )
    )  # fmt: skip
    assert word.atc.hex() == "0240"
    assert word.results == "03A04002"
    assert word.cryptogram.hex().upper() == "5D016C91005E7CC2"
    answer = bytes.fromhex("21415243527CE78F") + b"01"
    assert Word(desk.second(TC, answer, b"01")).kind == "TC"


# ── by the issuer's side ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", ["01", "18"])
@pytest.mark.parametrize("asked", [AAC, ARQC])
def test_the_first_cryptogram_is_what_its_issuer_computes(version: str, asked: int) -> None:
    desk = Desk(no_oda(cryptogram_version=version))
    desk.initiate()
    word = Word(desk.first(asked))
    assert word.cryptogram == desk.expected(word)
    assert word.issuer_data[2] == {"01": 0x01, "18": 0x12}[version]


@pytest.mark.parametrize("version", ["01", "18"])
@pytest.mark.parametrize("asked", [AAC, TC])
def test_the_second_cryptogram_is_what_its_issuer_computes(version: str, asked: int) -> None:
    desk = Desk(no_oda(cryptogram_version=version))
    desk.initiate()
    word = Word(desk.first())
    last = Word(desk.second(asked, desk.answer(word, b"00", Csu.APPROVED), t95=b"\0\0\0\0\x08"))
    assert last.kind == {AAC: "AAC", TC: "TC"}[asked]
    assert last.cryptogram == desk.expected(last, t95=b"\0\0\0\0\x08")
    assert last.cryptogram != word.cryptogram


def test_an_issuer_may_have_data_of_its_own_in_the_answer() -> None:
    """9F10 of the greatest length, 32 bytes."""
    desk = Desk(no_oda(discretionary_data="0A" * 23))
    desk.initiate()
    word = Word(desk.first())
    assert len(word.issuer_data) == 32
    assert word.issuer_data.endswith(b"\x17" + b"\x0a" * 23)
    assert word.cryptogram == desk.expected(word)


def test_issuer_data_that_no_answer_holds_are_refused_with_the_card_file() -> None:
    """EMV Book 3, Annex A: 9F10 has at most 32 bytes."""
    with pytest.raises(ValidationError, match="discretionary_data"):
        no_oda(discretionary_data="0A" * 24)


def test_a_list_that_asks_for_less_is_covered_by_zeros() -> None:
    desk = Desk(no_oda(cdol1="9F02069F37049505"))
    desk.initiate()
    word = Word(desk.first())
    zeros = {"t9F03": bytes(6), "t9F1A": bytes(2), "t9A": bytes(3), "t9C": b"\0"}
    # 5F2A comes with the PDOL
    assert word.cryptogram == desk.expected(word, **zeros)


def test_two_cards_of_one_profile_have_keys_of_their_own() -> None:
    words = []
    for pan in (PAN, OTHER_PAN):
        desk = Desk(pan=pan)
        desk.initiate()
        words.append(Word(desk.first()).cryptogram)
    assert words[0] != words[1]


def test_each_transaction_has_a_key_of_its_own() -> None:
    desk = Desk(state=used())
    words = []
    for _ in range(2):
        desk.initiate()
        words.append(Word(desk.first(AAC)).cryptogram)
    assert words[0] != words[1]


# ── what may be asked, and when ───────────────────────────────────────────────────────────────────────────────────


def test_a_third_cryptogram_is_refused() -> None:
    desk = Desk()
    desk.approved()
    assert desk.first().sw == "6985"
    assert desk.second().sw == "6985"


@pytest.mark.parametrize("asked", [AAC, TC])
def test_after_an_aac_or_a_tc_in_the_first_round_there_is_no_second(asked: int) -> None:
    desk = Desk(no_oda(default_action="0000"))
    desk.initiate()
    assert Word(desk.first(asked)).kind == {AAC: "AAC", TC: "TC"}[asked]
    assert desk.second().sw == "6985"


@pytest.mark.parametrize(
    ("kind", "p2", "size", "sw"),
    [(0xC0, 0, 66, "6A86"), (0x81, 0, 66, "6A86"), (0xA0, 0, 66, "6A86"), (ARQC, 1, 66, "6A86"), (ARQC, 0, 65, "6700"),
     (ARQC, 0, 0, "6700")],
)  # fmt: skip
def test_a_cryptogram_wants_a_known_kind_and_the_data_that_the_card_asked_for(
    kind: int, p2: int, size: int, sw: str
) -> None:
    desk = Desk(no_oda(cdol1="9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E22"))
    desk.initiate()
    assert desk.send(Apdu(0x80, 0xAE, kind, p2, bytes(size), 256)).sw == sw
    assert desk.send(Apdu(0x80, 0xAE, ARQC, 0, bytes(66), 256)).sw == "9000"


def test_a_cryptogram_needs_a_transaction() -> None:
    desk = Desk()
    assert desk.first().sw == "6985"
    desk.select()
    assert desk.first().sw == "6985"


def test_a_signature_that_a_card_cannot_make_is_left_out() -> None:
    desk = Desk()
    desk.initiate()
    word = Word(desk.first(ARQC | 0x10))
    assert (word.kind, word.signature) == ("ARQC", None)


# ── what is told ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_cryptogram_is_told_with_all_that_a_judge_holds_a_terminal_to() -> None:
    desk = Desk()
    desk.initiate()
    word = Word(desk.first(TC, t95=bytes.fromhex("8000048000")))
    desk.second(TC, b"", t9F37=b"\xaa\xbb\xcc\xdd")
    first, second = desk.events.of("cryptogram")
    assert first == {
        "card": "credit", "round": "first", "asked": "TC", "type": "ARQC", "cda": False, "atc": 1,
        "cryptogram": word.cryptogram.hex().upper(), "iad": word.issuer_data.hex().upper(), "tvr": "8000048000",
        "un": "01020304", "amount": "000000010000", "date": "261129", "expired": False, "not_yet_effective": False,
    }  # fmt: skip
    assert (second["round"], second["asked"], second["type"], second["un"]) == ("second", "TC", "AAC", "AABBCCDD")


def test_what_a_list_does_not_ask_for_is_not_told() -> None:
    desk = Desk(no_oda(cdol1="9F0206"))
    desk.initiate()
    desk.first()
    [told] = desk.events.of("cryptogram")
    assert [told[name] for name in ("tvr", "un", "amount", "date")] == ["", "", "000000010000", ""]
    assert (told["expired"], told["not_yet_effective"]) == (False, False)


@pytest.mark.parametrize(("date", "expired", "early"), [
    ("261129", False, False), ("301231", False, False), ("310101", True, False), ("200101", False, False),
    ("191231", False, True), ("990101", False, True), ("261341", False, False),
])  # fmt: skip
def test_the_cards_dates_are_judged_by_the_terminals_own(date: str, expired: bool, early: bool) -> None:
    """EMV Book 3, 10.4.3; years from 50 on are of the last century."""
    desk = Desk()
    desk.initiate()
    desk.first(t9A=bytes.fromhex(date))
    [told] = desk.events.of("cryptogram")
    assert (told["expired"], told["not_yet_effective"]) == (expired, early)


def test_nothing_secret_is_told() -> None:
    desk = Desk()
    desk.approved()
    shown = repr([event.fields for event in desk.events.all()])
    assert PAN not in shown
    assert desk.keys.ac.hex().upper() not in shown.upper()
