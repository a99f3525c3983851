"""The raw columns that a case declares for each feature are those that its code makes it of, no more and no less."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from casebook.cases.registry import PYTHON_CASES, load_case
from casebook.column_types.intervals import read_range
from casebook.column_types.invalid_values import accepts
from casebook.column_types.parsing import conform_table

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS = 200
VALUES: dict[str, Sequence[Any]] = {
    "number": range(0, 40, 4),
    "integer": range(40),
    "text": ["a", "b", "c"],
    "flag": [True, False],
    # Holidays, two days at which the published code of Rossmann makes its mistake, and others.
    "date": ["2013-01-01", "2013-12-25", "2014-07-17", "2014-09-25", "2015-04-13", "2015-07-31"],
    "string": ["good", "bad"],
    "image": [np.full((2, 2), value, dtype=np.uint8) for value in (0, 255)],
}
NAMED: dict[str, dict[str, Sequence[Any]]] = {
    "redhat": {name: ["a 1", "a 2", "a 3"] for name in ("people_id", "activity_id", "char_10", "people_group_1")},
    "rossmann": {
        "Store": [1, 700, 800, 900],
        "DayOfWeek": range(1, 8),
        "StateHoliday": ["0", "0", "a"],
        "CompetitionOpenSinceMonth": range(1, 13),
        "CompetitionOpenSinceYear": [2012, 2013, 2014],
        "Promo2SinceWeek": range(1, 50),
        "Promo2SinceYear": [2013, 2014, 2015],
        "PromoInterval": ["Jan,Apr,Jul,Oct", "Feb,May,Aug,Nov", "Mar,Jun,Sept,Dec"],
    },
}


class Rows:
    """A case's raw rows, drawn from few values, and the features of such rows."""

    def __init__(self, case: str) -> None:
        module = import_module(f"casebook.pipelines.{case}.columns")
        self.case, self.kinds, self.declared = case, module.RAW_ROW, module.FEATURE_SOURCES
        self.engineer = import_module(f"casebook.pipelines.{case}.features").engineer_features
        self.table = pd.DataFrame({name: self.draw(name, seed) for seed, name in enumerate(self.kinds)})

    def draw(self, name: str, seed: int) -> pd.Series:
        values = NAMED.get(self.case, {}).get(name) or self.values(name)
        places = np.random.default_rng(seed).integers(len(values), size=ROWS)
        return pd.Series([values[place] for place in places])

    def values(self, name: str) -> list[Any]:
        kind = self.kinds[name]
        numbers, _ = read_range(kind) or (kind, None)
        return [value for value in VALUES[numbers] if accepts(kind, value)]

    def features(self, table: pd.DataFrame) -> dict[str, list[str]]:
        """Compute the features, each value as text."""
        kinds = {name: kind for name, kind in self.kinds.items() if name in table}
        typed = conform_table(table, kinds, "rows") if kinds else table
        made = self.engineer(typed)
        return {name: made[name].astype("object").map(str).tolist() for name in made if name in self.declared}

    def made_of(self, raw_column: str) -> set[str]:
        """List the features that are declared to be made of a raw column."""
        return {name for name, sources in self.declared.items() if raw_column in sources}


@pytest.fixture(params=PYTHON_CASES)
def rows(request: pytest.FixtureRequest) -> Rows:
    return Rows(request.param)


def test_a_changed_raw_column_changes_the_features_that_declare_it_and_no_others(rows: Rows) -> None:
    before = rows.features(rows.table)
    assert list(before) == list(rows.declared)
    for seed, name in enumerate(rows.kinds, len(rows.kinds)):
        after = rows.features(rows.table.assign(**{name: rows.draw(name, seed)}))
        assert {feature for feature in before if after[feature] != before[feature]} == rows.made_of(name), name


def test_without_a_raw_column_the_features_that_declare_it_are_gone_and_the_others_as_they_were(rows: Rows) -> None:
    before = rows.features(rows.table)
    for name in rows.kinds:
        expected = {feature: values for feature, values in before.items() if feature not in rows.made_of(name)}
        assert rows.features(rows.table.drop(columns=name)) == expected, name


@pytest.mark.parametrize("case", PYTHON_CASES)
def test_a_case_hands_on_what_its_model_goes_by(case: str) -> None:
    assert load_case(case).feature_sources == import_module(f"casebook.pipelines.{case}.columns").FEATURE_SOURCES
