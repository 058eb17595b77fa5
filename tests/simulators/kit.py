"""What the tests of the twins share: an `emit` that can be waited on, and cards of the test ranges."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from protocols.events import Event
from protocols.market import Market
from rigs.cards.loading import load_card_profile
from rigs.marketfile import load_market
from simulators.card import CardProfile
from simulators.card.application import ApplicationProfile

ROOT = Path(__file__).parents[2]
PAN = "6250947000000014"
OTHER_PAN = "6224242900000113"
TERMINAL, MERCHANT = "50080001", "309310083985008"
MASTER_KEY = bytes.fromhex("44" * 16)  # facts/unionpay-pos 4.2: a public test key
DEADLINE_S = 10.0
"""Longest wait of a test: it ends as soon as what it waits for happens."""


class Events:
    """An `Emit`: keeps what is told, and wakes who waits for it."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._told = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._told:
            self._events.append(event)
            self._told.notify_all()

    def all(self) -> list[Event]:
        with self._told:
            return list(self._events)

    def of(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """Fields of the events of a kind that have these values."""
        return [dict(e.fields) for e in self.all() if e.kind == kind and _matches(e, fields)]

    def wait(self, kind: str, *, count: int = 1, **fields: Any) -> list[dict[str, Any]]:
        """As `of`, once there are so many."""

        def enough() -> bool:
            return len(self.of(kind, **fields)) >= count

        with self._told:
            assert self._told.wait_for(enough, DEADLINE_S), f"no {kind} {fields}; there was {self.all()}"
        return self.of(kind, **fields)


def _matches(event: Event, fields: dict[str, Any]) -> bool:
    return all(event.fields.get(name) == value for name, value in fields.items())


def cn_market(**changes: Any) -> Market:
    """The market of China; a change is `part={key: value}` or `key=value`."""
    market = load_market("unionpay-cn")
    update: dict[str, Any] = {}
    for name, value in changes.items():
        update[name] = getattr(market, name).model_copy(update=value) if isinstance(value, dict) else value
    return market.model_copy(update=update)


@cache
def _credit() -> CardProfile:
    return load_card_profile(ROOT / "rigs/cards/credit-chip.yaml")


def credit_profile(**changes: Any) -> CardProfile:
    """The credit card of the house; what is said of an application is changed in its only one."""
    common = {name: value for name, value in changes.items() if name in ApplicationProfile.model_fields}
    own = {name: value for name, value in changes.items() if name not in common}
    return _credit().changed({**own, "application": {**common, **own.pop("application", {})}})


def in_thread(work: Callable[[], Any]) -> threading.Thread:
    """Work going on beside the test; join it."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
