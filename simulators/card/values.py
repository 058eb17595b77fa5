"""The values of an application's data objects, as its issuer means them. facts/pcsc-emv 4.2; EMV Book 3, Annex A."""

from __future__ import annotations

from calendar import monthrange
from functools import reduce
from operator import or_

from protocols.emv.cvm import CvmList, CvmRule
from protocols.emv.dates import full_date
from protocols.emv.verification import Aip
from simulators.card.application import ApplicationProfile, CvmWords
from simulators.card.profile import CardProfile
from simulators.card.stripe import TRACK_1_OWN, packed, track_2

LOG_ENTRY = bytes.fromhex("0B0A")
"""9F4D: the log is file 11 and has 10 records. facts/pcsc-emv 4.2"""
CONFIRMED = 0x80
"""b8 of 87: the application is not to be used without the cardholder's word. EMV Book 1, 12.2.3, table 48"""
AMOUNT_DIGITS = 12


def values_of(profile: CardProfile, one: ApplicationProfile, pan: str) -> dict[str, bytes]:
    """By tag, for records, name and directory alike; what the card has not is not there. Certificates come later."""
    texts = {"50": one.label, "9F12": one.preferred_name, "5F2D": profile.language, "5F20": profile.cardholder}
    hexes = {
        "84": one.aid, "4F": one.aid, "9F38": one.pdol, "8C": one.cdol1, "8D": one.cdol2, "97": one.tdol,
        "9F49": one.ddol if one.oda in ("dda", "cda") else "", "9F4A": one.static_tags if one.oda != "none" else "",
        "5F24": last_day(profile.expiry), "5F25": profile.effective, "5F34": profile.psn, "5F28": profile.country,
        "9F07": one.usage_control, "9F08": one.version, "9F0D": one.action_default, "9F0E": one.action_denial,
        "9F0F": one.action_online, "9F42": profile.currency, "9F44": "02" if profile.currency else "",
    }  # fmt: skip
    octets = {"9F14": one.lower_limit, "9F23": one.upper_limit, "9F11": one.code_table}
    found = {
        "57": packed(track_2(profile, pan)), "9F1F": TRACK_1_OWN.encode("ascii"), "5A": packed(pan),
        "87": bytes([one.priority | (CONFIRMED if one.confirmation else 0)]), "82": interchange_profile(one),
        "8E": cvm_list(one.cvm_list),
        **{tag: text.encode("gb18030") for tag, text in texts.items()},
        **{tag: bytes.fromhex(text) for tag, text in hexes.items()},
        **{tag: bytes([octet]) for tag, octet in octets.items() if octet is not None},
    }  # fmt: skip
    return {tag: value for tag, value in found.items() if value}


def last_day(month: str) -> str:
    """YYMMDD of a month, YYMM: a card is good until its end. EMV Book 3, Annex A; years as protocols.emv.dates"""
    year = int(full_date(f"{month}01")[:4])
    return f"{month}{monthrange(year, int(month[2:]))[1]:02}"


def interchange_profile(one: ApplicationProfile) -> bytes:
    """Tag 82. EMV Book 3, Annex C1"""
    if one.aip:
        return bytes.fromhex(one.aip)
    has = {
        Aip.SDA: one.oda != "none",
        Aip.DDA: one.oda in ("dda", "cda"),
        Aip.CDA: one.oda == "cda",
        Aip.CARDHOLDER_VERIFICATION: one.cardholder_verification,
        Aip.TERMINAL_RISK: one.terminal_risk_management,
        Aip.ISSUER_AUTHENTICATION: one.issuer_authentication == "external authenticate",
    }
    return reduce(or_, (flag for flag, so in has.items() if so), Aip(0)).pack()


def cvm_list(wanted: CvmWords | str) -> bytes:
    """Tag 8E. EMV Book 3, 10.5"""
    if isinstance(wanted, str):
        return bytes.fromhex(wanted)
    rules = tuple(CvmRule(rule.code, rule.condition_code) for rule in wanted.rules)
    return CvmList(wanted.amount_x, wanted.amount_y, rules).pack()


def stored_values(one: ApplicationProfile) -> dict[str, bytes]:
    """What GET DATA gives and no counter is: log format, limits, electronic cash. EMV Book 3, 6.5.7; facts 4.2"""
    cash = "" if one.electronic_cash is None else str(one.electronic_cash).rjust(AMOUNT_DIGITS, "0")
    hexes = {"9F4F": one.log_format if one.log else "", "9F79": cash, "9F52": one.default_action, **one.get_data}
    return {tag: bytes.fromhex(text) for tag, text in hexes.items() if text}
