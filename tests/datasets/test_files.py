"""Datasets that lie in files: what comes back, and what a broken or missing file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from casebook.config.schema import TabularPreprocessingParameters
from casebook.datasets import ArraysFolder, NetworkFile, PreprocessorFile, RawTable, TableFile
from casebook.datasets.file_dataset import DamagedFileError
from casebook.datasets.raw import RawFileError
from casebook.preprocessing.fit_tabular import fit_preprocessor

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "act_train.csv"


def test_raw_columns_come_as_categories_of_text_and_plain_ones_as_text(raw: Path) -> None:
    raw.write_text("id,char_1,outcome\nact1_1,type 2,0\nact1_2,,1\n")
    table = RawTable(str(raw), plain=["id"]).load()
    assert table["id"].tolist() == ["act1_1", "act1_2"]
    assert not isinstance(table["id"].dtype, pd.CategoricalDtype)
    assert table["char_1"].cat.categories.tolist() == ["type 2"]
    assert table["char_1"].isna().tolist() == [False, True]
    assert table["outcome"].tolist() == ["0", "1"]


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_columns(raw: Path) -> None:
    raw.write_bytes(b"\xef\xbb\xbfid,outcome\r\nact1_1,0\r\n")
    table = RawTable(str(raw)).load()
    assert list(table) == ["id", "outcome"]
    assert table["outcome"].tolist() == ["0"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", r"the file is empty: put the complete file there"),
        (
            b"id,char_1,outcome\na,type 2,0\nb,ty",
            r"data row 2: 2 values .* 3: b,ty .*the file may be cut off",
        ),
        (b"id,outcome\na,0\nb\nc,1\n", r"data row 2: 1 values instead of 2: b \(1 of 3 rows .*\); mend the file"),
        (
            b'id,outcome\na,0\n"b,0\nc,1\nd,"e\n',
            r"data row 2: a quote is opened and not closed: \"b,0 \(2 of 4",
        ),
        (b"id,outcome\na,0\nM\xfcller,1\n", r"data row 2, column id: 'M\u00fcller,1' is not UTF-8"),
        ("id,outcome\na,0\n".encode("utf-16"), r"the file is in UTF-16: save it as UTF-8"),
        (b"id;outcome\na;0\n", r"its columns are separated by semicolons; save it with commas"),
    ],
    ids=["no bytes", "cut off", "a short row", "a quote", "encoding", "UTF-16", "delimiter"],
)
def test_a_file_that_is_no_whole_csv_is_refused_by_name_with_what_to_do(raw: Path, content: bytes, words: str) -> None:
    raw.write_bytes(content)
    with pytest.raises(RawFileError, match=rf"act_train\.csv cannot be read as CSV \({words}"):
        RawTable(str(raw)).load()


def test_a_header_without_rows_is_a_table_without_rows(raw: Path) -> None:
    raw.write_text("id,outcome\n")
    assert RawTable(str(raw)).load().shape == (0, 2)


def test_a_missing_raw_file_is_refused_by_name_with_what_to_do(raw: Path) -> None:
    with pytest.raises(RawFileError, match=r"act_train\.csv is missing; put the file there or see data/README\.md"):
        RawTable(str(raw)).load()


def test_a_raw_file_is_never_written(raw: Path) -> None:
    with pytest.raises(RawFileError, match="never written by a pipeline"):
        RawTable(str(raw)).save(pd.DataFrame({"id": [1]}))
    assert not raw.exists()


def test_arrays_come_back_read_only_and_mapped_into_memory(tmp_path: Path) -> None:
    arrays = {"codes": np.arange(6, dtype="uint8").reshape(3, 2), "target": np.array([0, 1, 1], dtype="uint8")}
    dataset = ArraysFolder(str(tmp_path / "train_arrays"))
    dataset.save(arrays)
    loaded = dataset.load()
    assert set(loaded) == {"codes", "target"}
    assert all(isinstance(values, np.memmap) and not values.flags.writeable for values in loaded.values())
    np.testing.assert_array_equal(loaded["codes"], arrays["codes"])
    assert loaded["codes"].dtype == "uint8"


def test_arrays_saved_again_leave_nothing_of_the_earlier_ones(tmp_path: Path) -> None:
    dataset = ArraysFolder(str(tmp_path / "train_arrays"))
    dataset.save({"codes": np.zeros(2), "ids": np.zeros(2)})
    dataset.save({"codes": np.ones(3)})
    assert {name: values.tolist() for name, values in dataset.load().items()} == {"codes": [1, 1, 1]}


def test_arrays_half_written_leave_the_earlier_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = ArraysFolder(str(tmp_path / "train_arrays"))
    dataset.save({"codes": np.zeros(2), "target": np.zeros(2)})
    real = np.save

    def save(path: Path, values: np.ndarray) -> None:
        if path.name == "target.npy":
            raise OSError("No space left on device")
        real(path, values)

    monkeypatch.setattr(np, "save", save)
    with pytest.raises(DatasetError, match="No space left"):
        dataset.save({"codes": np.ones(2), "target": np.ones(2)})
    assert {name: values.tolist() for name, values in dataset.load().items()} == {"codes": [0, 0], "target": [0, 0]}
    assert [folder.name for folder in tmp_path.iterdir()] == ["train_arrays"]


def test_arrays_that_are_not_there_yet_are_an_error_and_not_empty(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"train_arrays is not there yet; run the nodes that make it first"):
        ArraysFolder(str(tmp_path / "train_arrays")).load()


def test_a_preparation_comes_back_equal(tmp_path: Path) -> None:
    table = pd.DataFrame({"size": [1.5, np.nan, 3.0], "kind": pd.Categorical(["a", "b", "a"])})
    parameters = TabularPreprocessingParameters(scaling="standard", encoding={}, impute={}, clip={}, min_frequency=1)
    preprocessor = fit_preprocessor(table, parameters)
    dataset = PreprocessorFile(str(tmp_path / "preprocessor.json"))
    dataset.save(preprocessor)
    assert dataset.load() == preprocessor


def test_a_network_comes_back_with_its_weights(tmp_path: Path) -> None:
    import keras

    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    dataset = NetworkFile(str(tmp_path / "network.keras"))
    dataset.save(network)
    rows = np.array([[1.0, 2.0], [3.0, 4.0]], dtype="float32")
    np.testing.assert_array_equal(dataset.load()(rows), network(rows))
    assert [file.name for file in tmp_path.iterdir()] == ["network.keras"]


def test_a_dataset_describes_where_it_lies(raw: Path) -> None:
    assert str(raw) in repr(RawTable(str(raw), metadata={"kedro-viz": {"layer": "raw"}}))


@pytest.mark.parametrize("content", [b"", b"garbage"])
@pytest.mark.parametrize("kind", [ArraysFolder, NetworkFile, PreprocessorFile, TableFile])
def test_what_a_run_has_made_and_is_damaged_is_named_with_what_to_do(
    tmp_path: Path, kind: type, content: bytes
) -> None:
    place = tmp_path / "made.keras"
    if kind is ArraysFolder:
        place.mkdir()
    (place / "codes.npy" if kind is ArraysFolder else place).write_bytes(content)
    with pytest.raises(DatasetError) as told:
        kind(str(place)).load()
    found = told.value if isinstance(told.value, DamagedFileError) else told.value.__cause__
    assert isinstance(found, DamagedFileError)
    assert str(found).startswith(f"{place} is damaged (")
    assert "<case>.from_run=<run id>" in str(found)
    assert "\n" not in str(found)
