"""Slips as data: which element stands where, in which words. facts/unionpay-pos 6."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from protocols.escpos import Composer
from protocols.market import Market
from protocols.money import Money
from protocols.orders import Entry
from protocols.pan import mask_pan
from protocols.transactions import Transaction
from simulators.terminal.parameters import TerminalParameters
from simulators.terminal.presented import Presented

MERCHANT, CARDHOLDER = "merchant", "cardholder"
COPIES = (MERCHANT, CARDHOLDER)
NEGATIVE = (Transaction.CANCEL, Transaction.COMPLETION_VOID, Transaction.SALE_VOID, Transaction.REFUND)
"""facts/unionpay-pos 6: voids, cancels and refunds print RMB -."""
CHIP_SHOWN = (Transaction.PREAUTH, Transaction.SALE)
ENTRY_LETTERS = {Entry.CHIP: "I", Entry.KEYED: "M", Entry.SWIPED: "S", Entry.FALLBACK: "F"}
"""facts/unionpay-pos 6 has a letter behind the number; which ones is a guess: insert, manual, swipe, fallback."""


@dataclass(frozen=True, slots=True)
class Printed:
    """All that a slip shows. Times come from the host's reply. `chip` are values by their tags, in hex."""

    transaction: Transaction
    amount: Money
    presented: Presented
    trace: str
    batch: str
    approval: str
    reference: str
    date: str  # MMDD
    time: str  # hhmmss
    year: int
    original_approval: str = ""
    original_trace: str = ""
    original_reference: str = ""
    total: Money | None = None
    chip: Mapping[str, str] = field(default_factory=dict)

    @property
    def chip_shown(self) -> bool:
        """Whether the chip decided: facts/unionpay-pos 6 has its data on slips of these."""
        return self.transaction in CHIP_SHOWN and self.presented.entry is Entry.CHIP


Value = Callable[[Printed, TerminalParameters, Market], str]
Row = tuple[str, Value]


def moment(year: int, date: str, time: str) -> str:
    """MMDD and hhmmss as people write them."""
    return f"{year}/{date[:2]}/{date[2:]} {':'.join((time[:2], time[2:4], time[4:6]))}"


def _amount(slip: Printed, parameters: TerminalParameters, market: Market) -> str:
    return f"RMB {'-' if slip.transaction in NEGATIVE else ''}{slip.amount}"


HEAD: tuple[Row, ...] = (
    ("商户名称", lambda slip, parameters, market: parameters.merchant_name),
    ("商户编号", lambda slip, parameters, market: parameters.merchant_id),
    ("终端编号", lambda slip, parameters, market: parameters.terminal_id),
    ("操作员", lambda slip, parameters, market: parameters.operator),
)
BODY: tuple[Row, ...] = (
    ("交易类型", lambda slip, parameters, market: market.receipt.type_names[slip.transaction.value]),
    ("批次号", lambda slip, parameters, market: slip.batch),
    ("凭证号", lambda slip, parameters, market: slip.trace),
    ("授权号", lambda slip, parameters, market: slip.approval),
    ("参考号", lambda slip, parameters, market: slip.reference),
    ("日期/时间", lambda slip, parameters, market: moment(slip.year, slip.date, slip.time)),
)
CHIP: tuple[Row, ...] = (
    ("AID", lambda slip, parameters, market: slip.presented.card.aid),
    ("应用标签", lambda slip, parameters, market: _name(slip.chip.get("50", "")) or slip.presented.card.label),
    ("首选名称", lambda slip, parameters, market: _name(slip.chip.get("9F12", ""))),
    ("TC", lambda slip, parameters, market: slip.chip.get("9F26", "")),
    ("TVR", lambda slip, parameters, market: slip.chip.get("95", "")),
    ("TSI", lambda slip, parameters, market: slip.chip.get("9B", "")),
    ("ATC", lambda slip, parameters, market: slip.chip.get("9F36", "")),
)
"""In this order. facts/unionpay-pos 6"""
CHIP_TAGS = ("50", "9F12", "9F26", "95", "9B", "9F36")
"""What `Printed.chip` is to hold."""
BY_APPROVAL: Row = ("原授权码", lambda slip, parameters, market: slip.original_approval)
BY_TRACE: Row = ("原凭证号", lambda slip, parameters, market: slip.original_trace)
BY_REFERENCE: Row = ("原参考号", lambda slip, parameters, market: slip.original_reference)
TOTAL: Row = ("累计金额", lambda slip, parameters, market: f"RMB {slip.total}")
REMARKS: dict[Transaction, tuple[Row, ...]] = {
    Transaction.INCREMENT: (BY_APPROVAL, TOTAL),
    Transaction.COMPLETION: (BY_APPROVAL,),
    Transaction.ADVICE: (BY_APPROVAL,),
    Transaction.CANCEL: (BY_APPROVAL,),
    Transaction.COMPLETION_VOID: (BY_TRACE,),
    Transaction.SALE_VOID: (BY_TRACE,),
    Transaction.REFUND: (BY_REFERENCE,),
}


def compose(
    slip: Printed, copy: str, parameters: TerminalParameters, market: Market, *, full_pan: bool = False
) -> bytes:
    """One copy as printer bytes, cut at its end. `full_pan` is a seeded defect."""
    rule, paper = market.receipt, Composer(parameters.columns)
    paper.text(rule.title, align="center", width=1, height=2, bold=True)
    paper.text(rule.merchant_copy if copy == MERCHANT else rule.cardholder_copy, align="center").rule()
    for label, value in HEAD:
        paper.pair(label, value(slip, parameters, market))
    pan = slip.presented.card.pan
    number = pan if full_pan else mask_pan(pan)
    paper.pair(
        "卡号", f"{number} /{ENTRY_LETTERS[slip.presented.entry]}"
    )  # facts/unionpay-pos 6: the letter follows the number
    mandatory = rule.mandatory.get(slip.transaction.value, ())
    for label, value in BODY:
        shown = value(slip, parameters, market)
        if shown or label in mandatory:
            paper.pair(label, shown)
    paper.rule().pair("金额", _amount(slip, parameters, market)).rule()
    _remarks(paper, slip, parameters, market)
    if copy == MERCHANT:
        _signature(paper, slip, market)
    else:
        paper.text("请妥善保管", align="center")
    return paper.feed(2).cut().bytes()


def _remarks(paper: Composer, slip: Printed, parameters: TerminalParameters, market: Market) -> None:
    for label, value in REMARKS.get(slip.transaction, ()):
        paper.pair(label, value(slip, parameters, market))
    if slip.transaction is Transaction.PREAUTH:
        paper.text(market.receipt.not_a_sale, align="center")
        paper.pair("有效天数", f"{market.completion.validity_days} 天")
    if slip.chip_shown:
        for label, value in CHIP:
            shown = value(slip, parameters, market)
            if shown:
                paper.pair(label, shown)


def _name(value: str) -> str:
    """A name that the card gives, in hex."""
    return bytes.fromhex(value).decode("gb18030", "replace")


def _signature(paper: Composer, slip: Printed, market: Market) -> None:
    """EMV Book 4, 6.3.4.4; facts/unionpay-pos 6: a PIN is noted, and signed as well; no CVM at all wants neither."""
    paper.text(market.receipt.pin_line if slip.presented.pin_verified else "")
    if not slip.presented.signs:
        paper.text(market.receipt.no_cvm_line)
        return
    paper.text(market.receipt.signature_line).feed(2)
    paper.text("本人确认以上交易", align="center").text("同意记入本卡帐户", align="center")
