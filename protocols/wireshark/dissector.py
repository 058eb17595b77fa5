"""The text of the dissector: the tables as Lua, then the scripts that use them, in one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from protocols.wireshark.tables import tables

SCRIPTS = ("values.lua", "declare.lua", "tlv.lua", "parts.lua", "message.lua", "stream.lua")
"""In the order in which they stand: each uses what stands before it."""
_HEAD = """-- A Wireshark dissector for {name}, written by `holdfast wireshark dissector`.
-- Put it into Wireshark's folder of personal Lua plugins, or name it: tshark -X lua_script:FILE -r CAPTURE.
-- Card numbers, tracks, PIN blocks and keys are masked in the tree; the bytes of a capture are what they are.

"""
_NEEDS_ESCAPE = {"\\": "\\\\", '"': '\\"'}


def dissector(scripts: Mapping[str, str], codes: Mapping[str, str] | None = None) -> str:
    """One Lua file from the texts of `SCRIPTS` by name. `codes` are a market's response codes and what they mean."""
    data = tables(codes or {})
    parts = [scripts[name].strip() for name in SCRIPTS]
    return "\n\n".join([_HEAD.format(name=data["name"]) + f"local SPEC = {literal(data)}", *parts]) + "\n"


def literal(value: Any, indent: str = "") -> str:
    """A value as Lua writes it. Raises TypeError for what has no form in Lua."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return f'"{"".join(map(_sign, value))}"'
    if isinstance(value, Mapping):
        return _table([f"[{literal(key)}] = {literal(item, indent + '  ')}" for key, item in value.items()], indent)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return _table([literal(item, indent + "  ") for item in value], indent)
    raise TypeError(f"{type(value).__name__} has no form in Lua")


def _sign(sign: str) -> str:
    return _NEEDS_ESCAPE.get(sign) or (sign if sign.isprintable() else "".join(f"\\{b:03d}" for b in sign.encode()))


def _table(rows: list[str], indent: str) -> str:
    short = f"{{ {', '.join(rows)} }}" if rows else "{}"
    if len(indent) + len(short) <= 120 and "\n" not in short:
        return short
    return "{\n" + "".join(f"{indent}  {row},\n" for row in rows) + f"{indent}}}"
