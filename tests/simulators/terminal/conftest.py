"""Shops, opened as a test wants them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.kit import Events, cn_market
from tests.simulators.terminal.shop import Shop

Open = Callable[..., Shop]


@pytest.fixture
def open_shop(tmp_path: Path, events: Events) -> Iterator[Open]:
    """`open_shop("defect", reversal={"repeats": 1})`: defects by name, changes of the market by keyword."""
    with ExitStack() as stack:

        def make(*defects: str, **changes: Any) -> Shop:
            shop = Shop(tmp_path, events, cn_market(**changes), *defects)
            stack.callback(shop.close)
            return shop

        yield make


@pytest.fixture
def shop(open_shop: Open) -> Shop:
    return open_shop()
