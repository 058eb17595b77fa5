"""Fields that hold fields: each by its parts, down to what they mean. facts/unionpay-pos 2.1-2.7, 4.4.

A module is named after its field. A class packs to the value of the field and parses it; `PARTS` and the tables beside
it hold the names and meanings, for whoever shows them.
"""

from protocols.iso8583.subfields.f44 import F44
from protocols.iso8583.subfields.f48 import BatchEnd, BatchRecord, BatchRecords, Settlement, TotalsRow
from protocols.iso8583.subfields.f53 import F53
from protocols.iso8583.subfields.f54 import F54, Balance
from protocols.iso8583.subfields.f60 import F60
from protocols.iso8583.subfields.f61 import F61
from protocols.iso8583.subfields.f62 import ChipUpload, SignOnRequest
from protocols.iso8583.subfields.f62_download import CaKey, Load, LoadQuery
from protocols.iso8583.subfields.f62_parameters import build_parameters, parse_parameters
from protocols.iso8583.subfields.f63 import F63

__all__ = [
    "F44",
    "F53",
    "F54",
    "F60",
    "F61",
    "F63",
    "Balance",
    "BatchEnd",
    "BatchRecord",
    "BatchRecords",
    "CaKey",
    "ChipUpload",
    "Load",
    "LoadQuery",
    "Settlement",
    "SignOnRequest",
    "TotalsRow",
    "build_parameters",
    "parse_parameters",
]
