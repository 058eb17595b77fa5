"""The contact kernel of the reference terminal, phase by phase. EMV Book 3, 10."""

from simulators.terminal.contact.cakeys import CaKeys, Revoked
from simulators.terminal.contact.channel import CardUnusable, ChoiceCancelled
from simulators.terminal.contact.completion import HostAnswer
from simulators.terminal.contact.configuration import ApplicationRule, Configuration
from simulators.terminal.contact.kernel import CardData, FirstWord, Kernel
from simulators.terminal.contact.pins import PinCancelled, PinTimedOut
from simulators.terminal.contact.scripts import Script
from simulators.terminal.contact.state import Terms

__all__ = [
    "ApplicationRule",
    "CaKeys",
    "CardData",
    "CardUnusable",
    "ChoiceCancelled",
    "Configuration",
    "FirstWord",
    "HostAnswer",
    "Kernel",
    "PinCancelled",
    "PinTimedOut",
    "Revoked",
    "Script",
    "Terms",
]
