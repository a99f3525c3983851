import os
from pathlib import Path

import pytest

from casebook.learning.backend import STANDARD_ERROR, _muted, start_backend


def written_by(mute: bool, place: Path) -> str:
    """Write to the standard error as C++ code does, with the file behind it replaced by one that can be read."""
    kept = os.dup(STANDARD_ERROR)
    with place.open("wb") as file:
        os.dup2(file.fileno(), STANDARD_ERROR)
        try:
            with _muted(mute):
                os.write(STANDARD_ERROR, b"notice ")
            os.write(STANDARD_ERROR, b"error")
        finally:
            os.dup2(kept, STANDARD_ERROR)
            os.close(kept)
    return place.read_text()


@pytest.mark.parametrize(("mute", "expected"), [(True, "error"), (False, "notice error")])
def test_notices_are_held_back_for_as_long_as_the_start_lasts(tmp_path: Path, mute: bool, expected: str) -> None:
    assert written_by(mute, tmp_path / "stderr") == expected


def test_errors_come_through_while_notices_are_held_back(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), _muted(mute=True):
        _ = 1 / 0
    assert written_by(mute=False, place=tmp_path / "stderr") == "notice error"


def test_the_backend_is_tensorflow_and_starting_it_again_costs_nothing() -> None:
    start_backend()
    import keras

    assert keras.backend.backend() == "tensorflow"
    calls = start_backend.cache_info().misses
    start_backend()
    assert start_backend.cache_info().misses == calls
