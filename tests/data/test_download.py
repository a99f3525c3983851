"""Fetching real files, with Kaggle played by a function."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.cases.registry import CASES, load_case
from casebook.data import download
from casebook.data.raw_files import MARKER, find_raw_files

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("act_train.csv", "people.csv", "act_test.csv")
SAMPLE = {"people": 200, "activities": 1000, "seed": 1}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Red Hat's raw folder in an empty project."""
    monkeypatch.setattr("casebook.config.paths.project_root", lambda: tmp_path)
    monkeypatch.setenv("CASEBOOK_CONF", str(Path(__file__).parents[2] / "conf"))
    monkeypatch.delenv("CASEBOOK_RAW", raising=False)
    return tmp_path / "data" / "01_raw" / "redhat"


@pytest.fixture
def kaggle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Let Kaggle deliver what a function puts into a folder."""
    downloaded = tmp_path / "downloaded"
    downloaded.mkdir()
    monkeypatch.setattr("kagglehub.competition_download", lambda handle: str(downloaded / handle))

    def deliver(packed: tuple[str, ...] = (), plain: tuple[str, ...] = NAMES) -> Path:
        place = downloaded / "predicting-red-hat-business-value"
        place.mkdir()
        for name in plain:
            (place / name).write_text(f"real {name}")
        for name in packed:
            with zipfile.ZipFile(place / f"{name}.zip", "w") as archive:
                archive.writestr(name, f"real {name}")
        return place

    return deliver


def test_fetched_files_come_to_the_raw_folder(folder: Path, kaggle: Callable[..., Path]) -> None:
    kaggle()
    assert download.fetch_files("redhat") == [folder / name for name in NAMES]
    assert {file.name: file.read_text() for file in folder.iterdir()} == {name: f"real {name}" for name in NAMES}


def test_packed_files_are_unpacked(folder: Path, kaggle: Callable[..., Path]) -> None:
    kaggle(packed=NAMES, plain=())
    download.fetch_files("redhat")
    assert {file.name: file.read_text() for file in folder.iterdir()} == {name: f"real {name}" for name in NAMES}


def test_real_files_replace_a_sample_and_count_as_files(folder: Path, kaggle: Callable[..., Path]) -> None:
    assert find_raw_files(load_case("redhat"), SAMPLE).origin == "sample"
    kaggle()
    download.fetch_files("redhat")
    assert not (folder / MARKER).exists()
    assert find_raw_files(load_case("redhat"), SAMPLE).origin == "files"


def test_a_fetch_that_breaks_off_never_passes_a_samples_file_for_a_real_one(
    folder: Path, kaggle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    find_raw_files(load_case("redhat"), SAMPLE)
    kaggle()
    real, left = download.shutil.copyfile, [1]

    def copy(source: Path, target: Path) -> object:
        if not left[0]:
            raise OSError("No space left on device")
        left[0] -= 1
        return real(source, target)

    monkeypatch.setattr(download.shutil, "copyfile", copy)
    with pytest.raises(OSError, match="No space left"):
        download.fetch_files("redhat")
    with pytest.raises(ValueError, match=r"belong to the generated sample but act_train\.csv do not"):
        find_raw_files(load_case("redhat"), SAMPLE)
    assert sorted(file.name for file in folder.iterdir()) == sorted([MARKER, *NAMES])


def test_the_users_own_files_are_never_fetched_over(folder: Path, kaggle: Callable[..., Path]) -> None:
    kaggle()
    folder.mkdir(parents=True)
    (folder / "people.csv").write_text("mine")
    with pytest.raises(SystemExit, match=r"already holds people.csv; nothing was fetched"):
        download.fetch_files("redhat")
    assert (folder / "people.csv").read_text() == "mine"
    assert [file.name for file in folder.iterdir()] == ["people.csv"]


def test_a_file_replaced_in_a_sample_is_not_fetched_over(folder: Path, kaggle: Callable[..., Path]) -> None:
    kaggle()
    find_raw_files(load_case("redhat"), SAMPLE)
    (folder / "people.csv").write_text("mine")
    with pytest.raises(SystemExit, match=r"already holds people.csv; nothing was fetched"):
        download.fetch_files("redhat")
    assert (folder / "people.csv").read_text() == "mine"


def test_nothing_is_fetched_into_a_named_folder(
    folder: Path, kaggle: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kaggle()
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path / "mine"))
    with pytest.raises(SystemExit, match=r"already holds your files \(CASEBOOK_RAW\)"):
        download.fetch_files("redhat")
    assert not folder.exists()


def test_without_an_account_it_says_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class UnauthenticatedError(Exception):
        pass

    def refuse(_handle: str) -> str:
        raise UnauthenticatedError

    monkeypatch.setattr("kagglehub.competition_download", refuse)
    with pytest.raises(SystemExit) as told:
        download.fetch_files("redhat")
    for words in ("UnauthenticatedError", "predicting-red-hat-business-value", "accept its rules", "kaggle.json"):
        assert words in str(told.value)
    assert str(folder) in str(told.value)
    assert not folder.exists()


def test_a_download_that_lacks_a_file_is_named_and_nothing_placed(folder: Path, kaggle: Callable[..., Path]) -> None:
    kaggle(plain=NAMES[:1])
    with pytest.raises(SystemExit, match=r"lacks people.csv; nothing was put in place"):
        download.fetch_files("redhat")
    assert not folder.exists()


def test_a_data_set_comes_from_its_owner(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    (tmp_path / "downloaded").mkdir()
    case = load_case("redhat")
    for name in NAMES:
        (tmp_path / "downloaded" / name).write_text(f"real {name}")
    monkeypatch.setattr(download, "load_case", lambda _name: replace(case, fetch="dataset:owner/name"))
    monkeypatch.setattr(
        "kagglehub.dataset_download", lambda handle: asked.append(handle) or str(tmp_path / "downloaded")
    )
    assert download.fetch_files("redhat") == [folder / name for name in NAMES]
    assert asked == ["owner/name"]


def test_the_only_table_of_a_case_may_have_another_name_where_it_comes_from(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "downloaded").mkdir()
    (tmp_path / "downloaded" / "pima-indians.csv").write_text("6,148\n")
    monkeypatch.setattr("kagglehub.dataset_download", lambda _handle: str(tmp_path / "downloaded"))
    monkeypatch.setenv("CASEBOOK_CONF", str(Path(__file__).parents[2] / "conf"))
    (placed,) = download.fetch_files("pima")
    assert placed == folder.with_name("pima") / load_case("pima").files[0]
    assert placed.read_text() == "6,148\n"


@pytest.fixture
def keras_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let Keras's downloads come from a folder, by their real function -> the addresses asked for."""
    from keras.src.utils import file_utils

    asked: list[str] = []

    def deliver(address: str, place: str, *_: object) -> None:
        asked.append(address)
        shutil.copy(tmp_path / "served" / address.rpartition("/")[2], place)

    (tmp_path / "served").mkdir()
    monkeypatch.setattr(file_utils, "urlretrieve", deliver)
    return asked


def test_keras_arrays_come_from_its_store_and_are_held_against_their_hash(
    tmp_path: Path, folder: Path, keras_files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder.with_name("mnist")
    np.savez(tmp_path / "served" / "mnist.npz", y_train=[1])
    content = (tmp_path / "served" / "mnist.npz").read_bytes()
    with pytest.raises(SystemExit, match=r"come with Keras \(mnist\) from the internet and need no account"):
        download.fetch_files("mnist")
    assert not place.exists()
    monkeypatch.setitem(download.HASHES, "mnist", hashlib.sha256(content).hexdigest())
    assert download.fetch_files("mnist") == [place / "mnist.npz"]
    assert (place / "mnist.npz").read_bytes() == content
    assert set(keras_files) == {"https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"}


def test_reviews_come_as_texts_in_the_order_of_their_names(
    tmp_path: Path, folder: Path, keras_files: list[str]
) -> None:
    texts = {"test/neg/1_2": "bad", "test/pos/0_9": "good", "train/neg/9_1": "dull", "train/neg/0_1": "ugh",
             "train/pos/3_8": "fine <br /> caf\u00e9", "train/unsup/0_0": "left out"}  # fmt: skip
    with tarfile.open(tmp_path / "served" / "aclImdb_v1.tar.gz", "w:gz") as archive:
        for name, text in {"imdb.vocab": "bad", **{f"{name}.txt": text for name, text in texts.items()}}.items():
            entry = tarfile.TarInfo(f"aclImdb/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    train, test = download.fetch_files("imdb")
    assert (train.parent, train.name, test.name) == (folder.with_name("imdb"), "train.parquet", "test.parquet")
    assert pd.read_parquet(train).to_dict("list") == {
        "text": ["ugh", "dull", "fine <br /> caf\u00e9"], "label": [0, 0, 1],
    }  # fmt: skip
    assert pd.read_parquet(test).to_dict("list") == {"text": ["bad", "good"], "label": [0, 1]}
    assert keras_files == [download.REVIEWS]


def test_every_case_says_from_where_it_is_fetched() -> None:
    for case in CASES:
        source, _, handle = load_case(case).fetch.partition(":")
        assert source in download.DOWNLOADS
        assert handle
        assert source != "keras" or handle in {"imdb", *download.HASHES}
