"""Figures of a multiclass task on the test rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from casebook.evaluation.scores import score_predictions
from casebook.plots import style as style
from casebook.plots import tables_multiclass as tables
from casebook.plots.binary import draw_reliability
from casebook.plots.learning_curves import draw_training
from casebook.plots.tables_binary import bin_reliability

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# More classes than this get colours only, and the worst of them only in the figure of accuracies.
MAX_CLASSES = 24
MODEL_COLOURS = {"model": style.MODEL_COLOUR, "reference": style.REFERENCE_COLOUR}


def draw_multiclass_figures(
    target: np.ndarray,
    probability: np.ndarray,
    reference_probability: np.ndarray | None,
    history: pd.DataFrame | None,
    importance: pd.DataFrame | None,
) -> tuple[dict[str, pd.DataFrame], dict[str, Figure]]:
    """Draw every figure of a multiclass task and return the table behind each.

    Args:
        target: Shape (rows,), class numbers from 0.
        probability: Shape (rows, classes), the model's.
        reference_probability: Same shape, the reference's, drawn for comparison; or none.
        history: As `draw_training` takes it.
        importance: As `draw_training` takes it.

    Returns:
        Tables and figures by the same names: `confusion_matrix`, `accuracy_by_class`, `reliability` (of the most
        probable class), `learning_curves`, `permutation_importance`. Two tables more: `confidence_histogram` has the
        counts drawn in `reliability`, `probabilities` lists the first test rows.

    Raises:
        ValueError: See `score_predictions`.
    """
    models = {"model": probability}
    if reference_probability is not None:
        models["reference"] = reference_probability
    for values in models.values():
        score_predictions("multiclass", target, values)
    hits = probability.argmax(axis=1) == target
    numbers = {
        "confusion_matrix": tables.count_class_confusion(target, probability),
        "accuracy_by_class": tables.score_classes(target, models),
        "reliability": bin_reliability(hits, probability.max(axis=1)),
        "confidence_histogram": tables.count_confidences(probability),
        "probabilities": tables.list_class_probabilities(target, probability),
    }
    words = ("probability of the most probable class", "share of right classes")
    figures = {
        "confusion_matrix": draw_class_confusion(numbers["confusion_matrix"]),
        "accuracy_by_class": draw_accuracy_by_class(numbers["accuracy_by_class"]),
        "reliability": draw_reliability(numbers["reliability"], numbers["confidence_histogram"], words),
    }
    further_numbers, further_figures = draw_training(history, importance)
    return numbers | further_numbers, figures | further_figures


def draw_class_confusion(table: pd.DataFrame) -> Figure:
    """Draw the table of `count_class_confusion`: errors coloured by their share of the actual class.

    The right ones on the diagonal are so many more that they stay grey: on one scale no error would be seen.
    """
    classes = table["actual"].nunique()
    errors = table["row_share"].where(table["actual"] != table["predicted"]).to_numpy().reshape(classes, classes)
    largest = np.nanmax(errors, initial=0.0)
    side = 3.2 + 0.36 * classes if classes <= MAX_CLASSES else 8.0
    figure, (axes,) = style.make_figure(_title_confusion(table), (max(side + 0.6, 6.6), side))
    axes.set_facecolor(style.FAINT)
    axes.imshow(np.ma.masked_invalid(errors), cmap="Oranges", vmin=0, vmax=1.3 * largest or 1)
    if classes <= MAX_CLASSES:
        for actual, predicted, rows, share in table[table["rows"] > 0].itertuples(index=False):
            is_dark = actual != predicted and share > 0.75 * largest
            colour = "white" if is_dark else style.INK
            axes.text(predicted, actual, f"{rows:,}", ha="center", va="center", fontsize=8, color=colour)
        axes.set(xticks=range(classes), yticks=range(classes))
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    scale = f"colour: share of the actual class, up to {style.write_share(largest)}" if largest else "no errors"
    style.name_axes(axes, f"Predicted class ({scale}; right ones grey)", "Actual class")
    return figure


def draw_accuracy_by_class(table: pd.DataFrame) -> Figure:
    """Draw the table of `score_classes`: a line a class, the models as dots on it."""
    wide = table.dropna(subset="accuracy").pivot_table(index="class", columns="model", values="accuracy", sort=False)
    own = wide["model"]
    title = f"Accuracy by class, test rows: worst is class {own.idxmin()} with {own.min():.3f}"
    shown = wide.sort_index() if len(wide) <= MAX_CLASSES else wide.sort_values("model").head(MAX_CLASSES)
    figure, (axes,) = style.make_figure(title, (7.2, 1.7 + 0.26 * len(shown)))
    places = np.arange(len(shown))
    axes.hlines(places, shown.min(axis=1), shown.max(axis=1), color=style.GREY, linewidth=1.5)
    for model in reversed(wide.columns):
        accuracy = (table.loc[table["model"] == model, ["rows", "accuracy"]]).fillna(0)
        overall = np.average(accuracy["accuracy"], weights=accuracy["rows"])
        label = f"{model} (all rows {overall:.3f})"
        axes.scatter(shown[model], places, s=34, color=MODEL_COLOURS[model], zorder=3, label=label)
    rows = table.drop_duplicates("class").set_index("class")["rows"]
    axes.set_yticks(places, [f"{number} ({rows[number]:,} rows)" for number in shown.index])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    count = f", the {len(shown)} worst of {len(wide)} classes" if len(shown) < len(wide) else ""
    style.name_axes(axes, f"Share of the class's rows that are predicted right{count}", "Actual class")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=9, labelcolor=style.INK)
    return figure


def _title_confusion(table: pd.DataFrame) -> str:
    is_right = table["actual"] == table["predicted"]
    accuracy = table.loc[is_right, "rows"].sum() / table["rows"].sum()
    worst = table[~is_right].nlargest(1, "rows")
    start = f"Confusion matrix, test rows: accuracy {accuracy:.3f}"
    if worst.empty or worst["rows"].iloc[0] == 0:
        return f"{start}, no errors"
    actual, predicted, rows = worst[["actual", "predicted", "rows"]].iloc[0]
    return f"{start};\nmost often {actual:.0f} is taken for {predicted:.0f} ({rows:,.0f} rows)"
