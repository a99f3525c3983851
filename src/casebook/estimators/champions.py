"""The champion of a case, loaded from the project's store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casebook.model_registry.champion import Champion


def load_champion(case: str, alias: str = "champion", *, tracking_uri: str | None = None) -> Champion:
    """Load the version of a case's registered model that is in use; MLflow's tracking address is set to its store.

    Args:
        case: its name, or the one that a fitted estimator was logged under.
        alias: `champion`, or `challenger` for the newest version.
        tracking_uri: MLflow's tracking address; `MLFLOW_TRACKING_URI`, else the project's own store.

    Returns:
        A model with `predict(rows)`: raw rows in, a frame with probabilities and labels, or numbers, out.

    Raises:
        NoChampionError: it has none; names those that have one.
    """
    from casebook.model_registry import champion as registered

    registered.open_registry(tracking_uri)
    return registered.load_champion(case, alias)
