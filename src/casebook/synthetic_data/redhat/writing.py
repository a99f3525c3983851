"""Writer of a sample in the format of the original files."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv

from casebook.runtime.atomic_files import atomic_write
from casebook.synthetic_data.redhat.sample import Sample


def write_sample(sample: Sample, folder: Path) -> None:
    """Write the three tables as CSV files, each atomically.

    Args:
        sample: What `generate_sample` gave.
        folder: Where the files go; made where missing, files of the same names are replaced.

    Raises:
        OSError: If the folder cannot be written; no half-written file stays.
    """
    for name, table in sample.tables.items():
        with atomic_write(folder / name) as path:
            _write_table(table, path)


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
