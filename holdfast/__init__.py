"""Holdfast: a bench for the life of a card pre-authorisation. The command line and the pytest wiring."""

__version__ = "0.1.0"
