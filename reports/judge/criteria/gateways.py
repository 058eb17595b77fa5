"""The way to the host: encrypted, to a host that shows who it is, over the first gateway that can be had.

What is judged is what the gateways of the bench saw (events `gateway` of channel rig), never what the terminal says of
itself. A terminal that left during a handshake with a good gateway may have been too slow, or the bench was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reports.judge.criteria.exchange import asked
from reports.judge.finding import Check, Finding, Scope, inconclusive
from reports.judge.registry import Evaluate, View, criterion
from reports.judge.timeline import Request, Timeline, moment
from reports.runfolder import Record

PRIMARY, SECOND = "primary", "second"
SOUND = ("TLSv1.2", "TLSv1.3")
REVERSAL = "0400"
CAME = ("connected", "no handshake")
AWAY = ("down", "silent", "broke")
"""States in which a gateway takes nobody to the host."""
LEFT = "the terminal left during it"
NO_ORDER = "no transaction was started"


def told(timeline: Timeline, *statuses: str, gateway: str = "") -> list[Record]:
    """What gateways said, of one of them or all."""
    return [
        r
        for r in timeline.of("rig", "gateway")
        if r.fields.get("status") in statuses and gateway in ("", r.fields.get("gateway"))
    ]


def _name(record: Record) -> str:
    return str(record.fields.get("gateway", ""))


def carriers(timeline: Timeline, mti: str, trace: str) -> list[Record]:
    """The passages of a message, over whichever gateways."""
    return [r for r in told(timeline, "passed") if (r.fields.get("mti"), r.fields.get("trace")) == (mti, trace)]


# ── who the host is ───────────────────────────────────────────────────────────────────────────────────────────────────


def _refuses(shown: str) -> Evaluate:
    """Nothing passes a gateway that shows this: the terminal comes, sees, and leaves."""

    def evaluate(view: View, args: Mapping[str, Any]) -> Finding:
        check = Check(f"the terminal comes to a gateway that shows {shown}, and sends nothing")
        looks = {_name(r): r for r in told(view.so_far, "shows")}
        bad = [r for r in looks.values() if r.fields.get("what") == shown]
        if not bad:
            return inconclusive(check.expected, f"no gateway shows {shown}")
        came = 0
        for look in bad:
            since, gateway = view.so_far.after(look), _name(look)
            came += len(visits := told(since, *CAME, gateway=gateway))
            check.see(look.number, *(r.number for r in visits))
            for passed in told(since, "passed", gateway=gateway):
                check.deviate(f"a message of type {passed.fields.get('mti')} was sent", look.number, passed.number)
        if not came:
            return inconclusive(check.expected, "the terminal did not come to it", *(r.number for r in bad))
        return check.finding(f"{came} times it came, and sent nothing")

    return evaluate


_LOOKS = (
    ("certificate.authority-checked", "an authority that the terminal trusts", "a certificate of an unknown authority"),
    ("certificate.name-checked", "the host's own name", "a certificate of another name"),
    ("certificate.dates-checked", "today", "an expired certificate"),
)
for _id, _held_to, _shown in _LOOKS:
    criterion(_id, f"The host's certificate is held to {_held_to}", "RFC 5280, 6; RFC 6125; cases.md 218")(
        _refuses(_shown)
    )
criterion("tls.version-checked", "No version of TLS below 1.2 is spoken", "RFC 8996; cases.md 218")(
    _refuses("TLS 1.1 at most")
)


@criterion("line.encrypted", "The line to the host is encrypted", "RFC 8996; cases.md 265")
def line_encrypted(view: View, args: Mapping[str, Any]) -> Finding:
    """Every message since the last order passed under TLS 1.2 or newer."""
    check = Check("every message passes under TLS 1.2 or newer")
    if view.order is None:
        return inconclusive(check.expected, NO_ORDER)
    passed = told(view.since_order, "passed")
    if not passed:
        return inconclusive(check.expected, "nothing passed a gateway", view.order.number)
    lines = {(_name(r), r.fields.get("connection")): r for r in told(view.so_far, "connected")}
    for message in passed:
        line = lines.get((_name(message), message.fields.get("connection")))
        if line is None:
            return inconclusive(check.expected, "the line was made before the case", message.number)
        version = str(line.fields.get("tls", ""))
        check.see(line.number, message.number)
        if version not in SOUND:
            check.deviate(f"a message passed under {version or 'no TLS'}", line.number, message.number)
    return check.finding(f"{len(passed)} messages, all encrypted")


# ── over which gateway ────────────────────────────────────────────────────────────────────────────────────────────────


def _slow(view: View, gateway: str) -> Record | None:
    """A handshake of this order that the terminal left, for no fault of the gateway's that anybody knows of."""
    return next(
        (r for r in told(view.since_order, "no handshake", gateway=gateway) if r.fields["reason"] == LEFT), None
    )


@criterion("gateway.carried", "The request goes over this gateway", "cases.md 117, 265")
def carried(view: View, args: Mapping[str, Any]) -> Finding:
    """args: gateway. The last request of the last order: over this one alone."""
    gateway = str(args["gateway"])
    check = Check(f"the request goes over the {gateway} gateway")
    if view.order is None:
        return inconclusive(check.expected, NO_ORDER)
    slow = _slow(view, gateway)
    if slow is not None:
        return inconclusive(check.expected, f"the handshake with the {gateway} gateway broke", slow.number)
    sent = asked(view)
    if not sent:
        check.miss("no request reached the host", view.order.number)
        return check.finding("")
    _over(view.since_order, sent[-1], gateway, check)
    return check.finding(f"over the {gateway} gateway")


def _over(timeline: Timeline, request: Request, gateway: str, check: Check) -> None:
    passages = carriers(timeline, request.mti, request.trace)
    check.see(request.number, *(p.number for p in passages))
    if gateway not in {_name(p) for p in passages}:
        check.miss(f"it did not go over the {gateway} gateway", request.number, *(p.number for p in passages))
    for passage in passages:
        if _name(passage) != gateway:
            check.deviate(f"it went over the {_name(passage)} gateway", request.number, passage.number)


@criterion("gateway.taken-over", "When the first gateway fails, the second is tried", "cases.md 117, 265")
def taken_over(view: View, args: Mapping[str, Any]) -> Finding:
    """The last order finds the first one away, or one that it refuses: it comes to the second."""
    check = Check("the terminal comes to the second gateway")
    if view.order is None:
        return inconclusive(check.expected, NO_ORDER)
    why = _fails(view)
    if why is None:
        return inconclusive(check.expected, "the first gateway did not fail", view.order.number)
    came = [*told(view.since_order, *CAME, gateway=SECOND), *told(view.since_order, "passed", gateway=SECOND)]
    check.see(view.order.number, why.number, *(r.number for r in came))
    if not came:
        check.miss("it did not come to the second gateway", view.order.number, why.number)
    return check.finding("it came to the second gateway")


def _fails(view: View) -> Record | None:
    """Why the first gateway is of no use for the last order: it was left, or it is away and took nothing."""
    left = told(view.since_order, "no handshake", gateway=PRIMARY)
    states = told(view.so_far, "up", *AWAY, gateway=PRIMARY)
    away = [s for s in states[-1:] if s.fields.get("status") in AWAY]
    return next(iter([*left, *away]), None)


@criterion(
    "gateway.request-once",
    "What has left over one gateway is not sent again over another",
    "facts/unionpay-pos 5.19; cases.md 113, 117",
    scope=Scope.WHOLE_CASE,
)
def request_once(view: View, args: Mapping[str, Any]) -> Finding:
    """Of the request that a gateway broke after. What becomes of it is found out by its reversal."""
    check = Check("the request over which the gateway broke comes to the host once")
    broke = told(view.timeline, "broke")
    if not broke:
        return inconclusive(check.expected, "no gateway broke")
    for end in broke:
        before = told(view.timeline.before(end), "passed", gateway=_name(end))
        if not before:
            return inconclusive(check.expected, "nothing had passed when it broke", end.number)
        lost = before[-1]
        check.see(lost.number, end.number)
        for again in _again(view.timeline.after(end), lost):
            check.deviate(f"it was sent again over the {_name(again)} gateway", lost.number, again.number)
    return check.finding("sent once")


def _again(timeline: Timeline, lost: Record) -> Iterable[Record]:
    return carriers(timeline, str(lost.fields.get("mti")), str(lost.fields.get("trace")))


@criterion(
    "gateway.reversal-carried",
    "The reversal goes over the gateway that is left",
    "facts/unionpay-pos 5.19; cases.md 113, 117",
    scope=Scope.WHOLE_CASE,
)
def reversal_carried(view: View, args: Mapping[str, Any]) -> Finding:
    """args: gateway. Every reversal after a gateway broke."""
    gateway = str(args["gateway"])
    check = Check(f"what is reversed is reversed over the {gateway} gateway")
    broke = told(view.timeline, "broke")
    if not broke:
        return inconclusive(check.expected, "no gateway broke")
    undone = [r for r in view.requests if r.reversal and r.mti == REVERSAL and r.at > moment(broke[0])]
    if not undone:
        return inconclusive(check.expected, "nothing was reversed", broke[0].number)
    for reversal in undone:
        _over(view.timeline.after(broke[0]), reversal, gateway, check)
    return check.finding(f"{len(undone)} over the {gateway} gateway")
