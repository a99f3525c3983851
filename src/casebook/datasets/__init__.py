"""Catalog datasets: reading raw files, keeping intermediates whole, reporting to MLflow."""

from casebook.datasets.files import ArraysFolder, NetworkFile, PreparationFile, RawTable
from casebook.datasets.tables import TableFile
from casebook.datasets.tracked import LoggedModel, RunMetrics, TrainingMonitor

__all__ = [
    "ArraysFolder",
    "LoggedModel",
    "NetworkFile",
    "PreparationFile",
    "RawTable",
    "RunMetrics",
    "TableFile",
    "TrainingMonitor",
]
