"""Slips as they look, kept as golden files. `HOLDFAST_RENEW=1 pytest ...` writes them anew. facts/unionpay-pos 6."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from protocols.escpos import Slip, columns_of, decode
from protocols.market import Market
from protocols.money import Money
from protocols.orders import Entry
from protocols.pan import mask_pan
from protocols.totals import Totals
from protocols.transactions import Transaction
from simulators.terminal.contact import CardData
from simulators.terminal.presented import Presented
from simulators.terminal.receipts import COPIES, MERCHANT, Printed, compose
from simulators.terminal.settlement_slip import compose_settlement
from simulators.terminal.settling import Settled
from tests.simulators.kit import PAN
from tests.simulators.terminal.shop import PARAMETERS

T = Transaction
GOLDEN = Path(__file__).parent / "golden"
FINANCIAL = (
    T.PREAUTH, T.INCREMENT, T.CANCEL, T.COMPLETION, T.ADVICE, T.COMPLETION_VOID, T.SALE, T.SALE_VOID, T.REFUND,
)  # fmt: skip
WITH_CHIP = (T.PREAUTH, T.SALE)
STORED = (T.ADVICE, T.REFUND)
CARD = CardData(PAN, "3012", "01", f"{PAN}D3012201", "A000000333010102", "银联信用卡")
INSERTED = Presented(CARD, Entry.CHIP, pin_verified=True)
CHIP = {"9F12": "", "9F26": "0123456789ABCDEF", "95": "8000040000", "9B": "E800", "9F36": "0007"}


def printed(transaction: Transaction) -> Printed:
    chip, stored = transaction in WITH_CHIP, transaction in STORED
    return Printed(
        transaction, Money(1_234_56), replace(INSERTED, pin_verified=chip), "000042", "000001",
        "" if stored else "A00042",
        "" if stored else "061500000042", "0615", "093005", 2026,
        original_approval="" if chip else "A00041", original_trace="" if chip else "000041",
        original_reference="" if chip else "061500000041", total=Money(2_234_56),
        chip=CHIP if chip else {},
    )  # fmt: skip


def slip(transaction: Transaction, copy: str, market: Market) -> Slip:
    [slip] = decode(compose(printed(transaction), copy, PARAMETERS, market))
    return slip


def drawn(slip: Slip) -> str:
    """A slip as text: centred lines in the middle, magnified and bold ones marked."""
    lines = []
    for line in slip.lines:
        text = line.text.center(PARAMETERS.columns - columns_of(line.text) + len(line.text))
        text = (text if line.style.align == "center" else line.text).rstrip()
        marks = [f"x{line.style.height}"] * (line.style.height > 1) + ["bold"] * line.style.bold
        lines.append(text + (f"   <{' '.join(marks)}>" if marks else ""))
    return "\n".join(lines) + ("\n-- cut --\n" if slip.cut else "\n")


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("transaction", FINANCIAL)
def test_a_slip_looks_as_it_was_designed(transaction: Transaction, copy: str, market: Market) -> None:
    kept(f"{transaction.value.replace(' ', '-')}-{copy}", drawn(slip(transaction, copy, market)))


def kept(name: str, looks: str) -> None:
    """The same as in the golden file."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("HOLDFAST_RENEW") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(looks, encoding="utf-8")
    assert looks == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("transaction", FINANCIAL)
def test_a_slip_has_every_label_that_its_market_wants(transaction: Transaction, copy: str, market: Market) -> None:
    text = slip(transaction, copy, market).text
    assert [label for label in market.receipt.mandatory[transaction.value] if label not in text] == []


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("transaction", FINANCIAL)
def test_no_line_is_wider_than_the_paper_and_no_number_is_whole(
    transaction: Transaction, copy: str, market: Market
) -> None:
    found = slip(transaction, copy, market)
    assert all(columns_of(line.text) <= PARAMETERS.columns for line in found.lines)
    assert PAN not in found.text
    assert "625094******0014" in found.text


@pytest.mark.parametrize("transaction", FINANCIAL)
def test_the_merchants_copy_alone_has_a_line_to_sign_on(transaction: Transaction, market: Market) -> None:
    found = {copy: market.receipt.signature_line in slip(transaction, copy, market).text for copy in COPIES}
    assert found == {copy: copy == MERCHANT for copy in COPIES}


@pytest.mark.parametrize("transaction", FINANCIAL)
def test_what_goes_back_prints_a_minus(transaction: Transaction, market: Market) -> None:
    sign = "-" if transaction in (T.CANCEL, T.COMPLETION_VOID, T.SALE_VOID, T.REFUND) else ""
    assert f"RMB {sign}1234.56" in slip(transaction, MERCHANT, market).text


def test_what_was_never_answered_prints_no_empty_labels(market: Market) -> None:
    text = slip(T.ADVICE, MERCHANT, market).text
    assert "授权号" not in text
    assert "参考号" not in text


@pytest.mark.parametrize(
    ("entry", "letter"), [(Entry.CHIP, "I"), (Entry.KEYED, "M"), (Entry.SWIPED, "S"), (Entry.FALLBACK, "F")]
)
def test_a_letter_behind_the_number_tells_how_it_came_in(entry: Entry, letter: str, market: Market) -> None:
    [found] = decode(
        compose(replace(printed(T.PREAUTH), presented=Presented(CARD, entry)), MERCHANT, PARAMETERS, market)
    )
    assert f"{mask_pan(PAN)} /{letter}" in found.text
    assert all((label in found.text) == (entry is Entry.CHIP) for label in ("AID", "TC", "TVR", "TSI", "ATC"))


@pytest.mark.parametrize(
    ("by_pin", "signs", "words"),
    [(True, True, {"已验证密码", "持卡人签名"}), (False, True, {"持卡人签名"}), (False, False, {"免密免签"})],
)
def test_the_merchants_copy_says_how_the_cardholder_was_verified(
    by_pin: bool, signs: bool, words: set[str], market: Market
) -> None:
    presented = replace(INSERTED, pin_verified=by_pin, signs=signs)
    [found] = decode(compose(replace(printed(T.PREAUTH), presented=presented), MERCHANT, PARAMETERS, market))
    assert {word for word in ("已验证密码", "持卡人签名", "免密免签") if word in found.text} == words


def test_a_preferred_name_stands_under_the_label(market: Market) -> None:
    named = replace(printed(T.SALE), chip={**CHIP, "50": b"PBOC CREDIT".hex(), "9F12": b"UnionPay Gold".hex()})
    [found] = decode(compose(named, MERCHANT, PARAMETERS, market))
    lines = [line.text for line in found.lines]
    label = next(n for n, text in enumerate(lines) if text.startswith("应用标签"))
    assert lines[label].split() == ["应用标签", "PBOC", "CREDIT"]
    assert lines[label + 1].split() == ["首选名称", "UnionPay", "Gold"]


@pytest.mark.parametrize("flag", ["1", "2", "3"])
def test_the_settlement_slip_looks_as_it_was_designed(flag: str, market: Market) -> None:
    settled = Settled("000001", Totals(1_234_56, 3, 100_00, 1), flag, "000042", "0615", "093005")
    [found] = decode(compose_settlement(settled, 2026, PARAMETERS, market))
    kept(f"settlement-{flag}", drawn(found))
    assert all(columns_of(line.text) <= PARAMETERS.columns for line in found.lines)
