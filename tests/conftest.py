"""What all tests share."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def core_files_are_not_taken_away_for_good() -> Iterator[None]:
    """A card guard in this process lowers the limit of core files, the hard one too, which nobody but root gets back.

    Then tests of core files would depend on whether a bench stood in this process before them: here the soft one alone
    is lowered. Those of the guard itself run in processes of their own.
    """
    lower = resource.setrlimit

    def lower_softly(what: int, limits: tuple[int, int]) -> None:
        hard = resource.getrlimit(what)[1] if what == resource.RLIMIT_CORE else limits[1]
        lower(what, (limits[0], hard))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resource, "setrlimit", lower_softly)
        yield
