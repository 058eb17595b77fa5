"""What scenarios can demand, a module a subject. Importing the package fills the registry."""

from reports.judge.criteria import (
    answers,
    codes,
    enquiries,
    exchange,
    holds,
    hosts,
    outcomes,
    partial,
    requests,
    reversal_ends,
    reversals,
    settlements,
    signing,
    slips,
    stored_messages,
    sums,
)

__all__ = [
    "answers",
    "codes",
    "enquiries",
    "exchange",
    "holds",
    "hosts",
    "outcomes",
    "partial",
    "requests",
    "reversal_ends",
    "reversals",
    "settlements",
    "signing",
    "slips",
    "stored_messages",
    "sums",
]
