"""Results of batch scoring: predictions, submission, rejected rows and counts, each written atomically.

Each file's predictions are kept by its name, its content and the model's version, below `predicted`; those of the
newest file stand in the case's folder too. The files of a folder are kept in the same way, and a manifest names them.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pandas as pd

from casebook.batch_scoring.answer_files import COUNTS, PREDICTIONS, REJECTED, SUBMISSION, write_answers
from casebook.batch_scoring.file_scorer import FolderScoring
from casebook.batch_scoring.rejections import RejectedRowsError, describe_columns
from casebook.datasets.file_dataset import FileDataset, reading
from casebook.datasets.raw import RawFileError
from casebook.datasets.scored_parts import MANIFEST, LocalParts, kept_name, score_parts
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casebook.batch_scoring.scorer import ScoredRows
    from casebook.datasets.scored_parts import PartExecutor

# Below a case's folder: a folder a file and version, and the rejected rows of files of which none could be scored.
KEPT, ALL_REJECTED = "predicted", "all_rejected"
# Where the run has the manifest.
ARTIFACTS = "prediction"


class ScoredFiles(FileDataset):
    """Writes scored blocks as they come: `predictions.parquet`, `submission.csv`, `rejected.parquet`, `scored.json`."""

    # Scores the files of a folder; that of a cluster where the command runs on one.
    executor: PartExecutor = LocalParts()

    def __init__(self, filepath: str, case: str, metadata: dict[str, Any] | None = None) -> None:
        """Store the folder and the case."""
        super().__init__(filepath, metadata)
        self._case = case

    def save(self, data: ScoredRows | FolderScoring) -> None:
        """Score and write block after block; no file is renamed into place before all are complete.

        Raises:
            RejectedRowsError: no row could be scored; what was written of earlier files stays.
        """
        if isinstance(data, FolderScoring):
            self._save_parts(data)
        else:
            self._save_file(data)

    def load(self) -> dict[str, Any]:
        """Read what was counted of the newest file, or of all files of the newest folder.

        Returns:
            `rows`, `scored`, `rejected`, `rejected_columns`, `seconds`, the `file`, its `place`, `digest` and `folder`,
            the `model`, `counts` by feature and answer, `unknown` categories by feature; of a folder what
            `PartAnswers.describe` says.

        Raises:
            RawFileError: nothing was scored yet.
        """
        if not self._exists():
            command = f"kedro run --pipeline={self._case}_predict"
            raise RawFileError(f"{self._filepath / COUNTS} is not there yet: run `{command}` first")
        with reading(self._filepath / COUNTS, f"run `kedro run --pipeline={self._case}_predict` again"):
            counted: dict[str, Any] = json.loads((self._filepath / COUNTS).read_text())
        return counted

    def _save_file(self, data: ScoredRows) -> None:
        name = kept_name(data.form.file, data.digest, data.model.version)
        kept = self._filepath / KEPT / name
        with atomic_write(kept) as folder:
            folder.mkdir()
            counted = write_answers(data, folder, {"folder": str(kept)})
            if not counted["scored"]:
                self._refuse(folder, name, counted)
        with ExitStack() as stack:
            for file in (PREDICTIONS, SUBMISSION, REJECTED, COUNTS):
                path = stack.enter_context(atomic_write(self._filepath / file))
                _link(kept / file, path)
        (self._filepath / MANIFEST).unlink(missing_ok=True)

    def _save_parts(self, data: FolderScoring) -> None:
        manifest = self._filepath / MANIFEST
        counted = score_parts(data, self._filepath / KEPT, manifest, self.executor)
        with atomic_write(self._filepath / COUNTS) as path:
            path.write_text(json.dumps(counted))
        # They would be taken for answers of these files; each file's own are kept.
        for file in (PREDICTIONS, SUBMISSION, REJECTED):
            (self._filepath / file).unlink(missing_ok=True)
        _log_file(manifest)

    def _refuse(self, folder: Path, name: str, counted: Mapping[str, Any]) -> None:
        """Keep why no row could be scored, and nothing else."""
        kept = self._filepath / ALL_REJECTED / f"{name}.parquet"
        first = pd.read_parquet(folder / REJECTED).iloc[0]
        with atomic_write(kept) as path:
            os.replace(folder / REJECTED, path)  # noqa: PTH105 - as in `atomic_write`
        place = f", column {first['column']}" if first["column"] else ""
        raise RejectedRowsError(
            f"{counted['file']}: none of its {counted['rows']:,} rows could be scored (rejected: "
            f"{describe_columns(counted)}; data row {first['row'] + 1}{place}: {first['reason']}); {kept} says of each "
            f"why; what was predicted of other files stays as it was"
        )

    def _exists(self) -> bool:
        return (self._filepath / COUNTS).exists()


def _link(source: Path, place: Path) -> None:
    """Give a file a second name, or a copy where the file system knows no such thing."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)


def _log_file(file: Path) -> None:
    """Log a file to the open run, where there is one."""
    import mlflow

    if mlflow.active_run() is not None:
        mlflow.log_artifact(str(file), ARTIFACTS)
