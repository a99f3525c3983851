"""The pipelines that `kedro run --pipeline=...` knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casebook.cases import CASES, load_case
from casebook.modelling import STUDY
from casebook.modelling.monitoring import create_monitoring_pipeline
from casebook.modelling.prediction import create_prediction_pipeline
from casebook.modelling.updating import create_update_pipeline

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Register each case's pipelines; without a name the first case runs.

    `<case>` trains and `<case>_study` searches, both parts of one graph; `<case>_predict` `<case>_update` and
    `<case>_monitor` use what was trained.
    """
    graphs = {name: load_case(name).create_pipeline() for name in CASES}
    runs = {name: graph - graph.only_nodes_with_tags(STUDY) for name, graph in graphs.items()}
    studies = {f"{name}_study": take_study(graph) for name, graph in graphs.items()}
    predictions = {f"{name}_predict": create_prediction_pipeline(name) for name in CASES}
    updates = {f"{name}_update": create_update_pipeline(name, run) for name, run in runs.items()}
    monitors = {f"{name}_monitor": create_monitoring_pipeline(name) for name in CASES}
    return {"__default__": runs[CASES[0]], **runs, **studies, **predictions, **updates, **monitors}


def take_study(graph: Pipeline) -> Pipeline:
    """Take the nodes of the study and all that they need."""
    return graph.to_nodes(*(node.name for node in graph.only_nodes_with_tags(STUDY).nodes))
