"""What a terminal is configured with before it may work."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.transactions import Transaction
from simulators.terminal.contact.cakeys import CaKeys
from simulators.terminal.contact.configuration import UNIONPAY, ApplicationRule
from simulators.terminal.gateways import Gateway


@dataclass(frozen=True, slots=True)
class TerminalParameters:
    """Identity and switches. Times are real seconds; the host's are divided by `time_scale`.

    `gateways` are the ways to the host, the first one first; none is the host itself, on a plain line.

    `batch_limit`, `reversal_repeats` and `signs_off` (after a settlement) of None are the market's. `switched_off` are
    transactions that the terminal refuses by itself.

    `manual_entry` lets numbers be typed where the market does, `typed_for_all` wherever there is a card.

    `floor_limit` (minor units), `random_percent` and the action codes (hex) of None are each application's own.
    `ca_keys` are those that the acquirer put in; what is downloaded comes beside them.
    """

    terminal_id: str
    merchant_id: str
    merchant_name: str
    operator: str
    response_timeout_s: float = 60.0
    connect_timeout_s: float = 10.0
    gateways: tuple[Gateway, ...] = ()
    card_wait_s: float = 30.0
    supervisor_password: str = field(default="123456", repr=False)
    serial: str = "SIM00001"
    columns: int = 32
    local_limit: bool = True
    partial_approvals: bool = False
    manual_entry: bool = True  # facts/unionpay-pos 5.10
    typed_for_all: bool = False
    batch_limit: int | None = None
    reversal_repeats: int | None = None
    signs_off: bool | None = None
    switched_off: frozenset[Transaction] = frozenset()
    pin_entries: int = 3  # facts/unionpay-pos 5.17
    time_scale: float = 1.0
    tpdu: str = "6000060000"
    header: str = "613100311003"  # facts/unionpay-pos 1.5, 1.6: chip payment
    fallback: bool = True  # facts/unionpay-pos 5.13
    chip_attempts: int = 3
    pinpad: bool = True
    pin_bypass: bool = True
    cardholder_choice: bool = True
    offline_approval: bool = False
    applications: tuple[ApplicationRule, ...] = UNIONPAY
    capabilities: str = "E0F8C8"  # EMV Book 4, Annex A2: tag 9F33
    tac_denial: str | None = None
    tac_online: str | None = None
    tac_default: str | None = None
    floor_limit: int | None = None
    random_percent: int | None = None
    country: str = "156"
    ca_keys: CaKeys = field(default_factory=CaKeys, repr=False)
    exception_file: frozenset[str] = field(default=frozenset(), repr=False)
