"""Catalog dataset of the study session of this launch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kedro.io import DatasetError

from casebook.datasets.tracked import RunDataset

if TYPE_CHECKING:
    from casebook.tuning.session import StudySession


class StudyLaunch(RunDataset):
    """Read-only: the study that this run launches or joins."""

    current: StudySession | None = None

    def load(self) -> StudySession:
        """Return the session that the run's hook has opened.

        Raises:
            DatasetError: none is open.
        """
        if StudyLaunch.current is None:
            raise DatasetError("no study is open; it is begun by `kedro run --pipeline=<case>_study`")
        return StudyLaunch.current
