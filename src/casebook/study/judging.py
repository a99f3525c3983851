"""The winner on the test rows: trained on all others, from several seeds, beside the default and the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.console import QuietMonitor
from casebook.learning.arrays import no_rows
from casebook.learning.scoring import score_baseline, score_network
from casebook.learning.stopping import kept_epoch, without_stopping
from casebook.overlay import check_case
from casebook.parameters import TrainingParameters
from casebook.study.plan import vary
from casebook.study.splits import read_splits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casebook.learning.folds import Split
    from casebook.learning.inputs import AnyPreparation
    from casebook.study.plan import StudyPlan
    from casebook.study.splits import SplitStore

# Curves of these trainings are drawn nowhere.
SILENT = QuietMonitor(lambda _epoch, _metrics: None)


def judge_variants(
    plan: StudyPlan, store: SplitStore, winner: Mapping[str, Any]
) -> tuple[Any, AnyPreparation, dict[str, float]]:
    """Train winner and default on training and validation rows and score both on the test rows.

    Early stopping needs rows that are no longer held out: where it is on, a network trains for as many epochs as it
    kept when it was judged on the validation rows.

    Returns:
        The winner's network of the first seed, its preparation, and `test/<metric>` (the winner's mean), `default/...`,
        each with `_std`, and `baseline/...`.
    """
    case = plan.case
    chosen = check_case(case, vary(plan.parameters, winner["values"]))
    metrics: dict[str, float] = {}
    for who, parameters, epochs in (("default", plan.parameters, 0), ("test", chosen, int(winner["epochs"]))):
        split = next(read_splits(store.find(f"{case}.test_splits", {case: parameters})))
        training = TrainingParameters.model_validate(parameters["training"])
        if training.early_stopping.patience:
            training = without_stopping(training, epochs or _count_epochs(plan, training))
        networks = [_train(split, training, seed) for seed in range(1, plan.study.seeds + 1)]
        judged = parameters["task"], parameters["evaluation"]["threshold"]
        metrics |= _summarise(who, [score_network(network, split.judged, *judged) for network in networks])
        plain = score_baseline(networks[0], split.judged, split.train["target"], *judged)
    return networks[0], split.preparation, {**metrics, **{f"baseline/{name}": plain[name] for name in plain}}


def _train(split: Split, training: TrainingParameters, seed: int) -> Any:  # noqa: ANN401 - a Keras model
    from casebook.learning.training import train_network

    seeded = training.model_copy(update={"seed": seed})
    return train_network(split.train, no_rows(split.train), split.preparation, seeded, SILENT)[0]


def _count_epochs(plan: StudyPlan, training: TrainingParameters) -> int:
    """Count the epochs that the default keeps when the validation rows stop it."""
    from pathlib import Path

    from casebook.learning.folds import split_off_early_stopping_rows
    from casebook.learning.training import train_network

    split = next(read_splits(Path(plan.prepared)))
    rows, stopping, preparation = split
    if plan.study.folds:
        rows, stopping = split_off_early_stopping_rows(rows, training)
    _, history = train_network(rows, stopping, preparation, training, SILENT)
    return kept_epoch(history, training) + 1


def _summarise(who: str, scores: list[dict[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in scores[0]:
        values = [score[name] for score in scores]
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        found |= {f"{who}/{name}": float(np.mean(values)), f"{who}/{name}_std": spread}
    return found
