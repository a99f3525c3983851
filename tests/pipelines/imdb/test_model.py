"""A small network on a sample: that it learns, and that the model of raw rows says what the evaluation says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.serving.form import check_form, make_champion, to_records

from casebook.cases.registry import load_case
from casebook.column_types.parsing import InvalidTableError
from casebook.config.resolve import resolve_case
from casebook.config.schema import TextPreprocessingParameters
from casebook.datasets import RawParquet
from casebook.inference.row_model import RowModel
from casebook.model_registry.model_package import write_package
from casebook.pipelines.imdb import create_pipeline
from casebook.preprocessing.texts import fit_texts
from casebook.stages.nodes import fit_preprocessor_on_training

PARAMETERS = Path(__file__).parents[3] / "conf" / "base" / "imdb" / "parameters.yml"
SMALL = {
    # Counts of rows are told of a split that holds nothing back for promotion.
    "split": {"promotion_share": 0.0},
    "preprocessing": {"vocabulary": 300, "length": 150},
    "training": {"epochs": 8, "batch_size": 64, "optimizer": {"learning_rate": 0.03},
                 "network": {"embedding": {"size": 8}, "encoder": {"kernel": 1}}},
    "reference": {"c": 1.0, "max_features": 3_000},
}  # fmt: skip
WANTED = (
    "test_predictions", "test_metrics", "split_assignment", "joined_rows", "feature_table", "preprocessor", "model",
          "own_tables", "reviews_profile_tables")  # fmt: skip


class Kept(MemoryDataset):
    """Keeps its data when the runner lets go of it."""

    def _release(self) -> None:
        pass


@pytest.fixture(scope="module")
def best() -> dict[str, float]:
    """Filled by `made` with the best reachable scores of the sample."""
    return {}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, best: dict[str, float]) -> dict[str, Any]:
    """Run the case's own graph on a small sample, all in memory."""
    folder = tmp_path_factory.mktemp("sample")
    best |= load_case("imdb").write_sample({"train": 2_000, "test": 600, "seed": 1}, folder)["given"]
    parameters = resolve_case("imdb", yaml.safe_load(PARAMETERS.read_text())["imdb"], SMALL)
    raw = {part: MemoryDataset(RawParquet(str(folder / f"{part}.parquet")).load()) for part in ("train", "test")}
    catalog = DataCatalog(
        {f"params:imdb.{name}": MemoryDataset(value) for name, value in parameters.items()}
        | {f"imdb.{name}": Kept(copy_mode="assign") for name in WANTED}
        | {f"imdb.raw_{part}": dataset for part, dataset in raw.items()}
        | {"imdb.training_callbacks": MemoryDataset([]), "imdb.training_session": MemoryDataset([])}
        | {"imdb.reference_model": MemoryDataset(copy_mode="assign"), "imdb.network": Kept(copy_mode="assign")}
    )
    SequentialRunner().run(create_pipeline().to_outputs(*(f"imdb.{name}" for name in WANTED)), catalog)
    return {name: catalog.load(f"imdb.{name}") for name in WANTED}


@pytest.fixture(scope="module")
def model(made: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> RowModel:
    """The model as it lies in a store."""
    return RowModel.load(write_package(made["model"], "imdb", tmp_path_factory.mktemp("model")).parts)


def test_a_small_network_comes_near_the_best_reachable_accuracy_and_not_above(
    made: dict[str, Any], best: dict[str, float]
) -> None:
    scores = made["test_metrics"]
    # Words alone do not tell negated opinions; 600 test rows: 1.4 points are one standard deviation.
    assert best["accuracy"] - 0.2 <= scores["test/accuracy"] <= best["accuracy"] + 0.04
    assert scores["test/accuracy"] >= scores["baseline/accuracy"] + 0.15
    assert scores["reference/accuracy"] >= scores["baseline/accuracy"] + 0.15


def test_the_vocabulary_is_that_of_the_training_rows_alone(made: dict[str, Any]) -> None:
    table, parts = made["feature_table"], made["split_assignment"]
    training = table[["review"]][(parts["part"] == 1).to_numpy()]
    assert made["preprocessor"] == fit_texts(training, TextPreprocessingParameters(vocabulary=300, length=150))
    spoilt = table.assign(review=table["review"].where((parts["part"] == 1).to_numpy(), "zebra " * 10_000))
    again = fit_preprocessor_on_training(
        spoilt,
        parts,
        {"modality": "text", "vocabulary": 300, "length": 150},
        {},
        {"strategy": "row"},
        feature_sources={"review": ("review",)},
    )
    assert again == made["preprocessor"]


def test_the_own_tables_count_every_review_once(made: dict[str, Any]) -> None:
    by_length = made["own_tables"]["accuracy_by_length"]
    assert by_length["reviews"].sum() == 600
    accuracy = np.average(by_length["accuracy"], weights=by_length["reviews"])
    assert accuracy == pytest.approx(made["test_metrics"]["test/accuracy"])
    assert made["reviews_profile_tables"]["review_lengths"]["reviews"].sum() == 2_600


def test_the_model_of_raw_rows_says_what_the_evaluation_says(made: dict[str, Any], model: RowModel) -> None:
    test = made["joined_rows"][(made["split_assignment"]["part"] == 4).to_numpy()]
    found = model.predict(test[["review"]])
    np.testing.assert_allclose(found["probability"], made["test_predictions"]["probability"], atol=1e-5)
    assert (found["class"] == (found["probability"] >= 0.5)).all()


def test_the_form_answers_what_the_model_predicts(made: dict[str, Any], model: RowModel) -> None:
    rows = made["joined_rows"][["review"]].head(5)
    assert check_form(make_champion("imdb", model, {"typical": {"review": "good"}}), to_records(rows)) == 0


def test_good_words_are_likelier_positive_than_bad_ones_and_unknown_words_are_no_error(model: RowModel) -> None:
    reviews = pd.DataFrame({"review": ["Wonderful, brilliant and moving!", "Awful, dull and clumsy...", "Zzyzx?"]})
    good, bad, _ = model.predict(reviews)["probability"]
    assert good > 0.7 > 0.3 > bad


def test_a_request_that_is_no_text_or_empty_is_refused(model: RowModel) -> None:
    with pytest.raises(
        InvalidTableError, match=r"column review: '5' is not a text .* \(1 of 2 rows, first in data row 2\)"
    ):
        model.predict(pd.DataFrame({"review": ["fine", 5]}))
    with pytest.raises(InvalidTableError, match=r"column review: ' ' is not a text of at least one word \(1 of"):
        model.predict(pd.DataFrame({"review": [" "]}))
    with pytest.raises(InvalidTableError, match="a row of imdb lacks the column review; it has text"):
        model.predict(pd.DataFrame({"text": ["fine"]}))
