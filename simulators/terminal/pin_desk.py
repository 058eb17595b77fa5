"""The terminal's side of a PIN: what is shown beside the pad, and when the pad may be used at all.

Neither the terminal nor its kernel ever has a digit: both get what the pad gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from protocols.faults import HoldfastError
from protocols.orders import Result
from protocols.pinpad import PinEnd, PinEntry
from protocols.prompts import LAST_TRY, PIN, PIN_AGAIN, PIN_ONCE_MORE
from protocols.transactions import TRANSACTIONS, Transaction
from simulators.terminal.checks import Stop
from simulators.terminal.devices import KeyedPinPad
from simulators.terminal.line import Line
from simulators.terminal.presented import Presented

if TYPE_CHECKING:
    from protocols.emv.rsa import RsaPublic

T = Transaction
PRESSES = 3
"""Empty entries of one who wants to bypass where it is not allowed; then his time is over."""


class NotSignedOn(HoldfastError):
    """There is no PIN key, and the host gives none: no PIN can be asked for that the issuer could open."""

    component = "terminal"


class PinDesk:
    """A `PinPad` over the pad itself, as parameters and keys allow it."""

    def __init__(self, line: Line, pad: KeyedPinPad) -> None:
        self._line = line
        self._pad = pad
        self._asked = False
        self.under = 0
        """Under the keys of which sign-on the last block was made: see `Line.generation`."""

    def begin(self, *, again: bool = False) -> None:
        """The next PIN is the first of a card; `again`: the issuer has refused the one before."""
        self._asked = again

    def wanted(self, transaction: Transaction, presented: Presented) -> bool:
        """Whether a PIN is asked for where no chip decides. 5.12: by the market, or by the stripe's service code."""
        market = self._line.market
        by_market = {
            T.CANCEL: market.cancel.needs_pin,
            T.COMPLETION: market.completion.needs_pin,
            T.COMPLETION_VOID: market.completion_void.needs_pin,
            T.SALE_VOID: market.sale_void.needs_pin,
        }
        if presented.stripe is None or transaction in by_market or TRANSACTIONS[transaction].stored:
            return by_market.get(transaction, False)
        if market.entry.stripe_pin == "service code":
            return presented.stripe.wants_pin(self.works())
        return market.entry.stripe_pin == "always"

    def works(self) -> bool:
        return self._line.parameters().pinpad and self._pad.works()

    def online_pin(self, pan: str) -> PinEntry:
        """Signs on where there is no key yet. Raises NotSignedOn."""
        if not self._line.signed_on():
            raise NotSignedOn("the terminal is not signed on")
        return self._online(pan, self._prompt())

    def online_pin_once_more(self, pan: str) -> PinEntry:
        """The keys have changed since the block was made. Needs keys."""
        return self._online(pan, PIN_ONCE_MORE)

    def _online(self, pan: str, prompt: str) -> PinEntry:
        self.under = self._line.generation
        return self._entry(prompt, lambda: self._pad.online_pin(pan))

    def offline_pin(self, send: Callable[[bytes], bytes], key: RsaPublic | None, tries_left: int | None) -> PinEntry:
        prompt = LAST_TRY if tries_left == 1 else self._prompt()
        self._asked = True
        return self._entry(prompt, lambda: self._pad.offline_pin(send, key, tries_left))

    def _prompt(self) -> str:
        return PIN_AGAIN if self._asked else PIN

    def _entry(self, prompt: str, ask: Callable[[], PinEntry]) -> PinEntry:
        """EMV Book 4, 6.3.4.3: a bypass is the terminal's to allow; where it is not, the key does nothing."""
        if not self.works():
            return PinEntry(PinEnd.BROKEN)
        self._line.show(prompt, "customer")
        for _ in range(PRESSES):
            entry = ask()
            if entry.end is not PinEnd.BYPASSED or self._line.parameters().pin_bypass:
                return entry
        return PinEntry(PinEnd.TIMED_OUT)


def entered(entry: PinEntry) -> PinEntry:
    """An entry with which the transaction goes on. Raises Stop for one that ends it: cases.md 17, 20."""
    if entry.end in _ENDS:
        raise Stop(*_ENDS[entry.end])
    return entry


_ENDS = {
    PinEnd.CANCELLED: (Result.CANCELLED, "持卡人取消"),
    PinEnd.TIMED_OUT: (Result.CANCELLED, "输入密码超时"),
    PinEnd.BROKEN: (Result.REFUSED, "密码键盘故障"),
}
