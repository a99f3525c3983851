"""MLflow's own tools on a logged model: they give the figures that scikit-learn gives of its answers."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import validate_serving_input
from mlflow.models.model import get_model_info
from mlflow.pyfunc.scoring_server import invocations
from sklearn import metrics
from tests.estimators.frames import SMALL, customers

from casebook import TabularClassifier, TabularRegressor
from casebook.model_registry.classifier_evaluator import is_classifier

if TYPE_CHECKING:
    from mlflow.pyfunc import PyFuncModel

LEFT_OUT = ["customer_id", "always"]
PLOTS = {"roc_curve_plot", "precision_recall_curve_plot", "calibration_curve_plot", "confusion_matrix"}


@pytest.fixture(autouse=True)
def away_from_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow puts the artifacts of a store that the user named below the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def left() -> TabularClassifier:
    return TabularClassifier(random_state=0, **SMALL).fit(*customers())


@pytest.fixture(scope="module")
def sized() -> TabularClassifier:
    frame, _ = customers()
    return TabularClassifier(random_state=0, **SMALL).fit(frame.drop(columns="size"), frame["size"])


@pytest.fixture(scope="module")
def months() -> TabularRegressor:
    frame, _ = customers()
    return TabularRegressor(random_state=0, **SMALL).fit(frame.drop(columns=["paid", "months"]), frame["months"])


def log(fitted: TabularClassifier | TabularRegressor) -> str:
    """Log a model -> its address."""
    version = fitted.log_model("customers")
    return f"models:/customers/{version.version}"


@pytest.fixture
def unseen() -> pd.DataFrame:
    frame, answers = customers(120, seed=4)
    # MLflow's digest of a data set knows no categories of pandas.
    return frame.drop(columns=LEFT_OUT).assign(left=answers, plan=frame["plan"].astype(str))


@pytest.mark.parametrize("options", [{"evaluators": "casebook"}, {"model_config": {"output": "class"}}])
def test_evaluate_gives_two_classes_scores_area_and_curves(
    left: TabularClassifier, unseen: pd.DataFrame, options: dict[str, Any]
) -> None:
    found = mlflow.models.evaluate(log(left), unseen, targets="left", model_type="classifier", **options)
    rows, actual = unseen.drop(columns="left"), unseen["left"]
    table, _ = customers(120, seed=4)
    probability, predicted = left.predict_proba(table)[:, 1], left.predict(table)
    # Class 1 is the last of the sorted ones, as scikit-learn has it.
    expected = {
        "accuracy_score": metrics.accuracy_score(actual, predicted),
        "f1_score": metrics.f1_score(actual, predicted, pos_label="stayed"),
        "roc_auc": metrics.roc_auc_score(actual == "stayed", probability),
        "log_loss": metrics.log_loss(actual, probability, labels=["left", "stayed"]),
        "precision_recall_auc": metrics.average_precision_score(actual == "stayed", probability),
    }
    assert {name: found.metrics[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert 0.5 < expected["roc_auc"] < 1
    assert len(rows) == found.metrics["example_count"]
    assert set(found.artifacts) >= PLOTS


def test_evaluate_gives_several_classes_scores_and_curves(sized: TabularClassifier, unseen: pd.DataFrame) -> None:
    data = unseen.drop(columns="left")
    found = mlflow.models.evaluate(log(sized), data, targets="size", model_type="classifier", evaluators="casebook")
    table = customers(120, seed=4)[0].drop(columns="size")
    probabilities = sized.predict_proba(table)
    expected = {
        "accuracy_score": metrics.accuracy_score(data["size"], sized.predict(table)),
        "roc_auc": metrics.roc_auc_score(data["size"], probabilities, multi_class="ovr", average="weighted"),
        "log_loss": metrics.log_loss(data["size"], probabilities),
    }
    assert {name: found.metrics[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert {*PLOTS, "per_class_metrics"} <= set(found.artifacts)
    by_class = found.artifacts["per_class_metrics"].content.set_index("positive_class")["roc_auc"]
    large = metrics.roc_auc_score(data["size"] == "large", probabilities[:, list(sized.classes_).index("large")])
    assert by_class["large"] == pytest.approx(large, abs=1e-6)


@pytest.mark.parametrize("options", [{}, {"model_config": {"output": "prediction"}}])
def test_evaluate_gives_a_regressions_errors(
    months: TabularRegressor, unseen: pd.DataFrame, options: dict[str, Any]
) -> None:
    data = unseen.drop(columns=["left", "paid"])
    # Asked for nothing, MLflow's evaluator of Shapley values too comes in, and fails on columns of text.
    asked = {"model_type": "regressor", "evaluators": "regressor", **options}
    found = mlflow.models.evaluate(log(months), data, targets="months", **asked)
    predicted = months.predict(customers(120, seed=4)[0].drop(columns=["paid", "months"]))
    expected = metrics.mean_absolute_error(data["months"], predicted)
    assert found.metrics["mean_absolute_error"] == pytest.approx(expected, abs=1e-5)
    assert found.metrics["r2_score"] == pytest.approx(metrics.r2_score(data["months"], predicted), abs=1e-5)


def test_other_models_are_left_to_mlflows_evaluators(months: TabularRegressor) -> None:
    assert not is_classifier(mlflow.pyfunc.load_model(log(months)))
    assert not is_classifier(None)


def test_a_call_chooses_the_output_and_a_loaded_model_has_a_default(
    left: TabularClassifier, sized: TabularClassifier, unseen: pd.DataFrame
) -> None:
    address, rows = log(left), unseen.drop(columns="left")
    model = mlflow.pyfunc.load_model(address)
    table = model.predict(rows)
    assert model.predict(rows, params={"output": "class"}).tolist() == table["class"].tolist()
    assert model.predict(rows, params={"output": "probability"}).tolist() == table["probability"].tolist()
    strict = model.predict(rows, params={"output": "class", "threshold": 0.95})
    assert (
        strict.tolist() == np.where(table["probability"] >= 0.95, "stayed", "left").tolist() != table["class"].tolist()
    )
    of_classes = mlflow.pyfunc.load_model(address, model_config={"output": "class"})
    assert of_classes.predict(rows).tolist() == table["class"].tolist()
    pd.testing.assert_frame_equal(of_classes.predict(rows, params={"output": "all"}), table)
    several = mlflow.pyfunc.load_model(log(sized)).predict(rows.drop(columns="size"), params={"output": "probability"})
    assert several.columns.tolist() == ["probability_large", "probability_medium", "probability_small"]
    with pytest.raises(ValueError, match=r"^output must be one of all, class, probability, not 'label'$"):
        model.predict(rows, params={"output": "label"})


def test_loading_a_model_warns_of_nothing(left: TabularClassifier) -> None:
    address = log(left)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mlflow.pyfunc.load_model(address)
    assert [str(one.message) for one in caught if "SQLAlchemy" not in str(one.message)] == []


def test_the_logged_request_passes_mlflows_check_and_its_server_answers_one_output(left: TabularClassifier) -> None:
    address = log(left)
    example = Path(mlflow.artifacts.download_artifacts(f"{address}/serving_input_example.json")).read_text()
    table = validate_serving_input(address, example)
    assert table.columns.tolist() == ["probability", "class"]
    model: PyFuncModel = mlflow.pyfunc.load_model(address)
    request = json.dumps({**json.loads(example), "params": {"output": "class"}})
    answer = invocations(request, "application/json", model, model.metadata.get_input_schema())
    assert json.loads(answer.response) == {"predictions": table["class"].astype(str).tolist()}


# What `pyfunc.spark_udf` makes columns of Spark of is this schema; it converts each answer's values to those types.
NUMPY_TYPES = {"double": np.float64, "long": np.int64, "string": np.str_}


@pytest.mark.parametrize("name", ["left", "sized", "months"])
def test_answers_have_the_types_that_the_signature_states(
    request: pytest.FixtureRequest, name: str, unseen: pd.DataFrame
) -> None:
    address = log(request.getfixturevalue(name))
    model = mlflow.pyfunc.load_model(address)
    columns = model.metadata.get_input_schema().input_names()
    answers = model.predict(unseen[columns])
    stated = {column.name: column.type.name for column in get_model_info(address).signature.outputs}
    assert list(stated) == answers.columns.tolist()
    for column, kind in stated.items():
        values = np.array(answers[column].tolist())
        assert np.issubdtype(values.dtype, NUMPY_TYPES[kind]), (column, kind, values.dtype)
