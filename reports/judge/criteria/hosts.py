"""What the bench's own host must do, whichever terminal asks: the requests of all terminals are looked at.

A FAIL is an ERROR of Holdfast unless the host itself is under test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocols.transactions import Transaction
from reports.judge.criteria.holds import account_of
from reports.judge.finding import Check, Finding, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import Request, moment
from reports.runfolder import Record

NOT_ASKED = "nothing was asked of the host"
PREVIOUS = "previous"


def _last(view: View, transaction: object = None) -> Request | None:
    """The last request of any terminal, of one kind if that matters."""
    found = [r for r in view.so_far.all_requests() if not transaction or r.transaction == transaction]
    return found[-1] if found else None


def _last_frame(view: View) -> Record | None:
    """The last thing that came, readable or not."""
    came = list(view.so_far.of("host", "request", "undecodable"))
    return came[-1] if came else None


@criterion("host.answered", "The host answers with the right code", "facts/unionpay-pos 5.20, 5.21", component="host")
def answered(view: View, args: Mapping[str, Any]) -> Finding:
    """args: code, and transaction if only the last of one kind matters."""
    expected = f"answered with {args['code']}"
    request = _last(view, args.get("transaction"))
    if request is None:
        return inconclusive(expected, NOT_ASKED)
    sent = [reply for reply in request.replies if reply.sent]
    code = (sent[0].code or request.code) if sent else ""
    verdict = Verdict.PASS if code == args["code"] else Verdict.FAIL
    actual = f"answered with {code}" if sent else "not answered"
    return Finding(verdict, expected, actual, (request.number, *(r.number for r in sent[:1])))


@criterion("host.silent", "The host says nothing", "facts/unionpay-pos 1; cases.md 129", component="host")
def silent(view: View, args: Mapping[str, Any]) -> Finding:
    """To the last frame that came."""
    frame = _last_frame(view)
    if frame is None:
        return inconclusive("no answer", NOT_ASKED)
    exchange = frame.fields.get("exchange")
    said = [r for r in view.so_far.of("host", "response") if r.fields.get("exchange") == exchange]
    verdict = Verdict.FAIL if said else Verdict.PASS
    return Finding(verdict, "no answer", f"{len(said)} answers", (frame.number, *(r.number for r in said)))


@criterion("host.explained", "The host explains itself", "design 6", component="host")
def explained(view: View, args: Mapping[str, Any]) -> Finding:
    """args: contains: words of an explanation of the last frame, or since."""
    expected = f"an explanation that says {args['contains']!r}"
    frame = _last_frame(view)
    since = moment(frame) if frame else (0, 0)
    exchange = frame.fields.get("exchange") if frame else None
    told = [
        r
        for r in view.so_far.of("host", "explanation")
        if moment(r) > since or (exchange is not None and r.fields.get("exchange") == exchange)
    ]
    if frame is None and not told:
        return inconclusive(expected, NOT_ASKED)
    said = [str(r.fields.get("text", "")) for r in told]
    right = any(str(args["contains"]) in text for text in said)
    evidence = (*([frame.number] if frame else []), *(r.number for r in told))
    return Finding(Verdict.PASS if right else Verdict.FAIL, expected, "; ".join(said) or "no explanation", evidence)


@criterion("host.one-hold", "The same request is held once", "facts/unionpay-pos 5.16; cases.md 110", component="host")
def one_hold(view: View, args: Mapping[str, Any]) -> Finding:
    """The same trace of the same terminal came more than once, and one of them moved money."""
    check = Check("a request that comes again moves no money")
    groups: dict[tuple[str, ...], list[Request]] = {}
    for request in (r for r in view.so_far.all_requests() if r.financial):
        key = (request.terminal, request.transaction, request.trace, request.value(60)[2:8])
        groups.setdefault(key, []).append(request)
    doubled = [group for group in groups.values() if len(group) > 1]
    if not doubled:
        return inconclusive(check.expected, "no request came twice")
    for group in doubled:
        moved = {r.number for r in group if _postings(view, r)}
        check.see(*(r.number for r in group))
        if len(moved) != 1:
            check.deviate(f"{len(moved)} of {len(group)} moved money", *(r.number for r in group))
    return check.finding(f"{len(doubled)} requests came again, each moved money once")


def _postings(view: View, request: Request) -> list[Record]:
    """What the ledger posted for a request: until the next one came."""
    later = [r.at for r in view.so_far.all_requests() if r.at > request.at]
    return [
        r
        for r in view.so_far.of("ledger", "posting")
        if moment(r) > request.at and (not later or moment(r) < later[0]) and r.fields.get("trace", "") == request.trace
    ]  # fmt: skip


@criterion(
    "host.format-named",
    "The host names the field that is wrong",
    "facts/unionpay-pos 3.1; cases.md 91",
    component="host",
)
def format_named(view: View, args: Mapping[str, Any]) -> Finding:
    """args: field, its number. The last request is answered with 30."""
    check = Check(f"answered with 30, and F{args['field']} is named")
    request = _last(view)
    if request is None:
        return inconclusive(check.expected, NOT_ASKED)
    check.see(request.number)
    if request.code != "30":
        check.deviate(f"decided with {request.code or 'nothing'}", request.number, request.decision)
    told = [r for r in view.so_far.of("host", "format") if r.fields.get("exchange") == request.exchange]
    named = [str(r.fields.get("field")) for r in told]
    if str(args["field"]) not in named:
        what = "named is " + ", ".join(f"F{n}" for n in named) if named else "no field was named"
        check.deviate(what, request.number, *(r.number for r in told))
    return check.finding(f"F{args['field']} named")


@criterion("host.unharmed", "After an odd frame the host goes on", "cases.md 128, 129", component="host")
def unharmed(view: View, args: Mapping[str, Any]) -> Finding:
    """A later request, on any connection, is answered."""
    check = Check("a later request is answered")
    odd = list(view.so_far.of("host", "undecodable"))
    refused = [r for r in view.so_far.all_requests() if r.code == "30"]
    marks = [*((moment(r), r.number) for r in odd), *((r.at, r.number) for r in refused)]
    if not marks:
        return inconclusive(check.expected, "no odd frame came")
    at, number = max(marks)
    later = [r for r in view.so_far.all_requests() if r.at > at]
    check.see(number, *(r.number for r in later))
    if not later:
        return inconclusive(check.expected, "no request came after it", number)
    if not any(reply.sent for r in later for reply in r.replies):
        check.deviate("none was answered", number, *(r.number for r in later))
    return check.finding("answered")


@criterion(
    "host.accepts-previous-key", "A key that was replaced counts a while longer", "cases.md 133", component="host"
)
def accepts_previous_key(view: View, args: Mapping[str, Any]) -> Finding:
    """The last sealed request was made under the key before, after a new sign-on, and its MAC was taken."""
    expected = "the MAC under the key before is valid"
    checked = list(view.so_far.of("host", "checks"))
    signed = [r for r in view.so_far.all_requests() if r.transaction == Transaction.SIGN_ON.value]
    if not checked or not signed:
        return inconclusive(expected, "no sealed request came, or nobody signed on")
    last = checked[-1]
    mac, key = str(last.fields.get("mac", "")), str(last.fields.get("key", ""))
    right = mac == "valid" and key == PREVIOUS
    return Finding(
        Verdict.PASS if right else Verdict.FAIL, expected, f"MAC {mac} under the {key or 'only'} key", (last.number,)
    )


@criterion("host.nothing-moved", "The host moves no money", "design 4; cases.md 91, 119", component="host")
def nothing_moved(view: View, args: Mapping[str, Any]) -> Finding:
    """For the last request, or the last frame that could not be read."""
    check = Check("no posting for the last message")
    frame = _last_frame(view)
    if frame is None:
        return inconclusive(check.expected, NOT_ASKED)
    check.see(frame.number)
    for posting in view.so_far.after(frame).of("ledger", "posting"):
        check.deviate(f"{posting.fields['kind']} of {posting.fields['amount']} minor units", posting.number)
    return check.finding("none")


@criterion("host.both-held", "Holds of two terminals on one card are both counted", "cases.md 209", component="host")
def both_held(view: View, args: Mapping[str, Any]) -> Finding:
    check = Check("both holds are open, and together they are what is held")
    asked = [
        r
        for r in view.so_far.all_requests()
        if r.transaction == Transaction.PREAUTH.value and not r.reversal and r.code in view.market.success_codes
    ]
    account = account_of(view.so_far)
    if len({r.terminal for r in asked}) < 2 or account is None:
        return inconclusive(check.expected, "no two terminals held the same card")
    now = {
        str(r.fields["hold"]): r for r in view.so_far.of("ledger", "hold") if r.fields["card"] == account.fields["card"]
    }
    open_ = [r for r in now.values() if r.fields["state"] == "open"]
    check.see(*(r.number for r in open_), account.number)
    if len(open_) < 2:
        check.deviate(f"{len(open_)} holds are open", account.number, *(r.number for r in now.values()))
    total = sum(int(str(r.fields["amount"])) for r in open_)
    if int(str(account.fields["held"])) != total:
        check.deviate(f"{account.fields['held']} minor units held, the holds are {total}", account.number)
    return check.finding(f"{len(open_)} holds, {total} minor units held")


@criterion("host.reply-carries", "The answer carries what it must", "facts/unionpay-pos 3.1", component="host")
def reply_carries(view: View, args: Mapping[str, Any]) -> Finding:
    """args: field, and value that it begins with; empty: it is not there; absent: it is there, whatever it says."""
    field, value = args["field"], args.get("value")
    expected = f"F{field} is {'there' if value is None else value or 'not there'}"
    request = _last(view)
    reply = next(iter(request.replies), None) if request else None
    if reply is None or not reply.message:
        return inconclusive(expected, "no answer that was recorded")
    found = reply.value(field)
    right = not found if value == "" else bool(found) and found.startswith(str(value or ""))
    return Finding(
        Verdict.PASS if right else Verdict.FAIL, expected, f"F{field} is {found or 'not there'}", (reply.number,)
    )
