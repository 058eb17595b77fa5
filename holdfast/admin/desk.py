"""What the routes work on: one host, the cards that it may issue, the rules in force, the feed and the counts."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from holdfast.admin.feed import Feed
from holdfast.admin.problems import ApiError, conflict, missing
from holdfast.traffic import Traffic
from protocols.faults import ConfigurationError
from protocols.market import Market
from protocols.money import Money
from protocols.pan import is_test_card
from rigs.hosts.simulated import account_spec
from rigs.rulefile import RuleModel
from simulators.card import CardProfile
from simulators.issuer import IssuerHost
from simulators.issuer.behaviour import Rule
from simulators.issuer.inquiry import Inquiry

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
MOST_RULES, MOST_TERMINALS, MOST_CARDS = 256, 10_000, 10_000
"""What the host keeps in memory has an end."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a desk is made of. `protect` tells the recorder of a card, `masked` makes words fit to be shown."""

    host: IssuerHost
    market: Market
    profiles: Mapping[str, CardProfile]
    traffic: Traffic
    feed: Feed
    listening: tuple[str, int]
    protect: Callable[[str], None]
    masked: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """A rule as it was written, and as the host has it."""

    id: int
    model: RuleModel
    rule: Rule


class Desk:
    """One change at a time; all methods may be called from any thread."""

    def __init__(self, given: Given, rules: Sequence[tuple[RuleModel, Rule]] = ()) -> None:
        self.host = given.host
        self.market = given.market
        self.traffic = given.traffic
        self.feed = given.feed
        self.listening = given.listening
        self.masked = given.masked
        self.started = time.monotonic()
        self._profiles = given.profiles
        self._protect = given.protect
        self._changing = threading.Lock()
        self._ids = itertools.count(1)
        self._rules = [RuleInForce(next(self._ids), model, rule) for model, rule in rules]

    @property
    def ask(self) -> Inquiry:
        return self.host.inquiry

    def money(self, minor: int, currency: str) -> Money:
        """Raises ApiError for another currency than the market's."""
        if currency != self.market.currency.alpha:
            raise ApiError(
                409, f"accounts of this host are in {self.market.currency.alpha}, not {currency}",
                near=self.market.currency.alpha,
            )  # fmt: skip
        return Money(minor, self.market.money)

    # ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────────

    def issue(self, card: str, profile_name: str, pan: str | None, available: Money, status: str) -> None:
        """A new card. An account that kept books have under this name already is taken as it is."""
        profile = self._profiles.get(profile_name)
        if profile is None:
            raise missing("card profile", profile_name, self._profiles, f"there are {', '.join(self._profiles)}")
        of_range = pan is None or (pan.startswith(profile.pan_prefix) and len(pan) == profile.pan_digits)
        if pan is not None and not (of_range and is_test_card(pan)):
            advice = (
                f"it has {profile.pan_digits} digits, begins with {profile.pan_prefix} and ends with its check digit"
            )
            raise ApiError(422, "pan: this is no card of the profile's test range", advice=advice)
        with self._changing:
            names = self.ask.card_names()
            if card in names:
                raise ApiError(409, f"card {card!r} is on file already", advice="give the new card another name")
            if len(names) >= MOST_CARDS:
                raise ApiError(409, f"{MOST_CARDS} cards are on file already")
            if pan is not None and self.ask.has_pan(pan):
                raise ApiError(409, "another card has this number", advice="leave `pan` out: a free one is taken")
            number = pan or self.ask.free_pan(profile.pan_prefix, profile.pan_digits)
            self._protect(number)
            spec = account_spec(card, number, profile, available, status)
            self.host.open_account(spec, kept=True)

    def set_status(self, card: str, status: str) -> None:
        self._known(card)
        self.host.set_status(card, status)

    def _known(self, card: str) -> None:
        names = self.ask.card_names()
        if card not in names:
            raise missing("card", card, names)

    # ── holds ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def adjust(self, hold_id: int, amount: Money | None, days: int | None) -> None:
        """Raises ApiError when the hold is not there, is not the newest of its code, or the rules refuse it."""
        with self._changing:
            hold = self.ask.hold(hold_id)
            if hold is None:
                raise ApiError(404, f"there is no hold {hold_id}", advice="GET /holds lists them")
            newest = self.ask.newest_hold(hold.card, hold.approval)
            if newest is None or newest.id != hold_id:
                raise ApiError(409, f"hold {hold_id} is not the newest with approval {hold.approval} of {hold.card}")
            if days and (LAST_DAY - date.fromisoformat(hold.last_day)).days < days:
                raise ApiError(409, f"no hold lives beyond {LAST_DAY}")
            try:
                self.host.adjust_hold(hold.card, hold.approval, amount=amount, days=days)
            except ConfigurationError as refused:
                raise conflict(refused) from None

    # ── terminals ─────────────────────────────────────────────────────────────────────────────────────────────────

    def enrol(self, terminal: str, merchant: str, key: bytes) -> None:
        with self._changing:
            enrolled = self.ask.sessions()
            if any(session.terminal == terminal for session in enrolled):
                raise ApiError(409, f"terminal {terminal} is enrolled already", advice="enrol it under another number")
            if len(enrolled) >= MOST_TERMINALS:
                raise ApiError(409, f"{MOST_TERMINALS} terminals are enrolled already")
            try:
                self.host.enrol_terminal(terminal, merchant, key)
            except ConfigurationError as refused:
                raise conflict(refused) from None

    # ── rules ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def rules(self) -> list[tuple[RuleInForce, int, int, bool]]:
        """Each with its matches, its uses and whether it is over."""
        standing = {id(s.rule): s for s in self.host.behaviour.standings()}
        with self._changing:
            known = list(self._rules)
        return [(one, s.matched, s.used, s.over) for one in known if (s := standing.get(id(one.rule)))]

    def add_rules(self, models: Sequence[RuleModel]) -> list[int]:
        """All of them or none; returns their ids."""
        with self._changing:
            names = [one.model.name for one in self._rules] + [model.name for model in models]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ApiError(409, f"two rules are called {twice[0]!r}", advice="give the new one another name")
            if len(names) > MOST_RULES:
                raise ApiError(409, f"more than {MOST_RULES} rules", advice="take back those that are over")
            try:
                added = [RuleInForce(next(self._ids), model, model.rule()) for model in models]
            except ConfigurationError as wrong:
                raise ApiError(422, wrong.message, advice=wrong.advice) from None
            for one in added:
                self._rules.append(one)
                self.host.add_rule(one.rule)
            return [one.id for one in added]

    def remove_rule(self, rule_id: int) -> None:
        """It acts no more. Where it refused connects, they are taken again, and answers kept back are dropped."""
        with self._changing:
            found = next((one for one in self._rules if one.id == rule_id), None)
            if found is None:
                raise ApiError(404, f"there is no rule {rule_id}", advice="GET /rules lists them")
            self._rules.remove(found)
            self.host.remove_rule(found.rule)

    def clear_rules(self) -> None:
        """The host behaves from now on."""
        with self._changing:
            self._rules.clear()
            self.host.clear_rules()

    # ── business date ─────────────────────────────────────────────────────────────────────────────────────────────

    def today(self) -> date:
        return self.host.now().date()

    def move_date(self, days: int | None, to: date | None) -> date:
        """By days or to a day; returns the day. Raises ApiError for one that is too far away."""
        with self._changing:
            today = self.today()
            by = days if days is not None else ((to or today) - today).days
            if not (FIRST_DAY - today).days <= by <= (LAST_DAY - today).days:
                raise ApiError(409, f"the business date stays between {FIRST_DAY} and {LAST_DAY}")
            if by:
                self.host.move_date(by)
            return self.today()
