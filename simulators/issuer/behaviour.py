"""Behaviour rules: an ordered list; the first that matches a request decides how the host misbehaves. Design 6.

A rule matches on the transaction, the terminal, fields, the state of hold and terminal; it acts from its n-th match on,
and is over after so many uses, so many requests, or so many seconds of market time.
"""

from __future__ import annotations

import fnmatch
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from protocols.transactions import Transaction
from simulators.issuer.actions import Action, RefuseConnects, together

NO_HOLD = "none"


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as rules look at it. Values are clear ones: they are compared and never told.

    `value` takes the name of a field or of a part of one (`4`, `60.3`, `55.9F26`) and gives None when it is not there.
    `hold` is the state of the hold that the request speaks of, `none` without one.
    """

    transaction: Transaction | None
    reversal: bool
    terminal: str
    signed_on: bool
    value: Callable[[str], str | None]
    hold: Callable[[], str]


@dataclass(frozen=True, slots=True)
class FieldTest:
    """One condition on a field, or on a part of one. What is not given is not asked.

    `like` takes the wildcards * ? [..]; `above` and `below` compare numbers, and do not hold for what is none.
    """

    field: str
    equals: str | None = None
    like: str | None = None
    exists: bool | None = None
    one_of: tuple[str, ...] = ()
    above: int | None = None
    below: int | None = None

    def holds(self, value: str | None) -> bool:
        """Whether a value, or None for an absent field, satisfies all that is asked."""
        if self.exists is not None and (value is not None) != self.exists:
            return False
        if value is None:
            return self.exists is False and not self._asks_for_a_value()
        text = value.strip()
        return (
            (self.equals is None or text == self.equals)
            and (self.like is None or fnmatch.fnmatchcase(text, self.like))
            and (not self.one_of or text in self.one_of)
            and self._within(text)
        )

    def _asks_for_a_value(self) -> bool:
        return any(asked is not None for asked in (self.equals, self.like, self.above, self.below)) or bool(self.one_of)

    def _within(self, text: str) -> bool:
        if self.above is None and self.below is None:
            return True
        if not (text.isascii() and text.isdigit()):
            return False
        number = int(text)
        return (self.above is None or number > self.above) and (self.below is None or number < self.below)


def _everything() -> tuple[FieldTest, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Rule:
    """When to act, and how: one action, or several that go together, such as a code and a delay.

    `transaction` None is any. `reversal` tells whether requests or reversals are meant, None is both. `terminal` is a
    number or a pattern. `hold` are states of the hold concerned. `occurrence` is the first match that is treated.
    `times` are uses, `requests` requests that the host sees, `seconds` market time: None is without end.
    """

    action: Action | tuple[Action, ...]
    transaction: Transaction | None = None
    reversal: bool | None = False
    times: int | None = 1
    name: str = ""
    fields: tuple[FieldTest, ...] = field(default_factory=_everything)
    terminal: str = "*"
    hold: tuple[str, ...] = ()
    signed_on: bool | None = None
    occurrence: int = 1
    requests: int | None = None
    seconds: float | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        return self.action if isinstance(self.action, tuple) else (self.action,)

    @property
    def title(self) -> str:
        """Its name, or else what it does and to what."""
        what = "reversal" if self.reversal else self.transaction.value if self.transaction else "any"
        return self.name or f"{what}: {together(self.actions)}"

    @property
    def at_once(self) -> bool:
        """Whether it needs no request: connects are refused from the moment it is there."""
        asks = self.transaction or self.reversal or self.fields or self.hold or self.terminal != "*"
        refuses = any(isinstance(action, RefuseConnects) for action in self.actions)
        return refuses and not asks and self.signed_on is None and self.occurrence == 1

    def matches(self, seen: Seen) -> bool:
        """All that it asks for; what costs most is looked at last."""
        return (
            self.reversal in (None, seen.reversal)
            and self.transaction in (None, seen.transaction)
            and fnmatch.fnmatchcase(seen.terminal, self.terminal)
            and self.signed_on in (None, seen.signed_on)
            and all(test.holds(seen.value(test.field)) for test in self.fields)
            and (not self.hold or seen.hold() in self.hold)
        )


@dataclass
class _Standing:
    """A rule in force, and how far it is used up."""

    rule: Rule
    since: float
    matched: int = 0
    used: int = 0
    seen: int = 0

    def over(self, now: float, scale: float) -> bool:
        rule = self.rule
        return (
            (rule.times is not None and self.used >= rule.times)
            or (rule.requests is not None and self.seen > rule.requests)
            or (rule.seconds is not None and now - self.since > rule.seconds / scale)
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rule stands: how often it matched, how often it was used, and whether it is over."""

    rule: Rule
    matched: int
    used: int
    over: bool


@dataclass
class Behaviour:
    """The rules in force. Rules are added from any thread and consulted from the host's."""

    scale: float = 1.0
    monotonic: Callable[[], float] = time.monotonic
    _standing: list[_Standing] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, rule: Rule) -> None:
        """The newest rule stands last: earlier ones go first."""
        with self._lock:
            self._standing.append(_Standing(rule, self.monotonic()))

    def clear(self) -> None:
        with self._lock:
            self._standing.clear()

    def remove(self, rule: Rule) -> bool:
        """Take one rule back, and no other that is equal to it. False when it is not there."""
        with self._lock:
            before = len(self._standing)
            self._standing[:] = [standing for standing in self._standing if standing.rule is not rule]
            return len(self._standing) < before

    def standings(self) -> list[Standing]:
        """How each rule stands now, in their order."""
        with self._lock:
            now = self.monotonic()
            return [Standing(s.rule, s.matched, s.used, s.over(now, self.scale)) for s in self._standing]

    @property
    def quiet(self) -> bool:
        """True when there is no rule to consult."""
        return not self._standing

    def take(self, seen: Seen) -> Rule | None:
        """The first rule that matches and is not over; counts the use.

        Every rule counts its matches, even those that an earlier one took: the second reversal is the second.
        """
        with self._lock:
            taken: Rule | None = None
            now = self.monotonic()
            for standing in self._standing:
                standing.seen += 1
                if standing.over(now, self.scale) or not standing.rule.matches(seen):
                    continue
                standing.matched += 1
                if taken is None and standing.matched >= standing.rule.occurrence:
                    standing.used += 1
                    taken = standing.rule
            return taken
