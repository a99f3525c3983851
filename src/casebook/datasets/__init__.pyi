"""What the package gives; each name is imported when it is first used."""

from .arrivals import ArrivedFiles, UpdateSessionDataset
from .blocks import NewRowsFolder
from .declared import DeclaredArrivals, DeclaredTable, RowSchemaFile
from .declared_parts import DeclaredParts
from .files import ArraysFolder, FiguresFolder, NetworkFile, PreprocessorFile
from .part_workers import PartWorkersDataset
from .predicted import OutcomesFolder, PredictedFiles
from .raw import RawArrays, RawParquet, RawTable
from .scored import ScoredFiles
from .study import StudyLaunch
from .tables import TableFile
from .tracked import (
    ChampionModel,
    FoldRuns,
    LeakSuspects,
    LoggedModel,
    RunCurves,
    RunMetrics,
    TrainingCallbacks,
)
from .training_session import TrainingSessionDataset
from .written_whole import CsvFile, FilesFolder, JsonFile, PickleFile, TextFile

__all__ = [
    "ArraysFolder",
    "ArrivedFiles",
    "ChampionModel",
    "CsvFile",
    "DeclaredArrivals",
    "DeclaredParts",
    "DeclaredTable",
    "FiguresFolder",
    "FilesFolder",
    "FoldRuns",
    "JsonFile",
    "LeakSuspects",
    "LoggedModel",
    "NetworkFile",
    "NewRowsFolder",
    "OutcomesFolder",
    "PartWorkersDataset",
    "PickleFile",
    "PredictedFiles",
    "PreprocessorFile",
    "RawArrays",
    "RawParquet",
    "RawTable",
    "RowSchemaFile",
    "RunCurves",
    "RunMetrics",
    "ScoredFiles",
    "StudyLaunch",
    "TableFile",
    "TextFile",
    "TrainingCallbacks",
    "TrainingSessionDataset",
    "UpdateSessionDataset",
]
