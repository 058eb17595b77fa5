"""Documents of one made run, written once for all tests that only look at them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from pypdf import PdfReader

from reports.write import write_documents
from tests.reports.made_run import NASTY, MadeRun


@dataclass(frozen=True)
class Documents:
    """What was written of a run."""

    path: Path
    html: str
    pdf: bytes

    @cached_property
    def reader(self) -> PdfReader:
        return PdfReader(io.BytesIO(self.pdf))

    @cached_property
    def pages(self) -> tuple[str, ...]:
        """The text of each page. Slow for many of them."""
        return tuple(page.extract_text() for page in self.reader.pages)

    @property
    def text(self) -> str:
        return "\n".join(self.pages)


def documents_of(path: Path) -> Documents:
    """Write them and read them back."""
    write_documents(path)
    return Documents(path, (path / "report.html").read_text("utf-8"), (path / "report.pdf").read_bytes())


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """A pass, a fail, one that never ran, one with every sign that is special somewhere, one not selected."""
    run = MadeRun(tmp_path_factory.mktemp("documents") / "run")
    run.case("A hold is placed").case("A hold that is declined", result="declined").case(NASTY)
    run.planned("Never run")
    return documents_of(run.finish(not_selected=[{"id": "features/b.feature::Left out", "name": "Left out"}]))
