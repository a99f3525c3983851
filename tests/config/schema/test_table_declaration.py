"""The block `data` of a declared case: what it accepts, and what its errors say."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from casebook.config.schema.table_declaration import ColumnParameters, DataParameters, TableParameters

DECLARED = """
tables:
  flights: {file: flights.csv}
  planes: {file: planes.csv, delimiter: ";", encoding: cp1252, decimal: ",", join_on: tailnum, prefix: planes_,
           unmatched: missing}
  weather: {file: weather.csv, join_on: [origin, time_hour]}
  airlines: {file: airlines.csv, join_on: {carrier: code}, unmatched: drop}
columns:
  arr_delay: {type: number}
  size: {type: ordinal, order: [S, M, L]}
  month: {type: date, format: "%b-%Y", role: time}
  dep_delay: {role: leak}
  7: {role: ignore}
features:
  days_known: {function: days_between, of: [signup, today]}
  visits: {function: zero_as_missing, of: visits}
  sales_before: {function: lag, of: [sales], options: {steps: 7}}
"""


def read(written: str) -> DataParameters:
    return DataParameters.model_validate(yaml.safe_load(written))


def test_the_agreed_form_is_read_with_its_defaults() -> None:
    declared = read(DECLARED)
    flights, planes, weather, airlines = declared.tables.values()
    assert (flights.delimiter, flights.encoding, flights.decimal, flights.header) == (",", "utf-8", ".", True)
    assert (planes.delimiter, planes.encoding, planes.decimal, planes.prefix) == (";", "cp1252", ",", "planes_")
    assert [table.join_on for table in (flights, planes, weather, airlines)] == [
        {}, {"tailnum": "tailnum"}, {"origin": "origin", "time_hour": "time_hour"}, {"carrier": "code"}
    ]  # fmt: skip
    assert [table.unmatched for table in (planes, weather, airlines)] == ["missing", "refuse", "drop"]
    assert declared.columns["arr_delay"].role == "feature"
    assert declared.columns["size"].order == ["S", "M", "L"]
    assert declared.columns["7"].role == "ignore"
    assert declared.features["visits"].of == ["visits"]
    assert declared.features["sales_before"].options == {"steps": 7}


def test_columns_are_found_by_their_roles() -> None:
    declared = read(DECLARED)
    assert declared.with_role("leak", "ignore") == ["dep_delay", "7"]
    assert declared.with_role("time") == ["month"]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{tables: {}}", "at least 1 item"),
        ("{tables: {a: {file: a.csv, join_on: key}}}", "a holds the rows, being the first"),
        ("{tables: {a: {file: a.csv}, b: {file: b.csv}}}", "b is joined to a: give join_on"),
        ("{tables: {my table: {file: a.csv}}}", "'my table' is no name for a table"),
        ("{tables: {a: {file: a.csv}}, columns: {no: {role: key}}}", "YAML reads a name as False"),
        (
            "{tables: {a: {file: a.csv}}, columns: {x: {role: target}, y: {role: target}}}",
            "columns x, y all have the role target",
        ),
    ],
)
def test_tables_that_cannot_be_joined_and_doubtful_names_are_refused(written: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read(written)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{type: category, classes: [No, Yes]}", 'in quotes, as in \\["No", "Yes"\\]'),
        ("{type: ordinal}", "needs the order of its values"),
        ("{type: number, order: [S, M]}", "order goes with the type ordinal, not with number"),
        ("{type: category, format: '%Y'}", "format goes with the type date or datetime"),
        ("{type: category, minimum: 0}", "minimum goes with the type number or integer"),
        ("{role: key, test: [Test]}", "of the role split, not of key"),
        ("{role: time, type: category}", "the role time needs a type: date, datetime, integer, number"),
        ("{type: ordinal, order: [S, M, S]}", "order: a value stands there twice"),
        ("{type: category, classes: [a]}", "one class leaves nothing to tell apart"),
        ("{type: whole}", "Input should be 'number'"),
        ("{kind: number}", "Extra inputs are not permitted"),
    ],
)
def test_columns_whose_options_contradict_each_other_are_refused(written: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ColumnParameters.model_validate(yaml.safe_load(written))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"names": ["a", "b", "a"]}, "a is named twice: name it once"),
        ({"header": False}, "needs the names of its columns"),
        ({"delimiter": "::"}, "at most 1 character"),
        ({"unmatched": "keep"}, "'refuse', 'drop' or 'missing'"),
    ],
)
def test_files_that_cannot_be_read_so_are_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TableParameters.model_validate({"file": "a.csv", **said})


def test_labels_and_nulls_are_written_as_one_word_on_the_command_line() -> None:
    said = ColumnParameters.model_validate({"type": "ordinal", "order": "S+M+10+007+no", "values": "-1+2.5"})
    assert (said.order, said.values) == (["S", "M", 10, "007", "no"], [-1, "2.5"])
    with pytest.raises(ValidationError, match="classes: a value stands there twice"):
        ColumnParameters.model_validate({"classes": "yes+yes"})
    assert TableParameters.model_validate({"file": "a.csv", "nulls": "?+."}).nulls == ["?", "."]


def test_labels_that_are_whole_numbers_stay_so() -> None:
    assert ColumnParameters.model_validate({"type": "integer", "classes": [0, 1]}).classes == [0, 1]


LIKE = """
tables: {rows: {file: rows.csv}}
columns:
  sensor_7: {type: boolean}
  sensor_*: {type: number, minimum: 0}
  "size [*]": {type: integer}
"""


def test_a_pattern_names_all_columns_that_no_other_line_does() -> None:
    columns = read(LIKE).for_columns(["sensor_7", "sensor_a", "sensor_12", "size [cm]", "size c", "other"]).columns
    assert {name: said.type for name, said in columns.items()} == {
        "sensor_7": "boolean", "sensor_a": "number", "sensor_12": "number", "size [cm]": "integer",
    }  # fmt: skip
    assert read(DECLARED).for_columns(["a"]) == read(DECLARED)


def test_brackets_and_question_marks_are_letters_of_a_name() -> None:
    written = """
    tables: {rows: {file: rows.csv}}
    columns: {"Id[#]": {role: key}, "paid? (y/n)": {role: target}, "[x]": {type: category}}
    """
    declared = read(written)
    assert declared.with_role("key", "target") == ["Id[#]", "paid? (y/n)"]
    assert declared.for_columns(["x", "Id#", "paidX (y/n)"]) == declared


def test_a_range_stands_for_columns_of_like_names_where_none_is_called_so() -> None:
    written = """
    tables: {t: {file: t.csv}}
    columns: {"char_[1-3][0-9]": {type: boolean}, "rating [1-5]": {role: target}, char_38: {type: number}}
    """
    of_the_table = read(written).for_columns(["char_9", "char_10", "char_38", "char_40", "rating [1-5]", "rating 3"])
    assert {name: column.type for name, column in of_the_table.columns.items()} == {
        "char_10": "boolean", "char_38": "number", "rating [1-5]": None,
    }  # fmt: skip
    assert of_the_table.columns["rating [1-5]"].role == "target"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (LIKE.replace("type: number, minimum: 0", "role: leak"), r"columns sensor_\*: the role leak is one column's"),
        (LIKE.replace("minimum: 0", "pattern: '('"), r"pattern '\(' is no regular expression"),
        (
            "tables: {rows: {file: a.npz, arrays: {x: [a, b], y: [a]}}}",
            "arrays: a stands there twice",
        ),
        (
            "tables: {rows: {file: a.npz, given_split: {seed: 1, test_share: 0.2}}}",
            r"given_split adds the column part: give data\.columns\.part\.role=split",
        ),
        (
            "tables: {rows: {file: a.csv}, b: {file: b.csv, join_on: a, given_split: {seed: 1, test_share: 0.2}}}",
            "b is joined to rows, which alone can have a given_split",
        ),
    ],
)
def test_what_cannot_be_of_patterns_arrays_and_splits_is_refused(written: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read(written)
