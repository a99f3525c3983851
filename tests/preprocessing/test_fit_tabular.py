from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from casebook.config.schema import TabularPreprocessingParameters
from casebook.preprocessing.fit_tabular import fit_number, fit_preprocessor
from casebook.preprocessing.tabular import (
    CategoryColumn,
    NumberColumn,
    TabularPreprocessor,
    expand_dense,
    prepare_rows,
)

Fit = Callable[..., TabularPreprocessor]
INFINITE = float("inf")


def make_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "colour": pd.Categorical(["red", "blue", "red", None], categories=["red", "green", "blue"]),
            "age": [20.0, np.nan, 22.0, 24.0],
            "salary": [1000.0, 2000.5, 3000.0, 4000.0],
            "member": [True, False, True, True],
        }
    )


def test_fills_offsets_categories_and_scales_are_those_of_the_training_rows(fit: Fit) -> None:
    ages = np.array([20, 22, 22, 24])
    assert fit(make_table()).columns == [
        CategoryColumn("colour", "codes", "onehot", ["blue", "red"], [1, 2, 1], null_code=3, rows=4),
        # 251 of 255 values lie outside the span of 4; half of them below.
        NumberColumn("age", "codes", 20 - 125, 22.0, -INFINITE, INFINITE, 22.0, ages.std(), 20.0, 24.0),
        NumberColumn(
            "salary", "numbers", 2500.125, 2500.25, -INFINITE, INFINITE, 2500.125,
            float(np.std([1000, 2000.5, 3000, 4000])), 1000.0, 4000.0,
        ),
        NumberColumn("member", "codes", -127.0, 1.0, -INFINITE, INFINITE, 0.75, 0.75**0.5 / 2, 0.0, 1.0),
    ]  # fmt: skip


def test_the_smallest_of_equally_frequent_numbers_is_the_mode(fit: Fit) -> None:
    assert fit(pd.DataFrame({"n": [7.0, 2.0, 7.0, 2.0]}), impute={"n": "mode"}).columns[0].fill == 2.0


@pytest.mark.parametrize(("span", "block"), [(127, "codes"), (128, "numbers")])
def test_numbers_take_a_byte_when_their_span_is_at_most_half_of_it(fit: Fit, span: int, block: str) -> None:
    column = fit(pd.DataFrame({"n": [5, 5, 5 + span]})).columns[0]
    assert column.block == block


@pytest.mark.parametrize(
    ("column", "parameters", "message"),
    [
        (pd.Series(["1", "2"], dtype="str"), {"encoding": {"n": "number"}}, "encoding: n holds text"),
        (pd.Series(["1", "2"], dtype="category"), {"encoding": {"n": "number"}}, "encoding: n holds text"),
        (pd.Series([np.nan, np.nan]), {}, "n is null in every training row; leave it out of the features"),
        (pd.Series([1.0, np.nan]), {"impute": {"n": "missing"}}, "impute: n is a number; `missing` needs an onehot"),
        (
            pd.Series(["a", None]),
            {"impute": {"n": "mean"}},
            "impute: n holds categories; use mode or missing, not mean",
        ),
        (
            pd.Series([None, None], dtype="category"),
            {"impute": {"n": "mode"}},
            r"impute: n has no value of 1 rows \(min_frequency\) for a mode; use missing",
        ),
    ],
)
def test_what_cannot_be_prepared_as_declared_is_refused(
    fit: Fit, column: pd.Series, parameters: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        fit(pd.DataFrame({"n": column}), **parameters)


@pytest.mark.parametrize("quantiles", [[0.9, 0.1], [-0.1, 0.5], [0.5, 1.1], [0.5, 0.5]])
def test_quantiles_that_do_not_rise_are_refused(fit: Fit, quantiles: list[float]) -> None:
    with pytest.raises(ValidationError, match=r"n: quantiles must rise from 0 to 1, as in 0\.01x0\.99"):
        fit(pd.DataFrame({"n": [1, 2]}), clip={"n": quantiles})


@given(
    st.one_of(
        st.lists(st.integers(-100, 100), min_size=1),
        st.lists(st.integers(-(2**40), 2**40), min_size=1),
        st.lists(st.floats(-1e6, 1e6), min_size=1),
        st.lists(st.booleans(), min_size=1),
        st.lists(st.sampled_from([1.0, 2.0, 7.5, np.nan]), min_size=1).filter(
            lambda values: not np.isnan(values).all()
        ),
    ),
    st.sampled_from(["mean", "median", "mode"]),
)
def test_numbers_are_described_as_numpy_does_whether_counted_or_not(values: list[float], impute: str) -> None:
    column = fit_number(pd.Series(values, name="n"), impute, None)
    raw = np.array(values, dtype=np.float64)
    known = raw[~np.isnan(raw)]
    fill = {"mean": np.mean, "median": np.median, "mode": lambda v: pd.Series(v).mode().iloc[0]}[impute](known)
    filled = np.where(np.isnan(raw), fill, raw)
    found = (column.fill, column.mean, column.deviation, column.minimum, column.maximum)
    expected = (fill, filled.mean(), filled.std(), filled.min(), filled.max())
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * max(1, np.abs(filled).max()))


def test_fitting_leaves_the_table_as_it_was() -> None:
    table = make_table()
    parameters = TabularPreprocessingParameters(
        scaling="standard", encoding={}, impute={"age": "mean"}, clip={}, min_frequency=1
    )
    fit_preprocessor(table, parameters)
    pd.testing.assert_frame_equal(table, make_table())
    assert parameters.impute == {"age": "mean"}


def long_tailed(rows: int = 2000) -> pd.DataFrame:
    """Numbers over six decades, the same with readings of 1e12 among them, and numbers without a tail."""
    rng = np.random.default_rng(4)
    decades = rng.lognormal(0, 3, rows)
    spoilt = decades.copy()
    spoilt[:4] = 1e12
    either = np.where(rng.random(rows) < 0.5, -1, 1) * decades
    return pd.DataFrame(
        {
            "decades": decades, "spoilt": spoilt, "either": either, "small": decades * 1e-9,
            "normal": rng.normal(size=rows), "age": rng.integers(18, 90, rows).astype(float),
            "flag": (rng.random(rows) < 0.01).astype(float),
        }
    )  # fmt: skip


def test_a_few_outliers_take_a_number_away_and_its_logarithm_keeps_it(fit: Fit) -> None:
    table = long_tailed()
    dense = {
        skewed: expand_dense(prepare_rows(table, fitted), fitted).astype(np.float32)
        for skewed in ("keep", "log")
        for fitted in [fit(table, skewed=skewed)]
    }
    distinct = table["spoilt"].nunique()
    assert len(np.unique(dense["keep"][:, 1])) < 0.05 * distinct
    assert len(np.unique(dense["log"][:, 1])) > 0.99 * distinct
    # In order, so that bins at quantiles and trees see the same numbers.
    for place in range(4):
        order = np.argsort(table.iloc[:, place].to_numpy(), kind="stable")
        assert (np.diff(dense["log"][order, place]) >= 0).all()
    # Of four columns the bulk is as wide as the whole is, whatever their unit.
    assert (np.ptp(dense["log"][:, [0, 2, 3]], axis=0) < 20).all()
    np.testing.assert_allclose(dense["log"][:, 0], dense["log"][:, 3], atol=1e-4)
    np.testing.assert_array_equal(dense["log"][:, 4:], dense["keep"][:, 4:])


def test_the_unit_of_a_logarithm_is_the_median_size_of_the_training_rows(fit: Fit) -> None:
    table = long_tailed()
    fitted = fit(table, skewed="log")
    units = {column.name: column.unit for column in fitted.columns}
    assert [name for name, unit in units.items() if unit] == ["decades", "spoilt", "either", "small"]
    assert units["either"] == np.median(table["decades"])
    column = fitted.columns[0]
    value = np.array([3.0, -3.0, 0.0, np.nan])
    expected = np.sign([3, -3, 0, 1]) * np.log1p(np.array([3, 3, 0, table["decades"].median()]) / units["decades"])
    np.testing.assert_allclose(column.encode_values(value) + column.offset, expected, rtol=1e-6, atol=1e-6)
    assert TabularPreprocessor.from_dict(fitted.to_dict()) == fitted
    assert all(column.unit == 0 for column in fit(table).columns)


def test_a_preprocessor_of_before_logarithms_is_read(fit: Fit) -> None:
    described = fit(make_table()).to_dict()
    for column in described["columns"]:
        column.pop("unit", None)
    assert TabularPreprocessor.from_dict(described) == fit(make_table())
