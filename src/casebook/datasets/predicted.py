"""Predictions that are kept, and outcomes that arrive later."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from casebook.batch_scoring.answer_files import COUNTS, PREDICTIONS
from casebook.cases.declared import read_declaration
from casebook.cases.registry import load_case
from casebook.column_types.parsing import refuse_repeated_columns
from casebook.data.source_names import name_source
from casebook.datasets.arrivals import read_as
from casebook.datasets.blocks import RawFolder
from casebook.datasets.declared import name_columns, text_form
from casebook.datasets.file_dataset import FileDataset, reading
from casebook.datasets.raw import RawFileError, find_file
from casebook.datasets.scored import KEPT
from casebook.monitoring.kept_predictions import KeptPredictions

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from casebook.cases.registry import Case


LOGGER = logging.getLogger(__name__)
AGAIN = "predict the file again"


class PredictedFiles(FileDataset):
    """Read-only: the predictions of all files of a case; see `scored`."""

    def __init__(self, filepath: str, case: str, metadata: dict[str, Any] | None = None) -> None:
        """Keep the folder of the case's predictions."""
        super().__init__(filepath, metadata)
        self._case = case

    def load(self) -> list[KeptPredictions]:
        """Return what is known of each, the oldest first, without reading any yet.

        Damaged ones are passed over, and files of a folder of which no row could be scored.

        Raises:
            RawFileError: nothing was predicted yet.
        """
        folders = sorted(path.parent for path in self._filepath.glob(f"{KEPT}/[!.]*/{COUNTS}"))
        if not folders:
            command = f"kedro run --pipeline={self._case}_predict"
            raise RawFileError(f"{self._filepath / KEPT} holds no predictions yet: run `{command}` first")
        return sorted(filter(None, map(_read_kept, folders)), key=lambda kept: kept.at)

    def save(self, data: object) -> None:  # noqa: ARG002 - Kedro's signature
        """Refuse: predictions are written where they are made."""
        raise RawFileError(f"{self._filepath / KEPT} is written by `kedro run --pipeline={self._case}_predict`")


class OutcomesFolder(RawFolder):
    """Read-only: a case's folder of raw files, in which outcomes of predicted rows arrive later."""

    def load(self) -> OutcomesReader:
        """Return what reads the outcomes, without reading any yet."""
        return OutcomesReader(self._filepath, load_case(self._case))


@dataclass(frozen=True)
class OutcomesReader:
    """Reads outcomes, a file of the key and the target, from wherever it lies."""

    folder: Path
    case: Case

    @property
    def key(self) -> str:
        """Column that names a row; nothing for the number in its file."""
        return self.case.new_rows.key

    def read(self, file: str) -> pd.DataFrame:
        """Read a file of any kind; see `raw.find_file` for where it may lie.

        Text files of a declared case may have the form of its first table, and its spellings of columns.
        """
        place, usual = find_file(file, self.folder), "casebook.datasets.RawTable"
        if self.case.feature_sources is not None:
            table: pd.DataFrame = read_as(usual, place)
            return table
        said = next(iter(read_declaration(self.case.name).data.tables.values()))
        named = name_columns(read_as(usual, place, form=text_form(said)), said)
        refuse_repeated_columns(list(named), str(place))
        return name_source(named, place.name)


def _read_kept(folder: Path) -> KeptPredictions | None:
    """Read what is known of the predictions in a folder; None where that is damaged."""

    def read(keys: pd.Index | None) -> pd.DataFrame:
        chosen = None if keys is None else pc.field("key").isin(pa.array(keys.tolist(), pa.string()))
        with reading(folder / PREDICTIONS, AGAIN):
            table: pd.DataFrame = pyarrow.parquet.read_table(folder / PREDICTIONS, filters=chosen).to_pandas()
        return table

    damaged = folder / COUNTS
    try:
        known = json.loads((folder / COUNTS).read_text())
        model = known["model"]
        if not known.get("scored", 1):
            return None
        facts = (known["file"], known["digest"], known["at"], int(model["version"]), model["test"])
        # Found damaged only when outcomes are joined, one file would keep those of all others from it.
        damaged = folder / PREDICTIONS
        pyarrow.parquet.read_metadata(damaged)
    except (OSError, ValueError, LookupError, TypeError) as error:
        LOGGER.warning("%s is damaged (%s): these predictions are passed over; %s", damaged, error, AGAIN)
        return None
    return KeptPredictions(folder.name, *facts, read, tuple(model.get("classes", ())))
