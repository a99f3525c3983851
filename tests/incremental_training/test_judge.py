"""By which threshold a champion that learns on is judged and packaged."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.config.schema import EvaluationParameters, TabularPreprocessingParameters
from casebook.incremental_training.arriving_rows import Rows
from casebook.incremental_training.judge import Judge
from casebook.preprocessing.fit_tabular import fit_preprocessor
from casebook.preprocessing.target_statistics import KnownTargets, order_training_rows

TARGET_STATISTICS = TabularPreprocessingParameters(encoding={"group": "ordered_target"}, scaling="none")


def make_judge(**evaluation: object) -> Judge:
    settings = {
        "task": "binary", "target": "y", "weight": "w",
        "evaluation": EvaluationParameters.model_validate(evaluation).model_dump(),
    }  # fmt: skip
    preprocessor = SimpleNamespace(prepare=lambda table: {"numbers": table[["x"]].to_numpy()})
    model: Any = SimpleNamespace(threshold=0.21, preprocessor=preprocessor)
    return Judge(model, settings)


def test_a_number_is_the_configured_one_and_a_chosen_threshold_stays_the_champions() -> None:
    assert make_judge(threshold=0.4).threshold == 0.4
    assert make_judge(threshold="f1").threshold == 0.21


def test_rows_are_prepared_with_their_weights_and_scored_by_them(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"x": [0.1, 0.3, 0.9, 0.8], "y": [0, 1, 1, 0], "w": [1, 5, 1, 1]})
    judge = make_judge(threshold="f1")
    arrays = judge.prepare(Rows(table, table, np.ones(4, np.uint8)))
    assert arrays["weight"].tolist() == [1, 5, 1, 1]
    monkeypatch.setattr("casebook.evaluation.prediction.predict", lambda _network, rows: rows["numbers"][:, 0])
    network: Any = SimpleNamespace(output_shape=(None, 1))
    # At 0.21 the row of weight 5 is predicted rightly, and that of 0.8 wrongly.
    assert judge.score(network, arrays)["accuracy"] == pytest.approx(7 / 8)
    # All are predicted to be 1, by the rule.
    assert judge.score_baseline(network, arrays, arrays)["accuracy"] == pytest.approx(6 / 8)
    one_class = {name: values[:1] for name, values in arrays.items()}
    assert judge.score_baseline(network, arrays, one_class) == {}


def test_old_rows_that_are_learnt_again_know_no_more_of_their_target_than_in_training() -> None:
    table = pd.DataFrame({"group": list("aabbab"), "y": [1, 0, 1, 1, 0, 1], "w": [1.0] * 6})
    parts = np.array([1, 4, 1, 1, 1, 2], np.uint8)
    trained = table[parts == 1]
    preprocessor = fit_preprocessor(trained[["group"]], TARGET_STATISTICS, KnownTargets.of(trained, "y", ""))
    judge = make_judge()
    judge.model.preprocessor = preprocessor
    arrays = {**preprocessor.prepare(trained), "target": trained["y"].to_numpy(np.uint8)}
    seen = order_training_rows(arrays, trained, preprocessor)["numbers"]
    replayed = judge.prepare_trained(Rows(table, table, parts), np.array([2, 4]))
    assert replayed["target"].tolist() == [1, 0]
    np.testing.assert_array_equal(replayed["numbers"], seen[[1, 3]])
    assert (replayed["numbers"] != preprocessor.prepare(table.iloc[[2, 4]])["numbers"]).any()
