"""A terminal in one page: signs on to `holdfast issuer`, holds an amount, completes it, and reverses another hold.

    holdfast issuer &                  # prints the port, 8583 by default
    python docs/issuer-client.py --port 8583

It needs nothing of Holdfast, so that the wire can be seen: Python's own library, and `cryptography` for DES. All keys
and card numbers are test ones. The exit status is 0 when every answer was the right one.
"""

from __future__ import annotations

import argparse
import socket
import struct
import sys
import time
from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

# field: (coding, length); a length of 0 is variable. n digits in BCD, p digits padded right, a ASCII, b bytes
FIELDS = {
    2: ("LLn", 0), 3: ("n", 6), 4: ("n", 12), 11: ("n", 6), 12: ("n", 6), 13: ("n", 4), 14: ("n", 4), 15: ("n", 4),
    22: ("n", 3), 25: ("n", 2), 32: ("LLn", 0), 35: ("LLn", 0), 37: ("a", 12), 38: ("a", 6), 39: ("a", 2),
    41: ("a", 8), 42: ("a", 15), 44: ("LLa", 0), 49: ("a", 3), 60: ("LLLn", 0), 61: ("LLLn", 0), 62: ("LLLb", 0),
    63: ("LLLa", 0), 64: ("b", 8),
}  # fmt: skip
TPDU, HEADER, BATCH = "6000060000", "603100311003", "000001"


def des(key: bytes):
    """Triple DES under a key of 16 bytes, block by block."""
    return Cipher(TripleDES(key + key[:8]), ECB())


def encrypt(key: bytes, data: bytes) -> bytes:
    return des(key).encryptor().update(data)


def pack(message: dict) -> bytes:
    """MTI, bitmap, and the fields in their order; F64 goes in last."""
    bitmap, body = 0, b""
    for number in sorted(n for n in message if n):
        coding, value = FIELDS[number][0], message[number]
        bitmap |= 1 << (64 - number)
        data = bytes.fromhex(value + "0" * (len(value) % 2)) if coding.endswith("n") else value
        data = data.encode() if isinstance(data, str) else data
        if coding.startswith("LL"):
            body += bytes.fromhex(str(len(value)).rjust(2 if coding[2] != "L" else 4, "0"))
        body += data
    return bytes.fromhex(message[0]) + bitmap.to_bytes(8, "big") + body


def unpack(body: bytes) -> dict:
    """The same backwards."""
    message, at = {0: body[:2].hex()}, 10
    bitmap = int.from_bytes(body[2:10], "big")
    for number in (n for n in range(1, 65) if bitmap >> (64 - n) & 1):
        coding, length = FIELDS[number]
        if coding.startswith("LL"):
            width = 1 if coding[2] != "L" else 2
            length, at = int(body[at : at + width].hex()), at + width
        size = (length + 1) // 2 if coding.endswith("n") else length
        data, at = body[at : at + size], at + size
        message[number] = data.hex()[:length] if coding.endswith("n") else data
        if coding.endswith("a"):
            message[number] = data.decode("gb18030")
    return message


def mac(key: bytes, block: bytes) -> bytes:
    """UnionPay's: fold by exclusive or, write as hex, encipher, add the rest, encipher; eight hex digits of it."""
    block += bytes(-len(block) % 8)
    folded = 0
    for at in range(0, len(block), 8):
        folded ^= int.from_bytes(block[at : at + 8], "big")
    text = f"{folded:016X}".encode()
    first = encrypt(key, text[:8])
    return encrypt(key, bytes(a ^ b for a, b in zip(first, text[8:], strict=True))).hex().upper()[:8].encode()


@dataclass
class Terminal:
    """Its connection, its number and merchant, and the MAC key of its session."""

    line: socket.socket
    number: str
    merchant: str
    mac_key: bytes = b""
    trace: int = int(time.time()) % 900_000  # another one each second: the host refuses a trace that was used

    def ask(self, what: str, message: dict, expected: str = "00") -> dict:
        """Send one message, sealed when there is a key for it, and wait for its answer."""
        self.trace += 1
        message = {11: f"{self.trace:06d}", 41: self.number, 42: self.merchant, **message}
        sealed = message[0][:2] in ("01", "02", "04")
        body = pack({**message, 64: bytes(8)} if sealed else message)
        if sealed:
            body = body[:-8] + mac(self.mac_key, body[:-8])
        frame = bytes.fromhex(TPDU + HEADER) + body
        self.line.sendall(struct.pack(">H", len(frame)) + frame)
        raw = self.read(struct.unpack(">H", self.read(2))[0])[11:]
        reply = unpack(raw)
        if 64 in reply and reply[64] != mac(self.mac_key, raw[:-8]):
            sys.exit(f"{what}: the MAC of the answer is wrong")
        card = message.get(2) or message.get(35, "")[:16]
        shown = f" card {card[:6]}{'*' * (len(card) - 10)}{card[-4:]}" if card else ""
        print(f"{what}: {message[0]} trace {message[11]}{shown} -> {reply[0]} code {reply[39]} {reply.get(38, '')}")
        if (reply[39], reply.get(11)) != (expected, message[11]):
            sys.exit(f"{what}: {expected} was expected")
        return {**reply, 11: message[11]}

    def read(self, size: int) -> bytes:
        data = self.line.recv(size, socket.MSG_WAITALL)
        return data if len(data) == size else sys.exit("the host has hung up")

    def sign_on(self, master_key: bytes) -> None:
        """F62: PIN key and MAC key, 16 bytes each under the master key, each followed by its check value."""
        f62 = self.ask("sign-on", {0: "0800", 60: f"00{BATCH}003", 63: "01 "})[62]
        self.mac_key = des(master_key).decryptor().update(f62[20:36])
        if encrypt(self.mac_key, bytes(8))[:4] != f62[36:40]:
            sys.exit("the check value of the MAC key is wrong: compare the master keys")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--port", type=int, default=8583)
    for name, value in (("terminal", "50080001"), ("merchant", "309310083985008"), ("test-master-key", "44" * 16)):
        options.add_argument(f"--{name}", default=value)
    options.add_argument("--card", default="6250947000000014", help="the first card of the host's test range")
    chosen = options.parse_args()
    with socket.create_connection(("127.0.0.1", chosen.port), 10) as line:
        terminal = Terminal(line, chosen.terminal, chosen.merchant)
        terminal.sign_on(bytes.fromhex(chosen.test_master_key))
        common = {4: "000000010000", 22: "022", 25: "06", 35: f"{chosen.card}D30122010000", 49: "156"}
        preauth = {**common, 0: "0100", 3: "030000", 60: f"10{BATCH}00020"}
        held = terminal.ask("pre-authorisation", preauth)
        original = {38: held[38], 61: f"000000000000{held[13]}"}
        completion = {**common, **original, 0: "0200", 3: "000000", 4: "000000011500", 60: f"20{BATCH}00020"}
        terminal.ask("completion at 115 percent", completion)
        lost = terminal.ask("pre-authorisation, to be reversed", preauth)
        kept = {key: value for key, value in preauth.items() if key != 35}  # a reversal carries no track
        terminal.ask("reversal", {**kept, 0: "0400", 11: lost[11], 39: "98"})
        terminal.ask("the same reversal again", {**kept, 0: "0400", 11: lost[11], 39: "98"}, expected="25")


if __name__ == "__main__":
    main()
