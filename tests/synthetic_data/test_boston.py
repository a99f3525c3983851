"""The generated Boston file: its form, and that it can be learnt as well as its generator says and no better."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from casebook.cases.declared import read_declaration
from casebook.datasets import DeclaredTable
from casebook.synthetic_data.boston import COLUMNS, Sample, best_reachable, generate_sample, write_sample


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate_sample(3_000, 1)


def test_the_file_holds_the_originals_two_arrays_and_the_case_takes_them(tmp_path: Path) -> None:
    made = generate_sample(120, 7)
    write_sample(made, tmp_path / "new")
    with np.load(tmp_path / "new" / "boston_housing.npz", allow_pickle=False) as file:
        arrays = dict(file)
    assert {name: (array.shape, array.dtype.str) for name, array in arrays.items()} == {
        "x": ((120, 13), "<f8"),
        "y": ((120,), "<f8"),
    }
    houses = DeclaredTable("boston", filepath=str(tmp_path / "new" / "boston_housing.npz")).load()
    assert sorted(houses["MEDV"]) == sorted(made.prices)
    assert [*COLUMNS, "MEDV"] == read_declaration("boston").data.tables["houses"].column_names


def test_values_stay_within_the_originals(sample: Sample) -> None:
    lowest = [0, 0, 0.46, 0, 0.385, 3.561, 2.9, 1.1296, 1, 187, 12.6, 0.32, 1.73]
    highest = [400, 100, 27.74, 1, 0.871, 8.78, 100, 12.1265, 24, 711, 22, 396.9, 37.97]
    assert (sample.inputs >= lowest).all()
    assert (sample.inputs <= highest).all()
    assert sample.prices.min() > 0


def test_the_same_seed_gives_the_same_sample_and_another_seed_another() -> None:
    first, again, other = (generate_sample(200, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.inputs, again.inputs)
    assert np.array_equal(first.prices, again.prices)
    assert not np.array_equal(first.inputs, other.inputs)


def test_prices_do_not_follow_from_column_b(sample: Sample) -> None:
    assert abs(np.corrcoef(sample.inputs[:, COLUMNS.index("B")], sample.prices)[0, 1]) < 0.05


def test_trees_come_near_the_best_reachable_errors_and_not_below(sample: Sample) -> None:
    model = HistGradientBoostingRegressor(learning_rate=0.05, max_leaf_nodes=8, random_state=0)
    error = (
        model.fit(sample.inputs[:2_400], sample.prices[:2_400]).predict(sample.inputs[2_400:]) - sample.prices[2_400:]
    )
    best = best_reachable(sample)
    assert best["given"] == best["row"]
    assert best["given"]["mse"] * 0.9 < np.mean(error**2) < best["given"]["mse"] * 1.35
    assert best["given"]["mae"] * 0.95 < np.mean(np.abs(error)) < best["given"]["mae"] * 1.2
    assert np.mean(error**2) < 0.2 * sample.prices.var()


def test_the_best_reachable_errors_are_those_of_normal_noise(sample: Sample) -> None:
    assert best_reachable(sample)["row"] == {
        "mse": pytest.approx(4.0, abs=0.001),
        "rmse": pytest.approx(2.0, abs=0.001),
        "mae": pytest.approx(1.596, abs=0.001),
    }


def test_a_sample_too_small_to_be_divided_is_refused() -> None:
    with pytest.raises(ValueError, match="rows is 99: a sample needs at least 100"):
        generate_sample(99, 1)
