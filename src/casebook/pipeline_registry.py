"""The pipelines that `kedro run --pipeline=...` knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from kedro.framework.project import pipelines

from casebook.cases.declared import resolved_tree
from casebook.cases.engines import PANDAS, EngineError, choose_engine
from casebook.cases.registry import CASES, DEFAULT, find_case, known_cases, load_case
from casebook.config.extras import MissingExtraError
from casebook.config.resolved_loader import is_viewed
from casebook.stages import STUDY
from casebook.stages.incremental_training import create_update_pipeline
from casebook.stages.monitoring import create_monitoring_pipeline
from casebook.stages.scoring import create_prediction_pipeline
from casebook.stages.stage_groups import make_views

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """Register each case's pipelines; without a name the first case runs.

    `<case>` trains and `<case>_study` searches, both parts of one graph; `<case>_predict` `<case>_update` and
    `<case>_monitor` use what was trained.
    """
    cases = requested_cases()
    graphs = {name: load_case(name).create_pipeline() for name in cases}
    whole = {name: graph - graph.only_nodes_with_tags(STUDY) for name, graph in graphs.items()}
    runs = {name: take_engine(name, graph) for name, graph in whole.items()}
    studies = {f"{name}_study": take_study(graph) for name, graph in graphs.items()}
    predictions = {f"{name}_predict": create_prediction_pipeline(name) for name in cases}
    updates = {f"{name}_update": create_update_pipeline(name, run) for name, run in whole.items()}
    monitors = {f"{name}_monitor": create_monitoring_pipeline(name) for name in cases}
    default = {DEFAULT: runs[CASES[0]]} if CASES[0] in runs else {}
    registered = {**default, **runs, **studies, **predictions, **updates, **monitors}
    return make_views(registered) if is_viewed() else registered


def take_engine(name: str, run: Pipeline) -> Pipeline:
    """Take the graph by which a run's tables are worked on whole, or in parts where its parameters say so.

    Raises:
        UsageError: they say what cannot be done in parts, or Dask is not installed.
    """
    tree = resolved_tree(name)
    if tree is None or name not in (pipelines._requested_pipelines or []):
        return run
    try:
        engine = choose_engine(name, tree)
    except (EngineError, MissingExtraError) as error:
        raise click.UsageError(str(error)) from None
    if engine == PANDAS:
        return run
    from casebook.stages.in_parts import take_parts

    return take_parts(name, run)


def requested_cases() -> tuple[str, ...]:
    """Give the cases whose pipelines are asked for: that of the one that is run, all where they are listed or shown."""
    # Kedro's own `find_pipelines` looks here too.
    cases = tuple({find_case(name): None for name in pipelines._requested_pipelines or [""]})
    return cases if all(cases) else known_cases()


def take_study(graph: Pipeline) -> Pipeline:
    """Take the nodes of the study and all that they need."""
    return graph.to_nodes(*(node.name for node in graph.only_nodes_with_tags(STUDY).nodes))
