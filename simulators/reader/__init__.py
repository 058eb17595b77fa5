"""The reader twin: behind a real pcscd through our IFD handler, or in process where that cannot be."""

from simulators.reader.available import unavailable
from simulators.reader.contactless import StorageCard
from simulators.reader.embedded import EmbeddedSlot
from simulators.reader.faults import ReaderFaults
from simulators.reader.model import ReaderModel
from simulators.reader.profile import ReaderProfile, SlotKind
from simulators.reader.service import PcscService
from simulators.reader.slot import Answered, Card, Slot
from simulators.reader.stripe import StripeSlot

__all__ = [
    "Answered", "Card", "EmbeddedSlot", "PcscService", "ReaderFaults", "ReaderModel", "ReaderProfile", "Slot",
    "SlotKind", "StorageCard", "StripeSlot", "unavailable",
]  # fmt: skip
