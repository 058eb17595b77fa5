"""Which application is used. EMV Book 1, 12: each script is what the clause has a terminal send."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.terminal.contact.channel import CardUnusable, ChoiceCancelled
from simulators.terminal.contact.configuration import UNIONPAY, ApplicationRule, Configuration
from simulators.terminal.contact.selection import begin
from simulators.terminal.contact.state import ChipTransaction
from tests.simulators.terminal.contact.front import (
    CREDIT,
    DEBIT,
    NOT_FOUND,
    PSE_SELECT,
    QUASI,
    Answers,
    directory,
    entry,
    fci,
    knowing,
    read,
    record,
    select,
    text,
    tlv,
    transaction,
)
from tests.support.scripted_card import MUTE, Exchange, ScriptedCard

STARTED = ("80A8000002830000", "80067C00080101009000")
"""GET PROCESSING OPTIONS of a card without a PDOL: it begins."""
ENDED = ("00B2020C00", "6A83")
LONG, LONGER = CREDIT + "01", CREDIT + "02"
DEFECT = {name: frozenset({name}) for name in
          ("blocked-application-used", "next-occurrence-forgotten", "first-application-taken")}  # fmt: skip


def run(
    clause: str, exchanges: list[Exchange], configuration: Configuration | None = None, *,
    cardholder: Answers | None = None, defects: frozenset[str] = frozenset(),
) -> ChipTransaction:  # fmt: skip
    with ScriptedCard(clause, exchanges) as card:
        begun, channel = transaction(card, configuration or knowing(CREDIT, DEBIT, QUASI))
        begin(begun, channel, cardholder or Answers(), defects)
    return begun


def refused(
    clause: str, exchanges: list[Exchange], configuration: Configuration | None = None, *,
    cardholder: Answers | None = None, defects: frozenset[str] = frozenset(),
) -> CardUnusable:  # fmt: skip
    """The error by which it ends, everything having been asked for."""
    with ScriptedCard(clause, exchanges) as card:
        begun, channel = transaction(card, configuration or knowing(CREDIT, DEBIT, QUASI))
        with pytest.raises(CardUnusable) as error:
            begin(begun, channel, cardholder or Answers(), defects)
    assert begun.rule is None
    assert not begun.card
    return error.value


def aid_of(begun: ChipTransaction) -> str:
    return begun.terminal["9F06"].hex().upper()


# ── the directory: 12.3.2 ─────────────────────────────────────────────────────────────────────────────────────────


def test_one_application_of_the_directory_is_selected_by_its_whole_name() -> None:
    begun = run(
        "EMV Book 1, 12.3.2: directory with one entry",
        [
            (PSE_SELECT, directory(("9F11", "01"))),
            (read(1, 1), record(entry(CREDIT, "PBOC CREDIT", "01"))),
            ENDED,
            (select(CREDIT), fci(CREDIT, "PBOC CREDIT", ("87", "01"), ("9F12", text("银联信用卡")), ("9F11", "01"))),
            STARTED,
        ],
    )
    assert (aid_of(begun), begun.label) == (CREDIT, "银联信用卡")
    assert begun.terminal["9F09"] == bytes.fromhex("0030")
    assert begun.terminal["9F1B"] == bytes(4)
    assert begun.value("84") == bytes.fromhex(CREDIT)


@pytest.mark.parametrize(
    ("priorities", "order"),
    [
        (("02", "01", "03"), ["DEBIT", "CREDIT", "QUASI"]),
        (("", "02", "01"), ["QUASI", "DEBIT", "CREDIT"]),
        (("00", "0F", ""), ["DEBIT", "CREDIT", "QUASI"]),
        (("01", "01", "01"), ["CREDIT", "DEBIT", "QUASI"]),
        (("F2", "71", "03"), ["DEBIT", "CREDIT", "QUASI"]),
    ],
    ids=["by priority", "none comes last", "0 is none", "equals as they come", "the low nibble counts"],
)
def test_candidates_are_offered_in_the_cards_order(priorities: tuple[str, str, str], order: list[str]) -> None:
    """EMV Book 1, 12.4, step 4; the records of a directory may hold one entry or several: 12.2.3."""
    credit, debit, quasi = priorities
    cardholder = Answers([0])
    names = {"CREDIT": CREDIT, "DEBIT": DEBIT, "QUASI": QUASI}
    begun = run(
        "EMV Book 1, 12.4, step 4: a list in the order of priority",
        [
            (PSE_SELECT, directory(sfi="02")),
            (read(1, 2), record(entry(CREDIT, "CREDIT", credit), entry(DEBIT, "DEBIT", debit))),
            (read(2, 2), record(entry(QUASI, "QUASI", quasi))),
            (read(3, 2), "6A83"),
            (select(names[order[0]]), fci(names[order[0]])),
            STARTED,
        ],
        cardholder=cardholder,
    )
    assert cardholder.offered == [order]
    assert aid_of(begun) == names[order[0]]


def test_entries_that_are_no_application_of_the_terminal_are_passed_over() -> None:
    """EMV Book 1, 12.2.3: a directory's own entry (9D), one without a name, an unknown tag, another scheme."""
    begun = run(
        "EMV Book 1, 12.3.2, step 3",
        [
            (PSE_SELECT, directory()),
            (
                read(1, 1),
                record(
                    ("61", [("9D", "325041592E5359532E4444463031"), ("50", text("A DIRECTORY"))]),
                    ("61", [("50", text("NAMELESS"))]),
                    ("DF01", "AA"),
                    entry("A0000000031010", "ANOTHER SCHEME", "01"),
                    entry("A0000003", "TOO SHORT", "01"),
                    entry(CREDIT + "00" * 9, "TOO LONG", "01"),
                    ("73", [("4F", CREDIT), ("50", text("ANOTHER TEMPLATE"))]),
                    entry(DEBIT, "DEBIT", "03"),
                ),
            ),
            ENDED,
            (select(DEBIT), fci(DEBIT)),
            STARTED,
        ],
    )
    assert aid_of(begun) == DEBIT


def test_the_directorys_label_is_what_the_cardholder_is_shown() -> None:
    """EMV Book 4, 11.3: a preferred name needs a code table that the terminal has; a label needs none."""
    cardholder = Answers([1])
    run(
        "EMV Book 1, 12.2.3: preferred names and labels",
        [
            (PSE_SELECT, directory(("9F11", "01"))),
            (
                read(1, 1),
                record(
                    entry(CREDIT, "CREDIT", "01", ("9F12", text("银联信用卡"))),
                    entry(DEBIT, "DEBIT", "02"),
                    ("61", [("4F", QUASI), ("87", "03")]),
                ),
            ),
            ENDED,
            (select(DEBIT), fci(DEBIT)),
            STARTED,
        ],
        cardholder=cardholder,
    )
    assert cardholder.offered == [["银联信用卡", "DEBIT", QUASI]]


@pytest.mark.parametrize("table", ["02", "0B", "00"])
def test_a_preferred_name_in_characters_that_the_terminal_has_not_is_not_shown(table: str) -> None:
    cardholder = Answers([0])
    named = ("9F12", text("银联信用卡"))
    run(
        "EMV Book 4, 11.3",
        [
            (PSE_SELECT, directory(("9F11", table))),
            (read(1, 1), record(entry(CREDIT, "CREDIT", "01", named), entry(DEBIT, "DEBIT", "02"))),
            ENDED,
            (select(CREDIT), fci(CREDIT)),
            STARTED,
        ],
        cardholder=cardholder,
    )
    assert cardholder.offered == [["CREDIT", "DEBIT"]]


def by_list(*answers: str) -> list[Exchange]:
    """What follows where there is no directory: the terminal's own names, the first of them being there."""
    return [(select(CREDIT), fci(CREDIT)), (select(DEBIT), NOT_FOUND), (select(QUASI), NOT_FOUND),
            (select(CREDIT), fci(CREDIT)), STARTED]  # fmt: skip


NO_DIRECTORY: dict[str, list[Exchange]] = {
    "not found": [(PSE_SELECT, "6A82")],
    "blocked": [(PSE_SELECT, directory()[:-4] + "6283")],
    "another status": [(PSE_SELECT, "6F00")],
    "no TLV": [(PSE_SELECT, "6F059000")],
    "no template 6F": [(PSE_SELECT, tlv(("70", [("88", "01")])) + "9000")],
    "no file of records": [(PSE_SELECT, tlv(("6F", [("84", "31"), ("A5", [("5F2D", "7A68")])])) + "9000")],
    "file 0": [(PSE_SELECT, directory(sfi="00"))],
    "file 11": [(PSE_SELECT, directory(sfi="0B"))],
    "file of two bytes": [(PSE_SELECT, directory(sfi="0101"))],
    "no record": [(PSE_SELECT, directory()), (read(1, 1), "6A83")],
    "a record that cannot be read": [(PSE_SELECT, directory()), (read(1, 1), "6F00")],
    "a record that is no TLV": [(PSE_SELECT, directory()), (read(1, 1), "7005619000")],
    "a later record that cannot be read": [
        (PSE_SELECT, directory()), (read(1, 1), record(entry(DEBIT, "DEBIT"))), (read(2, 1), "6F00"),
    ],
    "a later record that is no TLV": [
        (PSE_SELECT, directory()), (read(1, 1), record(entry(DEBIT, "DEBIT"))), (read(2, 1), "7005619000"),
    ],
    "a record in another template": [
        (PSE_SELECT, directory()), (read(1, 1), tlv(("77", [entry(DEBIT, "DEBIT")])) + "9000"), ENDED,
    ],
    "no entry": [(PSE_SELECT, directory()), (read(1, 1), record(("DF01", "00"))), ENDED],
    "no application of the terminal": [
        (PSE_SELECT, directory()), (read(1, 1), record(entry("A0000000031010", "ANOTHER"))), ENDED,
    ],
}  # fmt: skip


@pytest.mark.parametrize("exchanges", NO_DIRECTORY.values(), ids=NO_DIRECTORY)
def test_without_a_directory_of_use_the_terminals_list_is_tried(exchanges: list[Exchange]) -> None:
    """EMV Book 1, 12.3.2, steps 1 and 5; 12.3.3."""
    begun = run("EMV Book 1, 12.3.2: to the list of names", exchanges + by_list())
    assert aid_of(begun) == CREDIT


def test_a_card_that_is_blocked_ends_it_at_the_directory() -> None:
    error = refused("EMV Book 1, 12.3.2, step 1: 6A81", [(PSE_SELECT, "6A81")])
    assert error.message == "the card is blocked, or has no SELECT"
    assert not error.fallback  # facts/unionpay-pos 5.13: no IC failure


def test_a_card_that_is_mute_at_its_directory_has_failed_technically() -> None:
    error = refused("EMV Book 1, 9", [(PSE_SELECT, MUTE)])
    assert error.message == "the card gave no answer to SELECT"
    assert error.fallback


# ── the list of names: 12.3.3 ─────────────────────────────────────────────────────────────────────────────────────


def test_every_name_of_the_terminal_is_tried() -> None:
    cardholder = Answers([1])
    begun = run(
        "EMV Book 1, 12.3.3, steps 1 to 5",
        [
            (PSE_SELECT, NOT_FOUND),
            (select(CREDIT), fci(CREDIT, "CREDIT", ("87", "02"))),
            (select(DEBIT), fci(DEBIT, "DEBIT", ("87", "01"))),
            (select(QUASI), "6985"),
            (select(CREDIT), fci(CREDIT)),
            STARTED,
        ],
        cardholder=cardholder,
    )
    assert cardholder.offered == [["DEBIT", "CREDIT"]]
    assert aid_of(begun) == CREDIT


def test_a_partial_name_is_asked_for_its_next_occurrences() -> None:
    cardholder = Answers([1])
    begun = run(
        "EMV Book 1, 12.3.3, steps 6 and 7",
        [
            (PSE_SELECT, NOT_FOUND),
            (select(CREDIT), fci(LONG, "CREDIT A")),
            (select(CREDIT, "02"), fci(LONGER, "CREDIT B")),
            (select(CREDIT, "02"), NOT_FOUND),
            (select(LONGER), fci(LONGER, "CREDIT B")),
            STARTED,
        ],
        knowing(CREDIT),
        cardholder=cardholder,
    )
    assert cardholder.offered == [["CREDIT A", "CREDIT B"]]
    assert (aid_of(begun), begun.label) == (LONGER, "CREDIT B")
    assert begun.rule is not None
    assert begun.rule.aid.hex().upper() == CREDIT


def test_a_whole_name_ends_the_occurrences() -> None:
    """EMV Book 1, 12.3.3, step 5: the name as it stands has no other."""
    run(
        "EMV Book 1, 12.3.3, step 5",
        [
            (PSE_SELECT, NOT_FOUND),
            (select(CREDIT), fci(LONG, "CREDIT A")),
            (select(CREDIT, "02"), fci(CREDIT, "CREDIT")),
            (select(LONG), fci(LONG)),
            STARTED,
        ],
        knowing(CREDIT),
        cardholder=Answers([0]),
    )


def test_a_terminal_that_takes_no_partial_name_leaves_a_longer_one() -> None:
    error = refused(
        "EMV Book 1, 12.3.3, step 6: application selection indicator",
        [(PSE_SELECT, NOT_FOUND), (select(CREDIT), fci(LONG, "CREDIT A"))],
        knowing(CREDIT, partial=False),
    )
    assert error.message == "the card has no application that this terminal knows"
    assert error.fallback


def test_a_terminal_that_takes_no_partial_name_leaves_a_longer_one_of_the_directory() -> None:
    run(
        "EMV Book 1, 12.3.1",
        [
            (PSE_SELECT, directory()),
            (read(1, 1), record(entry(LONG, "LONG", "01"), entry(CREDIT, "CREDIT", "02"))),
            ENDED,
            (select(CREDIT), fci(CREDIT)),
            STARTED,
        ],
        knowing(CREDIT, partial=False),
    )


def test_a_partial_name_of_the_directory_is_selected_whole() -> None:
    begun = run(
        "EMV Book 1, 12.4: by the name that the card gave",
        [
            (PSE_SELECT, directory()),
            (read(1, 1), record(entry(LONG, "LONG", "01"))),
            ENDED,
            (select(LONG), fci(LONG)),
            STARTED,
        ],
        knowing(CREDIT),
    )
    assert aid_of(begun) == LONG


def test_the_terminals_version_and_limit_are_those_of_the_application() -> None:
    """EMV Book 4, 10.2."""
    rule = ApplicationRule(bytes.fromhex(CREDIT), version=b"\x00\x8c", floor_limit=500_00)
    begun = run(
        "EMV Book 1, 12.3.3",
        [(PSE_SELECT, NOT_FOUND), (select(CREDIT), fci(CREDIT)), (select(CREDIT), fci(CREDIT)), STARTED],
        Configuration((rule,)),
    )
    assert (begun.terminal["9F09"], begun.terminal["9F1B"]) == (b"\x00\x8c", bytes.fromhex("0000C350"))


def test_the_longest_of_the_terminals_names_gives_the_rule() -> None:
    begun = run(
        "EMV Book 1, 12.3.1",
        [
            (PSE_SELECT, directory()),
            (read(1, 1), record(entry(LONG, "LONG", "01"))),
            ENDED,
            (select(LONG), fci(LONG)),
            STARTED,
        ],
        knowing(CREDIT, LONG, CREDIT[:10]),
    )
    assert begun.rule is not None
    assert begun.rule.aid.hex().upper() == LONG


def test_an_application_that_two_names_find_is_offered_once() -> None:
    cardholder = Answers()
    run(
        "EMV Book 1, 12.3.3",
        [
            (PSE_SELECT, NOT_FOUND),
            (select(CREDIT), fci(LONG, "LONG")),
            (select(CREDIT, "02"), NOT_FOUND),
            (select(LONG), fci(LONG, "LONG")),
            (select(LONG), fci(LONG)),
            STARTED,
        ],
        knowing(CREDIT, LONG),
        cardholder=cardholder,
    )
    assert not cardholder.offered


def test_a_card_that_has_ever_more_occurrences_is_left() -> None:
    many = [(select(CREDIT, "02"), fci(f"{CREDIT}{number:02X}", "C")) for number in range(1, 16)]
    cardholder = Answers([15])
    begun = run(
        "EMV Book 1, 12.3.3, step 7, without end",
        [
            (PSE_SELECT, NOT_FOUND),
            (select(CREDIT), fci(CREDIT + "00", "C")),
            *many,
            (select(CREDIT + "0F"), fci(CREDIT + "0F")),
            STARTED,
        ],
        knowing(CREDIT),
        cardholder=cardholder,
    )
    assert len(cardholder.offered[0]) == 16
    assert aid_of(begun) == CREDIT + "0F"


@pytest.mark.parametrize(
    "answer",
    ["6F059000", tlv(("70", [("84", CREDIT)])) + "9000", tlv(("6F", [("A5", [])])) + "9000", fci("A0000000031010")],
    ids=["no TLV", "no template 6F", "no name", "a name of another scheme"],
)
def test_an_answer_to_select_that_is_none_is_passed_over(answer: str) -> None:
    """EMV Book 1, 12.3.3, step 3."""
    begun = run(
        "EMV Book 1, 12.3.3, step 3",
        [
            (PSE_SELECT, NOT_FOUND),
            (select(CREDIT), answer),
            (select(DEBIT), fci(DEBIT)),
            (select(DEBIT), fci(DEBIT)),
            STARTED,
        ],
        knowing(CREDIT, DEBIT),
    )
    assert aid_of(begun) == DEBIT


def test_a_blocked_card_ends_it_at_any_name() -> None:
    error = refused(
        "EMV Book 1, 12.3.3, step 2: 6A81",
        [(PSE_SELECT, NOT_FOUND), (select(CREDIT), fci(CREDIT)), (select(DEBIT), "6A81")],
    )
    assert not error.fallback


def test_a_blocked_application_is_no_candidate_and_lets_no_stripe_be_used() -> None:
    error = refused(
        "EMV Book 1, 12.3.3, step 4: 6283",
        [(PSE_SELECT, NOT_FOUND), (select(CREDIT), fci(CREDIT, sw="6283"))],
        knowing(CREDIT),
    )
    assert error.message == "the card's application is blocked"
    assert not error.fallback


def test_behind_a_blocked_partial_one_the_next_occurrence_is_looked_for() -> None:
    begun = run(
        "EMV Book 1, 12.3.3, steps 6 and 7: 6283",
        [
            (PSE_SELECT, NOT_FOUND),
            (select(CREDIT), fci(LONG, "BLOCKED", sw="6283")),
            (select(CREDIT, "02"), fci(LONGER, "OPEN")),
            (select(CREDIT, "02"), NOT_FOUND),
            (select(LONGER), fci(LONGER)),
            STARTED,
        ],
        knowing(CREDIT),
    )
    assert aid_of(begun) == LONGER


def test_a_card_without_an_application_of_the_terminal_may_be_swiped() -> None:
    error = refused(
        "EMV Book 1, 12.4, step 1",
        [(PSE_SELECT, NOT_FOUND), *((select(rule.aid.hex().upper()), NOT_FOUND) for rule in UNIONPAY)],
        Configuration(),
    )
    assert error.message == "the card has no application that this terminal knows"
    assert error.fallback


# ── the choice: 12.4 ──────────────────────────────────────────────────────────────────────────────────────────────


def two(first: str = "01", second: str = "02") -> list[Exchange]:
    """A directory with credit and debit."""
    entries = record(entry(CREDIT, "CREDIT", first), entry(DEBIT, "DEBIT", second))
    return [(PSE_SELECT, directory()), (read(1, 1), entries), ENDED]


@pytest.mark.parametrize(("index", "aid"), [(0, CREDIT), (1, DEBIT)])
def test_the_application_that_the_cardholder_chose_is_used(index: int, aid: str) -> None:
    begun = run("EMV Book 1, 12.4, step 4", [*two(), (select(aid), fci(aid)), STARTED], cardholder=Answers([index]))
    assert aid_of(begun) == aid


def test_who_chooses_has_confirmed() -> None:
    cardholder = Answers([0])
    run("EMV Book 1, 12.4, step 4", [*two("81", "82"), (select(CREDIT), fci(CREDIT)), STARTED], cardholder=cardholder)
    assert not cardholder.confirmed


def test_a_cardholder_who_takes_none_ends_it_without_a_fallback() -> None:
    error = refused("EMV Book 1, 12.4, step 4: cancelled", two(), cardholder=Answers([None]))
    assert isinstance(error, ChoiceCancelled)
    assert not error.fallback


def test_a_single_application_asks_nobody() -> None:
    cardholder = Answers()
    one = record(entry(CREDIT, "CREDIT", "01"))
    run(
        "EMV Book 1, 12.4, step 2",
        [(PSE_SELECT, directory()), (read(1, 1), one), ENDED, (select(CREDIT), fci(CREDIT)), STARTED],
        cardholder=cardholder,
    )
    assert (cardholder.offered, cardholder.confirmed) == ([], [])


ONE_TO_CONFIRM: list[Exchange] = [
    (PSE_SELECT, directory()), (read(1, 1), record(entry(CREDIT, "CREDIT", "81"))), ENDED,
]  # fmt: skip


def test_a_single_application_with_the_confirmation_bit_is_confirmed_first() -> None:
    cardholder = Answers()
    run("EMV Book 1, 12.4, step 2: b8 of 87", [*ONE_TO_CONFIRM, (select(CREDIT), fci(CREDIT)), STARTED],
        cardholder=cardholder)  # fmt: skip
    assert cardholder.confirmed == ["CREDIT"]


def test_an_application_that_is_not_confirmed_is_not_used() -> None:
    error = refused("EMV Book 1, 12.4, step 2: not confirmed", ONE_TO_CONFIRM, cardholder=Answers(confirms=False))
    assert isinstance(error, ChoiceCancelled)


def test_a_terminal_that_cannot_ask_uses_no_application_that_must_be_confirmed() -> None:
    error = refused(
        "EMV Book 1, 12.4, step 2: no confirmation", ONE_TO_CONFIRM, knowing(CREDIT, cardholder_choice=False)
    )
    assert "wants to be confirmed" in error.message
    assert not error.fallback


@pytest.mark.parametrize(
    ("priorities", "aid"),
    [(("02", "01"), DEBIT), (("01", "02"), CREDIT), (("81", "02"), DEBIT)],
    ids=["the highest", "the highest again", "not one that must be confirmed"],
)
def test_a_terminal_that_cannot_ask_takes_the_first_by_priority(priorities: tuple[str, str], aid: str) -> None:
    cardholder = Answers()
    begun = run(
        "EMV Book 1, 12.4, step 5",
        [*two(*priorities), (select(aid), fci(aid)), STARTED],
        knowing(CREDIT, DEBIT, cardholder_choice=False),
        cardholder=cardholder,
    )
    assert aid_of(begun) == aid
    assert (cardholder.offered, cardholder.confirmed) == ([], [])


# ── one that cannot be used after all ─────────────────────────────────────────────────────────────────────────────

STRUCK_OFF = {
    "not found": NOT_FOUND,
    "blocked": fci(CREDIT, sw="6283"),
    "refused": "6985",
    "no TLV": "6F059000",
    "no name": tlv(("6F", [("A5", [])])) + "9000",
    "another name": fci(LONG),
}


@pytest.mark.parametrize("answer", STRUCK_OFF.values(), ids=STRUCK_OFF)
def test_an_application_whose_final_select_fails_is_struck_off(answer: str) -> None:
    """EMV Book 1, 12.4: the one that is left is taken without a question."""
    cardholder = Answers([0])
    begun = run(
        "EMV Book 1, 12.4: final SELECT",
        [*two(), (select(CREDIT), answer), (select(DEBIT), fci(DEBIT)), STARTED],
        cardholder=cardholder,
    )
    assert aid_of(begun) == DEBIT
    assert cardholder.offered == [["CREDIT", "DEBIT"]]


def test_of_three_the_two_that_are_left_are_offered_again() -> None:
    cardholder = Answers([0, 1])
    entries = record(entry(CREDIT, "CREDIT", "01"), entry(DEBIT, "DEBIT", "02"), entry(QUASI, "QUASI", "03"))
    begun = run(
        "EMV Book 1, 12.4; Book 4, 11.3",
        [
            (PSE_SELECT, directory()),
            (read(1, 1), entries),
            ENDED,
            (select(CREDIT), NOT_FOUND),
            (select(QUASI), fci(QUASI)),
            STARTED,
        ],
        cardholder=cardholder,
    )
    assert cardholder.offered == [["CREDIT", "DEBIT", "QUASI"], ["DEBIT", "QUASI"]]
    assert aid_of(begun) == QUASI


def test_an_application_that_refuses_its_start_is_struck_off_and_leaves_nothing() -> None:
    """EMV Book 3, 10.1: 6985; Book 4, 6.3.1. What the first application said is not the second's."""
    begun = run(
        "EMV Book 3, 10.1: conditions not satisfied",
        [
            *two(),
            (select(CREDIT), fci(CREDIT, "CREDIT", ("9F38", "9F0206"), ("9F42", "0156"))),
            ("80A8000008 8306 000000010000 00", "6985"),
            (select(DEBIT), fci(DEBIT, "DEBIT")),
            STARTED,
        ],
        cardholder=Answers([0]),
    )
    assert aid_of(begun) == DEBIT
    assert begun.value("9F42") is None
    assert begun.pdol_data == b""


def test_a_card_whose_only_application_refuses_its_start_is_not_swiped() -> None:
    error = refused(
        "EMV Book 3, 10.1: conditions not satisfied, and nothing is left",
        [
            (PSE_SELECT, directory()),
            (read(1, 1), record(entry(CREDIT, "CREDIT"))),
            ENDED,
            (select(CREDIT), fci(CREDIT)),
            ("80A8000002830000", "6985"),
        ],
    )
    assert error.message == "the card refuses this use of its application"
    assert not error.fallback


def test_a_card_whose_only_application_is_blocked_at_last_is_not_swiped() -> None:
    error = refused(
        "EMV Book 1, 12.4: final SELECT, 6283",
        [
            (PSE_SELECT, directory()),
            (read(1, 1), record(entry(CREDIT, "CREDIT"))),
            ENDED,
            (select(CREDIT), fci(CREDIT, sw="6283")),
        ],
    )
    assert error.message == "the card's application is blocked"
    assert not error.fallback


def test_a_card_that_is_blocked_at_its_final_select_ends_it() -> None:
    error = refused("EMV Book 1, 12.4: final SELECT, 6A81", [*two(), (select(CREDIT), "6A81")], cardholder=Answers([0]))
    assert error.message == "the card is blocked, or has no SELECT"


# ── seeded defects ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_defect_that_uses_a_blocked_application() -> None:
    begun = run(
        "defect: 6283 taken for 9000",
        [
            (PSE_SELECT, NOT_FOUND),
            (select(CREDIT), fci(CREDIT, sw="6283")),
            (select(CREDIT), fci(CREDIT, sw="6283")),
            STARTED,
        ],
        knowing(CREDIT),
        defects=DEFECT["blocked-application-used"],
    )
    assert aid_of(begun) == CREDIT


def test_the_defect_that_forgets_the_next_occurrence() -> None:
    cardholder = Answers()
    run(
        "defect: no P2 02",
        [(PSE_SELECT, NOT_FOUND), (select(CREDIT), fci(LONG)), (select(LONG), fci(LONG)), STARTED],
        knowing(CREDIT),
        cardholder=cardholder,
        defects=DEFECT["next-occurrence-forgotten"],
    )
    assert not cardholder.offered


def test_the_defect_that_takes_the_first_application() -> None:
    cardholder = Answers()
    begun = run(
        "defect: nobody is asked",
        [*two("82", "01"), (select(DEBIT), fci(DEBIT)), STARTED],
        cardholder=cardholder,
        defects=DEFECT["first-application-taken"],
    )
    assert aid_of(begun) == DEBIT
    assert not cardholder.offered


# ── odd data ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "odd",
    [("DF8101", "AA"), ("9F10", ""), ("BF0C", [("9F4D", "0B0A"), ("DF11", "")]), ("C1", "00")],
    ids=["three bytes of tag", "no value", "a template of the issuer", "unknown"],
)
def test_odd_data_around_an_applications_name_change_nothing(odd: tuple[str, Any]) -> None:
    begun = run(
        "EMV Book 1, 11.3.4: what the terminal does not know",
        [
            (PSE_SELECT, directory(odd)),
            (read(1, 1), record(odd, entry(CREDIT, "CREDIT", "01", odd))),
            ENDED,
            (select(CREDIT), fci(CREDIT, "CREDIT", odd)),
            STARTED,
        ],
    )
    assert aid_of(begun) == CREDIT
