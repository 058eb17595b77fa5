"""The PIN pad twin: a device of its own, with its own keys, in front of a cardholder."""

from simulators.pinpad.hands import Hands, Typed
from simulators.pinpad.pad import PinPad

__all__ = ["Hands", "PinPad", "Typed"]
