"""The generated archive of digits: its form, and that it can be learnt as well as its generator says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from casebook.pipelines.mnist.nodes import ingest_digits
from casebook.synthetic_data.mnist import Sample, best_reachable, generate_sample, read_glyphs, write_sample

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def sample() -> Sample:
    return generate_sample(2_500, 500, 1)


def test_the_archive_has_the_arrays_and_types_of_the_original(tmp_path: Path, sample: Sample) -> None:
    write_sample(sample, tmp_path / "new")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["mnist.npz"]
    with np.load(tmp_path / "new" / "mnist.npz") as archive:
        found = {name: (archive[name].shape, archive[name].dtype.name) for name in archive.files}
        digits = ingest_digits(dict(archive))
    assert found == {
        "x_train": ((2_500, 28, 28), "uint8"),
        "y_train": ((2_500,), "uint8"),
        "x_test": ((500, 28, 28), "uint8"),
        "y_test": ((500,), "uint8"),
    }
    assert digits["part"].value_counts().to_dict() == {"train": 2_500, "test": 500}


def test_the_same_arguments_give_the_same_file_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        write_sample(generate_sample(100, 50, seed), tmp_path / name)
    first, again, other = ((tmp_path / name / "mnist.npz").read_bytes() for name in ("first", "again", "other"))
    assert first == again != other


def test_every_digit_is_drawn_equally_often_on_an_empty_ground(sample: Sample) -> None:
    assert np.bincount(sample.drawn).tolist() == [50] * 10
    images = sample.arrays["x_train"]
    assert (images[:, [0, -1]] == 0).all()
    assert (images.max(axis=(1, 2)) > 150).all()
    assert read_glyphs().shape == (10, 11, 9)


def test_one_digit_in_a_hundred_is_written_down_wrongly(sample: Sample) -> None:
    best = best_reachable(sample)["given"]["accuracy"]
    assert best == (sample.drawn == sample.arrays["y_test"]).mean()
    assert 0.97 < best < 1


def test_the_digits_can_be_told_apart_nearly_as_well_as_the_generator_says(sample: Sample) -> None:
    train, test = (sample.arrays[f"x_{part}"].reshape(-1, 784).astype(np.float32) for part in ("train", "test"))
    model = KNeighborsClassifier(5).fit(train, sample.arrays["y_train"])
    found = model.score(test, sample.arrays["y_test"])
    best = best_reachable(sample)["given"]["accuracy"]
    assert best - 0.06 < found <= best


@pytest.mark.parametrize(("train", "test"), [(99, 50), (100, 49)])
def test_a_sample_too_small_for_every_digit_is_refused(train: int, test: int) -> None:
    with pytest.raises(ValueError, match=f"train is {train} and test {test}: a sample needs at least 100 and 50"):
        generate_sample(train, test, 1)
