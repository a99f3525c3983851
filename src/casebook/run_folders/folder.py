"""The folder of one run, and what is known of the run in it."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from casebook.config.paths import runs_folder
from casebook.runtime.atomic_files import atomic_write
from casebook.runtime.processes import ProcessIdentity, this_process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOGGER = logging.getLogger(__name__)
FACTS = "run.json"
# A link to the newest finished run, which the catalog's paths go through where no run is open.
LATEST = "latest"
CHECKPOINT, NETWORK = "06_models/checkpoint.bin", "06_models/network.keras"
RUNNING, FINISHED, FAILED = "running", "finished", "failed"
# The job of a run that trains.
TRAINING = "training"


@dataclass(frozen=True)
class RunFacts:
    """What is known of a run beside its files.

    Attributes:
        job: `training`, `study`, `update`, `predict` or `monitor`.
        parameters: of the case, as they held for all that lies in the folder.
        fingerprint: of the raw files; None where it read none.
        from_run: the run that it took files over from; empty where it made all itself.
        state: `running`, `finished` or `failed`; one that was killed is still `running`.
        begun: seconds since 1970.
        ended: the same; 0 before.
        processes: those that write to it, several where they have joined one study.
    """

    job: str
    parameters: Mapping[str, Any]
    fingerprint: str | None = None
    from_run: str = ""
    state: str = RUNNING
    begun: float = 0.0
    ended: float = 0.0
    processes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def live(self) -> bool:
        """Whether a process may still be writing to the folder."""
        known = [found for facts in self.processes if (found := ProcessIdentity.of(facts))]
        return self.state == RUNNING and any(not process.gone for process in known)


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run.

    Attributes:
        case: the run's.
        run_id: MLflow's.
    """

    case: str
    run_id: str

    @property
    def path(self) -> Path:
        """Where it lies."""
        return runs_folder(self.case) / self.run_id

    @property
    def checkpoint(self) -> Path:
        """The state of the run's training, kept until the run has finished."""
        return self.path / CHECKPOINT

    @property
    def network(self) -> Path:
        """What a training has made; there is none of a part before it (`--tags=profile`)."""
        return self.path / NETWORK

    def read(self) -> RunFacts | None:
        """Read what is known of the run; nothing where the file is not there, or cannot be read, which is said."""
        file = self.path / FACTS
        try:
            kept = json.loads(file.read_text())
            facts = RunFacts(**kept)
            if not (isinstance(facts.parameters, dict) and isinstance(facts.processes, list)):
                raise TypeError("its values are of other kinds")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            LOGGER.warning("%s cannot be read (%s): this run is passed over; remove its folder", file, error)
            return None
        return facts

    def begin(self, facts: RunFacts) -> None:
        """Write what is known of a run that begins, goes on, or is joined by another launch."""
        before = self.read()
        joined = before.processes if before and before.live else []
        self.write(
            replace(
                facts,
                state=RUNNING,
                begun=before.begun if before else time.time(),
                processes=[*joined, this_process().describe()],
            )
        )

    def end(self, state: str) -> None:
        """Write how the run has ended, unless others are still at it."""
        facts = self.read()
        if facts is None:
            return
        own = this_process().describe()
        others = replace(facts, processes=[process for process in facts.processes if process != own])
        self.write(others if others.live else replace(others, state=state, ended=time.time()))

    def write(self, facts: RunFacts) -> None:
        """Write what is known of the run."""
        with atomic_write(self.path / FACTS) as path:
            path.write_text(json.dumps(asdict(facts), indent=1, default=str))
