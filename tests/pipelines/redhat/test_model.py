"""The logged model in a process that has its dependencies but knows nothing of the project."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from casebook.model_registry import model_package
from casebook.model_registry.model_package import Package, write_package
from casebook.models.networks import load_network
from casebook.preprocessing.modality import restore_preprocessor
from casebook.preprocessing.row_schema import RowSchema

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Finished

# A stranger's script: plain pandas and MLflow.
STRANGER = """
import json, sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("casebook", "kedro", "kedro_mlflow", "kedro_datasets"):
            raise ModuleNotFoundError(f"{name} is not installed here")

sys.meta_path.insert(0, NotInstalled())
sys.path = [place for place in sys.path if not place.endswith("/src")]

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc.scoring_server import invocations

store, model_address, another_address, raw, out = sys.argv[1:]
mlflow.set_tracking_uri(store)
model = mlflow.pyfunc.load_model(model_address)
activities, people = pd.read_csv(f"{raw}/act_train.csv"), pd.read_csv(f"{raw}/people.csv")
rows = activities.drop(columns="outcome").merge(
    people.set_index("people_id").add_prefix("people_"), how="left", left_on="people_id", right_index=True)
some = rows.head(40).reset_index(drop=True)
char = [f"char_{number}" for number in range(1, 10)]
unknown = some.assign(
    people_id="ppl_1e+05", char_10="type 999999", people_group_1="group 999999999", people_char_3="type 999999")
empty = some.assign(**{name: None for name in [*char, "char_10", "people_char_2", "people_char_10", "people_char_38"]})
later = rows[rows["activity_category"] != "type 1"].head(40)
found = {
    "all": model.predict(rows),
    "strict": model.predict(some, params={"threshold": 0.999}),
    "lax": model.predict(some, params={"threshold": 0.001}),
    "unknown": model.predict(unknown),
    "empty": model.predict(empty),
    "no_type_1": model.predict(later.astype(dict.fromkeys(char, "float64"))),
    "single": model.predict(rows.iloc[[17]]),
    "shuffled_columns": model.predict(some[sorted(some)]),
    "odd_index": model.predict(some.set_index(np.arange(1000, 1040))),
}
answer = invocations(
    json.dumps({"dataframe_split": json.loads(some.to_json(orient="split"))}), "application/json",
    model, model.metadata.get_input_schema())
found["json"] = pd.DataFrame(json.loads(answer.response)["predictions"])
another = mlflow.pyfunc.load_model(another_address)
found["another"] = another.predict(some)
found["first_again"] = model.predict(some)
found["nobody"] = model.predict(some.assign(people_id="ppl_0"))
for name, predictions in found.items():
    predictions.to_pickle(f"{out}/{name}.pkl")
try:
    model.predict(some.drop(columns="people_group_1"))
except Exception as error:
    refusal = str(error)
facts = {
    "places": later.index.tolist(), "refusal": refusal, "input_columns": len(rows.columns),
    "bundles": sorted({name.split(".")[0] for name in sys.modules if name.startswith("casebook")}),
    "backends": sorted(sys.modules.keys() & {"keras", "tensorflow"}),
    "project_modules": sorted(name for name in sys.modules if name.split(".")[0] in ("casebook", "kedro"))}
open(f"{out}/facts.json", "w").write(json.dumps(facts))
"""


def save_with_other_features(finished: Finished, folder: Path) -> Path:
    """Save the finished run's network with code in which nobody's id counts."""
    models = finished.project.root / "data" / "runs" / "redhat" / "latest" / "06_models"
    preprocessor = restore_preprocessor(json.loads((models / "preprocessor.json").read_text()))
    example = pd.read_parquet(
        finished.project.root / "data" / "runs" / "redhat" / "latest" / "03_primary" / "example_rows.parquet"
    )
    schema = RowSchema.from_dict(json.loads((models.parent / "02_intermediate" / "row_schema.json").read_text()))
    package = Package(load_network(models / "network.keras"), preprocessor, "binary", 0.5, example, schema)
    sources = model_package.bundle_sources("")
    place, ids = "preprocessing/row_schema.py", "{name: made[name] for name in names}"
    assert sources[place].count(ids) == 1
    with pytest.MonkeyPatch.context() as patch:
        nobody = '{name: made[name] * (name != "people_id") if name == "people_id" else made[name] for name in names}'
        changed = {**sources, place: sources[place].replace(ids, nobody)}
        patch.setattr(model_package, "bundle_sources", lambda *_: changed)
        parts = write_package(package, "redhat", folder)
        patch.syspath_prepend(str(folder))
        mlflow.pyfunc.save_model(
            str(folder / "saved"),
            python_model=str(parts.entry),
            code_paths=[str(parts.code)],
            artifacts={"package": str(parts.parts)},
            pip_requirements=[],
        )
    return folder / "saved"


@pytest.fixture(scope="module")
def answers(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the stranger found, in a folder."""
    folder = tmp_path_factory.mktemp("stranger")
    another = save_with_other_features(finished, tmp_path_factory.mktemp("another"))
    raw = finished.project.root / "data" / "01_raw" / "redhat"
    model = f"runs:/{finished.run.info.run_id}/model"
    words = [sys.executable, "-c", STRANGER, finished.project.address, model, str(another), str(raw), str(folder)]
    done = subprocess.run(
        words, cwd=folder, env=finished.project.environment(), capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return folder


@pytest.fixture(scope="module")
def facts(answers: Path) -> dict[str, Any]:
    return json.loads((answers / "facts.json").read_text())


def answer(answers: Path, name: str) -> pd.DataFrame:
    return pd.read_pickle(answers / f"{name}.pkl")  # noqa: S301 - written by this test


def probabilities(answers: Path, name: str) -> np.ndarray:
    return answer(answers, name)["probability"].to_numpy()


def test_the_process_knows_neither_the_project_nor_kedro(facts: dict[str, Any]) -> None:
    assert facts["project_modules"] == []
    # A dense network is computed in NumPy: serving waits for no TensorFlow.
    assert facts["backends"] == []
    assert facts["input_columns"] == 14 + 40


def test_raw_rows_of_the_test_part_get_the_probabilities_of_the_evaluation(finished: Finished, answers: Path) -> None:
    data = finished.project.root / "data"
    parts = pd.read_parquet(data / "runs" / "redhat" / "latest" / "05_model_input" / "split_assignment.parquet")[
        "part"
    ].to_numpy()
    expected = pd.read_parquet(data / "runs" / "redhat" / "latest" / "07_model_output" / "test_predictions.parquet")[
        "probability"
    ]
    found = probabilities(answers, "all")[parts == 4]
    assert len(found) > 500
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_the_class_follows_the_threshold_of_the_run_or_of_the_request(answers: Path) -> None:
    usual, strict, lax = (answer(answers, name) for name in ("first_again", "strict", "lax"))
    assert (usual["class"] == (usual["probability"] >= 0.5)).all()
    assert (strict["class"] == (strict["probability"] >= 0.999)).all()
    assert (lax["class"] == (lax["probability"] >= 0.001)).all()
    assert strict["class"].sum() < lax["class"].sum()
    np.testing.assert_allclose(strict["probability"], usual["probability"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("form", ["first_again", "json", "shuffled_columns", "odd_index"])
def test_the_same_rows_in_another_form_get_the_same_probabilities(answers: Path, form: str) -> None:
    np.testing.assert_allclose(probabilities(answers, form), probabilities(answers, "all")[:40], rtol=0, atol=1e-6)


def test_the_index_of_the_rows_is_kept(answers: Path) -> None:
    assert answer(answers, "odd_index").index.tolist() == list(range(1000, 1040))


def test_a_single_row_gets_the_probability_that_it_has_among_all(answers: Path) -> None:
    single = answer(answers, "single")
    assert single.shape == (1, 2)
    np.testing.assert_allclose(single["probability"], probabilities(answers, "all")[17], rtol=0, atol=1e-6)


def test_a_batch_without_any_activity_of_type_1_gets_its_probabilities(answers: Path, facts: dict[str, Any]) -> None:
    expected = probabilities(answers, "all")[facts["places"]]
    np.testing.assert_allclose(probabilities(answers, "no_type_1"), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("odd", ["unknown", "empty"])
def test_unknown_categories_and_nulls_get_probabilities_too(answers: Path, odd: str) -> None:
    found = answer(answers, odd)
    assert len(found) == 40
    assert found["probability"].between(0, 1).all()
    assert found["class"].isin([0, 1]).all()


def test_a_missing_column_is_refused_by_name(facts: dict[str, Any]) -> None:
    assert "people_group_1" in facts["refusal"]


def test_two_versions_of_the_code_in_one_process_each_run_their_own(answers: Path, facts: dict[str, Any]) -> None:
    first, another, nobody = (probabilities(answers, name) for name in ("first_again", "another", "nobody"))
    assert len(facts["bundles"]) == 2
    assert np.abs(first - another).max() > 1e-4
    np.testing.assert_allclose(another, nobody, rtol=0, atol=1e-6)
    np.testing.assert_allclose(first, probabilities(answers, "all")[:40], rtol=0, atol=1e-6)
