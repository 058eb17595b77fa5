"""What can be wrong with a card's data is wrong in its bytes, and nothing else is. EMV Book 1, 12.2; Book 2; Book 3."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from protocols.emv import TlvError, find, parse
from protocols.emv.certificates import AuthenticationFailed, Reason, unsealed
from protocols.emv.oda import check_static
from simulators.card.authority import house_authority
from simulators.card.damage import UNHARMED, Afl, Certificate, Damage, Pse, Signer
from simulators.card.inspection import authentic, ca_index
from simulators.card.personal import PersonalApplication, personalise
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


def verdict(application: PersonalApplication) -> str:
    return authentic(application, PAN, house_authority(), TODAY)


def reason_of(application: PersonalApplication, prove: Any = card_key) -> Reason:
    with pytest.raises(AuthenticationFailed) as failed:
        prove(application)
    return failed.value.reason


def static_proof(application: PersonalApplication) -> bytes:
    return check_static(issuer_key(application), values_of(application)["93"], static_of(application))


def test_an_unharmed_card_is_the_card_without_damage() -> None:
    assert personalise(credit_profile(), PAN) == personalise(credit_profile(), PAN, damage=UNHARMED)
    assert UNHARMED.words() == ()


# ── mistakes of the issuer: signed as they are ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("tag", ["5A", "5F24", "8C", "9F07", "57"])
def test_what_is_dropped_was_never_there_and_the_rest_is_authentic(tag: str) -> None:
    application = credit(Damage(drop=(tag,)))
    assert tag not in values_of(application)
    assert verdict(application) == "right"


@pytest.mark.parametrize("tag", ["8F", "90", "9F32", "9F46", "9F47"])
def test_a_certificate_that_is_dropped_is_missing(tag: str) -> None:
    application = credit(Damage(drop=(tag,)))
    assert tag not in values_of(application)
    assert verdict(application) == "missing"


@pytest.mark.parametrize("index", ["F1", "01"])
def test_a_ca_key_that_did_not_make_it_proves_nothing(index: str) -> None:
    application = credit(Damage(change={"8F": index}))
    assert ca_index(application) == index
    assert verdict(application) == "wrong"


def test_a_static_signature_that_is_dropped_is_missing() -> None:
    assert verdict(credit(Damage(drop=("93",)), oda="sda")) == "missing"


def test_what_is_replaced_is_signed_with_its_other_value() -> None:
    application = credit(Damage(replace={"5F24": "200131", "9F4A": "8295", "82": "5800"}))
    assert values_of(application)["5F24"].hex() == "200131"
    assert application.aip.hex() == "5800"
    changed = credit(Damage(replace={"5F24": "200131"}))
    assert verdict(changed) == "right"


def test_a_tag_list_with_more_than_the_aip_is_signed_and_wrong_all_the_same() -> None:
    """EMV Book 3, 10.3."""
    application = credit(Damage(replace={"9F4A": "8295"}))
    assert reason_of(application) is Reason.TAG_LIST
    assert verdict(application) == "wrong"


def test_what_is_empty_is_there_with_no_value() -> None:
    application = credit(Damage(empty=("5F25", "9F12")))
    assert values_of(application)["5F25"] == b""
    assert find(application.fci, "9F12") == b""
    assert verdict(application) == "right"


def test_what_is_there_twice_is_there_twice() -> None:
    application = credit(Damage(twice=("5F24",)))
    assert [node.tag for node in nodes_of(application)].count("5F24") == 2
    assert verdict(application) == "right"


def test_what_is_added_is_signed_too() -> None:
    application = credit(Damage(add={"DF7F": "0102", "9F50": ""}, add_to_name={"DF20": "", "9F5A": "31"}))
    assert values_of(application)["DF7F"] == b"\x01\x02"
    assert values_of(application)["9F50"] == b""
    assert find(application.fci, "DF20") == b""
    assert find(application.fci, "9F5A") == b"1"
    assert verdict(application) == "right"


# ── since it was signed ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "damage",
    [Damage(change={"5F24": "491231"}), Damage(lose=("5F25",)), Damage(flip=("9F07",))],
    ids=["change", "lose", "flip"],
)
@pytest.mark.parametrize("oda", ["sda", "dda"])
def test_signed_data_that_is_other_since_does_not_prove_itself(damage: Damage, oda: str) -> None:
    application = credit(damage, oda=oda)
    assert reason_of(application, static_proof if oda == "sda" else card_key) is Reason.HASH
    assert verdict(application) == "wrong"


def test_a_bit_that_is_flipped_is_the_lowest_of_the_last_byte() -> None:
    assert values_of(credit(Damage(flip=("9F07",))))["9F07"].hex().upper() == "FF01"
    assert values_of(credit(Damage(flip=("9F46",))))["9F46"][:-1] == values_of(credit())["9F46"][:-1]


@pytest.mark.parametrize("tag", ["90", "92", "9F46"])
def test_a_certificate_with_another_bit_does_not_recover(tag: str) -> None:
    """A remainder is under the hash."""
    application = credit(Damage(flip=(tag,)), issuer_bits=1408, ca_index="F1")
    assert reason_of(application) in (Reason.TRAILER, Reason.HEADER, Reason.HASH)
    assert verdict(application) == "wrong"


def test_data_outside_the_signed_record_may_change() -> None:
    assert verdict(credit(Damage(flip=("5F20",)))) == "right"


# ── whose key, and what in it ─────────────────────────────────────────────────────────────────────────────────────


def test_a_certificate_of_another_ca_does_not_recover() -> None:
    application = credit(Damage(signed_by="another CA"))
    assert reason_of(application, issuer_key) is Reason.TRAILER
    assert verdict(application) == "wrong"


def test_a_card_that_another_issuer_signed_does_not_recover() -> None:
    application = credit(Damage(signed_by="another issuer"))
    assert issuer_key(application).size == 176
    assert reason_of(application) is Reason.TRAILER
    assert reason_of(credit(Damage(signed_by="another issuer"), oda="sda"), static_proof) is Reason.TRAILER


def test_a_card_with_another_cards_key_proves_its_data_and_signs_nothing_right() -> None:
    application = credit(Damage(signed_by="another card"))
    assert verdict(application) == "right"
    assert application.card_key is not None
    assert card_key(application) != application.card_key.public


_PROOF = {"issuer": issuer_key, "card": card_key, "PIN": pin_key, "static": static_proof}
_REASON = {
    "expired": Reason.EXPIRED, "of another PAN": Reason.PAN, "trailer": Reason.TRAILER, "header": Reason.HEADER,
    "format": Reason.FORMAT, "hash": Reason.HASH,
}  # fmt: skip


@pytest.mark.parametrize("words", [words for words in get_args(Certificate) if words])
def test_what_is_wrong_in_a_certificate_is_found_at_its_step_and_no_sooner(words: Certificate) -> None:
    """EMV Book 2, 5.3, 5.4, 6.4, 7.1: signed by the right key all the same."""
    whose, _, part = words.partition(" ")
    application = credit(Damage(certificate=words), pin_key="own")
    wanted = Reason.ISSUER if words == "issuer of another PAN" else _REASON[part]
    assert reason_of(application, _PROOF[whose]) is wanted
    others = [prove for name, prove in _PROOF.items() if name != whose and whose != "issuer"]
    assert all(prove(application) for prove in others)


def test_a_certificate_for_another_pan_names_no_card_but_a_test_card() -> None:
    application = credit(Damage(certificate="card of another PAN"))
    content = unsealed("", 0x04, issuer_key(application), values_of(application)["9F46"], _covered(application))
    assert content[:10].hex().upper() == "6250947000000022FFFF"


def _covered(application: PersonalApplication) -> bytes:
    values = values_of(application)
    return values.get("9F48", b"") + values["9F47"] + static_of(application)


# ── how it is written ─────────────────────────────────────────────────────────────────────────────────────────────


def test_zero_bytes_around_objects_change_nothing_but_the_bytes() -> None:
    """EMV Book 3, Annex B1."""
    application = credit(Damage(pad=True))
    assert application.records[2, 1][3:5] == b"\x00\x5a"
    assert application.records[2, 1][-5:] == bytes.fromhex("9F44010200")
    assert values_of(application)["5A"] == values_of(credit())["5A"]
    assert find(application.fci, "50") == b"PBOC CREDIT"
    assert b"\x00\x50\x0bPBOC CREDIT\x00\x87" in application.fci
    assert verdict(application) == "right"


def test_lengths_in_two_bytes_change_nothing_but_the_bytes() -> None:
    application = credit(Damage(long_lengths=True))
    assert bytes.fromhex("5A8108") in application.records[2, 1]
    assert values_of(application)["5A"] == values_of(credit())["5A"]
    assert verdict(application) == "right"


def test_records_without_their_template_hold_the_same_objects() -> None:
    application = credit(Damage(bare=True))
    assert application.records[2, 1] == credit().records[2, 1][3:]
    assert parse(application.records[1, 1])[0].tag == "57"
    assert verdict(application) == "wrong"  # EMV Book 3, 10.3: a record of files 1 to 10 is a template 70


def test_a_record_that_is_cut_is_no_tlv() -> None:
    application = credit(Damage(cut=("2.1", "1.1")))
    for key in ((2, 1), (1, 1)):
        right = credit().records[key]
        assert len(application.records[key]) == len(right) - 2
        assert application.records[key][:2] == right[:2]
        assert holds_no_digits(application.records[key])
        with pytest.raises(TlvError):
            parse(application.records[key])
    assert verdict(application) == "wrong"


def test_a_record_that_is_missing_is_named_all_the_same() -> None:
    application = credit(Damage(missing=("2.2",)))
    assert (2, 2) not in application.records
    assert application.afl == credit().afl
    with pytest.raises(KeyError):
        located(application)


@pytest.mark.parametrize(
    ("words", "afl"),
    [
        ("empty", ""),
        ("odd length", "0801010010010301180102"),
        ("file 0", "000101001001030118010200"),
        ("file 31", "F80101001001030118010200"),
        ("record 0", "080001001001030118010200"),
        ("last before first", "080201001001030118010200"),
        ("too many signed", "080101021001030118010200"),
        ("twice", "08010100100103011801020008010100"),
        ("record that is not there", "080102001001030118010200"),
        ("08010100", "08010100"),
    ],
)
def test_a_locator_can_be_wrong_in_each_way_that_the_book_forbids(words: str, afl: str) -> None:
    """EMV Book 3, 7.5 and 10.2."""
    application = credit(Damage(afl=words))
    assert application.afl.hex().upper() == afl
    assert application.records == credit().records


def test_every_word_for_a_locator_is_tried() -> None:
    words = {words for words in get_args(get_args(Afl)[0] if get_args(get_args(Afl)[0]) else Afl) if words}
    assert words == {
        "empty", "odd length", "file 0", "file 31", "record 0", "last before first", "too many signed", "twice",
        "record that is not there",
    }  # fmt: skip


def test_too_many_signed_records_are_not_those_that_were_signed() -> None:
    assert verdict(credit(Damage(afl="08010100100102021801020010030300"))) == "wrong"


# ── the directory ─────────────────────────────────────────────────────────────────────────────────────────────────


def pse_with(words: Pse) -> Any:
    pse = whole(Damage(pse=words)).pse
    assert pse is not None
    return pse


def test_a_blocked_environment_has_its_data_and_says_so() -> None:
    blocked = pse_with("blocked")
    right = whole().pse
    assert right is not None
    assert (blocked.blocked, blocked.fci, blocked.records) == (True, right.fci, right.records)


def test_a_wrong_entry_comes_first_and_names_what_the_card_has_not() -> None:
    card = whole(Damage(pse="wrong entry"))
    assert card.pse is not None
    names = [find(entry.children, "4F") for entry in parse(card.pse.records[1, 1])[0].children]
    assert names == [bytes.fromhex("A0000003330101FF"), bytes.fromhex("A000000333010102")]
    assert names[0] not in [application.aid for application in card.applications]


def test_a_directory_without_entries_or_records() -> None:
    assert pse_with("no entries").records == {(1, 1): b"\x70\x00"}
    assert pse_with("no records").records == {}


def test_unknown_objects_stand_beside_an_entry_that_is_right() -> None:
    nodes = parse(pse_with("unknown objects").records[1, 1])[0].children
    assert [[inner.tag for inner in node.children] for node in nodes] == [
        ["9D", "73"], ["4F", "50", "9F12", "87", "DF20", "9F0C"],
    ]  # fmt: skip


def holds_no_digits(record: bytes) -> bool:
    """Behind its header: what is no data object any more never looks like a card number by chance."""
    return set(record[3:].hex()) <= set("abcdef")


def test_a_garbled_directory_is_no_tlv() -> None:
    assert holds_no_digits(pse_with("garbled").records[1, 1])
    with pytest.raises(TlvError):
        parse(pse_with("garbled").records[1, 1])


@pytest.mark.parametrize(("words", "file"), [("no file", None), ("wrong file", b"\x0b")])
def test_the_environment_may_name_no_file_or_one_that_no_directory_is_in(words: Pse, file: bytes | None) -> None:
    """EMV Book 1, 12.2.2: 1 to 10."""
    assert find(pse_with(words).fci, "88") == file


def test_every_word_for_a_directory_makes_another_card() -> None:
    cards = [whole(Damage(pse=words)).pse for words in get_args(Pse)]
    assert all(one != other for number, one in enumerate(cards) for other in cards[:number])


# ── whose, and what is told ───────────────────────────────────────────────────────────────────────────────────────


def test_damage_can_be_that_of_one_application_alone() -> None:
    profile = credit_profile().model_dump() | {
        "applications": [{"aid": "A000000333010101", "label": "A"}, {"aid": "A000000333010102", "label": "B"}]
    }
    damage = Damage(application="A000000333010102", drop=("8C",))
    first, second = personalise(type(credit_profile()).model_validate(profile), PAN, damage=damage).applications
    assert "8C" in values_of(first)
    assert "8C" not in values_of(second)


def test_damage_reaches_what_get_data_gives() -> None:
    assert credit(Damage(drop=("9F4F",))).data.keys() == credit(log=False).data.keys()
    assert credit(Damage(change={"9F4F": "9A03"})).data["9F4F"] == b"\x9a\x03"


def test_what_is_wrong_is_told_by_field_and_tag_and_never_by_value() -> None:
    damage = Damage(
        application="A000000333010102",
        drop=("8C", "8D"),
        change={"5A": PAN},
        pad=True,
        afl="twice",
        signed_by="another CA",
    )
    assert damage.words() == ("drop 8C 8D", "change 5A", "pad", "afl: twice", "signed by: another CA")
    assert PAN not in " ".join(damage.words())


def test_a_locator_in_bytes_is_told_as_such() -> None:
    assert Damage(afl="08010100").words() == ("afl: 08010100",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dorp": ["8C"]},
        {"drop": ["8"]},
        {"cut": ["2"]},
        {"afl": "thrice"},
        {"pse": "open"},
        {"signed_by": "nobody"},
        {"certificate": "issuer colour"},
        {"replace": {"5A": "123"}},
    ],
    ids=str,
)
def test_damage_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Damage.model_validate(wrong)


def test_every_signer_is_tried() -> None:
    cards = [credit(Damage(signed_by=signer)) for signer in get_args(Signer)]
    assert all(one != other for number, one in enumerate(cards) for other in cards[:number])
