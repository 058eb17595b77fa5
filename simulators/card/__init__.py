"""The card twin: PBOC contact applications that a file personalises, and that do wrong what they are told to."""

from simulators.card.chip import ChipCard
from simulators.card.faults import CardFault, CardFaults
from simulators.card.profile import CardProfile
from simulators.card.state import CardState

__all__ = ["CardFault", "CardFaults", "CardProfile", "CardState", "ChipCard"]
