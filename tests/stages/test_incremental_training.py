"""Which batches an update finds, and how it trains."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.pipeline import Pipeline, node
from pydantic import ValidationError

from casebook.config.schema import TrainingParameters, UpdateParameters
from casebook.data.splitting import TRAIN
from casebook.incremental_training.arriving_rows import Rows, UpdateError
from casebook.incremental_training.batch import lower_training
from casebook.stages.incremental_training import find_batches, find_day, run_nodes

DAYS = pd.to_datetime(["2023-01-01", "2023-02-01", "2023-02-02"]).astype("datetime64[s]")
OLD = Rows(pd.DataFrame({"date": DAYS}), pd.DataFrame({"x": [1, 2, 3]}), np.full(3, TRAIN, dtype=np.uint8))


def champion(**days: str) -> Any:  # noqa: ANN401 - plays a champion
    return SimpleNamespace(profile={"days": days})


def batches(**update: object) -> list[Any]:
    update_session: Any = SimpleNamespace(champion=lambda: champion(date="2023-02-01"), seen_digests=lambda: {"f00d"})
    arrivals: Any = SimpleNamespace(
        watch=lambda folder, wait, learnt: [
            f"{folder}/{name}.csv" for name in ("a", "b") if "f00d" in learnt and not wait
        ],
        digest=lambda file: f"digest of {file}",
        read=lambda file: f"content of {file}",
    )
    settings = {"update": update, "day": "date", "case": "redhat"}
    return list(find_batches(arrivals, update_session, settings, OLD, lambda content: content))  # type: ignore[arg-type,return-value]


def test_rows_after_the_champions_last_day_are_one_batch() -> None:
    (batch,) = batches(since="champion")
    assert (batch.step, batch.name, batch.digest) == (1, "rows after 2023-02-01", "")
    assert batch.read().features["x"].tolist() == [3]


def test_a_file_is_one_batch_and_a_folder_one_each() -> None:
    (alone,) = batches(file="new.csv")
    assert (alone.step, alone.name, alone.digest, alone.read()) == (
        1, "new.csv", "digest of new.csv", "content of new.csv",
    )  # fmt: skip
    several = batches(folder="inbox")
    assert [(batch.step, batch.name) for batch in several] == [(1, "inbox/a.csv"), (2, "inbox/b.csv")]
    assert [batch.read() for batch in several] == ["content of inbox/a.csv", "content of inbox/b.csv"]


def test_a_day_up_to_which_the_champion_has_learnt_is_refused() -> None:
    assert find_day(champion(date="2023-02-01"), "2023-02-01", "date") == "2023-02-01"
    with pytest.raises(UpdateError, match="has learnt from rows up to 2023-02-01; rows from 2023-01-31 on"):
        find_day(champion(date="2023-02-01"), "2023-01-31", "date")
    with pytest.raises(UpdateError, match="kept no day up to which it has learnt; name a file"):
        find_day(champion(), "champion", "date")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"file": "a.csv", "since": "champion"}, "file and since are given: new rows come from one of"),
        ({"since": "yesterday"}, "give a day like 2023-08-26, or champion"),
    ],
)
def test_new_rows_come_from_one_place(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        UpdateParameters.model_validate(given)


def test_an_update_trains_few_epochs_at_a_low_constant_rate_to_their_end() -> None:
    training = TrainingParameters.model_validate(
        {
            "epochs": 30, "batch_size": 8, "seed": 4, "loss": "mse", "metrics": ["mae"],
            "optimizer": {"name": "adam", "learning_rate": 0.02, "clip_norm": 1.0},
            "schedule": {"name": "cosine", "warmup_share": 0.1},
            "early_stopping": {"metric": "val/loss", "patience": 3},
            "network": {"hidden": [4], "output": "linear"},
        }
    )  # fmt: skip
    lower = lower_training(training, UpdateParameters(epochs=3, learning_rate=0.5))
    assert (lower.epochs, lower.optimizer.learning_rate, lower.schedule.name) == (3, 0.01, "constant")
    assert (lower.early_stopping.patience, lower.optimizer.clip_norm, lower.seed) == (0, 1.0, 4)
    assert training.epochs == 30


def test_a_graph_is_run_in_memory_from_its_inputs() -> None:
    graph = Pipeline([
        node(lambda text: text.upper(), "raw", "loud", name="shout"),
        node(lambda loud, times: loud * times, ["loud", "params:times"], "said", name="repeat"),
    ])  # fmt: skip
    assert run_nodes(graph, {"raw": "ho", "params:times": 2}) == {
        "raw": "ho", "params:times": 2, "loud": "HO", "said": "HOHO",
    }  # fmt: skip
