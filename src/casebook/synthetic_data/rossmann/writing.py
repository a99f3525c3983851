"""Writer of a sample in the format of the original files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import csv

from casebook.runtime.atomic_files import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from casebook.synthetic_data.rossmann.sample import Sample


def write_sample(sample: Sample, folder: Path) -> None:
    """Write the three tables as CSV files, each atomically.

    Args:
        sample: What `generate_sample` gave.
        folder: Where the files go; made where missing, files of the same names are replaced.
    """
    for name, table in sample.tables.items():
        with atomic_write(folder / name) as path:
            _write_table(table, path)


def _write_table(table: pd.DataFrame, path: Path) -> None:
    """Write one table as the originals are written: header and texts quoted, numbers and days not, no text as ""."""
    texts = {str(name): table[name].fillna("") for name in table.select_dtypes(["str", "object"])}
    days = {str(name): table[name].astype("date32[pyarrow]") for name in table.select_dtypes("datetime")}
    filled = pa.Table.from_pandas(table.assign(**texts, **days), preserve_index=False)
    # Arrow quotes every text, and the days and numbers never, when asked to quote where it is needed.
    csv.write_csv(filled, path, csv.WriteOptions(quoting_style="needed"))
