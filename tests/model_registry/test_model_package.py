import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from casebook.config.schema import NetworkParameters
from casebook.inference.row_model import RowModel
from casebook.model_registry.model_package import (
    OWN_MODULES,
    PackageFolder,
    bundle_name,
    bundle_sources,
    write_package,
)
from casebook.models.networks import build_network, make_predictor
from casebook.preprocessing.modality import restore_preprocessor
from casebook.preprocessing.row_schema import RowSchema

# Neither the project nor Kedro, MLflow or Optuna can be imported; answers on standard output.
FOREIGN = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"casebook", "kedro", "mlflow", "optuna", "pydantic", "sklearn"}:
            raise ImportError(f"{name} is blocked")

folder, parts, rows, answers = sys.argv[1:]
sys.meta_path.insert(0, Blocker())
sys.path.insert(0, folder)
import importlib
from pathlib import Path
import pandas as pd

name = next(path.name for path in Path(folder).iterdir() if path.name.startswith("casebook_"))
model = importlib.import_module(f"{name}.inference.row_model").RowModel.load(Path(parts))
model.predict(pd.read_csv(rows)).to_csv(answers, index=False)
print(type(model).__module__, sorted(set(sys.modules) & {"casebook", "kedro", "mlflow", "keras", "tensorflow"}))
"""


@pytest.fixture(scope="module")
def written(redhat_model: Any, tmp_path_factory: pytest.TempPathFactory) -> PackageFolder:  # noqa: ANN401
    folder = tmp_path_factory.mktemp("package")
    return write_package(redhat_model.package, "redhat", folder)


def executed_imports(source: str) -> Iterator[str]:
    """Name the modules that a source imports when it runs, from blocks for type checkers on."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield str(node.module)


# Of a case in Python, of a declared one with functions of its own, and of one without.
BUNDLES = {"imdb": bundle_sources("imdb"), "rossmann": bundle_sources("rossmann", OWN_MODULES), "": bundle_sources("")}


@pytest.mark.parametrize("case", BUNDLES)
def test_the_bundle_imports_nothing_of_the_project_that_is_not_in_it(case: str) -> None:
    sources = BUNDLES[case]
    assert {place for place in sources if place.startswith(f"pipelines/{case}/") and sources[place]} == {
        f"pipelines/{case}/{module}.py"
        for module in {"imdb": ("columns", "features"), "rossmann": OWN_MODULES}.get(case, ())
    }
    needed = {name for text in sources.values() for name in executed_imports(text) if name.startswith("casebook")}
    places = {f"{name.partition('.')[2].replace('.', '/')}.py" for name in needed}
    assert places <= set(sources)
    assert "column_types/parsing.py" in places


def test_the_bundle_imports_only_what_a_model_is_said_to_need() -> None:
    outside = {
        name.partition(".")[0]
        for sources in BUNDLES.values()
        for text in sources.values()
        for name in executed_imports(text)
        if not name.startswith("casebook")
    }
    assert outside - set(sys.stdlib_module_names) == {"keras", "numpy", "pandas", "pyarrow", "tensorflow"}


def test_the_bundles_name_depends_on_every_letter_and_place_of_its_content() -> None:
    sources = {"a.py": "x = 1\n", "b.py": ""}
    name = bundle_name(sources)
    assert name == bundle_name(dict(reversed(sources.items())))
    assert name.startswith("casebook_")
    assert name.isidentifier()
    others = [{**sources, "a.py": "x = 2\n"}, {"a.py": "", "b.py": "x = 1\n"}, {"a.py": "x = 1\n"}]
    assert len({name, *map(bundle_name, others)}) == 4


def test_a_package_is_written_whole(written: PackageFolder, redhat_model: Any) -> None:  # noqa: ANN401
    sources = BUNDLES[""]
    assert written.code.name == bundle_name(sources)
    files = {str(file.relative_to(written.code)) for file in written.code.rglob("*.py")}
    assert files == set(sources)
    networks = {"network.keras", "network.json", "network.npz"}
    assert {file.name for file in written.parts.iterdir()} == {*networks, "package.json", "preprocessor.json"}
    columns = redhat_model.package.example.columns.tolist()
    facts = {"case": "redhat", "task": "binary", "threshold": 0.5, "columns": columns}
    kept = json.loads((written.parts / "package.json").read_text())
    assert RowSchema.from_dict(kept.pop("row_schema")) == redhat_model.schema
    assert kept == facts
    preprocessor = restore_preprocessor(json.loads((written.parts / "preprocessor.json").read_text()))
    assert preprocessor == redhat_model.package.preprocessor
    assert f"from {written.code.name}.inference.row_model import RowModel" in written.entry.read_text()
    ast.parse(written.entry.read_text())


def test_written_code_imports_the_bundle_instead_of_the_project(written: PackageFolder) -> None:
    names = [name for file in written.code.rglob("*.py") for name in executed_imports(file.read_text())]
    own = {name.partition(".")[0] for name in names if name.startswith("casebook")}
    assert own == {written.code.name}


def test_a_written_package_predicts_the_same(written: PackageFolder, redhat_model: Any) -> None:  # noqa: ANN401
    package = redhat_model.package
    facts = json.loads((written.parts / "package.json").read_text())
    here = RowModel(facts, package.preprocessor, make_predictor(package.network))
    loaded = RowModel.load(written.parts)
    rows = redhat_model.raw_rows
    expected = here.predict(rows)
    pd.testing.assert_frame_equal(loaded.predict(rows), expected, rtol=0, atol=1e-6)


def test_a_network_that_numpy_cannot_compute_is_served_by_keras(
    redhat_model: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    package = redhat_model.package
    network = build_network(package.preprocessor, NetworkParameters(hidden=[3], activation="gelu"))
    parts = write_package(replace(package, network=network), "redhat", tmp_path).parts
    assert not (parts / "network.json").exists()
    rows = redhat_model.raw_rows
    expected = RowModel(json.loads((parts / "package.json").read_text()), package.preprocessor, make_predictor(network))
    pd.testing.assert_frame_equal(RowModel.load(parts).predict(rows), expected.predict(rows))


@pytest.mark.process
def test_a_process_without_the_project_predicts_the_same(
    written: PackageFolder,
    redhat_model: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    rows = redhat_model.raw_rows.head(50)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    arguments = [written.code.parent, written.parts, tmp_path / "rows.csv", tmp_path / "answers.csv"]
    done = subprocess.run(
        [sys.executable, "-I", "-c", FOREIGN, *map(str, arguments)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == f"{written.code.name}.inference.row_model []"
    answers = pd.read_csv(tmp_path / "answers.csv")
    expected = RowModel.load(written.parts).predict(rows)
    np.testing.assert_allclose(answers["probability"], expected["probability"], rtol=0, atol=1e-6)
    assert answers["class"].tolist() == expected["class"].tolist()


def test_two_versions_in_one_process_each_run_their_own_code(
    redhat_model: Any,  # noqa: ANN401
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from casebook.model_registry import model_package

    sources = BUNDLES[""]
    forward = sources["models/numpy_network.py"].replace("        return dense\n", "        return dense * 0\n")
    assert forward != sources["models/numpy_network.py"]
    ours = write_package(redhat_model.package, "redhat", tmp_path / "ours")
    monkeypatch.setattr(model_package, "bundle_sources", lambda *_: {**sources, "models/numpy_network.py": forward})
    theirs = write_package(redhat_model.package, "redhat", tmp_path / "theirs")
    assert ours.code.name != theirs.code.name
    # Another test may have imported the same code from a folder that is gone.
    for name in [name for name in sys.modules if name.partition(".")[0] in {ours.code.name, theirs.code.name}]:
        monkeypatch.delitem(sys.modules, name)
    rows = redhat_model.raw_rows.head(20)
    expected = RowModel.load(ours.parts).predict(rows)["probability"]

    answers = {}
    for place in (ours, theirs, ours):
        monkeypatch.syspath_prepend(place.code.parent)
        model = importlib.import_module(f"{place.code.name}.inference.row_model").RowModel.load(place.parts)
        assert type(model.predict_prepared).__module__ == f"{place.code.name}.models.numpy_network"
        layers = importlib.import_module(f"{place.code.name}.models.tabular_inputs").custom_layers()
        assert layers.__name__ == f"{place.code.name}.models.layers"
        answers[place.code.name] = model.predict(rows)["probability"]
    np.testing.assert_allclose(answers[ours.code.name], expected, atol=1e-6)
    # Without features only the group's embedding is left to tell rows apart.
    assert np.ptp(answers[theirs.code.name]) < np.ptp(expected) / 2
    np.testing.assert_allclose(RowModel.load(ours.parts).predict(rows)["probability"], expected, atol=1e-6)
