"""A published split that no column tells, drawn again."""

import pandas as pd

from casebook.config.schema.table_declaration import GivenSplitParameters
from casebook.data.given_split import divide_rows


def test_rows_are_shuffled_by_the_seed_and_the_last_are_for_test_the_same_way_each_time() -> None:
    table = pd.DataFrame({"x": [0, 1, 2, 3, 4]})
    said = GivenSplitParameters(seed=113, test_share=0.2)
    divided = divide_rows(table, said)
    # numpy.random.RandomState(113).shuffle(numpy.arange(5)).
    assert divided["x"].tolist() == divide_rows(table, said)["x"].tolist()
    assert sorted(divided["x"]) == [0, 1, 2, 3, 4]
    assert divided["part"].tolist() == ["train"] * 4 + ["test"]
    assert divided["x"].tolist() != divide_rows(table, GivenSplitParameters(seed=5, test_share=0.2))["x"].tolist()
    assert table.columns.tolist() == ["x"]
