"""The same vocabulary for Robot Framework: each keyword is a door to the call that the Gherkin step makes.

Import it as `Library    steps.robot.Holdfast`. `holdfast certify --robot` puts a story behind it for each test case;
without one a keyword says so. Then-keywords record a criterion and go on; the case is judged at its end.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from robot.api import FatalError
from robot.api.deco import keyword, library

from protocols.faults import ConfigurationError, ForeignCard
from protocols.orders import Result
from protocols.transactions import Transaction
from steps.story import Story
from steps.words import APART, MESSAGES, POSITIONS, words_of

CallT = TypeVar("CallT", bound=Callable[..., None])
Blame = Callable[[BaseException], None]


def _transaction(text: str) -> Transaction:
    """`pre-authorisation`, `completion`, ... as Gherkin has them."""
    known = ", ".join(t.value for t in Transaction)
    try:
        return Transaction(text)
    except ValueError:
        raise ValueError(f"no transaction is called {text!r}; there are {known}") from None


def says(sentence: str) -> Callable[[CallT], CallT]:
    """A keyword with its sentence. What breaks it is told to whoever records the case, then raised as ever."""

    def decorate(call: CallT) -> CallT:
        @wraps(call)
        def told(self: Holdfast, *args: Any) -> None:
            try:
                call(self, *args)
            except ForeignCard as error:
                self.broken(error)
                raise FatalError(str(error)) from None  # no further test is run
            except Exception as error:
                self.broken(error)
                raise

        decorated: CallT = keyword(sentence)(told)
        return decorated

    return decorate


@library(
    scope="GLOBAL", version="0.1.0", doc_format="TEXT", auto_keywords=False, converters={Transaction: _transaction}
)
class Holdfast:
    """Keywords for the life of a card pre-authorisation on a Holdfast bench."""

    def __init__(self) -> None:
        self._story: Story | None = None
        self._blame: Blame | None = None

    def attach(self, story: Story, blame: Blame) -> None:
        """The case that the next keywords tell."""
        self._story, self._blame = story, blame

    def detach(self) -> None:
        """The case is over."""
        self._story = self._blame = None

    def broken(self, error: BaseException) -> None:
        """A keyword broke."""
        if self._blame is not None:
            self._blame(error)

    @property
    def story(self) -> Story:
        if self._story is None:
            raise ConfigurationError(
                "these keywords need a bench", advice="run the suite by `holdfast certify --robot --features FILE`"
            )
        return self._story

    # ── cards and people ──────────────────────────────────────────────────────────────────────────────────────

    @says(r"a ${kind:[\w-]+} card in the reader")
    def card_in_reader(self, kind: str) -> None:
        self.story.card_in_reader(kind)

    @says(r"a ${kind:[\w-]+} card in the reader that ${fault}")
    def faulty_card_in_reader(self, kind: str, fault: str) -> None:
        self.story.card_in_reader(kind, fault=fault)

    @says("no supervisor is at hand")
    def no_supervisor(self) -> None:
        self.story.bench.people.supervisor_present(False)

    @says("the cardholder mistypes the PIN once")
    def wrong_pin_once(self) -> None:
        self.story.bench.people.cardholder_types("wrong", "right")

    @says("the cardholder chooses the ${which:(first|second|third)} application")
    def choose_application(self, which: str) -> None:
        self.story.bench.people.cardholder_chooses(POSITIONS[which])

    @says("the terminal asks the cardholder for the application")
    def cardholder_choice(self) -> None:
        self.story.bench.terminal.set_parameter("cardholder choice", "on")

    # ── the merchant ──────────────────────────────────────────────────────────────────────────────────────────

    @says("a hold of ${amount}")
    def have_hold(self, amount: str) -> None:
        self.story.have_hold(amount)

    @says("the merchant asks for a hold of ${amount}")
    def ask_for_hold(self, amount: str) -> None:
        self.story.merchant.asks_for_hold(self.story.amount(amount))

    @says("the merchant has completed it for ${amount}")
    def have_completion(self, amount: str) -> None:
        self.story.have_completion(amount)

    @says("the merchant completes it for ${amount}")
    def complete(self, amount: str) -> None:
        self.story.merchant.completes(self.story.amount(amount))

    @says("the merchant cancels it")
    def cancel(self) -> None:
        self.story.merchant.cancels()

    @says("the merchant voids the completion")
    def void_completion(self) -> None:
        self.story.merchant.voids_completion()

    @says("the merchant has raised it by ${amount}")
    def have_increment(self, amount: str) -> None:
        self.story.have_increment(amount)

    @says("the merchant raises it by ${amount}")
    def increment(self, amount: str) -> None:
        self.story.merchant.raises_it(self.story.amount(amount))

    @says("the merchant completes it offline for ${amount}")
    def complete_offline(self, amount: str) -> None:
        self.story.merchant.completes_offline(self.story.amount(amount))

    @says("a sale of ${amount}")
    def have_sale(self, amount: str) -> None:
        self.story.have_sale(amount)

    @says("the merchant sells for ${amount}")
    def sell(self, amount: str) -> None:
        self.story.merchant.sells(self.story.amount(amount))

    @says("the merchant asks for the balance")
    def ask_for_balance(self) -> None:
        self.story.merchant.asks(Transaction.BALANCE)

    @says("a batch of its own")
    def have_settled(self) -> None:
        self.story.have_settled()

    @says("the merchant settles")
    def settle(self) -> None:
        self.story.merchant.asks(Transaction.SETTLEMENT)

    # ── the host ──────────────────────────────────────────────────────────────────────────────────────────────

    @says("the host does not answer the ${transaction}")
    def host_silent(self, transaction: Transaction) -> None:
        self.story.bench.host.misbehave(transaction.value, "no answer")

    @says(r"the host declines the ${transaction} with ${code:\w\w}")
    def host_declines(self, transaction: Transaction, code: str) -> None:
        self.story.bench.host.misbehave(transaction.value, f"code {code}")

    # ── what must have come of it ─────────────────────────────────────────────────────────────────────────────

    @says(
        "the terminal reports the"
        " ${transaction:(incremental pre-authorisation|pre-authorisation|completion void|completion advice|completion"
        "|cancel|sale void|sale|refund|balance|settlement)}"
        " ${result:(approved|declined|refused|no reply|card removed|card declined|cancelled|stored)}"
    )
    def reports(self, transaction: Transaction, result: Result) -> None:
        self.story.reported(transaction.value, result.value)

    @says("a supervisor was asked first")
    def supervisor_asked(self) -> None:
        self.story.expect("supervisor.asked", present=True)

    @says(r"the hold is ${state:\w+}")
    def hold_state(self, state: str) -> None:
        self.story.expect("hold.state", state=state)

    @says("the issuer holds ${amount}")
    def issuer_holds(self, amount: str) -> None:
        self.story.holds(amount)

    @says("in the end the issuer holds nothing")
    def holds_nothing_in_the_end(self) -> None:
        self.story.expect("hold.released")

    @says("the account stands with ${held} held and ${booked} booked")
    def account_stands(self, held: str, booked: str) -> None:
        self.story.account_stands(held, booked)

    @says("the chip is told that the transaction is declined")
    def chip_declined(self) -> None:
        self.story.expect("chip.declined-offline")

    @says("the cardholder was shown ${labels}")
    def shown(self, labels: str) -> None:
        self.story.expect("selection.offered", labels=labels.split(APART))

    @says("the cardholder's choice was ${label}, and it was used")
    def chosen(self, label: str) -> None:
        self.story.expect("selection.chosen", label=label)

    @says("the chip is told, among others, of ${words}")
    def told(self, words: str) -> None:
        self.story.expect("chip.tvr", **{"with": words_of(words)}, round="first")

    @says("the card was authenticated by ${method:(SDA|DDA|CDA)}")
    def authenticated(self, method: str) -> None:
        self.story.expect("chip.authentication", method=method, result="right")

    @says("the authentication of the card by ${method:(SDA|DDA|CDA)} failed")
    def not_authentic(self, method: str) -> None:
        self.story.expect("chip.authentication", method=method, result="failed")

    @says("the host is sent ${what}")
    def messages(self, what: str) -> None:
        self.story.expect("host.messages", messages=MESSAGES[what])

    @says("both copies name the application and its label")
    def names_application(self) -> None:
        self.story.expect("receipt.application")

    @says("the ${transaction} is reversed")
    def reversed_(self, transaction: Transaction) -> None:
        self.story.expect("reversal.sent", transaction=transaction.value)

    @says("nothing is reversed")
    def nothing_reversed(self) -> None:
        self.story.expect("reversal.none")

    @says("nothing is printed as approved")
    def nothing_printed(self) -> None:
        self.story.expect("receipt.none")

    @says("both copies are printed")
    def both_copies(self) -> None:
        self.story.expect("receipt.copies")
