"""Chip: after the host's answer the card is asked once more, for what the answer demands, and gets what it brought.

EMV Book 3, 10.9, 10.10 and 10.11; facts/unionpay-pos 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from protocols.emv import fill_dol
from protocols.emv.verification import Aip
from protocols.transactions import Transaction
from reports.judge.auditors import Audit
from reports.judge.chip.authentication import Truth, signed
from reports.judge.chip.demands import case_of
from reports.judge.chip.messages import Sending, Told, Word, chip_values, later_sendings, requests_of, told
from reports.judge.chip.scripts import BEFORE, Script, is_taken_in_full, scripts_of
from reports.judge.chip.walk import EXTERNAL, Walk, started
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
from reports.judge.reply import RESPONSE_CODE
from reports.judge.timeline import Moment, moment

MOST_ROUNDS = 2
ONLY_AAC = {
    Word.DECLINED: "the host declined",
    Word.NONE: "no answer of the host's counts",
}


def second_happens(view: View) -> Finding | None:
    """An ARQC is no end: the card is asked again, unless it has left or is silent. EMV Book 3, 10.11"""
    asked = [w for w in started(view) if w.first is not None and w.first.given == "ARQC" and w.first.is_allowed]
    if not asked:
        return None
    check = Check("after an ARQC comes one second GENERATE AC, whatever the host says")
    for walk in asked:
        assert walk.first is not None
        check.see(*walk.first.numbers, *(walk.second.numbers if walk.second else ()))
        if walk.second is None and not _is_gone(view, walk):
            check.miss("the card gave an ARQC and was never asked again", *walk.first.numbers)
        for more in walk.rounds[MOST_ROUNDS:]:
            check.deviate("the card was asked for a third cryptogram", *more.numbers)
    return check.finding(f"{len(asked)} ARQCs, each with its end")


def _is_gone(view: View, walk: Walk) -> bool:
    """The card left before the terminal said how it ended, or was silent to a command since."""
    if any(not sent.sw for sent in walk.between_rounds()):
        return True
    return walk.removed is not None and not _was_over(view, walk, moment(walk.removed))


def _was_over(view: View, walk: Walk, at: Moment) -> bool:
    """Whether the terminal had reported the transaction by then: who takes a card out afterwards explains nothing."""
    assert walk.first is not None
    since = moment(walk.first.sent.command)
    return any(since < moment(outcome) < at for outcome in view.timeline.of("terminal", "outcome"))


def second_asks(view: View) -> Finding | None:
    """EMV Book 3, 10.11 and Book 4, 12.2.1: a TC where the host approved; where it did not, an AAC."""
    check = Check("the second GENERATE AC asks for a TC where the host approved, for an AAC where it did not")
    for walk in (w for w in started(view) if w.second is not None and w.second.asked):
        assert walk.second is not None
        wanted, why, numbers = _wanted(view, walk)
        if not wanted:
            continue
        check.see(walk.second.numbers[0], *numbers)
        if walk.second.asked != wanted:
            check.deviate(f"{why}, and the card was asked for {walk.second.asked}", walk.second.numbers[0], *numbers)
    return check.finding("as the host's answers demand") if check.seen else None


def _wanted(view: View, walk: Walk) -> tuple[str, str, tuple[int, ...]]:
    """What must be asked for; nothing where it cannot be told."""
    case, word = case_of(view, walk), told(view, walk)
    if case is not None and case.first.cda_asked:
        truth, why, number = signed(case, "CDA")
        if truth is Truth.WRONG:  # EMV Book 2, 6.6.2
            return "AAC", why, (number,)
        if truth is Truth.OPEN and word.word is Word.APPROVED:
            return "", "", ()
    if word.word is Word.APPROVED:
        return "TC", "the host approved", word.numbers
    if word.word is Word.NONE and not requests_of(view, walk) and not _must_go_online(walk):
        return "", "", ()
    return ("AAC", ONLY_AAC[word.word], word.numbers) if word.word in ONLY_AAC else ("", "", ())


def _must_go_online(walk: Walk) -> bool:
    """A hold is the issuer's alone. facts/unionpay-pos 5.4"""
    return bool(walk.order and walk.order.fields.get("transaction") == Transaction.PREAUTH.value)


# ── what the answer brought ───────────────────────────────────────────────────────────────────────────────────────


def answer_handed(view: View) -> Finding | None:
    """The response code and the authentication data of the answer reach the card. EMV Book 3, 10.9"""
    check = Check("the card is given the host's response code and its authentication data, as they came")
    for walk in (w for w in started(view) if w.second is not None):
        word = told(view, walk)
        _code(check, view, walk, word)
        if word.reply is not None:
            _authentication(check, walk, word)
    return check.finding("as they came") if check.seen or check.deviations else None


def _code(check: Check, view: View, walk: Walk, word: Told) -> None:
    """8A: F39, or what the answer's chip data name. Without an answer it is the terminal's own, and no approval's."""
    assert walk.second is not None
    given = walk.second.data.get("8A", b"")
    if len(given) != 2:
        return
    numbers = (walk.second.numbers[0], *word.numbers)
    if word.word is Word.NONE:
        check.see(*numbers)
        if given.decode("latin-1") in view.market.success_codes:
            check.deviate(f"no answer came, and the card was told {given.decode('latin-1')}", *numbers)
    elif word.reply is not None:
        chip = chip_values(word.reply.message)
        code = word.reply.value(RESPONSE_CODE).encode("latin-1")
        right = {code, chip.get("8A", code), chip.get("91", b"")[8:10] or code}
        check.see(*numbers)
        if code and given not in right:
            text = f"the host answered {code.decode('latin-1')}, the card was told {given.hex().upper()}"
            check.deviate(text, *numbers)


SHORTEST, LONGEST = 8, 16
"""Bytes of authentication data. EMV Book 3, 10.9"""


def _authentication(check: Check, walk: Walk, word: Told) -> None:
    """91 goes by EXTERNAL AUTHENTICATE to a card that takes that, else by the second list where it asks for it."""
    assert walk.second is not None
    assert word.reply is not None
    assert walk.first is not None
    sent = chip_values(word.reply.message).get("91", b"")
    if walk.aip is None or not SHORTEST <= len(sent) <= LONGEST:
        return
    numbers = (word.reply.number, walk.second.numbers[0])
    if walk.aip & Aip.ISSUER_AUTHENTICATION:
        since, until = moment(walk.first.sent.command), moment(walk.second.sent.command)
        asked = [s for s in walk.of(EXTERNAL) if since < moment(s.command) < until]
        handed = [s.apdu.data for s in asked if s.apdu is not None]
        how = "by EXTERNAL AUTHENTICATE"
    elif "91" in walk.second.data:
        size = len(walk.second.data["91"])
        handed = [walk.second.data["91"]]
        sent, how = fill_dol(b"\x91" + bytes([size]), {"91": sent}), "by the card's second list"
    else:
        return
    check.see(*numbers)
    if not any(any(data) for data in handed):
        check.deviate(f"the host's authentication data were not handed to the card {how}", *numbers)
    elif sent not in handed:
        check.deviate("the card was given other authentication data than the host's", *numbers)


# ── scripts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def script_order(view: View) -> Finding | None:
    """A script 71 before the second GENERATE AC, a script 72 after it. EMV Book 3, 10.10"""
    check = Check("scripts 71 are run before the second GENERATE AC, scripts 72 after it")
    for walk in started(view):
        word = told(view, walk)
        scripts = scripts_of(view, walk, word)
        if walk.second is None or not scripts or word.word is Word.OPEN:
            continue
        for script in scripts:
            _in_place(check, walk, word, script)
        ended = walk.second.given in ("TC", "AAC") and walk.second.is_allowed
        if is_taken_in_full(scripts) and ended and not _is_gone(view, walk):
            _whole(check, walk, word, scripts)
    return check.finding("each in its place") if check.seen or check.deviations else None


def _in_place(check: Check, walk: Walk, word: Told, script: Script) -> None:
    assert walk.second is not None
    at = moment(walk.second.sent.command)
    for sent in script.sent:
        early, should = moment(sent.command) < at, script.template == BEFORE
        check.see(sent.numbers[0])
        if early is not should:
            where = "before" if early else "after"
            text = f"{sent.name} of a script {script.template} was sent {where} the second GENERATE AC"
            check.deviate(text, sent.numbers[0], walk.second.numbers[0], *word.numbers)


def _whole(check: Check, walk: Walk, word: Told, scripts: Sequence[Script]) -> None:
    assert walk.second is not None
    for script in scripts:
        if not script.is_whole:
            text = f"of a script {script.template} {len(script.sent)} of {len(script.commands)} commands were sent"
            check.miss(text, walk.second.numbers[0], *word.numbers)


def scripts_told(view: View) -> Finding | None:
    """DF31 tells each script as the card answered it, in a notice or in the reversal. facts/unionpay-pos 2.2"""
    check = Check("how each script fared is told to the host, by a notice or in the reversal")
    for walk in started(view):
        word = told(view, walk)
        scripts = scripts_of(view, walk, word)
        if any(s.sent for s in scripts) and word.word is not Word.OPEN:
            _told(check, view, walk, scripts)
    return check.finding("told as the card answered") if check.seen or check.deviations else None


def _told(check: Check, view: View, walk: Walk, scripts: Sequence[Script]) -> None:
    numbers = tuple(n for s in scripts for n in s.numbers)
    told_in = [s for s in later_sendings(view) if s.walk is walk and "DF31" in s.chip]
    check.see(*numbers, *(s.request.number for s in told_in))
    for sending in told_in:
        _right(check, sending, scripts, numbers)
    if not told_in:
        check.miss("scripts were run, and nothing was told of them", *numbers)


def _right(check: Check, sending: Sending, scripts: Sequence[Script], numbers: Sequence[int]) -> None:
    """One that was never begun is told as that, or left out; one that a card's leaving broke off, either way."""
    if not all(script.is_whole for script in scripts if script.sent):
        return
    told_as = sending.chip["DF31"]
    right = [b"".join(parts) for parts in product(*([s.result] if s.sent else [s.not_run, b""] for s in scripts))]
    if told_as not in right:
        text = f"the results told are {told_as.hex().upper()}, by the card's answers they are {right[0].hex().upper()}"
        check.deviate(text, sending.request.number, *numbers)


AUDITS = (
    Audit("chip.second-happens", "An ARQC has its end", "EMV Book 3, 10.11", "terminal", second_happens),
    Audit(
        "chip.second-asks", "The card is asked for what the host said", "EMV Book 3, 10.11; Book 4, 12.2.1", "terminal",
        second_asks,
    ),
    Audit("chip.answer-handed", "The host's answer reaches the card", "EMV Book 3, 10.9", "terminal", answer_handed),
    Audit("chip.script-order", "Scripts are run in their places", "EMV Book 3, 10.10", "terminal", script_order),
    Audit(
        "chip.scripts-told", "Script results are told to the host", "facts/unionpay-pos 2.2; EMV Book 4, A5",
        "terminal", scripts_told,
    ),
)  # fmt: skip
