"""The files that answers are written to block by block: predictions, submission, rejected rows, and counts."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from casebook.batch_scoring.rejections import REJECTED as REJECTED_COLUMNS
from casebook.batch_scoring.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casebook.batch_scoring.scorer import ScoredBlock, ScoredRows, ScoringModel

PREDICTIONS, SUBMISSION, REJECTED, COUNTS = "predictions.parquet", "submission.csv", "rejected.parquet", "scored.json"
TEXTS = {"key": pa.string(), "day": pa.string(), "column": pa.string(), "reason": pa.string()}


def write_answers(rows: ScoredRows, folder: Path, more: Mapping[str, Any]) -> dict[str, Any]:
    """Score the rows of a file and write block after block.

    Args:
        rows: of the file.
        folder: empty, for the files.
        more: what is kept beside the counts.

    Returns:
        What was counted, as it stands in `scored.json`.
    """
    with AnswerFiles(folder, rows.form.submission) as files:
        for block in rows:
            files.write(block)
        return files.finish({**describe_source(rows), **more})


def describe_source(rows: ScoredRows) -> dict[str, Any]:
    """Describe which file was scored, when and by which model."""
    return {"file": rows.form.file, "place": rows.place, "digest": rows.digest, **describe_scoring(rows.model)}


def describe_scoring(model: ScoringModel) -> dict[str, Any]:
    """Describe when rows were scored, which is now, and by which model."""
    classes = getattr(model, "classes", ())
    known = {"version": model.version, "test": dict(model.test_scores)}
    return {
        "at": write_time(),
        "model": {**known, **({"classes": list(classes)} if classes else {})},
    }


def write_time() -> str:
    """Write the time, so that later ones sort behind."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"


class AnswerFiles:
    """Open files in a folder, and what was counted so far."""

    def __init__(self, folder: Path, submission: Mapping[str, str]) -> None:
        """Begin to count the seconds.

        Args:
            folder: empty.
            submission: column of `submission.csv` -> `key`, or one of the answers.
        """
        self._folder, self._submission = folder, submission
        self._stack = ExitStack()
        self._tables: dict[str, Any] = {}
        self._totals = Totals()
        self._started = time.perf_counter()

    def __enter__(self) -> AnswerFiles:
        """Return itself: a file is opened once there is something to be written."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the files."""
        self._stack.close()

    def write(self, block: ScoredBlock) -> None:
        """Append a block to the files and add up its counts."""
        if len(block.predictions):
            self._append(PREDICTIONS, block.predictions, pyarrow.parquet.ParquetWriter)
            form = {name: block.predictions[source] for name, source in self._submission.items()}
            self._append(SUBMISSION, pd.DataFrame(form), _csv_writer)
        if len(block.rejected):
            self._append(REJECTED, block.rejected, pyarrow.parquet.ParquetWriter)
        self._totals.add_block(block)

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
        counted = {**self._totals.describe(), "seconds": time.perf_counter() - self._started, **source}
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
