"""The terminal verification results of the first round, bit by bit, both ways, and where nobody can tell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocols.emv.verification import Tvr
from tests.reports.judge.chip_tale import ChipTale
from tests.reports.judge.findings import failed, passed

GOOD = Tvr.ONLINE_PIN_ENTERED | Tvr.FLOOR_LIMIT_EXCEEDED
FIRST = "first generate"
AUTHENTICATION, RESTRICTIONS, RISK = "chip.tvr-authentication", "chip.tvr-restrictions", "chip.tvr-risk"


def judged(rule: str, bit: Tvr, make: Callable[[Tvr], ChipTale], *, due: bool | None) -> None:
    """The bit must be set, must not be, or (None) may be either: each told of a terminal that does and one that does
    not. `make` gets the results that the terminal says."""
    with_it, without = make(GOOD | bit), make(GOOD & ~bit)
    for tale, is_set in ((with_it, True), (without, False)):
        found = tale.audit(rule)
        blamed = found is not None and f"'{bit.label}'" in found.actual
        assert blamed is (due is not None and due is not is_set), (found, is_set)
        if blamed:
            failed(found, tale[FIRST])


def started(*, signed: bool = True, sign: bool = True, **more: object) -> ChipTale:
    """To the PIN; `sign` False: INTERNAL AUTHENTICATE does not happen, `signed` False: its signature is wrong."""
    card = more.pop("card", None)
    terminal, setting = more.pop("terminal", None), more.pop("setting", None)
    tale = ChipTale(card=card, terminal=terminal, setting=setting)  # type: ignore[arg-type]
    tale.opened(signed=False, **more)
    return (tale.signs(right=signed) if sign else tale).pin_entered()


# ── offline data authentication ───────────────────────────────────────────────────────────────────────────────────

SDA_ONLY, CDA_TOO, NO_METHOD = {"82": "5800"}, {"82": "7900"}, {"82": "1800"}
METHODS = {Tvr.SDA_FAILED, Tvr.DDA_FAILED, Tvr.CDA_FAILED}


def test_a_good_card_sets_none_of_them() -> None:
    for bit in (*METHODS, Tvr.ODA_NOT_PERFORMED, Tvr.SDA_SELECTED, Tvr.DATA_MISSING):
        judged(AUTHENTICATION, bit, lambda tvr: started().first(tvr=tvr), due=False)


@pytest.mark.parametrize("case", [{"card": NO_METHOD}, {"terminal": {"9F33": "E0F800"}}])
def test_without_a_method_in_common_nothing_was_performed(case: dict[str, dict[str, str]]) -> None:
    for bit, due in ((Tvr.ODA_NOT_PERFORMED, True), (Tvr.DDA_FAILED, False), (Tvr.SDA_SELECTED, False)):
        judged(AUTHENTICATION, bit, lambda tvr: started(sign=False, **case).first(tvr=tvr), due=due)


@pytest.mark.parametrize(
    ("card", "capabilities", "bit"),
    [(SDA_ONLY, "E0F8C8", Tvr.SDA_FAILED), ({}, "E0F8C8", Tvr.DDA_FAILED), (CDA_TOO, "E0F8C0", Tvr.DDA_FAILED),
     ({}, "E0F880", Tvr.SDA_FAILED)],
)  # fmt: skip
def test_the_method_that_failed_is_the_best_that_both_can(card: dict[str, str], capabilities: str, bit: Tvr) -> None:
    """EMV Book 3, 10.3: CDA, else DDA, else SDA."""
    for other in METHODS:
        judged(
            AUTHENTICATION, other,
            lambda tvr: started(
                sign=False, card=card, terminal={"9F33": capabilities}, authentic="wrong"
            ).first(tvr=tvr),
            due=other is bit,
        )  # fmt: skip


@pytest.mark.parametrize(("card", "due"), [(SDA_ONLY, True), ({}, False), (NO_METHOD, False)])
def test_sda_is_told_where_it_was_chosen(card: dict[str, str], due: bool) -> None:
    judged(AUTHENTICATION, Tvr.SDA_SELECTED, lambda tvr: started(card=card).first(tvr=tvr), due=due)


@pytest.mark.parametrize(
    ("case", "due"),
    [({"authentic": "wrong"}, True), ({"authentic": "missing"}, True), ({"authentic": "right"}, False),
     ({"authentic": ""}, None), ({"setting": {"ca_keys": ["F1"]}}, True), ({"setting": {"ca_keys": []}}, True),
     ({"setting": {}}, None), ({"card": {"8F": None}}, True), ({"card": {"90": None}}, True),
     ({"card": {"9F46": None}}, True), ({"card": {"9F32": None}}, True), ({"card": {"9F47": None}}, True),
     ({"setting": {"revoked": [["F0", "000001"]]}, "serial": "000001"}, True),
     ({"setting": {"revoked": [["F0", "000001"]]}, "serial": "000002"}, False),
     ({"setting": {"revoked": [["F1", "000001"]]}, "serial": "000001"}, False),
     ({"setting": {"revoked": [["F0", "000001"]]}}, None)],
    ids=str,
)  # fmt: skip
def test_dda_fails_with_the_keys(case: dict[str, object], due: bool | None) -> None:
    judged(AUTHENTICATION, Tvr.DDA_FAILED, lambda tvr: started(**case).first(tvr=tvr), due=due)


def test_a_key_that_the_host_gave_in_this_case_may_be_there() -> None:
    def make(tvr: Tvr) -> ChipTale:
        tale = ChipTale(setting={"ca_keys": []}).request("CA key download", trace="000009").reply()
        return tale.opened(signed=False).signs().pin_entered().first(tvr=tvr)

    judged(AUTHENTICATION, Tvr.DDA_FAILED, make, due=None)


@pytest.mark.parametrize(("signed", "due"), [(True, False), (False, True)])
def test_dda_fails_with_the_signature(signed: bool, due: bool) -> None:
    judged(AUTHENTICATION, Tvr.DDA_FAILED, lambda tvr: started(signed=signed).first(tvr=tvr), due=due)


def test_dda_fails_where_the_card_was_not_asked_to_sign() -> None:
    judged(AUTHENTICATION, Tvr.DDA_FAILED, lambda tvr: started(sign=False).first(tvr=tvr), due=True)


def test_what_a_refused_signature_comes_to_is_open() -> None:
    def make(tvr: Tvr) -> ChipTale:
        return ChipTale().opened(signed=False).signs(sw="6985").pin_entered().first(tvr=tvr)

    judged(AUTHENTICATION, Tvr.DDA_FAILED, make, due=None)


def test_a_cda_that_fails_by_its_keys_may_be_told_at_once_or_at_last() -> None:
    """EMV Book 2, 6.6: they may be recovered later."""
    for authentic, due in (("wrong", None), ("right", False)):
        judged(
            AUTHENTICATION, Tvr.CDA_FAILED,
            lambda tvr, how=authentic: started(sign=False, card=CDA_TOO, authentic=how).first(tvr=tvr),  # type: ignore[misc]
            due=due,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "due"),
    [({"card": {"8E": None}}, True), ({"card": {"8E": "00" * 8}}, True), ({"card": {"8E": None, "82": "6800"}}, False),
     ({"card": {"8F": None}}, True), ({"authentic": "missing"}, True), ({"authentic": ""}, None),
     ({"authentic": "missing", "setting": {"ca_keys": []}}, None),
     ({"authentic": "missing", "setting": {"revoked": [["F0", "000001"]]}}, None),
     ({"card": {**NO_METHOD, "8F": None}}, False), ({"terminal": {"9F33": "E0F800"}, "authentic": "missing"}, None)],
    ids=str,
)  # fmt: skip
def test_data_that_the_card_should_have_given(case: dict[str, object], due: bool | None) -> None:
    judged(AUTHENTICATION, Tvr.DATA_MISSING, lambda tvr: started(**case).first(tvr=tvr), due=due)


def test_a_counter_that_was_refused_leaves_missing_data_open() -> None:
    judged(AUTHENTICATION, Tvr.DATA_MISSING, lambda tvr: started().gets("9F17", "", sw="6A88").first(tvr=tvr), due=None)


def test_results_without_a_bit_are_results() -> None:
    """None of their bits is set, and that is what is judged, whatever the message says."""
    tale = started(authentic="wrong").first(tvr=Tvr(0)).sent(chip={"95": "0800000000"})
    assert "'DDA failed' is not set" in failed(tale.audit(AUTHENTICATION), tale[FIRST])


def test_without_capabilities_nothing_is_judged() -> None:
    assert started(terminal={"9F33": None}).first().audit(AUTHENTICATION) is None


# ── processing restrictions ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("version", "due"), [("0030", False), ("0020", True), (None, False)])
def test_versions(version: str | None, due: bool) -> None:
    judged(RESTRICTIONS, Tvr.VERSIONS_DIFFER, lambda t: started(card={"9F08": version}).first(tvr=t).sent(), due=due)


@pytest.mark.parametrize(
    ("case", "due"),
    [({"card": {"9F07": None}}, False), ({"card": {"9F07": "FF00"}}, False), ({"card": {"9F07": "FE00"}}, True),
     ({"card": {"9F07": "D700"}}, True), ({"card": {"9F07": "D700"}, "terminal": {"9F1A": "0840"}}, False),
     ({"card": {"9F07": "AB00"}, "terminal": {"9F1A": "0840"}}, True), ({"card": {"9F07": "AB00"}}, False),
     ({"card": {"9F07": "2900"}}, False), ({"card": {"9F07": "2100"}}, None), ({"card": {"9F07": "0900"}}, None),
     ({"card": {"9F07": "FF"}}, None), ({"card": {"9F07": "0100", "5F28": None}}, False),
     ({"terminal": {"9F35": "14"}}, None), ({"terminal": {"9C": "01"}, "card": {"9F07": "7F00"}}, True),
     ({"terminal": {"9C": "01"}, "card": {"9F07": "8100"}}, False),
     ({"terminal": {"9C": "31"}, "card": {"9F07": "D700"}}, None),
     ({"terminal": {"9C": "31"}, "card": {"9F07": "FE00"}}, True),
     ({"terminal": {"9F03": "000000000001"}, "card": {"9F07": "FF00"}}, True),
     ({"terminal": {"9C": "09"}, "card": {"9F07": "FF80"}}, False),
     ({"terminal": {"9C": "09"}, "card": {"9F07": "FF00"}}, True)],
    ids=str,
)  # fmt: skip
def test_usage_control(case: dict[str, dict[str, str | None]], due: bool | None) -> None:
    judged(RESTRICTIONS, Tvr.SERVICE_NOT_ALLOWED, lambda tvr: started(**case).first(tvr=tvr).sent(), due=due)


@pytest.mark.parametrize("holds", [True, False])
def test_dates_are_the_cards_at_the_terminals_date(holds: bool) -> None:
    judged(RESTRICTIONS, Tvr.EXPIRED, lambda tvr: started().first(tvr=tvr, expired=holds), due=holds)
    judged(RESTRICTIONS, Tvr.NOT_YET_EFFECTIVE, lambda tvr: started().first(tvr=tvr, early=holds), due=holds)


@pytest.mark.parametrize(("first_day", "due"), [("261126", True), ("261125", False), ("990101", None), (None, False)])
def test_without_the_cards_word_its_first_day_is_read(first_day: str | None, due: bool | None) -> None:
    def make(tvr: Tvr) -> ChipTale:
        return started(card={"5F25": first_day}).first(tvr=tvr, fact=False)

    judged(RESTRICTIONS, Tvr.NOT_YET_EFFECTIVE, make, due=due)
    judged(RESTRICTIONS, Tvr.EXPIRED, make, due=None)


# ── terminal risk management ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("case", "due"),
    [({"setting": {"floor_limit": 100000}}, True), ({"setting": {"floor_limit": 100001}}, False),
     ({"setting": {"floor_limit": None}}, None), ({"setting": {"floor_limit": 0}, "card": {"82": "7000"}}, None)],
    ids=str,
)  # fmt: skip
def test_floor_limit(case: dict[str, dict[str, object]], due: bool | None) -> None:
    judged(RISK, Tvr.FLOOR_LIMIT_EXCEEDED, lambda tvr: started(**case).first(tvr=tvr), due=due)


def test_earlier_amounts_may_count_towards_the_floor_limit() -> None:
    def make(tvr: Tvr) -> ChipTale:
        tale = started(setting={"floor_limit": 100001}).first(tvr=GOOD & ~Tvr.FLOOR_LIMIT_EXCEEDED)
        return tale.opened().pin_entered().first(tvr=tvr)

    judged(RISK, Tvr.FLOOR_LIMIT_EXCEEDED, make, due=None)


@pytest.mark.parametrize(("percent", "due"), [(0, False), (20, None), (None, None)])
def test_random_selection(percent: int | None, due: bool | None) -> None:
    judged(RISK, Tvr.RANDOMLY_SELECTED, lambda t: started(setting={"random_percent": percent}).first(tvr=t), due=due)


def test_the_exception_file_need_not_be_looked_into_where_the_card_wants_no_risk_management() -> None:
    case = {"setting": {"exception_file": True}, "card": {"82": "7000"}}
    judged(RISK, Tvr.ON_EXCEPTION_FILE, lambda tvr: started(**case).first(tvr=tvr), due=None)


@pytest.mark.parametrize(("asked", "due"), [("AAC", None), ("ARQC", False)])
def test_a_cda_that_was_not_asked_for_may_be_told_as_not_performed(asked: str, due: bool | None) -> None:
    def make(tvr: Tvr) -> ChipTale:
        return started(sign=False, card=CDA_TOO).first("AAC", asked, tvr=tvr)

    judged(AUTHENTICATION, Tvr.ODA_NOT_PERFORMED, make, due=due)


@pytest.mark.parametrize(("listed", "due"), [(True, True), (False, False), (None, None)])
def test_exception_file(listed: bool | None, due: bool | None) -> None:
    judged(RISK, Tvr.ON_EXCEPTION_FILE, lambda t: started(setting={"exception_file": listed}).first(tvr=t), due=due)


LIMITS = {"9F14": "02", "9F23": "04"}


@pytest.mark.parametrize(
    ("counter", "last", "lower", "upper", "new"),
    [("0005", "0003", False, False, False), ("0006", "0003", True, False, False), ("0008", "0003", True, True, False),
     ("0003", "0003", True, True, False), ("0002", "0003", True, True, False), ("0001", "0000", False, False, True)],
)  # fmt: skip
def test_velocity(counter: str, last: str, lower: bool, upper: bool, new: bool) -> None:
    def make(tvr: Tvr) -> ChipTale:
        return started(card=LIMITS).gets("9F36", counter).gets("9F13", last).first(tvr=tvr)

    for bit, due in ((Tvr.LOWER_LIMIT_EXCEEDED, lower), (Tvr.UPPER_LIMIT_EXCEEDED, upper), (Tvr.NEW_CARD, new)):
        judged(RISK, bit, make, due=due)


def test_counters_that_the_card_does_not_tell_count_as_exceeded() -> None:
    """EMV Book 3, 10.6.3."""

    def make(tvr: Tvr) -> ChipTale:
        return started(card=LIMITS).gets("9F36", "", sw="6A88").gets("9F13", "", sw="6A88").first(tvr=tvr)

    for bit, due in ((Tvr.LOWER_LIMIT_EXCEEDED, True), (Tvr.UPPER_LIMIT_EXCEEDED, True), (Tvr.NEW_CARD, None)):
        judged(RISK, bit, make, due=due)


def test_counters_that_nobody_asked_for_are_left_open() -> None:
    for bit in (Tvr.LOWER_LIMIT_EXCEEDED, Tvr.UPPER_LIMIT_EXCEEDED):
        judged(RISK, bit, lambda tvr: started(card=LIMITS).first(tvr=tvr), due=None)


def test_a_card_without_limits_exceeds_none() -> None:
    for bit in (Tvr.LOWER_LIMIT_EXCEEDED, Tvr.UPPER_LIMIT_EXCEEDED, Tvr.NEW_CARD, Tvr.DEFAULT_TDOL_USED):
        judged(RISK, bit, lambda tvr: started().first(tvr=tvr), due=False)


def test_a_merchant_may_force_any_transaction_online() -> None:
    judged(RISK, Tvr.FORCED_ONLINE, lambda tvr: started().first(tvr=tvr), due=None)


# ── what is told later ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "bit", [Tvr.ISSUER_AUTHENTICATION_FAILED, Tvr.SCRIPT_FAILED_BEFORE, Tvr.SCRIPT_FAILED_AFTER], ids=str
)
def test_nothing_is_told_of_an_answer_that_has_not_come(bit: Tvr) -> None:
    judged("chip.tvr-completion", bit, lambda tvr: started().first(tvr=tvr), due=False)


def test_results_that_the_card_does_not_ask_for_are_those_of_the_message() -> None:
    short = {"8C": "9F02069F3303"}
    tale = started(card=short).first().sent(chip={"95": "0800048000"})
    assert "'DDA failed' is set" in failed(tale.audit(AUTHENTICATION), tale[FIRST])
    passed(started(card=short).first().sent().audit(AUTHENTICATION))
    assert started(card=short).first().audit(AUTHENTICATION) is None
