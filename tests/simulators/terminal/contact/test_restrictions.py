"""Version, usage control and dates. EMV Book 3, 10.4."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from protocols.emv.verification import Tvr
from protocols.emv.verification import UsageControl as U
from simulators.terminal.contact.configuration import ApplicationRule, Configuration
from simulators.terminal.contact.restrictions import restrict
from tests.simulators.terminal.contact.front import CREDIT, TERMS, transaction
from tests.support.scripted_card import ScriptedCard

GOOD = {"t5F24": "301231", "t5F25": "200101", "t9F08": "0030", "t9F07": "FF00", "t5F28": "0156"}
NOTHING = Tvr(0)
GOODS_ONLY, SERVICES_ONLY, BOTH = ("4000F0F001", "2000F0F001", "6000F0F001")
CASH_TOO = "E000F0F001"


def restricted(
    *, kind: str = "03", now: datetime = TERMS.now, other: int = 0, able: str = BOTH, type_: int = 0x22,
    country: str = "156", defects: str = "", **values: str | None,
) -> Tvr:  # fmt: skip
    """What the TVR says of a card that is good but for these values; None is one that is not there."""
    configuration = Configuration(additional_capabilities=bytes.fromhex(able), terminal_type=type_, country=country)
    given = {tag: value for tag, value in {**GOOD, **values}.items() if value is not None}
    terms = replace(TERMS, kind=kind, now=now, other=other)
    with ScriptedCard("EMV Book 3, 10.4: no command", []) as card:
        begun, _ = transaction(card, configuration, terms, **given)
        begun.rule = ApplicationRule(bytes.fromhex(CREDIT))
        begun.terminal["9F09"] = begun.rule.version
        restrict(begun, frozenset(filter(None, [defects])))
    return begun.tvr


def test_a_good_card_sets_nothing() -> None:
    assert restricted() == NOTHING


# ── 10.4.1 ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("version", "tvr"),
    [("0030", NOTHING), ("0020", Tvr.VERSIONS_DIFFER), ("0031", Tvr.VERSIONS_DIFFER), (None, NOTHING)],
)
def test_another_version_is_told_and_none_is_presumed_to_fit(version: str | None, tvr: Tvr) -> None:
    assert restricted(t9F08=version) == tvr


# ── 10.4.2 ────────────────────────────────────────────────────────────────────────────────────────────────────────

REFUSED = Tvr.SERVICE_NOT_ALLOWED
ROWS = [  # what the card allows, what is asked, and whether it is at home
    (U.DOMESTIC_GOODS, "00", BOTH, True, NOTHING),
    (U.DOMESTIC_SERVICES, "00", BOTH, True, NOTHING),
    (U.DOMESTIC_GOODS, "00", GOODS_ONLY, True, NOTHING),
    (U.DOMESTIC_GOODS, "00", SERVICES_ONLY, True, REFUSED),
    (U.DOMESTIC_SERVICES, "03", SERVICES_ONLY, True, NOTHING),
    (U.DOMESTIC_SERVICES, "03", GOODS_ONLY, True, REFUSED),
    (U.DOMESTIC_CASH, "00", BOTH, True, REFUSED),
    (U.DOMESTIC_CASH, "01", CASH_TOO, True, NOTHING),
    (U.DOMESTIC_CASH, "17", CASH_TOO, True, NOTHING),
    (U.DOMESTIC_GOODS, "01", CASH_TOO, True, REFUSED),
    (U.DOMESTIC_CASH, "01", CASH_TOO, False, REFUSED),
    (U.INTERNATIONAL_CASH, "01", CASH_TOO, False, NOTHING),
    (U.INTERNATIONAL_CASH, "01", CASH_TOO, True, REFUSED),
    (U.INTERNATIONAL_GOODS, "00", GOODS_ONLY, False, NOTHING),
    (U.INTERNATIONAL_GOODS, "00", GOODS_ONLY, True, REFUSED),
    (U.DOMESTIC_GOODS | U.DOMESTIC_SERVICES, "03", BOTH, False, REFUSED),
    (U.INTERNATIONAL_SERVICES, "03", BOTH, False, NOTHING),
    (U.INTERNATIONAL_SERVICES, "03", SERVICES_ONLY, False, NOTHING),
    (U.INTERNATIONAL_SERVICES, "03", GOODS_ONLY, False, REFUSED),
    (U(0), "31", BOTH, True, NOTHING),
    (U(0), "31", BOTH, False, NOTHING),
    (U(0), "03", BOTH, True, REFUSED),
    (U.DOMESTIC_GOODS, "09", BOTH, True, REFUSED),
    (U.DOMESTIC_CASHBACK, "09", BOTH, True, REFUSED),
    (U.DOMESTIC_GOODS | U.DOMESTIC_CASHBACK, "09", BOTH, True, NOTHING),
    (U.DOMESTIC_GOODS | U.INTERNATIONAL_CASHBACK, "09", BOTH, True, REFUSED),
    (U.INTERNATIONAL_GOODS | U.INTERNATIONAL_CASHBACK, "09", BOTH, False, NOTHING),
    (U.INTERNATIONAL_GOODS | U.DOMESTIC_CASHBACK, "09", BOTH, False, REFUSED),
]


@pytest.mark.parametrize(("allowed", "kind", "able", "at_home", "tvr"), ROWS)
def test_usage_control(allowed: U, kind: str, able: str, at_home: bool, tvr: Tvr) -> None:
    """EMV Book 3, 10.4.2, table 36."""
    control = (allowed | U.NOT_AT_ATM).pack().hex()
    assert restricted(kind=kind, able=able, country="156" if at_home else "344", t9F07=control) == tvr


@pytest.mark.parametrize(("allowed", "tvr"), [(U.DOMESTIC_GOODS, REFUSED), (U.DOMESTIC_CASHBACK, NOTHING)])
def test_an_amount_of_cashback_asks_for_it_whatever_the_kind(allowed: U, tvr: Tvr) -> None:
    control = (allowed | U.DOMESTIC_GOODS | U.NOT_AT_ATM).pack().hex()
    assert restricted(kind="00", other=50_00, t9F07=control) == tvr


AT, NOT_AT = U.AT_ATM, U.NOT_AT_ATM
PLACES = [
    (AT, 0x14, CASH_TOO, NOTHING),
    (AT, 0x15, CASH_TOO, NOTHING),
    (AT, 0x16, CASH_TOO, NOTHING),
    (NOT_AT, 0x14, CASH_TOO, REFUSED),
    (NOT_AT, 0x14, BOTH, NOTHING),
    (AT, 0x14, BOTH, REFUSED),
    (AT, 0x22, CASH_TOO, REFUSED),
    (NOT_AT, 0x22, CASH_TOO, NOTHING),
    (NOT_AT, 0x24, CASH_TOO, NOTHING),
]


@pytest.mark.parametrize(("place", "type_", "able", "tvr"), PLACES)
@pytest.mark.parametrize("country", ["0156", None], ids=["with its country", "without"])
def test_an_atm_is_a_banks_unattended_terminal_that_gives_cash(
    place: U, type_: int, able: str, tvr: Tvr, country: str | None
) -> None:
    """EMV Book 3, 10.4.2; Book 4, Annex A1. It holds without the card's country, too."""
    control = (place | U.DOMESTIC_GOODS).pack().hex()
    assert restricted(type_=type_, able=able, t9F07=control, t5F28=country) == tvr


def test_a_card_without_usage_control_may_be_used_for_anything() -> None:
    assert restricted(t9F07=None) == NOTHING


def test_a_card_without_its_country_is_held_to_nothing_but_the_place() -> None:
    assert restricted(t9F07=U.NOT_AT_ATM.pack().hex(), t5F28=None) == NOTHING


# ── 10.4.3 ────────────────────────────────────────────────────────────────────────────────────────────────────────

JUNE = datetime(2026, 6, 15, 23, 59)


@pytest.mark.parametrize(
    ("now", "expiry", "tvr"),
    [
        (JUNE, "260615", NOTHING),
        (JUNE, "260616", NOTHING),
        (JUNE, "260614", Tvr.EXPIRED),
        (JUNE, "491231", NOTHING),
        (JUNE, "500101", Tvr.EXPIRED),
        (JUNE, "991231", Tvr.EXPIRED),
        (JUNE, "000101", Tvr.EXPIRED),
        (datetime(2049, 12, 31), "491231", NOTHING),
        (datetime(1999, 12, 31), "000101", NOTHING),
        (datetime(2000, 1, 1), "991231", Tvr.EXPIRED),
    ],
)
def test_a_card_is_good_to_the_end_of_its_last_day(now: datetime, expiry: str, tvr: Tvr) -> None:
    """EMV Book 3, 10.4.3; Book 4, 6.7.3: years from 50 on are of the last century."""
    assert restricted(now=now, t5F24=expiry, t5F25=None) == tvr


@pytest.mark.parametrize(
    ("now", "effective", "tvr"),
    [
        (JUNE, "260615", NOTHING),
        (JUNE, "260614", NOTHING),
        (JUNE, "260616", Tvr.NOT_YET_EFFECTIVE),
        (JUNE, "490101", Tvr.NOT_YET_EFFECTIVE),
        (JUNE, "500101", NOTHING),
        (JUNE, "991231", NOTHING),
        (JUNE, None, NOTHING),
    ],
)
def test_a_card_is_good_from_its_first_day_on(now: datetime, effective: str | None, tvr: Tvr) -> None:
    assert restricted(now=now, t5F25=effective) == tvr


def test_all_that_is_wrong_is_told() -> None:
    tvr = restricted(t9F08="0000", t9F07="0000", t5F24="260101", t5F25="270101")
    assert tvr == Tvr.VERSIONS_DIFFER | Tvr.SERVICE_NOT_ALLOWED | Tvr.EXPIRED | Tvr.NOT_YET_EFFECTIVE
    assert tvr.pack() == bytes.fromhex("00F0000000")


# ── seeded defects ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_defect_that_does_not_notice_an_expiry() -> None:
    assert restricted(t5F24="260101", t5F25="270101", defects="expiry-unnoticed") == Tvr.NOT_YET_EFFECTIVE


def test_the_defect_that_ignores_usage_control() -> None:
    assert restricted(t9F07="0000", t9F08="0000", defects="usage-control-ignored") == Tvr.VERSIONS_DIFFER
