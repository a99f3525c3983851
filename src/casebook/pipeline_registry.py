"""The pipelines that `kedro run --pipeline=...` knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases import CASES, load_case
from casebook.modelling import STUDY

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Register each case's run and its study, both parts of one graph; without a name the first case runs."""
    graphs = {name: load_case(name).create_pipeline() for name in CASES}
    runs = {name: graph - graph.only_nodes_with_tags(STUDY) for name, graph in graphs.items()}
    studies = {f"{name}_study": take_study(graph) for name, graph in graphs.items()}
    return {"__default__": runs[CASES[0]], **runs, **studies}


def take_study(graph: Pipeline) -> Pipeline:
    """Take the nodes of the study and all that they need."""
    return graph.to_nodes(*(node.name for node in graph.only_nodes_with_tags(STUDY).nodes))
