"""The pages that are tables of the code say what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from protocols.transactions import Transaction

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_make", DOCS / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_written_pages_are_up_to_date(make: ModuleType) -> None:
    """Else run `python docs/make.py`."""
    stale = [path.name for path, text in make.pages().items() if path.read_text("utf-8") != text]
    assert stale == []


def test_every_message_has_its_rows_on_the_page(make: ModuleType) -> None:
    page = make.messages()
    for transaction in Transaction:
        assert page.count(f"\n| {transaction.value} |") >= 3
