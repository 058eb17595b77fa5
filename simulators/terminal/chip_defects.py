"""Seeded defects of the contact kernel, of the PIN and of the ways in. See `defects.py`."""

from __future__ import annotations

from protocols.defects import Defect

CHIP_DEFECTS = (
    # ── which application ─────────────────────────────────────────────────────────────────────────────────────────
    Defect(
        "blocked-application-used", "an application that is blocked is used all the same", "chip.application-open",
        (165,),
    ),
    Defect(
        "next-occurrence-forgotten", "of several applications under one partial name the first alone is found",
        "selection.offered", (166,),
    ),
    Defect("first-application-taken", "the cardholder is not asked which application to use", "selection.offered",
           (13,)),
    # ── is it genuine, may it be used ─────────────────────────────────────────────────────────────────────────────
    Defect(
        "oda-failure-ignored", "data authentication that has failed is told as if it had not",
        "chip.tvr-authentication", (159,),
    ),
    Defect("expired-ca-key-used", "a key whose last day is over is used", "chip.tvr-authentication", (160,)),
    Defect(
        "revoked-certificate-taken", "the certificate of an issuer that was revoked is taken",
        "chip.tvr-authentication", (160,),
    ),
    Defect("expiry-unnoticed", "an application that has expired is told as if it had not", "chip.tvr-restrictions",
           (161,)),
    Defect(
        "usage-control-ignored", "what the issuer lets the card be used for is not looked at",
        "chip.tvr-restrictions", (161,),
    ),
    # ── who holds it ──────────────────────────────────────────────────────────────────────────────────────────────
    Defect("pin-tries-not-looked", "a PIN is asked for though the card has no try left", "pin.asked", (162,)),
    Defect("bypass-not-told", "a PIN that was passed by is not told to the issuer", "chip.tvr-verification", (163,)),
    Defect("cvm-results-wrong", "the results say that every verification went well", "chip.cvm-results", (3,)),
    Defect("unknown-cvm-stops", "a verification that nobody knows ends the list", "chip.tvr", (164,)),
    Defect("pin-in-clear", "the PIN block goes to the host as it was typed", "chip.pin-enciphered", (216,)),
    # ── what is decided ───────────────────────────────────────────────────────────────────────────────────────────
    Defect("denial-ignored", "action codes that want a decline are not looked at", "chip.denial-honoured", (151,)),
    Defect("approved-offline", "a pre-authorisation is approved by the chip alone", "chip.no-offline-approval", (152,)),
    Defect(
        "unable-online-approved", "a pre-authorisation that the host could not be asked for is approved",
        "chip.second-asks", (153,),
    ),
    Defect("unpredictable-number-repeats", "every transaction has the same unpredictable number", "chip.unpredictable",
           (170,)),
    # ── what the issuer answered ──────────────────────────────────────────────────────────────────────────────────
    Defect("arpc-not-handed", "the issuer's proof is not handed to the chip", "chip.answer-handed", (155,)),
    Defect("script-order-swapped", "scripts run before the last cryptogram in place of after it, and the other way",
           "chip.script-order", (157,)),
    Defect("script-result-not-told", "the issuer does not hear how its script fared", "chip.scripts-told", (157,)),
    Defect("second-cryptogram-skipped", "the chip is not asked for its last word", "chip.second-happens", (156,)),
    # ── how it comes in ───────────────────────────────────────────────────────────────────────────────────────────
    Defect("chip-card-swiped", "a card that has a chip may be swiped", "chip.stripe-insists", (10,)),
    Defect("fallback-not-marked", "the host is not told that a stripe is there for want of a chip", "chip.entry-mode",
           (11,)),
    Defect("fallback-for-blocked-card", "a chip that says no is gone round by the stripe", "chip.fallback-earned",
           (11,)),
    Defect("key-entry-always", "a card number may be typed for everything", "host.messages", (12,)),
)  # fmt: skip
