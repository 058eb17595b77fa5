"""F60: transaction type, batch, network management and what the terminal can do. facts/unionpay-pos 2.4, 3."""

from __future__ import annotations

from typing import NamedTuple

from protocols.iso8583.subfields.part import Part, cut, join

TYPES = {
    "00": "management", "01": "balance", "07": "electronic signature", "10": "pre-authorisation", "11": "cancel",
    "20": "completion", "21": "completion void", "22": "sale", "23": "sale void", "24": "completion advice",
    "25": "refund", "30": "offline sale", "32": "adjustment", "34": "tip adjustment",
}  # fmt: skip
"""60.1. Those of messages that are not financial are all 00, and 60.3 tells them apart."""
MANAGEMENT = {
    "000": "financial", "001": "sign-on, single keys", "002": "sign-off", "003": "sign-on, double keys",
    "004": "sign-on, double keys and track key", "201": "settlement or batch upload", "202": "batch end, unbalanced",
    "203": "TC upload, balanced", "204": "chip failure upload, balanced", "205": "TC upload, unbalanced",
    "206": "chip failure upload, unbalanced", "207": "batch end, balanced", "301": "echo",
    "360": "parameter download", "361": "parameter download end", "362": "status upload", "370": "CA key download",
    "371": "CA key download end", "372": "CA key query", "380": "IC parameter download",
    "381": "IC parameter download end", "382": "IC parameter query", "390": "BIN blacklist download",
    "391": "BIN blacklist download end", "394": "contactless parameter download",
    "395": "contactless parameter download end", "401": "cashier sign-on", "951": "script notice",
}  # fmt: skip
"""60.3."""
CAPABILITY = {"2": "stripe only", "5": "contact chip", "6": "contact and contactless chip"}
"""60.4; 2 is likely, the others were seen."""
CONDITION = {"0": "not used, or the last one was fine", "1": "last chip read fine", "2": "fallback: last chip failed"}
"""60.5."""
PARTIAL = {"0": "no partial approval", "1": "partial approval and balance"}
"""60.6: 5.15 says that partial approval needs a 1."""

PARTS = (
    Part("type", 2, TYPES), Part("batch", 6), Part("management", 3, MANAGEMENT), Part("capability", 1, CAPABILITY),
    Part("chip condition", 1, CONDITION), Part("partial amounts", 1, PARTIAL), Part("account type", 3),
)  # fmt: skip


class F60(NamedTuple):
    """Digits of 60.1 type (2), 60.2 batch (6), 60.3 network management (3), 60.4 reading capability (1), 60.5 chip
    condition (1), 60.6 partial amounts (1), 60.7 account type (3). An empty part ends the field.
    """

    type: str
    batch: str
    management: str = "000"
    capability: str = ""
    condition: str = ""
    partial: str = ""
    account: str = ""

    def pack(self) -> str:
        """Raises PackError when a part has not its length, or follows one that is not there."""
        return join(60, PARTS, self)

    @classmethod
    def parse(cls, digits: str) -> F60:
        """Parts that are not there are empty."""
        return cls(*cut(PARTS, digits))
