"""What is printed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from tests.schema_inference.tables import churn, write_csv

from casebook.schema_inference import Wishes, infer_schema, print_schema, read_table

if TYPE_CHECKING:
    from pathlib import Path


def test_every_column_has_a_line_and_the_table_its_summary(tmp_path: Path) -> None:
    table = churn()
    left = table["left"].astype(object)
    table |= {"calls": np.where(left == "Yes", 7, 0), "size": np.resize(["S", "M", "L"], 400)}
    left[:3] = None
    table["left"] = left
    paths = [
        write_csv(tmp_path / "shop.csv", table),
        write_csv(tmp_path / "plans.csv", {"plan": ["pro"], "seats": [9]}),
    ]
    schema = infer_schema([read_table(path) for path in paths], Wishes("left"))
    file = io.StringIO()
    print_schema(schema, Console(file=file))
    printed = file.getvalue()
    lines = [line.split() for line in printed.splitlines()]
    assert ["customer_id", "category", "key", "400", "unique", "texts"] in lines
    assert "words of a scale: S < M < L" in printed
    assert "LEAK? alone it tells the target" in printed
    assert printed.splitlines()[-4:] == [
        "400 rows. Target left: binary (2 values: No and Yes); 3 rows without it are set aside.",
        f"plans is joined by plan; {int((table['plan'] != 'pro').sum())} rows have none there.",
        "Split: row; no key repeats and there is no time.",
        "Leak suspects, left open: calls. Close one that is not known when a prediction is made by role: leak.",
    ]


def test_a_class_of_few_rows_is_said(tmp_path: Path) -> None:
    table = churn()
    left = table["left"].astype(object)
    left[:4] = "Maybe"
    schema = infer_schema([read_table(write_csv(tmp_path / "a.csv", table | {"left": left}))], Wishes("left"))
    file = io.StringIO()
    print_schema(schema, Console(file=file))
    assert "Few rows of a class: Maybe 4; training, validation and test need some each." in file.getvalue()
    assert "No column is suspected as a leak." in file.getvalue()


def test_what_is_set_aside_and_a_single_null_and_copy_are_said(tmp_path: Path) -> None:
    table = {name: np.append(values, values[:1]) for name, values in churn(4_000).items() if name != "customer_id"}
    left = table["left"].astype(object)
    left[7:9] = "Maybe"
    plan = table["plan"].astype(object)
    plan[9] = None
    schema = infer_schema(
        [read_table(write_csv(tmp_path / "a.csv", table | {"left": left, "plan": plan}))], Wishes("left")
    )
    file = io.StringIO()
    print_schema(schema, Console(file=file))
    printed = file.getvalue()
    assert "Target left: binary (2 classes of 3 rows or more)." in printed
    assert "Set aside, no class of so few rows can be learnt: Maybe 2." in printed
    assert "1 row is a copy of another: both stay on one side." in printed
    assert "<0.1%" in printed
    assert "0.0%" not in printed
