from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from casebook.training import checkpoints
from casebook.training.checkpoints import Checkpoint, KeptCheckpoint, read_owner, read_progress

ARRAYS = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.array(7, dtype=np.int64),
    np.empty((0, 4), dtype=np.uint8),
    np.arange(12, dtype=np.float64).reshape(3, 4).T,
    np.array([1, 2], dtype=np.uint32),
]
FACTS = {"history": [{"epoch": 1, "train/loss": 0.1 + 0.2}], "best": None, "word": "Café"}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return Checkpoint(tmp_path / "models" / "checkpoint.bin", "run 1")


def test_what_is_kept_comes_back_bit_for_bit(checkpoint: Checkpoint) -> None:
    checkpoint.save({"epoch": 0}, ARRAYS[:1])
    checkpoint.save(FACTS, ARRAYS)
    facts, arrays = checkpoint.load()
    assert facts == FACTS
    for kept, array in zip(arrays, ARRAYS, strict=True):
        assert (kept.dtype, kept.shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(kept, array)
    assert [file.name for file in checkpoint.path.parent.iterdir()] == ["checkpoint.bin"]


def test_only_the_run_that_kept_a_state_finds_it(checkpoint: Checkpoint) -> None:
    assert checkpoint.load() is None
    assert read_owner(checkpoint.path) == ""
    checkpoint.save(FACTS, ARRAYS)
    assert read_owner(checkpoint.path) == "run 1"
    assert Checkpoint(checkpoint.path, "run 2").load() is None
    assert Checkpoint(checkpoint.path, "run 1").load() is not None


def test_a_write_that_fails_leaves_the_state_before_it(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.save(FACTS, ARRAYS)

    def fail(_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "ascontiguousarray", fail)
    with pytest.raises(OSError, match="no space left"):
        checkpoint.save({"word": "later"}, ARRAYS)
    assert checkpoint.load()[0] == FACTS


def test_a_state_is_gone_when_it_is_no_longer_needed(checkpoint: Checkpoint) -> None:
    checkpoint.remove()
    checkpoint.save(FACTS, ARRAYS)
    checkpoint.remove()
    assert checkpoint.load() is None


def test_no_second_state_is_kept_within_the_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: clock[0])
    paused, eager = (
        Checkpoint(tmp_path / "1.bin", "run", min_interval_seconds=0.5),
        Checkpoint(tmp_path / "2.bin", "run"),
    )
    due = []
    for _ in range(8):
        due.append(paused.due)
        if paused.due:
            paused.save(FACTS, ARRAYS)
        assert eager.due
        eager.save(FACTS, ARRAYS)
        clock[0] += 0.25
    assert due == [True, False] * 4


@pytest.mark.parametrize("damage", [lambda c: c[:0], lambda c: c[:3], lambda c: c[:-1], lambda c: b"\xff" * len(c)])
def test_a_damaged_checkpoint_counts_for_nothing_and_is_named(
    checkpoint: Checkpoint, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    checkpoint.save(FACTS, ARRAYS)
    checkpoint.path.write_bytes(damage(checkpoint.path.read_bytes()))
    assert (checkpoint.load(), read_owner(checkpoint.path), read_progress(checkpoint.path)) == (None, "", [])
    assert f"{checkpoint.path} is damaged" in caplog.text
    assert "remove it" in caplog.text
    checkpoint.save(FACTS, ARRAYS)
    assert checkpoint.load() is not None


def test_another_byte_anywhere_is_seen(checkpoint: Checkpoint) -> None:
    checkpoint.save(FACTS, ARRAYS)
    whole = checkpoint.path.read_bytes()
    for place in range(len(whole)):
        checkpoint.path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert checkpoint.load() is None


def test_a_checkpoint_of_a_run_outlives_its_training(checkpoint: Checkpoint) -> None:
    checkpoint.save(FACTS, ARRAYS)
    KeptCheckpoint(checkpoint).remove()
    assert checkpoint.load() is not None
    assert read_progress(checkpoint.path) == FACTS["history"]
