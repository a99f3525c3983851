"""The YAML that is written: what a run reads in it, its reasons and its length."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.schema_inference.tables import churn, write_csv

from casebook.config.schema.table_declaration import DataParameters
from casebook.schema_inference import Wishes, infer_schema, read_table
from casebook.schema_inference.declaration import MAX_LINES, quote, write_declaration, write_label
from casebook.schema_inference.reading import RawTable

if TYPE_CHECKING:
    from collections.abc import Mapping


def declare(
    tmp_path: Path, columns: Mapping[str, Any], target: str = "left", **others: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    paths = [write_csv(tmp_path / "shop.csv", columns)]
    paths += [write_csv(tmp_path / f"{name}.csv", table) for name, table in others.items()]
    tables = [read_table(path) for path in paths]
    text = write_declaration(
        infer_schema(tables, Wishes(target)), "shop", {table.name: table.path.name for table in tables}, "casebook init"
    )
    tree = yaml.safe_load(text)["shop"]
    DataParameters.model_validate(tree["data"])
    return text, tree


def test_a_plain_table_is_declared_in_a_dozen_lines(tmp_path: Path) -> None:
    text, tree = declare(tmp_path, churn() | {"plan": np.resize(["low", "medium", "high"], 400)})
    assert tree == {
        "task": "binary",
        "target": "left",
        "data": {
            "tables": {"shop": {"file": "shop.csv"}},
            "columns": {
                "customer_id": {"role": "key"},
                "plan": {"type": "ordinal", "order": ["low", "medium", "high"]},
                "left": {"type": "category", "classes": ["No", "Yes"]},
            },
        },
        "split": {"strategy": "row"},
    }
    assert "customer_id: {role: key} # unique texts" in text
    assert text.count("\n") == 12


def test_codes_of_a_typed_table_are_declared_as_categories() -> None:
    table = pd.DataFrame({"code": pd.Categorical(np.resize([10, 20, 30], 400)), "left": churn()["left"]})
    schema = infer_schema([RawTable("shop", Path("shop.parquet"), None, table)], Wishes("left"))
    text = write_declaration(schema, "shop", {"shop": "shop.parquet"}, "init")
    assert "code: {type: category}" in text


def test_a_time_is_declared_with_its_parts_as_features(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=400).strftime("%d/%m/%Y")
    _, tree = declare(tmp_path, churn() | {"day": days})
    assert tree["data"]["columns"]["day"] == {"role": "time", "type": "date", "format": "%d/%m/%Y"}
    assert tree["data"]["features"] == {"day_parts": {"function": "date_parts", "of": ["day"]}}
    assert tree["split"] == {"strategy": "time", "test_days": 79, "validation_days": 32}


def test_numbers_with_signs_around_them_are_declared_as_features_and_are_no_keys(tmp_path: Path) -> None:
    money = [f"${1000 + 7.5 * row:,.2f}" for row in range(400)]
    text, tree = declare(tmp_path, churn() | {"Amount ($)": money})
    options = {"decimal": "."}
    assert tree["data"]["features"] == {
        "Amount ($)": {"function": "quantity", "of": ["Amount ($)"], "options": options}
    }
    assert "Amount ($)" not in tree["data"]["columns"]
    assert "# numbers with signs around them: $1,000.00" in text


def test_whole_numbers_with_a_fraction_are_classes_as_a_run_reads_them(tmp_path: Path) -> None:
    days = [float(row % 8) if row % 9 else None for row in range(400)]
    _, tree = declare(tmp_path, churn() | {"days": days}, target="days")
    assert tree["data"]["columns"]["days"]["classes"] == list(range(8))


def test_many_features_stand_side_by_side(tmp_path: Path) -> None:
    shares = {f"share {place}": [f"{row + place}%" for row in range(400)] for place in range(60)}
    text, tree = declare(tmp_path, churn() | shares)
    assert set(tree["data"]["features"]) == set(shares)
    assert text.count("\n") <= MAX_LINES


def test_joins_are_declared_with_what_stays_without_a_partner(tmp_path: Path) -> None:
    text, tree = declare(tmp_path, churn(), plans={"plan": ["basic", "pro"], "fee": [1, 2], "seats": [1, 9]})
    assert tree["data"]["tables"]["plans"] == {
        "file": "plans.csv", "join_on": ["plan"], "prefix": "plans_", "unmatched": "missing",
    }  # fmt: skip
    assert "rows have none there" in text


def test_suspects_stay_open_with_their_evidence(tmp_path: Path) -> None:
    table = churn()
    text, tree = declare(tmp_path, table | {"calls": np.where(table["left"] == "Yes", 7, 0)})
    assert tree["data"]["columns"]["calls"] == {"type": "integer"}
    assert "# LEAK? alone it tells the target: AUC 1.000 on held-out rows\n" in text
    assert "role: leak closes it" in text


def test_null_targets_and_rare_classes_are_said(tmp_path: Path) -> None:
    table = churn()
    left = table["left"].astype(object)
    left[:7] = None
    left[7:12] = "Maybe"
    text, _ = declare(tmp_path, table | {"left": left})
    assert "target: left # 7 rows are null and set aside; Maybe 1.3%, No" in text
    assert "FEW ROWS: Maybe 5" in text
    left[9:12] = "No"
    text, tree = declare(tmp_path, table | {"left": left})
    assert "target: left # 7 rows are null and set aside; SET ASIDE: Maybe 2; No" in text
    assert tree["data"]["columns"]["left"] == {"type": "category", "classes": ["No", "Yes"], "others": "missing"}


def test_codes_with_leading_zeros_are_declared_as_categories(tmp_path: Path) -> None:
    _, tree = declare(tmp_path, churn() | {"zip": np.resize(["00501", "10001", "20001"], 400)})
    assert tree["data"]["columns"]["zip"] == {"type": "category"}


def test_how_a_file_writes_nulls_is_declared(tmp_path: Path) -> None:
    _, tree = declare(tmp_path, churn() | {"power": ["?", *(number * number % 97 for number in range(399))]})
    assert tree["data"]["tables"]["shop"] == {"file": "shop.csv", "nulls": ["?"]}
    assert "power" not in tree["data"]["columns"]


def test_mostly_null_columns_are_named_and_kept(tmp_path: Path) -> None:
    fee = np.where(np.arange(400) % 4, np.nan, churn()["fee"])
    text, tree = declare(tmp_path, churn() | {"fee": fee})
    assert "mostly null, kept since that they are there may tell: fee 75%" in text
    assert "fee" not in tree["data"]["columns"]


@pytest.mark.parametrize("count", [10, 60, 300])
def test_many_columns_still_make_forty_lines(tmp_path: Path, count: int) -> None:
    random = np.random.default_rng(1)
    yes = {f"asked_{place}": random.choice(["yes", "no"], 400) for place in range(count)}
    sizes = {f"size_{place}": random.choice(["S", "M", "L"], 400) for place in range(count)}
    left = churn()["left"]
    leaks = {f"end_{place}": np.where(left == "Yes", place + 1, 0) for place in range(count)}
    text, tree = declare(tmp_path, churn() | yes | sizes | leaks)
    assert text.count("\n") <= MAX_LINES
    assert len(tree["data"]["columns"]) == 3 * count + 2


@pytest.mark.parametrize(
    "word",
    [
        "No",
        "y",
        "null",
        "~",
        "1.5",
        "2001",
        "a: b",
        "#x",
        "[x]",
        " x",
        "Größe",
        "it's",
        'say "x"',
        "",
        "1e3",
        "0x1f",
        "a,b",
    ],
)
def test_every_text_is_read_as_it_is_written(word: str) -> None:
    assert yaml.safe_load(f"{{{quote(word)}: [{quote(word)}]}}") == {word: [word]}


def test_labels_that_are_whole_numbers_stay_numbers() -> None:
    assert [write_label(label) for label in ("0", "17", "-3", "007", "1.0", "a")] == [
        "0",
        "17",
        "-3",
        '"007"',
        '"1.0"',
        "a",
    ]
