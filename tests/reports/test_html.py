"""The HTML report: whole in one file, every link leads somewhere, nothing of the data becomes markup."""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.html import HEADINGS
from reports.judge.run import judge_run
from reports.runfolder import RunFolder
from tests.reports.conftest import Documents, documents_of
from tests.reports.folders import Folder
from tests.reports.judge.builder import Tale
from tests.reports.made_run import COMMAND, NASTY, PAN, MadeRun

CHROMIUM = Path("/usr/bin/chromium")
VOID = {"meta", "img", "br", "input", "hr", "link"}


class Page(HTMLParser):
    """Ids, links, sources and text; complains of tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        if "href" in given:
            (self.sources if tag == "image" else self.links).append(given["href"])
        self.sources += [given["src"]] if "src" in given else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text += data


@pytest.fixture(scope="module")
def page(documents: Documents) -> Page:
    return Page(documents.html)


def test_every_section_is_there(page: Page) -> None:
    assert {key for _, key, _ in HEADINGS} <= set(page.ids)


def test_tags_nest_and_ids_are_unique(page: Page) -> None:
    assert not page.wrong
    assert not page.open
    assert len(page.ids) == len(set(page.ids))


def test_every_link_has_its_target(page: Page) -> None:
    assert [link for link in page.links if link.removeprefix("#") not in page.ids] == []
    assert any(re.fullmatch(r"#c2-\d+", link) for link in page.links)
    assert any(re.fullmatch(r"#i\d+", link) for link in page.links)


def test_nothing_is_fetched(documents: Documents, page: Page) -> None:
    assert all(link.startswith("#") for link in page.links)
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert not re.search(r"https?://|@import|url\(", documents.html)


def test_data_is_never_markup(page: Page) -> None:
    assert NASTY in page.text
    assert "tag" not in page.tags


def test_what_failed_stands_before_the_device(documents: Documents) -> None:
    failed, device = documents.html.index('id="failed"'), documents.html.index('id="device"')
    listed = documents.html[failed:device]
    assert "A hold that is declined" in listed
    assert "pre-authorisation: declined with code 00" in listed
    assert "Never run" in documents.html[failed:device]


def test_a_simulated_device_is_said_to_be_so_in_head_and_cover(documents: Documents, page: Page) -> None:
    assert "simulated DUT" in re.search(r"<title>(.*?)</title>", documents.html, re.DOTALL)[1]  # type: ignore[index]
    assert documents.html.count("simulated DUT") >= 4


def test_the_statement_claims_nothing_that_a_test_cannot_give(page: Page) -> None:
    assert not re.search(r"certified|approved by (?!the terminal)", page.text)


def test_host_messages_stand_side_by_side(documents: Documents) -> None:
    tight = re.sub(r">\s+<", "><", documents.html)
    assert "<td>F39</td><td>response code</td><td></td><td>00</td>" in tight
    assert "625094******0014" in documents.html
    assert PAN not in documents.html


def test_an_event_that_is_evidence_is_shown_even_when_it_is_a_quiet_one(documents: Documents) -> None:
    evidence = re.findall(r'href="#(c\d+-\d+)"', documents.html)
    assert evidence
    assert all(f'id="{anchor}"' in documents.html for anchor in evidence)


@pytest.mark.parametrize(
    ("defect", "dut", "expected"),
    [("full-pan", {}, "injected defect: full-pan"), ("", {"simulated": True}, "simulated DUT")],
)
def test_the_ribbon_says_what_the_run_was(tmp_path: Path, defect: str, dut: dict[str, bool], expected: str) -> None:
    run = MadeRun(tmp_path / "run", defect=defect, dut={"maker": "M", "model": "T", "serial": "1", **dut})
    found = documents_of(run.case("A hold").finish())
    assert f'<div class="ribbon" role="note">{expected}</div>' in found.html
    assert all(expected in text.replace("\n", " ") for text in found.pages)


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium at /usr/bin/chromium")
def test_a_browser_opens_what_a_link_points_into(documents: Documents, tmp_path: Path) -> None:
    probe = "<script>addEventListener('error',e=>document.body.dataset.broken=e.message)</script>"
    copy = tmp_path / "report.html"
    copy.write_text(documents.html.replace("</title>", f"</title>{probe}", 1), "utf-8")
    quiet = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync")  # fmt: skip
    shown = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", *quiet, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
         "--virtual-time-budget=2000", f"file://{copy}#c1-6"],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert "data-broken" not in shown
    sheet = shown[shown.index('id="case-1"') : shown.index('id="case-2"')]
    assert re.match(r'id="case-1"[^>]* open', sheet)
    assert re.search(r'<details class="timeline" open', sheet)
    second = shown[shown.index('id="case-3"') :]
    assert not re.match(r'id="case-3"[^>]* open', second)


# ── what many cases share stands once ─────────────────────────────────────────────────────────────────────────────


def sheets(html: str) -> dict[str, str]:
    """Each case's sheet by its anchor."""
    parts = re.split(r'<details class="case [^"]*" id="(case-\d+)"', html)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_bytes_of_a_case_that_passed_are_in_its_timeline_alone(documents: Documents) -> None:
    passed, failed = sheets(documents.html)["case-1"], sheets(documents.html)["case-2"]
    told = COMMAND.hex(" ").upper()
    assert told in failed
    assert told not in passed
    assert re.search(r'<a href="#t\d+">response</a> <i>9000 done</i>', passed)
    assert re.search(r"<pre><b>6F</b> FCI template", failed)


def test_what_a_card_answered_in_cases_that_passed_stands_once(documents: Documents) -> None:
    objects = documents.html[documents.html.index('id="objects"') : documents.html.index('<section id="evidence">')]
    assert objects.count("<b>6F</b> FCI template") == 1
    assert documents.html.count('<a href="#t0">response</a>') == 2, "two of the cases passed"


def test_slips_are_drawn_of_pieces_that_stand_once(documents: Documents) -> None:
    stamps = re.findall(r'<image id="(i\d+)"[^>]* href="([^"]*)"', documents.html)
    assert len({uri for _, uri in stamps}) == len(stamps)
    uses = re.findall(r'<use href="#(i\d+)"', documents.html)
    assert {stamp for stamp, _ in stamps} == set(uses)
    assert len(uses) > len(stamps)


def test_rules_that_passed_are_told_in_a_line_and_explained_once(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for name, result in (("one", "approved"), ("two", "declined")):
        tale = Tale().approved().state("idle")
        folder.case(name, tale.expect("outcome.reported", transaction="pre-authorisation", result=result).close())
    path = folder.end().path
    folder.write("verdicts.json", json.loads(json.dumps(judge_run(RunFolder(path)))))
    page = re.sub(r">\s+<", "><", documents_of(path).html)
    assert page.count('<tr id="rule-wire.sealed"><td class="id">wire.sealed</td>') == 1
    for sheet in sheets(page).values():
        assert "<tr><td>wire.sealed</td><td>1 messages sealed as they must be</td><td>3</td></tr>" in sheet
        assert "Every message is sealed" not in sheet
    assert "The terminal reports how the transaction ended" in sheets(page)["case-1"]
