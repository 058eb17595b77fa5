"""One bench in process on which one story after the other is told, closed and judged exactly as a case is."""

from __future__ import annotations

import shutil
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.chip import secrets, twofold
from benchmarks.chip.acts import Telling
from benchmarks.chip.demands import broken, demands_of
from benchmarks.chip.recipes import Recipe
from holdfast.attempt import MOST_ATTEMPTS, blame, close_story, open_story
from holdfast.run import DEFAULT_RIG
from protocols.faults import ForeignCard, HoldfastError
from protocols.orders import Outcome
from reports.judge.case import CaseVerdict, Terms
from reports.judge.finding import Judged, Verdict
from reports.judge.over_run import OverRun
from reports.runfolder import Record
from rigs.bench import Bench, BenchPlan
from rigs.case import CaseId
from rigs.marketfile import load_market
from rigs.model import RigModel, load_rig

QUICK, BUSY = 50.0, 20.0
"""How much faster than the market this bench is: a time-out of ten seconds takes 200 ms; behind pcscd 500."""
MEMORY_DISK = Path("/dev/shm")
BLAMING = (Verdict.FAIL, Verdict.ERROR)
DEMAND = "outcome.reported"
"""What each story demands besides its auditors, for a case that demands nothing tests nothing: that the terminal's last
report, which its operator saw, is the one that stands in its timeline."""


@dataclass
class Told:
    """What came of a story. `wrong` is empty when nobody was blamed and nothing broke."""

    recipe: Recipe
    verdict: CaseVerdict
    records: list[Record] = field(repr=False)
    outcomes: list[tuple[str, Outcome]]
    wrong: list[str]
    seconds: float
    stopped: bool = False
    """Whether the bench took the card for a foreign one, and ends its run."""

    @property
    def blamed(self) -> set[str]:
        """Criteria and auditors that said FAIL."""
        return {judged.id for judged in self.verdict.criteria if judged.verdict is Verdict.FAIL}


class ChipStand:
    """Opens a bench of the rig's parts. `defects` are switched on in its terminal."""

    def __init__(
        self, *, pcscd: bool = False, defects: Sequence[str] = (), rig_path: Path = DEFAULT_RIG, position: int = 0
    ) -> None:
        where = MEMORY_DISK if MEMORY_DISK.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="holdfast-soak-", dir=where))
        rig = rig_of(rig_path, pcscd=pcscd)
        self.kinds = tuple(rig.cards)
        plan = BenchPlan(
            rig_path=rig_path, rig=rig, market=load_market(rig.market), folder=self.folder, worker="main",
            position=position, started_ns=time.monotonic_ns(), started=datetime.now(UTC), defects=frozenset(defects),
        )  # fmt: skip
        self.bench = Bench(plan).open()
        twofold.fit(self.bench)
        self.over = OverRun()
        self.terms: Terms | None = None
        self._stories = 0

    def tell(self, recipe: Recipe) -> Told:
        """Once more where the bench could not tell: as with any case."""
        for _ in range(MOST_ATTEMPTS):
            told = self._tell(recipe)
            if told.stopped or told.verdict.verdict is not Verdict.INCONCLUSIVE:
                break
        else:
            told.wrong.append(f"undecided: {told.verdict.cause}")
        return told

    def _tell(self, recipe: Recipe) -> Told:
        began = time.monotonic()
        self._stories += 1
        description = {"name": str(recipe.number), "feature": "soak", "numbers": [], "tags": [], "purpose": ""}
        story = open_story(self.bench, CaseId("soak", f"{self._stories}", {}), {**description, "gherkin": ""})
        telling, wrong, stopped = Telling(story), [], False
        try:
            telling.tell(recipe)
            for _, last in telling.outcomes[-1:]:
                story.expect(DEMAND, transaction=last.transaction.value, result=last.result.value, code=last.code)
        except Exception as error:
            stopped = isinstance(error, ForeignCard)
            wrong.append(f"raised {_said(error)}")
            blame(story.case, error)
        card = self.bench._issued.get(self.bench.card)
        judged = close_story(story)
        records = story.records()
        wrong += [f"{one.id}: {one.verdict}: expected {one.expected}; found {one.actual}" for one in _blaming(judged)]
        bugs = [record.fields for record in records if record.kind == "bug"]
        wrong += [f"bug: {bug.get('cause')} at {bug.get('where')}" for bug in bugs]
        if card is not None:
            text = story.case.path.read_text("utf-8")
            wrong += [f"a secret is told: {what}" for what in secrets.told_secrets(text, card)]
        wrong += [f"{criterion}: what happened is not what is told" for criterion in self._untold(records, story.terms)]
        if judged.verdict in BLAMING and telling.outcomes and not wrong:
            wrong.append(f"{judged.verdict}: {judged.cause}")
        self.terms = story.terms
        self.over.look(records, story.terms, str(self._stories))
        return Told(recipe, judged, records, telling.outcomes, wrong, time.monotonic() - began, stopped)

    @staticmethod
    def _untold(records: list[Record], terms: Terms) -> list[str]:
        """Criteria that say no when they are asked for exactly what happened."""
        return broken(demands_of(records, terms), records, terms)

    def sign_on(self) -> None:
        """Whatever the last story made of the terminal's keys, the next one begins with fresh ones."""
        self.bench.terminal.sign_on()
        self.bench.caught_up()

    def sweep(self, *, thoroughly: bool = False) -> list[str]:
        """Forget the timelines of the stories so far. What is wrong with the ledger, and, if they are looked through,
        which card numbers stand in them."""
        found, cases, slips = [], self.folder / "cases", self.folder / "attachments"
        for path in sorted(self.folder.rglob("*.*")) if thoroughly else ():
            found += [f"a card number in {path.parent.name}/{path.name}: {form}" for form in secrets.in_any_form(path)]
        for path in (cases, slips):
            shutil.rmtree(path, ignore_errors=True)
        slips.mkdir()
        return found + self._audit()

    def _audit(self) -> list[str]:
        """Every account and hold against the whole history of postings."""
        issuer = self.bench.host._issuer
        try:
            issuer._call(issuer._ledger.audit)
        except HoldfastError as error:
            return [f"the ledger: {error}"]
        return []

    def over_all(self) -> list[str]:
        """What no single story shows: numbers that came twice."""
        if self.terms is None:
            return []
        told = self.over.judged(self.terms)
        return [f"{rule['id']}: {rule['verdict']}: {rule['actual']}" for rule in told if rule["verdict"] != "PASS"]

    def close(self) -> None:
        self.bench.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def rig_of(path: Path, *, pcscd: bool) -> RigModel:
    """The rig of a file, its reader in process, and quick."""
    rig = load_rig(path)
    service = "pcscd" if pcscd else "in-process"
    reader = rig.reader.model_copy(update={"service": service})
    return rig.model_copy(update={"reader": reader, "time_scale": BUSY if pcscd else QUICK})


def _blaming(judged: CaseVerdict) -> list[Judged]:
    return [one for one in judged.criteria if one.verdict in BLAMING]


def _said(error: BaseException) -> str:
    """With the place that it came from: what a bug needs."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    words = str(error) if isinstance(error, HoldfastError) else ""
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno} {words}".strip()
