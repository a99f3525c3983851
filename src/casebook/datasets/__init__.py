"""Catalog datasets: reading raw files, keeping intermediates whole, reporting to MLflow."""

from casebook.datasets.files import ArraysFolder, NetworkFile, PreparationFile
from casebook.datasets.raw import RawArrays, RawParquet, RawTable
from casebook.datasets.study import StudyLaunch
from casebook.datasets.tables import TableFile
from casebook.datasets.tracked import FoldRuns, LoggedModel, RunMetrics, TrainingMonitor

__all__ = [
    "ArraysFolder",
    "FoldRuns",
    "LoggedModel",
    "NetworkFile",
    "PreparationFile",
    "RawArrays",
    "RawParquet",
    "RawTable",
    "RunMetrics",
    "StudyLaunch",
    "TableFile",
    "TrainingMonitor",
]
