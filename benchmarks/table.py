"""Makes `docs/benchmarks.md` and `docs/benchmarks.svg` from the JSON files of the measurements.

`python benchmarks/table.py [FILE.json ...]`; without files, those of `build/benchmarks`. Each measurement writes its
own with `--json`, as `benchmarks/load/results.py` puts it together; one that is not there is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.bench_host import CONNECTIONS, GOAL_CONNECTIONS
from benchmarks.markdown import spread, table_head, table_row
from benchmarks.peers.servers import LIBRARY, LIBRARY_GROUP
from benchmarks.plot import draw
from benchmarks.readers.page import reader_section, soak_section
from protocols.faults import ConfigurationError

ROOT = Path(__file__).parents[1]
FOLDER, PAGE, PLOT = ROOT / "build" / "benchmarks", ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "benchmarks.svg"
HEAD = """# Measurements

Made from what `make bench-report` and the soaks (`soak_connections`, `soak_kills`, `soak_reader`) left; no figure is
written by hand. Medians, with [least..most] of the rounds; ratios are taken within a round, so that what the machine
does meanwhile is in both.
"""
HOST = """
## The issuer host against its peers

Each server is a process of its own, on one core; the load generator (C, epoll) has another. Every request is a chip
pre-authorisation with its own trace, MAC, PIN block and cryptogram, from terminals that signed on before; every answer
is checked. A line has one request outstanding. Before it is measured, a server must refuse a changed amount, a wrong
PIN, a wrong cryptogram and a trace used before, and must seal its answers.

- **Holdfast**: checks, decides, books and commits (SQLite, WAL, `synchronous=FULL`) before the answer leaves; its own
  invariants are checked at each decision. *Recording* writes every message, masked, decoded and chained, to a timeline.
- **libraries**: the same host built from pyiso8583, psec, pyemv and `sqlite3` as their manuals show; each decision is a
  transaction. *Group commit*: those of one turn of the loop are one transaction, as in Holdfast.
- **iso8583sim** answers its own dialect by rules; it checks no MAC, PIN or cryptogram, and keeps no books.
- **asyncio echo** sends back what comes: what the loop itself costs.

*Times libraries* and *times group* are requests a second divided by those of the host built from libraries, without and
with its group commit.
"""
HISTORY = """
## Cost at size

The same load, by turns, with so many holds in the ledger before it begins, seven of ten completed.
"""
DELAY = """
## Injected delay

A behaviour rule delays answers; what came beyond what was asked for, seen by the terminal, in milliseconds. The host's
own work and the way there and back are in it.
"""


CODEC = """
## Codec

One message of {message_bytes} bytes packed and unpacked, against other libraries in the same rounds; *times* is the
ratio to {base}.
"""
CONNECTIONS_HEAD = """
## Lines of bad terminals

A good terminal works all the time; beside it others idle, dawdle, flood or send rubbish. *Worst* is the longest that
the good one waited.
"""
KERNEL = """
## The contact kernel

A chip pre-authorisation from the card's power to its last word, without host and cardholder, whose answers lie ready.
*Kernel* is what is left of the whole when the calls of the reader are taken out, *card* the card twin's own work (its
RSA among it), *reader* the way between. Milliseconds.
"""
KNOWN_BY = {"codecs": "codec", "bytes_a_line": "connections"}
"""What is in the files of measurements that do not say their name."""


def read(paths: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Measurements by name. Raises ConfigurationError for a file that is none, and when there is none at all."""
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        told = json.loads(path.read_text())
        name = ""
        if isinstance(told, dict):
            name = told.get("benchmark") or next((KNOWN_BY[key] for key in KNOWN_BY if key in told), "")
        if not name:
            raise ConfigurationError(f"{path} is no measurement", advice="make it with --json")
        found[name] = told
    if not found:
        raise ConfigurationError("there are no measurements", advice="run make bench-report")
    return found


def page(found: dict[str, dict[str, Any]]) -> str:
    """The whole page."""
    parts = [HEAD, _machines(found), _goals(found)]
    parts += [section(found[name]) for name, section in SECTIONS.items() if name in found]
    return "".join(parts)


def _machines(found: dict[str, dict[str, Any]]) -> str:
    """Each machine once, with what was measured on it."""
    on: dict[str, list[str]] = {}
    for name, told in found.items():
        m = told.get("machine")
        if m is None:
            continue
        words = (
            f"{m.get('processor', 'unknown processor')}, {m.get('cores', '?')} cores, {m.get('kernel', '')},"
            f" {m.get('python', '')}, SQLite {m.get('sqlite', '?')}"
        )
        on.setdefault(words, []).append(name)
    if not on:
        return ""
    if len(on) == 1:
        return f"\nMachine: {next(iter(on))}.\n"
    return "\n" + "".join(f"- {', '.join(names)}: {words}.\n" for words, names in on.items())


def _goals(found: dict[str, dict[str, Any]]) -> str:
    out = "\n## Against the goals\n" + table_head("goal", "wanted", "measured", "")
    for name in [*(name for name in SECTIONS if name in found), *(name for name in found if name not in SECTIONS)]:
        for goal in found[name].get("goals", []):
            bound = "≥" if goal["bound"] == "at least" else "≤"
            wanted, got = (f"{goal[of]:,.2f}{goal['unit']}" for of in ("wanted", "got"))
            out += table_row(goal["what"], f"{bound} {wanted}", got, "met" if goal["met"] else "**missed**")
    return out


def _host(told: dict[str, Any]) -> str:
    return HOST + "\n![Requests a second and latency of each server](benchmarks.svg)\n" + _servers(told)


def _host_again(told: dict[str, Any]) -> str:
    """With another MAC."""
    return f"\n### The same with {told['scheme']}\n" + _servers(told)


def _servers(told: dict[str, Any]) -> str:
    out = ""
    for connections in CONNECTIONS:
        out += f"\n{connections} terminal{'s' if connections > 1 else ''} at once:\n"
        out += table_head(
            "server", "requests/s", "p50 ms", "p99 ms", "p99.9 ms", "CPU µs each", "times libraries", "times group"
        )
        for row in told["summary"]:
            if row["connections"] == connections:
                latency = [f"{row[p]['median'] / 1000:.2f}" for p in ("p50", "p99", "p999")]
                against = [row["against"].get(kind.name) for kind in (LIBRARY, LIBRARY_GROUP)]
                ratios = [spread(peer["per_second"], 2) if peer else "" for peer in against]
                name = f"**{row['server']}**" if row["server"] == "Holdfast" else row["server"]
                out += table_row(name, spread(row["per_second"]), *latency, f"{row['cpu_us']['median']:.0f}", *ratios)
    foreign = max(row["foreign"] for row in told["summary"])
    generator = max((s["generator_busy"] for s in told["samples"] if "echo" not in s["server"]), default=0.0)
    audits = set(told["audits"].values())
    sound = "sound, every account and hold added up from all postings" if audits == {"sound"} else "; ".join(audits)
    return out + (
        f"\nMAC {told['scheme']}; {told['rounds']} rounds of {told['seconds']:g} s; the disk makes"
        f" {spread(told['fsyncs'])} blocks a second durable, one after the other. In no sample that counts did"
        f" anything else use more than {foreign:.0%} of the cores, and with no host did the generator use more than"
        f" {generator:.0%} of its own. Holdfast's ledgers afterwards: {sound}.\n"
    )


def _history(told: dict[str, Any]) -> str:
    out = HISTORY + table_head("holds", "ledger MB", "requests/s", "p50 ms", "p99 ms", "CPU µs each", "audit")
    for row in told["summary"]["rows"]:
        holds = str(row["holds"])
        latency = [f"{row[p]['median'] / 1000:.2f}" for p in ("p50", "p99")]
        out += table_row(
            f"{row['holds']:,}", f"{told['filled'][holds]['megabytes']:.0f}", spread(row["per_second"]), *latency,
            f"{row['cpu_us']['median']:.0f}", told["audits"][holds],
        )  # fmt: skip
    ratios = told["summary"]
    return out + (
        f"\nTime of a request: {spread(ratios['time_ratio'], 2)} times; processor time:"
        f" {spread(ratios['cpu_ratio'], 2)} times.\n"
    )


def _delay(told: dict[str, Any]) -> str:
    out = DELAY + table_head("load", "requests/s", "delayed", "least", "p50", "p99", "p99.9", "most")
    names = {"idle": "idle, one after the other", "half": "half of the full rate, a tenth delayed"}
    for row in told["rows"]:
        error = [f"{value:.2f}" for value in row["error_ms"].values()]
        out += table_row(names[row["load"]], f"{row['per_second']:,.0f}", f"{row['delayed']:,.0f}", *error)
    return out + f"\nAsked for: {told['asked_s'] * 1000:g} ms.\n"


def _kernel(told: dict[str, Any]) -> str:
    parts = ("total", "kernel", "card", "reader")
    out = KERNEL + table_head("reader, card", *parts)
    for row in told["summary"]:
        out += table_row(f"{row['reader']}, {row['card']}", *(spread(row["ms"][part], 2) for part in parts))
    return out + (
        f"\n{told['rounds']} rounds of {told['block']} transactions of each; in those that count others used"
        f" {told['foreign']['median']:.0%} of the cores, {told['foreign']['max']:.0%} at most.\n"
    )


def _codec(told: dict[str, Any]) -> str:
    base = next(row["codec"] for row in told["codecs"] if row["ratio"] == 1)
    out = CODEC.format(message_bytes=told["message_bytes"], base=base)
    out += table_head("codec", "same bytes", "pack µs", "unpack µs", "messages/s", "times")
    for row in told["codecs"]:
        ratio = f"{row['ratio']:.2f} [{row['ratio_least']:.2f}..{row['ratio_most']:.2f}]"
        cost = [f"{row[of]:.2f}" for of in ("pack_us", "unpack_us")]
        out += table_row(row["codec"].strip(), row["same_bytes"], *cost, f"{row['messages_per_s']:,.0f}", ratio)
    out += table_head("part of a request", "µs", "instead µs", "instead")
    for row in told["parts"]:
        plain = f"{row['instead_us']:.2f}" if row["instead_us"] else ""
        out += table_row(row["part"], f"{row['us']:.2f}", plain, row["instead"])
    return out + f"\nMedians of {told['rounds']} rounds.\n"


def _connections(told: dict[str, Any]) -> str:
    out = CONNECTIONS_HEAD + table_head("line", "what happened", "lines", "memory MiB", "p99 ms", "worst ms")
    for row in told["rows"]:
        out += table_row(
            row["line"], f"{row['phase']}: {row['what']}", f"{row['lines']:,}", f"{row['rss_mib']:.0f}",
            f"{row['p99_ms']:.1f}", f"{row['worst_ms']:.1f}",
        )  # fmt: skip
    each = ", ".join(f"{size:,} bytes of memory ({name})" for name, size in told["bytes_a_line"].items())
    return out + f"\nAn idle line costs {each}. {'; '.join(told['wrong']) or 'Nobody was harmed'}.\n"


KILLS = """
## SIGKILL under load

{terminals} terminals work while their host is killed at a random moment, {kills} times. Each time its ledger is held
against what they were answered, a new host takes up, and what was not answered is sent again or reversed. At the end
all of it is looked up once more, and every account and hold is added up from all postings.
"""


def _kills(told: dict[str, Any]) -> str:
    out = KILLS.format(**told) + table_head("requests", told["benchmark"].partition(", ")[2])
    for name, key in {
        "answered": "answered", "not answered": "unanswered", "of these in the ledger, once": "found",
        "sent again": "repeated", "reversed": "reversed_", "lost or doubled": "lost",
    }.items():  # fmt: skip
        out += table_row(name, f"{told.get(key, 0):,}")
    return out + f"\nSeed {told['seed']}, {told['seconds']:,.0f} s, {told['audits']} whole audits.\n"


SECTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "host": _host, "host, x9.19": _host_again, "codec": _codec, "history": _history, "delay": _delay,
    "connections": _connections, "kills, SQLite": _kills, "kills, PostgreSQL": _kills, "reader": reader_section,
    "kernel": _kernel, "reader soak, pcscd": soak_section, "reader soak, in process": soak_section,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="*", help="JSON of the measurements")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--plot", type=Path, default=PLOT)
    wanted = parser.parse_args()
    found = read(wanted.files or sorted(FOLDER.glob("*.json")))
    wanted.page.write_text(page(found))
    if "host" in found:
        draw([row for row in found["host"]["summary"] if row["connections"] == GOAL_CONNECTIONS], wanted.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
