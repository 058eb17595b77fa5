"""ESC/POS: from printer bytes to slips, and from slips to printer bytes."""

from protocols.escpos.compose import Composer, columns_of, wrap
from protocols.escpos.decoder import Decoder, StatusRequest, decode
from protocols.escpos.slip import Line, Slip, Style

__all__ = ["Composer", "Decoder", "Line", "Slip", "StatusRequest", "Style", "columns_of", "decode", "wrap"]
