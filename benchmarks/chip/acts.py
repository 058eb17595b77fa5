"""What each ingredient of a recipe does: what people, terminal and host are told, and what the merchant asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.chip.recipes import ACCOUNT, FAULT, STANDS_IN, Recipe
from benchmarks.chip.twofold import PLUS
from protocols.orders import Entry, Order, Outcome
from protocols.transactions import Transaction
from steps.story import Story


@dataclass
class Telling:
    """A story while it is told. `amount` is what is asked for; `outcomes` is what came of each order."""

    story: Story
    amount: str = "the usual amount"
    wrong_way_round: bool = False
    outcomes: list[tuple[str, Outcome]] = field(default_factory=list)

    def tell(self, recipe: Recipe) -> None:
        """Raises whatever is raised."""
        little = [self.story.amount(words[1]) for words in recipe.ingredients if words[0] == ACCOUNT]
        available = little[0] if little else None
        self.story.card_for_reader(recipe.kind, available=available, fault=PLUS.join(recipe.faults))
        for sort, *words in recipe.ingredients:
            ACTS[sort](self, *words)

    def present(self, entry: Entry) -> None:
        """The card is in the reader when its chip is asked for; else it is at hand."""
        presenter, card = self.story.bench.presenter, self.story.bench.card
        if entry is not Entry.CHIP:
            presenter.take_away(card)
        elif self.wrong_way_round:
            presenter.offer_wrong_way_round(card)
        else:
            presenter.offer(card)

    def went_through(self, sort: str) -> bool:
        """Whether the last order of this sort was approved."""
        found = [outcome for named, outcome in self.outcomes if named == sort]
        return bool(found) and found[-1].approved

    def note(self, sort: str) -> None:
        """What the terminal said of the order just made."""
        outcome = self.story.merchant.last
        assert outcome is not None
        self.outcomes.append((sort, outcome))


Act = Callable[..., None]


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pulls(when: str, command: str, occurrence: str, told: Telling) -> None:
    presenter = told.story.bench.presenter
    (presenter.pull_before if when == "pulls before" else presenter.pull_after)(command, int(occurrence))


HANDS: Mapping[str, Callable[[Telling], None]] = {
    "stands still": lambda told: told.story.bench.presenter.stand_still(),
    "swipes badly": lambda told: told.story.bench.presenter.swipe_badly(told.story.bench.card),
    "worn stripe": lambda told: told.story.bench.presenter.wear_out(told.story.bench.card),
    "wrong way round": lambda told: setattr(told, "wrong_way_round", True),
}


def _hand(told: Telling, does: str, *more: str) -> None:
    if does in HANDS:
        HANDS[does](told)
    else:
        _pulls(does, more[0], more[1], told)


def _status(told: Telling, status: str) -> None:
    told.story.bench.host.set_status(told.story.bench.card, status)


def _amount(told: Telling, name: str) -> None:
    told.amount = f"the {name} amount"


# ── the host ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _manner(told: Telling, request: str, manner: str) -> None:
    host = told.story.bench.host
    if manner == STANDS_IN:  # facts/unionpay-pos 5.21: without the issuer's key there is no proof for the chip
        when = {"transaction": request}
        host.misbehave_by([{"name": STANDS_IN, "when": when, "do": ["code A2", "no ARPC"], "until": {"times": 1}}])
    else:
        host.misbehave(request, manner)


# ── transactions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _hold(told: Telling, entry: str) -> None:
    told.present(Entry(entry))
    told.story.merchant.asks_for_hold(told.story.amount(told.amount), Entry(entry))
    told.note("hold")


def _sale(told: Telling, entry: str) -> None:
    told.present(Entry(entry))
    told.story.merchant.sells(told.story.amount(told.amount), Entry(entry))
    told.note("sale")


def _balance(told: Telling, entry: str) -> None:
    told.present(Entry(entry))
    order = Order(Transaction.BALANCE, told.story.amount("nothing"), entry=Entry(entry))
    told.story.merchant.last = told.story.bench.terminal.perform(order)
    told.note("balance")


def _after(needed: str, sort: str, ask: Callable[[Story], None]) -> Act:
    """An order that speaks of an earlier one: made if that was approved."""

    def act(told: Telling) -> None:
        if told.went_through(needed):
            told.present(Entry.CHIP)
            ask(told.story)
            told.note(sort)

    return act


ACTS: Mapping[str, Act] = {
    FAULT: lambda told, name: None,  # the card came with it
    ACCOUNT: lambda told, phrase: None,  # and so was its account opened
    "parameter": lambda told, name, value: told.story.bench.terminal.set_parameter(name, value),
    "PIN": lambda told, *words: told.story.bench.people.cardholder_types(*words),
    "choice": lambda told, *words: told.story.bench.people.cardholder_chooses(*words),
    "confirms": lambda told, word: told.story.bench.people.cardholder_confirms(word == "yes"),
    "mistypes the number": lambda told: told.story.bench.people.operator_types("wrong"),
    "presses cancel": lambda told: told.story.bench.people.operator_cancels(),
    "no supervisor": lambda told: told.story.bench.people.supervisor_present(False),
    "hand": _hand,
    "status": _status,
    "amount": _amount,
    "host": _manner,
    "hold": _hold,
    "sale": _sale,
    "balance": _balance,
    "complete": _after("hold", "complete", lambda story: story.merchant.completes(story.amount("the full amount"))),
    "complete offline": _after(
        "hold", "complete offline", lambda story: story.merchant.completes_offline(story.amount("the full amount"))
    ),
    "cancel": _after("hold", "cancel", lambda story: story.merchant.cancels()),
    "raise": _after("hold", "raise", lambda story: story.merchant.raises_it(story.amount("the other amount"))),
    "void completion": _after("complete", "void completion", lambda story: story.merchant.voids_completion()),
    "refund completion": _after("complete", "refund completion", lambda story: story.merchant.refunds_completion()),
    "void sale": _after("sale", "void sale", lambda story: story.merchant.voids_sale()),
    "refund sale": _after("sale", "refund sale", lambda story: story.merchant.refunds_sale()),
}
"""By the sort of ingredient."""
