"""The published network and the default on the real file, from the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient

from casebook.datasets import DeclaredTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow.entities import Run
    from tests.declared_fixtures import Ingest
    from tests.project import Project

RAW_ROW = [
    "satisfaction_level", "last_evaluation", "number_project", "average_montly_hours", "time_spend_company",
    "Work_accident", "promotion_last_5years", "department", "salary",
]  # fmt: skip
EMPLOYEE = [0.26, 0.7, 3, 238, 6, 0, 0, "support", "medium"]


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    return new_project()


def run_variant(project: Project, variant: str, real_raw: Path) -> Run:
    """Run a variant and give what it left in the store."""
    given = f"attrition.variant={variant},attrition.evaluation.importance_repeats=1"
    code, said = project.kedro("run", "--pipeline=attrition", "--params", given, CASEBOOK_RAW=str(real_raw))
    assert code == 0, said[-5000:]
    client = MlflowClient(project.address)
    experiment = client.get_experiment_by_name("attrition")
    assert experiment is not None
    # Further networks of an ensemble have runs of their own below it.
    runs = client.search_runs([experiment.experiment_id])
    return next(run for run in runs if "mlflow.parentRunId" not in run.data.tags)


@pytest.fixture(scope="module")
def published(project: Project, real_raw: Path) -> Run:
    return run_variant(project, "9_units", real_raw)


@pytest.fixture(scope="module")
def default(project: Project, real_raw: Path) -> Run:
    return run_variant(project, "default", real_raw)


@pytest.mark.real
def test_a_fifth_of_the_real_rows_are_copies(ingest: Ingest, real_raw: Path) -> None:
    raw = DeclaredTable("attrition", filepath=str(real_raw / "attrition" / "HR_comma_sep.csv")).load()
    employees, _ = ingest("attrition", raw)
    assert employees.shape == (14_999, 10)
    assert employees.duplicated().sum() == 3_008
    assert employees["left"].sum() == 3_571


@pytest.mark.real
def test_the_published_split_and_preparation_come_out_as_published(published: Run) -> None:
    metrics = published.data.metrics
    assert (metrics["data/train_rows"], metrics["data/test_rows"]) == (10_499, 4_500)
    assert metrics["data/features"] == 18
    # More than a quarter of the published test rows stand among the training rows, too.
    assert metrics["test/seen_row_share"] == pytest.approx(0.278, abs=0.001)


@pytest.mark.real
def test_the_published_network_comes_near_the_published_accuracy(published: Run) -> None:
    metrics = published.data.metrics
    assert 0.80 <= metrics["test/accuracy"] <= 0.87
    assert metrics["test/accuracy_at_0.5"] == metrics["test/accuracy"]
    assert metrics["test/accuracy_at_0.6"] >= metrics["baseline/accuracy"]


@pytest.mark.real
@pytest.mark.parametrize("threshold", [0.5, 0.6])
def test_the_published_employee_stays_at_both_thresholds(published: Run, project: Project, threshold: float) -> None:
    mlflow.set_tracking_uri(project.address)
    model = mlflow.pyfunc.load_model(f"runs:/{published.info.run_id}/model")
    employee = pd.DataFrame([dict(zip(RAW_ROW, EMPLOYEE, strict=True))])
    found = model.predict(employee, params={"threshold": threshold})
    assert found["class"].tolist() == [0]


@pytest.mark.real
def test_the_default_on_distinct_rows_is_far_above_the_published_network(
    default: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = default.data.metrics
    names = ("test/accuracy", "test/auc", "baseline/accuracy", "reference/accuracy", "reference/auc")
    with capsys.disabled():
        sys.stdout.write(f"\nreal attrition: {', '.join(f'{name} {metrics[name]:.4f}' for name in names)}\n")
    assert metrics["test/seen_row_share"] == 0
    assert metrics["test/accuracy"] >= metrics["reference/accuracy"] - 0.01
