"""The rig file: which things stand on a bench, which of them are under test. Files live in `rigs/*.yaml`.

Unknown keys are errors that name the near miss (`rigs/yamlfile.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from protocols.cardlist import HOUSE_RANGES, CardList, number_problem, range_problem
from protocols.limits import USUAL_READER, ReaderLimits
from protocols.pan import mask_pan
from rigs.readers.choice import ReaderChoice
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
    profile: str = Field("plain", min_length=1, description="reader to stand for: a name, or the path of a profile")
    call_deadline_s: float = Field(5.0, gt=0, description="longest wait for one PC/SC call")
    limits: ReaderLimits = Field(USUAL_READER, description="what the reader is held to")


class PcscReaderOnBench(RigPart):
    """A real reader behind the machine's own PC/SC service, known by serial, USB port or name; all that is said fits.

    Names of like readers swap their numbers when they are plugged in again: say the serial, else the port.
    """

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": ["serial"]}, {"required": ["usb"]}, {"required": ["name"]}]}
    )

    kind: Literal["pcsc"]
    serial: str = Field("", description="serial number as the reader or its USB device tells it")
    usb: str = Field("", pattern=r"^(\d+-\d+(\.\d+)*)?$", description="path of the USB port, like 1-2.3")
    name: str = Field("", description="part of the name that the PC/SC service lists; * is anything, ? a character")
    call_deadline_s: float = Field(30.0, gt=0, description="longest wait for one PC/SC call")
    limits: ReaderLimits = Field(USUAL_READER, description="what the reader is held to")

    @model_validator(mode="after")
    def _known_by_something(self) -> PcscReaderOnBench:
        if not (self.serial or self.usb or self.name):
            raise PydanticCustomError("which_reader", "say serial, usb or name (`holdfast rig discover` lists them)")
        return self

    @property
    def choice(self) -> ReaderChoice:
        """What must be so of the reader."""
        return ReaderChoice(serial=self.serial, usb=self.usb, name=self.name)


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
    ca_keys: str = Field(
        "", description="file of card schemes' public keys, beside the rig file; empty: those of the house's test CA"
    )


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


def _in_quotes(value: object) -> object:
    """YAML takes digits for a number, and drops zeros that lead it."""
    if isinstance(value, int):
        raise ValueError("write it in quotes")
    return value


def _checked_by(problem_of: Callable[[str], str]) -> AfterValidator:
    def checked(text: str) -> str:
        problem = problem_of(text)
        if problem:
            raise ValueError(problem)
        return text

    return AfterValidator(checked)


class ListedCards(RigPart):
    """The only cards that may be used on this bench. Any other ends the run, and nothing of it is kept. Design 7."""

    ranges: tuple[Annotated[str, BeforeValidator(_in_quotes), _checked_by(range_problem)], ...] = Field(
        default=HOUSE_RANGES, strict=False, description="ranges as their numbers look, x a free digit"
    )
    numbers: tuple[Annotated[str, BeforeValidator(_in_quotes), _checked_by(number_problem)], ...] = Field(
        default=(), strict=False, repr=False, description="single card numbers beside the ranges, in quotes"
    )

    @model_validator(mode="after")
    def _lets_a_card_in(self) -> ListedCards:
        if not (self.ranges or self.numbers):
            raise ValueError("an empty list lets no card in")
        return self

    @field_serializer("numbers", when_used="json")
    def _masked(self, numbers: tuple[str, ...]) -> list[str]:
        """What is written to a run folder shows no number."""
        return [mask_pan(number) for number in numbers]

    @property
    def card_list(self) -> CardList:
        return CardList(self.ranges, self.numbers)


class RigModel(RigPart):
    """A bench, whole. `time_scale` divides the market's durations; 1 on real hardware."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    dut: tuple[Annotated[Component, Field(strict=False)], ...] = Field(min_length=1, strict=False)
    dut_file: str = Field(description="who made what is under test; beside the rig file")
    market: str = "unionpay-cn"
    features: tuple[str, ...] = Field(
        (),
        strict=False,
        description="files and folders below features/ that a whole run is made of; empty: all of them",
    )
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
    test_cards: ListedCards = Field(ListedCards(), description="the only cards that may be used; all of `cards` are")

    @property
    def shared(self) -> list[str]:
        """What two runs could fight over, in words: nothing on a bench whose every device is a twin."""
        devices = []
        if isinstance(self.reader, PcscReaderOnBench):
            devices.append(f"reader {self.reader.serial or self.reader.usb or self.reader.name}")
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
