"""How a champion, and what learnt on from it, are scored on rows that have arrived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from casebook.data.splitting import TRAIN
from casebook.evaluation.metrics import find_metric, main_metric
from casebook.evaluation.thresholds import ThresholdRule
from casebook.incremental_training import arriving_rows
from casebook.preprocessing.arrays import Labels
from casebook.preprocessing.shards import take_rows
from casebook.preprocessing.target_statistics import order_training_rows, statistic_columns

if TYPE_CHECKING:
    import keras

    from casebook.inference.row_model import RowModel
    from casebook.model_registry.champion import Champion
    from casebook.preprocessing.tabular import Arrays

Block = dict[str, Any]
Scores = dict[str, float]


@dataclass(frozen=True)
class Judge:
    """Prepares rows as the champion does and scores networks on them."""

    model: RowModel
    settings: Block

    def prepare(self, rows: arriving_rows.Rows) -> Arrays:
        """Turn rows into model arrays with `target`, and `weight` where rows do not count alike."""
        labels = Labels(self.settings["target"], self.settings["task"], self.settings["weight"])
        return labels.attach(self.model.preprocessor.prepare(rows.features), rows.features)

    def prepare_trained(self, old: arriving_rows.Rows, drawn: np.ndarray) -> Arrays:
        """Turn some of the rows that the champion was trained on into arrays, as it saw them then.

        Args:
            old: rows of its run.
            drawn: places of training rows among them.
        """
        preprocessor = self.model.preprocessor
        if not statistic_columns(preprocessor):
            return self.prepare(old.take(drawn))
        # A row's statistics are of those before it: all of them are needed for any.
        trained = np.flatnonzero(old.parts & TRAIN)
        rows = old.take(trained)
        ordered = order_training_rows(self.prepare(rows), rows.features, preprocessor)
        return take_rows(ordered, np.searchsorted(trained, drawn))

    def score(self, network: keras.Model, rows: Arrays) -> Scores:
        """Score a network on prepared rows; nothing on rows that say nothing, being none or of one class."""
        from casebook.evaluation.scores import score_network

        task = self.settings["task"]
        return score_network(network, rows, task, self.threshold) if self._tells(rows) else {}

    def score_baseline(self, network: keras.Model, rows: Arrays, train: Arrays) -> Scores:
        """Score what the target alone, of training rows, would say of prepared rows."""
        from casebook.evaluation.scores import score_baseline

        task, rule = self.settings["task"], ThresholdRule.of(self.settings["evaluation"])
        told = self._tells(rows) and (not rule.is_chosen or len(np.unique(train["target"])) > 1)
        return score_baseline(network, rows, train, task, rule) if told else {}

    def score_arrived(self, champion: Champion, network: keras.Model, rows: Arrays, known: Arrays) -> Scores:
        """Score the champion on rows that have arrived, before it learns from them.

        Raises:
            UpdateError: much of its lead over the baseline of rows that it knows is gone: labels or columns mean
                something else.
        """
        scores = self.score(network, rows)
        plain = self.score_baseline(network, rows, known) if len(known["target"]) else {}
        count = len(rows["target"])
        if (
            self.metric not in scores
            or self.metric not in plain
            or count < self.settings["monitor"]["min_rows_per_week"]
        ):
            return scores
        sign = find_metric(self.metric).sign
        score, baseline = scores[self.metric], plain[self.metric]
        test = champion.test_scores.get(self.metric, baseline)
        least = self.settings["update"]["min_lead_share"]
        if sign * (score - baseline) <= least * max(0.0, sign * (test - baseline)):
            raise arriving_rows.UpdateError(
                f"the champion's {self.metric} on these {count:,} rows is {score:.4g}, on its test rows it was "
                f"{test:.4g}, and the baseline has {baseline:.4g}: less than "
                f"update.min_lead_share={least:g} of its lead "
                "is left; labels or columns mean something else than those that it learnt from"
            )
        return scores

    @property
    def metric(self) -> str:
        """What models of the case are mainly judged by."""
        return self.settings["promotion"]["metric"] or main_metric(self.settings["task"]).name

    @property
    def threshold(self) -> float:
        """The threshold of class 1: the configured number; one that a rule chose stays the champion's."""
        rule = ThresholdRule.of(self.settings["evaluation"]).rule
        return float(self.model.threshold) if isinstance(rule, str) else rule

    def _tells(self, rows: Arrays) -> bool:
        least = 1 if self.settings["task"] == "regression" else 2
        return len(np.unique(rows["target"])) >= least
