"""A PC/SC program that is none of ours: `other_program.py HEX...` prints readers, ATR, and the answer to each command.

`UID` stands for the reader's own command for it. It ends with 1 where there is no card.
"""

from __future__ import annotations

import sys

from smartcard import scard

COMMANDS = {"UID": "FFCA000000"}
NO_CARD = 0x8010000C


def main(commands: list[str]) -> int:
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    code, names = scard.SCardListReaders(context, [])
    print(f"service {code & 0xFFFFFFFF:08X}, readers: {', '.join(names or [])}")
    if not names:
        return 1
    code, card, _ = scard.SCardConnect(
        context, names[0], scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
    )
    if code & 0xFFFFFFFF:
        print("no card" if code & 0xFFFFFFFF == NO_CARD else f"connect {code & 0xFFFFFFFF:08X}")
        return 1
    _, _, _, protocol, atr = scard.SCardStatus(card)
    print(f"ATR {bytes(atr).hex().upper()}")
    way = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
    for command in commands:
        code, answer = scard.SCardTransmit(card, way, list(bytes.fromhex(COMMANDS.get(command, command))))
        print(bytes(answer).hex().upper() if not code else f"transmit {code & 0xFFFFFFFF:08X}")
    scard.SCardDisconnect(card, scard.SCARD_RESET_CARD)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
