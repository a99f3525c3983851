"""Parts of a run that are left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node

from casebook.baselines.gradient_boosting import NoReference
from casebook.caching.runner import leave_out_parts
from casebook.stages import evaluation, nodes

STAGES = ("profile", "figures", "report", "reference")
PIPELINE = Pipeline([node(abs, "a", f"{tag}_made", name=tag, tags=[tag, "background"]) for tag in STAGES])
TREES = {
    "name": "none", "max_iter": 10, "learning_rate": 0.1, "max_leaf_nodes": 31, "min_samples_leaf": 20,
    "l2_regularization": 0.0, "patience": 5, "seed": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("left_out", "left"),
    [
        ([], {"profile", "figures", "report", "reference"}),
        (["profile"], {"figures", "report", "reference"}),
        (["report"], {"profile", "figures", "reference"}),
        (["profile", "figures", "report"], {"reference"}),
    ],
)
def test_a_stage_that_is_set_to_none_does_not_run(left_out: list[str], left: set[str]) -> None:
    values = {f"params:toy.{part}": "none" if part in left_out else "full" for part in STAGES[:3]}
    catalog = DataCatalog({name: MemoryDataset(value) for name, value in values.items()})
    assert {each.name for each in leave_out_parts(PIPELINE, catalog, "toy").nodes} == left


def test_a_run_without_a_reference_keeps_its_baseline_and_its_figures() -> None:
    model = nodes.fit_reference({}, {}, None, TREES)  # type: ignore[arg-type]
    assert isinstance(model, NoReference)
    predictions = evaluation.predict_with_reference(model, {}, "binary")
    assert predictions.empty
    own = pd.DataFrame({"probability": [0.2, 0.7, 0.6, 0.4], "actual": np.array([0, 1, 1, 0], dtype=np.uint8)})
    settings = {"threshold": 0.5, "thresholds": []}
    scores = evaluation.score_test(own, predictions, {"target": np.array([0, 1])}, settings, 0.5, 0.5)
    assert {name.partition("/")[0] for name in scores} == {"test", "baseline"}
    figures, tables = evaluation.draw_evaluation(own, predictions, pd.DataFrame(), pd.DataFrame(), 0.5)
    assert "roc_curve.png" in figures
    assert set(tables["roc_curve"]["model"]) == {"model"}
