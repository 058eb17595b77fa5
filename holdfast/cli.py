"""The command line. Commands import what they need when they run, so that `--version` and errors come at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperCommand

from holdfast import __version__
from holdfast.children import DIE_WITH, die_with
from holdfast.status import Exit
from holdfast.wireshark_command import app as wireshark_app
from protocols.faults import Cancelled, ConfigurationError, ForeignCard, HoldfastError, RigFault

ROOT = Path(__file__).parents[1]
DEFAULT_RIG = ROOT / "rigs" / "virtual-bench.yaml"
DEFAULT_OUT = ROOT / "runs"
QUALIFIED_RIGS = (DEFAULT_RIG, ROOT / "rigs" / "reader-bench.yaml")
"""One for each device that has seeded defects."""

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich",
    help="A bench for the life of a card pre-authorisation: drives a terminal, judges it, and reports.",
)  # fmt: skip
rig_app = typer.Typer(no_args_is_help=True, help="Rig files and the benches that they describe.")
app.add_typer(rig_app, name="rig")
app.add_typer(wireshark_app, name="wireshark")
tls_app = typer.Typer(no_args_is_help=True, help="Certificates for the TLS lines of a test bench.")
app.add_typer(tls_app, name="tls")

ADMIN = "127.0.0.1:8584"


class BareAdmin(TyperCommand):
    """`--admin` may stand alone: it has its usual address then."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        whole = []
        for place, word in enumerate(args):
            follower = args[place + 1] if place + 1 < len(args) else "-"
            whole += [word, ADMIN] if word == "--admin" and follower.startswith("-") else [word]
        return super().parse_args(ctx, whole)


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
    until: Annotated[str, typer.Option("--until", help="Start no further case once this criterion has failed.")] = "",
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
        verdicts_only=verdicts_only, until=until,
    )  # fmt: skip
    raise typer.Exit((certify_robot if robot else run)(wanted, Console()))


@rig_app.command("check")
def rig_check(
    rig: Annotated[Path, typer.Argument(help="Rig file.")] = DEFAULT_RIG,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
    wait: Annotated[
        float | None,
        typer.Option(
            "--wait",
            min=0,
            metavar="SECONDS",
            help="For a card to be put into a real reader.",
            show_default="30 at a terminal, else 0",
        ),
    ] = None,
) -> None:
    """Test every device of a rig: reader, reference card, printer, terminal, host.

    Exit status: 0 all PASS, 2 something is FAIL or SKIP, 3 a fault of Holdfast, 4 a bad rig file.
    """
    from holdfast.rig_command import check

    raise typer.Exit(check(rig, Console(), as_json=as_json, wait_s=wait))


@rig_app.command("discover")
def rig_discover(
    out: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write there.", show_default="standard output")
    ] = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Ask each serial port whether a printer is there (DLE EOT, GS I).")
    ] = False,
    port: Annotated[
        list[str] | None, typer.Option("--port", help="A port or URL to ask beside those that the system lists.")
    ] = None,
) -> None:
    """Print a rig file of what is plugged in: card readers, serial ports. Only --probe sends bytes to a port."""
    from holdfast.discover_command import discover

    raise typer.Exit(discover(out, port or (), probe=probe, people=Console(stderr=True), file=Console()))


@rig_app.command("schema")
def rig_schema(
    kind: Annotated[str, typer.Argument(help="rig, dut, card, market, rules or reader-profile.")] = "rig",
) -> None:
    """Print the JSON Schema of rig files, or of another kind of file, for an editor."""
    from rigs.schemas import schema_text

    typer.echo(schema_text(kind), nl=False)


@app.command(cls=BareAdmin)
def issuer(
    rig: RigOption = DEFAULT_RIG,
    market: MarketOption = "",
    listen: Annotated[
        str, typer.Option("--listen", metavar="ADDRESS:PORT", help="Where terminals connect to.")
    ] = "127.0.0.1:8583",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port alone; 0 takes a free one.", show_default="8583")
    ] = None,
    available: Annotated[str, typer.Option(help="What each card's account is good for.")] = "100000.00",
    rules: Annotated[
        Path | None, typer.Option("--rules", help="File of behaviour rules.", show_default="behaves")
    ] = None,
    ledger: Annotated[
        str, typer.Option("--ledger", metavar="WHERE", help="File, or postgresql:// URL, of a ledger to keep.")
    ] = "",
    admin: Annotated[
        str, typer.Option("--admin", metavar="[ADDRESS:PORT]", help=f"Serve the admin API, at {ADMIN} by default.")
    ] = "",
    admin_token_file: Annotated[
        Path | None,
        typer.Option("--admin-token-file", help="File with the token of the admin API.", show_default="none"),
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option("--tls-certificate", help="Certificate of the host: TLS alone is taken then.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Its private key.")] = None,
    tls_client_ca: Annotated[
        Path | None, typer.Option("--tls-client-ca", help="CA that the terminals' certificates must be of.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="DIR", help="Keep the timeline, a file a day.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no messages.")] = False,
) -> None:
    """Run the issuer host alone, for use by hand and for hours: the rig's terminal and cards are enrolled.

    The token of the admin API may also stand in the variable HOLDFAST_ADMIN_TOKEN.
    """
    from holdfast.issuer_command import Wanted, address_and_port, serve, server_tls

    where = address_and_port(listen, ("127.0.0.1", 8583))
    wanted = Wanted(
        rig, market, (where[0], where[1] if port is None else port), available, rules, ledger,
        address_and_port(admin, ("127.0.0.1", 8584)) if admin else None, admin_token_file,
        server_tls(tls_certificate, tls_key, tls_client_ca), record, quiet,
    )  # fmt: skip
    raise typer.Exit(serve(wanted, Console()))


@app.command(context_settings={"allow_interspersed_args": False})
def card(
    profile: Annotated[str, typer.Option("--profile", help="Card by name or path of its file.")] = "credit",
    reader: Annotated[str, typer.Option("--reader", help="Reader by name or path of its file.")] = "plain",
    slot: Annotated[str, typer.Option("--slot", help="contact or contactless.", show_default="its first")] = "",
    pan_number: Annotated[int, typer.Option("--pan-number", min=1, help="Which card of the test range.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not show what is said to the card.")] = False,
    run: Annotated[bool, typer.Option("--run", help="Run the program that follows, and end with it.")] = False,
    program: Annotated[list[str] | None, typer.Argument(metavar="[PROGRAM...]", help="It and its arguments.")] = None,
) -> None:
    """Put a test card into a virtual reader, for any other PC/SC program of this machine.

    The variable that the other program needs is printed. Exit status: that of a program that was run; otherwise 0.
    """
    from holdfast.card_command import Wanted, present

    if run is not bool(program):
        raise ConfigurationError(
            "--run needs a program" if run else f"{' '.join(program or ())!r} is no option",
            advice="write `holdfast card --run opensc-tool -a`; options of `holdfast card` stand before --run",
        )
    wanted = Wanted(profile, reader, slot, pan_number, tuple(program or ()), quiet)
    raise typer.Exit(present(wanted, Console(stderr=True)))


@tls_app.command("make")
def tls_make(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write to.")],
    host: Annotated[
        list[str] | None, typer.Option("--host", help="Name or address of the host, beside those of loopback.")
    ] = None,
    client: Annotated[
        list[str] | None, typer.Option("--client", help="Name of a terminal.", show_default="terminal")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long they are valid.")] = 825,
    spoiled: Annotated[bool, typer.Option("--spoiled", help="Bad ones, too: expired, of another CA, ...")] = False,
    rsa: Annotated[bool, typer.Option("--rsa", help="RSA keys, for terminals that know no others.")] = False,
) -> None:
    """Make a test CA, a server certificate and client certificates."""
    from holdfast.tls_command import make

    raise typer.Exit(make(directory, host or (), client or (), days, Console(), spoiled=spoiled, rsa_keys=rsa))


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
    rig: Annotated[
        list[Path] | None,
        typer.Option("--rig", help="Rig file; again for more.", show_default="virtual-bench and reader-bench"),
    ] = None,
    out: OutOption = DEFAULT_OUT,
    whole: Annotated[bool, typer.Option("--whole", help="All cases with every defect, not its own alone.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Runs side by side; 0: one a core.")] = 0,
    defect: Annotated[
        list[str] | None, typer.Option("--defect", help="This one alone; again for more. It leaves no score.")
    ] = None,
) -> None:
    """Is each seeded defect caught by its own criterion? Exit status 0 only when all are, and the baseline passes."""
    from holdfast.defects import defects_named
    from holdfast.qualify import qualify as run

    chosen = defects_named(defect) if defect else None
    raise typer.Exit(run(rig or QUALIFIED_RIGS, out, Console(), whole=whole, jobs=jobs, defects=chosen))


STATUS: tuple[tuple[type[HoldfastError], Exit], ...] = (
    (ConfigurationError, Exit.USAGE),
    (Cancelled, Exit.CANCELLED),
    (RigFault, Exit.INCOMPLETE),
    (ForeignCard, Exit.INCOMPLETE),
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
