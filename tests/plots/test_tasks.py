import subprocess
import sys
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from casebook.plots import tables_binary as tables
from casebook.plots.binary import draw_binary_figures
from casebook.plots.tasks import draw_task_figures

TARGET = np.array([0, 0, 1, 1])
PROBABILITY = np.array([0.1, 0.6, 0.4, 0.9])
NAMES = {
    "confusion_matrix",
    "roc_curve",
    "precision_recall_curve",
    "reliability",
    "learning_curves",
    "permutation_importance",
    "probabilities",
}


def make_many(rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(2)
    probability = generator.random(rows).astype(np.float32)
    return (generator.random(rows) < probability).astype(np.int8), probability


def make_history() -> pd.DataFrame:
    return pd.DataFrame(
        {"epoch": [1, 2], "train/loss": [0.5, 0.3], "val/loss": [0.4, 0.6], "val/auc": [0.7, None], "rate": [1.0, 1.0]}
    )


def make_importance(columns: int, metric: str = "auc", scale: float = 0.5) -> pd.DataFrame:
    names = [f"column_{number}" for number in range(columns)]
    drops = scale / np.arange(1, columns + 1)
    return pd.DataFrame({"raw_column": names, "metric": metric, "drop_mean": drops, "drop_std": 0.01})


def test_the_confusion_matrix_counts_rows_and_shares_of_the_actual_class() -> None:
    table = tables.count_confusion(np.array([0, 0, 0, 1]), np.array([0.1, 0.5, 0.2, 0.3]), threshold=0.5)
    expected = {
        "actual": [0, 0, 1, 1],
        "predicted": [0, 1, 0, 1],
        "rows": [2, 1, 1, 0],
        "row_share": [2 / 3, 1 / 3, 1, 0],
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


def test_a_small_roc_curve_is_the_one_drawn_by_hand() -> None:
    table = tables.trace_roc(TARGET, {"model": PROBABILITY})
    expected = {
        "model": pd.Series(["model"] * 5, dtype="str"),
        "threshold": [np.nan, 0.9, 0.6, 0.4, 0.1],
        "false_positive_rate": [0.0, 0.0, 0.5, 0.5, 1.0],
        "true_positive_rate": [0.0, 0.5, 0.5, 1.0, 1.0],
        "auc": [0.75] * 5,
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


def test_a_small_precision_recall_curve_is_the_one_drawn_by_hand() -> None:
    table = tables.trace_precision_recall(TARGET, {"model": PROBABILITY})
    assert table["recall"].tolist() == [0.0, 0.5, 0.5, 1.0, 1.0]
    assert table["precision"].tolist() == pytest.approx([1.0, 1.0, 0.5, 2 / 3, 0.5])
    assert table["average_precision"].unique() == pytest.approx([0.5 + 1 / 3])
    assert table["base_rate"].unique() == [0.5]


def test_long_curves_are_thinned_to_500_points_with_both_ends_and_the_exact_auc() -> None:
    target, probability = make_many()
    roc = tables.trace_roc(target, {"model": probability, "reference": 1 - probability})
    assert roc.groupby("model").size().between(400, 500).all()
    model = roc[roc["model"] == "model"]
    ends = model[["false_positive_rate", "true_positive_rate"]].iloc[[0, -1]]
    assert ends.to_numpy().tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert model["auc"].iloc[0] == roc_auc_score(target, probability)
    drawn = np.trapezoid(model["true_positive_rate"], model["false_positive_rate"])
    assert drawn == pytest.approx(model["auc"].iloc[0], abs=1e-3)
    precision_recall = tables.trace_precision_recall(target, {"model": probability})
    assert 400 <= len(precision_recall) <= 500
    assert precision_recall["recall"].iloc[[0, -1]].tolist() == [0.0, 1.0]
    assert precision_recall["precision"].iloc[[0, -1]].tolist() == pytest.approx([1.0, target.mean()])


def test_reliability_bins_hold_about_equal_rows_and_their_own_means() -> None:
    probability = np.repeat([0.1, 0.3, 0.6, 0.8], 20)
    target = np.concatenate([np.arange(20) < ones for ones in (2, 5, 10, 20)]).astype(int)
    table = tables.bin_reliability(target, probability, bins=4)
    assert table["rows"].tolist() == [20] * 4
    assert table["mean_probability"].tolist() == pytest.approx([0.1, 0.3, 0.6, 0.8])
    assert table["observed_share"].tolist() == pytest.approx([0.1, 0.25, 0.5, 1.0])
    # Wilson's interval for 2 of 20, from his formula by hand.
    assert table.loc[0, ["observed_low", "observed_high"]].tolist() == pytest.approx([0.0279, 0.3010], abs=1e-4)


def test_a_probability_on_the_edge_of_two_bins_belongs_to_the_upper_one() -> None:
    table = tables.bin_reliability(np.tile([0, 1], 20), np.repeat([0.2, 0.5, 0.9], [10, 20, 10]), bins=2)
    assert table["rows"].tolist() == [10, 30]


def test_equal_probabilities_share_one_reliability_bin() -> None:
    table = tables.bin_reliability(np.tile([0, 1], 50), np.full(100, 0.3))
    assert table[["mean_probability", "observed_share", "rows"]].to_numpy().tolist() == [[pytest.approx(0.3), 0.5, 100]]


def test_probabilities_are_counted_by_actual_class_and_listed_beside_it() -> None:
    table = tables.count_probabilities(TARGET, np.array([0.0, 0.6, 0.4, 1.0]), bins=2)
    assert table.to_numpy().tolist() == [[0, 0, 0.5, 1], [0, 0.5, 1, 1], [1, 0, 0.5, 1], [1, 0.5, 1, 1]]
    listed = tables.list_probabilities(TARGET, PROBABILITY, threshold=0.5, limit=3)
    expected = {"probability": [0.1, 0.6, 0.4], "class": np.int8([0, 1, 0]), "actual": np.int8([0, 0, 1])}
    pd.testing.assert_frame_equal(listed, pd.DataFrame(expected))


def test_every_figure_has_its_table_under_the_same_name_and_can_be_saved() -> None:
    target, probability = make_many(500)
    numbers, figures = draw_binary_figures(
        target, probability, 1 - probability, 0.5, make_history(), make_importance(30)
    )
    assert set(figures) == NAMES
    assert set(numbers) == NAMES | {"probability_histogram"}
    for figure in figures.values():
        stream = BytesIO()
        figure.savefig(stream, format="png", dpi=40)
        assert stream.getvalue().startswith(b"\x89PNG")


def test_what_was_not_measured_is_left_out() -> None:
    numbers, figures = draw_binary_figures(TARGET, PROBABILITY, None, 0.5, None, None)
    assert set(figures) == NAMES - {"learning_curves", "permutation_importance"}
    assert numbers["roc_curve"]["model"].unique().tolist() == ["model"]


def test_titles_say_what_one_sees_with_its_figure() -> None:
    _, figures = draw_binary_figures(TARGET, PROBABILITY, 1 - PROBABILITY, 0.5, make_history(), make_importance(3))
    titles = {name: figure.get_suptitle() for name, figure in figures.items()}
    assert titles["roc_curve"] == "ROC curve, test rows: AUC 0.750 (reference 0.250)"
    assert titles["confusion_matrix"] == "Confusion matrix, test rows at threshold 0.5: accuracy 0.500"
    assert titles["permutation_importance"].endswith("shuffling column_0 costs 0.500 of AUC")
    legend = figures["roc_curve"].axes[0].get_legend()
    assert "model (AUC 0.750)" in [text.get_text() for text in legend.get_texts()]


def test_a_target_of_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="AUC is undefined"):
        draw_binary_figures(np.ones(4), PROBABILITY, None, 0.5, None, None)


def test_drawing_leaves_its_inputs_as_they_were() -> None:
    target, probability = TARGET.copy(), PROBABILITY.copy()
    target.flags.writeable = probability.flags.writeable = False
    history, importance = make_history(), make_importance(3)
    numbers, _ = draw_binary_figures(target, probability, probability, 0.5, history, importance)
    numbers["permutation_importance"].loc[0, "drop_mean"] = -1
    pd.testing.assert_frame_equal(history, make_history())
    pd.testing.assert_frame_equal(importance, make_importance(3))


@pytest.mark.process
def test_importing_the_modules_loads_neither_matplotlib_nor_scikit_learn_and_drawing_never_pyplot() -> None:
    code = (
        "import sys, numpy as np\n"
        "from casebook.evaluation import permutation_importance, scores\n"
        "from casebook.plots import tasks\n"
        "from casebook.profiling import table_profile\n"
        "assert not {'matplotlib', 'sklearn'} & set(sys.modules), 'imported early'\n"
        "import pandas as pd\n"
        "rows = pd.DataFrame({'probability': [0.2, 0.7], 'actual': [0, 1]})\n"
        "tasks.draw_task_figures(rows, None, 0.5, None, None)\n"
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot holds global state'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def make_predictions(task: str) -> pd.DataFrame:
    generator = np.random.default_rng(4)
    if task == "binary":
        target, probability = make_many(300)
        return pd.DataFrame({"probability": probability, "actual": target})
    if task == "regression":
        actual = generator.normal(100, 30, 300)
        return pd.DataFrame({"prediction": actual + generator.normal(0, 5, 300), "actual": actual})
    shares = generator.dirichlet([0.3, 0.3, 0.3], 300)
    names = [f"probability_{number}" for number in range(3)]
    return pd.DataFrame(shares, columns=names).assign(actual=generator.integers(0, 3, 300))


@pytest.mark.parametrize(
    ("task", "names", "tables_only"),
    [
        ("binary", NAMES - {"learning_curves", "permutation_importance"}, {"probability_histogram"}),
        (
            "multiclass",
            {"confusion_matrix", "accuracy_by_class", "reliability"},
            {"confidence_histogram", "probabilities"},
        ),
        (
            "regression",
            {"actual_vs_predicted", "residuals", "error_by_size"},
            {"residuals_by_prediction", "predictions"},
        ),
    ],
)
def test_the_columns_of_the_predictions_tell_the_task(task: str, names: set[str], tables_only: set[str]) -> None:
    predictions = make_predictions(task)
    before = predictions.copy()
    numbers, figures = draw_task_figures(predictions, predictions, 0.5, pd.DataFrame(), make_importance(0))
    assert set(figures) == names
    assert set(numbers) == names | tables_only
    metric = {"binary": "auc", "multiclass": "accuracy", "regression": "mae"}[task]
    _, more = draw_task_figures(predictions, None, 0.5, make_history(), make_importance(2, metric))
    assert set(more) == names | {"learning_curves", "permutation_importance"}
    for figure in more.values():
        figure.savefig(BytesIO(), format="png", dpi=40)
    pd.testing.assert_frame_equal(predictions, before)


def test_the_threshold_is_that_of_the_binary_confusion_matrix() -> None:
    predictions = pd.DataFrame({"probability": PROBABILITY, "actual": TARGET})
    numbers, _ = draw_task_figures(predictions, None, 0.4, None, None)
    assert numbers["confusion_matrix"]["rows"].tolist() == [1, 1, 0, 2]


def test_a_reference_of_other_rows_is_refused() -> None:
    predictions = make_predictions("regression")
    with pytest.raises(ValueError, match="the reference predicts 299 rows but the network 300"):
        draw_task_figures(predictions, predictions.iloc[1:], 0.5, None, None)
