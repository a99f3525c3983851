"""Training on rows in shards: where they are few it is that of rows in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from casebook.evaluation.prediction import predict
from casebook.evaluation.scores import score_network
from casebook.preprocessing import shards as shards_module
from casebook.preprocessing.arrays import NO_INPUTS
from casebook.preprocessing.shards import ShardedArray
from casebook.training import batches
from casebook.training.batches import shuffle_in_windows, shuffle_rows
from casebook.training.state import identify_training
from casebook.training.trainer import train_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor

    Learnable = tuple[TabularPreprocessor, Arrays, Arrays]


def write_shards(arrays: Arrays, folder: Path, cuts: list[int]) -> Arrays:
    """Write all but targets and weights into shards."""
    folder.mkdir()
    found = dict(arrays)
    for name in arrays.keys() - NO_INPUTS:
        files = [folder / f"{number}-{name}.npy" for number in range(len(cuts) + 1)]
        for file, part in zip(files, np.split(arrays[name], cuts), strict=True):
            np.save(file, part)
        found[name] = ShardedArray(files)  # type: ignore[assignment]
    return found


@pytest.fixture
def sharded(learnable: Learnable, tmp_path: Path) -> Learnable:
    preprocessor, train, validation = learnable
    return (
        preprocessor,
        write_shards(train, tmp_path / "train", [90, 250]),
        write_shards(validation, tmp_path / "v", [1]),
    )


@pytest.mark.parametrize(
    "changed", [{}, {"network": {"hidden": [8], "ensemble_size": 2}}, {"class_weights": "balanced"}]
)
def test_few_rows_in_shards_are_trained_on_as_those_in_memory(
    learnable: Learnable, sharded: Learnable, training: Callable[..., TrainingParameters], changed: dict[str, object]
) -> None:
    preprocessor, train, validation = learnable
    settings = training(batch_size=64, **changed)
    one, curves = train_network(train, validation, preprocessor, settings)
    other, streamed = train_network(sharded[1], sharded[2], preprocessor, settings)
    assert list(streamed) == list(curves)
    np.testing.assert_allclose(streamed.to_numpy(), curves.to_numpy(), rtol=1e-4)
    np.testing.assert_allclose(predict(other, sharded[2]), predict(one, validation), rtol=1e-3)


def test_a_refit_joins_the_shards_of_both_parts(
    learnable: Learnable, sharded: Learnable, training: Callable[..., TrainingParameters]
) -> None:
    preprocessor, train, validation = learnable
    one, _ = train_network(train, validation, preprocessor, training(), refit=True)
    other, _ = train_network(sharded[1], sharded[2], preprocessor, training(), refit=True)
    np.testing.assert_allclose(predict(other, sharded[2]), predict(one, validation), rtol=1e-3)


def test_rows_in_shards_are_predicted_and_scored_piece_by_piece(
    learnable: Learnable,
    sharded: Learnable,
    training: Callable[..., TrainingParameters],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    preprocessor, train, validation = learnable
    network, _ = train_network(train, validation, preprocessor, training(epochs=1))
    monkeypatch.setattr(shards_module, "PIECE_ROWS", 37)
    assert predict(network, sharded[1]).tolist() == pytest.approx(predict(network, train).tolist(), rel=1e-6)
    scores = score_network(network, sharded[2], "binary", 0.5)
    assert scores == pytest.approx(score_network(network, validation, "binary", 0.5), rel=1e-6)


def test_a_checkpoint_knows_the_rows_wherever_they_lie(
    learnable: Learnable, sharded: Learnable, training: Callable[..., TrainingParameters]
) -> None:
    _, train, validation = learnable
    assert identify_training(*sharded[1:], training()) == identify_training(train, validation, training())


def test_many_rows_are_shuffled_in_windows_of_stretches_by_seed_and_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "STRETCH_ROWS", 10)
    monkeypatch.setattr(batches, "WINDOW_ROWS", 100)
    order = shuffle_in_windows(1234, 5, 2)
    assert sorted(order.tolist()) == list(range(1234))
    assert order.tolist() == shuffle_in_windows(1234, 5, 2).tolist()
    others = [shuffle_in_windows(1234, *key).tolist() for key in ((5, 3), (6, 2))]
    assert order.tolist() not in others
    # A window holds rows of few stretches, from all over the table.
    stretches = np.unique(order[:100] // 10)
    assert len(stretches) <= 12
    assert np.ptp(stretches) > 60
    assert shuffle_in_windows(100, 5, 2).tolist() == shuffle_rows(100, 5, 2).tolist()
