"""What the terminal asks to know: a balance, its parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from protocols.money import Money
from protocols.transactions import Transaction
from reports.judge.criteria.exchange import asked
from reports.judge.criteria.holds import account_of
from reports.judge.finding import Check, Finding, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.reply import Reply

_RAW = re.compile(r"([CD])(\d{12})")
"""facts/unionpay-pos 2, F54: sign and amount behind types and currency."""
_IN_WORDS = re.compile(r"(\d+) minor units of \w+ in (credit|debit)")


def _balance(answer: Reply) -> int | None:
    """F54 in minor units, from its own line or from that of its part."""
    raw = _RAW.search(answer.value(54))
    if raw:
        return int(raw[2]) * (1 if raw[1] == "C" else -1)
    words = _IN_WORDS.search(answer.value("54.1"))
    return int(words[1]) * (1 if words[2] == "credit" else -1) if words else None


@criterion("balance.shown", "The balance shown is what is available", "facts/unionpay-pos 2, F54; cases.md 251")
def balance_shown(view: View, args: Mapping[str, Any]) -> Finding:
    """args: amount in minor units, if it is known. What F54 says, what the ledger has, and what is reported are one."""
    expected = "the balance of the answer is reported, and it is what is available"
    answers = [a for r in asked(view) if r.transaction == Transaction.BALANCE.value for a in r.answers]
    outcome, money = view.outcome, view.market.money
    if not answers or outcome is None:
        return inconclusive(expected, "no balance was answered, or no outcome reported")
    answer, given = answers[-1], _balance(answers[-1])
    if given is None:
        return inconclusive(expected, "the answer holds no balance", answer.number)
    check = Check(f"{Money(given, money)} is reported")
    told = outcome.fields.get("balance")
    check.see(answer.number, outcome.number)
    if told is None or int(str(told)) != given:
        shown = "no balance" if told is None else str(Money(int(str(told)), money))
        check.deviate(f"the terminal reports {shown}, F54 is {Money(given, money)}", outcome.number, answer.number)
    account = account_of(view.so_far)
    available = int(str(account.fields["available"])) if account else given
    for due, whose in ((available, "the ledger has"), (int(args.get("amount", given)), "expected is")):
        if due != given:
            text = f"F54 is {Money(given, money)}, {whose} {Money(due, money)}"
            check.deviate(text, answer.number, *([account.number] if account else []))
    return check.finding(f"{Money(given, money)} reported")


@criterion("parameters.changed", "A downloaded parameter is taken", "facts/unionpay-pos 2.6.3; cases.md 235")
def parameters_changed(view: View, args: Mapping[str, Any]) -> Finding:
    """args: name and value, as the terminal tells it."""
    expected = f"{args['name']} is {args['value']}"
    told = list(view.so_far.of("terminal", "parameters"))
    if not told:
        order = (view.order.number,) if view.order else ()
        return inconclusive(expected, "the terminal told of no parameters", *order)
    changed: dict[str, str] = {}
    for record in told:
        changed |= {str(key): str(value) for key, value in dict(record.fields.get("changed", {})).items()}
    found = changed.get(str(args["name"]))
    verdict = Verdict.PASS if found == str(args["value"]) else Verdict.FAIL
    return Finding(verdict, expected, f"{args['name']} is {found or 'unchanged'}", tuple(r.number for r in told))
