"""INTERNAL AUTHENTICATE, and the signature around a cryptogram. EMV Book 2, 6.5 and 6.6."""

from __future__ import annotations

import pytest

from protocols.emv import Apdu, TlvError, find, parse
from protocols.emv.certificates import AuthenticationFailed, Reason
from protocols.emv.oda import check_combined, check_dynamic, recover_combined, transaction_data
from protocols.emv.rsa import RsaPublic
from simulators.card import CardFault, CardState
from tests.simulators.card.desk import AAC, ARQC, COMBINED, TC, TERMINAL, Desk, Word, fault
from tests.simulators.kit import PAN, credit_profile

CHALLENGE = b"\x01\x02\x03\x04"


def desk_of(oda: str, fault: CardFault | None = None) -> Desk:
    desk = Desk(credit_profile(oda=oda), fault=fault, state=CardState(atc=4, last_online_atc=4))
    desk.initiate()
    return desk


def sign(desk: Desk, data: bytes = CHALLENGE, p1: int = 0) -> tuple[bytes, str]:
    answer = desk.send(Apdu(0, 0x88, p1, 0, data, 256))
    try:
        nodes = parse(answer.data)
    except TlvError:
        nodes = []
    return nodes[0].value if nodes else b"", answer.sw


def key_of(desk: Desk) -> RsaPublic:
    key = desk.card._chip.application.card_key
    assert key is not None
    return key.public


def lists(desk: Desk) -> tuple[bytes, bytes]:
    """What the terminal gave by PDOL and CDOL1."""
    session = desk.card._chip.session
    return session.options_data, session.first_data


# ── dynamic ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_signature_is_over_the_terminals_challenge() -> None:
    desk = desk_of("dda")
    signed, sw = sign(desk)
    assert sw == "9000"
    assert len(check_dynamic(key_of(desk), signed, CHALLENGE)) == 8
    with pytest.raises(AuthenticationFailed):
        check_dynamic(key_of(desk), signed, b"\x01\x02\x03\x05")
    assert desk.events.of("signed") == [{"card": "credit", "what": "DDA", "right": True}]


def test_the_dynamic_number_differs_from_transaction_to_transaction() -> None:
    desk = desk_of("dda")
    one = check_dynamic(key_of(desk), sign(desk)[0], CHALLENGE)
    desk.initiate()
    assert check_dynamic(key_of(desk), sign(desk)[0], CHALLENGE) != one


def test_internal_authenticate_wants_a_transaction_the_lists_length_and_no_parameters() -> None:
    desk = desk_of("dda")
    assert sign(desk, b"\x01\x02\x03")[1] == "6700"
    assert sign(desk, b"")[1] == "6700"
    assert sign(desk, p1=1)[1] == "6A86"
    desk.select()
    assert sign(desk)[1] == "6985"
    desk.options()
    desk.first(AAC)
    assert sign(desk)[1] == "6985"


def test_a_card_without_a_list_takes_the_terminals_own() -> None:
    """EMV Book 2, 6.5.1: the default DDOL."""
    desk = Desk(credit_profile(ddol=""))
    desk.initiate()
    assert check_dynamic(key_of(desk), sign(desk, b"\x09" * 9)[0], b"\x09" * 9)


@pytest.mark.parametrize("oda", ["none", "sda"])
def test_a_card_without_a_key_knows_no_such_command(oda: str) -> None:
    assert sign(desk_of(oda))[1] == "6D00"


def test_the_issuer_is_told_of_the_signature() -> None:
    desk = desk_of("dda")
    sign(desk)
    assert Word(desk.first()).results == "03A00002"


def test_a_wrong_signature_is_wrong_by_its_hash_alone() -> None:
    desk = desk_of("dda", fault(("INTERNAL AUTHENTICATE", "wrong SDAD")))
    with pytest.raises(AuthenticationFailed) as failed:
        check_dynamic(key_of(desk), sign(desk)[0], CHALLENGE)
    assert failed.value.reason is Reason.HASH
    assert desk.events.of("signed") == [{"card": "credit", "what": "DDA", "right": False}]


def test_a_signature_that_does_not_leave_is_not_told() -> None:
    desk = desk_of("dda", fault(("INTERNAL AUTHENTICATE", "status 6F00 afterwards")))
    assert sign(desk) == (b"", "6F00")
    assert desk.events.of("signed") == []


def test_what_is_told_is_true_of_the_bytes_that_leave() -> None:
    for spoilt in ("cut short", ["format 2", "drop 9F4B"], "flip 80", "no data", "answer 00", "garbled TLV"):
        desk = desk_of("dda", fault(("INTERNAL AUTHENTICATE", spoilt)))
        sign(desk, CHALLENGE)
        assert [event["right"] for event in desk.events.of("signed")] == [False], spoilt
    for spoilt in ("set 9F27 40", "set 9F36 0001", "drop 9F4B", "flip 9F10", "repeat 9F10", "no data", "answer 7000"):
        desk = desk_of("cda", fault(("GENERATE AC", spoilt)))
        desk.first(ARQC | COMBINED)
        assert [event["right"] for event in desk.events.of("signed")] == [False], spoilt
    for harmless in ("slow 0", "long lengths"):
        desk = desk_of("dda", fault(("INTERNAL AUTHENTICATE", harmless)))
        sign(desk, CHALLENGE)
        assert [event["right"] for event in desk.events.of("signed")] == [True], harmless


# ── combined ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_cryptogram_is_signed_with_all_that_was_said_before() -> None:
    desk = desk_of("cda")
    answer = desk.first(ARQC | COMBINED)
    signed = find(answer.data, "9F4B")
    assert signed is not None
    assert [node.tag for node in parse(answer.data)[0].children] == ["9F27", "9F36", "9F4B", "9F10"]
    said = transaction_data(*lists(desk), answer.data)
    combined = check_combined(key_of(desk), signed, TERMINAL["9F37"], 0x80, said)
    word = Word(answer)
    assert word.results == "03A00002"
    assert combined.cryptogram == desk.expected(word)
    assert desk.events.of("cryptogram")[0]["cda"] is True
    assert desk.events.of("cryptogram")[0]["cryptogram"] == combined.cryptogram.hex().upper()
    assert desk.events.of("signed") == [{"card": "credit", "what": "CDA", "right": True}]


def test_the_second_one_covers_both_lists() -> None:
    desk = desk_of("cda")
    answer = desk.first(ARQC | COMBINED)
    signed = find(answer.data, "9F4B") or b""
    word = Word(answer)
    word.cryptogram = recover_combined(key_of(desk), signed, TERMINAL["9F37"]).cryptogram
    before = lists(desk)
    data = desk.answer(word)
    last = desk.second(TC | COMBINED, data)
    rest = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "9F21")
    second_list = data + b"00" + b"".join(TERMINAL[tag] for tag in rest)
    said = transaction_data(*before, last.data, second_list)
    combined = check_combined(key_of(desk), find(last.data, "9F4B") or b"", TERMINAL["9F37"], 0x40, said)
    assert combined.cryptogram == desk.expected(Word(last))


def test_an_aac_is_never_signed() -> None:
    """EMV Book 2, 6.6.1."""
    desk = desk_of("cda")
    word = Word(desk.first(AAC | COMBINED))
    assert (word.kind, word.signature, word.results) == ("AAC", None, "03800000")
    assert desk.events.of("signed") == []


def test_a_card_that_can_sign_does_so_when_it_is_asked_alone() -> None:
    desk = desk_of("cda")
    word = Word(desk.first(ARQC))
    assert (word.signature, word.cryptogram) == (None, desk.expected(word))


def test_a_dda_card_signs_no_cryptogram() -> None:
    assert Word(desk_of("dda").first(ARQC | COMBINED)).signature is None


def test_a_wrong_signature_around_a_cryptogram_is_wrong_by_its_hash() -> None:
    desk = desk_of("cda", fault(("first GENERATE AC", "wrong SDAD")))
    answer = desk.first(ARQC | COMBINED)
    with pytest.raises(AuthenticationFailed) as failed:
        recover_combined(key_of(desk), find(answer.data, "9F4B") or b"", TERMINAL["9F37"])
    assert failed.value.reason is Reason.HASH
    assert desk.events.of("signed") == [{"card": "credit", "what": "CDA", "right": False}]


def test_no_number_of_a_card_is_told() -> None:
    desk = desk_of("cda")
    desk.first(ARQC | COMBINED)
    assert PAN not in repr([event.fields for event in desk.events.all()])
