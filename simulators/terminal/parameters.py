"""What a terminal is configured with before it may work."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.transactions import Transaction
from simulators.terminal.gateways import Gateway


@dataclass(frozen=True, slots=True)
class TerminalParameters:
    """Identity, keys and switches. Times are real seconds; the host's are divided by `time_scale`.

    `gateways` are the ways to the host, the first one first; none is the host itself, on a plain line.

    `batch_limit`, `reversal_repeats` and `signs_off` (after a settlement) of None are the market's. `switched_off` are
    transactions that the terminal refuses by itself.
    """

    terminal_id: str
    merchant_id: str
    merchant_name: str
    operator: str
    master_key: bytes = field(repr=False)
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
    batch_limit: int | None = None
    reversal_repeats: int | None = None
    signs_off: bool | None = None
    switched_off: frozenset[Transaction] = frozenset()
    pin_entries: int = 3  # facts/unionpay-pos 5.17
    time_scale: float = 1.0
    tpdu: str = "6000060000"
    header: str = "613100311003"  # facts/unionpay-pos 1.5, 1.6: chip payment
