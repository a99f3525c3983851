"""The generated reviews: their form, and that they can be learnt as well as their generator says and no better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.baselines.linear import fit_logistic_texts
from casebook.config.schema import LogisticTextParameters
from casebook.pipelines.imdb.nodes import ingest_reviews
from casebook.preprocessing.texts import split_words
from casebook.synthetic_data.imdb import BAD, GOOD, Sample, best_reachable, generate_sample, write_opinion, write_sample

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate_sample(2_000, 1_500, 1)


def test_the_files_have_the_columns_and_types_of_the_originals(tmp_path: Path, sample: Sample) -> None:
    write_sample(sample, tmp_path / "new")
    train, test = (pd.read_parquet(tmp_path / "new" / f"{part}.parquet") for part in ("train", "test"))
    assert (train.shape, test.shape) == ((2_000, 2), (1_500, 2))
    assert {name: str(kind) for name, kind in train.dtypes.items()} == {"text": "str", "label": "int64"}
    assert ingest_reviews(train, test)["part"].value_counts().to_dict() == {"train": 2_000, "test": 1_500}


def test_half_of_the_reviews_of_each_file_are_positive_and_all_have_two_paragraphs(sample: Sample) -> None:
    for table in sample.tables.values():
        assert table["label"].mean() == 0.5
        assert (table["text"].str.count("<br /><br />") == 1).all()
        words = table["text"].map(lambda text: len(split_words(text)))
        assert 20 < words.min() < words.median() < words.max() < 300


def test_the_same_seed_gives_the_same_sample_and_another_seed_another() -> None:
    first, again, other = (generate_sample(100, 50, seed) for seed in (1, 1, 2))
    for name, table in first.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
        assert not table.equals(other.tables[name])


@pytest.mark.parametrize("good", [True, False])
def test_an_opinion_is_a_word_of_its_sort_or_the_negated_word_of_the_other(good: bool) -> None:
    rng = np.random.default_rng(2)
    negated = 0
    for _ in range(300):
        words = split_words(write_opinion(good, rng))
        held = {word for word in words if word in (*GOOD, *BAD)}
        not_before = "not" in words
        negated += not_before
        assert held <= set(GOOD if good != not_before else BAD)
        assert len(held) == 1
    assert negated / 300 == pytest.approx(0.2, abs=0.07)


def test_counting_opinions_has_the_accuracy_that_the_generator_expects(sample: Sample) -> None:
    label = sample.tables["test.parquet"]["label"].to_numpy()
    sure = sample.balance != 0
    right = np.where(sure, (sample.balance > 0) == label, 0.5).mean()
    assert right == pytest.approx(best_reachable(sample)["given"]["accuracy"], abs=0.03)


def test_words_and_pairs_come_near_the_best_reachable_accuracy_and_not_above(sample: Sample) -> None:
    settings = {"name": "logistic_text", "c": 1.0, "max_features": 5_000, "max_iter": 100, "seed": 1}
    train, test = sample.tables.values()
    model = fit_logistic_texts(
        train["text"].tolist(), train["label"].to_numpy(), LogisticTextParameters.model_validate(settings)
    )
    found = float((model.predict_proba(test["text"])[:, 1].round() == test["label"]).mean())
    best = best_reachable(sample)["given"]["accuracy"]
    assert best - 0.08 < found < best + 0.02


@pytest.mark.parametrize(("train", "test"), [(99, 50), (100, 49)])
def test_a_sample_too_small_to_be_divided_is_refused(train: int, test: int) -> None:
    with pytest.raises(ValueError, match=f"train is {train} and test {test}: a sample needs at least 100 and 50"):
        generate_sample(train, test, 1)
