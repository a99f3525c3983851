"""IMDB's own figures: lengths of the reviews, accuracy by length, and the surest mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from casebook.data.splitting import TEST
from casebook.pipelines.imdb.columns import PART, TARGET
from casebook.plots import style as style
from casebook.preprocessing.texts import split_words
from casebook.stages.nodes import profile_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARES = (0.01, 0.25, 0.5, 0.75, 0.9, 0.99)
# Upper bounds of the groups of lengths, in words; the last group has none.
BOUNDS = (100, 150, 200, 300, 500)
MAX_MISTAKES = 40
EXCERPT_CHARACTERS = 300


def profile_reviews(
    joined_rows: pd.DataFrame, preprocessing: dict[str, Any]
) -> tuple[str, pd.DataFrame, pd.DataFrame, dict[str, Figure], dict[str, pd.DataFrame]]:
    """Profile the table of reviews, with their lengths; in one node, since texts are slow to transfer.

    Returns:
        What `profile_table` and `draw_raw_reviews` return.
    """
    return *profile_table(joined_rows, TARGET, name="reviews"), *draw_raw_reviews(joined_rows, preprocessing)


def draw_raw_reviews(
    joined_rows: pd.DataFrame, preprocessing: dict[str, Any]
) -> tuple[dict[str, Figure], dict[str, pd.DataFrame]]:
    """Draw the lengths of the reviews, and count them by part.

    Args:
        joined_rows: `review`, `positive` and `part`.
        preprocessing: its `length` in words, at which a review is cut.

    Returns:
        The histogram of lengths by file name, and the tables `review_lengths` (quantiles by part and class) and
        `review_shares` (reviews, exact copies and how many are cut, by part).
    """
    words = count_review_words(joined_rows["review"])
    length = preprocessing["length"]
    tables = {
        "review_lengths": summarise_lengths(joined_rows, words),
        "review_shares": summarise_parts(joined_rows, words, length),
    }
    return {"review_lengths.png": draw_lengths(joined_rows, words, length)}, tables


def count_review_words(reviews: pd.Series) -> pd.Series:
    """Count the words of each review."""
    return reviews.map(lambda text: len(split_words(text))).astype("int64")


def summarise_lengths(joined_rows: pd.DataFrame, words: pd.Series) -> pd.DataFrame:
    """Compute quantiles of the number of words -> `part`, `positive`, `reviews`, `mean`, `p01` ... `p99`."""
    groups = words.groupby([joined_rows[PART], joined_rows[TARGET]], observed=True)
    quantiles = {f"p{round(100 * share):02d}": groups.quantile(share) for share in SHARES}
    return pd.DataFrame({"reviews": groups.size(), "mean": groups.mean(), **quantiles}).reset_index()


def summarise_parts(joined_rows: pd.DataFrame, words: pd.Series, length: int) -> pd.DataFrame:
    """Count by part -> `part`, `reviews`, `positive_share`, `copies` (of an earlier review), `cut_share`."""
    facts = joined_rows[[PART]].assign(
        positive=joined_rows[TARGET], copy=joined_rows["review"].duplicated(), cut=words > length
    )
    return (
        facts.groupby(PART, observed=True)
        .agg(reviews=("copy", "size"), positive_share=("positive", "mean"), copies=("copy", "sum"),
             cut_share=("cut", "mean"))
        .reset_index()
    )  # fmt: skip


def draw_lengths(joined_rows: pd.DataFrame, words: pd.Series, length: int) -> Figure:
    """Draw the histogram of lengths by class and where reviews are cut."""
    figure, (axes,) = style.make_figure("Words of a review", (7.2, 3.6))
    most = float(words.quantile(0.99))
    edges = np.linspace(0, max(most, length) * 1.05, 60)
    for positive, name, colour in ((1, "positive", style.ORANGE), (0, "negative", style.BLUE)):
        chosen = words[joined_rows[TARGET] == positive]
        axes.hist(chosen, edges.tolist(), histtype="step", linewidth=1.6, color=colour, label=name)
    axes.axvline(length, color=style.GREY, linestyle=":", label=f"cut to the last {length}")
    axes.yaxis.set_major_formatter(style.write_count)
    style.name_axes(axes, "Words", "Reviews", f"{style.write_share((words > edges[-1]).mean())} are longer than shown")
    style.add_legend(axes, "upper right")
    return figure


def draw_mistakes(
    test_predictions: pd.DataFrame, feature_table: pd.DataFrame, split_assignment: pd.DataFrame
) -> tuple[dict[str, Figure], dict[str, pd.DataFrame]]:
    """Draw the accuracy by length, and list the surest mistakes.

    Args:
        test_predictions: `probability` and the `actual` class of the test rows.
        feature_table: with `review`.
        split_assignment: which rows are test rows.

    Returns:
        The figure by file name, and the tables `accuracy_by_length` and `mistaken_reviews`.
    """
    reviews = feature_table["review"][(split_assignment["part"] & TEST > 0).to_numpy()].reset_index(drop=True)
    by_length = measure_by_length(test_predictions, count_review_words(reviews))
    tables = {"accuracy_by_length": by_length, "mistaken_reviews": list_mistakes(test_predictions, reviews)}
    return {"accuracy_by_length.png": draw_accuracy(by_length)}, tables


def measure_by_length(test_predictions: pd.DataFrame, words: pd.Series) -> pd.DataFrame:
    """Compute the accuracy at threshold 0.5 by the number of words -> `words`, `reviews`, `accuracy`."""
    names = [f"up to {bound}" for bound in BOUNDS] + [f"above {BOUNDS[-1]}"]
    group = pd.cut(words, [-1, *BOUNDS, np.inf], labels=names)
    right = (test_predictions["probability"] >= 0.5) == (test_predictions["actual"] == 1)
    by_length = right.groupby(group, observed=True).agg(["size", "mean"])
    return by_length.rename_axis("words").reset_index().rename(columns={"size": "reviews", "mean": "accuracy"})


def list_mistakes(test_predictions: pd.DataFrame, reviews: pd.Series) -> pd.DataFrame:
    """List the surest mistakes -> `test_row` (from 0), `actual`, `probability`, `review` (its beginning)."""
    wrong = (test_predictions["probability"] >= 0.5) != (test_predictions["actual"] == 1)
    table = test_predictions[["actual", "probability"]].assign(review=reviews.str.slice(0, EXCERPT_CHARACTERS))[wrong]
    surest = (table["probability"] - 0.5).abs().sort_values(ascending=False, kind="stable").index[:MAX_MISTAKES]
    return table.loc[surest].rename_axis("test_row").reset_index()


def draw_accuracy(by_length: pd.DataFrame) -> Figure:
    """Draw the accuracy of each group of lengths."""
    figure, (axes,) = style.make_figure("Accuracy by length of the review", (7.2, 3))
    accuracy = by_length["accuracy"].tolist()
    axes.barh(range(len(by_length)), accuracy, color=style.BLUE, height=0.7)
    labels = [
        f"{style.write_share(value)} of {style.write_count(rows)}"
        for value, rows in zip(accuracy, by_length["reviews"], strict=True)
    ]
    style.label_bars(axes, [f"{name} words" for name in by_length["words"]], accuracy, labels)
    axes.set_xlim(0, 1.15)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(style.write_share)
    style.name_axes(axes, "Share of reviews judged rightly at the threshold 0.5")
    return figure
