"""Each event in a line, as a reader of the timeline wants it."""

from __future__ import annotations

from typing import Any

import pytest

from reports.events import line_of
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
