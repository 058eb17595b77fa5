"""The command line. Commands import what they need when they run, so that `--version` and errors come at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from holdfast import __version__
from holdfast.children import DIE_WITH, die_with
from holdfast.status import Exit
from protocols.faults import Cancelled, ConfigurationError, HoldfastError, RigFault

ROOT = Path(__file__).parents[1]
DEFAULT_RIG = ROOT / "rigs" / "virtual-bench.yaml"
DEFAULT_OUT = ROOT / "runs"

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich",
    help="A bench for the life of a card pre-authorisation: drives a terminal, judges it, and reports.",
)  # fmt: skip
rig_app = typer.Typer(no_args_is_help=True, help="Rig files and the benches that they describe.")
app.add_typer(rig_app, name="rig")

RigOption = Annotated[Path, typer.Option("--rig", help="Rig file.", show_default="rigs/virtual-bench.yaml")]
OutOption = Annotated[Path, typer.Option("--out", help="Folder that run folders are made in.", show_default="runs")]
MarketOption = Annotated[str, typer.Option("--market", help="Market by name or path.", show_default="the rig's")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"holdfast {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """Options of all commands."""


@app.command()
def certify(
    rig: RigOption = DEFAULT_RIG,
    market: MarketOption = "",
    tags: Annotated[str, typer.Option("--tags", help="Gherkin tags to select, e.g. 'C033 or C096'.")] = "",
    only: Annotated[str, typer.Option("-k", help="Cases whose name holds this, as pytest -k.")] = "",
    features: Annotated[
        list[Path] | None, typer.Option("--features", help="Feature files or folders.", show_default="features")
    ] = None,
    steps: Annotated[list[str] | None, typer.Option("--steps", help="Module with steps of your own.")] = None,
    workers: Annotated[int, typer.Option("--workers", "-n", min=0, help="Benches side by side; 0: what suits.")] = 0,
    out: OutOption = DEFAULT_OUT,
    defect: Annotated[list[str] | None, typer.Option("--defect", help="Inject a seeded defect.")] = None,
    shuffle: Annotated[int, typer.Option("--shuffle", min=0, help="Seed of a random order.")] = 0,
    title: Annotated[str, typer.Option("--title", help="Title of the report.")] = "",
    robot: Annotated[bool, typer.Option("--robot", help="Run the Robot Framework suites instead.")] = False,
    verdicts_only: Annotated[bool, typer.Option("--verdicts-only", help="Write no other document.")] = False,
) -> None:
    """Drive the device under test through the cases, judge it, and write the report.

    Exit status: 0 conforms, 1 does not conform, 2 incomplete, 3 a fault of Holdfast, 4 bad usage, 130 cancelled.
    """
    from holdfast.certify import Wanted
    from holdfast.certify import certify as run
    from holdfast.robotrun import certify_robot

    wanted = Wanted(
        rig=rig, out=out, market=market, tags=tags, features=tuple(features or ()), steps=tuple(steps or ()),
        workers=workers, defects=tuple(defect or ()), shuffle=shuffle, title=title, only=only,
        verdicts_only=verdicts_only,
    )  # fmt: skip
    raise typer.Exit((certify_robot if robot else run)(wanted, Console()))


@rig_app.command("check")
def rig_check(rig: Annotated[Path, typer.Argument(help="Rig file.")] = DEFAULT_RIG) -> None:
    """Bring every device of a rig up, ask it who it is, and take it down again."""
    from holdfast.rig_command import check

    raise typer.Exit(check(rig, Console()))


@app.command()
def issuer(
    rig: RigOption = DEFAULT_RIG,
    market: MarketOption = "",
    address: Annotated[str, typer.Option(help="Address to listen on, loopback by default.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8583,
    available: Annotated[str, typer.Option(help="What each card's account is good for.")] = "100000.00",
    rules: Annotated[
        Path | None, typer.Option("--rules", help="File of behaviour rules.", show_default="behaves")
    ] = None,
) -> None:
    """Run the issuer host alone, for use by hand: the rig's terminal and cards are enrolled."""
    from holdfast.issuer_command import serve

    raise typer.Exit(serve(rig, market, (address, port), available, rules, Console()))


@app.command()
def verify(run: Annotated[Path, typer.Argument(help="Run folder.")] = DEFAULT_OUT / "latest") -> None:
    """Is a run folder what it was? Exit status: 0 intact, 1 tampered, 2 incomplete."""
    from reports.verify import verify as look

    if not run.is_dir():
        raise ConfigurationError(f"there is no run folder {run}", advice="name a folder below runs/")
    found = look(run)
    for line in found.lines():
        typer.echo(line)
    raise typer.Exit(1 if found.tampered else 2 if found.incomplete else 0)


@app.command()
def qualify(
    rig: RigOption = DEFAULT_RIG,
    out: OutOption = DEFAULT_OUT,
    whole: Annotated[bool, typer.Option("--whole", help="All cases with every defect, not its own alone.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Runs side by side; 0: one a core.")] = 0,
) -> None:
    """Is each seeded defect caught by its own criterion? Exit status 0 only when all are, and the baseline passes."""
    from holdfast.qualify import qualify as run

    raise typer.Exit(run(rig, out, Console(), whole=whole, jobs=jobs))


STATUS: tuple[tuple[type[HoldfastError], Exit], ...] = (
    (ConfigurationError, Exit.USAGE),
    (Cancelled, Exit.CANCELLED),
    (RigFault, Exit.INCOMPLETE),
    (HoldfastError, Exit.HOLDFAST_FAULT),
)


def main() -> None:
    """The `holdfast` command. An error of ours is one line that says what to do; it has no traceback."""
    parent = os.environ.pop(DIE_WITH, "")
    if parent:
        die_with(int(parent))
    try:
        sys.exit(int(app(standalone_mode=False) or 0))
    except HoldfastError as error:
        Console(stderr=True).print(Text(str(error), style="red"), soft_wrap=True)
        sys.exit(int(next(status for kind, status in STATUS if isinstance(error, kind))))
    except typer.Abort:
        sys.exit(int(Exit.CANCELLED))
    except Exception as error:
        usage = getattr(error, "show", None)
        if usage is None:
            raise
        usage()  # click's own: it names the option and the near miss
        sys.exit(int(Exit.USAGE))
