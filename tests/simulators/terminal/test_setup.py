"""What the contact kernel is set up with: parameters, and what was downloaded. facts/unionpay-pos 3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from protocols.emv.verification import Capabilities, Tvr
from protocols.iso8583.subfields import CaKey
from protocols.iso8583.subfields.f62_download import Entry, pack_entry
from simulators.card.authority import house_authority
from simulators.terminal.contact import CaKeys
from simulators.terminal.contact.configuration import UNIONPAY, Configuration
from simulators.terminal.journal import Journal
from simulators.terminal.parameters import TerminalParameters
from simulators.terminal.setup import CA_KEY, IC_PARAMETERS, configuration_of, with_downloads
from tests.simulators.kit import PAN

PARAMETERS = TerminalParameters("50080001", "309310083985008", "M", "01")
CREDIT = "A000000333010102"
RID = bytes.fromhex("A000000333")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


def entry(aid: str = CREDIT, **values: str) -> Entry:
    return (("9F06", bytes.fromhex(aid)), *((tag, bytes.fromhex(value)) for tag, value in values.items()))


# ── parameters ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_parameter_does_not_say_is_each_applications_own(journal: Journal) -> None:
    configuration = configuration_of(PARAMETERS, journal)
    assert configuration.applications == UNIONPAY
    assert configuration == replace(
        Configuration(), merchant="M", merchant_id="309310083985008", terminal_id="50080001"
    )  # fmt: skip


def test_what_a_parameter_says_holds_for_every_application(journal: Journal) -> None:
    journal.keep_download(IC_PARAMETERS, CREDIT, pack_entry(entry(**{"9F1B": "00000001", "DF13": "0000000000"})))
    parameters = replace(
        PARAMETERS, tac_denial="0040000000", tac_online="0000000000", tac_default="FFFFFFFFFF", floor_limit=500_00,
        random_percent=30, capabilities="E0B8C8", country="840", pinpad=False,
        cardholder_choice=False, offline_approval=True, exception_file=frozenset({PAN}),
    )  # fmt: skip
    configuration = configuration_of(parameters, journal)
    for rule in configuration.applications:
        assert (rule.tac_denial, rule.tac_online, rule.tac_default) == (Tvr.EXPIRED, Tvr(0), Tvr.parse(b"\xff" * 5))
        assert (rule.floor_limit, rule.target_percent, rule.max_target_percent) == (500_00, 30, 30)
    assert configuration.capabilities == Capabilities.parse(bytes.fromhex("E0B8C8"))
    assert (configuration.country, configuration.exception_file) == ("840", {PAN})
    switches = ("pinpad", "cardholder_choice", "offline_approval")
    assert [getattr(configuration, name) for name in switches] == [False, False, True]
    assert PAN not in repr(configuration)


# ── parameters of applications by download ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tag", "value", "attribute", "read"),
    [
        ("DF01", "00", "partial", True),
        ("DF01", "01", "partial", False),
        ("9F08", "0020", "version", bytes.fromhex("0020")),
        ("9F09", "008C", "version", bytes.fromhex("008C")),
        ("DF11", "0000000001", "tac_default", Tvr.parse(bytes.fromhex("0000000001"))),
        ("DF12", "8000000000", "tac_online", Tvr.ODA_NOT_PERFORMED),
        ("DF13", "0040000000", "tac_denial", Tvr.EXPIRED),
        ("9F1B", "0000C350", "floor_limit", 50_000),
        ("DF15", "00000064", "threshold", 100),
        ("DF16", "99", "max_target_percent", 99),
        ("DF17", "20", "target_percent", 20),
        ("DF14", "9F37049F0206", "ddol", bytes.fromhex("9F37049F0206")),
    ],
)
def test_what_came_for_an_application_is_applied_to_it_alone(
    tag: str, value: str, attribute: str, read: object
) -> None:
    before = {rule.aid: rule for rule in UNIONPAY}
    after = {rule.aid: rule for rule in with_downloads(UNIONPAY, [entry(**{tag: value})])}
    assert after == {**before, bytes.fromhex(CREDIT): replace(before[bytes.fromhex(CREDIT)], **{attribute: read})}


def test_an_application_that_was_not_there_is_added() -> None:
    rules = with_downloads(UNIONPAY, [entry("A000000333010106", **{"9F1B": "00000005"})])
    assert [rule.aid.hex().upper()[-2:] for rule in rules] == ["02", "01", "03", "06"]
    assert rules[-1].floor_limit == 5


@pytest.mark.parametrize("tag", ["DF11", "DF12", "DF13", "9F1B", "DF15", "DF16", "DF17", "DF01", "9F08"])
@pytest.mark.parametrize("value", ["", "00112233445566"])
def test_a_value_of_another_length_is_left(tag: str, value: str) -> None:
    assert with_downloads(UNIONPAY, [entry(**{tag: value})]) == UNIONPAY


@pytest.mark.parametrize("aid", ["", "A0000003", "A0" * 17])
def test_what_is_no_name_of_an_application_is_left(aid: str) -> None:
    """EMV Book 1, 12.2.1: 5 to 16 bytes."""
    assert with_downloads(UNIONPAY, [entry(aid, **{"9F1B": "00000005"})]) == UNIONPAY


# ── CA keys ───────────────────────────────────────────────────────────────────────────────────────────────────────


def downloadable(index: int) -> CaKey:
    key = house_authority().ca_key(index)
    return CaKey(key.rid, index, "20" + key.expires, key.key.modulus, key.key.exponent_bytes)


def test_a_key_that_came_by_download_stands_beside_those_of_the_acquirer(journal: Journal) -> None:
    own = CaKeys.of([house_authority().ca_key(0xF0)])
    journal.keep_download(CA_KEY, "F1", pack_entry(downloadable(0xF1).entry()))
    keys = configuration_of(replace(PARAMETERS, ca_keys=own), journal).keys
    assert sorted(keys.keys) == [(RID, 0xF0), (RID, 0xF1)]
    assert keys.keys[RID, 0xF1] == house_authority().ca_key(0xF1)
    journal.forget_downloads(CA_KEY)
    assert configuration_of(replace(PARAMETERS, ca_keys=own), journal).keys == own


@pytest.mark.parametrize("spoilt", [b"\x9f\x06\x05", b"", b"\xdf\x02\x01\x00"])
def test_what_was_spoilt_on_its_way_is_no_key(journal: Journal, spoilt: bytes) -> None:
    journal.keep_download(CA_KEY, "F1", spoilt)
    assert not configuration_of(PARAMETERS, journal).keys.keys


def test_a_key_whose_check_value_is_wrong_is_none(journal: Journal) -> None:
    values = dict(downloadable(0xF1).entry()) | {"DF03": bytes(20)}
    journal.keep_download(CA_KEY, "F1", pack_entry(tuple(values.items())))
    assert not configuration_of(PARAMETERS, journal).keys.keys
