"""Models of other tasks and of rows in which a closed leak is missing, on a case made for the test."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.config.schema import NetworkParameters
from casebook.evaluation.prediction import predict
from casebook.inference.row_model import RowModel, to_raw_values
from casebook.model_registry.model_package import Package
from casebook.models.networks import build_network, make_predictor
from casebook.preprocessing.tabular import TabularPreprocessor, prepare_rows
from casebook.tracking.mlflow_client import describe_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    Fit = Callable[..., TabularPreprocessor]

RAW_ROW = {"size": "number", "kind": "text", "visitors": "number"}


def engineer_features(joined_rows: pd.DataFrame) -> pd.DataFrame:
    features = {"size": joined_rows["size"] * 2, "kind": joined_rows["kind"]}
    return pd.DataFrame({**features, **({"visitors": joined_rows["visitors"]} if "visitors" in joined_rows else {})})


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case of two columns and a leak, `visitors`."""
    for name, content in {
        "columns": {"RAW_ROW": RAW_ROW},
        "features": {"engineer_features": engineer_features},
    }.items():
        module = ModuleType(f"casebook.pipelines.toy.{name}")
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.fixture
def rows() -> pd.DataFrame:
    generator = np.random.default_rng(5)
    return pd.DataFrame(
        {"size": generator.normal(size=30), "kind": [*"abc"] * 10, "visitors": generator.integers(0, 9, 30)}
    ).set_axis(range(100, 130))


def make_model(
    fit: Fit,
    rows: pd.DataFrame,
    task: str,
    outputs: int,
    leak_closed: bool = False,
    **options: Any,  # noqa: ANN401
) -> tuple[RowModel, np.ndarray]:
    """Make an untrained model -> it, and what its network says of the rows."""
    used = [name for name in RAW_ROW if not (leak_closed and name == "visitors")]
    features = engineer_features(rows[used])
    preprocessor = fit(features)
    start_tensorflow()
    import keras

    keras.utils.set_random_seed(1)
    network = build_network(preprocessor, NetworkParameters.model_validate({"hidden": [4], **options}), outputs)
    facts = {"case": "toy", "task": task, "threshold": 0.5, "columns": used}
    return RowModel(facts, preprocessor, make_predictor(network)), predict(
        network, prepare_rows(features, preprocessor)
    )


def test_rows_may_lack_a_closed_leak_or_hold_it_and_get_the_same_prediction(fit: Fit, rows: pd.DataFrame) -> None:
    model, expected = make_model(fit, rows, "binary", 1, leak_closed=True)
    for given in (rows.drop(columns="visitors"), rows, rows.assign(visitors=None)):
        np.testing.assert_allclose(model.predict(given)["probability"], expected, atol=1e-6)


@pytest.mark.parametrize("leak_closed", [False, True])
def test_rows_must_hold_every_column_that_the_model_uses(fit: Fit, rows: pd.DataFrame, leak_closed: bool) -> None:
    model, _ = make_model(fit, rows, "binary", 1, leak_closed)
    with pytest.raises(InvalidTableError, match=r"^a row of toy lacks the column kind; it has size"):
        model.predict(rows.drop(columns="kind"))
    if not leak_closed:
        with pytest.raises(InvalidTableError, match=r"^a row of toy lacks the column visitors; it has size, kind$"):
            model.predict(rows.drop(columns="visitors"))
    with pytest.raises(InvalidTableError, match=r"has columns that nothing is known of: visitor; remove them"):
        model.predict(rows.assign(visitor=1))


def test_a_regressions_prediction_is_a_number_without_class(fit: Fit, rows: pd.DataFrame) -> None:
    model, expected = make_model(fit, rows, "regression", 1, output="linear")
    predicted = model.predict(rows)
    assert predicted.columns.tolist() == ["prediction"]
    assert predicted.index.tolist() == rows.index.tolist()
    assert predicted["prediction"].min() < 0
    np.testing.assert_allclose(predicted["prediction"], expected, atol=1e-6)


def test_of_several_classes_the_likeliest_is_told_beside_all_probabilities(fit: Fit, rows: pd.DataFrame) -> None:
    model, expected = make_model(fit, rows, "multiclass", 3, output="softmax")
    predicted = model.predict(rows)
    names = ["probability_0", "probability_1", "probability_2"]
    assert predicted.columns.tolist() == [*names, "class"]
    np.testing.assert_allclose(predicted[names], expected, atol=1e-6)
    assert predicted["class"].tolist() == expected.argmax(axis=1).tolist()
    assert len(set(predicted["class"])) > 1


def test_two_softmax_outputs_are_one_probability_with_a_threshold(fit: Fit, rows: pd.DataFrame) -> None:
    model, expected = make_model(fit, rows, "binary", 2, output="softmax")
    level = float(np.median(expected[:, 1]))
    predicted = model.predict(rows, threshold=level)
    assert predicted.columns.tolist() == ["probability", "class"]
    np.testing.assert_allclose(predicted["probability"], expected[:, 1], atol=1e-6)
    np.testing.assert_array_equal(predicted["class"], predicted["probability"] >= level)


@pytest.mark.parametrize(
    ("task", "outputs", "output", "columns", "has_threshold"),
    [
        ("binary", 1, "sigmoid", ["probability", "class"], True),
        ("binary", 2, "softmax", ["probability", "class"], True),
        ("multiclass", 3, "softmax", ["probability_0", "probability_1", "probability_2", "class"], False),
        ("regression", 1, "linear", ["prediction"], False),
    ],
)
def test_the_signature_names_what_a_model_gives(
    fit: Fit, rows: pd.DataFrame, task: str, outputs: int, output: str, columns: list[str], has_threshold: bool
) -> None:
    preprocessor = fit(engineer_features(rows))
    network = build_network(preprocessor, NetworkParameters.model_validate({"hidden": [], "output": output}), outputs)
    package = Package(network, preprocessor, task, 0.25, to_raw_values(rows.head(2)))
    signature = describe_rows(package)
    assert signature.outputs.input_names() == columns
    assert signature.inputs.input_names() == list(RAW_ROW)
    assert not any(column.required for column in signature.inputs)
    found = {param.name: param.default for param in signature.params}
    assert found == {"output": None, **({"threshold": 0.25} if has_threshold else {})}
    model, _ = make_model(fit, rows, task, outputs, output=output)
    assert model.predict(rows).columns.tolist() == columns


def test_images_are_written_as_nested_lists() -> None:
    typed = pd.DataFrame({"image": [np.array([[0, 255], [7, 8]], np.uint8)] * 2, "review": ["good", None]})
    assert to_raw_values(typed).to_dict("list") == {"image": [[[0, 255], [7, 8]]] * 2, "review": ["good", None]}
