"""GET PROCESSING OPTIONS: the transaction begins in the card, which says what it can and where its data are.

EMV Book 3, 10.1.
"""

from __future__ import annotations

from protocols.emv import Apdu, Tlv, TlvError, fill_dol
from protocols.emv.tlv import encode_length
from protocols.emv.verification import Tsi, Tvr
from simulators.terminal.contact.channel import CardUnusable, Channel
from simulators.terminal.contact.state import ChipTransaction, objects_of, refuse_twice

NOT_SATISFIED = "6985"
COMMAND_TEMPLATE = b"\x83"
FORMAT_1, FORMAT_2 = "80", "77"
LONGEST_PDOL_DATA = 252
"""What a short command holds beside the template's tag and its length of two bytes."""


def initiate(transaction: ChipTransaction, channel: Channel) -> bool:
    """False when the card does not allow its application to be used like this (6985): the next one is taken.

    Raises CardUnusable for every other refusal, and for an answer that is none.
    """
    transaction.tvr, transaction.tsi = Tvr(0), Tsi(0)  # 10.1: all bits to 0
    transaction.pdol_data = _pdol_data(transaction)
    size = encode_length(len(transaction.pdol_data))
    command = Apdu(0x80, 0xA8, 0x00, 0x00, COMMAND_TEMPLATE + size + transaction.pdol_data, 256)  # 6.5.8.2
    answer = channel.send(command)
    if answer.sw == NOT_SATISFIED:
        return False
    if not answer.ok:  # 10.1: no other status is provided for; likely a technical failure, as public notes have it
        raise CardUnusable(f"the card answered {command.name} with {answer.sw}", fallback=True)
    _take(transaction, answer.data)
    return True


def _pdol_data(transaction: ChipTransaction) -> bytes:
    """10.1: the terminal's data alone; what it does not know is zeros (5.4). Without a PDOL there are none."""
    try:
        data = fill_dol(transaction.card.get("9F38", b""), transaction.own())
    except TlvError as error:
        raise CardUnusable(f"the card's PDOL is none: {error}", fallback=True) from None
    if len(data) > LONGEST_PDOL_DATA:
        raise CardUnusable(f"the card's PDOL asks for {len(data)} bytes, more than a command holds", fallback=True)
    return data


def _take(transaction: ChipTransaction, data: bytes) -> None:
    """6.5.8.4: the interchange profile and the file locator, bare or as data objects."""
    template = _only_object(data)
    if template.tag == FORMAT_1:
        transaction.learn([Tlv("82", template.value[:2]), Tlv("94", template.value[2:])])
    elif template.tag == FORMAT_2:
        transaction.learn(template.children)
        refuse_twice(template.children, set())  # 7.5
    else:
        raise CardUnusable(f"the card's processing options are in template {template.tag}", fallback=True)
    for tag, name in (("82", "interchange profile"), ("94", "file locator")):
        if not transaction.card.get(tag):  # 6.5.8.4: both are mandatory
            raise CardUnusable(f"the card gave no application {name}", fallback=True)
    if len(transaction.card["82"]) != 2:
        raise CardUnusable("the card's interchange profile has no two bytes", fallback=True)  # 7.5


def _only_object(data: bytes) -> Tlv:
    objects = objects_of(data)
    if len(objects) != 1:
        raise CardUnusable(f"the card's processing options are {len(objects)} data objects, not one", fallback=True)
    return objects[0]
