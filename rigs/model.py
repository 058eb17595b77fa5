"""The rig file: which things stand on a bench, which of them are under test. Files live in `rigs/*.yaml`.

Unknown keys are errors that name the near miss (`rigs/yamlfile.py`).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rigs.yamlfile import load_strict


class RigPart(BaseModel):
    """Strict: a key that the model does not know is an error, and so is `yes` for a number or `.inf` for a time."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Component(StrEnum):
    """What can be under test."""

    TERMINAL = "terminal"
    READER = "reader"
    PRINTER = "printer"


class VirtualReader(RigPart):
    """The reader twin. `auto` takes pcscd where it can run and the in-process reader otherwise, and says which."""

    kind: Literal["virtual"]
    service: Literal["auto", "pcscd", "in-process"] = "auto"
    call_deadline_s: float = Field(5.0, gt=0, description="longest wait for one PC/SC call")


class PcscReaderOnBench(RigPart):
    """A real reader behind the machine's own PC/SC service, known by a part of its name."""

    kind: Literal["pcsc"]
    name: str = Field(min_length=1, description="substring of the name that the PC/SC service lists")
    call_deadline_s: float = Field(30.0, gt=0)


class VirtualPrinterOnBench(RigPart):
    """The printer twin behind a real tty."""

    kind: Literal["virtual"]


class EscposSerialOnBench(RigPart):
    """A real ESC/POS printer on a serial port."""

    kind: Literal["escpos-serial"]
    port: str = Field(description="/dev/ttyUSB0 or the like, or any URL that pyserial takes")
    baud: int = Field(115200, ge=300)


class ReferenceTerminalOnBench(RigPart):
    """Holdfast's own terminal, in process, driving the reader and the printer of the bench."""

    kind: Literal["reference"]
    terminal_id: str = Field(pattern=r"^\d{8}$")
    merchant_id: str = Field(pattern=r"^[0-9A-Z]{15}$")
    merchant_name: str
    operator: str = Field(pattern=r"^\d{2}$")
    test_master_key: str = Field(
        pattern=r"^([0-9A-F]{32})$", repr=False, description="hex; a test key, never a live one"
    )
    columns: int = Field(32, ge=24, le=48)


class SimulatedHostOnBench(RigPart):
    """The issuer host of `simulators/issuer`, on a loopback port of its own, or behind gateways on such ports."""

    kind: Literal["simulated"]
    tls: bool = Field(False, description="the terminal comes by a gateway of the bench that takes TLS alone")
    second_gateway: bool = Field(False, description="there is a second gateway for when the first one is down")

    @property
    def behind_gateways(self) -> bool:
        return self.tls or self.second_gateway

    @property
    def line(self) -> str:
        """The way to it, in words; empty where nothing stands between."""
        if not self.behind_gateways:
            return ""
        return f"{'TLS' if self.tls else 'plain'}, by {'two gateways' if self.second_gateway else 'one gateway'}"


class VirtualPresenter(RigPart):
    """Puts the rig's virtual cards to the virtual reader."""

    kind: Literal["virtual"]


class RigModel(RigPart):
    """A bench, whole. `time_scale` divides the market's durations; 1 on real hardware."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    dut: tuple[Annotated[Component, Field(strict=False)], ...] = Field(min_length=1, strict=False)
    dut_file: str = Field(description="who made what is under test; beside the rig file")
    market: str = "unionpay-cn"
    time_scale: float = Field(20.0, ge=1)
    response_timeout_s: float | None = Field(None, gt=0, description="terminal parameter, in market seconds")
    case_deadline_s: float = Field(30.0, gt=0, description="real seconds that one case may take")
    run_deadline_s: float = Field(3600.0, gt=0, description="real seconds that a run may take")
    terminal: ReferenceTerminalOnBench
    reader: Annotated[VirtualReader | PcscReaderOnBench, Field(discriminator="kind")]
    printer: Annotated[VirtualPrinterOnBench | EscposSerialOnBench, Field(discriminator="kind")]
    host: SimulatedHostOnBench
    presenter: VirtualPresenter
    cards: dict[str, str] = Field(description="name that scenarios use to card file", min_length=1)

    @property
    def shared(self) -> list[str]:
        """What two runs could fight over, in words: nothing on a bench whose every device is a twin."""
        devices = []
        if isinstance(self.reader, PcscReaderOnBench):
            devices.append(f"reader {self.reader.name}")
        if isinstance(self.printer, EscposSerialOnBench):
            devices.append(f"port {self.printer.port}")
        return [f"rig {self.name}", *devices] if devices else []


class DutRecord(RigPart):
    """What is under test, as its owner declares it and as the operator found it."""

    maker: str
    model: str
    serial: str
    versions: dict[str, str] = Field(default_factory=dict)
    hashes: dict[str, str] = Field(default_factory=dict)
    operator: str
    received: str = ""
    condition: str = ""
    simulated: bool = False


def load_rig(path: Path) -> RigModel:
    """The rig file at `path`. Raises ConfigurationError that names the place and the near miss."""
    return load_strict(path, RigModel)


def load_dut(rig_path: Path, rig: RigModel) -> DutRecord:
    """The record of what is under test, beside the rig file."""
    return load_strict(rig_path.parent / rig.dut_file, DutRecord)
