"""Feature files without Python beside them: collection, case identity, and what Gherkin says of a case."""

from __future__ import annotations

import difflib
import re
import sys
import types
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gherkin.errors import CompositeParserException
from gherkin.parser import Parser
from pytest_bdd import scenarios

from rigs.case import CaseId

# the name `scenario` in the package is a function: the module is reached through sys.modules
TEMPLATES: Any = sys.modules["pytest_bdd.scenario"].scenario_wrapper_template_registry  # type: ignore[attr-defined]
NUMBER = re.compile(r"C0*(\d+)$")
WORDS = ("and", "or", "not")
NAME = re.compile(r"[^\s()]+")


class FeatureFile(pytest.Module):
    """One `.feature` file as a module of tests. `_getobj` is private to pytest: covered by the pin of its version."""

    def _getobj(self) -> types.ModuleType:
        module = types.ModuleType(f"feature_{self.path.stem}")
        module.__file__ = str(self.path)
        code = compile("scenarios(_path, features_base_dir=_base)", str(self.path), "exec")
        module.__dict__.update(scenarios=scenarios, _path=str(self.path), _base=str(self.path.parent))
        exec(code, module.__dict__)  # noqa: S102  scenarios() binds into the namespace it is called from
        return module


def is_case(item: pytest.Item) -> bool:
    """Whether a test is a scenario."""
    return getattr(item, "obj", None) in TEMPLATES


def case_of(item: Any) -> CaseId:
    """A scenario's identity: feature path, name as written, example row."""
    template = TEMPLATES[item.obj]
    path = Path(template.feature.filename)
    root = item.config.rootpath
    feature = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return CaseId(feature, template.name, example_of(item))


def example_of(item: Any) -> dict[str, str]:
    """The example row of an outline's test, empty for a plain scenario."""
    if not hasattr(item, "callspec"):
        return {}
    return {str(key): str(value) for key, value in item.callspec.params.get("_pytest_bdd_example", {}).items()}


def description_of(item: Any) -> dict[str, Any]:
    """What reports say of a case, from its Gherkin."""
    template = TEMPLATES[item.obj]
    scenario = template.render(example_of(item))
    tags = sorted({*template.tags, *template.feature.tags})
    steps = [f"  {step.keyword} {step.name}" for step in scenario.steps]
    heading = f"Scenario: {scenario.name}"
    return {
        "name": scenario.name,
        "feature": template.feature.name,
        "numbers": numbers_of(tags),
        "tags": tags,
        "purpose": _prose(template.description) or _prose(template.feature.description),
        "gherkin": "\n".join([*([f"@{' @'.join(tags)}"] if tags else []), heading, *steps]),
    }


def numbers_of(tags: Iterable[str]) -> list[int]:
    """The case numbers of `cases.md` among tags."""
    return sorted(int(match[1]) for tag in tags if (match := NUMBER.match(tag)))


def _prose(text: str | None) -> str:
    return " ".join((text or "").split())


def feature_files(arguments: Iterable[str], root: Path) -> list[Path]:
    """The feature files among pytest's arguments, or below its folders. Tests of Holdfast itself are no scenarios."""
    found: list[Path] = []
    for argument in arguments:
        path = (root / argument.split("::", 1)[0]).resolve()
        if path.suffix == ".feature":
            found.append(path)
        elif path.is_dir() and path != root and not path.is_relative_to(root / "tests"):
            found += sorted(path.rglob("*.feature"))
    return list(dict.fromkeys(found))


def tags_of(path: Path) -> set[str]:
    """Every Gherkin tag that a file uses, without its sign."""
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return {word[1:] for line in lines if line.startswith("@") for word in line.split("#")[0].split()}


def expression_problems(expression: str, tags: set[str]) -> Iterator[str]:
    """What is wrong with a selection by tags: a tag that no file has selects nothing, in silence."""
    try:
        compile(NAME.sub(lambda m: m[0] if m[0] in WORDS else "tag", expression).strip() or "tag", "tags", "eval")
    except SyntaxError:
        yield f"the tags {expression!r} are no expression; write e.g. 'C033 or C096'"
        return
    for name in NAME.findall(expression):
        if name not in WORDS and name not in tags:
            near = difflib.get_close_matches(name, tags, n=2)
            hint = f" (did you mean {' or '.join(near)}?)" if near else ""
            yield f"no scenario has the tag {name!r}{hint}"


def parse_problems(path: Path) -> Iterator[str]:
    """What is wrong with a file before any step is looked at: syntax, and names that pytest-bdd would drop silently."""
    try:
        document: Any = Parser().parse(path.read_text("utf-8"))
    except CompositeParserException as error:
        yield f"{path.name}: {error}"
        return
    if not document.get("feature"):
        yield f"{path.name}: there is no feature in it"
        return
    named = list(_named(document["feature"]["children"]))
    if not named:
        yield f"{path.name}: there is no scenario in it"
    for name, count in Counter(name for name, _ in named).items():
        if count > 1:
            lines = ", ".join(str(line) for other, line in named if other == name)
            yield f"{path.name}: the scenario name {name!r} stands at lines {lines}; only the last would run"


def _named(children: list[Any]) -> Iterator[tuple[str, int]]:
    for child in children:
        if "scenario" in child:
            yield child["scenario"]["name"], child["scenario"]["location"]["line"]
        elif "rule" in child:
            yield from _named(child["rule"]["children"])
