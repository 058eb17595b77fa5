"""The ways to a card that are compared: bare calls of pyscard, the driver, and the driver with a recorder behind it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.readers.stand import PcscStand
from protocols.events import Emit
from protocols.faults import RigFault
from simulators.reader.service import READER_NAME

BARE, DRIVER, RECORDING = "bare SCardTransmit", "driver", "driver, recording"

Transmit = Callable[[bytes], object]


class Ways:
    """The ways to the same card in the same reader, one at a time: each holds it exclusively."""

    def __init__(self, stand: PcscStand, record: Emit) -> None:
        self._drivers = {DRIVER: stand.driver(), RECORDING: stand.driver(emit=record)}
        from smartcard import scard  # not there on every machine that reads this module

        self._scard: Any = scard
        self._context = self._checked(scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM))
        names = self._checked(scard.SCardListReaders(self._context, []))
        self._name = next(name for name in names if READER_NAME in name)

    @property
    def driver(self) -> Any:
        """The one whose events nobody records."""
        return self._drivers[DRIVER]

    @contextlib.contextmanager
    def connected(self, way: str) -> Iterator[Transmit]:
        """The card is powered, and answers this way."""
        if way == BARE:
            with self._bare() as transmit:
                yield transmit
            return
        driver = self._drivers[way]
        driver.power_on()
        yield driver.transmit
        driver.power_off()

    @contextlib.contextmanager
    def _bare(self) -> Iterator[Transmit]:
        """What a program would do that has the list of bytes at hand already, and looks at the result's code."""
        scard = self._scard
        handle, protocol = self._checked(
            scard.SCardConnect(self._context, self._name, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T1)
        )
        assert protocol == scard.SCARD_PROTOCOL_T1
        listed: dict[bytes, list[int]] = {}

        def transmit(raw: bytes) -> object:
            data = listed.get(raw) or listed.setdefault(raw, list(raw))
            code, said = scard.SCardTransmit(handle, scard.SCARD_PCI_T1, data)
            if code != scard.SCARD_S_SUCCESS:
                raise RigFault(f"SCardTransmit: {code & 0xFFFFFFFF:08X}")
            return said

        yield transmit
        scard.SCardDisconnect(handle, scard.SCARD_UNPOWER_CARD)

    def close(self) -> None:
        self._scard.SCardReleaseContext(self._context)
        for driver in self._drivers.values():
            driver.close()

    def _checked(self, told: Any) -> Any:
        code, *values = told
        if code != self._scard.SCARD_S_SUCCESS:
            raise RigFault(f"PC/SC: {code & 0xFFFFFFFF:08X}")
        return values[0] if len(values) == 1 else values
