"""Drives the reference terminal in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from protocols.events import Channel, Emit, Event, discard
from protocols.faults import ConfigurationError
from protocols.orders import Order, Outcome
from protocols.transactions import FINANCIAL
from rigs.ports import Way
from rigs.terminals.ca_keys import KeyRing, told
from rigs.terminals.settable import SETTABLE, number, on_or_off, unknown
from simulators.terminal import ClientTls, Gateway, ReferenceTerminal, TerminalParameters
from simulators.terminal.journal import FIRST_TRACE, LAST_TRACE

NEXT_TRACE, CA_KEYS, EXCEPTION_FILE = "next trace", "CA keys", "exception file"
"""Parameters that are more than a value: a counter, a store of keys, and the card in hand."""


TOLD = {
    "pinpad": "pinpad", "pin_bypass": "pin_bypass", "cardholder_choice": "cardholder_choice",
    "floor_limit": "floor_limit", "random_percent": "random_percent", "fallback": "fallback",
    "key_entry": "manual_entry", "chip_attempts": "chip_attempts", "capabilities": "capabilities",
    "country": "country", "offline_approval": "offline_approval", "tac_denial": "tac_denial",
    "tac_online": "tac_online", "tac_default": "tac_default",
}  # fmt: skip
"""What the rig tells of the terminal's setting before each order, to the attribute that it is."""


def gateways_of(ways: Sequence[Way]) -> tuple[Gateway, ...]:
    """As the twin is configured."""
    return tuple(Gateway((way.address, way.port), _tls(way), way.gateway) for way in ways)


def _tls(way: Way) -> ClientTls | None:
    return None if way.authorities is None else ClientTls(way.authorities, way.server_name)


class ReferenceTerminalDriver:
    """A `Terminal` port over the twin.

    `keys` are the CA keys that it can be given, `card_in_hand` is the number of the card of the case, `emit` is told
    how the terminal is set up: by the rig, so that no defect of the terminal hides it.
    """

    def __init__(
        self, terminal: ReferenceTerminal, *, keys: KeyRing | None = None,
        card_in_hand: Callable[[], str] = lambda: "", emit: Emit = discard,
        today: Callable[[], datetime] = datetime.now,
    ) -> None:  # fmt: skip
        self._terminal = terminal
        self._delivered = terminal.parameters
        self._keys = keys or KeyRing(terminal.parameters.ca_keys, frozenset)
        self._card_in_hand = card_in_hand
        self._emit = emit
        self._today = today
        self._trace_before: int | None = None
        self._more: dict[str, Callable[[str], None]] = {
            NEXT_TRACE: lambda value: self._set_next_trace(number(value)),
            CA_KEYS: self._set_keys,
            EXCEPTION_FILE: self._set_exception_file,
        }

    def sign_on(self) -> Outcome:
        return self._terminal.sign_on()

    def perform(self, order: Order) -> Outcome:
        if order.transaction in FINANCIAL:
            self._tell("configuration", **self._configuration())
        return self._terminal.perform(order)

    def set_parameter(self, name: str, value: str) -> None:
        if name in self._more:
            self._more[name](value)
        elif name in SETTABLE:
            self._load(replace(self._terminal.parameters, **SETTABLE[name](value)))
        else:
            raise unknown(name, (*SETTABLE, *self._more))
        self._tell("parameter", name=name, value=value)

    def _set_keys(self, value: str) -> None:
        """What was downloaded before is gone: the terminal has these and no others."""
        keys = self._keys.named(value)
        self._terminal.forget_downloads()
        self._load(replace(self._terminal.parameters, ca_keys=keys))

    def _set_exception_file(self, value: str) -> None:
        """The card in hand is on it, or nobody's is."""
        cards = frozenset({self._card_in_hand()}) if on_or_off(value) else frozenset()
        self._load(replace(self._terminal.parameters, exception_file=cards))

    def _configuration(self) -> dict[str, Any]:
        parameters = self._terminal.parameters
        revoked = sorted((f"{one.index:02X}", one.serial.hex().upper()) for one in parameters.ca_keys.revoked)
        return {
            **told(parameters.ca_keys, f"{self._today():%Y%m%d}"), "revoked": [list(one) for one in revoked],
            "exception_file": self._card_in_hand() in parameters.exception_file,
            **{name: getattr(parameters, attribute) for name, attribute in TOLD.items()},
        }  # fmt: skip

    def _tell(self, kind: str, **fields: Any) -> None:
        self._emit(Event(Channel.RIG, kind, fields))

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
        a host that sees them twice in one batch answers 94 (facts/unionpay-pos 5.16). What was downloaded is gone."""
        self._terminal.forget_downloads()
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
