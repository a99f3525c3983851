"""Which batches an update finds, and how it trains."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from kedro.pipeline import Pipeline, node
from pydantic import ValidationError

from casebook.config.schema import TrainingParameters, UpdateParameters
from casebook.data.splitting import TRAIN
from casebook.datasets.raw import RawFileError
from casebook.incremental_training.arriving_rows import Rows, UpdateError
from casebook.incremental_training.batch import lower_training
from casebook.stages import incremental_training
from casebook.stages.incremental_training import find_batches, find_day, learn_batches, run_nodes

if TYPE_CHECKING:
    from collections.abc import Mapping

# The champion has seen some rows of its last day.
DAYS = pd.to_datetime(["2023-01-01 00:00", "2023-02-01 14:30", "2023-02-02 00:00"]).astype("datetime64[s]")
OLD = Rows(pd.DataFrame({"date": DAYS}), pd.DataFrame({"x": [1, 2, 3]}), np.full(3, TRAIN, dtype=np.uint8))


def champion(**days: str) -> Any:  # noqa: ANN401 - plays a champion
    return SimpleNamespace(profile={"days": days})


def batches(**update: object) -> list[Any]:
    session, settings = Session(), {"update": update, "day": "date", "case": "redhat"}
    arrivals: Any = Arrivals("a", "b")
    return list(find_batches(arrivals, session, settings, OLD, lambda content: content, []))  # type: ignore[arg-type,return-value]


class Session:
    """Plays the store: knows which batches were learnt from, and writes down what it is told."""

    def __init__(self, **known: str) -> None:
        self.known = {f"digest of inbox/{name}.csv": why for name, why in known.items()}
        self.told: list[tuple[Any, ...]] = []

    def champion(self) -> Any:  # noqa: ANN401
        return champion(date="2023-02-01")

    def known_batches(self) -> dict[str, str]:
        return self.known

    def pass_over(self, name: str, why: str) -> None:
        self.told.append(("passed over", name, why))

    def report(self, step: int, name: str, message: str) -> None:
        self.told.append((step, name, message))

    def tell_unfinished(self, lines: pd.DataFrame) -> None:
        self.told.append(("unfinished", lines["batch"].tolist()))


class Arrivals:
    """Plays a folder of files, of which some cannot be read."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def watch(self, folder: str, wait: float) -> list[str]:
        assert not wait
        return [f"{folder}/{name}.csv" for name in self.names]

    def digest(self, file: str) -> str:
        if "locked" in file:
            raise RawFileError(f"{file} may not be read")
        return f"digest of {file}"

    def read(self, file: str) -> str:
        return f"content of {file}"

    def describe(self, folder: str) -> str:
        return f"{folder} holds no file of rows"


def learn_all(
    monkeypatch: pytest.MonkeyPatch, session: Session, *names: str, errors: Mapping[str, BaseException] | None = None
) -> pd.DataFrame:
    """Learn from a folder; what a batch's training makes is played."""

    def learn(batch: Any, *_: object) -> dict[str, Any]:  # noqa: ANN401
        batch.read()
        if batch.name in (errors or {}):
            raise (errors or {})[batch.name]
        return {"promoted": True, "message": "champion"}

    monkeypatch.setattr(incremental_training, "learn_batch", learn)
    settings = {"update": {"folder": "inbox"}, "day": "date", "case": "redhat"}
    arrivals: Any = Arrivals(*names)
    return learn_batches(arrivals, session, settings, OLD, OLD.raw, lambda content: content)  # type: ignore[arg-type,return-value]


def test_a_file_that_cannot_be_read_or_learnt_from_does_not_end_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    errors = {"inbox/b.csv": UpdateError("AttributeError: no such thing")}
    lines = learn_all(monkeypatch, session, "a", "b", "locked", "c", errors=errors)
    assert lines["message"].tolist() == [
        "champion", "not learnt from: AttributeError: no such thing",
        "not learnt from: inbox/locked.csv may not be read", "champion",
    ]  # fmt: skip
    assert [told[0] for told in session.told] == [1, 2, 3, 4]


def test_a_file_that_is_passed_over_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(a="the champion has learnt from it (version 2)")
    lines = learn_all(monkeypatch, session, "a", "b")
    assert lines["message"].tolist() == ["passed over: the champion has learnt from it (version 2)", "champion"]
    assert session.told == [
        ("passed over", "inbox/a.csv", "the champion has learnt from it (version 2)"), (1, "inbox/b.csv", "champion"),
    ]  # fmt: skip


def test_a_folder_of_nothing_new_and_one_of_no_files_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(a="known")
    assert learn_all(monkeypatch, session, "a")["batch"].tolist() == ["inbox/a.csv"]
    assert session.told[-1] == (0, "inbox", "no file that was not learnt from before")
    assert list(learn_all(monkeypatch, session)) == ["batch", "promoted", "message"]
    assert session.told[-1] == (0, "inbox", "inbox holds no file of rows")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("the disk is full")])
def test_what_was_learnt_is_told_when_the_watch_ends_early(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    session = Session()
    with pytest.raises(type(error)):
        learn_all(monkeypatch, session, "a", "b", "c", errors={"inbox/c.csv": error})
    assert session.told[-1] == ("unfinished", ["inbox/a.csv", "inbox/b.csv"])


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
        ({"since": "yesterday"}, "give a day of the calendar like 2023-08-26, or champion"),
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
