"""A timeline as judging reads it: records in the order of (time, number), and the exchanges among them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from reports.judge.reply import Moment, Reply, Standing, field_of, standing_of
from reports.runfolder import Record

__all__ = ["Moment", "Request", "Timeline", "differences", "has", "moment"]


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
    exchange: object = None

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
        return tuple(reply for reply in self.replies if reply.standing is Standing.ANSWER)

    @property
    def doubtful(self) -> tuple[Reply, ...]:
        """Replies that the terminal may take or leave."""
        return tuple(reply for reply in self.replies if reply.standing is Standing.EITHER)

    @property
    def terminal(self) -> str:
        """F41, empty when absent."""
        return self.value(41)

    def value(self, number: int | str) -> str:
        """A field of the masked message by its number, or a part of one as `48.1`; empty when absent."""
        return field_of(self.message, number)


class Timeline:
    """Records of one case, read by channel and kind."""

    def __init__(self, records: Sequence[Record], terminal: str | None = None) -> None:
        """`terminal` is F41 of the one under test; by default what the case's first event says of it."""
        self.records = sorted(records, key=moment)
        self._terminal = terminal

    @cached_property
    def terminal(self) -> str:
        """F41 of the terminal under test, empty when nobody said."""
        if self._terminal is not None:
            return self._terminal
        opening = self.first("case", "open")
        return str(opening.fields.get("terminal") or "") if opening else ""

    def _part(self, records: Sequence[Record]) -> Timeline:
        return Timeline(records, self.terminal)

    def of(self, channel: str, *kinds: str) -> Iterator[Record]:
        """Records of a channel, in order."""
        return (r for r in self._by_channel.get(channel, ()) if not kinds or r.kind in kinds)

    def among(self, *channels: str) -> list[Record]:
        """Records of several channels, in order."""
        return sorted((r for channel in channels for r in self._by_channel.get(channel, ())), key=moment)

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
        return self._part([r for r in self.records if r.number <= number])

    def after(self, record: Record | None) -> Timeline:
        """What came later than a record; all when there is none."""
        return self if record is None else self._part([r for r in self.records if moment(r) > moment(record)])

    def before(self, record: Record | None) -> Timeline:
        """What came earlier than a record; all when there is none."""
        return self if record is None else self._part([r for r in self.records if moment(r) < moment(record)])

    @property
    def end(self) -> int:
        """The number of the last event; 0 for an empty timeline."""
        return max((r.number for r in self.records), default=0)

    @cached_property
    def moments(self) -> dict[int, Moment]:
        """When each event was, by its number."""
        return {r.number: moment(r) for r in self.records}

    def requests(self) -> list[Request]:
        """Every request of the terminal under test that reached the host, each with its decision and its replies.

        A request that names no terminal may be anybody's: it is taken for its.
        """
        return list(self._own)

    def all_requests(self) -> list[Request]:
        """Those of every terminal."""
        return list(self._requests)

    @cached_property
    def _own(self) -> list[Request]:
        return [r for r in self._requests if not self.terminal or r.terminal in ("", self.terminal)]

    @cached_property
    def _requests(self) -> list[Request]:
        exchanges: dict[object, list[Record]] = {}
        for record in self.of("host", "checks", "decision", "response", "delivered"):
            exchanges.setdefault(record.fields.get("exchange"), []).append(record)
        return [_request(r, exchanges.get(r.fields.get("exchange"), [])) for r in self.of("host", "request")]


def moment(record: Record) -> Moment:
    """The place of a record in the order of all."""
    return (record.t_ns, record.number)


def _request(record: Record, related: Sequence[Record]) -> Request:
    fields = record.fields
    checks = next((r for r in related if r.kind == "checks"), None)
    decision = next((r for r in related if r.kind == "decision"), None)
    mti, message = str(fields.get("mti", "")), dict(fields.get("message", {}))
    transaction, reversal = str(fields.get("transaction", "")), bool(fields.get("reversal"))
    replies = (_reply(r, related) for r in related if r.kind == "response")
    return Request(
        number=record.number,
        t_ns=record.t_ns,
        mti=mti,
        transaction=transaction,
        trace=str(fields.get("trace", "")),
        reversal=reversal,
        message=message,
        mac=str(checks.fields.get("mac", "")) if checks else "",
        code=str(decision.fields.get("code", "")) if decision else "",
        decision=decision.number if decision else 0,
        replies=tuple(replace(r, standing=standing_of(mti, transaction, reversal, message, r)) for r in replies),
        connection=int(fields.get("connection", 0)),
        exchange=fields.get("exchange"),
    )


def _reply(record: Record, related: Sequence[Record]) -> Reply:
    message = dict(record.fields.get("message", {}))
    return Reply(
        number=record.number,
        t_ns=_last_byte(record, related),
        code=field_of(message, 39),
        rule=str(record.fields.get("rule", "")),
        late=bool(record.fields.get("late")),
        message=message,
        sent=bool(record.fields.get("sent", True)),
        spoiled=tuple(str(what) for what in record.fields.get("spoiled") or ()),
        unread=bool(record.fields.get("undecoded")),
    )


def _last_byte(record: Record, related: Sequence[Record]) -> int:
    """When the whole of an answer had left: one that drips says so in an event of its own."""
    later = (r.t_ns for r in related if r.kind == "delivered" and moment(r) > moment(record))
    return next(later, record.t_ns)


def has(record: Record, fields: Mapping[str, Any]) -> bool:
    """Whether a record carries all the given field values."""
    return all(record.fields.get(key) == value for key, value in fields.items())


def differences(first: Mapping[str, str], again: Mapping[str, str], may_change: Collection[str]) -> list[str]:
    """The fields, as `F38` or `F55.9F26`, in which two described messages differ, but for those that may."""
    names = [*first, *(name for name in again if name not in first)]
    differing = (name.split(" ")[0] for name in names if first.get(name) != again.get(name))
    return [name for name in dict.fromkeys(differing) if name.split(".")[0] not in may_change]
