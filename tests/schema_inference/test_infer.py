"""A whole table: roles that need each other, joins, split, suspects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.schema_inference.tables import churn, write_csv

from casebook.schema_inference import Schema, SchemaInferenceError, Wishes, infer_schema, read_table
from casebook.schema_inference.roles import InferredRole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DAYS = pd.date_range("2024-01-01", periods=400).strftime("%Y-%m-%d").to_numpy()


def infer(tmp_path: Path, columns: Mapping[str, np.ndarray], wishes: Wishes | None = None, **others: object) -> Schema:
    tables = [write_csv(tmp_path / "rows.csv", columns)]
    tables += [write_csv(tmp_path / f"{name}.csv", table) for name, table in others.items()]  # type: ignore[arg-type]
    return infer_schema([read_table(path) for path in tables], wishes or Wishes("left"))


def roles(schema: Schema) -> dict[str, str]:
    return {name: column.role.role for name, column in schema.columns.items()}


def test_a_plain_table_has_a_key_features_and_a_target(tmp_path: Path) -> None:
    schema = infer(tmp_path, churn())
    assert roles(schema) == {
        "customer_id": "key", "months": "feature", "plan": "feature", "fee": "feature", "left": "target",
    }  # fmt: skip
    assert (schema.target.task, schema.split.strategy, list(schema.suspects)) == ("binary", "row", [])


def test_copies_are_counted_without_the_key(tmp_path: Path) -> None:
    table = {name: np.append(values, values[:5]) for name, values in churn().items()}
    table["customer_id"] = np.array([f"D{number}" for number in range(405)])
    schema = infer(tmp_path, table)
    assert (schema.split.copies, schema.split.duplicates) == (5, "group")


def test_a_repeated_key_splits_by_group_and_of_two_one_is_chosen(tmp_path: Path) -> None:
    table = churn() | {"customer_id": np.arange(400) % 200, "household": np.arange(400) % 100}
    schema = infer(tmp_path, table)
    assert (schema.split.strategy, schema.split.column) == ("group", "customer_id")
    assert schema.columns["household"].role == InferredRole("ignore", "a second key that repeats")


def test_one_column_names_the_rows_that_are_predicted_and_it_has_no_nulls(tmp_path: Path) -> None:
    names = [f"cottage {row}" if row else None for row in range(400)]
    numbers = 2_100 + np.arange(400) * 17
    schema = infer(tmp_path, churn() | {"house": names, "house_number": numbers})
    assert roles(schema) | {"left": ""} == {
        "customer_id": "key", "months": "feature", "plan": "feature", "fee": "feature", "left": "",
        "house": "ignore", "house_number": "ignore",
    }  # fmt: skip
    assert schema.columns["house_number"].role.why == "a second key"
    lacking = {**churn(), "house": names}
    lacking.pop("customer_id")
    assert roles(infer(tmp_path, lacking))["house"] == "ignore"


def test_of_two_ids_that_repeat_the_one_of_a_subject_is_the_group(tmp_path: Path) -> None:
    table = churn() | {"user_id": np.arange(400) % 80, "station_id": np.arange(400) % 100}
    schema = infer(tmp_path, table)
    assert (schema.split.column, roles(schema)["station_id"]) == ("user_id", "ignore")


def test_a_given_split_goes_before_a_group_and_a_group_before_a_time(tmp_path: Path) -> None:
    table = churn() | {"customer_id": np.arange(400) % 200, "day": DAYS}
    assert infer(tmp_path, table).split.strategy == "group"
    part = np.where(np.arange(400) % 4, "train", "test")
    assert infer(tmp_path, table | {"part": part}).split.strategy == "given"


def test_a_time_holds_out_its_last_part(tmp_path: Path) -> None:
    schema = infer(tmp_path, churn() | {"day": DAYS})
    assert (schema.split.strategy, roles(schema)["day"]) == ("time", "time")


def test_what_the_user_says_goes_before_what_is_found(tmp_path: Path) -> None:
    table = churn() | {"part": np.where(np.arange(400) % 4, "train", "test"), "day": DAYS}
    assert infer(tmp_path, table, Wishes("left", time="day")).split.strategy == "time"
    by_plan = churn() | {"plan": np.array([f"p{number % 90}" for number in range(400)])}
    assert infer(tmp_path, by_plan, Wishes("left", group="plan")).split.column == "plan"
    numbers = np.arange(400)
    nearly = churn() | {"row": numbers + 1, "patient": np.array([f"k{n}" for n in (*numbers[:398], 5, 9)])}
    assert infer(tmp_path, nearly, Wishes("left", group="patient")).split.column == "patient"
    found = infer(tmp_path, churn() | {"t": numbers + 1}, Wishes("left", time="t"))
    assert (roles(found)["t"], roles(found)["customer_id"]) == ("time", "key")
    assert infer(tmp_path, churn(), Wishes("months", task="regression")).target.task == "regression"


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        (Wishes("lefd"), r"rows.csv has no column 'lefd' for the target \(did you mean left\?\)"),
        (Wishes("left", group="house"), "rows.csv has no column 'house' for --group"),
        (Wishes("left", time="dayy"), "rows.csv has no column 'dayy' for --time"),
        (Wishes("left", time="plan"), r"--time plan is a category \(.*\), neither a date nor a number"),
        (Wishes("customer_id"), "the target customer_id is a key"),
        (Wishes("plan", task="regression"), "holds texts in 400 of 400 rows"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused(tmp_path: Path, wishes: Wishes, told: str) -> None:
    with pytest.raises(SchemaInferenceError, match=told):
        infer(tmp_path, churn(), wishes)


def test_a_time_that_no_row_with_a_target_has_is_refused(tmp_path: Path) -> None:
    known = np.arange(400) % 2 == 0
    table = churn() | {"when": np.where(known, "", DAYS)}
    table["left"] = np.where(known, table["left"].astype(str), "")
    with pytest.raises(SchemaInferenceError, match="--time when: split by it, a part of the rows would be empty"):
        infer(tmp_path, table, Wishes("left", time="when"))


def test_joined_columns_that_repeat_the_rows_or_their_key_are_ignored(tmp_path: Path) -> None:
    plans = {
        "plan": ["basic", "family", "pro"],
        "title": ["Basic!", "Family!", "Pro!"],
        "seats": [1, 5, 9],
        "country": ["x", "x", "x"],
        "fee": [1.0, 2.0, 3.0],
    }
    schema = infer(tmp_path, churn(), None, plans=plans)
    joined = {name: column.role.role for name, column in schema.columns.items() if column.table == "plans"}
    assert joined == {
        "plans_title": "ignore", "plans_seats": "feature", "plans_country": "ignore", "plans_fee": "feature",
    }  # fmt: skip
    same = {"customer_id": churn()["customer_id"], "plan": churn()["plan"]}
    assert roles(infer(tmp_path, churn(), None, same=same))["same_plan"] == "ignore"


def test_a_leak_in_a_joined_table_is_suspected(tmp_path: Path) -> None:
    table = churn()
    ended = {"customer_id": table["customer_id"], "calls": np.where(table["left"] == "Yes", 7, 0)}
    assert [suspect.column for suspect in infer(tmp_path, table, None, ended=ended).suspects] == ["calls"]


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    paths = [write_csv(tmp_path / "rows.csv", churn()), write_csv(tmp_path / "other" / "rows.csv", churn())]
    with pytest.raises(SchemaInferenceError, match="two files are both called rows"):
        infer_schema([read_table(path) for path in paths], Wishes("left"))


def test_what_names_the_groups_once_more_is_ignored(tmp_path: Path) -> None:
    table = churn()
    shops = np.arange(400) % 50
    names = {"shop_id": [f"S{shop}" for shop in shops], "town": [f"T{shop % 9}" for shop in shops]}
    schema = infer(tmp_path, table | names | {"shop": [f"{shop} High Street" for shop in shops]})
    assert schema.columns["shop"].role == InferredRole("ignore", "one for one with shop_id")
    assert schema.columns["town"].role.role == "feature"


def test_a_copy_of_another_column_is_ignored_but_not_one_of_the_target(tmp_path: Path) -> None:
    table = churn()
    copies = {
        "price": table["fee"],
        "tariff": table["plan"],
        "gone": table["left"],
        "kind": np.char.upper(table["plan"]),
    }
    found = {name: column.role for name, column in infer(tmp_path, table | copies).columns.items()}
    assert found["price"] == InferredRole("ignore", "a copy of fee")
    assert found["tariff"] == InferredRole("ignore", "a copy of plan")
    assert [found[name].role for name in ("fee", "plan", "gone", "kind")] == ["feature"] * 4


def test_subjects_are_dealt_out_by_a_seed_that_leaves_no_part_without_a_class(tmp_path: Path) -> None:
    table = churn(seed=3)
    left = np.where(np.arange(400) % 100 < 2, "Maybe", table["left"])
    schema = infer(tmp_path, table | {"left": left, "shop_id": [f"S{row % 100}" for row in range(400)]})
    assert (schema.split.strategy, schema.split.column) == ("row", "")
    assert schema.columns["shop_id"].role == InferredRole(
        "ignore", "100 of them in 400 rows: no split by them leaves each class to each part"
    )
    left = np.where(np.arange(400) % 100 < 9, "Maybe", table["left"])
    schema = infer(tmp_path, table | {"left": left, "shop_id": [f"S{row % 100}" for row in range(400)]})
    assert (schema.split.strategy, set(schema.split.settings)) == ("group", {"seed"})
    assert schema.split.why == "100 of them in 400 rows; of this seed no part lacks a class"


def test_few_subjects_of_many_days_are_split_by_time(tmp_path: Path) -> None:
    days = [f"2024-{1 + day // 28:02d}-{1 + day % 28:02d}" for day in range(100) for _ in range(9)]
    random = np.random.default_rng(2)
    table = {"day": days, "city": list("abcdefghi") * 100, "heat": random.normal(0, 1, 900)}
    schema = infer(tmp_path, table, Wishes("heat"))
    assert (schema.split.strategy, schema.split.column, schema.columns["city"].role.role) == ("time", "day", "feature")


def test_rows_without_a_target_are_no_part_of_a_split(tmp_path: Path) -> None:
    table = churn() | {"day": DAYS}
    known = np.where(np.arange(400) < 300, table["left"], None)
    settings = {"test_days": 59, "validation_days": 24}
    schema = infer(tmp_path, table | {"left": known})
    assert (schema.split.strategy, dict(schema.split.settings)) == ("time", settings)
    assert schema.split.why == "the last 59 days (20% of the rows) are the test"
    fee = np.where(np.arange(400) < 300, table["fee"], None)
    assert dict(infer(tmp_path, table | {"fee": fee}, Wishes("fee")).split.settings) == settings


def test_a_time_that_leaves_a_part_without_a_class_is_named_as_the_reason(tmp_path: Path) -> None:
    days = [f"2024-{1 + row // 28:02d}-{1 + row % 28:02d}" for row in range(300)]
    kind = np.where(np.arange(300) < 40, "old", np.where(np.arange(300) % 3, "a", "b"))
    schema = infer(tmp_path, {"day": days, "x": np.arange(300) / 7, "kind": kind}, Wishes("kind"))
    assert (schema.split.strategy, schema.split.why) == (
        "row", "split by day, a part of the rows would be empty or lack a class",
    )  # fmt: skip


def test_a_target_of_money_is_refused_with_what_to_do(tmp_path: Path) -> None:
    price = [f"${number:,}" for number in range(1_000, 301_000, 1_000)]
    for task, told in (
        (None, "more classes than these rows support"),
        ("regression", "holds texts in 300 of 300 rows"),
    ):
        with pytest.raises(
            SchemaInferenceError, match=rf"{told}.*; write '\$1,000' as a plain number, without the signs"
        ):
            infer(tmp_path, {"x": np.arange(300) / 7, "price": price}, Wishes("price", task))


def test_a_given_split_whose_parts_lack_a_class_or_a_target_is_left_alone(tmp_path: Path) -> None:
    part = np.where(np.arange(400) % 4, "train", "test")
    table = churn() | {"part": part}
    for left in (np.where(part == "test", None, table["left"]), np.where(part == "test", "No", table["left"])):
        schema = infer(tmp_path, table | {"left": left})
        assert (schema.split.strategy, schema.columns["part"].role) == (
            "row", InferredRole("ignore", "a split, but a part of it would lack rows or a class"),
        )  # fmt: skip
    schema = infer(tmp_path, table | {"left": np.where(np.arange(400) % 39 == 0, "Maybe", table["left"])})
    assert (schema.split.strategy, dict(schema.split.settings)) == ("given", {"seed": 1})
    assert schema.split.why == "the values are test, train; of this seed no part lacks a class"
