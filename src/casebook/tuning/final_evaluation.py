"""The final evaluation of a study: winner, default and baseline on the test rows, over several seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.config.resolve import check_case
from casebook.config.schema import TrainingParameters, read_reference
from casebook.evaluation.prediction import predict
from casebook.evaluation.scores import score_baseline, score_network
from casebook.evaluation.thresholds import ThresholdRule, choose_for_network
from casebook.inference.predictions import frame_predictions
from casebook.preprocessing.arrays import WEIGHT, without_rows
from casebook.training.early_stopping import kept_epoch, without_early_stopping
from casebook.tuning.plan import apply_trial_values
from casebook.tuning.prepared_splits import read_splits

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from casebook.preprocessing.modality import Preprocessor
    from casebook.training.cross_validation import Split
    from casebook.tuning.plan import StudyPlan
    from casebook.tuning.prepared_splits import SplitStore


def evaluate_variants(
    plan: StudyPlan, store: SplitStore, winner: Mapping[str, Any]
) -> tuple[Any, Preprocessor, float, dict[str, float], pd.DataFrame]:
    """Train winner and default on training and validation rows and score both on the test rows.

    Early stopping needs rows that are no longer held out: where it is on, a network trains for as many epochs as it
    kept when it was judged on the validation rows. An ensemble is trained where a run trains one. Its weights and what
    stops its trees, or a threshold that is chosen, take a tenth of the rows, on which nothing else is then trained.

    Returns:
        The winner's network of the first seed, its preprocessor and threshold; `test/<metric>` (the winner's mean),
        `default/...`, each with `_std`, and `baseline/...`; `evaluation/threshold` where it was chosen; its
        `data/train_rows`, validation rows among them, `data/test_rows` and `data/features`; and that network's
        predictions of the test rows, none where the winner's test rows are others than the case's.
    """
    case = plan.case
    chosen = check_case(case, apply_trial_values(plan.parameters, winner["values"]))
    metrics: dict[str, float] = {}
    for who, parameters, epochs in (("default", plan.parameters, 0), ("test", chosen, int(winner["epochs"]))):
        split = next(read_splits(store.find(f"{case}.test_splits", {case: parameters})))
        training = TrainingParameters.model_validate(parameters["training"])
        if training.early_stopping.patience:
            training = without_early_stopping(training, epochs or _count_epochs(plan, training))
        task, rule = parameters["task"], ThresholdRule.of(parameters["evaluation"])
        settings = (training, parameters["reference"], task, rule)
        networks = [_train(split, *settings, seed) for seed in range(1, plan.study.seeds + 1)]
        metrics |= _summarise(who, [score_network(network, split.held_out, task, at) for network, at in networks])
        plain = score_baseline(networks[0][0], split.held_out, split.train, task, rule)
    network, threshold = networks[0]
    metrics |= {f"baseline/{name}": plain[name] for name in plain}
    metrics |= {"evaluation/threshold": threshold} if rule.is_chosen else {}
    counts = {"train_rows": len(split.train["target"]), "test_rows": len(split.held_out["target"])}
    counts["features"] = split.preprocessor.feature_count
    metrics |= {f"data/{name}": float(count) for name, count in counts.items()}
    return network, split.preprocessor, threshold, metrics, _predict_rows(plan, chosen, split, network)


def _predict_rows(plan: StudyPlan, chosen: Mapping[str, Any], split: Split, network: Any) -> pd.DataFrame:  # noqa: ANN401 - a Keras model
    """Predict the test rows; none where the winner's own split holds out others than that of the case."""
    import pandas as pd

    if any(chosen[block] != plan.parameters[block] for block in ("split", "duplicates", "promotion")):
        return pd.DataFrame()
    rows = split.held_out
    return frame_predictions(chosen["task"], predict(network, rows), rows["target"], rows.get(WEIGHT))


def _train(
    split: Split, training: TrainingParameters, reference: Mapping[str, Any], task: str, rule: ThresholdRule, seed: int
) -> tuple[Any, float]:
    """Train from a seed -> the network and its threshold."""
    from casebook.baselines.gradient_boosting import fit_reference
    from casebook.training.cross_validation import Split, split_off_validation_rows, train_members

    seeded = training.model_copy(update={"seed": seed, "refit": False})
    train, validation = split.train, without_rows(split.train)
    if rule.is_chosen or seeded.ensemble.has_weights:
        train, validation = split_off_validation_rows(train, seeded, rule)
    weighed_by = validation if seeded.ensemble.has_weights else without_rows(train)
    network, _ = train_members(
        Split(train, weighed_by, split.preprocessor),
        seeded,
        (),
        lambda rows: fit_reference(*rows, read_reference({**reference, "refit": False})),
    )
    return network, choose_for_network(rule, network, validation, task)


def _count_epochs(plan: StudyPlan, training: TrainingParameters) -> int:
    """Count the epochs that the default keeps when the validation rows stop it."""
    from pathlib import Path

    from casebook.training.cross_validation import split_off_validation_rows
    from casebook.training.trainer import train_network

    # Of blocks of time the last fold is trained on the most rows, nearly as many as there are in the end.
    *_, (rows, stopping, preprocessor) = read_splits(Path(plan.prepared))
    if plan.study.folds:
        rows, stopping = split_off_validation_rows(rows, training, ThresholdRule())
    _, history = train_network(rows, stopping, preprocessor, training)
    return kept_epoch(history, training) + 1


def _summarise(who: str, scores: list[dict[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in scores[0]:
        values = [score[name] for score in scores]
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        found |= {f"{who}/{name}": float(np.mean(values)), f"{who}/{name}_std": spread}
    return found
