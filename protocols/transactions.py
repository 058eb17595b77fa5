"""The transactions of a pre-authorisation's life, and the matrix that says how each lies on the wire.

facts/unionpay-pos 3: MTI, F3, F25 and F60.1 together name a transaction. A row here is its documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Transaction(StrEnum):
    """What a terminal can ask a host for."""

    SIGN_ON = "sign-on"
    SIGN_OFF = "sign-off"
    ECHO = "echo"
    PREAUTH = "pre-authorisation"
    CANCEL = "cancel"
    COMPLETION = "completion"
    COMPLETION_VOID = "completion void"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a transaction's request lies on the wire. `also_f60_3` are further values that name the same transaction."""

    mti: str
    f60_1: str
    f3: str = ""
    f25: str = ""
    f60_3: str = "000"
    also_f60_3: tuple[str, ...] = ()
    reversible: bool = False
    mac: bool = False

    @property
    def reply_mti(self) -> str:
        """The request's MTI plus 10."""
        return f"{int(self.mti) + 10:04d}"


TRANSACTIONS: dict[Transaction, Layout] = {  # facts/unionpay-pos 3
    Transaction.SIGN_ON: Layout("0800", "00", f60_3="003", also_f60_3=("001",)),  # 2.6: key length
    Transaction.SIGN_OFF: Layout("0820", "00", f60_3="002"),
    Transaction.ECHO: Layout("0820", "00", f60_3="301"),
    Transaction.PREAUTH: Layout("0100", "10", f3="030000", f25="06", reversible=True, mac=True),
    Transaction.CANCEL: Layout("0100", "11", f3="200000", f25="06", reversible=True, mac=True),
    Transaction.COMPLETION: Layout("0200", "20", f3="000000", f25="06", reversible=True, mac=True),
    Transaction.COMPLETION_VOID: Layout("0200", "21", f3="200000", f25="06", reversible=True, mac=True),
}

REVERSAL_MTI = "0400"  # facts/unionpay-pos 3: F3, F25 and F60.1 are those of the original
REVERSAL_REPLY_MTI = "0410"


def transaction_of(mti: str, f3: str, f25: str, f60: str) -> Transaction | None:
    """The transaction that a request or a reply belongs to, or None. A reversal names its original."""
    if len(mti) != 4 or not (mti.isascii() and mti.isdigit()):
        return None
    request_mti = f"{int(mti) - 10:04d}" if int(mti[2]) % 2 else mti  # 0110 answers 0100, 0830 answers 0820
    for transaction, layout in TRANSACTIONS.items():
        same_mti = request_mti in (layout.mti, REVERSAL_MTI) if layout.reversible else request_mti == layout.mti
        same_row = layout.f3 == f3 and layout.f25 == f25 and layout.f60_1 == f60[:2]
        if same_mti and same_row and (layout.f3 or f60[8:11] in (layout.f60_3, *layout.also_f60_3)):
            return transaction
    return None
