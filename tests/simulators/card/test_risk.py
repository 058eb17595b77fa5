"""The card's own mind: what it gives for what was asked, and what it remembers. EMV Book 3, 9; JR/T 0025.5, likely."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.emv.verification import Tvr
from simulators.card import CardState
from simulators.card.risk import DefaultAction
from tests.simulators.card.desk import AAC, ARQC, TC, Desk, Word, no_oda

NEW = {"atc": 0, "last_online_atc": 0}
USED = {"atc": 4, "last_online_atc": 4}


def first(asked: int, action: str = "6300", state: dict[str, Any] = USED, **changes: Any) -> Word:
    desk = Desk(no_oda(default_action=action, **changes), state=CardState(**state))
    desk.initiate()
    return Word(desk.first(asked))


@pytest.mark.parametrize(("asked", "given"), [(AAC, "AAC"), (ARQC, "ARQC"), (TC, "TC")])
def test_a_card_with_nothing_against_it_gives_what_is_asked_for(asked: int, given: str) -> None:
    assert first(asked).kind == given


@pytest.mark.parametrize(("action", "state", "changes", "results"), [
    ("6300", NEW, {}, "03A01000"),  # new card: go online
    ("6000", {**USED, "online_incomplete": True}, {}, "03A08000"),  # whatever the issuer wants
    ("8000", {**USED, "issuer_wrong": True}, {}, "03A00800"),
    ("0020", {**USED, "pin_tries": 0}, {}, "03A04000"),
    ("0008", {**USED, "script_failed": True}, {}, "03A00008"),
    ("0000", {"atc": 6, "last_online_atc": 4}, {"lower_limit": 2}, "03A02000"),
])  # fmt: skip
def test_for_a_tc_it_goes_online_where_something_speaks_against_it(
    action: str, state: dict[str, Any], changes: dict[str, Any], results: str
) -> None:
    word = first(TC, action, state, **changes)
    assert (word.kind, word.results) == ("ARQC", results)


@pytest.mark.parametrize(("action", "state", "changes", "results"), [
    ("6000", NEW, {}, "03901000"),
    ("0000", {**USED, "issuer_wrong": True}, {}, "03900800"),
    ("0000", {**USED, "pin_tries": 0}, {}, "03904000"),
    ("0000", {**USED, "script_failed": True, "scripts": 3}, {}, "03900038"),
    ("0000", {**USED, "issuer_missing": True}, {}, "03900400"),
    ("0000", {**USED, "static_failed": True}, {}, "03900100"),
    ("0000", {**USED, "dynamic_failed": True}, {}, "03900004"),
    ("0000", {"atc": 5, "last_online_atc": 4}, {"lower_limit": 2}, "03900000"),
])  # fmt: skip
def test_for_a_tc_it_gives_one_where_its_issuer_does_not_mind(
    action: str, state: dict[str, Any], changes: dict[str, Any], results: str
) -> None:
    word = first(TC, action, state, **changes)
    assert (word.kind, word.results) == ("TC", results)


@pytest.mark.parametrize("asked", [TC, ARQC])
def test_used_up_pin_tries_may_be_a_reason_to_decline(asked: int) -> None:
    assert first(asked, "0040", {**USED, "pin_tries": 0}).kind == "AAC"
    assert first(asked, "0040", {**USED, "pin_tries": 1}).kind != "AAC"


@pytest.mark.parametrize("asked", [TC, ARQC])
def test_a_blocked_application_gives_nothing_but_an_aac(asked: int) -> None:
    """EMV Book 3, 6.5.1."""
    assert first(asked, state={**USED, "blocked": ["all"]}).kind == "AAC"


def test_it_never_gives_more_than_was_asked_for() -> None:
    """EMV Book 3, 9.2.2: AAC before ARQC before TC."""
    order = ["AAC", "ARQC", "TC"]
    for state in (NEW, USED, {**USED, "blocked": ["all"]}):
        for asked, kind in ((AAC, "AAC"), (ARQC, "ARQC"), (TC, "TC")):
            assert order.index(first(asked, "0000", state).kind) <= order.index(kind)


# ── unable to go online ───────────────────────────────────────────────────────────────────────────────────────────


def alone(asked: int, action: str = "6000", state: dict[str, Any] = USED, code: bytes = b"Y3", **changes: Any) -> Word:
    desk = Desk(no_oda(default_action=action, **changes), state=CardState(**state))
    desk.initiate()
    desk.first()
    return Word(desk.second(asked, code=code))


@pytest.mark.parametrize("code", [b"Y3", b"Z3"])
@pytest.mark.parametrize(("asked", "given", "results"), [(TC, "TC", "03610000"), (AAC, "AAC", "03210000")])
def test_a_terminal_that_could_not_go_online_is_judged_by_other_rules(
    asked: int, given: str, results: str, code: bytes
) -> None:
    word = alone(asked, code=code)
    assert (word.kind, word.results) == (given, results)


@pytest.mark.parametrize(("action", "state", "changes"), [
    ("0100", NEW, {}), ("0010", {**USED, "pin_tries": 0}, {}),
    ("0000", {"atc": 7, "last_online_atc": 4}, {"upper_limit": 3}),
    ("0000", {**USED, "blocked": ["all"]}, {}),
])  # fmt: skip
def test_alone_it_declines_where_something_speaks_against_it(
    action: str, state: dict[str, Any], changes: dict[str, Any]
) -> None:
    if "blocked" in state:  # blocked between the two: by a script
        desk = Desk(no_oda(default_action=action), state=CardState(**USED))
        desk.initiate()
        desk.first()
        desk.card.state.blocked = ["A000000333010102"]
        assert Word(desk.second(TC, code=b"Y3")).kind == "AAC"
        return
    assert alone(TC, action, state, **changes).kind == "AAC"


@pytest.mark.parametrize(("action", "state", "changes"), [
    ("0000", NEW, {}), ("0000", {**USED, "pin_tries": 0}, {}),
    ("0000", {"atc": 6, "last_online_atc": 4}, {"upper_limit": 3}),
])  # fmt: skip
def test_alone_it_approves_where_nothing_does(action: str, state: dict[str, Any], changes: dict[str, Any]) -> None:
    assert alone(TC, action, state, **changes).kind == "TC"


def test_unable_to_go_online_it_still_waits_for_its_issuer() -> None:
    desk = Desk(no_oda(default_action="6000"), state=CardState(**USED))
    desk.initiate()
    desk.first()
    desk.second(TC, code=b"Y3")
    assert (desk.card.state.last_online_atc, desk.card.state.online_incomplete) == (4, True)


# ── what it remembers ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_transaction_that_its_issuer_answered_is_the_last_online_one() -> None:
    desk = Desk()
    desk.approved()
    assert desk.value("9F13") == 1
    desk.initiate()
    assert Word(desk.first(TC)).results == "03900000"


def test_an_arqc_without_a_second_cryptogram_is_remembered_until_one_comes() -> None:
    desk = Desk(state=CardState(**USED))
    desk.initiate()
    desk.first()
    desk.card.power_on()
    desk.initiate()
    word = Word(desk.first())
    assert word.results == "03A08000"
    desk.second(TC, desk.answer(word))
    desk.initiate()
    assert Word(desk.first()).results == "03A00000"


@pytest.mark.parametrize(("authentication", "results"), [(b"\x01" * 10, "03A00800"), (b"", "03A00400")])
def test_an_answer_that_was_wrong_or_missing_is_told_the_next_time(authentication: bytes, results: str) -> None:
    desk = Desk(state=CardState(**USED))
    desk.initiate()
    desk.first()
    desk.second(TC, authentication)
    assert desk.value("9F13") == 4
    desk.initiate()
    word = Word(desk.first())
    assert word.results == results
    desk.second(TC, desk.answer(word))
    desk.initiate()
    assert Word(desk.first()).results == "03A00000"


def test_a_card_without_issuer_authentication_is_content_without() -> None:
    desk = Desk(no_oda(issuer_authentication="none", cdol2="8A029505"), state=CardState(**USED))
    desk.initiate()
    desk.first()
    assert Word(desk.second(TC)).kind == "TC"
    assert desk.value("9F13") == 5
    desk.initiate()
    assert Word(desk.first()).results == "03A00000"


@pytest.mark.parametrize(("tvr", "results"), [
    (Tvr.SDA_FAILED, "03A00100"), (Tvr.DDA_FAILED, "03A00004"), (Tvr.CDA_FAILED, "03A00004"), (Tvr(0), "03A00000"),
])  # fmt: skip
def test_a_failed_offline_authentication_is_told_after_an_offline_decline(tvr: Tvr, results: str) -> None:
    desk = Desk(state=CardState(**USED))
    desk.initiate()
    desk.first(AAC, t95=tvr.pack())
    desk.initiate()
    word = Word(desk.first())
    assert word.results == results
    desk.second(TC, desk.answer(word))
    desk.initiate()
    assert Word(desk.first()).results == "03A00000"


def test_one_that_went_online_is_not() -> None:
    desk = Desk(state=CardState(**USED))
    desk.initiate()
    desk.first(t95=Tvr.SDA_FAILED.pack())
    desk.initiate()
    assert Word(desk.first()).results == "03A08000"


def test_the_default_action_reads_like_its_bits() -> None:
    assert DefaultAction.parse(bytes.fromhex("6300")).words() == (
        "issuer authentication failed: decline", "issuer authentication missing: decline", "new card: go online",
        "new card, unable to go online: decline",
    )  # fmt: skip
