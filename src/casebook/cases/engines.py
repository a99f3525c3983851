"""Which engine works on a case's tables: pandas with whole ones in memory, or Dask with parts of them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from casebook.cases.declared import find_file
from casebook.config.extras import missing_extra, require_extra

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOGGER = logging.getLogger(__name__)
AUTO, PANDAS, DASK = "auto", "pandas", "dask"
# A run takes about eight times the bytes of its raw text files in memory; packed ones and Parquet are so much smaller.
MEMORY_PER_BYTE, UNPACKED = 8, 5
PACKED = frozenset({".gz", ".bz2", ".xz", ".zip", ".parquet", ".pq"})
LIMIT_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


class EngineError(ValueError):
    """An engine cannot do what the parameters say; the message says why and what to do."""


def choose_engine(case: str, tree: Mapping[str, Any]) -> str:
    """Choose the engine of a run, and say so where it was not told.

    Args:
        case: its name.
        tree: its checked parameters.

    Raises:
        EngineError: Dask is asked for, and the parameters need all rows at once.
        MissingExtraError: Dask is asked for, and not installed.
    """
    asked = tree.get("engine", AUTO)
    if asked == PANDAS or "data" not in tree:
        return PANDAS
    if asked == DASK:
        if reason := explain_whole_tables(case, tree):
            raise EngineError(f"{case}.engine dask: {reason}, or engine=pandas")
        require_extra("cluster", f"{case}.engine=dask")
        return DASK
    size, memory = measure_files(case, tree), find_memory()
    if size * MEMORY_PER_BYTE <= memory:
        return PANDAS
    told = (
        f"the raw files of {case} are {size / 1e9:.1f} GB of text, more than an eighth of {memory / 1e9:.0f} GB memory"
    )
    reason = explain_whole_tables(case, tree) or missing_extra("cluster", "engine=dask, which would take them,")
    if reason:
        LOGGER.warning("%s, and yet they are read whole: %s", told, reason)
        return PANDAS
    LOGGER.warning("%s: engine=dask works on parts of them (engine=pandas reads them whole)", told)
    return DASK


def explain_whole_tables(case: str, tree: Mapping[str, Any]) -> str:
    """Say why a case's tables cannot be worked on in parts, and what to give instead; nothing where they can."""
    split, data = tree["split"], tree["data"]
    keys = [word for word in split["keys"] if word != "given"]
    instead = f"give {case}.split.strategy={' or '.join(keys)}" if keys else "give a column the role key, group or time"
    features = data.get("features") or {}
    roles = {said.get("role") for said in (data.get("columns") or {}).values()}
    encoding = tree.get("preprocessing", {}).get("encoding") or {}
    ordered = next((name for name, kind in encoding.items() if kind == "ordered_target"), "")
    faults = {
        f"a split by row is in scikit-learn's order of all rows: {instead}": split["strategy"] == "row",
        f"the validation rows of a given split are drawn from all training rows: {instead}":
            split["strategy"] == "given",
        f"strategy none tests on training rows, which are in memory then: {instead}": split["strategy"] == "none",
        "a column of the role split is read with all rows": "split" in roles and split["strategy"] != "given",
        f"validation_on {split['validation_on']} counts all rows: give split.validation_on=held_out":
            split["validation_on"] == "training",
        f"copies are looked for among all rows: give {case}.duplicates=keep": tree["duplicates"] == "drop",
        f"folds are dealt from all rows: give {case}.folds.count=0": tree["folds"]["count"] > 0,
        "a lag looks at other rows: leave such features out":
            any(said.get("function") == "lag" for said in features.values()),
        f"ordered_target looks at the targets of all rows: give {case}.preprocessing.encoding.{ordered}=embedding":
            bool(ordered),
    }  # fmt: skip
    return next((why for why, is_so in faults.items() if is_so), "") or _explain_files(case, data["tables"].values())


def _explain_files(case: str, tables: Iterable[Mapping[str, Any]]) -> str:
    """Say why the first file that must be read whole must be; one that is missing is told by its reader."""
    # Which files are read how is known where they are read; most runs need not ask.
    from casebook.config.schema.table_declaration import TableParameters
    from casebook.datasets.declared import explain_whole

    for said in map(TableParameters.model_validate, tables):
        path = find_file(case, said.file)
        if path.exists() and (why := explain_whole(path, said)):
            return f"{path.name}: {why}"
    return ""


def measure_files(case: str, tree: Mapping[str, Any]) -> int:
    """Estimate the bytes that a case's raw files are as text; those that are not there yet count nothing."""
    paths = [find_file(case, table["file"]) for table in tree["data"]["tables"].values()]
    return sum(_measure(file) for path in paths for file in ([path] if path.is_file() else path.rglob("*")))


def _measure(file: Path) -> int:
    return file.stat().st_size * (UNPACKED if file.suffix.lower() in PACKED else 1) if file.is_file() else 0


def find_memory() -> int:
    """Return the bytes of memory that this machine, or its container, has."""
    limits = [psutil.virtual_memory().total]
    for name in LIMIT_FILES:
        file = Path(name)
        text = file.read_text().strip() if file.is_file() else ""
        limits += [int(text)] if text.isdigit() else []
    return min(limits)
