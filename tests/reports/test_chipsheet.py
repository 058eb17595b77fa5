"""The card's block of a case: a good hold to the letter, what is left out, and how documents show it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from protocols.emv.verification import Tvr
from protocols.prompts import ASKED_FOR
from reports.chipsheet import chip_of
from reports.judge.run import judge_run
from reports.runfolder import RunFolder
from tests.reports.conftest import Documents, documents_of
from tests.reports.folders import Folder
from tests.reports.judge.builder import Tale
from tests.reports.judge.chip_tale import AID, LABEL, ChipTale, scripted

CHOOSE = ASKED_FOR["choose an application"][0]


def blocks(tale: Tale) -> list[dict[str, Any]]:
    return chip_of(tale.records, tale.terms)


def rows(tale: Tale) -> dict[str, str]:
    """Each row of the last block: its text and its words."""
    return {row["label"]: " | ".join([row["text"], *row["words"]]) for row in blocks(tale)[-1]["rows"]}


def chosen(answer: str = LABEL, *, told: bool = True) -> ChipTale:
    """A hold for which the cardholder chose among two applications."""
    tale = ChipTale().order().configured().personalised().powered()
    more = {"choices": ["PBOC DEBIT", LABEL]} if told else {}
    tale.tell("terminal", "display", text=f"{CHOOSE} 1 PBOC DEBIT 2 {LABEL}", audience="customer", **more)
    if answer is not None:
        tale.tell("operator", "application", label=answer, of=["PBOC DEBIT", LABEL])
    return tale.selects().options().reads().signs().pin_entered().first().sent().answered().second()


def test_a_good_hold_to_the_letter() -> None:
    tale = ChipTale().opened().pin_entered().first().sent()
    tale.tell("terminal", "chip", round="first", tvr="0000048000", tsi="E800", cvm_results="420300", oda="DDA")
    tale.answered().second()
    tale.tell("card", "issuer authentication", card="credit-0014", result="right")
    (block,) = blocks(tale.outcome("approved"))
    first, second = tale["first generate"], tale["second generate"]
    assert {key: block[key] for key in ("title", "application", "aid", "screens", "scripts")} == {
        "title": "pre-authorisation of 1000.00", "application": LABEL, "aid": AID, "screens": [], "scripts": [],
    }  # fmt: skip
    assert rows(tale) == {
        "Read by": "its chip; told as F22 051, F60.5 0",
        "Card authentication": "DDA, right",
        "Cardholder": "enciphered PIN verified online, if terminal supports the CVM, unknown (420300)"
        "; online PIN entered",
        "Results (TVR)": "0000048000 | online PIN entered | transaction exceeds floor limit",
        "Performed (TSI)": "E800 | offline data authentication | cardholder verification | card risk management"
        " | terminal risk management",
        "Issuer's proof": "with the second cryptogram, right",
    }
    assert block["rounds"] == [
        {"name": "first", "asked": "ARQC", "given": "ARQC", "cryptogram": "5D016C91005E7CC2", "counter": "1",
         "unpredictable": "1E78EEBC", "signed": False, "numbers": [first, tale["answer 80AE"] - (second - first)]},
        {"name": "second", "asked": "TC", "given": "TC", "cryptogram": "AA016C91005E7C11", "counter": "1",
         "unpredictable": "1E78EEBC", "signed": False, "numbers": [second, tale["answer 80AE"]]},
    ]  # fmt: skip


def test_what_nobody_told_is_left_out() -> None:
    tale = ChipTale().opened().pin_entered().first(tvr=Tvr(0))
    assert set(rows(tale)) == {"Read by", "Card authentication", "Results (TVR)"}
    assert rows(tale)["Results (TVR)"] == "0000000000 | nothing set"
    assert set(rows(ChipTale().order().powered().selects())) == {"Read by"}


def test_results_that_changed_stand_twice() -> None:
    tale = ChipTale().opened().pin_entered().first().sent().answered()
    tale.at_terminal["95"] = (Tvr(0x0000048000) | Tvr.SCRIPT_FAILED_BEFORE).pack()
    assert "script processing failed before" in rows(tale.second())["Results at last"]


@pytest.mark.parametrize(
    ("tvr", "card", "words"),
    [(Tvr.DDA_FAILED, "7800", "DDA, failed"), (Tvr.ODA_NOT_PERFORMED, "1800", "none was performed"),
     (Tvr.SDA_SELECTED, "5800", "SDA, right")],
)  # fmt: skip
def test_how_the_card_was_authenticated(tvr: Tvr, card: str, words: str) -> None:
    tale = ChipTale(card={"82": card}).opened(signed=card == "7800").first(tvr=tvr)
    assert rows(tale)["Card authentication"] == words


@pytest.mark.parametrize(("sw", "how"), [("9000", "right"), ("6300", "refused with 6300")])
def test_how_the_issuer_proved_himself(sw: str, how: str) -> None:
    tale = ChipTale(card={"82": "7C00"}).opened().pin_entered().first().sent().answered().authenticates(sw=sw)
    assert rows(tale.second())["Issuer's proof"] == f"EXTERNAL AUTHENTICATE, {how}"


def test_a_fallback_tells_of_the_attempts_before_it() -> None:
    tale = ChipTale().order().powered().selects(sw="6F00").powered().selects(sw="6F00")
    tale.tell("card", "swiped", card="credit-0014", service_code="201", read="good")
    tale.request(change={22: "021", 60: "1000000100052"}, without=(55, 23))
    assert rows(tale)["Read by"] == "its stripe in the chip's place, its chip tried 2 times; told as F22 021, F60.5 2"


def test_a_card_that_only_gives_its_number_has_no_block() -> None:
    assert blocks(ChipTale().order("completion").powered().selects().options().reads()) == []
    assert blocks(Tale().approved()) == []
    assert blocks(Tale()) == []


def test_each_order_has_its_own() -> None:
    tale = ChipTale().good().opened().first("AAC")
    assert [block["rounds"][0]["given"] for block in blocks(tale)] == ["ARQC", "AAC"]


def test_scripts_with_the_cards_answers_and_what_the_host_was_told() -> None:
    (block,) = blocks(scripted())
    assert [(s["template"], s["identifier"], s["commands"], s["result"]) for s in block["scripts"]] == [
        ("71", "00000001", ["PIN CHANGE/UNBLOCK 9000"], "done"),
        ("72", "00000002", ["PIN CHANGE/UNBLOCK 6985"], "failed"),
    ]
    (block,) = blocks(scripted(results=""))
    assert {s["result"] for s in block["scripts"]} == {"not told"}


def test_the_display_line_by_line_with_what_was_chosen() -> None:
    (screen,) = blocks(chosen())[0]["screens"]
    assert screen["lines"] == [
        {"text": CHOOSE, "chosen": False}, {"text": "1 PBOC DEBIT", "chosen": False},
        {"text": f"2 {LABEL}", "chosen": True},
    ]  # fmt: skip
    assert screen["answer"] == f"chosen: {LABEL}"
    (screen,) = blocks(chosen(told=False))[0]["screens"]
    assert [line["text"] for line in screen["lines"]] == [f"{CHOOSE} 1 PBOC DEBIT 2 {LABEL}"]
    (screen,) = blocks(chosen(""))[0]["screens"]
    assert screen["answer"] == "nothing was chosen"


# ── documents ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """One case in which the cardholder chose, one with scripts, and a number that came twice over the run."""
    folder = Folder(tmp_path_factory.mktemp("chip"), started="2026-01-01T00:00:00.000000Z")
    for name, tale in (("chosen", chosen()), ("scripts", scripted())):
        tale.outcome("approved").state("idle")
        tale.expect("outcome.reported", transaction="pre-authorisation", result="approved").close()
        tale.records[0] = replace(tale.records[0], fields={**tale.records[0].fields, "worker": "main"})
        folder.case(name, tale)
    folder.end()
    verdicts = judge_run(RunFolder(folder.path))
    folder.write("verdicts.json", json.loads(json.dumps(verdicts)))
    return documents_of(folder.path)


def tight(text: str) -> str:
    return re.sub(r">\s+<", "><", text)


def test_the_page_has_the_block(shown: Documents) -> None:
    page = tight(shown.html)
    assert page.count('<div class="plastic">') == 2
    assert f'<header><b>{LABEL}</b><span class="id">{AID}</span>' in page
    assert f'<p>1 PBOC DEBIT</p><p class="chosen">2 {LABEL}</p>' in page
    assert "<em>online PIN entered</em><em>transaction exceeds floor limit</em>" in page
    assert "<td>PIN CHANGE/UNBLOCK 6985</td><td>failed</td>" in page


def test_each_of_its_events_leads_into_the_timeline(shown: Documents) -> None:
    for block in re.findall(
        r'<div class="plastic">.*?</div>\n</div>|<div class="plastic">.*?</table></div>', shown.html, re.S
    ):
        links = re.findall(r'href="#(c\d+-\d+)"', block)
        assert links
        assert all(f'id="{link}"' in shown.html for link in links)


def test_what_repeats_over_the_run_stands_in_the_summary(shown: Documents) -> None:
    summary = shown.html[shown.html.index('id="summary"') : shown.html.index('id="matrix"')]
    assert "Over the whole run" in summary
    assert "1E78EEBC came twice" in summary
    assert "cases/chosen/attempt-1.jsonl" in summary


def test_the_pdf_has_it_too(shown: Documents) -> None:
    text = "".join(shown.text.split())
    for words in (
        LABEL,
        AID,
        "DDA,right",
        f"chosen:{LABEL}",
        "5D016C91005E7CC2",
        "PINCHANGE/UNBLOCK6985",
        "1E78EEBCcametwice",
    ):
        assert words.replace(" ", "") in text, words
