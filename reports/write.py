"""Writes the documents of a judged run folder, in an order in which each can name what it rests on."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from protocols.faults import ConfigurationError
from reports.html import html
from reports.junit import junit
from reports.manifest import index, write_manifest
from reports.pcap import NAME, pcap
from reports.pdf import pdf
from reports.runfolder import RunFolder
from reports.view import document_of

DOCUMENTS = ("report.html", "report.pdf", "verdicts.json", "junit.xml")
TWINS = ("verdicts.json", "junit.xml")
"""What machines read; the cover names their digests."""


def write_documents(path: Path) -> list[Path]:
    """JUnit, the capture of the host's line, HTML and PDF, then the manifest over all. Reads nothing but the folder."""
    folder = RunFolder(path)
    verdicts = folder.verdicts()
    if not verdicts:
        raise ConfigurationError(f"{path} was not judged", advice="`holdfast judge` it first")
    _put(path / "junit.xml", junit(verdicts).encode("utf-8"))
    _put(path / NAME, pcap(folder))
    digests = {name: hashlib.sha256((path / name).read_bytes()).hexdigest() for name in TWINS}
    with _many_small_objects(), ThreadPoolExecutor(1) as beside:
        document = document_of(folder, index(path, without=("report.html", "report.pdf")), digests)
        printed = beside.submit(pdf, document)
        _put(path / "report.html", html(document).encode("utf-8"))
        _put(path / "report.pdf", printed.result())
    write_manifest(path)
    return [path / name for name in DOCUMENTS]


@contextmanager
def _many_small_objects() -> Iterator[None]:
    """Without the collector: it would look through a document's plain data a hundred times and find no cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _put(path: Path, content: bytes) -> None:
    """Whole or not at all: a reader never sees half a report."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
