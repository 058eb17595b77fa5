"""Offline data authentication: which method was due, and whether the card's data could pass it. EMV Book 3, 10.3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

from protocols.emv.verification import Aip, Capabilities, Tvr
from reports.judge.chip.demands import Case, Demand, barred, due
from reports.judge.chip.walk import INTERNAL

NONE = "none"
"""What is told of a method where none was used."""


class Method(Enum):
    """In the order in which a terminal prefers them: the first that card and terminal both can. EMV Book 3, 10.3"""

    CDA = (Aip.CDA, Capabilities.CDA, Tvr.CDA_FAILED)
    DDA = (Aip.DDA, Capabilities.DDA, Tvr.DDA_FAILED)
    SDA = (Aip.SDA, Capabilities.SDA, Tvr.SDA_FAILED)

    @property
    def failed(self) -> Tvr:
        return self.value[2]


NEEDED = {
    Method.SDA: ("8F", "90", "9F32", "93"),
    Method.DDA: ("8F", "90", "9F32", "9F46", "9F47"),
    Method.CDA: ("8F", "90", "9F32", "9F46", "9F47"),
}
"""What the card must give for each. EMV Book 3, 7.2, table 27; whether a remainder is needed too, its lengths tell."""


class Truth(Enum):
    """What authentication must come to."""

    RIGHT = "right"
    WRONG = "wrong"
    OPEN = "not known"


def method_of(case: Case) -> Method | None:
    """None where card and terminal have none in common. Needs both."""
    aip, capabilities = case.walk.aip, case.capabilities
    assert aip is not None
    assert capabilities is not None
    return next((m for m in Method if aip & m.value[0] and capabilities & m.value[1]), None)


def demands(case: Case) -> Iterator[Demand]:
    """Of the first round. Where capabilities or profile are not known, nothing."""
    if case.walk.aip is None or case.capabilities is None:
        return
    method, numbers = method_of(case), (case.walk.number("82"),)
    what = f"{method.name} was due" if method else "card and terminal have no method in common"
    if method is not Method.CDA or case.first.asked != "AAC":  # no signature is asked for then: likely either way
        yield Demand(Tvr.ODA_NOT_PERFORMED, method is None, what, numbers)
    yield Demand(Tvr.SDA_SELECTED, method is Method.SDA, what, numbers)
    for other in (m for m in Method if m is not method):
        yield barred(other.failed, what, *numbers)
    if method is not None:
        yield from _result(case, method)


def _result(case: Case, method: Method) -> Iterator[Demand]:
    truth, why, number = keys_truth(case, method)
    if method is Method.DDA and truth is Truth.RIGHT:
        truth, why, number = _signature(case)
    if truth is Truth.RIGHT:
        yield barred(method.failed, why, number)
    elif truth is Truth.WRONG and method is not Method.CDA:  # the keys of a CDA may be recovered later: Book 2, 6.6
        yield due(method.failed, why, number)


def missing(case: Case, method: Method) -> list[str]:
    """Tags of what the card should have given for a method and did not."""
    return [tag for tag in NEEDED[method] if not case.walk.value(tag)]


def keys_truth(case: Case, method: Method) -> tuple[Truth, str, int]:
    """Whether the card's certificates, and its static signature for SDA, can be right; why; and the event that says it.

    The twin says what they are worth under the key that made them; the rig says which keys the terminal has.
    """
    lacking = missing(case, method)
    index = case.walk.value("8F").hex().upper()
    if lacking:
        return Truth.WRONG, f"the card gave no {lacking[0]}", case.walk.number("82")
    usable = case.setting.keys("ca_keys")
    if usable is not None and index not in usable and case.setting.downloaded:
        return Truth.OPEN, "", 0
    if usable is not None and index not in usable:
        return Truth.WRONG, f"the terminal was given no usable CA key {index}", case.setting.number
    serials = [serial for of, serial in case.setting.revoked() if of == index]
    if serials and not case.card.serial:
        return Truth.OPEN, "", 0
    if case.card.serial in serials:
        return Truth.WRONG, "the issuer's certificate is revoked", case.setting.number
    if case.card.authentic in ("wrong", "missing"):
        return Truth.WRONG, f"what the card gave to be authenticated is {case.card.authentic}", case.card.number
    if usable is None or case.card.authentic != "right":
        return Truth.OPEN, "", 0
    return Truth.RIGHT, "all that the card gave to be authenticated is right", case.card.number


def _signature(case: Case) -> tuple[Truth, str, int]:
    """DDA: the answer to INTERNAL AUTHENTICATE. EMV Book 2, 6.5"""
    asked = case.walk.of(INTERNAL)
    if not asked:
        return Truth.WRONG, "the card was not asked to sign", case.first.numbers[0]
    return signed(case, "DDA") if asked[-1].ok else (Truth.OPEN, "", 0)


def signed(case: Case, what: str) -> tuple[Truth, str, int]:
    """By the word of the card twin, of the first signature of a kind."""
    told = [r for r in case.walk.told("signed") if r.fields.get("what") == what]
    if not told:
        return Truth.OPEN, "", 0
    right = bool(told[0].fields.get("right"))
    return (
        (Truth.RIGHT if right else Truth.WRONG),
        f"the card signed {'rightly' if right else 'wrongly'}",
        told[0].number,
    )


def combined_truth(case: Case) -> tuple[Truth, str, int]:
    """CDA: keys, and the signature over the first cryptogram. EMV Book 2, 6.6.2"""
    truth, why, number = keys_truth(case, Method.CDA)
    return signed(case, "CDA") if truth is Truth.RIGHT else (truth, why, number)


def data_missing(case: Case) -> Iterator[Demand]:
    """ICC data missing, of the first round. EMV Book 3, 7.5, table 33.

    Due where a needed object is surely missing; barred where surely none is: counters of the card that were asked for
    and refused leave it open.
    """
    walk = case.walk
    if walk.aip is None or case.capabilities is None:
        return
    method = method_of(case)
    lacking = missing(case, method) if method else []
    if walk.aip & Aip.CARDHOLDER_VERIFICATION and len(walk.value("8E")) <= 8:
        yield due(Tvr.DATA_MISSING, "the card gave no list of verification rules", walk.number("82"))
    elif lacking:
        yield due(Tvr.DATA_MISSING, f"the card gave no {lacking[0]}", walk.number("82"))
    elif method and case.card.authentic == "missing":  # a remainder, found by who comes so far
        if _has_key(case):
            yield due(Tvr.DATA_MISSING, "the card gave no remainder of a key", case.card.number)
    elif all(sent.ok for sent in walk.asked_data.values()) and _whole(case, method):
        yield barred(Tvr.DATA_MISSING, "the card gave all that was needed", walk.number("82"))


def _has_key(case: Case) -> bool:
    """Whether the terminal surely has the card's CA key, and no reason to refuse the issuer's certificate."""
    index, usable = case.walk.value("8F").hex().upper(), case.setting.keys("ca_keys")
    return usable is not None and index in usable and all(of != index for of, _ in case.setting.revoked())


def _whole(case: Case, method: Method | None) -> bool:
    """Whether it is known that nothing of authentication is missing: a remainder may be. A method of the card's own
    that the terminal cannot do may count as well."""
    aip = case.walk.aip
    assert aip is not None
    return case.card.authentic == "right" or (method is None and not aip & (Aip.SDA | Aip.DDA | Aip.CDA))


def method_seen(case: Case) -> tuple[str, bool]:
    """Which method the terminal used, by its results and commands, and whether it says that it failed."""
    results = [t for t in (case.tvr, case.walk.second.tvr if case.walk.second else None) if t is not None]
    told = Tvr(0)
    for value in results:
        told |= value
    if told & Tvr.ODA_NOT_PERFORMED:
        return NONE, False
    seen: Sequence[tuple[str, bool, Tvr]] = (
        ("SDA", bool(told & Tvr.SDA_SELECTED), Tvr.SDA_FAILED),
        ("DDA", bool(case.walk.of(INTERNAL)), Tvr.DDA_FAILED),
        ("CDA", case.first.cda_asked, Tvr.CDA_FAILED),
    )
    for name, used, failed in seen:
        if used or told & failed:
            return name, bool(told & failed)
    return NONE, False
