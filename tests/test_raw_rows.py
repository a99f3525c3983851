"""How many rows a raw file of each form holds, damaged ones included."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from casebook.data.raw_files import _hash_file

if TYPE_CHECKING:
    from pathlib import Path


def count_rows(path: Path, content: bytes) -> int:
    path.write_bytes(content)
    return _hash_file(path)[1]


def test_rows_of_a_parquet_file_are_those_that_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    pd.DataFrame({"text": ["one\ntwo", "three"]}).to_parquet(path)
    whole = path.read_bytes()
    assert count_rows(path, whole) == 2
    # A damaged file is told of where it is read.
    assert [count_rows(path, damaged) for damaged in (whole[:-20], b"")] == [0, 0]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_rows_of_an_archive_are_its_labels(tmp_path: Path, save: object) -> None:
    path = tmp_path / "mnist.npz"
    images, labels = np.zeros((3, 2, 2)), np.arange(5000) % 7
    save(path, x_train=images, y_train=labels, x_test=images, y_test=[0, 1], z=labels)
    whole = path.read_bytes()
    assert count_rows(path, whole) == 5002
    broken = bytearray(whole)
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo("y_train.npy").header_offset
    # Behind the name of the labels their values begin.
    broken[place + 70 : place + 100] = bytes(30)
    damages = (bytes(broken), whole[:-20], b"", b"<html></html>", b"text\n1\n2\n")
    assert [count_rows(path, damaged) for damaged in damages] == [0] * 5


def test_a_single_array_is_no_archive(tmp_path: Path) -> None:
    np.save(tmp_path / "single.npy", np.zeros(3))
    assert count_rows(tmp_path / "mnist.npz", (tmp_path / "single.npy").read_bytes()) == 0


def test_rows_of_a_text_file_are_the_lines_below_its_first(tmp_path: Path) -> None:
    assert count_rows(tmp_path / "bank.csv", b"age\n1\n2\n") == 2
    assert count_rows(tmp_path / "bank.csv", b"age\n1\n2") == 2
