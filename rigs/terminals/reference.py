"""Drives the reference terminal in this process."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from protocols.faults import ConfigurationError
from protocols.orders import Order, Outcome
from rigs.ports import Way
from simulators.terminal import ClientTls, Gateway, ReferenceTerminal, TerminalParameters
from simulators.terminal.journal import FIRST_TRACE, LAST_TRACE


def _switch(value: str) -> bool:
    if value not in ("on", "off"):
        raise ConfigurationError(f"a switch of the terminal is on or off, not {value!r}")
    return value == "on"


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and int(value)):
        raise ConfigurationError(f"this parameter is a number above 0, not {value!r}")
    return int(value)


NEXT_TRACE = "next trace"
SETTABLE: dict[str, tuple[str, Callable[[str], Any]]] = {
    "local limit": ("local_limit", _switch),
    "partial approvals": ("partial_approvals", _switch),
    "batch limit": ("batch_limit", _number),
}
"""Name of a parameter to the attribute and how its value is read. `next trace` is a counter beside them."""


def gateways_of(ways: Sequence[Way]) -> tuple[Gateway, ...]:
    """As the twin is configured."""
    return tuple(Gateway((way.address, way.port), _tls(way), way.gateway) for way in ways)


def _tls(way: Way) -> ClientTls | None:
    return None if way.authorities is None else ClientTls(way.authorities, way.server_name)


class ReferenceTerminalDriver:
    """A `Terminal` port over the twin."""

    def __init__(self, terminal: ReferenceTerminal) -> None:
        self._terminal = terminal
        self._delivered = terminal.parameters
        self._trace_before: int | None = None

    def sign_on(self) -> Outcome:
        return self._terminal.sign_on()

    def perform(self, order: Order) -> Outcome:
        return self._terminal.perform(order)

    def set_parameter(self, name: str, value: str) -> None:
        if name == NEXT_TRACE:
            self._set_next_trace(_number(value))
            return
        if name not in SETTABLE:
            known = (*SETTABLE, NEXT_TRACE)
            near = difflib.get_close_matches(name, known, n=1)
            raise ConfigurationError(
                f"the terminal has no parameter {name!r}",
                advice=f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}",
            )
        attribute, read = SETTABLE[name]
        self._load(replace(self._terminal.parameters, **{attribute: read(value)}))

    def use_ways(self, ways: Sequence[Way]) -> None:
        self._load(replace(self._terminal.parameters, gateways=gateways_of(ways)))

    def _set_next_trace(self, trace: int) -> None:
        if trace > LAST_TRACE:
            raise ConfigurationError(f"a trace number is at most {LAST_TRACE}, not {trace}")
        if self._trace_before is None:
            self._trace_before = self._terminal.last_trace
        self._terminal.count_on_from(trace - FIRST_TRACE)

    def restore_parameters(self) -> None:
        """A trace number that was set is counted on from where it was before: the ones after it were used already, and
        a host that sees them twice in one batch answers 94 (facts/unionpay-pos 5.16)."""
        self._load(self._delivered)
        if self._trace_before is not None:
            self._terminal.count_on_from(self._trace_before)
            self._trace_before = None

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
