"""The reference terminal: a POS application for pre-authorisation, with defects that can be switched on."""

from simulators.terminal.defects import DEFECTS, Defect
from simulators.terminal.parameters import TerminalParameters
from simulators.terminal.terminal import ReferenceTerminal

__all__ = ["DEFECTS", "Defect", "ReferenceTerminal", "TerminalParameters"]
