"""The virtual cardholder at the customer display: takes the card out, puts it in, draws it through, as he is asked."""

from __future__ import annotations

from protocols.events import Channel, Event
from protocols.prompts import INSERT_AGAIN, INSERT_THE_CHIP, asks_for
from rigs.presenters.virtual import VirtualPresenter

CUSTOMER = "customer"


def oblige(presenter: VirtualPresenter, event: Event) -> None:
    """Does what a text on the customer display asks for, if the presenter is one who does."""
    shown = event.channel is Channel.TERMINAL and event.kind == "display" and event.fields.get("audience") == CUSTOMER
    if not (shown and presenter.obliging):
        return
    text = str(event.fields.get("text", ""))
    if asks_for(text, "remove the card"):
        presenter.take_out()
    elif text.startswith(INSERT_THE_CHIP) or (text.startswith(INSERT_AGAIN) and presenter.took_out):
        presenter.put_in()
    elif (asks_for(text, "swipe the card") or asks_for(text, "swipe the card again")) and not presenter.swiped:
        presenter.swipe_in_hand()
