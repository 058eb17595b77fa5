"""Target `tlv`: bytes as data objects, as a list of them, and as a command and its answer.

What is held against it: a second reader that knows no recursion; places and values; the data built again; the fast
passes against the tree; and that what is shown and kept stays the same whatever the hidden objects hold.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from protocols.emv import (
    TlvError,
    build,
    describe_command,
    describe_response,
    find,
    flatten,
    mask_apdu,
    objects,
    parse,
    select,
)
from protocols.emv.apdu import Apdu, ApduError
from protocols.emv.dol import fill_dol, parse_dol, split_dol
from protocols.emv.mask import PIN_COMMANDS, hide_chip_data
from protocols.emv.tags import TAGS
from protocols.emv.tlv import DEEPEST, Tlv, Tree
from tests.fuzz.harness import Target, changed_bytes
from tests.fuzz.tlv_plants import PLANTS

LONGEST = 1024
READ_RECORD = bytes.fromhex("00B2010C00")


def run(data: bytes) -> None:
    """Raises AssertionError, or whatever should not have been raised."""
    data = data[:LONGEST]
    _list_of_objects(data)
    _command(data)
    due = read(data)
    try:
        nodes = parse(data)
    except TlvError:
        assert due is None, "a second reader reads it"
        _unreadable(data)
        return
    flat = list(flatten(nodes))
    assert due is not None, "a second reader cannot read it"
    assert [(n.tag, n.offset, len(n.value)) for n in flat] == due, "a second reader reads something else"
    for node in flat:
        assert data[node.offset : node.offset + len(node.value)] == node.value, "a value is not what lies at its place"
        for child in node.children:
            assert node.offset <= child.offset <= node.offset + len(node.value) - len(child.value), "a child is outside"
    _built_again(nodes)
    _fast_passes(data, flat)
    _hides(data, flat)


# ── a second reader ───────────────────────────────────────────────────────────────────────────────────────────────


def read(data: bytes) -> list[tuple[str, int, int]] | None:
    """Tag, place and length of every object, a template before what it holds; None when it cannot be read.

    EMV Book 3, Annex B. The ends of the templates that are open lie on a stack.
    """
    found, at, ends = [], 0, [len(data)]
    while True:
        while at == ends[-1]:
            ends.pop()
            if not ends:
                return found
        if data[at] == 0:
            at += 1
            continue
        head = _head(data[: ends[-1]], at)
        if head is None:
            return None
        tag, at, size = head
        if at + size > ends[-1]:
            return None
        found.append((tag.hex().upper(), at, size))
        if tag[0] & 0x20:
            ends.append(at + size)
            if len(ends) > DEEPEST + 1:
                return None
        else:
            at += size


def _head(data: bytes, at: int) -> tuple[bytes, int, int] | None:
    """Tag, where the value begins, and its length."""
    rest = data[at:]
    tag = 1
    if rest[0] % 32 == 31:
        tag = next((n for n, byte in enumerate(rest[1:], 2) if byte < 128), 0)
    if not tag or len(rest) <= tag:
        return None
    first = rest[tag]
    if first < 128:
        return rest[:tag], at + tag + 1, first
    digits = rest[tag + 1 : tag + 1 + first - 128]
    if not 1 <= len(digits) <= 3 or len(digits) != first - 128:
        return None
    return rest[:tag], at + tag + first - 127, int(digits.hex(), 16)


# ── built again, and read fast ────────────────────────────────────────────────────────────────────────────────────


def _tree(nodes: Iterable[Tlv]) -> Tree:
    return [(n.tag, _tree(n.children) if int(n.tag[:2], 16) & 0x20 else n.value) for n in nodes]


def _leaves(nodes: Iterable[Tlv]) -> list[tuple[str, bytes]]:
    return [(n.tag, b"" if int(n.tag[:2], 16) & 0x20 else n.value) for n in flatten(nodes)]


def _built_again(nodes: list[Tlv]) -> None:
    """Without filling and in the shortest forms: the same objects, and from then on the same bytes."""
    packed = build(_tree(nodes))
    again = parse(packed)
    assert _leaves(again) == _leaves(nodes), "built again it holds something else"
    assert build(_tree(again)) == packed, "built a third time it is something else"


def _fast_passes(data: bytes, flat: list[Tlv]) -> None:
    assert objects(data) == [(n.tag, n.value) for n in flat], "objects() differs from the tree"
    tags = {n.tag for n in flat}
    for tag in tags | {"9F26", "5A"}:
        first = next((n.value for n in flat if n.tag == tag), None)
        assert find(data, tag) == first, f"find() of {tag} is not the first one"
        assert select(data, (tag,)) == ({} if first is None else {tag: first}), f"select() of {tag} is not find()"
    assert select(data, tags) == {n.tag: n.value for n in reversed(flat)}, "select() of all is not the tree"


def _unreadable(data: bytes) -> None:
    """Nothing of it is told, and nobody else reads it."""
    for reader in (objects, lambda data: select(data, ("9F26",)), lambda data: find(data, "9F26")):
        try:
            reader(data)
        except TlvError:
            continue
        raise AssertionError("a fast pass reads what parse refuses")
    assert hide_chip_data(data) == b"\xff" * len(data), "unreadable data is shown"
    answer = mask_apdu(READ_RECORD, data + b"\x90\x00")[1].raw
    assert answer == b"\xff" * len(data) + b"\x90\x00", "an unreadable answer is shown"
    assert "tlv" not in describe_response(READ_RECORD, data + b"\x90\x00"), "an unreadable answer is told"


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────────


def _hides(data: bytes, flat: list[Tlv]) -> None:
    """The same of two that differ in what is hidden alone."""
    twin = bytearray(data)
    for node in flat:
        if node.tag in TAGS and TAGS[node.tag].hidden:
            for nibble in _hidden(node):
                place, low = divmod(2 * node.offset + nibble, 2)
                twin[place] ^= _turn(data, place, low)
    other = bytes(twin)
    assert hide_chip_data(data) == hide_chip_data(other), "what is kept depends on a hidden object"
    ours, theirs = (mask_apdu(READ_RECORD, d + b"\x90\x00")[1] for d in (data, other))
    assert ours.raw == theirs.raw == hide_chip_data(data) + b"\x90\x00", "an answer is kept in another way"
    shown = describe_response(READ_RECORD, data + b"\x90\x00")
    assert shown == describe_response(READ_RECORD, other + b"\x90\x00"), "what is told depends on a hidden object"
    assert len(hide_chip_data(data)) == len(data), "hidden data has another length"


def _hidden(node: Tlv) -> range:
    """Nibbles of a value that nobody may see."""
    digits = len(node.value.hex().upper().rstrip("F"))
    if node.tag != "5A":
        return range(2 * len(node.value))
    return range(6, digits - 4) if digits >= 13 else range(digits)


def _turn(data: bytes, place: int, low: int) -> int:
    """What makes another nibble of it, but neither F, which ends a PAN, nor something out of F."""
    nibble = data[place] >> (0 if low else 4) & 0xF
    return 0 if nibble in (0xE, 0xF) else 1 << (0 if low else 4)


def _command(data: bytes) -> None:
    shown = describe_command(data)
    masked = mask_apdu(data, b"\x90\x00")[0].raw
    assert len(masked) == len(data), "a command is kept with another length"
    if len(data) > 5 and data[1] in PIN_COMMANDS:
        assert masked == data[:5] + b"\xff" * (len(data) - 5), "a PIN is kept"
        other = data[:5] + bytes(byte ^ 0x55 for byte in data[5:])
        assert describe_command(other) == shown, "a PIN is told"
    else:
        assert masked == data, "a command without a secret is hidden"
    try:
        command = Apdu.parse(data)
    except ApduError:
        return
    again = Apdu.parse(command.pack())
    assert again == command, "a command packed again is another"
    assert command.pack()[: len(data)] == data, "a command packed again has other bytes"


def _list_of_objects(data: bytes) -> None:
    try:
        entries = parse_dol(data)
    except TlvError:
        return
    assert b"".join(bytes.fromhex(tag) + bytes([size]) for tag, size in entries) == data, "a DOL is another"
    values = {tag: (tag * size).encode()[: size + 3] for tag, size in entries[::2]}
    filled = fill_dol(data, values)
    assert len(filled) == sum(size for _, size in entries), "a filled DOL has another length"
    split = split_dol(data, filled)
    assert split.keys() == {tag for tag, _ in entries}, "a DOL split loses a tag"
    assert all(len(split[tag]) == size for tag, size in dict(entries).items()), "a DOL split has other lengths"
    try:
        split_dol(data, filled + b"\x00")
    except TlvError:
        return
    raise AssertionError("data longer than its DOL is taken")


# ── seeds and mutants ─────────────────────────────────────────────────────────────────────────────────────────────

_TAGS = ("5A", "57", "5F20", "5F24", "99", "9F1F", "9F6B", "9F26", "9F10", "95", "82", "DF31", "BF0C", "70", "77", "72",
         "A5", "6F", "84", "50", "9F38", "8C", "8E", "1F8101", "DFFF7F", "3F00")  # fmt: skip
_SIZES = (0, 1, 2, 7, 8, 10, 16, 19, 40, 127, 128, 129, 255, 256, 300)
_PAN = bytes.fromhex("6250947000000014")


def seeds() -> list[bytes]:
    """Data of cards, lists of objects, commands, and each length form."""
    record = build(
        [
            (
                "70",
                [
                    ("5A", _PAN),
                    ("57", _PAN + bytes.fromhex("D3012201000001234F")),
                    ("5F24", b"\x30\x12\x31"),
                    ("5F20", b"TEST/CARD"),
                    ("8C", bytes.fromhex("9F02069F03069F1A0295055F2A029A039C019F3704")),
                ],
            )
        ]
    )
    fci = build(
        [
            (
                "6F",
                [
                    ("84", bytes.fromhex("A000000333010102")),
                    ("A5", [("50", b"UNIONPAY"), ("9F38", b"\x9f\x1a\x02"), ("BF0C", [("9F4D", b"\x0b\x0a")])]),
                ],
            )
        ]
    )
    deep = b""
    for _ in range(DEEPEST):
        deep = build([("70", deep)])
    return [
        record, fci, deep, build([("70", deep)]), b"\x00\x00" + record + b"\x00",
        bytes.fromhex("9F02069F03069F1A0295059A039C01"),
        b"\x5a\x81\x08" + _PAN, b"\x9f\x26\x82\x00\x08" + bytes(8), b"\x95\x83\x00\x00\x05" + bytes(5), b"\x70\x84",
        b"\xdf\x31\x82\x01\x2c" + bytes(300), bytes.fromhex("002000800824123456FFFFFFFF"), READ_RECORD, b"",
        bytes.fromhex("80AE80001D") + bytes(29) + b"\x00", bytes.fromhex("00A4040008A000000333010102"),
        build([("9F26", bytes(8)), ("9F10", bytes(8)), ("95", bytes(5)), ("9F26", bytes(7))]),
    ]  # fmt: skip


def mutate(data: bytes, dice: random.Random) -> bytes:
    """An object more, one less, one in another length form, or within a template: lengths around it stay right."""
    try:
        tree = [(n.tag, n.value) for n in parse(data)]
    except TlvError:
        return changed_bytes(data, dice)
    at = dice.randrange(len(tree) + 1)
    how = dice.randrange(7)
    if how == 0 or at == len(tree):
        tree.insert(at, (dice.choice(_TAGS), _value(dice)))
    elif how == 1:
        del tree[at]
    elif how == 2:
        tree[at] = (dice.choice(("70", "72", "BF0C", "A5", "3F00")), build([tree[at]]))
    elif how == 3:
        tree[at] = (dice.choice(_TAGS), tree[at][1])
    elif how == 4:
        tree[at] = (tree[at][0], mutate(tree[at][1], dice))
    elif how == 5:
        return build(tree[:at]) + _long_form(*tree[at], dice) + build(tree[at + 1 :])
    else:
        return build(tree[:at]) + bytes(dice.randint(1, 3)) + build(tree[at:])
    return build(tree)


def _value(dice: random.Random) -> bytes:
    size = dice.choice(_SIZES)
    return _PAN + b"\xff" * (size % 3) if dice.random() < 0.3 else dice.randbytes(size)


def _long_form(tag: str, value: bytes, dice: random.Random) -> bytes:
    """More bytes of length than are needed, or one too many of them."""
    count = dice.choice((1, 2, 2, 3, 3, 4))
    if len(value) >= 256**count:
        return bytes.fromhex(tag)
    return bytes.fromhex(tag) + bytes([0x80 | count]) + len(value).to_bytes(count, "big") + value


TARGET = Target(
    name="tlv", run=run, mutate=mutate, seeds=seeds, plants=PLANTS, longest=LONGEST,
    words=tuple(bytes.fromhex(tag) for tag in _TAGS),
)  # fmt: skip
