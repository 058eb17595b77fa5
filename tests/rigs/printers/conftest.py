"""What the printer drivers' tests share with the twins': somebody who listens to events."""

from __future__ import annotations

import pytest

from tests.simulators.kit import Events


@pytest.fixture
def events() -> Events:
    return Events()
