"""What a PBOC card holds: directory, application FCI and records. facts/pcsc-emv 4.2."""

from __future__ import annotations

from typing import Any

from protocols.emv import build
from simulators.card.profile import CardProfile

PSE = b"1PAY.SYS.DDF01"
RecordKey = tuple[str, int, int]
"""What is selected, short file identifier, record number."""


def _text(value: str) -> bytes:
    return value.encode("gb18030")


def pse_fci(profile: CardProfile) -> bytes:
    """FCI of the payment system environment."""
    proprietary: list[tuple[str, bytes]] = [("88", b"\x01"), ("5F2D", _text(profile.language)), ("9F11", b"\x01")]
    return build([("6F", [("84", PSE), ("A5", proprietary)])])


def application_fci(profile: CardProfile) -> bytes:
    """FCI of the application, with the PDOL and the log entry."""
    proprietary: list[tuple[str, Any]] = [
        ("50", _text(profile.label)),
        ("87", b"\x01"),
        ("9F38", bytes.fromhex(profile.pdol)),
        ("5F2D", _text(profile.language)),
        ("9F11", b"\x01"),
        *([("9F12", _text(profile.preferred_name))] if profile.preferred_name else []),
        ("BF0C", [("9F4D", bytes.fromhex("0B0A"))]),
    ]
    return build([("6F", [("84", bytes.fromhex(profile.aid)), ("A5", proprietary)])])


def track2(profile: CardProfile, pan: str) -> str:
    """The stripe's second track, which the chip carries as tag 57. D separates. facts/unionpay-pos 1.14"""
    return f"{pan}D{profile.expiry}201000000000"


def records(profile: CardProfile, pan: str) -> dict[RecordKey, bytes]:
    """Every record by what is selected, its file and its number."""
    last_day = "31"  # EMV Book 3, Annex A: 5F24 is YYMMDD; the month counts
    entry = [("4F", bytes.fromhex(profile.aid)), ("50", _text(profile.label)), ("87", b"\x01")]
    if profile.preferred_name:
        entry.append(("9F12", _text(profile.preferred_name)))
    return {
        ("PSE", 1, 1): build([("70", [("61", entry)])]),
        ("application", 1, 1): build(
            [("70", [("57", _packed(track2(profile, pan))), ("5F20", _text(profile.cardholder)), ("9F1F", b"0" * 8)])]
        ),
        ("application", 2, 1): build(
            [
                (
                    "70",
                    [
                        ("5A", _packed(pan)),
                        ("5F24", bytes.fromhex(profile.expiry + last_day)),
                        ("5F25", bytes.fromhex(profile.effective)),
                        ("5F34", bytes.fromhex(profile.psn)),
                        ("5F28", bytes.fromhex(profile.country)),
                        ("9F07", bytes.fromhex(profile.usage_control)),
                        ("9F08", bytes.fromhex("0030")),
                        ("8E", bytes.fromhex(profile.cvm_list)),
                    ],
                )
            ]
        ),
        ("application", 2, 2): build(
            [
                (
                    "70",
                    [
                        ("9F0D", bytes.fromhex(profile.action_default)),
                        ("9F0E", bytes.fromhex(profile.action_denial)),
                        ("9F0F", bytes.fromhex(profile.action_online)),
                        ("9F4A", b"\x82"),
                    ],
                )
            ]
        ),
        ("application", 3, 1): build(
            [("70", [("8C", bytes.fromhex(profile.cdol1)), ("8D", bytes.fromhex(profile.cdol2))])]
        ),
        ("application", 3, 2): build([("70", [("9F42", bytes.fromhex("0156")), ("9F44", b"\x02")])]),
    }


def _packed(digits: str) -> bytes:
    return bytes.fromhex(digits if len(digits) % 2 == 0 else digits + "F")
