"""A run that is killed in training and goes on by the same command."""

import json
import shutil
import signal
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import ALL_CORES

from casebook.models.networks import load_network

EPOCHS = 40
GIVEN = (
    f"redhat.training.epochs={EPOCHS},redhat.training.batch_size=32,redhat.training.early_stopping.patience=0,"
    # Nothing is asserted of what a run shows of itself.
    "redhat.profile=none,redhat.figures=none,redhat.report=none"
)


def command(*more: str) -> tuple[str, ...]:
    return ("run", "--pipeline=redhat", "--env", "test", "--params", ",".join([GIVEN, *more]))


def epochs_kept(project: Any) -> int:  # noqa: ANN401
    """Count the epochs in the checkpoint; 0 where there is none."""
    file = next((project.root / "data" / "runs" / "redhat").glob("*/06_models/checkpoint.bin"), None)
    if file is None:
        return 0
    content = file.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    return len(json.loads(content[8 : 8 + length])["facts"]["history"])


def weights_of(folder: Path) -> list[np.ndarray]:
    return [np.array(weight) for weight in load_network(folder / "network.keras").get_weights()]


@pytest.fixture(scope="module")
def killed(new_project: Callable[[], Any]) -> Any:  # noqa: ANN401
    """A project whose run was killed in training."""
    project = new_project()
    process = project.start(*command(), **ALL_CORES)
    project.wait_for(lambda: epochs_kept(project) >= 3, process)
    code, _ = project.stop(process, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert 3 <= epochs_kept(project) < EPOCHS
    return project


def test_other_parameters_are_refused_by_their_names(killed: Any) -> None:  # noqa: ANN401
    code, said = killed.kedro(*command("redhat.resume=true", "redhat.training.seed=9"))
    assert code == 2
    assert "redhat.resume: redhat.training.seed is 9 and was 1" in " ".join(said.split())
    assert "Traceback" not in said
    assert len(killed.runs()) == 1


def test_a_killed_run_goes_on_in_its_own_run_to_the_same_bits(killed: Any, tmp_path: Path) -> None:  # noqa: ANN401
    (before,) = killed.runs()
    done = epochs_kept(killed)
    code, said = killed.kedro(*command("redhat.resume=true"), **ALL_CORES)
    assert code == 0, said[-3000:]
    (run,) = killed.runs()
    assert (run.info.run_id, run.info.run_name, run.info.status) == (
        before.info.run_id,
        before.info.run_name,
        "FINISHED",
    )
    assert done < EPOCHS
    for name in ("train/loss", "val/loss", "val/auc", "train/accuracy"):
        steps = [point.step for point in killed.client.get_metric_history(run.info.run_id, name)]
        assert steps == list(range(1, EPOCHS + 1)), name
    for name in ("data/train_rows", "test/auc", "best_reachable/accuracy"):
        assert len(killed.client.get_metric_history(run.info.run_id, name)) == 1, name
    assert not any("resume" in name for name in run.data.params)
    assert epochs_kept(killed) == 0
    models = killed.root / "data" / "runs" / "redhat" / "latest" / "06_models"
    shutil.copy(models / "network.keras", tmp_path)

    code, said = killed.kedro(*command("redhat.resume=true"), **ALL_CORES)
    assert code == 0, said[-3000:]
    assert "nothing to resume; a new run begins" in " ".join(said.split())
    undisturbed = killed.runs()[0]
    assert undisturbed.info.run_id != run.info.run_id
    assert all((a == b).all() for a, b in zip(weights_of(tmp_path), weights_of(models), strict=True))
    scores = {name: value for name, value in run.data.metrics.items() if name.startswith(("test/", "val/", "fit/"))}
    assert scores == {name: undisturbed.data.metrics[name] for name in scores}
