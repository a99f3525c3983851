"""Write a sample in the format of the original files."""

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv

from casebook.samples.redhat.sample import Sample


def write_sample(sample: Sample, folder: Path) -> None:
    """Write the three tables as CSV files; each appears whole or not at all.

    Args:
        sample: What `generate_sample` gave.
        folder: Where the files go; made where missing, files of the same names are replaced.

    Raises:
        OSError: If the folder cannot be written; no half-written file stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in sample.tables.items():
        unfinished = folder / f".{name}.{os.getpid()}"
        try:
            _write_table(table, unfinished)
            unfinished.replace(folder / name)
        finally:
            unfinished.unlink(missing_ok=True)


def _write_table(table: pd.DataFrame, path: Path) -> None:
    """Write one table: header and values unquoted, booleans True and False, nulls empty."""
    booleans = table.select_dtypes("bool").columns
    words = {
        name: pd.Categorical.from_codes(table[name].to_numpy(dtype="int8"), pd.Index(["False", "True"]))
        for name in booleans
    }
    with path.open("wb") as file:
        file.write((",".join(table.columns) + "\n").encode())
        csv.write_csv(
            pa.Table.from_pandas(table.assign(**words), preserve_index=False),
            file,
            csv.WriteOptions(include_header=False, quoting_style="none"),
        )
