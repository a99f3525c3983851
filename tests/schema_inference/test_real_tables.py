"""The real tables of shared/data/tables: what their README says of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from casebook.config.schema.table_declaration import DataParameters
from casebook.schema_inference import Schema, Wishes, infer_schema, read_table
from casebook.schema_inference.declaration import MAX_LINES, write_declaration

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Table:
    """What the README says of a table.

    Attributes:
        target: column.
        task: binary, multiclass or regression.
        strategy: of the split.
        leaks: columns that restate or follow the target; others may be suspected too.
        later: columns that come after the target, which may be suspected.
        roles: of columns that are no features.
        types: of columns that are told by more than digits.
        nulls: rows without a target.
        files: all of its files.
    """

    target: str
    task: str
    strategy: str = "row"
    leaks: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    nulls: int = 0
    files: tuple[str, ...] = ()


TABLES = {
    "telco_churn": Table("churn", "binary"),
    "ames": Table("Sale_Price", "regression", types={"Exter_Cond": "ordinal", "Overall_Cond": "ordinal"}),
    "credit": Table("Status", "binary", types={"Records": "boolean"}),
    "diamonds": Table("price", "regression", types=dict.fromkeys(("cut", "color", "clarity"), "ordinal")),
    "hotel": Table(
        "avg_price_per_room", "regression", "time", roles={"arrival_date": "time"}, types={"country": "category"}
    ),
    "remote_work": Table("Remote", "binary"),
    "loans": Table(
        "interest_rate", "regression", leaks=("grade", "sub_grade"),
        later=("installment", "balance", "paid_total", "paid_principal", "paid_interest", "paid_late_fees"),
        types={"issue_month": "date", "emp_title": "text", "grade": "ordinal"},
    ),
    "cells": Table("class", "binary", "given", roles={"case": "split"}),
    "penguins": Table("species", "multiclass"),
    "covid_testing": Table(
        "result", "multiclass", "group", leaks=("ct_result",), roles={"subject_id": "group"}
    ),
    "police_stops": Table(
        "problem", "binary", "time", roles={"idNum": "key", "date": "time"}, types={"date": "datetime", "lat": "number"}
    ),
    "chicago": Table("ridership", "regression", "time", roles={"date": "time"}),
    "taxi": Table("tip", "binary", types={"local": "boolean"}),
    "flights": Table(
        "arr_delay", "regression", "time", leaks=("dep_delay", "dep_time", "arr_time", "air_time"),
        roles={"year": "ignore", "time_hour": "time"}, nulls=9_430,
        files=("flights.csv.gz", "planes.csv", "airlines.csv", "weather.csv"),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def schemas(real_raw: Path) -> dict[str, Schema]:
    """The schema of each table."""
    found = {}
    for name, table in TABLES.items():
        files = table.files or (f"{name}.csv",)
        tables = [read_table(real_raw / "tables" / name / file) for file in files]
        found[name] = infer_schema(tables, Wishes(table.target))
    return found


@pytest.mark.parametrize("name", TABLES)
def test_each_table_is_guessed_as_its_readme_describes_it(schemas: dict[str, Schema], name: str) -> None:
    schema, table = schemas[name], TABLES[name]
    assert (schema.target.task, schema.split.strategy) == (table.task, table.strategy)
    assert schema.target.column.nulls == table.nulls
    assert {column: schema.columns[column].role.role for column in table.roles} == table.roles
    assert {column: schema.columns[column].type.type for column in table.types} == table.types
    assert set(table.leaks) <= {suspect.column for suspect in schema.suspects}


def test_no_more_than_one_honest_column_in_fifty_is_suspected(schemas: dict[str, Schema]) -> None:
    honest = suspected = 0
    for name, schema in schemas.items():
        dishonest = {*TABLES[name].leaks, *TABLES[name].later, TABLES[name].target}
        honest += len(set(schema.columns) - dishonest)
        suspected += len({suspect.column for suspect in schema.suspects} - dishonest)
    assert honest == 389
    assert suspected <= honest / 50


@pytest.mark.parametrize("name", TABLES)
def test_each_declaration_is_read_by_a_run_and_has_forty_lines_at_most(schemas: dict[str, Schema], name: str) -> None:
    schema = schemas[name]
    files = {table.name: table.path.name for table in schema.tables}
    text = write_declaration(schema, name, files, f"casebook init {name}.csv --target {TABLES[name].target}")
    assert text.count("\n") <= MAX_LINES
    DataParameters.model_validate(yaml.safe_load(text)[name]["data"])


def test_the_page_shows_what_is_written(schemas: dict[str, Schema]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "your-own-table.md").read_text(encoding="utf-8")
    command = "casebook init telco_churn.csv --target churn --name churn"
    text = write_declaration(schemas["telco_churn"], "churn", {"telco_churn": "telco_churn.csv"}, command)
    assert f"```yaml\n{text}```" in page


def test_flights_are_joined_as_the_readme_says(schemas: dict[str, Schema]) -> None:
    joins = {name: (list(join.on), join.unmatched) for name, join in schemas["flights"].joins.items()}
    assert joins == {
        "planes": (["tailnum"], 52_606), "airlines": (["carrier"], 0), "weather": (["origin", "time_hour"], 1_556),
    }  # fmt: skip
