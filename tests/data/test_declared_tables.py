"""Raw tables of a declared case: described, typed, joined, and their target numbered; what does not fit is named."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from casebook.column_types import InvalidTableError
from casebook.column_types.invalid_values import accepts
from casebook.config.schema.table_declaration import DataParameters
from casebook.data import target_classes
from casebook.data.declared_tables import join_tables, type_table
from casebook.data.row_description import describe_rows
from casebook.data.settled_rows import mark_given_parts, settle_target
from casebook.data.source_names import name_source
from casebook.preprocessing.row_schema import Feature, RowSchema
from casebook.stages import declared as stages

FLIGHTS = """
tables:
  flights: {file: flights.csv}
  planes: {file: planes.csv, join_on: {tail: tailnum}, prefix: planes_, unmatched: missing}
  weather: {file: weather.csv, join_on: [origin, hour], unmatched: refuse}
columns:
  late: {classes: ["No", "Yes"]}
  known_after: {role: leak}
  id: {role: key}
  size: {type: ordinal, order: [S, M, L]}
  day: {type: date}
"""
TABLES = {
    "flights": pd.DataFrame(
        {
            "id": ["1", "2", "3", "4"], "tail": ["a", "b", None, "x"], "origin": ["E", "L", "E", "L"],
            "hour": ["5", "5.0", "6", "6"], "size": ["S", "L", None, "M"], "day": ["2024-01-01"] * 4,
            "late": ["Yes", "No", None, " No"], "known_after": ["1", "2", "3", "4"],
        },
        dtype="str",
    ),
    "planes": pd.DataFrame({"tailnum": ["b", "a"], "seats": ["100", None], "maker": ["Y", "Z"]}, dtype="str"),
    "weather": pd.DataFrame(
        {"origin": ["E", "E", "L", "L"], "hour": ["5", "6", "5", "6"], "wind": ["1", "2", "3", "4"]}, dtype="str"
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a class have so few rows as it has here."""
    monkeypatch.setattr(target_classes, "LEAST_ROWS", 1)


def read(written: str = FLIGHTS, **changes: object) -> DataParameters:
    tree = yaml.safe_load(written)
    for name, value in changes.items():
        place, _, key = name.partition("__")
        tree[place][key] = value
    return DataParameters.model_validate(tree)


def make_rows(data: DataParameters, tables: dict[str, pd.DataFrame] = TABLES) -> pd.DataFrame:
    schema = describe_rows(tables, data, "late", "binary")
    typed = {name: type_table(table, name, schema, data, "late", "binary") for name, table in tables.items()}
    return settle_target(join_tables(typed, data), "late", "binary")


def test_columns_types_features_and_classes_follow_from_the_declaration_and_the_values() -> None:
    schema = describe_rows(TABLES, read(), "late", "binary", carried=["origin"])
    assert schema.columns == {
        "id": "category", "tail": "category", "origin": "category", "hour": "number",
        "size": 'ordinal:["S", "M", "L"]', "day": "date", "known_after": "number", "planes_seats": "number",
        "planes_maker": "category", "wind": "number",
    }  # fmt: skip
    assert schema.classes == ("No", "Yes")
    assert schema.carried == ("late", "id", "origin")
    assert "id" not in schema.features
    assert schema.features["size"] == Feature("rank", ("size",), {"order": ["S", "M", "L"]})
    assert schema.features["day_week"] == Feature("date_part", ("day",), {"part": "week"})
    assert schema.features["planes_seats_missing"] == Feature("is_missing", ("planes_seats",))
    assert "day" not in schema.features


def test_rows_keep_their_order_and_get_the_columns_of_their_partners() -> None:
    rows = make_rows(read())
    assert rows["id"].tolist() == ["1", "2", "4"], "the third has no target"
    assert rows["late"].tolist() == [1, 0, 0]
    assert rows["late"].dtype == np.int8
    assert rows["hour"].tolist() == [5, 5, 6]
    assert rows["wind"].tolist() == [1, 3, 4]
    assert rows["planes_seats"].isna().tolist() == [True, False, True]
    assert rows["planes_maker"].astype(object).where(rows["planes_maker"].notna(), None).tolist() == ["Z", "Y", None]
    assert "tailnum" not in rows


def test_inputs_are_not_modified() -> None:
    before = {name: table.copy() for name, table in TABLES.items()}
    make_rows(read())
    for name, table in TABLES.items():
        pd.testing.assert_frame_equal(table, before[name])


def test_rows_without_a_partner_are_dropped_or_refused_as_declared() -> None:
    planes = {"file": "planes.csv", "join_on": {"tail": "tailnum"}, "prefix": "planes_"}
    rows = make_rows(read(tables__planes={**planes, "unmatched": "drop"}))
    assert rows["id"].tolist() == ["1", "2"]
    message = (
        r"^flights.csv, column tail: 2 rows have no partner in planes.csv \(first: an empty tail; tail x\).*"
        r"data.tables.planes.unmatched=missing"
    )
    with pytest.raises(InvalidTableError, match=message):
        make_rows(read(tables__planes={**planes, "unmatched": "refuse"}))


def test_rows_without_a_column_that_the_case_needs_are_refused_by_their_own_file() -> None:
    data = read()
    schema = describe_rows(TABLES, data, "late", "binary", ())
    raw = dict(TABLES) | {"flights": name_source(TABLES["flights"].drop(columns=["late", "origin"]), "may.csv")}
    typed = {name: type_table(raw[name], name, schema, data, "late", "binary") for name in raw}
    with pytest.raises(InvalidTableError, match=r"may\.csv lacks origin, by which weather\.csv is joined; it has id, "):
        join_tables(typed, data)
    whole = {name: type_table(TABLES[name], name, schema, data, "late", "binary") for name in TABLES}
    whole["flights"] = name_source(whole["flights"].drop(columns="late"), "may.csv")
    with pytest.raises(InvalidTableError, match=r"may\.csv lacks late, the target; it has id, tail, "):
        stages.join_tables(data.model_dump(), "late", "binary", *whole.values(), tables=list(whole))


def test_a_joined_table_whose_key_repeats_is_refused_with_the_key_and_the_count() -> None:
    twice = pd.concat([TABLES["weather"], TABLES["weather"].head(1)], ignore_index=True)
    with pytest.raises(InvalidTableError, match=r"weather.csv: origin E, hour 5 stands 2 times \(1 rows too many\)"):
        make_rows(read(), {**TABLES, "weather": twice})


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"hour": {"type": "integer"}, "tail": {"type": "number"}}, r"flights.csv, column tail: 'a' is not a number \(3 of 4 rows"),  # noqa: E501
        ({"size": {"type": "ordinal", "order": ["S", "M"]}}, r"column size: 'L' is not one of S, M \(1 of 4 rows, first in data row 2"),  # noqa: E501
        ({"id": {"type": "integer", "maximum": 3}}, r"column id: '4' is not a whole number of at most 3 \(1 of 4 rows, first in data row 4"),  # noqa: E501
        ({"origin": {"values": ["E"]}}, r"column origin: must be one of E \(2 rows, first 'L' in data row 2"),
        ({"tail": {"nullable": False}}, r"column tail: must not be empty \(1 rows"),
        ({"orign": {"role": "ignore"}}, r"data.columns: there is no column .* 'orign' \(did you mean origin\?\)"),
        ({"late": {"classes": ["No", "Maybe"]}}, r"column late: 'Yes' \(1 rows\) is none of the declared classes No, Maybe"),  # noqa: E501
    ],
)  # fmt: skip
def test_a_declaration_that_the_data_contradict_is_named_with_column_count_and_first_row(
    columns: dict[str, Any], message: str
) -> None:
    tree = yaml.safe_load(FLIGHTS)
    tree["columns"] |= columns
    with pytest.raises(InvalidTableError, match=message):
        make_rows(DataParameters.model_validate(tree))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("lat", r"target: there is no column .* 'lat' \(did you mean late\?\)"),
        ("day", r"column day: every row is 2024-01-01; two classes at least are needed"),
        ("id", r"there are 4 classes \(1, 2, 3, 4\); give task: multiclass"),
    ],
)
def test_a_target_from_which_nothing_can_be_learnt_is_refused(target: str, message: str) -> None:
    with pytest.raises(InvalidTableError, match=message):
        describe_rows(TABLES, read(), target, "binary")


def test_a_target_of_more_classes_than_rows_can_support_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_classes, "LEAST_ROWS", 3)
    with pytest.raises(InvalidTableError, match=r"4 of 4 classes have fewer than 3 rows: 1, 2, 3, 4"):
        describe_rows(TABLES, read(), "id", "multiclass")


def test_a_regression_target_with_text_in_it_is_told_with_count_and_first_row() -> None:
    rows = pd.DataFrame({"price": ["1", "two", None, "three"]})
    with pytest.raises(
        InvalidTableError, match=r"column price: 'two' is not a number \(2 of 4 rows, first in data row 2"
    ):
        target_classes.number_target(rows["price"], (), "number", "a.csv, column price")


def test_the_range_of_a_column_goes_into_its_kind_and_with_it_into_the_model() -> None:
    tree = yaml.safe_load(FLIGHTS)
    tree["columns"] |= {"hour": {"type": "integer", "minimum": 0, "maximum": 23}, "planes_seats": {"minimum": 1}}
    schema = describe_rows(TABLES, DataParameters.model_validate(tree), "late", "binary")
    assert schema.columns["hour"] == "integer in [0.0, 23.0]"
    assert schema.columns["planes_seats"] == "number in [1.0, inf)"
    again = RowSchema.from_dict(json.loads(json.dumps(schema.to_dict())))
    assert not accepts(again.columns["hour"], 24)
    assert accepts(again.columns["hour"], 23)


def test_the_target_of_a_regression_is_held_to_its_range_and_decimal_sign() -> None:
    data = DataParameters.model_validate(
        {"tables": {"t": {"file": "t.csv", "decimal": ","}}, "columns": {"y": {"type": "number", "maximum": 2}}}
    )
    rows = pd.DataFrame({"x": ["1", "2"], "y": ["0,5", "2"]})
    schema = describe_rows({"t": rows}, data, "y", "regression")
    assert type_table(rows, "t", schema, data, "y")["y"].tolist() == [0.5, 2.0]
    with pytest.raises(InvalidTableError, match=r"t\.csv, column y: '2,5' is not a number of at most 2"):
        type_table(rows.assign(y=["0,5", "2,5"]), "t", schema, data, "y")


def test_names_that_two_tables_have_ask_for_a_prefix() -> None:
    data = read(tables__planes={"file": "planes.csv", "join_on": {"tail": "tailnum"}})
    planes = TABLES["planes"].rename(columns={"seats": "origin"})
    with pytest.raises(
        InvalidTableError,
        match=r"planes.csv, column origin: flights has one of that name too; give data.tables.planes.prefix",
    ):
        make_rows(data, {**TABLES, "planes": planes})


def test_rows_without_a_key_of_a_joined_table_are_told_with_their_file() -> None:
    flights = TABLES["flights"].drop(columns="tail")
    where = r"there is no column in the rows of flights\.csv that planes is joined to 'tail'"
    with pytest.raises(InvalidTableError, match=rf"data\.tables\.planes\.join_on: {where}"):
        make_rows(read(), {**TABLES, "flights": flights})


def test_numbers_as_classes_are_their_numbers_or_labels() -> None:
    table = {"t": pd.DataFrame({"x": ["1"] * 9, "y": ["0", "1", "2"] * 3}, dtype="str")}
    data = DataParameters.model_validate({"tables": {"t": {"file": "t.csv"}}})
    assert describe_rows(table, data, "y", "multiclass").classes == ()
    shifted = {"t": table["t"].assign(y=["1", "2.0", "3"] * 3)}
    schema = describe_rows(shifted, data, "y", "multiclass")
    assert schema.classes == (1, 2, 3)
    assert target_classes.number_target(shifted["t"]["y"], schema.classes, "category", "t").tolist() == [0, 1, 2] * 3


def test_classes_declared_with_a_fraction_are_the_whole_numbers_of_the_file() -> None:
    table = {"t": pd.DataFrame({"x": ["1"] * 9, "y": ["1.0", "2.0", "3.0"] * 3}, dtype="str")}
    columns = {"y": {"type": "category", "classes": ["1.0", "2.0", "3.0"]}}
    data = DataParameters.model_validate({"tables": {"t": {"file": "t.csv"}}, "columns": columns})
    assert describe_rows(table, data, "y", "multiclass").classes == ("1", "2", "3")


def test_a_published_split_is_translated_into_train_and_test() -> None:
    given = pd.Series(["Train", "Test", "Train"], name="case")
    assert mark_given_parts(given, ["Test"], "a").tolist() == ["train", "test", "train"]
    assert mark_given_parts(given, [], "a").tolist() == ["train", "test", "train"]
    with pytest.raises(InvalidTableError, match="give the values of test rows with test:"):
        mark_given_parts(pd.Series(["a", "b"]), [], "cells.csv, column case")


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ({"function": "lagg", "of": ["hour"]}, r"data.features.f.function: there is no function 'lagg'"),
        ({"function": "lag", "of": ["hour"]}, r"data.features.f: a lag needs a column of the role time"),
        ({"function": "ratio", "of": ["hour"]}, r"ratio takes 2 columns, not 1: hour"),
        ({"function": "log1p", "of": ["houre"]}, r"there is no column or feature 'houre' \(did you mean hour"),
        ({"function": "steps", "of": ["hour"]}, r"steps takes width, not none"),
        (
            {"function": "date_part", "of": ["day"], "options": {"part": "yaer"}},
            r"there is no part 'yaer' \(did you mean year",
        ),
    ],
)
def test_features_that_cannot_be_made_are_refused_with_what_can(feature: dict[str, Any], message: str) -> None:
    tree = {**yaml.safe_load(FLIGHTS), "features": {"f": feature}}
    with pytest.raises(InvalidTableError, match=message):
        describe_rows(TABLES, DataParameters.model_validate(tree), "late", "binary")


def test_a_feature_of_a_columns_name_takes_the_place_of_that_column() -> None:
    tree = {**yaml.safe_load(FLIGHTS), "features": {"hour": {"function": "zero_as_missing", "of": ["hour"]}}}
    tree["features"]["hour_raw"] = {"function": "as_is", "of": ["hour"]}
    features = describe_rows(TABLES, DataParameters.model_validate(tree), "late", "binary").features
    assert features["hour"].function == "zero_as_missing"
    assert list(features).index("hour") == 2
    assert list(features)[-1] == "hour_raw"


def test_rows_that_repeat_what_is_unique_are_refused_with_the_first_and_their_count() -> None:
    data = read(tables__flights={"file": "flights.csv", "unique": ["origin", "hour"]})
    make_rows(data)
    repeated = {**TABLES, "flights": TABLES["flights"].assign(origin="E")}
    message = (
        r"^flights\.csv, columns origin and hour: origin E, hour 5 stands in more than one row \(2 rows too many\)"
    )
    with pytest.raises(InvalidTableError, match=message):
        make_rows(data, repeated)


def test_columns_that_are_not_declared_are_refused_on_demand() -> None:
    with pytest.raises(
        InvalidTableError, match=r"flights\.csv has columns that nothing is known of: tail, origin, hour"
    ):
        describe_rows(TABLES, read().model_copy(update={"undeclared": "refuse"}), "late", "binary")


def test_ids_stay_texts_and_lose_their_blanks() -> None:
    data = read(columns__id={"type": "id"})
    assert make_rows(data)["id"].dtype == "str"
    spaced = {**TABLES, "flights": TABLES["flights"].assign(id=[" 1", "2.0", "3", "4"])}
    assert make_rows(data, spaced)["id"].tolist() == ["1", "2", "4"]


def test_labels_that_are_none_of_the_classes_may_count_as_missing() -> None:
    table = {"t": pd.DataFrame({"x": ["1"] * 10, "y": ["a"] * 4 + ["b "] * 5 + ["c"]}, dtype="str")}
    said = {"y": {"type": "category", "classes": ["a", "b"], "others": "missing"}}
    data = DataParameters.model_validate({"tables": {"t": {"file": "t.csv"}}, "columns": said})
    schema = describe_rows(table, data, "y", "binary")
    typed = type_table(table["t"], "t", schema, data, "y", "binary")
    assert typed["y"].tolist()[:9] == [0] * 4 + [1] * 5
    assert typed["y"].isna().tolist() == [False] * 9 + [True]
    refusing = DataParameters.model_validate(
        {"tables": {"t": {"file": "t.csv"}}, "columns": {"y": {"classes": ["a", "b"]}}}
    )
    with pytest.raises(InvalidTableError, match="set such rows aside by others: missing"):
        describe_rows(table, refusing, "y", "binary")
