"""The books as they were when revisions began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BY_KEY = {"sqlite_with_rowid": False}
"""Options of a table that is kept in the order of its key."""


def upgrade() -> None:
    op.create_table(
        "account", sa.Column("card", sa.Text, primary_key=True, nullable=_key_may_be_null()), _text("kind"),
        _int("opening"), _int("available"), _zero("held"), _zero("booked"), _zero("retired"), **BY_KEY,
    )  # fmt: skip
    op.create_table(
        "posting", _number(), _text("card"), sa.Column("hold", INT), _text("kind"), _text("debit"), _text("credit"),
        _int("amount"), sa.Column("journal", INT), sa.CheckConstraint("amount >= 0"),
    )  # fmt: skip
    op.create_table(
        "journal", _number(), *map(_text, ("terminal", "merchant", "batch", "trace", "kind", "card")), _int("amount"),
        _int("asked"), *map(_text, ("approval", "reference", "day", "code", "state")), sa.Column("original", INT),
        _zero("refunded"), _zero("uploaded"),
    )  # fmt: skip
    op.create_index("journal_key", "journal", ["merchant", "terminal", "trace", "batch"])
    op.create_index("journal_reference", "journal", ["reference"])
    op.create_index("journal_batch", "journal", ["merchant", "terminal", "batch", "kind"])
    op.create_table(
        "hold", sa.Column("id", INT, primary_key=True, autoincrement=False, nullable=_key_may_be_null()),
        *map(_text, ("card", "merchant", "approval", "trace", "day")), _int("amount"), _int("granted"), _zero("held"),
        _zero("booked"), _text("state"), _text("last_day"), sa.Column("closed_by", INT),
    )  # fmt: skip
    op.create_index("hold_key", "hold", ["card", "approval"])
    _index_some("hold_held", ["card", "held"], "held > 0")
    _index_some("hold_days", ["last_day"], "state IN ('open', 'partly completed')")
    for table, columns in {
        "blocked": ("merchant", "terminal", "batch", "trace", "kind"),
        "closed_batch": ("merchant", "terminal", "batch"),
    }.items():
        key = [sa.Column(name, sa.Text, primary_key=True, nullable=_key_may_be_null()) for name in columns]
        op.create_table(table, *key, **BY_KEY)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, INT, nullable=False)


def _zero(name: str) -> sa.Column[int]:
    """An amount or a flag that begins at zero."""
    return sa.Column(name, INT, nullable=False, server_default=sa.text("0"))


def _number() -> sa.Column[int]:
    """The next number is the database's to give."""
    return sa.Column("id", INT, sa.Identity(always=False), primary_key=True, nullable=_key_may_be_null())


def _key_may_be_null() -> bool:
    """SQLite's keys were declared without NOT NULL, which it then does not write down; PostgreSQL adds it by itself."""
    return op.get_bind().dialect.name == "sqlite"


def _index_some(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "hold", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
