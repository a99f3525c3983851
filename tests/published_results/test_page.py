"""The ledger's page: verdicts, spreads, references beside figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
import pytest

from casebook.cases.registry import CASES
from casebook.published_results import page
from casebook.published_results.plan import LedgerRow, plan_rows
from casebook.published_results.runs import find_runs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.mark.parametrize(
    ("metric", "published", "measured", "verdict"),
    [
        ("test/accuracy", 0.80, [0.805, 0.815], "reproduced"),
        ("test/accuracy", 0.80, [0.82], "better"),
        ("test/accuracy", 0.80, [0.78], "not reproduced"),
        ("folds/accuracy_mean", 0.83, [0.86], "better"),
        ("test/mae", 600.0, [625.0], "reproduced"),
        ("test/mae", 600.0, [560.0], "better"),
        ("test/mae", 600.0, [640.0], "not reproduced"),
        ("test/log_loss", 0.10, [0.12], "not reproduced"),
        ("test/accuracy", None, [0.9], "-"),
        ("test/accuracy", 0.9, [], "not measured"),
    ],
)
def test_a_share_is_judged_within_a_hundredth_and_an_error_within_a_twentieth(
    metric: str, published: float | None, measured: list[float], verdict: str
) -> None:
    assert page.compare_figures(metric, published, measured) == verdict


def test_figures_have_as_many_places_as_they_deserve() -> None:
    assert [page.write_figure(value) for value in (825525.53, 612.01, 0.12345)] == ["825,526", "612.01", "0.1235"]
    assert page.write_spread([0.5, 0.6, 0.7]) == "0.6000 ± 0.1000"
    assert page.write_spread([0.5]) == "0.5000"
    assert page.write_spread([]) == "-"


def finish(row: LedgerRow, seed: int, metrics: Mapping[str, float], status: str = "FINISHED") -> None:
    """Leave a run as `make ledger` does."""
    mlflow.set_experiment(row.case)
    with mlflow.start_run() as run:
        mlflow.set_tags({"ledger": row.key(), "ledger.seed": str(seed)})
        mlflow.log_metrics(dict(metrics))
    mlflow.MlflowClient().set_terminated(run.info.run_id, status)


def test_the_page_sets_published_measured_and_rivals_side_by_side(tmp_path: Path) -> None:
    row = LedgerRow("attrition", "9_units", {}, {"test/accuracy": 0.817})
    for seed, accuracy in ((1, 0.80), (2, 0.82)):
        finish(row, seed, {"test/accuracy": accuracy, "baseline/accuracy": 0.76, "reference/accuracy": 0.99})
    finish(row, 3, {"test/accuracy": 0.1}, status="FAILED")
    finish(LedgerRow("attrition", "default"), 1, {"test/accuracy": 0.97, "test/auc": 0.99})
    page.write_page(tmp_path / "docs" / "ledger.md", mlflow.MlflowClient())
    lines = (tmp_path / "docs" / "ledger.md").read_text().splitlines()
    (found,) = [line for line in lines if line.startswith("| 9_units |")]
    assert found.split(" | ")[:6] == [
        "| 9_units", "test/accuracy (row)", "0.8170", "0.8100 ± 0.0141", "2", "reproduced",
    ]  # fmt: skip
    assert found.split(" | ")[6:9] == ["0.7600", "0.9900", "0.9700"]
    assert lines[lines.index("## rossmann") + 2] == "Not run yet."
    assert any(line.startswith("- Not run yet: 9_units duplicates=group, ") for line in lines)


def test_a_row_whose_configuration_changed_has_no_runs_yet() -> None:
    row = LedgerRow("pima", "default")
    finish(row, 1, {"test/accuracy": 0.7})
    assert len(find_runs(mlflow.MlflowClient(), row)) == 1
    assert find_runs(mlflow.MlflowClient(), LedgerRow("pima", "default", {"training.epochs": 3})) == []


@pytest.mark.parametrize("case", ["redhat", "rossmann", "attrition", "deposit", "pima", "boston", "mnist", "imdb"])
def test_every_case_plans_its_default_first_and_every_row_resolves(case: str) -> None:
    rows = list(plan_rows(case))
    assert (rows[0].variant, dict(rows[0].changes)) == ("default", {})
    assert len({row.key() for row in rows}) == len(rows)


def test_rows_that_differ_in_training_alone_share_their_arrays() -> None:
    small, large = LedgerRow("rossmann", "3x150"), LedgerRow("rossmann", "5x350")
    assert small.key() != large.key()
    assert small.data_key() == large.data_key()
    assert small.data_key() != LedgerRow("rossmann", "3x150", {"leaks.Customers": "drop"}).data_key()


def test_parameters_that_came_later_leave_keys_as_they_were_where_they_change_nothing() -> None:
    neutral, other = ({"training.network.ensemble_size": members} for members in (1, 2))
    row = LedgerRow("redhat", "scaled_512")
    assert LedgerRow("redhat", "scaled_512", neutral).key() == row.key()
    assert LedgerRow("redhat", "scaled_512", other).key() != row.key()


def test_a_row_that_was_finished_under_its_former_key_stays_finished() -> None:
    rows = [row for case in CASES for row in plan_rows(case) if row.former_key]
    # The others have another reference than at ed30312, LightGBM, or other defaults: they are run anew.
    assert [(row.case, row.variant) for row in rows] == [("mnist", "default"), ("mnist", "cnn"), ("imdb", "lstm")]
    assert len({row.former_key for row in rows} - {row.key() for row in rows}) == len(rows)
    mlflow.set_experiment("mnist")
    row = LedgerRow("mnist", "cnn")
    # As commit ed30312 left it.
    with mlflow.start_run() as run:
        mlflow.set_tags({"ledger": "6d863263b13c", "ledger.seed": "1"})
    assert [found.info.run_id for found in find_runs(mlflow.MlflowClient(), row)] == [run.info.run_id]
