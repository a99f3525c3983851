"""The generated Pima file: its form, and that it can be learnt as well as its generator says and no better."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from casebook.datasets import DeclaredTable
from casebook.synthetic_data.pima import COLUMNS, ZERO_SHARES, Sample, best_reachable, generate_sample, write_sample


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate_sample(4_000, 1)


def test_the_file_has_no_header_line_and_the_originals_forms(tmp_path: Path) -> None:
    write_sample(generate_sample(100, 7), tmp_path / "new")
    lines = (tmp_path / "new" / "pima-indians-diabetes.csv").read_text().splitlines()
    assert len(lines) == 100
    for cells in (line.split(",") for line in lines):
        assert len(cells) == 9
        assert all(cells[place].isdigit() for place in (0, 1, 2, 3, 4, 7, 8))
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["pima-indians-diabetes.csv"]


def test_the_case_takes_the_file_and_finds_the_rows_again(tmp_path: Path) -> None:
    made = generate_sample(150, 3)
    write_sample(made, tmp_path)
    raw = DeclaredTable("pima", filepath=str(tmp_path / "pima-indians-diabetes.csv")).load()
    pd.testing.assert_frame_equal(raw.astype("str").astype("float64"), made.table.astype("float64"))
    assert list(raw) == list(COLUMNS)


def test_zeros_stand_for_missing_values_as_often_as_in_the_original(sample: Sample) -> None:
    for name, share in ZERO_SHARES.items():
        assert (sample.table[name] == 0).mean() == pytest.approx(share, abs=0.02)
    assert sample.table["diabetes"].mean() == pytest.approx(0.349, abs=0.03)
    assert sample.table["age"].min() == 21


def test_the_same_seed_gives_the_same_sample_and_another_seed_another() -> None:
    first, again, other = (generate_sample(200, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.table, again.table)
    assert not first.table.equals(other.table)


def test_a_logistic_regression_comes_near_the_best_reachable_accuracy_and_not_above(sample: Sample) -> None:
    inputs, target = sample.table[list(COLUMNS[:-1])], sample.table["diabetes"]
    scaler = StandardScaler().fit(inputs[:3_000])
    model = LogisticRegression().fit(scaler.transform(inputs[:3_000]), target[:3_000])
    found = model.score(scaler.transform(inputs[3_000:]), target[3_000:])
    best = best_reachable(sample)["row"]["accuracy"]
    assert best - 0.05 < found < best + 0.02
    assert best > 1 - target.mean() + 0.1


def test_the_best_reachable_accuracy_is_that_of_the_true_probability(sample: Sample) -> None:
    known = (sample.probability >= 0.5) == sample.table["diabetes"]
    assert best_reachable(sample) == {"row": {"accuracy": pytest.approx(known.mean(), abs=0.015)}}


def test_both_diagnoses_occur_in_the_smallest_sample_and_a_smaller_one_is_refused() -> None:
    assert all(set(np.unique(generate_sample(100, seed).table["diabetes"])) == {0, 1} for seed in range(20))
    with pytest.raises(ValueError, match="rows is 99: a sample needs at least 100"):
        generate_sample(99, 1)
