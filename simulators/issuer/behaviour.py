"""Behaviour rules: an ordered list; the first that matches a request decides how the host misbehaves. Design 6."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TypeAlias, Union

from protocols.transactions import Transaction


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with this code instead of deciding; nothing is booked."""

    code: str
    name = "code"


@dataclass(frozen=True, slots=True)
class Delay:
    """Decide at once, answer after so many seconds of market time."""

    seconds: float
    name = "delay"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Decide and book, or not even that, and say nothing: the answer was lost, or the request."""

    decide: bool = True
    name = "no answer"


@dataclass(frozen=True, slots=True)
class WrongMac:
    """The right answer under a MAC that is wrong."""

    name = "wrong MAC"


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """Hold the answer back until the request is being reversed; it goes out just before the reversal's own answer."""

    name = "late answer"


Action: TypeAlias = Union[Answer, Delay, NoAnswer, WrongMac, LateAnswer]


@dataclass(frozen=True, slots=True)
class Rule:
    """When to act: on a transaction, or on its reversal, at most `times` times (None is always)."""

    action: Action
    transaction: Transaction | None = None
    reversal: bool = False
    times: int | None = 1

    def matches(self, transaction: Transaction | None, reversal: bool) -> bool:
        return reversal == self.reversal and self.transaction in (None, transaction)


@dataclass
class Behaviour:
    """The rules in force. Rules are added from any thread and consulted from the host's."""

    _rules: list[tuple[Rule, int | None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, rule: Rule) -> None:
        """The newest rule stands last: earlier ones go first."""
        with self._lock:
            self._rules.append((rule, rule.times))

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def take(self, transaction: Transaction | None, reversal: bool) -> Action | None:
        """The action of the first rule that matches and has not been used up; counts the use."""
        with self._lock:
            for place, (rule, left) in enumerate(self._rules):
                if rule.matches(transaction, reversal) and left != 0:
                    self._rules[place] = (rule, left if left is None else left - 1)
                    return rule.action
        return None
