"""The workers of a scheduler: which are there, and which have the versions of the launch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from casebook.cluster.versions import describe_differences, list_versions
from casebook.tuning.errors import StudyFailedError

SlotsOf = Callable[[Mapping[str, Any]], int]


def one_a_worker(_worker: Mapping[str, Any]) -> int:
    """Return how many tasks a worker takes at a time: a process does one, with all its threads."""
    return 1


class Workers:
    """Workers that come and go; those with other versions are refused by name."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - Dask's
        versions: Mapping[str, str],
        say: Callable[[str], None],
        slots_of: SlotsOf = one_a_worker,
    ) -> None:
        """Store Dask's client, the versions of the launch, where to say what changes, and the tasks a worker takes."""
        self._client, self._versions, self._say, self._slots_of = client, versions, say, slots_of
        self._slots: dict[str, int] = {}
        self._refused: dict[str, str] = {}
        self.present: frozenset[str] = frozenset()
        self._counted = -1

    @property
    def accepted(self) -> frozenset[str]:
        """Addresses of the workers that may run trials."""
        return self.present & self._slots.keys()

    @property
    def slots(self) -> int:
        """The number of tasks that the workers take at a time."""
        return sum(self._slots[address] for address in self.accepted)

    def look(self) -> None:
        """Ask the scheduler which workers there are, and new ones for their versions.

        Raises:
            StudyFailedError: there are some, and all are refused.
        """
        told = self._client.scheduler_info(n_workers=-1)["workers"]
        self.present = frozenset(told)
        new = sorted(self.present - self._slots.keys() - self._refused.keys())
        if new:
            answers = self._client.run(list_versions, workers=new, on_error="return")
            for address in new:
                self._judge(address, told[address], answers.get(address))
        if self.present and not self.accepted:
            reasons = "; ".join(f"{address}: {self._refused[address]}" for address in sorted(self.present))
            raise StudyFailedError(
                f"no worker has what this launch has: {reasons}; install the same versions there and start it anew"
            )
        if len(self.accepted) != self._counted:
            self._tell_count()

    def refuse(self, address: str, why: str) -> None:
        """Refuse a worker, and say so."""
        self._slots.pop(address, None)
        self._refused[address] = why
        self._say(f"worker {address} is refused: {why}; install the same versions there and start it anew")

    def _judge(self, address: str, told: Mapping[str, Any], answer: Any) -> None:  # noqa: ANN401 - versions, or an error
        if not isinstance(answer, dict):
            # One that has left meanwhile has not answered.
            if answer is not None:
                self.refuse(address, f"it has no casebook like this one ({type(answer).__name__}: {answer})")
        elif different := describe_differences(self._versions, answer):
            self.refuse(address, different)
        else:
            self._slots[address] = self._slots_of(told)

    def _tell_count(self) -> None:
        count, before = len(self.accepted), self._counted
        self._counted = count
        if count == 0:
            self._say("the scheduler has no workers: what is to be done waits until one joins")
        elif before >= 0:
            self._say(f"{count} worker{'s' if count > 1 else ''} now")
