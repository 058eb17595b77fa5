"""BER-TLV as EMV uses it. EMV Book 3, Annex B."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, Union

from protocols.faults import HoldfastError


class TlvError(HoldfastError):
    """Bytes are no BER-TLV; the text names the offset."""


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object. `tag` is upper-case hex ("9F26"); `offset` is where its value begins in the parsed bytes."""

    tag: str
    value: bytes
    offset: int = 0
    children: tuple[Tlv, ...] = ()


DEEPEST = 16
"""Templates within templates. No card data comes near it; deeper nesting is not data objects."""
Tree: TypeAlias = "Iterable[tuple[str, Union[bytes, Tree]]]"


def parse(data: bytes) -> list[Tlv]:
    """All data objects; zero bytes between objects are passed over. Raises TlvError."""
    return _parse(data, 0, len(data), 0)


def _parse(data: bytes, start: int, end: int, depth: int) -> list[Tlv]:
    if depth > DEEPEST:
        raise TlvError(f"the template at offset {start} is nested deeper than {DEEPEST}")
    found, at = [], start
    while at < end:
        if data[at] == 0x00:  # EMV Book 3, Annex B1: filling between objects
            at += 1
            continue
        tag, at = _tag(data, at, end)
        size, at = _length(data, at, end, tag)
        if at + size > end:
            raise TlvError(f"tag {tag} at offset {at} says {size} bytes, {end - at} are left")
        constructed = bytes.fromhex(tag)[0] & 0x20
        children = tuple(_parse(data, at, at + size, depth + 1)) if constructed else ()
        found.append(Tlv(tag, data[at : at + size], at, children))
        at += size
    return found


def _tag(data: bytes, at: int, end: int) -> tuple[str, int]:
    start = at
    at += 1
    if data[start] & 0x1F == 0x1F:
        while at < end and data[at] & 0x80:
            at += 1
        at += 1
    if at > end:
        raise TlvError(f"the tag at offset {start} has no end")
    return data[start:at].hex().upper(), at


def _length(data: bytes, at: int, end: int, tag: str) -> tuple[int, int]:
    if at >= end:
        raise TlvError(f"tag {tag} at offset {at} has no length")
    first = data[at]
    if first < 0x80:
        return first, at + 1
    count = first & 0x7F
    if not 1 <= count <= 3 or at + 1 + count > end:
        raise TlvError(
            f"tag {tag} at offset {at} has the length form {first:02X}", advice="EMV uses 1 to 3 length bytes"
        )
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count


def flatten(nodes: Iterable[Tlv]) -> Iterator[Tlv]:
    """Every object, depth first, a template before what it holds."""
    for node in nodes:
        yield node
        yield from flatten(node.children)


def find(source: bytes | Iterable[Tlv], tag: str) -> bytes | None:
    """The value of the first object with this tag, at any depth; None when there is none."""
    nodes = parse(source) if isinstance(source, bytes) else source
    return next((node.value for node in flatten(nodes) if node.tag == tag), None)


def encode_length(size: int) -> bytes:
    """The shortest length form."""
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def build(tree: Tree) -> bytes:
    """Data objects from tags and values; a value that is itself a tree becomes a template."""
    out = b""
    for tag, value in tree:
        content = value if isinstance(value, bytes) else build(value)
        out += bytes.fromhex(tag) + encode_length(len(content)) + content
    return out
