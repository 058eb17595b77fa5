"""Steps as nobody should write them, for the tests of the pre-flight guards."""

from __future__ import annotations

from pytest_bdd import parsers, then


@then(parsers.parse("something that {number} steps match"))
def first(number: str) -> None:
    """One of two."""


@then(parsers.parse("something that two {things} match"))
def second(things: str) -> None:
    """The other."""


@then("something that nobody awaits")
async def never() -> None:
    """Would pass without having run."""
