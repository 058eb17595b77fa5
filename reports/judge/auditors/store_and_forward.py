"""Store and forward: what the terminal keeps is sent until it is acknowledged, within its limit, and once only.

facts/unionpay-pos 5.16, 5.18; cases.md 49, 50, 107. What counts as one message is worked out in `stored.py`. An
authentic refusal ends a message as well: no fact says that it must be sent again.
"""

from __future__ import annotations

from reports.judge.auditors import Audit
from reports.judge.duty import answer_in_time
from reports.judge.finding import Check, Finding, inconclusive
from reports.judge.registry import View
from reports.judge.stored import Kept, accepted, given_up, kept, never_left, notices
from reports.judge.timeline import Request, differences, moment
from reports.runfolder import Record

MAY_CHANGE = ("F12", "F13", "F64", "TPDU", "header")
"""What a repeat may say anew: the time, and the MAC, for the keys may be new."""


def delivered(view: View) -> Finding | None:
    """Every message is answered, or was tried as often as the market says."""
    messages, waiting = kept(view), never_left(view)
    if not messages and not waiting:
        return None
    most = view.market.advice.repeats + 1
    check = Check(f"each stored message is acknowledged, or tried {most} times")
    for message in messages:
        check.see(*(t.number for t in message.tries))
        if message.answer is None and len(message.tries) < most and not message.first.doubtful:
            what = f"the {_name(message.first)} was not answered and sent {len(message.tries)} times only"
            check.miss(what, *(t.number for t in message.tries))
    unsent = [r for r in waiting if _host_was_there(view, r)]
    for record in unsent:
        check.miss(f"the {_told(record)} was kept and never sent", record.number)
    if not check.deviations and len(unsent) < len(waiting):
        return inconclusive(check.expected, "the host was not reached again", *(r.number for r in waiting))
    return check.finding(f"{len(messages)} messages delivered, or tried to the limit")


def _host_was_there(view: View, record: Record) -> bool:
    """Whether any request of the terminal was answered after it had kept the message."""
    return any(a.at > moment(record) for r in view.requests for a in r.answers)


def acknowledged_once(view: View) -> Finding | None:
    """What was acknowledged in time is not sent again, and nothing is sent more often than the limit says."""
    messages, most = [*kept(view), *notices(view)], view.market.advice.repeats + 1
    if not messages:
        return None
    check = Check(f"a stored message is sent {most} times at most, and not again once it is acknowledged")
    for message in messages:
        check.see(*(t.number for t in message.tries))
        done = _acknowledged_in_time(view, message)
        again = [t for t in message.tries if done is not None and t.at > done.at]
        if done is not None and again:
            check.deviate(f"the {_name(message.first)} was sent again", done.number, *(t.number for t in again))
        if len(message.tries) > most:
            check.deviate(f"the {_name(message.first)} was sent {len(message.tries)} times", message.tries[-1].number)
    return check.finding(f"{len(messages)} messages, none sent too often")


def _acknowledged_in_time(view: View, message: Kept) -> Request | None:
    """The first try whose answer the terminal surely had and must take."""
    for attempt in message.tries:
        answer = answer_in_time(view, attempt)
        if answer is not None and answer.code in accepted(view.market):
            return attempt
    return None


def same_data(view: View) -> Finding | None:
    """A repeat carries the trace and the data of the first try."""
    repeated = [message for message in kept(view) if len(message.tries) > 1]
    if not repeated:
        return None
    check = Check("a stored message that is sent again keeps its trace and its data")
    for message in repeated:
        for again in message.tries[1:]:
            check.see(message.first.number, again.number)
            for name in differences(message.first.message, again.message, MAY_CHANGE):
                check.deviate(f"{name} of a repeat of the {_name(message.first)} differs", again.number)
    return check.finding(f"{len(repeated)} messages repeated, always the same")


def not_blocked(view: View) -> Finding | None:
    """A message that fails does not keep the others from being sent. cases.md 107."""
    failed = [m for m in kept(view) if m.acknowledged(view.market) is None]
    if not failed:
        return None
    check = Check("a stored message that is not taken does not hold up the others")
    check.see(*(m.first.number for m in failed))
    for record in never_left(view):
        ahead = [m for m in failed if _was_ahead(m, record) and _over(view, m)]
        for message in ahead[:1]:
            numbers = tuple(t.number for t in message.tries)
            check.miss(
                f"the {_told(record)} was never sent, behind the {_name(message.first)}", record.number, *numbers
            )
    return check.finding(f"{len(failed)} messages not taken, the others were sent")


def _was_ahead(message: Kept, record: Record) -> bool:
    return (moment(message.written) if message.written else message.first.at) < moment(record)


def _over(view: View, message: Kept) -> bool:
    """Refused, given up, or tried to the limit: there is no more to wait for."""
    tried_out = len(message.tries) > view.market.advice.repeats
    return tried_out or message.answer is not None or given_up(view, message.first.trace) is not None


def _name(request: Request) -> str:
    return f"{request.transaction} {request.trace}"


def _told(record: Record) -> str:
    return f"{record.fields.get('transaction', 'message')} {record.fields.get('trace', '')}".strip()


_RULE = "facts/unionpay-pos 5.18"
AUDITS = (
    Audit("store-and-forward.delivered", "What is kept is delivered", f"{_RULE}; cases.md 49", "terminal", delivered),
    Audit(
        "store-and-forward.acknowledged-once", "What was taken is not sent again",
        "facts/unionpay-pos 5.16, 5.18; cases.md 50", "terminal", acknowledged_once,
    ),
    Audit(
        "store-and-forward.same-data", "A repeat is the same message", f"{_RULE}; cases.md 50", "terminal", same_data
    ),
    Audit(
        "store-and-forward.not-blocked", "One message does not block the rest", "cases.md 107", "terminal", not_blocked
    ),
)  # fmt: skip
