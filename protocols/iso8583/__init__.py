"""ISO 8583 as UnionPay POS speaks it: field table, codec, frame, MAC, PIN block, keys, and messages in words."""

from protocols.iso8583.compile import Codec, Message, compile_spec
from protocols.iso8583.describe import describe
from protocols.iso8583.errors import CodecError, FramingError, KeyCheckError, PackError, UnpackError
from protocols.iso8583.frame import Frame, FrameReader, pack_frame, unpack_frame
from protocols.iso8583.keys import WorkingKeys
from protocols.iso8583.mac import EcbMac, MacCheck
from protocols.iso8583.mask import mask_frame
from protocols.iso8583.pin import decrypt_pin, encrypt_pin, pin_block
from protocols.iso8583.subfields import F60, F61
from protocols.iso8583.unionpay import UNIONPAY

__all__ = [
    "F60",
    "F61",
    "UNIONPAY",
    "Codec",
    "CodecError",
    "EcbMac",
    "Frame",
    "FrameReader",
    "FramingError",
    "KeyCheckError",
    "MacCheck",
    "Message",
    "PackError",
    "UnpackError",
    "WorkingKeys",
    "compile_spec",
    "decrypt_pin",
    "describe",
    "encrypt_pin",
    "mask_frame",
    "pack_frame",
    "pin_block",
    "unpack_frame",
]
