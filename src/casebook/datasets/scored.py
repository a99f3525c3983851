"""Results of batch scoring: predictions, submission, rejected rows and counts, each written atomically.

Each file's predictions are kept by its name, its content and the model's version, below `predicted`; those of the
newest file stand in the case's folder too.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from casebook.batch_scoring.rejections import REJECTED as REJECTED_COLUMNS
from casebook.batch_scoring.rejections import RejectedRowsError, describe_columns
from casebook.cases.registry import load_case
from casebook.datasets.file_dataset import FileDataset, reading
from casebook.datasets.raw import RawFileError
from casebook.monitoring.unknown_categories import add_unknown
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casebook.batch_scoring.scorer import ScoredBlock, ScoredRows

PREDICTIONS, SUBMISSION, REJECTED, COUNTS = "predictions.parquet", "submission.csv", "rejected.parquet", "scored.json"
# Below a case's folder: a folder a file and version, and the rejected rows of files of which none could be scored.
KEPT, ALL_REJECTED = "predicted", "all_rejected"
TEXTS = {"key": pa.string(), "day": pa.string(), "column": pa.string(), "reason": pa.string()}
DIGEST_LETTERS = 8


class ScoredFiles(FileDataset):
    """Writes scored blocks as they come: `predictions.parquet`, `submission.csv`, `rejected.parquet`, `scored.json`."""

    def __init__(self, filepath: str, case: str, metadata: dict[str, Any] | None = None) -> None:
        """Store the folder and the case, which defines the columns of the submission."""
        super().__init__(filepath, metadata)
        self._case = case

    def save(self, data: ScoredRows) -> None:
        """Score and write block after block; no file is renamed into place before all are complete.

        Raises:
            RejectedRowsError: no row could be scored; what was written of earlier files stays.
        """
        name = kept_name(data)
        with atomic_write(self._filepath / KEPT / name) as folder:
            folder.mkdir()
            with _Writer(folder, load_case(self._case).new_rows.submission) as writer:
                for block in data:
                    writer.write(block)
                counted = writer.finish({**describe_source(data), "folder": str(self._filepath / KEPT / name)})
            if not counted["scored"]:
                self._refuse(folder, name, counted)
        with ExitStack() as stack:
            for file in (PREDICTIONS, SUBMISSION, REJECTED, COUNTS):
                path = stack.enter_context(atomic_write(self._filepath / file))
                _link(self._filepath / KEPT / name / file, path)

    def load(self) -> dict[str, Any]:
        """Read what was counted of the newest file.

        Returns:
            `rows`, `scored`, `rejected`, `rejected_columns`, `seconds`, the `file`, its `place`, `digest` and `folder`,
            the `model`, `counts` by feature and answer, `unknown` categories by feature.

        Raises:
            RawFileError: nothing was scored yet.
        """
        if not self._exists():
            command = f"kedro run --pipeline={self._case}_predict"
            raise RawFileError(f"{self._filepath / COUNTS} is not there yet: run `{command}` first")
        with reading(self._filepath / COUNTS, f"run `kedro run --pipeline={self._case}_predict` again"):
            counted: dict[str, Any] = json.loads((self._filepath / COUNTS).read_text())
        return counted

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


def kept_name(data: ScoredRows) -> str:
    """Name the folder of a file's predictions: the same file, content and version have the same one."""
    return f"{data.form.file}-{data.digest[:DIGEST_LETTERS]}-version-{data.model.version}"


def describe_source(data: ScoredRows) -> dict[str, Any]:
    """Describe which file was scored, when and by which model."""
    classes = getattr(data.model, "classes", ())
    return {
        "file": data.form.file,
        "place": data.place,
        "digest": data.digest,
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}",
        "model": {
            "version": data.model.version,
            "test": dict(data.model.test_scores),
            **({"classes": list(classes)} if classes else {}),
        },
    }


class _Writer:
    """Open files in a folder, and what was counted so far."""

    def __init__(self, folder: Path, submission: Mapping[str, str]) -> None:
        self._folder, self._submission = folder, submission
        self._stack = ExitStack()
        self._tables: dict[str, Any] = {}
        self._totals = {"rows": 0, "scored": 0, "rejected": 0}
        self._columns: dict[str, int] = {}
        self._counts: dict[str, Any] = {}
        self._unknown: dict[str, Any] = {}
        self._started = time.perf_counter()

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def write(self, block: ScoredBlock) -> None:
        """Append a block to the files and add up its counts."""
        if len(block.predictions):
            self._append(PREDICTIONS, block.predictions, pyarrow.parquet.ParquetWriter)
            form = {name: block.predictions[source] for name, source in self._submission.items()}
            self._append(SUBMISSION, pd.DataFrame(form), _csv_writer)
        if len(block.rejected):
            self._append(REJECTED, block.rejected, pyarrow.parquet.ParquetWriter)
        scored, rejected = len(block.predictions), len(block.rejected)
        for name, value in (("rows", scored + rejected), ("scored", scored), ("rejected", rejected)):
            self._totals[name] += value
        for column, count in block.rejected["column"].value_counts().items():
            self._columns[str(column)] = self._columns.get(str(column), 0) + int(count)
        for name, counts in block.counts.items():
            self._counts[name] = counts if name not in self._counts else self._counts[name] + counts
        self._unknown = add_unknown(self._unknown, block.unknown)

    def finish(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Close the files and write what was counted."""
        # A file of no rows says which columns it would have.
        for name, columns, open_writer in (
            (PREDICTIONS, ["row", "key", "day"], pyarrow.parquet.ParquetWriter),
            (SUBMISSION, list(self._submission), _csv_writer),
            (REJECTED, REJECTED_COLUMNS, pyarrow.parquet.ParquetWriter),
        ):
            if name not in self._tables:
                self._append(name, pd.DataFrame(columns=columns, dtype="str"), open_writer)
        totals = {**self._totals, "rejected_columns": self._columns, "seconds": time.perf_counter() - self._started}
        counts = {name: found.tolist() for name, found in self._counts.items()}
        counted = {**totals, **source, "counts": counts, "unknown": self._unknown}
        (self._folder / COUNTS).write_text(json.dumps(counted))
        self._stack.close()
        return counted

    def _append(self, name: str, rows: pd.DataFrame, open_writer: Any) -> None:  # noqa: ANN401 - two kinds of writers
        if name not in self._tables:
            schema = pa.Schema.from_pandas(rows, preserve_index=False).remove_metadata()
            for place, column in enumerate(schema.names):
                if column in TEXTS:
                    schema = schema.set(place, pa.field(column, TEXTS[column]))
            self._tables[name] = self._stack.enter_context(open_writer(self._folder / name, schema)), schema
        writer, schema = self._tables[name]
        writer.write_table(pa.Table.from_pandas(rows, preserve_index=False).cast(schema))


def _csv_writer(path: Path, schema: pa.Schema) -> Any:  # noqa: ANN401 - pyarrow has no types
    options = pyarrow.csv.WriteOptions(quoting_header="none")
    return pyarrow.csv.CSVWriter(path, schema, write_options=options)


def _link(source: Path, place: Path) -> None:
    """Give a file a second name, or a copy where the file system knows no such thing."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)
