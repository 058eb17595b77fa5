"""A timeline as judging reads it: records in the order of (time, number), and the exchanges among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reports.runfolder import Record

WRONG_MAC = "wrong MAC"
"""Name that the bench gives to the rule which answers with a wrong MAC (`rigs/hosts/simulated.py`)."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that reached the host, with what came of it. Numbers are event numbers; 0 is "never"."""

    number: int
    t_ns: int
    mti: str
    transaction: str
    trace: str
    reversal: bool
    message: dict[str, str]
    mac: str
    code: str  # of the host's decision; empty when it made none
    decision: int
    replies: tuple[Reply, ...]

    def value(self, number: int) -> str:
        """A field of the masked message by its number, empty when absent."""
        return field_of(self.message, number)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it left the host. `rule` names the behaviour rule that had a hand in it."""

    number: int
    t_ns: int
    code: str
    rule: str
    late: bool
    message: dict[str, str]

    @property
    def tampered(self) -> bool:
        """Sent on purpose with a MAC that is wrong."""
        return self.rule == WRONG_MAC


def field_of(message: dict[str, str], number: int) -> str:
    """The value of `F<field> ...` in a described message."""
    prefix = f"F{number} "
    for key, value in message.items():
        if key.startswith(prefix) or key == f"F{number}":
            return str(value)
    return ""


class Timeline:
    """Records of one case, read by channel and kind."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = sorted(records, key=lambda r: (r.t_ns, r.number))

    def of(self, channel: str, *kinds: str) -> Iterator[Record]:
        """Records of a channel, in order."""
        return (r for r in self.records if r.channel == channel and (not kinds or r.kind in kinds))

    def first(self, channel: str, kind: str, **fields: Any) -> Record | None:
        """The first record whose fields have the given values."""
        return next((r for r in self.of(channel, kind) if has(r, fields)), None)

    def last(self, channel: str, kind: str, **fields: Any) -> Record | None:
        """The last record whose fields have the given values."""
        found = [r for r in self.of(channel, kind) if has(r, fields)]
        return found[-1] if found else None

    def up_to(self, number: int) -> Timeline:
        """What had happened when the event of this number was recorded."""
        return Timeline([r for r in self.records if r.number <= number])

    def after(self, record: Record) -> Timeline:
        """What came later than a record."""
        at = (record.t_ns, record.number)
        return Timeline([r for r in self.records if (r.t_ns, r.number) > at])

    @property
    def end(self) -> int:
        """The number of the last event; 0 for an empty timeline."""
        return max((r.number for r in self.records), default=0)

    def requests(self) -> list[Request]:
        """Every request that reached the host, in order, each with its decision and its replies."""
        return [self._request(r) for r in self.of("host", "request")]

    def _request(self, record: Record) -> Request:
        fields, exchange = record.fields, record.fields.get("exchange")
        related = [r for r in self.of("host") if r.number != record.number and r.fields.get("exchange") == exchange]
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
    )


def has(record: Record, fields: dict[str, Any]) -> bool:
    """Whether a record carries all the given field values."""
    return all(record.fields.get(key) == value for key, value in fields.items())
