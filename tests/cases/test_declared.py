"""Cases declared in YAML: found wherever in the configuration they lie, and built from what they say."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from casebook.cases import declared
from casebook.cases.declared import (
    Declaration,
    describe_new_rows,
    find_declared,
    find_file,
    keep_resolved,
    load_declared,
    read_declaration,
)
from casebook.cases.registry import CASES, find_case, known_cases, load_parameters_class
from casebook.cases.size_defaults import UNKNOWN_ROWS, choose_defaults, count_rows, defaults_of
from casebook.config.resolve import InvalidParametersError, resolve_case, resolve_parameters
from casebook.config.schema.declared_case import DeclaredCaseParameters

if TYPE_CHECKING:
    from pathlib import Path

CHURN = """
{name}:
  task: binary
  target: left
  data:
    tables:
      rows: {{file: churn.csv}}
      planes: {{file: planes.csv, join_on: id}}
    columns:
      id: {{role: key}}
      day: {{role: time, type: date}}
      team: {{role: group}}
      paid: {{role: leak}}
      part: {{role: split, test: [Test]}}
      left: {{type: category, classes: ["stays", "leaves"]}}
"""


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for a project: two declared cases, one in an environment of its own, and files that declare none."""
    monkeypatch.setenv("CASEBOOK_CONF", str(tmp_path / "conf"))
    monkeypatch.setenv("CASEBOOK_RAW", str(tmp_path / "raw"))
    monkeypatch.delenv("KEDRO_ENV", raising=False)
    monkeypatch.setattr(declared, "_RESOLVED", {})
    for environment, name in (("base", "imdb_reviews"), ("local", "churn2"), ("cluster", "far")):
        write(tmp_path / "conf" / environment / name, CHURN.format(name=name))
    write(tmp_path / "conf" / "base" / "redhat", "redhat:\n  data: {tables: {}}\n")
    write(tmp_path / "conf" / "base" / "other", "other:\n  note: 'no data: here'\n")
    write(tmp_path / "conf" / "base" / "broken", "broken: {data: [\n")
    return tmp_path


def write(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "parameters.yml").write_text(text)


def test_declared_cases_are_found_in_every_environment_beside_those_in_python() -> None:
    assert find_declared(CASES) == ("imdb_reviews", "far", "churn2")
    assert known_cases() == (*CASES, "imdb_reviews", "far", "churn2")


@pytest.mark.parametrize(
    ("pipeline", "case"),
    [
        ("imdb_reviews", "imdb_reviews"), ("imdb_reviews_study", "imdb_reviews"), ("imdb", "imdb"),
        ("imdb_predict", "imdb"), ("churn2_update", "churn2"), ("far_monitor", "far"), ("imdb_reviews_x", ""),
        ("churn2_study_study", ""), ("__default__", "redhat"), ("nothing", ""),
    ],
)  # fmt: skip
def test_a_pipeline_is_of_the_case_whose_name_it_begins_with_underscores_included(pipeline: str, case: str) -> None:
    assert find_case(pipeline) == case


def test_a_case_says_what_the_shared_parts_ask_of_it() -> None:
    case = load_declared("churn2")
    assert case.files == ("churn.csv", "planes.csv")
    assert case.labelled == "raw_rows"
    assert case.write_sample is None
    assert case.feature_sources is None
    assert (case.new_rows.file, case.new_rows.key, case.new_rows.day) == ("churn.csv", "id", "day")
    assert case.new_rows.submission == {"id": "key", "left": "class"}
    names = {node.name for node in case.create_pipeline().nodes}
    assert {"churn2.type_rows", "churn2.type_planes", "churn2.join_tables", "churn2.describe_tables"} <= names


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"type": "date"}, "date"), ({"type": "date", "format": "%d.%m.%Y"}, "date:%d.%m.%Y"),
        ({"type": "datetime"}, "datetime"), ({"type": "integer"}, ""),
    ],
)  # fmt: skip
def test_the_day_of_a_new_row_is_read_as_its_column_is_declared(said: dict[str, str], kind: str) -> None:
    columns = {"seen": {"role": "time", **said}}
    tree = {"target": "y", "task": "binary", "data": {"tables": {"rows": {"file": "a.csv"}}, "columns": columns}}
    rows = describe_new_rows(Declaration("toys", tree))
    assert (rows.day, rows.day_kind) == ("seen", kind)


def test_local_lies_over_base_and_the_parameters_of_a_run_over_both(configuration: Path) -> None:
    write(
        configuration / "conf" / "local" / "imdb_reviews", "imdb_reviews: {data: {tables: {rows: {file: other.csv}}}}"
    )
    assert read_declaration("imdb_reviews").data.tables["rows"].file == "other.csv"
    tree = dict(read_declaration("imdb_reviews").tree)
    keep_resolved({"imdb_reviews": {**tree, "data": {"tables": {"only": {"file": "run.csv"}}}}, "redhat": {}})
    assert read_declaration("imdb_reviews").tables == ["only"]
    with pytest.raises(ValueError, match="other has no block data"):
        read_declaration("other")


def test_a_file_lies_in_the_raw_folder_below_the_project_or_where_a_whole_path_says(
    configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declared, "project_root", lambda: configuration)
    assert find_file("churn2", "churn.csv") == configuration / "raw" / "churn2" / "churn.csv"
    (configuration / "churn.csv").write_text("a\n1\n")
    assert find_file("churn2", "churn.csv") == configuration / "churn.csv"
    assert load_declared("churn2").files[0] == str(configuration / "churn.csv")
    (configuration / "raw" / "churn2").mkdir(parents=True)
    (configuration / "raw" / "churn2" / "churn.csv").write_text("a\n1\n")
    assert find_file("churn2", "churn.csv") == configuration / "raw" / "churn2" / "churn.csv"
    assert find_file("churn2", str(configuration / "churn.csv")) == configuration / "churn.csv"


def test_what_follows_from_roles_stands_in_the_parameters() -> None:
    assert load_parameters_class("churn2") is DeclaredCaseParameters
    resolved = resolve_parameters({"churn2": dict(read_declaration("churn2").tree)}, {})["churn2"]
    assert resolved["split"]["keys"] == {"id": "id", "time": "day", "group": "team", "given": "part"}
    assert resolved["leaks"] == {"paid": "drop"}
    assert resolved["labels"] == {"stays": 0, "leaves": 1}
    assert resolved["data"]["columns"]["id"] == {"role": "key"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "id"}, "target id has the role key in data.columns: give it none"),
        ({"labels": {"gone": 1, "here": 0}}, "a declared case names its classes in data.columns.*classes"),
        ({"target": "day"}, "target day has the role time"),
        ({"task": "regression"}, "target left has classes; give task: binary or multiclass"),
        ({"data": {"tables": {"rows": {"fil": "a"}}}}, r"churn2.data.tables.rows.fil: unknown key"),
        ({"data": {"columns": {"left": {"classes": ["a", "b", "c"]}}}}, "left has 3 classes; give task: multiclass"),
        ({"split": {"strategy": "person"}}, "strategy 'person' does not exist; there are row, none, id, "),
    ],
)  # fmt: skip
def test_a_declaration_that_contradicts_itself_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidParametersError, match=message):
        resolve_case("churn2", read_declaration("churn2").tree, changes)


def test_defaults_follow_the_number_of_rows_below_what_is_said(configuration: Path) -> None:
    folder = configuration / "raw" / "churn2"
    folder.mkdir(parents=True)
    (folder / "churn.csv").write_text("left\n" + "stays\n" * 300)
    tree = read_declaration("churn2").tree
    resolved = resolve_case("churn2", tree, {"training": {"epochs": 3}})
    assert resolved["training"]["epochs"] == 3
    assert resolved["training"]["batch_size"] == choose_defaults(300, "binary")["training"]["batch_size"] == 32
    assert resolved["training"]["early_stopping"]["restore_best"]
    unsaid = resolve_case("churn2", {**tree, "data": {**tree["data"], "defaults": "schema"}}, {})
    assert unsaid["training"]["batch_size"] == 256
    assert defaults_of("churn2", {"data": {"tables": "wrong"}}) == {}
    assert set(resolved["study"]["space"]["training"]) == {"optimizer", "network"}
    # Later numbers may be beyond those of the training, where bins end.
    kept = [
        resolve_case("churn2", {**tree, "split": {"strategy": strategy, "test_days": 1}}, {})["training"]["network"]
        for strategy in ("row", "time")
    ]
    assert [each["piecewise_linear_keep_numbers"] for each in kept] == [False, True]
    own = {"training": {"batch_size": {"choice": [8, 16]}}}
    assert resolve_case("churn2", {**tree, "study": {"space": own}}, {})["study"]["space"] == own


def test_more_rows_mean_larger_batches_wider_layers_and_fewer_epochs() -> None:
    chosen = [choose_defaults(rows, "regression") for rows in (344, 7_043, 53_940, 336_776)]
    trainings = [each["training"] for each in chosen]
    assert [each["batch_size"] for each in trainings] == [32, 64, 512, 1024]
    assert [each["network"]["hidden"] for each in trainings] == [[64], [128, 64], [256, 128], [256, 128]]
    assert [each["epochs"] for each in trainings] == [300, 64, 67, 21]
    assert [each["network"]["dropout"] for each in trainings] == [0.1, 0.1, 0.0, 0.0]
    assert [choose_defaults(rows, "binary")["training"]["network"]["dropout"] for rows in (999, 1_000, 4_999)] == [
        0.1, 0.3, 0.3
    ]  # fmt: skip
    assert [each["preprocessing"]["min_frequency"] for each in chosen] == [2, 5, 10, 50]
    assert all(each["target_scale"] == "auto" for each in trainings)
    assert choose_defaults(53_940, "binary")["training"]["network"]["dropout"] == 0.1
    assert "target_scale" not in choose_defaults(344, "binary")["training"]
    # Long tails and counts that are mostly 0, whatever the number of rows.
    assert {each["preprocessing"]["skewed"] for each in chosen} == {"log"}
    assert {each["preprocessing"]["scaling"] for each in chosen} == {"standard_numbers"}
    assert {each["preprocessing"]["time_index"] for each in chosen} == {"drop"}
    assert {each["network"]["piecewise_linear_edges"] for each in trainings} == {"capped_quantiles"}


def test_rows_are_counted_in_packed_files_too(tmp_path: Path) -> None:
    import gzip
    import zipfile

    text = b"a\n" + b"1\n" * 50
    (tmp_path / "a.csv").write_bytes(text)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", text)
    (tmp_path / "bad.csv.gz").write_bytes(b"no gzip")
    assert [count_rows(tmp_path / name) for name in ("a.csv", "a.csv.gz", "a.zip")] == [50, 50, 50]
    assert [count_rows(tmp_path / name) for name in ("bad.csv.gz", "none.csv", "a.xlsx")] == [UNKNOWN_ROWS] * 3


def test_declared_cases_are_found_in_an_archive_of_the_configuration(
    configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = configuration / "conf-casebook.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(configuration / "conf", "conf-casebook")
    monkeypatch.setenv("CASEBOOK_CONF", str(archive))
    assert find_declared(CASES) == ("imdb_reviews", "far", "churn2")
    assert read_declaration("imdb_reviews").tables == ["rows", "planes"]
