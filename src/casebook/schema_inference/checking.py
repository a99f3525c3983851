"""Looking at the tables of a case that exists, as if they were new: types, roles and leak suspects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet
from pydantic import ValidationError

from casebook.cases.declared import PARAMETERS, find_file
from casebook.config.paths import conf_source, project_root
from casebook.config.schema.table_declaration import DataParameters
from casebook.config.tree import overlay
from casebook.config.yaml_text import read_yaml
from casebook.data.named_arrays import frame_columns
from casebook.schema_inference.dialect import Dialect
from casebook.schema_inference.errors import SchemaInferenceError
from casebook.schema_inference.infer import infer_schema
from casebook.schema_inference.reading import RawTable, read_table
from casebook.schema_inference.schema import Schema, Wishes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from casebook.config.schema.table_declaration import TableParameters
    from casebook.schema_inference.leaks import Suspect
    from casebook.schema_inference.targets import Task

# Of those that a run looks for suspects in: more would tell no more.
MOST_ROWS = 100_000
FEATURE_TABLE = "data/runs/{case}/latest/04_feature/feature_table.parquet"


def check_case(case: str, environment: str = "local") -> Schema:
    """Infer the schema of a case's own tables, under the roles that it declares.

    Args:
        case: its name.
        environment: that lies over `base`.

    Returns:
        Of a declared case, the schema of its raw tables; of one in Python, that of the features its last run made.

    Raises:
        SchemaInferenceError: there is no such case, or no table of it yet.
    """
    tree = read_parameters(case, environment)
    if not isinstance(tree.get("data"), dict):
        table = _read_features(case)
        return infer_schema([table], Wishes(str(tree["target"]), tree.get("task")))
    data = _read_declaration(case, tree["data"])
    tables = [_read_declared(case, name, said) for name, said in data.tables.items()]
    return _infer_declared(tables, data, str(tree["target"]), tree.get("task"))


def find_declared_suspects(
    tables: Mapping[str, pd.DataFrame], data: DataParameters, target: str, task: Task
) -> list[Suspect]:
    """Find the leak suspects of a declared case among tables that are read already; see `check_case`.

    Of many rows evenly spaced ones are looked at.

    Args:
        tables: raw, by name, the one of the rows first.
        data: the case's declaration.
        target: name of its target.
        task: binary, multiclass or regression.
    """
    first = next(iter(data.tables))
    raw = [
        RawTable(name, Path(said.file), _dialect_of(said), _space_out(tables[name]) if name == first else tables[name])
        for name, said in data.tables.items()
    ]
    return list(_infer_declared(raw, data, target, task).suspects)


def _infer_declared(tables: list[RawTable], data: DataParameters, target: str, task: Task | None) -> Schema:
    time = next(iter(data.with_role("time")), "")
    group = next(iter(data.with_role("group")), "")
    schema = infer_schema(tables, Wishes(target, task, time, group), data)
    known = {name for name, column in data.columns.items() if column.known_at_prediction}
    return replace(schema, suspects=tuple(suspect for suspect in schema.suspects if suspect.column not in known))


def _space_out(table: pd.DataFrame) -> pd.DataFrame:
    step = -(-len(table) // MOST_ROWS) or 1
    return table if step == 1 else table.iloc[::step].reset_index(drop=True)


def read_parameters(case: str, environment: str = "local") -> Mapping[str, Any]:
    """Read a case's configured parameters, base and environment merged; nothing is checked or filled in.

    Raises:
        SchemaInferenceError: no environment has the case.
    """
    tree: dict[str, Any] = {}
    for folder in dict.fromkeys(["base", environment]):
        file = Path(conf_source()) / folder / case / PARAMETERS
        if file.is_file():
            tree = overlay(tree, read_yaml(file.read_text(encoding="utf-8"), str(file)).get(case) or {})
    if not tree:
        there = sorted({file.parent.name for file in Path(conf_source()).glob(f"*/*/{PARAMETERS}")})
        raise SchemaInferenceError(f"there is no case {case!r}; there are {', '.join(there)}")
    return tree


def _read_declaration(case: str, block: Mapping[str, Any]) -> DataParameters:
    try:
        return DataParameters.model_validate(block)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join([case, "data", *map(str, first["loc"])])
        raise SchemaInferenceError(f"{place}: {first['msg'].removeprefix('Value error, ')}") from None


def _read_declared(case: str, name: str, said: TableParameters) -> RawTable:
    place = find_file(case, said.file)
    if said.arrays and place.is_file():
        with np.load(place) as archive:
            return RawTable(name, place, None, frame_columns(archive, said.arrays, place.name))
    names = tuple(said.names)
    table = read_table(place, _dialect_of(said), said.sheet)
    renamed = said.rename | (dict(zip(table.columns, names, strict=False)) if said.header and names else {})
    return RawTable(name, table.path, table.dialect, table.columns.rename(columns=renamed))


def _dialect_of(said: TableParameters) -> Dialect:
    names = () if said.header else tuple(said.names)
    return Dialect(said.delimiter, said.encoding, said.decimal, names, tuple(said.nulls))


def _read_features(case: str) -> RawTable:
    file = project_root() / FEATURE_TABLE.format(case=case)
    if not file.is_file():
        raise SchemaInferenceError(
            f"{case} declares no tables, and {file} is not there yet; run it once, as in kedro run --pipeline={case}"
        )
    columns: pd.DataFrame = pyarrow.parquet.read_table(file).to_pandas()
    return RawTable(case, file, None, columns)
