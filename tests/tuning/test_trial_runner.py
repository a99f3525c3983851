"""What a trial trains and is judged by, of an own table whose run averages trees with the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightgbm
import optuna
import pytest
from tests.baselines.settings import reference_parameters

from casebook.config.schema import StudyParameters
from casebook.config.schema.tuning import ENSEMBLE, NETWORK, name_judged
from casebook.tuning.prepared_splits import write_splits_once
from casebook.tuning.trial_runner import evaluate_trial

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casebook.config.schema import TrainingParameters
    from casebook.preprocessing.tabular import Arrays, TabularPreprocessor


def judge(splits: Path, training: TrainingParameters, folds: int) -> dict[str, float]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = StudyParameters(metric=["val/auc"], folds=folds, pruner="none")
    parameters: dict[str, Any] = {
        "training": training.model_dump(mode="json"),
        "reference": reference_parameters(refit=True).model_dump(mode="json"),
        "task": "binary",
        "evaluation": {"threshold": 0.5, "costs": {}},
    }
    trial = optuna.create_study(direction="maximize").ask()
    return evaluate_trial(trial, study, parameters, splits, lambda _: []).metrics


@pytest.mark.parametrize(("folds", "fits"), [(2, 2), (0, 0)])
def test_trials_on_folds_share_one_fit_of_the_trees_of_each_fold_and_others_have_none(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    learnable: tuple[TabularPreprocessor, Arrays, Arrays],
    training: Callable[..., TrainingParameters],
    folds: int,
    fits: int,
) -> None:
    fitted: list[object] = []
    train = lightgbm.train
    monkeypatch.setattr(lightgbm, "train", lambda *given, **named: fitted.append(given) or train(*given, **named))
    preprocessor, rows, judged = learnable
    parts = [(rows, judged, preprocessor), (judged, rows, preprocessor)]
    splits = write_splits_once(tmp_path / "splits", lambda: parts)
    alone = judge(splits, training(), folds)
    beside = [judge(splits, training(ensemble={"networks": 3, "reference": True}), folds) for _ in range(2)]
    assert len(fitted) == fits
    assert beside[0]["val/auc"] == beside[1]["val/auc"]
    # Two epochs teach a network little here.
    assert (beside[0]["val/auc"] > alone["val/auc"] + 0.1) == bool(folds)
    assert beside[0]["weights"] == alone["weights"]


@pytest.mark.parametrize(
    ("folds", "reference", "judged"), [(0, True, NETWORK), (3, True, ENSEMBLE), (3, False, NETWORK)]
)
def test_what_judges_a_trial_has_a_name(folds: int, reference: bool, judged: str) -> None:
    ensemble = {"networks": 1, "reference": reference}
    assert name_judged({"study": {"folds": folds}, "training": {"ensemble": ensemble}}) == judged
