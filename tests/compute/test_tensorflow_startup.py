import os
import sys
from pathlib import Path

import pytest

from casebook.compute.tensorflow_startup import (
    INTER_OP_VARIABLE,
    INTRA_OP_VARIABLE,
    STANDARD_ERROR,
    _suppress_stderr,
    limit_threads,
    start_tensorflow,
)


def written_by(mute: bool, place: Path) -> str:
    """Write to the standard error as C++ code does, with the file behind it replaced by one that can be read."""
    kept = os.dup(STANDARD_ERROR)
    with place.open("wb") as file:
        os.dup2(file.fileno(), STANDARD_ERROR)
        try:
            with _suppress_stderr(mute):
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
    with pytest.raises(ZeroDivisionError), _suppress_stderr(mute=True):
        _ = 1 / 0
    assert written_by(mute=False, place=tmp_path / "stderr") == "notice error"


def test_the_backend_is_tensorflow_and_starting_it_again_costs_nothing() -> None:
    start_tensorflow()
    import keras

    assert keras.backend.backend() == "tensorflow"
    calls = start_tensorflow.cache_info().misses
    start_tensorflow()
    assert start_tensorflow.cache_info().misses == calls


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow not imported yet and no number of threads set; both as before afterwards."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    for name in (INTRA_OP_VARIABLE, INTER_OP_VARIABLE):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("size", "threads"),
    [
        (2_047, (None, "1")),
        (2_048, ("1", str(os.cpu_count()))),
        (65_535, ("1", str(os.cpu_count()))),
        (65_536, (None, None)),
    ],
)
@pytest.mark.usefixtures("untouched")
def test_threads_share_the_steps_of_a_training_by_their_size(size: int, threads: tuple[str | None, str | None]) -> None:
    limit_threads(size)
    assert (os.environ.get(INTRA_OP_VARIABLE), os.environ.get(INTER_OP_VARIABLE)) == threads


@pytest.mark.usefixtures("untouched")
def test_numbers_of_threads_that_a_user_set_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INTRA_OP_VARIABLE, "2")
    limit_threads(10)
    assert INTER_OP_VARIABLE not in os.environ


@pytest.mark.usefixtures("untouched")
def test_threads_are_left_alone_once_tensorflow_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    limit_threads(10)
    assert INTER_OP_VARIABLE not in os.environ
