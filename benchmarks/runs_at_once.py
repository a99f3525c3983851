"""Train one case ten times at once, each with a seed of its own, and compare the scores with those of runs alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from campaign_project import find_unreadable, read_store
from campaign_results import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from campaign_project import CampaignProject

CASE = "pima"
SEEDS = range(1, 11)
EPOCHS = 5
SECONDS = 1800


def run_campaign(project: CampaignProject) -> Outcome:
    """Run all seeds one after the other, and then at once in the same project."""
    faults: list[str] = []
    alone = {}
    for seed in SEEDS:
        alone |= train(project, [seed], faults)
    together = train(project, SEEDS, faults)
    faults += compare(alone, together)
    running, _ = read_store(project.root)
    faults += [f"{running} runs left RUNNING"] if running else []
    faults += find_unreadable(project.root)
    equal = sum(alone[seed] == together.get(seed) for seed in SEEDS if seed in alone)
    return Outcome(
        f"{len(SEEDS)} trainings of {CASE} at once", f"{equal} with the scores that they have alone", tuple(faults)
    )


def train(project: CampaignProject, seeds: Sequence[int], faults: list[str]) -> dict[int, dict[str, float]]:
    """Start a training for each seed, wait for all, and note those that fail -> the test scores by seed."""
    before = read_scores(project.root)
    processes = {
        seed: project.start(
            "run",
            f"--pipeline={CASE}",
            "--env=test",
            "--params",
            f"{CASE}.training.epochs={EPOCHS},{CASE}.training.seed={seed}",
        )
        for seed in seeds
    }
    for seed, process in processes.items():
        text, _ = process.communicate(timeout=SECONDS)
        if process.returncode or "Traceback" in text:
            faults.append(f"seed {seed} ended with {process.returncode}: {text[-400:]}")
    new = {run: found for run, found in read_scores(project.root).items() if run not in before}
    return dict(new.values())


def read_scores(root: Path) -> dict[str, tuple[int, dict[str, float]]]:
    """Read MLflow's store -> seed and test scores by finished run."""
    store_file = root / "mlruns" / "mlflow.db"
    if not store_file.exists():
        return {}
    with closing(sqlite3.connect(store_file)) as store:
        rows = store.execute(
            "select run_uuid, p.value, m.key, m.value from runs r join params p using (run_uuid) "
            "join latest_metrics m using (run_uuid) where r.status = 'FINISHED' and p.key = ? and m.key like 'test/%'",
            (f"{CASE}.training.seed",),
        ).fetchall()
    found: dict[str, tuple[int, dict[str, float]]] = {}
    for run, seed, name, value in rows:
        found.setdefault(run, (int(seed), {}))[1][name] = value
    return found


def compare(alone: dict[int, dict[str, float]], together: dict[int, dict[str, float]]) -> list[str]:
    """List the seeds whose scores are not the same to the last bit, and those that have none."""
    faults = [f"seed {seed} has no scores" for seed in SEEDS if not (alone.get(seed) and together.get(seed))]
    return faults + [
        f"seed {seed}: {together[seed]} at once, {alone[seed]} alone"
        for seed in SEEDS
        if alone.get(seed) and together.get(seed) and alone[seed] != together[seed]
    ]
