"""A project in a folder of its own, with this project's code and configuration, for campaigns that harm it.

Whether all is well in it: files that are cut, files that are left behind, runs that are open.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from casebook.runtime.atomic_files import UNFINISHED

ROOT = Path(__file__).parents[1]
KEDRO = str(Path(sys.executable).with_name("kedro"))
# What files end with that are written to their end.
ENDS = {".csv": b"\n", ".png": b"IEND\xaeB`\x82", ".yml": b"\n"}
SCORES = ("test/auc", "test/accuracy", "test/log_loss")


@dataclass(frozen=True)
class CampaignProject:
    """A project as a fresh clone has it."""

    root: Path

    @classmethod
    def create(cls, root: Path) -> CampaignProject:
        """Link the code and copy the configuration into an empty folder."""
        (root / "src").mkdir(parents=True)
        (root / "src" / "casebook").symlink_to(ROOT / "src" / "casebook")
        shutil.copytree(ROOT / "conf", root / "conf", ignore=shutil.ignore_patterns("local"))
        (root / "conf" / "local").mkdir()
        for name in ("pyproject.toml", ".telemetry"):
            shutil.copy(ROOT / name, root)
        return cls(root)

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a command: none of those that change what it does."""
        unset = ("CASEBOOK_", "MLFLOW_", "KEDRO_")
        return {name: value for name, value in os.environ.items() if not name.startswith(unset)} | {"COLUMNS": "160"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `kedro` as the leader of a process group."""
        return subprocess.Popen(
            [KEDRO, *arguments],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run `kedro` to its end -> exit code and console text."""
        process = self.start(*arguments)
        text, _ = process.communicate()
        return process.returncode, text


def find_unreadable(root: Path) -> list[str]:
    """List files with their final name that cannot be read to their end."""
    return [
        f"{path.relative_to(root)}: {reason}"
        for folder in ("data", "mlruns", "conf/local")
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and not is_temporary(path) and (reason := read_fully(path))
    ]


def read_fully(path: Path) -> str:
    """Read a file by its suffix -> why that fails, or nothing."""
    try:
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".parquet":
            pd.read_parquet(path)
        elif path.suffix in ENDS:
            return "" if path.read_bytes().endswith(ENDS[path.suffix]) else "lacks its end"
        elif path.suffix == ".npy":
            np.load(path)
        elif path.suffix in {".keras", ".npz"}:
            with zipfile.ZipFile(path) as archive:
                archive.testzip()
        elif path.suffix == ".db":
            with contextlib.closing(sqlite3.connect(path)) as store:
                return "" if store.execute("pragma integrity_check").fetchone() == ("ok",) else "fails its check"
    except Exception as error:  # noqa: BLE001 - whatever a reader says of a cut file is what is looked for
        return f"{type(error).__name__}: {error}"
    return ""


def is_temporary(path: Path) -> bool:
    """Check whether a file's name is one under which files are written before they are renamed."""
    return any(part.startswith(UNFINISHED) for part in path.parts)


def find_temporary(root: Path) -> list[str]:
    """List temporary files and folders of commands that are over."""
    return [str(path.relative_to(root)) for path in (root / "data").rglob(f"{UNFINISHED}*")]


def count_trials(root: Path) -> int:
    """Count the finished trials in MLflow's store."""
    with contextlib.closing(sqlite3.connect(root / "mlruns" / "mlflow.db")) as store:
        (count,) = store.execute(
            "select count(*) from runs r join tags t using (run_uuid) "
            "where t.key = 'mlflow.parentRunId' and r.status = 'FINISHED' and r.name like 'trial %'"
        ).fetchone()
    return int(count)


def read_store(root: Path) -> tuple[int, dict[str, float]]:
    """Read MLflow's store -> number of runs that are RUNNING, test scores of the latest finished run."""
    with contextlib.closing(sqlite3.connect(root / "mlruns" / "mlflow.db")) as store:
        (running,) = store.execute("select count(*) from runs where status = 'RUNNING'").fetchone()
        latest = store.execute(
            "select m.run_uuid from latest_metrics m join runs r using (run_uuid) "
            "where m.key = ? and r.status = 'FINISHED' order by r.start_time desc limit 1",
            SCORES[:1],
        ).fetchone()
        rows = store.execute(
            f"select key, value from latest_metrics where run_uuid = ? and key in ({','.join('?' * len(SCORES))})",  # noqa: S608
            (latest[0] if latest else "", *SCORES),
        ).fetchall()
    return running, dict(rows)
