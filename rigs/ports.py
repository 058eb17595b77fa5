"""What a step may ask of each kind of thing on the bench, whatever stands there.

A port makes no assumption about where the thing is: the terminal may be in this process, in another or a black
box behind an ECR link; the card may be virtual, in a robot's gripper or in a person's hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from protocols.money import Money
from protocols.orders import Order, Original, Outcome
from protocols.pcsc.part10 import Feature, PinOutcome, PinVerify
from protocols.printing import PrinterStatus


@dataclass(frozen=True, slots=True)
class Way:
    """What a terminal must know of a gateway: where it is, and for TLS whom to trust (PEM) and the name to find there.

    Without `authorities` the line is plain.
    """

    gateway: str
    address: str
    port: int
    authorities: Path | None = None
    server_name: str = ""


class Terminal(Protocol):
    """The terminal under test, as its merchant drives it. Every call is over when the terminal is done with it."""

    def sign_on(self) -> Outcome:
        """Have it sign on to the host."""

    def perform(self, order: Order) -> Outcome:
        """One whole transaction, from the merchant's request to the terminal's last word.

        The card is whatever the presenter was told to offer. Raises RigFault when the bench breaks under it.
        """

    def set_parameter(self, name: str, value: str) -> None:
        """Set one of its parameters until `restore_parameters`. Raises ConfigurationError for one that it has not.

        On or off: `local limit`, `partial approvals`, `PIN pad`, `PIN bypass`, `cardholder choice`, `key entry`,
        `fallback`, `offline approval`, and `exception file` for the card in hand. Numbers: `batch limit`, `next trace`,
        `chip attempts`, `random selection` (percent), `floor limit` (minor units), `terminal country`. Hex:
        `capabilities`, `TAC denial`, `TAC online`, `TAC default`. `CA keys` are all, none, expired, of a wrong digest
        (`wrong digest`), or such that all issuers are `revoked`.
        """

    def use_ways(self, ways: Sequence[Way]) -> None:
        """Reach the host by these until `restore_parameters`: the first one first, at every new connection."""

    def restore_parameters(self) -> None:
        """All parameters as the rig delivers it; counters go on from where they are."""

    def paper_loaded(self) -> None:
        """The operator has loaded paper and says so: what was not printed is printed now."""

    def to_idle(self) -> None:
        """Drain reversals and stored messages, let the card go, show the idle screen."""

    def identity(self) -> dict[str, str]:
        """Maker, model, serial and versions as the terminal tells them."""

    def close(self) -> None:
        """Let go of the terminal."""


class OtherTerminal(Protocol):
    """A second terminal of the same merchant, scripted: it sends what it is told to. Never the one under test.

    It reads the stripe of the bench's cards; what it sends and gets is told by the host alone.
    """

    def perform(self, order: Order, card: str) -> Outcome:
        """One transaction with the named card of the bench, from its stripe; the PIN is right."""

    def send(
        self,
        transaction: str,
        *,
        card: str = "",
        fields: Mapping[int, str | None] | None = None,
        reversal: bool = False,
        seal: str = "right",
        trace: str = "",
        amount: Money | None = None,
        original: Original | None = None,
        damage: str = "",
    ) -> Outcome:
        """Any message: the transaction's usual one with `fields` put in place (None takes a field out).

        `seal` is `right`, `wrong`, `none` or `old key`. `damage` names what is done to the frame: see
        `rigs/terminals/scripted.py`. Without an answer the result is NO_REPLY.
        """


class Presenter(Protocol):
    """Whoever puts cards to the reader: a person, a robot, or the virtual bench."""

    def offer(self, card: str) -> None:
        """Have the named card in the reader when the terminal wants one."""

    def pull_before(self, command: str, occurrence: int = 1) -> None:
        """Pull the card when the terminal sends the named command, e.g. `GENERATE AC`, for the n-th time."""

    def pull_after(self, command: str, occurrence: int = 1) -> None:
        """Pull the card when it has answered the named command for the n-th time."""

    def swipe(self, card: str) -> None:
        """Draw the named card through the slot for the stripe, for whoever asks for it now or next."""

    def swipe_badly(self, card: str) -> None:
        """The same, so that nothing can be read."""

    def wear_out(self, card: str) -> None:
        """From now on no swipe of this card can be read."""

    def stand_still(self) -> None:
        """Whoever holds the card does nothing that a display asks of him: he is obliging otherwise, takes it out, puts
        it in again and draws it through as he is asked."""

    def remove(self) -> None:
        """Take the card away."""


class People(Protocol):
    """Cardholder at display and PIN pad, staff at the keys of the terminal. Of several entries the last one stays."""

    def cardholder_types(self, *entries: str) -> None:
        """What the cardholder will do when asked for a PIN, entry by entry: `right`, `wrong`, `bypass`, `cancel`, or
        `nothing` until the time is over."""

    def cardholder_chooses(self, *choices: str) -> None:
        """Which of the applications on the display he will choose, by its number from 1 on, or `cancel`."""

    def cardholder_confirms(self, confirms: bool) -> None:
        """Whether he agrees to the one application that the display names."""

    def operator_types(self, entry: str) -> None:
        """What the operator types when the terminal asks for a card number: `right`, or `wrong` in its check digit."""

    def operator_cancels(self) -> None:
        """The operator presses cancel while the terminal waits for a card."""

    def supervisor_present(self, present: bool) -> None:
        """Whether somebody can type the supervisor's password."""

    def reset(self) -> None:
        """A cardholder who knows his PIN, an operator who types what he reads, and a supervisor at hand."""


class Host(Protocol):
    """The issuer host that the bench controls."""

    def open_account(self, card: str, available: Money) -> None:
        """A fresh account for the named card of this case."""

    def set_status(self, card: str, status: str) -> None:
        """`open`, `lost`, `stolen`, `expired` or `restricted`."""

    def move_date(self, days: int) -> None:
        """Let business days go by."""

    def reset_date(self) -> None:
        """Back to today."""

    def adjust_hold(self, card: str, approval: str, *, amount: Money | None = None, days: int | None = None) -> None:
        """The issuer itself lowers, raises or extends a hold: there is no message for it."""

    def offer_download(self, parameters: Mapping[str, str]) -> None:
        """Parameters, by tag, that the host gives to the next parameter download. facts/unionpay-pos 2.6"""

    def end_case(self) -> None:
        """The accounts of this case are done with: nothing expires in them any more."""

    def misbehave(self, transaction: str, manner: str, times: int | None = 1, occurrence: int = 1) -> None:
        """From now on treat matching requests in the given manner (see `rigs/hosts`); None is always.

        `transaction` is a transaction's name, `reversal`, or `any`. The `occurrence`-th match is the first one treated.
        """

    def misbehave_by(self, rules: Sequence[Mapping[str, object]]) -> None:
        """Behaviour rules as a rule file has them (see `docs/behaviour-rules.md`)."""

    def all_answers_sent(self) -> None:
        """Wait until every delayed answer has left."""

    def caught_up(self) -> None:
        """Wait until the host has told all that it did so far; a terminal may have its answer a moment before."""

    def behave(self) -> None:
        """Drop all misbehaviour."""

    def identity(self) -> dict[str, str]:
        """What it is, and for which market it answers."""

    def close(self) -> None:
        """Stop it."""


class Network(Protocol):
    """What lies between terminal and host: a `primary` gateway, and a `second` one where there is one.

    Raises ConfigurationError for a gateway that is not there, RigFault when the bench breaks.
    """

    def encrypt(self) -> None:
        """From now on every gateway takes TLS alone, and shows a good certificate."""

    def add_second(self) -> None:
        """There is a second gateway to the same host."""

    def remove_second(self) -> None:
        """There is one gateway alone."""

    def ways(self) -> Sequence[Way]:
        """What a terminal must be told, the first gateway first."""

    def show(self, gateway: str, what: str) -> None:
        """`no TLS`, `a good certificate`, or one that is not (`simulators/network/certificates.py`)."""

    def take_down(self, gateway: str) -> None:
        """It refuses connections, and hangs up on everyone."""

    def bring_up(self, gateway: str) -> None:
        """It works again."""

    def silence(self, gateway: str) -> None:
        """It takes connections, and says nothing to them."""

    def break_after(self, gateway: str, mti: str) -> None:
        """It goes down when a message of this type has passed on to the host."""

    def forget_name(self, gateway: str) -> None:
        """Its name is known to nobody: who is told of it by `ways` finds no address."""

    def caught_up(self) -> None:
        """Wait until what the gateways have seen so far is told."""

    def behave(self) -> None:
        """Every gateway is up and as it should be."""

    def restore(self) -> None:
        """As the rig delivers it."""

    def close(self) -> None:
        """Take it down."""


class Printer(Protocol):
    """The receipt printer as the people beside it handle it."""

    def load_paper(self) -> None:
        """Put a roll in."""

    def remove_paper(self) -> None:
        """Take the roll out."""

    def status(self) -> PrinterStatus:
        """Asked of the device now; a device that does not answer is `unknown`."""

    def attributes(self) -> dict[str, str]:
        """What the printer says of itself; `not offered` where it says nothing."""

    def close(self) -> None:
        """Let go of the printer."""


class Reader(Protocol):
    """The card reader as a device: who it is, what it sees, and what it does beside passing commands on to a card.

    Every clause is a test of `tests/rigs/readers/test_contract.py` and a row of `docs/reader-contract.md`. Any call but
    `healthy`, `movements` and `close` may raise ReaderGone (reader or service lost) or DeviceSilent (no answer by its
    deadline).
    """

    def attributes(self) -> dict[str, str]:
        """What the reader says of itself; `not offered` where it says nothing."""

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        """Wait until the reader sees a card, or sees none. False when the time is over."""

    def movements(self) -> int:
        """Insertions and removals since it was opened, with those that were missed between two looks."""

    def reset(self) -> bytes:
        """Warm reset of the card that is powered: its answer to it. Raises CardRemoved."""

    def uid(self) -> bytes:
        """The number of the card in a contactless field, which is powered. Raises RigFault where there is none."""

    def escape(self, data: bytes) -> bytes:
        """A command to the reader itself, card or not: its answer. Raises RigFault where the reader takes none."""

    def features(self) -> dict[Feature, int]:
        """What the reader offers by PC/SC part 10, with the control code of each."""

    def verify_pin(self, request: PinVerify) -> PinOutcome:
        """PIN entry on the reader's own keys, for the card that is powered: how it ended.

        Time-out, cancel and a wrong number of digits are outcomes. Raises RigFault where the reader has no keys.
        """

    def healthy(self) -> bool:
        """Whether it answers now, and was not found gone since it was opened or recovered."""

    def recover(self) -> None:
        """Bring it back after it, or its service, was lost. A card has to be powered again."""

    def close(self) -> None:
        """Let go of the reader."""
