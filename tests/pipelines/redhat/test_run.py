"""A whole run of the smallest configuration: what lies on the disk, in MLflow and on the console when it is done."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import yaml

from casebook.reports.numbers import write_interval

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow.entities import Run
    from tests.conftest import Finished

EPOCHS = 2
SCORES = {"accuracy", "auc", "log_loss", "f1"}
LAYERS = {
    "02_intermediate": {"activities.parquet", "people.parquet", "row_schema.json"},
    "03_primary": {"joined_rows.parquet", "example_rows.parquet"},
    "04_feature": {"feature_table.parquet"},
    "05_model_input": {
        "initial_split.parquet", "split_assignment.parquet", "train_arrays", "validation_arrays", "test_arrays",
        "fold_assignments.parquet", "promotion_rows.parquet", "history_arrays",
    },
    "06_models": {
        "preprocessor.json", "network.keras", "training_profile.json", "threshold.json", "reference_threshold.json",
    },
    "07_model_output": {"test_predictions.parquet", "reference_predictions.parquet", "test_keys.parquet"},
    "08_reporting": {
        "history.parquet", "importance.parquet", "figures", "tables", "test_head.csv", "profile",
        "fold_scores.csv", "report", "report.html",
    },
}  # fmt: skip
FIGURES = {
    "confusion_matrix", "learning_curves", "permutation_importance", "precision_recall_curve", "probabilities",
    "reliability", "roc_curve",
}  # fmt: skip


@pytest.fixture(scope="module")
def run(finished: Finished) -> Run:
    return finished.run


@pytest.fixture(scope="module")
def artifacts(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run's artifacts, fetched as a user of MLflow would."""
    from pathlib import Path

    folder = tmp_path_factory.mktemp("artifacts")
    return Path(finished.project.client.download_artifacts(finished.run.info.run_id, "", str(folder)))


@pytest.fixture(scope="module")
def merged(artifacts: Path) -> dict[str, object]:
    return yaml.safe_load((artifacts / "config" / "parameters.yml").read_text())


def points(finished: Finished, metric: str) -> list[tuple[int, float]]:
    history = finished.project.client.get_metric_history(finished.run.info.run_id, metric)
    return [(point.step, point.value) for point in history]


def leaves(tree: object, name: str) -> dict[str, object]:
    """Flatten a tree to dotted names; empty mappings have no leaf."""
    if not isinstance(tree, dict):
        return {name: tree}
    return {key: value for part, below in tree.items() for key, value in leaves(below, f"{name}.{part}").items()}


def test_the_run_is_finished_in_the_experiment_of_its_case_and_named_after_its_variant(
    finished: Finished, run: Run
) -> None:
    assert run.info.status == "FINISHED"
    assert finished.project.client.get_experiment(run.info.experiment_id).name == "redhat"
    assert run.info.run_name.split()[0] == "default"


def test_a_command_in_a_subfolder_uses_the_store_and_the_data_of_the_project(finished: Finished, run: Run) -> None:
    root = finished.project.root
    assert (root / "mlruns" / "mlflow.db").exists()
    assert run.info.artifact_uri.startswith((root / "mlruns" / "artifacts").as_uri())
    assert list((root / "notes").iterdir()) == []


@pytest.mark.parametrize("metric", ["loss", "accuracy", "auc"])
@pytest.mark.parametrize("part", ["train", "val"])
def test_each_curve_has_one_point_an_epoch(finished: Finished, part: str, metric: str) -> None:
    curve = points(finished, f"{part}/{metric}")
    assert [step for step, _ in curve] == list(range(1, EPOCHS + 1))
    history = pd.read_parquet(
        finished.project.root / "data" / "runs" / "redhat" / "latest" / "08_reporting" / "history.parquet"
    )
    assert [value for _, value in curve] == pytest.approx(history[f"{part}/{metric}"].tolist())


@pytest.mark.parametrize("who", ["test", "baseline", "reference", "fit"])
def test_scores_of_network_baseline_and_reference_stand_side_by_side(run: Run, who: str) -> None:
    found = {name.removeprefix(f"{who}/") for name in run.data.metrics if name.startswith(f"{who}/")}
    ends = {f"{name}_{end}" for name in SCORES for end in ("low", "high")} if who in {"test", "reference"} else set()
    assert found - {"seen_person_share", "seen_group_share", "seen_row_share"} == SCORES | ends
    assert all(0 <= run.data.metrics[f"{who}/{name}"] <= 1 for name in SCORES - {"log_loss"})


def test_the_baseline_is_the_majority_class_of_the_same_test_rows(finished: Finished, run: Run) -> None:
    predictions = pd.read_parquet(
        finished.project.root / "data" / "runs" / "redhat" / "latest" / "07_model_output" / "test_predictions.parquet"
    )
    train = np.load(
        finished.project.root / "data" / "runs" / "redhat" / "latest" / "05_model_input" / "train_arrays" / "target.npy"
    )
    majority = int(train.mean() >= 0.5)
    assert run.data.metrics["baseline/accuracy"] == pytest.approx((predictions["actual"] == majority).mean())
    assert run.data.metrics["baseline/auc"] == 0.5


def test_rows_features_and_what_the_split_lets_a_model_see_are_metrics(run: Run) -> None:
    metrics = run.data.metrics
    parts = [metrics[f"data/{part}_rows"] for part in ("train", "validation", "test", "promotion")]
    assert sum(parts) == 5000
    assert metrics["data/unmatched_rows"] == 0
    assert metrics["data/unused_rows"] == 0
    assert metrics["data/features"] > 100
    assert metrics["test/seen_person_share"] == metrics["test/seen_row_share"] == 0
    assert 0 < metrics["test/seen_group_share"] <= 1
    assert 0.5 < metrics["best_reachable/accuracy"] < 1


def test_seconds_are_measured_by_stage_and_add_up(run: Run) -> None:
    seconds = {name: value for name, value in run.data.metrics.items() if name.startswith("seconds/")}
    assert {name.removeprefix("seconds/") for name in seconds} == {
        "start", "schema", "ingestion", "merging", "leaks", "features", "profile", "splitting", "preprocessing",
        "tensorflow", "training", "reference", "evaluation", "figures", "folds", "packaging", "report", "total",
        "background/profile", "background/reference", "background/figures", "background/leaks",
        "background/evaluation", "background/report",
    }  # fmt: skip
    total = seconds.pop("seconds/total")
    # What another process computed meanwhile is no part of the run's own time.
    assert sum(value for name, value in seconds.items() if "/background/" not in name) == pytest.approx(total)


def test_system_metrics_are_on(run: Run) -> None:
    assert "system/cpu_utilization_percentage" in run.data.metrics


def test_tags_say_what_ran_on_what(finished: Finished, run: Run) -> None:
    tags = run.data.tags
    assert tags["case"] == "redhat"
    assert tags["variant"] == "default"
    assert tags["data.origin"] == "sample"
    assert len(tags["data.fingerprint"]) == 16
    assert tags["command"] == "kedro " + " ".join(finished.command)
    assert "error" not in tags


@pytest.mark.parametrize(
    "words",
    [
        "Variant `default` of `redhat`. **The data are a generated sample", "| test rows | network | baseline |",
        "**Held out** by person", "| promotion |", "**Model**: version 1 of `redhat`; champion: the first",
        "<!-- written by casebook",
    ],
)  # fmt: skip
def test_the_description_tells_what_the_run_was_and_what_became_of_it(run: Run, words: str) -> None:
    assert words in run.data.tags["mlflow.note.content"]


def test_the_description_loads_the_runs_own_model(run: Run) -> None:
    assert f'mlflow.pyfunc.load_model("runs:/{run.info.run_id}/model")' in run.data.tags["mlflow.note.content"]


def test_the_experiment_is_shown_as_one_that_trains_models(finished: Finished, run: Run) -> None:
    tags = finished.project.client.get_experiment(run.info.experiment_id).tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"


def test_tags_name_the_commit_where_there_is_git(finished: Finished, run: Run) -> None:
    assert run.data.tags.get("git.commit") == finished.commit
    assert run.data.tags.get("git.dirty") == (None if finished.commit is None else "false")


def test_every_leaf_that_a_node_takes_is_one_flattened_column(run: Run, merged: dict[str, dict[str, object]]) -> None:
    blocks = (
        "task", "target", "weight", "split", "duplicates", "leaks", "folds", "preprocessing", "training",
        "reference", "evaluation", "promotion",
    )  # fmt: skip
    expected = leaves({name: merged["redhat"][name] for name in blocks}, "redhat")
    # MLflow adds the configuration of the logged model.
    assert run.data.params == {**{name: str(value) for name, value in expected.items()}, "output": "all"}


def test_the_command_line_and_the_environment_reach_the_columns(run: Run) -> None:
    assert run.data.params["redhat.training.optimizer.learning_rate"] == "0.003"
    assert run.data.params["redhat.training.network.hidden"] == "[16]"
    assert run.data.params["redhat.training.optimizer.name"] == "adamw"


def test_the_merged_parameters_are_an_artifact_without_the_unused_variants(
    merged: dict[str, dict[str, object]],
) -> None:
    redhat = merged["redhat"]
    assert redhat["sample"] == {"people": 600, "activities": 5000, "seed": 1}
    assert redhat["evaluation"]["head_rows"] == 7
    assert redhat["training"]["optimizer"]["learning_rate"] == 0.003
    assert "variants" not in redhat


def test_figures_and_the_numbers_behind_them_are_artifacts(artifacts: Path) -> None:
    assert {file.stem for file in (artifacts / "figures").glob("*.png")} >= FIGURES
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in (artifacts / "figures").iterdir())
    assert {file.stem for file in (artifacts / "tables").glob("*.csv")} >= FIGURES


def test_the_page_of_the_run_is_an_artifact_and_lies_in_its_folder(finished: Finished, artifacts: Path) -> None:
    page = (artifacts / "report.html").read_text(encoding="utf-8")
    folder = finished.project.root / "data" / "runs" / "redhat" / "latest" / "08_reporting"
    assert (folder / "report.html").read_text(encoding="utf-8") == page
    for words in (
        "The network of redhat predicts outcome (0 or 1).",
        "held out by person: all rows of one person lie on one side",
        'href="profile/people.html"',
        "redhat.training.optimizer.learning_rate=0.003",
        "vegaEmbed",
    ):
        assert words in page, words
    assert len(page.encode()) < 3_000_000
    assert re.sub(r"\s", "", finished.run.data.tags["report"]) in re.sub(r"\s", "", finished.said)


def test_scores_have_intervals_by_person(finished: Finished, run: Run, artifacts: Path) -> None:
    metrics = run.data.metrics
    for name in ("accuracy", "auc", "log_loss", "f1"):
        assert metrics[f"test/{name}_low"] < metrics[f"test/{name}"] < metrics[f"test/{name}_high"]
    intervals = json.loads((artifacts / "report" / "score_intervals.json").read_text())
    folder = finished.project.root / "data" / "runs" / "redhat" / "latest" / "07_model_output"
    keys = pd.read_parquet(folder / "test_keys.parquet")
    assert intervals["key"]["word"] == "person"
    assert intervals["key"]["count"] == keys["key"].nunique()
    assert len(keys) == metrics["data/test_rows"]


@pytest.mark.parametrize(("table", "rows", "columns"), [("activities", 5000, 15), ("people", 600, 41)])
def test_each_table_has_its_profile(artifacts: Path, table: str, rows: int, columns: int) -> None:
    profile = artifacts / "profile"
    assert f"{table}: {rows:,} rows, {columns} columns" in (profile / f"{table}.html").read_text(encoding="utf-8")
    described = pd.read_csv(profile / f"{table}_columns.csv")
    assert described["rows"].tolist() == [rows] * columns
    categories = pd.read_csv(profile / f"{table}_categories.csv")
    assert (categories.groupby("column")["rows"].sum() == rows).all()
    assert categories["mean_target"].notna().all() == (table == "activities")
    assert set(categories["column"]) < set(described["column"]) - {"outcome"}


def test_the_head_of_the_predictions_sets_probabilities_beside_actual_values(
    finished: Finished, artifacts: Path
) -> None:
    head = pd.read_csv(artifacts / "predictions" / "test_head.csv")
    predictions = pd.read_parquet(
        finished.project.root / "data" / "runs" / "redhat" / "latest" / "07_model_output" / "test_predictions.parquet"
    )
    assert list(head) == ["probability", "class", "actual"]
    assert head["probability"].tolist() == pytest.approx(predictions["probability"].head(7).tolist())
    assert head["actual"].tolist() == predictions["actual"].head(7).tolist()


def test_raw_files_are_data_inputs_with_digest_and_row_count(run: Run) -> None:
    inputs = {given.dataset.name: given.dataset for given in run.inputs.dataset_inputs}
    assert set(inputs) == {"act_train.csv", "people.csv", "act_test.csv"}
    rows = {name: json.loads(data.profile)["num_rows"] for name, data in inputs.items()}
    assert (rows["act_train.csv"], rows["people.csv"]) == (5000, 600)
    assert len({data.digest for data in inputs.values()}) == 3


def test_the_model_belongs_to_the_run_with_signature_example_and_pinned_requirements(finished: Finished) -> None:
    from pathlib import Path

    import mlflow

    (output,) = finished.run.outputs.model_outputs
    model = finished.project.client.get_logged_model(output.model_id)
    assert model.name == "model"
    folder = Path(mlflow.artifacts.download_artifacts(model.artifact_location, tracking_uri=finished.project.address))
    described = yaml.safe_load((folder / "MLmodel").read_text())
    inputs = [column["name"] for column in json.loads(described["signature"]["inputs"])]
    assert len(inputs) == 5 + 40
    assert "outcome" not in inputs
    assert inputs[-1] == "people_char_38"
    assert [column["name"] for column in json.loads(described["signature"]["outputs"])] == ["probability", "class"]
    assert json.loads((folder / "input_example.json").read_text())["columns"] == inputs
    pins = (folder / "requirements.txt").read_text().split()
    assert {pin.split("==")[0] for pin in pins} >= {"keras", "tensorflow", "pandas", "numpy", "mlflow"}
    assert all("==" in pin for pin in pins)
    (code,) = (folder / "code").iterdir()
    assert code.name.startswith("casebook_")


@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_lies_on_the_disk_and_nothing_unfinished_with_it(finished: Finished, layer: str) -> None:
    folder = finished.project.root / "data" / "runs" / "redhat" / finished.run.info.run_id
    assert {file.name for file in (folder / layer).iterdir()} == LAYERS[layer]
    assert {file.name for file in folder.iterdir()} == {*LAYERS, "run.json", "made.json"}


def test_intermediate_tables_keep_categories_dates_and_flags(finished: Finished) -> None:
    folder = finished.project.root / "data" / "runs" / "redhat" / "latest" / "02_intermediate"
    activities, people = pd.read_parquet(folder / "activities.parquet"), pd.read_parquet(folder / "people.parquet")
    assert isinstance(activities["char_10"].dtype, pd.CategoricalDtype)
    assert isinstance(people["people_group_1"].dtype, pd.CategoricalDtype)
    assert activities["date"].dtype.kind == people["people_date"].dtype.kind == "M"
    assert people["people_char_10"].dtype == bool
    assert pd.read_parquet(folder.with_name("03_primary") / "joined_rows.parquet")["outcome"].dtype == "int8"


def test_model_arrays_are_compact(finished: Finished) -> None:
    folder = finished.project.root / "data" / "runs" / "redhat" / "latest" / "05_model_input" / "train_arrays"
    kinds = {file.stem: np.load(file, mmap_mode="r").dtype for file in folder.iterdir()}
    assert kinds == {"codes": "uint8", "ids": "int32", "numbers": "float32", "target": "uint8"}


@pytest.mark.parametrize(
    "words",
    [
        "generated sample", "Scores on it say nothing about the real data", "people 600", "rows", "train", "features",
        "baseline", "reference", "best reachable", "accuracy", "auc", "seconds", "training", "experiment redhat",
        "epoch",
    ],
)  # fmt: skip
def test_the_console_tells_what_was_found_and_where_to_look(finished: Finished, words: str) -> None:
    assert words in finished.said


def test_the_console_names_the_run_and_its_scores(finished: Finished, run: Run) -> None:
    assert run.info.run_id in finished.said
    ends = (run.data.metrics[f"test/accuracy_{end}"] for end in ("low", "high"))
    assert write_interval(run.data.metrics["test/accuracy"], *ends) in finished.said


@pytest.mark.parametrize("noise", ["Warning", "WARNING", "Loading data from", "TF-TRT", "cuda", "oneDNN", "alembic"])
def test_the_console_is_free_of_the_libraries_notices(finished: Finished, noise: str) -> None:
    begin = finished.said.find("generated sample")
    assert noise not in finished.said[begin:]
