"""Results of batch scoring: predictions, submission, rejected rows and counts, each written atomically."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from casebook.batch_scoring.scorer import REJECTED as REJECTED_COLUMNS
from casebook.cases.registry import load_case
from casebook.datasets.file_dataset import FileDataset
from casebook.datasets.raw import RawFileError
from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casebook.batch_scoring.scorer import ScoredBlock, ScoredRows, ScoringModel

PREDICTIONS, SUBMISSION, REJECTED, COUNTS = "predictions.parquet", "submission.csv", "rejected.parquet", "scored.json"
TEXTS = {"key": pa.string(), "day": pa.string(), "column": pa.string(), "reason": pa.string()}


class ScoredFiles(FileDataset):
    """Writes scored blocks as they come: `predictions.parquet`, `submission.csv`, `rejected.parquet`, `scored.json`."""

    def __init__(self, filepath: str, case: str, metadata: dict[str, Any] | None = None) -> None:
        """Store the folder and the case, which defines the columns of the submission."""
        super().__init__(filepath, metadata)
        self._case = case

    def save(self, data: ScoredRows) -> None:
        """Score and write block after block; no file is renamed into place before all are complete."""
        with ExitStack() as stack:
            paths = {
                name: stack.enter_context(atomic_write(self._filepath / name))
                for name in (PREDICTIONS, SUBMISSION, REJECTED, COUNTS)
            }
            writer = stack.enter_context(_Writer(paths, load_case(self._case).new_rows.submission))
            for block in data:
                writer.write(block)
            writer.finish(data.model)

    def load(self) -> dict[str, Any]:
        """Read the counts: `rows`, `scored`, `rejected`, `seconds`, the `model`, `counts` by feature and prediction.

        Raises:
            RawFileError: nothing was scored yet.
        """
        if not self._exists():
            command = f"kedro run --pipeline={self._case}_predict"
            raise RawFileError(f"{self._filepath / COUNTS} is not there yet: run `{command}` first")
        counted: dict[str, Any] = json.loads((self._filepath / COUNTS).read_text())
        return counted

    def _exists(self) -> bool:
        return (self._filepath / COUNTS).exists()


class _Writer:
    """Writer of the open files, and the counts so far."""

    def __init__(self, paths: dict[str, Path], submission: Mapping[str, str]) -> None:
        self._paths, self._submission = paths, submission
        self._stack = ExitStack()
        self._tables: dict[str, Any] = {}
        self._totals = {"rows": 0, "scored": 0, "rejected": 0}
        self._counts: dict[str, Any] = {}
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
        for name, counts in block.counts.items():
            self._counts[name] = counts if name not in self._counts else self._counts[name] + counts

    def finish(self, model: ScoringModel) -> None:
        """Write the counts and the model's version and test scores, and close the files."""
        # A file of no rows says which columns it would have.
        for name, columns, open_writer in (
            (PREDICTIONS, ["row", "key", "day"], pyarrow.parquet.ParquetWriter),
            (SUBMISSION, list(self._submission), _csv_writer),
            (REJECTED, REJECTED_COLUMNS, pyarrow.parquet.ParquetWriter),
        ):
            if name not in self._tables:
                self._append(name, pd.DataFrame(columns=columns, dtype="str"), open_writer)
        facts = {"version": model.version, "test": model.test_scores}
        totals = {**self._totals, "seconds": time.perf_counter() - self._started}
        counts = {name: found.tolist() for name, found in self._counts.items()}
        self._paths[COUNTS].write_text(json.dumps({**totals, "model": facts, "counts": counts}))
        self._stack.close()

    def _append(self, name: str, rows: pd.DataFrame, open_writer: Any) -> None:  # noqa: ANN401 - two kinds of writers
        if name not in self._tables:
            schema = pa.Schema.from_pandas(rows, preserve_index=False).remove_metadata()
            for place, column in enumerate(schema.names):
                if column in TEXTS:
                    schema = schema.set(place, pa.field(column, TEXTS[column]))
            self._tables[name] = self._stack.enter_context(open_writer(self._paths[name], schema)), schema
        writer, schema = self._tables[name]
        writer.write_table(pa.Table.from_pandas(rows, preserve_index=False).cast(schema))


def _csv_writer(path: Path, schema: pa.Schema) -> Any:  # noqa: ANN401 - pyarrow has no types
    options = pyarrow.csv.WriteOptions(quoting_header="none")
    return pyarrow.csv.CSVWriter(path, schema, write_options=options)
