"""Which rows of the ledger are run, and with which commands."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import mlflow
import pytest

from casebook.published_results import runs
from casebook.published_results.plan import LedgerRow

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stand in for `kedro run`: leave a finished run as it does -> the commands' options."""
    options: list[list[str]] = []

    def run(command: list[str], env: dict[str, str], **_: object) -> SimpleNamespace:
        options.append(command[2:])
        key, seed = env["CASEBOOK_LEDGER"].split()
        mlflow.set_experiment("pima")
        with mlflow.start_run():
            mlflow.set_tags({"ledger": key, "ledger.seed": seed})
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(runs.subprocess, "run", run)
    return options


def test_a_quick_row_is_run_with_three_seeds_of_which_the_later_only_train(started: list[list[str]]) -> None:
    row = LedgerRow("pima", "net_8_16_8")
    prepared_for = runs.run_row(mlflow.MlflowClient(), row)
    assert prepared_for == row.data_key()
    assert [words[1] for words in started] == [
        f"--params=pima.variant=net_8_16_8,pima.split.promotion_share=0,pima.training.seed={seed}" for seed in (1, 2, 3)
    ]
    judged = "pima.score_test,pima.score_training"
    assert started[0][2:] == [f"--to-nodes={judged},pima.describe_split,pima.cross_validate"]
    assert started[1][2:] == started[2][2:] == ["--from-nodes=pima.train_network", f"--to-nodes={judged}"]


def test_a_finished_row_is_not_run_again(started: list[list[str]]) -> None:
    row = LedgerRow("pima", "default")
    runs.run_row(mlflow.MlflowClient(), row)
    assert len(started) == 3
    runs.run_row(mlflow.MlflowClient(), row)
    assert len(started) == 3


def test_folds_are_run_once_and_whole(started: list[list[str]]) -> None:
    row = LedgerRow("pima", "net_8_16_8", {"folds.count": 10, "folds.of": "all"})
    runs.run_row(mlflow.MlflowClient(), row, row.data_key())
    assert len(started) == 1
    assert "folds.count=10" in started[0][1]
    assert not any("--from-nodes" in word for word in started[0])


def test_a_failed_run_stops_the_ledger_and_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=1))
    with pytest.raises(SystemExit, match="pima default failed with exit code 1"):
        runs.run_row(mlflow.MlflowClient(), LedgerRow("pima", "default"))


def test_the_store_is_made_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'own.db'}")
    assert runs.open_store().search_experiments(max_results=1)
