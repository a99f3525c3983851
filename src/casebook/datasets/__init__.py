"""Catalog datasets: reading raw files, keeping intermediates whole, reporting to MLflow."""

from casebook.datasets.arrivals import ArrivedFiles, ChampionCandidacy
from casebook.datasets.blocks import NewRowsFolder, OutcomesFolder
from casebook.datasets.files import ArraysFolder, NetworkFile, PreparationFile
from casebook.datasets.raw import RawArrays, RawParquet, RawTable
from casebook.datasets.scored import ScoredFiles
from casebook.datasets.study import StudyLaunch
from casebook.datasets.tables import TableFile
from casebook.datasets.tracked import ChampionModel, FoldRuns, LoggedModel, RunCurves, RunMetrics, TrainingMonitor

__all__ = [
    "ArraysFolder",
    "ArrivedFiles",
    "ChampionCandidacy",
    "ChampionModel",
    "FoldRuns",
    "LoggedModel",
    "NetworkFile",
    "NewRowsFolder",
    "OutcomesFolder",
    "PreparationFile",
    "RawArrays",
    "RawParquet",
    "RawTable",
    "RunCurves",
    "RunMetrics",
    "ScoredFiles",
    "StudyLaunch",
    "TableFile",
    "TrainingMonitor",
]
