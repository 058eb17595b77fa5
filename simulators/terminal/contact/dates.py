"""Whether six digits are a day. EMV Book 3, 7.5: a card's date that is none ends the transaction."""

from __future__ import annotations

from datetime import date

from protocols.emv.dates import full_date


def is_date(yymmdd: str) -> bool:
    """Whether there is such a day, YYMMDD."""
    try:
        full = full_date(yymmdd)
        date(int(full[:4]), int(full[4:6]), int(full[6:]))
    except ValueError:
        return False
    return True
