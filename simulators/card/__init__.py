"""The card twin: a PBOC contact application that can be personalised by a file and told to misbehave."""

from simulators.card.chip import ChipCard
from simulators.card.profile import CardProfile

__all__ = ["CardProfile", "ChipCard"]
