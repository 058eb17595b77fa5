"""Before a device moves: every scenario is looked at for steps that are undefined, ambiguous or never awaited.

pytest-bdd would let each of these pass in silence, or fail half-way through a run. facts/ecosystem 1.3.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pytest_bdd.parser import FeatureParser
from pytest_bdd.steps import step_function_context_registry

from holdfast.features import parse_problems


def problems(files: Iterable[Path]) -> list[str]:
    """One line a problem, with file and line; empty when the scenarios can run as they are written."""
    contexts = list(step_function_context_registry.values())
    found: list[str] = []
    for path in files:
        broken = list(parse_problems(path))
        found += broken
        if not broken:
            found += _step_problems(path, contexts)
    return list(dict.fromkeys(found))


def _step_problems(path: Path, contexts: list[Any]) -> Iterator[str]:
    feature = FeatureParser(str(path.parent), path.name, "utf-8").parse()
    for template in feature.scenarios.values():
        rows = [row for examples in template.examples for row in examples.as_contexts()] or [{}]
        for row in rows:
            for step in template.render(row).steps:
                fault = _fault(step, contexts)
                if fault:
                    yield f"{path.name}:{step.line_number} {step.keyword} {step.name}: {fault}"


def _fault(step: Any, contexts: list[Any]) -> str:
    matching = [c for c in contexts if c.type in (None, step.type) and c.parser.is_matching(step.name)]
    if not matching:
        return "no step is defined for it"
    if len(matching) > 1:
        places = " and ".join(_place(context) for context in matching)
        return f"it is ambiguous: {places} both match"
    if inspect.iscoroutinefunction(matching[0].step_func):
        return f"{_place(matching[0])} is async; nothing would await it"
    return ""


def _place(context: Any) -> str:
    code = context.step_func.__code__
    return f"{Path(code.co_filename).name}:{code.co_firstlineno} {context.parser.name!r}"
