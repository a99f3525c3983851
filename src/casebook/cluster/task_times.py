"""Where the time of a cluster's workers went."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FETCHING, STORING, WHOLE = "fetching", "storing", "whole"


class TaskTimes:
    """Seconds of the tasks of a launch by part, beside those that the workers were there."""

    def __init__(self, noun: str, work: str) -> None:
        """Begin to count.

        Args:
            noun: what the tasks are, more than one.
            work: the part that they are there for, beside `fetching` and `storing`.
        """
        self._noun, self._spent = noun, dict.fromkeys((work, FETCHING, STORING), 0.0)
        self._whole, self._offered = 0.0, 0.0
        self._slots, self._since = 0, time.monotonic()
        self._count = 0

    def offer(self, slots: int) -> None:
        """Count the time of so many places for a task, from now on."""
        now = time.monotonic()
        self._offered += self._slots * (now - self._since)
        self._slots, self._since = slots, now

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add the seconds of a task: its work, `fetching` of its rows, `storing` of what came out, and the `whole`."""
        self._count += 1
        self._whole += seconds.get(WHOLE, 0.0)
        for part in self._spent:
            self._spent[part] += seconds.get(part, 0.0)

    def describe(self) -> dict[str, str]:
        """Return the seconds as tags of a run."""
        self.offer(self._slots)
        other = max(0.0, self._whole - sum(self._spent.values()))
        parts = {**self._spent, "other": other, "idle": self._idle()}
        return {f"cluster.seconds.{name}": f"{seconds:.1f}" for name, seconds in parts.items()}

    def summary(self) -> str:
        """Return a line for the console."""
        self.offer(self._slots)
        offered = max(self._offered, self._whole, 1e-9)
        shares = [f"{name} {seconds / offered:.0%}" for name, seconds in self._spent.items()]
        shares.append(f"idle {self._idle() / offered:.0%}")
        return f"{self._count} {self._noun}, {offered:.0f} s of workers: {', '.join(shares)}"

    def _idle(self) -> float:
        return max(0.0, self._offered - self._whole)
