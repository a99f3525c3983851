from .estimators import TabularClassifier, TabularRegressor, load_champion

__all__ = ["TabularClassifier", "TabularRegressor", "load_champion"]
__version__: str
