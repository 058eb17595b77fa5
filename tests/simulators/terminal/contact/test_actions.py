"""Terminal action analysis: truth tables. EMV Book 3, 10.7."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv.verification import Tvr
from simulators.terminal.contact.actions import AAC, ARQC, TC, to_ask, when_unable
from simulators.terminal.contact.configuration import ApplicationRule
from simulators.terminal.contact.state import ChipTransaction
from tests.simulators.terminal.contact.phase import AID, transaction

BIT, OTHER = Tvr.EXPIRED, Tvr.NEW_CARD
HIT, MISS = "0040000000", "0008000000"
NONE = Tvr(0)


def analysed(
    tvr: Tvr = BIT, *, denial: str | None = None, online: str | None = None, default: str | None = None,
    tac_denial: Tvr = NONE, tac_online: Tvr = NONE, tac_default: Tvr = NONE, offline: bool = True,
) -> ChipTransaction:  # fmt: skip
    rule = ApplicationRule(AID, tac_denial=tac_denial, tac_online=tac_online, tac_default=tac_default)
    codes = {"9F0E": denial, "9F0F": online, "9F0D": default}
    made = transaction(
        {tag: code for tag, code in codes.items() if code is not None}, rule=rule, offline_approval=offline
    )
    made.tvr = tvr
    return made


ISSUER_CODES = {"absent": None, "hit": HIT, "miss": MISS}
ACQUIRER_CODES = {"none": NONE, "hit": BIT, "miss": OTHER}


@pytest.mark.parametrize(("issuer", "acquirer"), list(product(ISSUER_CODES, ACQUIRER_CODES)))
def test_denial_by_either_party(issuer: str, acquirer: str) -> None:
    """EMV Book 3, 10.7: an issuer's code for denial that is absent denies nothing."""
    made = analysed(denial=ISSUER_CODES[issuer], tac_denial=ACQUIRER_CODES[acquirer], online=MISS)
    assert to_ask(made, online_only=False) == (AAC if "hit" in (issuer, acquirer) else TC)
    assert to_ask(made, online_only=True) == (AAC if "hit" in (issuer, acquirer) else ARQC)


@pytest.mark.parametrize(("issuer", "acquirer"), list(product(ISSUER_CODES, ACQUIRER_CODES)))
def test_online_by_either_party(issuer: str, acquirer: str) -> None:
    """EMV Book 3, 10.7: an issuer's code for online that is absent is all ones."""
    made = analysed(online=ISSUER_CODES[issuer], tac_online=ACQUIRER_CODES[acquirer])
    asked = ARQC if issuer in ("absent", "hit") or acquirer == "hit" else TC
    assert to_ask(made, online_only=False) == asked


@pytest.mark.parametrize(("issuer", "acquirer"), list(product(ISSUER_CODES, ACQUIRER_CODES)))
def test_default_by_either_party_where_the_issuer_cannot_be_asked(issuer: str, acquirer: str) -> None:
    """EMV Book 3, 10.7; cases.md 153."""
    made = analysed(default=ISSUER_CODES[issuer], tac_default=ACQUIRER_CODES[acquirer])
    asked = AAC if issuer in ("absent", "hit") or acquirer == "hit" else TC
    assert when_unable(made, online_only=False) == asked


def test_without_a_bit_in_the_tvr_no_code_counts() -> None:
    every = Tvr(0xFFFFFFFFFF)
    made = analysed(NONE, tac_denial=every, tac_online=every, tac_default=every)
    assert to_ask(made, online_only=False) == TC
    assert when_unable(made, online_only=False) == TC


def test_denial_comes_before_online() -> None:
    assert to_ask(analysed(denial=HIT, online=HIT), online_only=False) == AAC


@pytest.mark.parametrize("code", ["", "00", "00400000000000"])
def test_a_code_of_another_length_is_as_absent(code: str) -> None:
    assert to_ask(analysed(denial=code, online=MISS), online_only=False) == TC
    assert to_ask(analysed(online=code), online_only=False) == ARQC


def test_a_preauthorisation_goes_online_whatever_the_codes_say() -> None:
    """cases.md 152."""
    made = analysed(NONE, online=MISS, default=MISS)
    assert to_ask(made, online_only=True) == ARQC
    assert when_unable(made, online_only=True) == AAC


def test_a_terminal_that_approves_nothing_offline_asks_the_issuer() -> None:
    made = analysed(NONE, online=MISS, default=MISS, offline=False)
    assert to_ask(made, online_only=False) == ARQC
    assert when_unable(made, online_only=False) == AAC


BITS = st.integers(0, 2**40 - 1)


@given(tvr=BITS, denial=BITS, online=BITS, tac_denial=BITS, tac_online=BITS)
def test_any_bit_that_tvr_and_code_share_decides(
    tvr: int, denial: int, online: int, tac_denial: int, tac_online: int
) -> None:
    made = analysed(
        Tvr(tvr), denial=f"{denial:010X}", online=f"{online:010X}", tac_denial=Tvr(tac_denial),
        tac_online=Tvr(tac_online),
    )  # fmt: skip
    if tvr & (denial | tac_denial):
        assert to_ask(made, online_only=False) == AAC
    else:
        assert to_ask(made, online_only=False) == (ARQC if tvr & (online | tac_online) else TC)


# ── seeded defects ────────────────────────────────────────────────────────────────────────────────────────────────


def test_denial_ignored() -> None:
    assert to_ask(analysed(denial=HIT), online_only=True, defects=frozenset({"denial-ignored"})) == ARQC


def test_approved_offline() -> None:
    assert to_ask(analysed(denial=MISS), online_only=True, defects=frozenset({"approved-offline"})) == TC
    assert to_ask(analysed(denial=HIT), online_only=True, defects=frozenset({"approved-offline"})) == AAC


def test_unable_online_approved() -> None:
    assert when_unable(analysed(default=HIT), online_only=True, defects=frozenset({"unable-online-approved"})) == TC
