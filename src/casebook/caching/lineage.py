"""What each node of a pipeline depends on, and which of them made what is there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from kedro.io import CachedDataset

from casebook.caching.code_hash import hash_code
from casebook.caching.records import Lineage, read_file_state
from casebook.config.tree import flatten
from casebook.data.raw_files import digest_file
from casebook.datasets import RunMetrics
from casebook.datasets.raw import RawFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kedro.io import AbstractDataset, CatalogProtocol
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node

    from casebook.caching.records import Materialization, Records

PARAMETERS = "params:"
# Settings of datasets that do not decide what is in them.
UNCOUNTED = frozenset({"filepath", "metadata"})


@dataclass
class PipelineLineage:
    """The recipes of a pipeline's nodes that only make files and metrics of known things; others have none."""

    catalog: CatalogProtocol[Any, Any]
    records: Records

    def of(self, pipeline: Pipeline) -> dict[str, Lineage]:
        """Work out the recipe of each node, by its name; nodes come after those that they depend on."""
        found: dict[str, Lineage] = {}
        origins: dict[str, str | None] = {}
        for node in pipeline.nodes:
            origins |= {name: self._origin(name) for name in _data(node) if name not in origins}
            recipe = self._recipe(node, origins)
            if recipe:
                found[node.name] = recipe
            origins |= {name: _hash([asdict(recipe), name]) if recipe else None for name in node.outputs}
        return found

    def _recipe(self, node: Node, origins: Mapping[str, str | None]) -> Lineage | None:
        inputs = {name: origin for name in _data(node) if (origin := origins[name])}
        if len(inputs) < len(_data(node)) or not all(self.is_kept(name) for name in node.outputs):
            return None
        names = [name for name in node.inputs if name.startswith(PARAMETERS)]
        parameters = flatten({name.removeprefix(PARAMETERS): self.catalog.load(name) for name in names})
        settings = [_settings(self.dataset(name)) for name in (*_data(node), *node.outputs)]
        code = _hash([hash_code(node.func), node.inputs, node.outputs, settings])
        return Lineage(code, _plain(parameters), inputs)

    def _origin(self, name: str) -> str | None:
        """Say what a dataset that no node here makes is made of, where that is known."""
        dataset = self.dataset(name)
        if isinstance(dataset, RawFile):
            raw = dataset._filepath
            return _hash([digest_file(raw) if raw.exists() else "", _settings(dataset)])
        path = self.path(name)
        for made in self.records.made.values():
            if path in made.files and made.files[path] == read_file_state(path):
                return _hash([asdict(made.recipe), name])
        return None

    def last_made(self, node: Node) -> Materialization | None:
        """Return the record of a node; None where its files lay elsewhere than the catalog has them now."""
        made = self.records.made.get(node.name)
        return made if made and set(made.files) == {path for path in map(self.path, node.outputs) if path} else None

    def is_kept(self, name: str) -> bool:
        """Tell whether a dataset is still there after the run: a file, or metrics, which are recorded."""
        return bool(self.path(name)) or isinstance(self.dataset(name), RunMetrics)

    def path(self, name: str) -> str:
        """Give the file or folder of a dataset, nothing for one that has none."""
        dataset = self.dataset(name)
        return str(getattr(dataset, "_filepath", "") or getattr(dataset, "_path", ""))

    def dataset(self, name: str) -> AbstractDataset[Any, Any]:
        """Give a dataset, of a cached one that behind it."""
        dataset: Any = self.catalog.get(name, fallback_to_runtime_pattern=True)
        found: AbstractDataset[Any, Any] = dataset._dataset if isinstance(dataset, CachedDataset) else dataset
        return found


def explain(node: str, recipe: Lineage, made: Materialization | None) -> list[str]:
    """Say why a node has to run; nothing when all that it made is as it should be."""
    if made is None:
        return ["it has not been made here yet"]
    if made.recipe != recipe:
        return recipe.differences(made.recipe, node)
    seen = {path: read_file_state(path) for path in made.files}
    return [f"{path} is {'changed' if seen[path] else 'not there'}" for path in seen if seen[path] != made.files[path]]


def _data(node: Node) -> list[str]:
    return [name for name in node.inputs if not name.startswith(PARAMETERS)]


def _settings(dataset: AbstractDataset[Any, Any]) -> Any:  # noqa: ANN401 - whatever a catalog entry holds
    """Give a dataset's configuration, less where it lies and what is only shown, and the code of its class."""
    return [_plain(_without_places(dataset._init_config())), hash_code(type(dataset))]


def _without_places(settings: Any) -> Any:  # noqa: ANN401 - nested values
    """Leave out keys at any depth: a dataset may wrap another, and paths are other ones after a move."""
    if not isinstance(settings, dict):
        return settings
    return {key: _without_places(value) for key, value in settings.items() if key not in UNCOUNTED}


def _plain(values: Any) -> Any:  # noqa: ANN401 - nested values
    """Give values as JSON does."""
    return json.loads(json.dumps(values, default=str))


def _hash(values: Any) -> str:  # noqa: ANN401 - nested values
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:16]
