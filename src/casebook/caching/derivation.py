"""What the datasets of a graph would be under changed parameters; what no change touches is read from the catalog."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from casebook.caching.code_hash import hash_code
from casebook.config.tree import look_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from kedro.pipeline import Pipeline

Tree = Mapping[str, Any]
PARAMETER = "params:"


class Derivation:
    """A graph of pure nodes over base parameters and files."""

    def __init__(
        self, graph: Pipeline, base: Tree, load: Callable[[str], Any], exists: Callable[[str], bool], raw: str
    ) -> None:
        """Keep the graph, its base and where its datasets lie.

        Args:
            graph: every node's inputs are parameters, outputs of other nodes, or raw files.
            base: parameters by case under which the files in the catalog were made.
            load: reads a dataset.
            exists: tells whether a dataset lies in a file.
            raw: fingerprint of the raw files.
        """
        self._producers = {output: node for node in graph.nodes for output in node.outputs}
        self._base, self._load, self._exists, self._raw = base, load, exists, raw

    def digest(self, name: str, parameters: Tree) -> str:
        """Hash everything that a dataset depends on: raw files, parameters, and the code on the way."""
        return self._digest(name, parameters, {})

    def _digest(self, name: str, parameters: Tree, known: dict[str, str]) -> str:
        if name not in known:
            known[name] = self._hash(name, parameters, known)
        return known[name]

    def _hash(self, name: str, parameters: Tree, known: dict[str, str]) -> str:
        if name.startswith(PARAMETER):
            return _sha(json.dumps(look_up(parameters, name.removeprefix(PARAMETER)), sort_keys=True))
        node = self._producers.get(name)
        if node is None:
            return _sha(self._raw + name)
        inputs = [self._digest(each, parameters, known) for each in node.inputs]
        return _sha("".join([name, hash_code(node.func), *inputs]))

    def value(self, name: str, parameters: Tree) -> Any:  # noqa: ANN401 - whatever the dataset holds
        """Give a dataset's value under these parameters; only nodes behind a change are run.

        Args:
            name: of the dataset, with its namespace.
            parameters: by case.
        """
        return self._value(name, parameters, {})

    def _value(self, name: str, parameters: Tree, made: dict[str, Any]) -> Any:  # noqa: ANN401
        if name.startswith(PARAMETER):
            return look_up(parameters, name.removeprefix(PARAMETER))
        if name in made:
            return made[name]
        node = self._producers.get(name)
        unchanged = self.digest(name, parameters) == self.digest(name, self._base)
        if node is None or (unchanged and self._exists(name)):
            made[name] = self._load(name)
            return made[name]
        made |= node.run({each: self._value(each, parameters, made) for each in node.inputs})
        return made[name]


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
