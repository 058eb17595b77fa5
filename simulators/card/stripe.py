"""What stands on a card's stripe, and in the chip as its equivalent. ISO/IEC 7813; facts/unionpay-pos 1.14."""

from __future__ import annotations

from simulators.card.profile import CardProfile

TRACK_1_OWN, TRACK_2_OWN = "00000000", "000000000"
"""Discretionary data of the issuer's."""


def track_1(profile: CardProfile, pan: str) -> str:
    """Without sentinels. The name has 2 to 26 signs."""
    return f"B{pan}^{profile.cardholder:2}^{profile.expiry}{profile.service_code}{TRACK_1_OWN}"


def track_2(profile: CardProfile, pan: str) -> str:
    """Which the chip carries as tag 57. D separates."""
    return f"{pan}D{profile.expiry}{profile.service_code}{TRACK_2_OWN}"


def packed(digits: str) -> bytes:
    """Two digits a byte, filled with F."""
    return bytes.fromhex(digits if len(digits) % 2 == 0 else digits + "F")
