"""F48: the totals of a settlement, and the records and end of a batch upload. facts/unionpay-pos 2.3, 3.3.

In a financial request it is often the single digit 0, which means nothing (likely).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.iso8583.errors import PackError, UnpackError
from protocols.iso8583.subfields.part import Part, cut, digits_of, number_of
from protocols.totals import Totals

FLAGS = {"1": "balanced", "2": "unbalanced", "3": "error"}
"""What the host found: in a reply alone."""
TOTALS = (
    Part("debit total", 12), Part("debit count", 3), Part("credit total", 12), Part("credit count", 3),
    Part("flag", 1, FLAGS),
)  # fmt: skip
TOTALS_WIDTH = sum(part.width for part in TOTALS)
CARD_CLASSES = {"00": "domestic", "01": "foreign"}
RECORD = (Part("card class", 2, CARD_CLASSES), Part("trace", 6), Part("PAN", 20), Part("amount", 12))
RECORD_WIDTH = sum(part.width for part in RECORD)
MOST_RECORDS = 8
_COUNT_WIDTH, _END_WIDTH = 2, 4
_PATH = ("F48",)


@dataclass(frozen=True, slots=True)
class TotalsRow:
    """What one class of cards booked in a batch. Amounts in minor units; `flag` is one digit, 0 in a request."""

    debit: int = 0
    debit_count: int = 0
    credit: int = 0
    credit_count: int = 0
    flag: str = "0"

    def pack(self) -> str:
        """31 digits. Raises PackError for a number that is too long."""
        numbers = (self.debit, self.debit_count, self.credit, self.credit_count)
        if len(self.flag) != 1 or self.flag not in "0123456789":
            raise PackError((*_PATH, "flag"), "it is one digit")
        packed = (digits_of((*_PATH, p.name), n, p.width) for p, n in zip(TOTALS[:4], numbers, strict=True))
        return "".join(packed) + self.flag

    @classmethod
    def parse(cls, digits: str) -> TotalsRow:
        """Raises UnpackError for what are no totals."""
        if len(digits) != TOTALS_WIDTH:
            raise UnpackError(_PATH, f"{len(digits)} digits instead of {TOTALS_WIDTH}")
        values = cut(TOTALS, digits)
        debit, debits, credit, credits_, _ = (
            number_of((*_PATH, part.name), value) for part, value in zip(TOTALS, values, strict=True)
        )
        return cls(debit, debits, credit, credits_, values[4])

    @classmethod
    def of(cls, totals: Totals, flag: str = "0") -> TotalsRow:
        """The row of what a batch comes to."""
        return cls(totals.debit, totals.debit_count, totals.credit, totals.credit_count, flag)

    @property
    def totals(self) -> Totals:
        """What it says, without the flag."""
        return Totals(self.debit, self.debit_count, self.credit, self.credit_count)


@dataclass(frozen=True, slots=True)
class Settlement:
    """F48 of 0500 and 0510: the totals of domestic and of foreign cards."""

    domestic: TotalsRow
    foreign: TotalsRow = TotalsRow()

    def pack(self) -> str:
        """62 digits. Raises PackError for a number that is too long."""
        return self.domestic.pack() + self.foreign.pack()

    @classmethod
    def parse(cls, digits: str) -> Settlement:
        """Raises UnpackError for another length."""
        if len(digits) != 2 * TOTALS_WIDTH:
            raise UnpackError(
                _PATH, f"{len(digits)} digits instead of {2 * TOTALS_WIDTH}", advice="totals are two rows"
            )
        return cls(TotalsRow.parse(digits[:TOTALS_WIDTH]), TotalsRow.parse(digits[TOTALS_WIDTH:]))


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One transaction of a batch upload. `amount` in minor units; `card_class` is 00 domestic or 01 foreign."""

    trace: str
    pan: str = field(repr=False)
    amount: int
    card_class: str = "00"

    def pack(self) -> str:
        """40 digits, the PAN on its right before zeros. Raises PackError for a part that is too long."""
        if len(self.card_class) != 2 or len(self.trace) != 6 or len(self.pan) > 20:
            raise PackError(_PATH, "card class and trace are 2 and 6 digits, a PAN at most 20")
        return self.card_class + self.trace + self.pan.rjust(20, "0") + digits_of(_PATH, self.amount, 12)

    @classmethod
    def parse(cls, digits: str) -> BatchRecord:
        """Raises UnpackError for what is no record."""
        card_class, trace, pan, amount = cut(RECORD, digits)
        if len(digits) != RECORD_WIDTH:
            raise UnpackError(_PATH, f"a record has {len(digits)} digits instead of {RECORD_WIDTH}")
        return cls(trace, pan.lstrip("0"), number_of(_PATH, amount), card_class)


@dataclass(frozen=True, slots=True)
class BatchRecords:
    """F48 of 0320 with F60.3 201: up to eight records."""

    records: tuple[BatchRecord, ...]

    def pack(self) -> str:
        """Raises PackError for more than eight records."""
        if len(self.records) > MOST_RECORDS:
            raise PackError(_PATH, f"{len(self.records)} records are more than {MOST_RECORDS}")
        return f"{len(self.records):02d}" + "".join(record.pack() for record in self.records)

    @classmethod
    def parse(cls, digits: str) -> BatchRecords:
        """Raises UnpackError when there are none or too many, or the count does not agree with the length."""
        count, rest = number_of(_PATH, digits[:_COUNT_WIDTH]), digits[_COUNT_WIDTH:]
        if not 1 <= count <= MOST_RECORDS:
            raise UnpackError(_PATH, f"it says {count} records", advice=f"1 to {MOST_RECORDS} go in one message")
        if len(digits) < _COUNT_WIDTH or len(rest) != count * RECORD_WIDTH:
            raise UnpackError(
                _PATH, f"it says {count} records, {len(rest)} digits follow", advice=f"a record has {RECORD_WIDTH}"
            )
        return cls(tuple(BatchRecord.parse(rest[at : at + RECORD_WIDTH]) for at in range(0, len(rest), RECORD_WIDTH)))


@dataclass(frozen=True, slots=True)
class BatchEnd:
    """F48 of 0320 at the end of a batch: how many records there were in all."""

    count: int

    def pack(self) -> str:
        """4 digits. Raises PackError for a number that is too long."""
        return digits_of(_PATH, self.count, _END_WIDTH)

    @classmethod
    def parse(cls, digits: str) -> BatchEnd:
        """Raises UnpackError for another length."""
        if len(digits) != _END_WIDTH:
            raise UnpackError(_PATH, f"{len(digits)} digits instead of {_END_WIDTH}")
        return cls(number_of(_PATH, digits))
