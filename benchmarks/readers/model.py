"""What must come of each step with a reader: a model that knows of no socket, daemon or thread. Design 7.

`Model.expect(step)` says which outcome a step must have, and goes on to the state after it. Where the world is free to
choose (a lost reader that nobody asks about is noticed up to two seconds later) the plans ask nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.readers.cards import answer, atr, command
from benchmarks.readers.steps import Step

MOVES = ("insert", "bounce", "power off")
"""Steps after which nobody has asked the reader anything."""
DONE, YES, NO = "done", "yes", "no"
REMOVED, GONE = "CardRemoved", "ReaderGone"
SILENT_CARD, SILENT_READER = "DeviceSilent card", "DeviceSilent reader"
HELD = "RigFault reader"
FAULTS = (REMOVED, GONE, SILENT_CARD, SILENT_READER, HELD)


def shown(raw: bytes) -> str:
    """Bytes as an outcome: the whole of short ones, head and tail of long ones."""
    text = raw.hex().upper()
    return text if len(text) <= 40 else f"{text[:16]}..{text[-20:]} ({len(raw)} bytes)"


@dataclass
class Model:
    """The state of slot, plug, service and driver, as far as outcomes depend on it."""

    card: int = -1
    mute: bool = False
    missed: bool = False
    """Whether the reader did not notice that the card came."""
    plugged: bool = True
    service: str = "up"
    powered: int = -1
    """The card that the driver holds a connection to."""
    fresh: bool = False
    """Whether that card has stayed where it was since it was powered."""
    since_power: int = 0
    sequence: int = 0
    hung: bool = False
    """A call of the driver ran out of time: until it is recovered it says so at once."""
    lost: bool = False
    """The reader was found gone, or its service: until the driver is recovered it is not healthy."""
    revives: bool = True
    """Whether the driver has somebody to call when the reader is lost."""
    patient: bool = True
    """Whether the driver has its usual, long deadline."""
    told: Counter[str] = field(default_factory=Counter)
    """Events that must have been told."""
    quick: bool = False
    """Whether a card left and another came, and the driver was asked nothing since."""
    hidden: int = 0
    """Movements that need not be counted: between two looks of a service a card came and went, and another was in."""
    tried: int = 0
    """Commands that may or may not have been told: they were refused before a card could see them."""
    seen: Counter[int] = field(default_factory=Counter)
    """Commands that each card must have got."""
    perhaps: Counter[int] = field(default_factory=Counter)
    """Commands that each card may have got besides: a mishap fell into them."""

    def expect(self, step: Step) -> str:
        """The outcome that this step must have. The state is that after it."""
        if step.do not in MOVES:
            self.quick = False
        return _STEPS[step.do](self, step)

    @property
    def there(self) -> bool:
        """Whether there is a card as far as the reader knows."""
        return self.card >= 0 and not self.missed

    def next_command(self, size: int) -> bytes:
        """The command of the `transmit` that comes next."""
        return command(max(self.powered, 0), self.sequence, size)

    @property
    def needs_recovery(self) -> bool:
        """Whether the driver cannot go on by itself."""
        return self.hung or self.lost or not self.plugged or self.service != "up"

    def cut_short(self, by: Step, *, lost: bool) -> None:
        """A command was under way when this happened: the card may have got it, and it may have been told."""
        self.perhaps[self.powered] += 1
        self.tried += 1
        self.sequence += 1
        self.lost = self.lost or lost
        self.expect(by)

    def take_for_powered(self) -> None:
        """The card that is in was powered, whenever it came."""
        self.powered, self.fresh, self.since_power = self.card, True, 0

    # ── people and the system ─────────────────────────────────────────────────────────────────────────────────

    def _insert(self, step: Step) -> str:
        if self.card == step.card:
            return DONE
        if self.card >= 0:
            self._changed()
        self.told["removed"] += self.card >= 0
        self.told["inserted"] += 1
        self.card, self.mute, self.missed, self.fresh = step.card, step.trap == "mute", step.trap == "missed", False
        return DONE

    def _remove(self, step: Step) -> str:
        self.told["removed"] += self.card >= 0
        self.card, self.fresh = -1, False
        return DONE

    def _bounce(self, step: Step) -> str:
        card = self.card
        self._changed()
        self._remove(step)
        return self._insert(Step("insert", card=card))

    def _changed(self) -> None:
        self.hidden += 2 * self.quick
        self.quick = True

    def _unplug(self, step: Step) -> str:
        self.told["gone"] += self.plugged
        self.plugged = False
        return DONE

    def _replug(self, step: Step) -> str:
        self.told["back"] += not self.plugged
        self.plugged = True
        return DONE

    def _service(self, step: Step) -> str:
        """A command that a stopped daemon has not read yet reaches the card once it goes on."""
        if step.do == "continue" and self.hung and self.fresh:
            self.seen[self.powered] += 1
        self.service = {"kill": "killed", "stop": "stopped", "continue": "up", "restart": "restarted"}[step.do]
        return DONE

    # ── the driver ────────────────────────────────────────────────────────────────────────────────────────────

    def _unreachable(self) -> str:
        """What every call to the reader comes to now, if it cannot come to anything else."""
        if self.hung or self.service == "stopped":
            self.hung = True
            return SILENT_READER
        if self.service != "up" or not self.plugged:
            self.lost = True
            return GONE
        return ""

    def _wait(self, step: Step) -> str:
        """For what is there already, or comes: a plan waits for nothing that does not come, but for a moment."""
        return self._unreachable() or (YES if self.there is step.present else NO)

    def _come(self, step: Step) -> str:
        """A card comes while the driver waits for it."""
        self._insert(step)
        return YES

    def _leave(self, step: Step) -> str:
        """The card is taken out while the driver waits for that."""
        self._remove(step)
        return YES

    def _power_on(self, step: Step) -> str:
        self.powered, self.fresh = -1, False
        if bad := self._unreachable():
            return bad
        if not self.there:
            return REMOVED
        if self.mute:
            return SILENT_CARD
        self.powered, self.fresh, self.since_power = self.card, True, 0
        self.told["atr"] += 1
        return shown(atr(self.card))

    def _reset(self, step: Step) -> str:
        """Warm: the card stays powered and begins anew."""
        if self.powered < 0:
            return REMOVED
        if bad := self._unreachable():
            return bad
        if not self.fresh:
            return REMOVED
        self.since_power = 0
        self.told["atr"] += 1
        return shown(atr(self.powered))

    def _transmit(self, step: Step) -> str:
        raw = self.next_command(step.size)
        self.sequence += 1
        if self.powered < 0:
            return REMOVED
        if bad := self._unreachable():
            self.tried += 1
            return bad
        if not self.fresh:
            self.tried += 1
            return REMOVED
        if step.trap == "drops out":  # before the card has got the command
            self.tried += 1
            return self._unplugged(raw)
        said = answer(self.powered, self.since_power, raw)
        self.since_power += 1
        self.seen[self.powered] += 1
        self.told["command"] += 1
        outcome = _TRAPS[step.trap](self, said)
        self.told["response"] += outcome not in FAULTS
        return outcome

    def _power_off(self, step: Step) -> str:
        self.powered, self.fresh = -1, False
        return DONE

    def _present(self, step: Step) -> str:
        return self._unreachable() or (YES if self.there else NO)

    def _healthy(self, step: Step) -> str:
        if self.service == "stopped":
            self.hung = True
        return NO if self.needs_recovery else YES

    def _attributes(self, step: Step) -> str:
        return self._unreachable() or DONE

    def _held(self, step: Step) -> str:
        """Another driver of the same reader asks for the card that this one holds."""
        return HELD

    def _recover(self, step: Step) -> str:
        """Plug and daemon are seen to by whoever owns them, if the driver knows whom to call."""
        if self.revives:
            self._replug(step)
            self.service = "up"
        elif self.service == "restarted":
            self.service = "up"
        self.powered, self.fresh, self.hung, self.lost = -1, False, False, False
        return DONE

    def _reopen(self, step: Step) -> str:
        """A driver of its own, in place of the one before. What the service lost does not concern it."""
        self.powered, self.fresh, self.hung, self.lost = -1, False, False, False
        self.revives, self.patient = step.revives, not step.deadline_s
        if self.service == "restarted":
            self.service = "up"
        return DONE

    # ── what happens while the card works ─────────────────────────────────────────────────────────────────────

    def _torn(self, said: bytes) -> str:
        self._remove(Step("remove"))
        return REMOVED

    def _bounced(self, said: bytes) -> str:
        self._bounce(Step("bounce"))
        return REMOVED

    def _swapped(self, said: bytes) -> str:
        self._insert(Step("insert", card=other(self.card)))
        return REMOVED

    def _unplugged(self, said: bytes) -> str:
        self._unplug(Step("unplug"))
        self.lost = True
        return GONE

    def _killed(self, said: bytes) -> str:
        self.service, self.lost = "killed", True
        return GONE

    def _too_slow(self, said: bytes) -> str:
        self.hung = True
        return SILENT_READER


def other(card: int) -> int:
    """The card that is put in the place of this one."""
    return card + 1 if card % 2 == 0 else card - 1


_STEPS: dict[str, Callable[[Model, Step], str]] = {
    "insert": Model._insert, "remove": Model._remove, "bounce": Model._bounce,
    "unplug": Model._unplug, "replug": Model._replug, "kill": Model._service, "stop": Model._service,
    "continue": Model._service, "restart": Model._service,
    "wait": Model._wait, "come": Model._come, "leave": Model._leave,
    "power on": Model._power_on, "reset": Model._reset, "transmit": Model._transmit, "power off": Model._power_off,
    "present": Model._present, "healthy": Model._healthy, "attributes": Model._attributes, "held": Model._held,
    "recover": Model._recover, "reopen": Model._reopen,
}  # fmt: skip
_TRAPS: dict[str, Callable[[Model, bytes], str]] = {
    "": lambda model, said: shown(said),
    "slow": lambda model, said: shown(said),
    "mute": lambda model, said: SILENT_CARD,
    "one byte": lambda model, said: SILENT_CARD,
    "nothing": lambda model, said: SILENT_CARD,
    "garbage": lambda model, said: shown(garbage(said)),
    "torn": Model._torn, "bounced": Model._bounced, "swapped": Model._swapped, "unplugged": Model._unplugged,
    "killed": Model._killed, "too slow": Model._too_slow,
}  # fmt: skip


def garbage(said: bytes) -> bytes:
    """What a garbling card gives in place of its answer: as long, and every bit wrong. A driver passes it on."""
    return bytes(byte ^ 0xFF for byte in said)
