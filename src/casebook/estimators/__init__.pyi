from .champions import load_champion
from .tabular import TabularClassifier, TabularRegressor

__all__ = ["TabularClassifier", "TabularRegressor", "load_champion"]
