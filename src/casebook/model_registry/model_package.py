"""Packaging a model with its own code, so that it runs where the project is not installed.

The code is a package named after its hash: two versions loaded in one process each run their own.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import casebook
from casebook.models import numpy_network
from casebook.models.numpy_export import describe_network
from casebook.preprocessing.lags import FILE as HISTORY_FILE
from casebook.preprocessing.modality import describe_preprocessor

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras
    import pandas as pd

    from casebook.preprocessing.modality import Preprocessor
    from casebook.preprocessing.row_schema import Label, RowSchema

# What a model needs of the project, as whole folders: import-linter holds that they import nothing else of it.
FOLDERS = ("column_types", "compute", "inference", "models", "preprocessing")
EXAMPLE_ROWS = 5
CASE_MODULES = ("columns", "features")
# Of a declared case: what registers its own row functions.
OWN_MODULES = ("features",)
# Of the fitted parts: their folder in a logged model, and the network among them.
PARTS_FOLDER, NETWORK_FILE = "package", "network.keras"
IMPORT_PATTERN = re.compile(r"^(\s*(?:from|import) )casebook(?=[. ])", re.MULTILINE)
MODEL_FILE = '''"""Entry of the logged model: MLflow runs this file, the code it imports lies beside it."""

from pathlib import Path

import mlflow
import pandas as pd

from {package}.inference.row_model import RowModel


class Model(mlflow.pyfunc.PythonModel):
    """Raw rows in, predictions out."""

    def load_context(self, context):
        self.rows = RowModel.load(Path(context.artifacts["package"]))
        self.output = (context.model_config or {{}}).get("output")

    def predict(self, context, model_input: pd.DataFrame, params=None):
        params = params or {{}}
        return self.rows.predict_output(model_input, params.get("output") or self.output, params.get("threshold"))


mlflow.models.set_model(Model())
'''


@dataclass(frozen=True)
class Package:
    """The parts of a model, before it is logged.

    Attributes:
        network: predicts prepared rows.
        preprocessor: prepares feature rows.
        task: binary, multiclass or regression.
        threshold: of class 1.
        example: a few raw rows.
        row_schema: columns, features and classes of a declared case, which then needs no code of its own.
    """

    network: keras.Model
    preprocessor: Preprocessor
    task: str
    threshold: float
    example: pd.DataFrame
    row_schema: RowSchema | None = None

    @property
    def classes(self) -> tuple[Label, ...]:
        """The labels of the classes by number; none where they are the numbers."""
        return self.row_schema.classes if self.row_schema else ()


@dataclass(frozen=True)
class PackageFolder:
    """Paths of the parts of a written package."""

    code: Path
    entry: Path
    parts: Path


def write_package(package: Package, case: str, folder: Path) -> PackageFolder:
    """Write code, entry file and fitted parts into an empty folder.

    Returns:
        Their paths.
    """
    schema = package.row_schema
    sources = bundle_sources(schema.own, OWN_MODULES) if schema else bundle_sources(case)
    name = bundle_name(sources)
    for place, text in sources.items():
        file = folder / name / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(IMPORT_PATTERN.sub(rf"\g<1>{name}", text))
    (folder / "model.py").write_text(MODEL_FILE.format(package=name))
    parts = folder / PARTS_FOLDER
    parts.mkdir()
    package.network.save(parts / NETWORK_FILE)
    described = describe_network(package.network)
    if described:
        numpy_network.save(*described, parts)
    (parts / "preprocessor.json").write_text(json.dumps(describe_preprocessor(package.preprocessor)))
    facts = {
        "case": case,
        "task": package.task,
        "threshold": package.threshold,
        "columns": list(package.example.columns),
        **({"row_schema": package.row_schema.to_dict()} if package.row_schema else {}),
    }
    (parts / "package.json").write_text(json.dumps(facts))
    if package.row_schema and package.row_schema.history:
        kept: dict[str, Any] = package.row_schema.history.to_arrays()
        np.savez_compressed(parts / HISTORY_FILE, **kept)
    return PackageFolder(folder / name, folder / "model.py", parts)


def bundle_sources(case: str, modules: Sequence[str] = CASE_MODULES) -> dict[str, str]:
    """Read the modules that a model needs, by their place in the package; packages get empty markers.

    Args:
        case: whose own code goes with them; empty for a declared one that has none.
        modules: of its package.
    """
    root = Path(casebook.__file__).parent
    places = [str(file.relative_to(root)) for folder in FOLDERS for file in sorted((root / folder).rglob("*.py"))]
    places += [f"pipelines/{case}/{module}.py" for module in modules if case]
    # A package's own __init__ loads its names lazily, by a library that a model does without.
    markers = ["__init__.py", *(("pipelines/__init__.py", f"pipelines/{case}/__init__.py") if case else ())]
    markers += [place for place in places if place.endswith("__init__.py")]
    sources = {place: (root / place).read_text() for place in places}
    return {**sources, **dict.fromkeys(markers, "")}


def bundle_name(sources: dict[str, str]) -> str:
    """Return `casebook_<hash>` of the sources: equal code has equal names."""
    digest = hashlib.sha256(json.dumps(sources, sort_keys=True).encode()).hexdigest()
    return f"casebook_{digest[:12]}"
