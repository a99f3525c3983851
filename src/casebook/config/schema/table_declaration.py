"""Parameters of a declared case's tables: the block `data`, which takes the place of a case's own Python."""

from __future__ import annotations

import codecs
import re
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from casebook.config.schema.name_patterns import is_pattern, matches
from casebook.config.schema.types import LabelList, Names, Parameters, Seed, list_from_text

if TYPE_CHECKING:
    from collections.abc import Collection

Role = Literal["feature", "target", "key", "group", "time", "split", "weight", "leak", "ignore"]
DeclaredType = Literal["number", "integer", "boolean", "category", "ordinal", "date", "datetime", "text", "id"]
# A table has one of each at most.
SINGLE_ROLES = ("target", "group", "time", "split", "weight")
TIME_TYPES = ("date", "datetime", "integer", "number")
WEIGHT_TYPES = ("number", "integer")
# What goes with which types.
OPTIONS_OF_TYPES: dict[str, tuple[str, ...]] = {
    "format": ("date", "datetime"),
    "order": ("ordinal",),
    "classes": ("category", "boolean", "integer", "number", "ordinal"),
    "minimum": ("number", "integer"),
    "maximum": ("number", "integer"),
}


def _name_columns(block: Any) -> Any:  # noqa: ANN401 - not checked yet
    """Make texts of names that YAML reads as numbers, and refuse those whose spelling it loses."""
    if not isinstance(block, dict):
        return block
    lost = [name for name in block if name is None or isinstance(name, bool)]
    if lost:
        raise ValueError(f"YAML reads a name as {lost[0]!r} (no, yes, on, off, null): put it in quotes")
    return {str(name): said for name, said in block.items()}


def _list_joined(join_on: Any) -> Any:  # noqa: ANN401
    """Accept a column, a list of them, or a mapping of the rows' columns to the joined table's."""
    if isinstance(join_on, str):
        join_on = [join_on]
    return {name: name for name in join_on} if isinstance(join_on, list) else join_on


class GivenSplitParameters(Parameters):
    """A published split that no column tells: rows shuffled by NumPy's `RandomState`, as `keras.datasets` does."""

    column: str = Field(default="part", description="that is added, train or test; its role is split")
    seed: Seed
    test_share: float = Field(gt=0, lt=1, description="of the shuffled rows the last ones")


class TableParameters(Parameters):
    """A raw file, and how it is joined to the rows where it is not the first."""

    file: str = Field(min_length=1, description="in the case's raw folder, below the project, or an absolute path")
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8"
    decimal: str = Field(default=".", min_length=1, max_length=1)
    header: bool = Field(default=True, description="whether the first line names the columns; else give `names`")
    names: Names = Field(default_factory=list, description="of the columns, where the file has none or others")
    nulls: Annotated[list[str], list_from_text("+")] = Field(
        default_factory=list, description="spellings of null beside empty cells, NA and the like"
    )
    rename: dict[str, str] = Field(default_factory=dict, description="spelling of a column -> its name here")
    sheet: str = Field(default="", description="of a workbook; empty for the first")
    arrays: dict[str, Names] = Field(
        default_factory=dict, description="of a NumPy archive: array -> its columns; none where each array is a column"
    )
    given_split: GivenSplitParameters | None = Field(
        default=None, description="draws a published split again, of labelled rows alone"
    )
    join_on: Annotated[dict[str, str], BeforeValidator(_list_joined)] = Field(
        default_factory=dict, description="column, list of them, or column of the rows -> column of this table"
    )
    unique: Names = Field(default_factory=list, description="columns that together stand in one row each")
    prefix: str = Field(default="", description="put before the columns of a joined table, but those of join_on")
    unmatched: Literal["refuse", "drop", "missing"] = Field(
        default="refuse", description="rows without a partner: refuse the file, drop them, or keep them as missing"
    )

    @model_validator(mode="after")
    def _check_names(self) -> TableParameters:
        names = self.column_names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{'names' if self.names else 'arrays'}: {', '.join(twice)} stands there twice")
        if not self.header and not names:
            raise ValueError("a file without a header line needs the names of its columns: give names: [a, b, ...]")
        return self

    @field_validator("encoding")
    @classmethod
    def _check_encoding(cls, encoding: str) -> str:
        try:
            codecs.lookup(encoding)
        except LookupError:
            raise ValueError("Python knows no such encoding: give one like utf-8, cp1252 or latin-1") from None
        return encoding

    @property
    def column_names(self) -> list[str]:
        """The columns that are named here, in their order."""
        return self.names or list(chain.from_iterable(self.arrays.values()))


class ColumnParameters(Parameters):
    """What one column of the joined rows is for, and how its values are read."""

    role: Role = "feature"
    type: DeclaredType | None = Field(default=None, description="none: numbers are `number`, all else is `category`")
    format: str = Field(default="", description="of dates that are not ISO, as strptime writes it: %b-%Y")
    order: LabelList = Field(default_factory=list, description="of an ordinal's values, the least first")
    classes: LabelList = Field(
        default_factory=list, description="of the target, as they are written; of two the second is the positive one"
    )
    others: Literal["refuse", "missing"] = Field(
        default="refuse", description="labels that are none of the classes: refuse the file, or set those rows aside"
    )
    test: LabelList = Field(default_factory=list, description="of the role split: the values of test rows")
    values: LabelList = Field(default_factory=list, description="the only values there may be")
    pattern: str = Field(default="", description="regular expression that all of a text must match")
    minimum: float | None = None
    maximum: float | None = None
    nullable: bool = Field(default=True, description="false refuses a file with empty cells here")
    known_at_prediction: bool = Field(
        default=False, description="true: known when a prediction is made, so no leak however well it tells the target"
    )

    @model_validator(mode="after")
    def _check_options(self) -> ColumnParameters:
        if self.type == "ordinal" and not self.order:
            raise ValueError("type ordinal needs the order of its values, the least first: give order: [S, M, L]")
        for option, types in OPTIONS_OF_TYPES.items():
            said = getattr(self, option)
            if said not in ("", None, []) and self.type not in (None, *types):
                raise ValueError(f"{option} goes with the type {' or '.join(types)}, not with {self.type}")
        if self.test and self.role != "split":
            raise ValueError(f"test names the test rows' values of the role split, not of {self.role}")
        if self.role == "weight" and self.type not in (None, *WEIGHT_TYPES):
            raise ValueError(f"the role weight goes with the type {' or '.join(WEIGHT_TYPES)}, not with {self.type}")
        if self.role == "time" and self.type not in TIME_TYPES:
            raise ValueError(f"the role time needs a type: {', '.join(TIME_TYPES)}")
        for option in ("order", "classes", "values"):
            if len(set(map(str, getattr(self, option)))) < len(getattr(self, option)):
                raise ValueError(f"{option}: a value stands there twice")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"pattern {self.pattern!r} is no regular expression: {error}") from None
        if self.role == "leak" and self.known_at_prediction:
            raise ValueError("a column of the role leak is not known_at_prediction: say one of the two")
        if self.others == "missing" and not self.classes:
            raise ValueError("others: missing sets aside what is none of the classes: give classes: [a, b, ...]")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum:g} lies above maximum {self.maximum:g}: no number is in between")
        if len(self.classes) == 1:
            raise ValueError("classes: one class leaves nothing to tell apart; give two or more")
        return self


class FeatureParameters(Parameters):
    """A derived feature: a registered function of columns or of other features, row by row."""

    function: str = Field(min_length=1, description="a name in `preprocessing.feature_functions`")
    of: Names = Field(min_length=1)
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)


class NewRowsParameters(Parameters):
    """What `<case>_predict` scores where no file is named, and the submission that it writes."""

    file: str = Field(default="", description="in the case's raw folder; none for the file of the first table")
    key: str = Field(default="", description="column that names a row; none for the column of the role key")
    day: str = Field(default="", description="column of a row's day; none for the column of the role time")
    answer: Literal["", "class", "probability", "prediction"] = Field(
        default="", description="that stands in the submission under the target's name; none for class, or prediction"
    )


class DataParameters(Parameters):
    """The tables of a declared case, what their columns are, and the features that are derived from them."""

    defaults: Literal["rows", "schema"] = Field(
        default="rows", description="of preprocessing and training: by the number of rows, or as for a case in Python"
    )
    fetch: str = Field(
        default="",
        description="where the files come from: `competition:` or `dataset:` (Kaggle's), or `keras:`, and a name",
    )
    tables: dict[str, TableParameters] = Field(min_length=1, description="the first one holds the rows")
    new_rows: NewRowsParameters = NewRowsParameters()
    undeclared: Literal["keep", "refuse"] = Field(
        default="keep", description="columns that are not declared: their types follow from their values, or refused"
    )
    columns: Annotated[dict[str, ColumnParameters], BeforeValidator(_name_columns)] = Field(
        default_factory=dict, description="by name, or by a pattern like `sensor_*` of those that no other line names"
    )
    features: Annotated[dict[str, FeatureParameters], BeforeValidator(_name_columns)] = Field(
        default_factory=dict, description="each of columns, or of features above it; one of a column's name replaces it"
    )

    @field_validator("tables")
    @classmethod
    def _check_joins(cls, tables: dict[str, TableParameters]) -> dict[str, TableParameters]:
        first, *joined = tables
        if tables[first].join_on or tables[first].prefix:
            raise ValueError(f"{first} holds the rows, being the first: it has no join_on and no prefix")
        if split := [name for name in joined if tables[name].given_split]:
            raise ValueError(f"{split[0]} is joined to {first}, which alone can have a given_split")
        for name in joined:
            if not tables[name].join_on:
                raise ValueError(f"{name} is joined to {first}: give join_on, the column or columns that both have")
        bad = [name for name in tables if not name.isidentifier()]
        if bad:
            raise ValueError(f"{bad[0]!r} is no name for a table: give letters, digits and _")
        return tables

    def for_columns(self, names: Collection[str]) -> DataParameters:
        """Return the declaration with a line for each of some columns that a pattern like `sensor_*` names."""
        # A column may be called `rating [1-5]`.
        patterns = [name for name in self.columns if is_pattern(name) and name not in names]
        found = {name: next((p for p in patterns if matches(name, p)), "") for name in names}
        named = {name: self.columns[p] for name, p in found.items() if p and name not in self.columns}
        own = {name: column for name, column in self.columns.items() if name not in patterns}
        return self.model_copy(update={"columns": own | named}) if patterns else self

    @model_validator(mode="after")
    def _check_roles(self) -> DataParameters:
        for name, column in self.columns.items():
            if "*" in name and column.role not in {"feature", "ignore"}:
                raise ValueError(f"columns {name}: the role {column.role} is one column's; give its whole name")
        for role in SINGLE_ROLES:
            names = [name for name, column in self.columns.items() if column.role == role]
            if len(names) > 1:
                raise ValueError(f"columns {', '.join(names)} all have the role {role}; a case has one")
        given = next(iter(self.tables.values())).given_split
        if given and self.with_role("split") != [given.column]:
            raise ValueError(f"given_split adds the column {given.column}: give data.columns.{given.column}.role=split")
        return self

    def with_role(self, *roles: Role) -> list[str]:
        """Return the listed columns that have one of some roles."""
        return [name for name, column in self.columns.items() if column.role in roles]
