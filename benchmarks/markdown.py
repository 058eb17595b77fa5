"""Rows, heads and figures of a table in Markdown, as the page of the measurements has them."""

from __future__ import annotations


def table_row(*cells: object) -> str:
    """One line of a table."""
    return f"| {' | '.join(str(cell) for cell in cells)} |\n"


def table_head(*names: str) -> str:
    """The first column stands left, figures right."""
    return "\n" + table_row(*names) + table_row("---", *["--:"] * (len(names) - 1))


def spread(of: dict[str, float], digits: int = 0) -> str:
    """A median with least and most."""
    return f"{of['median']:,.{digits}f} [{of['min']:,.{digits}f}..{of['max']:,.{digits}f}]"
