"""A champion of few columns, played by plain Python."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.estimators.frames import SMALL, customers
from tests.serving.form import to_records

from casebook import TabularClassifier, TabularRegressor
from casebook.model_registry.champion import Champion, load_champion

KINDS = {"who": "text", "day": "date", "open": "flag", "age": "number", "note": "text"}


class RowModelOfFourColumns:
    """Probability: a tenth of the age, a half where it is null; ages above 1,000 are too much for it."""

    columns = KINDS
    optional = frozenset({"note"})
    task = "binary"
    threshold = 0.5

    def predict(self, rows: pd.DataFrame, threshold: float | None = None) -> pd.DataFrame:
        ages = pd.to_numeric(rows["age"].astype(object), errors="coerce").astype(float)
        if (ages > 1000).any():
            raise OverflowError("too old")
        probability = (ages / 10).fillna(0.5)
        least = self.threshold if threshold is None else threshold
        return pd.DataFrame({"probability": probability, "class": (probability >= least).astype(np.int64)}, rows.index)


@pytest.fixture
def champion() -> Champion:
    return Champion(
        "redhat", "7", "run-1", {"data.origin": "files", "test/auc": "0.9"}, RowModelOfFourColumns(), Path()
    )


@pytest.fixture
def row() -> dict[str, Any]:
    return {"who": "ppl_1", "day": "2023-08-26", "open": True, "age": 6}


@pytest.fixture(scope="session")
def logged(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> dict[str, Champion]:
    """Champions of two classes, of three and of a number, as a notebook logs them; their files stay for the session."""
    folder = tmp_path_factory.mktemp("logged")
    shutil.copy(empty_store, folder)
    address = f"sqlite:///{folder / 'mlflow.db'}"
    frame, left = customers()
    with pytest.MonkeyPatch.context() as patch:
        # Where MLflow puts the artifacts of a store that is named.
        patch.chdir(folder)
        given = {"random_state": 0, **SMALL}
        TabularClassifier(**given).fit(frame, left).log_model(
            "churn", X_test=customers(100, 1)[0], y_test=customers(100, 1)[1], tracking_uri=address
        )
        plans = TabularClassifier(**given).fit(frame.drop(columns="plan"), frame["plan"])
        plans.log_model("plans", tracking_uri=address)
        months = TabularRegressor(**given).fit(frame.drop(columns="months"), frame["months"])
        months.log_model("months", tracking_uri=address)
        found = {name: load_champion(name) for name in ("churn", "plans", "months")}
        for champion in found.values():
            # Read while the store is the one that is named.
            assert champion.profile["values"]
            assert champion.scores.keys() == {"test", "baseline", "reference"}
            assert champion.example
    return found


@pytest.fixture
def new_customers() -> pd.DataFrame:
    """Raw rows of customers that no model has seen, as JSON holds them."""
    frame = customers(40, seed=5)[0].drop(columns=["customer_id", "always"])
    return to_records(frame.assign(since=frame["since"].dt.strftime("%Y-%m-%d"), plan=frame["plan"].astype("str")))
