"""The reader twin: behind a real pcscd through our IFD handler, or in process where that cannot be."""

from simulators.reader.build import unavailable
from simulators.reader.embedded import EmbeddedSlot
from simulators.reader.model import ReaderIdentity, ReaderModel
from simulators.reader.service import PcscService
from simulators.reader.slot import Card, Slot

__all__ = ["Card", "EmbeddedSlot", "PcscService", "ReaderIdentity", "ReaderModel", "Slot", "unavailable"]
