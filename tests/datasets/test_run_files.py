from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kedro.io import DataCatalog

from casebook.datasets.run_files import RunFiles, replace_parameters
from casebook.run_folders.folder import RunFolder

if TYPE_CHECKING:
    from pathlib import Path

ROOT = "/home/me/data/runs/other/latest"
CONFIG = {
    "{case}.{part}_arrays": {
        "type": "casebook.datasets.ArraysFolder",
        "filepath": ROOT + "/data/runs/{case}/latest/05_model_input/{part}_arrays",
    },
    "toy.table": {
        "type": "CachedDataset",
        "dataset": {
            "type": "casebook.datasets.TableFile",
            "filepath": f"{ROOT}/data/runs/toy/latest/02_intermediate/table.parquet",
        },
    },
    "toy.raw": {"type": "casebook.datasets.RawTable", "filepath": "data/01_raw/toy/latest/raw.csv"},
}
NAMES = ["toy.train_arrays", "toy.table", "toy.raw", "toy.nothing", "params:toy.seed"]


@pytest.fixture
def catalog() -> DataCatalog:
    return DataCatalog.from_config(CONFIG)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setattr("casebook.config.paths.project_root", lambda: tmp_path)
    return RunFolder("toy", "abc")


def test_only_what_lies_in_the_folder_of_a_run_is_found_with_its_place(catalog: DataCatalog, folder: RunFolder) -> None:
    files = RunFiles(catalog, "toy", NAMES)
    assert files
    assert [name for name in NAMES if name in files] == ["toy.train_arrays", "toy.table"]
    assert files.place("toy.table", folder) == folder.path / "02_intermediate" / "table.parquet"
    assert files.place("toy.train_arrays", folder) == folder.path / "05_model_input" / "train_arrays"
    assert not RunFiles(catalog, "toy", ["toy.raw"])


def test_datasets_lie_in_the_folder_of_a_run_and_nowhere_else(
    catalog: DataCatalog, folder: RunFolder, caplog: pytest.LogCaptureFixture
) -> None:
    RunFiles(catalog, "toy", NAMES).point_to(folder)
    assert str(catalog.get("toy.train_arrays")._filepath) == f"{ROOT}/data/runs/toy/abc/05_model_input/train_arrays"
    table = catalog.get("toy.table")._dataset
    assert str(table._filepath) == f"{ROOT}/data/runs/toy/abc/02_intermediate/table.parquet"
    assert str(catalog.get("toy.raw")._filepath) == "data/01_raw/toy/latest/raw.csv"
    assert "Replacing" not in caplog.text


def test_parameters_are_replaced_without_a_warning(catalog: DataCatalog, caplog: pytest.LogCaptureFixture) -> None:
    catalog["params:toy.seed"] = 1
    replace_parameters(catalog, {"params:toy.seed": 2})
    assert catalog.load("params:toy.seed") == 2
    assert "Replacing" not in caplog.text
