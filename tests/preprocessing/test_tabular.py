import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from casebook.config.schema import TabularPreprocessingParameters
from casebook.inference.fast_rows import FastRows
from casebook.preprocessing.fit_tabular import fit_preprocessor
from casebook.preprocessing.tabular import TabularPreprocessor, expand_dense, prepare_rows

Fit = Callable[..., TabularPreprocessor]
SCALERS = {
    "standard": StandardScaler(), "standard_numbers": StandardScaler(), "minmax": MinMaxScaler(), "none": None
}  # fmt: skip
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


def dense_with_scikit_learn(train: pd.DataFrame, rows: pd.DataFrame, scaling: str) -> np.ndarray:
    texts = [name for name in train if not pd.api.types.is_any_real_numeric_dtype(train[name].dtype)]
    texts = [name for name in texts if train[name].dtype != bool]
    encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore").fit(train[texts].astype(object))

    def encode(table: pd.DataFrame) -> np.ndarray:
        return np.hstack([table.drop(columns=texts).to_numpy(float), encoder.transform(table[texts].astype(object))])

    scaler = SCALERS[scaling]
    if scaler is None:
        return encode(rows)
    scaled = scaler.fit(encode(train)).transform(encode(rows))
    if scaling == "standard_numbers":
        numbers = train.shape[1] - len(texts)
        scaled[:, numbers:] = encode(rows)[:, numbers:]
    return np.asarray(scaled)


def test_prepared_rows_are_compact_and_in_the_order_of_the_columns(fit: Fit) -> None:
    arrays = prepare_rows(make_table(), fit(make_table(), encoding={"colour": "embedding"}))
    assert {name: block.dtype.name for name, block in arrays.items()} == {
        "codes": "uint8",
        "ids": "int32",
        "numbers": "float32",
    }
    np.testing.assert_array_equal(arrays["codes"], [[2, 125, 128], [1, 127, 127], [2, 127, 128], [3, 129, 128]])
    np.testing.assert_array_equal(arrays["numbers"], [[-1500.125], [-499.625], [499.875], [1499.875]])
    assert arrays["ids"].shape == (4, 0)
    assert all(block.flags.c_contiguous for block in arrays.values())


def test_features_are_the_numbers_and_then_the_categories_by_value(fit: Fit) -> None:
    preprocessor = fit(make_table())
    expected = ["age", "salary", "member", "colour=blue", "colour=red", "colour=(null)"]
    assert preprocessor.features == expected
    dense = expand_dense(prepare_rows(make_table(), preprocessor), TabularPreprocessor(preprocessor.columns, "none"))
    table = [[20, 1000, 1, 0, 1, 0], [22, 2000.5, 0, 1, 0, 0], [22, 3000, 1, 0, 1, 0], [24, 4000, 1, 0, 0, 1]]
    np.testing.assert_allclose(dense, table, rtol=1e-7)
    assert [column.name for column in fit(make_table(), encoding={"colour": "embedding"}).embedded] == ["colour"]


def test_indicators_are_scaled_as_numbers_are_or_left_as_they_are(fit: Fit) -> None:
    table = make_table()[["member", "colour"]]
    arrays = prepare_rows(table, fit(table))
    kept = expand_dense(arrays, fit(table, scaling="standard_numbers"))
    np.testing.assert_allclose(kept[:, 0], np.array([1, -3, 1, 1]) / 3**0.5)
    assert kept[:, 1:].tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    # One row of four has the value: (1 - 1/4) / sqrt(1/4 * 3/4).
    scaled = expand_dense(arrays, fit(table, scaling="standard"))
    np.testing.assert_allclose(scaled[:, 0], kept[:, 0])
    np.testing.assert_allclose(scaled[1], [-(3**0.5), 3**0.5, -1, -1 / 3**0.5])


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(2, 300), scaling=st.sampled_from(list(SCALERS)))
def test_dense_features_are_scikit_learns(
    make_mixed_table: Callable[[int, int], pd.DataFrame], fit: Fit, seed: int, rows: int, scaling: str
) -> None:
    train, others = make_mixed_table(seed, rows), make_mixed_table(seed + 1, 50)
    preprocessor = fit(train, scaling=scaling)
    expected = dense_with_scikit_learn(train, others, scaling)
    assert len(preprocessor.features) == expected.shape[1]
    size = np.abs(expected)
    # Few training rows may lie as close together as one likes, and the others as far from them; an unscaled column is
    # exact to a millionth of its largest value.
    tolerance = 1e-6 * np.maximum(1, size.max(axis=0) if scaling == "none" else size)
    error = np.abs(expand_dense(prepare_rows(others, preprocessor), preprocessor) - expected)
    assert (error / tolerance).max() <= 1


def test_the_standard_scaling_of_one_to_nine_has_mean_0_deviation_1_and_an_inverse(fit: Fit) -> None:
    table = pd.DataFrame({"n": np.arange(1, 10)})
    preprocessor = fit(table)
    dense = expand_dense(prepare_rows(table, preprocessor), preprocessor)
    assert (dense.mean(), dense.std()) == pytest.approx((0, 1))
    scale, shift = preprocessor.scale_and_shift()
    stored = (dense - shift) / scale
    np.testing.assert_allclose(stored[:, 0] + preprocessor.columns[0].offset, np.arange(1, 10))


def test_a_constant_becomes_0_and_later_values_their_difference_from_it(fit: Fit) -> None:
    later = pd.DataFrame({"n": [0.1, 0.35]})
    for scaling in ("standard", "minmax"):
        preprocessor = fit(pd.DataFrame({"n": [0.1, 0.1, 0.1]}), scaling=scaling)
        dense = expand_dense(prepare_rows(later, preprocessor), preprocessor)
        np.testing.assert_allclose(dense, [[0.0], [0.25]], atol=1e-7)


@pytest.mark.parametrize(
    ("strategy", "expected"), [("mode", 3.0), ("mean", 3.5), ("median", 3.0)], ids=["mode", "mean", "median"]
)
@pytest.mark.parametrize("in_training", [True, False])
def test_null_numbers_are_filled_as_declared(fit: Fit, strategy: str, expected: float, in_training: bool) -> None:
    known = [3.0, 3.0, 1.0, 7.0]
    train = pd.DataFrame({"n": [*known, np.nan] if in_training else known})
    preprocessor = fit(train, impute={"n": strategy}, scaling="none")
    dense = expand_dense(prepare_rows(pd.DataFrame({"n": [np.nan, 7]}), preprocessor), preprocessor)
    assert dense[:, 0].tolist() == [expected, 7.0]


@pytest.mark.parametrize("in_training", [True, False])
def test_null_categories_become_the_mode_when_declared_so(fit: Fit, in_training: bool) -> None:
    values = ["b", "a", "b", None] if in_training else ["b", "a", "b"]
    preprocessor = fit(pd.DataFrame({"c": pd.Categorical(values)}), impute={"c": "mode"})
    assert preprocessor.columns[0].counts == [1, 2 + in_training]
    assert prepare_rows(pd.DataFrame({"c": [None, "b", "a"]}), preprocessor)["codes"].tolist() == [[2], [2], [1]]


def test_null_categories_are_their_own_where_training_had_some_and_unknown_elsewhere(fit: Fit) -> None:
    rows = pd.DataFrame({"c": ["a", None, "new"]})
    with_nulls = fit(pd.DataFrame({"c": ["a", None]}), scaling="none")
    assert expand_dense(prepare_rows(rows, with_nulls), with_nulls).tolist() == [[1, 0], [0, 1], [0, 0]]
    without = fit(pd.DataFrame({"c": ["a", "b"]}), scaling="none")
    assert expand_dense(prepare_rows(rows, without), without).tolist() == [[1, 0], [0, 0], [0, 0]]


def test_outliers_are_clipped_to_the_quantiles_of_training(fit: Fit) -> None:
    preprocessor = fit(pd.DataFrame({"n": np.arange(101.0)}), clip={"n": [0.1, 0.9]}, scaling="minmax")
    dense = expand_dense(prepare_rows(pd.DataFrame({"n": [-50, 10, 50, 90, 500]}), preprocessor), preprocessor)
    np.testing.assert_allclose(dense[:, 0], [0, 0, 0.5, 1, 1])


def test_rare_values_of_embedded_columns_alone_count_as_unknown(fit: Fit) -> None:
    texts = pd.Categorical(["a", "a", "b", "c", "c"])
    table = pd.DataFrame({"embedded": texts, "onehot": texts})
    preprocessor = fit(table, encoding={"embedded": "embedding"}, min_frequency=2)
    assert [column["values"] for column in preprocessor.to_dict()["columns"]] == [["a", "c"], ["a", "b", "c"]]
    codes = prepare_rows(table, preprocessor)["codes"]
    assert codes.tolist() == [[1, 1], [1, 1], [0, 2], [2, 3], [2, 3]]


def test_unknown_numbers_fall_back_on_the_nearest_smaller_one_of_the_same_hundred(fit: Fit) -> None:
    table = pd.DataFrame({"n": [101, 101, 105, 203, 203, 203, 204]})
    preprocessor = fit(table, encoding={"n": "embedding"}, min_frequency=2, nearest_lower_within={"n": 100})
    assert preprocessor.to_dict()["columns"][0]["values"] == [101, 203]
    # Known ones are themselves, a rare one counts as unknown; below the first of a hundred there is none.
    asked = pd.DataFrame({"n": [101, 203, 204, 105, 299, 202, 300, 99, np.nan]})
    expected = [1, 2, 2, 1, 2, 0, 0, 0, 0]
    assert prepare_rows(asked, preprocessor)["codes"][:, 0].tolist() == expected
    again = TabularPreprocessor.from_dict(json.loads(json.dumps(preprocessor.to_dict())))
    assert prepare_rows(asked, again)["codes"][:, 0].tolist() == expected
    plain = FastRows({"n": "number"}, set(), {"n": "n"}, {}, preprocessor)
    assert plain.prepare({"n": asked["n"].tolist()})["codes"][:, 0].tolist() == expected
    ranged = FastRows({"n": "number in [0, 300]"}, set(), {"n": "n"}, {}, preprocessor)
    assert ranged.prepare({"n": asked["n"].tolist()})["codes"][:, 0].tolist() == expected
    # The table's way tells what is wrong with it.
    assert ranged.prepare({"n": [203, 301]}) is None


def test_texts_have_no_number_to_fall_back_on(fit: Fit) -> None:
    with pytest.raises(ValueError, match="nearest_lower_within: n holds text; only numbers have a nearest lower one"):
        fit(pd.DataFrame({"n": ["a", "b"]}), nearest_lower_within={"n": 100})


@pytest.mark.parametrize(("known", "block"), [(255, "codes"), (256, "ids")])
def test_categories_take_a_byte_as_long_as_it_has_room(fit: Fit, known: int, block: str) -> None:
    table = pd.DataFrame({"c": [f"{number:03d}" for number in range(known)]})
    preprocessor = fit(table)
    arrays = prepare_rows(pd.DataFrame({"c": ["new", "000", f"{known - 1:03d}"]}), preprocessor)
    assert arrays[block].tolist() == [[0], [1], [known]]
    expected = np.eye(known)[[0, 0, known - 1]]
    expected[0] = 0
    dense = expand_dense(arrays, TabularPreprocessor(preprocessor.columns, "none"))
    np.testing.assert_array_equal(dense, expected)


def test_whole_numbers_keep_their_values_outside_the_span_of_training(fit: Fit) -> None:
    preprocessor = fit(pd.DataFrame({"year": [2022, 2023, 2023]}), scaling="none")
    assert preprocessor.columns[0].block == "codes"
    years = np.array([1896, 1999, 2022, 2150])
    arrays = prepare_rows(pd.DataFrame({"year": years}), preprocessor)
    assert expand_dense(arrays, preprocessor)[:, 0].tolist() == years.tolist()


@pytest.mark.parametrize("encoding", ["onehot", "embedding"])
def test_numbers_and_flags_may_be_categories(fit: Fit, encoding: str) -> None:
    table = pd.DataFrame({"store": [7, 3, 7], "open": [True, False, True]})
    preprocessor = fit(table, encoding={"store": encoding, "open": encoding})
    assert [column["values"] for column in preprocessor.to_dict()["columns"]] == [[3, 7], [False, True]]
    # A null among them makes the integers floats and the booleans objects.
    rows = pd.DataFrame({"store": [3, np.nan, 9], "open": pd.Series([True, None, False], dtype=object)})
    assert prepare_rows(rows, preprocessor)["codes"].tolist() == [[1, 2], [0, 0], [0, 1]]


def test_flags_with_nulls_can_be_numbers_and_are_filled(fit: Fit) -> None:
    table = pd.DataFrame({"open": pd.Series([True, None, True, False], dtype=object)})
    preprocessor = fit(table, encoding={"open": "number"}, impute={"open": "mode"}, scaling="none")
    assert expand_dense(prepare_rows(table, preprocessor), preprocessor)[:, 0].tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize("scaling", SCALERS)
def test_a_preparation_survives_json(
    make_mixed_table: Callable[[int, int], pd.DataFrame], fit: Fit, scaling: str
) -> None:
    options = {"encoding": {"shop": "embedding", "month": "onehot", "open": "onehot"}, "clip": {"amount": [0.01, 0.99]}}
    preprocessor = fit(make_mixed_table(1, 300), scaling=scaling, **options)
    rebuilt = TabularPreprocessor.from_dict(json.loads(json.dumps(preprocessor.to_dict())))
    assert rebuilt == preprocessor
    rows = make_mixed_table(2, 60)
    for block, values in prepare_rows(rows, preprocessor).items():
        np.testing.assert_array_equal(prepare_rows(rows, rebuilt)[block], values)


def test_a_table_without_dense_columns_has_no_dense_features(fit: Fit) -> None:
    table = pd.DataFrame({"c": ["a", "b"]})
    preprocessor = fit(table, encoding={"c": "embedding"})
    assert preprocessor.features == []
    assert expand_dense(prepare_rows(table, preprocessor), preprocessor).shape == (2, 0)


def test_preparing_leaves_tables_parameters_and_arrays_as_they_were() -> None:
    table = make_table()
    settings_ = {"scaling": "standard", "encoding": {}, "impute": {"age": "mean"}, "clip": {}, "min_frequency": 1}
    preprocessor = fit_preprocessor(table, TabularPreprocessingParameters(**settings_))
    before = json.dumps(preprocessor.to_dict())
    arrays = prepare_rows(table, preprocessor)
    for block in arrays.values():
        block.flags.writeable = False
    expand_dense(arrays, preprocessor)
    pd.testing.assert_frame_equal(table, make_table())
    assert json.dumps(preprocessor.to_dict()) == before
    assert settings_["impute"] == {"age": "mean"}


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(2, 200))
def test_without_the_first_category_dense_features_are_pandas_dummies(
    make_mixed_table: Callable[[int, int], pd.DataFrame], fit: Fit, seed: int, rows: int
) -> None:
    texts = ["colour", "shop", "only"]
    table = make_mixed_table(seed, rows)[["month", "open", *texts]].astype(dict.fromkeys(texts, "str"))
    expected = pd.get_dummies(table, columns=texts, prefix_sep="=", drop_first=True)
    preprocessor = fit(table, scaling="none", drop_first=True)
    assert preprocessor.features == expected.columns.tolist()
    dense = expand_dense(prepare_rows(table, preprocessor), preprocessor)
    np.testing.assert_allclose(dense, expected.to_numpy(float), rtol=1e-6)
    np.testing.assert_array_equal(dense[:, 2:], expected.iloc[:, 2:])
    whole = fit(table, scaling="none", drop_first=True, encoding=dict.fromkeys(texts, "embedding"))
    assert [column.width for column in whole.embedded] == [column.size for column in whole.embedded]
