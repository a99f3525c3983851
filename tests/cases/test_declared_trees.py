"""A table of one's own, whose default is an ensemble of a network and the reference's boosted trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from tests.cases.toy_case import run_declared

from casebook.background import runner
from casebook.background.process import Submission
from casebook.background.runner import BackgroundRunner
from casebook.models.network_ensemble import name_networks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TREE: dict[str, Any] = {
    "task": "binary",
    "target": "answer",
    "data": {"columns": {"answer": {"type": "category", "classes": ["Yes", "No"]}}},
    "training": {"epochs": 2, "network": {"hidden": [4], "ensemble_size": 1}},
    "reference": {"max_iter": 20, "min_samples_leaf": 5},
}
WANTED = ("test_metrics", "networks_metrics", "network")


class Process:
    """A background process that computes each node at once."""

    def submit(self, function: Any, inputs: Sequence[Any], outputs: int, folder: Path | None = None) -> Submission:  # noqa: ANN401
        submission = Submission(function, inputs, outputs, folder)
        submission.take()
        return submission

    def close(self) -> None:
        """End."""


def make_rows(count: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    first, second = rng.normal(size=(2, count)).round(3)
    return pd.DataFrame({"first": first, "second": second, "answer": np.where(first * second > 0, "No", "Yes")})


@pytest.mark.parametrize(("beside", "refit"), [(True, False), (True, True), (False, True)])
def test_a_run_fits_the_reference_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: bool, refit: bool
) -> None:
    fits: list[object] = []
    train = lightgbm.train
    monkeypatch.setattr(lightgbm, "train", lambda *given, **named: fits.append(given) or train(*given, **named))
    monkeypatch.setattr(runner, "project_root", lambda: tmp_path)
    monkeypatch.setattr(runner, "BackgroundProcess", Process)
    tree = {**TREE, "reference": {**TREE["reference"], "refit": refit}}
    made = run_declared(tmp_path, "pairs", tree, make_rows(), WANTED, BackgroundRunner() if beside else None)
    assert name_networks(made["network"]) == ["network_1", "boosted_trees"]
    # Without a process for it, the training and the reference fit one each.
    assert len(fits) == (1 if beside else 2) * (1 + refit)
    for name in ("log_loss", "auc"):
        assert made["networks_metrics"][f"boosted_trees/{name}"] == pytest.approx(
            made["test_metrics"][f"reference/{name}"], rel=1e-5
        )
