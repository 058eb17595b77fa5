"""Near misses are found by index, however many holds and requests there are; a server knows who used a ledger last.

A hold by its code and day, of any card; requests by merchant and trace, of any terminal. What was found by merchant,
terminal and trace is found by the same index still. What an account holds is compared with its holds by what changed:
no index sums them up. Pre-authorisations are in no batch and cannot be refunded, so two indices do without them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("hold_code", "hold", ["approval", "day"])
    op.drop_index("hold_held", "hold")
    for name, columns in {"reference": ["reference"], "batch": ["merchant", "terminal", "batch", "kind"]}.items():
        op.drop_index(f"journal_{name}", "journal")
        _index_some(f"journal_{name}", columns)
    op.drop_index("journal_key", "journal")
    op.create_index("journal_key", "journal", ["merchant", "trace", "terminal", "batch"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_table(
            "used_by", sa.Column("host", sa.Text, primary_key=True), sa.Column("commits", sa.BigInteger, nullable=False)
        )


def _index_some(name: str, columns: list[str]) -> None:
    where = sa.text("kind <> 'pre-authorisation'")
    op.create_index(name, "journal", columns, sqlite_where=where, postgresql_where=where)
