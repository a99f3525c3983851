import pandas as pd
import pandera.pandas as pa
import pytest

from casebook.column_types.parsing import InvalidTableError
from casebook.data.schema_checks import check_table, refuse_one_class

SCHEMA = pa.DataFrameSchema(
    {
        "id": pa.Column(unique=True),
        "size": pa.Column(checks=pa.Check.gt(0, error="must be above 0")),
        "name": pa.Column(nullable=False),
    },
    checks=pa.Check(lambda table: len(table) < 4, error="must be short"),
)


def make_table() -> pd.DataFrame:
    return pd.DataFrame({"id": [1, 2, 3], "size": [1.5, 2, 3], "name": ["a", "b", "c"]})


def test_a_table_that_fits_is_given_back_as_it_is() -> None:
    table = make_table()
    assert check_table(table, SCHEMA, "t.csv") is table
    pd.testing.assert_frame_equal(table, make_table())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"id": [7, 5, 7]}, "t.csv, column id: must not hold a value twice (2 rows, first '7' in data row 1)"),
        ({"size": [1, -2, 0]}, "t.csv, column size: must be above 0 (2 rows, first '-2' in data row 2)"),
        ({"name": ["a", "b", None]}, "t.csv, column name: must not be empty (1 rows, first 'nan' in data row 3)"),
    ],
)
def test_what_does_not_fit_is_named_by_file_column_rule_count_and_place(changed: dict, message: str) -> None:
    with pytest.raises(InvalidTableError) as caught:
        check_table(make_table().assign(**changed), SCHEMA, "t.csv")
    assert str(caught.value) == f"{message}; mend the file"


def test_every_failing_rule_has_a_line() -> None:
    table = make_table().assign(size=[1, 2, -3], name=[None, "b", None])
    with pytest.raises(InvalidTableError) as caught:
        check_table(table, SCHEMA, "t.csv")
    assert sorted(str(caught.value).split("\n")) == [
        "t.csv, column name: must not be empty (2 rows, first 'nan' in data row 1); mend the file",
        "t.csv, column size: must be above 0 (1 rows, first '-3' in data row 3); mend the file",
    ]


def test_a_rule_of_the_whole_table_has_a_line_too() -> None:
    table = pd.concat([make_table(), make_table().assign(id=[4, 5, 6], size=[1, 1, 0])], ignore_index=True)
    with pytest.raises(InvalidTableError) as caught:
        check_table(table, SCHEMA, "t.csv")
    first, second = sorted(str(caught.value).split("\n"), reverse=True)
    assert first == "t.csv, column size: must be above 0 (1 rows, first '0.0' in data row 6); mend the file"
    assert "must be short" in second


def test_a_target_of_one_class_is_refused() -> None:
    with pytest.raises(InvalidTableError, match=r"^t\.csv, column y: every row is 1; both classes are needed"):
        refuse_one_class(pd.DataFrame({"y": [1, 1]}), "y", "t.csv")
    refuse_one_class(pd.DataFrame({"y": [1, 0]}), "y", "t.csv")
