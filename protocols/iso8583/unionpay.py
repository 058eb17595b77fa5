"""The field table of UnionPay direct POS. facts/unionpay-pos 2."""

from __future__ import annotations

from protocols.iso8583.field import Encoding, Field, Mask, MessageSpec, Pad, fixed, lllvar, llvar

BCD, ASCII, BINARY = Encoding.BCD, Encoding.ASCII, Encoding.BINARY

UNIONPAY = MessageSpec(
    "UnionPay direct POS",
    (
        Field(2, "PAN", BCD, llvar(19), Pad.RIGHT, Mask.PAN),
        Field(3, "processing code", BCD, fixed(6)),
        Field(4, "amount", BCD, fixed(12)),
        Field(11, "trace", BCD, fixed(6)),
        Field(12, "local time", BCD, fixed(6)),
        Field(13, "local date", BCD, fixed(4)),
        Field(14, "expiry", BCD, fixed(4), mask=Mask.LENGTH_ONLY),
        Field(15, "settlement date", BCD, fixed(4)),
        Field(22, "entry mode", BCD, fixed(3), Pad.RIGHT),  # facts/unionpay-pos 1.11: 021 -> 02 10
        Field(23, "PAN sequence number", BCD, fixed(3), Pad.LEFT),  # 001 -> 00 01
        Field(25, "condition code", BCD, fixed(2)),
        Field(26, "PIN capture code", BCD, fixed(2)),
        Field(32, "acquirer", BCD, llvar(11), Pad.RIGHT),
        Field(35, "track 2", BCD, llvar(37), Pad.RIGHT, Mask.LENGTH_ONLY),
        Field(36, "track 3", BCD, lllvar(104), Pad.RIGHT, Mask.LENGTH_ONLY),
        Field(37, "reference", ASCII, fixed(12)),
        Field(38, "authorisation code", ASCII, fixed(6), Pad.RIGHT),
        Field(39, "response code", ASCII, fixed(2)),
        Field(41, "terminal", ASCII, fixed(8), Pad.RIGHT),
        Field(42, "merchant", ASCII, fixed(15), Pad.RIGHT),
        Field(44, "additional response", ASCII, llvar(25), mask=Mask.TEXT),
        Field(48, "additional data", BCD, lllvar(322), Pad.RIGHT, Mask.LENGTH_ONLY),  # 2.3: a batch upload lists PANs
        Field(49, "currency", ASCII, fixed(3)),
        Field(52, "PIN block", BINARY, fixed(8), mask=Mask.LENGTH_ONLY),
        Field(53, "security control", BCD, fixed(16)),
        Field(54, "balance", ASCII, lllvar(40), mask=Mask.TEXT),
        Field(55, "chip data", BINARY, lllvar(255), mask=Mask.TLV),
        Field(57, "private 57", ASCII, lllvar(999), mask=Mask.TEXT),
        Field(58, "private 58", BINARY, lllvar(100), mask=Mask.LENGTH_ONLY),
        Field(59, "private 59", ASCII, lllvar(600), mask=Mask.TEXT),
        Field(60, "transaction type, batch, management", BCD, lllvar(17), Pad.RIGHT),
        Field(61, "original", BCD, lllvar(29), Pad.RIGHT),
        Field(62, "private 62", BINARY, lllvar(999), mask=Mask.LENGTH_ONLY),
        Field(63, "private 63", ASCII, lllvar(163), mask=Mask.TEXT),
        Field(64, "MAC", BINARY, fixed(8)),
    ),
)
