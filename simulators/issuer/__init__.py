"""The issuer host: decides what is true, keeps the money, and misbehaves on demand."""

from simulators.issuer.accounts import AccountSpec
from simulators.issuer.actions import (
    Action,
    Answer,
    Approve,
    Delay,
    Differ,
    Drip,
    DropField,
    Duplicate,
    Glued,
    HalfOpen,
    LateAnswer,
    LengthPrefix,
    NoAnswer,
    NoMac,
    NonNumeric,
    Overflow,
    Partial,
    ProcessingRequest,
    RefuseConnects,
    Reset,
    SetField,
    Split,
    SpoilChip,
    WrongMac,
)
from simulators.issuer.behaviour import FieldTest, Rule
from simulators.issuer.host import IssuerHost
from simulators.issuer.issuerscript import IssuerScript
from simulators.issuer.ledger import AccountView, Ledger
from simulators.issuer.limits import Limits
from simulators.issuer.tls import ServerTls

__all__ = [
    "AccountSpec",
    "AccountView",
    "Action",
    "Answer",
    "Approve",
    "Delay",
    "Differ",
    "Drip",
    "DropField",
    "Duplicate",
    "FieldTest",
    "Glued",
    "HalfOpen",
    "IssuerHost",
    "IssuerScript",
    "LateAnswer",
    "Ledger",
    "LengthPrefix",
    "Limits",
    "NoAnswer",
    "NoMac",
    "NonNumeric",
    "Overflow",
    "Partial",
    "ProcessingRequest",
    "RefuseConnects",
    "Reset",
    "Rule",
    "ServerTls",
    "SetField",
    "Split",
    "SpoilChip",
    "WrongMac",
]
