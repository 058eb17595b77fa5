"""Why a message was not answered, was refused, or finds no request: one sentence with the nearest miss.

Nothing here is worked out while all goes well.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from protocols.iso8583 import CodecError, Message, decrypt_pin
from protocols.iso8583.mac import MAC_SCHEMES, Mac
from protocols.iso8583.pin import PinFormat, pin_in_clear
from protocols.transactions import REVERSAL_MTI, TRANSACTIONS, Layout, Transaction
from simulators.issuer.exchange import Exchange
from simulators.issuer.security import EnrolledTerminal, Terminals

LENGTH_BYTES, MAC_BYTES = 2, 8
MATCHED = (3, 4, 11, 41, 42)
"""facts/unionpay-pos 1, end: what a terminal compares before it takes an answer, beside the MTI."""

# ── frames ────────────────────────────────────────────────────────────────────────────────────────────────────────


def unreadable(error: CodecError, raw: bytes = b"") -> str:
    """A frame or a stream that cannot be read: what stands there, and the likely framing or protocol."""
    for prefix, what in OTHER_PROTOCOLS:
        if raw.startswith(prefix):
            return f"not answered: {what} ({raw[:SHOWN].hex(' ')} …): this port speaks plain"
    text = error.message.partition(": ")
    sentence = f"{text[0]} {text[2]}" if text[0] in ("length", "TPDU", "header") else error.message
    sentence = sentence.removeprefix("length ") if sentence.startswith("length length") else sentence
    return f"not answered: {sentence}" + (f": {error.advice}" if error.advice else "")


OTHER_PROTOCOLS = (
    (b"\x16\x03", "it looks like TLS"), (b"GET ", "it looks like HTTP"), (b"POST", "it looks like HTTP"),
    (b"HEAD", "it looks like HTTP"), (b"SSH-", "it looks like SSH"),
)  # fmt: skip
SHOWN = 4
"""Bytes: enough to tell a protocol by, and no part of a message that must not be shown."""


def too_slow(pending: bytes, seconds: float) -> str:
    """A frame that was begun and not ended."""
    stated, came = int.from_bytes(pending[:LENGTH_BYTES], "big"), len(pending) - LENGTH_BYTES
    what = f"the length says {stated}, and {came} bytes came" if came >= 0 else "one byte of a length came"
    return f"not answered: {what} within {seconds:g} s of the frame's first byte: the line is cut"


def does_not_read(waiting: int, seconds: float) -> str:
    """A terminal that asks, and takes no answers."""
    return f"the terminal has left {waiting} bytes of answers lying for {seconds:g} s: the line is cut"


def overflows(most: int) -> str:
    """A terminal for which too much waits."""
    return f"more than {most} bytes of answers wait for the terminal to read them: the line is cut"


def unfinished(pending: bytes) -> str:
    """A connection that ended within a frame."""
    if len(pending) < LENGTH_BYTES:
        return "not answered: the connection ended after one byte of a length"
    stated, came = int.from_bytes(pending[:LENGTH_BYTES], "big"), len(pending) - LENGTH_BYTES
    near = ": the length seems to count itself" if stated == came + LENGTH_BYTES else ""
    return f"not answered: the length says {stated}, only {came} bytes came before the connection ended{near}"


# ── transaction, terminal ─────────────────────────────────────────────────────────────────────────────────────────


def unknown_transaction(exchange: Exchange) -> str:
    """The row of the matrix that differs least."""
    f60 = exchange.text(60)
    found = {
        "MTI": exchange.text(0), "F3": exchange.text(3), "F25": exchange.text(25),
        "F60.1": f60[:2], "F60.3": f60[8:11],
    }  # fmt: skip
    nearest, wrong = min(((t, _differences(found, row)) for t, row in TRANSACTIONS.items()), key=lambda n: len(n[1]))
    told = ", ".join(f"{part} is {found[part] or 'missing'} and not {due}" for part, due in wrong)
    return f"it is no transaction of the matrix; nearest is {nearest}, but {told}"


def _differences(found: dict[str, str], row: Layout) -> list[tuple[str, str]]:
    reversal = found["MTI"] == REVERSAL_MTI and row.reversible
    wrong = [] if reversal or found["MTI"] == row.mti else [("MTI", row.mti)]
    if not row.any_f3:
        due = {"F3": row.f3, "F25": row.f25, "F60.1": row.f60_1}
        wrong += [(part, value or "absent") for part, value in due.items() if found[part] != value]
    if not row.f3 and found["F60.3"] not in (row.f60_3, *row.also_f60_3):
        wrong.append(("F60.3", row.f60_3))
    return wrong


def unknown_terminal(exchange: Exchange, terminals: Terminals) -> str:
    """The terminal that is enrolled under nearly this number, or under another merchant."""
    number, merchant = exchange.terminal, exchange.merchant
    known = terminals.numbered(number)
    if known is not None:
        return f"terminal {number} is enrolled under merchant {known.merchant}, not {merchant}"
    near = nearest(number, (terminal.number for terminal in terminals))
    return f"terminal {number} is not enrolled" + (f"; nearest {near}" if near else "; no terminal is")


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like it, however little; empty when there is none."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.0)
    return found[0] if found else ""


# ── MAC ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def wrong_mac(exchange: Exchange, terminal: EnrolledTerminal) -> str:
    """What the MAC would be right for."""
    body = exchange.frame.body
    said = f"the MAC is not {terminal.scheme} under this session's key"
    for sessions, key in ((terminal.session, "this session's key"), (terminal.previous, "the key before")):
        if sessions is None:
            continue
        for what, mac in _macs(sessions.keys.mac):
            for over, mab in _blocks(exchange, body):
                if mac.over(mab) == body[-MAC_BYTES:]:
                    fits = [w for w in (what if what != terminal.scheme else "", over) if w]
                    return " ".join((f"{said}; it is right", *fits, "under", key)) + _AGE.get(key, "")
        for name, other in (("PIN", sessions.keys.pin), ("track", sessions.keys.track)):
            if other and any(mac.over(body[:-MAC_BYTES]) == body[-MAC_BYTES:] for _, mac in _macs(other)):
                return f"{said}; it is right under the {name} key"
    return f"{said}, nor any other scheme or key of this terminal: was the message changed after it was sealed?"


_AGE = {"the key before": ", which counts no more since the last sign-on"}


def _macs(key: bytes) -> Iterator[tuple[str, Mac]]:
    """Every scheme that takes the key, and its first half alone."""
    for name, row in MAC_SCHEMES.items():
        if len(key) in row.key_bytes:
            yield name, row.make(key)
        if len(key) > MAC_BYTES and MAC_BYTES in row.key_bytes:
            yield f"{name} with the first 8 bytes of the key", row.make(key[:MAC_BYTES])


def _blocks(exchange: Exchange, body: bytes) -> Iterator[tuple[str, bytes]]:
    """What may have been taken for the block under the MAC."""
    mab = body[:-MAC_BYTES]
    frame = bytes.fromhex(exchange.frame.tpdu) + bytes.fromhex(exchange.frame.header)
    size = (len(frame) + len(body)).to_bytes(LENGTH_BYTES, "big")
    yield "", mab
    yield "over the bytes from the header on", frame[5:] + mab
    yield "over the bytes from the TPDU on", frame + mab
    yield "over the bytes from the length on", size + frame + mab
    yield "without the MTI", mab[2:]
    yield "with F64's bit of the bitmap not set", mab[:9] + bytes([mab[9] & 0xFE]) + mab[10:]


# ── PIN ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def unreadable_pin(block: bytes, pan: str, terminal: EnrolledTerminal, used: PinFormat) -> str:
    """Under which key, or in which format, the block would be a PIN block."""
    said = f"F52 is no PIN block {used} under this session's PIN key"
    other = PinFormat.WITHOUT_PAN if used is PinFormat.WITH_PAN else PinFormat.WITH_PAN
    keys = []
    if terminal.session is not None:
        keys += [("this session's PIN key", terminal.session.keys.pin), ("its MAC key", terminal.session.keys.mac)]
    if terminal.previous is not None:
        keys.append(("the PIN key before", terminal.previous.keys.pin))
    for name, key in keys:
        for form in (used, other):
            if decrypt_pin(key, block, pan, form) is not None:
                return f"{said}; it is one {form} under {name}" + _f53(form, used)
    if pin_in_clear(block, pan):
        return f"{said}; it is one in clear"
    return f"{said}, nor under any other of this terminal's keys: compare the terminal master keys"


def _f53(found: PinFormat, used: PinFormat) -> str:
    return "" if found is used else f", and F53 says {used}"


# ── answers that find no request ──────────────────────────────────────────────────────────────────────────────────


def unmatched(decided: Message, sent: Message) -> str:
    """Why a terminal will not take this answer for that of its request; empty when it will."""
    keys = [f"F{n} {sent.get(n, 'missing')!s} in place of {decided[n]!s}" for n in MATCHED if _differ(n, decided, sent)]
    if sent.get(0) != decided[0]:
        keys.insert(0, f"MTI {sent.get(0)!s} in place of {decided[0]!s}")
    if not keys:
        return ""
    return f"the answer carries {', '.join(keys)}: a terminal that compares it finds no request for it"


def _differ(number: int, decided: Message, sent: Message) -> bool:
    return number in decided and sent.get(number) != decided[number]


def no_request(mti: str) -> str:
    """A message that a host is not asked by."""
    rows = {row.reply_mti: t for t, row in TRANSACTIONS.items()}
    name: Transaction | None = rows.get(mti)
    whose = f", it is the answer to {name}" if name else ""
    return f"not answered: {mti} is no request{whose}"
