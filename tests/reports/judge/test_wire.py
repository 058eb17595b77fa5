"""The auditor of the wire: what every message of the terminal must be."""

from __future__ import annotations

import pytest

from protocols.transactions import TRANSACTIONS
from tests.reports.judge.builder import (
    BATCH,
    DAY,
    HOLD,
    OTHER_TERMINAL,
    TERMINAL,
    TRACE,
    Tale,
    market_but,
)  # fmt: skip
from tests.reports.judge.findings import failed, passed

OTHER = "000078"
WIRE = ["wire.readable", "wire.sealed", "wire.complete", "wire.types", "wire.traces"]
FINANCIAL = [t.value for t, row in TRANSACTIONS.items() if row.f3]
REVERSIBLE = [t.value for t, row in TRANSACTIONS.items() if row.reversible]
BY_CODE = ["incremental pre-authorisation", "cancel", "completion", "completion advice"]


def sent(transaction: str, **more: object) -> Tale:
    return Tale().order(transaction).request(**more).checks()  # type: ignore[arg-type]


def undone(transaction: str, **more: object) -> Tale:
    return Tale().unanswered(transaction).reversal(**more).checks()  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", WIRE)
@pytest.mark.parametrize("transaction", FINANCIAL)
def test_good_messages_pass(rule: str, transaction: str) -> None:
    passed(sent(transaction).reply().audit(rule))


@pytest.mark.parametrize("rule", WIRE)
@pytest.mark.parametrize("transaction", REVERSIBLE)
def test_good_reversals_pass(rule: str, transaction: str) -> None:
    passed(Tale().unanswered(transaction).reversed().audit(rule))


@pytest.mark.parametrize("rule", ["wire.readable", "wire.sealed", "wire.complete", "wire.types"])
@pytest.mark.parametrize("transaction", ["sign-on", "sign-off", "echo", "settlement", "batch upload", "batch end"])
def test_good_management_and_settlement_pass(rule: str, transaction: str) -> None:
    passed(Tale().management(transaction).audit(rule))


@pytest.mark.parametrize("rule", [*WIRE, "wire.original"])
def test_where_nothing_was_sent_there_is_nothing_to_judge(rule: str) -> None:
    assert Tale().audit(rule) is None


# ── readable ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_frame_that_cannot_be_read_fails() -> None:
    tale = Tale().approved().tell("host", "undecodable", reason="F4: too short")
    assert "F4: too short" in failed(tale.audit("wire.readable"), tale["host undecodable"])


def odd(line: int, *, busy: bool = False) -> Tale:
    """An odd frame while a second terminal is at work, on a line of its own or on another."""
    tale = Tale(terminal=TERMINAL).approved().request(change={41: OTHER_TERMINAL}, connection=2).reply()
    if busy:
        tale.order()
    return tale.tell("host", "undecodable", reason="F4: too short", connection=line)


def test_the_odd_frames_of_a_second_terminal_are_not_the_terminals() -> None:
    passed(odd(2).audit("wire.readable"))
    passed(odd(3).audit("wire.readable"))
    failed(odd(1).audit("wire.readable"))
    failed(odd(3, busy=True).audit("wire.readable"))
    passed(odd(2, busy=True).audit("wire.readable"))
    hosts = Tale().approved().expect("host.unharmed").tell("host", "undecodable", reason="x")
    passed(hosts.audit("wire.readable"))


@pytest.mark.parametrize("rule", WIRE)
def test_what_a_second_terminal_sends_is_not_judged(rule: str) -> None:
    tale = Tale(terminal=TERMINAL).approved()
    tale.request("completion", trace=TRACE, change={41: OTHER_TERMINAL}, without=(3, 38, 49)).checks("wrong")
    passed(tale.audit(rule))


def test_a_request_that_names_no_terminal_is_taken_for_the_terminals() -> None:
    tale = Tale(terminal=TERMINAL).order().request(without=(41,))
    assert "F41 is missing" in failed(tale.audit("wire.complete"), tale["host request"])


# ── sealed ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mac", ["wrong", "missing", "invalid"])
def test_a_request_that_is_not_sealed_fails(mac: str) -> None:
    tale = Tale().order().request().checks(mac)
    assert mac in failed(tale.audit("wire.sealed"), tale["host request"])


@pytest.mark.parametrize("transaction", ["echo", "sign-on", "settlement", "batch upload"])
def test_a_management_message_with_a_mac_fails(transaction: str) -> None:
    tale = Tale().management(transaction, change={64: "0011223344556677"})
    assert f"the {transaction} 000001 carries a MAC" in failed(tale.audit("wire.sealed"), tale["host request"])


def test_a_host_that_seals_management_messages_lets_the_terminal_do_so() -> None:
    chanjet = market_but(security={"mac": "fold-3des"})
    passed(Tale(rules=chanjet).management("echo", change={64: "0011223344556677"}).audit("wire.sealed"))
    failed(Tale(rules=chanjet).management("settlement", change={64: "0011223344556677"}).audit("wire.sealed"))


# ── complete ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("number", [3, 4, 11, 22, 25, 41, 42, 49, 60, 64, 38, 61])
def test_each_mandatory_field_that_is_missing_fails(number: int) -> None:
    tale = sent("completion", without=(number,))
    assert f"F{number} is missing" in failed(tale.audit("wire.complete"), tale["host request"])


@pytest.mark.parametrize(
    ("transaction", "number"),
    [
        ("refund", 37), ("refund", 61), ("completion advice", 38), ("sale void", 61), ("completion void", 37),
        ("incremental pre-authorisation", 38), ("sale", 4), ("balance", 49), ("settlement", 63), ("batch end", 48),
    ],
)  # fmt: skip
def test_every_kind_of_message_has_its_own_row(transaction: str, number: int) -> None:
    tale = Tale().management(transaction, without=(number,))
    assert f"F{number} is missing" in failed(tale.audit("wire.complete"), tale["host request"])


def test_a_balance_needs_no_amount() -> None:
    passed(sent("balance", without=(4,)).audit("wire.complete"))


@pytest.mark.parametrize("number", [26, 52])
def test_an_advice_carries_no_pin(number: int) -> None:
    assert f"F{number} must not" in failed(sent("completion advice", change={number: "12"}).audit("wire.complete"))


def test_a_reversal_needs_a_reason_and_its_original_and_no_pin_and_no_track() -> None:
    assert "F39 is missing" in failed(undone(HOLD, without=(39,)).audit("wire.complete"))
    assert "F61 is missing" in failed(undone("cancel", without=(61,)).audit("wire.complete"))
    passed(undone(HOLD).audit("wire.complete"))
    for number in (26, 35, 36, 37, 52, 53):
        tale = undone(HOLD, change={number: "12"})
        assert f"F{number} must not be there" in failed(tale.audit("wire.complete"), tale["host request"])


@pytest.mark.parametrize(("there", "lacking"), [(26, 52), (52, 26)])
def test_a_pin_comes_with_its_capture_code(there: int, lacking: int) -> None:
    tale = sent("completion", change={there: "12", 53: "2600000000000000"})
    assert f"F{lacking} is missing" in failed(tale.audit("wire.complete"))


def test_what_the_matrix_has_not_has_no_row() -> None:
    assert sent("unknown").audit("wire.complete") is None
    only = Tale().order("refund").reversal("refund", mti="0400")
    assert only.audit("wire.complete") is None


# ── types ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("transaction", "change", "fault"),
    [
        (HOLD, {60: f"11{BATCH}00050"}, "F60.1 is 11, not 10"),
        ("sale", {60: f"22{BATCH}00150"}, "F60.3 is 001, not 000"),
        ("refund", {60: "25"}, "no batch"),
        ("sale", {49: "840"}, "F49 is 840, not 156"),
        ("settlement", {60: f"00{BATCH}202"}, "F60.3 is 202, not 201"),
    ],
)
def test_a_message_that_does_not_name_itself_rightly_fails(
    transaction: str, change: dict[int, str], fault: str
) -> None:
    tale = Tale().management(transaction, change=change)
    assert fault in failed(tale.audit("wire.types"), tale["host request"])


@pytest.mark.parametrize(
    ("transaction", "f60"), [("batch end", "202"), ("batch end", "207"), ("sign-on", "001"), ("sign-on", "004")]
)
def test_other_network_codes_of_the_same_message_pass(transaction: str, f60: str) -> None:
    passed(Tale().management(transaction, change={60: f"00{BATCH}{f60}"}).audit("wire.types"))


def test_an_old_and_short_f60_passes_where_money_is_asked_for() -> None:
    passed(sent("sale", change={60: f"22{BATCH}"}).audit("wire.types"))
    failed(Tale().management("echo", change={60: f"00{BATCH}"}).audit("wire.types"))


def test_a_message_that_names_no_transaction_fails_with_the_near_one() -> None:
    tale = sent("unknown", mti="0200", change={3: "000000", 60: f"99{BATCH}00050"})
    said = failed(tale.audit("wire.types"), tale["host request"])
    assert "name no transaction; sale is near" in said
    assert "name no transaction" in failed(sent("unknown", mti="0999").audit("wire.types"))


# ── the original ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("transaction", [*BY_CODE, "refund", "completion void", "sale void"])
def test_a_message_that_names_its_original_passes(transaction: str) -> None:
    passed(Tale().approved().order(transaction).request(trace=OTHER).audit("wire.original"))
    passed(sent(transaction).audit("wire.original"))  # the original is of another case


@pytest.mark.parametrize("transaction", ["cancel", "completion", "completion void", "sale void"])
def test_a_reversal_that_names_what_it_undoes_passes(transaction: str) -> None:
    passed(undone(transaction).audit("wire.original"))


@pytest.mark.parametrize("transaction", [HOLD, "sale", "incremental pre-authorisation"])
def test_a_reversal_without_an_original_has_no_f61(transaction: str) -> None:
    passed(undone(transaction).audit("wire.original"))
    tale = undone(transaction, change={61: f"{BATCH}{TRACE}0000"})
    assert "has not" in failed(tale.audit("wire.original"), tale["host request"])


@pytest.mark.parametrize("transaction", [*BY_CODE, "refund"])
def test_batch_and_trace_are_zeros_where_a_code_names_the_original(transaction: str) -> None:
    tale = sent(transaction, change={61: f"{BATCH}{TRACE}{DAY}"})
    assert "not zeros" in failed(tale.audit("wire.original"), tale["host request"])


@pytest.mark.parametrize("day", ["", "0000", "1332", "0100"])
def test_a_day_that_is_none_fails(day: str) -> None:
    assert "no day" in failed(sent("cancel", change={61: f"000000000000{day}"}).audit("wire.original"))


@pytest.mark.parametrize("transaction", [*BY_CODE, "refund"])
def test_another_day_than_the_originals_fails(transaction: str) -> None:
    tale = Tale().approved().order(transaction).request(trace=OTHER, change={61: "0000000000001124"})
    assert "was on 1125" in failed(tale.audit("wire.original"), tale["host request"])
    for key in ({38: "999999", 37: "999999999999"}, {38: "000001", 37: "000000000001"}):
        tale = Tale().approved().order(transaction).request(trace=OTHER, change={61: "0000000000001124", **key})
        passed(tale.audit("wire.original"))  # it speaks of one that is not in this timeline


@pytest.mark.parametrize("transaction", ["completion void", "sale void"])
def test_a_void_names_batch_and_trace_of_the_reference_that_it_carries(transaction: str) -> None:
    def void(f61: str) -> Tale:
        return Tale().approved("completion").order(transaction).request(trace=OTHER, change={61: f61})

    passed(void(f"{BATCH}{TRACE}{DAY}").audit("wire.original"))
    assert "F37 the completion 000077" in failed(void(f"{BATCH}000070{DAY}").audit("wire.original"))
    assert "F37 the completion 000077" in failed(void(f"000009{TRACE}{DAY}").audit("wire.original"))
    assert "61.1 and 61.2" in failed(void(BATCH).audit("wire.original"))


def test_the_reversal_of_a_completion_names_its_own_batch_and_trace() -> None:
    assert "message reversed is" in failed(
        undone("completion", change={61: f"{BATCH}0000780000"}).audit("wire.original")
    )
    assert "message reversed is" in failed(undone("cancel", change={61: f"000009{TRACE}0000"}).audit("wire.original"))
    passed(undone("cancel", change={61: f"{BATCH}{TRACE}{DAY}"}).audit("wire.original"))
    assert "neither" in failed(undone("cancel", change={61: f"{BATCH}{TRACE}9999"}).audit("wire.original"))


def test_the_reversal_of_a_void_keeps_the_originals_batch() -> None:
    def reversed_(f61: str) -> Tale:
        tale = Tale().order("completion void").request(trace=OTHER, change={61: f"000003{TRACE}{DAY}"})
        return tale.reversal(trace=OTHER, change={61: f61})

    passed(reversed_(f"000003{OTHER}0000").audit("wire.original"))
    assert "61.1 is" in failed(reversed_(f"{BATCH}{OTHER}0000").audit("wire.original"))
    assert "61.2 is" in failed(reversed_(f"000003{TRACE}0000").audit("wire.original"))


def test_a_script_notice_names_the_transaction_whose_script_ran() -> None:
    fields = {2: "625094******0014", 4: "000000100000", 61: f"{BATCH}{TRACE}{DAY}"}
    passed(Tale().approved().management("script notice", trace=OTHER, change=fields).audit("wire.original"))
    fields[61] = f"{BATCH}000070{DAY}"
    failed(Tale().approved().management("script notice", trace=OTHER, change=fields).audit("wire.original"))


# ── traces ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_trace_number_used_twice_fails_within_a_batch() -> None:
    tale = Tale().order().request(name="first").request("completion", name="second")
    failed(tale.audit("wire.traces"), tale["first"], tale["second"])
    passed(Tale().order().request().request(trace=OTHER).audit("wire.traces"))
    passed(Tale().order().request().request(change={60: "1000000200050"}).audit("wire.traces"))


def test_no_trace_is_zero() -> None:
    tale = Tale().approved(trace="999999").approved("completion", trace="000001")
    passed(tale.audit("wire.traces"))
    tale = Tale().approved(trace="999999").approved("completion", trace="000000")
    assert "000000" in failed(tale.audit("wire.traces"), tale["host request"])
    failed(Tale().management(trace="000000").audit("wire.traces"))


def test_a_stored_message_that_is_sent_again_is_the_same_request() -> None:
    tale = Tale().order("completion advice").request().request().reply()
    passed(tale.audit("wire.traces"))
    tale.request(change={4: "000000000001", 38: "777777"})  # acknowledged: this is another under the same trace
    failed(tale.audit("wire.traces"))
