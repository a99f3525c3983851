"""A training that is killed and goes on, against one that nothing disturbed."""

import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from casebook.config.schema import TrainingParameters
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor
from casebook.training.callbacks import CurveCallback, TrainingCallback
from casebook.training.checkpoints import Checkpoint, ResumeError, TrainingCheckpoint
from casebook.training.early_stopping import kept_epoch
from casebook.training.trainer import train_network

Learnable = tuple[TabularPreprocessor, Arrays, Arrays]
# Everything that has a state: dropout, hidden categories, moments, a schedule, the best weights so far.
SETTINGS = {
    "epochs": 6,
    "batch_size": 16,
    "metrics": ["accuracy"],
    "optimizer": {"name": "adamw", "learning_rate": 0.05},
    "schedule": {"name": "cosine", "warmup_share": 0.2},
    "early_stopping": {"metric": "val/loss", "patience": 4, "restore_best": True},
    "network": {"hidden": [6], "dropout": 0.3, "embedding": {"size": 2, "dropout": 0.1, "category_dropout": 0.2}},
}
# Trains until the middle of the fourth epoch, says so with a file and waits to be killed.
KILLED = """
import pickle, sys, time
from pathlib import Path
from casebook.training.callbacks import TrainingCallback
from casebook.training.checkpoints import Checkpoint, TrainingCheckpoint
from casebook.training.trainer import train_network

folder = Path(sys.argv[1])

class Waiting(TrainingCallback):
    epochs = 0

    def on_train_batch_end(self, batch, logs=None):
        if self.epochs == 3:
            (folder / "reached").touch()
            time.sleep(600)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1

with open(folder / "given.pickle", "rb") as file:
    given = pickle.load(file)
train_network(*given, [TrainingCheckpoint(Checkpoint(folder / "checkpoint.bin", "run")), Waiting()])
"""


class Listener(TrainingCallback):
    """Writes down the steps that were done and the number of each epoch, those of a resumed training included."""

    def __init__(self, told: list[Any]) -> None:
        self.told, self.curves, self.done = told, CurveCallback(lambda number, _: told.append(f"epoch {number}")), 0

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ANN401
        self.curves.set_state(self.state)
        self.curves.on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ANN401, ARG002
        self.done = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ANN401, ARG002
        self.told.append(batch + 1 - self.done)
        self.done = batch + 1

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ANN401
        self.curves.on_epoch_end(epoch, logs)


def kept_in(folder: Path, owner: str = "run", min_interval_seconds: float = 0.0) -> TrainingCheckpoint:
    return TrainingCheckpoint(Checkpoint(folder / "checkpoint.bin", owner, min_interval_seconds))


@pytest.fixture(scope="module")
def given(learnable: Learnable, training: Callable[..., TrainingParameters]) -> tuple[Any, ...]:
    preprocessor, *parts = learnable
    train, validation = ({name: values[:103] for name, values in part.items()} for part in parts)
    return train, validation, preprocessor, training(**SETTINGS)


@pytest.fixture(scope="module")
def undisturbed(given: tuple[Any, ...]) -> tuple[Any, Any]:
    """A training that nothing disturbed -> network, history."""
    return train_network(*given)


@pytest.fixture(scope="module")
def refitted(given: tuple[Any, ...]) -> SimpleNamespace:
    """A training with a refit that nothing disturbed, and what its callbacks heard."""
    told: list[Any] = []
    curves: list[set[str]] = []
    callbacks = [Listener(told), CurveCallback(lambda _, metrics: curves.append(set(metrics)))]
    network, history = train_network(*given, callbacks, refit=True)
    told = [heard for heard in told if isinstance(heard, int)]
    return SimpleNamespace(weights=network.get_weights(), history=history, told=told, curves=curves)


def kill_in_mid_epoch(folder: Path, given: tuple[Any, ...]) -> None:
    with (folder / "given.pickle").open("wb") as file:
        pickle.dump(given, file)
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stderr=subprocess.PIPE)
    while not (folder / "reached").exists():
        assert process.poll() is None, process.communicate()[1].decode()[-2000:]
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.process
def test_a_training_killed_in_mid_epoch_goes_on_to_the_same_bits(
    given: tuple[Any, ...], undisturbed: tuple[Any, Any], tmp_path: Path
) -> None:
    kill_in_mid_epoch(tmp_path, given)
    told: list[Any] = []
    resumed, history = train_network(*given, [Listener(told), kept_in(tmp_path)])
    network, whole = undisturbed
    # 103 rows in batches of at most 16: three epochs of 7 steps were done, and what the fourth had done is lost.
    done = ["epoch 1", "epoch 2", "epoch 3"]
    assert told == [*done, 5, 2, "epoch 4", 5, 2, "epoch 5", 5, 2, "epoch 6"]
    assert history.equals(whole)
    assert all((a == b).all() for a, b in zip(resumed.get_weights(), network.get_weights(), strict=True))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["given.pickle", "reached"]


class BrokenOffError(Exception):
    pass


def break_off(given: tuple[Any, ...], checkpoint: TrainingCheckpoint, epoch: int) -> None:
    """Train until an epoch's state is kept and the next one begins."""

    class Breaking(TrainingCallback):
        def on_epoch_begin(self, begun: int, logs: Any = None) -> None:  # noqa: ANN401, ARG002
            if begun == epoch:
                raise BrokenOffError

    with pytest.raises(BrokenOffError):
        train_network(*given, [Breaking(), checkpoint])


def test_a_kill_within_the_pause_repeats_the_epochs_that_were_not_kept(
    given: tuple[Any, ...], undisturbed: tuple[Any, Any], tmp_path: Path
) -> None:
    break_off(given, kept_in(tmp_path, min_interval_seconds=3600), 4)
    told: list[Any] = []
    resumed, history = train_network(*given, [Listener(told), kept_in(tmp_path)])
    assert told[:4] == ["epoch 1", 5, 2, "epoch 2"]
    network, whole = undisturbed
    assert history.equals(whole)
    assert all((a == b).all() for a, b in zip(resumed.get_weights(), network.get_weights(), strict=True))


@pytest.fixture(scope="module")
def begun(given: tuple[Any, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a training that was broken off after its second epoch."""
    folder = tmp_path_factory.mktemp("begun")
    break_off(given, kept_in(folder), 2)
    return folder / "checkpoint.bin"


def test_another_run_begins_anew_and_leaves_nothing(given: tuple[Any, ...], begun: Path, tmp_path: Path) -> None:
    shutil.copy(begun, tmp_path)
    told: list[Any] = []
    train_network(*given, [Listener(told), kept_in(tmp_path, "second")])
    assert told[:3] == [5, 2, "epoch 1"]
    assert not (tmp_path / "checkpoint.bin").exists()


@pytest.mark.parametrize("part", ["training rows", "validation rows", "parameters"])
def test_a_training_of_other_rows_or_parameters_does_not_go_on(
    given: tuple[Any, ...], begun: Path, tmp_path: Path, training: Callable[..., TrainingParameters], part: str
) -> None:
    shutil.copy(begun, tmp_path)
    checkpoint = kept_in(tmp_path)
    train, validation, preprocessor, parameters = given
    if part == "training rows":
        train = {**train, "target": 1 - train["target"]}
    elif part == "validation rows":
        validation = {name: values[:50] for name, values in validation.items()}
    else:
        parameters = training(**{**SETTINGS, "epochs": 7})
    with pytest.raises(ResumeError, match=f"is of another training: {part} differ; begin anew"):
        train_network(train, validation, preprocessor, parameters, [checkpoint])


def test_a_training_killed_after_its_last_epoch_only_ends(given: tuple[Any, ...], tmp_path: Path) -> None:
    checkpoint = kept_in(tmp_path)
    path, kept = checkpoint.checkpoint.path, []
    ending = CurveCallback(lambda *_: None, finish=lambda: kept.append(path.read_bytes()))
    network, history = train_network(*given, [ending, checkpoint])
    path.write_bytes(kept[0])
    told: list[Any] = []
    again, same = train_network(*given, [Listener(told), checkpoint])
    assert told == [f"epoch {epoch}" for epoch in history["epoch"]]
    assert same.equals(history)
    assert all((a == b).all() for a, b in zip(again.get_weights(), network.get_weights(), strict=True))


def join(train: Arrays, validation: Arrays) -> Arrays:
    return {name: np.concatenate([train[name], validation[name]]) for name in train}


def test_a_refit_is_a_training_on_all_rows_for_as_many_epochs_as_were_kept(
    given: tuple[Any, ...],
    undisturbed: tuple[Any, Any],
    refitted: SimpleNamespace,
    training: Callable[..., TrainingParameters],
) -> None:
    train, validation, preprocessor, parameters = given
    history, told, curves = refitted.history, refitted.told, refitted.curves
    kept = kept_epoch(history, parameters) + 1
    assert curves[: len(history)] == [{"train/loss", "train/accuracy", "val/loss", "val/accuracy"}] * len(history)
    assert curves[len(history) :] == [{"refit/loss", "refit/accuracy"}] * kept
    assert sum(told) == 7 * len(history) + 13 * kept

    plainly = training(**{**SETTINGS, "epochs": kept, "early_stopping": {}})
    nothing = {name: values[:0] for name, values in train.items()}
    expected, _ = train_network(join(train, validation), nothing, preprocessor, plainly)
    assert all((a == b).all() for a, b in zip(refitted.weights, expected.get_weights(), strict=True))
    alone = undisturbed[0].get_weights()
    assert not all((a == b).all() for a, b in zip(refitted.weights, alone, strict=True))


def test_a_run_killed_in_its_refit_repeats_that_alone(
    given: tuple[Any, ...], refitted: SimpleNamespace, tmp_path: Path
) -> None:
    checkpoint = kept_in(tmp_path)

    def break_refit(_: int, metrics: dict[str, float]) -> None:
        if "refit/loss" in metrics:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        train_network(*given, [CurveCallback(break_refit), checkpoint], refit=True)
    assert checkpoint.checkpoint.path.exists()
    told: list[Any] = []
    resumed, history = train_network(*given, [Listener(told), checkpoint], refit=True)
    # The epochs that were done are written again; those of the refit come in two stretches.
    assert told[: len(history)] == [f"epoch {epoch}" for epoch in history["epoch"]]
    assert told[len(history) :][:3] == [11, 2, "epoch 1"]
    assert not checkpoint.checkpoint.path.exists()
    assert all((a == b).all() for a, b in zip(resumed.get_weights(), refitted.weights, strict=True))


def test_the_generators_of_dropout_go_on_too(begun: Path) -> None:
    facts, arrays = kept_in(begun.parent).checkpoint.load()
    seeds = [array for array in arrays[: facts["variables"]] if array.shape == (2,) and array.dtype.kind in "iu"]
    # Two of the network's own and one of the embedding's: each has been drawn from once a step.
    assert len(seeds) == 3
    np.testing.assert_array_equal([seed[1] for seed in seeds], [14, 14, 14])
