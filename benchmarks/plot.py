"""The picture of `docs/benchmarks.md`: how much each server takes, and how long its answers take. One row a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LEFT_OUT = ("asyncio echo", "uvloop")
"""An echo does nothing: its bar would hide all others. What uvloop changes is in the tables."""
OURS, PEER, INK, FAINT = "#0b7285", "#adb5bd", "#212529", "#868e96"
REMARKS = {"iso8583sim": "no MAC, PIN, cryptogram, books"}


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Rows of the host's summary at one number of connections, as SVG (or what the name's ending says)."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    rows = [row for row in rows if not any(word in row["server"] for word in LEFT_OUT)]
    rows.sort(key=lambda row: row["per_second"]["median"])
    style: dict[Any, Any] = {
        "svg.hashsalt": "holdfast", "font.family": "DejaVu Sans", "font.size": 9.5, "text.color": INK,
        "axes.edgecolor": FAINT, "axes.labelcolor": INK, "xtick.color": FAINT, "ytick.color": INK,
    }  # fmt: skip
    with mpl.rc_context(style):
        figure, (rates, times) = pyplot.subplots(1, 2, figsize=(10, 0.52 * len(rows) + 1.5), sharey=True, dpi=110)
        _rates(rates, rows)
        _times(times, rows)
        for axes in (rates, times):
            axes.spines[["top", "right", "left"]].set_visible(False)
            axes.tick_params(axis="y", length=0)
            axes.set_axisbelow(True)
        figure.tight_layout(w_pad=2.5)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, facecolor="white")
        pyplot.close(figure)


def _colour(row: dict[str, Any]) -> str:
    return OURS if row["server"].startswith("Holdfast") else PEER


def _label(row: dict[str, Any]) -> str:
    remark = next((text for name, text in REMARKS.items() if row["server"].startswith(name)), "")
    return f"{row['server']}\n({remark})" if remark else str(row["server"])


def _rates(axes: Any, rows: list[dict[str, Any]]) -> None:
    most = max(row["per_second"]["max"] for row in rows)
    for place, row in enumerate(rows):
        rate = row["per_second"]
        axes.barh(place, rate["median"], height=0.62, color=_colour(row))
        axes.plot([rate["min"], rate["max"]], [place, place], color=INK, linewidth=1, solid_capstyle="butt")
        axes.text(rate["max"] + most * 0.015, place, f"{rate['median']:,.0f}", va="center", fontsize=9)
    axes.set_yticks(range(len(rows)), [_label(row) for row in rows])
    axes.set_xlim(0, most * 1.17)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_title("Requests a second, 16 terminals", loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel("median; the line is least to most of the rounds", color=FAINT, fontsize=8.5)


def _times(axes: Any, rows: list[dict[str, Any]]) -> None:
    for place, row in enumerate(rows):
        median, late = row["p50"]["median"] / 1000, row["p99"]["median"] / 1000
        axes.plot([median, late], [place, place], color=_colour(row), linewidth=4, solid_capstyle="round", zorder=2)
        axes.plot(median, place, "o", color=_colour(row), markersize=9, zorder=3)
        axes.plot(late, place, "|", color=_colour(row), markersize=13, markeredgewidth=3, zorder=3)
        axes.annotate(
            f"{median:.2f} … {late:.2f}", (late, place), (9, 0), textcoords="offset points", va="center", fontsize=9
        )
    axes.set_xlim(0, 1.5 * max(row["p99"]["median"] for row in rows) / 1000)
    axes.grid(axis="x", color="#e9ecef")
    axes.set_title("Latency, ms", loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel("from the median to the 99th percentile", color=FAINT, fontsize=8.5)
