"""The decisions: who may hold, complete, cancel, void, sell, refund and undo what. facts/unionpay-pos 5.1-5.20.

Pure of sockets and clocks: an `Asked` and the business day go in, a `Decided` comes out, and the ledger has moved.
`Rules` is the door; behind it lie holding, completing, selling and undoing, and how originals are found.
"""

from simulators.issuer.decisions.asked import APPROVED, Asked, Decided
from simulators.issuer.decisions.rules import Rules

__all__ = ["APPROVED", "Asked", "Decided", "Rules"]
