"""F54: balances in a reply. facts/unionpay-pos 2."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.iso8583.errors import PackError, UnpackError
from protocols.iso8583.subfields.part import digits_of, number_of

WIDTH = 20
MOST = 2
_PATH = ("F54",)


@dataclass(frozen=True, slots=True)
class Balance:
    """One balance: `account` and `kind` are two digits each (10 and 02 were seen), `currency` three; `amount` is in
    minor units and negative for what is owed (sign D).
    """

    account: str
    kind: str
    currency: str
    amount: int

    def pack(self) -> str:
        """20 characters, `1002156C000000999999`. Raises PackError for a part that has not its length."""
        head = self.account + self.kind + self.currency
        if (len(self.account), len(self.kind), len(self.currency)) != (2, 2, 3) or not head.isdigit():
            raise PackError(_PATH, "account type, amount type and currency are 2, 2 and 3 digits")
        return f"{head}{'D' if self.amount < 0 else 'C'}{digits_of(_PATH, abs(self.amount), 12)}"

    @classmethod
    def parse(cls, text: str) -> Balance:
        """Raises UnpackError for what is no balance."""
        sign = text[7:8]
        if len(text) != WIDTH or sign not in ("C", "D"):
            raise UnpackError(_PATH, f"{len(text)} characters with sign {sign!r} are no balance", advice="C or D is")
        number_of(_PATH, text[:7])
        amount = number_of(_PATH, text[8:])
        return cls(text[:2], text[2:4], text[4:7], -amount if sign == "D" else amount)


@dataclass(frozen=True, slots=True)
class F54:
    """One balance or two."""

    balances: tuple[Balance, ...]

    def pack(self) -> str:
        """Raises PackError when there are more than two."""
        if len(self.balances) > MOST:
            raise PackError(_PATH, f"{len(self.balances)} balances are more than {MOST}")
        return "".join(balance.pack() for balance in self.balances)

    @classmethod
    def parse(cls, text: str) -> F54:
        """Raises UnpackError for what are no balances."""
        return cls(tuple(Balance.parse(text[at : at + WIDTH]) for at in range(0, len(text), WIDTH)))
