"""Where the time of a cluster's workers went."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTS = ("training", "fetching", "storing")


class TrialTimes:
    """Seconds of the trials by part, beside those that the workers were there."""

    def __init__(self) -> None:
        """Begin to count."""
        self._spent = dict.fromkeys(PARTS, 0.0)
        self._whole, self._offered = 0.0, 0.0
        self._slots, self._since = 0, time.monotonic()
        self.trials = 0

    def offer(self, slots: int) -> None:
        """Count the time of so many places for a trial, from now on."""
        now = time.monotonic()
        self._offered += self._slots * (now - self._since)
        self._slots, self._since = slots, now

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add the seconds of a trial: `training`, `fetching` of its rows, `storing` of its run, and the `whole`."""
        self.trials += 1
        self._whole += seconds.get("whole", 0.0)
        for part in PARTS:
            self._spent[part] += seconds.get(part, 0.0)

    def describe(self) -> dict[str, str]:
        """Return the seconds as tags of a run."""
        self.offer(self._slots)
        parts = {**self._spent, "other": max(0.0, self._whole - sum(self._spent.values())), "idle": self._idle()}
        return {f"cluster.seconds.{name}": f"{seconds:.1f}" for name, seconds in parts.items()}

    def summary(self) -> str:
        """Return a line for the console."""
        self.offer(self._slots)
        offered = max(self._offered, self._whole, 1e-9)
        shares = [f"{name} {seconds / offered:.0%}" for name, seconds in self._spent.items()]
        shares.append(f"idle {self._idle() / offered:.0%}")
        return f"{self.trials} trials, {offered:.0f} s of workers: {', '.join(shares)}"

    def _idle(self) -> float:
        return max(0.0, self._offered - self._whole)
