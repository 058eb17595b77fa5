"""ISO 8583 as UnionPay POS speaks it: field table, codec, frame, MAC, PIN block, track, keys, parts of fields,
and messages in words."""

from protocols.iso8583.compile import Codec, Message, compile_spec
from protocols.iso8583.describe import describe
from protocols.iso8583.errors import CodecError, FramingError, KeyCheckError, PackError, UnpackError
from protocols.iso8583.frame import Frame, FrameReader, pack_frame, unpack_frame
from protocols.iso8583.keys import FORMS, KeyForm, WorkingKeys
from protocols.iso8583.mac import MAC_SCHEMES, EcbMac, Mac, MacCheck, MacScheme, mac_of
from protocols.iso8583.mask import mask_frame
from protocols.iso8583.pin import PinFormat, PinKey, decrypt_pin, encrypt_pin, pin_block
from protocols.iso8583.subfields import (
    F44,
    F53,
    F54,
    F60,
    F61,
    F63,
    Balance,
    BatchEnd,
    BatchRecord,
    BatchRecords,
    CaKey,
    ChipUpload,
    Load,
    LoadQuery,
    Settlement,
    SignOnRequest,
    TotalsRow,
    build_parameters,
    parse_parameters,
)
from protocols.iso8583.track import decrypt_track, encrypt_track
from protocols.iso8583.unionpay import UNIONPAY

__all__ = [
    "Balance",
    "BatchEnd",
    "BatchRecord",
    "BatchRecords",
    "CaKey",
    "ChipUpload",
    "Codec",
    "CodecError",
    "EcbMac",
    "F44",
    "F53",
    "F54",
    "F60",
    "F61",
    "F63",
    "FORMS",
    "Frame",
    "FrameReader",
    "FramingError",
    "KeyCheckError",
    "KeyForm",
    "Load",
    "LoadQuery",
    "MAC_SCHEMES",
    "Mac",
    "MacCheck",
    "MacScheme",
    "Message",
    "PackError",
    "PinFormat",
    "PinKey",
    "Settlement",
    "SignOnRequest",
    "TotalsRow",
    "UNIONPAY",
    "UnpackError",
    "WorkingKeys",
    "build_parameters",
    "compile_spec",
    "decrypt_pin",
    "decrypt_track",
    "describe",
    "encrypt_pin",
    "encrypt_track",
    "mac_of",
    "mask_frame",
    "pack_frame",
    "parse_parameters",
    "pin_block",
    "unpack_frame",
]
