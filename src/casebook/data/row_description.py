"""What a declared case's raw tables hold, worked out from its `data` block and the files: a schema of joined rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from casebook.column_types.column_type import InvalidTableError, distinct_of_type
from casebook.column_types.intervals import write_range
from casebook.column_types.kinds import COLUMN_TYPES
from casebook.data.declared_features import Lagging, list_features
from casebook.data.name_lookup import describe_unknown
from casebook.data.target_classes import list_classes, refuse_constant
from casebook.preprocessing.registered_functions import find_functions
from casebook.preprocessing.row_schema import Feature, RowSchema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import pandas as pd

    from casebook.column_types.kinds import Kind
    from casebook.config.schema.table_declaration import ColumnParameters, DataParameters
    from casebook.preprocessing.row_schema import Label

# Named kinds of declared types; the others are made by `kind_of_column`.
KINDS = {"boolean": "boolean", "category": "category", "text": "free_text", "id": "id"}
# Columns of these roles are never features.
NO_FEATURES = frozenset({"target", "key", "group", "time", "split", "weight", "ignore"})
CARRIED = ("group", "key", "time", "split", "weight")


@dataclass(frozen=True)
class OwnCode:
    """What a declared case has in Python of its own; see `cases.own_code`.

    Attributes:
        case: its name where it registers row functions, else empty.
        features: that it names; none where its declaration does.
    """

    case: str = ""
    features: Mapping[str, Feature] | None = None


NO_CODE = OwnCode()


@dataclass(frozen=True)
class JoinedColumn:
    """A column of the joined rows.

    Attributes:
        table: which table it comes from.
        raw: its name there.
    """

    table: str
    raw: str


def list_joined_columns(tables: Mapping[str, Collection[str]], data: DataParameters) -> dict[str, JoinedColumn]:
    """List the columns of the joined rows by name, with where they come from.

    Raises:
        InvalidTableError: a name that two tables have, or a key that one lacks.
    """
    found: dict[str, JoinedColumn] = {}
    files: list[str] = []
    for table, columns in tables.items():
        said = data.tables[table]
        rows = f"the rows of {' and '.join(files)} that {table} is joined to"
        refuse_missing(said.join_on, found, rows, f"data.tables.{table}.join_on")
        files.append(said.file)
        refuse_missing(said.join_on.values(), columns, said.file, f"data.tables.{table}.join_on")
        for raw in columns:
            if raw in said.join_on.values():
                continue
            name = f"{said.prefix}{raw}"
            if name in found:
                raise InvalidTableError(
                    f"{said.file}, column {raw}: {found[name].table} has one of that name too; give "
                    f"data.tables.{table}.prefix, as in {table}_"
                )
            found[name] = JoinedColumn(table, raw)
    return found


def describe_rows(
    tables: Mapping[str, pd.DataFrame],
    data: DataParameters,
    target: str,
    task: str,
    carried: Iterable[str] = (),
    own: OwnCode = NO_CODE,
) -> RowSchema:
    """Work out the columns of a joined row, their types, the features and the classes.

    What is not declared follows from the values: numbers where all are such, else categories.

    Args:
        tables: the raw tables by name, the one of the rows first.
        data: the case's declaration.
        target: name of its target.
        task: binary, multiclass or regression.
        carried: further columns that the feature table keeps, such as keys of splits.
        own: what the case has in Python.

    Raises:
        InvalidTableError: the declaration and the files do not fit.
    """
    places = list_joined_columns({name: list(map(str, table.columns)) for name, table in tables.items()}, data)
    data = data.for_columns(places)
    first = data.tables[next(iter(data.tables))].file
    for name, table in tables.items():
        if not len(table):
            raise InvalidTableError(f"{data.tables[name].file} has a header but no rows; put the complete file there")
    refuse_missing([target], places, first, "target")
    refuse_missing(data.columns, places, ", ".join(table.file for table in data.tables.values()), "data.columns")
    if data.undeclared == "refuse":
        refuse_undeclared(places, data)
    schema = describe_inputs(tables, places, data, target, own)
    values, place = tables[places[target].table][places[target].raw], f"{first}, column {target}"
    if task == "regression":
        refuse_constant(values, place)
        classes: tuple[Label, ...] = ()
    else:
        classes = list_classes(values, data.columns.get(target), task, place)
    return replace(schema, carried=tuple(dict.fromkeys([target, *schema.carried, *carried])), classes=classes)


def describe_inputs(
    tables: Mapping[str, pd.DataFrame],
    places: Mapping[str, JoinedColumn],
    data: DataParameters,
    target: str = "",
    own: OwnCode = NO_CODE,
) -> RowSchema:
    """Work out the columns of a joined row, their types and the features, whatever the target is.

    Args:
        tables: the raw tables by name.
        places: see `list_joined_columns`.
        data: the declaration.
        target: column that is none of them, where the tables hold it.
        own: what the case has in Python.
    """
    keys = {left for table in data.tables.values() for left in table.join_on}
    roles = {name: data.columns[name].role if name in data.columns else "feature" for name in places}
    roles |= {target: "target"} if target else {}
    kept = [name for name in places if name in keys or roles[name] not in {"ignore", "target"}]
    values = {name: tables[places[name].table][places[name].raw] for name in kept}
    kinds = {
        name: kind_of_column(values[name], data.columns.get(name), data.tables[places[name].table].decimal)
        for name in kept
    }
    open_columns = {name: kinds[name] for name in kept if roles[name] not in NO_FEATURES}
    typed = {name: said.type for name, said in data.columns.items()}
    if own.features is None:
        by = {role: next((name for name in kept if roles[name] == role), "") for role in ("time", "group")}
        lagging, functions = Lagging(by["time"], by["group"], target), find_functions(own.case)
        features = list_features(open_columns, kinds, values, data.features, typed, functions, lagging)
        features |= mark_unmatched(places, features, data)
    else:
        features = dict(own.features)
    return RowSchema(kinds, features, tuple(name for name in kept if roles[name] in CARRIED), own=own.case)


def mark_unmatched(
    places: Mapping[str, JoinedColumn], features: Mapping[str, Feature], data: DataParameters
) -> dict[str, Feature]:
    """Return features that mark rows without a partner, by a column of each table where such rows are kept."""
    marks: dict[str, Feature] = {}
    for table, said in data.tables.items():
        columns = [name for name, place in places.items() if place.table == table and name in features]
        own = [name for name in columns if features[name].function == "as_is"]
        if said.unmatched == "missing" and own and not any(f"{name}_missing" in features for name in columns):
            marks[f"{own[0]}_missing"] = Feature("is_missing", (own[0],))
    return marks


def kind_of_column(column: pd.Series, said: ColumnParameters | None, decimal: str) -> Kind:
    """Return the kind of a column: the declared one, else the one of its values."""
    if said is None or said.type is None:
        # What is ignored comes here only as the key of a join.
        if said is not None and said.role in {"key", "group", "split", "ignore"}:
            return "category"
        if said is not None and said.role == "weight":
            return kind_of_numbers(None, decimal)
        return kind_of_numbers(said, decimal) if holds_numbers(column, kind_of_numbers(None, decimal)) else "category"
    if said.type in {"number", "integer"}:
        return kind_of_numbers(said, decimal)
    if said.type == "ordinal":
        return f"ordinal:{json.dumps(said.order)}"
    if said.type in {"date", "datetime"}:
        return f"{said.type}:{said.format}" if said.format else said.type
    return KINDS[said.type]


def kind_of_numbers(said: ColumnParameters | None, decimal: str) -> Kind:
    """Return the kind of a column of numbers: whole or any, their decimal sign, the least and the most of them."""
    if said is None:
        return "number" if decimal == "." else f"number:{decimal}"
    kind = "integer" if said.type == "integer" else kind_of_numbers(None, decimal)
    return write_range(kind, said.minimum, said.maximum)


def holds_numbers(column: pd.Series, kind: Kind) -> bool:
    """Return whether all values that are there are numbers; a column of nothing holds numbers that are missing."""
    if column.dtype.kind in "iuf":
        return True
    if column.dtype.kind == "b":
        return False
    _, values = distinct_of_type(column)
    _, wrong = COLUMN_TYPES[kind].parse_distinct(values)
    return not wrong.any()


def refuse_undeclared(places: Mapping[str, JoinedColumn], data: DataParameters) -> None:
    """Refuse columns that the declaration does not name.

    Raises:
        InvalidTableError: names their file and all of them.
    """
    for table, said in data.tables.items():
        unknown = [place.raw for name, place in places.items() if place.table == table and name not in data.columns]
        if unknown:
            raise InvalidTableError(
                f"{said.file} has columns that nothing is known of: {', '.join(unknown)}; remove them"
            )


def refuse_missing(names: Iterable[str], there: Collection[str], where: str, key: str = "") -> None:
    """Refuse names of columns that are not there.

    Raises:
        InvalidTableError: names the first of them, and the nearest that there are.
    """
    for name in names:
        if name not in there:
            raise InvalidTableError(f"{key or where}: {describe_unknown(f'column in {where}', name, there)}")
