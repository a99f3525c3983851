"""Counts of parts add up to those of the whole: exactly, and quantiles of many values within the stated error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebook.config.schema import TabularPreprocessingParameters
from casebook.preprocessing.column_counts import POINTS, CategoryCounts, ValueCounts, add_counts
from casebook.preprocessing.fit_tabular import fit_counted, fit_value_counts


def compare(one: dict[str, object], other: dict[str, object]) -> None:
    """Compare fitted columns, numbers but for the last bits of sums in another order."""
    numbers = {name: value for name, value in one.items() if isinstance(value, float)}
    assert {name: other[name] for name in numbers} == pytest.approx(numbers, rel=1e-13)
    assert {name: other[name] for name in one.keys() - numbers} == {name: one[name] for name in one.keys() - numbers}


def cut(column: pd.Series, parts: int) -> list[pd.Series]:
    return [column.iloc[places] for places in np.array_split(np.arange(len(column)), parts)]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=60), st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_quantiles_are_those_of_numpy_to_the_last_bit(values: list[int], shares: list[float]) -> None:
    values_and_halves = np.array(values) / 2
    found = ValueCounts.of(pd.Series(values_and_halves)).condense().quantiles(shares)
    assert found.tolist() == np.quantile(values_and_halves, shares).tolist()


def test_a_number_of_few_values_is_fitted_on_parts_as_on_the_whole() -> None:
    generator = np.random.default_rng(3)
    column = pd.Series(generator.integers(0, 900, 5000) / 4, name="n").mask(generator.random(5000) < 0.1)
    parts = add_counts([ValueCounts.of(part).condense() for part in cut(column, 7)])
    for impute in ("mean", "median", "mode"):
        for clip in (None, (0.05, 0.9)):
            one = fit_value_counts("n", ValueCounts.of(column), impute, clip)
            other = fit_value_counts("n", parts, impute, clip)
            compare(vars(one), vars(other))


def test_many_values_keep_exact_moments_and_their_quantiles_within_the_error() -> None:
    column = pd.Series(np.random.default_rng(4).lognormal(3, 2, 200_000))
    # A value of a tenth of the rows stays itself, wherever it lies.
    column[::10] = 7.25
    counted = add_counts([ValueCounts.of(part).condense() for part in cut(column, 4)])
    assert isinstance(counted, ValueCounts)
    points = counted.values  # noqa: PD011 - no pandas object
    assert len(points) < 4 * 1.1 * POINTS
    assert counted.rows == 200_000
    assert counted.mean() == pytest.approx(column.mean(), rel=1e-12)
    assert counted.deviation() == pytest.approx(column.std(ddof=0), rel=1e-12)
    assert (points.min(), points.max()) == (column.min(), column.max())
    assert not counted.are_whole()
    ordered = np.sort(column)
    for share in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99):
        (found,) = counted.quantiles([share])
        ranks = np.searchsorted(ordered, [found], "left")[0], np.searchsorted(ordered, [found], "right")[0]
        off = max(ranks[0] - share * 200_000, share * 200_000 - ranks[1], 0) / 200_000
        assert off <= 1 / POINTS, share
    assert counted.counts[points == 7.25].sum() == 20_000


def test_condensed_whole_numbers_are_known_to_have_been_whole() -> None:
    column = pd.Series(np.arange(40_001), name="id")
    counted = add_counts([ValueCounts.of(column).condense()])
    assert isinstance(counted, ValueCounts)
    assert counted.are_whole()
    fitted = fit_value_counts("id", counted, "median", None)
    assert (fitted.offset, fitted.minimum, fitted.maximum) == (20_000.0, 0.0, 40_000.0)
    assert fitted.deviation == pytest.approx(np.arange(40_001).std(), rel=1e-12)


def test_categories_of_parts_are_those_of_the_whole_though_each_has_others() -> None:
    letters = pd.Series(["b", "a", None, "c", "b", "z", None], dtype="category", name="letter")
    parts = [part.cat.remove_unused_categories() for part in cut(letters, 3)]
    settings = TabularPreprocessingParameters()
    one = fit_counted("letter", CategoryCounts.of(letters), settings)
    other = fit_counted("letter", add_counts([CategoryCounts.of(part).condense() for part in parts]), settings)
    assert other == one
    assert one.counts == [1, 2, 1, 1, 2]  # type: ignore[union-attr]


def test_the_number_of_categories_in_all_parts_decides_about_an_embedding() -> None:
    names = pd.Series([f"n{number}" for number in range(30)], dtype="str", name="name")
    counted = add_counts([CategoryCounts.of(part) for part in cut(names, 3)])
    fitted = fit_counted("name", counted, TabularPreprocessingParameters(onehot_width=24))
    assert fitted.encoding == "embedding"  # type: ignore[union-attr]
