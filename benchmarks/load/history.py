"""A ledger with a past: holds in bulk, and all that became of them, put into the tables by SQL.

Of ten holds on a card one is open, one expired, one cancelled, seven are completed. Every hold has its request in the
journal, what ended it has its own, and the postings of both add up to what stands in the account.
"""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

from benchmarks.load.plan import MERCHANT

ON_A_CARD = 10
AMOUNT = 10_000
TERMINALS_FROM = 40_000_000
"""Numbers of terminals that no load uses."""
_PAST = """
CREATE TEMP TABLE past AS
WITH RECURSIVE counted (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM counted WHERE k + 1 < :holds)
SELECT k, 2 * k + :first AS id, 'card ' || (k % :cards) AS card, printf('%08d', :terminal + k / 999999) AS terminal,
    printf('%06d', k % 999999 + 1) AS trace, printf('%06d', k % 999999 + 1) AS approval,
    date(:today, printf('-%d days', k % 25)) AS day,
    CASE k / :cards % 10 WHEN 0 THEN 'open' WHEN 1 THEN 'expired' WHEN 2 THEN 'cancelled' ELSE 'completed' END AS state
FROM counted;
"""
_ENTERED = """
INSERT INTO journal (id, terminal, merchant, batch, trace, kind, card, amount, asked, approval, reference, day, code,
    state, original)
SELECT id, terminal, :merchant, '000001', trace, 'pre-authorisation', card, :amount, :amount, approval,
    printf('P%011d', id), day, '00', 'normal', NULL FROM past;
"""
_ENDED = """
INSERT INTO journal (id, terminal, merchant, batch, trace, kind, card, amount, asked, approval, reference, day, code,
    state, original)
SELECT id + 1, terminal, :merchant, '000002', trace, CASE state WHEN 'completed' THEN 'completion' ELSE 'cancel' END,
    card, :amount, :amount, approval, printf('P%011d', id + 1), day, '00', 'normal', id
FROM past WHERE state IN ('completed', 'cancelled');
"""
_HELD = """
INSERT INTO hold (id, card, merchant, approval, trace, day, amount, granted, held, booked, state, last_day, closed_by)
SELECT id, card, :merchant, approval, trace, day, :amount, :amount, (state = 'open') * :amount,
    (state = 'completed') * :amount, state, date(day, '+30 days'), CASE state WHEN 'cancelled' THEN id + 1 END
FROM past;
"""
_POSTED = """
INSERT INTO posting (card, hold, kind, debit, credit, amount, journal)
SELECT card, id, 'hold', 'available', 'held', :amount, id FROM past;
"""
_POSTED_ENDS = """
INSERT INTO posting (card, hold, kind, debit, credit, amount, journal)
SELECT card, id, CASE state WHEN 'completed' THEN 'book' ELSE 'release' END, 'held',
    CASE state WHEN 'completed' THEN 'booked' ELSE 'available' END, :amount,
    CASE state WHEN 'expired' THEN NULL ELSE id + 1 END
FROM past WHERE state <> 'open';
"""
_ACCOUNTS = """
INSERT INTO account (card, kind, opening, available) SELECT DISTINCT card, 'credit', :opening, :opening FROM past
WHERE card NOT IN (SELECT card FROM account);
"""
_POTS = """
UPDATE account SET available = available - moved.held - moved.booked, held = account.held + moved.held,
    booked = account.booked + moved.booked
FROM (SELECT card, SUM(state = 'open') * :amount AS held, SUM(state = 'completed') * :amount AS booked
    FROM past GROUP BY card) AS moved
WHERE account.card = moved.card;
"""


def fill(ledger: Path, holds: int, opening: int, today: date) -> None:
    """So many holds on a tenth as many cards, `card 0` and on: accounts that are there already take their share.

    The host that owns the ledger may run, and must be idle.
    """
    books = sqlite3.connect(ledger, isolation_level=None)
    try:
        books.execute("PRAGMA synchronous=OFF")
        books.execute("PRAGMA cache_size=-200000")
        first = books.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM journal").fetchone()[0]
        values = {
            "holds": holds, "cards": max(1, holds // ON_A_CARD), "first": first, "terminal": TERMINALS_FROM,
            "today": today.isoformat(), "merchant": MERCHANT, "amount": AMOUNT, "opening": opening,
        }  # fmt: skip
        books.execute("BEGIN IMMEDIATE")
        for statement in (_PAST, _ENTERED, _ENDED, _HELD, _POSTED, _POSTED_ENDS, _ACCOUNTS, _POTS):
            books.execute(statement, {name: value for name, value in values.items() if f":{name}" in statement})
        books.execute("COMMIT")
        books.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        books.close()
