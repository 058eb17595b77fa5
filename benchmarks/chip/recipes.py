"""A story as data: a kind of card, and ingredients one after the other. Drawn from a seed and a number, and shrunk.

An ingredient is a tuple of words: what sort it is, and what there is to say of it. `acts.py` knows what each does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from protocols.orders import Entry
from rigs.cards.faulty import ORDINALS, load_faults
from rigs.model import RigModel

Ingredient = tuple[str, ...]
PLAIN = "credit"
FAULT, PARAMETER, HOST, HAND, ACCOUNT = "fault", "parameter", "host", "hand", "account good for"
BEGINS = ("hold", "sale", "balance")
"""Ingredients that are a transaction of their own; what may follow one is in `FOLLOW`."""
FOLLOW = {
    "hold": ("complete", "cancel", "raise", "complete offline"),
    "sale": ("void sale", "refund sale"),
    "complete": ("void completion", "refund completion"),
    "raise": ("complete", "cancel"),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """One story. `seed` and `number` say where it comes from."""

    seed: int
    number: int
    kind: str
    ingredients: tuple[Ingredient, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        return tuple(words[1] for words in self.ingredients if words[0] == FAULT)

    def lines(self) -> Iterator[str]:
        """As people read it."""
        yield f"a {self.kind} card"
        for sort, *words in self.ingredients:
            yield f"{sort}: {', '.join(words)}" if words else sort

    def __str__(self) -> str:
        return " | ".join(self.lines())

    def spared(self, unwanted: Callable[[Ingredient], bool]) -> Recipe:
        """Without ingredients of this kind."""
        return replace(self, ingredients=tuple(one for one in self.ingredients if not unwanted(one)))

    def smaller(self) -> Iterator[Recipe]:
        """The same with one thing less: without one ingredient, or of the plain card."""
        if self.kind != PLAIN:
            yield replace(self, kind=PLAIN)
        for at in range(len(self.ingredients)):
            yield replace(self, ingredients=self.ingredients[:at] + self.ingredients[at + 1 :])
        for at, (sort, *words) in enumerate(self.ingredients):
            if sort in BEGINS and words and words[0] != Entry.CHIP:
                yield self._with(at, (sort, Entry.CHIP.value))

    def _with(self, at: int, ingredient: Ingredient) -> Recipe:
        return replace(self, ingredients=(*self.ingredients[:at], ingredient, *self.ingredients[at + 1 :]))


def draw(seed: int, number: int, kinds: Sequence[str]) -> Recipe:
    """The story of that number: the same whenever it is drawn, and whatever was drawn before it."""
    dice = random.Random(f"{seed}-{number}")  # no secret
    faults = _faults(dice)
    kind = _kind(dice, kinds, faults)
    odds: list[Ingredient] = [(FAULT, name) for name in faults]
    for some, weights in HOW_MANY:
        odds += _several(dice, some, dice.choices(range(len(weights)), weights)[0])
    transactions = list(_transactions(dice))
    if any(words[-1] == Entry.KEYED for words in transactions) and dice.random() < 0.6:
        odds.append((PARAMETER, "key entry", "on"))  # the market has nothing of the kind typed
    return Recipe(seed, number, kind, (*odds, *transactions))


def kinds_of(rig: RigModel) -> tuple[str, ...]:
    """Of cards that a rig has."""
    return tuple(rig.cards)


def _several(dice: random.Random, some: Callable[[random.Random], Ingredient], count: int) -> list[Ingredient]:
    """So many, each of another sort or name than the ones before."""
    found: dict[tuple[str, ...], Ingredient] = {}
    for _ in range(count):
        one = some(dice)
        found.setdefault(one[:2] if one[0] in (PARAMETER, HOST) else one[:1], one)
    return list(found.values())


# ── the card ──────────────────────────────────────────────────────────────────────────────────────────────────────────

AT_A_COMMAND = {"is mute at": 1, "loses its power at": 1, "leaves before it answers": 2, "leaves after it answered": 2}
STATUSES = ("6985", "6A81", "6A82", "6A83", "6283", "6300", "63C1", "6983", "6F00", "9000")
COMMANDS = (
    "SELECT", "READ RECORD", "GET PROCESSING OPTIONS", "GET DATA", "INTERNAL AUTHENTICATE", "VERIFY", "GET CHALLENGE",
    "GENERATE AC", "EXTERNAL AUTHENTICATE", "PIN CHANGE/UNBLOCK", "APPLICATION BLOCK", "CARD BLOCK",
)  # fmt: skip
SLOW = frozenset({"is slow everywhere"})
"""Faults that take so long that they are drawn but rarely."""


@cache
def _rows() -> tuple[tuple[str, str], ...]:
    """Faults of the catalogue, and the kind of card that shows each."""
    return tuple((name, fault.card) for name, fault in load_faults().items())


def _faults(dice: random.Random) -> list[str]:
    count = dice.choices((0, 1, 2), (22, 43, 35))[0]
    return list(dict.fromkeys(_fault(dice) for _ in range(count)))


def _fault(dice: random.Random) -> str:
    if dice.random() < 0.2:
        command, ordinal = dice.choice(COMMANDS), dice.choices(ORDINALS[:3], (6, 3, 1))[0]
        if dice.random() < 0.4:
            return f"answers {dice.choice(STATUSES)} to its {ordinal} {command}"
        return f"{dice.choices(list(AT_A_COMMAND), list(AT_A_COMMAND.values()))[0]} its {ordinal} {command}"
    name = dice.choice(_rows())[0]
    return name if name not in SLOW or dice.random() < 0.1 else "has a wrong cryptogram"


def _kind(dice: random.Random, kinds: Sequence[str], faults: Sequence[str]) -> str:
    """Often the one that shows the fault."""
    shows = [kind for name, kind in _rows() if name in faults and kind != PLAIN]
    wanted = dice.choice(shows) if shows and dice.random() < 0.7 else dice.choice(kinds)
    return wanted if wanted in kinds else dice.choice(kinds)


# ── the terminal ──────────────────────────────────────────────────────────────────────────────────────────────────────

ON_OFF = ("on", "off")
PARAMETERS: dict[str, tuple[str, ...]] = {
    "floor limit": ("0", "1", "5000", "100000", "100001", "10000000"),
    "random selection": ("0", "50", "99", "100"),
    "CA keys": ("none", "expired", "wrong digest", "revoked"),
    "PIN pad": ON_OFF,
    "PIN bypass": ON_OFF,
    "cardholder choice": ON_OFF,
    "key entry": ON_OFF,
    "fallback": ON_OFF,
    "offline approval": ON_OFF,
    "exception file": ("on",),
    "chip attempts": ("1", "2", "3", "4"),
    "capabilities": ("E0F8C8", "E0F8C0", "E06008", "E0A0C8", "E04000", "6020C8", "E0F0E8", "E0F9C8", "E00808"),
    "TAC denial": ("0000000000", "FFFFFFFFFF", "0010000000", "4000000000", "0000008000", "0080A80000"),
    "TAC online": ("0000000000", "FFFFFFFFFF", "0000008000", "D84004F800"),
    "TAC default": ("0000000000", "FFFFFFFFFF", "D84000A800", "0000800000"),
    "terminal country": ("156", "0840", "344"),
    "local limit": ("off",),
    "partial approvals": ("on",),
}
"""EMV Book 4, Annex A2 for the bits of capabilities: they are drawn so that each method comes and goes."""


def _parameter(dice: random.Random) -> Ingredient:
    name = dice.choice(list(PARAMETERS))
    return (PARAMETER, name, dice.choice(PARAMETERS[name]))


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────────

PIN_WORDS = ("right", "wrong", "bypass", "cancel", "nothing")
PULLS = ("pulls before", "pulls after")
PULLED_AT = ("SELECT", "READ RECORD", "GET PROCESSING OPTIONS", "INTERNAL AUTHENTICATE", "VERIFY", "GENERATE AC")
_PEOPLE: tuple[tuple[int, Callable[[random.Random], Ingredient]], ...] = (
    (10, lambda dice: ("PIN", *dice.choices(PIN_WORDS, (40, 35, 12, 8, 5), k=dice.randint(1, 4)))),
    (3, lambda dice: ("choice", dice.choice(("1", "2", "2", "cancel")))),
    (1, lambda dice: ("confirms", dice.choice(("no", "yes")))),
    (1, lambda dice: ("mistypes the number",)),
    (1, lambda dice: ("presses cancel",)),
    (1, lambda dice: ("no supervisor",)),
    (1, lambda dice: (HAND, "stands still")),
    (1, lambda dice: (HAND, "swipes badly")),
    (1, lambda dice: (HAND, "worn stripe")),
    (1, lambda dice: (HAND, "wrong way round")),
    (2, lambda dice: (HAND, dice.choice(PULLS), dice.choice(PULLED_AT), str(dice.randint(1, 3)))),
    (1, lambda dice: ("status", dice.choice(("lost", "stolen", "expired", "restricted")))),
    (1, lambda dice: (ACCOUNT, "the less amount")),
    (2, lambda dice: ("amount", dice.choice(("smallest", "less", "odd", "other")))),
)  # fmt: skip


def _person(dice: random.Random) -> Ingredient:
    return dice.choices([make for _, make in _PEOPLE], [weight for weight, _ in _PEOPLE])[0](dice)


# ── the host ──────────────────────────────────────────────────────────────────────────────────────────────────────────

REQUESTS = ("pre-authorisation", "sale", "balance", "completion", "cancel", "reversal", "any")
CODES = ("01", "04", "05", "51", "54", "55", "55", "57", "61", "75", "77", "91", "94", "96", "A0", "A2", "11", "ZZ")
SCRIPTS = (
    "script 71", "script 72", "scripts 71 and 72", "script 71 wrong MAC", "script 72 wrong MAC",
    "script 72 PIN change", "script 71 application block", "script 72 card block", "script 71 PIN unblock and put data",
    "script 72 put data and PIN unblock wrong MAC", "scripts 71 and 72 PIN change", "script 72 application unblock",
)  # fmt: skip
MANNERS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (24, SCRIPTS),
    (20, tuple(f"code {code}" for code in CODES)),
    (14, ("wrong ARPC", "no ARPC", "malformed chip data", "duplicate chip tag")),
    (6, ("wrong MAC", "no MAC", "wrong trace", "wrong amount", "wrong terminal", "wrong currency", "wrong type")),
    (5, ("drop F38", "drop F39", "drop F55", "drop F54", "drop F37", "drop F4", "drop F13")),
    (3, ("add F59", "set F63 CUP", "partial 60", "processing request 4")),
    (4, ("duplicate", "split", "two in one segment", "delay 2")),
    (2, ("no answer", "request lost", "late answer", "late answer after the reversal", "reset")),
)
STANDS_IN = "stands in"


def _manner(dice: random.Random) -> Ingredient:
    if dice.random() < 0.05:
        return (HOST, dice.choice(REQUESTS[:2]), STANDS_IN)
    [manners] = dice.choices([words for _, words in MANNERS], [weight for weight, _ in MANNERS])
    return (HOST, dice.choices(REQUESTS, (40, 15, 5, 10, 10, 5, 15))[0], dice.choice(manners))


HOW_MANY = ((_parameter, (45, 30, 15, 10)), (_person, (55, 35, 10)), (_manner, (50, 38, 12)))
"""Of parameters, people and manners there are none, one, two ... so often."""


# ── transactions ──────────────────────────────────────────────────────────────────────────────────────────────────────

ENTRIES = (Entry.CHIP.value, Entry.SWIPED.value, Entry.KEYED.value)


def _transactions(dice: random.Random) -> Iterator[Ingredient]:
    for _ in range(dice.choices((1, 2), (80, 20))[0]):
        last = dice.choices(BEGINS, (62, 28, 10))[0]
        yield (last, dice.choices(ENTRIES, (82, 11, 7))[0])
        while last in FOLLOW and dice.random() < 0.35:
            last = dice.choice(FOLLOW[last])
            yield (last,)
