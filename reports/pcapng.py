"""A pcapng file of made-up TCP streams: its blocks, and Ethernet, IP and TCP around what was said.

draft-ietf-opsawg-pcapng; RFC 791, 9293 (checksums: RFC 1071). By hand: what is written are three kinds of blocks and
one kind of packet, and no library of that size that writes comments is kept up.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

ETHERNET = 1
NANOSECONDS = 9
"""Of `if_tsresol`: a power of ten."""
COMMENT, IF_NAME, IF_DESCRIPTION, USER_APPLICATION, IF_TSRESOL = 1, 2, 3, 4, 9
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_LONGEST_COMMENT = 0xFFF0
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
_WINDOW, _TTL, _TCP, _IPV4 = 0xFFFF, 64, 6, b"\x08\x00"
LONGEST_SEGMENT = 0x8000
"""Bytes of payload in one packet: an IP packet has at most 65535."""


@dataclass(frozen=True, slots=True)
class Place:
    """One end of a connection."""

    hardware: bytes
    address: IPv4Address
    port: int


class Stream:
    """A TCP connection as packets: who says what comes out numbered, acknowledged and with its checksums."""

    def __init__(self, client: Place, server: Place, start: int) -> None:
        self._ends = (client, server)
        self._next = [start, (start + 0x10000000) & 0xFFFFFFFF]

    def opened(self) -> list[bytes]:
        """The handshake."""
        return [self._packet(0, SYN), self._packet(1, SYN | ACK), self._packet(0, ACK)]

    def said(self, data: bytes, *, by_server: bool) -> list[bytes]:
        """One segment, or as many as the data needs."""
        parts = [data[at : at + LONGEST_SEGMENT] for at in range(0, len(data), LONGEST_SEGMENT)]
        return [self._packet(int(by_server), PSH | ACK, part) for part in parts]

    def closed(self) -> list[bytes]:
        """Both ends in order, the client's first."""
        return [self._packet(0, FIN | ACK), self._packet(1, FIN | ACK), self._packet(0, ACK)]

    def reset(self) -> list[bytes]:
        """The server ends it at once."""
        return [self._packet(1, RST | ACK)]

    def _packet(self, sender: int, flags: int, data: bytes = b"") -> bytes:
        source, target = self._ends[sender], self._ends[1 - sender]
        sequence, acknowledged = self._next[sender], self._next[1 - sender] if flags & ACK else 0
        self._next[sender] = (sequence + len(data) + bool(flags & (SYN | FIN))) & 0xFFFFFFFF
        addresses = source.address.packed + target.address.packed
        head = struct.pack(
            ">HHIIBBHHH", source.port, target.port, sequence, acknowledged, 5 << 4, flags, _WINDOW, 0, 0
        )  # fmt: skip
        size = len(head) + len(data)
        sum_ = checksum(addresses + struct.pack(">HH", _TCP, size) + head + data)
        tcp = head[:16] + struct.pack(">H", sum_) + head[18:] + data
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + size, 0, 0x4000, _TTL, _TCP, 0) + addresses
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        return target.hardware + source.hardware + _IPV4 + ip + tcp


def checksum(data: bytes) -> int:
    """Ones' complement of the ones' complement sum of 16-bit words. RFC 1071."""
    if len(data) % 2:
        data += b"\x00"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def section(comment: str, application: str) -> bytes:
    """The head of a file."""
    options = _option(COMMENT, comment.encode()) + _option(USER_APPLICATION, application.encode())
    return _block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options(options))


def interface(name: str, description: str) -> bytes:
    """What packets are said to come from; time in nanoseconds."""
    options = _option(IF_NAME, name.encode()) + _option(IF_DESCRIPTION, description.encode())
    options += _option(IF_TSRESOL, bytes([NANOSECONDS]))
    return _block(_INTERFACE, struct.pack("<HHI", ETHERNET, 0, 0) + _options(options))


def packet(at_ns: int, data: bytes, comment: str = "") -> bytes:
    """One packet; `at_ns` since 1970."""
    head = struct.pack("<IIIII", 0, at_ns >> 32, at_ns & 0xFFFFFFFF, len(data), len(data))
    options = _options(_option(COMMENT, comment.encode())) if comment else b""
    return _block(_PACKET, head + _filled(data) + options)


def _filled(data: bytes) -> bytes:
    return data + b"\x00" * (-len(data) % 4)


def _option(code: int, value: bytes) -> bytes:
    value = value[:_LONGEST_COMMENT].decode("utf-8", "ignore").encode() if code == COMMENT else value
    return struct.pack("<HH", code, len(value)) + _filled(value)


def _options(options: bytes) -> bytes:
    return options + struct.pack("<HH", 0, 0)


def _block(kind: int, content: bytes) -> bytes:
    size = struct.pack("<I", 12 + len(content))
    return struct.pack("<I", kind) + size + content + size
