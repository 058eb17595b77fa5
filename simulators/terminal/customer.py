"""What the customer display asks of the cardholder about applications, and what he answers. EMV Book 1, 12.4."""

from __future__ import annotations

from collections.abc import Sequence

from protocols.events import Channel, Emit, Event
from protocols.prompts import CHOOSE, CONFIRM
from simulators.terminal.devices import Cardholder
from simulators.terminal.line import Line


class CustomerDesk:
    """A `Cardholder` that shows what is asked, and tells what was answered."""

    def __init__(self, line: Line, cardholder: Cardholder, emit: Emit) -> None:
        self._line = line
        self._cardholder = cardholder
        self._emit = emit

    def choose(self, labels: Sequence[str]) -> int | None:
        numbered = " ".join(f"{number} {label}" for number, label in enumerate(labels, start=1))
        self._line.tell("display", text=f"{CHOOSE} {numbered}", audience="customer", choices=list(labels))
        chosen = self._cardholder.choose(labels)
        self._tell("" if chosen is None else labels[chosen], labels)
        return chosen

    def confirm(self, label: str) -> bool:
        self._line.tell("display", text=f"{CONFIRM} {label}", audience="customer", choices=[label])
        confirmed = self._cardholder.confirm(label)
        self._tell(label if confirmed else "", [label])
        return confirmed

    def document_matches(self, kind: str, number: str) -> bool:
        """The operator looks at the document; its number stands on his display alone."""
        self._line.show(f"请核对{kind}")
        return self._cardholder.document_matches(kind, number)

    def _tell(self, label: str, of: Sequence[str]) -> None:
        self._emit(Event(Channel.OPERATOR, "application", {"label": label, "of": list(of)}))
