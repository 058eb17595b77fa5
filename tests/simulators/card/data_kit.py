"""What the tests of card data share: cards read as a terminal reads them, with none of the card's own knowledge."""

from __future__ import annotations

from typing import Any

from protocols.emv import Tlv, flatten, parse
from protocols.emv.certificates import recover_card, recover_issuer, recover_pin
from protocols.emv.oda import static_data
from protocols.emv.rsa import RsaPublic
from simulators.card.authority import house_authority
from simulators.card.damage import UNHARMED, Damage
from simulators.card.personal import PersonalApplication, Personalised, personalise
from tests.simulators.kit import PAN, credit_profile

TODAY = "260615"


def credit(damage: Damage = UNHARMED, **changes: Any) -> PersonalApplication:
    """The only application of a credit card with changes and damage."""
    return whole(damage, **changes).applications[0]


def whole(damage: Damage = UNHARMED, **changes: Any) -> Personalised:
    return personalise(credit_profile(**changes), PAN, house_authority(), damage)


def located(application: PersonalApplication) -> list[tuple[int, int, bytes, bool]]:
    """File, number, record and whether it is signed, as the locator names them. EMV Book 3, 10.2"""
    found = []
    for at in range(0, len(application.afl), 4):
        file, first, last, signed = application.afl[at : at + 4]
        for number in range(first, last + 1):
            found.append((file >> 3, number, application.records[file >> 3, number], number - first < signed))
    return found


def nodes_of(application: PersonalApplication) -> list[Tlv]:
    """Every object of every record."""
    return [node for _, _, record, _ in located(application) for node in flatten(parse(record))]


def values_of(application: PersonalApplication) -> dict[str, bytes]:
    return {node.tag: node.value for node in nodes_of(application)}


def static_of(application: PersonalApplication) -> bytes:
    """What is authenticated. EMV Book 3, 10.3"""
    signed = [(file, record) for file, _, record, is_signed in located(application) if is_signed]
    return static_data(signed, values_of(application).get("9F4A"), application.aip)


def issuer_key(application: PersonalApplication, today: str = TODAY) -> RsaPublic:
    values = values_of(application)
    ca = house_authority().ca_key(values["8F"][0])
    return recover_issuer(ca, values, pan_of(application), today).key


def card_key(application: PersonalApplication, today: str = TODAY) -> RsaPublic:
    return recover_card(
        issuer_key(application, today), values_of(application), pan_of(application), static_of(application), today
    )


def pin_key(application: PersonalApplication) -> RsaPublic:
    return recover_pin(issuer_key(application), values_of(application), pan_of(application), TODAY)


def pan_of(application: PersonalApplication) -> str:
    return values_of(application)["5A"].hex().upper().rstrip("F")
