"""Outputs that are kept from run to run."""

# ruff: noqa: S301 - what is unpickled was pickled here

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest

from casebook.background import result_cache
from casebook.background.worker import compute_cached
from casebook.baselines.gradient_boosting import native_categories, tree_features
from casebook.stages.nodes import fit_reference

if TYPE_CHECKING:
    from pathlib import Path

ROWS = {"codes": np.array([[1, 2]], dtype=np.uint8), "target": np.array([1], dtype=np.uint8)}


def test_the_same_inputs_have_the_same_fingerprint_wherever_they_lie(tmp_path: Path) -> None:
    np.save(tmp_path / "codes.npy", ROWS["codes"])
    np.save(tmp_path / "again.npy", ROWS["codes"])
    first, again = (np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("codes", "again"))
    assert result_cache.fingerprint(fit_reference, [{"codes": first}]) == result_cache.fingerprint(
        fit_reference, [{"codes": again}]
    )


@pytest.mark.parametrize(
    "inputs",
    [
        [ROWS | {"codes": np.array([[1, 3]], dtype=np.uint8)}, {"seed": 1}],
        [ROWS | {"codes": ROWS["codes"].astype(np.uint16)}, {"seed": 1}],
        [ROWS | {"codes": ROWS["codes"].reshape(2, 1)}, {"seed": 1}],
        [ROWS, {"seed": 2}],
    ],
)
def test_other_values_types_shapes_and_settings_have_another_fingerprint(inputs: list[object]) -> None:
    assert result_cache.fingerprint(fit_reference, inputs) != result_cache.fingerprint(
        fit_reference, [ROWS, {"seed": 1}]
    )


def test_other_code_and_libraries_have_another_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = result_cache.fingerprint(tree_features, [ROWS])
    assert result_cache.fingerprint(native_categories, [ROWS]) != before
    monkeypatch.setattr(result_cache, "version", lambda name: f"{name} of tomorrow")
    assert result_cache.fingerprint(tree_features, [ROWS]) != before


def test_the_second_time_nothing_is_computed(tmp_path: Path) -> None:
    made, kept = compute_cached(tree_features, [blocks()], 1, tmp_path)
    again, kept_again = compute_cached(tree_features, [blocks()], 1, tmp_path)
    assert (kept, kept_again, again) == (False, True, made)
    np.testing.assert_array_equal(pickle.loads(made[0]), [[1.0, 0.0, 0.5]])


@pytest.mark.parametrize("content", [b"", b"cut off", pickle.dumps([b"cut off"])])
def test_a_damaged_file_is_computed_anew_which_is_said(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    made, _ = compute_cached(tree_features, [blocks()], 1, tmp_path)
    (file,) = tmp_path.glob("*.pickle")
    file.write_bytes(content)
    assert compute_cached(tree_features, [blocks()], 1, tmp_path) == (made, False)
    assert f"{file} cannot be read" in caplog.text
    assert "computed anew" in caplog.text
    assert compute_cached(tree_features, [blocks()], 1, tmp_path) == (made, True)


def test_a_file_with_another_byte_in_it_counts_for_nothing(tmp_path: Path) -> None:
    made, _ = compute_cached(tree_features, [blocks()], 1, tmp_path)
    (file,) = tmp_path.glob("*.pickle")
    content = bytearray(file.read_bytes())
    content[-20] ^= 1
    file.write_bytes(content)
    assert compute_cached(tree_features, [blocks()], 1, tmp_path) == (made, False)


def test_what_was_not_asked_for_longest_makes_room(tmp_path: Path) -> None:
    for number in range(result_cache.MAX_CACHED_FILES):
        result_cache.keep(tmp_path, str(number), [pickle.dumps(number)])
        os.utime(tmp_path / f"{number}.pickle", (number, number))
    assert result_cache.find(tmp_path, "0") == [pickle.dumps(0)]
    result_cache.keep(tmp_path, "new", [pickle.dumps("new")])
    assert sorted(file.stem for file in tmp_path.iterdir()) == ["0", "2", "3", "new"]


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result_cache.keep(tmp_path / "file", "key", [b"1"])
    assert result_cache.find(tmp_path / "file", "key") is None


def blocks() -> dict[str, np.ndarray]:
    return {
        "codes": np.array([[1]], dtype=np.uint8),
        "ids": np.array([[0]], dtype=np.uint16),
        "numbers": np.array([[0.5]], dtype=np.float32),
    }
