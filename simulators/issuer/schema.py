"""The tables of the issuer's books. Amounts are minor units, days business dates YYYY-MM-DD."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    card TEXT PRIMARY KEY, kind TEXT NOT NULL, opening INTEGER NOT NULL, available INTEGER NOT NULL,
    held INTEGER NOT NULL DEFAULT 0, booked INTEGER NOT NULL DEFAULT 0, retired INTEGER NOT NULL DEFAULT 0)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS posting (
    id INTEGER PRIMARY KEY, card TEXT NOT NULL, hold INTEGER, kind TEXT NOT NULL, debit TEXT NOT NULL,
    credit TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount >= 0), journal INTEGER);
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY, terminal TEXT NOT NULL, merchant TEXT NOT NULL, batch TEXT NOT NULL, trace TEXT NOT NULL,
    kind TEXT NOT NULL, card TEXT NOT NULL, amount INTEGER NOT NULL, asked INTEGER NOT NULL, approval TEXT NOT NULL,
    reference TEXT NOT NULL, day TEXT NOT NULL, code TEXT NOT NULL, state TEXT NOT NULL, original INTEGER,
    refunded INTEGER NOT NULL DEFAULT 0, uploaded INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS journal_key ON journal (merchant, terminal, trace, batch);
CREATE INDEX IF NOT EXISTS journal_reference ON journal (reference);
CREATE INDEX IF NOT EXISTS journal_batch ON journal (merchant, terminal, batch, kind);
CREATE TABLE IF NOT EXISTS hold (
    id INTEGER PRIMARY KEY, card TEXT NOT NULL, merchant TEXT NOT NULL, approval TEXT NOT NULL, trace TEXT NOT NULL,
    day TEXT NOT NULL, amount INTEGER NOT NULL, granted INTEGER NOT NULL, held INTEGER NOT NULL DEFAULT 0,
    booked INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, last_day TEXT NOT NULL, closed_by INTEGER);
CREATE INDEX IF NOT EXISTS hold_key ON hold (card, approval);
CREATE INDEX IF NOT EXISTS hold_held ON hold (card, held) WHERE held > 0;
CREATE INDEX IF NOT EXISTS hold_days ON hold (last_day) WHERE state IN ('open', 'partly completed');
CREATE TABLE IF NOT EXISTS blocked (
    merchant TEXT, terminal TEXT, batch TEXT, trace TEXT, kind TEXT,
    PRIMARY KEY (merchant, terminal, batch, trace, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS closed_batch (
    merchant TEXT, terminal TEXT, batch TEXT, PRIMARY KEY (merchant, terminal, batch)) WITHOUT ROWID;
"""
