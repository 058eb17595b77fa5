"""The simulated issuer host, as scenarios command it."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from pathlib import Path

from protocols.events import Emit
from protocols.faults import ConfigurationError
from protocols.market import Market
from protocols.money import Money
from protocols.transactions import Transaction
from simulators.card import ChipCard
from simulators.issuer import AccountSpec, Action, Answer, Delay, IssuerHost, LateAnswer, NoAnswer, Rule, WrongMac

MANNERS: dict[str, Callable[[], Action]] = {
    "no answer": NoAnswer,
    "request lost": lambda: NoAnswer(decide=False),
    "wrong MAC": WrongMac,
    "late answer": LateAnswer,
}
MEASURED: dict[str, tuple[str, Callable[[str], Action]]] = {  # first word: what follows it, and the action made of that
    "delay": ("seconds of market time", lambda rest: Delay(_seconds(rest))),
    "code": ("two characters", lambda rest: Answer(_code(rest))),
}
REVERSAL = "reversal"


class SimulatedHost:
    """A `Host` port over `IssuerHost`. Delays are market seconds."""

    def __init__(self, *, market: Market, emit: Emit, directory: Path, time_scale: float) -> None:
        self._market = market
        self._issuer = IssuerHost(market=market, emit=emit, directory=directory, time_scale=time_scale)
        self._cards: dict[str, ChipCard] = {}
        self._moved = 0
        self.address = self._issuer.start()

    def enrol(self, terminal: str, merchant: str, master_key: bytes) -> None:
        """A terminal of the rig."""
        self._issuer.enrol_terminal(terminal, merchant, master_key)

    def identity(self) -> dict[str, str]:
        return {"kind": "simulated issuer host", "market": self._market.name, "listens on": "loopback"}

    def know(self, name: str, card: ChipCard) -> None:
        """A card that the bench issued: the issuer has its number, PIN and key."""
        self._cards[name] = card

    def open_account(self, card: str, available: Money) -> None:
        if card not in self._cards:
            raise ConfigurationError(f"the bench has issued no card {card!r}", advice="issue it first")
        chip = self._cards[card]
        self._issuer.open_account(
            AccountSpec(
                card,
                chip.pan,
                chip.psn,
                chip.expiry,
                chip.profile.pin,
                bytes.fromhex(chip.profile.test_master_key),
                available,
            )
        )

    def set_status(self, card: str, status: str) -> None:
        self._issuer.set_status(card, status)

    def move_date(self, days: int) -> None:
        self._issuer.move_date(days)
        self._moved += days

    def reset_date(self) -> None:
        """Back to today."""
        if self._moved:
            self.move_date(-self._moved)

    def misbehave(self, transaction: str, manner: str, times: int | None = 1) -> None:
        """`transaction` is a transaction's name, or `reversal` for the reversal of any."""
        self._issuer.add_rule(
            Rule(
                _action(manner),
                transaction=None if transaction == REVERSAL else _transaction(transaction),
                reversal=transaction == REVERSAL,
                times=times,
            )
        )

    def all_answers_sent(self) -> None:
        """Wait until every delayed answer has left."""
        self._issuer.wait_for_delayed()

    def behave(self) -> None:
        self._issuer.clear_rules()

    def close(self) -> None:
        self._issuer.stop()


def _action(manner: str) -> Action:
    if manner in MANNERS:
        return MANNERS[manner]()
    word, _, rest = manner.partition(" ")
    if word not in MEASURED:
        known = [*MANNERS, *MEASURED]
        near = difflib.get_close_matches(manner, known, n=1)
        raise ConfigurationError(
            f"no host behaves in the manner {manner!r}",
            advice=f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}",
        )
    meant, make = MEASURED[word]
    try:
        return make(rest)
    except ValueError:
        raise ConfigurationError(f"{manner!r} says not what it should", advice=f"write `{word}` and {meant}") from None


def _seconds(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(text)
    return seconds


def _code(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Z]{2}", text):
        raise ValueError(text)
    return text


def _transaction(name: str) -> Transaction:
    try:
        return Transaction(name)
    except ValueError:
        known = [*(t.value for t in Transaction), REVERSAL]
        near = difflib.get_close_matches(name, known, n=1)
        raise ConfigurationError(
            f"no transaction is called {name!r}", advice=f"did you mean {near[0]}?" if near else ", ".join(known)
        ) from None
