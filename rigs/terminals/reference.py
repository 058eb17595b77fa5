"""Drives the reference terminal in this process."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from protocols.faults import ConfigurationError
from protocols.orders import Order, Outcome
from simulators.terminal import ReferenceTerminal, TerminalParameters


SETTABLE: dict[str, tuple[str, Callable[[str], Any]]] = {"local limit": ("local_limit", lambda value: value == "on")}
"""Name of a parameter to the attribute and how its value is read."""


class ReferenceTerminalDriver:
    """A `Terminal` port over the twin."""

    def __init__(self, terminal: ReferenceTerminal) -> None:
        self._terminal = terminal
        self._delivered = terminal.parameters

    def sign_on(self) -> Outcome:
        return self._terminal.sign_on()

    def perform(self, order: Order) -> Outcome:
        return self._terminal.perform(order)

    def set_parameter(self, name: str, value: str) -> None:
        if name not in SETTABLE:
            near = difflib.get_close_matches(name, SETTABLE, n=1)
            raise ConfigurationError(
                f"the terminal has no parameter {name!r}",
                advice=f"did you mean {near[0]}?" if near else f"there are: {', '.join(SETTABLE)}",
            )
        attribute, read = SETTABLE[name]
        self._load(replace(self._terminal.parameters, **{attribute: read(value)}))

    def restore_parameters(self) -> None:
        self._load(self._delivered)

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
