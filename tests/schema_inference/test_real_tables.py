"""Real tables of strangers (CASEBOOK_RAW/tables): what their README says of each."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from casebook.config.schema.table_declaration import DataParameters
from casebook.schema_inference import Schema, Wishes, infer_schema, read_table
from casebook.schema_inference.declaration import MAX_LINES, write_declaration
from real_tables import TABLES, list_honest_suspects, list_wrong_guesses

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def schemas(real_raw: Path) -> dict[str, Schema]:
    """The schema of each table."""
    found = {}
    for name, table in TABLES.items():
        tables = [read_table(file) for file in table.list_files(name, real_raw)]
        found[name] = infer_schema(tables, Wishes(table.target))
    return found


@pytest.mark.parametrize("name", TABLES)
def test_each_table_is_guessed_as_its_readme_describes_it(schemas: dict[str, Schema], name: str) -> None:
    honest = {f"{column} is suspected" for column in list_honest_suspects(schemas[name], TABLES[name])}
    assert set(list_wrong_guesses(schemas[name], TABLES[name])) == honest


def test_no_more_than_one_honest_column_in_fifty_is_suspected(schemas: dict[str, Schema]) -> None:
    honest = suspected = 0
    for name, schema in schemas.items():
        dishonest = {*TABLES[name].leaks, *TABLES[name].later, TABLES[name].target}
        honest += len(set(schema.columns) - dishonest)
        suspected += len(list_honest_suspects(schema, TABLES[name]))
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
