"""What the package gives; each name is imported when it is first used."""

from .arrivals import ArrivedFiles, UpdateSessionDataset
from .blocks import NewRowsFolder
from .declared import DeclaredArrivals, DeclaredTable, RowSchemaFile
from .files import ArraysFolder, FiguresFolder, NetworkFile, PreprocessorFile
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

__all__ = [
    "ArraysFolder",
    "ArrivedFiles",
    "ChampionModel",
    "DeclaredArrivals",
    "DeclaredTable",
    "FiguresFolder",
    "FoldRuns",
    "LeakSuspects",
    "LoggedModel",
    "NetworkFile",
    "NewRowsFolder",
    "OutcomesFolder",
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
    "TrainingCallbacks",
    "UpdateSessionDataset",
]
