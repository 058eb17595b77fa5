"""A program that knows nothing of Holdfast: it asks a card by pyscard for its payment applications."""

from __future__ import annotations

from smartcard.System import readers
from smartcard.util import toHexString

SELECT_PSE = [0x00, 0xA4, 0x04, 0x00, 14, *b"1PAY.SYS.DDF01", 0x00]
FIRST_RECORD = [0x00, 0xB2, 0x01, 0x0C, 0x00]

reader = readers()[0]
connection = reader.createConnection()
connection.connect()
print(f"{reader}: {toHexString(connection.getATR())}")
for command in (SELECT_PSE, FIRST_RECORD):
    data, sw1, sw2 = connection.transmit(command)
    print(f"{toHexString(command)}\n  {sw1:02X}{sw2:02X}, {len(data)} bytes: {toHexString(data[:16])} ...")
connection.disconnect()
