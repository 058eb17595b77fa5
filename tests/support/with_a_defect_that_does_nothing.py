"""The `holdfast` command with one more defect on its list, whose switch is connected to nothing."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from holdfast.cli import main
from protocols.defects import Defect
from simulators.terminal.defects import DEFECTS

DEFECTS["does-nothing"] = Defect("does-nothing", "nothing at all", "reversal-duty.reversed", (96,))
main()
