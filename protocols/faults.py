"""The one tree of errors. The class says who is to blame; the text is safe to log and says what to do next.

An error of this tree never carries a card number, a PIN or a key in its text: whoever raises it masks first.
"""

from __future__ import annotations


class HoldfastError(Exception):
    """Base of all errors that Holdfast raises on purpose.

    `advice` is one sentence that tells the reader what to do next. `component` names the part of the
    bench concerned ("reader", "printer", "terminal", "host", "card", "harness").
    """

    component = "harness"

    def __init__(self, message: str, *, advice: str = "", component: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        if component is not None:
            self.component = component

    def __str__(self) -> str:
        return f"{self.message} ({self.advice})" if self.advice else self.message


class RigFault(HoldfastError):
    """The bench broke, not the device under test: a reader unplugged, a port taken, a daemon gone."""


class ReaderGone(RigFault):
    """The card reader, or the service that drives it, is no longer there."""

    component = "reader"


class DeviceSilent(RigFault):
    """A device did not answer within its deadline. The component says which."""


class PrinterGone(RigFault):
    """The receipt printer is no longer there."""

    component = "printer"


class CardRemoved(HoldfastError):
    """The card left the reader in the middle of a command: an event of the scenario, nobody's fault."""

    component = "card"


FOREIGN_CARD = "a card outside the allow-list was presented"
"""All that anybody is told of such a card."""


class ForeignCard(HoldfastError):
    """A card that is not on the rig's list: the whole run ends, and nothing of the card is kept. Design 7.

    It takes no argument, so that nothing of the card can be in it. No `RigFault`: the bench is well, and no second
    attempt is made.
    """

    component = "card"

    def __init__(self) -> None:
        super().__init__(FOREIGN_CARD, advice="take it out, and start the run anew with test cards")


class DutFault(HoldfastError):
    """The device under test did something that makes going on impossible; a criterion says what was wrong."""

    component = "terminal"


class ConfigurationError(HoldfastError):
    """A rig file, market file, plan, feature or command line is wrong. The text names the place and the near miss."""


class HoldfastBug(HoldfastError):
    """Holdfast itself is wrong. Please report it with the run folder."""


class Cancelled(HoldfastError):
    """A person or the system asked for the run to stop."""
