"""Cases in parts: categories, statistics, splits and arrays are those of whole tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from casebook.preprocessing.shards import ShardedArray
from casebook.preprocessing.tabular import CategoryColumn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.out_of_core.conftest import Prepared

    from casebook.preprocessing.tabular import TabularPreprocessor

ARRAYS = ("train_arrays", "validation_arrays", "test_arrays")


@pytest.fixture(scope="module")
def redhat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from casebook.synthetic_data import redhat

    raw = tmp_path_factory.mktemp("raw")
    (raw / "redhat").mkdir()
    redhat.write_sample(redhat.generate_sample(400, 3000, 3), raw / "redhat")
    return raw


@pytest.fixture(scope="module")
def rossmann(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from casebook.synthetic_data import rossmann

    raw = tmp_path_factory.mktemp("raw")
    (raw / "rossmann").mkdir()
    rossmann.write_sample(rossmann.generate_sample(12, 200, 3), raw / "rossmann")
    return raw


def compare_preprocessors(whole: TabularPreprocessor, parts: TabularPreprocessor) -> None:
    """Compare categories, and means and deviations but for the last bits of sums in another order."""
    assert [column.name for column in parts.columns] == [column.name for column in whole.columns]
    for one, other in zip(whole.columns, parts.columns, strict=True):
        if isinstance(one, CategoryColumn):
            assert other == one
        else:
            for name, value in vars(one).items():
                assert getattr(other, name) == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value)


def read_all(arrays: dict[str, Any]) -> dict[str, np.ndarray]:
    return {name: np.asarray(values) for name, values in arrays.items()}


@pytest.mark.parametrize("strategy", ["person", "group"])
def test_red_hat_in_parts_is_red_hat_as_a_whole(
    redhat: Path, prepare_both: Callable[..., Prepared], strategy: str
) -> None:
    both = prepare_both("redhat", redhat, {"split": {"strategy": strategy}})
    whole, parts = both.whole, both.parts
    assert parts["row_schema"] == whole["row_schema"]
    compare_preprocessors(whole["preprocessor"], parts["preprocessor"])
    for name in ARRAYS:
        assert isinstance(parts[name]["codes"], ShardedArray)
        assert len(parts[name]["codes"].files) == parts["split_metrics"]["data/shards"] > 3
        for array, values in read_all(parts[name]).items():
            np.testing.assert_allclose(values, whole[name][array], rtol=1e-6)
    # The whole table also looks for copies of rows.
    del parts["split_metrics"]["data/shards"], whole["split_metrics"]["test/seen_row_share"]
    assert parts["split_metrics"] == pytest.approx(whole["split_metrics"], abs=0)
    assert parts["target_metrics"] == whole["target_metrics"]
    # So few rows are all kept as they stand in the files.
    pd.testing.assert_frame_equal(parts["joined_rows"], whole["joined_rows"], check_categorical=False)
    pd.testing.assert_frame_equal(parts["split_assignment"], whole["split_assignment"])
    pd.testing.assert_frame_equal(parts["test_keys"], whole["test_keys"], check_categorical=False)


def test_rossmann_by_time_in_parts_is_rossmann_as_a_whole(
    rossmann: Path, prepare_both: Callable[..., Prepared]
) -> None:
    both = prepare_both("rossmann", rossmann, {}, part_bytes=20_000)
    whole, parts = both.whole, both.parts
    compare_preprocessors(whole["preprocessor"], parts["preprocessor"])
    for name in ARRAYS:
        for array, values in read_all(parts[name]).items():
            np.testing.assert_allclose(values, whole[name][array], rtol=1e-6)
    pd.testing.assert_frame_equal(parts["split_assignment"], whole["split_assignment"])
    pd.testing.assert_frame_equal(parts["test_keys"], whole["test_keys"], check_categorical=False)


def test_a_large_table_is_shuffled_by_its_keys_and_no_row_is_lost(
    redhat: Path, prepare_both: Callable[..., Prepared]
) -> None:
    both = prepare_both("redhat", redhat, {}, broadcast_bytes=0)
    whole, parts = both.whole, both.parts
    compare_preprocessors(whole["preprocessor"], parts["preprocessor"])
    for name in ARRAYS:
        # Rows come in the order of the hash of their keys.
        joined = {array: rows.reshape(len(rows), -1) for array, rows in read_all(parts[name]).items()}
        found = np.concatenate([joined[array] for array in sorted(joined)], axis=1)
        wanted = np.concatenate([whole[name][array].reshape(len(found), -1) for array in sorted(joined)], axis=1)
        np.testing.assert_allclose(found[np.lexsort(found.T)], wanted[np.lexsort(wanted.T)], rtol=1e-6)
    assert parts["target_metrics"] == whole["target_metrics"]
