"""The walk through the admin API shows what is answered."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.secret_search import find_pans

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def walk() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_issuer_admin", DOCS / "issuer-admin.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_shows_what_is_answered(walk: ModuleType) -> None:
    """Else run `python docs/issuer-admin.py`, and look at what has changed."""
    page = (DOCS / "issuer-admin.md").read_text("utf-8")
    assert walk.walked(page) == page
    assert find_pans(page.encode()) == set()
    assert page.count("\n$ curl") >= 18
