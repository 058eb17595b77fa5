"""What `protocols/` may lean on: the standard library, cryptography, pydantic; and nothing that reaches outside."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "protocols"
FILES = sorted(ROOT.rglob("*.py"))
FROM_OUTSIDE = {"cryptography", "pydantic"}
REACHES_OUTSIDE = {
    "asyncio", "concurrent", "ctypes", "datetime", "fcntl", "http", "io", "logging", "mmap", "multiprocessing", "os",
    "pathlib", "pty", "queue", "random", "sched", "secrets", "select", "selectors", "shutil", "signal", "socket",
    "socketserver", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "termios", "threading", "time", "urllib",
    "_thread",
}  # fmt: skip
CALLS_OUTSIDE = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint", "compile"}
CLOCK = ("events.py", "monotonic_ns")
GENERATOR = ("iso8583/generate.py", {"exec", "compile"})  # of code that it made itself from a field table


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_come_from_the_standard_library_cryptography_and_pydantic(file: Path) -> None:
    roots = {name.split(".")[0] for name in imported(tree(file))}
    assert roots - {"protocols"} - FROM_OUTSIDE <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_nothing_reaches_outside(file: Path) -> None:
    allowed = {"time"} if name_of(file) == CLOCK[0] else set()
    assert {name.split(".")[0] for name in imported(tree(file))} & REACHES_OUTSIDE <= allowed


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_nothing_is_opened_printed_or_run(file: Path) -> None:
    calls = [
        node.func.id for node in ast.walk(tree(file)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    allowed = GENERATOR[1] if name_of(file) == GENERATOR[0] else set()
    assert set(calls) & CALLS_OUTSIDE <= allowed


def test_events_take_the_monotonic_clock_and_no_other() -> None:
    module = tree(ROOT / CLOCK[0])
    used = {n.attr for n in ast.walk(module) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "time"}
    assert used == {CLOCK[1]}
    assert "time" in set(imported(module))


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_no_name_is_changed_from_within_a_function(file: Path) -> None:
    assert not [node for node in ast.walk(tree(file)) if isinstance(node, (ast.Global, ast.Nonlocal))]


def test_all_parts_are_looked_at() -> None:
    parts = {"iso8583/compile.py", "emv/tlv.py", "escpos/decoder.py", "masking.py", GENERATOR[0], CLOCK[0]}
    assert parts <= {name_of(f) for f in FILES}
