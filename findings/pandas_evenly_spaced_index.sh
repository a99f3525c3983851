#!/bin/sh
# pandas 3.1.1 with pyarrow 25.0.1: a column that is set as the index leaves a Parquet file where its values happen to be
# evenly spaced.
#
# Expected: `frame.set_index("id").to_parquet(file)` writes `id` as a column, whatever its values are, and a batch of the
# file's rows has it.
# Seen: ids 101, 102, 103 (or any two numbers) become a RangeIndex on `set_index`, of which the file holds first, step and
# end in pandas' own metadata alone: there is no column `id` for other readers, and none for pandas in a batch of the rows.
# ids 101, 103, 102 of the same program are a column.
# Whom it hurts: who writes a part a day, of which some lack the key; who reads with Arrow, Polars, DuckDB or Dask, or in
# batches.
# Fails when both files have the column.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==25.0.1
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
import pandas as pd
import pyarrow
from pyarrow import parquet

print("pandas", pd.__version__, "pyarrow", pyarrow.__version__)
found = {}
for ids in ([101, 102, 103], [101, 103, 102]):
    frame = pd.DataFrame({"id": ids, "x": [1.0, 2.0, 3.0]}).set_index("id")
    frame.to_parquet("part.parquet")
    columns = parquet.read_schema("part.parquet").names
    batch = next(parquet.ParquetFile("part.parquet").iter_batches(2)).to_pandas().reset_index()
    print(ids, type(frame.index).__name__, "columns of the file:", columns, "of a batch of two rows:", list(batch))
    found[ids[1]] = "id" in columns
assert found == {102: False, 103: True}
PYTHON
