"""The settlement slip 结算单: totals of a batch, and what the host found. facts/unionpay-pos 6."""

from __future__ import annotations

from protocols.escpos import Composer
from protocols.market import Market
from protocols.money import Money
from protocols.transactions import Transaction
from simulators.terminal.parameters import TerminalParameters
from simulators.terminal.receipts import moment
from simulators.terminal.settling import FOUND, Settled

NAME = "settlement"
"""Of its one copy: it is the merchant's."""


def compose_settlement(settled: Settled, year: int, parameters: TerminalParameters, market: Market) -> bytes:
    """As printer bytes, cut at its end."""
    paper, sums = Composer(parameters.columns), settled.sums
    title = market.receipt.type_names.get(Transaction.SETTLEMENT.value, "结算单")
    paper.text(title, align="center", width=1, height=2, bold=True).rule()
    paper.pair("商户名称", parameters.merchant_name)
    paper.pair("商户编号", parameters.merchant_id)
    paper.pair("终端编号", parameters.terminal_id)
    paper.pair("操作员", parameters.operator)
    paper.pair("批次号", settled.batch)
    paper.pair("凭证号", settled.trace)
    paper.pair("日期/时间", moment(year, settled.date, settled.time)).rule()
    for label, count, total in (("借记", sums.debit_count, sums.debit), ("贷记", sums.credit_count, sums.credit)):
        paper.pair(f"{label}笔数", str(count))
        paper.pair(f"{label}金额", f"RMB {Money(total, market.money)}")
    paper.rule().pair("对账结果", f"{settled.flag} {FOUND[settled.flag]}")
    return paper.feed(2).cut().bytes()
