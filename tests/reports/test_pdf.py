"""The PDF: readable back, the same bytes from the same data, whatever the data is."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from reports import pdf as printing
from reports import view as viewing
from reports.characters import MISSING
from reports.runfolder import RunFolder
from reports.slips import find_cjk_font
from reports.write import write_documents
from tests.reports.conftest import Documents, documents_of
from tests.reports.made_run import NASTY, PAN, MadeRun

needs_font = pytest.mark.skipif(find_cjk_font() is None, reason="no Chinese font on this machine")


def flat(text: str) -> str:
    """Text without the breaks that the setting made."""
    return "".join(text.split()).replace("\u200b", "")


@needs_font
def test_chinese_comes_back_out(documents: Documents) -> None:
    assert "中国银联直联" in flat(documents.text)
    assert "交易成功" in flat(documents.text)
    assert MISSING not in documents.text


def test_special_signs_are_text(documents: Documents) -> None:
    assert flat(NASTY.removesuffix("预授权")) in flat(documents.text)


def test_the_cover_and_every_footer_say_simulated(documents: Documents) -> None:
    assert all("simulated DUT" in page for page in documents.pages)
    total = len(documents.pages)
    assert all(f"page {n} / {total}" in page for n, page in enumerate(documents.pages, 1))


def test_what_failed_is_on_the_second_page(documents: Documents) -> None:
    assert "DOES NOT CONFORM" in documents.pages[0]
    assert "What failed" in documents.pages[1]
    assert "pre-authorisation: declined with code 00" in documents.pages[1]


def test_every_event_that_is_evidence_is_in_the_timeline(documents: Documents) -> None:
    verdicts = json.loads((documents.path / "verdicts.json").read_text("utf-8"))
    assert verdicts["cases"][0]["criteria"][0]["evidence"]
    assert "SELECT 1PAY.SYS.DDF01" in documents.text
    assert "End of report" in documents.pages[-1]


def test_no_card_number_is_in_it(documents: Documents) -> None:
    assert PAN not in flat(documents.text)


def test_it_is_pdf_a_2b(documents: Documents) -> None:
    assert b"<pdfaid:part>2</pdfaid:part>" in documents.pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in documents.pdf


def test_the_same_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    path = MadeRun(tmp_path / "run").case("A hold").finish()
    first, second = documents_of(path), documents_of(path)
    assert first.pdf == second.pdf
    assert first.html == second.html


def test_without_a_chinese_font_the_first_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (printing, viewing):
        monkeypatch.setattr(module, "find_cjk_font", lambda: None)
    found = documents_of(MadeRun(tmp_path / "run").case("预授权").finish())
    assert "NoChinesefontwasfound" in flat(found.pages[0])
    assert MISSING * 3 in found.text
    assert "No Chinese font was found" in found.html


@needs_font
def test_a_sign_that_no_font_has_is_shown_as_a_box(tmp_path: Path) -> None:
    found = documents_of(MadeRun(tmp_path / "run").case("Emoji 😀 and \x01 control").finish())
    assert "no font here can show" in found.pages[0]
    assert "😀" in found.html


def test_many_cases_keep_the_document_in_bounds(tmp_path: Path) -> None:
    run = MadeRun(tmp_path / "run")
    run.case("The one that ran", result="declined")
    for number in range(299):
        run.planned(f"Case {number}")
    found = documents_of(run.finish(ended=False))
    assert len(found.reader.pages) < 100
    assert len(found.html) < 3_000_000
    assert "not finished" in found.reader.pages[0].extract_text()


def test_among_many_cases_auditors_that_passed_are_there_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scenario's own criteria stand in full, and so does whatever did not pass."""
    monkeypatch.setattr(printing, "MANY_CASES", 0)
    path = MadeRun(tmp_path / "run").case("A hold").finish()
    document = viewing.document_of(RunFolder(path), [], {})
    (case,) = document["cases"]
    own, *others = case["criteria"]
    assert case["tone"] == "good"
    names = [f"quiet.number-{number:03d}" for number in range(120)]  # more than one text may be long
    watched = [
        {**own, "id": name, "title": f"Title of {name}", "source": "auditor", "tone": tone}
        for name, tone in [*((name, "good") for name in names), ("loud.one", "open")]
    ]
    case["criteria"] = [own, *others, *watched]
    found = PdfReader(BytesIO(printing.pdf(document)))
    text = flat("".join(page.extract_text() for page in found.pages))
    assert flat(f"Auditors that watched and passed: {', '.join(names)}.") in text
    assert flat("Title of quiet") not in text
    assert flat(own["title"]) in text
    assert flat("Title of loud.one") in text


def test_long_values_stay_on_the_page(tmp_path: Path) -> None:
    dut = {"maker": "M" * 400, "model": "x" * 3000, "serial": "1", "simulated": False}
    found = documents_of(MadeRun(tmp_path / "run", dut=dut).case("y" * 900).finish())
    assert "characters)" in found.text
    assert "y" * 900 in found.html


def test_write_names_what_it_wrote(tmp_path: Path) -> None:
    path = MadeRun(tmp_path / "run").case("A hold").finish()
    assert [p.name for p in write_documents(path)] == ["report.html", "report.pdf", "verdicts.json", "junit.xml"]
    listed = {row["path"] for row in json.loads((path / "manifest.json").read_text("utf-8"))}
    assert {"report.html", "report.pdf", "verdicts.json", "junit.xml"} <= listed
    assert not [p for p in path.iterdir() if p.suffix == ".part"]
