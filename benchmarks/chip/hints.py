"""What brings a seeded defect of the chip to light: a kind of card, and an ingredient or two.

By chance alone a defect that one fault in a hundred shows would hardly be met.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchmarks.chip.recipes import BEGINS, FAULT, HOST, PARAMETER, Ingredient, Recipe


@dataclass(frozen=True, slots=True)
class Hint:
    """`kind` of none is whichever was drawn."""

    kind: str = ""
    ingredients: tuple[Ingredient, ...] = ()


def _fault(name: str, kind: str = "") -> Hint:
    return Hint(kind, ((FAULT, name),))


def _host(*manners: tuple[str, str]) -> Hint:
    return Hint("", tuple((HOST, *manner) for manner in manners))


BLOCKED = "has its application blocked"
HINTS: Mapping[str, tuple[Hint, ...]] = {
    "blocked-application-used": (_fault(BLOCKED), _fault(BLOCKED, "multi-app")),
    "next-occurrence-forgotten": (Hint("two-credits"),),
    "first-application-taken": (Hint("multi-app"), Hint("asks-first"), Hint("two-credits")),
    "oda-failure-ignored": (_fault("signs wrongly"), _fault("has a wrong static signature", "sda-only"), Hint("cda")),
    "expired-ca-key-used": (Hint("expired-ca-key"), Hint("", ((PARAMETER, "CA keys", "expired"),))),
    "revoked-certificate-taken": (Hint("revoked-issuer"), Hint("", ((PARAMETER, "CA keys", "revoked"),))),
    "expiry-unnoticed": (_fault("has expired"),),
    "usage-control-ignored": (_fault("may not be used here"), Hint("at-home-only")),
    "pin-tries-not-looked": (_fault("has no PIN tries left", "offline-pin"),),
    "bypass-not-told": (Hint("", (("PIN", "bypass"),)), Hint("offline-pin", (("PIN", "bypass"),))),
    "unknown-cvm-stops": (_fault("wants an unknown verification, or else a PIN"),),
    "denial-ignored": (Hint("", ((PARAMETER, "TAC denial", "FFFFFFFFFF"),)),),
    "approved-offline": (
        Hint("", ((FAULT, "may decide by itself"), (PARAMETER, "TAC online", "0000000000"))),
        _fault("approves by itself"),
    ),
    "unable-online-approved": (_host(("any", "no answer")), _host(("any", "wrong MAC"))),
    "script-order-swapped": (_host(("any", "scripts 71 and 72")), _host(("any", "script 71"))),
    "script-result-not-told": (_host(("any", "script 71")), _host(("any", "script 72 wrong MAC"))),
    "chip-card-swiped": (Hint("", (("sale", "swiped"),)),),
    "fallback-not-marked": (_fault("has a dead chip"), _fault("fails at its processing options")),
    "fallback-for-blocked-card": (_fault("is blocked"), _fault(BLOCKED)),
    "key-entry-always": (Hint("", (("hold", "keyed"),)),),
}  # fmt: skip
"""Of defects that show in any story there is none."""
MOST_FAULTS = 2


def hinted(recipe: Recipe, defect: str) -> Recipe | None:
    """The story with what a hint says, one of them by turns; None of a defect that needs none."""
    hints = HINTS.get(defect)
    if hints is None:
        return None
    hint = random.Random(recipe.number).choice(hints)
    own = [words for words in hint.ingredients if words[0] not in BEGINS]
    orders = [words for words in hint.ingredients if words[0] in BEGINS]
    left = MOST_FAULTS - sum(words[0] == FAULT for words in own)
    rest = [words for words in recipe.ingredients if words[0] != FAULT or words[1] in recipe.faults[:left]]
    return replace(recipe, kind=hint.kind or recipe.kind, ingredients=(*own, *rest, *orders))
