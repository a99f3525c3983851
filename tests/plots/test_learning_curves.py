from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from casebook.plots import tables_binary as tables
from casebook.plots.learning_curves import draw_importance, draw_learning_curves, draw_training


def make_history() -> pd.DataFrame:
    return pd.DataFrame(
        {"epoch": [1, 2], "train/loss": [0.5, 0.3], "val/loss": [0.4, 0.6], "val/auc": [0.7, None], "rate": [1.0, 1.0]}
    )


def make_importance(columns: int, metric: str = "auc", scale: float = 0.5) -> pd.DataFrame:
    names = [f"column_{number}" for number in range(columns)]
    drops = scale / np.arange(1, columns + 1)
    return pd.DataFrame({"raw_column": names, "metric": metric, "drop_mean": drops, "drop_std": 0.01})


def test_the_history_becomes_one_row_a_point_without_nulls_and_other_columns() -> None:
    table = tables.melt_history(make_history())
    assert table.to_numpy().tolist() == [
        ["loss", "train", 1, 0.5],
        ["loss", "train", 2, 0.3],
        ["loss", "val", 1, 0.4],
        ["loss", "val", 2, 0.6],
        ["auc", "val", 1, 0.7],
    ]
    with pytest.raises(ValueError, match="needs a column epoch and curves like train/loss; it has loss"):
        tables.melt_history(pd.DataFrame({"loss": [1.0]}))


def test_learning_curves_name_the_best_epoch_in_the_right_direction() -> None:
    figure = draw_learning_curves(tables.melt_history(make_history()))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["loss: best val 0.4000 at epoch 1", "auc: best val 0.7000 at epoch 1"]


def test_learning_curves_without_validation_rows_have_one_curve_and_name_no_best_epoch() -> None:
    history = make_history()[["epoch", "train/loss"]]
    (axes,) = draw_learning_curves(tables.melt_history(history)).axes
    assert axes.get_title(loc="left") == "loss"
    assert [text.get_text() for text in axes.texts] == ["train"]


def test_curves_that_end_together_have_their_names_apart() -> None:
    history = pd.DataFrame({"epoch": [1, 2], "train/loss": [0.5, 0.3], "val/loss": [0.6, 0.3001]})
    (axes,) = draw_learning_curves(tables.melt_history(history)).axes
    assert {text.get_text(): text.xyann[1] for text in axes.texts} == {"train": -5, "val": 5}


def test_curves_of_large_errors_are_written_short_and_those_over_orders_of_magnitude_are_logarithmic() -> None:
    history = pd.DataFrame({"epoch": [1, 2], "val/mse": [2e7, 1.5e6], "val/loss": [5.0, 0.1]})
    large, wide = draw_learning_curves(tables.melt_history(history)).axes
    assert large.get_title(loc="left") == "mse: best val 1,500,000 at epoch 2"
    assert large.yaxis.get_major_formatter()(2e7) == "20M"
    assert (large.get_yscale(), wide.get_yscale()) == ("linear", "log")


@pytest.mark.parametrize(
    ("metric", "scale", "title", "axis"),
    [
        ("auc", 0.25, "shuffling column_0 costs 0.250 of AUC", "Loss of AUC when shuffled"),
        ("accuracy", 0.25, "shuffling column_0 costs 0.250 of accuracy", "Loss of accuracy when shuffled"),
        ("mae", 812.4, "shuffling column_0 adds 812 to MAE", "Growth of MAE when shuffled"),
    ],
)
def test_the_importance_names_its_metric(metric: str, scale: float, title: str, axis: str) -> None:
    figure = draw_importance(make_importance(2, metric, scale))
    assert figure.get_suptitle().endswith(title)
    assert figure.axes[0].get_xlabel().startswith(axis)


def test_only_the_twenty_strongest_columns_are_drawn() -> None:
    assert len(draw_importance(make_importance(30)).axes[0].patches) == 20


def test_saving_lays_out_once_without_a_drawing_and_keeps_the_engine() -> None:
    figure = draw_importance(make_importance(5))
    engine, before, draws = figure.get_layout_engine(), figure.axes[0].get_position().bounds, []
    figure.canvas.mpl_connect("draw_event", draws.append)
    first, second = BytesIO(), BytesIO()
    figure.savefig(first, format="png")
    figure.savefig(second, format="png")
    assert len(draws) == 2
    assert figure.get_layout_engine() is engine
    assert figure.axes[0].get_position().bounds != before
    assert first.getvalue() == second.getvalue()


def test_without_rows_nothing_is_drawn() -> None:
    assert draw_training(None, None) == ({}, {})
    assert draw_training(pd.DataFrame(), make_importance(0)) == ({}, {})
