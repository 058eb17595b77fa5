"""A whole shop: the reference terminal, an issuer host on TCP, a card in an in-process reader, a printer on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from protocols.escpos import Slip, decode
from protocols.events import Event
from protocols.faults import PrinterGone
from protocols.iso8583 import UNIONPAY, compile_spec, unpack_frame
from protocols.iso8583.pin import PinFormat
from protocols.market import Market
from protocols.money import Money
from protocols.orders import Order, Outcome
from protocols.pinpad import PinEnd
from protocols.printing import Paper
from protocols.transactions import Transaction
from rigs.cards.loading import card_path, load_card_profile
from rigs.hosts.simulated import account_spec
from rigs.presenters.obliging import oblige
from rigs.presenters.virtual import VirtualPresenter
from rigs.readers.embedded import EmbeddedReader
from rigs.terminals.keyfile import keys_of
from simulators.card import ChipCard
from simulators.card.authority import house_authority
from simulators.issuer import IssuerHost
from simulators.pinpad import PinPad, Typed
from simulators.reader import EmbeddedSlot, StripeSlot
from simulators.terminal import ReferenceTerminal, TerminalParameters
from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, TERMINAL, Events, credit_profile

PARAMETERS = TerminalParameters(
    terminal_id=TERMINAL, merchant_id=MERCHANT, merchant_name="保持酒店测试商户", operator="01",
    response_timeout_s=10.0, connect_timeout_s=2.0, card_wait_s=0.1,
    chip_attempts=1, fallback=False, ca_keys=keys_of(house_authority()).store(),
)  # fmt: skip
PATIENT_S, IMPATIENT_S = 10.0, 0.15


class FakePrinter:
    """Keeps what is written. `lasts` is how many slips the paper lasts, `pulled` that it is unplugged."""

    def __init__(self) -> None:
        self.roll = Paper.PRESENT
        self.lasts: int | None = None
        self.pulled = False
        self.written: list[Slip] = []

    def write(self, data: bytes) -> None:
        self.paper()
        if self.lasts == 0:
            self.roll = Paper.OUT
            return
        self.written += decode(data)
        if self.lasts is not None:
            self.lasts -= 1

    def paper(self) -> Paper:
        if self.pulled:
            raise PrinterGone("the printer is gone")
        return self.roll


class Keys:
    """What people type: PINs one after the other, the last one stays; None is the cancel key."""

    def __init__(self) -> None:
        self.pins: list[str | None] = ["123456"]
        self.supervisor: str | None = "123456"
        self.card: tuple[str, str] | None = (PAN, "3012")
        self.asked = 0
        self.cancels = False
        self.chooses: int | None = 0

    def type_pin(self) -> Typed:
        self.asked += 1
        pin = self.pins.pop(0) if len(self.pins) > 1 else self.pins[0]
        return Typed(pin) if pin is not None else Typed(end=PinEnd.CANCELLED)

    def cancel_pressed(self) -> bool:
        return self.cancels

    def choose(self, labels: Sequence[str]) -> int | None:
        return self.chooses

    def confirm(self, label: str) -> bool:
        return self.chooses is not None

    def document_matches(self, kind: str, number: str) -> bool:
        return True

    def enter_card(self) -> tuple[str, str] | None:
        return self.card

    def enter_supervisor_password(self) -> str | None:
        return self.supervisor


class Shop:
    """`impatient` is which messages time out fast: `request`, `reversal`. A patient one waits for ten seconds."""

    def __init__(self, directory: Path, events: Events, market: Market, *defects: str) -> None:
        self.events = events
        self.impatient: set[str] = set()
        self.host = IssuerHost(
            market=market, emit=self._emit, directory=directory, time_scale=1000,
            ca_keys=[house_authority().ca_key(index) for index in (0xF0, 0xF1)],
        )  # fmt: skip
        self.address = self.host.start()
        self.host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
        profile = credit_profile()
        self.host.open_account(account_spec("credit", PAN, profile, Money(1_000_00)))
        self.slot, self.stripe = EmbeddedSlot(self._emit), StripeSlot(self._emit)
        self.card = ChipCard(profile, PAN, name="credit", emit=self._emit)
        self.printer, self.keys = FakePrinter(), Keys()
        self.pad = PinPad(
            test_master_key=MASTER_KEY, hands=self.keys, emit=self._emit, defects=frozenset(defects),
            pin_format=PinFormat(market.security.pin_format),
        )  # fmt: skip
        self.terminal = ReferenceTerminal(
            reader=EmbeddedReader(self.slot, self._emit), printer=self.printer, keypad=self.keys, pinpad=self.pad,
            cardholder=self.keys, stripe=self.stripe, host=self.address, market=market,
            parameters=PARAMETERS, emit=self._emit, directory=directory,
            defects=frozenset(defects),
        )  # fmt: skip
        self.slot.insert(self.card)
        self.presenter = VirtualPresenter(self.slot, self.stripe)
        self.presenter.hold(self.card.name, self.card)

    def _emit(self, event: Event) -> None:
        self.events(event)
        if hasattr(self, "presenter"):
            oblige(self.presenter, event)
        if event.kind == "reversal" and event.fields["status"] in ("written", "sent"):
            what = "request" if event.fields["status"] == "written" else "reversal"
            self.parameters(response_timeout_s=IMPATIENT_S if what in self.impatient else PATIENT_S)

    def close(self) -> None:
        self.terminal.close()
        self.host.stop()

    def parameters(self, **changes: object) -> None:
        self.terminal.load_parameters(replace(self.terminal.parameters, **changes))  # type: ignore[arg-type]

    def holds(self, kind: str, pan: str = PAN, **more: Any) -> ChipCard:
        """The cardholder has another card of the house, of an account of its own; the slot is empty."""
        profile = load_card_profile(card_path(kind))
        self.slot.remove()
        self.card = ChipCard(profile, pan, name=kind, emit=self._emit, **more)
        self.presenter.hold(kind, self.card)
        self.host.open_account(account_spec(kind, pan, profile, Money(1_000_00)))
        return self.card

    # ── orders ────────────────────────────────────────────────────────────────────────────────────────────────

    def preauth(self, amount: int = 100_00) -> Outcome:
        return self.terminal.perform(Order(Transaction.PREAUTH, Money(amount)))

    def follow_up(self, transaction: Transaction, of: Outcome, amount: int | None = None) -> Outcome:
        money = of.amount if amount is None else Money(amount)
        return self.terminal.perform(Order(transaction, money, of.as_original()))

    def complete(self, of: Outcome, amount: int | None = None) -> Outcome:
        return self.follow_up(Transaction.COMPLETION, of, amount)

    def order(self, transaction: Transaction, amount: int = 0, of: Outcome | None = None, **more: Any) -> Outcome:
        """Any order; `more` are fields of it."""
        return self.terminal.perform(Order(transaction, Money(amount), of.as_original() if of else None, **more))

    def hang_up(self) -> None:
        """The host leaves everyone; it still listens."""
        self.host._call(lambda: [c.abort() for c in list(self.host._line.open_connections)])

    # ── what happened ─────────────────────────────────────────────────────────────────────────────────────────

    def requests(self, *, reversal: bool | None = None) -> list[tuple[str, str]]:
        """MTI and trace of what reached the host, in order, without sign-ons."""
        self.reversals()
        return [
            (str(e["mti"]), str(e["trace"]))
            for e in self.events.of("request")
            if e["mti"] != "0800" and reversal in (None, e["reversal"])
        ]

    def messages(self, mti: str) -> list[dict[int, str | bytes]]:
        """What reached the host of one MTI, in order."""
        codec = compile_spec(UNIONPAY)
        raws = [e.raw for e in self.events.all() if e.kind == "request" and e.fields["mti"] == mti]
        return [codec.unpack(unpack_frame(raw).body) for raw in raws if raw is not None]

    def reversals(self) -> list[dict[int, str | bytes]]:
        """Messages of the reversals that reached the host, which may read them after the terminal gave up waiting."""
        self.events.wait("request", count=len(self.events.of("reversal", status="sent")), reversal=True)
        codec = compile_spec(UNIONPAY)
        raws = [e.raw for e in self.events.all() if e.kind == "request" and e.fields["reversal"]]
        return [codec.unpack(unpack_frame(raw).body) for raw in raws if raw is not None]

    def displays(self, audience: str = "operator") -> list[str]:
        return [str(e["text"]) for e in self.events.of("display", audience=audience)]

    def printing(self) -> list[tuple[str, str]]:
        return [(str(e["copy"]), str(e["status"])) for e in self.events.of("printing")]

    def held(self) -> tuple[int, int]:
        account = self.host.account("credit")
        return account.held, account.booked
