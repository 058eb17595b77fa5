"""Ways to spoil the data of an answer, whatever it holds: objects gone, doubled or odd, lengths that lie, other forms.

Each is a function of the instruction and the data. Data that has not what it spoils stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from protocols.emv import Tlv, TlvError, build, parse
from protocols.emv.tlv import Tree, encode_length

Shape = Callable[[int, bytes], bytes]
BEYOND = 16
"""How many bytes more than there are a lying length promises."""
FORMATS: dict[int, tuple[tuple[str, int], ...]] = {
    0xA8: (("82", 2), ("94", 0)),  # EMV Book 3, 6.5.8.4
    0xAE: (("9F27", 1), ("9F36", 2), ("9F26", 8), ("9F10", 0)),  # EMV Book 3, 6.5.5.4
    0x88: (("9F4B", 0),),  # EMV Book 3, 6.5.9.4
}
"""What an answer of format 1 holds in this order, by instruction; a length of 0 is the rest."""


def format_1(ins: int, data: bytes) -> bytes:
    """Format 2 as format 1: the values alone, in template 80. One with a signature inside has no such form."""
    nodes = {node.tag: node.value for node in _within(data, "77")}
    tags = [tag for tag, _ in FORMATS.get(ins, ())]
    if not tags or any(tag not in nodes for tag in tags):
        return data
    return build([("80", b"".join(nodes[tag] for tag in tags))])


def format_2(ins: int, data: bytes) -> bytes:
    """Format 1 as format 2: each value under its tag, in template 77."""
    values = [node.value for node in _top(data) if node.tag == "80"]
    if not values or ins not in FORMATS:
        return data
    return build([("77", list(_cut(values[0], FORMATS[ins])))])


def _cut(value: bytes, parts: tuple[tuple[str, int], ...]) -> Iterator[tuple[str, bytes]]:
    for tag, size in parts:
        part = value[:size] if size else value
        value = value[size:]
        if part:
            yield tag, part


def garbled(ins: int, data: bytes) -> bytes:
    """The first object promises more bytes than come."""
    nodes = _top(data)
    if not nodes:
        return data
    return bytes.fromhex(nodes[0].tag) + encode_length(len(data) + BEYOND) + no_digits(nodes[0].value)


def cut_short(ins: int, data: bytes) -> bytes:
    """The last byte is missing."""
    nodes = _top(data)
    if len(nodes) != 1:
        return data[:-1]
    head = len(data) - len(nodes[0].value)
    return data[:head] + no_digits(data[head:-1])


def no_digits(data: bytes) -> bytes:
    """Of what is no data object any more nobody reads the values. Left as they are, the random bytes of a cryptogram or
    a certificate would look like a card number by chance, once in some hundred, to who searches them for one."""
    return bytes(byte | 0xAA for byte in data)


def emptied(ins: int, data: bytes) -> bytes:
    """Nothing but the status words."""
    return b""


def padded(ins: int, data: bytes) -> bytes:
    """Zero bytes before and behind each object. EMV Book 3, Annex B1"""
    return _rebuilt(_top(data), lambda tag, value: b"\0" + _object(tag, value) + b"\0") if _top(data) else data


def long_lengths(ins: int, data: bytes) -> bytes:
    """Lengths below 80 in two bytes, which BER allows. EMV Book 3, Annex B2"""
    return _rebuilt(_top(data), _long) if _top(data) else data


def bare(ins: int, data: bytes) -> bytes:
    """Without the template around it."""
    nodes = _top(data)
    if len(nodes) != 1:
        return data
    return nodes[0].value if nodes[0].children else no_digits(nodes[0].value)


def wrapped(template: str) -> Shape:
    """In another template."""
    return lambda ins, data: build([(template, node.value) for node in _top(data)]) if _top(data) else data


def without(tag: str) -> Shape:
    """Every object with this tag is gone."""
    return lambda ins, data: _mapped(data, tag, lambda value: [])


def valued(tag: str, value: str) -> Shape:
    """Every object with this tag has another value."""
    return lambda ins, data: _mapped(data, tag, lambda old: [bytes.fromhex(value)])


def twice(tag: str) -> Shape:
    """Every object with this tag comes twice, one behind the other."""
    return lambda ins, data: _mapped(data, tag, lambda value: [value, value])


def flipped(tag: str) -> Shape:
    """The last bit of every object with this tag is another."""
    return lambda ins, data: _mapped(data, tag, lambda value: [value[:-1] + bytes([value[-1] ^ 1])] if value else [b""])


def added(tag: str, value: str) -> Shape:
    """One object more, at the end of the template."""

    def shape(ins: int, data: bytes) -> bytes:
        nodes = _top(data)
        if not nodes or not nodes[0].children:
            return data
        inside = [*nodes[0].children, Tlv(tag, bytes.fromhex(value))]
        return _rebuilt([nodes[0]._replace(children=tuple(inside)), *nodes[1:]], _object)

    return shape


def replaced(value: str) -> Shape:
    """These bytes, whatever was asked."""
    return lambda ins, data: bytes.fromhex(value)


# ── trees ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _top(data: bytes) -> list[Tlv]:
    try:
        return parse(data)
    except TlvError:
        return []


def _within(data: bytes, template: str) -> tuple[Tlv, ...]:
    return next((node.children for node in _top(data) if node.tag == template), ())


def _object(tag: str, value: bytes) -> bytes:
    return build([(tag, value)])


def _long(tag: str, value: bytes) -> bytes:
    length = b"\x81" + bytes([len(value)]) if len(value) < 0x80 else encode_length(len(value))
    return bytes.fromhex(tag) + length + value


def _rebuilt(nodes: list[Tlv] | tuple[Tlv, ...], write: Callable[[str, bytes], bytes]) -> bytes:
    return b"".join(
        write(node.tag, _rebuilt(node.children, write) if node.children else node.value) for node in nodes
    )  # fmt: skip


def _mapped(data: bytes, tag: str, change: Callable[[bytes], list[bytes]]) -> bytes:
    nodes = _top(data)
    return build(_changed(nodes, tag, change)) if nodes else data


def _changed(nodes: list[Tlv] | tuple[Tlv, ...], tag: str, change: Callable[[bytes], list[bytes]]) -> Tree:
    for node in nodes:
        if node.tag == tag:
            yield from ((tag, value) for value in change(node.value))
        else:
            yield node.tag, list(_changed(node.children, tag, change)) if node.children else node.value
