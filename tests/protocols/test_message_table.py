"""The table: every message, in every direction, packed, unpacked, decoded by another library, complete, and sealed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from protocols.iso8583 import UNIONPAY, Frame, Message, compile_spec, pack_frame, unpack_frame
from protocols.iso8583.field import Encoding
from protocols.iso8583.mac import MAC_SCHEMES, mac_of
from protocols.presence import Presence, Side, breaches, presence
from protocols.transactions import REVERSAL_MTI, REVERSAL_REPLY_MTI, TRANSACTIONS, Transaction, transaction_of
from tests.protocols.samples import PAN, TRACK
from tests.support.independent import decode_frame

CODEC = compile_spec(UNIONPAY)
FIELDS = UNIONPAY.by_number()
KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
VALUES: dict[int, str | bytes] = {
    2: PAN, 3: "000000", 4: "000000100000", 11: "000123", 12: "101530", 13: "1120", 14: "3012", 15: "1120", 22: "051",
    23: "001", 25: "00", 26: "12", 32: "03099988", 35: TRACK, 36: TRACK, 37: "112000000001", 38: "000123", 39: "00",
    41: "50080001", 42: "309310083985008", 44: "03080000   03099988   ", 48: "0" * 62, 49: "156", 52: bytes(range(8)),
    53: "2600000000000000", 54: "1002156C000000999999", 55: bytes.fromhex("9F2608A1B2C3D4E5F60718"), 57: "57",
    58: b"58", 59: "59", 61: "0000000000001120", 62: bytes(24), 63: "CUP", 64: bytes(8),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One message of the table."""

    transaction: Transaction
    side: Side
    reversal: bool

    @property
    def presence(self) -> Presence:
        return presence(self.transaction, self.side, reversal=self.reversal)

    @property
    def sealed(self) -> bool:
        return 64 in self.presence.mandatory

    def message(self) -> Message:
        """The message with what is mandatory, and what its own values then demand."""
        layout = TRANSACTIONS[self.transaction]
        mti = {"request": REVERSAL_MTI, "reply": REVERSAL_REPLY_MTI} if self.reversal else {
            "request": layout.mti, "reply": layout.reply_mti,
        }  # fmt: skip
        given = VALUES | {60: f"{layout.f60_1}000001{layout.f60_3}50", 3: layout.f3, 25: layout.f25}
        message: Message = {0: mti[self.side], **{n: given[n] for n in self.presence.mandatory}}
        while missing := breaches({n: str(value) for n, value in message.items()}, self.presence):
            message |= {breach.field: given[breach.field] for breach in missing}
        return message

    def __str__(self) -> str:
        return f"{'reversal of ' if self.reversal else ''}{self.transaction} {self.side}"


ROWS = [
    *(Row(t, side, False) for t in Transaction for side in ("request", "reply")),
    *(Row(t, side, True) for t, layout in TRANSACTIONS.items() if layout.reversible for side in ("request", "reply")),
]
SEALED = [row for row in ROWS if row.sealed]


def framed(body: bytes) -> bytes:
    return pack_frame(Frame("6000060000", "613100311003", body))


def test_the_table_has_every_message() -> None:
    """32 requests and their replies; 7 can be reversed, and each reversal has a reply. 21 of the 39 are sealed."""
    assert len(ROWS) == 78
    assert len(SEALED) == 42


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_what_is_packed_is_unpacked(row: Row) -> None:
    message = row.message()
    assert CODEC.unpack(CODEC.pack(message)) == message


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_another_library_reads_the_same(row: Row) -> None:
    message = row.message()
    decoded = decode_frame(framed(CODEC.pack(message)))
    assert decoded.pop("t") == message[0]
    for number, value in message.items():
        if number:
            assert decoded[str(number)] == (value.hex().upper() if isinstance(value, bytes) else value)
    assert {int(n) for n in decoded if n.isdigit()} == set(message) - {0}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_what_is_packed_names_its_transaction_and_is_complete(row: Row) -> None:
    message = {n: str(value) for n, value in CODEC.unpack(CODEC.pack(row.message())).items()}
    found = transaction_of(message[0], message.get(3, ""), message.get(25, ""), message[60])
    assert found is row.transaction
    assert breaches(message, row.presence) == []


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_field_less_is_a_breach_that_names_it(row: Row) -> None:
    message = {n: str(value) for n, value in row.message().items()}
    for number in row.presence.mandatory:
        lacking = {n: value for n, value in message.items() if n != number}
        assert number in [breach.field for breach in breaches(lacking, row.presence)]


@pytest.mark.parametrize("scheme", sorted(MAC_SCHEMES))
@pytest.mark.parametrize("row", SEALED, ids=str)
def test_a_seal_holds_and_one_changed_bit_breaks_it(row: Row, scheme: str) -> None:
    mac = mac_of(scheme, KEY)
    body = mac.seal(CODEC, row.message())
    assert mac.check(body) == "valid"
    assert mac.check(unpack_frame(framed(body)).body) == "valid"
    middle = len(body) // 2
    broken = body[:middle] + bytes([body[middle] ^ 0x10]) + body[middle + 1 :]
    assert mac.check(broken) == "wrong"


def test_the_samples_fit_every_field_of_the_table() -> None:
    assert set(FIELDS) - set(VALUES) == {60}
    assert all(isinstance(VALUES[n], bytes) == (FIELDS[n].encoding is Encoding.BINARY) for n in VALUES)
