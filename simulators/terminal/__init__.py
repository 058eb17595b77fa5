"""The reference terminal: a POS application for pre-authorisation, with defects that can be switched on."""

from protocols.defects import Defect
from simulators.terminal.defects import DEFECTS
from simulators.terminal.gateways import Gateway
from simulators.terminal.parameters import TerminalParameters
from simulators.terminal.terminal import ReferenceTerminal
from simulators.terminal.tls import ClientTls

__all__ = ["DEFECTS", "ClientTls", "Defect", "Gateway", "ReferenceTerminal", "TerminalParameters"]
