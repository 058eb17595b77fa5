"""A printer on a bench: the driver that asks it, and the hand that loads its paper."""

from __future__ import annotations

from protocols.printing import PrinterStatus
from rigs.printers.escpos_serial import EscposSerialPrinter
from simulators.printer import VirtualPrinter


class VirtualPrinterOnBench:
    """The twin behind its real tty, driven as a real printer is."""

    def __init__(self, twin: VirtualPrinter, driver: EscposSerialPrinter) -> None:
        self._twin = twin
        self._driver = driver

    def load_paper(self) -> None:
        self._twin.load_paper()

    def remove_paper(self) -> None:
        self._twin.remove_paper()

    def status(self) -> PrinterStatus:
        return self._driver.status()

    def attributes(self) -> dict[str, str]:
        return {"kind": "printer twin on a pseudo terminal", **self._driver.attributes()}

    def close(self) -> None:
        self._driver.close()
        self._twin.close()
