"""`holdfast wireshark`: a dissector for the host's line, and captures made from run folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from protocols.faults import ConfigurationError

app = typer.Typer(no_args_is_help=True, help="The host's line in Wireshark: a dissector, and captures of runs.")

ROOT = Path(__file__).parents[1]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write.", show_default="standard output")
]


@app.command("dissector")
def _dissector(
    output: OutputOption = None,
    market: Annotated[
        str, typer.Option("--market", help="Market whose response codes are put into words.", show_default="none")
    ] = "",
) -> None:
    """Write a dissector in Lua, made from the tables of messages, fields and tags.

    Put it into Wireshark's folder of personal Lua plugins, or: tshark -X lua_script:FILE -r CAPTURE.
    """
    _put(dissector(market).encode("utf-8"), output)


@app.command("pcap")
def _pcap(
    run: Annotated[Path, typer.Argument(help="Run folder.")] = ROOT / "runs" / "latest",
    case: Annotated[str, typer.Option("--case", help="Id of one case alone.", show_default="all")] = "",
    output: OutputOption = None,
) -> None:
    """Write the host's traffic of a run as a pcapng file, made from its masked timelines."""
    from reports.pcap import pcap
    from reports.runfolder import RunFolder

    if output is None and sys.stdout.isatty():
        raise ConfigurationError("a capture is no text for a terminal", advice="name a file with -o")
    _put(pcap(RunFolder(run), case), output)


def dissector(market: str = "") -> str:
    """The text of the dissector. Raises ConfigurationError for a market that is not there."""
    from protocols.wireshark import SCRIPTS
    from protocols.wireshark import dissector as made
    from rigs.marketfile import load_market

    folder = ROOT / "protocols" / "wireshark" / "lua"
    codes = load_market(market).codes if market else None
    return made({name: (folder / name).read_text("utf-8") for name in SCRIPTS}, codes)


def _put(content: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(
            f"{output} cannot be written: {error.strerror}", advice="name a file in a folder that is there"
        ) from None
