"""Kill commands with SIGKILL at random moments and check that nothing is lost, half-written or left RUNNING.

Each command is run to its end first, for its duration and its scores. Then it is started and killed at moments that are
uniform over that duration, by turns the command's process alone (as the kernel does when memory is short) and its whole
process group (as a closed terminal or a container does). After each kill all files that have their final name must be
readable; after every fifth kill the command is run to its end, and must give the same scores as at first, say no stack
trace, and leave no run RUNNING and no temporary file. `both` starts a training and a prediction at once and kills both.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd
import psutil

from campaign_project import count_trials, find_temporary, find_unreadable, read_store
from campaign_results import Outcome

if TYPE_CHECKING:
    import subprocess

    from campaign_project import CampaignProject

CASE = "pima"
# Long enough for moments in training; short enough for 50 of them.
SIZE = f"{CASE}.training.epochs=40,{CASE}.study.trials=4"
COMPLETE_EVERY_KILLS = 5
ORPHANS_SECONDS = 60
# What goes on where it was broken off, and once it is complete has nothing left to do: after each complete run it
# begins anew, from a copy of these folders.
BEGINNING_ANEW = {"study", "update"}
STATE, BEFORE = ("data", "mlruns"), ".before"
SEED = 1
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
    completions: int = 0
    faults: list[str] = field(default_factory=list)


def run_campaign(name: str, kills: int, project: CampaignProject) -> Outcome:
    """Kill one command at random moments in a project of its own."""
    campaign, draw = Campaign(name), random.Random(SEED)  # noqa: S311 - moments, not secrets
    arguments = prepare(name, project)
    if name in BEGINNING_ANEW:
        keep_state(project)
    before = time.monotonic()
    expected = complete(arguments, project, campaign)
    if not expected:
        raise RuntimeError(f"a complete {name} left nothing that the later ones could be compared with")
    seconds = time.monotonic() - before
    for number in range(1, kills + 1):
        if name in BEGINNING_ANEW and number % COMPLETE_EVERY_KILLS == 1:
            restore_state(project)
        processes = [project.start(*line) for line in arguments]
        time.sleep(draw.uniform(0.0, seconds))
        for process in processes:
            kill(process, campaign, whole_group=number % 2 == 0)
        campaign.faults += find_unreadable(project.root)
        if number % COMPLETE_EVERY_KILLS == 0 or number == kills:
            scores = complete(arguments, project, campaign)
            campaign.faults += [f"scores {scores}, not {expected}"] if scores != expected else []
    return Outcome(f"{kills} kills", f"{campaign.completions} runs to the end", tuple(campaign.faults))


def keep_state(project: CampaignProject) -> None:
    """Copy all that commands have made in a project."""
    for folder in STATE:
        (project.root / folder).mkdir(exist_ok=True)
        shutil.copytree(project.root / folder, project.root / BEFORE / folder, symlinks=True)


def restore_state(project: CampaignProject) -> None:
    """Put back what `keep_state` has copied."""
    for folder in STATE:
        shutil.rmtree(project.root / folder)
        shutil.copytree(project.root / BEFORE / folder, project.root / folder, symlinks=True)


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
    if campaign.name == "study":
        # Two workers take the trials in another order each time; how many are finished is certain.
        scores = {"finished trials": count_trials(project.root)}
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
