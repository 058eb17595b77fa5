"""The same issuer host, built straightforwardly from pyiso8583, psec, pyemv and sqlite3, as their manuals show them.

`python -m benchmarks.peers.library_host --plan FILE --directory DIR [--group] [--uvloop]`

Does for a sign-on and a pre-authorisation what Holdfast's host does: MAC, PIN and cryptogram checked, a duplicate
refused, the hold in the books and durable before the answer leaves, the answer with ARPC and MAC. `--group` decides
what one turn of the loop brings in one transaction, a savepoint each, as Holdfast does; otherwise each is committed
alone. Prints its port; ends when its input does.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import secrets
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import iso8583
import psec
import pyemv
from pyemv.tools import encrypt_tdes_ecb

from benchmarks.load.plan import Plan, PlannedCard
from benchmarks.peers.library_books import Books, Request
from tests.support.independent import SPEC

HEAD = 11
"""TPDU and header."""
ECHOED = ("2", "3", "4", "11", "14", "22", "23", "25", "41", "42", "49", "60")
NEEDED = {"2", "3", "4", "11", "14", "22", "25", "41", "42", "49", "60", "64"}
CRYPTOGRAM_DATA = ("9F02", "9F03", "9F1A", "95", "5F2A", "9A", "9C", "9F37", "82", "9F36")
ACQUIRER = "03099988"
Fields = dict[str, str]


def retail_mac(key: bytes, data: bytes) -> bytes:
    """X9.19: 8 raw bytes."""
    return psec.mac.generate_retail_mac(key[:8], key[8:], data, padding=1)


def ecb_mac(key: bytes, data: bytes) -> bytes:
    """UnionPay's own: folded, in hex, enciphered twice; 8 characters."""
    data += bytes(-len(data) % 8)
    folded = bytes(8)
    for at in range(0, len(data), 8):
        folded = psec.tools.xor(folded, data[at : at + 8])
    text = folded.hex().upper().encode()
    first = psec.des.encrypt_tdes_ecb(key, text[:8])
    return psec.des.encrypt_tdes_ecb(key, psec.tools.xor(first, text[8:])).hex().upper()[:8].encode()


MACS = {"x9.19": retail_mac, "unionpay-ecb": ecb_mac}


@dataclass
class Terminal:
    merchant: str
    master_key: bytes
    pin_key: bytes = b""
    mac_key: bytes = b""


class Issuer:
    """Message in, message out."""

    def __init__(self, plan: Plan, books: Books) -> None:
        self._books = books
        self._mac = MACS[plan.scheme]
        self._issuer_key = bytes.fromhex(plan.issuer_key)
        self._cards = {card.pan: card for card in plan.cards}
        self._terminals = {t.number: Terminal(t.merchant, bytes.fromhex(t.master_key)) for t in plan.terminals}
        self._references = 0

    def answer(self, body: bytes) -> bytes:
        """Raises iso8583.DecodeError for what cannot be read."""
        request, _ = iso8583.decode(body, SPEC)
        now = datetime.now()
        self._references += 1
        reply = {n: request[n] for n in ECHOED if n in request}
        reply |= {
            "t": f"{int(request['t']) + 10:04d}", "12": f"{now:%H%M%S}", "13": f"{now:%m%d}", "32": ACQUIRER,
            "37": f"{now:%m%d}{self._references:08d}",
        }  # fmt: skip
        terminal = self._terminals.get(request.get("41", ""))
        if terminal is None or terminal.merchant != request.get("42"):
            reply["39"] = "97"
        elif request["t"] == "0800" and request.get("60", "")[8:11] == "003":
            reply |= {"39": "00", "62": self._sign_on(terminal)}
        elif request["t"] == "0100" and request.get("3") == "030000" and request.get("25") == "06":
            reply["15"] = f"{now:%m%d}"
            reply |= self._preauth(request, body, terminal, reply["37"], now)
            return self._sealed(reply, terminal)
        else:
            reply["39"] = "12"
        return bytes(iso8583.encode(reply, SPEC)[0])

    def _sign_on(self, terminal: Terminal) -> str:
        terminal.pin_key, terminal.mac_key = secrets.token_bytes(16), secrets.token_bytes(16)
        parts = [
            psec.des.encrypt_tdes_ecb(terminal.master_key, key) + psec.des.generate_kcv(key, 4)
            for key in (terminal.pin_key, terminal.mac_key)
        ]
        return b"".join(parts).hex().upper()

    def _sealed(self, reply: Fields, terminal: Terminal) -> bytes:
        if not terminal.mac_key:
            return bytes(iso8583.encode(reply, SPEC)[0])
        reply["64"] = "00" * 8
        body = bytes(iso8583.encode(reply, SPEC)[0])[:-8]
        return body + self._mac(terminal.mac_key, body)

    def _preauth(self, request: Fields, body: bytes, terminal: Terminal, reference: str, now: datetime) -> Fields:
        if NEEDED - request.keys():
            return {"39": "30"}
        if not terminal.mac_key:
            return {"39": "77"}
        if not hmac.compare_digest(self._mac(terminal.mac_key, body[:-8]), body[-8:]):
            return {"39": "A0"}
        card = self._cards.get(request["2"])
        if card is None:
            return {"39": "14"}
        asked = Request(
            request["41"], request["42"], request["60"][2:8], request["11"], card.name, int(request["4"]), reference,
            now.date(),
        )  # fmt: skip
        chip, key, arqc = self._check_chip(card, request.get("55"))
        code = "54" if card.expiry < f"{now:%y%m}" else chip or self._check_pin(card, terminal, request.get("52"))
        approval = ""
        if code:
            self._books.refuse(asked, code)
        else:
            code, approval = self._books.preauth(asked)
        reply = {"39": code}
        if key and not chip:
            response_code = code.encode()
            arpc = pyemv.ac.generate_arpc_1(key, arqc, response_code) + response_code
            reply["55"] = pyemv.tlv.encode({"91": arpc}).hex().upper()
        if approval:
            reply |= {"38": approval, "44": "03080000   03099988   "}
        return reply

    def _check_chip(self, card: PlannedCard, data: str | None) -> tuple[str, bytes, bytes]:
        """A code that refuses, or none; the session key and the cryptogram for the answer."""
        if data is None:
            return "", b"", b""
        try:
            tags = pyemv.tlv.decode(bytes.fromhex(data))
            card_key = pyemv.kd.derive_icc_mk_a(self._issuer_key, card.pan, card.psn)
            atc = tags["9F36"]
            inverted = bytes(byte ^ 0xFF for byte in atc)
            key = encrypt_tdes_ecb(card_key, bytes(6) + atc + bytes(6) + inverted)
            covered = b"".join(tags[tag] for tag in CRYPTOGRAM_DATA) + tags["9F10"][3:7]
            expected = pyemv.ac.generate_ac(key, covered, pyemv.ac.PaddingType.EMV)
        except (ValueError, KeyError):
            return "59", b"", b""
        given = tags.get("9F26", b"")
        return ("" if hmac.compare_digest(given, expected) else "59"), key, given

    def _check_pin(self, card: PlannedCard, terminal: Terminal, block: str | None) -> str:
        if block is None:
            return ""
        try:
            clear = psec.des.decrypt_tdes_ecb(terminal.pin_key, bytes.fromhex(block))
            pin = psec.pinblock.decode_pinblock_iso_0(clear, card.pan)
        except ValueError:
            return "99"
        return "" if hmac.compare_digest(pin, card.pin) else "55"


class Host:
    """Answers frames: each in a transaction of its own, or all of a turn of the loop in one."""

    def __init__(self, issuer: Issuer, books: Books, *, group: bool) -> None:
        self._issuer = issuer
        self._books = books
        self._group = group
        self._waiting: list[tuple[asyncio.Transport, bytes]] = []

    def received(self, transport: asyncio.Transport, frame: bytes) -> None:
        if not self._group:
            self._books.begin()
            answer = self._answer(frame)
            self._books.commit()
            transport.write(answer)
            return
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._turn)
        self._waiting.append((transport, frame))

    def _turn(self) -> None:
        waiting, self._waiting = self._waiting, []
        answers = []
        self._books.begin()
        for transport, frame in waiting:
            self._books.mark()
            answers.append((transport, self._answer(frame)))
            self._books.keep()
        self._books.commit()
        for transport, answer in answers:
            transport.write(answer)

    def _answer(self, frame: bytes) -> bytes:
        head = frame[:1] + frame[3:5] + frame[1:3] + frame[5:HEAD]  # TPDU addresses swapped
        body = head + self._issuer.answer(frame[HEAD:])
        return len(body).to_bytes(2, "big") + body


class Connection(asyncio.Protocol):
    def __init__(self, host: Host) -> None:
        self._host = host
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 2:
            end = 2 + int.from_bytes(self._buffer[:2], "big")
            if len(self._buffer) < end:
                return
            frame = bytes(self._buffer[2:end])
            del self._buffer[:end]
            self._host.received(self._transport, frame)


async def serve(plan: Plan, directory: Path, *, group: bool) -> None:
    books = Books(directory / "books.sqlite")
    books.open_accounts([card.name for card in plan.cards], plan.opening)
    host = Host(Issuer(plan, books), books, group=group)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(host), "127.0.0.1", 0, backlog=512)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--group", action="store_true")
    parser.add_argument("--uvloop", action="store_true")
    wanted = parser.parse_args()
    if wanted.uvloop:
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(serve(Plan.read(wanted.plan), wanted.directory, group=wanted.group))


if __name__ == "__main__":
    main()
