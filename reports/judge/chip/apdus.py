"""Commands to a card, each with its whole answer. What T=0 makes two of is one here. ISO 7816-3, 12.2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocols.emv import Apdu, ApduError, TlvError, flatten, parse
from reports.runfolder import Record

GET_RESPONSE = 0xC0
MORE, WRONG_LE, WARNINGS = "61", "6C", ("62", "63")
DONE = "9000"


@dataclass(slots=True)
class Sent:
    """A command as the terminal sent it. `apdu` is None where its bytes are none; `sw` is empty when nothing came."""

    command: Record
    apdu: Apdu | None
    response: Record | None = None
    answer: bytes = b""
    sw: str = ""

    @property
    def ok(self) -> bool:
        return self.sw == DONE

    @property
    def name(self) -> str:
        """The command's name; empty where it cannot be read."""
        return self.apdu.name if self.apdu else ""

    @property
    def numbers(self) -> tuple[int, ...]:
        """Command and answer."""
        return (self.command.number, *([self.response.number] if self.response else []))


def sent_of(records: Iterable[Record]) -> list[Sent]:
    """Commands and answers of one card, in their order, put together."""
    found: list[Sent] = []
    for record in records:
        if record.kind == "command":
            apdu = _apdu(record)
            if not (found and apdu and _goes_on(found[-1], apdu)):
                found.append(Sent(record, apdu))
        elif record.kind == "response" and found and record.raw is not None and len(record.raw) > 1:
            _answered(found[-1], record, record.raw)
    return found


def _apdu(record: Record) -> Apdu | None:
    try:
        return Apdu.parse(record.raw or b"")
    except ApduError:
        return None


def _goes_on(last: Sent, apdu: Apdu) -> bool:
    """Whether a command only fetches what the one before has ready, or repeats it with the length that was named."""
    if apdu.ins == GET_RESPONSE:
        return last.sw.startswith((MORE, *WARNINGS))
    before = last.apdu
    again = before is not None and (before.cla, before.ins, before.p1, before.p2) == (
        apdu.cla, apdu.ins, apdu.p1, apdu.p2,
    )  # fmt: skip
    return again and last.sw.startswith(WRONG_LE)


def _answered(sent: Sent, record: Record, raw: bytes) -> None:
    """An answer in pieces is told whole with the last of them; a warning outlasts what is fetched after it."""
    whole = record.fields.get("pieces")
    sent.answer = raw[:-2] if whole else sent.answer + raw[:-2]
    sent.response = record
    if not sent.sw.startswith(WARNINGS):
        sent.sw = raw[-2:].hex().upper()


def data_objects(data: bytes) -> list[tuple[str, bytes]]:
    """Every object that is no template, in order; nothing where the bytes are no TLV."""
    try:
        return [(node.tag, node.value) for node in flatten(parse(data)) if not node.children]
    except TlvError:
        return []


def first_of(pairs: Iterable[tuple[str, bytes]]) -> Mapping[str, bytes]:
    """Each tag with its first value."""
    values: dict[str, bytes] = {}
    for tag, value in pairs:
        values.setdefault(tag, value)
    return values
