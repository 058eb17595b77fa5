"""Dates of six digits, which say no century. EMV Book 4, 6.7.3."""

from __future__ import annotations

FIRST_OF_1900S = 50


def full_date(yymmdd: str) -> str:
    """YYYYMMDD, which sorts: years from 50 on are of the last century. Raises ValueError unless it is digits."""
    if len(yymmdd) != 6 or not (yymmdd.isascii() and yymmdd.isdecimal()):
        raise ValueError("a date is six digits")
    return ("19" if int(yymmdd[:2]) >= FIRST_OF_1900S else "20") + yymmdd


def month_over(mmyy: str, today: str) -> bool:
    """Whether a month's last day is before today, YYMMDD; also of a month that is none. EMV Book 2, 5.3, step 9"""
    try:
        month = full_date(mmyy[2:] + mmyy[:2] + "01")[:6]
    except ValueError:
        return True
    return not "01" <= mmyy[:2] <= "12" or month < full_date(today)[:6]
