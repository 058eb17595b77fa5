"""The issuer host: decides what is true, keeps the money, and misbehaves on demand."""

from simulators.issuer.behaviour import Action, Answer, Delay, LateAnswer, NoAnswer, Rule, WrongMac
from simulators.issuer.host import AccountSpec, IssuerHost
from simulators.issuer.ledger import AccountView, Ledger

__all__ = [
    "AccountSpec",
    "AccountView",
    "Action",
    "Answer",
    "Delay",
    "IssuerHost",
    "LateAnswer",
    "Ledger",
    "NoAnswer",
    "Rule",
    "WrongMac",
]
