"""A project in a folder of its own, with this project's code and configuration, for campaigns that harm it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


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

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `kedro` as the leader of a process group."""
        unset = ("CASEBOOK_", "MLFLOW_", "KEDRO_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("kedro")), *arguments],
            cwd=self.root,
            env={**environment, "COLUMNS": "160"},
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
