import numpy as np
import pandas as pd
import pytest

from casebook.plots import tables_regression as tables
from casebook.plots.regression import draw_regression_figures

TARGET = np.array([0.0, 10.0, 20.0, 40.0])
PREDICTION = np.array([1.0, 10.0, 18.0, 45.0])


def make_many(rows: int = 5000) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(2)
    target = generator.gamma(4, 50, rows)
    return target, target + generator.normal(0, 10, rows)


def test_few_rows_have_nearly_their_own_cells() -> None:
    target, prediction = make_many(100)
    table = tables.count_pairs(target, prediction)
    assert table["rows"].sum() == 100
    assert len(table) > 95
    nearest = np.abs(table["actual"].to_numpy()[:, None] - target).min(axis=1)
    # Only what lies beyond the 99.9 % quantile is drawn further away than half a cell.
    assert np.sort(nearest)[-3] <= table["cell"].iloc[0] / 2 * 1.001


def test_many_rows_are_counted_in_at_most_60_cells_a_side_whose_ends_hold_what_lies_beyond() -> None:
    target, prediction = make_many()
    target[0] = 1e9
    table = tables.count_pairs(target, prediction)
    assert table["rows"].sum() == 5000
    cell = table["cell"].iloc[0]
    spans = [np.ptp(table[name]) / cell for name in ("actual", "predicted")]
    assert max(spans) <= 59.001
    assert table["actual"].max() < 2000


def test_a_constant_that_is_always_predicted_has_one_cell() -> None:
    table = tables.count_pairs(np.full(5, 3.0), np.full(5, 3.0))
    assert table[["actual", "predicted", "rows"]].to_numpy().tolist() == [[3.5, 3.5, 5]]


def test_residuals_are_counted_around_zero_with_what_lies_beyond_in_the_last_bin() -> None:
    table = tables.count_residuals(np.zeros(1000), np.concatenate([np.full(499, -2.1), np.full(500, 2.1), [1e6]]))
    assert table["rows"].tolist() == [499, *[0] * 19, 501]
    assert table[["lower", "upper"]].iloc[[0, -1]].to_numpy().ravel().tolist() == pytest.approx([-2.1, -1.9, 1.9, 2.1])


def test_residuals_are_summarised_by_the_predicted_value() -> None:
    prediction = np.repeat([10.0, 20.0], 11)
    residual = np.concatenate([np.arange(-5, 6), 2 * np.arange(-5, 6) + 1])
    table = tables.bin_residuals(prediction - residual, prediction)
    expected = {
        "mean_prediction": [10.0, 20.0],
        "low": [-4.0, -7.0],
        "median": [0.0, 1.0],
        "high": [4.0, 9.0],
        "rows": [11, 11],
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


def test_the_error_is_averaged_by_decile_of_the_actual_value_for_each_model() -> None:
    target = np.arange(50.0)
    models = {"model": target + np.where(target < 25, 1, -3), "reference": target + 2}
    table = tables.measure_by_size(target, models)
    own = table[table["model"] == "model"]
    assert own["decile"].tolist() == list(range(1, 11))
    assert own["rows"].tolist() == [5] * 10
    assert own["lowest"].tolist() == list(range(0, 50, 5))
    assert own["highest"].tolist() == list(range(4, 50, 5))
    assert own["mae"].tolist() == [1] * 5 + [3] * 5
    assert table.loc[table["model"] == "reference", "mae"].tolist() == [2] * 10


def test_equal_actual_values_share_a_decile() -> None:
    target = np.concatenate([np.zeros(40), np.arange(1.0, 61.0)])
    table = tables.measure_by_size(target, {"model": target})
    assert table["decile"].tolist() == list(range(1, 8))
    assert table["lowest"].iloc[0] == 0
    assert table["rows"].sum() == 100


def test_the_first_rows_are_listed_with_their_error() -> None:
    table = tables.list_predictions(TARGET, PREDICTION, limit=3)
    expected = {"actual": [0.0, 10.0, 20.0], "prediction": [1.0, 10.0, 18.0], "error": [1.0, 0.0, -2.0]}
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


def test_titles_say_what_one_sees_with_its_figure() -> None:
    _, figures = draw_regression_figures(TARGET, PREDICTION, TARGET + 1234, None, None)
    titles = {name: figure.get_suptitle() for name, figure in figures.items()}
    assert titles == {
        "actual_vs_predicted": "Predicted beside actual, test rows:\nmean absolute error 2 (reference 1,234)",
        "residuals": "Residuals, test rows: half are within ±1.5, on average 1 too high",
        "error_by_size": "Mean absolute error by size, test rows: 2 at the smallest actual values, 2 at the largest",
    }


def test_few_rows_are_dots_and_many_a_density_that_counts_each_once() -> None:
    _, few = draw_regression_figures(*make_many(100), None, None, None)
    target, prediction = make_many()
    numbers, many = draw_regression_figures(target, prediction + 100, None, None, None)
    assert len(few["actual_vs_predicted"].axes) == 1
    axes, _ = many["actual_vs_predicted"].axes
    (mesh,) = axes.collections
    assert mesh.get_array().sum() == 5000
    # The cell of a row stands over its actual value and beside its predicted one.
    top = numbers["actual_vs_predicted"].sort_values("rows").iloc[-1]
    row, column = np.unravel_index(np.ma.filled(mesh.get_array(), 0).argmax(), mesh.get_array().shape)
    corner = mesh.get_coordinates()[row, column]
    assert (corner + top["cell"] / 2).tolist() == pytest.approx(top[["actual", "predicted"]].tolist())


def test_the_reference_is_drawn_beside_the_network() -> None:
    target, prediction = make_many(100)
    _, figures = draw_regression_figures(target, prediction, prediction, None, None)
    assert [line.get_label() for line in figures["error_by_size"].axes[0].lines] == ["model", "reference"]


def test_a_prediction_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="prediction holds 1 values that are not finite, the first in row 3"):
        draw_regression_figures(TARGET, np.array([1, 2, 3, np.nan]), None, None, None)


def test_drawing_leaves_its_inputs_as_they_were() -> None:
    target, prediction = TARGET.copy(), PREDICTION.copy()
    target.flags.writeable = prediction.flags.writeable = False
    numbers, _ = draw_regression_figures(target, prediction, prediction, None, None)
    numbers["predictions"].loc[0, "prediction"] = -1
    np.testing.assert_array_equal(prediction, PREDICTION)
