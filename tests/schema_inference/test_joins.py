"""How further tables are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.schema_inference.tables import texts

from casebook.schema_inference.errors import SchemaInferenceError
from casebook.schema_inference.joins import infer_join, join_on

if TYPE_CHECKING:
    from casebook.schema_inference.values import ColumnValues


def table(**columns: list[str | None]) -> dict[str, ColumnValues]:
    return {name: texts(values, name) for name, values in columns.items()}


FLIGHTS = table(carrier=["A", "B", "A", None], hour=["1", "1", "2", "2"], origin=["J", "E", "J", "E"])


def test_the_fewest_shared_columns_that_name_one_row_are_the_key() -> None:
    found = infer_join(FLIGHTS, table(carrier=["B", "A"], name=["Bee", "Ay"]), "airlines")
    assert (dict(found.on), found.prefix, found.unmatched) == ({"carrier": "carrier"}, "", 1)
    assert found.places.tolist() == [1, 0, 1, -1]


def test_two_columns_are_taken_where_none_is_a_key_alone() -> None:
    weather = table(origin=["J", "J", "E", "E"], hour=["1", "2", "1", "3"], temp=["5", "6", "7", "8"])
    found = infer_join(FLIGHTS, weather, "weather")
    assert set(found.on) == {"hour", "origin"}
    assert found.places.tolist() == [0, 2, 1, -1]


def test_a_table_in_which_no_row_finds_its_key_is_refused() -> None:
    told = r"not one row finds its carrier there \(the rows have A, airlines has Alpha\); write both in one way"
    with pytest.raises(SchemaInferenceError, match=told):
        infer_join(FLIGHTS, table(carrier=["Alpha", "Bravo"], name=["Ay", "Bee"]), "airlines")


def test_names_that_collide_get_the_tables_name_in_front() -> None:
    planes = table(carrier=["A", "B"], hour=["7", "8"])
    assert infer_join(FLIGHTS, planes, "planes").prefix == "planes_"


def test_a_key_of_another_name_is_found_by_its_values() -> None:
    flights = table(carrier=["A", "B", "C", "A"], hour=["1", "2", "3", "4"])
    found = infer_join(flights, table(name=["x", "y", "z"], code=["C", "A", "B"]), "airlines")
    assert (dict(found.on), found.places.tolist()) == ({"carrier": "code"}, [1, 2, 0, 1])


def test_numbers_written_differently_are_the_same_key() -> None:
    found = infer_join(table(store=["1", "2"]), table(store=["2.0", "1.0"], kind=["b", "a"]), "stores")
    assert found.places.tolist() == [1, 0]


def test_a_repeated_key_is_refused_with_its_rows() -> None:
    with pytest.raises(
        SchemaInferenceError, match=r"names one row of it: carrier A stands in data rows 1 and 3 \(1 rep"
    ):
        infer_join(FLIGHTS, table(carrier=["A", "B", "A"], name=["x", "y", "z"]), "airlines")


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(SchemaInferenceError, match="airlines: the key carrier is empty in 1 rows"):
        infer_join(FLIGHTS, table(carrier=["A", None], name=["x", "y"]), "airlines")


def test_a_table_that_shares_nothing_is_refused_with_both_lists() -> None:
    with pytest.raises(SchemaInferenceError, match="it has colour, size, they have carrier, hour, origin"):
        infer_join(FLIGHTS, table(colour=["red"], size=["9"]), "shoes")


def test_a_declared_join_is_as_it_says() -> None:
    planes = table(code=["B", "A"], hour=["7", "8"])
    found = join_on(FLIGHTS, planes, {"carrier": "code"}, "p_", "planes")
    assert (found.places.tolist(), found.prefix) == ([1, 0, 1, -1], "p_")
    with pytest.raises(SchemaInferenceError, match="planes lacks kode; change join_on"):
        join_on(FLIGHTS, planes, {"carrier": "kode"}, "", "planes")
