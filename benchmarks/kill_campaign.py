"""Kill commands with SIGKILL at random moments and check that nothing is lost, half-written or left RUNNING.

Each command is run to its end first, for its duration and its scores. Then it is started and killed at moments that are
uniform over that duration, by turns the command's process alone (as the kernel does when memory is short) and its whole
process group (as a closed terminal or a container does). After each kill all files that have their final name must be
readable; after every fifth kill the command is run to its end, and must give the same scores as at first, say no stack
trace, and leave no run RUNNING and no temporary file. `both` starts a training and a prediction at once and kills both.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import psutil

from campaign_project import CampaignProject
from casebook.runtime.atomic_files import UNFINISHED

if TYPE_CHECKING:
    import subprocess

CASE = "pima"
# Long enough for moments in training; short enough for 50 of them.
SIZE = f"{CASE}.training.epochs=40,{CASE}.study.trials=4"
COMPLETE_EVERY_KILLS = 5
ORPHANS_SECONDS = 60
SCORES = ("test/auc", "test/accuracy", "test/log_loss")
COMMANDS = {
    "run": [CASE],
    "study": [f"{CASE}_study"],
    "predict": [f"{CASE}_predict"],
    "update": [f"{CASE}_update"],
    "both": [CASE, f"{CASE}_predict"],
}


@dataclass
class Campaign:
    """What was seen of one command."""

    name: str
    kills: int = 0
    completions: int = 0
    faults: list[str] = field(default_factory=list)

    def render(self) -> str:
        """Format the campaign as a row of a Markdown table."""
        found = "; ".join(sorted(set(self.faults))) or "nothing lost, half-written or left RUNNING"
        return f"| kill -9: {self.name} | {self.kills} | {self.completions} | {len(self.faults)} | {found} |"


def main() -> int:
    """Run the campaigns; 1 when a fault was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50, help="of each command")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=list(COMMANDS))
    options = parser.parse_args()
    campaigns = []
    for name in options.only or COMMANDS:
        folder = Path(tempfile.mkdtemp(prefix=f"kill-{name}-"))
        campaigns.append(run_campaign(name, CampaignProject.create(folder), options.kills, options.seed))
        sys.stdout.write(campaigns[-1].render() + "\n")
        sys.stdout.flush()
        if not campaigns[-1].faults:
            shutil.rmtree(folder)
    return int(any(campaign.faults for campaign in campaigns))


def run_campaign(name: str, project: CampaignProject, kills: int, seed: int) -> Campaign:
    """Kill one command at random moments in a project of its own."""
    campaign, draw = Campaign(name), random.Random(seed)  # noqa: S311 - moments, not secrets
    arguments = prepare(name, project)
    before = time.monotonic()
    expected = complete(arguments, project, campaign)
    if not expected:
        raise RuntimeError(f"a complete {name} left nothing that the later ones could be compared with")
    seconds = time.monotonic() - before
    for number in range(1, kills + 1):
        processes = [project.start(*line) for line in arguments]
        time.sleep(draw.uniform(0.0, seconds))
        for process in processes:
            kill(process, campaign, whole_group=number % 2 == 0)
        campaign.kills += 1
        campaign.faults += find_unreadable(project.root)
        if number % COMPLETE_EVERY_KILLS == 0 or number == kills:
            scores = complete(arguments, project, campaign)
            campaign.faults += [f"scores {scores}, not {expected}"] if scores != expected else []
    return campaign


def prepare(name: str, project: CampaignProject) -> list[list[str]]:
    """Bring about what the command needs -> the arguments of each process that is started together."""
    lines = [["run", f"--pipeline={pipeline}", "--env=test", "--params", SIZE] for pipeline in COMMANDS[name]]
    if name in {"predict", "update", "both"}:
        code, text = project.run("run", f"--pipeline={CASE}", "--env=test", "--params", SIZE)
        if code:
            raise RuntimeError(text)
    if name == "update":
        raw = next((project.root / "data" / "01_raw" / CASE).glob("*.csv"))
        batch = project.root / "batch.csv"
        batch.write_text("".join(raw.read_text().splitlines(keepends=True)[:120]))
        lines[0][-1] += f",{CASE}.update.file={batch}"
    return lines


def complete(arguments: list[list[str]], project: CampaignProject, campaign: Campaign) -> dict[str, float]:
    """Run the command to its end -> the scores of its latest run that has any, and the sum of its predictions."""
    processes = [project.start(*line) for line in arguments]
    for process in processes:
        text, _ = process.communicate(timeout=900)
        if process.returncode or "Traceback" in text:
            campaign.faults.append(f"a complete {campaign.name} ended with {process.returncode}: {text[-400:]}")
    campaign.completions += 1
    campaign.faults += find_unreadable(project.root)
    campaign.faults += [f"left behind: {name}" for name in find_temporary(project.root)]
    running, scores = read_store(project.root)
    campaign.faults += [f"{running} runs left RUNNING"] if running else []
    predicted = project.root / "data" / "07_model_output" / CASE / "predictions.parquet"
    if predicted.exists():
        scores["sum of predictions"] = float(pd.read_parquet(predicted)["probability"].sum())
    return scores


def kill(process: subprocess.Popen[str], campaign: Campaign, *, whole_group: bool) -> None:
    """Kill the process, or its whole group, and wait until everything that it started is gone."""
    children: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
    with contextlib.suppress(ProcessLookupError):
        if whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    _, alive = psutil.wait_procs(children, timeout=ORPHANS_SECONDS)
    if alive:
        campaign.faults.append(f"{len(alive)} processes outlived their command by {ORPHANS_SECONDS} s")
        os.killpg(process.pid, signal.SIGKILL)
    text, _ = process.communicate()
    if "Traceback" in text:
        campaign.faults.append(f"stack trace: {text[-300:]}")


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


if __name__ == "__main__":
    sys.exit(main())
