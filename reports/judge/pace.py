"""Was the bench quick enough to judge by? An answer that no rule delays, and that comes too late, is the bench's doing.

A machine with too much to do can starve the simulated host. What the terminal then does for want of an answer is right,
and what the scenario expected of it is void from the request on. A rule that changes an answer does not delay it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports.judge.reply import Reply
from reports.judge.timeline import Timeline

DELAYING = ("delay", "drip", "late answer")
"""How the names of those rules begin that make an answer late (`simulators/issuer/actions.py`)."""


@dataclass(frozen=True, slots=True)
class Slow:
    """A request whose answer was slow, and in words why nothing after it counts."""

    number: int
    cause: str


def slow_answers(timeline: Timeline, response_timeout_ns: int, guard_ns: int) -> Iterator[Slow]:
    """Requests that our host answered of its own accord, but not surely within the terminal's time-out."""
    for request in timeline.requests():
        for reply in request.replies:
            waited = reply.t_ns - request.t_ns
            if not _delayed(reply) and not reply.late and waited > response_timeout_ns - guard_ns:
                taken, most = waited // 1_000_000, response_timeout_ns // 1_000_000
                yield Slow(
                    request.number,
                    f"the bench was too slow: the host took {taken} of {most} ms for an answer that nothing delays",
                )


def _delayed(reply: Reply) -> bool:
    return any(action.startswith(DELAYING) for action in reply.rule.split(" + "))
