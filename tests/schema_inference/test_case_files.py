"""Names of cases and places of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from casebook.cases.declared import find_file
from casebook.schema_inference.case_files import check_name, name_file, write_parameters
from casebook.schema_inference.errors import SchemaInferenceError


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Churn", "--name churn"),
        ("2churn", "--name table_2churn"),
        ("redhat", "redhat is a case of this project"),
        ("churn_study", "ends as the pipelines of another case do"),
    ],
)
def test_names_that_no_case_can_have_are_refused_with_one_that_it_can(name: str, told: str) -> None:
    with pytest.raises(SchemaInferenceError, match=told):
        check_name(name, ["redhat"])


def test_names_with_digits_and_underscores_are_taken() -> None:
    assert check_name("churn_2024", ["redhat"]) == "churn_2024"


def test_a_file_is_named_as_a_run_looks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.kedro]\npackage_name = "casebook"\n')
    (tmp_path / "raw" / "churn").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path / "raw"))
    outside = tmp_path.parent / "outside.csv"
    places = [Path("raw/churn/a.csv"), Path("data/b.csv"), outside]
    named = [name_file(path, "churn") for path in places]
    assert named == ["a.csv", "data/b.csv", str(outside)]
    for path in places:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert [find_file("churn", name) for name in named] == [path.absolute() for path in places]


def test_nothing_is_replaced_unless_it_is_asked_for(tmp_path: Path) -> None:
    place = tmp_path / "churn" / "parameters.yml"
    write_parameters("one", place, replace=False)
    with pytest.raises(SchemaInferenceError, match="is there already; give --force to replace it, or another --name"):
        write_parameters("two", place, replace=False)
    assert place.read_text() == "one"
    write_parameters("two", place, replace=True)
    assert (place.read_text(), [file.name for file in place.parent.iterdir()]) == ("two", ["parameters.yml"])
