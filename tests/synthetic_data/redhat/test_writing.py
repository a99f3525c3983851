"""A sample is written in the format of the original files, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from casebook.synthetic_data.redhat import FILES, generate_sample, write_sample, writing

if TYPE_CHECKING:
    from pathlib import Path


def test_files_read_back_as_the_tables_that_were_written(tmp_path: Path) -> None:
    sample = generate_sample(people=300, activities=2_000, seed=1)
    write_sample(sample, tmp_path / "raw" / "redhat")
    for name in FILES:
        read = pd.read_csv(tmp_path / "raw" / "redhat" / name, dtype=str, keep_default_na=False)
        pd.testing.assert_frame_equal(
            read.astype(object), sample.tables[name].astype(object).fillna("").astype(str).astype(object)
        )


def test_values_are_unquoted_booleans_are_words_and_nulls_are_empty(tmp_path: Path) -> None:
    sample = generate_sample(people=300, activities=2_000, seed=1)
    write_sample(sample, tmp_path)
    for name in FILES:
        lines = (tmp_path / name).read_text().split("\n")
        assert lines[0] == ",".join(sample.tables[name].columns)
        assert lines[-1] == ""
        assert len(lines) == len(sample.tables[name]) + 2
        assert '"' not in "".join(lines)
    person = (tmp_path / "people.csv").read_text().split("\n")[1].split(",")
    assert set(person[12:40]) <= {"True", "False"}
    other = next(line for line in (tmp_path / "act_test.csv").read_text().split("\n") if ",type 2,,,," in line)
    assert other.endswith(",type 2,,,,,,,,,,type 1")


def test_a_failing_write_leaves_no_half_written_file_and_the_old_one_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "act_train.csv").write_text("old")

    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(writing.csv, "write_csv", fail)
    with pytest.raises(OSError, match="No space left"):
        write_sample(generate_sample(people=100, activities=200, seed=1), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["act_train.csv"]
    assert (tmp_path / "act_train.csv").read_text() == "old"
