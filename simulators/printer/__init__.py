"""The printer twin: ESC/POS on a real tty."""

from simulators.printer.printer import VirtualPrinter

__all__ = ["VirtualPrinter"]
