"""Each event in a line, as a reader of the timeline wants it."""

from __future__ import annotations

from typing import Any

import pytest

from reports.events import line_of, pairs_of, rows_of
from reports.runfolder import Record

TOTALS = {"debit_total": 250000, "debit_count": 2, "credit_total": 100, "credit_count": 1}


@pytest.mark.parametrize(
    ("channel", "kind", "fields", "line"),
    [
        ("host", "rule", {"rule": "slow", "action": "delay"}, "'slow' acts: delay"),
        ("host", "explanation", {"exchange": 3, "text": "answered 25: nearest 000132"}, "answered 25: nearest 000132"),
        ("host", "format", {"field": 38, "reason": "F38 is missing"}, "F38 is missing"),
        (
            "host", "response", {"message": {"F39 response code": "00"}, "rule": "wrong trace", "spoiled": ["F11"]},
            "answer 00, rule: wrong trace, changed by it: F11",
        ),
        (
            "host", "response", {"message": {"F39 response code": "00"}, "rule": "", "spoiled": [], "late": True},
            "answer 00, late",
        ),
        (
            "terminal", "settlement", {"batch": "000001", "flag": "1", **TOTALS},
            "batch 000001, flag 1: debit 2500.00 in 2, credit 1.00 in 1",
        ),
        (
            "ledger", "settlement",
            {"batch": "000001", "flag": "2", **TOTALS, **{f"claimed_{key}": 0 for key in TOTALS}},
            "batch 000001, flag 2: debit 2500.00 in 2, credit 1.00 in 1; claimed debit 0.00 in 0, credit 0.00 in 0",
        ),
        (
            "terminal", "stored",
            {"transaction": "completion advice", "trace": "000007", "amount": 100, "status": "sent"},
            "completion advice 000007 of 1.00: sent",
        ),
        (
            "ledger", "upload", {"batch": "000001", "trace": "000007", "amount": 100, "matched": True, "reason": ""},
            "batch 000001, trace 000007 of 1.00 matches",
        ),
        (
            "ledger", "upload",
            {"batch": "000001", "trace": "000007", "amount": 100, "matched": False, "reason": "nearest 000006"},
            "batch 000001, trace 000007 of 1.00 matches nothing: nearest 000006",
        ),
        (
            "card", "gave", {"card": "credit-0014", "took": 5, "length": 36, "sw": "9000", "mark": "ab", "taken": "cd"},
            "credit-0014 itself took 5 bytes and gave 36, 9000",
        ),
        ("card", "took", {"card": "credit-0014", "took": 5}, "credit-0014 itself took 5 bytes, and gave nothing"),
        ("card", "powered", {"card": "credit-0014", "atr": ""}, "credit-0014 itself answers its reset: nothing"),
        (
            "card", "personalised",
            {"card": "multi-0014", "applications": [{"label": "A", "oda": "dda"}, {"label": "B", "oda": "none"}],
             "data_wrong": ["90: bit 9 flipped"]},
            "multi-0014 itself has A (dda), B (none); on purpose: 90: bit 9 flipped",
        ),
        (
            "card", "personalised", {"card": "x", "applications": [], "data_wrong": []}, "x itself has no application"
        ),
        ("card", "selected", {"card": "x", "aid": "", "sw": "6A82"}, "x itself selects nothing, 6A82"),
        (
            "card", "cryptogram", {"card": "x", "round": "first", "asked": "TC", "type": "ARQC", "atc": 7},
            "x itself, first: asked for TC, gives ARQC, counter 7",
        ),
        (
            "card", "pin", {"card": "x", "form": "plain", "result": "wrong", "tries_left": 2},
            "x itself finds the plain PIN wrong, 2 tries left",
        ),
        ("card", "issuer authentication", {"card": "x", "result": "right"}, "x itself finds the issuer's proof right"),
        (
            "card", "script", {"card": "x", "command": "PUT DATA", "sw": "9000", "mac": "right"},
            "x itself, PUT DATA: 9000, MAC right",
        ),
        ("card", "signed", {"card": "x", "what": "DDA", "right": False}, "x itself signs wrongly (DDA)"),
        (
            "card", "misbehaved", {"card": "x", "at": "VERIFY", "occurrence": 1, "does": "mute"},
            "x itself, on purpose at its VERIFY: mute",
        ),
        ("card", "swiped", {"card": "x", "service_code": "", "read": "bad"}, "x is swiped, service code not read"),
        ("operator", "pin", {"digits": 6, "cancelled": False}, "6 digits"),
        ("operator", "pin", {"digits": 0, "cancelled": True}, "cancelled"),
        (
            "operator", "pin", {"form": "online", "end": "entered", "digits": 6, "cancelled": False},
            "online PIN entered, 6 digits",
        ),
        (
            "operator", "pin", {"form": "plain", "end": "bypassed", "digits": 0, "cancelled": False},
            "plain PIN bypassed",
        ),
        ("operator", "application", {"label": "PBOC CREDIT", "of": ["PBOC CREDIT"]}, "chose PBOC CREDIT"),
        ("operator", "application", {"label": "", "of": []}, "chose none"),
        ("operator", "key entry", {"digits": 16}, "16 digits typed"),
        (
            "terminal", "chip", {"round": "first", "tvr": "0000048000", "tsi": "E800", "cvm_results": "420300"},
            "first cryptogram: TVR 0000048000, TSI E800, CVM 420300",
        ),
        ("rig", "parameter", {"name": "floor limit", "value": "100"}, "floor limit: 100"),
        (
            "rig", "configuration",
            {"ca_keys": ["F0", "F1"], "revoked": [["F3", "000001"]], "pinpad": True, "floor_limit": None, "fallback":
             False, "chip_attempts": 3, "expired_ca_keys": []},
            "ca keys F0 F1, revoked F3 000001, pinpad on, fallback off, chip attempts 3",
        ),
        ("reader", "looked", {"present": True}, "asked: a card is there"),
        ("reader", "seen", {"present": False, "movements": 2}, "sees: no card is there"),
        (
            "reader", "identity", {"was": {"serial": "1", "vendor": "A"}, "is": {"serial": "2", "vendor": "A"}},
            "asked who it is: its serial was 1, is 2",
        ),
        ("reader", "identity", {"was": {"a": "1"}, "is": {"a": "1"}}, "asked who it is: as when the bench came up"),
        ("reader", "told", {"error": "CardRemoved", "message": "gone"}, "its driver tells CardRemoved: gone"),
        ("rig", "handled", {"device": "reader", "what": "unplugged"}, "on purpose: reader unplugged"),
        ("terminal", "batch", {"closed": "000001", "opened": "000002"}, "000001 closed, 000002 opened"),
        (
            "terminal", "gateway",
            {"gateway": "primary", "status": "failed", "tls": "", "reason": "it refuses connections"},
            "primary gateway failed: it refuses connections",
        ),
        (
            "terminal", "gateway", {"gateway": "second", "status": "connected", "tls": "TLSv1.3", "reason": ""},
            "second gateway connected under TLSv1.3",
        ),
        (
            "rig", "gateway",
            {"gateway": "second", "status": "passed", "connection": 1, "mti": "0400", "trace": "000007"},
            "second gateway passed 0400 trace 000007",
        ),
        (
            "rig", "gateway", {"gateway": "primary", "status": "shows", "what": "an expired certificate"},
            "primary gateway shows an expired certificate",
        ),
        (
            "rig", "gateway", {"gateway": "primary", "status": "connected", "connection": 1, "tls": ""},
            "primary gateway connected under no TLS",
        ),
        (
            "rig", "gateway", {"gateway": "primary", "status": "no handshake", "connection": 1, "reason": "UNKNOWN_CA"},
            "primary gateway no handshake: UNKNOWN_CA",
        ),
        ("terminal", "stored", {"status": "sent", "trace": "000007"}, "status sent, trace 000007"),
    ],
)  # fmt: skip
def test_an_event_is_told_in_a_line(channel: str, kind: str, fields: dict[str, Any], line: str) -> None:
    """The last has not what its kind promises, and is told by what it holds."""
    assert line_of(Record(1, 0, "", channel, "", kind, "simulated", fields)) == line


def test_what_only_the_judge_wants_is_in_no_line_and_in_no_table() -> None:
    """The card's own word stands in the timeline's file; a row is made of it where a criterion rests on it."""
    records = [
        Record(number, number, "", "card", "", kind, "simulated", {"mark": "abcd", "taken": "ef", "sw": "9000"})
        for number, kind in enumerate(("command", "gave", "response"), 1)
    ]
    assert [row["kind"] for row in rows_of(records, [])] == ["command", "response"]
    shown = rows_of(records, [2])
    assert [row["kind"] for row in shown] == ["command", "gave", "response"]
    assert all(row["parameters"] == {"sw": "9000"} and "abcd" not in row["text"] for row in shown)
    assert [row["last"] for row in pairs_of(rows_of(records, []))] == [3]
