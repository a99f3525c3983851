"""Datasets of other libraries are renamed into place once they are written: nothing half-written has a final name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
import yaml
from kedro.io import AbstractDataset, DatasetError
from kedro_datasets.pandas import CSVDataset

import casebook
from casebook.datasets import CsvFile, FilesFolder, JsonFile

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
# What keeps nothing in a file, or leaves that to a dataset within.
WITHOUT_FILES = {"MemoryDataset", "CachedDataset", "kedro_mlflow.io.artifacts.MlflowArtifactDataset"}


class CutShort:
    """Values whose JSON cannot be written to its end."""


def test_a_file_that_could_not_be_written_to_its_end_leaves_the_earlier_one(tmp_path: Path) -> None:
    dataset = JsonFile(filepath=str(tmp_path / "facts.json"))
    dataset.save({"rows": 1})
    with pytest.raises(DatasetError, match="not JSON serializable"):
        dataset.save({"rows": 2, "cut": CutShort()})
    assert dataset.load() == {"rows": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["facts.json"]


def test_a_folder_of_files_is_replaced_as_a_whole_and_may_be_empty(tmp_path: Path) -> None:
    dataset = FilesFolder(path=str(tmp_path / "tables"), dataset={"type": CSVDataset}, filename_suffix=".csv")
    dataset.save({"a": pd.DataFrame({"x": [1]}), "b": pd.DataFrame({"x": [2]})})
    dataset.save({"c": pd.DataFrame({"x": [3]})})
    assert [path.name for path in (tmp_path / "tables").iterdir()] == ["c.csv"]
    with pytest.raises(DatasetError):
        dataset.save({"a": pd.DataFrame({"x": [1]}), "b": "no table"})
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]
    assert (tmp_path / "tables" / "c.csv").read_text() == "x\n3\n"
    dataset.save({})
    assert list((tmp_path / "tables").iterdir()) == []


def test_the_file_has_its_final_name_only_once_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = pd.DataFrame.to_csv

    def to_csv(*args: object, **options: object) -> None:
        seen.append((tmp_path / "drift.csv").exists())
        real(*args, **options)

    monkeypatch.setattr(pd.DataFrame, "to_csv", to_csv)
    dataset = AbstractDataset.from_config(
        "pima.drift",
        {
            "type": "kedro_mlflow.io.artifacts.MlflowArtifactDataset",
            "dataset": {"type": "casebook.datasets.CsvFile", "filepath": str(tmp_path / "drift.csv")},
        },
    )
    dataset._logging_activated = False
    dataset.save(pd.DataFrame({"psi": [0.1]}))
    assert seen == [False]
    assert CsvFile(filepath=str(tmp_path / "drift.csv")).load()["psi"].tolist() == [0.1]


def test_every_dataset_of_the_catalog_that_lies_in_files_is_written_whole() -> None:
    """An entry of another library would write in place."""
    files = sorted((ROOT / "conf" / "base").rglob("catalog.yml"))
    types = {kind for file in files for kind in find_types(yaml.safe_load(file.read_text()))}
    assert len(files) > 1
    assert {"casebook.datasets.CsvFile", "casebook.datasets.TableFile"} <= types
    assert {kind for kind in types - WITHOUT_FILES if not kind.startswith(f"{casebook.__name__}.")} == set()


def find_types(config: object) -> Iterator[str]:
    """Yield the types of datasets, at any depth."""
    if isinstance(config, dict):
        yield from (value for name, value in config.items() if name == "type" and isinstance(value, str))
        for value in config.values():
            yield from find_types(value)
