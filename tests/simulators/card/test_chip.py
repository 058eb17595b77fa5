"""The card twin, command by command. EMV Book 3; facts/pcsc-emv 4.2, 4.3."""

from __future__ import annotations

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from protocols.emv import Apdu, ResponseApdu, find, parse
from protocols.events import Channel, Event
from protocols.pan import derived
from simulators.card import ChipCard
from tests.simulators.kit import PAN, Events, credit_profile

AID = "A000000333010102"
GPO = Apdu(0x80, 0xA8, 0, 0, b"\x83\x09" + bytes(9), 256)
FIRST = (  # CDOL1: amount, other amount, country, TVR, currency, date, type, unpredictable number, time, merchant
    bytes.fromhex("000000010000") + bytes(6) + bytes.fromhex("0156" + "0000000000" + "0156" + "260615" + "03")
    + bytes.fromhex("01020304") + bytes(3) + bytes(20)
)  # fmt: skip
SECOND_TAIL = FIRST[:-20]


@pytest.fixture
def card() -> ChipCard:
    card = ChipCard(credit_profile(), PAN)
    card.power_on()
    return card


def send(card: ChipCard, command: Apdu) -> ResponseApdu:
    raw = card.transmit(command.pack())
    assert raw is not None
    return ResponseApdu.parse(raw)


def select(card: ChipCard, name: bytes = bytes.fromhex(AID)) -> ResponseApdu:
    return send(card, Apdu(0, 0xA4, 4, 0, name, 256))


def read(card: ChipCard, file: int, record: int) -> ResponseApdu:
    return send(card, Apdu(0, 0xB2, record, file << 3 | 4, le=256))


def initiate(card: ChipCard) -> ResponseApdu:
    select(card)
    return send(card, GPO)


def generate(card: ChipCard, kind: int, data: bytes) -> ResponseApdu:
    return send(card, Apdu(0x80, 0xAE, kind, 0, data, 256))


def first(card: ChipCard, kind: int = 0x80) -> bytes:
    """Value of the first cryptogram's template: CID, ATC, cryptogram, issuer data."""
    initiate(card)
    return parse(generate(card, kind, FIRST).data)[0].value


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


def covered(card_results: bytes, atc: bytes) -> bytes:
    """9F02 9F03 9F1A 95 5F2A 9A 9C 9F37, then 82, 9F36 and the results."""
    return FIRST[:-23] + bytes.fromhex("7C00") + atc + card_results


def arpc(atc: bytes, request: bytes, code: bytes) -> bytes:
    return des3(session(atc), bytes(a ^ b for a, b in zip(request, code + bytes(6), strict=True)))


def second(card: ChipCard, kind: int, authentication: bytes, code: bytes = b"00") -> bytes:
    answer = generate(card, kind, authentication.ljust(10, b"\0") + code + SECOND_TAIL)
    return parse(answer.data)[0].value


# ── selection and reading ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_directory_names_the_application_with_label_and_priority(card: ChipCard) -> None:
    assert find(select(card, b"1PAY.SYS.DDF01").data, "88") == b"\x01"
    record = read(card, 1, 1).data
    assert find(record, "4F") == bytes.fromhex(AID)
    assert find(record, "50") == b"PBOC CREDIT"
    assert find(record, "87") == b"\x01"
    assert read(card, 1, 2).sw == "6A83"


@pytest.mark.parametrize(("name", "sw"), [(AID, "9000"), (AID[:14], "9000"), (AID[:10], "9000"), (AID[:8], "6A82"),
                                          (AID + "00", "6A82"), ("A000000003101001", "6A82")])  # fmt: skip
def test_an_application_is_selected_by_its_whole_name_or_a_beginning_of_it(card: ChipCard, name: str, sw: str) -> None:
    """EMV Book 1, 12.3.2; 5 bytes are the least: the RID."""
    answer = select(card, bytes.fromhex(name))
    assert answer.sw == sw
    if sw == "9000":
        assert find(answer.data, "84") == bytes.fromhex(AID)
        assert find(answer.data, "9F38") == bytes.fromhex("9F7A019F02065F2A02")
        assert find(answer.data, "9F4D") == bytes.fromhex("0B0A")


def test_processing_options_give_profile_and_locator(card: ChipCard) -> None:
    """facts/pcsc-emv 4.2."""
    assert parse(initiate(card).data)[0].value == bytes.fromhex("7C00" + "08010100" + "10010201" + "18010200")


def test_records_hold_what_the_facts_say(card: ChipCard) -> None:
    initiate(card)
    contents = {
        (1, 1): {"57": bytes.fromhex(f"{PAN}D3012201000000000F"), "5F20": b"TEST CARD/HOLDFAST", "9F1F": b"0" * 8},
        (2, 1): {"5A": bytes.fromhex(PAN), "5F24": bytes.fromhex("301231"), "5F25": bytes.fromhex("200101"),
                 "5F34": b"\x01", "5F28": bytes.fromhex("0156"), "9F07": bytes.fromhex("FF00"),
                 "8E": bytes.fromhex("000000000000000042031E031F00")},
        (2, 2): {"9F0D": bytes.fromhex("D84000A800"), "9F4A": b"\x82"},
        (3, 1): {"8C": bytes.fromhex("9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14")},
    }  # fmt: skip
    for (file, number), tags in contents.items():
        data = read(card, file, number).data
        assert {tag: find(data, tag) for tag in tags} == tags


def test_every_record_that_the_locator_names_is_there_and_no_other(card: ChipCard) -> None:
    initiate(card)
    there = [(f, r) for f in range(1, 31) for r in range(1, 5) if read(card, f, r).sw == "9000"]
    assert there == [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2)]


def test_no_record_is_read_before_processing_options(card: ChipCard) -> None:
    select(card)
    assert read(card, 2, 1).sw == "6985"


@pytest.mark.parametrize(
    ("data", "sw"),
    [(b"\x83\x09" + bytes(9), "9000"), (b"\x83\x0a" + bytes(10), "6700"), (b"\x83", "6700"), (b"\x83\x09", "6700"),
     (b"\x84\x09" + bytes(9), "6700"), (b"", "6700")],
)  # fmt: skip
def test_processing_options_want_the_data_that_the_card_asked_for(card: ChipCard, data: bytes, sw: str) -> None:
    select(card)
    assert send(card, Apdu(0x80, 0xA8, 0, 0, data, 256)).sw == sw


def test_processing_options_are_given_once_a_selection(card: ChipCard) -> None:
    assert initiate(card).sw == "9000"
    assert send(card, GPO).sw == "6985"
    assert initiate(card).sw == "9000"


# ── counter ───────────────────────────────────────────────────────────────────────────────────────────────────────


def atc_of(card: ChipCard) -> int:
    return int.from_bytes(find(send(card, Apdu(0x80, 0xCA, 0x9F, 0x36, le=256)).data, "9F36") or b"", "big")


def test_the_counter_rises_by_one_with_each_transaction_and_outlives_a_reset(card: ChipCard) -> None:
    seen = [atc_of(card)]
    for _ in range(3):
        card.power_on()
        initiate(card)
        seen.append(atc_of(card))
    assert seen == [0, 1, 2, 3]


def test_a_card_whose_counter_is_used_up_starts_no_transaction(card: ChipCard) -> None:
    card._atc = 0xFFFF
    assert initiate(card).sw == "6985"
    assert atc_of(card) == 0xFFFF


# ── PIN ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def verify(card: ChipCard, block: str, p2: int = 0x80) -> str:
    return send(card, Apdu(0, 0x20, 0, p2, bytes.fromhex(block))).sw


RIGHT, WRONG = "26123456FFFFFFFF", "26000000FFFFFFFF"


def test_wrong_pins_count_down_and_block(card: ChipCard) -> None:
    select(card)
    assert [verify(card, WRONG) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert verify(card, RIGHT) == "6983"
    card.power_on()
    select(card)
    assert verify(card, RIGHT) == "6983"


def test_a_right_pin_gives_all_tries_back(card: ChipCard) -> None:
    select(card)
    assert [verify(card, block) for block in (WRONG, RIGHT, WRONG)] == ["63C2", "9000", "63C2"]
    assert find(send(card, Apdu(0x80, 0xCA, 0x9F, 0x17, le=256)).data, "9F17") == b"\x02"


def test_verify_wants_an_application_a_plain_block_and_eight_bytes(card: ChipCard) -> None:
    assert verify(card, RIGHT) == "6985"
    select(card)
    assert verify(card, RIGHT, 0x88) == "6A86"
    assert verify(card, RIGHT[:-2]) == "6700"
    assert verify(card, RIGHT) == "9000"


# ── cryptograms ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("kind", "given", "results"), [(0x80, 0x80, "03A00000"), (0x40, 0x80, "03A00000"),
                                                        (0x00, 0x00, "03000000")])  # fmt: skip
def test_the_first_cryptogram_is_right_by_an_independent_computation(
    card: ChipCard, kind: int, given: int, results: str
) -> None:
    value = first(card, kind)
    atc, cryptogram, issuer = value[1:3], value[3:11], value[11:]
    assert (value[0], atc) == (given, b"\x00\x01")
    assert cryptogram == mac(session(atc), covered(bytes.fromhex(results), atc))
    assert issuer == bytes.fromhex("070101" + results + "01")


@pytest.mark.parametrize("code", [b"00", b"05"])
def test_the_second_cryptogram_is_a_tc_for_the_right_arpc(card: ChipCard, code: bytes) -> None:
    request = first(card)[3:11]
    atc = b"\x00\x01"
    value = second(card, 0x40, arpc(atc, request, code) + code, code)
    assert value[0] == 0x40
    assert value[3:11] == mac(session(atc), covered(bytes.fromhex("03600000"), atc))


@pytest.mark.parametrize("spoilt", [0, 7, 8])
def test_a_wrong_arpc_is_answered_with_an_aac(card: ChipCard, spoilt: int) -> None:
    request = first(card)[3:11]
    authentication = bytearray(arpc(b"\x00\x01", request, b"00") + b"00")
    authentication[spoilt] ^= 1
    value = second(card, 0x40, bytes(authentication))
    assert value[0] == 0x00
    assert value[11:][3:7] == bytes.fromhex("03201000")  # issuer authentication failed
    assert value[3:11] == mac(session(b"\x00\x01"), covered(bytes.fromhex("03201000"), b"\x00\x01"))


def test_no_arpc_is_answered_with_an_aac(card: ChipCard) -> None:
    first(card)
    assert second(card, 0x40, b"")[0] == 0x00


def test_an_aac_that_is_asked_for_is_given_even_with_the_right_arpc(card: ChipCard) -> None:
    request = first(card)[3:11]
    assert second(card, 0x00, arpc(b"\x00\x01", request, b"00") + b"00")[0] == 0x00


def test_a_third_cryptogram_is_refused(card: ChipCard) -> None:
    first(card)
    second(card, 0x40, b"")
    assert generate(card, 0x80, FIRST).sw == "6985"


def test_after_an_aac_in_the_first_round_there_is_no_second(card: ChipCard) -> None:
    first(card, 0x00)
    assert generate(card, 0x40, bytes(10) + b"00" + SECOND_TAIL).sw == "6985"


@pytest.mark.parametrize(
    ("kind", "data", "sw"), [(0xC0, FIRST, "6A86"), (0x80, FIRST[:-1], "6700"), (0x80, b"", "6700")]
)
def test_a_cryptogram_wants_a_known_kind_and_the_data_that_the_card_asked_for(
    card: ChipCard, kind: int, data: bytes, sw: str
) -> None:
    initiate(card)
    assert generate(card, kind, data).sw == sw
    assert generate(card, 0x80, FIRST).sw == "9000"


def test_a_cryptogram_needs_a_transaction(card: ChipCard) -> None:
    select(card)
    assert generate(card, 0x80, FIRST).sw == "6985"


def test_two_cards_of_one_profile_have_keys_of_their_own() -> None:
    one, other = ChipCard(credit_profile(), PAN), ChipCard(credit_profile(), next(derived("62509470", 2)))
    assert first(one)[3:11] != first(other)[3:11]


def test_each_cryptogram_is_told_with_its_round(events: Events) -> None:
    card = ChipCard(credit_profile(), PAN, name="credit-0014", emit=events)
    first(card)
    second(card, 0x40, b"")
    told = [(e["card"], e["type"], e["round"], e["atc"]) for e in events.of("cryptogram")]
    assert told == [("credit-0014", "ARQC", "first", 1), ("credit-0014", "AAC", "second", 1)]


# ── misbehaviour and nonsense ─────────────────────────────────────────────────────────────────────────────────────


def test_a_mute_card_says_nothing_to_the_command_that_it_is_mute_to(card: ChipCard) -> None:
    card.faults.mute.add(0xAE)
    initiate(card)
    assert card.transmit(Apdu(0x80, 0xAE, 0x80, 0, FIRST, 256).pack()) is None
    assert read(card, 2, 1).sw == "9000"


def test_a_card_that_gets_its_cryptogram_wrong_differs_from_the_right_one(card: ChipCard) -> None:
    card.faults.wrong_cryptogram = True
    assert first(card)[3:11] != mac(session(b"\x00\x01"), covered(bytes.fromhex("03A00000"), b"\x00\x01"))


@pytest.mark.parametrize(
    ("raw", "sw"),
    [("00FF0000", "6D00"), ("84A4040005A000000333", "6E00"), ("00A40400", "6A82"), ("00A4000005A000000333", "6A86"),
     ("00A404", "6700"), ("00A4040009A000", "6700"), ("80CA9F7900", "6A88"), ("", "6700")],
)  # fmt: skip
def test_what_the_card_does_not_know_is_refused_with_the_right_words(card: ChipCard, raw: str, sw: str) -> None:
    answer = card.transmit(bytes.fromhex(raw))
    assert answer is not None
    assert answer.hex().upper() == sw


def test_no_command_whatever_its_bytes_breaks_the_card(card: ChipCard) -> None:
    for ins in range(256):
        for data in (b"", b"\x83", b"\x00", bytes(255)):
            initiate(card)
            raw = bytes([0x80, ins, 0, 0]) + (bytes([len(data)]) + data if data else b"")
            answer = card.transmit(raw)
            assert answer is not None
            assert len(answer) >= 2


def test_on_command_sees_a_command_before_it_is_carried_out(card: ChipCard) -> None:
    counters = []
    card.on_command = lambda command: counters.append((command.name, card._atc))
    initiate(card)
    assert counters == [("SELECT", 0), ("GET PROCESSING OPTIONS", 0)]
    assert card._atc == 1


def test_a_challenge_has_eight_bytes(card: ChipCard) -> None:
    assert len(send(card, Apdu(0, 0x84, 0, 0, le=8)).data) == 8


# ── its own witness ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_tells_its_witness_what_it_took_and_gave_itself() -> None:
    events = Events()
    card = ChipCard(credit_profile(), PAN, name="credit", witness=events)
    card.power_on()
    command = Apdu(0, 0xA4, 4, 0, bytes.fromhex(AID), 256).pack()
    answer = card.transmit(command)
    assert answer is not None
    assert [(e.kind, e.raw) for e in events.all()] == [("powered", None), ("gave", command + answer)]
    assert events.of("powered") == [{"card": "credit", "atr": card.atr.hex().upper()}]
    [gave] = events.of("gave")
    assert (gave["card"], gave["took"]) == ("credit", len(command))
    assert 0 <= gave["own_ns"] < 1e9


def test_it_tells_after_what_was_done_as_the_command_reached_it() -> None:
    events = Events()
    card = ChipCard(credit_profile(), PAN, witness=events)
    card.on_command = lambda command: events(Event(Channel.READER, "removed"))
    card.transmit(Apdu(0, 0x84, 0, 0, le=256).pack())
    assert [e.kind for e in events.all()] == ["removed", "gave"]


def test_a_silent_card_took_a_command_and_one_without_a_witness_tells_nobody() -> None:
    events = Events()
    card = ChipCard(credit_profile(), PAN, emit=events, witness=events)
    card.faults.mute.add(0x84)
    command = Apdu(0, 0x84, 0, 0, le=256).pack()
    assert card.transmit(command) is None
    assert [(e.kind, e.raw) for e in events.all()] == [("took", command)]
    unseen = Events()
    ChipCard(credit_profile(), PAN, emit=unseen).transmit(command)
    assert unseen.all() == []
