"""The parts of `docs/benchmarks.md` on readers."""

from __future__ import annotations

from typing import Any

from benchmarks.markdown import spread, table_head, table_row

READER = """
## The card reader

APDU round trips through a pcscd of our own with the IFD twin behind it; card, twin and driver share one process, and
each command carries so many bytes to the card and fetches as many. Bare calls of pyscard, the driver (each call on a
thread with a deadline, torn cards and lost readers told apart) and the driver with every event masked, decoded, chained
and written to a timeline take turns in blocks on the same reader and card; *times* is the ratio to bare calls of the
medians of the same round. What else the machine does meanwhile is in the tails of all three.
"""


def reader_section(told: dict[str, Any]) -> str:
    out = READER + table_head("way, bytes", "p50 µs", "p99 µs", "times")
    for one in told["summary"]:
        ratio = spread(one["times_bare"], 2) if one["times_bare"] else ""
        out += table_row(f"{one['way']}, {one['size']:,}", spread(one["p50"], 1), spread(one["p99"], 1), ratio)
    out += table_head("what", "times", "p50 ms", "p99 ms", "most ms")
    for what, found in [*told["seen_ms"].items(), *told["lives_ms"].items()]:
        out += table_row(
            LASTS.get(what, what), f"{found['times']:,}", *(f"{found[of]:.2f}" for of in ("p50", "p99", "max"))
        )
    return out + (
        f"\n{told['rounds']} rounds of {told['block']} APDUs, at nice {told['nice']}; a block that others disturbed was"
        f" measured again, and in those that count they used {told['foreign']['median']:.0%} of the cores,"
        f" {told['foreign']['max']:.0%} at most.\n"
    )


LASTS = {
    "insertion": "a card is inserted until the driver has seen it",
    "removal": "a card is removed until the driver has seen it",
    "cold reset": "cold reset: power off and on",
    "new daemon": "a new daemon, and the driver connected to it",
}
SOAK = """
## The card reader, worn out ({twin})

{sessions:,} sessions with a reader, a mishap at random in each; every outcome, event and count of commands is held
against a model, and memory, descriptors and threads are sampled all the time. Both stay flat, or it is a failure.
"""


def soak_section(told: dict[str, Any]) -> str:
    out = SOAK.format(**told) + table_head("session", "times")
    for kind, times in told["kinds"].items():
        out += table_row(kind, f"{times:,}")
    out += table_head("outcome of a step", "times")
    for outcome, times in told["outcomes"].items():
        out += table_row(outcome, f"{times:,}")
    out += table_head("holds", "after", "memory MiB", "descriptors", "threads")
    for one in told["holds"]:
        memory = f"{one['rss'] / 2**20:.1f}"
        out += table_row(one["process"], f"{one['share']:.0%}", memory, one["descriptors"], one["threads"])
    daemons = (
        f", {told['daemons']:,} daemons, the longest for {told['longest_life']:,} sessions" if told["daemons"] else ""
    )
    return out + (
        f"\nSeed {told['seed']}, {told['seconds']:,.0f} s, {told['steps']:,} steps{daemons}."
        f" {'; '.join(told['leaks']) or 'Nothing grew'}.\n"
    )
