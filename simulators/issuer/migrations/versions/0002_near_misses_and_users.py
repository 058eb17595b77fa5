"""Near misses are found by index, however many holds and requests there are; a server knows who used a ledger last.

A hold by its code and day, of any card; requests by merchant and trace, of any terminal. What was found by merchant,
terminal and trace is found by the same index still. What an account holds is compared with its holds by what changed:
no index sums them up.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("hold_code", "hold", ["approval", "day"])
    op.drop_index("hold_held", "hold")
    op.drop_index("journal_key", "journal")
    op.create_index("journal_key", "journal", ["merchant", "trace", "terminal", "batch"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_table(
            "used_by", sa.Column("host", sa.Text, primary_key=True), sa.Column("commits", sa.BigInteger, nullable=False)
        )
