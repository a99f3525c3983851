"""Defaults of a declared case that follow from the number of its rows: they stand below its own YAML."""

from __future__ import annotations

import gzip
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any

from casebook.cases.declared import find_file
from casebook.cases.presets import may_average_trees

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Where the rows cannot be counted: a workbook, or a file that is not there.
UNKNOWN_ROWS = 10_000
CHUNK_BYTES = 1 << 20
# A training of about so many steps: smaller tables are gone through more often, the smallest so often.
STEPS, MOST_EPOCHS = 5_000, 300
TRAINING_SHARE = 0.7
# Rows from which on -> widths of the hidden layers, and bins into which each number is cut.
WIDTHS = ((0, [64]), (2_000, [128, 64]), (20_000, [256, 128]))
BINS = ((0, 8), (2_000, 16), (20_000, 24))
ENSEMBLES = ((0, 8), (50_000, 4), (200_000, 2))
# A number of many rows is fitted worse with it; a few thousand rows with hundreds of features need most of it.
DROPOUT = ((0, 0.1), (1_000, 0.3), (5_000, 0.1))
REGRESSION_DROPOUT = (*DROPOUT, (20_000, 0.0))
# Indicators as they are: of ames' 28 neighbourhoods, scaled, each rare one was learnt by heart; see docs/defaults.md.
SCALING = "standard_numbers"
# Categories beyond so many are embedded instead of one-hot.
ONEHOT_WIDTH = 24
# Wider ones learn thousands of categories by heart: flights by the plane's number, patients by their own.
EMBEDDING_SIZE = 8
RARE = ((0, 2), (5_000, 5), (50_000, 10), (200_000, 50))
# What a study varies where its space is not said.
SPACE = {
    "training": {
        "optimizer": {"learning_rate": {"float": [5.0e-4, 1.0e-2], "log": True}},
        "network": {
            "hidden": {"choice": [[64], [128], [128, 64], [256, 128], [256, 256]]},
            "dropout": {"float": [0.0, 0.5], "step": 0.1},
            "piecewise_linear_bins": {"choice": [0, 8, 16, 32]},
            "ensemble_size": {"choice": [1, 4, 8]},
        },
    }
}


def choose_defaults(rows: int, task: str, by_time: bool = False) -> dict[str, Any]:
    """Choose preprocessing and training by the number of rows, test rows included: it says nothing of their values.

    Args:
        rows: of the table.
        task: binary, multiclass or regression.
        by_time: whether the split is: later numbers may be beyond those of the training, where bins end.
    """
    batch = next(size for size in (32, 64, 128, 256, 512, 1024) if rows <= size * 128 or size == 1024)
    steps = max(1.0, TRAINING_SHARE * rows / batch)
    epochs = int(min(MOST_EPOCHS, max(15, STEPS / steps)))
    return {
        **({} if task == "regression" else {"split": {"stratify": True}}),
        "preprocessing": {
            "scaling": SCALING,
            "onehot_width": ONEHOT_WIDTH,
            "min_frequency": _by_rows(RARE, rows),
            "skewed": "log",
            "time_index": "drop",
        },
        "training": {
            "epochs": epochs,
            "batch_size": batch,
            "schedule": {"warmup_share": 0.1},
            "early_stopping": {"patience": max(5, epochs // 4), "restore_best": True},
            "network": {
                "hidden": _by_rows(WIDTHS, rows),
                "dropout": _by_rows(REGRESSION_DROPOUT if task == "regression" else DROPOUT, rows),
                "piecewise_linear_bins": _by_rows(BINS, rows),
                "piecewise_linear_edges": "capped_quantiles",
                "piecewise_linear_keep_numbers": by_time,
                "ensemble_size": _by_rows(ENSEMBLES, rows),
                "embedding": {"size": EMBEDDING_SIZE, "category_dropout": 0.01},
            },
            **({"target_scale": "auto"} if task == "regression" else {}),
        },
    }


def defaults_of(case: str, tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults of a declared case; see `choose_defaults`."""
    data = tree["data"]
    tables = data.get("tables") if data.get("defaults", "rows") == "rows" else None
    first = next(iter(tables.values()), None) if isinstance(tables, dict) else None
    if not isinstance(first, dict) or not isinstance(first.get("file"), str):
        # Where they were to be by rows, the check that follows says what is wrong.
        return {}
    split, study = (tree[name] if isinstance(tree.get(name), dict) else {} for name in ("split", "study"))
    rows = count_rows(find_file(case, first["file"]))
    defaults = choose_defaults(rows, str(tree.get("task")), split.get("strategy") == "time")
    defaults["training"]["ensemble"] = {"reference": may_average_trees(tree)}
    # A space that is said is searched alone.
    said = study.get("space")
    return defaults if said else {**defaults, "study": {"space": SPACE}}


def count_rows(file: Path) -> int:
    """Count the rows of a file: its lines, or what it says of itself."""
    if not file.is_file():
        return UNKNOWN_ROWS
    return _count(file, file.stat().st_mtime_ns, file.stat().st_size)


@cache
def _count(file: Path, *_state: int) -> int:
    suffix = file.suffix.lower()
    try:
        if suffix in {".parquet", ".pq"}:
            from pyarrow import parquet

            return int(parquet.read_metadata(file).num_rows)
        if suffix == ".zip":
            with zipfile.ZipFile(file) as archive, archive.open(archive.namelist()[0]) as inside:
                return _count_lines(inside)
        if suffix not in {".csv", ".tsv", ".txt", ".data", ".gz"}:
            return UNKNOWN_ROWS
        with gzip.open(file) if suffix == ".gz" else file.open("rb") as lines:
            return _count_lines(lines)
    except Exception:  # noqa: BLE001 - a damaged file is told of where it is read
        return UNKNOWN_ROWS


def _count_lines(file: Any) -> int:  # noqa: ANN401 - a file of bytes
    lines = 0
    while chunk := file.read(CHUNK_BYTES):
        lines += chunk.count(b"\n")
    return max(1, lines - 1)


def _by_rows(steps: tuple[tuple[int, Any], ...], rows: int) -> Any:  # noqa: ANN401 - whatever the steps hold
    return next(value for least, value in reversed(steps) if rows >= least)
