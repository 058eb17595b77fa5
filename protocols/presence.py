"""Which fields each message must, may and must not carry, in both directions. facts/unionpay-pos 3.1, 5.19.

The table is data; `breaches` reads it. What a table does not name is tolerated: hosts in the field do not refuse an
unknown extra (3.2, note), and terminals add fields of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from protocols.transactions import TRANSACTIONS, Transaction

Side = Literal["request", "reply"]
APPROVED = "00"
Carried: TypeAlias = "Mapping[int, str | bytes] | Mapping[int, str]"
"""A message, or its field numbers and values."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A field that is there and must not be, or is not there and must be. `reason` ends the sentence "F52 ..."."""

    field: int
    reason: str

    def __str__(self) -> str:
        return f"F{self.field} {self.reason}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`fields` are wanted when the value of `when` begins with one of `starts` at `at`; with no `starts`, when it is
    there at all. `one_of` tells that one of the fields is enough."""

    fields: tuple[int, ...]
    when: int
    starts: tuple[str, ...] = ()
    at: int = 0
    one_of: bool = False
    because: str = ""

    def asks(self, value: str | bytes) -> bool:
        """Whether the fields are wanted with this value of `when`."""
        return not self.starts or (isinstance(value, str) and value.startswith(self.starts, self.at))

    def met(self, carried: Carried) -> bool:
        """Whether enough of the fields are there: the first that is, or that is not, may settle it."""
        for number in self.fields:
            if (number in carried) is self.one_of:
                return self.one_of
        return not self.one_of


@dataclass(frozen=True, slots=True)
class Presence:
    """What a message carries. `optional` are fields that are usual and not wanted; they are named for the reader.

    `needed` and `barred` are the mandatory and the forbidden ones, for a look at all of them at once.
    """

    mandatory: tuple[int, ...]
    conditional: tuple[Wanted, ...] = ()
    optional: tuple[int, ...] = ()
    forbidden: tuple[int, ...] = ()
    needed: frozenset[int] = field(init=False, repr=False, compare=False)
    barred: frozenset[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "needed", frozenset(self.mandatory))
        object.__setattr__(self, "barred", frozenset(self.forbidden))


# ── conditions of requests: facts/unionpay-pos 2, 3.1 ─────────────────────────────────────────────────────────────────

CARD = Wanted((2, 35, 36), 22, one_of=True, because="a card is named by its number or by a track")
SWIPED = Wanted((35, 36), 22, ("02",), one_of=True, because="F22 says that a stripe was read")
TYPED = Wanted((2,), 22, ("01",), because="F22 says that the number was typed")
CHIP = Wanted((55,), 22, ("05", "07"), because="F22 says that a chip was read")
"""F23 beside it where the card has a sequence number: 2."""
PIN_TYPED = Wanted((52,), 22, ("1",), at=2, because="F22 says that a PIN was typed")
PIN = Wanted((26, 53), 52, because="a PIN block comes with both")
PIN_LENGTH = Wanted((52,), 26, because="it says how long the PIN of F52 may be")
_CARD = (CARD, SWIPED, TYPED, PIN_TYPED, PIN, PIN_LENGTH)

_MONEY = (3, 4, 11, 22, 25, 41, 42, 49, 60, 64)
_MANAGEMENT = (11, 41, 42, 60)
_ORIGINAL_BY_CODE = Presence((*_MONEY, 38, 61), _CARD, optional=(14, 23, 35, 36, 55, 59, 63))
_VOID = Presence((*_MONEY, 37, 61), _CARD, optional=(14, 23, 35, 36, 38, 55))
_ADVICE = Presence((*_MONEY, 38, 61), (CARD, SWIPED, TYPED), optional=(14, 23, 55), forbidden=(26, 52))
_BATCH = Presence((11, 41, 42, 48, 60))

REQUESTS: Mapping[Transaction, Presence] = {
    Transaction.SIGN_ON: Presence(_MANAGEMENT, optional=(12, 13, 32, 62, 63)),
    Transaction.SIGN_OFF: Presence(_MANAGEMENT),
    Transaction.CASHIER_SIGN_ON: Presence((*_MANAGEMENT, 63)),
    Transaction.ECHO: Presence((41, 42, 60), optional=(11,)),
    Transaction.STATUS_UPLOAD: Presence(_MANAGEMENT, optional=(62,)),
    Transaction.PARAMETERS: Presence(_MANAGEMENT),
    Transaction.PARAMETERS_END: Presence(_MANAGEMENT),
    Transaction.CA_KEY_QUERY: Presence(_MANAGEMENT, optional=(62,)),
    Transaction.CA_KEY_DOWNLOAD: Presence((*_MANAGEMENT, 62)),
    Transaction.CA_KEY_END: Presence(_MANAGEMENT),
    Transaction.IC_PARAMETER_QUERY: Presence(_MANAGEMENT, optional=(62,)),
    Transaction.IC_PARAMETER_DOWNLOAD: Presence((*_MANAGEMENT, 62)),
    Transaction.IC_PARAMETER_END: Presence(_MANAGEMENT),
    Transaction.BALANCE: Presence(tuple(n for n in _MONEY if n != 4), (*_CARD, CHIP), optional=(14,)),
    Transaction.SALE: Presence(_MONEY, (*_CARD, CHIP), optional=(14, 32, 57, 59, 63)),
    Transaction.SALE_VOID: _VOID,
    Transaction.REFUND: Presence((*_MONEY, 37, 61), (CARD, SWIPED, TYPED), optional=(14, 23, 38, 62, 63)),
    Transaction.PREAUTH: Presence(_MONEY, (*_CARD, CHIP), optional=(14, 32, 57, 59, 63)),
    Transaction.INCREMENT: _ORIGINAL_BY_CODE,
    Transaction.CANCEL: _ORIGINAL_BY_CODE,
    Transaction.COMPLETION: _ORIGINAL_BY_CODE,
    Transaction.ADVICE: _ADVICE,
    Transaction.COMPLETION_VOID: _VOID,
    Transaction.OFFLINE_SALE: Presence(_MONEY, (CARD, SWIPED, TYPED), optional=(14, 23, 38, 55)),
    Transaction.ADJUSTMENT: Presence((*_MONEY, 61), (CARD, SWIPED, TYPED), optional=(14, 23, 37, 38)),
    Transaction.TIP: Presence((*_MONEY, 61), (CARD, SWIPED, TYPED), optional=(14, 23, 37, 38, 48)),
    Transaction.SCRIPT_NOTICE: Presence((2, 4, 11, 22, 37, 41, 42, 49, 55, 60, 61, 64), optional=(3, 23, 32, 38)),
    Transaction.SETTLEMENT: Presence((11, 41, 42, 48, 49, 60, 63)),
    Transaction.BATCH_UPLOAD: _BATCH,
    Transaction.BATCH_END: _BATCH,
    Transaction.TC_UPLOAD: Presence((11, 41, 42, 60), optional=(2, 4, 22, 23, 55, 62)),
    Transaction.CHIP_FAILURE_UPLOAD: Presence((11, 41, 42, 60), optional=(2, 4, 22, 23, 55, 62)),
}

_UNDONE = (26, 35, 36, 37, 52, 53)
"""facts/unionpay-pos 3.1, 5.19: a reversal carries no PIN, no track and no reference."""
_REVERSAL = (3, 4, 11, 22, 25, 39, 41, 42, 49, 60, 64)
_NO_ORIGINAL = frozenset({Transaction.PREAUTH, Transaction.INCREMENT, Transaction.SALE})  # 2.5: no F61 in theirs
REVERSALS: Mapping[Transaction, Presence] = {
    transaction: Presence(
        _REVERSAL if transaction in _NO_ORIGINAL else (*_REVERSAL, 61),
        optional=(2, 14, 23, 38, 55, 62), forbidden=_UNDONE,
    )
    for transaction, layout in TRANSACTIONS.items()
    if layout.reversible
}  # fmt: skip

# ── replies: facts/unionpay-pos 3.1, 3.2 ──────────────────────────────────────────────────────────────────────────────

_GRANTED = Wanted((38, 44), 39, (APPROVED,), because="it is approved")
_MONEY_REPLY = (3, 4, 11, 12, 13, 25, 32, 37, 39, 41, 42, 49, 60, 64)
_WITH_CODE = Presence(_MONEY_REPLY, (_GRANTED,), optional=(2, 14, 15, 23, 53, 54, 55, 59, 63))
_PLAIN = Presence(_MONEY_REPLY, optional=(2, 14, 15, 23, 38, 44, 53, 54, 55, 59, 63))
_MANAGED = Presence((11, 12, 13, 32, 39, 41, 42, 60), optional=(37, 62, 63))
_LOADED = Presence((11, 12, 13, 32, 39, 41, 42, 60), (Wanted((62,), 39, (APPROVED,), because="it carries the load"),))
_BATCHED = Presence((11, 12, 13, 32, 37, 39, 41, 42, 60), optional=(15, 48))

REPLIES: Mapping[Transaction, Presence] = {
    **dict.fromkeys((t for t, row in TRANSACTIONS.items() if row.mti[:2] in ("01", "02")), _PLAIN),
    **dict.fromkeys(
        (
            Transaction.PREAUTH, Transaction.INCREMENT, Transaction.CANCEL, Transaction.COMPLETION,
            Transaction.COMPLETION_VOID, Transaction.SALE,
        ),
        _WITH_CODE,
    ),
    **dict.fromkeys((t for t, row in TRANSACTIONS.items() if row.mti[:2] == "08"), _MANAGED),
    **dict.fromkeys((Transaction.SIGN_ON, Transaction.PARAMETERS), _LOADED),
    **dict.fromkeys((t for t, row in TRANSACTIONS.items() if row.mti == "0320"), _BATCHED),
    Transaction.BALANCE: Presence(
        tuple(n for n in _MONEY_REPLY if n != 4),
        (Wanted((54,), 39, (APPROVED,), because="it is what was asked for"),),
        optional=(2, 14, 15, 23, 44, 53, 55),
    ),
    Transaction.ECHO: Presence((12, 13, 39, 41, 42, 60), optional=(11, 32)),
    Transaction.SETTLEMENT: Presence((11, 12, 13, 15, 32, 37, 39, 41, 42, 48, 49, 60, 63)),
    Transaction.SCRIPT_NOTICE: Presence((11, 12, 13, 32, 37, 39, 41, 42, 60, 64), optional=(2, 4, 23, 49, 55)),
}  # fmt: skip
REVERSAL_REPLY = _PLAIN


RULED_OUT: tuple[tuple[str, tuple[int, ...], str], ...] = (
    ("01", (23, 35, 36, 55), "F22 says that the number was typed"),
    ("02", (2, 23, 55), "F22 says that a stripe was read"),
)
"""What the way of entry leaves nothing to be said of: the beginning of F22, the fields, and why. facts/unionpay-pos 2.

A host tolerates them (3.2, note); a terminal does not send them.
"""


def ruled_out(carried: Carried) -> list[Breach]:
    """Fields of a request that its own F22 rules out. Not of a reversal, which names its card by F2 (5.19)."""
    mode = carried.get(22, "")
    for begins, fields, because in RULED_OUT:
        if isinstance(mode, str) and mode.startswith(begins):
            return [Breach(number, f"must not be there: {because}") for number in fields if number in carried]
    return []


def presence(transaction: Transaction, side: Side, *, reversal: bool = False) -> Presence:
    """The row of a message. Raises KeyError for the reversal of what cannot be reversed."""
    if side == "reply":
        return REVERSAL_REPLY if reversal else REPLIES[transaction]
    return REVERSALS[transaction] if reversal else REQUESTS[transaction]


def breaches(carried: Carried, row: Presence, *, unsealed: Collection[int] = ()) -> list[Breach]:
    """Every breach of a row, in the order of the fields. `carried` maps field numbers to values; the value of a binary
    field may be anything. `unsealed` are fields that are not asked for here, as F64 before it is made."""
    found = {n: Breach(n, "is missing") for n in row.needed.difference(carried) if n not in unsealed}
    if not row.barred.isdisjoint(carried):
        found |= {n: Breach(n, "must not be there") for n in row.barred if n in carried}
    for rule in row.conditional:
        value = carried.get(rule.when)
        if value is not None and not rule.met(carried) and rule.asks(value):
            for breach in _unmet(rule, carried):
                found.setdefault(breach.field, breach)
    return [found[number] for number in sorted(found)] if found else []


def _unmet(rule: Wanted, carried: Carried) -> list[Breach]:
    if rule.one_of:
        others = " or ".join(f"F{n}" for n in rule.fields[1:])
        return [Breach(rule.fields[0], f"or {others} is missing: {rule.because}")]
    return [Breach(n, f"is missing: {rule.because}") for n in rule.fields if n not in carried]
