"""A card's data looked at as a terminal would: does what lies there prove itself? EMV Book 2, 5 and 6; Book 3, 10.3.

Nothing here knows what was done to the data: only what came of it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from protocols.emv import TlvError, flatten, parse
from protocols.emv.certificates import AuthenticationFailed, Reason, recover_card, recover_issuer
from protocols.emv.oda import check_static, static_data
from protocols.emv.rsa import RsaPublic
from simulators.card.authority import CA_KEYS, Authority
from simulators.card.personal import PersonalApplication

Verdict = Literal["right", "wrong", "missing", "none"]
ENTRY = 4
"""Bytes of one entry of the locator. EMV Book 3, 10.2"""


def ca_index(application: PersonalApplication) -> str:
    """Tag 8F as it lies in the records; empty when it does not."""
    return _objects(list(_located(application))).get("8F", b"").hex().upper()


class Look(NamedTuple):
    """What a terminal finds that has the right CA key: a verdict, the card's own key if its certificates lead to one,
    and the serial number of its issuer's certificate, in hex, if that is one."""

    verdict: Verdict
    key: RsaPublic | None = None
    serial: str = ""


def authentic(application: PersonalApplication, pan: str, authority: Authority, today: str) -> Verdict:
    """Whether the records lead to the card's key, or to static data that its issuer signed, from the CA key that they
    name. `today` is YYMMDD. "missing": an object that it takes is not there.
    """
    return look(application, pan, authority, today).verdict


def look(application: PersonalApplication, pan: str, authority: Authority, today: str) -> Look:
    """As `authentic`, with what was found on the way."""
    oda = application.profile.oda
    if oda == "none":
        return Look("none")
    rows = list(_located(application))
    values = _objects(rows)
    if not values.get("8F"):  # EMV Book 3, 10.3
        return Look("missing")
    if values["8F"][0] not in CA_KEYS:
        return Look("wrong")
    ca = authority.ca_key(values["8F"][0])
    number = values.get("5A", b"").hex().upper().rstrip("F") or pan
    serial = ""
    try:
        issuer = recover_issuer(ca, values, number, today)
        serial = issuer.serial.hex().upper()
        static = static_data(
            [(file, data) for file, data, signed in rows if signed], values.get("9F4A"), application.aip
        )
        if oda != "sda":
            return Look("right", recover_card(issuer.key, values, number, static, today), serial)
        if not values.get("93"):
            return Look("missing", serial=serial)
        check_static(issuer.key, values["93"], static)
    except AuthenticationFailed as error:
        return Look("missing" if error.reason is Reason.MISSING else "wrong", serial=serial)
    return Look("right", serial=serial)


def _located(application: PersonalApplication) -> list[tuple[int, bytes, bool]]:
    """File, record and whether it is signed, in the locator's order; what is not there is passed over."""
    found = []
    for at in range(0, len(application.afl) - ENTRY + 1, ENTRY):
        file, first, last, signed = application.afl[at : at + ENTRY]
        for number in range(first, last + 1):
            record = application.records.get((file >> 3, number))
            if record is not None:
                found.append((file >> 3, record, number < first + signed))
    return found


def _objects(rows: list[tuple[int, bytes, bool]]) -> dict[str, bytes]:
    """The first of each tag; a record that is none holds nothing."""
    values: dict[str, bytes] = {}
    for _, data, _ in rows:
        try:
            nodes = list(flatten(parse(data)))
        except TlvError:
            continue
        for node in nodes:
            values.setdefault(node.tag, node.value)
    return values
