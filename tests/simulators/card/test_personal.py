"""What a personalised card holds. facts/pcsc-emv 4.2; EMV Book 1, 12.2; Book 2, 5 to 7; Book 3, 10.2, 10.3, Annex A."""

from __future__ import annotations

import time
from typing import Any

import pytest

from protocols.emv import find, parse
from protocols.emv.certificates import AuthenticationFailed, Reason
from protocols.emv.cvm import CvmList
from protocols.emv.keys import derive_b
from protocols.emv.oda import check_static
from protocols.faults import ConfigurationError
from protocols.pan import derived, mask_pan
from rigs.cards.loading import card_path, load_card_profile
from simulators.card.authority import house_authority
from simulators.card.inspection import authentic, ca_index
from simulators.card.personal import personalise
from tests.simulators.card.data_kit import (
    TODAY,
    card_key,
    credit,
    issuer_key,
    located,
    nodes_of,
    pin_key,
    static_of,
    values_of,
    whole,
)
from tests.simulators.kit import PAN, credit_profile

# ── records and locator ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_locator_names_every_record_and_no_other() -> None:
    application = credit()
    assert [(file, number) for file, number, _, _ in located(application)] == sorted(application.records)
    assert application.afl.hex().upper() == "080101001001030118010200"


def test_one_record_is_signed_and_it_is_the_first_of_its_file() -> None:
    assert [(file, number) for file, number, _, signed in located(credit()) if signed] == [(2, 1)]


def test_no_object_lies_twice_and_every_record_is_one_template_70() -> None:
    application = credit(pin_key="own", oda="cda")
    tags = [node.tag for node in nodes_of(application)]
    assert tags.count("70") == len(application.records)
    assert sorted(tag for tag in tags if tag != "70") == sorted({tag for tag in tags if tag != "70"})


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("57", f"{PAN}D3012201000000000F"),
        ("5F20", b"TEST CARD/HOLDFAST".hex().upper()),
        ("9F1F", b"00000000".hex()),
        ("5A", PAN),
        ("5F24", "301231"),
        ("5F25", "200101"),
        ("5F34", "01"),
        ("5F28", "0156"),
        ("9F07", "FF00"),
        ("9F08", "0030"),
        ("8E", "000000000000000042031E031F00"),
        ("9F0D", "D84000A800"),
        ("9F0E", "0010000000"),
        ("9F0F", "D84004F800"),
        ("9F4A", "82"),
        ("8C", "9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14"),
        ("8D", "910A8A029F02069F03069F1A0295055F2A029A039C019F37049F2103"),
        ("9F42", "0156"),
        ("9F44", "02"),
        ("9F49", "9F3704"),
        ("8F", "F0"),
        ("9F32", "03"),
        ("9F47", "03"),
    ],
)
def test_a_record_holds_what_the_card_file_says(tag: str, value: str) -> None:
    assert values_of(credit())[tag].hex().upper() == value.upper()


@pytest.mark.parametrize(
    ("month", "day"),
    [
        ("2901", 31), ("2902", 28), ("2802", 29), ("2903", 31), ("2904", 30), ("2905", 31), ("2906", 30), ("2907", 31),
        ("2908", 31), ("2909", 30), ("2910", 31), ("2911", 30), ("2912", 31), ("0002", 29), ("9902", 28),
    ],
)  # fmt: skip
def test_a_card_expires_on_the_real_last_day_of_its_month(month: str, day: int) -> None:
    """EMV Book 3, Annex A: 5F24 is a date, and one that is none ends the transaction (7.5)."""
    assert values_of(credit(expiry=month))["5F24"].hex() == f"{month}{day}"


@pytest.mark.parametrize("month", ["3000", "3013", "30", "301"])
def test_a_month_that_is_none_is_refused(month: str) -> None:
    with pytest.raises(ValueError, match="expiry"):
        credit_profile(expiry=month)


def test_lists_and_limits_stand_in_the_record_that_is_signed() -> None:
    application = credit(lower_limit=0, upper_limit=255, tdol="9F0206")
    record = application.records[2, 1]
    assert [find(record, tag) for tag in ("9F14", "9F23", "97")] == [b"\x00", b"\xff", bytes.fromhex("9F0206")]
    assert {"9F14", "9F23", "97"}.isdisjoint(values_of(credit()))


@pytest.mark.parametrize(
    ("changes", "tags"),
    [
        ({"psn": ""}, ["5F34"]),
        ({"effective": ""}, ["5F25"]),
        ({"country": ""}, ["5F28"]),
        ({"currency": ""}, ["9F42", "9F44"]),
        ({"cvm_list": ""}, ["8E"]),
        ({"usage_control": ""}, ["9F07"]),
        ({"version": ""}, ["9F08"]),
        ({"static_tags": ""}, ["9F4A"]),
        ({"ddol": ""}, ["9F49"]),
        ({"oda": "sda"}, ["9F49", "9F46", "9F47"]),
        ({"oda": "none"}, ["9F4A", "93", "90", "8F", "9F32", "9F46"]),
    ],
)
def test_what_the_card_has_not_is_in_no_record(changes: dict[str, Any], tags: list[str]) -> None:
    assert set(tags) <= set(values_of(credit()))
    assert set(tags).isdisjoint(values_of(credit(**changes)))


@pytest.mark.parametrize("digits", range(13, 20))
def test_a_number_of_any_length_is_packed_filled_and_on_the_track(digits: int) -> None:
    pan = next(derived("62509470", 7, digits))
    application = personalise(credit_profile(pan_digits=digits), pan).applications[0]
    values = values_of(application)
    assert values["5A"].hex().upper() == pan + "F" * (digits % 2)
    assert values["57"].hex().upper().startswith(f"{pan}D3012201")
    assert len(values["57"]) <= 19  # 37 digits at most: EMV Book 3, Annex A
    assert card_key(application).size == 128


def test_further_objects_follow_in_the_record_that_is_signed() -> None:
    application = credit(more={"DF7F": "0102", "9F50": "", "BF50": "DF010155"})
    tags = [node.tag for node in parse(application.records[2, 1])[0].children]
    assert tags[-3:] == ["DF7F", "9F50", "BF50"]
    assert values_of(application)["9F50"] == b""
    assert card_key(application).size == 128


def test_a_record_that_no_answer_holds_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"record 2\.1 would have \d+ bytes .*254 at most"):
        credit(more={"DF7F": "00" * 120})


def test_the_longest_record_still_fits_one_answer() -> None:
    """The issuer's certificate under a key of 1984 bits: 254 bytes."""
    assert max(map(len, credit().records.values())) == 254


# ── interchange profile and CVM list ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "aip"),
    [
        ({}, "7800"),
        ({"oda": "sda"}, "5800"),
        ({"oda": "cda"}, "7900"),
        ({"oda": "none"}, "1800"),
        ({"issuer_authentication": "external authenticate"}, "7C00"),
        ({"cardholder_verification": False}, "6800"),
        ({"terminal_risk_management": False}, "7000"),
        ({"aip": "3C80"}, "3C80"),
    ],
)
def test_the_interchange_profile_says_what_the_application_can_do(changes: dict[str, Any], aip: str) -> None:
    """EMV Book 3, Annex C1."""
    assert credit(**changes).aip.hex().upper() == aip


def test_a_cvm_list_in_words_is_the_list_in_bytes() -> None:
    """EMV Book 3, Annex C3."""
    words = {
        "amount_x": 20_000,
        "amount_y": 200_000,
        "rules": [
            {"method": "no CVM", "condition": "under X", "failing": "next"},
            {"method": "online PIN", "condition": "over Y"},
            {"method": "enciphered PIN signature", "condition": "supported", "failing": "next"},
            {"method": "2A", "condition": "8F", "failing": "next"},
            {"method": "fail"},
        ],
    }
    value = values_of(credit(cvm_list=words))["8E"]
    assert value.hex().upper() == "00004E2000030D40" + "5F06" + "0209" + "4503" + "6A8F" + "0000"
    assert [rule.apply_next for rule in CvmList.parse(value).rules] == [True, False, True, True, False]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"method": "onlin PIN"}, "there is no 'onlin PIN': did you mean online PIN?"),
        ({"method": "signature", "condition": "over Z"}, "there is no 'over Z': did you mean over Y?"),
        ({"method": "handshake"}, "there is no 'handshake': fail, plain PIN, online PIN"),
    ],
)
def test_an_unknown_rule_names_the_near_miss(rule: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        credit_profile(cvm_list={"rules": [rule]})


# ── certificates and signatures ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ca", ["F0", "F1", "F3"])
@pytest.mark.parametrize("issuer_bits", [1152, 1408])
@pytest.mark.parametrize("card_bits", [1024, 1152])
@pytest.mark.parametrize("exponent", [3, 65537])
def test_every_combination_of_keys_leads_from_the_ca_to_the_card(
    ca: str, issuer_bits: int, card_bits: int, exponent: int
) -> None:
    """EMV Book 2, 6: also where a key is longer than its certificate, and leaves a remainder."""
    application = credit(
        ca_index=ca, issuer_bits=issuer_bits, card_bits=card_bits, exponent=exponent, oda="cda", pin_key="own"
    )
    assert application.card_key is not None
    assert application.pin_key is not None
    assert issuer_key(application).size * 8 == issuer_bits
    assert card_key(application) == application.card_key.public
    assert pin_key(application) == application.pin_key.public
    assert application.card_key.public != application.pin_key.public
    assert check_static(issuer_key(application), values_of(application)["93"], static_of(application))
    house = house_authority().ca_key(int(ca, 16)).key
    assert ("92" in values_of(application)) == (issuer_bits // 8 > house.size - 36)
    assert ("9F48" in values_of(application)) == (card_bits > issuer_bits - 42 * 8)


def test_the_card_signs_with_the_key_that_its_certificate_names() -> None:
    application = credit()
    message = b"\x00" + bytes(range(127))
    assert application.card_key is not None
    assert card_key(application).recover(application.card_key.sign(message)) == message


def test_a_pin_under_the_cards_own_key_has_no_certificate_of_its_own() -> None:
    """EMV Book 2, 7.1."""
    application = credit(pin_key="card")
    assert application.pin_key is application.card_key is not None
    assert "9F2D" not in values_of(application)


def test_a_card_without_signatures_of_its_own_has_no_key() -> None:
    application = credit(oda="sda")
    assert application.card_key is application.pin_key is None
    assert check_static(issuer_key(application), values_of(application)["93"], static_of(application)) == b"HF"


def test_a_card_without_authentication_may_still_have_a_key_for_its_pin() -> None:
    application = credit(oda="none", pin_key="own")
    assert pin_key(application) == application.pin_key.public  # type: ignore[union-attr]
    assert {"93", "9F46"}.isdisjoint(values_of(application))


def test_every_certificate_is_good_until_its_month_is_over() -> None:
    application = credit(pin_key="own")
    assert issuer_key(application, "301231").size == 176
    with pytest.raises(AuthenticationFailed) as failed:
        issuer_key(application, "310101")
    assert failed.value.reason is Reason.EXPIRED


def test_an_expired_card_has_certificates_that_have_not() -> None:
    """So that nothing but the expiry of the application is wrong with it."""
    application = credit(expiry="2001")
    assert values_of(application)["5F24"].hex() == "200131"
    assert card_key(application, "260615").size == 128


def test_a_card_that_lives_longer_has_certificates_that_do() -> None:
    assert card_key(credit(expiry="3506"), "350630").size == 128


def test_an_expired_ca_key_and_a_wrong_digest_are_those_of_the_cards_that_are_made_for_them() -> None:
    by_name = {name: load_card_profile(card_path(name)).applications[0].ca_index for name in MADE_FOR}
    keys = {name: house_authority().ca_key(int(index, 16)) for name, index in by_name.items()}
    assert keys["expired-ca-key"].expires == "191231"
    assert [name for name, key in keys.items() if not key.digest_right] == ["wrong-ca-digest"]
    assert all(keys[name].expires > TODAY for name in ("revoked-issuer", "wrong-ca-digest"))


MADE_FOR = ("expired-ca-key", "revoked-issuer", "wrong-ca-digest")


# ── selection ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_name_holds_what_selection_needs() -> None:
    """EMV Book 1, 11.3.4, table 45; facts/pcsc-emv 4.2: the log entry in BF0C."""
    [template] = parse(credit().fci)
    assert template.tag == "6F"
    assert [node.tag for node in template.children] == ["84", "A5"]
    proprietary = {node.tag: node.value.hex().upper() for node in template.children[1].children}
    assert proprietary == {
        "50": b"PBOC CREDIT".hex().upper(), "87": "01", "9F38": "9F7A019F02065F2A02", "5F2D": b"zhen".hex().upper(),
        "9F11": "01", "9F12": "银联信用卡".encode("gb18030").hex().upper(), "BF0C": "9F4D020B0A",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "tag"),
    [
        ({"pdol": ""}, "9F38"),
        ({"label": ""}, "50"),
        ({"preferred_name": ""}, "9F12"),
        ({"language": ""}, "5F2D"),
        ({"log": False}, "BF0C"),
    ],
)
def test_a_name_has_no_place_for_what_is_not_there(changes: dict[str, Any], tag: str) -> None:
    assert find(credit().fci, tag) is not None
    assert find(credit(**changes).fci, tag) is None


def test_the_issuers_own_objects_stand_beside_the_log_entry() -> None:
    assert find(credit(issuer_data={"9F5A": "31", "DF4D": ""}).fci, "BF0C") == bytes.fromhex("9F4D020B0A9F5A0131DF4D00")


def test_priority_and_confirmation_share_a_byte() -> None:
    """EMV Book 1, 12.2.3, table 48: low four bits, and b8."""
    assert find(credit(priority=5, confirmation=True).fci, "87") == b"\x85"


def directory(profile_name: str) -> tuple[Any, list[list[dict[str, str]]]]:
    """The environment, and its entries by record."""
    profile = load_card_profile(card_path(profile_name))
    pse = personalise(profile, next(derived(profile.pan_prefix))).pse
    assert pse is not None
    records = [
        [
            {node.tag: node.value.hex().upper() for node in entry.children}
            for entry in parse(pse.records[key])[0].children
        ]
        for key in sorted(pse.records)
    ]
    return pse, records


def test_the_environment_names_its_directory() -> None:
    """EMV Book 1, 11.3.4, table 43."""
    pse, _ = directory("credit-chip")
    assert pse.fci.hex().upper() == (
        "6F20840E315041592E5359532E4444463031A50E8801015F2D047A68656E9F110101"  # facts/pcsc-emv 4.2
    )
    assert not pse.blocked


def test_a_directory_has_an_entry_for_each_application_and_two_in_a_record() -> None:
    pse, records = directory("multi-app")
    assert [len(record) for record in records] == [2, 1]
    assert sorted(pse.records) == [(1, 1), (1, 2)]
    entries = [(one["4F"], bytes.fromhex(one["50"]).decode(), one["87"]) for record in records for one in record]
    assert entries == [
        ("A000000333010103", "PBOC QUASI", "03"),
        ("A000000333010102", "PBOC CREDIT", "01"),
        ("A000000333010101", "PBOC DEBIT", "02"),
    ]
    assert bytes.fromhex(records[0][1]["9F12"]).decode("gb18030") == "银联信用卡"


def test_an_application_need_not_be_listed() -> None:
    card = whole(in_directory=False)
    assert card.pse is not None
    assert card.pse.records == {}
    assert len(card.applications) == 1


def test_a_card_need_not_have_an_environment() -> None:
    assert whole(pse=False).pse is None


# ── what GET DATA gives, the stripe, keys ─────────────────────────────────────────────────────────────────────────


def test_get_data_gives_the_log_format_and_electronic_cash() -> None:
    data = credit(electronic_cash=50_000, get_data={"9F6D": "000000001000"}).data
    assert data["9F4F"].hex().upper() == "9A039F21039F02069F03069F1A025F2A029F4E149C019F3602"
    assert data["9F79"].hex() == "000000050000"
    assert data["9F52"].hex() == "6300"
    assert data["9F6D"].hex() == "000000001000"
    assert "9F79" not in credit().data
    assert "9F4F" not in credit(log=False).data


def test_what_the_card_counts_itself_is_not_personalised() -> None:
    assert {"9F13", "9F17", "9F36"}.isdisjoint(credit().data)


def test_the_stripe_says_what_the_chip_says() -> None:
    card = whole(service_code="120")
    assert card.track2 == f"{PAN}D3012120000000000"
    assert card.track1 == f"B{PAN}^TEST CARD/HOLDFAST^301212000000000"


@pytest.mark.parametrize("digits", [13, 19])
def test_both_tracks_fit_the_stripe_at_any_length(digits: int) -> None:
    """ISO/IEC 7813: 79 signs and 40 digits, sentinels and check included."""
    profile = credit_profile(pan_digits=digits, cardholder="A" * 26)
    card = personalise(profile, next(derived("62509470", 1, digits)))
    assert len(card.track1) <= 76
    assert len(card.track2) <= 37


def test_a_card_with_nothing_but_a_stripe_has_no_data_and_no_answer_to_reset() -> None:
    card = whole(chip=False, service_code="101")
    assert (card.atr, card.pse, card.applications) == (b"", None, ())
    assert card.track2.endswith("D3012101000000000")


def test_keys_are_derived_for_the_number_and_its_sequence() -> None:
    assert whole().keys != whole(psn="02").keys
    assert whole(psn="").keys == whole(psn="00").keys
    long = next(derived("62509470", 1, 19))
    card = personalise(credit_profile(pan_digits=19, cryptogram_version="18"), long)
    assert card.keys.ac == derive_b(bytes.fromhex(credit_profile().test_master_key), long, "01")


def test_the_same_card_twice_is_the_same_bytes_and_another_is_not() -> None:
    one, same = whole(), whole()
    assert one == same
    other = personalise(credit_profile(), next(derived("62509470", 2))).applications[0]
    assert other.records[3, 2] != one.applications[0].records[3, 2]


def test_nothing_that_shows_itself_shows_a_number_a_track_or_a_key() -> None:
    shown = repr(whole(oda="cda", pin_key="own"))
    assert PAN not in shown
    assert "test_master_key" not in shown
    keys = whole().keys
    for secret in (keys.ac, keys.mac, keys.enc):
        assert secret.hex() not in shown.lower()
        assert repr(secret) not in shown
    assert mask_pan(PAN)[-4:] in PAN  # the number that was looked for is one


def test_a_card_is_personalised_fast_enough_to_issue_one_for_each_case() -> None:
    """Its own time on the processor, the best of several: what else the machine does is none of the card's."""
    profile = load_card_profile(card_path("offline-pin-enciphered"))
    took = []
    for number in range(1, 8):
        pan = next(derived(profile.pan_prefix, number))
        began = time.process_time()
        personalise(profile, pan)
        took.append(time.process_time() - began)
    assert min(took) < 0.020


# ── looked at as a terminal would ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("oda", "verdict"), [("none", "none"), ("sda", "right"), ("dda", "right"), ("cda", "right")])
def test_an_unharmed_card_proves_itself(oda: str, verdict: str) -> None:
    application = credit(oda=oda)
    assert authentic(application, PAN, house_authority(), TODAY) == verdict
    assert ca_index(application) == ("" if oda == "none" else "F0")


@pytest.mark.parametrize("oda", ["sda", "dda"])
def test_a_card_without_a_tag_list_signs_its_records_alone(oda: str) -> None:
    """EMV Book 3, 10.3: the AIP is signed where 9F4A asks for it."""
    application = credit(static_tags="", oda=oda)
    assert authentic(application, PAN, house_authority(), TODAY) == "right"


def test_a_card_whose_certificates_have_run_out_does_not() -> None:
    assert authentic(credit(), PAN, house_authority(), "310101") == "wrong"
