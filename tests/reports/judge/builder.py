"""Timelines for tests of the judge, told as stories.

    tale = Tale().order("pre-authorisation", 100000).request().checks().decision("00").reply().outcome("approved")
    tale.audit("reversal-duty.never-false")      # what one auditor finds
    tale.criterion("hold.state", state="open")   # what one criterion finds when it is demanded now
    tale.expect("hold.state", state="open").close().judge()   # the verdict of the whole case

Every call moves the clock on by a millisecond unless `after` says by how much. `name=` keeps an event's number
under that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Self

from protocols.iso8583 import UNIONPAY
from protocols.market import Market
from protocols.money import Money
from protocols.pan import mask_pan
from protocols.transactions import TRANSACTIONS, Layout, Transaction
from reports.judge.auditors import auditors
from reports.judge.case import CaseVerdict, Terms, judge_case
from reports.judge.finding import Finding, Judged
from reports.judge.registry import CRITERIA, View
from reports.judge.timeline import Timeline
from reports.runfolder import Record
from rigs.marketfile import load_market

MS = 1_000_000
TIMEOUT_MS = 500
GUARD_MS = 30
PAN = "6250947000000014"
TRACE, BATCH, APPROVAL, REFERENCE = "000077", "000001", "123456", "112500000068"
DAY, CLOCK = "1125", "081657"
TERMINAL, OTHER_TERMINAL = "50080001", "50080002"
HOLD = "pre-authorisation"
PARTS = ("debit total", "debit count", "credit total", "credit count", "flag")
SUMS = ("debit_total", "debit_count", "credit_total", "credit_count")
NAMES = {field.number: field.name for field in UNIONPAY.fields}


@cache
def market() -> Market:
    return load_market("unionpay-cn")


def market_but(**parts: Mapping[str, Any]) -> Market:
    """The market with some values of some parts changed: `market_but(reversal={"repeats": 1})`."""
    changed = {part: getattr(market(), part).model_copy(update=dict(values)) for part, values in parts.items()}
    return market().model_copy(update=changed)


def key(number: int) -> str:
    """The name of a field in a described message."""
    return f"F{number} {NAMES[number]}"


class Tale:
    """One case, event by event."""

    def __init__(
        self, *, dut: Iterable[str] = ("terminal",), rules: Market | None = None, terminal: str = ""
    ) -> None:  # fmt: skip
        self.market = rules or market()
        self.terms = Terms(self.market, frozenset(dut), TIMEOUT_MS * MS)
        self.records: list[Record] = []
        self.named: dict[str, int] = {}
        self._now = 0
        self._exchanges = 0
        self._asked: dict[str, Any] = {}
        self._message: dict[str, str] = {}
        self._totals: tuple[int, int, int, int, str]
        self._transaction, self._amount = HOLD, 100000
        told = {"terminal": terminal} if terminal else {}
        self.tell(
            "case", "open", id="features/x.feature::A case", attempt=1, name="A case", feature="X", numbers=[1], **told
        )

    # ── any event ─────────────────────────────────────────────────────────────────────────────────────────────────

    def tell(
        self, channel: str, kind: str, /, *, after: float = 1, called: str = "", raw: bytes | None = None,
        exposed: tuple[Mapping[str, Any], ...] = (), **fields: Any,
    ) -> Self:  # fmt: skip
        self._now += int(after * MS)
        number = len(self.records) + 1
        self.records.append(Record(number, self._now, "", channel, "", kind, "simulated", fields, raw, exposed))
        self.named[called or f"{channel} {kind}"] = number
        return self

    def __getitem__(self, name: str) -> int:
        """The number of a named event, or of the last one of a channel and kind."""
        return self.named[name]

    # ── terminal and people ───────────────────────────────────────────────────────────────────────────────────────

    def order(self, transaction: str = HOLD, amount: int = 100000, **more: Any) -> Self:
        self._transaction, self._amount = transaction, amount
        return self.tell("terminal", "order", transaction=transaction, amount=amount, currency="CNY", **more)

    def outcome(self, result: str, *, without: Iterable[str] = (), **fields: Any) -> Self:
        """What the terminal reports of the last request; values of the reply only when it approves."""
        told = {"transaction": self._transaction, "result": result, "code": "", "amount": self._amount, "trace": ""}
        told |= {"trace": self._asked.get("trace", ""), "approval": "", "reference": ""}
        if result == "approved":
            told |= {"code": "00", "approval": APPROVAL, "reference": REFERENCE}
        after, name = fields.pop("after", 1), fields.pop("name", "")
        told |= fields
        return self.tell(
            "terminal", "outcome", after=after, called=name, **{k: v for k, v in told.items() if k not in without}
        )

    def display(self, text: str, audience: str = "customer") -> Self:
        return self.tell("terminal", "display", text=text, audience=audience)

    def state(self, state: str) -> Self:
        return self.tell("terminal", "state", state=state)

    def supervisor(self, *, accepted: bool = True) -> Self:
        return self.tell("operator", "supervisor", asked=True, accepted=accepted)

    def pin(self) -> Self:
        return self.tell("operator", "pin", digits=6, cancelled=False)

    def generate_ac(self, asks: str) -> Self:
        kinds = {"AAC": b"\x00", "TC": b"\x40", "ARQC": b"\x80"}
        return self.tell("card", "command", raw=b"\x80\xae" + kinds[asks] + b"\x00\x00", name="GENERATE AC")

    # ── host ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def request(
        self, transaction: str = "", *, trace: str = TRACE, amount: int = 0, mti: str = "", reversal: bool = False,
        change: Mapping[int, str] | None = None, without: Iterable[int] = (), connection: int = 1, name: str = "",
        after: float = 1, chip: str = "", message: bool = True,
    ) -> Self:  # fmt: skip
        """A request reaches the host, with the fields that its transaction demands."""
        transaction = transaction or self._transaction
        known = transaction in {t.value for t in Transaction}
        layout = TRANSACTIONS[Transaction(transaction)] if known else TRANSACTIONS[Transaction.COMPLETION]
        self._exchanges += 1
        mti = mti or ("0400" if reversal else layout.mti)
        values = {11: trace, 41: TERMINAL, 42: "309310083985008"}
        values |= {60: f"{layout.f60_1}{BATCH}{layout.f60_3}{'50' if layout.f3 else ''}"}
        if layout.f3:
            values |= self._money(transaction, layout, amount, trace, reversal)
        if transaction == "settlement":
            values |= {48: "(62 digits, hidden)", 49: "156", 63: "01 "}
        elif mti == "0320":
            values |= {48: "(42 digits, hidden)"}
        values |= dict(change or {})
        described = {"MTI": mti} | {key(n): v for n, v in sorted(values.items()) if n not in tuple(without) and v}
        if chip:
            described["F55.9F02 amount, authorised"] = chip
        if message:
            self._message = described
        self._asked = {
            "exchange": self._exchanges, "mti": mti, "transaction": transaction, "trace": trace, "reversal": reversal,
        }  # fmt: skip
        more = {"message": self._message} if message else {}
        return self.tell("host", "request", called=name, after=after, **self._asked, connection=connection, **more)

    def _money(self, transaction: str, layout: Layout, amount: int, trace: str, reversal: bool) -> dict[int, str]:
        """The fields of a financial request, or of its reversal. facts/unionpay-pos 2.5, 3.1."""
        chip = transaction in (HOLD, "sale", "balance")
        values = {2: mask_pan(PAN), 3: layout.f3, 4: f"{amount or self._amount:012d}", 25: layout.f25, 49: "156"}
        values |= {22: "051" if chip else "052", 64: f"{self._exchanges:08X}"}
        if chip:
            values |= {23: "001"}
        if chip and not reversal:
            values |= {26: "12", 52: "(8 bytes, hidden)", 53: "2600000000000000", 55: "80 bytes"}
        by_trace = transaction in ("completion void", "sale void")
        if by_trace and reversal:
            values |= {61: f"{BATCH}{trace}0000"}
        elif by_trace:
            values |= {37: REFERENCE, 61: f"{BATCH}{TRACE}{DAY}"}
        elif reversal and transaction in ("cancel", "completion"):
            values |= {61: f"{BATCH}{trace}0000"}
        elif not reversal and transaction not in (HOLD, "sale", "balance"):
            values |= {61: f"000000000000{DAY}"}
        if not reversal and transaction not in (HOLD, "sale", "balance", "refund", "sale void"):
            values |= {38: APPROVAL}
        if transaction == "refund":
            values |= {37: REFERENCE}
        if transaction == "balance":
            del values[4]
        if reversal:
            values[39] = self.market.reversal.reason_no_reply
        return values

    def reversal(self, transaction: str = "", **more: Any) -> Self:
        return self.request(transaction, reversal=True, **more)

    def management(self, transaction: str = "echo", *, trace: str = "000001", **more: Any) -> Self:
        """A sign-on or an echo, which a terminal may send at any time. The last request stays what it was."""
        before = self._asked, self._message
        self.request(transaction, trace=trace, **more)
        self._asked, self._message = before
        return self

    def checks(self, mac: str = "valid") -> Self:
        return self.tell("host", "checks", **self._asked, mac=mac, pin="right", cryptogram="verified")

    def decision(self, code: str = "00") -> Self:
        return self.tell("host", "decision", **self._asked, code=code, reason="", approval="")

    def reply(
        self, code: str = "00", *, after: float = 2, rule: str = "", late: bool = False, sent: bool = True,
        change: Mapping[int, str] | None = None, without: Iterable[int] = (), name: str = "",
        to: Mapping[str, Any] | None = None, mti: str = "", spoiled: Iterable[str] = (), unread: bool = False,
    ) -> Self:  # fmt: skip
        """The answer to the last request, or to the exchange `to`, leaves the host."""
        asked = dict(to or self._asked)
        message = asked.pop("message", self._message)
        values = {n: message[key(n)] for n in (2, 3, 4, 11, 22, 25, 41, 42, 49, 60) if key(n) in message}
        values |= {12: CLOCK, 13: DAY, 37: REFERENCE, 39: code, 64: "FEDCBA98"}
        values |= {15: DAY, 32: "03099988"}
        if code in ("00", "10", "11") and not asked["reversal"]:
            values |= {38: APPROVAL, 44: "03080000   03099988"}
        if asked["mti"] in ("0500", "0320") or asked["mti"].startswith("08"):
            del values[64]
        values |= dict(change or {})
        told = {"MTI": mti or f"{int(asked['mti']) + 10:04d}"}
        told |= {key(n): v for n, v in sorted(values.items()) if n not in tuple(without)}
        seen = {"undecoded": "F44: too long"} if unread else {"message": told}
        return self.tell(
            "host", "response", after=after, called=name, **asked, rule=rule, late=late, sent=sent,
            spoiled=list(spoiled), **seen,
        )  # fmt: skip

    @property
    def asked(self) -> bool:
        """Whether a request was made."""
        return bool(self._asked)

    @property
    def exchange(self) -> dict[str, Any]:
        """The last request, so that a reply can be given to it later."""
        return {**self._asked, "message": dict(self._message)}

    # ── ledger ────────────────────────────────────────────────────────────────────────────────────────────────────

    def account(self, available: int = 1000000, held: int = 0, booked: int = 0, **more: Any) -> Self:
        return self.tell("ledger", "account", card="credit-0014", available=available, held=held, booked=booked, **more)

    def posting(self, kind: str, amount: int, *, hold: str = "1", pots: tuple[int, int, int] = (0, 0, 0)) -> Self:
        available, held, booked = pots
        return self.tell(
            "ledger", "posting", card="credit-0014", hold=hold, kind=kind, amount=amount,
            trace=self._asked.get("trace", TRACE), transaction=self._asked.get("transaction", HOLD),
            available=available, held=held, booked=booked,
        )  # fmt: skip

    def held(self, state: str, amount: int = 100000, *, hold: str = "1", trace: str = "", **more: Any) -> Self:
        trace = trace or self._asked.get("trace", TRACE)
        return self.tell(
            "ledger", "hold", card="credit-0014", hold=hold, state=state, amount=amount, approval=APPROVAL,
            trace=trace, **more,
        )  # fmt: skip

    # ── printer ───────────────────────────────────────────────────────────────────────────────────────────────────

    def slip(self, copy: str = "merchant", *, lines: list[str] | None = None, after: float = 1, **more: Any) -> Self:
        """A slip of the last order, as a good terminal prints it, with the lines of `but` changed."""
        name, exposed = more.pop("name", ""), more.pop("exposed", ())
        text = lines if lines is not None else self.lines(copy, **more)
        return self.tell("printer", "slip", after=after, called=name, exposed=exposed, lines=text, cut=True)

    def lines(self, copy: str = "merchant", *, but: Mapping[str, str | None] | None = None) -> list[str]:
        """The lines of a slip; `but` gives a label's line another text, or takes it away."""
        rule, transaction = self.market.receipt, self._transaction
        sign = "-" if transaction in ("cancel", "completion void", "sale void", "refund") else ""
        amount = f"RMB {sign}{Money(self._amount, self.market.money)}"
        pairs = {
            "商户名称": "保持酒店测试商户", "商户编号": "309310083985008", "终端编号": "50080001", "操作员": "01",
            "卡号": f"{mask_pan(PAN)} /I", "交易类型": rule.type_names.get(transaction, transaction),
            "批次号": BATCH, "凭证号": self._asked.get("trace", TRACE), "授权号": APPROVAL, "参考号": REFERENCE,
            "日期/时间": "2026/11/25 08:16:57", "金额": amount,
        }  # fmt: skip
        if transaction in (HOLD, "sale"):
            pairs |= {"AID": "A000000333010102", "应用标签": "银联信用卡", "TC": "53F38A1771B92595", "ATC": "0001"}
        elif transaction in ("completion void", "sale void"):
            pairs["原凭证号"] = TRACE
        elif transaction == "refund":
            pairs["原参考号"] = REFERENCE
        else:
            pairs["原授权码"] = APPROVAL
        body = {label: f"{label}      {value}" for label, value in pairs.items()}
        for label, line in (but or {}).items():
            body[label] = line or ""
            if line is None:
                del body[label]
        mark = rule.merchant_copy if copy == "merchant" else rule.cardholder_copy
        tail = [rule.not_a_sale] if transaction == HOLD else []
        tail += [rule.signature_line, ""] if copy == "merchant" else ["请妥善保管"]
        return [rule.title, mark, "-" * 32, *(line for text in body.values() for line in text.split("\n")), *tail]

    def slips(self, **more: Any) -> Self:
        return self.slip("merchant", **more).slip("cardholder", **more)

    def paper(self, state: str) -> Self:
        return self.tell("printer", "paper", state=state)

    # ── settlement ────────────────────────────────────────────────────────────────────────────────────────────────

    def settle(
        self, debit: int = 0, debits: int = 0, credit: int = 0, given: int = 0, *, trace: str = "000900",
        batch: str = BATCH, **more: Any,
    ) -> Self:  # fmt: skip
        """The settlement request, with its totals."""
        totals = (f"{debit:012d}", f"{debits:03d}", f"{credit:012d}", f"{given:03d}", "0")
        self.request("settlement", trace=trace, change={60: f"00{batch}201"}, **more)
        for place, (name, value) in enumerate(zip(PARTS, totals, strict=True), start=1):
            self._message[f"F48.{place} domestic {name}"] = value
        self._totals = debit, debits, credit, given, batch
        return self

    def settled(self, flag: str = "1", own: tuple[int, int, int, int] | None = None, *, reported: bool = True) -> Self:
        """The host's answer to a settlement, with its own totals, and the terminal's report."""
        if not hasattr(self, "_totals"):
            self.settle()
        claimed, batch = self._totals[:4], self._totals[4]
        own = claimed if own is None else own
        sums = dict(zip(SUMS, own, strict=True))
        told = {f"claimed_{key}": value for key, value in zip(SUMS, claimed, strict=True)}
        self.tell(
            "ledger", "settlement", terminal=TERMINAL, merchant="309310083985008", batch=batch, flag=flag,
            reason="" if flag == "1" else "they differ", currency="CNY", **sums, **told,
        )  # fmt: skip
        self.reply()
        if reported:
            shown = dict(zip(SUMS, claimed, strict=True))
            self.tell("terminal", "settlement", batch=batch, flag=flag, uploaded=0, currency="CNY", **shown)
        return self

    def upload(self, network: str = "201", *, trace: str = "000901", batch: str = BATCH) -> Self:
        """Detail of a batch, or its end."""
        kind = {"201": "batch upload", "202": "batch end", "207": "batch end"}.get(network, "TC upload")
        return self.request(kind, trace=trace, change={60: f"00{batch}{network}"}).reply()

    def kept(self, status: str, trace: str = TRACE, transaction: str = "") -> Self:
        """The terminal's word of a stored message."""
        name = transaction or self._transaction
        return self.tell("terminal", "stored", status=status, transaction=name, trace=trace, amount=self._amount)

    # ── whole stretches ───────────────────────────────────────────────────────────────────────────────────────────

    def approved(self, transaction: str = HOLD, amount: int = 100000, *, trace: str = TRACE) -> Self:
        """A transaction as it should be, with its slips; the ledger is told of a hold alone."""
        self.order(transaction, amount).request(trace=trace).checks().decision("00")
        if transaction == HOLD:
            self.posting("hold", amount, pots=(1000000 - amount, amount, 0)).held("open", amount)
        return self.reply().slips().outcome("approved")

    def unanswered(self, transaction: str = HOLD, amount: int = 100000, *, trace: str = TRACE) -> Self:
        """A request that the host decides and does not answer."""
        self.order(transaction, amount).request(trace=trace).checks().decision("00")
        return self.outcome("no reply", after=TIMEOUT_MS)

    def reversed(self, *, trace: str = TRACE, **more: Any) -> Self:
        """A reversal, answered."""
        return self.reversal(trace=trace, **more).checks().decision("00").reply()

    def fault(self, cause: str = "the reader is gone", **more: Any) -> Self:
        return self.tell("rig", "fault", cause=cause, component="reader", advice="", **more)

    def bug(self, cause: str = "KeyError") -> Self:
        return self.tell("rig", "bug", cause=cause, where="story.py:1")

    def expect(self, criterion: str, *, weight: str = "", **args: Any) -> Self:
        known = CRITERIA[criterion]
        return self.tell(
            "criterion", "expect", called=f"expect {criterion}", id=criterion, args=args,
            weight=weight or known.weight.value, component=known.component, scope=known.scope.value,
        )  # fmt: skip

    def close(self) -> Self:
        return self.tell("case", "close")

    # ── judging ───────────────────────────────────────────────────────────────────────────────────────────────────

    def view(self, position: int = 0) -> View:
        timeline = Timeline(self.records)
        return View(timeline, self.market, TIMEOUT_MS * MS, position or timeline.end)

    def criterion(self, criterion: str, *, position: int = 0, **args: Any) -> Finding:
        """What a criterion finds when it is demanded at a position, by default now."""
        return CRITERIA[criterion].evaluate(self.view(position), args)

    def audit(self, name: str) -> Finding | None:
        """What a rule of an auditor finds; None: nothing to judge."""
        return next(audit for audit in auditors() if audit.id == name).evaluate(self.view())

    def judge(self) -> CaseVerdict:
        return judge_case(self.records, self.terms)

    def judged(self, criterion: str) -> Judged:
        """The verdict of one criterion of the whole case."""
        return next(j for j in self.judge().criteria if j.id == criterion)
