"""Seeded defects: one named switch each, and the criterion that must catch it. Design 8."""

from __future__ import annotations

from collections.abc import Iterable

from protocols.defects import Defect, known_names
from simulators.terminal.chip_defects import CHIP_DEFECTS

DEFECTS: dict[str, Defect] = {
    defect.name: defect
    for defect in (
        Defect("no-reversal-on-timeout", "a request that timed out is forgotten", "reversal-duty.reversed", (96,)),
        Defect("reversal-new-trace", "a reversal gets a trace number of its own", "reversal-duty.original-data", (96,)),
        Defect(
            "reversal-after-next-request",
            "a pending reversal waits until the next request has been answered",
            "reversal-duty.before-next",
            (103,),
        ),
        Defect(
            "completed-approval-reversed",
            "an approval that was completed and printed is reversed all the same",
            "reversal-duty.never-false",
            (108,),
        ),
        Defect(
            "late-answer-taken", "an answer that comes after the time-out is applied", "late-answer.not-applied", (98,)
        ),
        Defect("wrong-mac-accepted", "the MAC of an answer is not checked", "wrong-mac.refused", (120,)),
        Defect(
            "completion-over-limit-sent",
            "a completion above the market's limit is sent to the host",
            "completion.over-limit-kept",
            (36,),
        ),
        Defect(
            "full-pan-on-cardholder-copy",
            "the cardholder's copy shows the whole card number",
            "receipt.pan-masked",
            (175,),
        ),
        Defect("cancel-without-supervisor", "a cancel asks for no supervisor", "supervisor.asked", (54,)),
        Defect(
            "slip-amount-of-previous",
            "the slip shows the amount of the transaction before",
            "agreement.amount",
            (34,),
        ),
        Defect(
            "advice-sent-twice",
            "a stored message that the host has acknowledged is sent again",
            "store-and-forward.acknowledged-once",
            (50,),
        ),
        Defect(
            "advice-forgotten",
            "a stored message that was not answered is never sent again",
            "store-and-forward.delivered",
            (49,),
        ),
        Defect(
            "poison-blocks-queue",
            "a stored message that fails holds up all behind it",
            "store-and-forward.not-blocked",
            (107,),
        ),
        Defect(
            "advice-reversed", "a stored message that was not answered is reversed", "reversal-duty.never-false", (49,)
        ),
        Defect(
            "reversal-wrong-amount",
            "a reversal carries another amount than its request",
            "reversal-duty.original-data",
            (96,),
        ),
        Defect("reversal-endless", "a reversal is sent more often than its limit", "reversal-duty.bounded", (102,)),
        Defect("reversal-carries-track", "a reversal carries the track of the card", "wire.complete", (96,)),
        Defect("stray-answer-taken", "an answer with another trace number is taken", "answer.not-its-own", (125,)),
        Defect("missing-mac-accepted", "an answer without a MAC is taken", "answer.unsealed-refused", (121,)),
        Defect("wrong-amount-accepted", "an answer with another amount is taken", "answer.amount-checked", (126,)),
        Defect(
            "partial-taken-as-whole",
            "a partial approval is taken for the whole amount",
            "partial.amount-honoured",
            (28,),
        ),
        Defect(
            "unknown-code-approved",
            "a response code that nobody knows counts as an approval",
            "outcome.unknown-code-declined",
            (92,),
        ),
        Defect(
            "sign-on-demand-ignored",
            "the terminal does not sign on when the host asks for it",
            "sign-on.renewed",
            (95,),
        ),
        Defect("preauth-in-totals", "pre-authorisations are counted in a settlement", "settlement.totals", (195,)),
        Defect(
            "mismatch-not-uploaded", "an unbalanced batch is ended without its detail", "settlement.uploaded", (198,)
        ),
        Defect(
            "settlement-before-reversal",
            "a batch is settled while a reversal is pending",
            "settlement.flushed-first",
            (203,),
        ),
        Defect("trace-wrap-zero", "after trace 999999 comes 000000", "wire.traces", (134,)),
        Defect(
            "refund-without-reference", "a refund does not carry the reference of its original", "wire.complete", (250,)
        ),
        Defect(
            "any-certificate-taken",
            "the host's certificate is not checked at all",
            "certificate.authority-checked",
            (218,),
        ),
        Defect(
            "other-name-taken",
            "the host's certificate may be for any name",
            "certificate.name-checked",
            (218,),
        ),
        Defect(
            "expired-certificate-taken",
            "the host's certificate may have expired",
            "certificate.dates-checked",
            (218,),
        ),
        Defect("old-tls-spoken", "TLS 1.0 and 1.1 are spoken", "tls.version-checked", (218,)),
        Defect(
            "request-sent-again",
            "a request during which the line broke is sent again over another, in place of its reversal",
            "gateway.request-once",
            (117,),
        ),
        Defect(
            "second-gateway-not-tried",
            "when the first gateway cannot be had the terminal gives up",
            "gateway.taken-over",
            (117,),
        ),
        *CHIP_DEFECTS,
    )
}


def check_names(names: Iterable[str]) -> frozenset[str]:
    """The names as a set. Raises ConfigurationError that names the near miss of one that is unknown."""
    return known_names(names, DEFECTS)
