"""What the networks of a study's final evaluation are trained on where their threshold is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from casebook.evaluation.thresholds import ThresholdRule
from casebook.training.cross_validation import Split
from casebook.tuning import final_evaluation

if TYPE_CHECKING:
    from collections.abc import Callable

    from casebook.config.schema import TrainingParameters


@pytest.mark.parametrize(("rule", "learnt"), [(0.5, 100), ("f1", 90)])
def test_a_tenth_of_the_rows_chooses_a_threshold_and_is_not_learnt_from(
    training: Callable[..., TrainingParameters], monkeypatch: pytest.MonkeyPatch, rule: float | str, learnt: int
) -> None:
    seen: list[Any] = []

    def train(rows: Any, validation: Any, *_: object) -> tuple[str, None]:  # noqa: ANN401
        assert len(validation["target"]) == 0
        seen.append(rows["number"])
        return "network", None

    monkeypatch.setattr("casebook.training.trainer.train_network", train)
    monkeypatch.setattr("casebook.evaluation.prediction.predict", lambda _network, rows: rows["number"] / 100)
    rows = {"number": np.arange(100), "target": (np.arange(100) >= 60).astype(np.uint8)}
    split: Any = Split(rows, rows, None)  # type: ignore[arg-type]
    network, threshold = final_evaluation._train(split, training(), 3, "binary", ThresholdRule(rule))
    assert network == "network"
    assert len(seen[0]) == learnt
    if rule == "f1":
        held = np.setdiff1d(np.arange(100), seen[0])
        middle = (held[held < 60].max() + held[held >= 60].min()) / 200
        assert threshold == pytest.approx(middle)
    else:
        assert threshold == 0.5
