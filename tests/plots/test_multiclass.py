import numpy as np
import pandas as pd
import pytest

from casebook.plots import tables_multiclass as tables
from casebook.plots.multiclass import draw_accuracy_by_class, draw_class_confusion, draw_multiclass_figures

TARGET = np.array([0, 0, 1, 1, 1])
PROBABILITY = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8], [0.2, 0.3, 0.5]])


def draw(probability: np.ndarray = PROBABILITY, reference: np.ndarray | None = None) -> tuple[dict, dict]:
    return draw_multiclass_figures(TARGET, probability, reference, None, None)


def test_the_confusion_matrix_counts_every_pair_of_classes() -> None:
    table = tables.count_class_confusion(TARGET, PROBABILITY)
    expected = {
        "actual": [0, 0, 0, 1, 1, 1, 2, 2, 2],
        "predicted": [0, 1, 2] * 3,
        "rows": [1, 1, 0, 0, 1, 2, 0, 0, 0],
        "row_share": [1 / 2, 1 / 2, 0, 0, 1 / 3, 2 / 3, 0, 0, 0],
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


def test_the_accuracy_of_a_class_is_its_share_of_hits_and_null_without_rows() -> None:
    table = tables.score_classes(TARGET, {"model": PROBABILITY, "reference": PROBABILITY[:, ::-1]})
    expected = {
        "model": pd.Series(["model"] * 3 + ["reference"] * 3, dtype="str"),
        "class": [0, 1, 2] * 2,
        "rows": [2, 3, 0] * 2,
        "accuracy": [1 / 2, 1 / 3, np.nan, 0, 1 / 3, np.nan],
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


def test_confidences_are_those_of_the_most_probable_class() -> None:
    table = tables.count_confidences(PROBABILITY, bins=4)
    assert table.to_numpy().tolist() == [[0, 0.25, 0], [0.25, 0.5, 0], [0.5, 0.75, 4], [0.75, 1, 1]]


def test_reliability_compares_confidence_with_the_share_of_hits() -> None:
    numbers, figures = draw()
    row = numbers["reliability"].iloc[0]
    assert row["mean_probability"] == pytest.approx((0.7 + 0.6 + 0.5 + 0.8 + 0.5) / 5)
    assert (row["observed_share"], row["rows"]) == (2 / 5, 5)
    upper, lower = figures["reliability"].axes
    assert upper.get_ylabel() == "Observed share of right classes"
    assert lower.get_xlabel() == "Predicted probability of the most probable class"
    assert sum(bar.get_height() for bar in lower.patches) == 5


def test_the_first_rows_are_listed_with_every_probability() -> None:
    table = tables.list_class_probabilities(TARGET, PROBABILITY, limit=2)
    expected = {
        "actual": [0, 0],
        "predicted": [0, 1],
        "probability_0": [0.7, 0.1],
        "probability_1": [0.2, 0.6],
        "probability_2": [0.1, 0.3],
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))


def test_titles_name_the_most_frequent_error_and_the_worst_class() -> None:
    _, figures = draw(reference=np.eye(3)[TARGET])
    title = "Confusion matrix, test rows: accuracy 0.400;\nmost often 1 is taken for 2 (2 rows)"
    assert figures["confusion_matrix"].get_suptitle() == title
    assert figures["accuracy_by_class"].get_suptitle() == "Accuracy by class, test rows: worst is class 1 with 0.333"
    legend = figures["accuracy_by_class"].axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["reference (all rows 1.000)", "model (all rows 0.400)"]


def test_errors_have_a_scale_of_their_own_and_the_diagonal_none() -> None:
    _, figures = draw()
    (axes,) = figures["confusion_matrix"].axes
    (image,) = axes.images
    assert np.ma.getmaskarray(image.get_array()).diagonal().all()
    assert image.norm.vmax == pytest.approx(1.3 * 2 / 3)
    assert sorted(text.get_text() for text in axes.texts) == ["1", "1", "1", "2"]


def test_a_model_without_errors_is_drawn_as_such() -> None:
    _, figures = draw(np.eye(3)[TARGET])
    assert figures["confusion_matrix"].get_suptitle() == "Confusion matrix, test rows: accuracy 1.000, no errors"


def test_many_classes_are_drawn_without_counts_and_only_the_worst_by_accuracy() -> None:
    classes = 40
    target = np.arange(classes).repeat(classes)
    # Of class 0 every row is mistaken for class 1, of class 39 one row.
    predicted = np.where(np.tile(np.arange(classes), classes) < classes - target, (target + 1) % classes, target)
    probability = np.eye(classes)[predicted]
    confusion = draw_class_confusion(tables.count_class_confusion(target, probability))
    assert len(confusion.axes[0].texts) == 0
    (axes,) = draw_accuracy_by_class(tables.score_classes(target, {"model": probability})).axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert (len(labels), labels[0], labels[-1]) == (24, "0 (40 rows)", "23 (40 rows)")
    assert axes.get_xlabel().endswith("the 24 worst of 40 classes")


def test_a_target_beyond_the_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="target must hold class numbers 0 to 1"):
        draw_multiclass_figures(TARGET + 1, PROBABILITY[:, :2], None, None, None)


def test_a_reference_of_other_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="target must hold class numbers 0 to 0"):
        draw(reference=PROBABILITY[:, :1])


def test_drawing_leaves_its_inputs_as_they_were() -> None:
    target, probability = TARGET.copy(), PROBABILITY.copy()
    target.flags.writeable = probability.flags.writeable = False
    numbers, _ = draw_multiclass_figures(target, probability, probability, None, None)
    numbers["probabilities"].loc[0, "probability_0"] = -1
    np.testing.assert_array_equal(probability, PROBABILITY)
