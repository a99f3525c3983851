"""Data frames of any library as pandas: by Arrow's stream, or by the data frame interchange protocol."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.interchange


def is_frame(rows: object) -> bool:
    """Return whether rows come as a data frame of any library, a lazy one too; a single column is none."""
    # First, since Polars warns of what a lazy frame's shape costs.
    if hasattr(rows, "collect"):
        return True
    if len(getattr(rows, "shape", (0, 0))) != 2:
        return False
    return isinstance(rows, pd.DataFrame) or hasattr(rows, "__arrow_c_stream__") or hasattr(rows, "__dataframe__")


def frame_arrow(table: pa.Table | pa.RecordBatch) -> pd.DataFrame:
    """Convert a table of Arrow, as of a Parquet file, to pandas.

    An index that pandas has written there is a column where it has a name (`set_index("id")`), and none without.
    """
    frame: pd.DataFrame = table.to_pandas()
    # One that the file only describes (a range), or that a column holds too, is none of its columns.
    named = [name for name in frame.index.names if name in table.schema.names and name not in frame.columns]
    return frame.reset_index(level=named).reset_index(drop=True) if named else frame.reset_index(drop=True)


def to_pandas(rows: Any) -> pd.DataFrame:  # noqa: ANN401 - a frame of any library
    """Convert a data frame of any library to pandas; one of pandas stays as it is.

    Raises:
        TypeError: it is none, or one that holds no rows yet.
    """
    if isinstance(rows, pd.DataFrame):
        return rows
    if hasattr(rows, "__arrow_c_stream__"):
        return frame_arrow(pa.table(rows))
    if hasattr(rows, "__dataframe__"):
        return pd.DataFrame(pa.interchange.from_dataframe(rows).to_pandas())
    hint = ": collect() it first" if hasattr(rows, "collect") else ""
    raise TypeError(f"rows must be a data frame, of pandas, Polars, Arrow or the like, not {type(rows).__name__}{hint}")
