"""The transactions that a terminal and a host know, and the matrix that says how each lies on the wire.

facts/unionpay-pos 3: MTI, F3, F25 and F60.1 together name a transaction; where F3 is absent, F60.3 does. A row here is
its documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Transaction(StrEnum):
    """What a terminal can ask a host for."""

    SIGN_ON = "sign-on"
    SIGN_OFF = "sign-off"
    CASHIER_SIGN_ON = "cashier sign-on"
    ECHO = "echo"
    STATUS_UPLOAD = "status upload"
    PARAMETERS = "parameter download"
    PARAMETERS_END = "parameter download end"
    CA_KEY_QUERY = "CA key query"
    CA_KEY_DOWNLOAD = "CA key download"
    CA_KEY_END = "CA key download end"
    IC_PARAMETER_QUERY = "IC parameter query"
    IC_PARAMETER_DOWNLOAD = "IC parameter download"
    IC_PARAMETER_END = "IC parameter download end"
    BALANCE = "balance"
    SALE = "sale"
    SALE_VOID = "sale void"
    REFUND = "refund"
    PREAUTH = "pre-authorisation"
    INCREMENT = "incremental pre-authorisation"
    CANCEL = "cancel"
    COMPLETION = "completion"
    ADVICE = "completion advice"
    COMPLETION_VOID = "completion void"
    OFFLINE_SALE = "offline sale"
    ADJUSTMENT = "adjustment"
    TIP = "tip adjustment"
    SCRIPT_NOTICE = "script notice"
    SETTLEMENT = "settlement"
    BATCH_UPLOAD = "batch upload"
    BATCH_END = "batch end"
    TC_UPLOAD = "TC upload"
    CHIP_FAILURE_UPLOAD = "chip failure upload"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a transaction's request lies on the wire.

    `also_f60_3` are further values that name the same transaction. `any_f3` tells that F3 and F25 may be anything:
    F60.3 alone is enough. `stored` is a message that is kept and sent again until it is acknowledged, never reversed.
    """

    mti: str
    f60_1: str
    f3: str = ""
    f25: str = ""
    f60_3: str = "000"
    also_f60_3: tuple[str, ...] = ()
    reversible: bool = False
    mac: bool = False
    stored: bool = False
    any_f3: bool = False

    @property
    def reply_mti(self) -> str:
        """The request's MTI plus 10."""
        return f"{int(self.mti) + 10:04d}"


TRANSACTIONS: dict[Transaction, Layout] = {  # facts/unionpay-pos 3
    Transaction.SIGN_ON: Layout("0800", "00", f60_3="003", also_f60_3=("001", "004")),  # 2.6: key forms
    Transaction.SIGN_OFF: Layout("0820", "00", f60_3="002"),
    Transaction.CASHIER_SIGN_ON: Layout("0820", "00", f60_3="401"),
    Transaction.ECHO: Layout("0820", "00", f60_3="301"),
    Transaction.STATUS_UPLOAD: Layout("0820", "00", f60_3="362"),
    Transaction.PARAMETERS: Layout("0800", "00", f60_3="360"),
    Transaction.PARAMETERS_END: Layout("0800", "00", f60_3="361"),
    Transaction.CA_KEY_QUERY: Layout("0820", "00", f60_3="372"),
    Transaction.CA_KEY_DOWNLOAD: Layout("0800", "00", f60_3="370"),
    Transaction.CA_KEY_END: Layout("0800", "00", f60_3="371"),
    Transaction.IC_PARAMETER_QUERY: Layout("0820", "00", f60_3="382"),
    Transaction.IC_PARAMETER_DOWNLOAD: Layout("0800", "00", f60_3="380"),
    Transaction.IC_PARAMETER_END: Layout("0800", "00", f60_3="381"),
    Transaction.BALANCE: Layout("0200", "01", f3="310000", f25="00", mac=True),
    Transaction.SALE: Layout("0200", "22", f3="000000", f25="00", reversible=True, mac=True),
    Transaction.SALE_VOID: Layout("0200", "23", f3="200000", f25="00", reversible=True, mac=True),
    Transaction.REFUND: Layout("0220", "25", f3="200000", f25="00", mac=True, stored=True),  # 5.18
    Transaction.PREAUTH: Layout("0100", "10", f3="030000", f25="06", reversible=True, mac=True),
    Transaction.INCREMENT: Layout("0100", "10", f3="030000", f25="60", reversible=True, mac=True),
    Transaction.CANCEL: Layout("0100", "11", f3="200000", f25="06", reversible=True, mac=True),
    Transaction.COMPLETION: Layout("0200", "20", f3="000000", f25="06", reversible=True, mac=True),
    Transaction.ADVICE: Layout("0220", "24", f3="000000", f25="06", mac=True, stored=True),
    Transaction.COMPLETION_VOID: Layout("0200", "21", f3="200000", f25="06", reversible=True, mac=True),
    Transaction.OFFLINE_SALE: Layout("0220", "30", f3="000000", f25="00", mac=True, stored=True),
    Transaction.ADJUSTMENT: Layout("0220", "32", f3="000000", f25="00", mac=True, stored=True),
    Transaction.TIP: Layout("0220", "34", f3="000000", f25="00", mac=True, stored=True),
    Transaction.SCRIPT_NOTICE: Layout("0620", "00", f60_3="951", mac=True, any_f3=True),
    Transaction.SETTLEMENT: Layout("0500", "00", f60_3="201"),
    Transaction.BATCH_UPLOAD: Layout("0320", "00", f60_3="201"),
    Transaction.BATCH_END: Layout("0320", "00", f60_3="207", also_f60_3=("202",)),  # balanced, unbalanced
    Transaction.TC_UPLOAD: Layout("0320", "00", f60_3="203", also_f60_3=("205",)),
    Transaction.CHIP_FAILURE_UPLOAD: Layout("0320", "00", f60_3="204", also_f60_3=("206",)),
}

FINANCIAL = frozenset(t for t, layout in TRANSACTIONS.items() if layout.mti[:2] in ("01", "02"))
"""They move money, or ask about it."""
MANAGEMENT = frozenset(t for t, layout in TRANSACTIONS.items() if layout.mti[:2] == "08")
"""What a terminal may do at any time, without an order."""
SETTLING = frozenset(t for t, layout in TRANSACTIONS.items() if layout.mti in ("0320", "0500"))
"""The end of a batch."""

REVERSAL_MTI = "0400"  # facts/unionpay-pos 3: F3, F25 and F60.1 are those of the original
REVERSAL_REPLY_MTI = "0410"


def transaction_of(mti: str, f3: str, f25: str, f60: str) -> Transaction | None:
    """The transaction that a request or a reply belongs to, or None. A reversal names its original."""
    if len(mti) != 4 or not (mti.isascii() and mti.isdigit()):
        return None
    return _row(mti, f3, f25, f60[:2], f60[8:11])


@lru_cache(maxsize=1024)
def _row(mti: str, f3: str, f25: str, f60_1: str, f60_3: str) -> Transaction | None:
    request_mti = f"{int(mti) - 10:04d}" if int(mti[2]) % 2 else mti  # 0110 answers 0100, 0830 answers 0820
    for transaction, layout in TRANSACTIONS.items():
        same_mti = request_mti in (layout.mti, REVERSAL_MTI) if layout.reversible else request_mti == layout.mti
        same_row = layout.any_f3 or (layout.f3 == f3 and layout.f25 == f25 and layout.f60_1 == f60_1)
        if same_mti and same_row and (layout.f3 or f60_3 in (layout.f60_3, *layout.also_f60_3)):
            return transaction
    return None
