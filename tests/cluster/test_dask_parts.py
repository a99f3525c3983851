"""Parts as tasks of Dask: what dies with a worker is done again, and nothing is there twice."""

from __future__ import annotations

import gzip
import json
import logging
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from distributed import LocalCluster

from casebook.cluster import dask_parts
from casebook.cluster.addresses import ClusterAddresses
from casebook.cluster.dask_parts import FEW_BYTES, SharedShards, open_local, open_remote, size_workers
from casebook.cluster.shared_store import SHARDS
from casebook.config.schema.table_declaration import TableParameters
from casebook.datasets import ArraysFolder
from casebook.datasets.declared_parts import TableParts
from casebook.datasets.part_workers import PartWorkshop
from casebook.datasets.raw import RawFileError
from casebook.datasets.raw_parts import RawPart
from casebook.out_of_core.encoding import ShardFolder
from casebook.runtime.processes import this_process
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


def find_level() -> int:
    return logging.getLogger("distributed.worker").getEffectiveLevel()


@pytest.mark.process
def test_workers_of_this_machine_say_nothing_of_each_other_on_the_console(tmp_path: Path) -> None:
    with open_local(FEW_BYTES + 1, tmp_path / "scratch") as workers:
        levels = workers.client.run(find_level)
    assert set(levels.values()) == {logging.CRITICAL}


def die(_item: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.process
def test_a_part_that_kills_every_worker_ends_the_run_with_what_to_do(tmp_path: Path) -> None:
    with (
        open_local(FEW_BYTES + 1, tmp_path / "scratch") as workers,
        pytest.raises(StudyFailedError, match=r"workers ended on the same part, the last one tcp://.*more memory"),
    ):
        workers.gather(workers.map(die, [0]))


@pytest.mark.parametrize(
    ("cores", "gigabytes", "workers"),
    [(2, 24, (2, 2 << 30)), (32, 4, (2, int(0.6 * (4 << 30)) // 2)), (4, 1, (1, int(0.6 * (1 << 30))))],
    ids=["much memory", "a container", "little memory"],
)
def test_there_are_as_many_workers_as_memory_has_room_for(cores: int, gigabytes: int, workers: tuple[int, int]) -> None:
    assert size_workers(cores, gigabytes << 30) == workers


def test_few_bytes_are_worked_on_in_this_process(tmp_path: Path) -> None:
    with open_local(FEW_BYTES, tmp_path / "scratch") as workers:
        assert workers.gather(workers.map(lambda _: os.getpid(), [0, 1])) == [os.getpid()] * 2
        assert write_all(workers, ShardFolder(tmp_path / "shards")) == EVERY


def test_of_several_parts_that_fail_the_first_one_tells(tmp_path: Path) -> None:
    def fail(number: int) -> None:
        raise ValueError(f"part {number}")

    with open_local(0, tmp_path / "scratch") as workers, pytest.raises(ValueError, match="part 0"):
        workers.gather(workers.map(fail, [0, 1, 2]))


def test_shards_go_through_the_shared_store_and_are_there_until_the_launch_has_them(tmp_path: Path) -> None:
    place = SharedShards(f"file://{tmp_path / 'shared'}", tmp_path / "kept")
    with open_local(0, tmp_path / "scratch") as workers:
        assert write_all(workers, place) == EVERY
        # Done twice, a shard is there once.
        assert write_all(workers, place) == EVERY
    assert len(list((tmp_path / "shared" / place.launch).iterdir())) == 8
    place.close()
    assert not (tmp_path / "shared" / place.launch).exists()


def test_a_launch_removes_the_shards_of_killed_ones_and_of_no_other(tmp_path: Path) -> None:
    shards = tmp_path / "shared" / SHARDS
    live = this_process().describe()
    # Its number is another process's by now.
    dead = {**live, "started": "1"}
    owners = {
        "killed": dead,
        "alive": live,
        "elsewhere": {**dead, "host": "another machine"},
        "of an earlier version": None,
        "damaged": {"host": 1},
    }
    for name, owner in owners.items():
        (shards / name).mkdir(parents=True)
        (shards / name / "00000").write_bytes(b"a shard")
        if owner is not None:
            (shards / name / "owner.json").write_text(json.dumps(owner))
    place = SharedShards(f"file://{tmp_path / 'shared'}", tmp_path / "kept")
    place.begin()
    assert {path.name for path in shards.iterdir()} == {*owners, place.number} - {"killed"}
    place.begin()
    assert (shards / place.number / "owner.json").is_file()
    place.close()
    assert place.number not in {path.name for path in shards.iterdir()}


def test_two_parts_of_the_same_rows_are_two_shards(tmp_path: Path) -> None:
    place = SharedShards(f"file://{tmp_path / 'shared'}", tmp_path / "kept")
    written = [write(number_rows(0), number, place) for number in (0, 1)]
    arrays = place.collect(written)
    ArraysFolder(str(tmp_path / "train")).save(arrays["train"])
    assert ArraysFolder(str(tmp_path / "train")).load()["codes"][:].tolist() == [0, 1, 2, 0, 1, 2]


def test_a_part_whose_workers_have_all_left_ends_the_run_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_parts, "LOOK_SECONDS", 0.1)
    with open_local(0, tmp_path / "scratch") as workers:
        left = replace(workers, allowed=("tcp://127.0.0.1:9",))
        with pytest.raises(StudyFailedError, match=r"all gone \(tcp://127.0.0.1:9\): start some, and the same command"):
            left.gather(left.map(number_rows, [0]))


def test_a_cluster_without_workers_is_told() -> None:
    with (
        LocalCluster(n_workers=0, dashboard_address=":0", scheduler_kwargs={"dashboard": False}) as empty,
        pytest.raises(StudyFailedError, match=r"the scheduler tcp://.* has no workers: start some first"),
        open_remote(ClusterAddresses(empty.scheduler_address, "", "", ""), []),
    ):
        pass


def test_a_packed_file_is_refused_on_a_cluster_and_its_copy_goes_with_the_run(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"n\n1\n2\n"))
    table = TableParts(tmp_path / "a.csv.gz", TableParameters(file="a.csv.gz"), set(), tmp_path / "unpacked")
    shop = PartWorkshop(tmp_path / "work", None)
    with shop.open({"rows": table.find()}) as (workers, _):
        (rows,) = workers.gather(workers.map(RawPart.read, table.find()[:1]))
        assert rows["n"].tolist() == ["1", "2"]
        assert len(list((tmp_path / "unpacked").iterdir())) == 2
    assert len(list((tmp_path / "unpacked").iterdir())) == 1
    remote = replace(shop, addresses=ClusterAddresses("tcp://127.0.0.1:9", "", "", f"file://{tmp_path / 'shared'}"))
    with (
        pytest.raises(RawFileError, match=r"^a.csv.gz is packed or not in UTF-8, and read in parts from a copy"),
        remote.open({"rows": table.find()}),
    ):
        pass
