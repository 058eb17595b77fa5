"""How the card was read and how the message says it was; stripes and fallbacks; PINs on the line."""

from __future__ import annotations

import pytest

from protocols.prompts import INSERT, SWIPE, SWIPE_INSTEAD
from tests.reports.judge.builder import Tale
from tests.reports.judge.chip_tale import ChipTale
from tests.reports.judge.findings import failed, passed

MODE, INSISTS, EARNED, CLEAR = "chip.entry-mode", "chip.stripe-insists", "chip.fallback-earned", "chip.pin-enciphered"
SENT, SWIPED = "host request", "card swiped"
F60 = "10000001000{}50"


def swiped(tale: ChipTale, code: str = "101", read: str = "good") -> ChipTale:
    return tale.tell("card", "swiped", card="stripe-0014", service_code=code, read=read)


def request(tale: ChipTale, f22: str = "021", condition: str = "0", *, pin: bool = True) -> ChipTale:
    """A request without chip data."""
    return tale.request(
        change={22: f22, 60: f"10000001000{5}{condition}"}, without=(55, 23, *(() if pin else (52, 26)))
    )  # fmt: skip


def technical(tale: ChipTale) -> ChipTale:
    """A chip that answers nothing of use."""
    return tale.powered().apdu("00A4040005A000000333", "", "6F00")


# ── entry mode ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("f22", "right"), [("051", True), ("021", False), ("011", False), ("052", False), ("050", True)]
)
def test_a_chip_that_was_read(f22: str, right: bool) -> None:
    tale = ChipTale().opened().pin_entered().first().sent(change={22: f22})
    if right:
        passed(tale.audit(MODE))
    else:
        failed(tale.audit(MODE), tale[SENT])


@pytest.mark.parametrize(("sw", "right"), [("9000", True), ("63C2", False)])
def test_a_pin_that_the_card_itself_found_right_may_be_told(sw: str, right: bool) -> None:
    tale = ChipTale().opened().verifies(sw).first().sent(pin=False, change={22: "051"})
    if right:
        passed(tale.audit(MODE))
    else:
        failed(tale.audit(MODE), tale[SENT])


@pytest.mark.parametrize(
    ("f22", "pin", "right"),
    [("021", True, True), ("022", False, True), ("022", True, False), ("021", False, False), ("051", True, False),
     ("011", True, False), ("020", False, True)],
)  # fmt: skip
def test_a_stripe_that_was_read(f22: str, pin: bool, right: bool) -> None:
    tale = request(swiped(ChipTale().order()), f22, pin=pin)
    if right:
        passed(tale.audit(MODE))
    else:
        failed(tale.audit(MODE), tale[SENT])


@pytest.mark.parametrize(("f22", "right"), [("012", True), ("022", False), ("052", False)])
def test_a_number_that_was_typed(f22: str, right: bool) -> None:
    tale = request(ChipTale().order().tell("operator", "key entry", digits=16), f22, pin=False)
    if right:
        passed(tale.audit(MODE))
    else:
        failed(tale.audit(MODE), tale[SENT], tale["operator key entry"])


@pytest.mark.parametrize(
    ("code", "tried", "condition", "right"),
    [("201", True, "2", True), ("201", True, "0", False), ("601", True, "2", True), ("101", True, "2", False),
     ("101", True, "0", True), ("101", False, "2", False), ("101", False, "1", True)],
)  # fmt: skip
def test_a_fallback_is_told_and_nothing_else_is(code: str, tried: bool, condition: str, right: bool) -> None:
    tale = ChipTale().order()
    tale = request(swiped(technical(tale) if tried else tale, code), condition=condition)
    if right:
        passed(tale.audit(MODE))
    else:
        assert "F60.5" in failed(tale.audit(MODE), tale[SENT], tale[SWIPED])


def test_what_was_read_last_counts() -> None:
    tale = request(swiped(ChipTale().opened(), "201"), condition="2")
    passed(tale.audit(MODE))
    tale = swiped(ChipTale().order(), "201").powered().selects().options().reads()
    passed(tale.sent().audit(MODE))


def test_a_swipe_that_could_not_be_read_is_none() -> None:
    assert request(swiped(ChipTale().order(), read="bad")).audit(MODE) is None


def test_a_short_f60_tells_nothing_of_a_fallback() -> None:
    tale = swiped(technical(ChipTale().order()), "201").request(change={22: "021", 60: "10000001"}, without=(55, 23))
    passed(tale.audit(MODE))


@pytest.mark.parametrize("condition", ["0", "2"])
def test_a_card_that_was_in_the_reader_and_gave_no_sign_may_be_a_fallback(condition: str) -> None:
    """The wrong way round, its contacts meet none."""
    tale = ChipTale().tell("reader", "inserted", card="credit-0014").order().tell("reader", "removed", card="x")
    tale = request(swiped(tale, "201"), condition=condition)
    passed(tale.audit(MODE))
    assert tale.audit(INSISTS) is None


@pytest.mark.parametrize(("condition", "right"), [("2", True), ("0", False)])
def test_a_terminal_that_asks_for_the_stripe_in_the_chips_place_has_fallen_back(condition: str, right: bool) -> None:
    tale = ChipTale().tell("reader", "inserted", card="credit-0014").order().display(INSERT).display(SWIPE_INSTEAD)
    tale = request(swiped(tale.tell("reader", "removed", card="x"), "201"), condition=condition)
    if right:
        passed(tale.audit(MODE))
    else:
        failed(tale.audit(MODE), tale[SENT])


def test_a_card_that_nobody_was_asked_to_insert_was_not_tried() -> None:
    tale = ChipTale().tell("reader", "inserted", card="credit-0014").order().display(SWIPE)
    tale = request(swiped(tale.tell("reader", "removed", card="x"), "201"))
    failed(tale.audit(INSISTS), tale[SENT])


def test_how_the_card_of_the_order_before_was_read_says_nothing() -> None:
    assert request(swiped(ChipTale().order()).order()).audit(MODE) is None
    assert Tale().order().request().audit(MODE) is None


# ── stripes ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", ["201", "620"])
def test_the_stripe_of_a_chip_card_goes_nowhere(code: str) -> None:
    tale = request(swiped(ChipTale().order(), code))
    assert code in failed(tale.audit(INSISTS), tale[SWIPED], tale[SENT])
    asked = swiped(ChipTale().order(), code).powered().selects().options().reads().signs().pin_entered().first().sent()
    passed(asked.audit(INSISTS))


@pytest.mark.parametrize("code", ["101", "", "801"])
def test_the_stripe_of_another_card_is_taken(code: str) -> None:
    assert request(swiped(ChipTale().order(), code)).audit(INSISTS) is None


def test_after_the_chip_was_tried_its_stripe_may_be_taken() -> None:
    assert request(swiped(technical(ChipTale().order()), "201"), condition="2").audit(INSISTS) is None


def test_a_card_that_was_out_before_the_order_was_not_tried() -> None:
    tale = ChipTale().tell("reader", "inserted", card="x").tell("reader", "removed", card="x").order()
    failed(request(swiped(tale, "201")).audit(INSISTS), tale[SENT])


# ── fallback ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_chip_that_could_not_be_read_earns_a_fallback() -> None:
    passed(request(swiped(technical(ChipTale().order()), "201"), condition="2").audit(EARNED))
    unfinished = ChipTale().opened()
    passed(request(swiped(unfinished, "201"), condition="2").audit(EARNED))


@pytest.mark.parametrize(
    ("tale", "why"),
    [(ChipTale().opened().pin_entered().first("AAC"), "AAC"),
     (ChipTale().order().powered().apdu("00A404000E315041592E5359532E4444463031", "", "6A81"), "card is blocked"),
     (ChipTale().order().powered().selects(sw="6283"), "application is blocked")],
    ids=["declined", "blocked", "application blocked"],
)  # fmt: skip
def test_a_card_that_has_decided_or_is_blocked_earns_none(tale: ChipTale, why: str) -> None:
    told = request(swiped(tale, "201"), condition="2")
    assert why in failed(told.audit(EARNED), told[SENT])


def test_one_blocked_application_beside_an_open_one_is_no_blocked_card() -> None:
    tale = ChipTale().order().powered().selects(sw="6283").selects(sw="6F00")
    passed(request(swiped(tale, "201"), condition="2").audit(EARNED))


# ── PINs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("found", "right"), [("right", True), ("wrong", True), ("unreadable", True), ("clear", False)])
def test_a_pin_that_went_in_clear(found: str, right: bool) -> None:
    tale = ChipTale().opened().pin_entered().first().sent().checked(found)
    if right:
        passed(tale.audit(CLEAR))
    else:
        failed(tale.audit(CLEAR), tale["host checks"])


def test_without_a_pin_block_nothing_is_judged() -> None:
    assert ChipTale().opened().first().sent(pin=False).checked("absent").audit(CLEAR) is None
