"""A timeline as judging reads it: records in the order of (time, number), and the exchanges among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from protocols.iso8583 import UNIONPAY
from reports.runfolder import Record

WRONG_MAC = "wrong MAC"
"""Name that the bench gives to the rule which answers with a wrong MAC (`rigs/hosts/simulated.py`)."""
MATCHED = (3, 4, 11, 41, 42)
"""facts/unionpay-pos 1: a reply is a request's own when its MTI is the request's plus 10 and these are equal."""

Moment = tuple[int, int]
"""Time and number of an event: the order of all that happened."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that reached the host, with what came of it. Numbers are event numbers; 0 is "never"."""

    number: int
    t_ns: int
    mti: str
    transaction: str
    trace: str
    reversal: bool
    message: Mapping[str, str]
    mac: str
    code: str  # of the host's decision; empty when it made none
    decision: int
    replies: tuple[Reply, ...]
    connection: int = 0

    @property
    def at(self) -> Moment:
        return (self.t_ns, self.number)

    @property
    def financial(self) -> bool:
        """It asks for money to be moved: neither a reversal, nor a sign-on, an echo or any other management."""
        return self.mti[:2] in ("01", "02") and not self.reversal

    @property
    def batch(self) -> str:
        """F60.1 and F60.2: type and batch."""
        return self.value(60)[:8]

    @property
    def answers(self) -> tuple[Reply, ...]:
        """Replies that left the host and were authentic: the request's own, under a right MAC."""
        return tuple(reply for reply in self.replies if self._is_own(reply))

    def value(self, number: int) -> str:
        """A field of the masked message by its number, empty when absent."""
        return field_of(self.message, number)

    def _is_own(self, reply: Reply) -> bool:
        if not reply.sent or reply.tampered:
            return False
        mti = str(reply.message.get("MTI", ""))
        if mti and self.mti.isdigit() and mti != f"{int(self.mti) + 10:04d}":
            return False
        if self.value(64) and reply.message and not field_of(reply.message, 64):
            return False
        return all(_equal_where_both(self.message, reply.message, number) for number in MATCHED)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it left the host. `rule` names the behaviour rule that had a hand in it."""

    number: int
    t_ns: int
    code: str
    rule: str
    late: bool
    message: Mapping[str, str]
    sent: bool = True  # False: the terminal had gone

    @property
    def at(self) -> Moment:
        return (self.t_ns, self.number)

    @property
    def tampered(self) -> bool:
        """Sent on purpose with a MAC that is wrong."""
        return self.rule == WRONG_MAC


_USUAL: dict[int | str, str] = {field.number: f"F{field.number} {field.name}" for field in UNIONPAY.fields}
"""Where a field stands in a described message, nearly always."""


def field_of(message: Mapping[str, str], number: int | str) -> str:
    """The value of `F<field> ...` in a described message; a tag of chip data is `"55.9F02"`."""
    usual = message.get(_USUAL.get(number, ""))
    if usual is not None:
        return str(usual)
    prefix = f"F{number}"
    for key, value in message.items():
        if key == prefix or key.startswith(f"{prefix} "):
            return str(value)
    return ""


def _equal_where_both(request: Mapping[str, str], reply: Mapping[str, str], number: int) -> bool:
    asked, answered = field_of(request, number), field_of(reply, number)
    return not asked or not answered or asked == answered


class Timeline:
    """Records of one case, read by channel and kind."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = sorted(records, key=moment)

    def of(self, channel: str, *kinds: str) -> Iterator[Record]:
        """Records of a channel, in order."""
        return (r for r in self._by_channel.get(channel, ()) if not kinds or r.kind in kinds)

    @cached_property
    def _by_channel(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for record in self.records:
            found.setdefault(record.channel, []).append(record)
        return found

    def first(self, channel: str, kind: str, **fields: Any) -> Record | None:
        """The first record whose fields have the given values."""
        return next((r for r in self.of(channel, kind) if has(r, fields)), None)

    def last(self, channel: str, kind: str, **fields: Any) -> Record | None:
        """The last record whose fields have the given values."""
        found = [r for r in self.of(channel, kind) if has(r, fields)]
        return found[-1] if found else None

    def up_to(self, number: int) -> Timeline:
        """What had been recorded when the event of this number was."""
        return Timeline([r for r in self.records if r.number <= number])

    def after(self, record: Record | None) -> Timeline:
        """What came later than a record; all when there is none."""
        return self if record is None else Timeline([r for r in self.records if moment(r) > moment(record)])

    def before(self, record: Record | None) -> Timeline:
        """What came earlier than a record; all when there is none."""
        return self if record is None else Timeline([r for r in self.records if moment(r) < moment(record)])

    @property
    def end(self) -> int:
        """The number of the last event; 0 for an empty timeline."""
        return max((r.number for r in self.records), default=0)

    @cached_property
    def moments(self) -> dict[int, Moment]:
        """When each event was, by its number."""
        return {r.number: moment(r) for r in self.records}

    def requests(self) -> list[Request]:
        """Every request that reached the host, in order, each with its decision and its replies."""
        return list(self._requests)

    @cached_property
    def _requests(self) -> list[Request]:
        exchanges: dict[object, list[Record]] = {}
        for record in self.of("host", "checks", "decision", "response"):
            exchanges.setdefault(record.fields.get("exchange"), []).append(record)
        return [_request(r, exchanges.get(r.fields.get("exchange"), [])) for r in self.of("host", "request")]


def moment(record: Record) -> Moment:
    """The place of a record in the order of all."""
    return (record.t_ns, record.number)


def _request(record: Record, related: Sequence[Record]) -> Request:
    fields = record.fields
    checks = next((r for r in related if r.kind == "checks"), None)
    decision = next((r for r in related if r.kind == "decision"), None)
    return Request(
        number=record.number,
        t_ns=record.t_ns,
        mti=str(fields.get("mti", "")),
        transaction=str(fields.get("transaction", "")),
        trace=str(fields.get("trace", "")),
        reversal=bool(fields.get("reversal")),
        message=dict(fields.get("message", {})),
        mac=str(checks.fields.get("mac", "")) if checks else "",
        code=str(decision.fields.get("code", "")) if decision else "",
        decision=decision.number if decision else 0,
        replies=tuple(_reply(r) for r in related if r.kind == "response"),
        connection=int(fields.get("connection", 0)),
    )


def _reply(record: Record) -> Reply:
    message = dict(record.fields.get("message", {}))
    return Reply(
        number=record.number,
        t_ns=record.t_ns,
        code=field_of(message, 39),
        rule=str(record.fields.get("rule", "")),
        late=bool(record.fields.get("late")),
        message=message,
        sent=bool(record.fields.get("sent", True)),
    )


def has(record: Record, fields: Mapping[str, Any]) -> bool:
    """Whether a record carries all the given field values."""
    return all(record.fields.get(key) == value for key, value in fields.items())
