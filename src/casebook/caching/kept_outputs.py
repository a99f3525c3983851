"""Which datasets of a pipeline are still there after a run, and whether they are what the pipeline would make now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import CachedDataset

from casebook.caching.code_hash import hash_code
from casebook.caching.lineage import PARAMETERS, PipelineLineage, data_inputs, hash_values, to_plain
from casebook.data.file_fingerprints import hash_content, read_state
from casebook.datasets.raw import RawFile
from casebook.datasets.tracked import RunMetrics

if TYPE_CHECKING:
    from kedro.io import AbstractDataset, CatalogProtocol
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node

    from casebook.caching.lineage import Lineage
    from casebook.caching.records import Materialization, Records

# Settings of datasets that do not decide what is in them.
UNCOUNTED = frozenset({"filepath", "metadata"})


@dataclass(frozen=True)
class KeptOutputs:
    """The catalog of a run, and the records of what earlier runs made."""

    catalog: CatalogProtocol[Any, Any]
    records: Records

    def trace(self, pipeline: Pipeline) -> dict[str, Lineage]:
        """Trace the nodes that make only files and metrics, of known datasets; others have no lineage."""
        lineage = PipelineLineage(pipeline, self._origin, self._describe)
        return lineage.trace(lambda name: self.catalog.load(f"{PARAMETERS}{name}"))[0]

    def _origin(self, name: str) -> str | None:
        dataset = self.dataset(name)
        if isinstance(dataset, RawFile):
            return hash_values([hash_content(dataset._filepath), _settings(dataset)])
        path = self.path(name)
        for made in self.records.made.values():
            if path in made.files and made.files[path] == read_state(Path(path)):
                return made.lineage.fingerprint(name)
        return None

    def _describe(self, node: Node) -> list[Any] | None:
        """Describe how a node's data are read and written; metrics are recorded and saved anew, whatever saves them."""
        files = [name for name in node.outputs if self.path(name)]
        if not all(name in files or isinstance(self.dataset(name), RunMetrics) for name in node.outputs):
            return None
        return [_settings(self.dataset(name)) for name in (*data_inputs(node), *files)]

    def last_made(self, node: Node) -> Materialization | None:
        """Return the record of a node; None where its files lay elsewhere than the catalog has them now."""
        made = self.records.made.get(node.name)
        return made if made and set(made.files) == {path for path in map(self.path, node.outputs) if path} else None

    def path(self, name: str) -> str:
        """Return the file or folder of a dataset, nothing for one that has none."""
        dataset = self.dataset(name)
        return str(getattr(dataset, "_filepath", "") or getattr(dataset, "_path", ""))

    def dataset(self, name: str) -> AbstractDataset[Any, Any]:
        """Return a dataset, of a cached one that behind it."""
        dataset: Any = self.catalog.get(name, fallback_to_runtime_pattern=True)
        found: AbstractDataset[Any, Any] = dataset._dataset if isinstance(dataset, CachedDataset) else dataset
        return found


def explain(node: str, lineage: Lineage, made: Materialization | None) -> list[str]:
    """List why a node has to run; nothing when all that it made is as it should be."""
    if made is None:
        return ["it has not been made here yet"]
    if made.lineage != lineage:
        return lineage.differences(made.lineage, node)
    seen = {path: read_state(Path(path)) for path in made.files}
    return [f"{path} is {'changed' if seen[path] else 'not there'}" for path in seen if seen[path] != made.files[path]]


def _settings(dataset: AbstractDataset[Any, Any]) -> list[Any]:
    """Return a dataset's configuration, less where it lies and what is only shown, and the code of its class."""
    return [to_plain(_without_places(dataset._init_config())), hash_code(type(dataset))]


def _without_places(settings: Any) -> Any:  # noqa: ANN401 - nested values
    """Leave out keys at any depth: a dataset may wrap another, and paths are other ones after a move."""
    if not isinstance(settings, dict):
        return settings
    return {key: _without_places(value) for key, value in settings.items() if key not in UNCOUNTED}
