"""What a terminal's contact kernel is set up with: applications, abilities, keys. EMV Book 4, 5 and 10.2."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from protocols.emv.verification import Capabilities, Tvr
from simulators.terminal.contact.cakeys import CaKeys

UNPREDICTABLE_DDOL = bytes.fromhex("9F3704")
"""EMV Book 2, 6.5.1: a DDOL holds the unpredictable number; facts/pcsc-emv 4.2."""

ATM_TYPES = (0x14, 0x15, 0x16)
"""Unattended terminals of a bank; one of them that gives cash is an ATM. EMV Book 4, Annex A1"""


class Service(Enum):
    """What a card is used for. The value is its bit in the first byte of 9F40. EMV Book 4, Annex A3"""

    CASH = 0x80
    GOODS = 0x40
    SERVICES = 0x20
    CASHBACK = 0x10


@dataclass(frozen=True, slots=True)
class ApplicationRule:
    """One application that the terminal knows, and how it is treated. EMV Book 4, 10.2; facts/pcsc-emv 4.2.

    `partial` is the application selection indicator: whether a card's longer name that begins so is a match. Amounts
    are minor units of the transaction's currency. The action codes are the acquirer's; what stands here is a guess that
    goes online with whatever there is to be said.
    """

    aid: bytes
    partial: bool = True  # EMV Book 1, 12.3.1
    version: bytes = bytes.fromhex("0030")  # 9F09
    tac_default: Tvr = field(default_factory=lambda: Tvr.parse(bytes.fromhex("D84000A800")))
    tac_denial: Tvr = field(default_factory=lambda: Tvr.parse(bytes.fromhex("0010000000")))
    tac_online: Tvr = field(default_factory=lambda: Tvr.parse(bytes.fromhex("D84004F800")))
    floor_limit: int = 0
    threshold: int = 0
    target_percent: int = 0
    max_target_percent: int = 0
    ddol: bytes = UNPREDICTABLE_DDOL
    tdol: bytes = b""

    @property
    def rid(self) -> bytes:
        """The scheme whose application it is."""
        return self.aid[:5]


UNIONPAY = tuple(ApplicationRule(bytes.fromhex(f"A0000003330101{last}")) for last in ("02", "01", "03"))
"""Credit, debit and quasi credit. facts/pcsc-emv 4.2"""


@dataclass(frozen=True, slots=True)
class Configuration:
    """See the module. `country` is three digits (ISO 3166-1), `exception_file` are PANs that the acquirer warns of.

    `cardholder_choice` is whether the customer can be asked which application to use: EMV Book 1, 12.4.
    """

    applications: tuple[ApplicationRule, ...] = UNIONPAY
    keys: CaKeys = field(default_factory=CaKeys)
    capabilities: Capabilities = field(default_factory=lambda: Capabilities.parse(bytes.fromhex("E0F8C8")))  # 9F33
    additional_capabilities: bytes = bytes.fromhex("6000F0F001")  # 9F40: goods and services, keys, display, printer
    terminal_type: int = 0x22  # 9F35: attended, of a merchant, online with offline capability
    country: str = "156"
    serial: str = "SIM00001"
    merchant: str = ""
    merchant_id: str = ""
    terminal_id: str = ""
    cardholder_choice: bool = True
    pinpad: bool = True
    offline_approval: bool = False
    exception_file: frozenset[str] = field(default=frozenset(), repr=False)

    def offers(self, service: Service) -> bool:
        """Whether 9F40 names it."""
        return bool(self.additional_capabilities[0] & service.value)

    @property
    def is_atm(self) -> bool:
        """EMV Book 4, Annex A1."""
        return self.terminal_type in ATM_TYPES and self.offers(Service.CASH)

    @property
    def sells(self) -> frozenset[Service]:
        """Goods, services or both."""
        return frozenset(service for service in (Service.GOODS, Service.SERVICES) if self.offers(service))

    def has_code_table(self, number: int) -> bool:
        """Whether it can show ISO 8859-`number`: the last ten bits of 9F40. EMV Book 4, Annex A3"""
        tables = int.from_bytes(self.additional_capabilities[-2:])
        return 1 <= number <= 10 and bool(tables >> (number - 1) & 1)
