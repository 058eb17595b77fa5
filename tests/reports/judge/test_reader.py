"""The auditor of the reader: each rule on a good reader, on a bad one, and where nothing can be said."""

from __future__ import annotations

import pytest

from protocols.limits import ReaderLimits
from reports.judge.auditors import auditors
from reports.judge.finding import Finding, Verdict
from reports.judge.registry import View
from reports.judge.timeline import Timeline
from tests.reports.judge.builder import GUARD_MS, MS, TIMEOUT_MS, Tale
from tests.reports.judge.reader_tale import (
    ATR,
    CARD,
    DONE,
    FETCH,
    GENERATE,
    OTHER_CARD,
    READ,
    SELECT,
    SERIAL,
    ReaderTale,
)


def found(tale: Tale, rule: str) -> Finding:
    finding = tale.audit(rule)
    assert finding is not None
    return finding


def verdict(tale: Tale, rule: str) -> Verdict:
    return found(tale, rule).verdict


def good() -> ReaderTale:
    return ReaderTale().inserted().powered().passed(SELECT).passed(READ).passed(GENERATE)


@pytest.mark.parametrize("rule", [audit.id for audit in auditors() if audit.component == "reader"])
def test_where_no_reader_is_spoken_of_nothing_is_judged(rule: str) -> None:
    assert Tale().approved().audit(rule) is None


# ── what passes ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_the_same_at_both_ends_has_passed() -> None:
    finding = found(good(), "reader.passes-on")
    assert finding.verdict is Verdict.PASS
    assert finding.actual == "3 commands and their answers are the same at both ends"
    assert good()["card response"] in finding.evidence


def test_a_card_that_is_no_twin_says_nothing_of_its_reader() -> None:
    assert ReaderTale().inserted().command().response().audit("reader.passes-on") is None


@pytest.mark.parametrize(
    ("passed_on", "words"),
    [(b"\x6f", "with 4 bytes, which the reader passed on as 3 bytes"),
     (b"\x6f\x00\x00", "with 4 bytes, which the reader passed on as 5 bytes"),
     (b"\x6e\x00", "with 4 bytes, which the reader passed on changed")],
    ids=["cut", "longer", "another"],
)  # fmt: skip
def test_an_answer_that_is_not_what_the_card_gave(passed_on: bytes, words: str) -> None:
    tale = ReaderTale().powered().command().gave().response(passed_on)
    finding = found(tale, "reader.passes-on")
    assert finding.verdict is Verdict.FAIL
    assert finding.actual == f"the card answered the SELECT {words}"
    assert finding.evidence == (tale["card gave"], tale["card response"])


@pytest.mark.parametrize(
    ("reached", "how"), [("00A4040005A000000334", "changed"), ("00A4040005A0000003", "as 9 bytes")]
)
def test_a_command_that_reaches_the_card_as_another(reached: str, how: str) -> None:
    tale = ReaderTale().powered().command().gave(raw=bytes.fromhex(reached)).response()
    finding = found(tale, "reader.passes-on")
    assert finding.actual == f"the SELECT has 10 bytes, and reached the card {how}"
    assert finding.evidence == (tale["card command"], tale["card gave"])


def test_a_command_that_reaches_a_card_twice() -> None:
    tale = ReaderTale().powered().command(READ).gave(name=READ).gave(name=READ).response()
    assert found(tale, "reader.passes-on").actual == "the READ RECORD reached the card 2 times"


def test_an_answer_to_a_command_that_no_card_got() -> None:
    tale = ReaderTale().powered().command().response()
    assert found(tale, "reader.passes-on").actual == "the SELECT was answered, and no card had got it"


def test_a_command_that_is_swallowed_though_a_card_was_there_to_get_it() -> None:
    tale = ReaderTale().inserted().powered().command().told("DeviceSilent")
    assert found(tale, "reader.passes-on").actual == "the SELECT never reached the card"
    tale.fault("the card is silent", error="DeviceSilent").expect("idle.reached").close()
    assert tale.judged("reader.passes-on").verdict is Verdict.INCONCLUSIVE, "it might have been on its way"


@pytest.mark.parametrize("away", ["removed", "gone"])
def test_a_command_that_was_sent_when_nobody_was_there_any_more(away: str) -> None:
    tale = getattr(ReaderTale().inserted().powered().passed(), away)()
    assert verdict(tale.command(READ).told("CardRemoved"), "reader.passes-on") is Verdict.PASS


def test_a_command_that_nobody_sent() -> None:
    tale = ReaderTale().inserted().powered().gave()
    assert found(tale, "reader.passes-on").actual == "a command reached the card that nobody had sent"


def test_a_command_of_the_readers_own_needs_no_card() -> None:
    """PC/SC part 3, 3.2: class FF."""
    tale = good().command(raw=bytes.fromhex("FFCA000000")).response()
    assert verdict(tale, "reader.passes-on") is Verdict.PASS


def test_an_answer_in_pieces_is_held_against_its_whole_length() -> None:
    """The driver tells the pieces by their status words alone, and the whole with the last one."""
    for whole, expected in ((b"\x6f" * 5, Verdict.PASS), (b"\x6f" * 4, Verdict.FAIL)):
        tale = ReaderTale().powered().command().gave(b"\x6f" * 3)
        tale.tell("card", "response", raw=DONE, left_out=3)
        more = bytes.fromhex("00C0000002")
        tale.command(FETCH, raw=more).gave(b"\x6f" * 2, raw=more).response(whole, pieces=2)
        assert verdict(tale, "reader.passes-on") is expected


def test_pieces_that_never_became_a_whole_are_none_of_the_next_answers() -> None:
    tale = ReaderTale().powered().command().gave(b"\x6f" * 3)
    tale.tell("card", "response", raw=DONE, left_out=3)
    assert verdict(tale.passed(READ), "reader.passes-on") is Verdict.PASS


@pytest.mark.parametrize(
    ("told", "expected"),
    [(ATR, Verdict.PASS), ("3B8880010073C84013009000F1", Verdict.PASS), (ATR[:-2], Verdict.FAIL), ("", Verdict.FAIL)],
    ids=["the card's", "made up for a contactless card", "cut", "none"],
)
def test_the_answer_to_reset(told: str, expected: Verdict) -> None:
    assert verdict(ReaderTale().inserted().powered(told), "reader.passes-on") is expected


# ── time ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_cards_own_time_is_not_the_readers() -> None:
    finding = found(ReaderTale().powered().passed(ms=3, own_ms=900), "reader.in-time")
    assert (finding.verdict, finding.actual) == (Verdict.PASS, "1 commands, 3.0 ms added to the one in the middle")


def test_a_reader_that_is_slow_at_most_commands_is_too_slow() -> None:
    tale = ReaderTale().powered().passed(ms=400).passed(READ, ms=400).passed(READ, ms=1)
    finding = found(tale, "reader.in-time")
    assert finding.verdict is Verdict.FAIL
    assert finding.actual == "2 of 3 commands took longer, the SELECT 400 of 167 ms"
    assert finding.evidence == (tale.records[3].number, tale.records[5].number)


def test_a_stall_of_the_machine_is_nobodys_pace_but_on_hardware_each_command_counts() -> None:
    tale = ReaderTale().powered().passed(ms=400).passed(READ)
    assert verdict(tale, "reader.in-time") is Verdict.PASS
    assert verdict(tale.on_hardware(), "reader.in-time") is Verdict.FAIL


@pytest.mark.parametrize(("over_ms", "expected"), [(GUARD_MS - 1, Verdict.PASS), (GUARD_MS + 1, Verdict.FAIL)])
def test_within_the_uncertainty_of_a_moment_nothing_is_too_late(over_ms: float, expected: Verdict) -> None:
    limit = 150 + 1.2 * (10 + 4)
    assert verdict(ReaderTale().powered().passed(ms=limit + over_ms), "reader.in-time") is expected


def test_the_limits_are_the_rigs() -> None:
    tale = ReaderTale().powered().passed(ms=400)
    tale.terms = type(tale.terms)(
        tale.market, tale.terms.dut, TIMEOUT_MS * MS, ReaderLimits(added_ms=500, per_byte_ms=0, seen_ms=10)
    )
    tale.close()
    assert tale.judged("reader.in-time").verdict is Verdict.PASS


def test_a_card_that_leaves_when_all_is_said_takes_no_time_with_it() -> None:
    assert verdict(ReaderTale().inserted().powered().passed(ms=400).removed(), "reader.in-time") is Verdict.FAIL


def test_a_command_without_an_answer_has_no_time() -> None:
    assert ReaderTale().inserted().powered().torn().audit("reader.in-time") is None


# ── cards that come and go ────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_seen_at_once_is_seen() -> None:
    tale = ReaderTale().inserted().removed()
    for rule in ("reader.sees-insertion", "reader.sees-removal"):
        finding = found(tale, rule)
        assert (finding.verdict, finding.actual) == (Verdict.PASS, "1 seen, the last one of them after 1.0 ms")


@pytest.mark.parametrize(("after_ms", "expected"), [(1000 + GUARD_MS - 1, "PASS"), (1000 + GUARD_MS + 1, "FAIL")])
def test_what_is_seen_late(after_ms: float, expected: str) -> None:
    tale = ReaderTale().inserted(seen=False).seen(present=True, after=after_ms)
    assert verdict(tale, "reader.sees-insertion") == expected


def test_a_card_that_is_out_and_still_reported() -> None:
    tale = ReaderTale().inserted().removed(seen=False).looked(present=True, after=5000)
    finding = found(tale, "reader.sees-removal")
    assert finding.verdict is Verdict.FAIL
    assert finding.actual == "5000 ms later the reader said that a card was there"
    assert finding.evidence == (tale["reader removed"], tale["reader looked"])


def test_a_card_that_is_in_and_not_reported() -> None:
    tale = ReaderTale().inserted(seen=False).looked(present=False, after=2000)
    assert found(tale, "reader.sees-insertion").actual == "2000 ms later the reader said that no card was there"


def test_before_its_time_is_over_a_reader_may_say_what_it_likes() -> None:
    tale = ReaderTale().inserted().removed(seen=False).looked(present=True, after=900)
    assert tale.audit("reader.sees-removal") is None


def test_a_card_that_comes_back_takes_its_going_with_it() -> None:
    tale = ReaderTale().inserted().removed(seen=False).inserted().looked(present=True, after=5000)
    assert tale.audit("reader.sees-removal") is None
    assert verdict(tale, "reader.sees-insertion") is Verdict.PASS


def test_a_card_that_was_powered_was_seen() -> None:
    assert verdict(ReaderTale().inserted(seen=False).powered(), "reader.sees-insertion") is Verdict.PASS


def test_an_unplugged_reader_need_see_nothing() -> None:
    tale = ReaderTale().inserted().removed(seen=False).handled("unplugged").gone().looked(present=True, after=5000)
    assert tale.audit("reader.sees-removal") is None


def test_whether_it_saw_a_card_just_before_it_was_lost_is_left_to_chance_and_not_judged() -> None:
    for seen in (True, False):
        assert ReaderTale().inserted(seen=seen).gone().audit("reader.sees-insertion") is None
        assert ReaderTale().inserted(seen=seen).inserted(OTHER_CARD).audit("reader.sees-insertion") is None
    late = ReaderTale().inserted().tell("reader", "gone", after=2000)
    assert verdict(late, "reader.sees-insertion") is Verdict.PASS


def test_what_two_cards_in_a_field_leave_behind_is_no_insertion() -> None:
    """None is reported while there are two; when the one that stays must be seen nobody has laid down."""
    tale = (
        ReaderTale().inserted().inserted(OTHER_CARD, seen=False).removed(seen=False).looked(present=False, after=3000)
    )
    assert tale.audit("reader.sees-insertion") is None
    assert tale.audit("reader.sees-removal") is None


def test_two_slots_are_told_apart() -> None:
    tale = ReaderTale().inserted(slot="contact").inserted(OTHER_CARD, slot="contactless")
    tale.removed(slot="contact", seen=False).looked(present=True, slot="contactless", after=3000)
    assert tale.audit("reader.sees-removal") is None
    tale.looked(present=True, slot="contact")
    assert verdict(tale, "reader.sees-removal") is Verdict.FAIL


# ── torn and lost ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("by", "error"), [("removed", "CardRemoved"), ("gone", "ReaderGone")])
def test_what_was_torn_is_told_as_torn_and_a_lost_reader_as_lost(by: str, error: str) -> None:
    tale = ReaderTale().inserted().powered().torn(by=by).told(error)
    finding = found(tale, "reader.torn-told")
    assert (finding.verdict, finding.actual) == (Verdict.PASS, "1 torn, and none was answered")
    assert tale["reader told"] in finding.evidence


@pytest.mark.parametrize(
    ("by", "error"), [("removed", "ReaderGone"), ("removed", "DeviceSilent"), ("gone", "CardRemoved")]
)
def test_told_as_something_else(by: str, error: str) -> None:
    tale = ReaderTale().inserted().powered().torn(by=by).told(error)
    finding = found(tale, "reader.torn-told")
    assert finding.verdict is Verdict.FAIL
    assert finding.actual.startswith(f"the driver told {error}, not ")


def test_a_fault_of_the_bench_tells_it_too_and_so_does_the_terminal() -> None:
    tale = ReaderTale().inserted().powered().torn().fault("silent", error="DeviceSilent")
    assert found(tale, "reader.torn-told").actual == "the driver told DeviceSilent, not CardRemoved"
    tale = ReaderTale().order().command().removed(seen=False).took().outcome("card removed")  # type: ignore[attr-defined]
    assert verdict(tale, "reader.torn-told") is Verdict.PASS
    tale = ReaderTale().order().command().gone().took().outcome("card removed")  # type: ignore[attr-defined]
    assert verdict(tale, "reader.torn-told") is Verdict.FAIL


def test_an_answer_that_was_made_up_for_a_card_that_had_left() -> None:
    tale = ReaderTale().inserted().powered().torn().response()
    finding = found(tale, "reader.torn-told")
    assert finding.actual == "the SELECT was answered though the card could not"
    assert finding.evidence == (tale["reader removed"], tale["card response"])


def test_what_the_card_gave_before_it_left_may_be_passed_on() -> None:
    tale = ReaderTale().inserted().powered().command().gave().removed().response()
    assert tale.audit("reader.torn-told") is None


def test_what_the_card_worked_out_after_it_had_left_is_no_answer() -> None:
    tale = ReaderTale().inserted().powered().torn().gave().response()
    assert verdict(tale, "reader.torn-told") is Verdict.FAIL


# ── who it is, and whether it stays ───────────────────────────────────────────────────────────────────────────────


def test_the_same_reader_is_the_same() -> None:
    finding = found(ReaderTale().asked_who().asked_who(), "reader.same-identity")
    assert (finding.verdict, finding.actual) == (Verdict.PASS, "asked 2 times, it is the one that it was")


@pytest.mark.parametrize(
    ("now", "words"),
    [({**SERIAL, "serial": "not offered"}, "its serial was HF-0001, and is not offered"),
     ({"vendor": "Holdfast"}, "its serial was HF-0001, and is not told"),
     ({**SERIAL, "firmware": "2"}, "its firmware was not told, and is 2")],
    ids=["no longer offered", "missing", "something new"],
)  # fmt: skip
def test_a_reader_that_is_another_one(now: dict[str, str], words: str) -> None:
    tale = ReaderTale().asked_who().asked_who(now=now)
    finding = found(tale, "reader.same-identity")
    assert (finding.verdict, finding.actual) == (Verdict.FAIL, words)
    assert finding.evidence == (tale["reader identity"],)


def test_a_reader_that_nobody_touched_and_that_is_gone() -> None:
    tale = ReaderTale().inserted().gone().lost()
    finding = found(tale, "reader.stays")
    assert (finding.verdict, finding.actual) == (Verdict.FAIL, "reader gone, and nobody had touched it")
    assert finding.evidence == (tale["reader gone"],), "one loss, however often it is told"


def test_a_reader_without_a_twin_is_found_gone_by_its_driver() -> None:
    tale = ReaderTale().seen(present=True).lost()
    assert found(tale, "reader.stays").evidence == (tale["rig fault"],)


@pytest.mark.parametrize("error", ["DeviceSilent", "PrinterGone", ""])
def test_another_fault_is_no_loss(error: str) -> None:
    assert verdict(ReaderTale().inserted().fault("x", error=error), "reader.stays") is Verdict.PASS


def test_what_the_bench_unplugs_is_gone_on_purpose_until_it_is_in_use_again() -> None:
    tale = ReaderTale().inserted().handled("unplugged").gone().lost().handled("restarted")
    tale.tell("reader", "back")
    tale.lost().handled("in use again")
    finding = found(tale, "reader.stays")
    assert (finding.verdict, finding.actual) == (Verdict.PASS, "it was there; unplugged 2 times on purpose")
    assert verdict(tale.gone(), "reader.stays") is Verdict.FAIL


# ── two cards ─────────────────────────────────────────────────────────────────────────────────────────────────────


def crowded() -> ReaderTale:
    return ReaderTale().inserted(slot="contactless").inserted(OTHER_CARD, slot="contactless", seen=False)


def test_of_two_cards_none_or_one_is_spoken_to() -> None:
    assert verdict(crowded().told("CardRemoved"), "reader.one-card") is Verdict.PASS
    assert verdict(crowded().passed().passed(READ), "reader.one-card") is Verdict.PASS


def test_two_cards_that_are_mixed_up() -> None:
    tale = crowded().passed().passed(READ, card=OTHER_CARD)
    finding = found(tale, "reader.one-card")
    assert finding.actual == f"{CARD} and {OTHER_CARD} both got commands"
    assert finding.verdict is Verdict.FAIL


def test_when_one_has_left_the_other_is_spoken_to_as_ever() -> None:
    tale = crowded().passed().removed(slot="contactless", seen=False).passed(card=OTHER_CARD)
    assert verdict(tale, "reader.one-card") is Verdict.PASS


def test_two_cards_in_two_slots_are_no_crowd() -> None:
    tale = (
        ReaderTale().inserted(slot="contact").inserted(OTHER_CARD, slot="contactless").passed().passed(card=OTHER_CARD)
    )
    assert tale.audit("reader.one-card") is None


def test_a_view_has_the_usual_limits_by_itself() -> None:
    assert View(Timeline([]), Tale().market, 1, 0).reader.seen_ms == 1000
