"""Files of a folder scored by workers: as on one machine, each once, whatever dies meanwhile."""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from casebook import TabularClassifier
from casebook.batch_scoring.file_scorer import FileScorer, FolderScoring
from casebook.cases.registry import NewRows
from casebook.cluster.dask_client import open_client
from casebook.cluster.dask_scoring import DaskParts
from casebook.cluster.services import Services
from casebook.datasets import ScoredFiles
from casebook.datasets.blocks import NewRowsReader
from casebook.datasets.scored_parts import LocalParts
from casebook.model_registry.champion import Champion, load_champion
from waiting_parts import ARRAY_PAGES, count_page_faults, score_slowly

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.cluster.addresses import ClusterAddresses
    from casebook.cluster.local import LocalCluster
    from casebook.datasets.scored_parts import PartExecutor

pytestmark = pytest.mark.services
FORM = NewRows("new.csv", {"id": "key", "left": "probability"}, key="id", lookup_table="plans.csv", join_key="plan")
PARTS, ROWS, PATIENCE_SECONDS = 6, 50, 120.0


@pytest.fixture
def champion(addresses: ClusterAddresses) -> Champion:
    """A model in the cluster's MLflow server, fitted once."""
    mlflow.set_tracking_uri(addresses.tracking)
    if not mlflow.MlflowClient().search_registered_models():
        rng = np.random.default_rng(0)
        frame = pd.DataFrame({"age": rng.integers(18, 80, 200), "price": rng.choice([10.0, 20.0], 200)})
        model = TabularClassifier(epochs=1, random_state=0).fit(frame, (frame["age"] > 40).astype(int))
        model.log_model("leavers", tracking_uri=addresses.tracking)
    return load_champion("leavers")


class Folder:
    """Files to score; some rows cannot be, and one file."""

    def __init__(self, root: Path, champion: Champion) -> None:
        self.raw, self.root = root / "raw", root
        (self.raw / "inbox" / "more").mkdir(parents=True)
        (self.raw / "plans.csv").write_text("plan,price\nsmall,10\nlarge,20\n")
        for number in range(PARTS):
            place = self.raw / "inbox" / ("more" if number % 2 else "") / f"part{number}.csv"
            rows = [f"{number}-{row},{'small' if row % 2 else 'large'},{20 + row}" for row in range(ROWS)]
            rows[number] = f"{number}-{number},none,30"
            place.write_text("\n".join(["id,plan,age", *rows, ""]))
        self.champion = champion

    def files(self, name: str, executor: PartExecutor) -> ScoredFiles:
        files = ScoredFiles(str(self.root / name), "leavers")
        files.executor = executor
        return files

    def scoring(self) -> FolderScoring:
        reader = NewRowsReader(self.raw, FORM, "2026-01-01")
        return FolderScoring("inbox/**/*.csv", reader.parts("inbox/**/*.csv"), FileScorer(reader, self.champion))

    def manifest(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.root / name / "manifest.csv").set_index("part")

    def answers(self, name: str) -> dict[str, pd.DataFrame]:
        found = self.manifest(name)["folder"].dropna()
        return {part: pd.read_parquet(f"{folder}/predictions.parquet") for part, folder in found.items()}


@pytest.fixture
def folder(tmp_path: Path, champion: Champion) -> Folder:
    return Folder(tmp_path, champion)


def start(work: Callable[[], object]) -> tuple[threading.Thread, list[str]]:
    """Do something in a thread -> the thread, and the error that it ends with."""
    told: list[str] = []

    def run() -> None:
        try:
            work()
        except DatasetError as error:
            told.append(str(error.__cause__ or error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, told


def wait_until(found: Callable[[], Any]) -> Any:  # noqa: ANN401 - what is looked for
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if there := found():
            return there
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def scoring_workers(local_cluster: LocalCluster) -> list[int]:
    """Find the processes that score a file just now: each keeps it in a folder that bears its number."""
    files = (local_cluster.folder / "workers").rglob("scoring-*")
    return [int(file.name.removeprefix("scoring-")) for file in files]


def published(addresses: ClusterAddresses) -> list[Path]:
    return list(Path(addresses.shared.removeprefix("file://"), "casebook-scoring").glob("*/*"))


def test_workers_answer_as_one_machine_does(addresses: ClusterAddresses, folder: Folder) -> None:
    (folder.raw / "inbox" / "cut.csv").write_text("id,plan\nx,small\n")
    for name, executor in (("here", LocalParts()), ("there", DaskParts(addresses))):
        folder.files(name, executor).save(folder.scoring())
    here, there = (folder.manifest(name) for name in ("here", "there"))
    assert here["state"].tolist() == ["failed", *["scored"] * PARTS]
    columns = ["state", "rows", "scored", "rejected", "version", "digest", "reason"]
    pd.testing.assert_frame_equal(here[columns], there[columns])
    assert here["scored"].dropna().tolist() == [ROWS - 1] * PARTS
    assert here.loc["cut.csv", "reason"].startswith("cut.csv lacks age, which the model needs")
    answers = folder.answers("there")
    for part, expected in folder.answers("here").items():
        pd.testing.assert_frame_equal(answers[part], expected)
    counted = [folder.files(name, LocalParts()).load() for name in ("here", "there")]
    assert counted[0]["counts"] == counted[1]["counts"]
    assert published(addresses) == []


def test_workers_that_score_keep_the_memory_of_freed_arrays(addresses: ClusterAddresses, folder: Folder) -> None:
    folder.files("there", DaskParts(addresses)).save(folder.scoring())
    with open_client(addresses.scheduler) as client:
        assert min(client.run(count_page_faults).values()) < ARRAY_PAGES / 10


def test_a_worker_that_is_killed_loses_and_doubles_nothing_and_the_next_command_has_nothing_to_do(
    addresses: ClusterAddresses, local_cluster: LocalCluster, folder: Folder
) -> None:
    files = folder.files("killed", DaskParts(addresses, partial(score_slowly, seconds=1.0)))
    thread, told = start(lambda: files.save(folder.scoring()))
    os.kill(wait_until(lambda: scoring_workers(local_cluster))[0], signal.SIGKILL)
    thread.join(PATIENCE_SECONDS)
    assert told == []
    manifest = folder.manifest("killed")
    assert manifest["state"].tolist() == ["scored"] * PARTS
    assert files.load()["rows"] == PARTS * ROWS
    keys = pd.concat(folder.answers("killed").values())["key"]
    assert (len(keys), keys.nunique()) == (PARTS * (ROWS - 1), PARTS * (ROWS - 1))
    files.save(folder.scoring())
    pd.testing.assert_frame_equal(folder.manifest("killed"), manifest)


def test_a_killed_scheduler_is_told_and_the_next_command_scores_what_is_missing(
    addresses: ClusterAddresses, local_cluster: LocalCluster, folder: Folder
) -> None:
    files = folder.files("scheduled", DaskParts(addresses, partial(score_slowly, seconds=1.0)))
    thread, told = start(lambda: files.save(folder.scoring()))
    wait_until(lambda: list((folder.root / "scheduled" / "predicted").glob("[!.]*")))
    services = Services(local_cluster.folder)
    os.kill(services.pid("scheduler"), signal.SIGKILL)
    thread.join(PATIENCE_SECONDS)
    assert told[0].startswith(f"the Dask scheduler {addresses.scheduler} is gone: start it, and the same command")
    before = folder.manifest("scheduled")
    assert set(before["state"]) == {"scored", "missing"}
    services.stop("workers")
    local_cluster.up(2, lambda _: None)
    files.executor = DaskParts(addresses)
    files.save(folder.scoring())
    after = folder.manifest("scheduled")
    assert after["state"].tolist() == ["scored"] * PARTS
    there = before["state"] == "scored"
    assert after.loc[there, "at"].tolist() == before.loc[there, "at"].tolist()
    assert files.load()["parts"]["before"] == there.sum()


def test_a_store_that_refuses_ends_the_command_and_an_mlflow_server_that_is_away_does_not(
    addresses: ClusterAddresses, local_cluster: LocalCluster, folder: Folder
) -> None:
    place = Path(addresses.shared.removeprefix("file://"), "casebook-scoring")
    place.rmdir()
    place.touch()
    files = folder.files("refused", DaskParts(addresses))
    thread, told = start(lambda: files.save(folder.scoring()))
    thread.join(PATIENCE_SECONDS)
    assert told[0].startswith(f"CASEBOOK_SHARED {addresses.shared} cannot be written (")
    assert folder.manifest("refused")["state"].tolist() == ["missing"] * PARTS
    place.unlink()
    # Of other tables than before a worker begins anew, and asks for the model too.
    (folder.raw / "plans.csv").write_text("plan,price\nsmall,15\nlarge,20\n")
    Services(local_cluster.folder).stop("mlflow")
    thread, told = start(lambda: files.save(folder.scoring()))
    wait_until(lambda: published(addresses))
    time.sleep(1)
    local_cluster.up(2, lambda _: None)
    thread.join(PATIENCE_SECONDS)
    assert told == []
    assert folder.manifest("refused")["state"].tolist() == ["scored"] * PARTS
