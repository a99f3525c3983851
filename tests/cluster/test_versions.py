"""What a worker must have in common with its launch."""

from __future__ import annotations

from importlib.metadata import version

from casebook.cluster.versions import describe_differences, list_versions


def test_python_casebook_and_the_libraries_that_it_requires_are_compared() -> None:
    found = list_versions()
    assert found["keras"] == version("keras")
    assert found["distributed"] == version("distributed")
    assert found["casebook"].startswith("0.1.0+")
    assert {"python", "tensorflow", "optuna", "numpy"} <= found.keys()
    assert "ruff" not in found


def test_differences_are_told_by_name_with_both_versions() -> None:
    here = {"casebook": "0.2.0+a", "keras": "3.15.0", "optuna": "5.0.0"}
    there = {"casebook": "0.1.0+b", "keras": "3.15.0", "more": "1"}
    assert describe_differences(here, here) == ""
    assert describe_differences(here, there) == "casebook 0.1.0+b (here 0.2.0+a), optuna none (here 5.0.0)"
