"""BER-TLV as EMV uses it. EMV Book 3, Annex B."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple, TypeAlias, Union

from protocols.faults import HoldfastError


class TlvError(HoldfastError):
    """Bytes are no BER-TLV; the text names the offset."""


class Tlv(NamedTuple):
    """One data object. `tag` is upper-case hex ("9F26"); `offset` is where its value begins in the parsed bytes."""

    tag: str
    value: bytes
    offset: int = 0
    children: tuple[Tlv, ...] = ()


DEEPEST = 16
"""Templates within templates. No card data comes near it; deeper nesting is not data objects."""
_CONSTRUCTED, _SHORT = 0x20, 0x7F
_ONE_BYTE = [None if not tag or tag & _CONSTRUCTED or tag & 0x1F == 0x1F else f"{tag:02X}" for tag in range(256)]
"""First byte to the tag of an object that is no template, where that byte is the whole tag. 00 is filling."""
_TWO_BYTES = {bytes([a, b]): f"{a:02X}{b:02X}" for a in (0x1F, 0x5F, 0x9F, 0xDF) for b in range(0x80)}
"""Tags of two bytes whose objects are no templates."""
Tree: TypeAlias = "Iterable[tuple[str, Union[bytes, Tree]]]"


def parse(data: bytes) -> list[Tlv]:
    """All data objects; zero bytes between objects are passed over. Raises TlvError."""
    return _parse(data, 0, len(data), 0)


def _parse(data: bytes, start: int, end: int, depth: int) -> list[Tlv]:
    if depth > DEEPEST:
        raise TlvError(f"the template at offset {start} is nested deeper than {DEEPEST}")
    found, at = [], start
    while at < end:
        head = data[at]
        if head == 0x00:  # EMV Book 3, Annex B1: filling between objects
            at += 1
            continue
        known = _ONE_BYTE[head]
        tag, at = (known, at + 1) if known else _tag(data, at, end)
        size, at = (data[at], at + 1) if at < end and data[at] <= _SHORT else _length(data, at, end, tag)
        if at + size > end:
            raise TlvError(f"tag {tag} at offset {at} says {size} bytes, {end - at} are left")
        children = tuple(_parse(data, at, at + size, depth + 1)) if head & _CONSTRUCTED else ()
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
    """Of a longer form."""
    if at >= end:
        raise TlvError(f"tag {tag} at offset {at} has no length")
    first = data[at]
    count = first & _SHORT
    if not 1 <= count <= 3 or at + 1 + count > end:
        raise TlvError(
            f"tag {tag} at offset {at} has the length form {first:02X}", advice="EMV uses 1 to 3 length bytes"
        )
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), at + 1 + count


def is_template(tag: str) -> bool:
    """Whether an object of this tag holds objects. EMV Book 3, Annex B1, b6 of the first byte"""
    return bool(int(tag[:2], 16) & _CONSTRUCTED)


def header(data: bytes, at: int) -> tuple[str, int, int]:
    """Tag and length of the object that begins here, and where its value does, be it there or not. Raises TlvError."""
    tag, at = _tag(data, at, len(data))
    size, at = (data[at], at + 1) if at < len(data) and data[at] <= _SHORT else _length(data, at, len(data), tag)
    return tag, size, at


def top(data: bytes) -> list[Tlv]:
    """The objects of the outermost level, templates unread: one that is garbled inside does not hide its neighbours.

    Raises TlvError.
    """
    found, at = [], 0
    while at < len(data):
        if data[at] == 0x00:  # EMV Book 3, Annex B1: filling between objects
            at += 1
            continue
        tag, size, at = header(data, at)
        if at + size > len(data):
            raise TlvError(f"tag {tag} at offset {at} says {size} bytes, {len(data) - at} are left")
        found.append(Tlv(tag, data[at : at + size], at))
        at += size
    return found


def objects(data: bytes) -> list[tuple[str, bytes]]:
    """Tag and value of every object in the order of `flatten(parse(data))`: for who wants neither places nor trees.

    Data of plain objects, as F55 has them, is read in one pass. Raises TlvError as `parse` does.
    """
    found: list[tuple[str, bytes]] = []
    at, end = 0, len(data)
    try:
        while at < end:
            tag = _ONE_BYTE[data[at]]
            if tag is None:
                tag = _TWO_BYTES[data[at : at + 2]]
                at += 1
            size = data[at + 1]
            start = at + 2
            at = start + size
            if size > _SHORT:
                raise IndexError
            found.append((tag, data[start:at]))
    except (IndexError, KeyError):  # a template, a longer form, a filling byte, or a fault
        at = -1
    if at == end:
        return found
    return [(node.tag, node.value) for node in flatten(parse(data))]


def select(data: bytes, wanted: Collection[str]) -> dict[str, bytes]:
    """The wanted ones of all objects at any depth, each the first with its tag, as `find` has it.

    The whole is read however few are wanted: raises TlvError as `parse` does.
    """
    found: dict[str, bytes] = {}
    for tag, value in objects(data):
        if tag in wanted and tag not in found:
            found[tag] = value
    return found


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
