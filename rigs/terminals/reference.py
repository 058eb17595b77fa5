"""Drives the reference terminal in this process."""

from __future__ import annotations

from dataclasses import replace

from protocols.orders import Order, Outcome
from simulators.terminal import ReferenceTerminal, TerminalParameters


class ReferenceTerminalDriver:
    """A `Terminal` port over the twin."""

    def __init__(self, terminal: ReferenceTerminal) -> None:
        self._terminal = terminal

    def sign_on(self) -> Outcome:
        return self._terminal.sign_on()

    def perform(self, order: Order) -> Outcome:
        return self._terminal.perform(order)

    def lift_local_limit(self) -> None:
        self._load(replace(self._terminal.parameters, local_limit=False))

    def restore_limit(self) -> None:
        """After the case: the terminal checks the limit again."""
        self._load(replace(self._terminal.parameters, local_limit=True))

    def _load(self, parameters: TerminalParameters) -> None:
        if parameters != self._terminal.parameters:
            self._terminal.load_parameters(parameters)

    def paper_loaded(self) -> None:
        self._terminal.paper_loaded()

    def to_idle(self) -> None:
        self._terminal.to_idle()

    def identity(self) -> dict[str, str]:
        parameters = self._terminal.parameters
        return {"terminal": parameters.terminal_id, "merchant": parameters.merchant_id, "serial": parameters.serial}

    def close(self) -> None:
        self._terminal.close()
