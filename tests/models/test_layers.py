import json
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from casebook.compute.tensorflow_startup import start_tensorflow
from casebook.models.tabular_inputs import expansion_tables
from casebook.preprocessing.tabular import Arrays, TabularPreprocessor, expand_dense, prepare_rows

Fit = Callable[..., TabularPreprocessor]


@pytest.fixture(scope="module")
def layers() -> ModuleType:
    start_tensorflow()
    from casebook.models import layers

    return layers


def expand(layers: ModuleType, arrays: Arrays, preprocessor: TabularPreprocessor) -> np.ndarray:
    return np.asarray(layers.TabularExpansion(**expansion_tables(preprocessor))(arrays))


@pytest.mark.parametrize("scaling", ["none", "standard", "minmax"])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_expansion_inside_the_network_is_the_dense_scaled_table(
    layers: ModuleType, fit: Fit, make_mixed_table: Callable[[int, int], pd.DataFrame], scaling: str, seed: int
) -> None:
    # The year as category and the month as number and as category are in both blocks of whole numbers.
    preprocessor = fit(make_mixed_table(seed, 2000), scaling=scaling, encoding={"year": "onehot"})
    assert preprocessor.positions["shop"][0] == "ids"
    rows = make_mixed_table(seed + 10, 300).drop(columns=["colour", "shop"])
    rows = rows.assign(colour=[None, "purple", "red"] * 100, shop=["shop 1", "shop 999", "shop 0"] * 100)
    arrays = prepare_rows(rows, preprocessor)
    expected = expand_dense(arrays, preprocessor)
    # An unscaled column is exact to a millionth of its largest value.
    size = np.maximum(1, np.abs(expected).max(axis=0) if scaling == "none" else np.abs(expected))
    assert (np.abs(expand(layers, arrays, preprocessor) - expected) / size).max() <= 1e-6


@pytest.mark.parametrize("scaling", ["none", "standard", "minmax"])
def test_rare_flags_and_years_keep_their_digits_in_single_precision(layers: ModuleType, fit: Fit, scaling: str) -> None:
    # Stored with an offset of about 127; a scale of 100 must not multiply the offset's rounding.
    train = pd.DataFrame({"rare": np.arange(10_000) == 7, "year": 2022 + (np.arange(10_000) % 1000 == 3)})
    preprocessor = fit(train, scaling=scaling)
    arrays = prepare_rows(train, preprocessor)
    assert arrays["codes"].shape == (10_000, 2)
    np.testing.assert_allclose(
        expand(layers, arrays, preprocessor), expand_dense(arrays, preprocessor), rtol=1e-6, atol=1e-7
    )


def test_large_ids_and_years_are_exact_without_scaling(layers: ModuleType, fit: Fit) -> None:
    train = pd.DataFrame({"activity": [1, 2_197_291, 4_000_001], "year": [2020, 2022, 2023]})
    preprocessor = fit(train, scaling="none")
    assert [place[0] for place in preprocessor.positions.values()] == ["numbers", "codes"]
    rows = pd.DataFrame({"activity": [2_197_291, 2_197_290, 0, 9_999_999], "year": [1999, 2023, 2022, 2040]})
    np.testing.assert_array_equal(expand(layers, prepare_rows(rows, preprocessor), preprocessor), rows)


def test_features_come_in_the_order_of_the_preparation_whatever_block_they_lie_in(layers: ModuleType, fit: Fit) -> None:
    table = pd.DataFrame({"real": [0.5, 1.5], "kind": ["a", "b"], "small": [1, 3], "other": [2.5, 1e6]})
    preprocessor = fit(table, scaling="none")
    assert preprocessor.features == ["real", "small", "other", "kind=a", "kind=b"]
    expected = [[0.5, 1, 2.5, 1, 0], [1.5, 3, 1e6, 0, 1]]
    np.testing.assert_array_equal(expand(layers, prepare_rows(table, preprocessor), preprocessor), expected)


def test_unknown_and_null_categories_have_no_indicator(layers: ModuleType, fit: Fit) -> None:
    preprocessor = fit(pd.DataFrame({"kind": ["a", "b"]}), scaling="none")
    arrays = prepare_rows(pd.DataFrame({"kind": ["b", "z", None]}), preprocessor)
    np.testing.assert_array_equal(expand(layers, arrays, preprocessor), [[0, 1], [0, 0], [0, 0]])


def test_16_bits_come_after_the_scaling(layers: ModuleType, fit: Fit) -> None:
    train = pd.DataFrame({"activity": np.arange(2_000_000, 2_000_400)})
    preprocessor = fit(train, scaling="standard")
    arrays = prepare_rows(train, preprocessor)
    layer = layers.TabularExpansion(**expansion_tables(preprocessor), dtype="mixed_bfloat16")
    features = layer(arrays)
    assert features.dtype == "bfloat16"
    # bfloat16 has 8 bits: rounding 2,000,000 before the scaling would lose everything.
    np.testing.assert_allclose(np.asarray(features, np.float32), expand_dense(arrays, preprocessor), rtol=2**-8)


def test_the_expansion_tells_its_shape_and_is_rebuilt_from_its_settings(layers: ModuleType, fit: Fit) -> None:
    table = pd.DataFrame({"kind": ["a", "b", "c"], "n": [1.5, 2, 3]})
    preprocessor = fit(table)
    layer = layers.TabularExpansion(**expansion_tables(preprocessor), name="expansion")
    assert layer.compute_output_shape({"codes": (None, 1), "ids": (None, 0), "numbers": (None, 1)}) == (None, 4)
    rebuilt = layers.TabularExpansion.from_config(json.loads(json.dumps(layer.get_config())))
    arrays = prepare_rows(table, preprocessor)
    np.testing.assert_array_equal(np.asarray(rebuilt(arrays)), np.asarray(layer(arrays)))


def test_a_category_column_is_picked_as_it_is_outside_training(layers: ModuleType) -> None:
    block = np.array([[1, 7], [2, 0], [255, 300]], dtype=np.int32)
    pick = layers.CategoryLookup(1, category_dropout=0.9)
    assert np.asarray(pick(block)).tolist() == [7, 0, 300]
    assert pick.compute_output_shape((None, 2)) == (None,)
    assert pick.get_config()["position"] == 1
    rebuilt = layers.CategoryLookup.from_config(pick.get_config())
    assert (rebuilt.position, rebuilt.category_dropout) == (1, 0.9)


def test_a_share_of_the_categories_is_shown_as_unknown_in_training(layers: ModuleType) -> None:
    import keras

    keras.utils.set_random_seed(3)
    block = np.full((20_000, 1), 5, dtype=np.uint8)
    picked = np.asarray(layers.CategoryLookup(0, category_dropout=0.25)(block, training=True))
    assert set(picked.tolist()) == {0, 5}
    # Five standard deviations of the share.
    assert np.mean(picked == 0) == pytest.approx(0.25, abs=0.016)
    assert np.asarray(layers.CategoryLookup(0, category_dropout=0.0)(block, training=True)).tolist() == [5] * 20_000


@pytest.mark.parametrize("scaling", ["none", "standard"])
def test_without_the_first_category_the_expansion_is_the_dense_table_too(
    layers: ModuleType, fit: Fit, make_mixed_table: Callable[[int, int], pd.DataFrame], scaling: str
) -> None:
    train = make_mixed_table(3, 2000)[["colour", "shop", "only", "month"]]
    preprocessor = fit(train, drop_first=True, scaling=scaling)
    assert [preprocessor.positions[name][0] for name in ("colour", "shop")] == ["codes", "ids"]
    rows = make_mixed_table(4, 300)
    # The category left out, an unknown one and a null all have no indicator.
    rows = rows.assign(colour=[None, "purple", "blue"] * 100, shop=["shop 0", "shop 999", None] * 100)
    arrays = prepare_rows(rows, preprocessor)
    expected = expand_dense(arrays, preprocessor)
    assert expected.shape == (300, 2 + (train["shop"].nunique() - 1) + 0 + 1)
    np.testing.assert_allclose(expand(layers, arrays, preprocessor), expected, rtol=1e-6, atol=1e-6)
