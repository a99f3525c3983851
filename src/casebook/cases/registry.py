"""Registry of the use cases and their declarations."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from casebook.cases.declared import find_declared, load_declared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd
    from kedro.pipeline import Pipeline

    from casebook.column_types.kinds import Kind
    from casebook.config.schema import CaseParameters
    from casebook.preprocessing.feature_functions import FeatureSources

# The cases that come with the project; `known_cases` has a user's own too.
CASES = ("redhat", "rossmann", "attrition", "deposit", "pima", "boston", "mnist", "imdb")
# Those of them with Python of their own; all others are declared in their parameters.
PYTHON_CASES = ("mnist", "imdb")
# What a case's pipelines do: `<case>` trains.
JOBS = ("study", "predict", "monitor", "update")
# Kedro's name of the pipeline that runs where none is named.
DEFAULT = "__default__"


@dataclass(frozen=True)
class NewRows:
    """The raw file of rows to predict, and the format of its submission.

    Attributes:
        file: its name; CSV and Parquet are read piece by piece, a NumPy archive whole. Another may be of any kind.
        submission: column of `submission.csv` -> `key`, or one of the model's answers (`probability`, `class`, ...).
        key: column that names a row there and in the predictions; none for its number in the file, from 0.
        day: column with the row's day, by whose weeks predictions are monitored; none for the day they were made.
        day_kind: what its values are read by; nothing where they are no days.
        lookup_table: raw file of which one row is joined to each; none for rows that are complete.
        join_key: the column that both files have.
        prefix: put before the columns of the lookup_table.
        names: columns of a file that may come without a header line, the target last.
        parse: converts a table to raw rows, where they differ.
        parse_arrays: converts named arrays to raw rows; without it each array is a column.
    """

    file: str
    submission: Mapping[str, str]
    key: str = ""
    day: str = ""
    day_kind: Kind = "date"
    lookup_table: str = ""
    join_key: str = ""
    prefix: str = ""
    names: tuple[str, ...] = ()
    parse: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    parse_arrays: Callable[[Any], pd.DataFrame] | None = None


@dataclass(frozen=True)
class Case:
    """Declaration of a case for the shared stages.

    Attributes:
        name: the one word of the case.
        files: raw files that must be there.
        optional_files: raw files that may be there.
        feature_sources: feature column -> all raw columns that it is made of; none where the files tell (declared).
        create_pipeline: builds the case's complete graph, tagged, without namespace clashes.
        write_sample: generates a sample of the raw files into an empty folder, given the `sample` block, and returns
            what it knows of them: by split strategy the best reachable scores, by metric; none without a generator.
        fetch: where the real files come from: `competition:` or `dataset:` and a `kagglehub` handle, or `keras:` and
            the name of a data set of Keras.
        labelled: data set of the raw file that holds the labelled rows; `<case>_update` reads new ones in its form.
        new_rows: what `<case>_predict` scores.
        target_kind: of a target that is a number: which numbers it may be.
    """

    name: str
    files: tuple[str, ...]
    optional_files: tuple[str, ...]
    feature_sources: FeatureSources | None
    create_pipeline: Callable[[], Pipeline]
    write_sample: Callable[[Mapping[str, int], Path], dict[str, dict[str, float]]] | None
    fetch: str
    labelled: str
    new_rows: NewRows
    target_kind: Kind = "number"


def known_cases() -> tuple[str, ...]:
    """List all cases: the project's, and those that a user has declared in the configuration."""
    return (*CASES, *find_declared(CASES))


def load_case(name: str) -> Case:
    """Import a case's package, or read its declaration."""
    if name not in PYTHON_CASES:
        return load_declared(name)
    case: Case = import_module(f"casebook.pipelines.{name}").CASE
    return case


def load_parameters_class(name: str) -> type[CaseParameters]:
    """Import the class that validates a case's parameters; listing pipelines does without it."""
    if name not in PYTHON_CASES:
        from casebook.config.schema.declared_case import declared_parameters

        return declared_parameters(name)
    checked: type[CaseParameters] = import_module(f"casebook.pipelines.{name}.parameters").PARAMETERS
    return checked


def find_case(pipeline: str) -> str:
    """Return the case that a pipeline is of, of the default pipeline the first; else an empty name.

    A case's name may hold `_` itself, and end as a pipeline of another case does.
    """
    if pipeline == DEFAULT:
        return CASES[0]
    case, _, job = pipeline.rpartition("_")
    names = [pipeline, *([case] if job in JOBS else [])]
    own = next((name for name in names if name in CASES), "")
    return own or next((name for name in names if name in known_cases()), "")
