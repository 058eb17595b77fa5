"""What the terminal says came of an order, as it learns it. facts/unionpay-pos 5.21, 6."""

from __future__ import annotations

from dataclasses import replace

from protocols.iso8583 import Message, UnpackError
from protocols.iso8583.subfields import F54
from protocols.market import Market
from protocols.money import Money
from protocols.orders import Order, Outcome, Result
from protocols.pan import mask_pan
from simulators.terminal.presented import Presented
from simulators.terminal.responses import Trouble

NOT_UNDERSTOOD = "交易失败"  # facts/unionpay-pos 5.21: unknown code
NOT_SENT = "通讯失败 未发送"
TROUBLE = {
    Trouble.NOT_SENT: NOT_SENT,
    Trouble.NO_REPLY: "交易超时",
    Trouble.WRONG_MAC: "报文校验错",
    Trouble.BAD_REPLY: "应答报文错",
}


def begun(order: Order, presented: Presented, trace: str, batch: str) -> Outcome:
    """Before there is an answer."""
    return Outcome(
        order.transaction, Result.NO_REPLY, order.amount, trace=trace, batch=batch,
        masked_pan=mask_pan(presented.card.pan), entry=presented.entry,
    )  # fmt: skip


def from_reply(outcome: Outcome, reply: Message, market: Market) -> Outcome:
    """What a reply says, added to an outcome."""
    code = str(reply[39])
    return replace(
        outcome, code=code, message=market.codes.get(code, NOT_UNDERSTOOD), approval=str(reply.get(38, "")).strip(),
        reference=str(reply.get(37, "")), date=str(reply.get(13, "")), time=str(reply.get(12, "")),
    )  # fmt: skip


def balance_of(reply: Message, market: Market) -> Money | None:
    """F54, where the host gives it and it can be read. cases.md 251"""
    try:
        balances = F54.parse(str(reply.get(54, ""))).balances
    except UnpackError:
        return None
    money = market.money
    return next((Money(b.amount, money) for b in balances if b.currency == money.numeric), None)
