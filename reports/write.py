"""Writes the documents of a judged run folder, in an order in which each can name what it rests on."""

from __future__ import annotations

import hashlib
from pathlib import Path

from reports.html import html
from reports.junit import junit
from reports.manifest import index, write_manifest
from reports.pdf import pdf
from reports.runfolder import RunFolder
from reports.view import cases_of

DOCUMENTS = ("report.html", "report.pdf", "junit.xml")


def write_documents(path: Path) -> list[Path]:
    """JUnit, HTML and PDF, then the manifest over all. Reads nothing but the folder."""
    folder = RunFolder(path)
    verdicts = folder.verdicts()
    (path / "junit.xml").write_text(junit(verdicts), "utf-8")
    digests = {name: hashlib.sha256((path / name).read_bytes()).hexdigest() for name in ("verdicts.json", "junit.xml")}
    cases = list(cases_of(folder, verdicts))
    files = index(path, without=("report.html", "report.pdf"))
    (path / "report.html").write_text(html(verdicts, cases, files, digests), "utf-8")
    (path / "report.pdf").write_bytes(pdf(verdicts, cases, files, digests))
    write_manifest(path)
    return [path / name for name in ("report.html", "report.pdf", "verdicts.json", "junit.xml")]
