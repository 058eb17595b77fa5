"""The pages on `holdfast card` and on readers show what other PC/SC programs say, and `holdfast rig`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from simulators.reader import unavailable
from tests.support.secret_search import find_pans

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "card.md").read_text("utf-8")


@pytest.fixture(scope="module")
def walk() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_card", DOCS / "card.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["card.md", "readers.md"])
def test_the_page_shows_what_comes_of_it(walk: ModuleType, name: str) -> None:
    """Else run `python docs/card.py`, and look at what has changed."""
    if unavailable() or walk.versions() != walk.stated(PAGE):
        pytest.skip(f"the pages are of {walk.stated(PAGE)}; here is {walk.versions() or 'not all of it'}")
    page = (DOCS / name).read_text("utf-8")
    assert walk.walked(page) == page


def test_the_page_tells_no_secret_and_shows_four_programs() -> None:
    assert find_pans(PAGE.encode()) == set()
    for program in ("opensc-tool -a", "opensc-tool -c default -s", "pcsc_scan -r", "python docs/card-client.py"):
        assert f"\n$ {program}" in PAGE
    assert PAGE.count("\n> ") >= 5


def test_every_word_that_may_be_typed_is_on_the_page() -> None:
    from holdfast.card_command import COMMANDS

    assert all(f"`{word}`" in PAGE for word in COMMANDS)
