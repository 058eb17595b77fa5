"""Cardholder verification: every method and condition, how it ended, and what CVM results and bits must say of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocols.emv.verification import Tvr
from tests.reports.judge.chip_tale import ChipTale
from tests.reports.judge.findings import failed, passed

RESULTS, BITS = "chip.cvm-results", "chip.tvr-verification"
FIRST = "first generate"
OWN = {
    "failed": Tvr.CVM_FAILED, "unknown": Tvr.UNKNOWN_CVM, "no tries": Tvr.PIN_TRIES_EXCEEDED,
    "no pad": Tvr.PINPAD_NOT_WORKING, "not entered": Tvr.PIN_NOT_ENTERED, "online": Tvr.ONLINE_PIN_ENTERED,
}  # fmt: skip
NOBODY: Callable[[ChipTale], object] = lambda tale: tale  # noqa: E731
AMOUNTS = "000000640000012C"
"""X is 100 units, Y is 300."""


def rules(*codes: str, amounts: str = "00" * 8) -> dict[str, str | None]:
    return {"8E": amounts + "".join(codes)}


def held(
    tale: ChipTale, result: str, bits: set[str], act: Callable[[ChipTale], object], *, pin: bool = False
) -> ChipTale:  # fmt: skip
    """A walk to its first cryptogram, with these results and bits told; `pin`: a PIN block goes to the host."""
    tale.opened()
    act(tale)
    tvr = Tvr(0)
    for name in bits:
        tvr |= OWN[name]
    tale.at_terminal["9F34"] = bytes.fromhex(result)
    return tale.first(tvr=tvr).sent(pin=pin)


def must_say(
    make: Callable[[], ChipTale], act: Callable[[ChipTale], object], result: str, bits: set[str],
    *, also: tuple[str, ...] = (), loose: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """This and `also` are right results, and no other; these are the bits, but that `loose` ones may be either."""
    pin = "online" in bits
    for told in (result, *also):
        passed(held(make(), told, bits, act, pin=pin).audit(RESULTS))
    for wrong in {"1F0302", "1E0300", "020300", "010302", "3F0000", "3F0001", "410302"} - {result, *also}:
        tale = held(make(), wrong, bits, act, pin=pin)
        assert wrong in failed(tale.audit(RESULTS), tale[FIRST])
    for name, bit in OWN.items():
        tale = held(make(), result, bits ^ {name}, act, pin=pin)
        found = tale.audit(BITS)
        if name in loose:
            passed(found)
        else:
            assert f"'{bit.label}'" in failed(found, tale[FIRST]), name
    passed(held(make(), result, bits, act, pin=pin).audit(BITS))


def entered(end: str = "entered", form: str = "online") -> Callable[[ChipTale], object]:
    return lambda tale: tale.pin_entered(end, form)


def verified(*sws: str, form: str = "plain", end: str = "") -> Callable[[ChipTale], object]:
    """VERIFYs with these status words, each after an entry; then one more entry that ends so."""

    def act(tale: ChipTale) -> None:
        for sw in sws:
            tale.pin_entered("entered", form).verifies(sw, form)
        if end:
            tale.pin_entered(end, form)

    return act


# ── methods ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_without_verification() -> None:
    must_say(lambda: ChipTale(card={"82": "6800"}), NOBODY, "3F0000", set())


@pytest.mark.parametrize("card", [{"8E": None}, {"8E": "00" * 8}])
def test_a_card_without_rules(card: dict[str, str | None]) -> None:
    must_say(lambda: ChipTale(card=card), NOBODY, "3F0000", set())


@pytest.mark.parametrize(
    ("code", "act", "result", "bits"),
    [("4203", entered(), "420300", {"online"}), ("1E03", NOBODY, "1E0300", set()), ("1F03", NOBODY, "1F0302", set()),
     ("4103", verified("9000"), "410302", set()), ("0100", verified("63C2", "9000"), "010002", set()),
     ("0400", verified("9000", form="enciphered"), "040002", set()), ("0300", verified("9000"), "030000", set()),
     ("0500", verified("9000", form="enciphered"), "050000", set())],
)  # fmt: skip
def test_a_method_that_ends_well(code: str, act: Callable[[ChipTale], object], result: str, bits: set[str]) -> None:
    must_say(lambda: ChipTale(card=rules(code)), act, result, bits)


@pytest.mark.parametrize(
    ("code", "act", "result", "also", "bits"),
    [("0000", NOBODY, "000001", (), {"failed"}), ("4000", NOBODY, "400001", (), {"failed"}),
     ("0100", verified("63C0"), "010001", ("3F0001",), {"failed", "no tries"}),
     ("0100", verified("6983"), "010001", ("3F0001",), {"failed", "no tries"}),
     ("0100", verified("6984"), "010001", ("3F0001",), {"failed", "no tries"}),
     ("0100", verified("6985"), "010001", (), {"failed"}),
     ("0100", verified("63C2", end="bypassed"), "010001", ("3F0001",), {"failed", "not entered"}),
     ("0100", entered("bypassed", "plain"), "010001", ("3F0001",), {"failed", "not entered"}),
     ("0400", entered("bypassed", "enciphered"), "040001", ("3F0001",), {"failed", "not entered"}),
     ("0200", entered("bypassed"), "020001", ("3F0001",), {"failed", "not entered"}),
     ("0200", entered("broken"), "020001", ("3F0001",), {"failed", "no pad"}),
     ("0600", NOBODY, "060001", ("3F0001",), {"failed", "unknown"}),
     ("0101", NOBODY, "3F0001", (), {"failed"}), ("1E0A", NOBODY, "3F0001", (), {"failed"})],
)  # fmt: skip
def test_a_method_that_fails_and_no_other(
    code: str, act: Callable[[ChipTale], object], result: str, also: tuple[str, ...], bits: set[str]
) -> None:
    must_say(lambda: ChipTale(card=rules(code)), act, result, bits, also=also)


def test_a_card_that_has_no_tries_left_is_not_asked() -> None:
    def act(tale: ChipTale) -> None:
        tale.gets("9F17", "00")

    must_say(lambda: ChipTale(card=rules("0100")), act, "010001", {"failed", "no tries"}, also=("3F0001",))


def test_a_pad_that_the_rig_took_away() -> None:
    def make() -> ChipTale:
        return ChipTale(card=rules("0200"), setting={"pinpad": False})

    must_say(make, NOBODY, "020001", {"failed", "no pad"}, also=("3F0001",))


@pytest.mark.parametrize(("code", "capabilities"), [("0200", "E0B8C8"), ("0100", "E078C8"), ("0400", "E0E8C8")])
def test_a_pin_that_the_terminal_cannot_take(code: str, capabilities: str) -> None:
    must_say(
        lambda: ChipTale(card=rules(code), terminal={"9F33": capabilities}), NOBODY, f"{code}01", {"failed"},
        also=("3F0001",), loose=("no pad",),
    )  # fmt: skip


@pytest.mark.parametrize(("code", "capabilities"), [("1E00", "E0D8C8"), ("1F00", "E0F0C8")])
def test_another_method_that_the_terminal_has_not(code: str, capabilities: str) -> None:
    must_say(
        lambda: ChipTale(card=rules(code), terminal={"9F33": capabilities}), NOBODY, f"{code}01", {"failed"},
        also=("3F0001",),
    )  # fmt: skip


# ── the next rule ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("codes", "act", "result", "bits"),
    [(("4200", "1F00"), entered("bypassed"), "1F0002", {"not entered"}),
     (("4100", "4200", "1E00"), entered("bypassed", "plain"), "1E0000", {"not entered"}),
     (("4600", "1E00"), NOBODY, "1E0000", {"unknown"}), (("4101", "1F00"), NOBODY, "1F0002", set()),
     (("4100", "0200"), lambda t: entered()(verified("6983")(t) or t), "020000", {"no tries", "online"})],
)  # fmt: skip
def test_the_next_rule_is_tried_where_the_card_wants_it(
    codes: tuple[str, ...], act: Callable[[ChipTale], object], result: str, bits: set[str]
) -> None:
    must_say(lambda: ChipTale(card=rules(*codes)), act, result, bits)


def test_after_a_bypass_the_next_pin_may_be_asked_for_all_the_same() -> None:
    """EMV Book 4, 6.3.4.3: a terminal may take the one for all of them."""

    def both(tale: ChipTale) -> None:
        tale.pin_entered("bypassed", "plain").pin_entered("entered", "online")

    must_say(lambda: ChipTale(card=rules("4100", "4200", "1E00")), both, "420000", {"not entered", "online"})


def test_after_a_bypass_a_card_without_tries_may_be_told_or_not() -> None:
    def act(tale: ChipTale) -> None:
        tale.gets("9F17", "00").pin_entered("bypassed", "online")

    must_say(
        lambda: ChipTale(card=rules("4200", "4100", "1E00")), act, "1E0000", {"not entered"}, loose=("no tries",)
    )  # fmt: skip


def test_an_unknown_method_if_the_terminal_supports_it_may_be_unrecognised() -> None:
    must_say(lambda: ChipTale(card=rules("4603", "1F00")), NOBODY, "1F0002", set(), loose=("unknown",))
    must_say(lambda: ChipTale(card=rules("4604", "1F00")), NOBODY, "1F0002", set())


def test_no_other_rule_is_tried_where_the_card_does_not_want_it() -> None:
    must_say(
        lambda: ChipTale(card=rules("0200", "1F00")), entered("bypassed"), "020001", {"failed", "not entered"},
        also=("3F0001",),
    )  # fmt: skip


# ── conditions ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("condition", "terminal", "met"),
    [("00", {}, True), ("02", {}, True), ("02", {"9C": "01"}, False), ("02", {"9C": "09"}, False),
     ("01", {"9C": "01", "9F35": "24"}, True), ("01", {"9C": "01"}, False), ("04", {"9C": "01"}, True),
     ("04", {"9C": "01", "9F35": "24"}, False), ("04", {}, False), ("05", {"9C": "09"}, True), ("05", {}, False),
     ("03", {"9F33": "E0D8C8"}, False), ("03", {}, True), ("0A", {}, False), ("80", {}, False),
     ("06", {"9F02": "000000000099"}, True), ("06", {"9F02": "000000000100"}, False),
     ("07", {"9F02": "000000000101"}, True), ("07", {"9F02": "000000000100"}, False),
     ("08", {"9F02": "000000000299"}, True), ("08", {"9F02": "000000000300"}, False),
     ("09", {"9F02": "000000000301"}, True), ("09", {"9F02": "000000000300"}, False),
     ("06", {"9F02": "000000000099", "5F2A": "0840"}, False)],
)  # fmt: skip
def test_a_condition(condition: str, terminal: dict[str, str | None], met: bool) -> None:
    """A signature where it is met, else no verification."""
    amounts = AMOUNTS.replace("00000064", f"{100:08X}").replace("0000012C", f"{300:08X}")

    def make() -> ChipTale:
        return ChipTale(card=rules(f"5E{condition}", "1F00", amounts=amounts), terminal=terminal)

    tale = held(make(), f"5E{condition}00" if met else "1F0002", set(), NOBODY)
    passed(tale.audit(RESULTS))
    other = held(make(), "1F0002" if met else f"5E{condition}00", set(), NOBODY)
    failed(other.audit(RESULTS), other[FIRST])


def test_amounts_do_not_count_where_the_card_names_no_currency() -> None:
    card = {**rules("5E06", "1F00", amounts=f"{10**9:08X}{0:08X}"), "9F42": None}
    passed(held(ChipTale(card=card), "1F0002", set(), NOBODY).audit(RESULTS))


# ── where nobody can tell ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("make", "act"),
    [(lambda: ChipTale(card=rules("0200"), setting={}), NOBODY),
     (lambda: ChipTale(card=rules("0400")), NOBODY),
     (lambda: ChipTale(card=rules("0100")), verified("63C2")),
     (lambda: ChipTale(card=rules("2000"), terminal={"9F33": "E0F9C8"}), NOBODY),
     (lambda: ChipTale(card={**rules("0206"), "8C": "9505"}, terminal={"5F2A": None, "9F02": None}), NOBODY),
     (lambda: ChipTale(card={"8E": "00" * 8 + "42"}), NOBODY)],
    ids=["no pad speaks", "a key may be wrong", "a try is left", "a document", "no amount is known", "half a rule"],
)  # fmt: skip
def test_where_nobody_can_tell_results_are_open(
    make: Callable[[], ChipTale], act: Callable[[ChipTale], object]
) -> None:
    for result in ("1F0302", "3F0001", "020000"):
        assert held(make(), result, set(), act).audit(RESULTS) is None
    for bits in (set(), {"failed"}):
        found = held(make(), "3F0001", bits, act).audit(BITS)
        assert found is None


def test_a_document_that_the_terminal_cannot_look_at_is_as_unknown() -> None:
    must_say(
        lambda: ChipTale(card=rules("6000", "1F00")), NOBODY, "1F0002", set(), loose=("unknown",)
    )  # fmt: skip


def test_a_pin_block_tells_that_a_pin_was_entered_where_no_pad_speaks() -> None:
    tale = ChipTale(card=rules("0200"), setting={}).opened()
    tale.at_terminal["9F34"] = bytes.fromhex("020000")
    tale.first(tvr=Tvr.ONLINE_PIN_ENTERED).sent()
    passed(tale.audit(RESULTS))
    passed(tale.audit(BITS))


@pytest.mark.parametrize("code", ["0200", "0100"])
def test_a_pin_that_was_due_and_that_nobody_was_asked_for(code: str) -> None:
    tale = held(ChipTale(card=rules(code, "1F00")), "1F0002", set(), NOBODY)
    assert "nobody was asked" in failed(tale.audit(RESULTS), tale[FIRST], tale["rig configuration"])


def test_a_cancelled_entry_ends_a_transaction_and_says_nothing_of_results() -> None:
    tale = held(ChipTale(card=rules("0200")), "020001", set(), entered("cancelled"))
    assert tale.audit(RESULTS) is None
