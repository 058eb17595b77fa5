"""EMV and PBOC: data objects, lists of them, APDUs and cryptograms."""

from protocols.emv.apdu import Apdu, ApduError, ResponseApdu, describe_command, describe_response
from protocols.emv.cryptogram import (
    CardKey,
    SessionKey,
    cryptogram,
    cryptogram_input,
    derive_udk,
    response_cryptogram,
    session_key,
)
from protocols.emv.dol import fill_dol, parse_dol, split_dol
from protocols.emv.iad import IssuerApplicationData
from protocols.emv.mask import mask_apdu
from protocols.emv.tags import TAGS
from protocols.emv.tlv import Tlv, TlvError, build, find, flatten, objects, parse, select

__all__ = [
    "TAGS",
    "Apdu",
    "ApduError",
    "CardKey",
    "IssuerApplicationData",
    "ResponseApdu",
    "SessionKey",
    "Tlv",
    "TlvError",
    "build",
    "cryptogram",
    "cryptogram_input",
    "derive_udk",
    "describe_command",
    "describe_response",
    "fill_dol",
    "find",
    "flatten",
    "mask_apdu",
    "objects",
    "parse",
    "parse_dol",
    "response_cryptogram",
    "select",
    "session_key",
    "split_dol",
]
