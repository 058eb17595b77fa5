"""What the rig says of the terminal's set-up and of the card: facts that no message shows.

`configuration` is told by whoever set the terminal up, before each order; a black box has none, and whatever rests on
it stays open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protocols.transactions import Transaction
from reports.judge.chip.walk import Walk
from reports.judge.registry import View
from reports.judge.timeline import moment
from reports.runfolder import Record


@dataclass(frozen=True, slots=True)
class Setting:
    """One `configuration`, or none. Each question is answered None where nobody says.

    `downloaded` says that the host gave the terminal CA keys in this case, before the walk: what it has beside those
    that it was set up with is not known.
    """

    record: Record | None
    downloaded: bool = False

    @property
    def number(self) -> int:
        return self.record.number if self.record else 0

    def flag(self, key: str) -> bool | None:
        value = self._value(key)
        return value if isinstance(value, bool) else None

    def amount(self, key: str) -> int | None:
        value = self._value(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def keys(self, key: str) -> frozenset[str] | None:
        """Indices of CA keys, in hex."""
        value = self._value(key)
        return frozenset(str(index).upper() for index in value) if isinstance(value, (list, tuple)) else None

    def revoked(self) -> frozenset[tuple[str, str]]:
        """Certificates that the terminal was told to refuse: index of the CA key, and serial number. EMV Book 2, 5.1"""
        value = self._value("revoked")
        pairs = value if isinstance(value, (list, tuple)) else ()
        return frozenset((str(pair[0]).upper(), str(pair[1]).upper()) for pair in pairs if len(pair) == 2)

    def code(self, key: str) -> bytes:
        """Action codes and capabilities, told in hex; empty where they are not told."""
        value = self._value(key)
        try:
            return bytes.fromhex(value) if isinstance(value, str) else b""
        except ValueError:
            return b""

    def _value(self, key: str) -> Any:
        return self.record.fields.get(key) if self.record else None


def setting_of(view: View, walk: Walk) -> Setting:
    """The last word on the terminal's set-up before a walk."""
    told = [r for r in view.timeline.of("rig", "configuration") if moment(r) < walk.at]
    downloads = (r for r in view.requests if r.transaction == Transaction.CA_KEY_DOWNLOAD.value and r.at < walk.at)
    return Setting(told[-1] if told else None, any(reply.sent for request in downloads for reply in request.replies))


@dataclass(frozen=True, slots=True)
class Personality:
    """What a card twin says of the application that was chosen; `record` is None where it says nothing."""

    record: Record | None
    application: Mapping[str, Any]

    @property
    def number(self) -> int:
        return self.record.number if self.record else 0

    @property
    def authentic(self) -> str:
        """right, wrong, missing or none: what its certificates and static signature are worth; empty: not known."""
        return str(self.application.get("authentic", ""))

    @property
    def ca_index(self) -> str:
        return str(self.application.get("ca_index", "")).upper()

    @property
    def serial(self) -> str:
        """Of the issuer's certificate."""
        return str(self.application.get("serial", "")).upper()


def personality_of(view: View, walk: Walk) -> Personality:
    """The card of a walk is known by the name that its facts carry."""
    told = [
        r for r in view.timeline.of("card", "personalised")
        if moment(r) < walk.at and r.fields.get("card") == walk.card
    ]  # fmt: skip
    if not told or not walk.card:
        return Personality(None, {})
    applications: Sequence[Any] = told[-1].fields.get("applications") or ()
    own = [a for a in applications if isinstance(a, Mapping) and str(a.get("aid", "")).upper() == walk.aid]
    return Personality(told[-1], own[0] if own else {})


def fault_of(view: View, card: str) -> bool:
    """Whether the bench gave this card a fault on purpose."""
    return any(r.fields.get("card") == card and r.fields.get("fault") for r in view.timeline.of("card", "issued"))
