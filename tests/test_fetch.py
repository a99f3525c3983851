"""Fetching real files, with Kaggle played by a function."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from casebook import fetch
from casebook.cases import load_case
from casebook.raw_files import MARKER, find_raw_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ("act_train.csv", "people.csv", "act_test.csv")
SAMPLE = {"people": 200, "activities": 1000, "seed": 1}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Red Hat's raw folder in an empty project."""
    monkeypatch.setattr("casebook.locations.project_root", lambda: tmp_path)
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


def test_fetched_files_come_to_the_raw_folder(
    folder: Path, kaggle: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    kaggle()
    fetch.main("redhat")
    assert {file.name: file.read_text() for file in folder.iterdir()} == {name: f"real {name}" for name in NAMES}
    assert capsys.readouterr().out.split() == [str(folder / name) for name in NAMES]


def test_packed_files_are_unpacked(folder: Path, kaggle: Callable[..., Path]) -> None:
    kaggle(packed=NAMES, plain=())
    fetch.fetch("redhat")
    assert {file.name: file.read_text() for file in folder.iterdir()} == {name: f"real {name}" for name in NAMES}


def test_real_files_replace_a_sample_and_count_as_files(folder: Path, kaggle: Callable[..., Path]) -> None:
    assert find_raw_files(load_case("redhat"), SAMPLE).origin == "sample"
    kaggle()
    fetch.fetch("redhat")
    assert not (folder / MARKER).exists()
    assert find_raw_files(load_case("redhat"), SAMPLE).origin == "files"


def test_a_fetch_that_breaks_off_never_passes_a_samples_file_for_a_real_one(
    folder: Path, kaggle: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    find_raw_files(load_case("redhat"), SAMPLE)
    kaggle()
    real, left = fetch.shutil.copyfile, [1]

    def copy(source: Path, target: Path) -> object:
        if not left[0]:
            raise OSError("No space left on device")
        left[0] -= 1
        return real(source, target)

    monkeypatch.setattr(fetch.shutil, "copyfile", copy)
    with pytest.raises(OSError, match="No space left"):
        fetch.fetch("redhat")
    with pytest.raises(ValueError, match=r"belong to the generated sample but act_train\.csv do not"):
        find_raw_files(load_case("redhat"), SAMPLE)
    assert sorted(file.name for file in folder.iterdir()) == sorted([MARKER, *NAMES])


def test_the_users_own_files_are_never_fetched_over(folder: Path, kaggle: Callable[..., Path]) -> None:
    kaggle()
    folder.mkdir(parents=True)
    (folder / "people.csv").write_text("mine")
    with pytest.raises(SystemExit, match=r"already holds people.csv; nothing was fetched"):
        fetch.fetch("redhat")
    assert (folder / "people.csv").read_text() == "mine"
    assert [file.name for file in folder.iterdir()] == ["people.csv"]


def test_a_file_replaced_in_a_sample_is_not_fetched_over(folder: Path, kaggle: Callable[..., Path]) -> None:
    kaggle()
    find_raw_files(load_case("redhat"), SAMPLE)
    (folder / "people.csv").write_text("mine")
    with pytest.raises(SystemExit, match=r"already holds people.csv; nothing was fetched"):
        fetch.fetch("redhat")
    assert (folder / "people.csv").read_text() == "mine"


def test_nothing_is_fetched_into_a_named_folder(
    folder: Path, kaggle: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kaggle()
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path / "mine"))
    with pytest.raises(SystemExit, match=r"already holds your files \(CASEBOOK_RAW\)"):
        fetch.fetch("redhat")
    assert not folder.exists()


def test_without_an_account_it_says_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class UnauthenticatedError(Exception):
        pass

    def refuse(_handle: str) -> str:
        raise UnauthenticatedError

    monkeypatch.setattr("kagglehub.competition_download", refuse)
    with pytest.raises(SystemExit) as told:
        fetch.fetch("redhat")
    for words in ("UnauthenticatedError", "predicting-red-hat-business-value", "accept its rules", "kaggle.json"):
        assert words in str(told.value)
    assert str(folder) in str(told.value)
    assert not folder.exists()


def test_a_download_that_lacks_a_file_is_named_and_nothing_placed(folder: Path, kaggle: Callable[..., Path]) -> None:
    kaggle(plain=NAMES[:1])
    with pytest.raises(SystemExit, match=r"lacks people.csv; nothing was put in place"):
        fetch.fetch("redhat")
    assert not folder.exists()


@pytest.mark.parametrize("given", [("redhut",), ()])
def test_a_case_that_does_not_exist_is_refused_with_those_that_do(given: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match=r"there is no case .*; there are redhat"):
        fetch.main(*given)
