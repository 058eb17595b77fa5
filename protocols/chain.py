"""The hash chain of a timeline: each line carries the hash of itself and of all before it.

A line is JSON text whose last member is `"hash"`. The hash is SHA-256 over the previous hash (64 ASCII hex
characters) and the line's bytes up to, and without, `,"hash":...`. So an altered, removed, inserted or moved line is
found at its place, whatever JSON library wrote it.
"""

from __future__ import annotations

import hashlib

FIRST_HASH = "0" * 64
_MEMBER = b',"hash":"'
_TAIL = len(_MEMBER) + 64 + len(b'"}')


def line_hash(previous: str, body: bytes) -> str:
    """The hash of a line whose bytes before its hash member are `body`."""
    return hashlib.sha256(previous.encode("ascii") + body).hexdigest()


def seal_line(previous: str, text: str) -> tuple[bytes, str]:
    """A JSON object as a sealed line with its line feed, and the hash that the next line builds on.

    Raises ValueError unless the text is one line of an object with members.
    """
    if not (text.startswith("{") and text.endswith("}")) or not text[1:-1].strip() or "\n" in text:
        raise ValueError("only a JSON object with members, on one line, can be sealed")
    body = text.encode("utf-8").removesuffix(b"}")
    sealed = line_hash(previous, body)
    return body + _MEMBER + sealed.encode("ascii") + b'"}\n', sealed


def open_line(line: bytes) -> tuple[bytes, str] | None:
    """Body and stated hash of a sealed line without its line feed; None when it is no whole sealed line."""
    member = line[-_TAIL:]
    if len(line) <= _TAIL or not member.startswith(_MEMBER) or not member.endswith(b'"}'):
        return None
    return line[:-_TAIL], member[len(_MEMBER) : -2].decode("ascii", "replace")
