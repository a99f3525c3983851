"""MNIST's own figures: examples of each digit, their counts, and the mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from casebook.data.splitting import TEST
from casebook.pipelines.mnist.columns import CLASSES, PART, TARGET
from casebook.plots import style as style
from casebook.stages.nodes import profile_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EXAMPLES = 10
MAX_MISTAKES = 40


def profile_digits(
    joined_rows: pd.DataFrame,
) -> tuple[str, pd.DataFrame, pd.DataFrame, dict[str, Figure], dict[str, pd.DataFrame]]:
    """Profile the table of digits, with pictures of its images; in one node, since images are slow to transfer.

    Returns:
        What `profile_table` and `draw_raw_digits` return.
    """
    return *profile_table(joined_rows, None, name="digits"), *draw_raw_digits(joined_rows)


def draw_raw_digits(joined_rows: pd.DataFrame) -> tuple[dict[str, Figure], dict[str, pd.DataFrame]]:
    """Draw examples and counts of the raw digits.

    Args:
        joined_rows: `image`, `digit` and `part`.

    Returns:
        Figures by file name - the first images of each digit, and their counts - and the table `digit_counts`: images
        and mean grey value (0 to 255) by digit and part.
    """
    counts = count_digits(joined_rows)
    return {"digits.png": draw_sheet(joined_rows), "digit_counts.png": draw_counts(counts)}, {"digit_counts": counts}


def count_digits(joined_rows: pd.DataFrame) -> pd.DataFrame:
    """Count the images of each digit in each part -> `digit`, `part`, `images`, `mean_grey`."""
    grey = joined_rows["image"].map(np.mean).astype("float64")
    by_digit = joined_rows.assign(grey=grey).groupby([TARGET, PART], observed=True)["grey"]
    return by_digit.agg(images="size", mean_grey="mean").reset_index()


def draw_sheet(joined_rows: pd.DataFrame) -> Figure:
    """Draw the first images of each digit, a row a digit."""
    by_digit = dict(list(joined_rows.groupby(TARGET)["image"]))
    figure, panels = style.make_figure(
        f"The first {EXAMPLES} images of each digit", (6.4, 6.8), rows=CLASSES, columns=EXAMPLES
    )
    for digit in range(CLASSES):
        images = list(by_digit.get(digit, []))[:EXAMPLES]
        for place, axes in enumerate(panels[digit * EXAMPLES : (digit + 1) * EXAMPLES]):
            _show_image(axes, images[place] if place < len(images) else None)
    return figure


def draw_counts(counts: pd.DataFrame) -> Figure:
    """Draw how many images there are of each digit, by part."""
    figure, (axes,) = style.make_figure("Images of each digit", (6.4, 3.2))
    for place, (part, colour) in enumerate((("train", style.BLUE), ("test", style.ORANGE))):
        rows = counts[counts[PART] == part]
        axes.bar(rows[TARGET] + 0.4 * place - 0.2, rows["images"], width=0.38, color=colour, label=part)
    axes.set_xticks(range(CLASSES))
    axes.yaxis.set_major_formatter(style.write_count)
    # Room for the legend above the bars.
    axes.margins(y=0.25)
    style.name_axes(axes, "Digit", "Images")
    style.add_legend(axes, "upper right")
    return figure


def draw_mistakes(
    test_predictions: pd.DataFrame, feature_table: pd.DataFrame, split_assignment: pd.DataFrame
) -> tuple[dict[str, Figure], dict[str, pd.DataFrame]]:
    """Draw the misclassified test images, the surest mistakes first.

    Args:
        test_predictions: `probability_0` ... `probability_9` and the `actual` digit of the test rows.
        feature_table: with `image`, a row an image.
        split_assignment: which rows are test rows.

    Returns:
        The sheet by file name and the table `mistaken_digits`.
    """
    mistakes = list_mistakes(test_predictions)
    test = feature_table["image"][(split_assignment["part"] & TEST > 0).to_numpy()]
    images = [test.iloc[row] for row in mistakes["test_row"].head(MAX_MISTAKES)]
    figure = draw_mistake_sheet(mistakes, images, len(test_predictions))
    return {"mistaken_digits.png": figure}, {"mistaken_digits": mistakes}


def list_mistakes(test_predictions: pd.DataFrame) -> pd.DataFrame:
    """List the mistakes, the surest first.

    Returns:
        `test_row` (position among the test rows, from 0), `actual`, `predicted`, and the probability of each of both.
    """
    probability = test_predictions.filter(regex=r"^probability_\d+$").to_numpy()
    actual, predicted = test_predictions["actual"].to_numpy(np.int64), probability.argmax(axis=1)
    rows = np.flatnonzero(actual != predicted)
    table = pd.DataFrame(
        {
            "test_row": rows,
            "actual": actual[rows],
            "predicted": predicted[rows],
            "probability_of_predicted": probability[rows, predicted[rows]],
            "probability_of_actual": probability[rows, actual[rows]],
        }
    )
    return table.sort_values("probability_of_predicted", ascending=False, kind="stable", ignore_index=True)


def draw_mistake_sheet(mistakes: pd.DataFrame, images: Sequence[np.ndarray], tested: int) -> Figure:
    """Draw misclassified digits, each with its class, the predicted class and its probability."""
    rows = max(1, -(-len(images) // EXAMPLES))
    shown = f", the surest {len(images)}" if len(images) < len(mistakes) else ""
    title = f"{len(mistakes)} of {tested} test images mistaken{shown}: actual > predicted (probability)"
    figure, panels = style.make_figure(title, (9.6, 0.5 + 1.15 * rows), rows=rows, columns=EXAMPLES)
    words = [
        f"{actual} > {predicted} ({style.write_share(probability)})"
        for actual, predicted, probability in mistakes[["actual", "predicted", "probability_of_predicted"]].to_numpy(
            object
        )
    ]
    for place, axes in enumerate(panels):
        if place >= len(images):
            _show_image(axes, None)
            continue
        _show_image(axes, images[place])
        axes.set_title(words[place], fontsize=7, color=style.INK, pad=2)
    return figure


def _show_image(axes: Axes, image: np.ndarray | None) -> None:
    axes.set_axis_off()
    if image is not None:
        # Parquet gives an image back as an array of rows.
        axes.imshow(np.stack(list(image)), cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
