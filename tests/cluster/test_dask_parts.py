"""Parts as tasks of Dask: what dies with a worker is done again, and nothing is there twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from casebook.cluster.dask_parts import FEW_BYTES, SharedShards, open_local
from casebook.out_of_core.encoding import ShardFolder
from casebook.tuning.errors import StudyFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.cluster.dask_parts import DaskPartWorkers

ROWS = 5


class DyingFolder(ShardFolder):
    """Kills its process when it has written half of a shard, once."""

    def write(self, number: int, parts: Mapping[str, dict[str, np.ndarray]]) -> str:
        died = self.folder.with_name("died")
        if number == 3 and not died.exists():
            died.touch()
            half = self.folder / f".unfinished-{os.getpid()}-{number:05d}"
            half.mkdir(parents=True)
            (half / "codes.npy").write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().write(number, parts)


def number_rows(part: int) -> np.ndarray:
    return np.arange(part * ROWS, (part + 1) * ROWS)


def write(rows: np.ndarray, number: int, place: ShardFolder) -> str:
    parts = {"train": rows[:3], "validation": rows[3:4], "test": rows[4:]}
    return place.write(number, {name: {"codes": some, "target": some} for name, some in parts.items()})


def write_all(workers: DaskPartWorkers, place: ShardFolder | SharedShards) -> dict[str, list[int]]:
    rows = workers.map(number_rows, range(8))
    written = workers.gather([workers.submit(write, each, number, place) for number, each in enumerate(rows)])
    return {name: arrays["codes"][:].tolist() for name, arrays in place.collect(written).items()}


EVERY = {
    "train": [row for row in range(8 * ROWS) if row % ROWS < 3],
    "validation": list(range(3, 8 * ROWS, ROWS)),
    "test": list(range(4, 8 * ROWS, ROWS)),
}


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes of workers import this module, whose functions they are sent."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2]))


@pytest.mark.process
def test_shards_of_a_killed_worker_are_made_again_and_none_is_there_twice(tmp_path: Path) -> None:
    with open_local(FEW_BYTES + 1, tmp_path / "scratch") as workers:
        assert write_all(workers, DyingFolder(tmp_path / "shards")) == EVERY
    assert (tmp_path / "died").exists()
    assert sorted(path.name for path in (tmp_path / "shards").iterdir()) == [f"{number:05d}" for number in range(8)]


def die(_item: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.process
def test_a_part_that_kills_every_worker_ends_the_run_with_what_to_do(tmp_path: Path) -> None:
    with (
        open_local(FEW_BYTES + 1, tmp_path / "scratch") as workers,
        pytest.raises(StudyFailedError, match=r"workers ended on the same part, the last one tcp://.*more memory"),
    ):
        workers.gather(workers.map(die, [0]))


def test_few_bytes_are_worked_on_in_this_process(tmp_path: Path) -> None:
    with open_local(FEW_BYTES, tmp_path / "scratch") as workers:
        assert workers.gather(workers.map(lambda _: os.getpid(), [0, 1])) == [os.getpid()] * 2
        assert write_all(workers, ShardFolder(tmp_path / "shards")) == EVERY


def test_of_several_parts_that_fail_the_first_one_tells(tmp_path: Path) -> None:
    def fail(number: int) -> None:
        raise ValueError(f"part {number}")

    with open_local(0, tmp_path / "scratch") as workers, pytest.raises(ValueError, match="part 0"):
        workers.gather(workers.map(fail, [0, 1, 2]))


def test_shards_go_through_the_shared_store_and_are_fetched_by_their_content(tmp_path: Path) -> None:
    place = SharedShards(f"file://{tmp_path / 'shared'}", tmp_path / "kept")
    with open_local(0, tmp_path / "scratch") as workers:
        assert write_all(workers, place) == EVERY
        # Done twice, a shard is there once.
        assert write_all(workers, place) == EVERY
    assert len(list((tmp_path / "shared" / "casebook-splits").iterdir())) == 8
