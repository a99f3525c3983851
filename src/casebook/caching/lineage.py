"""The lineage of what a pipeline makes: code, parameters and inputs, for `reuse` and for the trials of a study."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from casebook.caching.code_hash import hash_code
from casebook.caching.module_text import sha
from casebook.config.tree import differ, flatten, look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node

PARAMETERS = "params:"


@dataclass(frozen=True)
class Lineage:
    """What a node's outputs depend on.

    Attributes:
        code: hash of the node's code, and of the code that reads and writes its data.
        parameters: dotted key -> value.
        inputs: dataset -> fingerprint: hash of its own lineage, or of a raw file.
    """

    code: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]

    def fingerprint(self, output: str) -> str:
        """Hash all that an output depends on."""
        return hash_values([asdict(self), output])

    def differences(self, earlier: Lineage, node: str) -> list[str]:
        """List what changed since an earlier lineage, by the names that users know."""
        named = ["its code"] if self.code != earlier.code else []
        named += [key for key, _, _ in differ(earlier.parameters, self.parameters)]
        named += [name for name, _, _ in differ(earlier.inputs, self.inputs)]
        return [f"{name} changed" for name in named or [node]]


@dataclass(frozen=True)
class PipelineLineage:
    """What traces the lineage of each node of a pipeline.

    Attributes:
        pipeline: nodes that are pure functions of parameters and datasets.
        origin: returns the fingerprint of a dataset that no node makes, None where it is not known.
        describe: returns how a node's data are read and written, None for a node without a lineage.
    """

    pipeline: Pipeline
    origin: Callable[[str], str | None]
    describe: Callable[[Node], Any] = lambda _node: ""

    def trace(self, parameter: Callable[[str], Any]) -> tuple[dict[str, Lineage], dict[str, str | None]]:
        """Trace all nodes under some parameters.

        Args:
            parameter: returns the parameter of a name.

        Returns:
            Node -> lineage, where all of it is known; dataset -> fingerprint, None where it is not known.
        """
        lineages: dict[str, Lineage] = {}
        fingerprints: dict[str, str | None] = {}
        for node in self.pipeline.nodes:
            fingerprints |= {name: self.origin(name) for name in data_inputs(node) if name not in fingerprints}
            lineage = self._lineage(node, fingerprints, parameter)
            if lineage:
                lineages[node.name] = lineage
            fingerprints |= {name: lineage.fingerprint(name) if lineage else None for name in node.outputs}
        return lineages, fingerprints

    def _lineage(
        self, node: Node, fingerprints: Mapping[str, str | None], parameter: Callable[[str], Any]
    ) -> Lineage | None:
        inputs = {name: found for name in data_inputs(node) if (found := fingerprints[name])}
        described = self.describe(node) if len(inputs) == len(data_inputs(node)) else None
        if described is None:
            return None
        names = [name.removeprefix(PARAMETERS) for name in node.inputs if name.startswith(PARAMETERS)]
        code = hash_values([hash_code(node.func), node.inputs, node.outputs, described])
        return Lineage(code, to_plain(flatten({name: parameter(name) for name in names})), inputs)


class DerivedDatasets:
    """The datasets of a pipeline under changed parameters; what no change touches is read from the catalog."""

    def __init__(
        self,
        pipeline: Pipeline,
        base: Mapping[str, Any],
        load: Callable[[str], Any],
        exists: Callable[[str], bool],
        raw: str,
    ) -> None:
        """Keep the pipeline and where its datasets lie.

        Args:
            pipeline: every node's inputs are parameters, outputs of other nodes, or raw files.
            base: parameters by case under which the files in the catalog were made.
            load: reads a dataset.
            exists: returns whether a dataset lies in a file.
            raw: fingerprint of the raw files.
        """
        self._lineage = PipelineLineage(pipeline, lambda name: hash_values([raw, name]))
        self._producers = {output: node for node in pipeline.nodes for output in node.outputs}
        self._base, self._load, self._exists = base, load, exists

    def fingerprints(self, parameters: Mapping[str, Any]) -> dict[str, str | None]:
        """Hash all that each dataset depends on: raw files, parameters, and the code on the way."""
        return self._lineage.trace(lambda name: look_up(parameters, name))[1]

    def compute(self, name: str, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever the dataset holds
        """Compute a dataset under these parameters; only nodes behind a change are run.

        Args:
            name: of the dataset, with its namespace.
            parameters: by case.
        """
        before, after = self.fingerprints(self._base), self.fingerprints(parameters)
        made: dict[str, Any] = {}

        def value(each: str) -> Any:  # noqa: ANN401
            if each.startswith(PARAMETERS):
                return look_up(parameters, each.removeprefix(PARAMETERS))
            node = self._producers.get(each)
            if each in made:
                return made[each]
            if node is None or (before[each] == after[each] and self._exists(each)):
                made[each] = self._load(each)
            else:
                made.update(node.run({given: value(given) for given in node.inputs}))
            return made[each]

        return value(name)


def data_inputs(node: Node) -> list[str]:
    """Return a node's inputs that are no parameters."""
    return [name for name in node.inputs if not name.startswith(PARAMETERS)]


def to_plain(values: Any) -> Any:  # noqa: ANN401 - nested values
    """Return values as JSON has them, so that tuples and lists compare alike."""
    return json.loads(json.dumps(values, default=str))


def hash_values(values: Any) -> str:  # noqa: ANN401 - nested values
    """Hash values that JSON can write."""
    return sha(json.dumps(values, sort_keys=True, default=str))
