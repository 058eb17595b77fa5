"""Fixtures of the twins' tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.market import Market
from tests.simulators.kit import Events, cn_market


@pytest.fixture
def market() -> Market:
    return cn_market()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A directory with a path short enough for an AF_UNIX socket."""
    path = Path(tempfile.mkdtemp(prefix="hf-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)
