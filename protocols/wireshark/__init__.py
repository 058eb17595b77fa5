"""A Wireshark dissector made from the tables of the codec: `dissector(scripts)` is its text.

The scripts in `lua/` know how to read and mask; what there is to read they have from `tables`.
"""

from protocols.wireshark.dissector import SCRIPTS, dissector
from protocols.wireshark.tables import ABBREVIATION, PORT, tables

__all__ = ["ABBREVIATION", "PORT", "SCRIPTS", "dissector", "tables"]
