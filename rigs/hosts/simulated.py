"""The simulated issuer host, as scenarios command it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from protocols.emv.certificates import CaPublicKey
from protocols.events import Emit
from protocols.faults import ConfigurationError
from protocols.market import Market
from protocols.money import Money
from protocols.transactions import Transaction
from rigs.hosts.manners import action
from rigs.rulefile import rules_of
from simulators.card import CardProfile, ChipCard
from simulators.issuer import AccountSpec, IssuerHost, Rule

ANY, REVERSAL = "any", "reversal"
DEBIT_AID = "A000000333010101"  # facts/pcsc-emv 4.2


def account_kind(aid: str) -> Literal["credit", "debit"]:
    """What the application of a card tells of its account."""
    return "debit" if aid.startswith(DEBIT_AID) else "credit"


def account_spec(
    card: str, pan: str, profile: CardProfile, available: Money, status: str = "open", pin: str = ""
) -> AccountSpec:
    """A card of a profile, as the issuer host takes it. `pin` is what a script made of its PIN."""
    return AccountSpec(
        card, pan, profile.psn, profile.expiry, pin or profile.pin, bytes.fromhex(profile.test_master_key), available,
        status, account_kind(profile.aid), mac_key=bytes.fromhex(profile.test_mac_key),
        enc_key=bytes.fromhex(profile.test_enc_key), cryptogram_version=profile.cryptogram_version,
    )  # fmt: skip


class SimulatedHost:
    """A `Host` port over `IssuerHost`. Delays are market seconds; `ca_keys` are what the terminal may download."""

    def __init__(
        self, *, market: Market, emit: Emit, directory: Path, time_scale: float, ca_keys: Sequence[CaPublicKey] = ()
    ) -> None:
        self._market = market
        self._issuer = IssuerHost(
            market=market, emit=emit, directory=directory, time_scale=time_scale, ca_keys=ca_keys
        )  # fmt: skip
        self._cards: dict[str, ChipCard] = {}
        self._moved = 0
        self.address = self._issuer.start()

    def enrol(self, terminal: str, merchant: str, master_key: bytes) -> None:
        """A terminal of the rig."""
        self._issuer.enrol_terminal(terminal, merchant, master_key)

    def identity(self) -> dict[str, str]:
        return {"kind": "simulated issuer host", "market": self._market.name, "listens on": "loopback"}

    def know(self, name: str, card: ChipCard) -> None:
        """A card that the bench issued: the issuer has its number, PIN and key."""
        self._cards[name] = card

    def open_account(self, card: str, available: Money) -> None:
        if card not in self._cards:
            raise ConfigurationError(f"the bench has issued no card {card!r}", advice="issue it first")
        chip = self._cards[card]
        self._issuer.open_account(account_spec(card, chip.pan, chip.profile, available, pin=chip.state.pin))

    def set_status(self, card: str, status: str) -> None:
        self._issuer.set_status(card, status)

    def move_date(self, days: int) -> None:
        self._issuer.move_date(days)
        self._moved += days

    def reset_date(self) -> None:
        """Back to today."""
        if self._moved:
            self.move_date(-self._moved)

    def adjust_hold(self, card: str, approval: str, *, amount: Money | None = None, days: int | None = None) -> None:
        self._issuer.adjust_hold(card, approval, amount=amount, days=days)

    def offer_download(self, parameters: Mapping[str, str]) -> None:
        self._issuer.offer_download(parameters)

    def end_case(self) -> None:
        """Cards and accounts of this case are retired, and nothing but the market's own parameters is offered."""
        self._cards.clear()
        self._issuer.retire_accounts()
        self._issuer.offer_download({})

    def misbehave(self, transaction: str, manner: str, times: int | None = 1, occurrence: int = 1) -> None:
        """`transaction` is a transaction's name, `reversal` for the reversal of any, or `any` for whatever comes.

        `refuse connects` for `any` holds from now on, for a transaction from its answer on, until the host behaves.
        """
        reversals = {ANY: None, REVERSAL: True}
        self._issuer.add_rule(
            Rule(
                action(manner),
                transaction=_transaction(transaction),
                reversal=reversals.get(transaction, False),
                times=times,
                name=f"{transaction}: {manner}",
                occurrence=occurrence,
            )
        )

    def misbehave_by(self, rules: Sequence[Mapping[str, object]]) -> None:
        for rule in rules_of(rules):
            self._issuer.add_rule(rule)

    def all_answers_sent(self) -> None:
        """Wait until every delayed answer has left."""
        self._issuer.wait_for_delayed()

    def caught_up(self) -> None:
        self._issuer.caught_up()

    def behave(self) -> None:
        self._issuer.clear_rules()

    def close(self) -> None:
        self._issuer.stop()


def _transaction(name: str) -> Transaction | None:
    """None for what names none in particular."""
    if name in (ANY, REVERSAL):
        return None
    try:
        return Transaction(name)
    except ValueError:
        known = [*(t.value for t in Transaction), REVERSAL, ANY]
        near = difflib.get_close_matches(name, known, n=1)
        raise ConfigurationError(
            f"no transaction is called {name!r}", advice=f"did you mean {near[0]}?" if near else ", ".join(known)
        ) from None
