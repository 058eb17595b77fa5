"""What scenarios demand of the slip of a chip."""

from __future__ import annotations

import pytest

from tests.reports.judge.builder import HOLD
from tests.reports.judge.chip_tale import AID, LABEL, ChipTale
from tests.reports.judge.findings import failed, met, passed, undecided

SIGNATURE, NONE_WANTED, TYPED = "持卡人签名", "免密免签", "已验证密码"


def slip(*added: str, copy: str = "merchant", signed: bool = True, **but: str | None) -> ChipTale:
    tale = ChipTale().opened().first().sent(pin=False).answered().second()
    lines = [*tale.lines(copy, but=but), *added]
    return tale.slip(copy, lines=[line for line in lines if signed or SIGNATURE not in line]).outcome("approved")


@pytest.mark.parametrize(("signed", "present", "holds"), [
    (True, True, True), (False, True, False), (True, False, False), (False, False, True),
])  # fmt: skip
def test_the_signature_line(signed: bool, present: bool, holds: bool) -> None:
    met(slip(signed=signed), "receipt.signature-line", holds, present=present)


def test_the_cardholders_copy_is_never_signed() -> None:
    met(slip(f"{SIGNATURE}:", copy="cardholder"), "receipt.signature-line", False, present=True)


@pytest.mark.parametrize(
    ("how", "added", "signed", "holds"),
    [("PIN", TYPED, True, True), ("PIN", "", True, False), ("PIN", NONE_WANTED, False, False),
     ("signature", "", True, True), ("signature", TYPED, True, False), ("signature", "", False, False),
     ("neither", NONE_WANTED, False, True), ("neither", NONE_WANTED, True, False), ("neither", "", False, False)],
)  # fmt: skip
def test_the_slip_agrees_with_the_verification(how: str, added: str, signed: bool, holds: bool) -> None:
    met(slip(*([added] if added else []), signed=signed), "receipt.verification", holds, how=how)


def test_the_slip_names_the_application() -> None:
    label = {"应用标签": f"应用标签 {LABEL}"}
    met(slip(**label), "receipt.application", True)
    met(slip(), "receipt.application", False)
    met(slip(**label, AID=f"AID {AID[:-1]}1"), "receipt.application", False)
    met(slip(**label, AID=None), "receipt.application", False)


@pytest.mark.parametrize(
    ("line", "holds"),
    [("", True), ("有效期 30/12", False), ("有效期 ****", True), ("EXP. DATE 12/30", False), ("VALID THRU 1230", False),
     ("有效天数 30 天", True), ("EXPRESS 24", True)],
)  # fmt: skip
def test_no_slip_shows_when_the_card_expires(line: str, holds: bool) -> None:
    met(slip(line), "receipt.no-expiry", holds)


@pytest.mark.parametrize("criterion", ["receipt.signature-line", "receipt.no-expiry", "receipt.verification"])
def test_without_a_slip_it_is_missing(criterion: str) -> None:
    args = {"present": True, "how": "PIN"}
    failed(ChipTale().opened().first().outcome("approved").criterion(criterion, **args))
    undecided(ChipTale().criterion(criterion, **args))


def test_only_a_chip_has_a_chips_lines() -> None:
    """The labels of the market that a chip alone can fill are not wanted of a stripe."""
    without = {"AID": None, "TC": None}
    stripe = ChipTale().order().request().reply().slips(but=without).outcome("approved", entry="swiped")
    passed(stripe.criterion("receipt.mandatory", transaction=HOLD))
    chip = ChipTale().order().request().reply().slips(but=without).outcome("approved", entry="chip")
    assert "AID" in failed(chip.criterion("receipt.mandatory", transaction=HOLD))
